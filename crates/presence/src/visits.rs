//! The open visits of one device.

use std::ops::{Deref, DerefMut};

use crate::visit::Visit;

/// Visits in different fences, ascending by fence.
///
/// Most people are in one place: a single visit lies here itself, and only several elsewhere.
#[derive(Debug)]
pub(crate) enum Visits {
    One([Visit; 1]),
    Several(Vec<Visit>),
}

impl Visits {
    /// Begins a visit in a fence that is not visited.
    pub(crate) fn begin(&mut self, visit: Visit) {
        let at = self.partition_point(|known| known.open.fence < visit.open.fence);
        match self {
            Self::Several(none) if none.is_empty() => *self = Self::One([visit]),
            Self::Several(visits) => visits.insert(at, visit),
            Self::One([known]) => {
                let mut visits = vec![*known];
                visits.insert(at, visit);
                *self = Self::Several(visits);
            }
        }
    }

    /// Ends all visits but those that are to go on.
    pub(crate) fn retain(&mut self, mut goes_on: impl FnMut(&mut Visit) -> bool) {
        match self {
            Self::One([visit]) => {
                if !goes_on(visit) {
                    *self = Self::default();
                }
            }
            Self::Several(visits) => {
                visits.retain_mut(goes_on);
                if let [visit] = visits[..] {
                    *self = Self::One([visit]);
                } else if visits.is_empty() {
                    *self = Self::default();
                }
            }
        }
    }
}

impl Default for Visits {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl Deref for Visits {
    type Target = [Visit];

    fn deref(&self) -> &[Visit] {
        match self {
            Self::One(visit) => visit,
            Self::Several(visits) => visits,
        }
    }
}

impl DerefMut for Visits {
    fn deref_mut(&mut self) -> &mut [Visit] {
        match self {
            Self::One(visit) => visit,
            Self::Several(visits) => visits,
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{FenceNo, Timestamp};

    use super::*;
    use crate::OpenVisit;

    fn begin(visits: &mut Visits, fence: u32) {
        let (entered_at, last_at) = (Timestamp::MIN, Timestamp::MIN);
        let fence = FenceNo(fence);
        visits.begin(Visit::resumed(OpenVisit {
            fence,
            entered_at,
            last_at,
            initial: false,
            dwelled: false,
        }));
    }

    fn fences(visits: &Visits) -> Vec<u32> {
        visits.iter().map(|visit| visit.open.fence.0).collect()
    }

    #[test]
    fn visits_are_in_order_however_they_began() {
        for order in [[5, 1, 3], [1, 3, 5], [3, 5, 1], [5, 3, 1]] {
            let mut visits = Visits::default();
            order.into_iter().for_each(|fence| begin(&mut visits, fence));
            assert_eq!(fences(&visits), [1, 3, 5]);
        }
    }

    #[test]
    fn one_visit_lies_here_itself_before_others_begin_and_after_they_end() {
        let mut visits = Visits::default();
        assert!(visits.is_empty());
        begin(&mut visits, 1);
        assert!(matches!(visits, Visits::One(_)));
        begin(&mut visits, 2);
        begin(&mut visits, 3);
        visits.retain(|_| true);
        assert!(matches!(&visits, Visits::Several(several) if several.len() == 3));
        visits.retain(|visit| visit.open.fence == FenceNo(2));
        assert!(matches!(visits, Visits::One(_)));
        visits.retain(|_| true);
        assert_eq!(fences(&visits), [2]);
        visits.retain(|_| false);
        assert!(matches!(&visits, Visits::Several(none) if none.capacity() == 0));
        [7, 8].into_iter().for_each(|fence| begin(&mut visits, fence));
        visits.retain(|_| false);
        assert!(matches!(&visits, Visits::Several(none) if none.capacity() == 0));
    }
}
