//! Plays letters into an engine whose ledger forgets, and writes the trace.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use engine::{ClockSource, Door, Engine, Event, EventKind, House, Letter, Output, Policy};
use ledger::{DeliveryOutcome, Forgetful};
use model::{CustomerId, DeviceId, Fix, MerchantId, Millis, Timestamp};
use rehearsal::assumed;
use wire::consent_file::Received;

use super::{AGREED_BEFORE, Survey};
use crate::cli::output;
use crate::cli::report::Failure;
use crate::trace::trace_line;

/// An engine in virtual time, with somewhere to write its trace.
pub(super) struct Player {
    pub(super) engine: Engine,
    pub(super) out: output::Output,
    /// Transitions of each device, to be compared with another way of playing the same fixes.
    pub(super) transitions_of: BTreeMap<(CustomerId, DeviceId), u64>,
    pub(super) offers: BTreeMap<String, u64>,
    /// Consent that is received later, latest first.
    consent: Vec<Received>,
}

impl Player {
    pub(super) fn new(house: Arc<House>, policy: &Policy, out: output::Output, start_at: Timestamp) -> Self {
        // Nothing is read back after a replay, so no visit needs to be stored.
        let visits_stored_every = Millis::from_days(365_000);
        let policy = Policy { clock: ClockSource::Fixes, visits_stored_every, ..policy.clone() };
        let mut engine = Engine::new(house, policy);
        engine.open(start_at);
        engine.listen();
        let (transitions_of, offers) = (BTreeMap::new(), BTreeMap::new());
        Self { engine, out, transitions_of, offers, consent: Vec::new() }
    }

    /// Everybody agrees to every merchant, through the real door.
    pub(super) fn agree(
        &mut self,
        customers: &BTreeSet<CustomerId>,
        merchants: &[MerchantId],
        survey: &Survey,
    ) {
        if survey.n_fixes == 0 {
            return;
        }
        let at = survey.first_at - AGREED_BEFORE;
        let until = survey.last_at + Millis::from_days(1);
        let merchants: Vec<&MerchantId> = merchants.iter().collect();
        for customer in customers {
            for event in assumed::grants(&merchants, at, until) {
                self.hand_in(customer, &event, at);
            }
            self.settle(at);
        }
    }

    /// Consent events, each at its own time.
    pub(super) fn agree_as_recorded(&mut self, mut events: Vec<Received>) {
        events.sort_by_key(|event| Reverse(event.received_at));
        self.consent = events;
    }

    pub(super) fn play(
        &mut self,
        customer: &CustomerId,
        device: &DeviceId,
        fix: &Fix,
    ) -> Result<(), Failure> {
        while let Some(event) = self.consent.pop_if(|event| event.received_at <= fix.taken_at) {
            self.hand_in(&event.customer, event.text.as_bytes(), event.received_at);
            self.settle(event.received_at);
        }
        let body = wire::encode_fix(fix);
        let letter = Letter {
            door: Door::Fixes,
            customer: customer.as_str(),
            device: device.as_str(),
            body: &body,
            ticket: 0,
        };
        self.engine.handle_letters(&[letter], Timestamp::MIN);
        self.settle(Timestamp::MIN);
        self.write_events()
    }

    fn hand_in(&mut self, customer: &CustomerId, event: &[u8], at: Timestamp) {
        let letter =
            Letter { door: Door::Consent, customer: customer.as_str(), device: "", body: event, ticket: 0 };
        self.engine.handle_letters(&[letter], at);
    }

    /// Commits and delivers at once: in virtual time nothing takes time.
    fn settle(&mut self, now: Timestamp) {
        while let Some(staged) = self.engine.poll_staged(now) {
            let committed =
                ledger::commit(&mut Forgetful, vec![staged]).expect("a ledger that forgets cannot fail");
            for committed in committed {
                self.engine.handle_committed(committed, now);
            }
            while let Some(output) = self.engine.poll_output() {
                if let Output::Send(recorded) = output {
                    let now = self.engine.now();
                    let outcome = self.engine.may_send(&recorded, now).err().unwrap_or(DeliveryOutcome::Sent);
                    self.engine.handle_delivery(
                        &recorded.value().customer.clone(),
                        recorded.value().id,
                        outcome,
                        now,
                    );
                }
            }
        }
    }

    fn write_events(&mut self) -> Result<(), Failure> {
        while let Some(event) = self.engine.poll_event() {
            self.count(&event);
            trace_line(&event)
                .write(&mut self.out)
                .map_err(|error| Failure::io(Path::new("trace"), error))?;
        }
        Ok(())
    }

    fn count(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Transition { .. } => {
                let key = (event.customer.clone(), event.device.clone());
                *self.transitions_of.entry(key).or_default() += 1;
            }
            EventKind::Offer { offer, .. } => *self.offers.entry(offer.as_str().to_owned()).or_default() += 1,
            EventKind::Suppressed { .. } | EventKind::Refused { .. } | EventKind::Dropped { .. } => {}
        }
    }
}
