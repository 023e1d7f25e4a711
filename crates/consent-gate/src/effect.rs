//! What became of an event, and how it is to be weighed.

use model::Millis;

use crate::{ConsentEvent, Method};

/// What became of a consent event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The state is what was asked for.
    Applied,
    /// The notice was shown, or the resumption made, before the last restriction or expiry: without effect.
    LateGrant,
    /// A yes that lacks what would prove it, or a notice that was never shown.
    NoEvidence,
    /// A pause or resume of something that was not granted, a token that nobody waits for, and whatever
    /// else does not fit the state: recorded, without effect.
    NothingToChange,
    /// A yes from a file under a notice that nobody vouches for: without effect.
    NotAttested,
    /// It was said before the customer was erased: it changes nothing and leaves no trace.
    Erased,
}

impl Effect {
    /// All of them, for counters that start at nought.
    pub const ALL: [Self; 6] = [
        Self::Applied,
        Self::LateGrant,
        Self::NoEvidence,
        Self::NothingToChange,
        Self::NotAttested,
        Self::Erased,
    ];

    /// The word that acknowledgements use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::LateGrant => "late_grant",
            Self::NoEvidence => "no_evidence",
            Self::NothingToChange => "nothing_to_change",
            Self::NotAttested => "not_attested",
            Self::Erased => "erased",
        }
    }

    /// The effect of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.word() == word)
    }
}

/// How often somebody must say yes before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OptIn {
    /// Once.
    Single,
    /// Once, and again over a second channel.
    Double,
}

/// How an event reached us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hearing {
    /// From the customer or their backend, as it happened.
    Live,
    /// From a file of another system.
    Imported {
        /// Its notice is in the registry, with somebody who vouches for it.
        attested: bool,
    },
}

impl Hearing {
    /// All of them.
    pub const ALL: [Self; 3] =
        [Self::Live, Self::Imported { attested: false }, Self::Imported { attested: true }];

    /// The word that files use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Imported { attested: false } => "imported",
            Self::Imported { attested: true } => "attested",
        }
    }

    /// The hearing of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hearing| hearing.word() == word)
    }
}

/// Under which rules an event is weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighing {
    /// What the rules that bind the customer ask for.
    pub opt_in: OptIn,
    /// How the event reached us.
    pub hearing: Hearing,
    /// The longest that those rules let a grant last, whatever it says itself.
    pub lasts_max: Option<Millis>,
}

impl Weighing {
    /// An event as it happens, where one yes is enough.
    pub const PLAIN: Self = Self { opt_in: OptIn::Single, hearing: Hearing::Live, lasts_max: None };
}

/// What the operator decides about consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatePolicy {
    /// How long a grant lasts that names no end.
    pub grant_lasts: Millis,
    /// The same of a grant to be seen; it lasts no longer when it names an end.
    pub location_lasts: Millis,
    /// The same of a grant out of a TCF string, and as strict.
    pub tcf_lasts: Millis,
    /// How long before the end of a grant to be seen its merchant is reminded.
    pub remind_before: Millis,
    /// How long a token waits to come back.
    pub token_lasts: Millis,
    /// Whether somebody is refused of whom no rule knows where they live.
    pub needs_home: bool,
}

impl Default for GatePolicy {
    /// Twelve months with a reminder, as WP29 Opinion 13/2011 advises for location; thirteen for TCF
    /// strings; three days for a token.
    fn default() -> Self {
        Self {
            grant_lasts: Millis::from_days(365),
            location_lasts: Millis::from_days(365),
            tcf_lasts: Millis::from_days(396),
            remind_before: Millis::from_days(30),
            token_lasts: Millis::from_hours(72),
            needs_home: false,
        }
    }
}

impl GatePolicy {
    /// How long a grant lasts that names no end.
    #[must_use]
    pub const fn lasts(&self, event: &ConsentEvent) -> Millis {
        match event.method {
            Method::Tcf => self.tcf_lasts,
            Method::Toggle
            | Method::Checkbox
            | Method::SmsReply
            | Method::Api
            | Method::Gpp
            | Method::Gpc
            | Method::OsPermission
            | Method::Staff => {
                if event.purpose.is_to_see() {
                    self.location_lasts
                } else {
                    self.grant_lasts
                }
            }
        }
    }

    /// The longest that a grant lasts whatever end it names: one to be seen is to be asked for anew.
    #[must_use]
    pub fn lasts_max(&self, event: &ConsentEvent) -> Option<Millis> {
        let has_its_time = event.purpose.is_to_see() || event.method == Method::Tcf;
        has_its_time.then(|| self.lasts(event))
    }
}
