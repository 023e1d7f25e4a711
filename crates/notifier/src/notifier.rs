//! What each customer has heard, and who waits to be told.

use std::collections::VecDeque;

use model::{CustomerNo, Heard, Notification, NotificationId, TimeZoneName, Timestamp};

use crate::rules::{self, Case};
use crate::{NotifierPolicy, Suppressed};

/// An offer that a transition calls for, with what the rules need to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// What would be said.
    pub notification: Notification,
    /// The wall clock that counts: the fence's.
    pub zone: Option<TimeZoneName>,
    /// The visit began before we could see its beginning.
    pub initial: bool,
    /// The deciding fix was fresh, honest and exact enough.
    pub may_trigger: bool,
    /// Speed of the deciding fix in metres a second.
    pub speed_mps: Option<f32>,
}

/// A notification that passed all rules and has not been sent.
#[derive(Debug)]
pub struct Waiting {
    /// Whose.
    pub customer: CustomerNo,
    /// What.
    pub notification: Notification,
    /// The zone whose civil day it counts in.
    pub zone: Option<TimeZoneName>,
    /// Whether it has waited for too long, and must be dropped.
    pub is_too_late: bool,
}

/// Everybody's history of offers, by dense number.
#[derive(Debug, Default)]
pub struct Notifier {
    policy: NotifierPolicy,
    people: Vec<Option<Person>>,
    line: VecDeque<InLine>,
}

#[derive(Debug)]
struct Person {
    generation: u32,
    agreed_at: Option<Timestamp>,
    heard: Vec<Heard>,
    waiting: Vec<Heard>,
}

#[derive(Debug)]
struct InLine {
    customer: CustomerNo,
    notification: Notification,
    zone: Option<TimeZoneName>,
    since: Timestamp,
}

impl Notifier {
    /// A porter who has told nobody anything.
    #[must_use]
    pub fn new(policy: NotifierPolicy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// The rules' numbers in force.
    #[must_use]
    pub const fn policy(&self) -> &NotifierPolicy {
        &self.policy
    }

    /// How many notifications wait.
    #[must_use]
    pub fn n_waiting(&self) -> usize {
        self.line.len()
    }

    /// Takes over what the ledger holds of one customer.
    pub fn load(&mut self, customer: CustomerNo, heard: Vec<Heard>, agreed_at: Option<Timestamp>) {
        let person = self.person_mut(customer);
        person.heard = heard;
        person.heard.sort_by_key(|heard| heard.at);
        person.agreed_at = agreed_at;
    }

    /// Notes that a customer agreed to offers who had agreed to none.
    pub fn agreed(&mut self, customer: CustomerNo, now: Timestamp) {
        self.person_mut(customer).agreed_at = Some(now);
    }

    /// When a customer agreed to offers.
    #[must_use]
    pub fn agreed_at(&self, customer: CustomerNo) -> Option<Timestamp> {
        self.person(customer)?.agreed_at
    }

    /// What a customer has heard, in order of time.
    #[must_use]
    pub fn heard(&self, customer: CustomerNo) -> &[Heard] {
        self.person(customer).map_or(&[], |person| &person.heard)
    }

    /// Judges a candidate; what passes waits to be sent and counts as heard from now on.
    ///
    /// # Errors
    /// Every rule that fails, in order.
    pub fn propose(
        &mut self,
        customer: CustomerNo,
        candidate: Candidate,
        now: Timestamp,
    ) -> Result<(), Suppressed> {
        let policy = self.policy;
        let person = self.person_mut(customer);
        person.heard.retain(|heard| now.since(heard.at) < policy.memory());
        let heard = person.heard.iter().chain(&person.waiting).collect();
        rules::judge(
            &Case { policy: &policy, candidate: &candidate, heard, agreed_at: person.agreed_at },
            now,
        )?;
        let Candidate { notification, zone, .. } = candidate;
        person.waiting.push(heard_of(&notification, zone.clone(), now));
        self.line.push_back(InLine { customer, notification, zone, since: now });
        Ok(())
    }

    /// Takes the next notification out of the line, to be let out or dropped.
    pub fn next_waiting(&mut self, now: Timestamp) -> Option<Waiting> {
        let InLine { customer, notification, zone, since } = self.line.pop_front()?;
        let is_too_late = self.policy.decide_within < now.since(since) || notification.expires_at <= now;
        Some(Waiting { customer, notification, zone, is_too_late })
    }

    /// Notes that a notification taken out of the line is going to be said.
    ///
    /// # Panics
    /// When it was not in the line.
    pub fn committed(&mut self, customer: CustomerNo, id: NotificationId, now: Timestamp) {
        let person = self.person_mut(customer);
        let at = person
            .waiting
            .iter()
            .position(|heard| heard.notification() == id)
            .expect("what is committed was in the line");
        let heard = person.waiting.remove(at);
        person.heard.push(Heard { at: now, ..heard });
    }

    /// Gives the count of a notification back: it was dropped from the line, refused at once, or expired unsent.
    pub fn give_back(&mut self, customer: CustomerNo, id: NotificationId) {
        let person = self.person_mut(customer);
        person.waiting.retain(|heard| heard.notification() != id);
        person.heard.retain(|heard| heard.notification() != id);
    }

    fn person(&self, customer: CustomerNo) -> Option<&Person> {
        let person = self.people.get(customer.slot())?.as_ref()?;
        (person.generation == customer.generation()).then_some(person)
    }

    fn person_mut(&mut self, customer: CustomerNo) -> &mut Person {
        if self.people.len() <= customer.slot() {
            self.people.resize_with(customer.slot() + 1, || None);
        }
        let generation = customer.generation();
        let slot = &mut self.people[customer.slot()];
        if slot.as_ref().is_none_or(|person| person.generation != generation) {
            *slot = None;
        }
        slot.get_or_insert_with(|| Person {
            generation,
            agreed_at: None,
            heard: Vec::new(),
            waiting: Vec::new(),
        })
    }
}

fn heard_of(notification: &Notification, zone: Option<TimeZoneName>, now: Timestamp) -> Heard {
    let Notification { offer, merchant, fence, visit, .. } = notification;
    Heard { at: now, offer: offer.clone(), merchant: merchant.clone(), fence: fence.clone(), visit: *visit, zone }
}
