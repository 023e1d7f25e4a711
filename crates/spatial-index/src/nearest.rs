//! The geodesic distance from a position to the nearest point of some edges.
//!
//! Branch and bound. Within a distance of b metres the way from the position stays below a
//! latitude that is known, so on that way a degree of longitude is worth at least `east_m` and a
//! degree of latitude at least `north_m`. In a plane with these two constants an edge is still
//! straight, and its **planar distance never exceeds the geodesic one**: an edge that is planarly
//! further than the best distance so far is dropped unseen. Near by, the two differ by 1 % at most.
//!
//! What is left is cut into pieces of at most one degree, and on each piece the distance is
//! minimised by Gauss-Newton steps: the geodesic tells the direction from which it arrives, hence
//! how the distance changes along the piece.
//!
//! # Error
//!
//! The result is the distance to a point of an edge, so it is never too small by more than the
//! 15 nm of geographiclib. It is too large by less than 1 mm + 0.01 % up to 5,000 km: close by the
//! steps converge to below 0.1 mm; where they do not, near a pole at the centre of the edge's
//! curvature, a piece turns by so little (one degree) that all of its points are equally far
//! within 0.004 %. Beyond 5,000 km the error stays below 1 %.

use model::Position;

use crate::earth::{
    CURVATURE_RADIUS_MIN_M, EQUATOR_M, distance_and_arrival, latitude_reach, metres_per_degree,
};
use crate::plane::{Edge, turned};

/// Longest piece, in degrees of longitude or latitude, on which the distance is minimised.
const PIECE_MAX: f64 = 1.0;
/// Most steps on one piece.
const N_STEPS_MAX: usize = 8;
/// A step shorter than this ends the search.
const STEP_MIN_M: f64 = 1e-4;

/// A search for the point nearest to a position.
pub(crate) struct Nearest {
    from: Position,
    best_m: f64,
    /// What a degree is worth at the position.
    here: Scale,
    /// What a degree is worth at least on a way of `best_m` metres.
    at_least: Scale,
}

/// Metres per degree, to the north and to the east.
#[derive(Clone, Copy)]
struct Scale {
    north_m: f64,
    east_m: f64,
}

impl Nearest {
    /// A search for points less than `within_m` away.
    pub(crate) fn new(from: Position, within_m: f64) -> Self {
        let (north_m, east_m) = metres_per_degree(from.lat());
        let at_least = Scale::at_least(from.lat(), within_m);
        Self { from, best_m: within_m, here: Scale { north_m, east_m }, at_least }
    }

    /// Distance to the nearest point of all edges that were visited; `within_m` when none is nearer.
    pub(crate) const fn best_m(&self) -> f64 {
        self.best_m
    }

    /// A guess at the distance to an edge, to find out where to begin. About 5 ns.
    pub(crate) fn guess_2(&self, edge: Edge) -> f64 {
        self.here.distance_2(self.image(edge, 0.0), edge).1
    }

    /// Takes an edge into account. About 10 ns for one that is too far away, else some 2 us a degree.
    pub(crate) fn visit(&mut self, edge: Edge) {
        if self.best_m <= self.bound_m(edge) {
            return;
        }
        if edge.xs().width() <= PIECE_MAX && edge.ys().width() <= PIECE_MAX {
            self.descend(edge);
            return;
        }
        let middle = edge.at(0.5);
        let mut halves = [Edge::new(edge.from, middle), Edge::new(middle, edge.to)];
        if self.guess_2(halves[1]) < self.guess_2(halves[0]) {
            halves.reverse();
        }
        halves.into_iter().for_each(|half| self.visit(half));
    }

    /// No point of the edge is nearer than this, as long as it is below the best distance.
    fn bound_m(&self, edge: Edge) -> f64 {
        let nearest_image = self.image(edge, 0.0);
        let offset = (edge.at(0.5).x - nearest_image.0).abs();
        let mut bound_2 = self.at_least.distance_2(nearest_image, edge).1;
        // Another image is nearer only to edges on the other side of the earth.
        if 359.0 < edge.xs().width() + 2.0 * offset {
            bound_2 = bound_2.min(self.at_least.distance_2(self.image(edge, -1.0), edge).1);
            bound_2 = bound_2.min(self.at_least.distance_2(self.image(edge, 1.0), edge).1);
        }
        bound_2.sqrt()
    }

    /// Where the position is as seen from an edge: less than half way round, or whole turns from there.
    fn image(&self, edge: Edge, more_turns: f64) -> (f64, f64) {
        let turns = ((edge.at(0.5).x - self.from.lng()) / 360.0).round();
        (turned(self.from.lng(), turns + more_turns), self.from.lat())
    }

    /// Minimises the distance along a short edge.
    fn descend(&mut self, piece: Edge) {
        let (mut share, _) = self.here.distance_2(self.image(piece, 0.0), piece);
        for _ in 0..N_STEPS_MAX {
            let point = piece.at(share);
            let (distance_m, arrival) = distance_and_arrival(self.from, point.x, point.y);
            self.improve(distance_m);
            let (sin, cos) = arrival.to_radians().sin_cos();
            let (north_m, east_m) = metres_per_degree(point.y);
            let north_m = north_m * (piece.to.y - piece.from.y);
            let east_m = east_m * (piece.to.x - piece.from.x);
            let speed_2 = north_m * north_m + east_m * east_m;
            let slope = north_m * cos + east_m * sin;
            let next = (share - distance_m * slope / speed_2).clamp(0.0, 1.0);
            let step_m = (next - share).abs() * speed_2.sqrt();
            // An edge along a pole has no length: the comparison is then with NaN and ends here too.
            if step_m < STEP_MIN_M || step_m.is_nan() {
                return;
            }
            share = next;
        }
    }

