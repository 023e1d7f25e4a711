//! An index that changes while others read it.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::index::{BuildError, Change, Index};

/// The version of an index that is in force. Shared by reference between threads.
///
/// Readers take a version and keep it as long as they like: what they ask of it stays consistent,
/// and no reader ever waits. Writers wait for each other.
#[derive(Debug)]
pub struct Live {
    current: ArcSwap<Index>,
    writing: Mutex<()>,
}

impl Live {
    /// Begins with a first version.
    #[must_use]
    pub fn new(index: Index) -> Self {
        Self { current: ArcSwap::from_pointee(index), writing: Mutex::new(()) }
    }

    /// The version in force. About 20 ns: once a batch, not once a position.
    #[must_use]
    pub fn load(&self) -> Arc<Index> {
        self.current.load_full()
    }

    /// Puts a changed version in force and gives it back; see [`Index::changed`].
    ///
    /// # Errors
    /// Those of [`Index::changed`]; then the version before stays in force.
    pub fn change(&self, changes: &[Change]) -> Result<Arc<Index>, BuildError> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = Arc::new(self.load().changed(changes)?);
        self.current.store(Arc::clone(&changed));
        Ok(changed)
    }

    /// Puts another index in force at once, and gives back the one before: to go back, put it in
    /// force again.
    pub fn replace(&self, index: impl Into<Arc<Index>>) -> Arc<Index> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.current.swap(index.into())
    }
}
