//! The stage: an engine in virtual time, people who walk past it, and a ledger that counts.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use engine::{Door, Engine, EventKind, Letter, Output, Policy, Sighting};
use ledger::DeliveryOutcome;
use model::{
    FeedbackKind, FenceFacts, Fix, MerchantId, Millis, Notification, NotificationId, Profile, Timestamp,
    TransitionKind,
};
use town::Cast;
use wire::{About, Feedback};

use super::account::Account;
use super::answers::Temper;
use super::{Script, answers};
use crate::assumed;

/// Fixes come in together for so long, as a shard drains its queue.
const STEP: Millis = Millis::from_secs(10);
/// Everybody agreed so long before it begins: what a first offer waits for is over.
const AGREED_BEFORE: Millis = Millis::from_days(2);
/// What one customer can have said something about, in merchants.
const MERCHANTS_MAX: usize = 20;

/// A rehearsal under way.
pub(super) struct Stage {
    engine: Engine,
    cast: Cast,
    account: Account,
    tempers: Vec<Temper>,
    /// What people will say, soonest first.
    answers: BinaryHeap<Reverse<Answer>>,
    fixes: Vec<(usize, Fix)>,
    now: Timestamp,
}

/// Something that somebody will say, at an instant.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Answer {
    at: Timestamp,
    person: usize,
    notification: NotificationId,
    kind: FeedbackKind,
}

impl Stage {
    pub(super) fn set(script: &Script, cast: Cast, begins_at: Timestamp) -> Self {
        // Nothing is read back after a rehearsal, so no visit needs to be stored.
        let visits_stored_every = Millis::from_days(365_000);
        let mut policy = Policy { visits_stored_every, ..script.policy.clone() };
        policy.gate.location_lasts = assumed::LASTS;
        let account = Account::open(script, &cast);
        let mut engine = Engine::new(script.house.clone(), policy);
        let now = begins_at - AGREED_BEFORE;
        engine.open(now);
        let seed = script.casting.seed;
        let tempers = cast.lives().iter().enumerate();
        let tempers = tempers.map(|(no, life)| Temper::of(life.persona, seed, no)).collect();
        let mut stage =
            Self { engine, cast, account, tempers, answers: BinaryHeap::new(), fixes: Vec::new(), now };
        stage.agree(script, begins_at);
        stage.declare(script);
        stage.engine.listen();
        stage
    }

    /// Everybody agrees to everything with the merchants of the places that they go to.
    fn agree(&mut self, script: &Script, begins_at: Timestamp) {
        let at = self.now;
        let until = begins_at + Millis::from_days(i64::from(script.n_days) + 2);
        let merchants: Vec<Option<MerchantId>> =
            script.house.facts().map(|facts| facts.merchant.clone()).collect();
        for no in 0..self.cast.lives().len() {
            let mut theirs: Vec<&MerchantId> = Vec::new();
            for merchant in self.cast.lives()[no].places().filter_map(|place| merchants[place].as_ref()) {
                if theirs.len() < MERCHANTS_MAX && !theirs.contains(&merchant) {
                    theirs.push(merchant);
                }
            }
            for body in assumed::grants(&theirs, at, until) {
                self.hand_in(Door::Consent, no, &body, at);
            }
            self.settle(at);
        }
    }

    /// The loyal say which store they love; some others do too, and some say what they care for.
    fn declare(&mut self, script: &Script) {
        let fences: Vec<&FenceFacts> = script.house.facts().collect();
        for no in 0..self.cast.lives().len() {
            let life = &self.cast.lives()[no];
            if self.tempers[no].declares_favourite() {
                let favourites = vec![fences[life.favourite()].id.clone()];
                let body = wire::encode_profile(&Profile { favourites, ..Profile::default() });
                self.hand_in(Door::Profile, no, &body, self.now);
                self.settle(self.now);
            }
        }
    }

