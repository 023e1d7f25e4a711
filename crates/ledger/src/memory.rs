//! A list in memory: the storage of tests, and the simple thing to compare others with.

use std::collections::BTreeMap;

use model::{CustomerId, OfferId, Partition, Timestamp};

use crate::{
    Batch, ClosedPartition, CustomerHash, Entry, Erasure, Graves, Numbered, Retained, Retention,
    STOCK_DAYS_KEPT, StateRow, StockChange, StockCount, Storage, StorageError, StoredState, What,
};

/// Keeps everything in memory and forgets it when dropped.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    /// Those that were taken away leave their place.
    entries: BTreeMap<Partition, Vec<Option<Entry>>>,
    states: BTreeMap<(Partition, CustomerId), StateRow>,
    stock: BTreeMap<(OfferId, Option<i32>), u32>,
    graves: Graves,
    erasures: BTreeMap<CustomerHash, Erasure>,
    failure: Option<StorageError>,
    closed: Vec<ClosedPartition>,
}

impl MemoryStorage {
    /// A storage that holds nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets every append and erasure fail from now on, or none any more.
    pub fn fail_with(&mut self, failure: Option<StorageError>) {
        self.failure = failure;
    }

    /// The same, with partitions that count as damaged.
    #[must_use]
    pub fn with_closed(self, closed: Vec<ClosedPartition>) -> Self {
        Self { closed, ..self }
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
        self.entries.values().flatten().flatten().count()
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
            self.entries.entry(partition).or_default().push(Some(entry.clone()));
        }
        for row in batch.rows() {
            let consents = row.consents_in_order().into_iter().cloned().collect();
            self.states.insert(key(&row.customer), StateRow { consents, ..row.clone() });
        }
        batch.stock().for_each(|change| self.count(change));
        Ok(())
    }

    fn closed_partitions(&self) -> &[ClosedPartition] {
        &self.closed
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
                if let Some(entry) = entry
                    && of.is_none_or(|customer| *customer == entry.customer)
                {
                    visit(Numbered { partition, no, entry: entry.clone() });
                }
            }
        }
        Ok(())
    }

    fn erase(&mut self, customer: &CustomerId, at: Timestamp) -> Result<Erasure, StorageError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let hash = self.graves.hash(customer);
        let had_row = self.states.remove(&key(customer)).is_some();
        let partition = Partition::of(customer.as_str());
        let entries = self.entries.entry(partition).or_default();
        let n_entries = take(entries, usize::MAX, |entry| entry.customer == *customer);
        if !had_row
            && n_entries == 0
            && let Some(earlier) = self.erasures.get(&hash)
        {
            self.graves.add(customer, at);
            return Ok(earlier.clone());
        }
        entries.push(None);
        let (n_entries, no) = (n_entries as u64, entries.len() as u64);
        let erasure = Erasure { n_entries, no, ..Erasure::of_nothing(customer, at) };
        self.erasures.insert(hash, erasure.clone());
        self.graves.add(customer, at);
        Ok(erasure)
    }

    fn graves(&self) -> Graves {
        self.graves.clone()
    }

    /// Deletes decisions and what came of them; consents stay.
    fn retain(&mut self, keep: &Retention, n_max: usize, now: Timestamp) -> Result<Retained, StorageError> {
        let is_due = |entry: &Entry| match entry.what {
            What::Decision(_) | What::Delivery { .. } | What::Feedback { .. } => {
                entry.at + keep.decisions <= now
            }
            What::Consent(_) | What::Profile(_) | What::Reminder { .. } => false,
        };
        let mut n_entries = 0;
        for entries in self.entries.values_mut() {
            n_entries += take(entries, n_max - n_entries, is_due);
        }
        Ok(Retained { n_entries, n_customers: 0, is_more_due: n_entries == n_max })
    }
}

/// Takes away at most `n_max` entries, and says how many it were.
fn take(entries: &mut [Option<Entry>], n_max: usize, is_due: impl Fn(&Entry) -> bool) -> usize {
    let due = entries.iter_mut().filter(|entry| entry.as_ref().is_some_and(&is_due));
    due.take(n_max).map(|entry| *entry = None).count()
}
