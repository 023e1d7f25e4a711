//! Boxes round fences, so wide that they need no care, and the sphere that is near enough.
//!
//! A box lies in the grid whose squares are at least as large as it, so that it meets few.

use std::collections::{BTreeSet, HashMap};

use super::Scanned;

/// The largest grid has squares of 2^6 degrees, the smallest of 2^-14.
const LEVELS: std::ops::RangeInclusive<i32> = -14..=6;

/// Which fences may hold a point.
pub(crate) struct Boxes {
    squares: HashMap<(i32, i32, i32), Vec<u32>>,
    levels: Vec<i32>,
    /// Too wide for a square, with their latitudes.
    wide: Vec<(f64, f64, u32)>,
}

/// West, south, east, north.
type Box4 = [f64; 4];

impl Boxes {
    pub(super) fn around(fences: &[Scanned]) -> Self {
        let mut boxes = Self { squares: HashMap::new(), levels: Vec::new(), wide: Vec::new() };
        let mut levels = BTreeSet::new();
        for (fence, number) in fences.iter().zip(0..) {
            for wide_box in boxes_of(fence) {
                levels.extend(boxes.add(wide_box, number));
            }
        }
        boxes.levels = levels.into_iter().collect();
        boxes
    }

    fn add(&mut self, [west, south, east, north]: Box4, number: u32) -> Option<i32> {
        let size = (east - west).max(north - south);
        let level = LEVELS.into_iter().find(|&level| size <= 2_f64.powi(level));
        let Some(level) = level else {
            self.wide.push((south, north, number));
            return None;
        };
        let meets_map = |turn: &f64| west + turn <= 180.0 && -180.0 <= east + turn;
        for turn in [-360.0, 0.0, 360.0].into_iter().filter(meets_map) {
            let (low, high) = (square(level, west + turn, south), square(level, east + turn, north));
            for column in low.1..=high.1 {
                for row in low.2..=high.2 {
                    let listed = self.squares.entry((level, column, row)).or_default();
                    if listed.last() != Some(&number) {
                        listed.push(number);
                    }
                }
            }
        }
        Some(level)
    }

    /// Puts the fences that may hold a point into `near`, ascending.
    pub(super) fn at(&self, lat: f64, lng: f64, near: &mut Vec<u32>) {
        near.clear();
        for &level in &self.levels {
            near.extend(self.squares.get(&square(level, lng, lat)).into_iter().flatten());
        }
        let is_level = |wide: &&(f64, f64, u32)| wide.0 <= lat && lat <= wide.1;
        near.extend(self.wide.iter().filter(is_level).map(|wide| wide.2));
        near.sort_unstable();
        near.dedup();
    }
}

fn square(level: i32, x: f64, y: f64) -> (i32, i32, i32) {
    let size = 2_f64.powi(level);
    (level, (x / size).floor() as i32, (y / size).floor() as i32)
}

fn boxes_of(fence: &Scanned) -> Vec<Box4> {
    const MARGIN: f64 = 1e-6;
    match fence {
        Scanned::Circle { lat, lng, radius_m, .. } => {
            // A degree of latitude is more than 110 km, one of longitude more than 111 km times
            // the cosine of the latitude nearest to a pole on the way.
            let reach = radius_m / 110_000.0 + MARGIN;
            let (south, north) = (lat - reach, lat + reach);
            let steepest = south.abs().max(north.abs());
            if 89.9 < steepest {
                return vec![[-180.0, south, 180.0, north]];
            }
            let reach = radius_m / (111_000.0 * steepest.to_radians().cos()) + MARGIN;
            vec![[lng - reach, south, lng + reach, north]]
        }
        Scanned::Polygons(polygons) => {
            let wide = |rings: &super::Rings| {
                let is_polar = rings.low.y == -90.0 || rings.high.y == 90.0;
                let (west, east) = if is_polar { (-180.0, 180.0) } else { (rings.low.x, rings.high.x) };
                [west - MARGIN, rings.low.y - MARGIN, east + MARGIN, rings.high.y + MARGIN]
            };
            polygons.iter().map(wide).collect()
        }
    }
}

/// A point of the unit sphere.
pub(super) fn on_sphere(lat: f64, lng: f64) -> [f64; 3] {
    let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
    let (sin_lng, cos_lng) = lng.to_radians().sin_cos();
    [cos_lat * cos_lng, cos_lat * sin_lng, sin_lat]
}

/// The straight way between points of a sphere as large as the earth.
pub(super) fn chord_m(a: [f64; 3], b: [f64; 3]) -> f64 {
    let [x, y, z] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    6_371_008.8 * (x * x + y * y + z * z).sqrt()
}
