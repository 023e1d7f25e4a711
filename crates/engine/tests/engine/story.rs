//! The language of stories: one event a line, and behind `=>` what the engine answers.
//!
//! ```text
//! set per_24h_max 3                     a number of the policy, before anything happens
//! 10:03 anna at books => enter books    a fix of Anna's phone in the middle of a fence
//! 2 10:03 anna 300 east of books        on the second day, so many metres east of it
//! ```
//!
//! Behind a place may stand `acc M` or `acc unknown`, `speed MPS`, `still`, `mock`, `taken TIME`, `with DEVICE`.
//! A customer `agrees to`, `refuses`, `withdraws`, `pauses` or `resumes` a merchant; behind it
//! may stand `location` or `offers` (else both), `until TIME`, `seen TIME` (when the notice was
//! shown and the decision made; else now) and `unseen` (no notice). `anna again` delivers the
//! last message of hers once more; `anna sends garbage` speaks for itself; `anna offline TIME
//! PLACE, TIME PLACE, …` tells many fixes in one message; `anna says KIND of OFFER` is feedback.
//! A TIME may name its day, as in `3-12:00`. Of the house itself: `time passes`, `engine restarts`, `ledger slow`, `ledger done`,
//! `phones away`, `phones back`. An `operator` edits the fences: `removes`, `moves`, `takes` or `puts`
//! one `back`, and `reloads` them all; to move is 1,000 m east, to take is to give it to another merchant.
//! Of offers it `stops`, `rewords` or `prefers` one, lets it ask for a `crosses`, or `restores` it; while it is
//! served it `pauses`, `resumes` or `halts` it. `anna profile JSON` says something about her, `anna redeems OFFER` is
//! what a till says; behind a place may stand `open`, too: the app is.
//! `unseen` behind an edit: the engine finds out when it restarts.

use std::collections::BTreeMap;
use std::str::SplitWhitespace;

use consent_gate::{ConsentKind, Purpose};
use engine::{ClockSource, Door, Event, EventKind, Policy};
use model::{Fix, Meters, Millis, NotificationId, OfferId, Timestamp};
use offers::{Mode, OperatorState};
use wire::{Feedback, FeedbackKind};

use crate::shell::{Left, Message, Shell, at_once};
use crate::street::{
    Edit, OfferEdit, clock, consent, day_one, edited, fix_at, fixes, house, letter_of, offers_edited,
    operated, x_of,
};

/// A story that is being told.
pub(crate) struct Teller {
    policy: Policy,
    shell: Option<Shell>,
    day: i64,
    last: BTreeMap<String, Vec<Message>>,
    offers: BTreeMap<NotificationId, String>,
}

impl Teller {
    pub(crate) fn new() -> Self {
        let (last, offers) = (BTreeMap::new(), BTreeMap::new());
        // A story tells of one rule; gathering, budget and the longest rests are set where they are the point.
        let mut policy = at_once();
        let notifier = &mut policy.notifier;
        notifier.budget.enforced = false;
        let cooldowns = &mut notifier.cooldowns;
        (cooldowns.merchant, cooldowns.offer, cooldowns.offer_ever_max) = (Millis::ZERO, Millis::ZERO, 99);
        Self { policy, shell: None, day: 1, last, offers }
    }

    /// What the engine answers to one line.
    pub(crate) fn tell(&mut self, line: &str) -> String {
        let mut words = line.split_whitespace();
        let first = words.next().expect("a line says something");
        if first == "set" {
            self.set(&mut words);
            return "nothing".to_owned();
        }
        let time = match first.parse::<i64>() {
            Ok(day) => {
                self.day = day;
                words.next().expect("a time")
            }
            Err(_) => first,
        };
        let now = clock(self.day, time);
        let policy = &self.policy;
        self.shell.get_or_insert_with(|| Shell::new(house(), policy.clone(), day_one()));
        let who = words.next().expect("somebody");
        match who {
            "operator" => self.edit(&mut words, now),
            "engine" | "ledger" | "phones" | "time" => self.let_happen(words.next().expect("something"), now),
            _ => {
                let messages = self.messages(who, words, now);
                self.last.insert(who.to_owned(), messages.clone());
                self.shell().deliver(&messages, now);
            }
        }
        self.answer(who)
    }

