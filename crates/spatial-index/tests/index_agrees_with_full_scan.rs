//! The law of the room: the index finds exactly what a scan with an independent exact predicate
//! finds, on shapes and points chosen to make it fail.

mod scan;

use geo::{Intersects, LineString, Point, Polygon as Plane};
use geographiclib_rs::{DirectGeodesic, Geodesic};
use model::{FenceNo, Meters, Position};
use proptest::prelude::*;
use scan::{Drawn, Scan};
use spatial_index::{Hits, Index, Polygon, Ring, Shape};

/// Where worlds are built: latitude and longitude of their middle.
const PLACES: [(f64, f64); 9] = [
    (30.27, -97.74),
    (0.0, 0.0),
    (-16.8, 180.0),
    (68.9, -180.0),
    (52.0, 179.9999),
    (89.95, 12.0),
    (-89.99, -170.0),
    (64.0, -128.0),
    (45.0, 0.0),
];

/// Shapes and points of one place.
#[derive(Clone, Debug)]
struct World {
    fences: Vec<Drawn>,
    points: Vec<(f64, f64)>,
}

/// A longitude within -180..=180 and a latitude within -90..=90.
fn on_map(lat: f64, lng: f64) -> (f64, f64) {
    let lng = if 180.0 < lng {
        lng - 360.0
    } else if lng < -180.0 {
        lng + 360.0
    } else {
        lng
    };
    (lat.clamp(-90.0, 90.0), lng.clamp(-180.0, 180.0))
}

/// An offset in units of a degree, often one of a few round numbers, so that things meet.
fn offset() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => (-8_i32..=8).prop_map(|n| f64::from(n) / 8.0),
        2 => -1.0..1.0_f64,
    ]
}

fn circle(place: (f64, f64), scale: f64) -> impl Strategy<Value = Drawn> {
    (offset(), offset(), -0.3..5.0_f64).prop_map(move |(x, y, power)| {
        let (lat, lng) = on_map(place.0 + y * scale, place.1 + x * scale);
        Drawn::Circle { lat, lng, radius_m: 10_f64.powf(power) }
    })
}

/// Corners at growing angles round a middle: a simple ring.
fn star(place: (f64, f64), scale: f64, reach: f64) -> impl Strategy<Value = Vec<[f64; 2]>> {
    proptest::collection::vec((0.1..1.0_f64, 0.0..1.0_f64), 9..40).prop_map(move |spokes| {
        let n_spokes = spokes.len() as f64;
        let corner = |(i, (length, lag)): (usize, (f64, f64))| {
            let angle = (i as f64 + 0.8 * lag) / n_spokes * std::f64::consts::TAU;
            let (x, y) = (angle.cos() * length * reach, angle.sin() * length * reach);
            let (lat, lng) = on_map(place.0 + y * scale, place.1 + x * scale);
            [lng, lat]
        };
        spokes.into_iter().enumerate().map(corner).collect()
    })
}

/// Corners anywhere: a ring that crosses itself.
fn tangle(place: (f64, f64), scale: f64) -> impl Strategy<Value = Vec<[f64; 2]>> {
    proptest::collection::vec((offset(), offset()), 3..12).prop_map(move |corners| {
        let corner = |(x, y)| {
            let (lat, lng) = on_map(place.0 + y * scale, place.1 + x * scale);
            [lng, lat]
        };
        corners.into_iter().map(corner).collect()
    })
}

/// A tile of a regular grid: neighbours share edges and corners.
fn tile(place: (f64, f64), scale: f64) -> impl Strategy<Value = Vec<[f64; 2]>> {
    (-4_i32..4, -4_i32..4).prop_map(move |(column, row)| {
        let corner = |x: i32, y: i32| {
            let (lat, lng) =
                on_map(place.0 + f64::from(y) / 4.0 * scale, place.1 + f64::from(x) / 4.0 * scale);
            [lng, lat]
        };
        vec![
            corner(column, row),
            corner(column + 1, row),
            corner(column + 1, row + 1),
            corner(column, row + 1),
        ]
    })
}

fn polygons(place: (f64, f64), scale: f64) -> impl Strategy<Value = Drawn> {
    let polygon = prop_oneof![
        (star(place, scale, 1.0), proptest::option::of(star(place, scale, 0.1)))
            .prop_map(|(shell, hole)| std::iter::once(shell).chain(hole).collect()),
        proptest::collection::vec(tangle(place, scale), 1..3),
        tile(place, scale).prop_map(|ring| vec![ring]),
    ];
    proptest::collection::vec(polygon, 1..3).prop_map(Drawn::Polygons)
}

