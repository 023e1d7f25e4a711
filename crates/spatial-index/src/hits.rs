//! The answers to a batch of positions, in buffers that are used again.

use model::FenceNo;

/// For each position of a batch, in its order, the fences that hold it, ascending.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    pub(crate) fences: Vec<FenceNo>,
    /// Where in `fences` the hits of each position stand.
    pub(crate) spans: Vec<Span>,
}

/// A range of the hits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// # Panics
    /// When a batch has 2^32 hits; see [`crate::Index::match_batch`].
    #[inline(always)]
    pub(crate) fn new(start: usize, len: usize) -> Self {
        assert!(start <= u32::MAX as usize, "a batch has at most 2^32 hits");
        Self { start: start as u32, len: len as u32 }
    }
}

impl Hits {
    /// No positions yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { fences: Vec::new(), spans: Vec::new() }
    }

    /// Fences that hold the i-th position of the batch, ascending.
    ///
    /// # Panics
    /// When the batch had no i-th position.
    #[must_use]
    pub fn of(&self, i: usize) -> &[FenceNo] {
        let Span { start, len } = self.spans[i];
        &self.fences[start as usize..start as usize + len as usize]
    }

    /// How many positions the batch had.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether the batch had no position.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
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
        self.spans.clear();
    }
}
