//! The invariants of the house, by name, over all that can be seen from outside the engine.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{NaiveDate, Timelike as _};
use chrono_tz::Tz;
use consent_gate::Purpose;
use engine::ConsentAck;
use ledger::{Entry, What as Written};
use model::{Channel, Millis, Notification, NotificationId, OfferId, Timestamp, TransitionKind, VisitId};
use offers::OperatorState;

use super::happening::clock;
use super::names::{Fact, What};
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
    /// Feedback whose sender was told that it arrived, with whose it is.
    fed_back: BTreeMap<(NotificationId, &'static str), u32>,
    /// How far each visit of this life of the process has come.
    visits: HashMap<VisitId, (u32, Stage)>,
    /// Offers that an operator has paused or stopped.
    shut_offers: BTreeMap<OfferId, OperatorState>,
    /// What customers were told that they will hear no more of, with since when.
    muted: BTreeMap<(u32, Muted), Timestamp>,
    /// Who was told that nothing of them is left, and has agreed to nothing since.
    erased: BTreeSet<u32>,
    n_published: u64,
    pub(crate) broken: Option<Broken>,
}

struct Rules {
    /// Of push, with a favourite store among them.
    windows: [(Millis, u32); 3],
    per_day_max: u32,
    all_channels_per_7d_max: u32,
    sms_windows: [(Millis, u32); 2],
    rest: Millis,
    fence_cooldown: Millis,
    offer_ever_max: u32,
    hours: (u16, u16),
    is_budget_kept: bool,
}

/// A merchant or a store, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Muted {
    Merchant(u32),
    Fence(u32),
}

#[derive(Clone, Copy, Debug)]
struct Published {
    who: u32,
    /// It may go out once more: nobody noted that it went.
    may_come_again: bool,
}

