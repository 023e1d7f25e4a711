//! Which root cells each fence touches.

use model::Position;

use super::build::{Content, PartEdge, grid_of};
use super::circles::{CircleOn, Touch};
use super::flat::Flat;
use super::grid::{Grid, Line, Sweep, margin};
use super::units::{ROOT_LOG2, Square, TURN, UNITS_PER_DEGREE, position_of, units_x, units_y};
use crate::earth::{distance_m, latitude_reach, longitude_reach};
use crate::plane::{Edge, Span};
use crate::polygon::Polygon;
use crate::store::{Fences, Polygons, Stored};

/// Root cells round the earth.
pub(crate) const N_COLUMNS: u32 = 1 << (32 - ROOT_LOG2);
/// Root cells from pole to pole.
pub(crate) const N_ROWS: u32 = N_COLUMNS / 2;

/// A circle smaller than this can neither cover a root cell nor leave corners of its box empty that
/// would be worth a distance.
const SMALL_RADIUS_M: f64 = 4_000.0;

/// What a fence contributes to one root cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Share {
    /// The whole cell lies within.
    Cover,
    /// A circle's rim may pass through.
    Circle,
    /// An edge of a part touches it, moved west by so many turns.
    Edge { part: u32, edge: u32, turns: u8 },
}

/// A line of the plane of units.
pub(crate) fn line_of(edge: Edge) -> Line {
    Line { from: [units_x(edge.from.x), units_y(edge.from.y)], to: [units_x(edge.to.x), units_y(edge.to.y)] }
}

/// Visits every root cell that a fence may touch, some of them twice.
pub(crate) fn shares_of(stored: &Stored, sweep: &mut Sweep, mut visit: impl FnMut(u32, Share)) {
    match stored {
        Stored::Removed => {}
        Stored::Circle { center, radius } => circle_shares(*center, radius.0, visit),
        Stored::Polygons(polygons) => {
            for part in 0..polygons.polygons.len() {
                part_shares(polygons, part, sweep, &mut visit);
            }
        }
    }
}

/// Visits what a fence contributes to a square of any size.
pub(crate) fn shares_in(stored: &Stored, square: Square, mut visit: impl FnMut(Share)) {
    match stored {
        Stored::Removed => {}
        Stored::Circle { center, radius } => {
            let circle = CircleOn::new(*center, radius.0, square);
            circle.touch(&grid_of(square, 0), square, &mut None, |_, _, touch| match touch {
                Touch::Covers => visit(Share::Cover),
                Touch::Rim => visit(Share::Circle),
            });
        }
        Stored::Polygons(polygons) => {
            for part in 0..polygons.polygons.len() {
                part_shares_in(polygons, part, square, &mut visit);
            }
        }
    }
}

fn part_shares_in(polygons: &Polygons, part: usize, square: Square, visit: &mut impl FnMut(Share)) {
    let polygon = &polygons.polygons[part];
    let grid = grid_of(square, 0);
    let (xs, ys) = extent_in_units(polygon);
    let images = (-1..=2_i8).filter(|&turns| {
        let west = f64::from(turns) * TURN;
        let (columns, rows) = grid.touched_by_box((xs.low - west, xs.high - west), (ys.low, ys.high));
        !columns.is_empty() && !rows.is_empty()
    });
    let (mut is_beside, mut is_touched) = (false, false);
    let edges = edges_beside(polygons, part, square);
    for turns in images {
        is_beside = true;
        for &edge in &edges {
            let line = line_of(polygon.edge(edge)).moved(-f64::from(turns) * TURN);
            grid.along(line, |_, _| {
                is_touched = true;
                visit(Share::Edge { part: part as u32, edge, turns: turns as u8 });
            });
        }
    }
    let [x, y] = grid.middle(0, 0);
    if is_beside && !is_touched && polygons.part_contains(part, position_of(x, y)) {
        visit(Share::Cover);
    }
}

