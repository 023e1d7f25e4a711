//! The directory after some fences changed: as little as may be is written, the rest is shared.
//!
//! A root cell that a changed fence touches gets a piece of words of its own. If it has one, or
//! its node is copied into one, only the cells of the node that the fence touches are built
//! anew, from the fences that are found in them; the other entries go on pointing where they did.
//! When too much of a piece is read no more, the root cell is built from scratch.

use std::sync::Arc;

use model::FenceNo;

use super::build::{Builder, cells_beside, grid_of};
use super::circles::CircleOn;
use super::entry::{Entry, NODE_STEP};
use super::grid::Sweep;
use super::listings::budget_of;
use super::root::{CellShares, shares_in, shares_of, square_of};
use super::units::{ROOT_LOG2, Square};
use super::words::{Full, Words, Writing};
use super::{Directory, POLES, Pages, is_near};
use crate::store::{Fences, Stored};

/// A change of one fence in so many is as much work as building all anew.
const MANY: usize = 16;
/// A piece may be this much longer than its node before it is built from scratch.
const N_WORDS_WORN: usize = 1 << 15;
/// Fences looked at for single cells, after which a root cell had better be built from scratch: some
/// milliseconds.
const N_LOOKS_MANY: usize = 1 << 14;

/// Fences before and after, and the numbers of those that differ, ascending.
#[derive(Clone, Copy)]
pub(crate) struct Changed<'a> {
    pub(crate) old: &'a Fences,
    pub(crate) new: &'a Fences,
    pub(crate) numbers: &'a [FenceNo],
}

impl Changed<'_> {
    fn is_changed(&self, fence: u32) -> bool {
        self.numbers.binary_search(&FenceNo(fence)).is_ok()
    }

    /// What was and what is under the changed numbers.
    fn shapes(&self) -> impl Iterator<Item = (u32, &Stored)> {
        let old = |fence: u32| ((fence as usize) < self.old.len()).then(|| self.old.get(fence));
        self.numbers.iter().map(|fence| fence.0).flat_map(move |fence| {
            old(fence).into_iter().chain([self.new.get(fence)]).map(move |stored| (fence, stored))
        })
    }
}

impl Directory {
    /// The directory of other fences that differ in some numbers from those of this one.
    ///
    /// Costs a copy of each node that is touched, and the cells under it that are; as much as
    /// [`Directory::build`] when a sixteenth of the fences changed or numbers for words run out.
    pub(crate) fn changed(&self, changed: Changed<'_>) -> Result<Self, Full> {
        if changed.new.len() <= changed.numbers.len() * MANY {
            return Self::build(changed.new);
        }
        self.patched(changed).or_else(|Full| Self::build(changed.new))
    }

    fn patched(&self, changed: Changed<'_>) -> Result<Self, Full> {
        let mut cells: Vec<u32> = Vec::new();
        let mut sweep = Sweep::default();
        for (_, stored) in changed.shapes() {
            shares_of(stored, &mut sweep, |cell, _| cells.push(cell));
        }
        cells.sort_unstable();
        cells.dedup();
        let mut pages = Pages { pages: self.pages.to_vec() };
        let mut words = self.words.clone();
        for cell in cells {
            let square = square_of(cell);
            let node = self.root(square.x >> ROOT_LOG2, square.y >> ROOT_LOG2);
            let entry = match self.patch(&mut words, changed, square, node) {
                Ok(Some(entry)) => entry,
                Ok(None) | Err(Full) => self.rebuild(&mut words, changed, square, node)?,
            };
            pages.set(cell, entry);
        }
        let poles = [0, 1].map(|pole| self.pole_changed(pole, changed));
        Ok(Self { pages: pages.finish(), words, poles, tuning: self.tuning })
    }

    /// Builds a root cell from scratch, in a piece of its own.
    fn rebuild(
        &self,
        words: &mut Words,
        changed: Changed<'_>,
        square: Square,
        node: Entry,
    ) -> Result<Entry, Full> {
        let mut shares = CellShares::default();
        self.shares_now(node, changed, square, &mut shares);
        let mut builder = Builder::new(changed.new, self.tuning, words.begin());
        let entry = builder.root(square, shares.content())?;
        words.drop_piece_of(node.node_word());
        words.put(builder.words)?;
        Ok(entry)
    }

