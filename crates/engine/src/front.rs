//! The front door: who is admitted, and what they said.

use consent_gate::{
    Change, ConsentEvent, ConsentKind, ConsentState, Consented, Effect, EventId, Missing, Purpose, Refusal,
    Weighing,
};
use ledger::{ConsentEntry, Entry, What};
use model::{
    CustomerId, CustomerNo, DeviceId, DeviceNo, ExitReason, Fix, MerchantNo, Position, Profile, Timestamp,
};
use notifier::FeedbackEffect;
use sensitive_places::Asked;
use spatial_index::Hits;
use wire::{About, Acknowledgement, Envelope, Feedback, Flaw, ProfileChange};

use crate::engine::Engine;
use crate::event::{Event, EventKind};
use crate::letter::{ConsentAck, Letter, Output, Sighting};
use crate::tally::TOO_MANY_DEVICES;

/// A drain's letters, opened.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    pub(crate) records: Vec<Record>,
    /// Of each record its position, for one call of the index.
    pub(crate) positions: Vec<Position>,
    pub(crate) hits: Hits,
    /// Which of the positions lie in a hard zone.
    pub(crate) zones: Asked,
    found: Vec<Option<CustomerNo>>,
    admitted: Vec<Result<Consented<()>, Refusal>>,
    decoded: Vec<Result<Fix, Flaw>>,
}

/// A decoded fix, with whose it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) customer: CustomerNo,
    pub(crate) device: DeviceNo,
    pub(crate) fix: Fix,
}

impl Opened {
    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.positions.clear();
    }

    pub(crate) fn holds(&self, customer: CustomerNo) -> bool {
        self.records.iter().any(|record| record.customer == customer)
    }
}

/// Merchants and purposes that one customer can have said something about.
const CONSENTS_MAX: usize = 128;

/// The state in an answer to an event that could change nothing.
const UNCHANGED: &str = "unchanged";

