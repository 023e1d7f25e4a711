//! Who has heard what, and who may hear what next.

use chrono_tz::Tz;
use model::{
    CustomerId, CustomerNo, FeedbackKind, FenceId, Heard, Millis, NotificationId, OfferId, Profile, Standing,
    Timestamp, Tolerance,
};

use crate::answers::{self, FeedbackEffect};
use crate::clocks::Clocks;
use crate::deciding::{self, Bench};
use crate::gathering::{Gathered, Gatherings, Place};
use crate::people::{Known, People, Person};
use crate::rules::hours;
use crate::{Candidate, NotifierPolicy, Occasion, SmsLaw, Verdict};

/// Everybody's history of offers, by dense number, and what waits to be decided.
#[derive(Debug, Default)]
pub struct Notifier {
    policy: NotifierPolicy,
    people: People,
    gatherings: Gatherings,
    clocks: Clocks,
}

/// An offer that was redeemed longer ago than this is nobody's.
const REDEEMED_WITHIN: Millis = Millis::from_days(30);

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

    /// Puts other numbers in force: at once, and for what was heard before as well.
    pub fn set_policy(&mut self, policy: NotifierPolicy) {
        self.policy = policy;
    }

    /// Takes over what the ledger holds of one customer.
    pub fn load(&mut self, customer: CustomerNo, known: Known) {
        self.people.meet(customer).load(known);
    }

    /// Forgets a customer; what of theirs still waited comes back and will not be decided.
    pub fn forget(&mut self, customer: CustomerNo) -> Vec<Occasion> {
        self.people.forget(customer);
        self.gatherings.take(customer)
    }

    /// Notes that a customer agreed to offers who had agreed to none.
    pub fn agreed(&mut self, customer: CustomerNo, now: Timestamp) {
        self.people.meet(customer).agreed_at = Some(now);
    }

    /// When a customer agreed to offers.
    #[must_use]
    pub fn agreed_at(&self, customer: CustomerNo) -> Option<Timestamp> {
        self.people.life(customer).agreed_at
    }

    /// What a customer has heard, or would have, in order of time.
    #[must_use]
    pub fn heard(&self, customer: CustomerNo) -> &[Heard] {
        self.people.life(customer).heard
    }

    /// What a customer declared.
    #[must_use]
    pub fn profile(&self, customer: CustomerNo) -> &Profile {
        self.people.life(customer).profile
    }

    /// What a customer bears.
    #[must_use]
    pub fn tolerance(&self, customer: CustomerNo) -> &Tolerance {
        self.people.life(customer).tolerance
    }

    /// Takes the whole of what a customer declared.
    pub fn set_profile(&mut self, customer: CustomerNo, profile: Profile) {
        self.people.meet(customer).set_profile(profile);
    }

    /// Notes that a customer came into a fence; it is remembered for a day and not over a restart.
    pub fn entered(&mut self, customer: CustomerNo, fence: &FenceId, now: Timestamp) {
        let n_max = usize::from(self.policy.costs.many_fences);
        self.people.meet(customer).more().entered.note(fence, n_max, now);
    }

    /// Lets an occasion wait for others of its customer; the first of them begins a gathering.
    pub fn gather(&mut self, customer: CustomerNo, occasion: Occasion, now: Timestamp) -> Place {
        self.gatherings.gather(customer, occasion, now)
    }

    /// How many occasions wait.
    #[must_use]
    pub const fn n_waiting(&self) -> usize {
        self.gatherings.n_waiting()
    }

    /// When the next gathering is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.gatherings.due_at(self.policy.gather)
    }

    /// The next gathering that is due, in the order in which they began.
    pub fn next_due(&mut self, now: Timestamp) -> Option<Gathered> {
        self.gatherings.next_due(&self.policy, now)
    }

    /// Judges candidates of one customer together: a verdict for each, in their order.
    ///
    /// At most one [`crate::Ruling::Goes`] or is held out, and at most one more is observed. Nothing is
    /// recorded. What was ignored by now is counted first.
    pub fn decide(
        &mut self,
        customer: CustomerNo,
        name: &CustomerId,
        candidates: &[Candidate<'_>],
        now: Timestamp,
    ) -> Vec<Verdict> {
        let Self { policy, people, clocks, .. } = self;
        if let Some(person) = people.get_mut(customer) {
            bring_up_to_date(policy, person, now);
        }
        let bench = Bench { policy, life: people.life(customer), name };
        deciding::decide(&bench, clocks, candidates, now)
    }

    /// Notes what was decided to be heard; what is really said counts as told.
    pub fn record(&mut self, customer: CustomerNo, heard: Heard) {
        self.people.meet(customer).record(heard);
    }

    /// Takes back what was noted: it was refused at once, or expired unsent.
    pub fn give_back(&mut self, customer: CustomerNo, id: NotificationId) -> Option<Heard> {
        let person = self.people.get_mut(customer)?;
        let place = place_of(person, id)?;
        Some(person.give_back(place))
    }

    /// The newest notification of an offer that a customer got in 30 days, or would have but for a holdout.
    #[must_use]
    pub fn newest_of(&self, customer: CustomerNo, offer: &OfferId, now: Timestamp) -> Option<NotificationId> {
        let life = self.people.life(customer);
        let known = life.heard.iter().rev().find(|heard| {
            let counts = match heard.standing {
                Standing::Sent | Standing::HeldOut => true,
                Standing::Observed => false,
            };
            counts && heard.offer == *offer && now.since(heard.at) < REDEEMED_WITHIN
        });
        known.map(Heard::notification)
    }

    /// Takes an answer; `at` is when it was given, if that is known.
    pub fn hear_feedback(
        &mut self,
        customer: CustomerNo,
        id: NotificationId,
        kind: FeedbackKind,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> FeedbackEffect {
        let Self { policy, people, .. } = self;
        let Some(person) = people.get_mut(customer) else { return FeedbackEffect::Unknown };
        let memory = policy.memory();
        let heard = place_of(person, id).map(|place| &person.life().heard[place]);
        match heard.filter(|heard| now.since(heard.at) < memory) {
            None => return FeedbackEffect::Unknown,
            Some(heard) if heard.answers.has(kind) => return FeedbackEffect::Repeated,
            Some(_) => bring_up_to_date(policy, person, now),
        }
        let Some(place) = place_of(person, id) else { return FeedbackEffect::Unknown };
        answers::take(policy, person.more().heard_and_tolerance(), place, (kind, at), now)
    }

    /// When something said now must have arrived: the allowed hours end then, on one of the clocks.
    #[must_use]
    pub fn quiet_from(
        &mut self,
        zones: &[Tz],
        customer: CustomerNo,
        law: Option<&SmsLaw>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let Self { policy, people, clocks, .. } = self;
        let quiet = people.life(customer).profile.dial.quiet;
        hours::quiet_from((policy.hours, law.map(|law| &law.hours)), quiet, zones, clocks, now)
    }
}

/// Forgets what is too long ago to count, and counts what was ignored.
fn bring_up_to_date(policy: &NotifierPolicy, person: &mut Person, now: Timestamp) {
    let life = person.life();
    let is_unsettled = answers::is_unsettled(policy, life.heard, life.tolerance, now);
    let Some(more) = person.more_if_any() else { return };
    if is_unsettled {
        let (heard, tolerance) = more.heard_and_tolerance();
        answers::settle(policy, heard, tolerance, now);
    }
    let memory = policy.memory();
    more.heard.retain(|heard| now.since(heard.at) < memory);
}

fn place_of(person: &Person, id: NotificationId) -> Option<usize> {
    person.life().heard.iter().position(|heard| heard.notification() == id)
}
