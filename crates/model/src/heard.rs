//! What a customer has heard before.

use alloc::boxed::Box;

use crate::{
    Answers, Channel, FenceId, MerchantId, NotificationId, OfferId, TimeZoneName, Timestamp, VisitId,
};

/// Whether what was decided was really to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Standing {
    /// Said: it counts.
    #[default]
    Sent,
    /// Not said, to learn what saying it does.
    HeldOut,
    /// Not said, because an operator only looks on.
    Observed,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sent, Self::HeldOut, Self::Observed];

    /// The word that files use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::HeldOut => "held_out",
            Self::Observed => "observed",
        }
    }

    /// The standing of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.word() == word)
    }
}

/// A notification that counts towards caps, cooldowns and the budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// When it was decided.
    pub at: Timestamp,
    /// What.
    pub offer: OfferId,
    /// Whose.
    pub merchant: MerchantId,
    /// Where.
    pub fence: FenceId,
    /// The stay.
    pub visit: VisitId,
    /// The zone whose civil day it counts in.
    pub zone: Option<TimeZoneName>,
    /// How it was said.
    pub channel: Channel,
    /// The offer's category as it was then.
    pub category: Option<Box<str>>,
    /// Whether it was said at all.
    pub standing: Standing,
    /// What it cost, in points of the budget.
    pub cost: u16,
    /// The store was a favourite then.
    pub favourite: bool,
    /// What came back.
    pub answers: Answers,
    /// When the phone showed or received it.
    pub shown_at: Option<Timestamp>,
}

impl Heard {
    /// The notification that was heard.
    #[must_use]
    pub fn notification(&self) -> NotificationId {
        NotificationId::of(self.visit, &self.offer)
    }
}
