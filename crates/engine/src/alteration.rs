//! Another fence set, or other offers, in the place of those in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger::DeliveryOutcome;
use model::{
    DeviceNo, FenceFacts, FenceNo, MerchantId, Meters, Notification, Position, Timestamp, TransitionKind,
    VisitId,
};
use offers::{Catalogue, Difference, HoursBook};
use presence::{Change, Redrawn};
use sensitive_places::SensitivePlaces;
use spatial_index::{BuildError, Fence};

use crate::engine::Engine;
use crate::house::{Edits, House, SetVersion};

/// The way from one house to another, worked out away from those who work in it.
#[derive(Debug)]
pub struct Alteration {
    from: Arc<House>,
    to: Arc<House>,
    /// By its number in the one house, a fence's number in the other; `None` when it is gone, or
    /// another merchant's now.
    numbers: Vec<Option<FenceNo>>,
    /// Fences of the other house that are new, another merchant's or redrawn, ascending.
    news: Vec<FenceNo>,
    /// Whose those are.
    merchants: BTreeSet<MerchantId>,
    /// Fences of the one house that are gone, another merchant's or redrawn, ascending; `None` when
    /// other fences get other numbers, too.
    touched: Option<Vec<FenceNo>>,
    extent: Extent,
    offers: Difference,
}

/// How much an alteration changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Fences before.
    pub n_before: usize,
    /// Fences that are new.
    pub n_added: usize,
    /// Fences that are gone.
    pub n_removed: usize,
    /// Fences of which anything is different.
    pub n_changed: usize,
}

impl Extent {
    /// Whether nothing is different.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.n_added + self.n_removed + self.n_changed == 0
    }

    /// The share of the fences before; what is added counts too.
    #[must_use]
    pub fn share(&self) -> f64 {
        (self.n_added + self.n_removed + self.n_changed) as f64 / self.n_before.max(1) as f64
    }
}

/// One house is made of another, with the numbers that it has, when at most one fence of so many differs.
const FENCES_A_DIFFERENCE: usize = 16;

impl Alteration {
    /// Leads to fences in ascending order of id; the offers stay.
    ///
    /// Costs a pass over the fences, and as much as [`Index::build`](spatial_index::Index::build)
    /// when many differ.
    ///
    /// # Errors
    /// As [`House::new`].
    ///
    /// # Panics
    /// As [`House::new`].
    pub fn new(
        from: &Arc<House>,
        fences: Vec<Fence>,
        version: Option<SetVersion>,
    ) -> Result<Self, BuildError> {
        let to = match difference(from, &fences) {
            Some(edits) => from.edited(edits, version)?,
            None => {
                let house = House::build(fences, from.catalogue.clone(), version)?;
                house.guarded(from.sensitive.clone())
            }
        };
        Ok(Self::between(from.clone(), Arc::new(to)))
    }

    /// Leads to the same fences after some edits.
    ///
    /// Costs no more than copies of two lists of numbers when the edits are few.
    ///
    /// # Errors
    /// As [`House::new`].
    pub fn edit(from: &Arc<House>, edits: Edits) -> Result<Self, BuildError> {
        if is_small(edits.len(), from) {
            let to = from.edited(edits, None)?;
            return Ok(Self::between(from.clone(), Arc::new(to)));
        }
        let mut fences: Edits = from.fences().map(|fence| (fence.facts.id.clone(), Some(fence))).collect();
        fences.extend(edits);
        Self::new(from, fences.into_values().flatten().collect(), None)
    }

    /// Leads to a house that is there, such as the one before; the faster, the more they share.
    #[must_use]
    pub fn between(from: Arc<House>, to: Arc<House>) -> Self {
        let mut numbers = vec![None; from.index.len()];
        let (mut news, mut merchants) = (Vec::new(), BTreeSet::new());
        let mut keeps_numbers = true;
        let mut extent = Extent { n_before: from.n_fences(), ..Extent::default() };
        let mut before = from.numbers().iter().copied().peekable();
        for &new in to.numbers() {
            if let Some(old) = before.next_if(|old| from.shares(*old, &to, new)) {
                numbers[old.slot()] = Some(new);
                keeps_numbers &= old == new;
                continue;
            }
            let facts = to.fence(new);
            while before.next_if(|old| from.fence(*old).id < facts.id).is_some() {}
            let old = before.next_if(|old| from.fence(*old).id == facts.id);
            let same_place = old.filter(|old| from.merchant(*old) == facts.merchant.as_ref());
            let is_redrawn = same_place.is_some_and(|old| from.shape(old) != to.shape(new));
            match old {
                None => extent.n_added += 1,
                Some(old) if is_redrawn || from.fence(old) != facts => extent.n_changed += 1,
                Some(_) => {}
            }
            if let Some(old) = same_place {
                numbers[old.slot()] = Some(new);
                keeps_numbers &= old == new;
            }
            if same_place.is_none() || is_redrawn {
                news.push(new);
                merchants.extend(facts.merchant.clone());
            }
        }
        news.sort_unstable();
        extent.n_removed = extent.n_before + extent.n_added - to.n_fences();
        let touched = keeps_numbers.then(|| touched(&from, &numbers, &news));
        let offers = match Arc::ptr_eq(&from.catalogue, &to.catalogue) {
            true => Difference::default(),
            false => from.catalogue.difference(&to.catalogue),
        };
        Self { from, to, numbers, news, merchants, touched, extent, offers }
    }

