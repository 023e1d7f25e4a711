//! The memory of the directory: numbered words that never change once published.

use std::sync::Arc;

use super::entry::NODE_WORDS_MAX;
use super::leaf::N_READ_BEHIND;

const SLOT_LOG2: u32 = 16;
/// Words that are numbered together: what a change writes begins at a multiple of this.
const SLOT_LEN: usize = 1 << SLOT_LOG2;

/// All words of one version of the directory. Cloning shares them.
///
/// What was built at once lies in one piece, so that most words are found by one comparison. Root
/// cells that changed since have pieces of their own, each with numbers of its own; the same
/// numbers may mean other words in another version.
#[derive(Clone)]
pub(crate) struct Words {
    base: Arc<Vec<u32>>,
    /// By slot; a piece of several slots stands in each of them.
    pieces: Vec<Option<Piece>>,
}

/// The words of a root cell that changed.
#[derive(Clone)]
struct Piece {
    first: usize,
    words: Arc<Vec<u32>>,
}

/// Words in the making.
pub(crate) struct Writing {
    first: usize,
    /// The first number that it may not use.
    end: usize,
    words: Vec<u32>,
}

/// The directory has more words than can be numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Words {
    /// Where a word is.
    #[inline(always)]
    pub(crate) fn at(&self, word: usize) -> &u32 {
        match self.base.get(word) {
            Some(at) => at,
            None => &self.behind(word)[0],
        }
    }

    /// A word and those behind it.
    #[inline(always)]
    pub(crate) fn from(&self, word: usize) -> &[u32] {
        match self.base.get(word..) {
            Some(words) if !words.is_empty() => words,
            _ => self.behind(word),
        }
    }

    /// Where a word is, if it was built with all others.
    #[inline(always)]
    pub(crate) fn in_base(&self, word: usize) -> Option<&u32> {
        self.base.get(word)
    }

    #[inline(never)]
    fn behind(&self, word: usize) -> &[u32] {
        let piece = self.pieces[self.slot_of(word)].as_ref();
        let piece = piece.expect("a version keeps the pieces that its entries lead to");
        &piece.words[word - piece.first..]
    }

    /// The slot of a word behind the base.
    fn slot_of(&self, word: usize) -> usize {
        (word - self.base.len().next_multiple_of(SLOT_LEN)) >> SLOT_LOG2
    }

    fn first_of(&self, slot: usize) -> usize {
        self.base.len().next_multiple_of(SLOT_LEN) + (slot << SLOT_LOG2)
    }

    /// A piece of its own for a root cell that is written anew.
    pub(crate) fn begin(&self) -> Writing {
        Writing { first: self.first_of(self.pieces.len()), end: NODE_WORDS_MAX, words: Vec::new() }
    }

    /// The piece that a word lies in, to write on, if it lies in one.
    pub(crate) fn reopen(&self, word: usize) -> Option<Writing> {
        if word < self.base.len() {
            return None;
        }
        let slot = self.slot_of(word);
        let Piece { first, words } = self.pieces[slot].clone()?;
        let n_slots = self.slots_of(first).len();
        Some(Writing { first, end: first + n_slots * SLOT_LEN, words: words.to_vec() })
    }

    /// All slots of the piece that begins at a word.
    fn slots_of(&self, first: usize) -> std::ops::Range<usize> {
        let start = self.slot_of(first);
        let is_same = |piece: &&Option<Piece>| piece.as_ref().is_some_and(|piece| piece.first == first);
        start..start + self.pieces[start..].iter().take_while(is_same).count()
    }

    /// Forgets the piece that a word lies in, if it lies in one.
    pub(crate) fn drop_piece_of(&mut self, word: usize) {
        if word < self.base.len() {
            return;
        }
        if let Some(Piece { first, .. }) = self.pieces[self.slot_of(word)] {
            let slots = self.slots_of(first);
            self.pieces[slots].fill(None);
        }
    }

    /// Puts a piece where its numbers are, with room to grow when it is new.
    pub(crate) fn put(&mut self, mut writing: Writing) -> Result<(), Full> {
        writing.words.resize(writing.words.len() + N_READ_BEHIND, 0);
        let Writing { first, words, .. } = writing;
        let slot = self.slot_of(first);
        let n_slots = if slot < self.pieces.len() {
            self.slots_of(first).len()
        } else {
            (2 * words.len()).div_ceil(SLOT_LEN)
        };
        if NODE_WORDS_MAX < self.first_of(slot + n_slots) {
            return Err(Full);
        }
        self.pieces.resize(self.pieces.len().max(slot + n_slots), None);
        self.pieces[slot..slot + n_slots].fill(Some(Piece { first, words: Arc::new(words) }));
        Ok(())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        let mut pieces: Vec<&Piece> = self.pieces.iter().flatten().collect();
        pieces.dedup_by_key(|piece| piece.first);
        self.base.len() + pieces.iter().map(|piece| piece.words.len()).sum::<usize>()
    }
}

impl Writing {
    /// From the first word on, which is 0: the entry of an empty cell.
    pub(crate) fn new() -> Self {
        Self { first: 0, end: NODE_WORDS_MAX, words: vec![0] }
    }

    /// How many words were written.
    pub(crate) const fn len(&self) -> usize {
        self.words.len()
    }

    /// Makes room for `len` words, zero, at a multiple of `step`.
    pub(crate) fn reserve(&mut self, len: usize, step: usize) -> Result<usize, Full> {
        let start = self.words.len().next_multiple_of(step);
        if self.end < self.first + start + len + N_READ_BEHIND {
            return Err(Full);
        }
        self.words.resize(start + len, 0);
        Ok(self.first + start)
    }

    /// Fills words that were reserved.
    pub(crate) fn put(&mut self, word: usize, words: &[u32]) {
        let start = word - self.first;
        self.words[start..start + words.len()].copy_from_slice(words);
    }

    /// Publishes them as the base of all that comes.
    pub(crate) fn finish(mut self) -> Words {
        self.words.resize(self.words.len() + N_READ_BEHIND, 0);
        self.words.shrink_to_fit();
        Words { base: Arc::new(self.words), pieces: Vec::new() }
    }
}
