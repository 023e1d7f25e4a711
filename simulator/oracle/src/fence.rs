//! Places, and the areas that are watched.

use chrono_tz::Tz;

use crate::Week;

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
    /// Its name.
    pub id: String,
    /// Whose it is; a fence without a merchant matches nobody.
    pub merchant: Option<u32>,
    /// Where it lies.
    pub shape: Shape,
    /// Of a circle its radius, of any other shape sqrt(area / pi), in metres.
    pub radius_m: f64,
    /// The zone whose wall clock hangs in the store.
    pub tz: Option<Tz>,
    /// All zones of its country, where nobody knows more.
    pub country_zones: Vec<Tz>,
    /// When the store is open, if that is known.
    pub hours: Option<Week>,
}

impl Fence {
    /// A fence of nobody, of which nothing but its place is known.
    #[must_use]
    pub const fn of(shape: Shape, radius_m: f64) -> Self {
        Self {
            id: String::new(),
            merchant: None,
            shape,
            radius_m,
            tz: None,
            country_zones: Vec::new(),
            hours: None,
        }
    }
}
