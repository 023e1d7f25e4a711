//! All rules that there are, checked.

use core::fmt;

use model::{Jurisdiction, Timestamp, WeekHours};

use super::binding::{Binding, Bound, Reason};
use super::place::{Geography, Place};
use super::rule::{Basis, ConsentDemands, Demands, Ring, Rule};
use super::whereabouts::Whereabouts;
use crate::Purpose;

/// All rules that there are.
///
/// Invariant: what [`RuleBook::new`] refuses is not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleBook {
    rules: Vec<Rule>,
    geography: Geography,
    strict: bool,
}

/// Rules as they were written, to be checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleDraft {
    /// In the order of the file.
    pub rules: Vec<Rule>,
    /// What they need to know of the world.
    pub geography: Geography,
    /// Where no verified rule gives hours or a distance, the strictest of all counts.
    pub strict: bool,
}

/// Why rules are no rule book; `rule` counts from 0 in the order of the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleFlaw {
    /// Another rule has this id.
    RepeatedId {
        /// Which.
        rule: usize,
    },
    /// It holds nowhere.
    NoPlace {
        /// Which.
        rule: usize,
    },
    /// It holds in a union, or an unknown part of a country, that the geography does not list.
    UnknownPlace {
        /// Which.
        rule: usize,
        /// The place as written.
        place: Box<str>,
    },
    /// It ends before it begins.
    EndsEarly {
        /// Which.
        rule: usize,
    },
    /// Nobody has verified it, and it would make something easier.
    Loosens {
        /// Which.
        rule: usize,
        /// What in it does, as a clause.
        what: &'static str,
    },
}

impl RuleFlaw {
    /// The rule that it is about, counted from 0.
    #[must_use]
    pub const fn rule(&self) -> usize {
        match self {
            Self::RepeatedId { rule }
            | Self::NoPlace { rule }
            | Self::UnknownPlace { rule, .. }
            | Self::EndsEarly { rule }
            | Self::Loosens { rule, .. } => *rule,
        }
    }
}

impl fmt::Display for RuleFlaw {
    /// A clause that follows the name of the rule.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RepeatedId { .. } => f.write_str("stands here a second time"),
            Self::NoPlace { .. } => f.write_str("holds nowhere"),
            Self::UnknownPlace { place, .. } => {
                write!(f, "holds in {place:?}, which no [[group]] or [[country]] of this file lists")
            }
            Self::EndsEarly { .. } => f.write_str("ends before it begins"),
            Self::Loosens { what, .. } => {
                write!(f, "is not verified and {what}; a rule that is not verified may only tighten")
            }
        }
    }
}

/// A distance that a rule demands in one of its places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedRing<'a> {
    /// The rule, with its id and source.
    pub rule: &'a Rule,
    /// One of its places.
    pub place: &'a Place,
    /// The distance.
    pub ring: &'a Ring,
}

