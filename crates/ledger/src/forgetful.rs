//! A storage for runs that nobody will ask about.

use model::{CustomerId, Timestamp};

use crate::{
    Batch, Erasure, Graves, Numbered, Retained, Retention, StockCount, Storage, StorageError, StoredState,
};

/// Takes everything and keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forgetful;

impl Storage for Forgetful {
    fn append(&mut self, _: &Batch<'_>) -> Result<(), StorageError> {
        Ok(())
    }

    fn scan_states(&mut self, _: &mut dyn FnMut(StoredState)) -> Result<(), StorageError> {
        Ok(())
    }

    fn scan_stock(&mut self, _: &mut dyn FnMut(StockCount)) -> Result<(), StorageError> {
        Ok(())
    }

    fn scan_entries(
        &mut self,
        _: Option<&CustomerId>,
        _: &mut dyn FnMut(Numbered),
    ) -> Result<(), StorageError> {
        Ok(())
    }

    fn erase(&mut self, customer: &CustomerId, at: Timestamp) -> Result<Erasure, StorageError> {
        Ok(Erasure::of_nothing(customer, at))
    }

    fn graves(&self) -> Graves {
        Graves::default()
    }

    fn retain(&mut self, _: &Retention, _: usize, _: Timestamp) -> Result<Retained, StorageError> {
        Ok(Retained::default())
    }
}
