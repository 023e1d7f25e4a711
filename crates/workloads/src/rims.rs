//! Positions on boundaries only: what a filter cannot decide and the exact test must.

use geo::{Distance as _, Geodesic, Point};
use model::Position;

use crate::chance::{Area, Chance};
use crate::tiling::{shape, tiles};
use crate::work::{Work, circle};

/// 8,192 circles each as large as the distance to one position, and every corner of a tiling.
///
/// Every circle holds its own position, since shapes are closed; every corner lies in two tiles or
/// more, those on the outside in one or more.
#[must_use]
pub fn exact_fallback() -> Work {
    let area = Area { south: -40.0, north: -10.0, west: 110.0, east: 150.0 };
    let mut chance = Chance::new(31);
    let mut positions = Vec::new();
    let mut shapes = Vec::new();
    for center in area.positions(8_192, 32) {
        let lat = center.lat() + chance.within(-0.01, 0.01);
        let rim =
            Position::new(lat, center.lng() + chance.within(-0.01, 0.01)).expect("it is near the centre");
        let radius_m = Geodesic.distance(point(center), point(rim));
        shapes.push(circle(center, radius_m));
        positions.push(rim);
    }
    let rings = tiles();
    shapes.extend(rings.iter().map(|ring| shape(ring)));
    let corners = rings.iter().flatten().step_by(3);
    positions.extend(corners.map(|&[x, y]| Position::new(y, x).expect("a corner is a position")));
    for i in (1..positions.len()).rev() {
        positions.swap(i, chance.below(i + 1));
    }
    Work { name: "exact_fallback", shapes, positions, n_hits: Some(62_143) }
}

pub(crate) fn point(position: Position) -> Point {
    Point::new(position.lng(), position.lat())
}
