//! When the writer deletes what was kept long enough: once a day, in portions, between other work.

use std::time::{Duration, Instant};

use ledger::{Retained, Retention, Storage};

use super::Clock;

/// How the ledger is kept small.
#[derive(Clone, Copy, Debug)]
pub struct Upkeep {
    /// For how long entries are kept.
    pub keep: Retention,
    /// Real time from the start to the first look: a start has other things to do.
    pub first_after: Duration,
    /// Real time from one look at everything to the next.
    pub every: Duration,
}

impl Default for Upkeep {
    fn default() -> Self {
        let keep = Retention::default();
        Self { keep, first_after: Duration::from_secs(10 * 60), every: Duration::from_secs(24 * 60 * 60) }
    }
}

/// Entries that are looked at in one portion: a few milliseconds, in which nobody's commit is served.
const PORTION: usize = 256;
/// Between portions others have the disk to themselves.
const PAUSE: Duration = Duration::from_millis(50);
/// A writer that is never idle makes room for a portion after so much waiting.
const OVERDUE_AFTER: Duration = Duration::from_secs(60);

/// The writer's calendar.
pub(super) struct Rounds {
    upkeep: Upkeep,
    clock: Clock,
    due_at: Instant,
    n_entries: usize,
    n_customers: usize,
}

impl Rounds {
    pub(super) fn new(upkeep: Upkeep, clock: Clock) -> Self {
        let due_at = Instant::now() + upkeep.first_after;
        Self { upkeep, clock, due_at, n_entries: 0, n_customers: 0 }
    }

    /// How long there is nothing to do.
    pub(super) fn rest(&self) -> Duration {
        self.due_at.saturating_duration_since(Instant::now())
    }

    /// Whether a portion is due for a writer that is idle or has other work.
    pub(super) fn is_due(&self, is_idle: bool) -> bool {
        let grace = if is_idle { Duration::ZERO } else { OVERDUE_AFTER };
        self.due_at + grace <= Instant::now()
    }

    /// Deletes a portion. What fails is tried again another day: nobody waits for it.
    pub(super) fn portion(&mut self, storage: &mut dyn Storage) {
        match storage.retain(&self.upkeep.keep, PORTION, self.clock.now()) {
            Ok(Retained { n_entries, n_customers, is_more_due }) => {
                self.n_entries += n_entries;
                self.n_customers += n_customers;
                if is_more_due {
                    self.due_at = Instant::now() + PAUSE;
                    return;
                }
                let Self { n_entries, n_customers, .. } = self;
                if 0 < *n_entries {
                    tracing::info!(n_entries, n_customers, "what was kept long enough is deleted");
                }
                (self.n_entries, self.n_customers) = (0, 0);
            }
            Err(error) => tracing::error!(%error, "what was kept long enough could not be deleted"),
        }
        self.due_at = Instant::now() + self.upkeep.every;
    }
}

#[cfg(test)]
mod tests {
    use ledger::{DeliveryOutcome, Entry, MemoryStorage, What, commit, stage};
    use model::{CustomerId, Digest, Millis, NotificationId, Timestamp};

    use super::*;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_unix_ms(0) + Millis::from_days(n)
    }

    #[test]
    fn everything_due_goes_in_portions_and_then_it_rests_a_day() {
        let mut storage = MemoryStorage::new();
        let entry = |n: i64| Entry {
            customer: CustomerId::new("anna").unwrap(),
            at: day(n),
            what: What::Delivery {
                notification: NotificationId(Digest::from_bytes([1; 16])),
                outcome: DeliveryOutcome::Sent,
                tolerance: None,
            },
        };
        let entries = (0..600).map(entry).collect();
        commit(&mut storage, vec![stage(entries, Vec::new(), Vec::new(), 0)]).unwrap();
        let upkeep = Upkeep { first_after: Duration::ZERO, ..Upkeep::default() };
        let mut rounds = Rounds::new(upkeep, Clock::Fixes { start_at: day(395 + 579) });
        assert!(rounds.is_due(true));
        assert!(!rounds.is_due(false), "others come first for a while");
        for n_left in [600 - 256, 600 - 512] {
            rounds.portion(&mut storage);
            assert_eq!(storage.n_entries(), n_left);
            assert!(rounds.rest() <= PAUSE);
        }
        rounds.portion(&mut storage);
        assert_eq!(storage.n_entries(), 20);
        assert!(PAUSE < rounds.rest());
        assert!(!rounds.is_due(true));
    }
}
