//! Of several that may be said at once, which.

use std::cmp::Ordering;

use model::{NotificationId, StableHasher, Timestamp};

use crate::answers::MadeOf;
use crate::case::Case;

/// What a candidate is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rank {
    priority: u8,
    /// Value times relevance.
    worth: u64,
    cost: u16,
    favourite: bool,
    /// When the merchant was heard last.
    last_at: Option<Timestamp>,
    id: NotificationId,
}

impl Rank {
    pub(crate) fn of(case: &Case<'_>, cost: u16, now: Timestamp) -> Self {
        let terms = &case.candidate.terms;
        Self {
            priority: terms.priority,
            worth: u64::from(terms.value) * relevance(case, now),
            cost: cost.max(1),
            favourite: case.favourite,
            last_at: case.last_of_merchant(now).map(|heard| heard.at),
            id: case.candidate.occasion.notification,
        }
    }

    /// The better one first; a total order, since no two have one id.
    pub(crate) fn compare(&self, other: &Self, key: &str) -> Ordering {
        let by_priority = other.priority.cmp(&self.priority);
        // Worth per cost, larger first, without a division.
        let by_worth = || (other.worth * u64::from(self.cost)).cmp(&(self.worth * u64::from(other.cost)));
        let by_favourite = || other.favourite.cmp(&self.favourite);
        // Never heard from is before any instant.
        let by_last = || self.last_at.cmp(&other.last_at);
        let by_tie = || (tie(key, self.id), self.id).cmp(&(tie(key, other.id), other.id));
        by_priority.then_with(by_worth).then_with(by_favourite).then_with(by_last).then_with(by_tie)
    }
}

/// What the customer has to do with the offer.
fn relevance(case: &Case<'_>, now: Timestamp) -> u64 {
    let declared =
        case.candidate.terms.category.is_some_and(|category| case.life.profile.cares_for(category));
    let ignored_after = case.policy.answers.ignored_after;
    let ignored = case
        .last_of_merchant(now)
        .is_some_and(|heard| ignored_after <= now.since(heard.at) && MadeOf::of(heard) == MadeOf::Ignored);
    let raised = 50 + if case.favourite { 50 } else { 0 } + if declared { 30 } else { 0 };
    raised - if ignored { 20 } else { 0 }
}

fn tie(key: &str, id: NotificationId) -> u64 {
    let bytes = id.0.bytes();
    let half = |at: usize| i64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
    let hasher = StableHasher::new("stile tie v1").text(key);
    hasher.number(half(0)).number(half(8)).finish().low_u64()
}
