//! Looks for a point that the index answers wrongly: hard fences, hard points, an independent scan.
//!
//! A world and its points come from one seed. What is found wrong is made small and written as
//! a line of Rust that can be put into a test as it is.
#![allow(dead_code, reason = "not every test uses every part")]

pub(crate) mod points;
pub(crate) mod random;
mod shrink;
pub(crate) mod world;

use std::time::{Duration, Instant};

use model::{FenceNo, Meters, Position};
use points::{Point, Points};
use random::Random;
use spatial_index::{Hits, Index, Polygon, Ring, Shape};
use world::World;

use crate::scan::{Drawn, Scan};

/// Batches that end before, at and behind what an index may take in one go.
const BATCH_SIZES: [usize; 10] = [0, 1, 2, 63, 64, 65, 127, 128, 129, 1_000];
/// Of so many points one is also asked of every fence, without boxes.
const ONE_IN_PLAINLY: usize = 512;
/// Wrong answers that are made small; it takes long, and more tell no more.
const N_SHRUNK_MAX: usize = 20;

/// What came of some worlds.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) n_worlds: usize,
    pub(crate) n_fences: usize,
    pub(crate) n_points: usize,
    pub(crate) n_hits: usize,
    pub(crate) building: Duration,
    /// Lines for a test, one for each point that was answered wrongly.
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    /// Tries a world and so many points of it.
    pub(crate) fn add_world(&mut self, seed: u64, n_points: usize) {
        let mut random = Random::new(seed);
        let world = World::new(&mut random);
        let began = Instant::now();
        let label = format!("world {seed} {:?}", world.kind);
        let (fences, shapes) = kept(&world.fences);
        let Ok(index) = Index::build(shapes) else {
            self.wrong.push(format!("{label}: {} fences are too many", fences.len()));
            return;
        };
        self.building += began.elapsed();
        let world = World { fences, ..world };
        let points = Points::of(&world);
        let points: Vec<Point> = (0..n_points).map(|_| points.next(&mut random)).collect();
        self.n_worlds += 1;
        self.n_fences += world.fences.len();
        self.add_points(&world.fences, &index, &points, &label);
    }

    /// Compares the answers to some points with those of the scan.
    pub(crate) fn add_points(&mut self, fences: &[Drawn], index: &Index, points: &[Point], label: &str) {
        let scan = Scan::new(fences);
        let positions: Vec<Position> = points.iter().map(|&(lat, lng)| position(lat, lng)).collect();
        let mut sizes = BATCH_SIZES.into_iter().cycle();
        let (mut hits, mut near, mut at) = (Hits::new(), Vec::new(), 0);
        while at < points.len() {
            let end = points.len().min(at + sizes.next().unwrap_or(1));
            index.match_batch(&positions[at..end], &mut hits);
            assert_eq!(hits.len(), end - at, "{label}");
            for i in at..end {
                let expected = scan.matches_in_boxes(points[i].0, points[i].1, &mut near);
                if i % ONE_IN_PLAINLY == 0 {
                    assert_eq!(expected, scan.matches(points[i].0, points[i].1), "the scan's own boxes");
                }
                let batch: Vec<u32> = hits.of(i - at).iter().map(|fence| fence.0).collect();
                self.n_points += 1;
                self.n_hits += expected.len();
                if batch != expected || !answers_agree(index, positions[i], &expected, &near) {
                    let is_like_others = N_SHRUNK_MAX <= self.wrong.len();
                    let found = if is_like_others {
                        format!("{:?}", points[i])
                    } else {
                        shrink::line(fences, points[i], &points[at..end])
                    };
                    self.wrong.push(format!("{found} // {label}, point {i}"));
                }
            }
            at = end;
        }
    }
}

/// Whether a single call and the exact test say what is expected.
fn answers_agree(index: &Index, position: Position, expected: &[u32], near: &[u32]) -> bool {
    let mut hits = Vec::new();
    index.match_one(position, &mut hits);
    let is_same = hits.iter().map(|fence| fence.0).eq(expected.iter().copied());
    let is_exact =
        |&fence: &u32| index.contains(FenceNo(fence), position) == expected.binary_search(&fence).is_ok();
    is_same && near.iter().all(is_exact)
}

/// Fails unless single call, batches and exact test all answer points as the scan does.
pub(crate) fn check_answers(fences: &[Drawn], points: &[Point]) {
    assert!(fences.iter().all(|fence| shape(fence).is_some()), "a fence was refused");
    check_fences(fences, points);
}

/// The same for those fences that are not refused.
pub(crate) fn check_fences(fences: &[Drawn], points: &[Point]) {
    let (fences, index) = build(fences);
    let scan = Scan::new(&fences);
    let positions: Vec<Position> = points.iter().map(|&(lat, lng)| position(lat, lng)).collect();
    let mut batch = Hits::new();
    index.match_batch(&positions, &mut batch);
    let all: Vec<u32> = (0..fences.len() as u32).collect();
    for (i, &point) in points.iter().enumerate() {
        let expected = scan.matches(point.0, point.1);
        let is_same = batch.of(i).iter().map(|fence| fence.0).eq(expected.iter().copied());
        if !is_same || !answers_agree(&index, positions[i], &expected, &all) {
            let [in_batch, alone] = [true, false].map(|is_batch| found(&index, positions[i], is_batch));
            let line = shrink::line(&fences, point, points);
            panic!("{line}\nscan {expected:?}, batch {in_batch:?}, single call {alone:?}");
        }
    }
}

fn found(index: &Index, position: Position, in_batch: bool) -> Vec<u32> {
    let (mut single, mut batch) = (Vec::new(), Hits::new());
    index.match_one(position, &mut single);
    index.match_batch(&[position], &mut batch);
    let hits = if in_batch { batch.of(0) } else { &single };
    hits.iter().map(|fence| fence.0).collect()
}

/// An index, and the fences in it: those that are none are left out.
pub(crate) fn build(fences: &[Drawn]) -> (Vec<Drawn>, Index) {
    let (kept, shapes) = kept(fences);
    (kept, Index::build(shapes).unwrap())
}

/// Fences that are none are left out.
fn kept(fences: &[Drawn]) -> (Vec<Drawn>, Vec<Shape>) {
    fences.iter().filter_map(|fence| Some((fence.clone(), shape(fence)?))).unzip()
}

/// A fence as the index takes it.
pub(crate) fn shape(fence: &Drawn) -> Option<Shape> {
    match fence {
        Drawn::Circle { lat, lng, radius_m } => {
            Some(Shape::Circle { center: position(*lat, *lng), radius: Meters(*radius_m) })
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

pub(crate) fn position(lat: f64, lng: f64) -> Position {
    Position::new(lat, lng).unwrap()
}
