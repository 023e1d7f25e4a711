//! A full scan with an exact test of its own: `geo` for planes, `geographiclib` for circles.
//!
//! It shares no function with the index: rings are unrolled by adding up differences, the point
//! is tried at five longitudes, and each fence is asked about each point.
#![allow(dead_code, reason = "not every test uses every part")]

mod boxes;

use boxes::{Boxes, chord_m, on_sphere};
use geo::{Coord, Intersects, Kernel, Line, Orientation, algorithm::kernels::RobustKernel};
use geographiclib_rs::{Geodesic, InverseGeodesic};

/// A fence as plain numbers.
#[derive(Clone, Debug)]
pub(crate) enum Drawn {
    Circle {
        lat: f64,
        lng: f64,
        radius_m: f64,
    },
    /// Polygons, their rings, their `[longitude, latitude]` corners.
    Polygons(Vec<Vec<Vec<[f64; 2]>>>),
}

/// All fences, with boxes that are wide enough.
pub(crate) struct Scan {
    fences: Vec<Scanned>,
    boxes: Boxes,
    wgs84: Geodesic,
}

enum Scanned {
    Circle { lat: f64, lng: f64, radius_m: f64, on_sphere: [f64; 3] },
    Polygons(Vec<Rings>),
}

/// A polygon's rings, unrolled.
struct Rings {
    low: Coord,
    high: Coord,
    lines: Vec<Line>,
}

impl Scan {
    pub(crate) fn new(fences: &[Drawn]) -> Self {
        let scanned: Vec<Scanned> = fences.iter().map(Scanned::of).collect();
        let boxes = Boxes::around(&scanned);
        Self { fences: scanned, boxes, wgs84: Geodesic::wgs84() }
    }

    /// Numbers of the fences that hold a point: every fence is asked.
    pub(crate) fn matches(&self, lat: f64, lng: f64) -> Vec<u32> {
        (0..self.fences.len()).filter(|&i| self.contains(i, lat, lng)).map(|i| i as u32).collect()
    }

    /// The same, asking only the fences in whose wide box the point lies; leaves them in `near`.
    pub(crate) fn matches_in_boxes(&self, lat: f64, lng: f64, near: &mut Vec<u32>) -> Vec<u32> {
        self.boxes.at(lat, lng, near);
        let point = on_sphere(lat, lng);
        let holds = |fence: &Scanned| match fence {
            Scanned::Circle { lat: center_lat, lng: center_lng, radius_m, on_sphere } => {
                // The earth differs from the sphere by less than 0.6 %.
                let apart_m = chord_m(*on_sphere, point);
                if radius_m + 1.0 < 0.98 * apart_m {
                    return false;
                }
                if 1.02 * apart_m + 1.0 < *radius_m {
                    return true;
                }
                self.distance_m((*center_lat, *center_lng), (lat, lng)) <= *radius_m
            }
            Scanned::Polygons(polygons) => polygons.iter().any(|rings| rings.contains(lat, lng)),
        };
        near.iter().copied().filter(|&i| holds(&self.fences[i as usize])).collect()
    }

    pub(crate) fn contains(&self, fence: usize, lat: f64, lng: f64) -> bool {
        match &self.fences[fence] {
            Scanned::Circle { lat: center_lat, lng: center_lng, radius_m, .. } => {
                // A degree of latitude is never less than 110 km: far away is far away.
                if radius_m / 110_000.0 + 0.01 < (lat - center_lat).abs() {
                    return false;
                }
                self.distance_m((*center_lat, *center_lng), (lat, lng)) <= *radius_m
            }
            Scanned::Polygons(polygons) => polygons.iter().any(|rings| rings.contains(lat, lng)),
        }
    }

    fn distance_m(&self, from: (f64, f64), to: (f64, f64)) -> f64 {
        self.wgs84.inverse(from.0, from.1, to.0, to.1)
    }
}

