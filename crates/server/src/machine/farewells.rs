//! What was destroyed of whoever was erased, until whoever asked for it has read it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::Farewell;
use ledger::Erasure;

/// Erasures by the number of the letter that asked for them.
#[derive(Default)]
pub(super) struct Farewells(Mutex<HashMap<u64, Erasure>>);

impl Farewells {
    /// Keeps what was done until [`Farewells::take`]; nobody reads what nobody asked for.
    pub(super) fn note(&self, farewell: &Farewell, erasure: Erasure) {
        if farewell.ticket != 0 {
            self.lock().insert(farewell.ticket, erasure);
        }
    }

    /// What was done for a letter.
    pub(super) fn take(&self, ticket: u64) -> Option<Erasure> {
        self.lock().remove(&ticket)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Erasure>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
