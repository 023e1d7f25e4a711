//! Geometry against known answers: numbers of circles come from GeographicLib's own `GeodSolve`.

use super::circle::distance_m;
use super::*;

const fn at(lat: f64, lng: f64) -> Place {
    Place { lat, lng }
}

fn circle(lat: f64, lng: f64, radius_m: f64) -> Shape {
    Shape::Circle { centre: at(lat, lng), radius_m }
}

fn polygon(rings: &[&[(f64, f64)]]) -> Shape {
    let ring = |ring: &&[(f64, f64)]| ring.iter().map(|&(lat, lng)| at(lat, lng)).collect();
    Shape::Polygons(vec![rings.iter().map(ring).collect()])
}

fn map(shapes: &[Shape]) -> Map {
    let fence = |shape: &Shape| Fence::of(shape.clone(), 100.0);
    Map::new(shapes.iter().map(|shape| Some(fence(shape))).collect())
}

/// Whether a shape holds a place, found through its box.
fn holds(shape: &Shape, lat: f64, lng: f64) -> bool {
    let mut found = Vec::new();
    map(std::slice::from_ref(shape)).holding(at(lat, lng), &mut found);
    found == [0]
}

#[test]
fn distances_are_those_of_geodsolve() {
    let check = |a: Place, b: Place, metres: f64| {
        assert!((distance_m(a, b) - metres).abs() < 1e-6, "{a:?} {b:?}");
    };
    check(at(45.0, 10.0), at(45.0, 10.001), 78.846_835);
    check(at(64.1, -21.9), at(64.1013, -21.8985), 162.330_088);
    check(at(-16.0, 179.9995), at(-16.0002, -179.999), 162.069_730);
    check(at(89.99, 0.0), at(89.99, 180.0), 2_233.879_591);
    check(at(0.0, 0.0), at(0.0, 0.5), 55_659.745_397);
    check(at(30.25, -97.75), at(30.7, -97.0), 87_608.197_487);
}

#[test]
fn a_rim_known_to_the_millimetre_parts_inside_from_outside() {
    // Centre, radius, and the place that `GeodSolve` finds at that distance in some direction.
    let rims = [
        ((45.0, 10.0), 150.0, (45.001_077_951_600_92, 10.001_144_927_961_55)),
        ((64.1, -21.9), 300.0, (64.098_518_514_687_81, -21.894_863_463_599_88)),
        ((-16.0, 179.9995), 100.0, (-15.999_999_997_969_17, -179.999_565_720_800_12)),
        ((89.999, 20.0), 500.0, (89.996_503_975_506_1, -172.847_063_366_682_05)),
        ((0.5, -0.3), 50_000.0, (0.345_331_546_719_08, -0.722_077_227_853_78)),
    ];
    for ((lat, lng), radius_m, rim) in rims {
        assert!(holds(&circle(lat, lng, radius_m + 0.001), rim.0, rim.1), "{lat} {lng}");
        assert!(!holds(&circle(lat, lng, radius_m - 0.001), rim.0, rim.1), "{lat} {lng}");
        let smaller = map(&[circle(lat, lng, radius_m - 40.0)]);
        assert!(smaller.is_beyond(0, at(rim.0, rim.1), 39.999), "{lat} {lng}");
        assert!(!smaller.is_beyond(0, at(rim.0, rim.1), 40.001), "{lat} {lng}");
    }
}

#[test]
fn a_circle_is_closed() {
    let (centre, rim) = (at(45.0, 10.0), at(45.001_077, 10.001_144));
    let radius_m = distance_m(centre, rim);
    assert!(holds(&circle(45.0, 10.0, radius_m), rim.lat, rim.lng));
    assert!(!holds(&circle(45.0, 10.0, radius_m.next_down()), rim.lat, rim.lng));
}

#[test]
fn a_circle_round_a_pole_holds_every_longitude() {
    for lng in [-180.0, -90.0, 0.0, 90.0, 180.0] {
        assert!(holds(&circle(89.9999, 20.0, 1_000.0), 89.995, lng));
        assert!(!holds(&circle(89.9999, 20.0, 1_000.0), 89.99, lng));
    }
}

