//! Matching: positions to fences, beside `rstar` and `geo` used as well as they can be.
//!
//! The baseline has the same fences in an R*-tree, iterates internally, and tests circles by
//! Haversine (which is off by up to 0.84 m at 150 m) and polygons by geo's interval trees, both
//! prepared. Every workload asserts its number of hits and prints its hit rate.

use std::convert::Infallible;
use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use geo::algorithm::indexed::IntervalTreeMultiPolygon;
use geo::{Contains, Distance, Haversine, LineString, MultiPolygon, Point, Polygon as GeoPolygon};
use model::{FenceNo, Meters, Position};
use rstar::{AABB, RTree, RTreeObject};
use spatial_index::{Hits, Index, Polygon, Ring, Shape};

const N_POINTS: usize = 1 << 16;

/// Splitmix64: the same workload on every machine.
struct Chance(u64);

impl Chance {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A square of the map, its middle in Austin.
#[derive(Clone, Copy)]
struct City {
    degrees: f64,
}

impl City {
    const SOUTH: f64 = 30.0;
    const WEST: f64 = -98.0;

    fn position(self, chance: &mut Chance) -> Position {
        let lat = Self::SOUTH + self.degrees * chance.unit();
        Position::new(lat, Self::WEST + self.degrees * chance.unit()).expect("Austin is on the map")
    }

