//! The states of one consent, and the ways to say no.

use model::{MerchantId, Timestamp};

use crate::{Block, ConsentEvent, Hearing, NoticeName, Purpose, TokenHash, transition};

/// Where one (customer, merchant, purpose) stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ConsentState {
    /// Nothing was ever said.
    #[default]
    Unknown,
    /// A notice was shown, and not answered.
    Requested,
    /// Agreed to, and waiting for a token from a second channel.
    PendingConfirmation {
        /// When it is too late for the token.
        until: Timestamp,
        /// The end of the grant that it would bring.
        granted_until: Timestamp,
        /// The token's hash.
        token: TokenHash,
        /// The end of the grant that it renews, which stays in force meanwhile.
        renews: Option<Timestamp>,
    },
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
    /// Its token did not come back, or a wrong one did. A grant that has run out is read as expired.
    Expired,
    /// Given to a text that has changed materially since.
    Superseded,
    /// It must not be asked nor used.
    Suppressed {
        /// Why not.
        why: Block,
    },
}

impl ConsentState {
    /// Whether it allows at `now`, and if not, why not.
    pub fn check(self, now: Timestamp) -> Result<(), Refusal> {
        match self {
            Self::Unknown | Self::Requested => Err(Refusal::NotGranted),
            Self::PendingConfirmation { renews: Some(until), .. } if now < until => Ok(()),
            Self::PendingConfirmation { until, .. } if now < until => Err(Refusal::Unconfirmed),
            Self::PendingConfirmation { .. } | Self::Expired => Err(Refusal::Expired),
            Self::Refused => Err(Refusal::Refused),
            Self::Withdrawn => Err(Refusal::Withdrawn),
            Self::Superseded => Err(Refusal::Superseded),
            Self::Suppressed { .. } => Err(Refusal::Suppressed),
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
        match self {
            Self::Unknown => "unknown",
            Self::Requested => "requested",
            Self::PendingConfirmation { until, .. } if now < until => "pending_confirmation",
            Self::PendingConfirmation { renews: Some(until), .. } if now < until => "granted",
            Self::Paused { until, .. } if now < until => "paused",
            Self::Granted { until } | Self::Paused { granted_until: until, .. } if now < until => "granted",
            Self::PendingConfirmation { .. } | Self::Granted { .. } | Self::Paused { .. } | Self::Expired => {
                "expired"
            }
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Superseded => "superseded",
            Self::Suppressed { .. } => "suppressed",
        }
    }

    /// The end of the grant that it is, rests on or renews.
    #[must_use]
    pub const fn granted_until(self) -> Option<Timestamp> {
        match self {
            Self::Granted { until } | Self::Paused { granted_until: until, .. } => Some(until),
            Self::PendingConfirmation { renews, .. } => renews,
            Self::Unknown
            | Self::Requested
            | Self::Refused
            | Self::Withdrawn
            | Self::Expired
            | Self::Superseded
            | Self::Suppressed { .. } => None,
        }
    }

    /// Whether it is a yes, be it in force, resting or waiting for its second word.
    #[must_use]
    pub const fn is_a_yes(self) -> bool {
        match self {
            Self::Granted { .. } | Self::Paused { .. } | Self::PendingConfirmation { .. } => true,
            Self::Unknown
            | Self::Requested
            | Self::Refused
            | Self::Withdrawn
            | Self::Expired
            | Self::Superseded
            | Self::Suppressed { .. } => false,
        }
    }

    /// When it ran out by itself, if it has by `now`.
    #[must_use]
    pub fn ran_out_at(self, now: Timestamp) -> Option<Timestamp> {
        let ends_at = match self {
            Self::PendingConfirmation { until, renews, .. } => Some(until).max(renews),
            Self::Unknown
            | Self::Requested
            | Self::Granted { .. }
            | Self::Paused { .. }
            | Self::Refused
            | Self::Withdrawn
            | Self::Expired
            | Self::Superseded
            | Self::Suppressed { .. } => self.granted_until(),
        };
        ends_at.filter(|ends_at| *ends_at <= now)
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
    /// The text that was last agreed on.
    pub notice: Option<NoticeName>,
    /// Its merchant has been told that the grant is about to end.
    pub reminded: bool,
}

impl ConsentRow {
    /// The row of a consent of which nothing was said.
    #[must_use]
    pub const fn new(merchant: MerchantId, purpose: Purpose) -> Self {
        let (state, restricted_at, notice) = (ConsentState::Unknown, None, None);
        Self { merchant, purpose, state, restricted_at, notice, reminded: false }
    }

    /// Takes up an event that was applied at `now` and led to a state.
    pub fn apply(&mut self, event: &ConsentEvent, hearing: Hearing, state: ConsentState, now: Timestamp) {
        self.reminded = transition::stays_reminded(self.reminded, self.state, state);
        self.state = state;
        self.restricted_at = self.restricted_at.max(event.silences_until(hearing, now));
        if let Some(notice) = transition::agreed_on(event) {
            self.notice = Some(notice);
        }
    }
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
    /// Agreed to once, where twice is asked for.
    Unconfirmed,
    /// Given to a text that has changed materially since.
    Superseded,
    /// It must not be asked nor used.
    Suppressed,
    /// No rule knows where the customer lives.
    NoJurisdiction,
    /// The app is not in use, and being seen then was not agreed to.
    Background,
}

impl Refusal {
    /// All of them, for counters that start at nought.
    pub const ALL: [Self; 12] = [
        Self::Closed,
        Self::UnknownCustomer,
        Self::NotGranted,
        Self::Refused,
        Self::Withdrawn,
        Self::Paused,
        Self::Expired,
        Self::Unconfirmed,
        Self::Superseded,
        Self::Suppressed,
        Self::NoJurisdiction,
        Self::Background,
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
            Self::Unconfirmed => "unconfirmed",
            Self::Superseded => "superseded",
            Self::Suppressed => "suppressed",
            Self::NoJurisdiction => "no_jurisdiction",
            Self::Background => "background",
        }
    }
}