    pub(crate) fn shell(&mut self) -> &mut Shell {
        self.shell.as_mut().expect("the story has begun")
    }

    fn set(&mut self, words: &mut SplitWhitespace<'_>) {
        let (key, value) = (words.next().expect("a key"), words.next().expect("a value"));
        let number = || value.parse::<u32>().expect("a number");
        let notifier = &mut self.policy.notifier;
        match key {
            "clock" => self.policy.clock = ClockSource::Fixes,
            "crossings" => self.policy.presence.crossings = true,
            "devices_max" => self.policy.devices_max = number() as usize,
            "gather_seconds" => notifier.gather = Millis::from_secs(number().into()),
            "mode" => self.policy.mode = mode(value),
            "per_24h_max" => notifier.caps.per_24h_max = number(),
            "per_7d_max" => notifier.caps.per_7d_max = number(),
            "per_civil_day_max" => notifier.caps.per_civil_day_max = number(),
            "all_channels_max" => notifier.caps.all_channels_per_7d_max = number(),
            "rest_hours" => notifier.cooldowns.rest = Millis::from_hours(number().into()),
            "cooldown_hours" => notifier.cooldowns.fence = Millis::from_hours(number().into()),
            "merchant_hours" => notifier.cooldowns.merchant = Millis::from_hours(number().into()),
            "offer_hours" => notifier.cooldowns.offer = Millis::from_hours(number().into()),
            "offer_ever_max" => notifier.cooldowns.offer_ever_max = number(),
            "settle_in_hours" => notifier.cooldowns.settle_in = Millis::from_hours(number().into()),
            "budget" => notifier.budget.enforced = value == "on",
            other => panic!("nobody knows the setting {other}"),
        }
    }

    fn let_happen(&mut self, what: &str, now: Timestamp) {
        let shell = self.shell();
        match what {
            "passes" => shell.wait(now),
            "leaps" => shell.leap(now),
            "restarts" => shell.restart(now),
            "slow" => shell.ledger_is_slow = true,
            "done" => {
                shell.ledger_is_slow = false;
                shell.settle(now);
            }
            "away" => shell.phones_are_away = true,
            "back" => {
                shell.phones_are_away = false;
                shell.settle(now);
            }
            other => panic!("nobody knows what {other} is"),
        }
    }

    fn edit(&mut self, words: &mut SplitWhitespace<'_>, now: Timestamp) {
        let verb = words.next().expect("something");
        let name = words.next().unwrap_or("books");
        let house = self.shell().house.clone();
        let fences = |edit: &Edit| edited(&house, edit, name);
        let offers = |edit| offers_edited(&house, edit, name);
        let shell = self.shell();
        let alteration = match verb {
            "reloads" => shell.to_fences(fences(&Edit::Nothing)),
            "removes" => shell.to_fences(fences(&Edit::Remove)),
            "puts" => shell.to_fences(fences(&Edit::PutBack)),
            "moves" => shell.to_fences(fences(&Edit::Move { by_m: 1_000.0 })),
            "takes" => shell.to_fences(fences(&Edit::GiveTo("bricks"))),
            "stops" => shell.to_offers(offers(OfferEdit::Stop)),
            "restores" => shell.to_offers(offers(OfferEdit::PutBack)),
            "rewords" => shell.to_offers(offers(OfferEdit::Reword)),
            "prefers" => shell.to_offers(offers(OfferEdit::Prefer)),
            "crosses" => shell.to_offers(offers(OfferEdit::AskOnCross)),
            "pauses" => shell.to_offers(operated(&house, name, OperatorState::Paused)),
            "halts" => shell.to_offers(operated(&house, name, OperatorState::Stopped)),
            "resumes" => shell.to_offers(operated(&house, name, OperatorState::Running)),
            other => panic!("no operator {other}"),
        };
        match words.next() {
            None => shell.edit(&alteration, now),
            Some("unseen") => shell.edit_unseen(&alteration),
            Some(other) => panic!("nobody edits {other}"),
        }
    }

