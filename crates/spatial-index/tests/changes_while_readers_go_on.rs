//! A fence set that changes: every version answers as if it had been built from scratch, and
//! readers on other threads see one version or another, never half of two.

mod adversary;
mod scan;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use adversary::points::{Point, Points};
use adversary::random::Random;
use adversary::world::{Kind, World};
use adversary::{build, position, shape};
use model::{FenceNo, Meters, Position};
use scan::{Drawn, Scan};
use spatial_index::{Change, Hits, Index, Live, Shape};

/// What the numbers stand for now; none for a removed one.
#[derive(Clone, Default)]
struct Numbers(Vec<Option<Drawn>>);

impl Numbers {
    /// The numbers that hold each point, by a scan.
    fn answers(&self, points: &[Point]) -> Vec<Vec<u32>> {
        let there = self.0.iter().zip(0_u32..).filter_map(|(drawn, no)| Some((drawn.clone()?, no)));
        let (fences, numbers): (Vec<Drawn>, Vec<u32>) = there.unzip();
        let (scan, mut near) = (Scan::new(&fences), Vec::new());
        let answer = |&(lat, lng): &Point| {
            let found = scan.matches_in_boxes(lat, lng, &mut near);
            found.into_iter().map(|i| numbers[i as usize]).collect()
        };
        points.iter().map(answer).collect()
    }

    /// A few changes that may also undo each other; made here and given to make there.
    fn alter(&mut self, random: &mut Random, stock: &[Drawn]) -> Vec<Change> {
        let n_changes = 1 + random.below(5);
        (0..n_changes).map(|_| self.alter_once(random, stock)).collect()
    }

    fn alter_once(&mut self, random: &mut Random, stock: &[Drawn]) -> Change {
        let used: Vec<usize> = (0..self.0.len()).filter(|&no| self.0[no].is_some()).collect();
        if !used.is_empty() && random.one_in(3) {
            let no = used[random.below(used.len())];
            self.0[no] = None;
            return Change::Remove(FenceNo(no as u32));
        }
        let drawn = stock[random.below(stock.len())].clone();
        let shape = shape(&drawn).unwrap();
        let no = random.below(self.0.len() + 1);
        if no == self.0.len() {
            self.0.push(None);
        }
        self.0[no] = Some(drawn);
        Change::Put(FenceNo(no as u32), shape)
    }
}

/// What an index says, by single calls and by one batch.
fn said(index: &Index, positions: &[Position]) -> Vec<Vec<u32>> {
    let (mut batch, mut single) = (Hits::new(), Vec::new());
    index.match_batch(positions, &mut batch);
    let say = |(i, position): (usize, &Position)| {
        index.match_one(*position, &mut single);
        assert_eq!(batch.of(i), single, "single call and batch differ");
        single.iter().map(|fence| fence.0).collect()
    };
    positions.iter().enumerate().map(say).collect()
}

fn check_versions(kind: Kind, seed: u64, n_versions: usize, n_points: usize) {
    let mut random = Random::new(seed);
    let world = World::of(kind, &mut random);
    let (stock, _) = build(&world.fences);
    let world = World { fences: stock, ..world };
    let finder = Points::of(&world);
    let points: Vec<Point> = (0..n_points).map(|_| finder.next(&mut random)).collect();
    let positions: Vec<Position> = points.iter().map(|&(lat, lng)| position(lat, lng)).collect();
    let half = &world.fences[..world.fences.len() / 2];
    let mut numbers = Numbers(half.iter().cloned().map(Some).collect());
    let mut index = build(half).1;
    let (first, first_said) = (index.clone(), said(&index, &positions));
    for version in 0..n_versions {
        let changes = numbers.alter(&mut random, &world.fences);
        let (before, before_said) = (index.clone(), said(&index, &positions));
        index = index.changed(&changes).unwrap();
        let label = format!("{kind:?} {seed}, version {version}");
        for ((found, expected), point) in
            said(&index, &positions).into_iter().zip(numbers.answers(&points)).zip(&points)
        {
            assert_eq!(found, expected, "{label}: {point:?}, after {changes:?}");
        }
        assert!(said(&before, &positions) == before_said, "{label} changed the version before");
        assert_eq!(index.len(), numbers.0.len(), "{label}");
        for (drawn, no) in numbers.0.iter().zip((0..).map(FenceNo)) {
            assert_eq!(index.shape(no), drawn.as_ref().and_then(shape), "{label}: fence {}", no.0);
        }
    }
    assert!(said(&first, &positions) == first_said, "{kind:?} {seed} changed the first version");
}

#[test]
fn every_version_answers_as_if_built_from_scratch() {
    for seed in 0..8 {
        check_versions(Kind::Mixed, seed, 25, 200);
        check_versions(Kind::Squares, seed, 25, 200);
    }
    for seed in [0, 2] {
        check_versions(Kind::City, seed, 12, 300);
        check_versions(Kind::Heap, seed, 6, 200);
        check_versions(Kind::Globe, seed, 3, 300);
    }
}

