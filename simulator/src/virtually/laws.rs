//! The invariants of the house, by name, over all that can be seen from outside the engine.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{NaiveDate, Timelike as _};
use chrono_tz::Tz;
use consent_gate::Purpose;
use engine::{ConsentAck, Policy};
use ledger::{Entry, What as Written};
use model::{Millis, Notification, NotificationId, Timestamp, TransitionKind, VisitId};

use super::happening::clock;
use super::names::{Fact, What};
use super::rules::Hours;
use super::scene::Scene;

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) name: &'static str,
    pub(crate) sentence: String,
    pub(crate) customer: Option<String>,
}

/// What the laws remember of one story.
pub(crate) struct Laws<'a> {
    scene: &'a Scene,
    rules: Rules,
    /// What went out, by name, with how often the process died between its going out and the note of it.
    published: BTreeMap<NotificationId, Published>,
    by_customer: HashMap<u32, Vec<Heard>>,
    /// Until when an acknowledged no holds.
    closed: BTreeMap<(u32, Box<str>, Purpose), Timestamp>,
    acknowledged: BTreeMap<Box<str>, u32>,
    fed_back: BTreeSet<(NotificationId, &'static str)>,
    /// How far each visit of this life of the process has come.
    visits: HashMap<VisitId, Stage>,
    pub(crate) broken: Option<Broken>,
}

struct Rules {
    windows: [(Millis, u32); 3],
    per_day_max: u32,
    rest: Millis,
    fence_cooldown: Millis,
    hours: Hours,
}

#[derive(Clone, Copy, Debug)]
struct Published {
    /// It may go out once more: nobody noted that it went.
    may_come_again: bool,
}

struct Heard {
    at: Timestamp,
    fence: Box<str>,
    day: Option<NaiveDate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Entered,
    Dwelled,
    Ended,
}

impl<'a> Laws<'a> {
    pub(crate) fn new(scene: &'a Scene) -> Self {
        let Policy { notifier, .. } = &scene.policy;
        let rules = Rules {
            windows: [
                (Millis::from_hours(24), notifier.per_24h_max),
                (Millis::from_days(7), notifier.per_7d_max),
                (Millis::from_days(30), notifier.per_30d_max),
            ],
            per_day_max: notifier.per_civil_day_max,
            rest: notifier.rest,
            fence_cooldown: notifier.fence_cooldown,
            hours: scene.hours,
        };
        Self {
            scene,
            rules,
            published: BTreeMap::new(),
            by_customer: HashMap::new(),
            closed: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            fed_back: BTreeSet::new(),
            visits: HashMap::new(),
            broken: None,
        }
    }

    /// The first law that is broken is the one that counts.
    pub(crate) fn break_law(&mut self, name: &'static str, who: Option<u32>, sentence: impl Into<String>) {
        let customer = who.map(|who| self.scene.people[who as usize].customer.as_str().into());
        self.broken.get_or_insert(Broken { name, sentence: sentence.into(), customer });
    }

    pub(crate) fn hold(
        &mut self,
        holds: bool,
        name: &'static str,
        who: Option<u32>,
        sentence: impl FnOnce() -> String,
    ) {
        if !holds {
            self.break_law(name, who, sentence());
        }
    }

    pub(crate) fn n_published(&self) -> u64 {
        self.published.len() as u64
    }

    /// The process died: what was not noted may be repeated, and visits begin where they were stored.
    pub(crate) fn died(&mut self) {
        for published in self.published.values_mut() {
            published.may_come_again = true;
        }
        self.visits.clear();
    }

    /// A visit that was read back.
    pub(crate) fn resumed(&mut self, visit: VisitId, dwelled: bool) {
        self.visits.insert(visit, if dwelled { Stage::Dwelled } else { Stage::Entered });
    }

