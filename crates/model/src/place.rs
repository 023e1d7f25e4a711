//! Places on earth: a position, and lengths in metres.

use core::fmt;

/// A length in metres.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Meters(pub f64);

/// A position in WGS 84 degrees.
///
/// Invariant: both are finite, latitude in -90..=90, longitude in -180..=180, and
/// the antimeridian is written +180, never -180. `Debug` shows no coordinate.
#[derive(Clone, Copy, PartialEq)]
pub struct Position {
    lat: f64,
    lng: f64,
}

/// Why two numbers are no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositionFlaw {
    /// Latitude is not a number within -90..=90.
    Latitude,
    /// Longitude is not a number within -180..=180.
    Longitude,
}

impl Position {
    /// A position from degrees; NaN and infinities are out of range too.
    pub fn new(lat: f64, lng: f64) -> Result<Self, PositionFlaw> {
        if !(-90.0..=90.0).contains(&lat) {
            return Err(PositionFlaw::Latitude);
        }
        if !(-180.0..=180.0).contains(&lng) {
            return Err(PositionFlaw::Longitude);
        }
        let lng = if lng == -180.0 { 180.0 } else { lng };
        Ok(Self { lat, lng })
    }

    /// Latitude in degrees.
    #[must_use]
    pub const fn lat(self) -> f64 {
        self.lat
    }

    /// Longitude in degrees.
    #[must_use]
    pub const fn lng(self) -> f64 {
        self.lng
    }

    /// Whether this is the place that broken receivers report: within 0.01 degrees of (0, 0).
    #[must_use]
    pub fn is_null_island(self) -> bool {
        self.lat.abs() < 0.01 && self.lng.abs() < 0.01
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Position(not shown)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p06_a_position_out_of_range_is_refused_and_never_wrapped() {
        for (lat, lng) in [(90.000_000_1, 0.0), (-91.0, 0.0), (104.0, 1.3), (f64::NAN, 0.0)] {
            assert_eq!(Position::new(lat, lng), Err(PositionFlaw::Latitude));
        }
        for (lat, lng) in [(0.0, 180.5), (0.0, 360.0), (0.0, f64::INFINITY), (0.0, f64::NAN)] {
            assert_eq!(Position::new(lat, lng), Err(PositionFlaw::Longitude));
        }
    }

    #[test]
    fn p06_both_names_of_the_antimeridian_are_one_position() {
        assert_eq!(Position::new(1.0, -180.0), Position::new(1.0, 180.0));
    }

    #[test]
    fn debug_shows_no_coordinate() {
        let position = Position::new(47.6097, -122.3331).unwrap();
        assert_eq!(format!("{position:?}"), "Position(not shown)");
    }
}