    fn positions(self, n: usize, seed: u64) -> Vec<Position> {
        let mut chance = Chance(seed);
        (0..n).map(|_| self.position(&mut chance)).collect()
    }
}

/// What the baseline keeps in its tree.
struct Boxed<T> {
    envelope: AABB<[f64; 2]>,
    fence: u32,
    prepared: T,
}

impl<T> RTreeObject for Boxed<T> {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

/// `rstar` for candidates, `geo` for the test.
fn rstar_geo<T>(
    tree: &RTree<Boxed<T>>,
    points: &[Point],
    holds: impl Fn(&T, Point) -> bool,
    hits: &mut Vec<u32>,
) -> usize {
    let mut n_hits = 0;
    for &point in points {
        hits.clear();
        let envelope = AABB::from_point([point.x(), point.y()]);
        let ControlFlow::Continue(()) =
            tree.locate_in_envelope_intersecting_int(envelope, |boxed| -> ControlFlow<Infallible> {
                if holds(&boxed.prepared, point) {
                    hits.push(boxed.fence);
                }
                ControlFlow::Continue(())
            });
        hits.sort_unstable();
        n_hits += black_box(&*hits).len();
    }
    n_hits
}

/// One workload: this index in batches and one by one, and the baseline.
fn compare<T>(
    criterion: &mut Criterion,
    name: &str,
    (shapes, positions): (Vec<Shape>, &[Position]),
    (tree, holds): (&RTree<Boxed<T>>, impl Fn(&T, Point) -> bool),
    expected: usize,
) {
    let index = Index::build(shapes).expect("the shapes are good");
    let mut hits = Hits::new();
    index.match_batch(positions, &mut hits);
    assert_eq!(hits.n_hits(), expected, "hits of {name}");
    let n_points_hit = hits.iter().filter(|hits| !hits.is_empty()).count();
    println!(
        "{name}: {:.1} % of the points are in a fence",
        100.0 * n_points_hit as f64 / positions.len() as f64
    );

    let points: Vec<Point> = positions.iter().map(|p| Point::new(p.lng(), p.lat())).collect();
    let mut baseline_hits = Vec::new();
    let n_baseline = rstar_geo(tree, &points, &holds, &mut baseline_hits);
    assert!(n_baseline.abs_diff(expected) <= expected / 50, "{n_baseline} and {expected} hits of {name}");

    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(positions.len() as u64));
    group.bench_function("batch", |bencher| {
        bencher.iter(|| {
            index.match_batch(black_box(positions), &mut hits);
            assert_eq!(hits.n_hits(), expected);
        });
    });
    group.bench_function("single", |bencher| {
        let mut found: Vec<FenceNo> = Vec::new();
        bencher.iter(|| {
            let mut n_hits = 0;
            for &position in black_box(positions) {
                index.match_one(position, &mut found);
                n_hits += black_box(&found).len();
            }
            assert_eq!(n_hits, expected);
        });
    });
    group.bench_function("rstar_geo", |bencher| {
        bencher.iter(|| assert_eq!(rstar_geo(tree, &points, &holds, &mut baseline_hits), n_baseline));
    });
    group.finish();
}

/// W1: 30,000 circles of 150 m; the size of the city sets how often a point is in one.
fn circles(criterion: &mut Criterion, name: &str, city: City, expected: usize) {
    const RADIUS_M: f64 = 150.0;
    let centers = city.positions(30_000, 1);
    let shapes = centers.iter().map(|&center| Shape::Circle { center, radius: Meters(RADIUS_M) }).collect();
    let boxed = |(fence, center): (u32, &Position)| {
        let north = RADIUS_M / 110_500.0;
        let east = north / (center.lat() + north).to_radians().cos();
        let (x, y) = (center.lng(), center.lat());
        let envelope = AABB::from_corners([x - east, y - north], [x + east, y + north]);
        Boxed { envelope, fence, prepared: Point::new(x, y) }
    };
    let tree = RTree::bulk_load((0..).zip(&centers).map(boxed).collect());
    let holds = |center: &Point, point: Point| Haversine.distance(*center, point) <= RADIUS_M;
    compare(criterion, name, (shapes, &city.positions(N_POINTS, 2)), (&tree, holds), expected);
}

/// W3: 16 x 16 polygons of 128 to 512 corners that tile a city without gaps.
fn tiling(criterion: &mut Criterion) {
    const N_SIDE: usize = 16;
    let city = City { degrees: 0.4 };
    let step = city.degrees / N_SIDE as f64;
    // A side is shared by two tiles, so it is drawn once: its wobble depends on where it is.
    let side = |is_row: bool, row: usize, column: usize| -> Vec<[f64; 2]> {
        let mut chance = Chance((row * 1_000 + column * 2 + usize::from(is_row)) as u64);
        let n_corners = 32 + (chance.unit() * 96.0) as usize;
        let (x, y) = (City::WEST + column as f64 * step, City::SOUTH + row as f64 * step);
        let corner = |i: usize| {
            let along = step * i as f64 / n_corners as f64;
            let aside = if i == 0 { 0.0 } else { 0.1 * step * (chance.unit() - 0.5) };
            if is_row { [x + along, y + aside] } else { [x + aside, y + along] }
        };
        (0..n_corners).map(corner).collect()
    };
    let tile = |row: usize, column: usize| -> Vec<[f64; 2]> {
        let corner = |row: usize, column: usize| side(true, row, column)[0];
        let mut ring = side(true, row, column);
        ring.extend(side(false, row, column + 1));
        let mut top = side(true, row + 1, column);
        top.push(corner(row + 1, column + 1));
        top.reverse();
        top.pop();
        ring.extend(top);
        let mut left = side(false, row, column);
        left.push(corner(row + 1, column));
        left.reverse();
        left.pop();
        ring.extend(left);
        ring
    };
    let rings: Vec<Vec<[f64; 2]>> = (0..N_SIDE * N_SIDE).map(|i| tile(i / N_SIDE, i % N_SIDE)).collect();
    let shape = |ring: &Vec<[f64; 2]>| {
        Shape::Polygons(vec![Polygon::new(Ring::new(ring).expect("a tile is a ring"), Vec::new())])
    };
    let boxed = |(fence, ring): (u32, &Vec<[f64; 2]>)| {
        let envelope = AABB::from_points(ring);
        let plane = MultiPolygon::new(vec![GeoPolygon::new(LineString::from(ring.clone()), Vec::new())]);
        Boxed { envelope, fence, prepared: IntervalTreeMultiPolygon::new(&plane) }
    };
    let tree = RTree::bulk_load((0..).zip(&rings).map(boxed).collect());
    let holds = |plane: &IntervalTreeMultiPolygon<f64>, point: Point| plane.contains(&point);
    let work = (rings.iter().map(shape).collect(), &*city.positions(N_POINTS, 3));
    compare(criterion, "match/w3_tiling", work, (&tree, holds), 65_382);
}

fn matching(criterion: &mut Criterion) {
    circles(criterion, "match/w1_few_hits", City { degrees: 1.83 }, 3_881);
    circles(criterion, "match/w1_many_hits", City { degrees: 0.75 }, 23_097);
    tiling(criterion);
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(2));
    targets = matching
}
criterion_main!(benches);
