//! What lies within a distance of a shape: boxes, and shapes that hold all of it and little else.
//!
//! Whatever lies within a distance of a polygon lies in it, or within that distance of a piece of an
//! edge, and so in the box round that piece widened by the furthest that a way of that length leads
//! north and east ([`latitude_reach`], [`longitude_reach`]). Where such a box would go round a pole,
//! a circle about the pole takes its place.

use model::{Meters, Position};

use crate::earth::{latitude_reach, longitude_reach, metres_per_degree};
use crate::exact::Exact;
use crate::geojson::Region;
use crate::plane::{Edge, Span};
use crate::polygon::{Polygon, Ring};
use crate::shape::Shape;
use crate::store::Stored;

/// Boxes round pieces of a border are about as large, in metres: smaller ones are tighter and more.
const STRETCH_M: f64 = 1_000.0;

/// A degree of latitude is never worth more, in metres.
const NORTH_M_MAX: f64 = 111_700.0;

/// A wider box is all but round a pole.
const WIDTH_MAX: f64 = 90.0;

impl Shape {
    /// Shapes that together hold every position within a distance of this one.
    ///
    /// Of a circle the circle that is so much larger, which may be more than an index takes
    /// ([`crate::RADIUS_MAX`]). Of polygons themselves and boxes along their borders; of small ones a
    /// box. The distance is above 0. O(corners, and kilometres of border).
    #[must_use]
    pub fn padded(&self, by: Meters) -> Vec<Self> {
        match self {
            Self::Circle { center, radius } => {
                vec![Self::Circle { center: *center, radius: Meters(radius.0 + by.0) }]
            }
            Self::Polygons(polygons) => {
                polygons.iter().flat_map(|polygon| padded_polygon(polygon, by)).collect()
            }
        }
    }

    /// A box round each part and all that lies within a distance of it; of what is near a pole every
    /// longitude. 0 is a distance too.
    #[must_use]
    pub fn bounds(&self, by: Meters) -> Vec<Region> {
        match self {
            Self::Circle { center, radius } => {
                let here = |degrees: f64| Span { low: degrees, high: degrees };
                let spot = Patch { xs: here(center.lng()), ys: here(center.lat()) };
                vec![spot.bounds(Meters(radius.0 + by.0))]
            }
            Self::Polygons(polygons) => {
                polygons.iter().map(|polygon| Patch::of(polygon).bounds(by)).collect()
            }
        }
    }

    /// As [`crate::Index::distance_outside`], for a shape that is in no index and is asked rarely:
    /// it is made ready anew at every call.
    #[must_use]
    pub fn distance_outside(&self, position: Position) -> Meters {
        let stored = Stored::of(self.clone());
        stored.exact().map_or(Meters(f64::INFINITY), |exact: Exact<'_>| exact.distance_outside(position))
    }
}

/// A box of the plane; its longitudes may run past 180.
#[derive(Clone, Copy)]
struct Patch {
    xs: Span,
    ys: Span,
}

impl Patch {
    const fn of(polygon: &Polygon) -> Self {
        Self { xs: polygon.xs(), ys: polygon.ys() }
    }

    fn round(edge: Edge) -> Self {
        Self { xs: edge.xs(), ys: edge.ys() }
    }

    fn joined(self, other: Self) -> Self {
        let joined = |a: Span, b: Span| Span { low: a.low.min(b.low), high: a.high.max(b.high) };
        Self { xs: joined(self.xs, other.xs), ys: joined(self.ys, other.ys) }
    }

    /// The latitude of it that is next to a pole.
    fn steepest(self) -> f64 {
        if self.ys.low.abs() < self.ys.high.abs() { self.ys.high } else { self.ys.low }
    }

