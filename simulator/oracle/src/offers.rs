//! Which offers a change of presence calls for.

use crate::geometry::Map;
use crate::{Kind, Offer};

/// Of every fence and kind of change the offers that are due, by number.
#[derive(Debug, Default)]
pub(crate) struct OffersDue {
    by_fence: Vec<[Vec<u32>; 4]>,
    pub(crate) asks_for_crossings: bool,
}

impl OffersDue {
    /// An offer applies in its own merchant's fences only, whatever fences it names.
    pub(crate) fn of(map: &Map, offers: &[Option<Offer>]) -> Self {
        let mut by_fence: Vec<[Vec<u32>; 4]> = vec![Default::default(); map.len()];
        let there = || (0..).zip(offers).filter_map(|(no, offer)| Some((no, offer.as_ref()?)));
        for (no, offer) in there() {
            for &fence in &offer.fences {
                let is_theirs = map.fence(fence).is_some_and(|fence| fence.merchant == Some(offer.merchant));
                let due = is_theirs.then(|| &mut by_fence[fence as usize][offer.trigger as usize]);
                if let Some(due) = due.filter(|due| due.last() != Some(&no)) {
                    due.push(no);
                }
            }
        }
        Self { by_fence, asks_for_crossings: there().any(|(_, offer)| offer.trigger == Kind::Cross) }
    }

    pub(crate) fn at(&self, fence: u32, kind: Kind) -> &[u32] {
        &self.by_fence[fence as usize][kind as usize]
    }
}
