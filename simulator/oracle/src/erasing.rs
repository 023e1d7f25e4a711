//! Being forgotten: nothing of a customer is known any more, and no yes said before counts.

use std::collections::BTreeMap;

use crate::customer::{Customer, Durability};
use crate::hours::civil_day;
use crate::{Consent, Leaving, Oracle, Word, stock};

/// Who was erased, and who is on their way out.
#[derive(Debug, Default)]
pub(crate) struct Graves {
    erased_at_ms: BTreeMap<u32, i64>,
    leaving: BTreeMap<u32, Leaver>,
}

/// Somebody whose wish was heard, and who stands in the storage still.
#[derive(Debug, Default)]
struct Leaver {
    n_wishes: u32,
    /// As they are stored until they are erased there.
    stored: Customer,
}

impl Graves {
    /// What a storage may give back of somebody who is leaving.
    pub(crate) fn stored(&self, customer: u32) -> Option<&Customer> {
        self.leaving.get(&customer).map(|leaver| &leaver.stored)
    }

    pub(crate) fn stored_mut(&mut self, customer: u32) -> Option<&mut Customer> {
        self.leaving.get_mut(&customer).map(|leaver| &mut leaver.stored)
    }

    /// Whoever had not got their wish by then asks again.
    pub(crate) fn start_again(&mut self) {
        self.leaving.clear();
    }

    pub(crate) fn erased_at_ms(&self, customer: u32) -> Option<i64> {
        self.erased_at_ms.get(&customer).copied()
    }

    /// Whether somebody was erased, or is to be.
    pub(crate) fn is_or_will_be_of(&self, customer: u32) -> bool {
        self.erased_at_ms.contains_key(&customer) || self.is_leaving(customer)
    }

    fn is_leaving(&self, customer: u32) -> bool {
        self.leaving.contains_key(&customer)
    }
}

impl Oracle {
    /// A customer wants to be forgotten: they are unknown from here on, and nothing that they say counts
    /// until [`Oracle::erased`].
    ///
    /// What was told of them since [`Oracle::told`] was last asked is told to nobody.
    pub fn erase(&mut self, customer: u32, now_ms: i64) {
        self.advance(now_ms);
        let gone = std::mem::take(self.customer_mut(customer));
        for outgoing in &gone.outbox {
            if outgoing.durability == Durability::Said {
                // It was never written down, and so never decided.
                let heard = gone.heard().find(|heard| heard.said == outgoing.said);
                let day = heard.and_then(|heard| civil_day(heard.tz?, heard.at_ms));
                stock::put_back(self.stock.now_mut(), outgoing.said.offer, day);
            } else {
                self.edits.called_off.push((outgoing.clone(), Leaving::Revoked));
            }
        }
        self.due_gatherings.retain(|(_, whose)| *whose != customer);
        self.spoken.forget(customer);
        self.reminders.forget(customer);
        self.told.retain(|told| told.customer != customer);
        let leaver = self.graves.leaving.entry(customer).or_default();
        leaver.n_wishes += 1;
        if leaver.n_wishes == 1 {
            leaver.stored = gone;
        }
    }

    /// The storage has nothing of a customer any more, as they wanted it at an instant.
    pub fn erased(&mut self, customer: u32, wanted_at_ms: i64) {
        let erased_at_ms = self.graves.erased_at_ms.entry(customer).or_insert(wanted_at_ms);
        *erased_at_ms = wanted_at_ms.max(*erased_at_ms);
        if let Some(leaver) = self.graves.leaving.get_mut(&customer) {
            leaver.stored = Customer::default();
            leaver.n_wishes -= 1;
            if leaver.n_wishes == 0 {
                self.graves.leaving.remove(&customer);
            }
        }
    }

    pub(crate) fn is_known(&self, customer: u32) -> bool {
        self.customers.get(customer as usize).is_some_and(|known| known.is_known)
    }

    /// Whether a word leaves no trace: only a yes to a notice shown after the erasure begins a new life.
    pub(crate) fn is_of_an_erased_life(&self, customer: u32, consent: &Consent) -> bool {
        if self.graves.is_leaving(customer) {
            return true;
        }
        let is_known = self.is_known(customer);
        let erased_at_ms = self.graves.erased_at_ms(customer).filter(|_| !is_known);
        let is_yes = matches!(consent.word, Word::Grant { .. });
        let shown_at_ms = consent.shown_at_ms.filter(|_| is_yes);
        erased_at_ms.is_some_and(|erased_at_ms| shown_at_ms.is_none_or(|at_ms| at_ms <= erased_at_ms))
    }
}
