//! WGS 84: distances on it, and the bounds on its shape that filters are proved with.

use std::sync::LazyLock;

use geographiclib_rs::{Geodesic, InverseGeodesic};
use model::Position;

/// Equatorial radius, in metres.
pub(crate) const EQUATOR_M: f64 = 6_378_137.0;
/// Flattening.
const FLATTENING: f64 = 1.0 / 298.257_223_563;
/// First eccentricity, squared.
pub(crate) const ECCENTRICITY_2: f64 = FLATTENING * (2.0 - FLATTENING);

/// The smallest radius of curvature that the ellipsoid has anywhere, in any direction: that of
/// the meridian at the equator, a (1 - e^2).
///
/// So a path of length s changes the latitude by at most s / this, and no geodesic bends more
/// than a circle of this radius.
pub(crate) const CURVATURE_RADIUS_MIN_M: f64 = EQUATOR_M * (1.0 - ECCENTRICITY_2);

static WGS84: LazyLock<Geodesic> = LazyLock::new(Geodesic::wgs84);

/// A point of three-dimensional space, in metres from the centre of the earth.
pub(crate) type Space = [f64; 3];

/// Geodesic distance, in metres: the one measure that decides.
///
/// Karney (2013), doi 10.1007/s00190-012-0578-z, through geographiclib; error below 15 nm.
/// About 460 ns.
pub(crate) fn distance_m(from: Position, to: Position) -> f64 {
    WGS84.inverse(from.lat(), from.lng(), to.lat(), to.lng())
}

/// Geodesic distance in metres, and the direction in which it arrives, in degrees from north.
///
/// `lng` may lie outside -180..=180.
pub(crate) fn distance_and_arrival(from: Position, lng: f64, lat: f64) -> (f64, f64) {
    let (distance_m, _azimuth_from, azimuth_to, _arc): (f64, f64, f64, f64) =
        WGS84.inverse(from.lat(), from.lng(), lat, lng);
    (distance_m, azimuth_to)
}

/// Where a position lies in space. Error below 20 nm; about 30 ns.
pub(crate) fn in_space(position: Position) -> Space {
    let (sin_lat, cos_lat) = position.lat().to_radians().sin_cos();
    let (sin_lng, cos_lng) = position.lng().to_radians().sin_cos();
    let normal_m = normal_radius_m(sin_lat);
    [normal_m * cos_lat * cos_lng, normal_m * cos_lat * sin_lng, normal_m * (1.0 - ECCENTRICITY_2) * sin_lat]
}

/// Straight distance through the earth, squared.
pub(crate) fn chord_2(a: Space, b: Space) -> f64 {
    let [x, y, z] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    x * x + y * y + z * z
}

/// Radius of curvature across the meridian, in metres; at least [`EQUATOR_M`].
pub(crate) fn normal_radius_m(sin_lat: f64) -> f64 {
    EQUATOR_M / (1.0 - ECCENTRICITY_2 * sin_lat * sin_lat).sqrt()
}

/// Metres to the north and to the east that one degree is worth at a latitude.
pub(crate) fn metres_per_degree(lat: f64) -> (f64, f64) {
    let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
    let normal_m = normal_radius_m(sin_lat);
    let shrink = 1.0 - ECCENTRICITY_2 * sin_lat * sin_lat;
    let meridian_m = normal_m * (1.0 - ECCENTRICITY_2) / shrink;
    (meridian_m.to_radians(), (normal_m * cos_lat).to_radians())
}

/// Upper bound on the change of latitude along any path of that length, in degrees.
pub(crate) fn latitude_reach(path_m: f64) -> f64 {
    (path_m / CURVATURE_RADIUS_MIN_M).to_degrees()
}

