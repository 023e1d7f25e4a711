//! The rules that bind in one case, and what follows from them: of each decision the strictest.

use model::{Jurisdiction, Meters, Millis, Timestamp, WeekHours, Weekday};

use super::book::RuleBook;
use super::rule::{Demands, MeasuredFrom, Ring, Rule};
use super::whereabouts::Role;
use crate::{OptIn, Purpose};

/// All rules that bind in one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding<'a> {
    pub(super) book: &'a RuleBook,
    pub(super) bound: Vec<Bound<'a>>,
    /// Some place has no hours of its own, and gaps are to be filled.
    pub(super) hours_missing: bool,
    /// The same of distances.
    pub(super) rings_missing: bool,
    pub(super) now: Timestamp,
}

/// A rule that binds, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Every place that makes it bind; none when it holds everywhere and no place is known.
    pub because: Vec<Reason>,
}

/// Why a rule binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What the place is to the decision.
    pub role: Role,
    /// The place.
    pub place: Jurisdiction,
    /// It binds because nobody knows in which part of the country it is.
    pub is_part_unknown: bool,
}

/// How far a fence has to stay away from places of a category; either distance may be none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RingNeeded {
    /// From the edge of the place.
    pub from_perimeter: Option<Meters>,
    /// From the middle of the place.
    pub from_centre: Option<Meters>,
    /// Every rule that binds exempts who owns the place.
    pub own_allowed: bool,
}

impl RingNeeded {
    /// The larger of both distances.
    #[must_use]
    pub fn largest(&self) -> Meters {
        let (from_perimeter, from_centre) = (self.from_perimeter, self.from_centre);
        [from_perimeter, from_centre].into_iter().flatten().fold(Meters(0.0), |a, b| Meters(a.0.max(b.0)))
    }
}

impl<'a> Binding<'a> {
    /// Every rule that binds, in the order of the file.
    #[must_use]
    pub fn why(&self) -> &[Bound<'a>] {
        &self.bound
    }

    /// Whether hours or distances of places without rules were filled by the strictest.
    #[must_use]
    pub const fn is_filled(&self) -> bool {
        self.hours_missing || self.rings_missing
    }

    /// How often somebody must say yes before it counts.
    #[must_use]
    pub fn opt_in(&self, purpose: Purpose) -> OptIn {
        let is_double = |demands: &Demands| demands.consent.double_opt_in.contains(&purpose);
        if self.demands().any(is_double) { OptIn::Double } else { OptIn::Single }
    }

    /// How long a grant may last at most; `None` when no rule says.
    #[must_use]
    pub fn grant_lasts_max(&self, purpose: Purpose) -> Option<Millis> {
        let limits = self.demands().filter_map(|demands| demands.consent.grant_lasts.as_ref());
        limits.filter(|(purposes, _)| purposes.contains(&purpose)).map(|(_, lasts)| *lasts).min()
    }

    /// When text messages are allowed, on every wall clock that may hang where the customer is.
    #[must_use]
    pub fn sms_hours(&self) -> WeekHours {
        let of_rules = self.demands().filter_map(|demands| demands.sms.hours);
        let filled = self.hours_missing.then(|| self.book.strictest_hours(self.now));
        of_rules.chain(filled).fold(WeekHours::ALWAYS, WeekHours::within)
    }

    /// The minutes of a day in which text messages are allowed; `None` when they never are.
    #[must_use]
    pub fn sms_window(&self, day: Weekday) -> Option<(u16, u16)> {
        self.sms_hours().on(day)
    }

    /// Text messages in 24 hours at most; `None` when no rule says.
    #[must_use]
    pub fn sms_per_24h_max(&self) -> Option<u8> {
        self.demands().filter_map(|demands| demands.sms.per_24h_max).min()
    }

    /// How far a fence has to stay away from places of a category; `None` when no rule says.
    #[must_use]
    pub fn ring(&self, category: &str) -> Option<RingNeeded> {
        let of_rules = self.demands().filter_map(|demands| demands.ring.as_ref());
        let filling = self.book.in_force(self.now).filter(|_| self.rings_missing);
        let filled = filling.filter_map(|rule| rule.demands.ring.as_ref());
        let is_meant = |ring: &&Ring| ring.categories.iter().any(|meant| **meant == *category);
        let rings: Vec<&Ring> = of_rules.chain(filled).filter(is_meant).collect();
        let furthest = |from: MeasuredFrom| {
            let distances =
                rings.iter().filter(|ring| ring.measured_from == from).map(|ring| ring.distance.0);
            distances.reduce(f64::max).map(Meters)
        };
        (!rings.is_empty()).then(|| RingNeeded {
            from_perimeter: furthest(MeasuredFrom::Perimeter),
            from_centre: furthest(MeasuredFrom::Centre),
            own_allowed: rings.iter().all(|ring| ring.own_allowed),
        })
    }

    /// The larger distance of [`Binding::ring`].
    #[must_use]
    pub fn ring_m(&self, category: &str) -> Option<Meters> {
        self.ring(category).map(|ring| ring.largest())
    }

    /// Below this age nobody is looked at; 0 when no rule says.
    #[must_use]
    pub fn age_min(&self) -> u8 {
        self.demands().filter_map(|demands| demands.consent.age_min).max().unwrap_or(0)
    }

    /// Below this age somebody else says yes; 0 when no rule says.
    #[must_use]
    pub fn guardian_under(&self) -> u8 {
        self.demands().filter_map(|demands| demands.consent.guardian_under).max().unwrap_or(0)
    }

    /// Whether Global Privacy Control takes consent to a purpose back.
    #[must_use]
    pub fn gpc_lowers(&self, purpose: Purpose) -> bool {
        self.demands().any(|demands| demands.consent.gpc_lowers.contains(&purpose))
    }

    /// Whether a reply takes consent back: one of the words is in it, in whatever case and company.
    ///
    /// "When does the sale end?" is one, too: better silent once too often than once too seldom. Nothing
    /// that is written beside such a word makes it count less.
    #[must_use]
    pub fn is_stop(&self, reply: &str) -> bool {
        let said = words_of(reply);
        let stops = self.demands().flat_map(|demands| &demands.consent.stop_words);
        let mut stops = stops.map(|stop| words_of(stop)).filter(|stop| !stop.is_empty());
        stops.any(|stop| said.windows(stop.len()).any(|some| some == stop))
    }

    /// Within what time a customer's request is done; `None` when no rule says.
    #[must_use]
    pub fn answer_within(&self) -> Option<Millis> {
        self.demands().filter_map(|demands| demands.duties.answer_within).min()
    }

    /// Within what time a breach is told; `None` when no rule says.
    #[must_use]
    pub fn breach_within(&self) -> Option<Millis> {
        self.demands().filter_map(|demands| demands.duties.breach_within).min()
    }

    /// Positions as exact as this may not be sold; `None` when no rule says.
    #[must_use]
    pub fn sale_banned_within(&self) -> Option<Meters> {
        let bans = self.demands().filter_map(|demands| demands.duties.sale_ban);
        bans.map(|within| within.0).reduce(f64::max).map(Meters)
    }

    fn demands(&self) -> impl Iterator<Item = &'a Demands> {
        self.bound.iter().map(|bound| &bound.rule.demands)
    }
}

/// The words of a text in lower case, without what stands between them.
fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}
