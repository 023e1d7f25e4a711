//! Who is in which fence.

use std::collections::BTreeSet;

use model::{DeviceNo, FenceNo, TransitionKind};

use crate::Change;

/// The slots of the devices with an open visit, by fence: an edit of a few fences asks nobody else.
#[derive(Debug, Default)]
pub(crate) struct Visitors(BTreeSet<(FenceNo, usize)>);

impl Visitors {
    /// Follows what visits of a device began and ended, in order.
    pub(crate) fn follow(&mut self, device: DeviceNo, changes: &[Change]) {
        for change in changes {
            match change.kind {
                TransitionKind::Enter => self.enter(device.slot(), change.fence),
                TransitionKind::Exit => self.leave(device.slot(), change.fence),
                _ => {}
            }
        }
    }

    pub(crate) fn enter(&mut self, slot: usize, fence: FenceNo) {
        self.0.insert((fence, slot));
    }

    pub(crate) fn leave(&mut self, slot: usize, fence: FenceNo) {
        self.0.remove(&(fence, slot));
    }

    /// Those in any of the fences, ascending.
    pub(crate) fn of(&self, fences: &[FenceNo]) -> Vec<usize> {
        let of_one = |fence: FenceNo| self.0.range((fence, 0)..=(fence, usize::MAX));
        let found: BTreeSet<usize> = fences.iter().flat_map(|fence| of_one(*fence)).map(|at| at.1).collect();
        found.into_iter().collect()
    }
}

impl FromIterator<(FenceNo, usize)> for Visitors {
    fn from_iter<I: IntoIterator<Item = (FenceNo, usize)>>(visits: I) -> Self {
        Self(visits.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_left_a_fence_is_not_asked_about_it() {
        let (cafe, shop) = (FenceNo(1), FenceNo(2));
        let mut visitors: Visitors = [(cafe, 7), (cafe, 8), (shop, 7)].into_iter().collect();
        visitors.leave(7, cafe);
        assert_eq!((visitors.of(&[cafe]), visitors.of(&[cafe, shop])), (vec![8], vec![7, 8]));
        assert_eq!(visitors.of(&[FenceNo(0)]), [0; 0]);
    }
}