/// A square with a square hole.
const SHELL: [(f64, f64); 4] = [(0.0, 0.0), (0.0, 10.0), (10.0, 10.0), (10.0, 0.0)];
const HOLE: [(f64, f64); 5] = [(2.0, 2.0), (8.0, 2.0), (8.0, 8.0), (2.0, 8.0), (2.0, 2.0)];

#[test]
fn borders_belong_to_a_polygon_and_so_do_those_of_its_holes() {
    let shape = polygon(&[&SHELL, &HOLE]);
    for (lat, lng) in
        [(0.0, 0.0), (0.0, 5.0), (5.0, 10.0), (10.0, 10.0), (1.0, 1.0), (2.0, 5.0), (8.0, 8.0), (5.0, 2.0)]
    {
        assert!(holds(&shape, lat, lng), "{lat} {lng}");
    }
    for (lat, lng) in
        [(5.0, 5.0), (7.999_999, 7.999_999), (-0.000_001, 5.0), (5.0, 10.000_001), (10.000_001, 10.0)]
    {
        assert!(!holds(&shape, lat, lng), "{lat} {lng}");
    }
}

#[test]
fn a_ring_that_crosses_itself_is_even_odd() {
    // Twice round the middle is outside again.
    let star: Vec<(f64, f64)> = (0..5)
        .map(|i| {
            let angle = f64::from(i * 2) * std::f64::consts::TAU / 5.0;
            (40.0 + angle.cos(), 10.0 + angle.sin())
        })
        .collect();
    let shape = polygon(&[&star]);
    assert!(!holds(&shape, 40.0, 10.0));
    assert!(holds(&shape, 40.8, 10.0), "in a ray of the star");
    assert!(!holds(&shape, 40.5, 10.6), "between two rays");
}

#[test]
fn tiles_share_their_border_and_nothing_else() {
    // A border that no floating-point number lies on, but at its ends.
    let (left, right) = ([(0.0, 0.0), (0.1, 0.3), (0.3, -1.0)], [(0.0, 0.0), (0.1, 0.3), (-0.5, 1.0)]);
    let tiles = map(&[polygon(&[&left]), polygon(&[&right])]);
    let mut found = Vec::new();
    for i in 1..1_000 {
        let share = f64::from(i) / 1_000.0;
        tiles.holding(at(0.1 * share, 0.3 * share), &mut found);
        assert!(!found.is_empty(), "no place falls between two tiles: {share}");
    }
    tiles.holding(at(0.1, 0.3), &mut found);
    assert_eq!(found, [0, 1], "a corner belongs to both");
}

#[test]
fn a_polygon_over_the_antimeridian_is_one_area() {
    let shape = polygon(&[&[(0.0, 179.0), (0.0, -179.0), (2.0, -179.0), (2.0, 179.0)]]);
    for lng in [179.0, 179.5, 180.0, -180.0, -179.5, -179.0] {
        assert!(holds(&shape, 1.0, lng), "{lng}");
    }
    for lng in [178.9, -178.9, 0.0] {
        assert!(!holds(&shape, 1.0, lng), "{lng}");
    }
    let island = map(&[circle(-16.0, 179.9999, 50.0)]);
    let mut found = Vec::new();
    island.holding(at(-16.0, -179.9999), &mut found);
    assert_eq!(found, [0]);
}

