//! From fences to the words of one root cell.

use std::collections::HashMap;
use std::ops::Range;

use super::circles::{CircleOn, Touch};
use super::clip;
use super::entry::{Entry, LEAF_STEP, NODE_STEP};
use super::flat::Flat;
use super::grid::{Grid, Line, Sweep};
use super::leaf::{Leaf, LeafCircles};
use super::listings::{Listings, budget_of};
use super::root::extent_in_units;
use super::units::{Spot, Square, TURN, position_of};
use super::words::{Full, Writing};
use crate::polygon::Polygon;
use crate::store::Fences;

/// Everything that touches a square.
#[derive(Clone, Copy, Default)]
pub(crate) struct Content<'a> {
    /// Fences that the whole square lies within, ascending.
    pub(crate) covers: &'a [u32],
    /// Circles that may touch it.
    pub(crate) circles: &'a [u32],
    /// Edges that may touch it; those of one part stand together.
    pub(crate) edges: &'a [PartEdge],
}

/// An edge of a polygon, moved to where the square is.
#[derive(Clone, Copy)]
pub(crate) struct PartEdge {
    pub(crate) fence: u32,
    pub(crate) part: u32,
    pub(crate) line: Line,
}

/// How finely to divide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tuning {
    /// Cells of a node for each circle or edge that touches it.
    pub(crate) cells_per_item: f64,
    /// A square that no more circles touch is not divided.
    pub(crate) leaf_circles: usize,
    /// A square that no more edges touch is not divided.
    pub(crate) leaf_edges: usize,
}

/// Squares are not divided below 2^9 units, 5 m.
const SMALLEST_LOG2: u32 = 9;
/// Largest node: 2^9 columns and rows, a megabyte.
const K_MAX: u32 = 9;

/// Builds subtrees into words.
pub(crate) struct Builder<'a> {
    fences: &'a Fences,
    tuning: Tuning,
    pub(crate) words: Writing,
    /// Leaves without circles and edges, by their covers.
    known: HashMap<Vec<u32>, Entry>,
    /// Root cells without circles and edges, by their covers.
    known_roots: HashMap<Vec<u32>, Entry>,
    sweep: Sweep,
    scratch: Vec<u32>,
}

/// What a node hands to its cells: items with the cell that they belong to.
#[derive(Default)]
struct Shares {
    covers: Vec<(u32, u32)>,
    circles: Vec<(u32, u32)>,
    edges: Vec<(u32, u32)>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(fences: &'a Fences, tuning: Tuning, words: Writing) -> Self {
        Self {
            fences,
            tuning,
            words,
            known: HashMap::new(),
            known_roots: HashMap::new(),
            sweep: Sweep::default(),
            scratch: Vec::new(),
        }
    }

    /// The entry of a root cell: always a node, so that every search goes the same way.
    pub(crate) fn root(&mut self, square: Square, content: Content<'_>) -> Result<Entry, Full> {
        let is_covered = content.circles.is_empty() && content.edges.is_empty();
        if is_covered && let Some(&known) = self.known_roots.get(content.covers) {
            return Ok(known);
        }
        let entry = self.entry(square, content, budget_of(square))?;
        if entry.tag() == Entry::TAG_NODE {
            return Ok(entry);
        }
        let word = self.words.reserve(1, NODE_STEP)?;
        self.words.put(word, &[entry.0]);
        let root = Entry::node(word, 0);
        if is_covered {
            remember(&mut self.known_roots, content.covers, root);
        }
        Ok(root)
    }

    /// The entry of any cell, with what is left for listings.
    pub(crate) fn entry(
        &mut self,
        square: Square,
        content: Content<'_>,
        budget: Listings,
    ) -> Result<Entry, Full> {
        match self.division(square, content, budget) {
            0 => self.leaf(square, content),
            k => {
                let spent = self.listings(square, k, content);
                self.node(square, k, content, spent.left_of(budget))
            }
        }
    }

    /// Into how many columns and rows a square is divided, as a power of two; 0 makes it a leaf.
    ///
    /// No further than the budget for listings allows, and not at all beside a pole: there a small
    /// circle lies in every cell of a row.
    fn division(&self, square: Square, content: Content<'_>, budget: Listings) -> u32 {
        let Tuning { cells_per_item, leaf_circles, leaf_edges } = self.tuning;
        let (n_circles, n_edges) = (content.circles.len(), self.n_fast_edges(content.edges));
        let room = square.log2.saturating_sub(SMALLEST_LOG2).min(K_MAX);
        let rims = self.wide_rims(square, content.circles);
        let is_small = n_circles <= leaf_circles && n_edges <= leaf_edges && rims == 0.0;
        if is_small || square.is_beside_pole() {
            return 0;
        }
        let n_cells = cells_per_item * ((n_circles + n_edges) as f64 + rims);
        let k = (n_cells.log2() / 2.0).ceil().max(1.0) as u32;
        let mut k = k.min(room).min(self.finest(square, content));
        while 0 < k && !self.listings(square, k, content).fit(budget) {
            k -= 1;
        }
        k
    }