    /// Gives the house that it leads to other offers.
    ///
    /// # Panics
    /// When somebody has that house already.
    #[must_use]
    pub fn with_offers(mut self, catalogue: Arc<Catalogue>) -> Self {
        self.offers = self.from.catalogue.difference(&catalogue);
        let to = Arc::into_inner(self.to).expect("nobody has the house yet");
        self.to = Arc::new(to.with_offers(catalogue));
        self
    }

    /// Gives the house that it leads to other sensitive places.
    ///
    /// # Panics
    /// When somebody has that house already.
    #[must_use]
    pub fn guarded(mut self, sensitive: Arc<SensitivePlaces>) -> Self {
        let to = Arc::into_inner(self.to).expect("nobody has the house yet");
        self.to = Arc::new(to.guarded(sensitive));
        self
    }

    /// Whether it changes which places are sensitive.
    #[must_use]
    pub fn is_about_places(&self) -> bool {
        !Arc::ptr_eq(&self.from.sensitive, &self.to.sensitive)
    }

    /// Gives the house that it leads to a version, or none.
    ///
    /// # Panics
    /// When somebody has that house already.
    #[must_use]
    pub fn named(mut self, version: Option<SetVersion>) -> Self {
        let to = Arc::into_inner(self.to).expect("nobody has the house yet");
        self.to = Arc::new(to.named(version));
        self
    }

    /// The house that it starts from.
    #[must_use]
    pub const fn from(&self) -> &Arc<House> {
        &self.from
    }

    /// Whether every fence that stays keeps its number: the two houses share what did not change.
    #[must_use]
    pub const fn keeps_numbers(&self) -> bool {
        self.touched.is_some()
    }

    /// How much it changes.
    #[must_use]
    pub const fn extent(&self) -> Extent {
        self.extent
    }

    /// What becomes of offers.
    #[must_use]
    pub const fn offers(&self) -> &Difference {
        &self.offers
    }

    /// The house that it leads to.
    #[must_use]
    pub const fn to(&self) -> &Arc<House> {
        &self.to
    }
}

fn is_small(n_different: usize, house: &House) -> bool {
    n_different <= house.n_fences() / FENCES_A_DIFFERENCE
}

/// What is different about fences in ascending order of id; `None` when it is much.
fn difference(from: &House, fences: &[Fence]) -> Option<Edits> {
    let mut edits = Edits::new();
    let mut before = from.numbers().iter().copied().peekable();
    let gone = |no: FenceNo| (from.fence(no).id.clone(), None);
    for fence in fences {
        let id = &fence.facts.id;
        while let Some(old) = before.next_if(|old| from.fence(*old).id < *id) {
            edits.extend([gone(old)]);
        }
        let old = before.next_if(|old| from.fence(*old).id == *id);
        if old.is_none_or(|old| *from.fence(old) != fence.facts || from.shape(old) != fence.shape) {
            edits.insert(id.clone(), Some(fence.clone()));
        }
        if !is_small(edits.len(), from) {
            return None;
        }
    }
    edits.extend(before.map(gone));
    is_small(edits.len(), from).then_some(edits)
}

/// Fences that are gone, another merchant's or redrawn, ascending.
fn touched(from: &House, numbers: &[Option<FenceNo>], news: &[FenceNo]) -> Vec<FenceNo> {
    let is_touched = |old: &FenceNo| numbers[old.slot()].is_none_or(|new| news.binary_search(&new).is_ok());
    let mut touched: Vec<FenceNo> = from.numbers().iter().copied().filter(is_touched).collect();
    touched.sort_unstable();
    touched
}

