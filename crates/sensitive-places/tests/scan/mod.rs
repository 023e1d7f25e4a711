//! A full scan with a distance of its own: `geographiclib` and a search along every edge.
//!
//! It shares no function with the rooms.
#![allow(dead_code, reason = "not every test uses every part")]

use geographiclib_rs::{Geodesic, InverseGeodesic};

/// A footprint as plain numbers.
#[derive(Clone, Debug)]
pub(crate) enum Drawn {
    Circle {
        lat: f64,
        lng: f64,
        radius_m: f64,
    },
    /// The rings of one polygon, `[longitude, latitude]` corners, not closed; longitudes may run past 180.
    Polygon(Vec<Vec<[f64; 2]>>),
}

/// All footprints; every one is asked.
pub(crate) struct Scan {
    drawn: Vec<Drawn>,
    wgs84: Geodesic,
}

/// Further than any zone reaches, however roughly it is measured.
const FAR_M: f64 = 600.0;

/// Whoever is further away than this in latitude is not looked at: some 5 km.
const LAT_MAX: f64 = 0.05;

impl Scan {
    pub(crate) fn new(drawn: Vec<Drawn>) -> Self {
        Self { drawn, wgs84: Geodesic::wgs84() }
    }

    /// Metres to the nearest footprint; infinite when none is within some kilometres.
    pub(crate) fn nearest_m(&self, lat: f64, lng: f64) -> f64 {
        self.drawn.iter().map(|drawn| self.distance_m(drawn, lat, lng)).fold(f64::INFINITY, f64::min)
    }

    fn distance_m(&self, drawn: &Drawn, lat: f64, lng: f64) -> f64 {
        match drawn {
            Drawn::Circle { lat: center_lat, lng: center_lng, radius_m } => {
                if LAT_MAX + radius_m / 110_000.0 < (lat - center_lat).abs() {
                    return f64::INFINITY;
                }
                (self.between_m([lng, lat], [*center_lng, *center_lat]) - radius_m).max(0.0)
            }
            Drawn::Polygon(rings) => self.to_polygon_m(rings, lat, lng),
        }
    }

    fn to_polygon_m(&self, rings: &[Vec<[f64; 2]>], lat: f64, lng: f64) -> f64 {
        let corners = || rings.iter().flatten();
        if corners().all(|corner| corner[1] + LAT_MAX < lat)
            || corners().all(|corner| lat < corner[1] - LAT_MAX)
        {
            return f64::INFINITY;
        }
        // The image of the point that lies beside the polygon.
        let first = rings[0][0][0];
        let lng = lng + 360.0 * ((first - lng) / 360.0).round();
        let edges = || {
            rings.iter().flat_map(|ring| (0..ring.len()).map(move |i| (ring[i], ring[(i + 1) % ring.len()])))
        };
        let crossed = edges().filter(|&([ax, ay], [bx, by])| {
            (ay <= lat) != (by <= lat) && lng < ax + (lat - ay) / (by - ay) * (bx - ax)
        });
        if crossed.count() % 2 == 1 {
            return 0.0;
        }
        edges().map(|(a, b)| self.to_edge_m(a, b, [lng, lat])).fold(f64::INFINITY, f64::min)
    }

    /// By halving thirds: over a short edge the distance falls and then rises.
    fn to_edge_m(&self, a: [f64; 2], b: [f64; 2], point: [f64; 2]) -> f64 {
        let at = |share: f64| [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
        let far_m = |share: f64| self.between_m(point, at(share));
        let roughly_m = in_the_plane_m(a, b, point);
        if FAR_M < roughly_m {
            return roughly_m;
        }
        let ends_m = far_m(0.0).min(far_m(1.0));
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..40 {
            let third = (high - low) / 3.0;
            if far_m(low + third) < far_m(high - third) {
                high -= third;
            } else {
                low += third;
            }
        }
        far_m((low + high) / 2.0).min(ends_m)
    }

    fn between_m(&self, a: [f64; 2], b: [f64; 2]) -> f64 {
        self.wgs84.inverse(a[1], a[0], b[1], b[0])
    }
}

/// Metres to an edge in a plane about the point: within some percent for what is some kilometres away.
fn in_the_plane_m(a: [f64; 2], b: [f64; 2], point: [f64; 2]) -> f64 {
    let east_m = 111_320.0 * point[1].to_radians().cos();
    let seen = |corner: [f64; 2]| [(corner[0] - point[0]) * east_m, (corner[1] - point[1]) * 111_000.0];
    let ([ax, ay], [bx, by]) = (seen(a), seen(b));
    let (dx, dy) = (bx - ax, by - ay);
    let share = (-(ax * dx + ay * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (ax + share * dx).hypot(ay + share * dy)
}

/// Numbers that are the same on every machine.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// SplitMix64, from 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn within(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.share()
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.share() * n as f64) as usize
    }
}

/// A longitude on the map.
pub(crate) fn on_the_map(lng: f64) -> f64 {
    lng - 360.0 * (lng / 360.0).round()
}
