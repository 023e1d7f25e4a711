//! What each customer has heard, and who waits to be told.

use std::collections::VecDeque;

use model::{CustomerNo, Heard, Notification, NotificationId, TimeZoneName, Timestamp};

use crate::rules::{self, Case};
use crate::{NotifierPolicy, Suppressed, Suppression};

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
    /// The offer's words for this store may not be said.
    pub breaks_a_text_rule: bool,
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
    /// Why it must be dropped after all: it waited for too long, or a rule fails by now.
    pub refusal: Option<Suppressed>,
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
    candidate: Candidate,
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

    /// What waits, in order.
    pub fn waiting(&self) -> impl Iterator<Item = &Notification> {
        self.line.iter().map(|in_line| &in_line.candidate.notification)
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
        let memory = self.policy.memory();
        self.person_mut(customer).heard.retain(|heard| now.since(heard.at) < memory);
        self.judge(customer, &candidate, None, now)?;
        let mut candidate = candidate;
        let Candidate { notification, zone, .. } = &mut candidate;
        // What is delivered late must not be delivered into the quiet hours.
        let quiet_at = zone.as_deref().and_then(crate::zone).and_then(|tz| self.policy.hours.close(tz, now));
        notification.expires_at =
            quiet_at.map_or(notification.expires_at, |at| at.min(notification.expires_at));
        let heard = heard_of(notification, zone.clone(), now);
        self.person_mut(customer).waiting.push(heard);
        self.line.push_back(InLine { customer, candidate, since: now });
        Ok(())
    }

    /// Takes the next notification out of the line, to be let out or dropped.
    ///
    /// The rules are asked again, because a day or the hours may have ended while it waited.
    pub fn next_waiting(&mut self, now: Timestamp) -> Option<Waiting> {
        let InLine { customer, candidate, since } = self.line.pop_front()?;
        let is_too_late =
            self.policy.decide_within < now.since(since) || candidate.notification.expires_at <= now;
        let refusal = if is_too_late {
            Some(Suppressed::by(Suppression::TooLate))
        } else if since < now {
            self.judge(customer, &candidate, Some(candidate.notification.id), now).err()
        } else {
            None
        };
        let Candidate { notification, zone, .. } = candidate;
        Some(Waiting { customer, notification, zone, refusal })
    }

    /// Judges a candidate by what was heard and by all that waits, except for its own place in the line.
    fn judge(
        &self,
        customer: CustomerNo,
        candidate: &Candidate,
        own: Option<NotificationId>,
        now: Timestamp,
    ) -> Result<(), Suppressed> {
        let person = self.person(customer);
        let (heard, waiting) = person.map_or((&[][..], &[][..]), |person| (&person.heard, &person.waiting));
        let others = waiting.iter().filter(|heard| Some(heard.notification()) != own);
        // What waits may go out at any moment from now on, so it counts as heard now.
        let waiting: Vec<Heard> = others.map(|heard| Heard { at: now, ..heard.clone() }).collect();
        let mut all: Vec<&Heard> = heard.iter().chain(&waiting).collect();
        all.sort_by_key(|heard| heard.at);
        let agreed_at = person.and_then(|person| person.agreed_at);
        rules::judge(&Case { policy: &self.policy, candidate, heard: all, agreed_at }, now)
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
    Heard {
        at: now,
        offer: offer.clone(),
        merchant: merchant.clone(),
        fence: fence.clone(),
        visit: *visit,
        zone,
        channel: notification.channel,
        category: None,
        standing: model::Standing::Sent,
        cost: 0,
        favourite: false,
        answers: model::Answers::default(),
        shown_at: None,
    }
}
