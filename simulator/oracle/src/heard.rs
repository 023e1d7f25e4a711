//! What a customer has heard, and what came back.

use chrono_tz::Tz;

use crate::{Channel, Said};

/// What can be said of an offer that went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// Handed to a push service.
    Delivered,
    /// Could not be handed on.
    Failed,
    /// The phone has it.
    Received,
    /// It was on the screen.
    Shown,
    /// Tapped.
    Opened,
    /// Wiped away.
    Dismissed,
    /// Used.
    Redeemed,
    /// Not for me.
    NotRelevant,
    /// Too much.
    TooOften,
    /// Felt watched.
    Creepy,
}

impl Answer {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Delivered,
        Self::Failed,
        Self::Received,
        Self::Shown,
        Self::Opened,
        Self::Dismissed,
        Self::Redeemed,
        Self::NotRelevant,
        Self::TooOften,
        Self::Creepy,
    ];
}

/// The answers to one offer, each at most once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Answers {
    kinds: u16,
    /// It was wiped away so soon that this was a no.
    pub fast: bool,
}

impl Answers {
    /// Whether one of some was given.
    #[must_use]
    pub fn has_any(self, answers: &[Answer]) -> bool {
        answers.iter().any(|answer| self.kinds & 1 << *answer as u16 != 0)
    }

    /// Takes one in; false when it had been given before.
    pub fn add(&mut self, answer: Answer) -> bool {
        let is_new = !self.has_any(&[answer]);
        self.kinds |= 1 << answer as u16;
        is_new
    }
}

/// Whether what was decided was really said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It was.
    #[default]
    Sent,
    /// Not, to learn what saying it does.
    HeldOut,
    /// Not, because operators only look on.
    Observed,
}

/// An offer that was decided, as it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Which.
    pub said: Said,
    /// When it was decided.
    pub at_ms: i64,
    /// Whose it is.
    pub merchant: u32,
    /// The zone whose civil day it counts in.
    pub tz: Option<Tz>,
    /// How it was said.
    pub channel: Channel,
    /// Whether it was said.
    pub standing: Standing,
    /// In points.
    pub cost: u16,
    /// The store was a favourite.
    pub favourite: bool,
    /// What came back.
    pub answers: Answers,
    /// When the phone showed or received it.
    pub shown_at_ms: Option<i64>,
}
