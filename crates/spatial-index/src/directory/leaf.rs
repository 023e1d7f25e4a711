//! Leaves: the fences that touch one cell, laid out as they are tested.
//!
//! A leaf is one or more blocks of words, each of them:
//!
//! ```text
//! header                            what follows, and whether another block does
//! fence ...                         covers: the whole cell lies within
//! east                              circles: what a unit of longitude is worth
//! x ... | y ... | outer^2 ... | inner^2 ... | fence ...
//! counts, x, y, band                edges: the middle that they are relative to, error band
//! ax ... | ay ... | bx ... | by ...
//! fence, part, mask ...             parts of polygons: which of the edges are theirs
//! ```
//!
//! Numbers with a fraction are `f32` by their bits. Lists have no padding: who reads eight at
//! once reads on into the next list, and forgets what was too much.

use super::units::Spot;

/// What a block begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header(pub(crate) u32);

/// Most covers in one block.
pub(crate) const N_COVERS_MAX: usize = (1 << 12) - 1;
/// Most circles in one block.
pub(crate) const N_CIRCLES_MAX: usize = (1 << 12) - 1;
/// Most edges of a leaf; what goes beyond is left to the exact test.
pub(crate) const N_EDGES_MAX: usize = 256;
/// Most words of a mask over the edges.
pub(crate) const N_MASKS_MAX: usize = N_EDGES_MAX / 32;
/// Words that may be read behind a leaf.
pub(crate) const N_READ_BEHIND: usize = 16;

impl Header {
    const HAS_PARTS: u32 = 1 << 24;
    const HAS_MORE: u32 = 1 << 25;

    const fn new(n_covers: usize, n_circles: usize, has_parts: bool, has_more: bool) -> Self {
        let parts = if has_parts { Self::HAS_PARTS } else { 0 };
        let more = if has_more { Self::HAS_MORE } else { 0 };
        Self(n_covers as u32 | (n_circles as u32) << 12 | parts | more)
    }

    #[inline(always)]
    pub(crate) const fn n_covers(self) -> usize {
        (self.0 & 0xFFF) as usize
    }

    #[inline(always)]
    pub(crate) const fn n_circles(self) -> usize {
        (self.0 >> 12 & 0xFFF) as usize
    }

    #[inline(always)]
    pub(crate) const fn has_parts(self) -> bool {
        self.0 & Self::HAS_PARTS != 0
    }

    #[inline(always)]
    pub(crate) const fn has_more(self) -> bool {
        self.0 & Self::HAS_MORE != 0
    }
}

/// A circle as a leaf holds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeafCircle {
    pub(crate) fence: u32,
    pub(crate) center: Spot,
    /// Further than this, squared, is outside.
    pub(crate) outer_2: f32,
    /// Up to this, squared, is inside; negative when it can never be told.
    pub(crate) inner_2: f32,
}

/// Circles with what they share.
#[derive(Debug, Default)]
pub(crate) struct LeafCircles {
    /// What a unit of longitude is worth in units of latitude.
    pub(crate) east: f32,
    pub(crate) circles: Vec<LeafCircle>,
}

/// An edge relative to the middle of its cell; `ax <= bx`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LeafEdge {
    pub(crate) ax: f32,
    pub(crate) ay: f32,
    pub(crate) bx: f32,
    pub(crate) by: f32,
}

/// One polygon of a fence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeafPart {
    pub(crate) fence: u32,
    pub(crate) answer: PartAnswer,
    /// Which edges are its own.
    pub(crate) masks: [u32; N_MASKS_MAX],
}

/// How a part is answered: its number, and two bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartAnswer(pub(crate) u32);

/// Parts of polygons with the edges that they share.
#[derive(Debug, Default)]
pub(crate) struct LeafParts {
    pub(crate) edges: Vec<LeafEdge>,
    pub(crate) parts: Vec<LeafPart>,
    /// At least the distance to an edge at which its side may be wrong, in units.
    pub(crate) band: f32,
}

impl PartAnswer {
    /// Inside where the edges below a point are odd in number, or, `is_odd_outside`, even.
    pub(crate) const fn by_edges(part: u32, is_odd_outside: bool) -> Self {
        Self(part << 2 | is_odd_outside as u32)
    }

    /// Only the exact test can tell.
    pub(crate) const fn exact_only(part: u32) -> Self {
        Self(part << 2 | 2)
    }

    #[inline(always)]
    pub(crate) const fn part(self) -> usize {
        (self.0 >> 2) as usize
    }

    #[inline(always)]
    pub(crate) const fn is_exact_only(self) -> bool {
        self.0 & 2 != 0
    }

    /// 1 where an even number of edges below is inside.
    #[inline(always)]
    pub(crate) const fn flip(self) -> u32 {
        self.0 & 1
    }
}

/// Counts of the edge section: edges and parts.
#[inline(always)]
pub(crate) const fn part_counts(word: u32) -> (usize, usize) {
    ((word & 0x1FF) as usize, (word >> 9) as usize)
}

/// Most parts in one block.
pub(crate) const N_PARTS_MAX: usize = (1 << 12) - 1;

/// Everything a leaf holds.
#[derive(Debug, Default)]
pub(crate) struct Leaf {
    pub(crate) covers: Vec<u32>,
    pub(crate) circles: LeafCircles,
    pub(crate) parts: LeafParts,
}

impl Leaf {
    /// Writes the words of a leaf around a middle.
    pub(crate) fn write(&self, middle: Spot, words: &mut Vec<u32>) {
        let mut covers = self.covers.chunks(N_COVERS_MAX);
        let mut circles = self.circles.circles.chunks(N_CIRCLES_MAX);
        let mut parts = self.parts.parts.chunks(N_PARTS_MAX);
        loop {
            let (now_covers, now_circles) = (covers.next().unwrap_or(&[]), circles.next().unwrap_or(&[]));
            let now_parts = parts.next().unwrap_or(&[]);
            let has_more = 0 < covers.len() + circles.len() + parts.len();
            let header = Header::new(now_covers.len(), now_circles.len(), !now_parts.is_empty(), has_more);
            words.push(header.0);
            words.extend(now_covers);
            if !now_circles.is_empty() {
                self.write_circles(now_circles, words);
            }
            if !now_parts.is_empty() {
                self.write_parts(now_parts, middle, words);
            }
            if !has_more {
                return;
            }
        }
    }

    fn write_circles(&self, circles: &[LeafCircle], words: &mut Vec<u32>) {
        words.push(self.circles.east.to_bits());
        words.extend(circles.iter().map(|circle| circle.center.x));
        words.extend(circles.iter().map(|circle| circle.center.y));
        words.extend(circles.iter().map(|circle| circle.outer_2.to_bits()));
        words.extend(circles.iter().map(|circle| circle.inner_2.to_bits()));
        words.extend(circles.iter().map(|circle| circle.fence));
    }

    fn write_parts(&self, parts: &[LeafPart], middle: Spot, words: &mut Vec<u32>) {
        let edges = &self.parts.edges;
        words.push(edges.len() as u32 | (parts.len() as u32) << 9);
        words.extend([middle.x, middle.y, self.parts.band.to_bits()]);
        words.extend(edges.iter().map(|edge| edge.ax.to_bits()));
        words.extend(edges.iter().map(|edge| edge.ay.to_bits()));
        words.extend(edges.iter().map(|edge| edge.bx.to_bits()));
        words.extend(edges.iter().map(|edge| edge.by.to_bits()));
        let n_masks = edges.len().div_ceil(32);
        for part in parts {
            words.extend([part.fence, part.answer.0]);
            words.extend(&part.masks[..n_masks]);
        }
    }
}