impl Redrawn for Alteration {
    fn new_no(&self, old: FenceNo) -> Option<FenceNo> {
        self.numbers.get(old.slot()).copied().flatten()
    }

    fn news(&self) -> &[FenceNo] {
        &self.news
    }

    fn touched(&self) -> Option<&[FenceNo]> {
        self.touched.as_deref()
    }

    fn holds(&self, fence: FenceNo, position: Position) -> bool {
        self.to.index.contains(fence, position)
    }

    fn distance_outside(&self, fence: FenceNo, position: Position) -> Meters {
        self.to.index.distance_outside(fence, position)
    }

    fn radius(&self, fence: FenceNo) -> Meters {
        self.to.index.radius(fence)
    }
}

impl Engine {
    /// Takes up another fence set or other offers, between two letters; answers how many visits it ended.
    ///
    /// Visits end in fences that are gone, and in those that no longer lie where their visitor was
    /// seen last; what was to be said about them is not, nor what would not be said by the offers
    /// that there are then. Whatever else was under way goes on. Costs
    /// as much as there are visitors in what is touched; a pass over all devices when many fences
    /// differ and get other numbers.
    ///
    /// # Panics
    /// When the alteration starts from another house than the one in force.
    pub fn handle_alteration(&mut self, alteration: &Alteration, now: Timestamp) -> usize {
        let now = self.advance(now);
        assert!(Arc::ptr_eq(&self.house, &alteration.from), "an alteration starts from the house in force");
        for merchant in &alteration.merchants {
            self.people.merchant_no(merchant);
        }
        let ended = self.vacate(alteration, now);
        self.presence.renumber(alteration);
        self.house = alteration.to.clone();
        self.hours = HoursBook::default();
        self.take_up_offers(&alteration.offers);
        self.call_off(&ended, &alteration.offers, now);
        ended.len()
    }

    fn take_up_offers(&mut self, offers: &Difference) {
        if offers.is_nothing() {
            return;
        }
        let crossings =
            self.policy.presence.crossings || self.house.catalogue.asks_for(TransitionKind::Cross);
        if crossings != self.presence.policy().crossings {
            self.presence.look_for_crossings(crossings);
        }
    }

    /// Ends the visits that an edit ends; answers which.
    fn vacate(&mut self, alteration: &Alteration, now: Timestamp) -> BTreeSet<VisitId> {
        let mut left: BTreeMap<DeviceNo, Vec<Change>> = BTreeMap::new();
        self.presence.vacate(alteration, |device, change| left.entry(device).or_default().push(change));
        let mut ended = BTreeSet::new();
        for (device, mut changes) in left {
            let of_change =
                |change: &Change| self.visit_of(device, self.house.fence(change.fence), change.entered_at);
            ended.extend(changes.iter().map(of_change));
            self.tell(self.people.owner(device), device, &mut changes, now);
        }
        ended
    }

    /// Takes out of the outbox what the house that there is now would not say.
    fn call_off(&mut self, ended: &BTreeSet<VisitId>, offers: &Difference, now: Timestamp) {
        let gone = |notification: &Notification| {
            let Notification { fence, merchant, visit, offer, .. } = notification;
            if ended.contains(visit) || !self.house.has(fence, merchant) {
                return Some(DeliveryOutcome::FenceGone);
            }
            let is_off = offers.touches(offer) && !self.house.stands_behind(notification);
            is_off.then_some(DeliveryOutcome::OfferGone)
        };
        let waiting =
            self.desk.outbox.iter().flat_map(|(no, waiting)| waiting.iter().map(move |one| (*no, one)));
        let off = waiting.filter_map(|(no, one)| gone(one).map(|outcome| (no, one.id, outcome)));
        for (customer, id, outcome) in off.collect::<Vec<_>>() {
            let n_unstaged = self.desk.notifications.len();
            self.leave(customer, id, outcome, now);
            let is_unstaged = self.desk.notifications.len() < n_unstaged;
            let in_flight = self.desk.in_flight.as_ref().map(|(_, pending)| &pending.notifications);
            if is_unstaged || in_flight.is_some_and(|ids| ids.contains(&id)) {
                // Nobody was given it yet. Whatever a sender had once may have gone out in a try that failed.
                self.give_stock_back(customer, id);
            }
            if !is_unstaged {
                self.desk.called_off.insert(id, outcome);
            }
        }
    }

    fn visit_of(&self, device: DeviceNo, fence: &FenceFacts, entered_at: Timestamp) -> VisitId {
        let (customer, phone) = self.names(device);
        VisitId::of(&customer, phone, &fence.id, entered_at)
    }
}
