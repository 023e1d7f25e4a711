//! The ledger on disk: SQLite, one writer, one transaction for a batch.
//!
//! A data directory holds `ledger.db` (entries, state rows, heads), `keys.db` (the
//! customers' keys, wrapped), `master.key`, `heads` (where each chain ended, kept apart)
//! and `lock`. `docs/ledger-format.md` describes them byte by byte. Nothing in them names
//! a customer or where one was in plain text. Beside them, [`FenceSets`] keeps the versions of the
//! fence set.

mod anchor;
mod audit;
mod backup;
mod beside;
mod checked_list;
mod directory;
mod doctor;
mod erase;
mod erasures;
mod error;
mod fence_sets;
mod heads;
mod home;
mod keys;
mod manifest;
mod migrate;
mod proof;
mod reader;
mod restore;
mod retain;
mod scan;
mod schema;
mod signing;
mod sqlite;
mod standing;
mod states;
mod tombstones;
mod verify;
mod whole_file;
mod write;

pub use anchor::{Anchor, AnchorRefused, AnchorSource, Loosened};
pub use audit::{ChainFault, Flaw, RowFault, Rows, Walked, Wrong, WrongRow};
pub use backup::{BackupError, BackupRecord, Backups, Checked, back_up, back_up_keys, check};
pub use checked_list::{CheckedList, list_of_bytes, list_to_bytes};
pub use directory::Part;
pub use doctor::{Finding, Weight, examine, holder_of};
pub use error::OpenError;
pub use fence_sets::{Authorship, FenceSetError, FenceSets, SetRecord, TakenUp, hash_of, hash_of_all};
pub use ledger::ClosedPartition;
pub use manifest::{BackedUpFile, BackupOf, Manifest};
pub use reader::{AuditError, Reader};
pub use restore::{Lowered, RestoreError, RestoreOptions, Restored, restore};
pub use signing::{StatementRefused, check_statement, verify_signature};
pub use sqlite::{Options, SqliteStore};
pub use whole_file::{NotReplaced, replace_file};

/// Fills a buffer with random bytes.
pub type Chance = Box<dyn FnMut(&mut [u8]) + Send>;
