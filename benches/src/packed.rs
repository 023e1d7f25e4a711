//! `geo-index`: a packed Hilbert R-tree for candidates, the same tests as the other baseline.

use std::hint::black_box;

use geo_index::IndexableNum;
use geo_index::rtree::sort::HilbertSort;
use geo_index::rtree::{RTree, RTreeBuilder, RTreeIndex};
use model::Position;
use spatial_index::Shape;
use workloads::baseline::{Prepared, parts};

/// A number that boxes are made of.
pub trait Edge: IndexableNum {
    /// The nearest number that is not above.
    fn floor(degrees: f64) -> Self;
    /// The nearest number that is not below.
    fn ceil(degrees: f64) -> Self;
}

impl Edge for f64 {
    fn floor(degrees: f64) -> Self {
        degrees
    }

    fn ceil(degrees: f64) -> Self {
        degrees
    }
}

impl Edge for f32 {
    fn floor(degrees: f64) -> Self {
        let near = degrees as Self;
        if degrees < f64::from(near) { near.next_down() } else { near }
    }

    fn ceil(degrees: f64) -> Self {
        let near = degrees as Self;
        if f64::from(near) < degrees { near.next_up() } else { near }
    }
}

/// Boxes in a packed tree, tests in a list.
pub struct Packed<N: Edge> {
    tree: RTree<N>,
    /// By number in the tree.
    tests: Vec<(u32, Prepared)>,
}

impl<N: Edge> Packed<N> {
    /// Sorted along a Hilbert curve. O(n log n).
    ///
    /// # Panics
    /// When there are more parts of fences than a `u32` can number.
    #[must_use]
    pub fn build(shapes: &[Shape]) -> Self {
        let parts: Vec<_> = parts(shapes).collect();
        let n_parts = u32::try_from(parts.len()).expect("so many fences fit in no memory");
        let mut builder = RTreeBuilder::<N>::new(n_parts);
        for part in &parts {
            let [south, north, west, east] = part.bounds;
            builder.add(N::floor(west), N::floor(south), N::ceil(east), N::ceil(north));
        }
        let tests = parts.iter().map(|part| (part.fence, Prepared::of(part))).collect();
        Self { tree: builder.finish::<HilbertSort>(), tests }
    }

    /// Hits of many positions, each found and forgotten.
    pub fn count(&self, positions: &[Position], found: &mut Vec<u32>) -> usize {
        let hits = |&at: &Position| {
            found.clear();
            let (x, y) = (at.lng(), at.lat());
            for part in self.tree.search(N::floor(x), N::floor(y), N::ceil(x), N::ceil(y)) {
                let (fence, test) = &self.tests[part as usize];
                if test.holds(at) {
                    found.push(*fence);
                }
            }
            found.sort_unstable();
            found.dedup();
            black_box(&*found).len()
        };
        positions.iter().map(hits).sum()
    }
}

impl<N: Edge> std::fmt::Debug for Packed<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packed({} parts)", self.tests.len())
    }
}
