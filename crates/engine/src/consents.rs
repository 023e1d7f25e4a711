//! The front door's other half: what customers say about consent.

use std::sync::Arc;

use consent_gate::{
    Block, Change, ConsentEvent, ConsentKind, ConsentState, Effect, EventId, Hearing, Missing, OptIn,
    Purpose, RuleBook, Weighing,
};
use ledger::{ConsentEntry, Entry, What};
use model::{CustomerId, CustomerNo, Profile, Timestamp};
use wire::{Acknowledgement, ConsentLetter, Envelope, Flaw};

use crate::engine::Engine;
use crate::letter::{ConsentAck, Door, Letter, Output};
use crate::own::from_their_phone;

/// Merchants and purposes that one customer can have said something about.
const CONSENTS_MAX: usize = 128;

/// The state in an answer to an event that could change nothing.
pub(crate) const UNCHANGED: &str = "unchanged";

/// The state of somebody who was erased.
pub(crate) const ERASED: &str = "erased";

impl Engine {
    /// A consent event: restrictions hold from here on, grants once they are recorded.
    pub(crate) fn hear_consent(&mut self, letter: &Letter<'_>, now: Timestamp) {
        let Letter { customer, device, body, ticket, .. } = *letter;
        let is_their_phone = !device.is_empty();
        let envelope = Envelope { customer, device: "", body };
        let hearing = match letter.door {
            Door::Imported { attested } => Hearing::Imported { attested },
            Door::Consent | Door::Fixes | Door::Feedback | Door::Profile | Door::Erasure => Hearing::Live,
        };
        let said = match hearing {
            Hearing::Live => self.decoder.consent_letter(&envelope),
            Hearing::Imported { .. } => self.decoder.consent(&envelope).map(ConsentLetter::Event),
        };
        let said = said.and_then(|said| if is_their_phone { from_their_phone(said) } else { Ok(said) });
        let weighed = said.and_then(|said| match said {
            ConsentLetter::Event(event) => self.weigh(customer, &event, hearing, ticket, now),
            ConsentLetter::Signal(signal) => self.heed_signal(customer, &signal, ticket, now),
        });
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
        event: &ConsentEvent,
        hearing: Hearing,
        ticket: u64,
        now: Timestamp,
    ) -> Result<(), Flaw> {
        let id = CustomerId::new(customer).map_err(|_| Flaw::BadId)?;
        let weighing = self.weighing(&id, event, hearing, now);
        if let Some((effect, state, missing)) = self.leaves_no_trace(&id, event, weighing, now) {
            self.book.tally.consents.count(effect.word());
            let answer = acknowledgement(event, state, effect, 0, missing);
            self.answer_at_once(ConsentAck { customer: id, ticket, answer });
            return Ok(());
        }
        let change = self.take_in(&id, event, weighing, now)?;
        let state = change.state.word(now);
        let answer = acknowledgement(event, state, change.effect, change.epoch.0, change.missing);
        self.answer_durably(ConsentAck { customer: id, ticket, answer });
        Ok(())
    }

    /// Weighs an event that leaves a trace, and writes it down; every room heeds at once what it takes away.
    pub(crate) fn take_in(
        &mut self,
        id: &CustomerId,
        event: &ConsentEvent,
        weighing: Weighing,
        now: Timestamp,
    ) -> Result<Change, Flaw> {
        let no = self.meet(id);
        let merchant = self.people.merchant_no(&event.merchant).ok_or(Flaw::TooMany)?;
        let n_rows = self.gate.rows(no).count();
        let is_new = !self.gate.rows(no).any(|row| row.merchant == merchant && row.purpose == event.purpose);
        if is_new && CONSENTS_MAX <= n_rows {
            return Err(Flaw::TooMany);
        }
        let has_agreed =
            self.gate.rows(no).any(|row| row.purpose.is_to_speak() && row.state.check(now).is_ok());
        let was_seen = self.gate.check(no, merchant, Purpose::Background, now).is_ok();
        let change = self.gate.weigh(no, merchant, event, weighing, now);
        if change.effect == Effect::Applied {
            self.take_up_change(event, &change, has_agreed, now);
        }
        if event.purpose == Purpose::Location {
            self.stop_seeing(no, now);
        } else if was_seen && self.gate.check(no, merchant, Purpose::Background, now).is_err() {
            self.close_visits_to(no, &event.merchant, now);
        }
        self.book.tally.consents.count(change.effect.word());
        self.desk.pending.changes.push(change);
        let Change { effect, state, epoch, .. } = change;
        let entry = ConsentEntry { event: event.clone(), hearing: weighing.hearing, effect, state, epoch };
        self.desk.write(no, Entry { customer: id.clone(), at: now, what: What::Consent(entry) });
        Ok(change)
    }

    /// Answers once all that was said before is durable.
    pub(crate) fn answer_durably(&mut self, ack: ConsentAck) {
        if ack.ticket != 0 {
            self.desk.pending.settled.push(ack.ticket);
        }
        self.desk.pending.acks.push(ack);
    }

    /// Answers something of which nothing is kept.
    pub(crate) fn answer_at_once(&mut self, ack: ConsentAck) {
        let ticket = ack.ticket;
        self.desk.outputs.push_back(Output::Acknowledge(ack));
        self.desk.settle(ticket);
    }

