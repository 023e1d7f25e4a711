//! What the notifier answers: a ruling, and how it was reckoned.

use model::{Answers, Heard, Standing, Timestamp};

use crate::budget::cost::Cost;
use crate::{Candidate, Occasion, Suppressed};

/// What became of one candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Yes or no.
    pub ruling: Ruling,
    /// The numbers that it rests on.
    pub reckoning: Reckoning,
}

/// Yes or no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It won and may go out; to be recorded as heard.
    Goes,
    /// It won and is not said; to be recorded with this standing, which is never `Sent`.
    Unsaid(Standing),
    /// No, and why.
    Suppressed(Suppressed),
}

/// Cost, pressure and counts at the moment of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reckoning {
    /// What it costs, part by part.
    pub cost: Cost,
    /// The pressure before it, in thousandths of a point.
    pub pressure_milli: u64,
    /// What the customer bears, in thousandths of a point.
    pub limit_milli: u32,
    /// Counted push in 24 hours, and how many may be.
    pub push_24h: Count,
    /// Counted push in 7 days, and how many may be.
    pub push_7d: Count,
    /// Counted push in 30 days, and how many may be.
    pub push_30d: Count,
    /// The store is one of the customer's favourites.
    pub favourite: bool,
}

/// How many, and how many there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// So many there are.
    pub n: u32,
    /// So many there may be.
    pub max: u32,
}

impl Verdict {
    /// What is to be recorded of a candidate that won; `None` when it did not.
    #[must_use]
    pub fn heard(&self, candidate: &Candidate<'_>, now: Timestamp) -> Option<Heard> {
        let standing = self.ruling.standing()?;
        let Occasion { offer, merchant, fence, visit, .. } = candidate.occasion.clone();
        Some(Heard {
            at: now,
            offer,
            merchant,
            fence,
            visit,
            zone: candidate.zones.first().map(|zone| zone.name().into()),
            channel: candidate.terms.channel,
            category: candidate.terms.category.map(Into::into),
            standing,
            cost: self.reckoning.cost.points(),
            favourite: self.reckoning.favourite,
            answers: Answers::default(),
            shown_at: None,
        })
    }
}

impl Ruling {
    /// The standing to record it with, if it is to be recorded.
    #[must_use]
    pub const fn standing(&self) -> Option<Standing> {
        match self {
            Self::Goes => Some(Standing::Sent),
            Self::Unsaid(standing) => Some(*standing),
            Self::Suppressed(_) => None,
        }
    }
}
