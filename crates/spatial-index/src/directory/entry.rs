//! What a cell of the directory holds, in one word.

/// The content of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry(pub(crate) u32);

/// Words between two places where a node may begin: a cache line.
pub(crate) const NODE_STEP: usize = 16;
/// Words between two places where a leaf may begin.
pub(crate) const LEAF_STEP: usize = 4;

const TAG_BITS: u32 = 2;
const K_BITS: u32 = 4;
const TAG_MASK: u32 = (1 << TAG_BITS) - 1;

/// Fence numbers and leaf addresses stay below this.
pub(crate) const NUMBER_MAX: u32 = 1 << (32 - TAG_BITS);
/// Nodes begin below this word.
pub(crate) const NODE_WORDS_MAX: usize = NODE_STEP << (32 - TAG_BITS - K_BITS);

impl Entry {
    /// No fence touches the cell.
    pub(crate) const EMPTY: Self = Self(0);
    pub(crate) const TAG_ONE: u32 = 1;
    pub(crate) const TAG_LEAF: u32 = 2;
    pub(crate) const TAG_NODE: u32 = 3;

    /// The whole cell lies within this fence, and no other touches it.
    pub(crate) const fn one(fence: u32) -> Self {
        Self(fence << TAG_BITS | Self::TAG_ONE)
    }

    /// Of a root cell that no fence touches: a node of one empty cell, at the first word of all.
    pub(crate) const EMPTY_ROOT: Self = Self::node(0, 0);

    /// A leaf at a word that is a multiple of [`LEAF_STEP`].
    pub(crate) const fn leaf(word: usize) -> Self {
        Self(((word / LEAF_STEP) as u32) << TAG_BITS | Self::TAG_LEAF)
    }

    /// A grid of `1 << k` columns and rows at a word that is a multiple of [`NODE_STEP`].
    pub(crate) const fn node(word: usize, k: u32) -> Self {
        Self(((word / NODE_STEP) as u32) << (TAG_BITS + K_BITS) | k << TAG_BITS | Self::TAG_NODE)
    }

    #[inline(always)]
    pub(crate) const fn tag(self) -> u32 {
        self.0 & TAG_MASK
    }

    /// Of [`Entry::one`].
    #[inline(always)]
    pub(crate) const fn fence(self) -> u32 {
        self.0 >> TAG_BITS
    }

    /// Of [`Entry::leaf`].
    #[inline(always)]
    pub(crate) const fn leaf_word(self) -> usize {
        (self.0 >> TAG_BITS) as usize * LEAF_STEP
    }

    /// Of [`Entry::node`].
    #[inline(always)]
    pub(crate) const fn node_word(self) -> usize {
        (self.0 >> (TAG_BITS + K_BITS)) as usize * NODE_STEP
    }

    /// Of [`Entry::node`].
    #[inline(always)]
    pub(crate) const fn node_k(self) -> u32 {
        self.0 >> TAG_BITS & ((1 << K_BITS) - 1)
    }
}