impl Engine {
    /// Opens a run of letters with fixes.
    ///
    /// All names are looked up first: the look-ups miss the cache, and overlap when nothing
    /// else stands between them (`pipeline/batch`: 1.58 us a fix before, 1.35 us after).
    pub(crate) fn open_fixes(&mut self, run: &[Letter<'_>], opened: &mut Opened, now: Timestamp) {
        let mut admitted = std::mem::take(&mut opened.admitted);
        let mut found = std::mem::take(&mut opened.found);
        found.clear();
        found.extend(run.iter().map(|letter| self.people.find(letter.customer)));
        admitted.extend(
            found
                .iter()
                .map(|no| no.map_or(Err(Refusal::UnknownCustomer), |no| self.gate.admit(no, (), now))),
        );
        for (letter, admitted) in run.iter().zip(admitted.drain(..)) {
            self.open_letter(letter, admitted, opened, now);
        }
        (opened.admitted, opened.found) = (admitted, found);
    }

    /// Decodes a letter that the gate let through by its name alone (`no_look_without_consent`).
    fn open_letter(
        &mut self,
        letter: &Letter<'_>,
        admitted: Result<Consented<()>, Refusal>,
        opened: &mut Opened,
        now: Timestamp,
    ) {
        let Letter { customer, device, body, .. } = *letter;
        match admitted {
            Ok(admitted) => {
                self.decode(admitted.map(|()| Envelope { customer, device, body }), letter, opened, now);
            }
            Err(refusal) => {
                self.book.tally.n_records += 1;
                self.book.tally.refused.count(refusal.word());
                self.note_letter(letter, EventKind::Refused { reason: refusal.word() }, now);
            }
        }
        self.desk.settle(letter.ticket);
    }

    fn decode(
        &mut self,
        envelope: Consented<Envelope<'_>>,
        letter: &Letter<'_>,
        opened: &mut Opened,
        now: Timestamp,
    ) {
        let customer = envelope.customer();
        let mut decoded = std::mem::take(&mut opened.decoded);
        decoded.clear();
        self.decoder.fixes(envelope, &mut decoded);
        self.book.tally.n_records += decoded.len() as u64;
        for fix in decoded.drain(..) {
            match fix {
                Ok(fix) if self.address((customer, letter.device), fix, opened) => {}
                Ok(_) => self.note_letter(letter, EventKind::Dropped { reason: TOO_MANY_DEVICES }, now),
                Err(flaw) => {
                    self.book.tally.malformed.count(flaw.word());
                    self.note_letter(letter, EventKind::Dropped { reason: flaw.word() }, now);
                }
            }
        }
        opened.decoded = decoded;
    }

    /// Puts a fix beside its phone's number; false for a phone too many.
    fn address(&mut self, (customer, device): (CustomerNo, &str), fix: Fix, opened: &mut Opened) -> bool {
        let Some(device) = self.people.device_no(customer, device, self.policy.devices_max) else {
            self.book.tally.dropped.count(TOO_MANY_DEVICES);
            return false;
        };
        opened.positions.push(fix.position);
        opened.records.push(Record { customer, device, fix });
        true
    }

    /// Lets fixes in that need no opening, behind the same gate (`no_look_without_consent`).
    pub(crate) fn admit_sightings(
        &mut self,
        sightings: &[Sighting<'_>],
        opened: &mut Opened,
        now: Timestamp,
    ) {
        for &Sighting { customer, device, fix } in sightings {
            self.book.tally.n_records += 1;
            let found = self.people.find(customer).ok_or(Refusal::UnknownCustomer);
            match found.and_then(|no| self.gate.admit(no, (no, fix), now)) {
                Ok(admitted) => {
                    let (no, fix) = admitted.into_value();
                    self.address((no, device), fix, opened);
                }
                Err(refusal) => self.book.tally.refused.count(refusal.word()),
            }
        }
    }

    /// A consent event: restrictions hold from here on, grants once they are recorded.
    pub(crate) fn hear_consent(&mut self, letter: &Letter<'_>, now: Timestamp) {
        let Letter { customer, device, body, ticket, .. } = *letter;
        let envelope = Envelope { customer, device, body };
        let event = self.decoder.consent(&envelope);
        let weighed = event.and_then(|event| self.weigh(customer, event, ticket, now));
        if let Err(flaw) = weighed {
            self.book.tally.unusable.count(flaw.word());
            // Without an answer a mistyped withdrawal would look like one that holds.
            if let Ok(customer) = CustomerId::new(customer) {
                let answer = objection(flaw, self.decoder.event_id(&envelope));
                self.desk.outputs.push_back(Output::Acknowledge(ConsentAck { customer, ticket, answer }));
            }
            self.desk.settle(ticket);
        }
    }

    fn weigh(
        &mut self,
        customer: &str,
        event: ConsentEvent,
        ticket: u64,
        now: Timestamp,
    ) -> Result<(), Flaw> {
        let id = CustomerId::new(customer).map_err(|_| Flaw::BadId)?;
        let weighing = Weighing::PLAIN;
        let missing = event.missing(weighing.opt_in, now);
        if !missing.is_nothing() {
            // Before a number is given: a yes without evidence leaves no trace.
            self.book.tally.consents.count(Effect::NoEvidence.word());
            let answer = acknowledgement(&event, UNCHANGED, Effect::NoEvidence, 0, missing);
            self.desk.outputs.push_back(Output::Acknowledge(ConsentAck { customer: id, ticket, answer }));
            self.desk.settle(ticket);
            return Ok(());
        }
        let no = self.people.customer_no(&id);
        let merchant = self.people.merchant_no(&event.merchant).ok_or(Flaw::TooMany)?;
        let n_rows = self.gate.rows(no).count();
        let is_new = !self.gate.rows(no).any(|row| row.merchant == merchant && row.purpose == event.purpose);
        if is_new && CONSENTS_MAX <= n_rows {
            return Err(Flaw::TooMany);
        }
        let first_yes = event.purpose.is_to_speak()
            && matches!(event.kind, ConsentKind::Grant { .. })
            && !self.gate.rows(no).any(|row| row.purpose.is_to_speak() && row.state.check(now).is_ok());
        let change = self.gate.weigh(no, merchant, &event, weighing, now);
        if first_yes && change.effect == Effect::Applied {
            self.notifier.agreed(no, now);
        }
        if event.purpose == Purpose::Location {
            self.stop_seeing(no, now);
            if let (Effect::Applied, ConsentState::Paused { until, .. }) = (change.effect, change.state) {
                self.book.pauses.insert((no, merchant), until);
            }
        }
        self.book.tally.consents.count(change.effect.word());
        let answer =
            acknowledgement(&event, change.state.word(now), change.effect, change.epoch.0, change.missing);
        self.desk.pending.acks.push(ConsentAck { customer: id.clone(), ticket, answer });
        if ticket != 0 {
            self.desk.pending.settled.push(ticket);
        }
        self.desk.pending.changes.push(change);
        let entry = ConsentEntry {
            event,
            hearing: weighing.hearing,
            effect: change.effect,
            state: change.state,
            epoch: change.epoch,
        };
        self.desk.write(no, Entry { customer: id, at: now, what: What::Consent(entry) });
        Ok(())
    }

    /// A change that is durable: what it allows is in force, and begins with a look anew.
    pub(crate) fn put_in_force(&mut self, change: &Change, now: Timestamp) {
        let Change { customer, merchant, purpose, .. } = *change;
        let was_allowed = self.gate.check(customer, merchant, purpose, now).is_ok();
        self.gate.confirm(change);
        let is_allowed = self.gate.check(customer, merchant, purpose, now).is_ok();
        // A no to one merchant changes nothing about what the others see.
        if purpose == Purpose::Location && !was_allowed && is_allowed {
            self.look_anew(customer);
        }
    }

    fn look_anew(&mut self, customer: CustomerNo) {
        for device in self.people.devices_of(customer) {
            self.presence.look_anew(*device);
        }
    }

    /// What a merchant finds after a pause was there before.
    pub(crate) fn end_pauses(&mut self, customer: CustomerNo, now: Timestamp) {
        let (first, last) = (MerchantNo(u32::MIN), MerchantNo(u32::MAX));
        let pauses = self.book.pauses.range((customer, first)..=(customer, last));
        let over: Vec<_> = pauses.filter(|(_, until)| **until <= now).map(|(key, _)| *key).collect();
        for key in over {
            self.book.pauses.remove(&key);
            // It may have been resumed since, or the consent withdrawn.
            if self.gate.is_back_from_pause(customer, key.1, now) {
                self.look_anew(customer);
            }
        }
    }

    /// Ends visits in fences that may no longer be seen, and forgets where the customer was
    /// when nobody may see it.
    fn stop_seeing(&mut self, customer: CustomerNo, now: Timestamp) {
        let nobody_sees = self.gate.admit(customer, (), now).is_err();
        for device in self.people.devices_of(customer).to_vec() {
            self.close_hidden(customer, device, now);
            if nobody_sees && self.presence.forget_place(device) {
                self.book.tally.dropped.count(presence::Drop::Jump.word());
            }
        }
    }

    /// Ends a device's visits in fences that may not be seen now.
    pub(crate) fn close_hidden(&mut self, customer: CustomerNo, device: DeviceNo, now: Timestamp) {
        let open = self.presence.open_visits(device).map(|visit| visit.fence);
        let hidden: Vec<_> = open.filter(|fence| !self.may_see(customer, *fence, now)).collect();
        if hidden.is_empty() {
            return;
        }
        let mut changes = std::mem::take(&mut self.book.changes);
        let gone = |fence| hidden.contains(&fence);
        self.presence.close(device, ExitReason::ConsentWithdrawn, gone, &mut changes);
        self.tell(customer, device, &mut changes, now);
        self.book.changes = changes;
    }

    /// Feedback counts only on an offer that this customer got.
    pub(crate) fn hear_feedback(&mut self, letter: &Letter<'_>, now: Timestamp) {
        let Letter { customer, device, body, ticket, .. } = *letter;
        match self.decoder.feedback(&Envelope { customer, device, body }) {
            Ok(feedback) => match self.take_feedback(customer, &feedback, now) {
                Some(entry) => self.write_durably(entry, ticket),
                None => {
                    self.book.tally.n_feedback_unknown += 1;
                    // It may be one whose first copy is not durable yet.
                    self.desk.settle_behind(ticket);
                }
            },
            Err(flaw) => self.drop_unusable(flaw, ticket),
        }
    }

    /// What is to be written of feedback; nothing of what is unknown, another's or said before.
    fn take_feedback(
        &mut self,
        customer: &str,
        feedback: &Feedback,
        now: Timestamp,
    ) -> Option<(CustomerNo, What, Timestamp)> {
        let no = self.people.find(customer)?;
        let notification = match &feedback.about {
            About::Notification(id) => *id,
            About::Offer(offer) => self.notifier.newest_of(no, offer, now)?,
        };
        let kind = feedback.kind;
        let before = self.notifier.tolerance(no).clone();
        match self.notifier.hear_feedback(no, notification, kind, feedback.at, now) {
            FeedbackEffect::Unknown | FeedbackEffect::Repeated => return None,
            FeedbackEffect::Taken => self.book.tally.n_feedback += 1,
        }
        let heard = self.notifier.heard(no).iter().find(|heard| heard.notification() == notification)?;
        let tolerance = self.notifier.tolerance(no);
        let what = What::Feedback {
            notification,
            kind,
            is_fast: heard.answers.is_fast(),
            shown_at: heard.shown_at,
            tolerance: (*tolerance != before).then(|| tolerance.clone()),
        };
        Some((no, what, now))
    }

    /// What a customer says about themselves; it holds at once, and is answered when it is durable.
    pub(crate) fn hear_profile(&mut self, letter: &Letter<'_>, now: Timestamp) {
        let Letter { customer, device, body, ticket, .. } = *letter;
        let Some(no) = self.people.find(customer) else {
            // Nothing is kept of somebody who never said anything about consent.
            self.book.tally.n_profiles_unknown += 1;
            return self.desk.settle(ticket);
        };
        let envelope = Envelope { customer, device: "", body };
        let change = match device.is_empty() {
            true => self.decoder.profile(&envelope),
            false => self.decoder.own_profile(&envelope),
        };
        match change.and_then(|change| self.take_profile(no, change)) {
            Ok(profile) => {
                self.book.tally.n_profiles += 1;
                self.write_durably((no, What::Profile(profile), now), ticket);
            }
            Err(flaw) => self.drop_unusable(flaw, ticket),
        }
    }

    fn take_profile(&mut self, customer: CustomerNo, change: ProfileChange) -> Result<Profile, Flaw> {
        let is_no_zone = |name: &str| notifier::zone(name).is_none();
        if change.tz.as_ref().is_some_and(|tz| tz.as_deref().is_some_and(is_no_zone)) {
            return Err(Flaw::Malformed);
        }
        let profile = change.applied_to(self.notifier.profile(customer).clone());
        self.notifier.set_profile(customer, profile.clone());
        Ok(profile)
    }

    fn drop_unusable(&mut self, flaw: Flaw, ticket: u64) {
        self.book.tally.unusable.count(flaw.word());
        self.desk.settle(ticket);
    }

    /// Writes an entry; whoever sent the letter is told once it is durable.
    fn write_durably(&mut self, (no, what, now): (CustomerNo, What, Timestamp), ticket: u64) {
        self.desk.write(no, Entry { customer: self.people.customer(no).clone(), at: now, what });
        if ticket != 0 {
            self.desk.pending.settled.push(ticket);
        }
    }

    fn note_letter(&mut self, letter: &Letter<'_>, kind: EventKind, now: Timestamp) {
        self.book.tap.note(|| {
            let (customer, device) =
                (CustomerId::new(letter.customer).ok()?, DeviceId::new(letter.device).ok()?);
            Some(Event { at: now, customer, device, kind })
        });
    }
}

/// The answer to an event that cannot be used.
fn objection(flaw: Flaw, event_id: Option<EventId>) -> Acknowledgement {
    Acknowledgement {
        event_id: event_id.map_or_else(String::new, |id| id.as_str().into()),
        merchant: String::new(),
        purpose: String::new(),
        state: UNCHANGED.into(),
        effect: flaw.word().into(),
        epoch: 0,
        missing: flaw.field().into_iter().map(Into::into).collect(),
    }
}

fn acknowledgement(
    event: &ConsentEvent,
    state: &str,
    effect: Effect,
    epoch: u32,
    missing: Missing,
) -> Acknowledgement {
    Acknowledgement {
        event_id: event.id.as_str().into(),
        merchant: event.merchant.as_str().into(),
        purpose: event.purpose.word().into(),
        state: state.into(),
        effect: effect.word().into(),
        epoch,
        missing: missing.fields().map(Into::into).collect(),
    }
}