/// Edges at the latitudes of a square, ascending; perhaps some more.
fn edges_beside(polygons: &Polygons, part: usize, square: Square) -> Vec<u32> {
    let reach = 2.0 * margin(square.log2) / UNITS_PER_DEGREE;
    let (south, north) = square.lats();
    let mut edges = polygons.bands[part].edges_at(Span { low: south - reach, high: north + reach }).to_vec();
    edges.sort_unstable();
    edges.dedup();
    edges
}

fn cell_no(column: usize, row: usize) -> u32 {
    row as u32 * N_COLUMNS + (column as u32 & (N_COLUMNS - 1))
}

/// The square of a root cell.
pub(crate) const fn square_of(cell: u32) -> Square {
    Square::root(cell % N_COLUMNS, cell / N_COLUMNS)
}

/// Latitudes and longitudes of a circle, a hair wider than proved.
pub(crate) fn circle_extent(center: Position, radius_m: f64) -> (Span, Span) {
    const ROUNDING: f64 = 1e-9;
    let reach = latitude_reach(radius_m) + ROUNDING;
    let ys = Span { low: (center.lat() - reach).max(-90.0), high: (center.lat() + reach).min(90.0) };
    let reach = longitude_reach(center.lat(), radius_m).map_or(180.0, |reach| reach + ROUNDING);
    (ys, Span { low: center.lng() - reach, high: center.lng() + reach })
}

/// A grid of root cells from one column and row on.
fn root_grid(xs: Span, ys: Span) -> Grid {
    let side = f64::from(1_u32 << ROOT_LOG2);
    let margin = margin(ROOT_LOG2);
    let first = ((xs.low - margin) / side).floor();
    let south = ((ys.low - margin) / side).floor().max(0.0);
    let north = ((ys.high + margin) / side).floor().min(f64::from(N_ROWS - 1));
    let n_columns = ((xs.high + margin) / side).floor() - first + 1.0;
    Grid {
        x: first * side,
        y: south * side,
        log2: ROOT_LOG2,
        n_columns: n_columns as usize,
        n_rows: (north - south + 1.0).max(0.0) as usize,
    }
}

/// The root cell of a grid's cell.
fn on_earth(grid: &Grid, column: usize, row: usize) -> u32 {
    let side = f64::from(1_u32 << ROOT_LOG2);
    let column = (grid.x / side) as i64 + column as i64;
    cell_no(column.rem_euclid(i64::from(N_COLUMNS)) as usize, (grid.y / side) as usize + row)
}

fn circle_shares(center: Position, radius_m: f64, mut visit: impl FnMut(u32, Share)) {
    let (ys, xs) = circle_extent(center, radius_m);
    let in_units = |span: Span, of: fn(f64) -> f64| Span { low: of(span.low), high: of(span.high) };
    let grid = root_grid(in_units(xs, units_x), in_units(ys, units_y));
    let n_columns = grid.n_columns.min(N_COLUMNS as usize);
    for row in 0..grid.n_rows {
        for column in 0..n_columns {
            let cell = on_earth(&grid, column, row);
            if radius_m < SMALL_RADIUS_M {
                visit(cell, Share::Circle);
            } else if let Some(share) = large_circle_on(center, radius_m, square_of(cell)) {
                visit(cell, share);
            }
        }
    }
}

/// How a large circle meets a root cell, by the triangle inequality around the cell's middle.
fn large_circle_on(center: Position, radius_m: f64, square: Square) -> Option<Share> {
    let middle = square.center();
    let apart_m = distance_m(center, position_of(f64::from(middle.x), f64::from(middle.y)));
    // A metre for rounding; positions beside the cell round into it by half a unit.
    let spread_m = Flat::around(square, 0.0).half_diagonal_m(square) + 1.0;
    if apart_m + spread_m <= radius_m {
        Some(Share::Cover)
    } else if radius_m < apart_m - spread_m {
        None
    } else {
        Some(Share::Circle)
    }
}