    /// An offer goes out, `now` by the latest clock that this process has seen.
    pub(crate) fn publish(&mut self, who: u32, told: &Notification, is_stored: bool, now: Timestamp) {
        let name = told.offer.as_str();
        let again = self.published.get(&told.id).copied();
        self.hold(again.is_none_or(|before| before.may_come_again), "one_offer_per_visit", Some(who), || {
            format!("{name} went out twice for one visit, and nobody had forgotten the first time")
        });
        self.hold(is_stored, "ledger_precedes_delivery", Some(who), || {
            format!("{name} goes out, and a crash now would make us forget it")
        });
        for purpose in Purpose::ALL {
            let key = (who, told.merchant.as_str().into(), purpose);
            let is_closed = self.closed.get(&key).is_some_and(|until| now < *until);
            self.hold(!is_closed, "no_offer_after_withdrawal", Some(who), || {
                format!("{name} goes out at {} after a no to {} was acknowledged", clock(now), purpose.word())
            });
        }
        self.hold(now < told.expires_at, "nothing_is_late", Some(who), || {
            format!("{name} goes out at {}, and was good until {}", clock(now), clock(told.expires_at))
        });
        // A clock that went back with a start is another matter (K09): it was decided before now.
        let now = now.max(told.issued_at);
        let tz = self.zone(told);
        self.hold(tz.is_some_and(|tz| self.rules.is_open(tz, now)), "quiet_hours_hold", Some(who), || {
            format!("{name} goes out at {}, outside the hours of {tz:?}", clock(now))
        });
        self.published.insert(told.id, Published { may_come_again: false });
        if again.is_none() {
            let day = tz.and_then(|tz| civil_day(tz, told.issued_at));
            let heard = Heard { at: told.issued_at, fence: told.fence.as_str().into(), day };
            self.by_customer.entry(who).or_default().push(heard);
            self.check_caps(who);
        }
    }

    fn zone(&self, told: &Notification) -> Option<Tz> {
        let fences = &self.scene.fences;
        let at = fences.binary_search_by(|fence| fence.facts.id.cmp(&told.fence)).ok()?;
        fences[at].facts.tz.as_deref()?.parse().ok()
    }

    /// Counts all that one customer was told anew.
    fn check_caps(&mut self, who: u32) {
        let heard = &self.by_customer[&who];
        let mut sentence = None;
        for one in heard {
            let since = |other: &Heard| other.at.since(one.at);
            let later = || heard.iter().filter(|other| Millis::ZERO <= since(other));
            for (window, n_max) in self.rules.windows {
                let n = later().filter(|other| since(other) < window).count();
                if n_max < n as u32 {
                    sentence = Some(format!("{n} offers within {window}, and {n_max} are the most"));
                }
            }
            let n_today = heard.iter().filter(|other| other.day.is_some() && other.day == one.day).count();
            if self.rules.per_day_max < n_today as u32 {
                sentence = Some(format!("{n_today} offers on one day of the calendar"));
            }
            let too_soon = |other: &&Heard| {
                since(other) < self.rules.rest
                    || (other.fence == one.fence && since(other) < self.rules.fence_cooldown)
            };
            if later().filter(|other| !std::ptr::eq(*other, one)).any(|other| too_soon(&other)) {
                sentence = Some(format!("no rest after the offer of {}", clock(one.at)));
            }
        }
        if let Some(sentence) = sentence {
            self.break_law("caps_hold", Some(who), sentence);
        }
    }

    /// Somebody was told what became of their word on consent; of a pause, when it ends.
    pub(crate) fn acknowledge(&mut self, who: u32, ack: &ConsentAck, pause_ends: Option<Timestamp>) {
        let answer = &ack.answer;
        if matches!(&*answer.effect, "applied" | "late_grant" | "nothing_to_change") {
            self.acknowledged.insert(answer.event_id.as_str().into(), who);
        }
        let Some(purpose) = Purpose::from_word(&answer.purpose) else { return };
        let key = (who, answer.merchant.as_str().into(), purpose);
        match &*answer.state {
            "withdrawn" | "refused" => {
                self.closed.insert(key, Timestamp::MAX);
            }
            // Another word that changed nothing leaves the pause as it is.
            "paused" => self.closed.extend(pause_ends.map(|until| (key, until))),
            _ => {
                self.closed.remove(&key);
            }
        }
    }