/// Upper bound on the change of longitude within a distance of a latitude, in degrees; none when
/// every longitude may be reached.
///
/// The point stands p = N cos(lat) away from the axis, and p sin(d) away from the half-plane of
/// the meridian d < 90 degrees further on. No path is shorter than that, so d <= asin(s / p).
/// Where s is all but p, the arc sine makes more of rounding than any caller allows for.
pub(crate) fn longitude_reach(lat: f64, path_m: f64) -> Option<f64> {
    let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
    let share = path_m / (normal_radius_m(sin_lat) * cos_lat);
    (share < 1.0 - 1e-6).then(|| share.asin().to_degrees())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lng: f64) -> Position {
        Position::new(lat, lng).unwrap()
    }

    /// Rows of the test set that geographiclib publishes with its implementations
    /// (latitude and longitude of both ends in degrees, distance in metres).
    const PUBLISHED: [[f64; 5]; 20] = [
        [35.607_77, -139.448_15, -11.174_91, -69.959_21, 8_935_244.560_481_83],
        [55.524_54, 106.050_87, 77.031_96, 197.182_34, 4_105_086.171_392_441],
        [-21.978_56, 142.590_65, 41.841_38, 98.566_35, 8_394_328.894_657_671],
        [-66.990_28, 112.236_3, -12.706_31, 285.903_44, 11_150_344.231_208_025],
        [-17.427_61, 173.342_68, -15.847_84, 5.935_57, 16_076_603.163_118_068],
        [32.849_94, 48.289_19, -56.285_56, 202.291_32, 16_727_068.943_816_446],
        [6.968_33, 52.741_23, -7.396_75, 206.172_91, 17_102_477.249_695_837],
        [-50.567_24, -16.304_85, -33.565_71, -94.974_12, 6_455_670.511_866_869],
        [-58.930_02, -8.907_75, -8.911_04, 133.135_03, 11_756_066.021_986_462],
        [-68.828_67, -74.283_91, -50.630_05, -8.366_85, 3_956_936.926_063_544],
        [-10.626_72, -32.089_8, 5.883, -134.316_81, 11_470_869.386_456_301],
        [-21.762_21, 166.905_63, 48.728_84, 213.976_27, 9_098_627.398_655_491],
        [-19.799_38, -174.474_84, -11.993_49, -154.351_09, 2_319_004.860_116_939],
        [-11.958_87, -116.945_13, 4.573_52, 7.165_01, 13_834_722.580_140_138],
        [-87.853_31, 85.668_36, 66.486_46, 16.099_21, 17_286_615.314_714_465],
        [1.747_08, 128.320_11, -11.166_17, 11.871_09, 12_942_901.124_134_742],
        [-25.729_59, -144.907_58, -57.705_81, -269.178_79, 9_413_446.745_245_311],
        [-41.227_77, 122.328_75, -7.572_91, 130.379_46, 3_812_686.035_106_021],
        [11.013_07, 138.252_78, 6.627_26, 247.059_81, 11_911_190.819_018_409],
        [-29.471_24, 95.146_81, -27.466_01, -69.159_55, 13_487_015.838_114_548],
    ];

    #[test]
    fn distances_agree_with_the_published_test_set() {
        for [lat1, lng1, lat2, lng2, expected_m] in PUBLISHED {
            let lng2 = if 180.0 < lng2 { lng2 - 360.0 } else { lng2 };
            let lng2 = if lng2 < -180.0 { lng2 + 360.0 } else { lng2 };
            let error_m = (distance_m(at(lat1, lng1), at(lat2, lng2)) - expected_m).abs();
            assert!(error_m < 1e-7, "{lat1} {lng1} {lat2} {lng2}: {error_m}");
        }
    }

    #[test]
    fn a_degree_is_worth_what_the_textbooks_say() {
        let (north, east) = metres_per_degree(45.0);
        assert!((north - 111_131.8).abs() < 0.1 && (east - 78_846.8).abs() < 0.1, "{north} {east}");
    }

    #[test]
    fn no_geodesic_reaches_further_than_the_bounds_say() {
        for lat in [-89.5, -60.0, -1.0, 0.0, 30.0, 45.0, 75.0, 89.0] {
            for path_m in [1.0, 150.0, 10_000.0, 100_000.0] {
                for azimuth in (0..360).step_by(5) {
                    let (end_lat, end_lng): (f64, f64) = geographiclib_rs::DirectGeodesic::direct(
                        &*WGS84,
                        lat,
                        0.0,
                        f64::from(azimuth),
                        path_m,
                    );
                    assert!((end_lat - lat).abs() <= latitude_reach(path_m) + 1e-12);
                    let reach = longitude_reach(lat, path_m).unwrap_or(180.0);
                    assert!(end_lng.abs() <= reach + 1e-12, "{lat} {path_m} {azimuth}");
                }
            }
        }
    }
}
