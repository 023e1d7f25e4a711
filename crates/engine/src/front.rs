//! The front door: who is admitted, and what they said.

use consent_gate::{Consented, Purpose, Refusal};
use ledger::{Entry, What};
use model::{
    CustomerId, CustomerNo, DeviceId, DeviceNo, ExitReason, FenceNo, Fix, MerchantId, MerchantNo, Position,
    Profile, Timestamp,
};
use notifier::FeedbackEffect;
use sensitive_places::Asked;
use spatial_index::Hits;
use wire::{About, Envelope, Feedback, Flaw, ProfileChange};

use crate::engine::Engine;
use crate::event::{Event, EventKind};
use crate::letter::{Letter, Sighting};
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

impl Engine {
    /// Opens a run of letters with fixes.
    ///
    /// All names are looked up first, and then all of the gate: what is far away is waited for together
    /// when nothing else stands between (`gate/message`).
    pub(crate) fn open_fixes(&mut self, run: &[Letter<'_>], opened: &mut Opened, now: Timestamp) {
        let mut admitted = std::mem::take(&mut opened.admitted);
        let mut found = std::mem::take(&mut opened.found);
        found.clear();
        self.people.find_all(run, |letter| letter.customer, &mut found);
        self.gate.prefetch(found.iter().flatten().copied());
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
                self.book.tally.refused.count_nth(refusal as usize);
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
                Ok(fix) if self.is_unseen(customer, &fix, now) => {
                    let reason = Refusal::Background.word();
                    self.book.tally.refused.count(reason);
                    self.note_letter(letter, EventKind::Refused { reason }, now);
                }
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

    /// Whether a fix was taken while the app was not in use, and nobody may see that: it is compared with
    /// no fence (`no_look_without_consent`).
    fn is_unseen(&self, customer: CustomerNo, fix: &Fix, now: Timestamp) -> bool {
        fix.foreground != Some(true) && self.gate.admit_in_background(customer, now).is_err()
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
                    if self.is_unseen(no, &fix, now) {
                        self.book.tally.refused.count(Refusal::Background.word());
                    } else {
                        self.address((no, device), fix, opened);
                    }
                }
                Err(refusal) => self.book.tally.refused.count(refusal.word()),
            }
        }
    }

    pub(crate) fn look_anew(&mut self, customer: CustomerNo) {
        for device in self.people.devices_of(customer) {
            self.presence.look_anew(*device);
        }
    }

    /// What a merchant finds after a pause was there before.
    pub(crate) fn end_pauses(&mut self, customer: CustomerNo, now: Timestamp) {
        let first = (customer, MerchantNo(u32::MIN), Purpose::ALL[0]);
        let pauses = self.book.pauses.range(first..).take_while(|((whose, ..), _)| *whose == customer);
        let over: Vec<_> = pauses.filter(|(_, until)| **until <= now).map(|(key, _)| *key).collect();
        for key in over {
            self.book.pauses.remove(&key);
            // It may have been resumed since, or the consent withdrawn.
            if self.gate.is_back_from_pause(customer, key.1, key.2, now) {
                self.look_anew(customer);
            }
        }
    }

    /// Ends visits in fences that may no longer be seen, and forgets where the customer was
    /// when nobody may see it.
    pub(crate) fn stop_seeing(&mut self, customer: CustomerNo, now: Timestamp) {
        let nobody_sees = self.gate.admit(customer, (), now).is_err();
        for device in self.people.devices_of(customer).to_vec() {
            self.close_hidden(customer, device, Some(true), now);
            if nobody_sees && self.presence.forget_place(device) {
                self.book.tally.dropped.count(presence::Drop::Jump.word());
            }
        }
    }

    /// Ends a device's visits in fences that may not be seen now, with the app in use or not.
    pub(crate) fn close_hidden(
        &mut self,
        customer: CustomerNo,
        device: DeviceNo,
        foreground: Option<bool>,
        now: Timestamp,
    ) {
        let open = self.presence.open_visits(device).map(|visit| visit.fence);
        let hidden: Vec<_> = open.filter(|fence| !self.may_see(customer, *fence, foreground, now)).collect();
        self.close(customer, device, &hidden, now);
    }

    /// Ends a customer's visits to a merchant who may not see them any more while the app is not in use:
    /// nobody knows in which of them it is.
    pub(crate) fn close_visits_to(&mut self, customer: CustomerNo, merchant: &MerchantId, now: Timestamp) {
        for device in self.people.devices_of(customer).to_vec() {
            let open = self.presence.open_visits(device).map(|visit| visit.fence);
            let theirs: Vec<_> = open.filter(|fence| self.house.merchant(*fence) == Some(merchant)).collect();
            self.close(customer, device, &theirs, now);
        }
    }

    fn close(&mut self, customer: CustomerNo, device: DeviceNo, hidden: &[FenceNo], now: Timestamp) {
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
        let envelope = Envelope { customer, device: "", body };
        let change = match device.is_empty() {
            true => self.decoder.profile(&envelope),
            false => self.decoder.own_profile(&envelope),
        };
        let whose = match self.people.find(customer) {
            Some(no) => Some((no, change)),
            None => self.meet_bound(customer, change),
        };
        let Some((no, change)) = whose else {
            // Nothing else is kept of somebody who never said anything about consent.
            self.book.tally.n_profiles_unknown += 1;
            return self.desk.settle_behind(ticket);
        };
        match change.and_then(|change| self.take_profile(no, change, now)) {
            Ok(profile) => {
                self.book.tally.n_profiles += 1;
                self.write_durably((no, What::Profile(profile), now), ticket);
            }
            Err(flaw) => self.drop_unusable(flaw, ticket),
        }
    }

    /// Somebody new, when what is said of them decides whether they may be seen and under whose law: it must not
    /// be lost because their consent comes later.
    fn meet_bound(
        &mut self,
        customer: &str,
        change: Result<ProfileChange, Flaw>,
    ) -> Option<(CustomerNo, Result<ProfileChange, Flaw>)> {
        let id = CustomerId::new(customer).ok()?;
        let bound = change.ok().and_then(ProfileChange::binding)?;
        let is_gone = self.is_leaving(&id) || self.erased_at(&id).is_some();
        (!is_gone).then(|| (self.meet(&id), Ok(bound)))
    }

    fn take_profile(
        &mut self,
        customer: CustomerNo,
        change: ProfileChange,
        now: Timestamp,
    ) -> Result<Profile, Flaw> {
        let is_no_zone = |name: &str| notifier::zone(name).is_none();
        if change.tz.as_ref().is_some_and(|tz| tz.as_deref().is_some_and(is_no_zone)) {
            return Err(Flaw::Malformed);
        }
        let profile = change.applied_to(self.notifier.profile(customer).clone());
        self.notifier.set_profile(customer, profile.clone());
        self.heed(customer, &profile, now);
        Ok(profile)
    }

    fn drop_unusable(&mut self, flaw: Flaw, ticket: u64) {
        self.book.tally.unusable.count(flaw.word());
        self.desk.settle(ticket);
    }

    /// Writes an entry; whoever sent the letter is told once it is durable.
    fn write_durably(&mut self, (no, what, now): (CustomerNo, What, Timestamp), ticket: u64) {
        self.desk.write(no, Entry { customer: self.people.customer(no), at: now, what });
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
