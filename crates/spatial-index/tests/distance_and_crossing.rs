//! How far outside, and what a way meets: beside plain sampling, which shares nothing with them.

mod scan;

use geo::{Intersects, Line, LineString, Polygon as Plane};
use geographiclib_rs::{Geodesic, InverseGeodesic};
use model::{FenceNo, Meters, Position};
use proptest::prelude::*;
use scan::{Drawn, Scan};
use spatial_index::{Index, Polygon, Ring, Shape};

const ONLY: FenceNo = FenceNo(0);

fn at(lat: f64, lng: f64) -> Position {
    Position::new(lat, lng).unwrap()
}

fn polygon(corners: &[[f64; 2]]) -> Shape {
    Shape::Polygons(vec![Polygon::new(Ring::new(corners).unwrap(), Vec::new())])
}

/// Least distance from a point to samples of a line, ever finer round the best one.
fn sampled_distance_m(wgs84: &Geodesic, (lat, lng): (f64, f64), a: [f64; 2], b: [f64; 2]) -> f64 {
    let distance_m = |share: f64| -> f64 {
        wgs84.inverse(lat, lng, a[1] + (b[1] - a[1]) * share, a[0] + (b[0] - a[0]) * share)
    };
    let (mut low, mut high) = (0.0, 1.0);
    let (mut least_m, mut best) = (f64::INFINITY, 0.0);
    for _ in 0..10 {
        for i in 0..=40 {
            let share = low + (high - low) * f64::from(i) / 40.0;
            let sample_m = distance_m(share);
            if sample_m < least_m {
                (least_m, best) = (sample_m, share);
            }
        }
        let reach = (high - low) / 10.0;
        (low, high) = ((best - reach).max(0.0), (best + reach).min(1.0));
    }
    least_m
}