    fn listings(&self, square: Square, k: u32, content: Content<'_>) -> Listings {
        Listings::of(square, k, self.fences, content.circles, content.edges)
    }

    /// Edges of which a smaller cell would have fewer to test.
    fn n_fast_edges(&self, edges: &[PartEdge]) -> usize {
        let parts = edges.chunk_by(|a, b| (a.fence, a.part) == (b.fence, b.part));
        let is_fast = |run: &&[PartEdge]| !self.fences.polygons(run[0].fence).is_slow(run[0].part as usize);
        parts.filter(is_fast).map(<[PartEdge]>::len).sum()
    }

    /// Circles that are tested alone need no cells smaller than themselves.
    fn finest(&self, square: Square, content: Content<'_>) -> u32 {
        if !content.edges.is_empty() || content.circles.is_empty() {
            return K_MAX;
        }
        let metres = Flat::around(square, 0.0).metres(square.side());
        let largest_m = content.circles.iter().map(|&fence| self.fences.circle(fence).1).fold(0.0, f64::max);
        (metres / largest_m).log2().ceil().max(0.0) as u32
    }

    /// For circles whose rim this square is too large for: how many items they count as.
    fn wide_rims(&self, square: Square, circles: &[u32]) -> f64 {
        let of = |&fence: &u32| {
            let (_, radius_m) = self.fences.circle(fence);
            let flat = Flat::around(square, radius_m);
            let rim = flat.outside_from(radius_m) - flat.inside_up_to(radius_m);
            if rim < square.side() / 64.0 { 0.0 } else { 16.0 }
        };
        // Small circles have thin rims in any square.
        let is_large = |fence: &&u32| 2_000.0 < self.fences.circle(**fence).1;
        if square.log2 < 15 { 0.0 } else { circles.iter().filter(is_large).map(of).sum() }
    }

    fn node(
        &mut self,
        square: Square,
        k: u32,
        content: Content<'_>,
        budget: Listings,
    ) -> Result<Entry, Full> {
        let grid = grid_of(square, k);
        let mut shares = Shares::default();
        self.share_circles(square, &grid, content.circles, &mut shares);
        self.share_edges(&grid, content.edges, &mut shares);
        let n_cells = 1_usize << (2 * k);
        let covers = Sorted::by_cell(&shares.covers, n_cells);
        let circles = Sorted::by_cell(&shares.circles, n_cells);
        let edge_numbers = Sorted::by_cell(&shares.edges, n_cells);
        drop(shares);
        let start = self.words.reserve(n_cells, NODE_STEP)?;
        let mut entries = vec![0_u32; n_cells];
        let (mut all_covers, mut edges) = (Vec::new(), Vec::new());
        for (cell, entry) in entries.iter_mut().enumerate() {
            all_covers.clear();
            all_covers.extend(content.covers);
            all_covers.extend(covers.of(cell));
            all_covers.sort_unstable();
            all_covers.dedup();
            edges.clear();
            edges.extend(edge_numbers.of(cell).iter().map(|&number| content.edges[number as usize]));
            let content = Content { covers: &all_covers, circles: circles.of(cell), edges: &edges };
            *entry = self.entry(square.cell(k, cell as u32), content, budget)?.0;
        }
        self.words.put(start, &entries);
        Ok(Entry::node(start, k))
    }

    fn share_circles(&self, square: Square, grid: &Grid, circles: &[u32], shares: &mut Shares) {
        let mut middles = None;
        for &fence in circles {
            let (center, radius_m) = self.fences.circle(fence);
            let circle = CircleOn::new(center, radius_m, square);
            circle.touch(grid, square, &mut middles, |column, row, touch| {
                let item = ((row * grid.n_columns + column) as u32, fence);
                match touch {
                    Touch::Covers => shares.covers.push(item),
                    Touch::Rim => shares.circles.push(item),
                }
            });
        }
    }

    fn share_edges(&mut self, grid: &Grid, edges: &[PartEdge], shares: &mut Shares) {
        let cell = |column: usize, row: usize| (row * grid.n_columns + column) as u32;
        let mut from = 0;
        for run in edges.chunk_by(|a, b| (a.fence, a.part) == (b.fence, b.part)) {
            self.sweep.clear(grid);
            for (number, edge) in (from..).zip(run) {
                grid.along(edge.line, |column, row| {
                    self.sweep.touch(grid, column, row);
                    shares.edges.push((cell(column, row), number));
                });
            }
            from += run.len() as u32;
            let (fence, part) = (run[0].fence, run[0].part as usize);
            let polygons = self.fences.polygons(fence);
            let is_inside = |column: usize, row: usize| {
                let [x, y] = grid.middle(column, row);
                polygons.part_contains(part, position_of(x, y))
            };
            let within = cells_beside(&polygons.polygons[part], grid);
            self.sweep.fill(grid, within, is_inside, |column, row| {
                shares.covers.push((cell(column, row), fence));
            });
        }
    }

