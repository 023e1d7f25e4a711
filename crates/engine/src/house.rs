//! What the operator has set up: fences, facts and offers.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{FenceFacts, FenceId, FenceNo, MerchantId, Notification};
use offers::Catalogue;
use sensitive_places::{Place, RingLaw, SensitivePlaces, Standing};
use spatial_index::{BuildError, Change, Fence, Index, Shape};

/// One version of the fence set with the offers that go with it.
#[derive(Debug)]
pub struct House {
    pub(crate) index: Index,
    /// By number; at a free one those of the fence that was there. Houses share those of a fence
    /// that is altogether the same in them.
    facts: Vec<Arc<FenceFacts>>,
    /// The numbers of all fences, ascending by the fence's id.
    by_id: Vec<FenceNo>,
    /// Numbers of fences that are gone.
    free: Vec<FenceNo>,
    pub(crate) catalogue: Arc<Catalogue>,
    version: Option<SetVersion>,
    pub(crate) sensitive: Arc<SensitivePlaces>,
    /// Fences in the ring of a sensitive place.
    rings: BTreeMap<FenceNo, Standing>,
}

/// What becomes of fences, by id: another one in its place or a new one, or `None` when it goes.
pub type Edits = BTreeMap<FenceId, Option<Fence>>;

/// Which fence set a house was built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetVersion {
    /// Counted from 1 by whoever keeps the sets.
    pub no: u64,
    /// Of what it holds.
    pub hash: Box<str>,
}

/// A fence in the ring of a sensitive place.
#[derive(Clone, Copy, Debug)]
pub struct InRing<'a> {
    /// Which.
    pub fence: &'a FenceFacts,
    /// The law that draws the ring.
    pub law: &'a RingLaw,
    /// The place.
    pub place: &'a Place,
    /// It is there for the place.
    pub captures: bool,
}

impl House {
    /// Builds the index over fences in ascending order of id.
    ///
    /// A fence without a merchant matches nobody: nobody can have agreed to it.
    ///
    /// # Errors
    /// When a shape or their number is more than an index can hold.
    ///
    /// # Panics
    /// When the fences are not in ascending order of id.
    pub fn new(fences: Vec<Fence>, catalogue: Catalogue) -> Result<Self, BuildError> {
        Self::build(fences, Arc::new(catalogue), None)
    }

    /// The same, of a fence set that has a version.
    ///
    /// # Errors
    /// As [`House::new`].
    ///
    /// # Panics
    /// As [`House::new`].
    pub fn build(
        fences: Vec<Fence>,
        catalogue: Arc<Catalogue>,
        version: Option<SetVersion>,
    ) -> Result<Self, BuildError> {
        assert!(fences.is_sorted_by(|a, b| a.facts.id < b.facts.id), "fences come in ascending order of id");
        let (facts, shapes): (Vec<Arc<FenceFacts>>, Vec<_>) =
            fences.into_iter().map(|fence| (Arc::new(fence.facts), fence.shape)).unzip();
        let by_id = (0..).map(FenceNo).take(facts.len()).collect();
        Ok(Self {
            index: Index::build(shapes)?,
            facts,
            by_id,
            free: Vec::new(),
            catalogue,
            version,
            sensitive: Arc::default(),
            rings: BTreeMap::new(),
        })
    }

    /// The same with sensitive places round which nobody is followed.
    #[must_use]
    pub fn guarded(mut self, sensitive: Arc<SensitivePlaces>) -> Self {
        self.sensitive = sensitive;
        self.rings = self.standings(self.by_id.iter().copied()).collect();
        self
    }

    fn standings(&self, fences: impl Iterator<Item = FenceNo>) -> impl Iterator<Item = (FenceNo, Standing)> {
        fences.filter_map(|no| {
            let fence = Fence { facts: self.fence(no).clone(), shape: self.shape(no) };
            Some((no, self.sensitive.standing(&fence)?))
        })
    }

    /// The house after some edits: by id the fence as it is then, or `None` when it goes. Every
    /// other fence keeps its number.
    pub(crate) fn edited(&self, edits: Edits, version: Option<SetVersion>) -> Result<Self, BuildError> {
        let (mut facts, mut free) = (self.facts.clone(), self.free.clone());
        let mut by_id = Vec::with_capacity(self.by_id.len() + edits.len());
        let (mut changes, mut freed, mut put) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = &self.by_id[..];
        for (id, fence) in edits {
            let (before, behind) = rest.split_at(rest.partition_point(|no| self.fence(*no).id < id));
            by_id.extend_from_slice(before);
            let old = behind.first().copied().filter(|no| self.fence(*no).id == id);
            rest = &behind[usize::from(old.is_some())..];
            let Some(Fence { facts: its_facts, shape }) = fence else {
                changes.extend(old.map(Change::Remove));
                freed.extend(old);
                continue;
            };
            let no = match old.or_else(|| free.pop()) {
                Some(no) => no,
                None => FenceNo(u32::try_from(facts.len()).map_err(|_| BuildError::TooManyFences)?),
            };
            by_id.push(no);
            put.push(no);
            let is_redrawn = old.is_none_or(|old| self.shape(old) != shape);
            if no.slot() == facts.len() {
                facts.push(Arc::new(its_facts));
            } else if is_redrawn || *self.fence(no) != its_facts {
                facts[no.slot()] = Arc::new(its_facts);
            }
            changes.extend(is_redrawn.then_some(Change::Put(no, shape)));
        }
        by_id.extend_from_slice(rest);
        let mut rings = self.rings.clone();
        for no in freed.iter().chain(&put) {
            rings.remove(no);
        }
        free.append(&mut freed);
        let index = self.index.changed(&changes)?;
        let (catalogue, sensitive) = (self.catalogue.clone(), self.sensitive.clone());
        let mut edited = Self { index, facts, by_id, free, catalogue, version, sensitive, rings };
        let standings: Vec<_> = edited.standings(put.into_iter()).collect();
        edited.rings.extend(standings);
        Ok(edited)
    }