    fn is_small(self) -> bool {
        let flattest = if self.ys.low <= 0.0 && 0.0 <= self.ys.high {
            0.0
        } else {
            self.ys.low.abs().min(self.ys.high.abs())
        };
        let (_, east_m) = metres_per_degree(flattest);
        self.xs.width() * east_m <= STRETCH_M && self.ys.width() * NORTH_M_MAX <= STRETCH_M
    }

    /// How far north and east everything within a distance reaches; none where that is round a pole.
    fn widened(self, by: Meters) -> Option<Self> {
        // A hair more than proved, for the rounding of the sums.
        let north = latitude_reach(by.0) * (1.0 + 1e-9) + 1e-12;
        let east = longitude_reach(self.steepest(), by.0)? * (1.0 + 1e-9) + 1e-12;
        let ys = Span { low: self.ys.low - north, high: self.ys.high + north };
        let xs = Span { low: self.xs.low - east, high: self.xs.high + east };
        (-90.0 < ys.low && ys.high < 90.0).then_some(Self { xs, ys })
    }

    fn padded(self, by: Meters) -> Shape {
        match self.widened(by).filter(|wide| wide.xs.width() <= WIDTH_MAX) {
            Some(wide) => wide.shape(),
            None => self.about_the_pole(by),
        }
    }

    fn shape(self) -> Shape {
        let (west, east) = (within_the_map(self.xs.low), within_the_map(self.xs.high));
        let (south, north) = (self.ys.low, self.ys.high);
        let corners = [[west, south], [east, south], [east, north], [west, north]];
        let ring = Ring::new(&corners).expect("a box of some width and height is a ring");
        Shape::Polygons(vec![Polygon::new(ring, Vec::new())])
    }

    /// A circle about the pole that holds everything within a distance of this box.
    fn about_the_pole(self, by: Meters) -> Shape {
        let pole = 90_f64.copysign(self.steepest());
        let furthest = (pole - self.ys.low).abs().max((pole - self.ys.high).abs());
        let center = Position::new(pole, 180.0).expect("a pole is a position");
        Shape::Circle { center, radius: Meters(furthest * NORTH_M_MAX + by.0 + 1.0) }
    }

