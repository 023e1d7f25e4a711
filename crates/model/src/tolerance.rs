//! How much of us a customer bears, as far as they have let us know.

use alloc::vec::Vec;

use crate::{FenceId, MerchantId, OfferId, Timestamp};

/// What feedback has changed for one customer, and what is remembered for longer than the windows.
///
/// Points of the intrusiveness budget are in thousandths.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tolerance {
    /// Their limit of the budget; `None` is the policy's.
    pub limit_milli: Option<u32>,
    /// Pressure that feedback added or took away, as it was at `nudge_at`.
    pub nudge_milli: i64,
    /// When that was.
    pub nudge_at: Timestamp,
    /// How many in a row they ignored, of those heard until `settled_to`.
    pub n_ignored: u8,
    /// Of what was heard until then it is known whether it was ignored.
    pub settled_to: Timestamp,
    /// Till then every cap is halved.
    pub halved_until: Option<Timestamp>,
    /// What they asked us to be silent about.
    pub silences: Vec<Silence>,
    /// How often they were told an offer, ever.
    pub told: Vec<(OfferId, u8)>,
}

impl Tolerance {
    /// Whether nothing has changed.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    /// How often they were told an offer, ever.
    #[must_use]
    pub fn n_told(&self, offer: &OfferId) -> u8 {
        self.told.iter().find(|(known, _)| known == offer).map_or(0, |(_, n)| *n)
    }
}

/// A silence that an answer to an offer brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// About what.
    pub over: SilenceOver,
    /// The first instant that is free again.
    pub until: Timestamp,
    /// Why.
    pub why: SilenceReason,
}

/// What a silence is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SilenceOver {
    /// Everything.
    All,
    /// One merchant.
    Merchant(MerchantId),
    /// One store.
    Fence(FenceId),
    /// One offer.
    Offer(OfferId),
}

/// Which answer brought a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SilenceReason {
    /// Wiped away at once.
    Dismissed,
    /// "Too often."
    TooOften,
    /// "This felt creepy."
    Creepy,
    /// Used: let them be.
    Redeemed,
    /// "Not for me."
    NotRelevant,
}

impl SilenceReason {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Dismissed, Self::TooOften, Self::Creepy, Self::Redeemed, Self::NotRelevant];

    /// The word that files use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dismissed => "dismissed",
            Self::TooOften => "too_often",
            Self::Creepy => "creepy",
            Self::Redeemed => "redeemed",
            Self::NotRelevant => "not_relevant",
        }
    }

    /// The reason of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}
