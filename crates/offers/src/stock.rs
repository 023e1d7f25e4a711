//! How often offers may still go out: counts that all shards share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use model::OfferId;

use crate::clock::CivilDay;
use crate::offer::{Limits, Offer};

/// How often each offer went out, ever and by day.
///
/// Every offer is counted, limited or not, so that a limit which comes later counts what went before.
/// The limits are the offers' own: after a reload each shard takes by those of its catalogue, and the
/// counts stay. `&self` everywhere; a lock is held for one offer and a few instructions.
#[derive(Debug, Default)]
pub struct Stock {
    counts: RwLock<BTreeMap<OfferId, Arc<Mutex<Count>>>>,
}

/// What is counted of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// All that went out, ever.
    Total,
    /// What went out on a civil day.
    On(CivilDay),
}

/// What is left of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Of all; `None` without end.
    pub total: Option<u32>,
    /// Of the day's; `None` without end.
    pub today: Option<u32>,
}

#[derive(Debug, Default)]
struct Count {
    total: u32,
    by_day: BTreeMap<CivilDay, u32>,
}

/// Days of which counts are kept: today all around the world, and a clock that goes back a few days.
const N_DAYS_MAX: usize = 8;

impl Stock {
    /// Counts as they were read back.
    pub fn new(counted: impl IntoIterator<Item = (OfferId, Counted, u32)>) -> Self {
        let mut counts: BTreeMap<OfferId, Count> = BTreeMap::new();
        for (offer, what, n) in counted {
            let count = counts.entry(offer).or_default();
            match what {
                Counted::Total => count.total = n,
                Counted::On(day) => _ = count.by_day.insert(day, n),
            }
        }
        let shared = counts.into_iter().map(|(offer, mut count)| {
            count.forget_old_days();
            (offer, Arc::new(Mutex::new(count)))
        });
        Self { counts: RwLock::new(shared.collect()) }
    }

    /// Takes one, of all and of the day's, or neither; answers whether there was one.
    pub fn take(&self, offer: &Offer, day: CivilDay) -> bool {
        let count = self.count_of(offer.id());
        let mut count = locked(&count);
        if count.is_out(offer.draft().stock, day) {
            return false;
        }
        count.total = count.total.saturating_add(1);
        let today = count.by_day.entry(day).or_default();
        *today = today.saturating_add(1);
        count.forget_old_days();
        true
    }

    /// Puts back one that was taken on a day and did not go out after all.
    pub fn put_back(&self, offer: &OfferId, day: CivilDay) {
        let count = self.count_of(offer);
        let mut count = locked(&count);
        count.total = count.total.saturating_sub(1);
        if let Some(n) = count.by_day.get_mut(&day) {
            *n = n.saturating_sub(1);
        }
    }

    /// Whether [`Stock::take`] would find none.
    #[must_use]
    pub fn is_out(&self, offer: &Offer, day: CivilDay) -> bool {
        locked(&self.count_of(offer.id())).is_out(offer.draft().stock, day)
    }

    /// What is left.
    #[must_use]
    pub fn left(&self, offer: &Offer, day: CivilDay) -> Left {
        let Limits { total, per_day } = offer.draft().stock;
        let count = self.count_of(offer.id());
        let count = locked(&count);
        Left {
            total: total.map(|limit| limit.saturating_sub(count.total)),
            today: per_day.map(|limit| limit.saturating_sub(count.on(day))),
        }
    }

    /// How often an offer went out.
    #[must_use]
    pub fn n_taken(&self, offer: &OfferId, what: Counted) -> u32 {
        let count = self.count_of(offer);
        let count = locked(&count);
        match what {
            Counted::Total => count.total,
            Counted::On(day) => count.on(day),
        }
    }

    fn count_of(&self, offer: &OfferId) -> Arc<Mutex<Count>> {
        let known = self.counts.read().unwrap_or_else(PoisonError::into_inner).get(offer).cloned();
        known.unwrap_or_else(|| {
            let mut counts = self.counts.write().unwrap_or_else(PoisonError::into_inner);
            counts.entry(offer.clone()).or_default().clone()
        })
    }
}

/// A shard that panicked held whole numbers only.
fn locked(count: &Mutex<Count>) -> MutexGuard<'_, Count> {
    count.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Count {
    fn on(&self, day: CivilDay) -> u32 {
        self.by_day.get(&day).copied().unwrap_or_default()
    }

    fn is_out(&self, limits: Limits, day: CivilDay) -> bool {
        limits.total.is_some_and(|limit| limit <= self.total)
            || limits.per_day.is_some_and(|limit| limit <= self.on(day) || self.has_forgotten(day))
    }

    /// A day of long ago, on a clock that was put back: as many as were counted may have gone out.
    fn has_forgotten(&self, day: CivilDay) -> bool {
        let oldest = self.by_day.keys().next();
        N_DAYS_MAX <= self.by_day.len() && oldest.is_some_and(|oldest| day < *oldest)
    }

    fn forget_old_days(&mut self) {
        while N_DAYS_MAX < self.by_day.len() {
            self.by_day.pop_first();
        }
    }
}
