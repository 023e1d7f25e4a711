//! A storage that says what it is asked to keep, and when that is kept.

use ledger::{
    Batch, ClosedPartition, Entry, Erasure, Graves, Numbered, Retained, Retention, StateRow, StockCount,
    Storage, StorageError, StoredState, sealed_hash,
};
use model::{CustomerId, Timestamp};

/// Says on the standard output what is tried, and what became of it.
pub(crate) struct Watched<S>(pub(crate) S);

impl<S: Storage> Storage for Watched<S> {
    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StorageError> {
        let entries: Vec<String> = batch.entries().map(mark_of_entry).collect();
        let rows: Vec<String> = batch
            .rows()
            .iter()
            .map(|row| format!("{}:{}", row.customer.as_str(), mark_of_row(row)))
            .collect();
        let stock: Vec<String> =
            batch.stock().map(|change| format!("{}:{}", change.offer.as_str(), change.delta)).collect();
        println!("try entries={} rows={} stock={}", entries.join(","), rows.join(","), stock.join(","));
        let kept = self.0.append(batch);
        tell(&kept);
        kept
    }

    fn erase(&mut self, customer: &CustomerId, at: Timestamp) -> Result<Erasure, StorageError> {
        println!("try erases={}", customer.as_str());
        let erased = self.0.erase(customer, at);
        tell(&erased);
        erased
    }

    fn graves(&self) -> Graves {
        self.0.graves()
    }

    fn retain(&mut self, keep: &Retention, n_max: usize, now: Timestamp) -> Result<Retained, StorageError> {
        self.0.retain(keep, n_max, now)
    }

    fn scan_states(&mut self, visit: &mut dyn FnMut(StoredState)) -> Result<(), StorageError> {
        self.0.scan_states(visit)
    }

    fn closed_partitions(&self) -> &[ClosedPartition] {
        self.0.closed_partitions()
    }

    fn scan_stock(&mut self, visit: &mut dyn FnMut(StockCount)) -> Result<(), StorageError> {
        self.0.scan_stock(visit)
    }

    fn scan_entries(
        &mut self,
        of: Option<&CustomerId>,
        visit: &mut dyn FnMut(Numbered),
    ) -> Result<(), StorageError> {
        self.0.scan_entries(of, visit)
    }
}

fn tell<T>(kept: &Result<T, StorageError>) {
    match kept {
        Ok(_) => println!("ack"),
        Err(StorageError::Suspect(why)) => println!("suspect {why}"),
        Err(error) => println!("failed {error}"),
    }
}

/// By what an entry is known again: whose it is, and a hash of what it says.
pub(crate) fn mark_of_entry(entry: &Entry) -> String {
    format!("{}:{}", entry.customer.as_str(), mark(&format!("{entry:?}")))
}

/// By what a row is known again.
pub(crate) fn mark_of_row(row: &StateRow) -> String {
    mark(&format!("{row:?}"))
}

fn mark(text: &str) -> String {
    sealed_hash(text.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