impl Scanned {
    fn of(fence: &Drawn) -> Self {
        match fence {
            Drawn::Circle { lat, lng, radius_m } => {
                Self::Circle { lat: *lat, lng: *lng, radius_m: *radius_m, on_sphere: on_sphere(*lat, *lng) }
            }
            Drawn::Polygons(polygons) => {
                Self::Polygons(polygons.iter().map(|rings| Rings::new(rings)).collect())
            }
        }
    }
}

impl Rings {
    fn new(rings: &[Vec<[f64; 2]>]) -> Self {
        let mut lines = Vec::new();
        for ring in rings {
            let ring = unrolled(&ring.iter().map(|corner| corner.map(settled)).collect::<Vec<_>>());
            let next = ring.iter().cycle().skip(1);
            lines.extend(ring.iter().zip(next).map(|(a, b)| Line::new(*a, *b)));
        }
        let least = |of: fn(&Coord) -> f64| lines.iter().map(|line| of(&line.start)).fold(f64::MAX, f64::min);
        let most = |of: fn(&Coord) -> f64| lines.iter().map(|line| of(&line.start)).fold(f64::MIN, f64::max);
        let low = Coord { x: least(|c| c.x), y: least(|c| c.y) };
        let high = Coord { x: most(|c| c.x), y: most(|c| c.y) };
        Self { low, high, lines }
    }

    fn contains(&self, lat: f64, lng: f64) -> bool {
        let [lng, lat] = [lng, lat].map(settled);
        if lat < self.low.y || self.high.y < lat {
            return false;
        }
        if lat.abs() == 90.0 {
            return true;
        }
        let mut is_inside = false;
        for turn in -2..=2 {
            let point = Coord { x: lng + 360.0 * f64::from(turn), y: lat };
            if point.x < self.low.x || self.high.x < point.x {
                continue;
            }
            for line in &self.lines {
                let is_beside = lat < line.start.y.min(line.end.y) || line.start.y.max(line.end.y) < lat;
                if is_beside || line.start.x.max(line.end.x) < point.x {
                    continue;
                }
                if line.intersects(&point) {
                    return true;
                }
                if (point.y < line.start.y) != (point.y < line.end.y) {
                    let turn = RobustKernel::orient2d(line.start, line.end, point);
                    let is_rising = line.start.y < line.end.y;
                    is_inside ^= (turn == Orientation::CounterClockwise) == is_rising;
                }
            }
        }
        is_inside
    }
}

/// Degrees below 1e-100 are zero to the room, since no predicate is exact for such numbers.
fn settled(degrees: f64) -> f64 {
    if degrees.abs() < 1e-100 { 0.0 } else { degrees }
}

/// The corners with every step taken the short way round; as they are where that does not close.
fn unrolled(ring: &[[f64; 2]]) -> Vec<Coord> {
    let plain = || ring.iter().map(|&[x, y]| Coord { x, y }).collect::<Vec<_>>();
    let mut turns = 0.0;
    let mut found = Vec::new();
    for (i, &[x, y]) in ring.iter().enumerate() {
        found.push(Coord { x: if turns == 0.0 { x } else { x + 360.0 * turns }, y });
        let step = ring[(i + 1) % ring.len()][0] - x;
        if 180.0 < step {
            turns -= 1.0;
        } else if step < -180.0 {
            turns += 1.0;
        }
    }
    if turns != 0.0 {
        return plain();
    }
    let least = found.iter().map(|c| c.x).fold(f64::MAX, f64::min);
    if least < -180.0 {
        // From the other side the same ring again, so that no number is rounded twice.
        let mut turned = ring.to_vec();
        let east = found.iter().position(|c| c.x == least).unwrap();
        turned.rotate_left(east);
        return unrolled(&turned);
    }
    if 180.0 <= least {
        // What begins on the antimeridian begins in the west, where degrees need no rounding.
        return found.into_iter().map(|c| Coord { x: c.x - 360.0, y: c.y }).collect();
    }
    found
}
