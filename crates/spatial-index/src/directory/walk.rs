//! All fences that touch some cells: for ways between positions, and for changes.

use super::Directory;
use super::build::grid_of;
use super::entry::Entry;
use super::grid::{Grid, Line};
use super::leaf::{Header, part_counts};
use super::root::{N_ROWS, line_of};
use super::units::{ROOT_LOG2, Square, TURN};
use crate::plane::Edge;

impl Directory {
    /// Appends every fence that is found under an entry, in no order, many of them often.
    pub(super) fn collect(&self, entry: Entry, fences: &mut Vec<u32>) {
        match entry.tag() {
            Entry::TAG_ONE => fences.push(entry.fence()),
            Entry::TAG_LEAF => collect_leaf(self.words.from(entry.leaf_word()), fences),
            Entry::TAG_NODE => {
                let start = entry.node_word();
                for cell in 0..1 << (2 * entry.node_k()) {
                    self.collect(Entry(*self.words.at(start + cell)), fences);
                }
            }
            _ => {}
        }
    }

    /// Appends every fence that may meet a line, in no order, some of them often.
    ///
    /// The line's longitudes may run past the map on either side.
    pub(crate) fn along(&self, way: Edge, fences: &mut Vec<u32>) {
        let line = line_of(way);
        let side = f64::from(1_u32 << ROOT_LOG2);
        let west = (line.from[0].min(line.to[0]) / side).floor() - 1.0;
        let east = (line.from[0].max(line.to[0]) / side).floor() + 1.0;
        let grid = Grid {
            x: west * side,
            y: 0.0,
            log2: ROOT_LOG2,
            n_columns: (east - west + 1.0) as usize,
            n_rows: N_ROWS as usize,
        };
        grid.along(line, |column, row| {
            let x = grid.x + column as f64 * side;
            let turns = (x / TURN).floor();
            let square =
                Square { x: (x - turns * TURN) as u32, y: (row as u32) << ROOT_LOG2, log2: ROOT_LOG2 };
            let entry = self.root(square.x >> ROOT_LOG2, row as u32);
            self.collect_along(entry, square, line.moved(-turns * TURN), fences);
        });
        for (pole, y) in
            self.poles.iter().zip([line.from[1].min(line.to[1]), TURN / 2.0 - line.from[1].max(line.to[1])])
        {
            if y < 4.0 {
                fences.extend(pole.iter());
            }
        }
    }

    fn collect_along(&self, entry: Entry, square: Square, line: Line, fences: &mut Vec<u32>) {
        if entry.tag() != Entry::TAG_NODE {
            return self.collect(entry, fences);
        }
        let (start, k) = (entry.node_word(), entry.node_k());
        grid_of(square, k).along(line, |column, row| {
            let cell = (row << k) + column;
            let entry = Entry(*self.words.at(start + cell));
            self.collect_along(entry, square.cell(k, cell as u32), line, fences);
        });
    }
}

fn collect_leaf(mut leaf: &[u32], fences: &mut Vec<u32>) {
    loop {
        let header = Header(leaf[0]);
        fences.extend(&leaf[1..][..header.n_covers()]);
        leaf = &leaf[1 + header.n_covers()..];
        if 0 < header.n_circles() {
            let n = header.n_circles();
            fences.extend(&leaf[1 + 4 * n..][..n]);
            leaf = &leaf[1 + 5 * n..];
        }
        if header.has_parts() {
            let (n_edges, n_parts) = part_counts(leaf[0]);
            let step = 2 + n_edges.div_ceil(32);
            let parts = &leaf[4 + 4 * n_edges..][..n_parts * step];
            fences.extend(parts.iter().step_by(step));
            leaf = &leaf[4 + 4 * n_edges + n_parts * step..];
        }
        if !header.has_more() {
            return;
        }
    }
}
