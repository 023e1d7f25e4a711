//! Shapes, and fences: a shape with its facts.

use std::f64::consts::PI;

use model::{FenceFacts, Meters, Position};

use crate::polygon::Polygon;

/// The largest radius of a circle.
///
/// A store's surroundings end far below it; a larger number is a slip in the unit.
pub const RADIUS_MAX: Meters = Meters(100_000.0);

/// The area that a fence watches. `Debug` shows no coordinate.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Every position within a geodesic distance of a centre.
    Circle {
        /// The middle.
        center: Position,
        /// Above 0, at most [`RADIUS_MAX`].
        radius: Meters,
    },
    /// Every position in at least one of some polygons; at least one of them.
    Polygons(Vec<Polygon>),
}

/// A shape together with what else is known of the place.
#[derive(Clone, Debug, PartialEq)]
pub struct Fence {
    /// Everything but the shape.
    pub facts: FenceFacts,
    /// The area.
    pub shape: Shape,
}

/// Why a number is no radius.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircleFlaw {
    /// Not a finite number.
    NotANumber,
    /// Zero or negative.
    NotPositive,
    /// Above [`RADIUS_MAX`].
    TooLarge,
}

impl Shape {
    /// Of a circle its radius, of polygons sqrt(area / pi).
    ///
    /// The area is that on the ellipsoid; parts that overlap count twice. It is 0 for polygons
    /// whose rings cover each other out, which are only a border. O(corners).
    #[must_use]
    pub fn radius(&self) -> Meters {
        match self {
            Self::Circle { radius, .. } => *radius,
            Self::Polygons(polygons) => {
                let area_m2: f64 = polygons.iter().map(Polygon::area_m2).sum();
                Meters((area_m2 / PI).sqrt())
            }
        }
    }
}

impl CircleFlaw {
    /// Whether a length can be the radius of a circle.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(radius: Meters) -> Result<(), Self> {
        if !radius.0.is_finite() {
            return Err(Self::NotANumber);
        }
        if radius.0 <= 0.0 {
            return Err(Self::NotPositive);
        }
        if RADIUS_MAX < radius { Err(Self::TooLarge) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polygon::Ring;

    #[test]
    fn g07_only_sensible_radii_pass() {
        for (radius_m, flaw) in [
            (0.0, CircleFlaw::NotPositive),
            (-5.0, CircleFlaw::NotPositive),
            (1e9, CircleFlaw::TooLarge),
            (f64::NAN, CircleFlaw::NotANumber),
            (f64::INFINITY, CircleFlaw::NotANumber),
        ] {
            assert_eq!(CircleFlaw::check(Meters(radius_m)), Err(flaw), "{radius_m}");
        }
        assert_eq!(CircleFlaw::check(Meters(0.1)), Ok(()));
        assert_eq!(CircleFlaw::check(RADIUS_MAX), Ok(()));
    }

    #[test]
    fn the_radius_of_a_polygon_is_that_of_a_circle_as_large() {
        let square = Ring::new(&[[0.0, 0.0], [0.01, 0.0], [0.01, 0.01], [0.0, 0.01]]).unwrap();
        let shape = Shape::Polygons(vec![Polygon::new(square, Vec::new())]);
        let expected_m = (1_113.195_f64 * 1_105.743 / PI).sqrt();
        assert!((shape.radius().0 - expected_m).abs() < 0.01, "{:?} {expected_m}", shape.radius());
    }
}
