//! Circles: geodesic distance on WGS 84, by Karney's method through geographiclib.
//!
//! Geodesic lengths are lengths on a sphere of the mean radius times 0.99442 to 1.00449: between
//! these lie the radii of curvature of the ellipsoid (6,335.4 to 6,399.6 km, along the meridian and
//! across it) over 6,371.0 km, so no way is stretched by less or more. Chords stand for arcs here:
//! up to 140 km they are shorter by 2 in 100,000 at most. Where a sphere with a margin of 0.6 %
//! decides, geographiclib is not asked.

use std::cell::OnceCell;
use std::sync::LazyLock;

use geographiclib_rs::{Geodesic, InverseGeodesic};

use super::{Bounds, Way};
use crate::Place;

const EARTH_RADIUS_M: f64 = 6_371_008.8;
const STRETCH_MAX: f64 = 1.006;
const STRETCH_MIN: f64 = 0.994;

/// No degree of latitude is shorter: 110,574 m at the equator.
const METRES_A_DEGREE_MIN: f64 = 110_570.0;

static WGS84: LazyLock<Geodesic> = LazyLock::new(Geodesic::wgs84);

/// Geodesic distance in metres.
pub(crate) fn distance_m(a: Place, b: Place) -> f64 {
    WGS84.inverse(a.lat, a.lng, b.lat, b.lng)
}

/// Distance on a sphere of the mean radius.
pub(crate) fn sphere_m(a: Place, b: Place) -> f64 {
    2.0 * EARTH_RADIUS_M * (chord_2(unit(a), unit(b)).sqrt() / 2.0).min(1.0).asin()
}

/// A place that several circles are asked about.
pub(crate) struct Spot {
    pub(crate) place: Place,
    unit: OnceCell<[f64; 3]>,
}

impl Spot {
    pub(crate) const fn new(place: Place) -> Self {
        Self { place, unit: OnceCell::new() }
    }

    /// On the unit sphere; worked out when it is first asked for.
    fn unit(&self) -> [f64; 3] {
        *self.unit.get_or_init(|| unit(self.place))
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Circle {
    centre: Place,
    unit: [f64; 3],
    radius_m: f64,
}

impl Circle {
    pub(crate) fn new(centre: Place, radius_m: f64) -> Self {
        Self { centre, unit: unit(centre), radius_m }
    }

    /// A box that holds it.
    ///
    /// A geodesic that begins at the centre and is as long as the radius stays within so many degrees
    /// of latitude, and turns in longitude by its length over the cosine of the furthest latitude at most.
    pub(crate) fn bounds(&self) -> Bounds {
        let half_lat = self.radius_m / METRES_A_DEGREE_MIN;
        let lat = (self.centre.lat - half_lat, self.centre.lat + half_lat);
        let furthest_lat = lat.1.max(-lat.0);
        let half_lng = half_lat / furthest_lat.min(90.0).to_radians().cos();
        if 90.0 <= furthest_lat || 180.0 <= half_lng {
            return Bounds { lat, lng: (-180.0, 180.0) };
        }
        Bounds { lat, lng: (self.centre.lng - half_lng, self.centre.lng + half_lng) }
    }

    pub(crate) fn holds(&self, spot: &Spot) -> bool {
        match self.is_clearly_within(spot, self.radius_m) {
            Some(is_within) => is_within,
            None => distance_m(self.centre, spot.place) <= self.radius_m,
        }
    }

    /// Outside by more than a margin.
    pub(crate) fn is_beyond(&self, spot: &Spot, margin_m: f64) -> bool {
        match self.is_clearly_within(spot, self.radius_m + margin_m) {
            Some(is_within) => !is_within,
            None => margin_m < distance_m(self.centre, spot.place) - self.radius_m,
        }
    }

    /// Whether a way comes within the radius.
    pub(crate) fn meets(&self, way: &Way) -> bool {
        [-360.0, 0.0, 360.0].iter().any(|turn| self.meets_here(&way.turned(*turn)))
    }

    /// Whether a place lies within a length of the centre, where a sphere can tell.
    fn is_clearly_within(&self, spot: &Spot, length_m: f64) -> Option<bool> {
        let chord_2 = chord_2(self.unit, spot.unit());
        let (near, far) = (length_m / STRETCH_MAX / EARTH_RADIUS_M, length_m / STRETCH_MIN / EARTH_RADIUS_M);
        if chord_2 < near * near {
            return Some(true);
        }
        (far * far < chord_2).then_some(false)
    }

    /// The part of the way within the circle's box is searched for its nearest place. Only one dip can
    /// be there: the circle is small on the earth, and the way hardly bent across it.
    fn meets_here(&self, way: &Way) -> bool {
        let bounds = self.bounds();
        let Some((from, to)) = clip(way, &bounds) else { return false };
        let distance_m = |share: f64| distance_m(self.centre, way.at(share));
        let (mut from, mut to) = (from, to);
        for _ in 0..N_THIRDS {
            let (a, b) = (from + (to - from) / 3.0, to - (to - from) / 3.0);
            if distance_m(a) <= distance_m(b) {
                to = b;
            } else {
                from = a;
            }
        }
        [from, f64::midpoint(from, to), to].iter().any(|share| distance_m(*share) <= self.radius_m)
    }
}

/// Each leaves two thirds of the way: after so many, less than a ten-millionth of it.
const N_THIRDS: usize = 40;

/// The shares of a way between which it lies in a box.
fn clip(way: &Way, bounds: &Bounds) -> Option<(f64, f64)> {
    let mut shares = (0.0_f64, 1.0_f64);
    let along = [(way.from.lat, way.to.lat, bounds.lat), (way.from.lng, way.to.lng, bounds.lng)];
    for (from, to, (min, max)) in along {
        if from == to {
            if from < min || max < from {
                return None;
            }
            continue;
        }
        let (a, b) = ((min - from) / (to - from), (max - from) / (to - from));
        shares = (shares.0.max(a.min(b)), shares.1.min(a.max(b)));
    }
    (shares.0 <= shares.1).then_some(shares)
}

fn unit(at: Place) -> [f64; 3] {
    let ((lat_sin, lat_cos), (lng_sin, lng_cos)) =
        (at.lat.to_radians().sin_cos(), at.lng.to_radians().sin_cos());
    [lat_cos * lng_cos, lat_cos * lng_sin, lat_sin]
}

fn chord_2(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum()
}