struct Heard {
    at: Timestamp,
    fence: Box<str>,
    offer: Box<str>,
    visit: VisitId,
    channel: Channel,
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
        let notifier::NotifierPolicy { caps, cooldowns, hours, budget, .. } = &scene.policy.notifier;
        let rules = Rules {
            windows: [
                (Millis::from_hours(24), caps.per_24h_max),
                (Millis::from_days(7), caps.per_7d_max.max(caps.per_7d_favourite_max)),
                (Millis::from_days(30), caps.per_30d_max.max(caps.per_30d_favourite_max)),
            ],
            per_day_max: caps.per_civil_day_max,
            all_channels_per_7d_max: caps.all_channels_per_7d_max,
            sms_windows: [
                (Millis::from_days(7), caps.sms_per_7d_max),
                (Millis::from_days(30), caps.sms_per_30d_max),
            ],
            rest: cooldowns.rest,
            fence_cooldown: cooldowns.fence.min(cooldowns.favourite_fence),
            offer_ever_max: cooldowns.offer_ever_max,
            hours: hours.minutes(),
            is_budget_kept: budget.enforced,
        };
        Self {
            scene,
            rules,
            published: BTreeMap::new(),
            by_customer: HashMap::new(),
            closed: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            fed_back: BTreeMap::new(),
            visits: HashMap::new(),
            shut_offers: BTreeMap::new(),
            muted: BTreeMap::new(),
            erased: BTreeSet::new(),
            n_published: 0,
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

    pub(crate) const fn n_published(&self) -> u64 {
        self.n_published
    }

    /// The process died: what was not noted may be repeated, and visits begin where they were stored.
    pub(crate) fn died(&mut self) {
        for published in self.published.values_mut() {
            published.may_come_again = true;
        }
        self.visits.clear();
    }

    /// A visit that was read back.
    pub(crate) fn resumed(&mut self, who: u32, visit: VisitId, dwelled: bool) {
        self.visits.insert(visit, (who, if dwelled { Stage::Dwelled } else { Stage::Entered }));
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
        let is_erased = self.erased.contains(&who);
        self.hold(!is_erased, "erased_is_gone", Some(who), || {
            format!("{name} goes out to somebody who was erased and has agreed to nothing since")
        });
        for purpose in [Purpose::Location, Purpose::of(told.channel)] {
            let key = (who, told.merchant.as_str().into(), purpose);
            let is_closed = self.closed.get(&key).is_some_and(|until| now < *until);
            self.hold(!is_closed, "no_offer_after_withdrawal", Some(who), || {
                format!("{name} goes out at {} after a no to {} was acknowledged", clock(now), purpose.word())
            });
        }
        self.hold(now < told.expires_at, "nothing_is_late", Some(who), || {
            format!("{name} goes out at {}, and was good until {}", clock(now), clock(told.expires_at))
        });
        self.check_operators_and_customers_word(who, told, now);
        // A clock that went back with a start is another matter (K09): it was decided before now.
        let now = now.max(told.issued_at);
        let tz = self.zone(told);
        // Where no clock hangs in the store the customer's own counts, and the judge knows that.
        self.hold(tz.is_none_or(|tz| self.rules.is_open(tz, now)), "quiet_hours_hold", Some(who), || {
            format!("{name} goes out at {}, outside the hours of {tz:?}", clock(now))
        });
        self.published.insert(told.id, Published { who, may_come_again: false });
        self.n_published += u64::from(again.is_none());
        if again.is_none() {
            let day = tz.and_then(|tz| civil_day(tz, told.issued_at));
            let heard = Heard {
                at: told.issued_at,
                fence: told.fence.as_str().into(),
                offer: told.offer.as_str().into(),
                visit: told.visit,
                channel: told.channel,
                day,
            };
            self.by_customer.entry(who).or_default().push(heard);
            self.check_caps(who);
        }
    }

    /// Law `nothing_while_paused`, and that nobody hears of what they muted.
    fn check_operators_and_customers_word(&mut self, who: u32, told: &Notification, now: Timestamp) {
        let name = told.offer.as_str();
        let drafts = self.scene.drafts.iter();
        let valid_for = drafts.filter(|draft| draft.id == told.offer).map(|draft| draft.valid_for).max();
        let is_late = valid_for.is_some_and(|valid_for| valid_for <= now.since(told.triggered_at));
        self.hold(!is_late, "nothing_is_late", Some(who), || {
            format!("{name} goes out at {}, and was called for at {}", clock(now), clock(told.triggered_at))
        });
        let state = self.shut_offers.get(&told.offer).copied();
        self.hold(state.is_none(), "nothing_while_paused", Some(who), || {
            format!("{name} goes out at {}, when an operator has it {state:?}", clock(now))
        });
        let number = |no: Option<usize>| no.map_or(u32::MAX, |no| no as u32);
        let merchant = number(self.scene.merchants.iter().position(|known| *known == told.merchant));
        let fence = number(self.scene.fences.iter().position(|known| known.facts.id == told.fence));
        let is_muted = [Muted::Merchant(merchant), Muted::Fence(fence)]
            .into_iter()
            .any(|what| self.muted.get(&(who, what)).is_some_and(|since| *since < told.issued_at));
        self.hold(!is_muted, "nothing_while_muted", Some(who), || {
            format!("{name} was decided at {} for somebody who had muted it", clock(told.issued_at))
        });
    }

    /// What operators have said of offers.
    pub(crate) fn operated(&mut self, offers: &[(Option<offers::Draft>, OperatorState)]) {
        let states =
            self.scene.drafts.iter().zip(offers).map(|(draft, (_, state))| (draft.id.clone(), *state));
        self.shut_offers = states.filter(|(_, state)| *state != OperatorState::Running).collect();
    }

    /// Somebody may be saying that they want to hear of something again.
    pub(crate) fn unmute(&mut self, who: u32, keeps: impl Fn(Muted) -> bool) {
        self.muted.retain(|(of, what), _| *of != who || keeps(*what));
    }

    /// Somebody was told that what they muted is.
    pub(crate) fn mute(&mut self, who: u32, what: impl IntoIterator<Item = Muted>, now: Timestamp) {
        for what in what {
            self.muted.entry((who, what)).or_insert(now);
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
        let (mut sentence, mut one_visit) = (None, None);
        for one in heard {
            let since = |other: &Heard| other.at.since(one.at);
            let later = || heard.iter().filter(|other| Millis::ZERO <= since(other));
            let n_of = |window: Millis, channel: Option<Channel>| {
                let counts = |other: &&Heard| {
                    since(other) < window && channel.is_none_or(|channel| other.channel == channel)
                };
                later().filter(counts).count() as u32
            };
            let push = self.rules.windows.iter().map(|(window, n)| (*window, Some(Channel::Push), *n));
            let sms = self.rules.sms_windows.iter().map(|(window, n)| (*window, Some(Channel::Sms), *n));
            let all = (Millis::from_days(7), None, self.rules.all_channels_per_7d_max);
            for (window, channel, n_max) in push.chain(sms).chain([all]) {
                let n = n_of(window, channel);
                if n_max < n {
                    sentence = Some(format!("{n} offers within {window}, and {n_max} are the most"));
                }
            }
            let n_today = heard
                .iter()
                .filter(|other| other.channel == Channel::Push)
                .filter(|other| other.day.is_some() && other.day == one.day)
                .count();
            if one.channel == Channel::Push && self.rules.per_day_max < n_today as u32 {
                sentence = Some(format!("{n_today} offers on one day of the calendar"));
            }
            let n_ever = heard.iter().filter(|other| other.offer == one.offer).count();
            if self.rules.offer_ever_max < n_ever as u32 {
                sentence = Some(format!("{} was told {n_ever} times", one.offer));
            }
            let too_soon = |other: &&Heard| {
                since(other) < self.rules.rest
                    || (other.fence == one.fence && since(other) < self.rules.fence_cooldown)
            };
            let others = || later().filter(|other| !std::ptr::eq(*other, one));
            if others().any(|other| too_soon(&other)) {
                sentence = Some(format!("no rest after the offer of {}", clock(one.at)));
            }
            if others().any(|other| other.visit == one.visit) {
                one_visit = Some(format!("a visit was told two things, {} is one of them", one.offer));
            }
        }
        if let Some(sentence) = one_visit {
            self.break_law("one_offer_per_visit", Some(who), sentence);
        }
        if let Some(sentence) = sentence {
            self.break_law("caps_hold", Some(who), sentence);
        }
    }

    /// Somebody was told what became of their word on consent; of a pause, when it ends.
    ///
    /// Answers whether they were erased, and have agreed to something again.
    pub(crate) fn acknowledge(&mut self, who: u32, ack: &ConsentAck, pause_ends: Option<Timestamp>) -> bool {
        let answer = &ack.answer;
        if matches!(&*answer.effect, "applied" | "late_grant" | "nothing_to_change") {
            self.acknowledged.insert(answer.event_id.as_str().into(), who);
        }
        let Some(purpose) = Purpose::from_word(&answer.purpose) else { return false };
        let key = (who, answer.merchant.as_str().into(), purpose);
        match &*answer.state {
            // Nothing has changed. Of a second word that is waited for the answer does not tell whether a
            // grant is in force beneath, and what ran out is no no: to a clock that is set back by a start
            // it has not run out yet.
            "unchanged" | "erased" | "pending_confirmation" | "expired" => {}
            "granted" => {
                self.closed.remove(&key);
                return self.erased.remove(&who);
            }
            // Another word that changed nothing leaves the pause as it is.
            "paused" => self.closed.extend(pause_ends.map(|until| (key, until))),
            _ => {
                self.closed.insert(key, Timestamp::MAX);
            }
        }
        false
    }

    /// Somebody wants to be forgotten: what was before does not count any more.
    pub(crate) fn forget(&mut self, who: u32) {
        self.published.retain(|_, published| published.who != who);
        self.by_customer.remove(&who);
        self.closed.retain(|(whose, ..), _| *whose != who);
        self.acknowledged.retain(|_, whose| *whose != who);
        self.fed_back.retain(|_, whose| *whose != who);
        self.muted.retain(|(whose, _), _| *whose != who);
    }

    /// The visits of somebody who was forgotten have no end.
    pub(crate) fn forget_visits(&mut self, who: u32) {
        self.visits.retain(|_, (whose, _)| *whose != who);
    }

    /// Somebody was told that nothing of them is left.
    pub(crate) fn erased(&mut self, who: u32) {
        self.erased.insert(who);
    }

    pub(crate) fn all_erased(&self) -> Vec<u32> {
        self.erased.iter().copied().collect()
    }

    /// Somebody was told that their answer to an offer has arrived.
    pub(crate) fn acknowledge_feedback(&mut self, who: u32, offer: NotificationId, kind: &'static str) {
        self.fed_back.insert((offer, kind), who);
    }

    /// Law `transitions_alternate`: enter, at most one dwell, at most one exit.
    pub(crate) fn follow(&mut self, fact: &Fact) {
        let What::Transition { kind, visit, .. } = fact.what else { return };
        let stage = self.visits.get(&visit).map(|(_, stage)| *stage);
        let next = match (kind, stage) {
            (TransitionKind::Cross, _) => return,
            (TransitionKind::Enter, None) => Some(Stage::Entered),
            (TransitionKind::Dwell, Some(Stage::Entered)) => Some(Stage::Dwelled),
            (TransitionKind::Exit, Some(Stage::Entered | Stage::Dwelled)) => Some(Stage::Ended),
            (TransitionKind::Enter | TransitionKind::Dwell | TransitionKind::Exit, _) => None,
        };
        match next {
            Some(next) => {
                self.visits.insert(visit, (fact.who, next));
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
        let mut overspent = None;
        for entry in entries {
            match &entry.what {
                Written::Consent(consent) => {
                    events.insert(consent.event.id.as_str());
                }
                Written::Feedback { notification, kind, .. } => {
                    answers.insert((*notification, kind.word()));
                }
                Written::Decision(decision) => {
                    let is_sent = decision.verdict.as_ref() == ledger::SENT;
                    decided.extend(is_sent.then_some(decision.id));
                    if is_sent && self.rules.is_budget_kept {
                        overspent = overspent.or_else(|| overspending(&decision.facts));
                    }
                }
                Written::Delivery { .. } | Written::Profile(_) | Written::Reminder { .. } => {}
            }
        }
        if let Some(sentence) = overspent {
            self.break_law("budget_holds", None, sentence);
        }
        let lost = self.acknowledged.iter().find(|(id, _)| !events.contains(&***id));
        let lost =
            lost.map(|(id, who)| (*who, format!("the acknowledged consent event {id} is in no entry")));
        let unanswered = self.fed_back.keys().any(|answer| !answers.contains(answer));
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

/// Law `budget_holds`: pressure and cost of what was sent, by its own record, are within the limit.
fn overspending(facts: &[(Box<str>, Box<str>)]) -> Option<String> {
    let points = |name: &str| -> Option<f64> {
        facts.iter().find(|(known, _)| **known == *name).and_then(|(_, value)| value.parse().ok())
    };
    let (Some(pressure), Some(cost), Some(limit)) = (points("pressure"), points("cost"), points("limit"))
    else {
        return Some("what was sent does not say what it cost".into());
    };
    (limit < pressure + cost).then(|| format!("{pressure} and {cost} are more than {limit}"))
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
