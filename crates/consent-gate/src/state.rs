//! The states of one consent, and the ways to say no.

use model::{MerchantId, Timestamp};

use crate::Purpose;

/// Where one (customer, merchant, purpose) stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ConsentState {
    /// Nothing was ever said.
    #[default]
    Unknown,
    /// In force until an instant.
    Granted {
        /// Exclusive end.
        until: Timestamp,
    },
    /// Granted, and resting.
    Paused {
        /// When it comes back by itself.
        until: Timestamp,
        /// The end of the grant beneath; a pause never extends it.
        granted_until: Timestamp,
    },
    /// Declined when asked.
    Refused,
    /// Taken back.
    Withdrawn,
}

impl ConsentState {
    /// Whether it allows at `now`, and if not, why not.
    pub fn check(self, now: Timestamp) -> Result<(), Refusal> {
        match self {
            Self::Unknown => Err(Refusal::NotGranted),
            Self::Refused => Err(Refusal::Refused),
            Self::Withdrawn => Err(Refusal::Withdrawn),
            Self::Paused { until, .. } if now < until => Err(Refusal::Paused),
            Self::Granted { until } | Self::Paused { granted_until: until, .. } if until <= now => {
                Err(Refusal::Expired)
            }
            Self::Granted { .. } | Self::Paused { .. } => Ok(()),
        }
    }

    /// The word that files and wires use for the state at `now`.
    #[must_use]
    pub fn word(self, now: Timestamp) -> &'static str {
        match self.check(now) {
            Ok(()) => "granted",
            Err(Refusal::NotGranted | Refusal::UnknownCustomer | Refusal::Closed) => "unknown",
            Err(Refusal::Refused) => "refused",
            Err(Refusal::Withdrawn) => "withdrawn",
            Err(Refusal::Paused) => "paused",
            Err(Refusal::Expired) => "expired",
        }
    }
}

/// One stored consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRow {
    /// Towards whom.
    pub merchant: MerchantId,
    /// For what.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: ConsentState,
    /// When it was last restricted: a notice shown before cannot grant it again.
    pub restricted_at: Option<Timestamp>,
}

/// The gate's *no*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The gate has not been told who agreed.
    Closed,
    /// The customer never agreed to anything.
    UnknownCustomer,
    /// The customer is known, but not for this.
    NotGranted,
    /// Declined when asked.
    Refused,
    /// Taken back.
    Withdrawn,
    /// Resting.
    Paused,
    /// Ran out.
    Expired,
}

impl Refusal {
    /// All of them, for counters that start at nought.
    pub const ALL: [Self; 7] = [
        Self::Closed,
        Self::UnknownCustomer,
        Self::NotGranted,
        Self::Refused,
        Self::Withdrawn,
        Self::Paused,
        Self::Expired,
    ];

    /// The word that counters and traces use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::UnknownCustomer => "unknown_customer",
            Self::NotGranted => "not_granted",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Paused => "paused",
            Self::Expired => "expired",
        }
    }
}