    fn messages(&self, who: &str, mut words: SplitWhitespace<'_>, now: Timestamp) -> Vec<Message> {
        let message = |body: &[u8], device: &str, door| {
            let (customer, device) = (who.to_owned(), device.to_owned());
            vec![Message { door, customer, device, body: body.to_vec(), ticket: 0 }]
        };
        match words.next().expect("something") {
            "again" => self.last[who].clone(),
            "sends" => message(b"\x00 garbage", "phone", Door::Fixes),
            "offline" => {
                let all: Vec<Fix> =
                    words.collect::<Vec<_>>().join(" ").split(',').map(|fix| self.offline(fix)).collect();
                vec![fixes(who, "phone", &all)]
            }
            "says" => {
                let kind = words.next().and_then(FeedbackKind::from_word).expect("a kind of feedback");
                let offer = words.nth(1).expect("an offer");
                let id = self.offers.iter().find(|(_, name)| *name == offer).map(|(id, _)| *id);
                let feedback = Feedback {
                    about: wire::About::Notification(id.expect("an offer that was sent")),
                    kind,
                    at: Some(now),
                };
                message(&wire::encode_feedback(&feedback), "phone", Door::Feedback)
            }
            "profile" => {
                let body = words.collect::<Vec<_>>().join(" ");
                vec![Message {
                    device: String::new(),
                    ..message(body.as_bytes(), "phone", Door::Profile).remove(0)
                }]
            }
            "erases" => vec![Message { device: String::new(), ..message(b"", "", Door::Erasure).remove(0) }],
            "redeems" => {
                let offer = OfferId::new(words.next().expect("an offer")).expect("an id");
                let about = wire::About::Offer(offer);
                let feedback = Feedback { about, kind: FeedbackKind::Redeemed, at: Some(now) };
                message(&wire::encode_feedback(&feedback), "till", Door::Feedback)
            }
            "at" => vec![self.fix(who, x_of(words.next().expect("a place")), words, now)],
            "agrees" => self.consents(who, ConsentKind::Grant { until: None, confirm: None }, words, now),
            "refuses" => self.consents(who, ConsentKind::Refuse, words, now),
            "withdraws" => self.consents(who, ConsentKind::Withdraw, words, now),
            "pauses" => self.consents(who, ConsentKind::Pause { until: None }, words, now),
            "resumes" => self.consents(who, ConsentKind::Resume, words, now),
            x_m => {
                let x_m: f64 = x_m.parse().unwrap_or_else(|_| panic!("nobody knows how to {x_m}"));
                let place = words.nth(2).expect("a place");
                vec![self.fix(who, x_of(place) + x_m, words, now)]
            }
        }
    }

    /// A time of the present day, or of another: `3-12:00`.
    fn time(&self, word: &str) -> Timestamp {
        match word.split_once('-') {
            Some((day, time)) => clock(day.parse().expect("a day"), time),
            None => clock(self.day, word),
        }
    }

    fn offline(&self, fix: &str) -> Fix {
        let mut words = fix.split_whitespace();
        let taken_at = self.time(words.next().expect("a time"));
        let first = words.next().expect("a place");
        let x_m = match first.parse::<f64>() {
            Ok(x_m) => x_m + x_of(words.nth(2).expect("a place")),
            Err(_) => x_of(first),
        };
        fix_at(taken_at, x_m)
    }

    fn fix(&self, who: &str, x_m: f64, mut words: SplitWhitespace<'_>, now: Timestamp) -> Message {
        let mut fix = fix_at(now, x_m);
        let mut device = "phone";
        while let Some(word) = words.next() {
            match word {
                "acc" => fix.accuracy = words.next().and_then(|m| m.parse().ok()).map(Meters),
                "speed" => fix.speed_mps = words.next().and_then(|mps| mps.parse().ok()),
                "taken" => fix.taken_at = self.time(words.next().expect("a time")),
                "with" => device = words.next().expect("a device"),
                "still" => fix.still = true,
                "mock" => fix.mock = true,
                "open" => fix.foreground = Some(true),
                other => panic!("no fix is {other}"),
            }
        }
        fixes(who, device, &[fix])
    }

