//! What an operator's edit of the fences means for visits.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use model::{FenceNo, Meters, Position};

/// One edit of the set of fences, as presence needs to know it.
///
/// The caller asks the index; presence knows no shapes.
pub trait Redrawn {
    /// The number of a fence from now on; `None` when it is gone, or went before.
    fn new_no(&self, old: FenceNo) -> Option<FenceNo>;

    /// Fences that are new or have another shape, by their new numbers, ascending.
    fn news(&self) -> &[FenceNo];

    /// Fences that are gone or have another shape, by their old numbers, when no other fence gets
    /// another number; `None` when one does.
    fn touched(&self) -> Option<&[FenceNo]>;

    /// Whether a fence of the new set holds a position.
    fn holds(&self, fence: FenceNo, position: Position) -> bool;

    /// How far outside a fence of the new set a position lies; nought inside.
    fn distance_outside(&self, fence: FenceNo, position: Position) -> Meters;

    /// The radius of a fence of the new set.
    fn radius(&self, fence: FenceNo) -> Meters;
}

/// Which fences were drawn when, counted in edits.
///
/// What a device finds in a fence drawn after its last look was there before: no offer comes
/// from an operator's edit. Fences that were not edited go on as if nothing had happened.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    n: u32,
    drawn_in: BTreeMap<FenceNo, u32>,
}

impl Edits {
    /// The mark of a look that knows all edits so far.
    pub(crate) const fn sight(&self) -> NonZeroU32 {
        NonZeroU32::MIN.saturating_add(self.n)
    }

    /// Whether a fence may have been drawn since a look with this mark; all are news to who never looked.
    pub(crate) fn is_news(&self, fence: FenceNo, seen: Option<NonZeroU32>) -> bool {
        let Some(seen) = seen else { return true };
        seen < self.sight() && self.drawn_in.get(&fence).is_some_and(|drawn_in| seen.get() <= *drawn_in)
    }

    pub(crate) fn note(&mut self, redrawn: &impl Redrawn) {
        self.n += 1;
        let before = std::mem::take(&mut self.drawn_in);
        let kept = before.into_iter().filter_map(|(old, drawn_in)| Some((redrawn.new_no(old)?, drawn_in)));
        self.drawn_in = kept.collect();
        self.drawn_in.extend(redrawn.news().iter().map(|fence| (*fence, self.n)));
    }
}
