//! Circles: geodesic distance at most the radius, decided by two multiplications where it may be.
//!
//! # The filter and its band
//!
//! Let d be the straight distance through the earth between centre and position, s the geodesic
//! distance, r the radius, and R the smallest radius of curvature of the ellipsoid.
//!
//! - `d <= s`, since a straight line is the shortest: **`r < d` is outside**.
//! - A geodesic bends at most as much as a circle of radius R. By Schur's comparison theorem its
//!   ends are then at least as far apart as those of an arc of that circle of the same length:
//!   `2 R sin(s / 2R) <= d`. So if `d <= 2 R sin(r / 2R)` then `s <= r`: **inside**.
//!
//! The band between is `r^3 / 24 R^2` wide: 3.5 nm at 150 m, 13 um at 5 km, 1 m at 100 km.
//! Rounding, from degrees to the squared distance, is below 0.1 um, that of geographiclib below
//! 15 nm; both bounds are moved by 1 um, so neither can decide an answer. Within the band the
//! geodesic distance itself is asked.

use model::{Meters, Position};

use crate::earth::{CURVATURE_RADIUS_MIN_M, Space, chord_2, distance_m, in_space};

/// More than ten times what rounding can add up to.
const ROUNDING_M: f64 = 1e-6;

/// A circle with what its filter needs.
pub(crate) struct Circle {
    center: Position,
    radius_m: f64,
    center_in_space: Space,
    /// Squared straight distance below which a position is inside.
    inside_below_m2: f64,
    /// Squared straight distance above which a position is outside.
    outside_above_m2: f64,
}

impl Circle {
    pub(crate) fn new(center: Position, radius: Meters) -> Self {
        let radius_m = radius.0;
        let turn = 2.0 * CURVATURE_RADIUS_MIN_M;
        let inside_below_m = (turn * (radius_m / turn).sin() - ROUNDING_M).max(0.0);
        let outside_above_m = radius_m + ROUNDING_M;
        Self {
            center,
            radius_m,
            center_in_space: in_space(center),
            inside_below_m2: inside_below_m * inside_below_m,
            outside_above_m2: outside_above_m * outside_above_m,
        }
    }

    pub(crate) const fn center(&self) -> Position {
        self.center
    }

    pub(crate) const fn radius_m(&self) -> f64 {
        self.radius_m
    }

    /// Whether a position, given also as a point in space, lies within. About 2 ns, in the band 500.
    pub(crate) fn contains(&self, position: Position, in_space: Space) -> bool {
        let apart_m2 = chord_2(self.center_in_space, in_space);
        if apart_m2 < self.inside_below_m2 {
            return true;
        }
        if self.outside_above_m2 < apart_m2 {
            return false;
        }
        distance_m(self.center, position) <= self.radius_m
    }

    /// Metres from a position outside to the nearest point of the rim; 0 or less inside.
    ///
    /// The way to the centre is the shortest way to the rim too.
    pub(crate) fn distance_outside_m(&self, position: Position) -> f64 {
        distance_m(self.center, position) - self.radius_m
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_never_contradicts_the_distance() {
        use geographiclib_rs::{DirectGeodesic, Geodesic};
        let wgs84 = Geodesic::wgs84();
        for lat in [-89.999, -45.0, 0.0, 12.3, 60.0, 89.0] {
            for radius_m in [0.5, 150.0, 5_000.0, 100_000.0] {
                let center = Position::new(lat, 179.9).unwrap();
                let circle = Circle::new(center, Meters(radius_m));
                for azimuth in (0..360).step_by(15) {
                    for off_m in [-1e-3, -2e-6, -1e-6, -1e-8, 0.0, 1e-8, 1e-6, 2e-6, 1e-3] {
                        let (lat, lng): (f64, f64) =
                            wgs84.direct(lat, 179.9, f64::from(azimuth), radius_m + off_m);
                        let position = Position::new(lat, lng).unwrap();
                        let expected = distance_m(center, position) <= radius_m;
                        assert_eq!(circle.contains(position, in_space(position)), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn the_filter_leaves_the_distance_next_to_nothing_to_do() {
        let circle = Circle::new(Position::new(52.0, 13.0).unwrap(), Meters(150.0));
        let band_m = circle.outside_above_m2.sqrt() - circle.inside_below_m2.sqrt();
        assert!(band_m < 3e-6, "{band_m}");
    }
}