    fn hand_in(&mut self, door: Door, person: usize, body: &[u8], at: Timestamp) {
        let life = &self.cast.lives()[person];
        let device = match door {
            Door::Fixes | Door::Feedback => life.device.as_str(),
            Door::Consent | Door::Imported { .. } | Door::Profile | Door::Erasure => "",
        };
        let letter = Letter { door, customer: life.customer.as_str(), device, body, ticket: 0 };
        self.engine.handle_letters(&[letter], at);
    }

    pub(super) fn play_until(&mut self, until: Timestamp) {
        while self.now < until {
            self.now = until.min(self.now + STEP);
            let now = self.now;
            self.engine.handle_timeout(now);
            self.settle(now);
            let fixes = &mut self.fixes;
            self.cast.until(now, |person, fix| fixes.push((person, fix)));
            self.see(now);
            while let Some(Reverse(answer)) = self.answers.pop_if_due(now) {
                self.say(&answer, now);
            }
            self.settle(now);
        }
    }

    fn see(&mut self, now: Timestamp) {
        if self.fixes.is_empty() {
            return;
        }
        let lives = self.cast.lives();
        let sighting = |&(person, fix): &(usize, Fix)| Sighting {
            customer: lives[person].customer.as_str(),
            device: lives[person].device.as_str(),
            fix,
        };
        let sightings: Vec<Sighting<'_>> = self.fixes.iter().map(sighting).collect();
        self.engine.handle_sightings(&sightings, now);
        self.account.n_fixes += self.fixes.len() as u64;
        self.fixes.clear();
        while let Some(event) = self.engine.poll_event() {
            if let EventKind::Transition { kind, .. } = event.kind {
                self.account.note_transition(&event.customer, kind);
            }
        }
    }

    fn say(&mut self, answer: &Answer, now: Timestamp) {
        let &Answer { at, person, notification, kind } = answer;
        let body =
            wire::encode_feedback(&Feedback { about: About::Notification(notification), kind, at: Some(at) });
        self.account.note_answer(person, notification, kind);
        self.hand_in(Door::Feedback, person, &body, now);
    }

    /// Commits and delivers at once: in virtual time nothing takes time.
    fn settle(&mut self, now: Timestamp) {
        while let Some(staged) = self.engine.poll_staged(now) {
            let committed =
                ledger::commit(&mut self.account, vec![staged]).expect("a ledger that counts cannot fail");
            for committed in committed {
                self.engine.handle_committed(committed, now);
            }
            while let Some(output) = self.engine.poll_output() {
                if let Output::Send(recorded) = output {
                    let outcome = self.engine.may_send(&recorded, now).err().unwrap_or(DeliveryOutcome::Sent);
                    let notification = recorded.value();
                    self.engine.handle_delivery(&notification.customer, notification.id, outcome, now);
                    if outcome == DeliveryOutcome::Sent {
                        self.receive(notification, now);
                    }
                }
            }
        }
    }

    /// Somebody got something, and will make something of it.
    fn receive(&mut self, notification: &Notification, now: Timestamp) {
        let Some(person) = self.account.person(&notification.customer) else { return };
        let is_greeting = matches!(notification.trigger, TransitionKind::Enter | TransitionKind::Cross);
        for answers::Said { after, kind } in self.tempers[person].answer(is_greeting, now) {
            let answer = Answer { at: now + after, person, notification: notification.id, kind };
            self.answers.push(Reverse(answer));
        }
    }

    /// Looks at how everybody feels when shops close.
    pub(super) fn end_day(&mut self, begins_at: Timestamp, day: u32) {
        let at = begins_at + Millis::from_days(i64::from(day)) + Millis::from_hours(20);
        self.account.take_pressure(at);
    }

    pub(super) fn strike(mut self) -> Account {
        self.account.is_balanced = self.engine.tally().is_balanced();
        self.account
    }
}

trait PopIfDue {
    fn pop_if_due(&mut self, now: Timestamp) -> Option<Reverse<Answer>>;
}

impl PopIfDue for BinaryHeap<Reverse<Answer>> {
    fn pop_if_due(&mut self, now: Timestamp) -> Option<Reverse<Answer>> {
        self.peek().is_some_and(|Reverse(answer)| answer.at <= now).then(|| self.pop()).flatten()
    }
}
