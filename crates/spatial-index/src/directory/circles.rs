//! Which cells of a node a circle touches, and which it covers.

use model::Position;

use super::flat::Flat;
use super::grid::Grid;
use super::units::{Square, TURN, position_of, units_x, units_y};
use crate::earth::{CURVATURE_RADIUS_MIN_M, Space, chord_2, in_space};

/// How a circle meets a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    /// The whole cell lies within.
    Covers,
    /// The rim may pass through.
    Rim,
}

/// A circle in the flat metric of a square.
pub(crate) struct CircleOn {
    flat: Flat,
    x: f64,
    y: f64,
    radius_m: f64,
    outer: f64,
    inner: f64,
    center: Space,
}

/// The middles of a grid's cells in space, found by rows and columns.
pub(crate) struct Middles {
    /// Distance from the axis, and height over the equator's plane.
    rows: Vec<[f64; 2]>,
    /// Cosine and sine of the longitude.
    columns: Vec<[f64; 2]>,
}

impl Middles {
    pub(crate) fn of(grid: &Grid) -> Self {
        let row = |row: usize| {
            let [axis_m, _, height_m] = in_space(position_of(TURN / 2.0, grid.middle(0, row)[1]));
            [axis_m, height_m]
        };
        let column = |column: usize| {
            let lng = position_of(grid.middle(column, 0)[0], TURN / 4.0).lng().to_radians();
            [lng.cos(), lng.sin()]
        };
        Self { rows: (0..grid.n_rows).map(row).collect(), columns: (0..grid.n_columns).map(column).collect() }
    }

    fn place(&self, column: usize, row: usize) -> Space {
        let ([axis_m, height_m], [cos, sin]) = (self.rows[row], self.columns[column]);
        [axis_m * cos, axis_m * sin, height_m]
    }
}

/// Wider than any rounding in this file, in units.
const SLACK: f64 = 2.0;

impl CircleOn {
    pub(crate) fn new(center: Position, radius_m: f64, square: Square) -> Self {
        let flat = Flat::around(square, radius_m);
        let (x, y) = (units_x(center.lng()), units_y(center.lat()));
        // The image of the centre that is nearest to the square.
        let middle = f64::from(square.center().x);
        let x = x + TURN * ((middle - x) / TURN).round();
        let (outer, inner) = (flat.outside_from(radius_m), flat.inside_up_to(radius_m));
        Self { flat, x, y, radius_m, outer, inner, center: in_space(center) }
    }

    /// Visits the cells of a square's grid that the circle may touch.
    ///
    /// Where the flat metric is too coarse for cells of that size, the triangle inequality around
    /// their middles says more. The distance s is at least the straight one d, and at most
    /// `2 R asin(d / 2R)`; see `circle.rs`.
    pub(crate) fn touch(
        &self,
        grid: &Grid,
        square: Square,
        middles: &mut Option<Middles>,
        mut visit: impl FnMut(usize, usize, Touch),
    ) {
        let side = f64::from(1_u32 << grid.log2);
        let is_rim_wide = side / 4.0 < self.outer - self.inner;
        let by_triangle = self.by_triangle(Square { log2: grid.log2, ..square });
        for row in grid.rows(self.y - self.outer - SLACK, self.y + self.outer + SLACK) {
            let south = grid.y + row as f64 * side;
            let (to_south, to_north) = (self.y - south, south + side - self.y);
            let nearest = (-to_south).max(-to_north).max(0.0) - SLACK;
            let furthest = to_south.max(to_north) + SLACK;
            let reach = self.half_chord(self.outer, nearest.max(0.0)) + SLACK;
            let covered = self.half_chord(self.inner, furthest) - SLACK;
            for column in grid.columns(self.x - reach, self.x + reach) {
                let west = grid.x + column as f64 * side;
                let touch = if self.x - covered <= west && west + side <= self.x + covered {
                    Some(Touch::Covers)
                } else if is_rim_wide {
                    let middles = middles.get_or_insert_with(|| Middles::of(grid));
                    by_triangle(middles.place(column, row))
                } else {
                    Some(Touch::Rim)
                };
                if let Some(touch) = touch {
                    visit(column, row, touch);
                }
            }
        }
    }

    /// How the circle meets a cell as large as this one, by the cell's middle.
    fn by_triangle(&self, cell: Square) -> impl Fn(Space) -> Option<Touch> {
        // A metre for rounding; positions beside the cell round into it by half a unit.
        let spread_m = self.flat.half_diagonal_m(cell) + 1.0;
        let turn = 2.0 * CURVATURE_RADIUS_MIN_M;
        let covered_m = (turn * ((self.radius_m - spread_m) / turn).sin()).max(0.0);
        let outside_m = self.radius_m + spread_m;
        let center = self.center;
        move |middle| {
            let apart_m2 = chord_2(center, middle);
            if outside_m * outside_m < apart_m2 {
                None
            } else if apart_m2 <= covered_m * covered_m && 0.0 < covered_m {
                Some(Touch::Covers)
            } else {
                Some(Touch::Rim)
            }
        }
    }

    /// Half the width, in units of longitude, of what lies within `radius` and `away` to the north;
    /// negative when nothing does.
    fn half_chord(&self, radius: f64, away: f64) -> f64 {
        if radius < away {
            f64::NEG_INFINITY
        } else {
            (radius * radius - away * away).sqrt() / self.flat.east
        }
    }
}

#[cfg(test)]
mod tests;
