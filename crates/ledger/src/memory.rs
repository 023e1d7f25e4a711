//! A list in memory: the storage of tests, and the simple thing to compare others with.

use std::collections::BTreeMap;

use model::{CustomerId, OfferId, Partition};

use crate::{
    Batch, Entry, Numbered, STOCK_DAYS_KEPT, StateRow, StockChange, StockCount, Storage, StorageError,
    StoredState,
};

/// Keeps everything in memory and forgets it when dropped.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    entries: BTreeMap<Partition, Vec<Entry>>,
    states: BTreeMap<(Partition, CustomerId), StateRow>,
    stock: BTreeMap<(OfferId, Option<i32>), u32>,
    failure: Option<StorageError>,
}

impl MemoryStorage {
    /// A storage that holds nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets every append fail from now on, or none any more.
    pub fn fail_with(&mut self, failure: Option<StorageError>) {
        self.failure = failure;
    }

    fn count(&mut self, change: &StockChange) {
        let StockChange { offer, day, delta } = change;
        for key in [None, Some(*day)] {
            let n = self.stock.entry((offer.clone(), key)).or_default();
            *n = n.saturating_add_signed((*delta).into());
        }
        self.stock.retain(|(of, on), _| of != offer || on.is_none_or(|on| day - STOCK_DAYS_KEPT <= on));
    }

    /// How many entries it holds.
    #[must_use]
    pub fn n_entries(&self) -> usize {
        self.entries.values().map(Vec::len).sum()
    }

    /// The row of a customer as it stands.
    #[must_use]
    pub fn state(&self, customer: &CustomerId) -> Option<&StateRow> {
        self.states.get(&key(customer))
    }
}

fn key(customer: &CustomerId) -> (Partition, CustomerId) {
    (Partition::of(customer.as_str()), customer.clone())
}

impl Storage for MemoryStorage {
    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StorageError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        for entry in batch.entries() {
            let partition = Partition::of(entry.customer.as_str());
            self.entries.entry(partition).or_default().push(entry.clone());
        }
        for row in batch.rows() {
            let consents = row.consents_in_order().into_iter().cloned().collect();
            self.states.insert(key(&row.customer), StateRow { consents, ..row.clone() });
        }
        batch.stock().for_each(|change| self.count(change));
        Ok(())
    }

    fn scan_stock(&mut self, visit: &mut dyn FnMut(StockCount)) -> Result<(), StorageError> {
        let counts = self.stock.iter();
        counts.for_each(|((offer, day), n)| visit(StockCount { offer: offer.clone(), day: *day, n: *n }));
        Ok(())
    }

    fn scan_states(&mut self, visit: &mut dyn FnMut(StoredState)) -> Result<(), StorageError> {
        self.states.values().for_each(|row| visit(StoredState::new(row.clone())));
        Ok(())
    }

    fn scan_entries(
        &mut self,
        of: Option<&CustomerId>,
        visit: &mut dyn FnMut(Numbered),
    ) -> Result<(), StorageError> {
        for (&partition, entries) in &self.entries {
            for (entry, no) in entries.iter().zip(1..) {
                if of.is_none_or(|customer| *customer == entry.customer) {
                    visit(Numbered { partition, no, entry: entry.clone() });
                }
            }
        }
        Ok(())
    }
}
