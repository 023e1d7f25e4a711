//! The directory: a grid over the earth that says which fences a position is in.
//!
//! ```text
//! position -> spot (fixed point) -> page of root cells -> node ... -> leaf
//! ```
//!
//! Each cell of a grid holds an [`Entry`]: nothing, one fence that covers the whole cell, a leaf
//! with the fences that touch the cell, or a node, a finer grid of the same kind. Leaves answer by
//! filters; where a filter cannot tell, `exact` does. Nothing that is published ever changes: a
//! change writes new words behind the old ones and shares the rest.

mod build;
mod change;
mod circles;
mod clip;
mod entry;
mod flat;
mod grid;
mod lanes;
mod leaf;
mod listings;
mod lookup;
mod root;
#[cfg(test)]
mod trial;
mod units;
mod walk;
mod words;

use std::sync::Arc;

use crate::store::{Fences, Stored};
use build::{Builder, Tuning};
use entry::{Entry, NUMBER_MAX};
use grid::Sweep;
use root::{CellShares, N_COLUMNS, N_ROWS, Share, shares_of, square_of};
use units::units_y;
use words::{Words, Writing};

pub(crate) use change::Changed;
pub(crate) use words::Full;

/// Root cells of a page, in one direction, as a power of two.
const PAGE_LOG2: u32 = 6;
const PAGE_LEN: usize = 1 << (2 * PAGE_LOG2);
const N_PAGES: usize = (N_COLUMNS * N_ROWS) as usize / PAGE_LEN;

const POLES: [f64; 2] = [-90.0, 90.0];

/// Root cells of a part of the earth.
type Page = [u32; PAGE_LEN];

/// Which fences touch which cell. Cloning shares everything.
#[derive(Clone)]
pub(crate) struct Directory {
    pages: Arc<[Arc<Page>; N_PAGES]>,
    words: Words,
    /// Fences that come near the south and the north pole, ascending.
    poles: [Arc<[u32]>; 2],
    tuning: Tuning,
}

/// What one fence has in one root cell, as it is sorted.
type Item = (u32, u32, Share);

impl Directory {
    /// O(n log n + edges + cells).
    pub(crate) fn build(fences: &Fences) -> Result<Self, Full> {
        if NUMBER_MAX as usize <= fences.len() {
            return Err(Full);
        }
        let mut items: Vec<Item> = Vec::with_capacity(fences.len() + fences.len() / 8);
        let mut sweep = Sweep::default();
        for fence in 0..fences.len() as u32 {
            shares_of(fences.get(fence), &mut sweep, |cell, share| items.push((cell, fence, share)));
        }
        items.sort_unstable();
        items.dedup();
        let tuning = tuning(items.len());
        let mut builder = Builder::new(fences, tuning, Writing::new());
        let mut pages = Pages::empty();
        let mut shares = CellShares::default();
        for of_cell in items.chunk_by(|a, b| a.0 == b.0) {
            shares.clear();
            for &(_, fence, share) in of_cell {
                shares.add(fences, fence, share);
            }
            let cell = of_cell[0].0;
            pages.set(cell, builder.root(square_of(cell), shares.content())?);
        }
        let words = builder.words.finish();
        let all = 0..fences.len() as u32;
        let poles = POLES.map(|pole| all.clone().filter(|&fence| is_near(fences, fence, pole)).collect());
        Ok(Self { pages: pages.finish(), words, poles, tuning })
    }

    /// Bytes that it takes, shared or not.
    pub(crate) fn bytes(&self) -> usize {
        let mut pages: Vec<_> = self.pages.iter().map(Arc::as_ptr).collect();
        pages.sort_unstable();
        pages.dedup();
        pages.len() * size_of::<Page>() + self.words.len() * size_of::<u32>()
    }

    /// The page and the place within it of a root cell.
    #[inline(always)]
    const fn place(column: u32, row: u32) -> (usize, usize) {
        let pages = N_COLUMNS >> PAGE_LOG2;
        let page = (row >> PAGE_LOG2) * pages + (column >> PAGE_LOG2);
        let within = (1 << PAGE_LOG2) - 1;
        let slot = (row & within) << PAGE_LOG2 | (column & within);
        (page as usize % N_PAGES, slot as usize % PAGE_LEN)
    }

    #[inline(always)]
    fn root(&self, column: u32, row: u32) -> Entry {
        let (page, slot) = Self::place(column, row);
        Entry(self.pages[page][slot])
    }
}

/// Pages in the making.
struct Pages {
    pages: Vec<Arc<Page>>,
}

impl Pages {
    /// All root cells share one empty page.
    fn empty() -> Self {
        let empty = Arc::new([Entry::EMPTY_ROOT.0; PAGE_LEN]);
        Self { pages: std::iter::repeat_n(empty, N_PAGES).collect() }
    }

    fn set(&mut self, cell: u32, entry: Entry) {
        let (page, slot) = Directory::place(cell % N_COLUMNS, cell / N_COLUMNS);
        Arc::make_mut(&mut self.pages[page])[slot] = entry.0;
    }

    fn finish(self) -> Arc<[Arc<Page>; N_PAGES]> {
        let pages: Box<[Arc<Page>; N_PAGES]> = self.pages.try_into().expect("there are as many pages");
        Arc::from(pages)
    }
}

/// Few fences can afford fine grids; many would leave the caches with them.
fn tuning(n_items: usize) -> Tuning {
    let cells_per_item = (2_000_000.0 / n_items.max(1) as f64).clamp(4.0, 32.0);
    Tuning { cells_per_item, leaf_circles: 6, leaf_edges: 8 }
}

/// Whether a fence comes within some metres of a pole.
fn is_near(fences: &Fences, fence: u32, pole: f64) -> bool {
    match fences.get(fence) {
        Stored::Removed => false,
        Stored::Circle { center, radius } => pole_within(root::circle_extent(*center, radius.0).0, pole),
        Stored::Polygons(polygons) => polygons.polygons.iter().any(|polygon| pole_within(polygon.ys(), pole)),
    }
}

fn pole_within(ys: crate::plane::Span, pole: f64) -> bool {
    const UNITS: f64 = 4.0;
    units_y(ys.low) - UNITS <= units_y(pole) && units_y(pole) <= units_y(ys.high) + UNITS
}
