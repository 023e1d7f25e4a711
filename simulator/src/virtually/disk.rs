//! A ledger in memory on a disk that can be made to fail: what it acknowledged, it keeps.

use ledger::{
    Batch, Entry, Erasure, Graves, MemoryStorage, Numbered, Retained, Retention, StateRow, StockCount,
    Storage, StorageError, StoredState, What,
};
use model::{CustomerId, Timestamp};

use super::plant::Plant;

/// A storage with faults to come.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    kept: MemoryStorage,
    n_appends: u64,
    /// So many appends fail, and nothing of them is written.
    pub(crate) n_to_fail: u8,
    /// The next append ends in doubt; whether it is there afterwards.
    pub(crate) in_doubt: Option<bool>,
    pub(crate) plant: Option<Plant>,
    /// A coordinate that gets into the ledger.
    pub(crate) leak: Option<Box<str>>,
}

impl Disk {
    pub(crate) fn new(plant: Option<Plant>) -> Self {
        Self { plant, ..Self::default() }
    }

    pub(crate) fn state(&self, customer: &CustomerId) -> Option<&StateRow> {
        self.kept.state(customer)
    }

    /// Everything that was ever written, in the order of its numbers.
    pub(crate) fn entries(&mut self) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(self.kept.n_entries());
        let read = self.scan_entries(None, &mut |numbered| entries.push(numbered.entry));
        read.expect("memory can be read");
        entries
    }

    /// How often offers went out, as it was written.
    pub(crate) fn stock(&mut self) -> Vec<StockCount> {
        let mut stock = Vec::new();
        self.scan_stock(&mut |count| stock.push(count)).expect("memory can be read");
        stock
    }

    fn spoils(&self, plant: Plant, once_in: u64) -> bool {
        self.plant == Some(plant) && self.n_appends.is_multiple_of(once_in)
    }
}

impl Storage for Disk {
    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StorageError> {
        if 0 < self.n_to_fail {
            self.n_to_fail -= 1;
            let full = self.n_to_fail.is_multiple_of(2);
            return Err(if full { StorageError::Full } else { StorageError::Io("no answer".into()) });
        }
        self.n_appends += 1;
        if let Some(survives) = self.in_doubt.take() {
            if survives {
                self.kept.append(batch)?;
            }
            return Err(StorageError::Suspect("a write had no answer".into()));
        }
        if self.spoils(Plant::LosesCommits, 5) {
            return Ok(());
        }
        self.kept.append(batch)
    }

    fn scan_states(&mut self, visit: &mut dyn FnMut(StoredState)) -> Result<(), StorageError> {
        self.kept.scan_states(visit)
    }

    fn scan_stock(&mut self, visit: &mut dyn FnMut(StockCount)) -> Result<(), StorageError> {
        self.kept.scan_stock(visit)
    }

    fn scan_entries(
        &mut self,
        of: Option<&CustomerId>,
        visit: &mut dyn FnMut(Numbered),
    ) -> Result<(), StorageError> {
        let leak = &self.leak;
        self.kept.scan_entries(of, &mut |mut numbered| {
            if let (Some(leak), What::Decision(decision)) = (leak, &mut numbered.entry.what) {
                decision.store.clone_from(leak);
            }
            visit(numbered);
        })
    }

    fn erase(&mut self, customer: &CustomerId, at: Timestamp) -> Result<Erasure, StorageError> {
        if 0 < self.n_to_fail {
            self.n_to_fail -= 1;
            return Err(StorageError::Io("somebody reads it".into()));
        }
        if self.spoils(Plant::KeepsTheErased, 2) {
            return Ok(Erasure::of_nothing(customer, at));
        }
        self.kept.erase(customer, at)
    }

    fn graves(&self) -> Graves {
        self.kept.graves()
    }

    fn retain(&mut self, keep: &Retention, n_max: usize, now: Timestamp) -> Result<Retained, StorageError> {
        self.kept.retain(keep, n_max, now)
    }
}
