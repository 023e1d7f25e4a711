//! The memory of the directory: numbered words that never change once published.

use std::sync::Arc;

use super::entry::NODE_WORDS_MAX;
use super::leaf::N_READ_BEHIND;

const SEGMENT_LOG2: u32 = 20;
/// Words of a full segment; only one that holds a single larger leaf is longer.
const SEGMENT_LEN: usize = 1 << SEGMENT_LOG2;
/// A last segment shorter than this is copied to write on; 512 KiB take some 40 us.
const COPIED_LEN_MAX: usize = 1 << 17;
/// With more segments, a directory had better be built anew.
const N_SEGMENTS_MANY: usize = 900;

/// All words of one version of the directory. Cloning shares them.
///
/// What was built at once lies in one piece, so that most words are found by one comparison; what
/// changes wrote since lies behind it in segments. A leaf never crosses from one to the next.
#[derive(Clone)]
pub(crate) struct Words {
    base: Arc<Vec<u32>>,
    segments: Vec<Arc<[u32]>>,
}

/// Words that grow by new ones.
pub(crate) struct Writing {
    /// The version before; none when all is built at once.
    before: Option<Words>,
    /// Behind it, segment by segment; the last one has room.
    new: Vec<Vec<u32>>,
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

    #[inline(never)]
    fn behind(&self, word: usize) -> &[u32] {
        let word = word - self.first_behind();
        &self.segments[word >> SEGMENT_LOG2][word & (SEGMENT_LEN - 1)..]
    }

    /// The number of the first word of the first segment.
    fn first_behind(&self) -> usize {
        self.base.len().next_multiple_of(SEGMENT_LEN)
    }

    /// Whether the numbers for words are running out.
    pub(crate) const fn are_many(&self) -> bool {
        N_SEGMENTS_MANY < self.segments.len()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.base.len() + self.segments.iter().map(|segment| segment.len()).sum::<usize>()
    }
}

impl Writing {
    /// From the first word on, which is 0: the entry of an empty cell.
    pub(crate) fn new() -> Self {
        Self { before: None, new: vec![vec![0]] }
    }

    /// Goes on behind the words of a version, which stay as they are.
    pub(crate) fn onto(words: &Words) -> Self {
        let mut before = words.clone();
        let open = before.segments.pop_if(|last| last.len() < COPIED_LEN_MAX);
        Self { before: Some(before), new: vec![open.map_or_else(Vec::new, |open| open.to_vec())] }
    }

    /// Makes room for `len` words, zero, at a multiple of `step`.
    pub(crate) fn reserve(&mut self, len: usize, step: usize) -> Result<usize, Full> {
        let is_full = |open: &Vec<u32>| SEGMENT_LEN < open.len().next_multiple_of(step) + len + N_READ_BEHIND;
        if self.before.is_some() && self.new.last().is_none_or(|open| !open.is_empty() && is_full(open)) {
            self.new.push(Vec::new());
        }
        let first = self.first_of(self.new.len() - 1);
        let open = self.new.last_mut().expect("there is an open one");
        let start = open.len().next_multiple_of(step);
        open.resize(start + len, 0);
        if NODE_WORDS_MAX <= first + start { Err(Full) } else { Ok(first + start) }
    }

    /// Fills words that were reserved.
    pub(crate) fn put(&mut self, word: usize, words: &[u32]) {
        let number = if self.before.is_some() { (word - self.first_of(0)) >> SEGMENT_LOG2 } else { 0 };
        let start = word - self.first_of(number);
        self.new[number][start..start + words.len()].copy_from_slice(words);
    }

    /// The number of the first word of a new segment.
    fn first_of(&self, number: usize) -> usize {
        let of = |before: &Words| before.first_behind() + ((before.segments.len() + number) << SEGMENT_LOG2);
        self.before.as_ref().map_or(0, of)
    }

    /// Publishes them.
    pub(crate) fn finish(mut self) -> Words {
        for segment in &mut self.new {
            segment.resize(segment.len() + N_READ_BEHIND, 0);
        }
        match self.before {
            None => {
                let mut base = self.new.swap_remove(0);
                base.shrink_to_fit();
                Words { base: Arc::new(base), segments: Vec::new() }
            }
            Some(mut words) => {
                words.segments.extend(self.new.into_iter().map(Arc::from));
                words
            }
        }
    }
}
