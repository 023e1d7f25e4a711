//! The first reading of a trace: who is in it, and when.

use std::collections::{BTreeMap, BTreeSet};

use model::{CustomerId, DeviceId, Millis, Timestamp};

use wire::trace::TraceFix;

use crate::recording::Recording;

/// What a trace holds, without its fixes.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    pub(crate) n_fixes: u64,
    /// Lines that are no fix, and the first of them as a sentence.
    pub(crate) n_unreadable: u64,
    pub(crate) first_unreadable: Option<String>,
    pub(crate) span: Option<Span>,
    /// The longest step back in time from what was recorded before.
    pub(crate) back_max: Millis,
    /// Everybody with their phones, in ascending order.
    pub(crate) customers: BTreeMap<CustomerId, BTreeSet<DeviceId>>,
}

/// The first and the last instant of a trace, whatever its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
}

impl Survey {
    /// Reads a whole recording once.
    pub(crate) fn of(recording: Recording) -> Self {
        let mut survey = Self::default();
        for line in recording {
            match line {
                Ok(seen) => survey.add(seen),
                Err(error) => {
                    survey.n_unreadable += 1;
                    survey.first_unreadable.get_or_insert_with(|| error.to_string());
                }
            }
        }
        survey
    }

    pub(crate) fn n_devices(&self) -> usize {
        self.customers.values().map(BTreeSet::len).sum()
    }

    fn add(&mut self, seen: TraceFix) {
        self.n_fixes += 1;
        let at = seen.fix.taken_at;
        let span = self.span.get_or_insert(Span { first_at: at, last_at: at });
        self.back_max = self.back_max.max(span.last_at.since(at));
        span.first_at = span.first_at.min(at);
        span.last_at = span.last_at.max(at);
        match self.customers.get_mut(&seen.customer) {
            Some(devices) if devices.contains(&seen.device) => {}
            Some(devices) => {
                devices.insert(seen.device);
            }
            None => {
                self.customers.insert(seen.customer, BTreeSet::from([seen.device]));
            }
        }
    }
}
