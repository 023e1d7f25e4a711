//! The answers to a batch of positions, in buffers that are used again.

use model::FenceNo;

/// For each position of a batch, in its order, the fences that hold it, ascending.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    fences: Vec<FenceNo>,
    /// Where the hits of each position end in `fences`.
    ends: Vec<usize>,
}

impl Hits {
    /// No positions yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { fences: Vec::new(), ends: Vec::new() }
    }

    /// Fences that hold the i-th position of the batch, ascending.
    ///
    /// # Panics
    /// When the batch had no i-th position.
    #[must_use]
    pub fn of(&self, i: usize) -> &[FenceNo] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.fences[start..self.ends[i]]
    }

    /// How many positions the batch had.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the batch had no position.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Hits of all positions together.
    #[must_use]
    pub const fn n_hits(&self) -> usize {
        self.fences.len()
    }

    /// The hits of each position in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[FenceNo]> {
        (0..self.len()).map(|i| self.of(i))
    }

    pub(crate) fn clear(&mut self) {
        self.fences.clear();
        self.ends.clear();
    }

    /// Adds a position by letting `find` append its hits.
    pub(crate) fn push_with(&mut self, find: impl FnOnce(&mut Vec<FenceNo>)) {
        find(&mut self.fences);
        self.ends.push(self.fences.len());
    }
}
