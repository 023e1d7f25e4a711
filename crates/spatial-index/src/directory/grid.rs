//! Which cells of a grid a straight edge touches, and what lies between the edges.

/// A grid of square cells, `1 << log2` units each, in the plane of units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) log2: u32,
    pub(crate) n_columns: usize,
    pub(crate) n_rows: usize,
}

/// A straight edge in the plane of units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) from: [f64; 2],
    pub(crate) to: [f64; 2],
}

/// What is known of a cell against one polygon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Nothing,
    Touched,
    Outside,
    Inside,
}

/// Cells of one polygon, used again for the next.
#[derive(Default)]
pub(crate) struct Sweep {
    cells: Vec<Known>,
}

/// How much wider than a cell the square is with which an edge must have nothing in common for the
/// cell to count as untouched, on each side, in units.
///
/// It must exceed the band of a leaf of that size (`clip.rs`), so that the lower border of the
/// wider square is not taken for an edge that is too near.
pub(crate) fn margin(log2: u32) -> f64 {
    4.0 + f64::from(1_u32 << log2) / 65_536.0
}

impl Line {
    fn low(self, axis: usize) -> f64 {
        self.from[axis].min(self.to[axis])
    }

    fn high(self, axis: usize) -> f64 {
        self.from[axis].max(self.to[axis])
    }

    /// Its length along both axes together, each counted to a square's side at most.
    pub(crate) fn length_within(self, side: f64) -> f64 {
        (0..2).map(|axis| (self.to[axis] - self.from[axis]).abs().min(side)).sum()
    }

    /// The same line further east.
    pub(crate) fn moved(self, east: f64) -> Self {
        Self { from: [self.from[0] + east, self.from[1]], to: [self.to[0] + east, self.to[1]] }
    }

    /// Its longitudes between two latitudes that it reaches.
    fn xs_between(self, south: f64, north: f64) -> (f64, f64) {
        let (low, high) = (self.low(0), self.high(0));
        let [dx, dy] = [self.to[0] - self.from[0], self.to[1] - self.from[1]];
        if dy == 0.0 {
            return (low, high);
        }
        let at = |y: f64| (self.from[0] + (y - self.from[1]) * (dx / dy)).clamp(low, high);
        let (a, b) = (at(south.max(self.low(1))), at(north.min(self.high(1))));
        (a.min(b), a.max(b))
    }
}

impl Grid {
    fn side(&self) -> f64 {
        f64::from(1_u32 << self.log2)
    }

    /// Columns or rows from `low` to `high`, as far as there are any.
    fn range(&self, axis: usize, low: f64, high: f64) -> std::ops::Range<usize> {
        let (origin, n) = if axis == 0 { (self.x, self.n_columns) } else { (self.y, self.n_rows) };
        let first = ((low - origin) / self.side()).floor().max(0.0);
        let end = ((high - origin) / self.side()).floor() + 1.0;
        if end <= 0.0 { 0..0 } else { first.min(n as f64) as usize..end.min(n as f64) as usize }
    }

    /// Columns that hold longitudes from `low` to `high`.
    pub(crate) fn columns(&self, low: f64, high: f64) -> std::ops::Range<usize> {
        self.range(0, low, high)
    }

    /// Rows that hold latitudes from `low` to `high`.
    pub(crate) fn rows(&self, low: f64, high: f64) -> std::ops::Range<usize> {
        self.range(1, low, high)
    }

    /// The middle of a cell.
    pub(crate) fn middle(&self, column: usize, row: usize) -> [f64; 2] {
        let at = |origin: f64, n: usize| origin + (n as f64 + 0.5) * self.side();
        [at(self.x, column), at(self.y, row)]
    }

    /// Columns and rows that a box with the [`margin`] touches.
    pub(crate) fn touched_by_box(
        &self,
        xs: (f64, f64),
        ys: (f64, f64),
    ) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let margin = margin(self.log2);
        (self.range(0, xs.0 - margin, xs.1 + margin), self.range(1, ys.0 - margin, ys.1 + margin))
    }

    /// Visits every cell that a line comes within the [`margin`] of, as a column and a row.
    ///
    /// Each once; perhaps some more beside.
    pub(crate) fn along(&self, line: Line, mut visit: impl FnMut(usize, usize)) {
        let margin = margin(self.log2) + 0.01;
        for row in self.range(1, line.low(1) - margin, line.high(1) + margin) {
            let south = self.y + row as f64 * self.side();
            let (west, east) = line.xs_between(south - margin, south + self.side() + margin);
            for column in self.range(0, west - margin, east + margin) {
                visit(column, row);
            }
        }
    }
}

impl Sweep {
    /// Begins with a polygon that touches nothing yet.
    pub(crate) fn clear(&mut self, grid: &Grid) {
        self.cells.clear();
        self.cells.resize(grid.n_columns * grid.n_rows, Known::Nothing);
    }

    /// An edge touches a cell.
    pub(crate) fn touch(&mut self, grid: &Grid, column: usize, row: usize) {
        self.cells[row * grid.n_columns + column] = Known::Touched;
    }

    pub(crate) fn is_touched(&self, grid: &Grid, column: usize, row: usize) -> bool {
        self.cells[row * grid.n_columns + column] == Known::Touched
    }

    /// Visits every cell within, untouched by any edge. `is_inside` is asked about the middle of
    /// as few cells as may be: cells side by side without an edge between have one answer.
    pub(crate) fn fill(
        &mut self,
        grid: &Grid,
        (columns, rows): (std::ops::Range<usize>, std::ops::Range<usize>),
        mut is_inside: impl FnMut(usize, usize) -> bool,
        mut visit: impl FnMut(usize, usize),
    ) {
        let n = grid.n_columns;
        for row in rows.clone() {
            let mut column = columns.start;
            while column < columns.end {
                if self.cells[row * n + column] == Known::Touched {
                    column += 1;
                    continue;
                }
                let touched = |&column: &usize| self.cells[row * n + column] == Known::Touched;
                let end = (column..columns.end).find(touched).unwrap_or(columns.end);
                let below = if row == rows.start { &[][..] } else { &self.cells[(row - 1) * n..row * n] };
                let known = below.get(column..end).into_iter().flatten();
                let known = known.copied().find(|known| matches!(known, Known::Inside | Known::Outside));
                let known = known
                    .unwrap_or_else(|| if is_inside(column, row) { Known::Inside } else { Known::Outside });
                self.cells[row * n + column..row * n + end].fill(known);
                if known == Known::Inside {
                    (column..end).for_each(|column| visit(column, row));
                }
                column = end;
            }
        }
    }
}

#[cfg(test)]
mod tests;
