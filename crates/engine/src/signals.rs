//! Signals: a wish that names no purpose becomes the withdrawals that the law makes of it.

use std::collections::BTreeSet;

use consent_gate::{ConsentEvent, Effect, Hearing, OptIn, Purpose, Signal, Weighing};
use model::{CustomerId, CustomerNo, MerchantId, Profile, Timestamp};
use wire::{Acknowledgement, Flaw, TakenBack};

use crate::consents::{ERASED, UNCHANGED};
use crate::engine::Engine;
use crate::letter::ConsentAck;

impl Engine {
    /// Takes back what the rules that bind the customer say, towards the merchant whom the signal names, or
    /// towards all of whom the customer ever said anything.
    ///
    /// Every withdrawal is weighed, recorded and heeded like one that was sent by itself; all are durable
    /// together, and one answer tells of them. What takes nothing back leaves no trace.
    pub(crate) fn heed_signal(
        &mut self,
        customer: &str,
        signal: &Signal,
        ticket: u64,
        now: Timestamp,
    ) -> Result<(), Flaw> {
        let id = CustomerId::new(customer).map_err(|_| Flaw::BadId)?;
        let nothing = |effect: Effect, state: &str| answer(signal, effect, state, 0);
        if self.is_leaving(&id) || self.erased_at(&id).is_some() {
            self.book.tally.consents.count(Effect::Erased.word());
            let answer = nothing(Effect::Erased, ERASED);
            self.answer_at_once(ConsentAck { customer: id, ticket, answer });
            return Ok(());
        }
        let withdrawals = self.withdrawals(&id, signal, now);
        if withdrawals.is_empty() {
            self.book.tally.consents.count(Effect::NothingToChange.word());
            let answer = nothing(Effect::NothingToChange, UNCHANGED);
            self.answer_at_once(ConsentAck { customer: id, ticket, answer });
            return Ok(());
        }
        let weighing = Weighing { opt_in: OptIn::Single, hearing: Hearing::Live, lasts_max: None };
        let (mut last, mut withdrawn) = (None, Vec::new());
        for event in &withdrawals {
            // Where there is no room for one more row nothing was ever granted.
            if let Ok(change) = self.take_in(&id, event, weighing, now) {
                last = Some(change);
                let (merchant, purpose) = (event.merchant.as_str(), event.purpose.word());
                withdrawn.push(TakenBack { merchant: merchant.to_owned(), purpose: purpose.to_owned() });
            }
        }
        let change = last.ok_or(Flaw::TooMany)?;
        let told = answer(signal, change.effect, change.state.word(now), change.epoch.0);
        let answer = Acknowledgement { withdrawn, ..told };
        self.answer_durably(ConsentAck { customer: id, ticket, answer });
        Ok(())
    }

    /// What a signal comes to for a customer, merchant by merchant.
    fn withdrawals(&self, id: &CustomerId, signal: &Signal, now: Timestamp) -> Vec<ConsentEvent> {
        let stranger = Profile::default();
        let no = self.people.find(id.as_str());
        let profile = no.map_or(&stranger, |no| self.notifier.profile(no));
        let merchants = match &signal.merchant {
            Some(merchant) => BTreeSet::from([merchant]),
            None => no.map(|no| self.merchants_of(no)).unwrap_or_default(),
        };
        let of_merchant = |merchant: &MerchantId| {
            let binding = self.policy.law.binding(profile, Some(merchant), None, now);
            let taken_back = Purpose::ALL.into_iter().filter(|purpose| signal.withdraws(*purpose, &binding));
            taken_back.map(|purpose| signal.withdrawal(merchant.clone(), purpose)).collect::<Vec<_>>()
        };
        merchants.into_iter().flat_map(of_merchant).collect()
    }

    /// Everybody about whom a customer ever said something.
    fn merchants_of(&self, customer: CustomerNo) -> BTreeSet<&MerchantId> {
        self.gate.rows(customer).map(|row| self.people.merchant(row.merchant)).collect()
    }
}

fn answer(signal: &Signal, effect: Effect, state: &str, epoch: u32) -> Acknowledgement {
    Acknowledgement {
        event_id: signal.id.as_str().into(),
        merchant: signal.merchant.as_ref().map_or_else(String::new, |merchant| merchant.as_str().into()),
        purpose: String::new(),
        state: state.into(),
        effect: effect.word().into(),
        epoch,
        missing: Vec::new(),
        withdrawn: Vec::new(),
    }
}
