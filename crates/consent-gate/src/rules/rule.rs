//! One rule: where it holds, from when, what it demands, and who says so.

use model::{Meters, Millis, Timestamp, WeekHours};

use super::place::Place;
use crate::Purpose;

/// One rule of law, or of the operator's own, as somebody wrote it down.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its short name, such as `QH-FL`.
    pub id: Box<str>,
    /// Where it holds: in any of these.
    pub places: Vec<Place>,
    /// What it says, in one sentence.
    pub what: Box<str>,
    /// What follows from it here; none where the program is built so that it cannot be broken.
    pub demands: Demands,
    /// Where it can be looked up.
    pub source: Box<str>,
    /// Whether it is law, or a choice that goes beyond it.
    pub basis: Basis,
    /// The first instant of which it is in force; `None` when it has long been.
    pub from: Option<Timestamp>,
    /// The first instant of which it is in force no more.
    pub until: Option<Timestamp>,
    /// Somebody has compared it with its source.
    pub verified: bool,
    /// When somebody should look again.
    pub review_by: Timestamp,
}

/// Who wants it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The law.
    Law,
    /// We do, or the operator does.
    Policy,
}

impl Basis {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Law, Self::Policy];

    /// The word that files use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Policy => "policy",
        }
    }
}

/// What a rule asks for, where something here is decided by it; what says nothing is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Demands {
    /// Of consent.
    pub consent: ConsentDemands,
    /// Of text messages.
    pub sms: SmsDemands,
    /// No fence round such places.
    pub ring: Option<Ring>,
    /// Of whoever runs it.
    pub duties: Duties,
}

/// What a rule asks of consent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsentDemands {
    /// Consent to these is confirmed over a second channel.
    pub double_opt_in: Vec<Purpose>,
    /// Consent to these ends by itself after so long at most.
    pub grant_lasts: Option<(Vec<Purpose>, Millis)>,
    /// Global Privacy Control takes consent to these back.
    pub gpc_lowers: Vec<Purpose>,
    /// A reply that has one of these in it, in whatever case, takes consent back.
    pub stop_words: Vec<Box<str>>,
    /// Nothing to anybody below this age.
    pub age_min: Option<u8>,
    /// Below this age somebody else says yes for them.
    pub guardian_under: Option<u8>,
}

/// What a rule asks of text messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SmsDemands {
    /// Only in these hours, on the wall clock of who gets them.
    pub hours: Option<WeekHours>,
    /// To one customer in 24 hours at most.
    pub per_24h_max: Option<u8>,
}

/// What a rule asks of whoever runs it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Duties {
    /// What a customer asks for about themselves is done within this.
    pub answer_within: Option<Millis>,
    /// A breach is told within this.
    pub breach_within: Option<Millis>,
    /// A position as exact as this may not be sold.
    pub sale_ban: Option<Meters>,
}

/// Round what no fence may be drawn, and how far.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// Kinds of places.
    pub categories: Vec<Box<str>>,
    /// So far.
    pub distance: Meters,
    /// From where.
    pub measured_from: MeasuredFrom,
    /// Whose place it is may draw one; only a verified rule can say so.
    pub own_allowed: bool,
}

/// Where a distance begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MeasuredFrom {
    /// At the edge of the place.
    Perimeter,
    /// In its middle.
    Centre,
}

impl MeasuredFrom {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Perimeter, Self::Centre];

    /// The word that files use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Perimeter => "perimeter",
            Self::Centre => "centre",
        }
    }
}

impl Rule {
    /// Whether it is in force at an instant.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    /// Whether nobody has looked at it for too long.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.review_by <= now
    }

    /// What in it would make something easier than without it, as a clause.
    pub(super) fn loosens(&self) -> Option<&'static str> {
        if self.demands.ring.as_ref().is_some_and(|ring| ring.own_allowed) {
            return Some("exempts a merchant's own place");
        }
        self.until.is_some().then_some("ends by itself")
    }
}
