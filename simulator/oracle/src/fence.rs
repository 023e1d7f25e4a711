//! Places, and the areas that are watched.

use chrono_tz::Tz;

/// A place in WGS 84 degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Latitude, -90 to 90.
    pub lat: f64,
    /// Longitude, -180 to 180; both ends are one meridian.
    pub lng: f64,
}

/// The area of a fence; its border belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// All places whose geodesic distance from a centre is at most a radius.
    Circle {
        /// The middle.
        centre: Place,
        /// In metres.
        radius_m: f64,
    },
    /// The union of polygons, each of rings of corners, even-odd over all its rings.
    ///
    /// Edges are straight in longitude and latitude, the short way round where they span more
    /// than 180 degrees of longitude. A ring may or may not repeat its first corner at its end;
    /// none goes round a pole.
    Polygons(Vec<Vec<Vec<Place>>>),
}

/// A watched area.
#[derive(Clone, Debug, PartialEq)]
pub struct Fence {
    /// Whose it is; a fence without a merchant matches nobody.
    pub merchant: Option<u32>,
    /// Where it lies.
    pub shape: Shape,
    /// Of a circle its radius, of any other shape sqrt(area / pi), in metres.
    pub radius_m: f64,
    /// The zone whose wall clock hangs in the store.
    pub tz: Option<Tz>,
}
