//! Shapes as `geo` and anybody else would have them: rings of degrees, boxes.

use geo::{Coord, LineString, Polygon as GeoPolygon};
use spatial_index::{Polygon, Shape};

/// Metres of a degree of latitude where it is shortest.
const METRES_PER_DEGREE_MIN: f64 = 110_500.0;

/// South, north, west and east of a shape; west and east may lie beyond +-180.
pub(crate) fn bounds(shape: &Shape) -> [f64; 4] {
    match shape {
        Shape::Circle { center, radius } => {
            let north = radius.0 / METRES_PER_DEGREE_MIN;
            let (lat, lng) = (center.lat(), center.lng());
            let highest = lat.abs() + north;
            // Round a pole it is under every longitude.
            let east = if highest < 89.9 { north / highest.to_radians().cos() } else { 360.0 };
            [lat - north, lat + north, lng - east, lng + east]
        }
        Shape::Polygons(polygons) => polygons.iter().map(polygon_bounds).fold(NOWHERE, joined),
    }
}

const NOWHERE: [f64; 4] = [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY];

fn joined(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    [a[0].min(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].max(b[3])]
}

pub(crate) fn polygon_bounds(polygon: &Polygon) -> [f64; 4] {
    let corners = rings(polygon).into_iter().flatten();
    corners.map(|[x, y]| [y, y, x, x]).fold(NOWHERE, joined)
}

/// The rings of a polygon, closed; every edge goes the short way, so longitudes may pass +-180.
pub(crate) fn rings(polygon: &Polygon) -> Vec<Vec<[f64; 2]>> {
    polygon.rings().map(unrolled).collect()
}

fn unrolled(mut ring: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let is_whole_band =
        |ring: &[[f64; 2]]| ring.windows(2).any(|pair| 180.0 == (pair[1][0] - pair[0][0]).abs());
    if is_whole_band(&ring) {
        return ring;
    }
    for i in 1..ring.len() {
        let apart = ring[i][0] - ring[i - 1][0];
        let turns = (apart / 360.0).round();
        if turns != 0.0 {
            ring[i][0] -= 360.0 * turns;
        }
    }
    ring
}

/// The same as `geo` has it, moved by so many degrees of longitude.
pub(crate) fn geo_polygon(polygon: &Polygon, moved: f64) -> GeoPolygon {
    let line = |ring: Vec<[f64; 2]>| -> LineString {
        ring.into_iter().map(|[x, y]| Coord { x: if moved == 0.0 { x } else { x + moved }, y }).collect()
    };
    let mut rings = rings(polygon).into_iter().map(line);
    let outer = rings.next().expect("a polygon has a ring");
    GeoPolygon::new(outer, rings.collect())
}
