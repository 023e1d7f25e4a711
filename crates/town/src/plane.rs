//! The plane that the town is laid out on.

use model::Position;

/// A place on the plane: metres east and north of the town's centre.
#[derive(Clone, Copy, PartialEq)]
pub struct Point {
    /// Metres east.
    pub x_m: f64,
    /// Metres north.
    pub y_m: f64,
}

impl core::fmt::Debug for Point {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Point(not shown)")
    }
}

impl Point {
    pub(crate) const fn new(x_m: f64, y_m: f64) -> Self {
        Self { x_m, y_m }
    }

    pub(crate) fn distance_m(self, other: Self) -> f64 {
        let (dx, dy) = (self.x_m - other.x_m, self.y_m - other.y_m);
        (dx * dx + dy * dy).sqrt()
    }

    /// The point a share of the way to another.
    pub(crate) fn towards(self, other: Self, share: f64) -> Self {
        Self::new(self.x_m + (other.x_m - self.x_m) * share, self.y_m + (other.y_m - self.y_m) * share)
    }

    pub(crate) fn moved(self, east_m: f64, north_m: f64) -> Self {
        Self::new(self.x_m + east_m, self.y_m + north_m)
    }
}

/// A box on the plane.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) west_m: f64,
    pub(crate) east_m: f64,
    pub(crate) south_m: f64,
    pub(crate) north_m: f64,
}

impl Bounds {
    /// The square that reaches so far to every side.
    pub(crate) fn about(middle: Point, reach_m: f64) -> Self {
        Self {
            west_m: middle.x_m - reach_m,
            east_m: middle.x_m + reach_m,
            south_m: middle.y_m - reach_m,
            north_m: middle.y_m + reach_m,
        }
    }

    /// The box of both.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            west_m: self.west_m.min(other.west_m),
            east_m: self.east_m.max(other.east_m),
            south_m: self.south_m.min(other.south_m),
            north_m: self.north_m.max(other.north_m),
        }
    }

    /// How far outside a point is; 0 inside.
    pub(crate) fn distance_m(self, point: Point) -> f64 {
        let (dx, dy) = (
            (self.west_m - point.x_m).max(point.x_m - self.east_m).max(0.0),
            (self.south_m - point.y_m).max(point.y_m - self.north_m).max(0.0),
        );
        (dx * dx + dy * dy).sqrt()
    }
}

/// A plane that touches the WGS 84 ellipsoid at the town's centre.
///
/// Scales are those of the centre: two kilometres away, below 60 degrees of latitude, a
/// position is less than 1.5 m from where the ellipsoid would have it. Good for making
/// towns, not for measuring them.
#[derive(Clone, Copy, Debug)]
pub struct Plane {
    centre: Position,
    m_per_degree_lat: f64,
    m_per_degree_lng: f64,
}

/// WGS 84: equatorial radius in metres, and the square of the first eccentricity.
const EQUATOR_M: f64 = 6_378_137.0;
const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_14;

/// Phones write seven decimals, about a centimetre; so nothing hangs on the last bit of a cosine.
const DECIMALS: f64 = 1e7;

impl Plane {
    /// The plane at a centre.
    #[must_use]
    pub fn at(centre: Position) -> Self {
        let lat = centre.lat().to_radians();
        let bulge = 1.0 - ECCENTRICITY_SQUARED * lat.sin() * lat.sin();
        let north_m = EQUATOR_M * (1.0 - ECCENTRICITY_SQUARED) / (bulge * bulge.sqrt());
        let east_m = EQUATOR_M * lat.cos() / bulge.sqrt();
        Self { centre, m_per_degree_lat: north_m.to_radians(), m_per_degree_lng: east_m.to_radians() }
    }

    /// A point as degrees, rounded to seven decimals.
    ///
    /// # Panics
    /// When the point is off the earth; no town within its plan's bounds has one.
    #[must_use]
    pub fn position(self, point: Point) -> Position {
        let round = |degrees: f64| (degrees * DECIMALS).round() / DECIMALS;
        let lat = self.centre.lat() + point.y_m / self.m_per_degree_lat;
        let lng = self.centre.lng() + point.x_m / self.m_per_degree_lng;
        Position::new(round(lat), round(lng)).expect("a town lies away from poles and antimeridian")
    }

    /// Degrees as a point.
    #[must_use]
    pub fn point(self, position: Position) -> Point {
        Point::new(
            (position.lng() - self.centre.lng()) * self.m_per_degree_lng,
            (position.lat() - self.centre.lat()) * self.m_per_degree_lat,
        )
    }
}
