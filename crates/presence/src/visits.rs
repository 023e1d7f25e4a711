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
