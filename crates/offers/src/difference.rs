//! How one catalogue differs from another.

use std::collections::{BTreeMap, BTreeSet};

use model::OfferId;

use crate::offer::Offer;

/// Offers by what became of them on the way from one catalogue to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Not there before.
    pub added: BTreeSet<OfferId>,
    /// Not there any more.
    pub removed: BTreeSet<OfferId>,
    /// There before and after, and not the same.
    pub changed: BTreeSet<OfferId>,
}

impl Difference {
    pub(crate) fn between(before: &[Offer], after: &[Offer]) -> Self {
        let mut gone: BTreeMap<&OfferId, &Offer> = before.iter().map(|offer| (offer.id(), offer)).collect();
        let mut difference = Self::default();
        for offer in after {
            match gone.remove(offer.id()) {
                None => _ = difference.added.insert(offer.id().clone()),
                Some(was) if was != offer => _ = difference.changed.insert(offer.id().clone()),
                Some(_) => {}
            }
        }
        difference.removed = gone.into_keys().cloned().collect();
        difference
    }

    /// Whether nothing is different.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// Whether an offer is gone or another one in its place.
    #[must_use]
    pub fn touches(&self, offer: &OfferId) -> bool {
        self.removed.contains(offer) || self.changed.contains(offer)
    }
}