    /// Builds the cells of a root cell's node anew that a changed fence touches or touched; none
    /// when that is not worth it.
    fn patch(
        &self,
        words: &mut Words,
        changed: Changed<'_>,
        square: Square,
        node: Entry,
    ) -> Result<Option<Entry>, Full> {
        let k = node.node_k();
        let n_cells = 1_usize << (2 * k);
        let mut cells = Vec::new();
        for (_, stored) in changed.shapes() {
            touched_cells(stored, square, k, &mut cells);
        }
        cells.sort_unstable();
        cells.dedup();
        if k == 0 || n_cells / 2 < cells.len() {
            return Ok(None);
        }
        let (writing, start) = self.node_to_write_on(words, node, n_cells)?;
        if n_cells + N_WORDS_WORN < writing.len() {
            return Ok(None);
        }
        let mut builder = Builder::new(changed.new, self.tuning, writing);
        let (mut shares, mut n_looks) = (CellShares::default(), 0);
        for cell in cells {
            let square = square.cell(k, cell);
            let before = Entry(*self.words.at(node.node_word() + cell as usize));
            shares.clear();
            n_looks += self.shares_now(before, changed, square, &mut shares);
            if N_LOOKS_MANY < n_looks {
                return Ok(None);
            }
            let entry = builder.entry(square, shares.content(), budget_of(square))?;
            builder.words.put(start + cell as usize, &[entry.0]);
        }
        words.put(builder.words)?;
        Ok(Some(Entry::node(start, k)))
    }

    /// The piece of a node, or a new one with a copy of it, and where in it the node is.
    fn node_to_write_on(&self, words: &Words, node: Entry, n_cells: usize) -> Result<(Writing, usize), Full> {
        if let Some(writing) = words.reopen(node.node_word()) {
            return Ok((writing, node.node_word()));
        }
        let mut writing = words.begin();
        let start = writing.reserve(n_cells, NODE_STEP)?;
        writing.put(start, &self.words.from(node.node_word())[..n_cells]);
        Ok((writing, start))
    }

    /// What now touches a square, of the fences found under an entry and of the changed ones; how many
    /// fences that are.
    fn shares_now(
        &self,
        entry: Entry,
        changed: Changed<'_>,
        square: Square,
        shares: &mut CellShares,
    ) -> usize {
        let mut fences = Vec::new();
        self.collect(entry, &mut fences);
        fences.retain(|&fence| !changed.is_changed(fence));
        fences.extend(changed.numbers.iter().map(|fence| fence.0));
        fences.sort_unstable();
        fences.dedup();
        for &fence in &fences {
            shares_in(changed.new.get(fence), square, |share| shares.add(changed.new, fence, share));
        }
        fences.len()
    }

    fn pole_changed(&self, pole: usize, changed: Changed<'_>) -> Arc<[u32]> {
        let mut near: Vec<u32> = self.poles[pole].to_vec();
        near.retain(|&fence| !changed.is_changed(fence));
        let numbers = changed.numbers.iter().map(|fence| fence.0);
        near.extend(numbers.filter(|&fence| is_near(changed.new, fence, POLES[pole])));
        near.sort_unstable();
        near.into()
    }
}

/// Appends the cells of a square's grid that a fence may touch, perhaps some more.
fn touched_cells(stored: &Stored, square: Square, k: u32, cells: &mut Vec<u32>) {
    let grid = grid_of(square, k);
    match stored {
        Stored::Removed => {}
        Stored::Circle { center, radius } => {
            let circle = CircleOn::new(*center, radius.0, square);
            circle.touch(&grid, square, &mut None, |column, row, _| cells.push(((row << k) + column) as u32));
        }
        Stored::Polygons(polygons) => {
            for polygon in &polygons.polygons {
                let (columns, rows) = cells_beside(polygon, &grid);
                for row in rows {
                    cells.extend(columns.clone().map(|column| ((row << k) + column) as u32));
                }
            }
        }
    }
}
