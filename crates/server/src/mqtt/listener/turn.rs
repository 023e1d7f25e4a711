//! Whose consent is being written at this moment.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The customers of whom a consent event has been read and not yet acknowledged.
///
/// While a connection waits for its consent event to be durable it cannot write, so an offer
/// handed to it then would go out right behind the acknowledgement of the withdrawal that
/// forbids it. Holding offers back for that moment makes the gate be asked again.
#[derive(Default)]
pub(super) struct ConsentTurns {
    /// At most one per connection.
    of: Mutex<HashMap<Box<str>, usize>>,
}

/// Holds a customer's turn; ends when dropped, also when its connection is.
pub(super) struct ConsentTurn<'a> {
    turns: &'a ConsentTurns,
    customer: Box<str>,
}

impl ConsentTurns {
    pub(super) fn take(&self, customer: &str) -> ConsentTurn<'_> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        *of.entry(customer.into()).or_default() += 1;
        ConsentTurn { turns: self, customer: customer.into() }
    }

    pub(super) fn is_taken(&self, customer: &str) -> bool {
        self.of.lock().unwrap_or_else(PoisonError::into_inner).contains_key(customer)
    }
}

impl Drop for ConsentTurn<'_> {
    fn drop(&mut self) {
        let mut of = self.turns.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = of.get_mut(&self.customer) {
            *n -= 1;
            if *n == 0 {
                of.remove(&self.customer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ConsentTurns;

    #[test]
    fn a_turn_lasts_until_the_last_of_its_customer_ends() {
        let turns = ConsentTurns::default();
        let first = turns.take("c1");
        let second = turns.take("c1");
        drop(first);
        assert!(turns.is_taken("c1"));
        assert!(!turns.is_taken("c2"));
        drop(second);
        assert!(!turns.is_taken("c1"));
    }
}
