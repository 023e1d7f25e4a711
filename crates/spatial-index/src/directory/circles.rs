//! Which cells of a node a circle touches, and which it covers.

use model::Position;

use super::flat::Flat;
use super::grid::Grid;
use super::units::{Spot, Square, TURN, position_of, units_x, units_y};
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
    pub(crate) fn touch(
        &self,
        grid: &Grid,
        square: Square,
        k: u32,
        mut visit: impl FnMut(usize, usize, Touch),
    ) {
        let side = f64::from(1_u32 << grid.log2);
        let is_rim_wide = side / 4.0 < self.outer - self.inner;
        for row in grid.rows(self.y - self.outer - SLACK, self.y + self.outer + SLACK) {
            let south = grid.y + row as f64 * side;
            let (to_south, to_north) = (self.y - south, south + side - self.y);
            let nearest = (-to_south).max(-to_north).max(0.0) - SLACK;
            let furthest = to_south.max(to_north) + SLACK;
            let reach = self.half_chord(self.outer, nearest.max(0.0)) + SLACK;
            let covered = self.half_chord(self.inner, furthest) - SLACK;
            for column in grid.columns(self.x - reach, self.x + reach) {
                let west = grid.x + column as f64 * side;
                let is_covered = self.x - covered <= west && west + side <= self.x + covered;
                let touch = if is_covered {
                    Some(Touch::Covers)
                } else if is_rim_wide {
                    self.touch_of(square.cell(k, ((row << k) + column) as u32))
                } else {
                    Some(Touch::Rim)
                };
                if let Some(touch) = touch {
                    visit(column, row, touch);
                }
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

    /// How the circle meets a cell, by the triangle inequality around the cell's middle.
    ///
    /// For cells where the flat metric is too coarse. The distance s is at least the straight one
    /// d, and at most `2 R asin(d / 2R)`; see `circle.rs`.
    fn touch_of(&self, cell: Square) -> Option<Touch> {
        let middle = Spot { ..cell.center() };
        let place = in_space(position_of(f64::from(middle.x), f64::from(middle.y)));
        let straight_m = chord_2(self.center, place).sqrt();
        let turn = 2.0 * CURVATURE_RADIUS_MIN_M;
        let at_most_m = turn * (straight_m / turn).min(1.0).asin();
        // A metre for rounding; positions beside the cell round into it by half a unit.
        let spread_m = self.flat.half_diagonal_m(cell) + 1.0;
        if at_most_m + spread_m <= self.radius_m {
            Some(Touch::Covers)
        } else if self.radius_m < straight_m - spread_m {
            None
        } else {
            Some(Touch::Rim)
        }
    }
}
