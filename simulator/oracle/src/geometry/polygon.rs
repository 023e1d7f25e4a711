//! Polygons: even-odd over all rings, closed, edges straight in longitude and latitude.
//!
//! The sign that decides on which side of an edge a place lies is exact: `geo`'s robust kernel.

use geo::Coord;
use geo::kernels::{Kernel, Orientation, RobustKernel};

use super::circle::distance_m;
use super::{Bounds, Way};
use crate::Place;

#[derive(Debug)]
pub(crate) struct Polygons(Vec<Polygon>);

#[derive(Debug)]
struct Polygon {
    edges: Vec<Way>,
    bounds: Bounds,
}

impl Polygons {
    pub(crate) fn new(polygons: &[Vec<Vec<Place>>]) -> Self {
        Self(polygons.iter().map(|rings| Polygon::new(rings)).collect())
    }

    pub(crate) fn bounds(&self) -> Bounds {
        let bounds = self.0.iter().map(|polygon| polygon.bounds);
        let all = bounds
            .fold(Bounds::NOTHING, |all, one| all.with(one.lat.0, one.lng.0).with(one.lat.1, one.lng.1));
        if 360.0 <= all.lng.1 - all.lng.0 || all.lat.0 == -90.0 || all.lat.1 == 90.0 {
            return Bounds { lng: (-180.0, 180.0), ..all };
        }
        all
    }

    pub(crate) fn hold(&self, at: Place) -> bool {
        self.0.iter().any(|polygon| polygon.holds(at))
    }

    /// Whether a place outside lies further than a margin from every edge.
    pub(crate) fn border_is_beyond(&self, at: Place, margin_m: f64) -> bool {
        let plane = Plane::around(at);
        let edges = || self.0.iter().flat_map(|polygon| &polygon.edges);
        let nearest_m = edges().map(|edge| plane.to_edge_m(edge).0).fold(f64::INFINITY, f64::min);
        let error = plane.error_at(nearest_m.max(margin_m));
        if margin_m < nearest_m * (1.0 - error) || nearest_m * (1.0 + error) < margin_m {
            return margin_m < nearest_m;
        }
        let may_be_nearest = |edge: &&Way| plane.to_edge_m(edge).0 <= nearest_m * (1.0 + 2.0 * error);
        let geodesics_m = edges().filter(may_be_nearest).map(|edge| geodesic_to_edge_m(at, edge, &plane));
        margin_m < geodesics_m.fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn meet(&self, way: &Way) -> bool {
        let turned = [-360.0, 0.0, 360.0].map(|turn| way.turned(turn));
        self.0.iter().any(|polygon| {
            let meets = |way: &Way| polygon.edges.iter().any(|edge| edges_meet(way, edge));
            polygon.holds(way.from) || polygon.holds(way.to) || turned.iter().any(meets)
        })
    }
}

impl Polygon {
    fn new(rings: &[Vec<Place>]) -> Self {
        let edges: Vec<Way> = rings.iter().flat_map(|ring| edges_of(ring)).collect();
        let bounds = edges.iter().fold(Bounds::NOTHING, |all, edge| all.with(edge.from.lat, edge.from.lng));
        Self { edges, bounds }
    }

