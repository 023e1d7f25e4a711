//! What an operator does to the fences of a scene.

use std::sync::Arc;

use engine::{Alteration, House};
use model::{FenceId, Meters, Position};
use spatial_index::{Fence, Shape};

use super::happening::Edit;
use super::scene::Scene;

/// The fences as they are, and edits that the process has not seen.
pub(crate) struct Operator<'a> {
    scene: &'a Scene,
    /// By number.
    fences: Vec<Option<Fence>>,
    unseen: Vec<(u32, Edit)>,
}

impl<'a> Operator<'a> {
    pub(crate) fn of(scene: &'a Scene) -> Self {
        Self { scene, fences: scene.fences.iter().cloned().map(Some).collect(), unseen: Vec::new() }
    }

    pub(crate) fn fences(&self) -> &[Option<Fence>] {
        &self.fences
    }

    /// Edits while nobody looks.
    pub(crate) fn edit_unseen(&mut self, no: u32, edit: Edit) {
        self.unseen.push((no, edit));
    }

    /// All fences, when some were edited that nobody has seen; they are seen from here on.
    pub(crate) fn take_unseen(&mut self) -> Option<Vec<Option<Fence>>> {
        let edits = std::mem::take(&mut self.unseen);
        for (fence, edit) in &edits {
            self.apply(*fence, *edit);
        }
        (!edits.is_empty()).then(|| self.fences.clone())
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
