//! What the ledger asks of whatever keeps it.

use std::fmt;

use model::{CustomerId, Partition, Timestamp};

use crate::{Batch, Entry, Erasure, Graves, Retained, Retention, StockCount, StoredState};

/// Keeps entries and state rows.
pub trait Storage: Send {
    /// Writes a batch in one transaction, durable on return.
    ///
    /// Entries are numbered from 1 per partition, without gaps, and chained by hash.
    ///
    /// # Errors
    /// Nothing of the batch is visible then, and unless the error says otherwise the
    /// same batch may be written again later.
    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StorageError>;

    /// Visits every readable state row, ascending by partition and customer.
    ///
    /// Of a partition with a row that cannot be read none is visited, and it is closed.
    fn scan_states(&mut self, visit: &mut dyn FnMut(StoredState)) -> Result<(), StorageError>;

    /// The partitions that are closed, by number; [`Storage::scan_states`] may close more.
    fn closed_partitions(&self) -> &[ClosedPartition] {
        &[]
    }

    /// Visits the counts of offers, ascending by offer, the total before the days.
    fn scan_stock(&mut self, visit: &mut dyn FnMut(StockCount)) -> Result<(), StorageError>;

    /// Visits entries, of one customer or of all, ascending by partition and number.
    ///
    /// What was taken away is passed over; its number is not given to another.
    fn scan_entries(
        &mut self,
        of: Option<&CustomerId>,
        visit: &mut dyn FnMut(Numbered),
    ) -> Result<(), StorageError>;

    /// Takes away everything of a customer, known or not, for good: durable on return, and nothing of
    /// it can be read any more (`erased_is_gone`).
    ///
    /// To erase somebody again of whom nothing came since gives the same answer again.
    ///
    /// # Errors
    /// It may have begun and is to be asked for again; a start finishes it too. Only `Ok` may be
    /// acknowledged.
    fn erase(&mut self, customer: &CustomerId, at: Timestamp) -> Result<Erasure, StorageError>;

    /// Who was erased.
    fn graves(&self) -> Graves;

    /// Takes away entries that were kept long enough, after a look at about `n_max` of them.
    ///
    /// # Errors
    /// What was not taken away is due still.
    fn retain(&mut self, keep: &Retention, n_max: usize, now: Timestamp) -> Result<Retained, StorageError>;

    /// Sees whether it still has what it writes to; whoever keeps nothing on a disk has.
    ///
    /// # Errors
    /// When its place was taken away, or belongs to another by now: nothing more can be acknowledged.
    fn look_after(&mut self) -> Result<(), StorageError> {
        Ok(())
    }

    /// Work that keeps commits short and can be done beside them, on a thread of its own, after each.
    fn upkeep(&self) -> Option<Box<dyn FnMut() + Send>> {
        None
    }

    /// Names the ledger, in what it signs.
    fn instance(&self) -> [u8; 16] {
        [0; 16]
    }

    /// Signs with a key that follows from the master key (Ed25519); zeros where there is none.
    fn sign(&self, _: &[u8]) -> [u8; 64] {
        [0; 64]
    }

    /// The key by which others check what was signed; zeros where there is none.
    fn public_key(&self) -> [u8; 32] {
        [0; 32]
    }
}

/// A partition that takes no entries and whose customers stay unknown
/// (`gate_starts_shut`), until an operator has restored it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedPartition {
    /// Which.
    pub partition: Partition,
    /// Why, as a sentence.
    pub reason: &'static str,
}

/// An entry with its place in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbered {
    /// The chain it stands in.
    pub partition: Partition,
    /// Its place in that chain, from 1.
    pub no: u64,
    /// What it says.
    pub entry: Entry,
}

/// What a storage holds, for errors and for sealing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// The log.
    Entries,
    /// The summaries.
    States,
    /// The customers' keys.
    Keys,
}

impl Table {
    /// Its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::States => "states",
            Self::Keys => "keys",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why a storage failed. No text in it names a customer or a place on earth.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// There is no room left; the same batch may be written again later.
    #[error("the disk is full")]
    Full,
    /// The device failed; the same batch may be written again later.
    #[error("the ledger could not be read or written: {0}")]
    Io(Box<str>),
    /// A write may or may not have become durable: nothing is written any more until
    /// the storage has been opened anew, which checks it.
    #[error("the ledger cannot be trusted until it is opened again: {0}")]
    Suspect(Box<str>),
    /// The partition is damaged and takes no entries.
    #[error("partition {} of the ledger is closed", .partition.no())]
    Closed {
        /// Which.
        partition: Partition,
    },
    /// A row was changed by someone else, or by the disk.
    #[error("{table} row {no} of partition {} cannot be read: {reason}", .partition.no())]
    Damaged {
        /// In which table.
        table: Table,
        /// In which partition.
        partition: Partition,
        /// Of an entry its number, of a state row the number that it was written under.
        no: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
}
