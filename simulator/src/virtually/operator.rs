//! What an operator does to the fences and offers of a scene.

use std::sync::Arc;

use engine::{Alteration, House};
use model::{FenceId, Meters, Position};
use offers::{Catalogue, Draft, OperatorState};
use spatial_index::{Fence, Shape};

use super::happening::{Edit, OfferEdit};
use super::scene::Scene;

/// The fences as they are, and edits that the process has not seen.
pub(crate) struct Operator<'a> {
    scene: &'a Scene,
    /// By number.
    fences: Vec<Option<Fence>>,
    /// By number, with what an operator has said of each.
    offers: Vec<(Option<Draft>, OperatorState)>,
    unseen: Vec<Unseen>,
}

/// What was edited while nobody looked.
enum Unseen {
    Fence(u32, Edit),
    Offer(u32, OfferEdit),
}

impl<'a> Operator<'a> {
    pub(crate) fn of(scene: &'a Scene) -> Self {
        let offers = scene.drafts.iter().map(|draft| (Some(draft.clone()), OperatorState::Running));
        let fences = scene.fences.iter().cloned().map(Some).collect();
        Self { scene, fences, offers: offers.collect(), unseen: Vec::new() }
    }

    pub(crate) fn fences(&self) -> &[Option<Fence>] {
        &self.fences
    }

    pub(crate) fn offers(&self) -> &[(Option<Draft>, OperatorState)] {
        &self.offers
    }

    /// Edits while nobody looks.
    pub(crate) fn edit_unseen(&mut self, no: u32, edit: Edit) {
        self.unseen.push(Unseen::Fence(no, edit));
    }

    /// The same of an offer.
    pub(crate) fn edit_offer_unseen(&mut self, no: u32, edit: OfferEdit) {
        self.unseen.push(Unseen::Offer(no, edit));
    }

    /// Whether something was edited that nobody has seen; it is in the lists from here on.
    pub(crate) fn take_unseen(&mut self) -> bool {
        let edits = std::mem::take(&mut self.unseen);
        for edit in &edits {
            match *edit {
                Unseen::Fence(no, edit) => self.apply(no, edit),
                Unseen::Offer(no, edit) => self.apply_to_offer(no, edit),
            }
        }
        !edits.is_empty()
    }

    /// All fences and offers as they are now.
    pub(crate) fn exchange(&self, house: &Arc<House>) -> Alteration {
        let fences = self.fences.iter().flatten().cloned().collect();
        let made = Alteration::new(house, fences, None).expect("a scene can be indexed");
        made.with_offers(Arc::new(self.catalogue()))
    }

    /// Edits an offer.
    pub(crate) fn edit_offer(&mut self, house: &Arc<House>, no: u32, edit: OfferEdit) -> Alteration {
        self.apply_to_offer(no, edit);
        let made = Alteration::edit(house, [].into()).expect("nothing is to be indexed");
        made.with_offers(Arc::new(self.catalogue()))
    }

    fn catalogue(&self) -> Catalogue {
        let drafts = self.offers.iter().filter_map(|(draft, _)| draft.clone());
        let states = self.offers.iter().zip(&self.scene.drafts);
        let states = states.map(|((_, state), draft)| (draft.id.clone(), *state)).collect();
        Catalogue::new(drafts.collect()).expect("offers of a scene obey the rules").operated(&states)
    }

    fn apply_to_offer(&mut self, no: u32, edit: OfferEdit) {
        let at_first = &self.scene.drafts[no as usize];
        let (draft, state) = &mut self.offers[no as usize];
        match edit {
            OfferEdit::Remove => *draft = None,
            OfferEdit::PutBack => *draft = Some(at_first.clone()),
            OfferEdit::Reword => {
                let draft = draft.get_or_insert_with(|| at_first.clone());
                draft.text.title = format!("{}, again", at_first.text.title);
            }
            OfferEdit::Reprioritise(priority) => {
                draft.get_or_insert_with(|| at_first.clone()).priority = priority;
            }
            OfferEdit::Put(mode) => draft.get_or_insert_with(|| at_first.clone()).mode = mode,
            OfferEdit::Stock(total) => draft.get_or_insert_with(|| at_first.clone()).stock.total = total,
            // Stopped is for good.
            OfferEdit::Pause | OfferEdit::Resume if *state == OperatorState::Stopped => {}
            OfferEdit::Pause => *state = OperatorState::Paused,
            OfferEdit::Resume => *state = OperatorState::Running,
            OfferEdit::Stop => *state = OperatorState::Stopped,
        }
    }

    /// Edits a fence; one of an even number takes the short way.
    pub(crate) fn edit(&mut self, house: &Arc<House>, no: u32, edit: Edit) -> Alteration {
        self.apply(no, edit);
        let made = if no.is_multiple_of(2) {
            let id: FenceId = self.scene.fences[no as usize].facts.id.clone();
            Alteration::edit(house, [(id, self.fences[no as usize].clone())].into())
        } else {
            Alteration::new(house, self.fences.iter().flatten().cloned().collect(), None)
        };
        made.expect("a scene can be indexed")
    }

    fn apply(&mut self, no: u32, edit: Edit) {
        let at_first = &self.scene.fences[no as usize];
        let fence = &mut self.fences[no as usize];
        match edit {
            Edit::Remove => *fence = None,
            Edit::PutBack => *fence = Some(at_first.clone()),
            Edit::Move(by_m) => *fence = Some(moved(at_first, f64::from(by_m))),
            Edit::GiveTo(merchant) => {
                let mut given = at_first.clone();
                given.facts.merchant = Some(self.scene.merchants[usize::from(merchant)].clone());
                *fence = Some(given);
            }
        }
    }
}

/// A fence somewhat further north, and a little larger where it is a circle.
fn moved(fence: &Fence, by_m: f64) -> Fence {
    let shape = match &fence.shape {
        Shape::Circle { center, radius } => {
            let lat = (center.lat() + by_m / 111_132.0).clamp(-89.0, 89.0);
            let center = Position::new(lat, center.lng()).expect("it stays on earth");
            Shape::Circle { center, radius: Meters(radius.0 + 1.0) }
        }
        Shape::Polygons(polygons) => {
            let radius = fence.facts.radius;
            let first = polygons.iter().find_map(|polygon| polygon.rings().next());
            let [lng, lat] = first.map_or([0.0, 0.0], |ring| ring[0]);
            let lat = (lat + by_m / 111_132.0).clamp(-89.0, 89.0);
            let center = Position::new(lat, lng).expect("it stays on earth");
            Shape::Circle { center, radius }
        }
    };
    let facts = model::FenceFacts { radius: shape.radius(), ..fence.facts.clone() };
    Fence { facts, shape }
}