impl RuleBook {
    /// A rule book of rules that hold together.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn new(draft: RuleDraft) -> Result<Self, Vec<RuleFlaw>> {
        let RuleDraft { rules, geography, strict } = draft;
        let flaws: Vec<RuleFlaw> =
            (0..rules.len()).filter_map(|no| flaw_of(&rules, &geography, no)).collect();
        if flaws.is_empty() { Ok(Self { rules, geography, strict }) } else { Err(flaws) }
    }

    /// The same, with a choice of the operator's: consent to these purposes is confirmed everywhere.
    #[must_use]
    pub fn with_double_opt_in(mut self, purposes: Vec<Purpose>) -> Self {
        if !purposes.is_empty() {
            self.rules.push(Rule {
                id: "SETTINGS".into(),
                places: vec![Place::Everywhere],
                what: "Consent is confirmed over a second channel, as the operator wants it.".into(),
                demands: Demands {
                    consent: ConsentDemands { double_opt_in: purposes, ..ConsentDemands::default() },
                    ..Demands::default()
                },
                source: "the settings: [consent] double_opt_in".into(),
                basis: Basis::Policy,
                from: None,
                until: None,
                verified: true,
                review_by: Timestamp::MAX,
            });
        }
        self
    }

    /// All of them, in the order of the file.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What they know of the world.
    #[must_use]
    pub const fn geography(&self) -> &Geography {
        &self.geography
    }

    /// Whether gaps are filled by the strictest.
    #[must_use]
    pub const fn is_strict(&self) -> bool {
        self.strict
    }

    /// Every distance that is in force, place by place, bound to nobody.
    pub fn rings(&self, now: Timestamp) -> impl Iterator<Item = PlacedRing<'_>> {
        self.in_force(now).flat_map(|rule| {
            let ring = rule.demands.ring.as_ref();
            rule.places.iter().filter_map(move |place| Some(PlacedRing { rule, place, ring: ring? }))
        })
    }

    /// All rules that bind somewhere at an instant. O(rules x places).
    #[must_use]
    pub fn binding(&self, whereabouts: &Whereabouts, now: Timestamp) -> Binding<'_> {
        let places: Vec<_> = whereabouts.places().collect();
        let bound = self.in_force(now).filter_map(|rule| {
            let binds = |there| rule.places.iter().any(|place| self.geography.holds(place, there));
            let reasons = places.iter().filter(|(_, there)| binds(*there)).map(|(role, there)| Reason {
                role: *role,
                place: *there,
                is_part_unknown: self.geography.is_part_unknown(*there) && !rule.is_of_country(*there),
            });
            let because: Vec<Reason> = reasons.collect();
            let is_everywhere = rule.places.contains(&Place::Everywhere);
            (is_everywhere || !because.is_empty()).then_some(Bound { rule, because })
        });
        let has_gap = |fills: fn(&Rule) -> bool| {
            let is_filled = |there: Jurisdiction| {
                let mut verified = self.in_force(now).filter(|rule| rule.verified && fills(rule));
                verified.any(|rule| rule.places.iter().any(|place| self.geography.holds(place, there)))
            };
            self.strict && places.iter().any(|(_, there)| !is_filled(*there))
        };
        Binding {
            book: self,
            bound: bound.collect(),
            hours_missing: has_gap(|rule| rule.demands.sms.hours.is_some()),
            rings_missing: has_gap(|rule| rule.demands.ring.is_some()),
            now,
        }
    }

    pub(super) fn in_force(&self, now: Timestamp) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.is_in_force(now))
    }

    /// What is left of the week when all rules of all places are kept.
    pub(super) fn strictest_hours(&self, now: Timestamp) -> WeekHours {
        self.in_force(now)
            .filter_map(|rule| rule.demands.sms.hours)
            .fold(WeekHours::ALWAYS, WeekHours::within)
    }
}

impl Rule {
    /// Whether it is one of a whole country, whichever part of it somebody is in.
    fn is_of_country(&self, there: Jurisdiction) -> bool {
        self.places.iter().any(|place| match place {
            Place::Everywhere | Place::Group(_) => true,
            Place::In(place) => *place == there.country(),
            Place::PartUnknown(_) => false,
        })
    }
}

fn flaw_of(rules: &[Rule], geography: &Geography, no: usize) -> Option<RuleFlaw> {
    let rule = &rules[no];
    if rules[..no].iter().any(|other| other.id == rule.id) {
        return Some(RuleFlaw::RepeatedId { rule: no });
    }
    if rule.places.is_empty() {
        return Some(RuleFlaw::NoPlace { rule: no });
    }
    let is_known = |place: &Place| match place {
        Place::Everywhere => true,
        Place::In(place) => place.is_country() || !geography.is_part_unknown(*place),
        Place::PartUnknown(country) => geography.parts(*country).is_some(),
        Place::Group(id) => geography.group(id).is_some(),
    };
    if let Some(place) = rule.places.iter().find(|place| !is_known(place)) {
        return Some(RuleFlaw::UnknownPlace { rule: no, place: place.to_string().into() });
    }
    if let (Some(from), Some(until)) = (rule.from, rule.until)
        && until <= from
    {
        return Some(RuleFlaw::EndsEarly { rule: no });
    }
    let what = rule.loosens().filter(|_| !rule.verified)?;
    Some(RuleFlaw::Loosens { rule: no, what })
}
