//! The bar of the room: no point is answered otherwise than by an independent scan.
//!
//! This is the part of it that fits into every run of the tests; ten million points are
//! `cargo run --release -p spatial-index --example adversary -- --points 10000000 --seed 1`.

mod adversary;
mod scan;

use adversary::random::Random;
use adversary::world::{Kind, World};
use adversary::{Tally, check_answers, position};
use model::Meters;
use scan::{Drawn, Scan};
use spatial_index::{Index, Shape};

const N_WORLDS: u64 = 200;
const N_POINTS_PER_WORLD: usize = 2_000;

#[test]
fn no_adversary_finds_a_point_that_is_answered_wrongly() {
    let mut tally = Tally::default();
    for seed in 0..N_WORLDS {
        tally.add_world(seed, N_POINTS_PER_WORLD);
    }
    let Tally { n_worlds, n_fences, n_points, n_hits, wrong, building } = tally;
    println!("{n_points} points, {n_hits} hits, {n_fences} fences, {n_worlds} worlds, {building:?} to build");
    assert!(wrong.is_empty(), "{} of {n_points} points:\n{}", wrong.len(), wrong.join("\n"));
    assert!(n_points < n_hits, "the points lie too far from the fences: {n_hits} hits of {n_points}");
}

#[test]
fn every_kind_of_world_is_met() {
    let kinds: Vec<Kind> = (0..N_WORLDS).map(|seed| World::new(&mut Random::new(seed)).kind).collect();
    for kind in [Kind::Mixed, Kind::Squares, Kind::City, Kind::Heap, Kind::Globe] {
        assert!(kinds.contains(&kind), "{kind:?}");
    }
}

/// The scan's boxes and its sphere, beside a scan that asks every fence for every point.
#[test]
fn the_scans_own_shortcuts_lose_nothing() {
    let mut near = Vec::new();
    for seed in 1_000..1_040 {
        let mut random = Random::new(seed);
        let world = World::new(&mut random);
        let scan = Scan::new(&world.fences);
        let points = adversary::points::Points::of(&world);
        for _ in 0..50 {
            let (lat, lng) = points.next(&mut random);
            let plainly = scan.matches(lat, lng);
            assert_eq!(scan.matches_in_boxes(lat, lng, &mut near), plainly, "world {seed}: {lat} {lng}");
        }
    }
}

/// What was once answered wrongly, as the adversary writes it.
#[test]
fn points_that_were_hard_once_are_answered() {
    // A ring that begins on the antimeridian is not moved to where longitudes would be rounded.
    let over = vec![[180.0, 43.0], [-120.0, 43.0], [-120.0, -77.0]];
    check_answers(&[Drawn::Polygons(vec![vec![over]])], &[(0.0, -119.99999999999999)]);
    // The least number there is counts as zero, and zero is on the border.
    let on_equator = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]];
    check_answers(&[Drawn::Polygons(vec![vec![on_equator]])], &[(-5e-324, 0.5), (0.5, 0.5)]);
    let on_meridian = vec![[0.0, 0.0], [-1.0, 0.0], [-1.0, 1.0], [0.0, 1.0]];
    check_answers(&[Drawn::Polygons(vec![vec![on_meridian]])], &[(0.5, 5e-324)]);
    // The rim runs through the pole, where a nanometre is all longitudes.
    let rim_at_pole =
        Drawn::Circle { lat: -89.99990344047546, lng: -169.98064041137695, radius_m: 10.785117559777786 };
    check_answers(&[rim_at_pole], &[(-89.99999999999999, 100.01953124999999)]);
}

/// Near a pole cells are slivers of longitude, and a small circle lies in very many of them.
#[test]
fn a10_few_circles_at_a_pole_take_little_room() {
    for (lat, spread, radius_m, n) in
        [(-89.99, 0.46, 150.0, 102), (89.95, 0.074, 20.0, 1_000), (90.0, 1e-4, 2.0, 200)]
    {
        let circle = |i: u32| {
            let [x, y] = [0.754_877_666, 0.569_840_291].map(|step| (f64::from(i) * step).fract() - 0.5);
            let lat = (lat + spread * y).clamp(-90.0, 90.0);
            Shape::Circle { center: position(lat, 12.0 + spread * x), radius: Meters(radius_m) }
        };
        let index = Index::build((0..n).map(circle).collect()).unwrap();
        let n_bytes = index.bytes().directory;
        assert!(n_bytes < 256 << 20, "{n} circles of {radius_m} m at {lat}: {n_bytes} bytes");
    }
}