fn world() -> impl Strategy<Value = World> {
    (0..PLACES.len(), prop_oneof![Just(1.0), Just(0.01), Just(0.000_1)]).prop_flat_map(|(place, scale)| {
        let place = PLACES[place];
        let fence = prop_oneof![circle(place, scale), polygons(place, scale)];
        let far = (-90.0..=90.0_f64, -180.0..=180.0_f64);
        (
            proptest::collection::vec(fence, 1..12),
            proptest::collection::vec((offset(), offset()), 20),
            proptest::collection::vec(far, 4),
        )
            .prop_map(move |(fences, near, far)| {
                let near = near.into_iter().map(|(x, y)| on_map(place.0 + y * scale, place.1 + x * scale));
                let points = near.chain(far).chain(fences.iter().flat_map(adversaries)).collect();
                World { fences, points }
            })
    })
}

/// Points on and next to the border of a shape.
fn adversaries(fence: &Drawn) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    match fence {
        Drawn::Circle { lat, lng, radius_m } => {
            let wgs84 = Geodesic::wgs84();
            points.push((*lat, *lng));
            for i in 0..12 {
                for off_m in [-1e-6, -1e-8, -1e-9, 0.0, 1e-9, 1e-8, 1e-6] {
                    let azimuth = f64::from(i) * 30.0;
                    let (lat, lng): (f64, f64) = wgs84.direct(*lat, *lng, azimuth, radius_m + off_m);
                    points.push((lat, lng));
                }
            }
        }
        Drawn::Polygons(polygons) => {
            for ring in polygons.iter().flatten() {
                for (i, &[x, y]) in ring.iter().enumerate() {
                    let [next_x, next_y] = ring[(i + 1) % ring.len()];
                    points.extend([(y, x), (y.next_up(), x), (y.next_down(), x)]);
                    points.extend([(y, x.next_up()), (y, x.next_down())]);
                    for share in [0.5, 0.25, 1.0 / 3.0] {
                        let (x, y) = (x + (next_x - x) * share, y + (next_y - y) * share);
                        points.extend([(y, x), (y.next_up(), x), (y, x.next_down())]);
                    }
                    points.extend([(y, 180.0), (y, -180.0), (90.0, x), (-90.0, x)]);
                }
            }
        }
    }
    // The scan's predicates are exact for numbers that are not absurdly small.
    let sane = |degrees: f64| {
        if degrees != 0.0 && degrees.abs() < 1e-90 { 1e-90_f64.copysign(degrees) } else { degrees }
    };
    points.into_iter().map(|(lat, lng)| on_map(sane(lat), sane(lng))).collect()
}

/// The world as the index takes it; fences that are none are left out.
fn build(world: &World) -> (Vec<Drawn>, Index) {
    let mut kept = Vec::new();
    let mut shapes = Vec::new();
    for fence in &world.fences {
        if let Some(shape) = shape(fence) {
            shapes.push(shape);
            kept.push(fence.clone());
        }
    }
    (kept, Index::build(shapes).unwrap())
}

fn shape(fence: &Drawn) -> Option<Shape> {
    match fence {
        Drawn::Circle { lat, lng, radius_m } => {
            let center = Position::new(*lat, *lng).unwrap();
            Some(Shape::Circle { center, radius: Meters(*radius_m) })
        }
        Drawn::Polygons(polygons) => {
            let polygon = |rings: &Vec<Vec<[f64; 2]>>| {
                let mut rings: Vec<Ring> =
                    rings.iter().map(|ring| Ring::new(ring)).collect::<Result<_, _>>().ok()?;
                let holes = rings.split_off(1);
                Some(Polygon::new(rings.pop()?, holes))
            };
            polygons.iter().map(polygon).collect::<Option<Vec<_>>>().map(Shape::Polygons)
        }
    }
}

