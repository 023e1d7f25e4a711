//! What was heard and is not durable yet: whoever tells how things stand must tell it apart.

use consent_gate::{Effect, Purpose};
use model::{CustomerId, MerchantId};

use crate::engine::Engine;

impl Engine {
    /// The consents of a customer that were changed and whose change is not durable yet, in ascending order.
    #[must_use]
    pub fn unrecorded(&self, customer: &CustomerId) -> Vec<(MerchantId, Purpose)> {
        let Some(no) = self.people.find(customer.as_str()) else { return Vec::new() };
        let in_flight = self.desk.in_flight.iter().flat_map(|(_, pending)| &pending.changes);
        let changes = in_flight.chain(&self.desk.pending.changes);
        let theirs = changes.filter(|change| change.customer == no && change.effect == Effect::Applied);
        let mut named: Vec<_> =
            theirs.map(|change| (self.people.merchant(change.merchant).clone(), change.purpose)).collect();
        named.sort_unstable();
        named.dedup();
        named
    }

    /// Settles a ticket once everything that was heard so far is durable.
    pub fn settle_when_recorded(&mut self, ticket: u64) {
        self.desk.settle_behind(ticket);
    }
}
