//! The register: what must not be forgotten, and the proof that it was written down.
//!
//! A decision is staged with its entries and state rows, one [`commit`] writes any
//! number of staged decisions in one transaction, and only then is there a
//! [`Recorded`] notification, which is all that the sender takes
//! (`ledger_precedes_delivery`). The types keep that order:
//!
//! ```compile_fail
//! // A recorded notification cannot be copied, so it cannot be sent twice by mistake.
//! fn twice(recorded: ledger::Recorded<model::Notification>) {
//!     let copy = recorded.clone();
//! }
//! ```
//!
//! ```compile_fail
//! // Nor can it be made of a notification that was never written down.
//! fn forge(value: model::Notification, customer: model::CustomerNo) {
//!     let epoch = consent_gate::Epoch::default();
//!     let recorded = ledger::Recorded { value, customer, epoch };
//! }
//! ```
//!
//! ```compile_fail
//! // What was read back goes out only after the gate said yes again.
//! fn skip_the_gate(stored: ledger::Stored) {
//!     let recorded = ledger::Recorded::resume(stored);
//! }
//! ```
//!
//! ```compile_fail
//! // Nobody but a storage's own reader can claim that a notification was stored.
//! fn pretend(notification: model::Notification) {
//!     let stored = ledger::Stored(notification);
//! }
//! ```
//!
//! ```compile_fail
//! // A staged decision is committed once.
//! fn stage_twice(staged: ledger::Staged) {
//!     let copy = staged.clone();
//! }
//! ```
//!
//! The room is pure: no clock, no chance, no I/O. Random bytes come from the caller.

mod chain;
mod cipher;
mod codec;
mod commit;
mod entry;
mod erasure;
mod forgetful;
mod memory;
mod paper;
mod replay;
mod retention;
mod rollback;
#[cfg(test)]
mod samples;
mod seal;
mod state;
mod statement;
mod stock;
mod storage;

pub use chain::{Head, SealedHash, sealed_hash};
pub use commit::{Batch, Committed, NotCommitted, Recorded, Staged, commit, stage};
pub use entry::{ConsentEntry, Counted, Decision, DeliveryOutcome, Entry, SENT, Said, What};
pub use erasure::{Erasure, Graves, KeyId};
pub use forgetful::Forgetful;
pub use memory::MemoryStorage;
pub use paper::{entry_from_paper, entry_on_paper, state_from_paper, state_on_paper};
pub use replay::{Disagreement, Rebuilt, replay};
pub use retention::{Age, Outlived, Retained, Retention};
pub use rollback::{RolledBack, Since};
pub use seal::{CustomerHash, CustomerKey, Nonce, OpenedStates, Place, Unreadable, Vault};
pub use state::{Heard, OpenVisit, StateRow, Stored, StoredState};
pub use statement::{Statement, StatementFlaw, statement};
pub use stock::{STOCK_DAYS_KEPT, StockChange, StockCount};
pub use storage::{ClosedPartition, Numbered, Storage, StorageError, Table};