    /// What other rooms make of a change.
    fn take_up_change(&mut self, event: &ConsentEvent, change: &Change, has_agreed: bool, now: Timestamp) {
        let &Change { customer, merchant, purpose, state, .. } = change;
        let is_yes = matches!(event.kind, ConsentKind::Grant { .. } | ConsentKind::Confirm { .. });
        let is_granted = matches!(state, ConsentState::Granted { .. });
        if purpose.is_to_speak() && is_yes && !has_agreed && is_granted {
            self.notifier.agreed(customer, now);
        }
        if let (true, ConsentState::Paused { until, .. }) = (purpose.is_to_see(), state) {
            self.book.pauses.insert((customer, merchant, purpose), until);
        }
    }

    /// Under which rules an event is weighed: those of wherever the customer lives or is called, and of the
    /// merchant's seat.
    ///
    /// Whoever vouches for old words vouches for how they were said, too.
    fn weighing(&self, id: &CustomerId, event: &ConsentEvent, hearing: Hearing, now: Timestamp) -> Weighing {
        let stranger = Profile::default();
        let known = self.people.find(id.as_str());
        let profile = known.map_or(&stranger, |no| self.notifier.profile(no));
        let binding = self.policy.law.binding(profile, Some(&event.merchant), None, now);
        let opt_in = match hearing {
            Hearing::Imported { attested: true } => OptIn::Single,
            Hearing::Live | Hearing::Imported { attested: false } => binding.opt_in(event.purpose),
        };
        Weighing { opt_in, hearing, lasts_max: binding.grant_lasts_max(event.purpose) }
    }

    /// The answer to an event of which nothing is kept: it proves nothing, or comes from a life that was
    /// erased, or from a file that nobody vouches for.
    fn leaves_no_trace(
        &self,
        id: &CustomerId,
        event: &ConsentEvent,
        weighing: Weighing,
        now: Timestamp,
    ) -> Option<(Effect, &'static str, Missing)> {
        let missing = event.missing(weighing.opt_in, now);
        if self.is_of_an_erased_life(id, event) {
            return Some((Effect::Erased, ERASED, Missing::NOTHING));
        }
        if !missing.is_nothing() {
            return Some((Effect::NoEvidence, UNCHANGED, missing));
        }
        let is_vouched_for = weighing.hearing != Hearing::Imported { attested: false };
        let is_stranger = self.people.find(id.as_str()).is_none();
        let is_yes = event.said_yes_at().is_some();
        (is_yes && is_stranger && !is_vouched_for).then_some((
            Effect::NotAttested,
            UNCHANGED,
            Missing::NOTHING,
        ))
    }

    /// Whether somebody was erased, or is being, and the event is no yes to a notice shown since.
    fn is_of_an_erased_life(&self, id: &CustomerId, event: &ConsentEvent) -> bool {
        if self.is_leaving(id) {
            return true;
        }
        let is_new_yes = |erased_at: Timestamp| match event.kind {
            ConsentKind::Grant { .. } => {
                event.notice.as_ref().is_some_and(|notice| erased_at < notice.shown_at)
            }
            ConsentKind::Show
            | ConsentKind::Confirm { .. }
            | ConsentKind::Refuse
            | ConsentKind::Withdraw
            | ConsentKind::Pause { .. }
            | ConsentKind::Resume
            | ConsentKind::Supersede
            | ConsentKind::Block { .. }
            | ConsentKind::Unblock => false,
        };
        self.erased_at(id).is_some_and(|erased_at| !is_new_yes(erased_at))
    }

    /// The number of a customer; a new one begins after whatever was erased of them.
    pub(crate) fn meet(&mut self, id: &CustomerId) -> CustomerNo {
        let erased_at = self.erased_at(id);
        let is_new = self.people.find(id.as_str()).is_none();
        let no = self.people.customer_no(id);
        if is_new {
            self.heed_declared(no, &Profile::default());
        }
        if let Some(erased_at) = erased_at {
            self.gate.begin_anew(no, erased_at);
        }
        no
    }

    /// What a customer says about themselves changes who may see them.
    pub(crate) fn heed(&mut self, customer: CustomerNo, profile: &Profile, now: Timestamp) {
        self.heed_declared(customer, profile);
        if profile.minor {
            self.stop_seeing(customer, now);
        }
    }

    /// Tells the gate what a profile means to it: whoever is not of age is not seen at all, and nobody of
    /// whom it is not known where they live, where that is asked.
    pub(crate) fn heed_declared(&mut self, customer: CustomerNo, profile: &Profile) {
        self.gate.block(customer, profile.minor.then_some(Block::Minor));
        self.gate.set_home(customer, self.policy.law.residence(profile).is_some());
    }

    /// Takes up another rule book, between two letters: from here on every event is weighed and every text
    /// message held back by it.
    ///
    /// What was granted keeps the end and the style of its own day, and what waits for a token waits on, also
    /// where no token is asked for any more: neither can be said anew by a change of the book.
    pub fn handle_rules(&mut self, rules: Arc<RuleBook>) {
        self.policy.law.rules = rules;
    }

    /// A change that is durable: what it allows is in force, and begins with a look anew.
    pub(crate) fn put_in_force(&mut self, change: &Change, now: Timestamp) {
        let Change { customer, merchant, purpose, .. } = *change;
        let was_allowed = self.gate.check(customer, merchant, purpose, now).is_ok();
        self.gate.confirm(change);
        let is_allowed = self.gate.check(customer, merchant, purpose, now).is_ok();
        // A no to one merchant changes nothing about what the others see.
        if purpose.is_to_see() && !was_allowed && is_allowed {
            self.look_anew(customer);
        }
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
        withdrawn: Vec::new(),
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
        withdrawn: Vec::new(),
    }
}