    fn improve(&mut self, distance_m: f64) {
        if distance_m < self.best_m {
            self.best_m = distance_m;
            self.at_least = Scale::at_least(self.from.lat(), distance_m);
        }
    }
}

impl Scale {
    /// What a degree is worth at least on any way of some length from a latitude.
    fn at_least(lat: f64, way_m: f64) -> Self {
        let lat_max = (lat.abs() + latitude_reach(way_m)).min(90.0);
        // A hair less than proved, for the rounding of this very computation.
        let share = 1.0 - 1e-12;
        Self {
            north_m: share * CURVATURE_RADIUS_MIN_M.to_radians(),
            east_m: share * EQUATOR_M.to_radians() * lat_max.to_radians().cos().max(0.0),
        }
    }

    /// The share of an edge at which it is planarly nearest to a point, and the distance squared.
    fn distance_2(self, (lng, lat): (f64, f64), edge: Edge) -> (f64, f64) {
        let along_x = (edge.to.x - edge.from.x) * self.east_m;
        let along_y = (edge.to.y - edge.from.y) * self.north_m;
        let x = (lng - edge.from.x) * self.east_m;
        let y = (lat - edge.from.y) * self.north_m;
        let length_2 = along_x * along_x + along_y * along_y;
        let share =
            if length_2 == 0.0 { 0.0 } else { ((x * along_x + y * along_y) / length_2).clamp(0.0, 1.0) };
        let (off_x, off_y) = (x - share * along_x, y - share * along_y);
        (share, off_x * off_x + off_y * off_y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::earth::distance_m;
    use crate::plane::Corner;

    fn check(from: (f64, f64), a: (f64, f64), b: (f64, f64)) {
        let from = Position::new(from.0, from.1).unwrap();
        let edge = Edge::new(Corner::new(a.1, a.0), Corner::new(b.1, b.0));
        let mut nearest = Nearest::new(from, f64::INFINITY);
        nearest.visit(edge);
        let mut expected_m = f64::INFINITY;
        let (mut low, mut high) = (0.0, 1.0);
        // Ever finer sampling round the best sample: slow, and nothing like the search itself.
        let mut best = 0.0;
        for _ in 0..6 {
            for i in 0..=400 {
                let share = low + (high - low) * f64::from(i) / 400.0;
                let point = edge.at(share);
                let lng = (point.x + 180.0).rem_euclid(360.0) - 180.0;
                let sample_m = distance_m(from, Position::new(point.y, lng).unwrap());
                if sample_m < expected_m {
                    (expected_m, best) = (sample_m, share);
                }
            }
            let reach = (high - low) / 100.0;
            (low, high) = ((best - reach).max(0.0), (best + reach).min(1.0));
        }
        let error_m = nearest.best_m() - expected_m;
        assert!(-1e-3 < error_m && error_m < 1e-3 + 1e-4 * expected_m, "{from:?} {error_m} of {expected_m}");
    }

    #[test]
    fn the_nearest_point_of_an_edge_is_found() {
        check((30.27, -97.74), (30.26, -97.75), (30.28, -97.75));
        check((30.27, -97.74), (30.0, -98.0), (30.5, -97.5));
        check((40.0, -105.0), (41.0, -109.05), (41.0, -102.05));
        check((41.003, -105.0), (41.0, -109.05), (41.0, -102.05));
        check((52.5, 13.4), (48.0, 2.0), (55.0, 37.0));
        check((0.0, 179.99), (-1.0, 180.01), (1.0, 180.02));
        check((10.0, -179.0), (0.0, 170.0), (20.0, 175.0));
        check((-33.0, 151.0), (40.0, -3.0), (60.0, 30.0));
    }

    #[test]
    fn edges_near_a_pole_are_found_over_the_pole() {
        check((89.9, 0.0), (89.9, 170.0), (89.9, 190.0));
        check((89.0, 10.0), (89.5, -100.0), (89.2, 60.0));
        check((90.0, 0.0), (89.0, -60.0), (89.0, 60.0));
        check((-89.99, 120.0), (-90.0, -180.0), (-90.0, 180.0));
        check((89.99, 0.0), (89.9, -180.0), (89.9, 180.0));
    }

    #[test]
    fn no_way_is_shorter_than_its_planar_bound() {
        for lat in [0.0, 30.0, 60.0, 80.0, 89.0] {
            for (lat2, lng2) in [(lat, 1.0), (lat + 0.5, 0.5), (lat - 0.9, 0.1), (lat + 0.9, -0.2)] {
                let to = Position::new(lat2, lng2).unwrap();
                let way_m = distance_m(Position::new(lat, 0.0).unwrap(), to);
                let there = Corner::new(lng2, lat2);
                let bound_2 = Scale::at_least(lat, way_m).distance_2((0.0, lat), Edge::new(there, there)).1;
                assert!(bound_2.sqrt() <= way_m, "{lat} {lat2} {lng2}");
            }
        }
    }
}
