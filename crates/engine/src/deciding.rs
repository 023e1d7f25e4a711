//! The pantry and the porter: from a transition to verdicts.

use consent_gate::Purpose;
use ledger::{Decision, Entry, Said, What};
use model::{
    CustomerNo, DeviceNo, ExitReason, FenceFacts, FenceId, FenceNo, Notification, NotificationId, Timestamp,
    Transition, TransitionKind, Words,
};
use notifier::{Candidate, Suppressed, Suppression};
use offers::Offer;

use crate::engine::Engine;
use crate::event::EventKind;
use crate::house::House;

/// A transition whose offers are not decided yet.
#[derive(Debug)]
pub(crate) struct Deferred {
    pub(crate) device: DeviceNo,
    pub(crate) transition: Transition,
    pub(crate) fence: FenceNo,
}

impl Deferred {
    /// Its place among all of one message: by time, then as presence tells them, then by fence.
    fn turn(&self) -> (Timestamp, u8, &FenceId) {
        let rank = match self.transition.kind {
            TransitionKind::Dwell | TransitionKind::Exit => 0,
            TransitionKind::Enter => 1,
            TransitionKind::Cross => 2,
        };
        (self.transition.at, rank, &self.transition.fence)
    }
}

impl Engine {
    /// Decides what waited for the newest fix of a message.
    ///
    /// Of many fixes told at once only the newest speaks for the present: who has left since
    /// a transition is not spoken to. Messages are judged one by one, however many are
    /// drained together, so that the load of a machine decides nothing.
    pub(crate) fn decide_deferred(&mut self, customer: CustomerNo, device: DeviceNo, now: Timestamp) {
        if self.book.deferred.is_empty() {
            return;
        }
        let mut deferred = std::mem::take(&mut self.book.deferred);
        // Of fences at one instant the name decides: their numbers hang on what was edited before.
        deferred.sort_by(|a, b| a.turn().cmp(&b.turn()));
        let newest_at = self.presence.last_at(device);
        for Deferred { transition, fence, .. } in
            deferred.extract_if(.., |deferred| deferred.device == device)
        {
            let is_so_still = match transition.kind {
                TransitionKind::Enter | TransitionKind::Dwell => {
                    self.presence.is_inside(device, fence, transition.entered_at)
                }
                TransitionKind::Exit | TransitionKind::Cross => newest_at <= Some(transition.at),
            };
            let may_trigger = transition.may_trigger && is_so_still;
            self.decide(customer, device, &Transition { may_trigger, ..transition }, fence, now);
        }
        self.book.deferred = deferred;
    }

    /// Finds the offers that a transition calls for, and gives each its verdict or its place in the line.
    ///
    /// Of several due at once the best that passes is proposed; the others lose to it.
    fn decide(
        &mut self,
        customer: CustomerNo,
        device: DeviceNo,
        transition: &Transition,
        fence: FenceNo,
        now: Timestamp,
    ) {
        // A visit that we ended ourselves is no occasion to speak.
        if transition.exit_reason.is_some_and(|reason| reason != ExitReason::Left) {
            return;
        }
        let facts = self.house.fence(fence);
        let due = self.house.catalogue.due(transition.kind, facts);
        let prepared: Vec<Prepared> =
            due.into_iter().map(|offer| self.prepare(offer, device, transition, facts, now)).collect();
        let mut winner = false;
        for prepared in prepared {
            self.book.tally.n_candidates += 1;
            let notification = prepared.notification.clone();
            match self.judge(customer, prepared, transition, winner, now) {
                Ok(()) => winner = true,
                Err(suppressed) => {
                    // The visit has had its word, and the one that lost to it loses again.
                    winner |= suppressed.failed().contains(&Suppression::AlreadyTold);
                    self.suppress(customer, device, &notification, &suppressed, now);
                }
            }
        }
    }

    fn prepare(
        &self,
        offer: &Offer,
        device: DeviceNo,
        transition: &Transition,
        facts: &FenceFacts,
        now: Timestamp,
    ) -> Prepared {
        let (customer, phone) = self.names(device);
        let words = self.house.catalogue.words(offer, facts, None);
        let silence = || Words { title: String::new(), body: String::new(), link: None, why: String::new() };
        let breaks_a_text_rule = words.is_err();
        let notification = Notification {
            id: NotificationId::of(transition.visit, offer.id()),
            customer: customer.clone(),
            device: phone.clone(),
            offer: offer.id().clone(),
            merchant: offer.draft().merchant.clone(),
            fence: transition.fence.clone(),
            channel: model::Channel::Push,
            store: facts.name.to_string(),
            visit: transition.visit,
            trigger: transition.kind,
            triggered_at: transition.at,
            issued_at: now,
            // A late fix or a clock that is slow shortens it: nothing is said long after its occasion.
            expires_at: transition.at.min(now) + offer.draft().valid_for,
            words: words.unwrap_or_else(|_| silence()),
        };
        Prepared { notification, zone: facts.tz.clone(), breaks_a_text_rule }
    }

    fn judge(
        &mut self,
        customer: CustomerNo,
        prepared: Prepared,
        transition: &Transition,
        winner: bool,
        now: Timestamp,
    ) -> Result<(), Suppressed> {
        let Prepared { notification, zone, breaks_a_text_rule } = prepared;
        if self.merchant_may_speak(customer, &notification, now).is_err() {
            return Err(Suppressed::by(Suppression::NoConsent));
        }
        if winner {
            return Err(Suppressed::by(Suppression::LostArbitration));
        }
        let &Transition { initial, may_trigger, speed_mps, .. } = transition;
        self.notifier.propose(
            customer,
            Candidate { notification, zone, initial, may_trigger, speed_mps, breaks_a_text_rule },
            now,
        )
    }

    /// Writes a *no* down, with its reasons.
    pub(crate) fn suppress(
        &mut self,
        customer: CustomerNo,
        device: DeviceNo,
        notification: &Notification,
        suppressed: &Suppressed,
        now: Timestamp,
    ) {
        let verdict = suppressed.verdict().word();
        self.book.tally.suppressed.count(verdict);
        let Notification { offer, fence, visit, .. } = notification.clone();
        self.note(device, EventKind::Suppressed { offer, fence, visit, reason: verdict }, now);
        let failed = suppressed.failed().iter().map(|rule| rule.word().into()).collect();
        let next_possible_at = suppressed.next_possible_at;
        let decision =
            Decision { failed, next_possible_at, ..decision_on(notification, verdict, None, &self.house) };
        self.desk.write(
            customer,
            Entry { customer: notification.customer.clone(), at: now, what: What::Decision(decision) },
        );
    }
}

struct Prepared {
    notification: Notification,
    zone: Option<Box<str>>,
    breaks_a_text_rule: bool,
}

/// The record of a verdict; it holds no position.
pub(crate) fn decision_on(
    notification: &Notification,
    verdict: &str,
    said: Option<Said>,
    house: &House,
) -> Decision {
    let purposes = [Purpose::Location, Purpose::OffersPush];
    Decision {
        id: notification.id,
        device: notification.device.clone(),
        offer: notification.offer.clone(),
        merchant: notification.merchant.clone(),
        fence: notification.fence.clone(),
        store: notification.store.as_str().into(),
        visit: notification.visit,
        trigger: notification.trigger,
        triggered_at: notification.triggered_at,
        verdict: verdict.into(),
        failed: Vec::new(),
        next_possible_at: None,
        purposes: purposes.map(|purpose| purpose.word().into()).to_vec(),
        facts: house.for_the_record(),
        counted: None,
        tolerance: None,
        said,
    }
}