    /// Somebody was told that their answer to an offer has arrived.
    pub(crate) fn acknowledge_feedback(&mut self, offer: NotificationId, kind: &'static str) {
        self.fed_back.insert((offer, kind));
    }

    /// Law `transitions_alternate`: enter, at most one dwell, at most one exit.
    pub(crate) fn follow(&mut self, fact: &Fact) {
        let What::Transition { kind, visit, .. } = fact.what else { return };
        let stage = self.visits.get(&visit).copied();
        let next = match (kind, stage) {
            (TransitionKind::Cross, _) => return,
            (TransitionKind::Enter, None) => Some(Stage::Entered),
            (TransitionKind::Dwell, Some(Stage::Entered)) => Some(Stage::Dwelled),
            (TransitionKind::Exit, Some(Stage::Entered | Stage::Dwelled)) => Some(Stage::Ended),
            (TransitionKind::Enter | TransitionKind::Dwell | TransitionKind::Exit, _) => None,
        };
        match next {
            Some(next) => {
                self.visits.insert(visit, next);
            }
            None => {
                let sentence = format!("{}, when its visit was {stage:?}", fact.told(self.scene));
                self.break_law("transitions_alternate", Some(fact.who), sentence);
            }
        }
    }

    /// Law `acknowledged_is_durable`, over everything that was written.
    pub(crate) fn check_durable(&mut self, entries: &[Entry]) {
        let mut events = BTreeSet::new();
        let mut answers = BTreeSet::new();
        let mut decided = BTreeSet::new();
        for entry in entries {
            match &entry.what {
                Written::Consent(consent) => {
                    events.insert(consent.event.id.as_str());
                }
                Written::Feedback { notification, kind, .. } => {
                    answers.insert((*notification, kind.word()));
                }
                Written::Decision(decision) => {
                    decided.extend((decision.verdict.as_ref() == ledger::SENT).then_some(decision.id));
                }
                Written::Delivery { .. } | Written::Profile(_) => {}
            }
        }
        let lost = self.acknowledged.iter().find(|(id, _)| !events.contains(&***id));
        let lost =
            lost.map(|(id, who)| (*who, format!("the acknowledged consent event {id} is in no entry")));
        let unanswered = self.fed_back.iter().any(|answer| !answers.contains(answer));
        let undecided = self.published.keys().any(|id| !decided.contains(id));
        if let Some((who, sentence)) = lost {
            self.break_law("acknowledged_is_durable", Some(who), sentence);
        }
        self.hold(!unanswered, "acknowledged_is_durable", None, || {
            "feedback was acknowledged, and is in no entry".into()
        });
        self.hold(!undecided, "ledger_precedes_delivery", None, || {
            "an offer went out, and no entry decided it".into()
        });
    }
}

impl Rules {
    /// By the minute on the wall: the plain reading of hours that a customer has.
    fn is_open(&self, tz: Tz, now: Timestamp) -> bool {
        let Some(utc) = chrono::DateTime::from_timestamp_millis(now.unix_ms()) else { return false };
        let wall = utc.with_timezone(&tz);
        let minute = wall.hour() * 60 + wall.minute();
        let (from, until) = (u32::from(self.hours.0), u32::from(self.hours.1));
        if from < until { from <= minute && minute < until } else { from <= minute || minute < until }
    }
}

fn civil_day(tz: Tz, at: Timestamp) -> Option<NaiveDate> {
    Some(chrono::DateTime::from_timestamp_millis(at.unix_ms())?.with_timezone(&tz).date_naive())
}
