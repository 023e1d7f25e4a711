//! The ledger on disk: SQLite, one writer, one transaction for a batch.
//!
//! A data directory holds `ledger.db` (entries, state rows, heads), `keys.db` (the
//! customers' keys, wrapped), `master.key`, `heads` (where each chain ended, kept apart)
//! and `lock`. `docs/ledger-format.md` describes them byte by byte. Nothing in them names
//! a customer or where one was in plain text. Beside them, [`FenceSets`] keeps the versions of the
//! fence set.

mod directory;
mod error;
mod fence_sets;
mod heads;
mod keys;
mod reader;
mod schema;
mod sqlite;
mod verify;
mod whole_file;
mod write;

pub use directory::Part;
pub use error::OpenError;
pub use fence_sets::{Authorship, FenceSetError, FenceSets, SetRecord, TakenUp, hash_of, hash_of_all};
pub use reader::Reader;
pub use sqlite::{Options, SqliteStore};
pub use verify::ClosedPartition;
pub use whole_file::{NotReplaced, replace_file};

/// Fills a buffer with random bytes.
pub type Chance = Box<dyn FnMut(&mut [u8]) + Send>;
