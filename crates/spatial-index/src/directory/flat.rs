//! A small part of the earth taken as flat, with proved bounds on what that gets wrong.
//!
//! # The bounds
//!
//! On the ellipsoid a step north by dφ is M(φ) dφ long and one east by dλ is E(φ) dλ, where M is
//! the meridian's radius of curvature and E the distance from the axis. M grows and E shrinks
//! with |φ|. Let a window of latitudes hold every latitude on the ways that matter, m and e be M
//! and E at its middle, and
//!
//! ```text
//! D^2 = (m Δφ)^2 + (e Δλ)^2
//! shrink  = min(M_min / m, E_min / e)        over the window
//! stretch = max(M_max / m, E_max / e)
//! ```
//!
//! - The straight line in φ and λ is a way, and no longer than `stretch D`. So the geodesic
//!   distance s is **at most `stretch D`**.
//! - Every way, the shortest too, is at least as long as `shrink` times its length under the
//!   constant metric (m, e), which is at least D. So **s is at least `shrink D`**.
//!
//! For a circle of radius r around C, and P within r of it: every point of the shortest way lies
//! within r of P, so a window that is r wider than the latitudes of P on both sides holds it, and
//! C as well. A way over the pole needs a window that reaches the pole; there E is 0, and so is
//! `shrink`: nothing is outside by this filter. The short way round counts for Δλ, and the long
//! way round is longer.

use crate::earth::{latitude_reach, metres_per_degree};

use super::leaf::LeafCircle;
use super::units::{SPOT_ERROR, Spot, Square, UNITS_PER_DEGREE};

/// The metric that stands for the ellipsoid over a window of latitudes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flat {
    /// What a unit of longitude is worth in units of latitude.
    pub(crate) east: f64,
    /// Metres in a unit of latitude.
    unit_m: f64,
    shrink: f64,
    stretch: f64,
}

/// Rounding both ends of a difference to whole units moves each axis by at most twice
/// [`SPOT_ERROR`], and a length by the square root of 2 times that; `east` is at most 1.0068.
const ROUNDED: f64 = 2.0 * SPOT_ERROR * 1.43;

impl Flat {
    /// Good for ways of up to `reach_m` that begin in a square.
    pub(crate) fn around(square: Square, reach_m: f64) -> Self {
        let (south, north) = square.lats();
        let reach = latitude_reach(reach_m) + 1e-9;
        let (low, high) = ((south - reach).max(-90.0), (north + reach).min(90.0));
        let nearest = if low <= 0.0 && 0.0 <= high { 0.0 } else { low.abs().min(high.abs()) };
        let furthest = low.abs().max(high.abs());
        let (north_m, east_m) = metres_per_degree(f64::midpoint(south, north));
        let (north_min_m, east_max_m) = metres_per_degree(nearest);
        let (north_max_m, east_min_m) = metres_per_degree(furthest);
        let east_min_m = if 90.0 <= furthest { 0.0 } else { east_min_m };
        Self {
            east: east_m / north_m,
            unit_m: north_m / UNITS_PER_DEGREE,
            shrink: (north_min_m / north_m).min(east_min_m / east_m),
            stretch: (north_max_m / north_m).max(east_max_m / east_m),
        }
    }

    /// Where the rounded distance, in units, is at most this, the geodesic distance is at most
    /// `radius_m`. Negative when it can never be told.
    pub(crate) fn inside_up_to(&self, radius_m: f64) -> f64 {
        radius_m / (self.unit_m * self.stretch) - ROUNDED
    }

    /// Where the rounded distance, in units, is more than this, the geodesic distance is more than
    /// `radius_m`. Infinite when it can never be told.
    pub(crate) fn outside_from(&self, radius_m: f64) -> f64 {
        radius_m / (self.unit_m * self.shrink) + ROUNDED
    }

    /// Metres in some units of latitude, about.
    pub(crate) fn metres(&self, units: f64) -> f64 {
        units * self.unit_m
    }

    /// A circle as a leaf holds it.
    ///
    /// In `f32` the squared distance comes out wrong by at most 8 roundings of 2^-24.
    pub(crate) fn leaf_circle(&self, fence: u32, center: Spot, radius_m: f64) -> LeafCircle {
        const ROUNDING: f64 = 1.0 / 1_048_576.0;
        let outer = self.outside_from(radius_m);
        let inner = self.inside_up_to(radius_m);
        let outer_2 = (outer * outer * (1.0 + ROUNDING)) as f32;
        let inner_2 = if 0.0 < inner { (inner * inner * (1.0 - ROUNDING)) as f32 } else { -1.0 };
        LeafCircle { fence, center, outer_2, inner_2 }
    }

    /// Metres that are at least half the diagonal of a square in the window.
    pub(crate) fn half_diagonal_m(&self, square: Square) -> f64 {
        0.5 * square.side() * (1.0 + self.east * self.east).sqrt() * self.unit_m * self.stretch
    }
}

#[cfg(test)]
mod tests;
