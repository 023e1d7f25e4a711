//! Leaving for good: a customer who wants to be forgotten is forgotten by every room at once.

use std::collections::btree_map::Entry;

use ledger::{DeliveryOutcome, Erasure};
use model::{CustomerId, CustomerNo, Timestamp};
use notifier::Suppression;

use crate::engine::Engine;
use crate::letter::{Farewell, Letter, Output};

impl Engine {
    /// A customer wants everything destroyed that is kept of them.
    ///
    /// From here on nothing of theirs is opened, said or written; the wish is answered when the ledger has
    /// destroyed what it has ([`Engine::handle_erased`]).
    pub(crate) fn hear_erasure(&mut self, letter: &Letter<'_>, now: Timestamp) {
        let Letter { customer, ticket, .. } = *letter;
        let Ok(id) = CustomerId::new(customer) else { return self.desk.settle(ticket) };
        if let Some(no) = self.people.find(customer) {
            self.forget(no, &id);
        }
        self.book.tap.forget(&id);
        *self.desk.leaving.entry(id.clone()).or_default() += 1;
        self.desk.outputs.push_back(Output::Erase(Farewell { customer: id, at: now, ticket }));
    }

    /// The ledger holds nothing of a customer any more, and whoever asked for it is told.
    ///
    /// What they say later counts only when a notice was shown to them after it: that is another life.
    pub fn handle_erased(&mut self, farewell: &Farewell, erasure: &Erasure, now: Timestamp) {
        self.advance(now);
        if let Entry::Occupied(mut wishes) = self.desk.leaving.entry(farewell.customer.clone()) {
            *wishes.get_mut() -= 1;
            if *wishes.get() == 0 {
                wishes.remove();
            }
        }
        // A ledger that held nothing new tells of the erasure before; what was said between was not written.
        self.graves.add(&farewell.customer, erasure.at.max(farewell.at));
        self.desk.settle(farewell.ticket);
    }

    /// When a customer was erased, if they were and have not begun a new life since.
    #[must_use]
    pub fn erased_at(&self, customer: &CustomerId) -> Option<Timestamp> {
        self.graves.erased_at(customer).filter(|_| self.people.find(customer.as_str()).is_none())
    }

    /// Whether a customer is being erased.
    #[must_use]
    pub fn is_leaving(&self, customer: &CustomerId) -> bool {
        self.desk.leaving.contains_key(customer)
    }

    /// Takes a customer out of every room.
    fn forget(&mut self, customer: CustomerNo, id: &CustomerId) {
        self.take_back_unwritten(customer);
        for device in self.people.devices_of(customer).to_vec() {
            if self.presence.forget(device) {
                self.book.tally.dropped.count(presence::Drop::Jump.word());
            }
        }
        for _ in self.notifier.forget(customer) {
            self.book.tally.suppressed.count(Suppression::NoConsent.word());
        }
        self.desk.forget(customer, id);
        self.book.pauses.retain(|(whose, ..), _| *whose != customer);
        self.gate.forget(customer);
        self.people.forget(customer);
    }

    /// What was decided to be said and is not written down yet never was: its piece of stock goes back.
    fn take_back_unwritten(&mut self, customer: CustomerNo) {
        let unwritten = self.desk.notifications.iter().filter(|said| said.customer() == customer);
        let unwritten: Vec<_> = unwritten.map(|said| said.value().id).collect();
        for id in unwritten {
            self.leave(customer, id, DeliveryOutcome::Expired, self.now());
        }
    }
}