/// A triangle round a place, and a point that may be far from it.
fn triangle_and_point() -> impl Strategy<Value = (Vec<[f64; 2]>, (f64, f64))> {
    let places =
        prop_oneof![Just((30.27, -97.74)), Just((-16.0, 179.0)), Just((71.0, 25.0)), Just((0.0, 0.0))];
    let scales = prop_oneof![Just(0.001), Just(0.05), Just(0.9)];
    let reach = prop_oneof![Just(0.01), Just(1.0), Just(20.0)];
    let corners = proptest::collection::vec((-1.0..1.0_f64, -1.0..1.0_f64), 3);
    (places, scales, reach, corners, (-1.0..1.0_f64, -1.0..1.0_f64)).prop_map(
        |((lat, lng), scale, reach, corners, (north, east))| {
            let corner = |(x, y): (f64, f64)| [lng + x * scale, lat + y * scale];
            let corners: Vec<[f64; 2]> = corners.into_iter().map(corner).collect();
            let point = ((lat + north * scale * reach).clamp(-90.0, 90.0), lng + east * scale * reach);
            (corners, (point.0, (point.1 + 180.0).rem_euclid(360.0) - 180.0))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_distance_outside_is_that_to_the_nearest_sample(
        (corners, (lat, lng)) in triangle_and_point(),
    ) {
        let Ok(ring) = Ring::new(&corners) else { return Ok(()) };
        let index = Index::build(vec![Shape::Polygons(vec![Polygon::new(ring, Vec::new())])]).unwrap();
        let found = index.distance_outside(ONLY, at(lat, lng));
        if index.contains(ONLY, at(lat, lng)) {
            prop_assert_eq!(found, Meters(0.0));
            return Ok(());
        }
        let wgs84 = Geodesic::wgs84();
        let edges = (0..3).map(|i| (corners[i], corners[(i + 1) % 3]));
        let sampled = edges.map(|(a, b)| sampled_distance_m(&wgs84, (lat, lng), a, b));
        let expected_m = sampled.fold(f64::INFINITY, f64::min);
        let error_m = found.0 - expected_m;
        prop_assert!(-1e-3 < error_m && error_m < 1e-3 + 1e-4 * expected_m, "{} of {}", error_m, expected_m);
    }

    #[test]
    fn a_way_meets_the_polygons_that_geo_says_it_meets(
        corners in proptest::collection::vec((-8_i32..8, -8_i32..8), 3..9),
        from in (-9_i32..9, -9_i32..9),
        to in (-9_i32..9, -9_i32..9),
    ) {
        // A small grid, so that ways touch corners and run along edges.
        let degrees = |n: i32| f64::from(n) / 64.0;
        let mut corners: Vec<[f64; 2]> = corners.iter().map(|&(x, y)| [degrees(x), degrees(y)]).collect();
        corners.sort_by(|a, b| a[1].atan2(a[0]).total_cmp(&b[1].atan2(b[0])));
        let Ok(ring) = Ring::new(&corners) else { return Ok(()) };
        let plane = Plane::new(LineString::from(corners.clone()), Vec::new());
        let way = Line::new((degrees(from.0), degrees(from.1)), (degrees(to.0), degrees(to.1)));
        let ends_inside = Scan::new(&[Drawn::Polygons(vec![vec![corners]])]);
        let expected = plane.exterior().intersects(&way)
            || ends_inside.contains(0, way.start.y, way.start.x)
            || ends_inside.contains(0, way.end.y, way.end.x);
        let index = Index::build(vec![Shape::Polygons(vec![Polygon::new(ring, Vec::new())])]).unwrap();
        let mut hits = Vec::new();
        index.crossed(at(way.start.y, way.start.x), at(way.end.y, way.end.x), &mut hits);
        prop_assert_eq!(hits == [ONLY], expected);
    }

    #[test]
    fn a_way_meets_the_circles_that_a_sample_of_it_lies_in(
        place in prop_oneof![Just((30.27, -97.74)), Just((-16.0, 180.0)), Just((65.0, 25.0))],
        from in (-0.01..0.01_f64, -0.01..0.01_f64),
        to in (-0.01..0.01_f64, -0.01..0.01_f64),
        radius_m in 1.0..1_000.0_f64,
    ) {
        let wrapped = |lng: f64| if 180.0 < lng { lng - 360.0 } else { lng };
        let center = at(place.0, place.1);
        let index = Index::build(vec![Shape::Circle { center, radius: Meters(radius_m) }]).unwrap();
        let ends = [from, to].map(|(north, east)| [place.1 + east, place.0 + north]);
        let nearest_m = sampled_distance_m(&Geodesic::wgs84(), place, ends[0], ends[1]);
        let mut hits = Vec::new();
        let [from, to] = ends.map(|[lng, lat]| at(lat, wrapped(lng)));
        index.crossed(from, to, &mut hits);
        if 1e-3 < (nearest_m - radius_m).abs() {
            prop_assert_eq!(hits == [ONLY], nearest_m < radius_m, "{} {}", nearest_m, radius_m);
        }
    }
}

#[test]
fn what_lies_far_away_is_measured_too() {
    let wgs84 = Geodesic::wgs84();
    let square = [[13.0, 52.0], [14.0, 52.0], [14.0, 53.0], [13.0, 53.0], [13.0, 52.0]];
    let index = Index::build(vec![polygon(&square)]).unwrap();
    for (lat, lng) in [(30.0, -97.0), (-52.0, -166.0), (90.0, 0.0), (-33.0, 151.0), (0.0, 180.0)] {
        let sampled = square.windows(2).map(|edge| sampled_distance_m(&wgs84, (lat, lng), edge[0], edge[1]));
        let expected_m = sampled.fold(f64::INFINITY, f64::min);
        let found = index.distance_outside(ONLY, at(lat, lng)).0;
        assert!((found - expected_m).abs() < 0.01 * expected_m, "{lat} {lng}: {found} {expected_m}");
    }
}

#[test]
fn the_distance_to_a_circle_is_that_to_its_rim() {
    let center = at(52.0, 179.999);
    let index = Index::build(vec![Shape::Circle { center, radius: Meters(150.0) }]).unwrap();
    let wgs84 = Geodesic::wgs84();
    let to_center_m: f64 = wgs84.inverse(52.0, 179.999, 52.0, -179.99);
    let found = index.distance_outside(ONLY, at(52.0, -179.99));
    assert!((found.0 - (to_center_m - 150.0)).abs() < 1e-6, "{found:?}");
    assert_eq!(index.distance_outside(ONLY, center), Meters(0.0));
}

#[test]
fn the_nearest_of_many_parts_and_holes_counts() {
    let ring = |west: f64, south: f64, size: f64| {
        let (east, north) = (west + size, south + size);
        Ring::new(&[[west, south], [east, south], [east, north], [west, north]]).unwrap()
    };
    let far = Polygon::new(ring(5.0, 5.0, 1.0), Vec::new());
    let near = Polygon::new(ring(0.0, 0.0, 0.1), vec![ring(0.04, 0.04, 0.02)]);
    let index = Index::build(vec![Shape::Polygons(vec![far, near])]).unwrap();
    // In the hole, 0.001 degrees of latitude from its border: 110.574 m at the equator.
    let found = index.distance_outside(ONLY, at(0.041, 0.05)).0;
    assert!((found - 110.574).abs() < 0.01, "{found}");
    let questions = [(ONLY, at(0.041, 0.05)), (ONLY, at(5.5, 5.5)), (ONLY, at(0.0, 0.0))];
    let mut distances = vec![Meters(7.0)];
    index.distances_outside(&questions, &mut distances);
    assert_eq!(distances, [Meters(found), Meters(0.0), Meters(0.0)]);
}

#[test]
fn a_way_over_the_antimeridian_goes_the_short_way() {
    let over = polygon(&[[179.9, -1.0], [-179.9, -1.0], [-179.9, 1.0], [179.9, 1.0]]);
    let greenwich = polygon(&[[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]);
    let index = Index::build(vec![over, greenwich]).unwrap();
    let mut hits = Vec::new();
    index.crossed(at(0.0, 170.0), at(0.0, -170.0), &mut hits);
    assert_eq!(hits, [FenceNo(0)]);
    index.crossed(at(0.0, -80.0), at(0.0, 80.0), &mut hits);
    assert_eq!(hits, [FenceNo(1)]);
}

#[test]
fn a10_a_fence_of_many_corners_is_measured_in_bounded_time() {
    let corner = |i: i32| {
        let angle = f64::from(i) / 100_000.0 * std::f64::consts::TAU;
        let length = if i % 2 == 0 { 0.1 } else { 0.05 };
        [-97.0 + length * angle.cos(), 30.0 + length * angle.sin()]
    };
    let index = Index::build(vec![polygon(&(0..100_000).map(corner).collect::<Vec<_>>())]).unwrap();
    let begun = std::time::Instant::now();
    for lng in [-96.0, -96.89, -90.0, 0.0] {
        assert!(Meters(0.0) < index.distance_outside(ONLY, at(30.0, lng)));
    }
    println!("{:?} for four distances", begun.elapsed());
    assert!(begun.elapsed().as_secs() < 10);
}