    fn consents(
        &self,
        who: &str,
        kind: ConsentKind,
        words: SplitWhitespace<'_>,
        now: Timestamp,
    ) -> Vec<Message> {
        let mut words = words.filter(|word| *word != "to");
        let merchant = words.next().expect("a merchant");
        let (mut purposes, mut kind, mut acted_at) =
            (vec![Purpose::Location, Purpose::Background, Purpose::OffersPush], kind, now);
        let mut unseen = false;
        while let Some(word) = words.next() {
            match word {
                "background" => purposes = vec![Purpose::Background],
                "location" => purposes = vec![Purpose::Location],
                "offers" => purposes = vec![Purpose::OffersPush],
                "sms" => purposes = vec![Purpose::OffersSms],
                "personalisation" => purposes = vec![Purpose::Personalisation],
                "seen" => acted_at = self.time(words.next().expect("a time")),
                "unseen" => unseen = true,
                "until" => {
                    let until = Some(self.time(words.next().expect("a time")));
                    kind = match kind {
                        ConsentKind::Grant { .. } => ConsentKind::Grant { until, confirm: None },
                        ConsentKind::Pause { .. } => ConsentKind::Pause { until },
                        other => other,
                    };
                }
                other => panic!("nobody agrees {other}"),
            }
        }
        let one = |purpose| {
            let (message, mut event) = consent(who, merchant, purpose, kind, acted_at, 0);
            if unseen {
                event.notice = None;
                return letter_of(who, &event, 0);
            }
            message
        };
        purposes.into_iter().map(one).collect()
    }

    fn answer(&mut self, who: &str) -> String {
        let shell = self.shell.as_mut().expect("the story has begun");
        let events: Vec<Event> = shell.events();
        let left = std::mem::take(&mut shell.left);
        let tally = shell.engine.tally();
        assert!(tally.is_balanced(), "every_record_has_one_outcome: {tally:?}");
        let mut told: Vec<String> = events.iter().map(|event| said(event, who)).collect();
        for left in left {
            match left {
                Left::Sent(notification) => {
                    let offer = notification.offer.as_str().to_owned();
                    told.push(format!("sent {offer}"));
                    self.offers.insert(notification.id, offer);
                }
                Left::Shown(shadow) => told.push(format!("shown {}", shadow.offer.as_str())),
                Left::Dropped(outcome) => told.push(format!("an offer is {}", outcome.word())),
                Left::Acknowledged(ack) => {
                    let answer = ack.answer;
                    let mut said = format!("acknowledged {} {}", answer.purpose, answer.state);
                    if answer.effect != "applied" {
                        said = said + " " + &answer.effect;
                    }
                    told.push(said);
                }
                Left::Reminded(reminder) => told.push(format!(
                    "{} is reminded of {}",
                    reminder.merchant.as_str(),
                    reminder.purpose.word()
                )),
                Left::Erased => told.push("erased".to_owned()),
                Left::Settled(_) => {}
            }
        }
        if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
    }
}

fn mode(word: &str) -> Mode {
    Mode::ALL.into_iter().find(|mode| mode.word() == word).expect("a mode")
}

fn said(event: &Event, who: &str) -> String {
    let said = match &event.kind {
        EventKind::Transition { kind, fence, reason, .. } => {
            let reason = reason.map_or(String::new(), |reason| format!(" {reason}"));
            format!("{} {}{reason}", kind.word(), fence.as_str())
        }
        EventKind::Offer { offer, .. } => format!("offer {}", offer.as_str()),
        EventKind::Suppressed { offer, reason, .. } => format!("no {}: {reason}", offer.as_str()),
        EventKind::Refused { reason } => format!("refused {reason}"),
        EventKind::Dropped { reason } => format!("dropped {reason}"),
    };
    let customer = event.customer.as_str();
    if customer == who || ["engine", "operator", "time"].contains(&who) {
        said
    } else {
        format!("{customer}: {said}")
    }
}
