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
    /// Both fit as long as all hits of a batch do; see [`Hits::check`].
    #[inline(always)]
    pub(crate) const fn new(start: usize, len: usize) -> Self {
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

    /// Makes room for the answers to so many positions; the spans stay to be written.
    pub(crate) fn begin(&mut self, n_positions: usize) {
        self.fences.clear();
        self.spans.truncate(n_positions);
        self.spans.resize(n_positions, Span::default());
    }

    /// # Panics
    /// When there are more hits than spans can count; see [`crate::Index::match_batch`].
    #[inline(always)]
    pub(crate) fn check(n_hits: usize) {
        assert!(n_hits <= u32::MAX as usize, "a batch has less than 2^32 hits");
    }
}