    /// The facts of all fences, ascending by id.
    pub fn facts(&self) -> impl Iterator<Item = &FenceFacts> {
        self.by_id.iter().map(|no| self.fence(*no))
    }

    /// All fences, ascending by id.
    pub fn fences(&self) -> impl Iterator<Item = Fence> {
        self.by_id.iter().map(|no| Fence { facts: self.fence(*no).clone(), shape: self.shape(*no) })
    }

    /// How many fences there are.
    #[must_use]
    pub const fn n_fences(&self) -> usize {
        self.by_id.len()
    }

    /// The index over them.
    #[must_use]
    pub const fn index(&self) -> &Index {
        &self.index
    }

    /// The offers.
    #[must_use]
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// The sensitive places.
    #[must_use]
    pub const fn sensitive(&self) -> &Arc<SensitivePlaces> {
        &self.sensitive
    }

    /// Fences in the ring of a sensitive place, each with the law and the place, and whether it is there
    /// for it: those must not be taken up.
    pub fn rings(&self) -> impl Iterator<Item = InRing<'_>> {
        self.rings.iter().map(|(no, standing)| {
            let (law, place) = self.sensitive.reason(*standing);
            let captures = matches!(standing, Standing::Captures { .. });
            InRing { fence: self.fence(*no), law, place, captures }
        })
    }

    /// Which fence set it was built from; `None` when its fences were never numbered.
    #[must_use]
    pub const fn version(&self) -> Option<&SetVersion> {
        self.version.as_ref()
    }

    pub(crate) fn numbers(&self) -> &[FenceNo] {
        &self.by_id
    }

    /// A fence; none when no fence has this id. O(log n).
    #[must_use]
    pub fn fence_of(&self, id: &FenceId) -> Option<Fence> {
        let no = self.no_of(id)?;
        Some(Fence { facts: self.fence(no).clone(), shape: self.shape(no) })
    }

    /// The facts of a fence; none when no fence has this id. O(log n).
    #[must_use]
    pub fn facts_of(&self, id: &FenceId) -> Option<&FenceFacts> {
        self.no_of(id).map(|no| self.fence(no))
    }

    /// Whether a fence is altogether the same as one of another house, as far as that can be told
    /// without a look at it.
    pub(crate) fn shares(&self, no: FenceNo, other: &Self, other_no: FenceNo) -> bool {
        Arc::ptr_eq(&self.facts[no.slot()], &other.facts[other_no.slot()])
    }

    pub(crate) fn named(mut self, version: Option<SetVersion>) -> Self {
        self.version = version;
        self
    }

    pub(crate) fn with_offers(mut self, catalogue: Arc<Catalogue>) -> Self {
        self.catalogue = catalogue;
        self
    }

    pub(crate) fn fence(&self, no: FenceNo) -> &FenceFacts {
        &self.facts[no.slot()]
    }

    pub(crate) fn shape(&self, no: FenceNo) -> Shape {
        self.index.shape(no).expect("every fence of a house has a shape")
    }

    /// Whether a fence lies in the ring of a sensitive place.
    pub(crate) fn is_in_ring(&self, no: FenceNo) -> bool {
        self.rings.contains_key(&no)
    }

    pub(crate) fn merchant(&self, no: FenceNo) -> Option<&MerchantId> {
        self.facts[no.slot()].merchant.as_ref()
    }

    /// The number of a fence. O(log n).
    pub(crate) fn no_of(&self, id: &FenceId) -> Option<FenceNo> {
        let at = self.by_id.binary_search_by(|no| self.fence(*no).id.cmp(id)).ok()?;
        Some(self.by_id[at])
    }

    /// Whether a merchant has a fence with this id.
    pub(crate) fn has(&self, fence: &FenceId, merchant: &MerchantId) -> bool {
        self.no_of(fence).is_some_and(|no| self.merchant(no) == Some(merchant))
    }

    /// Whether its offers would say what was decided to be said.
    pub(crate) fn stands_behind(&self, notification: &Notification) -> bool {
        let facts = self.facts_of(&notification.fence);
        facts.is_some_and(|facts| self.catalogue.stands_behind(notification, facts))
    }

    /// What a decision records of it.
    pub(crate) fn for_the_record(&self) -> Vec<(Box<str>, Box<str>)> {
        let version = self.version.iter();
        let facts = version.flat_map(|version| {
            [("fence_set", version.no.to_string().into()), ("fence_set_hash", version.hash.clone())]
        });
        facts.map(|(name, value)| (name.into(), value)).collect()
    }
}
