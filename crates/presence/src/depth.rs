//! How far within a fence a fix must lie to be evidence of a stay.

use std::f64::consts::FRAC_1_SQRT_2;

use model::{Meters, Position};

use crate::PresencePolicy;

/// Metres in a degree of latitude, on a sphere of 6,371,008.8 m.
const METERS_A_DEGREE: f64 = 111_195.079_734_632;

/// Every 45 degrees round the compass, from north: shares to the north and to the east.
const BEARINGS: [(f64, f64); 8] = [
    (1.0, 0.0),
    (FRAC_1_SQRT_2, FRAC_1_SQRT_2),
    (0.0, 1.0),
    (-FRAC_1_SQRT_2, FRAC_1_SQRT_2),
    (-1.0, 0.0),
    (-FRAC_1_SQRT_2, -FRAC_1_SQRT_2),
    (0.0, -1.0),
    (FRAC_1_SQRT_2, -FRAC_1_SQRT_2),
];

/// Whether eight points around a fix inside lie in the fence, too: `dwell_depth` of its accuracy away.
///
/// The accuracy counts as it does for an exit. Points and not a distance, since whether a fence holds
/// a point is answered in tens of nanoseconds, and how far its rim is takes as long as it has corners.
pub(crate) fn is_well_inside(
    position: Position,
    accuracy: Meters,
    policy: &PresencePolicy,
    holds: impl Fn(Position) -> bool,
) -> bool {
    let depth_m = policy.dwell_depth * accuracy.0.min(policy.exit_accuracy_max.0);
    depth_m <= 0.0 || BEARINGS.into_iter().all(|bearing| holds(beside(position, depth_m, bearing)))
}

/// The point some metres from a position.
///
/// Degrees of latitude have the length above, those of longitude that times the cosine of the position's
/// latitude: 0.6 % off at most. Longitudes go on behind the antimeridian; latitudes end at the poles.
fn beside(position: Position, meters: f64, (north, east): (f64, f64)) -> Position {
    let step = meters / METERS_A_DEGREE;
    let east_step = (step / position.lat().to_radians().cos()).min(180.0);
    let lat = (position.lat() + north * step).clamp(-90.0, 90.0);
    let lng = position.lng() + east * east_step;
    let turn = if 180.0 < lng {
        -360.0
    } else if lng < -180.0 {
        360.0
    } else {
        0.0
    };
    Position::new(lat, lng + turn).expect("a point beside one on earth is on earth")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lng: f64) -> Position {
        Position::new(lat, lng).unwrap()
    }

    #[test]
    fn a_point_lies_so_many_metres_away_at_every_latitude() {
        for lat in [-80.0, -45.0, 0.0, 30.0, 89.0_f64] {
            let here = at(lat, 20.0);
            for bearing in BEARINGS {
                let there = beside(here, 50.0, bearing);
                let north = (there.lat() - lat) * METERS_A_DEGREE;
                let east = (there.lng() - 20.0) * METERS_A_DEGREE * lat.to_radians().cos();
                assert!((north.hypot(east) - 50.0).abs() < 1e-6, "{lat} {bearing:?}");
                assert!((north - 50.0 * bearing.0).abs() < 1e-6 && (east - 50.0 * bearing.1).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn the_bearings_go_round_the_compass() {
        for (eighth, (north, east)) in (0..).zip(BEARINGS) {
            let turn = f64::from(eighth) * std::f64::consts::FRAC_PI_4;
            assert!((north - turn.cos()).abs() < 1e-12 && (east - turn.sin()).abs() < 1e-12, "{eighth}");
        }
    }

    #[test]
    fn a_point_behind_the_antimeridian_has_its_longitude_there() {
        let (east, west) =
            (beside(at(0.0, 180.0), 11.12, BEARINGS[2]), beside(at(0.0, -179.9999), 22.24, BEARINGS[6]));
        assert!((east.lng() + 179.9999).abs() < 1e-6, "{}", east.lng());
        assert!((west.lng() - 179.9999).abs() < 1e-6, "{}", west.lng());
    }

    #[test]
    fn at_the_poles_every_point_is_on_earth() {
        for lat in [-90.0, -89.999_999, 89.999_999, 90.0] {
            for (lng, bearing) in
                [-179.0, 0.0, 180.0].into_iter().flat_map(|lng| BEARINGS.map(|bearing| (lng, bearing)))
            {
                let there = beside(at(lat, lng), 50.0, bearing);
                assert!(89.99 < there.lat().abs());
            }
        }
    }
}