#[test]
fn an_index_can_grow_from_nothing_and_shrink_to_nothing() {
    let center = position(30.27, -97.74);
    let circle = |radius_m: f64| Shape::Circle { center, radius: Meters(radius_m) };
    let mut index = Index::build(Vec::new()).unwrap();
    for no in 0..100 {
        index = index.changed(&[Change::Put(FenceNo(no), circle(1.0 + f64::from(no)))]).unwrap();
    }
    assert_eq!(said(&index, &[center]), [(0..100).collect::<Vec<u32>>()]);
    for no in (0..100).rev() {
        index = index.changed(&[Change::Remove(FenceNo(no))]).unwrap();
    }
    assert_eq!((said(&index, &[center]), index.shape(FenceNo(7))), (vec![Vec::new()], None));
    let index = index.changed(&[Change::Put(FenceNo(7), circle(5.0))]).unwrap();
    assert_eq!(said(&index, &[center]), [[7]]);
}

#[test]
fn g07_a_change_that_is_refused_changes_nothing() {
    let center = position(30.27, -97.74);
    let circle = |radius_m: f64| Shape::Circle { center, radius: Meters(radius_m) };
    let live = Live::new(Index::build(vec![circle(5.0)]).unwrap());
    let good_and_bad = [Change::Put(FenceNo(1), circle(5.0)), Change::Put(FenceNo(0), circle(-5.0))];
    assert!(live.change(&good_and_bad).is_err());
    assert!(live.change(&[Change::Put(FenceNo(0), Shape::Polygons(Vec::new()))]).is_err());
    assert_eq!((said(&live.load(), &[center]), live.load().len()), (vec![vec![0]], 1));
}

/// Versions as the writer plans them, with what each answers.
struct Plan {
    points: Vec<Point>,
    changes: Vec<Vec<Change>>,
    numbers: Vec<Numbers>,
    answers: Vec<Vec<Vec<u32>>>,
}

impl Plan {
    fn new(seed: u64, n_versions: usize) -> Self {
        let mut random = Random::new(seed);
        let world = World::of(Kind::Mixed, &mut random);
        let (stock, _) = build(&world.fences);
        let world = World { fences: stock, ..world };
        let finder = Points::of(&world);
        let points: Vec<Point> = (0..130).map(|_| finder.next(&mut random)).collect();
        let mut numbers = vec![Numbers(world.fences.iter().cloned().map(Some).collect())];
        let mut changes = vec![Vec::new()];
        for version in 0..n_versions {
            let mut next = numbers[version].clone();
            changes.push(next.alter(&mut random, &world.fences));
            numbers.push(next);
        }
        let answers = numbers.iter().map(|numbers| numbers.answers(&points)).collect();
        Self { points, changes, numbers, answers }
    }

    fn positions(&self) -> Vec<Position> {
        self.points.iter().map(|&(lat, lng)| position(lat, lng)).collect()
    }

    /// Every number put anew, the removed ones too.
    fn built_anew(&self, version: usize) -> Index {
        let removed = Drawn::Circle { lat: 0.0, lng: 0.0, radius_m: 1.0 };
        let numbers = &self.numbers[version].0;
        let drawn = |drawn: &Option<Drawn>| shape(drawn.as_ref().unwrap_or(&removed)).unwrap();
        let index = Index::build(numbers.iter().map(drawn).collect()).unwrap();
        let free = (0..).map(FenceNo).zip(numbers).filter(|(_, drawn)| drawn.is_none());
        index.changed(&free.map(|(no, _)| Change::Remove(no)).collect::<Vec<_>>()).unwrap()
    }
}

#[test]
fn g17_readers_see_one_version_or_another_while_a_writer_goes_on() {
    const N_VERSIONS: usize = 400;
    const N_READERS: usize = 3;
    let plan = Plan::new(17, N_VERSIONS);
    let positions = plan.positions();
    let live = Live::new(plan.built_anew(0));
    // The versions that may be current: from the one that was finished to the one that was begun.
    let (begun, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let n_seen: Vec<OnceLock<()>> = (0..=N_VERSIONS).map(|_| OnceLock::new()).collect();
    let read = || {
        while finished.load(Ordering::SeqCst) < N_VERSIONS {
            let from = finished.load(Ordering::SeqCst);
            let index = live.load();
            let to = begun.load(Ordering::SeqCst);
            let found = said(&index, &positions);
            let version = (from..=to).find(|&version| plan.answers[version] == found);
            let version = version.unwrap_or_else(|| panic!("none of the versions {from} to {to} says so"));
            n_seen[version].get_or_init(|| ());
        }
    };
    let write = || {
        for version in 1..=N_VERSIONS {
            begun.store(version, Ordering::SeqCst);
            if version % 50 == 0 {
                let old = live.replace(plan.built_anew(version));
                assert!(said(&old, &positions) == plan.answers[version - 1], "replaced another version");
            } else {
                let new = live.change(&plan.changes[version]).unwrap();
                assert!(said(&new, &positions) == plan.answers[version], "changed to another version");
            }
            finished.store(version, Ordering::SeqCst);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..N_READERS {
            scope.spawn(read);
        }
        write();
    });
    let n_seen = n_seen.iter().filter(|seen| seen.get().is_some()).count();
    println!("readers saw {n_seen} of {} versions", N_VERSIONS + 1);
    assert!(3 < n_seen, "the readers saw only {n_seen} versions");
    assert_eq!(said(&live.load(), &positions), plan.answers[N_VERSIONS]);
}