fn check(world: &World) {
    let (fences, index) = build(world);
    let scan = Scan::new(&fences);
    let positions: Vec<Position> =
        world.points.iter().map(|&(lat, lng)| Position::new(lat, lng).unwrap()).collect();
    let mut batch = Hits::new();
    index.match_batch(&positions, &mut batch);
    assert_eq!(batch.len(), positions.len());
    let mut hits = Vec::new();
    for (i, position) in positions.into_iter().enumerate() {
        index.match_one(position, &mut hits);
        let expected = scan.matches(position.lat(), position.lng());
        let found: Vec<u32> = hits.iter().map(|fence| fence.0).collect();
        assert_eq!(found, expected, "{:?} {fences:?}", world.points[i]);
        assert_eq!(batch.of(i), hits);
        for no in (0..fences.len() as u32).map(FenceNo) {
            assert_eq!(index.contains(no, position), hits.contains(&no));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn index_agrees_with_full_scan(world in world()) {
        check(&world);
    }

    /// The scan itself beside a third opinion: geo's own test of simple polygons.
    #[test]
    fn the_scan_agrees_with_geo_on_simple_polygons(
        shell in star((30.27, -97.74), 0.1, 1.0),
        hole in star((30.27, -97.74), 0.1, 0.05),
    ) {
        let line = |ring: &[[f64; 2]]| LineString::from(ring.to_vec());
        let plane = Plane::new(line(&shell), vec![line(&hole)]);
        let drawn = Drawn::Polygons(vec![vec![shell, hole]]);
        let scan = Scan::new(std::slice::from_ref(&drawn));
        for (lat, lng) in adversaries(&drawn) {
            prop_assert_eq!(scan.contains(0, lat, lng), plane.intersects(&Point::new(lng, lat)));
        }
    }
}

#[test]
fn g08_ten_thousand_fences_on_one_point_are_all_found() {
    let center = Position::new(30.0, -97.0).unwrap();
    let circle = |i: u32| Shape::Circle { center, radius: Meters(1.0 + f64::from(i % 100)) };
    let index = Index::build((0..10_000).map(circle).collect()).unwrap();
    let mut hits = Vec::new();
    index.match_one(center, &mut hits);
    assert_eq!(hits, (0..10_000).map(FenceNo).collect::<Vec<_>>());
}

#[test]
fn g09_a_common_border_belongs_to_both_tiles() {
    let tile = |west: f64| {
        let ring = Ring::new(&[[west, 0.1], [west + 0.1, 0.1], [west + 0.1, 0.2], [west, 0.2]]).unwrap();
        Shape::Polygons(vec![Polygon::new(ring, Vec::new())])
    };
    let index = Index::build(vec![tile(0.1), tile(0.2)]).unwrap();
    let mut hits = Vec::new();
    for lat in [0.1, 0.15, 0.2] {
        index.match_one(Position::new(lat, 0.2).unwrap(), &mut hits);
        assert_eq!(hits, [FenceNo(0), FenceNo(1)], "{lat}");
    }
}

#[test]
fn the_smallest_numbers_do_not_upset_the_predicates() {
    let ring = Ring::new(&[[-1.0, 0.0], [0.0, 0.0], [1.0, 1.0], [-1.0, 1.0]]).unwrap();
    let index = Index::build(vec![Shape::Polygons(vec![Polygon::new(ring, Vec::new())])]).unwrap();
    let tiny = [-1e-90, -5e-324, 0.0, 5e-324, 1e-300, 1e-90];
    for lat in tiny {
        for lng in tiny {
            // Numbers below 1e-100 are zero.
            let expected = -1e-100 < lat && (lng < 1e-100 || 1e-100 < lat);
            assert_eq!(
                index.contains(FenceNo(0), Position::new(lat, lng).unwrap()),
                expected,
                "{lat:e} {lng:e}"
            );
        }
    }
}

#[test]
fn g06_at_a_pole_all_longitudes_are_one_place() {
    let cap = Ring::new(&[[0.0, 90.0], [10.0, 89.0], [20.0, 89.0]]).unwrap();
    let shapes = vec![
        Shape::Polygons(vec![Polygon::new(cap, Vec::new())]),
        Shape::Circle { center: Position::new(89.99, 0.0).unwrap(), radius: Meters(2_000.0) },
        Shape::Circle { center: Position::new(90.0, 0.0).unwrap(), radius: Meters(1.0) },
    ];
    let index = Index::build(shapes).unwrap();
    let mut hits = Vec::new();
    for lng in [-179.0, -90.0, 0.0, 33.0, 180.0] {
        index.match_one(Position::new(90.0, lng).unwrap(), &mut hits);
        assert_eq!(hits, [FenceNo(0), FenceNo(1), FenceNo(2)], "{lng}");
    }
}

/// Beside a pole a small circle lies in every column of cells.
#[test]
fn g06_circles_round_a_pole_take_little_room() {
    let circle = |i: u32| Shape::Circle {
        center: Position::new(-90.0, f64::from(i)).unwrap(),
        radius: Meters(150.0 + f64::from(i) * 1e-6),
    };
    let index = Index::build((0..100).map(circle).collect()).unwrap();
    let bytes = index.bytes().directory;
    assert!(bytes < 50_000_000, "{bytes} bytes");
}