    fn bounds(self, by: Meters) -> Region {
        match self.widened(by).filter(|wide| wide.xs.width() < 360.0) {
            Some(Self { xs, ys }) => Region {
                south: ys.low,
                west: within_the_map(xs.low),
                north: ys.high,
                east: within_the_map(xs.high),
            },
            None => {
                let north = latitude_reach(by.0);
                let (south, north) = ((self.ys.low - north).max(-90.0), (self.ys.high + north).min(90.0));
                Region { south, west: -180.0, north, east: 180.0 }
            }
        }
    }
}

fn within_the_map(lng: f64) -> f64 {
    lng - 360.0 * (lng / 360.0).round()
}

fn padded_polygon(polygon: &Polygon, by: Meters) -> Vec<Shape> {
    let whole = Patch::of(polygon);
    if whole.is_small() {
        return vec![whole.padded(by)];
    }
    let mut shapes = vec![Shape::Polygons(vec![polygon.clone()])];
    let mut stretch: Option<Patch> = None;
    for piece in polygon.edges().flat_map(pieces).map(Patch::round) {
        let longer = stretch.map(|stretch| stretch.joined(piece)).filter(|longer| longer.is_small());
        if longer.is_none() {
            shapes.extend(stretch.map(|stretch| stretch.padded(by)));
        }
        stretch = longer.or(Some(piece));
    }
    shapes.extend(stretch.map(|stretch| stretch.padded(by)));
    shapes
}

/// An edge in pieces that are each small enough.
fn pieces(edge: Edge) -> impl Iterator<Item = Edge> {
    let flattest =
        if edge.from.y.signum() == edge.to.y.signum() { edge.from.y.abs().min(edge.to.y.abs()) } else { 0.0 };
    let (_, east_m) = metres_per_degree(flattest);
    let length_m = (edge.xs().width() * east_m).max(edge.ys().width() * NORTH_M_MAX);
    let n = (length_m / (0.9 * STRETCH_M)).ceil().max(1.0) as u32;
    let at = move |i: u32| edge.at(f64::from(i) / f64::from(n));
    (0..n).map(move |i| Edge::new(at(i), at(i + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(corners: &[[f64; 2]]) -> Shape {
        Shape::Polygons(vec![Polygon::new(Ring::new(corners).unwrap(), Vec::new())])
    }

    /// Numbers that are the same on every machine.
    fn numbers(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    fn check(shape: &Shape, (south, north): (f64, f64), (west, east): (f64, f64)) {
        let by = Meters(275.0);
        let index = crate::Index::build(shape.padded(by)).unwrap();
        let bounds = shape.bounds(by);
        let mut next = numbers(7);
        let (mut n_near, mut n_asked, mut hits) = (0, 0, Vec::new());
        for _ in 0..20_000 {
            let (lat, lng) = (south + (north - south) * next(), west + (east - west) * next());
            let position = Position::new(lat.clamp(-90.0, 90.0), within_the_map(lng)).unwrap();
            index.match_one(position, &mut hits);
            n_asked += usize::from(!hits.is_empty());
            if shape.distance_outside(position) <= by {
                n_near += 1;
                assert!(!hits.is_empty(), "{lat} {lng}");
                assert!(bounds.iter().any(|region| holds(region, position)), "{lat} {lng}");
            }
        }
        assert!(100 < n_near, "{n_near} of the points are near");
        // Not every fix in town may take the exact distance.
        assert!(n_asked <= 4 * n_near, "{n_asked} asked, {n_near} near");
    }

    fn holds(region: &Region, position: Position) -> bool {
        let (lat, lng) = (position.lat(), position.lng());
        let is_between = if region.west <= region.east {
            (region.west..=region.east).contains(&lng)
        } else {
            region.west <= lng || lng <= region.east
        };
        (region.south..=region.north).contains(&lat) && is_between
    }

    #[test]
    fn nothing_near_a_polygon_is_left_out() {
        // A house, an L that is kilometres long, one over the antimeridian, one far north, one at the pole.
        let house = [[-97.743, 30.267], [-97.742, 30.267], [-97.742, 30.268], [-97.743, 30.268]];
        check(&polygon(&house), (30.26, 30.275), (-97.75, -97.735));
        let (a, b, c) = (0.1, 0.11, 0.001);
        let base = [[0.0, 50.0], [b, 50.0], [b, 50.0 + c], [c, 50.0 + c], [c, 50.0 + a], [0.0, 50.0 + a]];
        check(&polygon(&base), (49.99, 50.11), (-0.01, 0.12));
        let fiji = [[179.99, -17.0], [-179.99, -17.0], [-179.99, -16.99], [179.99, -16.99]];
        check(&polygon(&fiji), (-17.01, -16.98), (179.98, 180.02));
        let north = [[10.0, 89.0], [11.0, 89.0], [11.0, 89.01], [10.0, 89.01]];
        check(&polygon(&north), (88.99, 89.02), (9.5, 11.5));
        let pole = [[0.0, 89.999], [90.0, 89.999], [90.0, 90.0], [0.0, 90.0]];
        check(&polygon(&pole), (89.99, 90.0), (-180.0, 180.0));
    }

    #[test]
    fn a_circle_is_padded_exactly() {
        let center = Position::new(30.0, -97.0).unwrap();
        let padded = Shape::Circle { center, radius: Meters(100.0) }.padded(Meters(275.0));
        assert_eq!(padded, [Shape::Circle { center, radius: Meters(375.0) }]);
    }

    #[test]
    fn a_small_polygon_takes_one_box() {
        let house = [[-97.743, 30.267], [-97.742, 30.267], [-97.742, 30.268], [-97.743, 30.268]];
        assert_eq!(polygon(&house).padded(Meters(275.0)).len(), 1);
    }
}