fn part_shares(polygons: &Polygons, part: usize, sweep: &mut Sweep, visit: &mut impl FnMut(u32, Share)) {
    let polygon = &polygons.polygons[part];
    let (xs, ys) = extent_in_units(polygon);
    let grid = root_grid(xs, ys);
    if grid.n_columns * grid.n_rows == 1 {
        let cell = on_earth(&grid, 0, 0);
        let turns = turns_of(&grid, 0);
        for edge in polygon.edge_numbers() {
            visit(cell, Share::Edge { part: part as u32, edge, turns });
        }
        return;
    }
    sweep.clear(&grid);
    for edge in polygon.edge_numbers() {
        grid.along(line_of(polygon.edge(edge)), |column, row| {
            sweep.touch(&grid, column, row);
            let turns = turns_of(&grid, column);
            visit(on_earth(&grid, column, row), Share::Edge { part: part as u32, edge, turns });
        });
    }
    // What one image of the polygon leaves untouched another may touch: all images count as one.
    let all = (0..grid.n_columns, 0..grid.n_rows);
    let is_inside = |column: usize, row: usize| {
        let [x, y] = grid.middle(column, row);
        polygons.part_contains(part, position_of(x, y))
    };
    if grid.n_columns <= N_COLUMNS as usize {
        sweep.fill(&grid, all, is_inside, |column, row| visit(on_earth(&grid, column, row), Share::Cover));
    } else {
        fill_folded(sweep, &grid, is_inside, |column, row| visit(on_earth(&grid, column, row), Share::Cover));
    }
}

/// [`Sweep::fill`] for what reaches further than once round the earth.
fn fill_folded(
    sweep: &mut Sweep,
    grid: &Grid,
    is_inside: impl FnMut(usize, usize) -> bool,
    visit: impl FnMut(usize, usize),
) {
    let once = N_COLUMNS as usize;
    for row in 0..grid.n_rows {
        for column in 0..grid.n_columns {
            if sweep.is_touched(grid, column, row) {
                for image in (column % once..grid.n_columns).step_by(once) {
                    sweep.touch(grid, image, row);
                }
            }
        }
    }
    sweep.fill(grid, (0..once, 0..grid.n_rows), is_inside, visit);
}

/// Longitudes and latitudes of a polygon in units.
pub(crate) fn extent_in_units(polygon: &Polygon) -> (Span, Span) {
    let xs = Span { low: units_x(polygon.xs().low), high: units_x(polygon.xs().high) };
    (xs, Span { low: units_y(polygon.ys().low), high: units_y(polygon.ys().high) })
}

/// By how many turns a column lies east of the map, as an `i8`.
fn turns_of(grid: &Grid, column: usize) -> u8 {
    let west = grid.x + column as f64 * f64::from(1_u32 << ROOT_LOG2);
    (west / TURN).floor() as i8 as u8
}

/// What some fences contribute to a root cell.
#[derive(Default)]
pub(crate) struct CellShares {
    covers: Vec<u32>,
    circles: Vec<u32>,
    edges: Vec<PartEdge>,
}

impl CellShares {
    pub(crate) fn clear(&mut self) {
        self.covers.clear();
        self.circles.clear();
        self.edges.clear();
    }

    /// Fences come in ascending order.
    pub(crate) fn add(&mut self, fences: &Fences, fence: u32, share: Share) {
        match share {
            Share::Cover if self.covers.last() != Some(&fence) => self.covers.push(fence),
            Share::Cover => {}
            Share::Circle => self.circles.push(fence),
            Share::Edge { part, edge, turns } => {
                let Stored::Polygons(polygons) = fences.get(fence) else {
                    unreachable!("only polygons have edges")
                };
                let line = line_of(polygons.polygons[part as usize].edge(edge));
                let line = line.moved(-f64::from(turns as i8) * TURN);
                self.edges.push(PartEdge { fence, part, line });
            }
        }
    }

    pub(crate) fn content(&self) -> Content<'_> {
        Content { covers: &self.covers, circles: &self.circles, edges: &self.edges }
    }
}
