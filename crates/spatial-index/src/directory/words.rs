//! The memory of the directory: numbered words in segments that never change once published.

use std::sync::Arc;

use super::entry::NODE_WORDS_MAX;
use super::leaf::N_READ_BEHIND;

const SEGMENT_LOG2: u32 = 20;
/// Words of a segment; only one that holds a single larger leaf is longer.
const SEGMENT_LEN: usize = 1 << SEGMENT_LOG2;
/// A last segment shorter than this is copied to write on; 512 KiB take some 40 us.
const COPIED_LEN_MAX: usize = 1 << 17;
/// With more segments, a directory had better be built anew.
const N_SEGMENTS_MANY: usize = 900;

/// All words of one version of the directory. Cloning shares them.
#[derive(Clone, Default)]
pub(crate) struct Words {
    segments: Vec<Arc<[u32]>>,
}

/// Words that grow by new ones.
pub(crate) struct Writing {
    /// Of the version before.
    sealed: Vec<Arc<[u32]>>,
    /// Behind them; the last one has room.
    new: Vec<Vec<u32>>,
}

/// The directory has more words than can be numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Words {
    /// A word.
    #[inline(always)]
    pub(crate) fn get(&self, word: usize) -> u32 {
        self.segments[word >> SEGMENT_LOG2][word & (SEGMENT_LEN - 1)]
    }

    /// A word and those behind it.
    #[inline(always)]
    pub(crate) fn from(&self, word: usize) -> &[u32] {
        &self.segments[word >> SEGMENT_LOG2][word & (SEGMENT_LEN - 1)..]
    }

    /// A word, if it is there.
    #[inline(always)]
    pub(crate) fn try_from(&self, word: usize) -> Option<&u32> {
        self.segments.get(word >> SEGMENT_LOG2)?.get(word & (SEGMENT_LEN - 1))
    }

    /// Whether the numbers for words are running out.
    pub(crate) const fn are_many(&self) -> bool {
        N_SEGMENTS_MANY < self.segments.len()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.segments.iter().map(|segment| segment.len()).sum()
    }
}

impl Writing {
    /// From the first word on, which is 0: the entry of an empty cell.
    pub(crate) fn new() -> Self {
        Self { sealed: Vec::new(), new: vec![vec![0]] }
    }

    /// Goes on behind the words of a version, which stay as they are.
    pub(crate) fn onto(words: &Words) -> Self {
        let mut sealed = words.segments.clone();
        let open = sealed.pop_if(|last| last.len() < COPIED_LEN_MAX);
        Self { sealed, new: vec![open.map_or_else(Vec::new, |open| open.to_vec())] }
    }

    /// Makes room for `len` words, zero, at a multiple of `step`.
    pub(crate) fn reserve(&mut self, len: usize, step: usize) -> Result<usize, Full> {
        let is_full = |open: &Vec<u32>| SEGMENT_LEN < open.len().next_multiple_of(step) + len + N_READ_BEHIND;
        if self.new.last().is_none_or(|open| !open.is_empty() && is_full(open)) {
            self.new.push(Vec::new());
        }
        let number = self.sealed.len() + self.new.len() - 1;
        let open = self.new.last_mut().expect("one was pushed");
        let start = open.len().next_multiple_of(step);
        open.resize(start + len, 0);
        let word = (number << SEGMENT_LOG2) + start;
        if NODE_WORDS_MAX <= word { Err(Full) } else { Ok(word) }
    }

    /// Fills words that were reserved.
    pub(crate) fn put(&mut self, word: usize, words: &[u32]) {
        let start = word & (SEGMENT_LEN - 1);
        self.new[(word >> SEGMENT_LOG2) - self.sealed.len()][start..start + words.len()]
            .copy_from_slice(words);
    }

    /// Publishes them.
    pub(crate) fn finish(self) -> Words {
        let mut segments = self.sealed;
        for mut segment in self.new {
            segment.resize(segment.len() + N_READ_BEHIND, 0);
            segments.push(segment.into());
        }
        Words { segments }
    }
}