    fn leaf(&mut self, square: Square, content: Content<'_>) -> Result<Entry, Full> {
        let Content { covers, circles, edges } = content;
        if circles.is_empty() && edges.is_empty() {
            return self.covered(covers, square.center());
        }
        let mut leaf = Leaf { covers: covers.to_vec(), ..Leaf::default() };
        leaf.circles = self.leaf_circles(square, circles);
        leaf.parts.band = clip::band(square);
        for run in edges.chunk_by(|a, b| (a.fence, a.part) == (b.fence, b.part)) {
            let (fence, part) = (run[0].fence, run[0].part);
            if covers.binary_search(&fence).is_err() {
                let polygons = self.fences.polygons(fence);
                if polygons.is_slow(part as usize) {
                    clip::add_exact_part(&mut leaf.parts, (fence, part));
                    continue;
                }
                let lines = run.iter().map(|edge| edge.line);
                let is_inside = |x: f64, y: f64| polygons.part_contains(part as usize, position_of(x, y));
                clip::add_part(&mut leaf.parts, square, (fence, part), lines, is_inside);
            }
        }
        if leaf.circles.circles.is_empty() && leaf.parts.parts.is_empty() {
            return self.covered(covers, square.center());
        }
        self.write(&leaf, square.center())
    }

    fn leaf_circles(&self, square: Square, circles: &[u32]) -> LeafCircles {
        let radius_m = circles.iter().map(|&fence| self.fences.circle(fence).1).fold(0.0, f64::max);
        let flat = Flat::around(square, radius_m);
        let circles = circles.iter().map(|&fence| {
            let (center, radius_m) = self.fences.circle(fence);
            flat.leaf_circle(fence, Spot::of(center), radius_m)
        });
        LeafCircles { east: flat.east as f32, circles: circles.collect() }
    }

    /// The entry of a square that fences cover and nothing else touches.
    fn covered(&mut self, covers: &[u32], middle: Spot) -> Result<Entry, Full> {
        match covers {
            [] => return Ok(Entry::EMPTY),
            [fence] => return Ok(Entry::one(*fence)),
            _ => {}
        }
        if let Some(&known) = self.known.get(covers) {
            return Ok(known);
        }
        let entry = self.write(&Leaf { covers: covers.to_vec(), ..Leaf::default() }, middle)?;
        remember(&mut self.known, covers, entry);
        Ok(entry)
    }

    fn write(&mut self, leaf: &Leaf, middle: Spot) -> Result<Entry, Full> {
        self.scratch.clear();
        leaf.write(middle, &mut self.scratch);
        let word = self.words.reserve(self.scratch.len(), LEAF_STEP)?;
        self.words.put(word, &self.scratch);
        Ok(Entry::leaf(word))
    }
}

/// Equal lists lie near each other: the last ones are the ones to remember.
fn remember(known: &mut HashMap<Vec<u32>, Entry>, covers: &[u32], entry: Entry) {
    const N_KNOWN_MAX: usize = 1 << 16;
    if known.len() == N_KNOWN_MAX {
        known.clear();
    }
    known.insert(covers.to_vec(), entry);
}

/// The grid of the cells of a square.
pub(crate) fn grid_of(square: Square, k: u32) -> Grid {
    let n = 1 << k;
    Grid { x: f64::from(square.x), y: f64::from(square.y), log2: square.log2 - k, n_columns: n, n_rows: n }
}

/// The cells of a grid that the box of a polygon touches, with all its images; perhaps some more.
pub(crate) fn cells_beside(polygon: &Polygon, grid: &Grid) -> (Range<usize>, Range<usize>) {
    let (xs, ys) = extent_in_units(polygon);
    let rows = grid.touched_by_box((xs.low, xs.high), (ys.low, ys.high)).1;
    let images = (-2..=2).map(|turns| f64::from(turns) * TURN);
    let images = images.map(|east| grid.touched_by_box((xs.low + east, xs.high + east), (ys.low, ys.high)).0);
    let columns = images.filter(|columns| !columns.is_empty());
    (columns.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or(0..0), rows)
}

/// Items by the cell that they belong to, in the order in which they came.
struct Sorted {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Sorted {
    /// Counting sort. O(items + cells).
    fn by_cell(pairs: &[(u32, u32)], n_cells: usize) -> Self {
        if pairs.is_empty() {
            return Self { starts: Vec::new(), items: Vec::new() };
        }
        let mut starts = vec![0_u32; n_cells + 1];
        for &(cell, _) in pairs {
            starts[cell as usize + 1] += 1;
        }
        for cell in 0..n_cells {
            starts[cell + 1] += starts[cell];
        }
        let mut next = starts.clone();
        let mut items = vec![0; pairs.len()];
        for &(cell, item) in pairs {
            items[next[cell as usize] as usize] = item;
            next[cell as usize] += 1;
        }
        Self { starts, items }
    }

    fn of(&self, cell: usize) -> &[u32] {
        if self.items.is_empty() {
            return &[];
        }
        &self.items[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }
}
