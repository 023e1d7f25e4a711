//! How long entries are kept.

use consent_gate::{ConsentRow, ConsentState, Purpose};
use model::{MerchantId, Millis, Timestamp};

use crate::{Entry, Numbered, StateRow, What};

/// For how long entries are kept; state rows live as long as they are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Decisions, deliveries and feedback, from when they were written.
    pub decisions: Millis,
    /// Consent entries, from when what was agreed to came to its end; not shorter than `decisions`.
    pub consents: Millis,
}

impl Default for Retention {
    /// 13 months, and 3 years after the end.
    fn default() -> Self {
        Self { decisions: Millis::from_days(395), consents: Millis::from_days(3 * 365 + 1) }
    }
}

/// What a portion of deleting did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Retained {
    /// Entries whose content is gone.
    pub n_entries: usize,
    /// Customers of whom nothing is left at all.
    pub n_customers: usize,
    /// There is more to look at: ask again soon.
    pub is_more_due: bool,
}

/// What age alone says about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It was kept long enough.
    Due,
    /// It is to be kept, and so is what came after it.
    Young,
    /// It lives as long as something else.
    OfNoMatter,
}

impl Retention {
    /// What age says about an entry.
    #[must_use]
    pub fn age(&self, entry: &Entry, now: Timestamp) -> Age {
        match entry.what {
            What::Decision(_) | What::Delivery { .. } | What::Feedback { .. } => {
                if entry.at + self.decisions <= now { Age::Due } else { Age::Young }
            }
            What::Consent(_) | What::Profile(_) | What::Reminder { .. } => {
                if entry.at + self.decisions <= now { Age::OfNoMatter } else { Age::Young }
            }
        }
    }

    /// Whether a consent came to its end so long ago that nothing need be known of it, as far as its row
    /// tells.
    #[must_use]
    pub fn is_outlived(&self, row: &ConsentRow, now: Timestamp) -> bool {
        ended_at(row, now).is_some_and(|ended_at| ended_at + self.consents <= now)
    }

    /// Of the entries of one customer those that outlived what was agreed to.
    #[must_use]
    pub fn outlived(&self, row: &StateRow, entries: &[Numbered], now: Timestamp) -> Outlived {
        let is_over = |at: Timestamp| at + self.consents <= now;
        let goes = |merchant: &MerchantId, purpose: Purpose| {
            let of_it = |numbered: &&Numbered| about(&numbered.entry) == Some((merchant, purpose));
            let is_quiet = entries.iter().filter(of_it).all(|numbered| is_over(numbered.entry.at));
            let state = row.consents.iter().find(|row| (&row.merchant, row.purpose) == (merchant, purpose));
            is_quiet && state.is_none_or(|state| ended_at(state, now).is_some_and(is_over))
        };
        let is_outlived =
            |entry: &Entry| about(entry).is_some_and(|(merchant, purpose)| goes(merchant, purpose));
        let numbers: Vec<u64> = entries
            .iter()
            .filter(|numbered| is_outlived(&numbered.entry))
            .map(|numbered| numbered.no)
            .collect();
        let rest = |numbered: &Numbered| numbers.binary_search(&numbered.no).is_err();
        let is_everything = !entries.is_empty()
            && row.outbox.is_empty()
            && row.visits.is_empty()
            && row.consents.iter().all(|row| goes(&row.merchant, row.purpose))
            && entries.iter().filter(|numbered| rest(numbered)).all(|numbered| match numbered.entry.what {
                What::Profile(_) => is_over(numbered.entry.at),
                What::Consent(_) | What::Decision(_) | What::Delivery { .. } | What::Feedback { .. } => false,
                What::Reminder { .. } => false,
            });
        Outlived { numbers, is_everything }
    }
}

/// What [`Retention::outlived`] found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Outlived {
    /// The numbers of entries that may go, ascending.
    pub numbers: Vec<u64>,
    /// Nothing else is kept of the customer: their row and their key may go too.
    pub is_everything: bool,
}

/// The consent that an entry is about.
fn about(entry: &Entry) -> Option<(&MerchantId, Purpose)> {
    match &entry.what {
        What::Consent(consent) => Some((&consent.event.merchant, consent.event.purpose)),
        What::Reminder { merchant, purpose, .. } => Some((merchant, *purpose)),
        What::Decision(_) | What::Delivery { .. } | What::Feedback { .. } | What::Profile(_) => None,
    }
}

/// When a consent came to its end, as far as its row tells; `None` while it is in force, rests, waits for
/// its token, or is blocked.
fn ended_at(row: &ConsentRow, now: Timestamp) -> Option<Timestamp> {
    let ended_at = match row.state {
        ConsentState::Granted { .. }
        | ConsentState::Paused { .. }
        | ConsentState::PendingConfirmation { .. } => row.state.ran_out_at(now)?,
        ConsentState::Suppressed { .. } => return None,
        ConsentState::Unknown
        | ConsentState::Requested
        | ConsentState::Refused
        | ConsentState::Withdrawn
        | ConsentState::Expired
        | ConsentState::Superseded => Timestamp::MIN,
    };
    Some(row.restricted_at.map_or(ended_at, |restricted_at| restricted_at.max(ended_at)))
}