    /// A shell and its holes may have been written on different sides of the antimeridian: the
    /// place is looked for on all of them, and its crossings are summed.
    fn holds(&self, at: Place) -> bool {
        if at.lat.abs() == 90.0 {
            // All longitudes of a pole are one place.
            return self.bounds.lat.0 == at.lat || self.bounds.lat.1 == at.lat;
        }
        if at.lat < self.bounds.lat.0 || self.bounds.lat.1 < at.lat {
            return false;
        }
        let mut is_inside = false;
        for turn in [-360.0, 0.0, 360.0] {
            let here = Place { lat: at.lat, lng: at.lng + turn };
            if here.lng < self.bounds.lng.0 || self.bounds.lng.1 < here.lng {
                continue;
            }
            for edge in &self.edges {
                match side(edge, here) {
                    Side::On => return true,
                    Side::Crossed => is_inside = !is_inside,
                    Side::Missed => {}
                }
            }
        }
        is_inside
    }
}

/// What a ray from a place to the east does to an edge.
enum Side {
    On,
    Crossed,
    Missed,
}

fn side(edge: &Way, at: Place) -> Side {
    let Way { from: a, to: b } = edge;
    let straddles = (at.lat < a.lat) != (at.lat < b.lat);
    if at.lng < a.lng.min(b.lng) {
        return if straddles { Side::Crossed } else { Side::Missed };
    }
    if a.lng.max(b.lng) < at.lng || at.lat < a.lat.min(b.lat) || a.lat.max(b.lat) < at.lat {
        return Side::Missed;
    }
    let is_upward = a.lat < b.lat;
    match turn(*a, *b, at) {
        Orientation::Collinear => Side::On,
        Orientation::CounterClockwise if straddles && is_upward => Side::Crossed,
        Orientation::Clockwise if straddles && !is_upward => Side::Crossed,
        Orientation::CounterClockwise | Orientation::Clockwise => Side::Missed,
    }
}

fn turn(a: Place, b: Place, c: Place) -> Orientation {
    let coord = |at: Place| Coord { x: at.lng, y: at.lat };
    RobustKernel::orient2d(coord(a), coord(b), coord(c))
}

/// Whether two edges have a place in common.
fn edges_meet(a: &Way, b: &Way) -> bool {
    if !a.bounds().meet(&b.bounds()) {
        return false;
    }
    let (b_from, b_to) = (turn(a.from, a.to, b.from), turn(a.from, a.to, b.to));
    let (a_from, a_to) = (turn(b.from, b.to, a.from), turn(b.from, b.to, a.to));
    if b_from != b_to && a_from != a_to {
        return true;
    }
    let is_on = |edge: &Way, at: Place, turn: Orientation| {
        turn == Orientation::Collinear && edge.bounds().meet(&Bounds::NOTHING.with(at.lat, at.lng))
    };
    is_on(a, b.from, b_from) || is_on(a, b.to, b_to) || is_on(b, a.from, a_from) || is_on(b, a.to, a_to)
}

/// The edges of a ring in one plane: one that spans more than half the earth goes the short way.
fn edges_of(ring: &[Place]) -> Vec<Way> {
    let mut corners: Vec<Place> = Vec::with_capacity(ring.len() + 1);
    for corner in ring.iter().chain(ring.first()) {
        let next = corners.last().map_or(*corner, |last| {
            let mut lng = corner.lng;
            while lng - last.lng < -180.0 {
                lng += 360.0;
            }
            while 180.0 < lng - last.lng {
                lng -= 360.0;
            }
            Place { lat: corner.lat, lng }
        });
        if corners.last() != Some(&next) {
            corners.push(next);
        }
    }
    if corners.first() != corners.last() {
        // Cut at the antimeridian along a pole: it closes as it is written only.
        corners = ring.iter().chain(ring.first()).copied().collect();
    }
    corners.windows(2).map(|pair| Way { from: pair[0], to: pair[1] }).collect()
}

/// Metres east and north of a place; straight lines stay straight.
struct Plane {
    origin: Place,
    metres_a_lng: f64,
    metres_a_lat: f64,
}

const EQUATOR_RADIUS_M: f64 = 6_378_137.0;
const ECCENTRICITY_2: f64 = 0.006_694_379_990_141_316;

impl Plane {
    fn around(origin: Place) -> Self {
        let (sin, cos) = origin.lat.to_radians().sin_cos();
        let w = (1.0 - ECCENTRICITY_2 * sin * sin).sqrt();
        let across_m = EQUATOR_RADIUS_M / w;
        let along_m = EQUATOR_RADIUS_M * (1.0 - ECCENTRICITY_2) / (w * w * w);
        Self { origin, metres_a_lng: (across_m * cos).to_radians(), metres_a_lat: along_m.to_radians() }
    }

    /// A share by which a distance in the plane may be wrong: parallels shrink towards the poles by
    /// the tangent of the latitude a radian; twice that, and a thousandth for the rest.
    fn error_at(&self, distance_m: f64) -> f64 {
        let tan = self.origin.lat.abs().min(89.9).to_radians().tan();
        0.001 + 2.0 * (1.0 + tan) * distance_m / EQUATOR_RADIUS_M
    }

    fn xy(&self, at: Place) -> (f64, f64) {
        let step = at.lng - self.origin.lng;
        let short = step - 360.0 * (step / 360.0).round();
        // An edge that begins on one side of the antimeridian ends there too.
        (short * self.metres_a_lng, (at.lat - self.origin.lat) * self.metres_a_lat)
    }

    /// The distance to the nearest place of an edge, and the share of the edge at which it lies.
    fn to_edge_m(&self, edge: &Way) -> (f64, f64) {
        let a = self.xy(edge.from);
        let b = (a.0 + (edge.to.lng - edge.from.lng) * self.metres_a_lng, self.xy(edge.to).1);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length_2 = dx * dx + dy * dy;
        let share = if length_2 == 0.0 { 0.0 } else { (-(a.0 * dx + a.1 * dy) / length_2).clamp(0.0, 1.0) };
        ((a.0 + share * dx).hypot(a.1 + share * dy), share)
    }
}

/// The geodesic distance to the nearest place of an edge, searched around where the plane has it.
fn geodesic_to_edge_m(at: Place, edge: &Way, plane: &Plane) -> f64 {
    let (_, share) = plane.to_edge_m(edge);
    let (mut from, mut to) = ((share - 0.1).max(0.0), (share + 0.1).min(1.0));
    let to_m = |share: f64| distance_m(at, edge.at(share));
    for _ in 0..40 {
        let (a, b) = (from + (to - from) / 3.0, to - (to - from) / 3.0);
        if to_m(a) <= to_m(b) {
            to = b;
        } else {
            from = a;
        }
    }
    to_m(f64::midpoint(from, to)).min(to_m(0.0)).min(to_m(1.0))
}