#[test]
fn how_far_a_polygon_lies_is_measured_to_its_nearest_edge() {
    // 0.001 degrees of longitude on the 45th parallel are 78.846835 m.
    let shape = map(&[polygon(&[&[(44.99, 10.0), (45.01, 10.0), (45.01, 9.98), (44.99, 9.98)]])]);
    assert!(shape.is_beyond(0, at(45.0, 10.001), 78.84));
    assert!(!shape.is_beyond(0, at(45.0, 10.001), 78.85));
    assert!(!shape.is_beyond(0, at(45.0, 9.99), 0.0), "inside");
    assert!(!shape.is_beyond(0, at(45.0, 10.0), 0.0), "on the border");
    // A corner, over the antimeridian.
    let corner = map(&[polygon(&[&[(-16.0, 179.9995), (-15.9, 179.9995), (-15.9, 179.9), (-16.0, 179.9)]])]);
    assert!(corner.is_beyond(0, at(-16.0002, -179.999), 162.06));
    assert!(!corner.is_beyond(0, at(-16.0002, -179.999), 162.08));
}

#[test]
fn a_way_meets_what_lies_between_its_ends() {
    let all = map(&[
        circle(45.0, 10.0, 100.0),
        polygon(&[&SHELL, &HOLE]),
        circle(-16.0, 180.0, 150.0),
        circle(45.0, 10.01, 100.0),
    ]);
    assert_eq!(all.met(at(45.0, 9.9), at(45.0, 10.005)), [0]);
    assert_eq!(all.met(at(45.0, 9.9), at(45.0, 10.1)), [0, 3]);
    // 100 m of latitude are 0.000900 degrees there: just past, and just over the rim.
    assert_eq!(all.met(at(45.000_901, 9.9), at(45.000_901, 10.005)), Vec::<u32>::new());
    assert_eq!(all.met(at(45.000_899, 9.9), at(45.000_899, 10.005)), [0]);
    assert_eq!(all.met(at(5.0, 3.0), at(5.0, 7.0)), Vec::<u32>::new(), "within the hole");
    assert_eq!(all.met(at(5.0, 5.0), at(5.0, 8.0)), [1], "its border belongs to it");
    assert_eq!(all.met(at(-5.0, 5.0), at(15.0, 5.0)), [1]);
    assert_eq!(all.met(at(-16.0, 179.99), at(-16.0, -179.99)), [2]);
    assert_eq!(all.met(at(-16.0, 179.99), at(-16.0, 179.98)), Vec::<u32>::new());
}

mod laws {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The box and the sphere decide only where the geodesic would decide alike.
        #[test]
        fn shortcuts_change_no_answer(
            lat in -89.9..89.9_f64, lng in -180.0..180.0_f64, radius_m in 5.0..50_000.0_f64,
            bearing in 0.0..360.0_f64, share in 0.9..1.1_f64,
        ) {
            use geographiclib_rs::{DirectGeodesic, Geodesic};
            let (there_lat, there_lng): (f64, f64) =
                Geodesic::wgs84().direct(lat, lng, bearing, radius_m * share);
            let there = at(there_lat, there_lng);
            let geodesic_m = distance_m(at(lat, lng), there);
            prop_assert_eq!(holds(&circle(lat, lng, radius_m), there_lat, there_lng), geodesic_m <= radius_m);
            let beyond = map(&[circle(lat, lng, radius_m)]).is_beyond(0, there, radius_m / 20.0);
            prop_assert_eq!(beyond, radius_m / 20.0 < geodesic_m - radius_m);
        }

        /// The scan finds what asking every fence finds.
        #[test]
        fn the_scan_misses_nothing(
            circles in prop::collection::vec((-1.0..1.0_f64, 179.0..181.0_f64, 10.0..60_000.0_f64), 1..60),
            lat in -1.0..1.0_f64, lng in 179.0..181.0_f64,
        ) {
            let wrapped = |lng: f64| if 180.0 < lng { lng - 360.0 } else { lng };
            let shapes: Vec<Shape> = circles.iter().map(|&(lat, lng, m)| circle(lat, wrapped(lng), m)).collect();
            let map = map(&shapes);
            let place = at(lat, wrapped(lng));
            let mut found = Vec::new();
            map.holding(place, &mut found);
            let asked: Vec<u32> = (0..shapes.len() as u32).filter(|no| map.holds(*no, place)).collect();
            prop_assert_eq!(found, asked);
        }
    }
}
