//! Fixes through the guest book, on one core, with a million devices in random order.
//!
//! A drain is what a shard takes from its queue at once: its devices are loaded together, then each
//! fix is screened and used. What the map says is given: it is measured in `match`.

use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use model::{DeviceNo, FenceNo, Fix, Meters, Millis, Position, Timestamp, TransitionKind};
use presence::{Arrival, Change, Presence, PresencePolicy, Surroundings};

const N_DEVICES: usize = 1_000_000;
const DRAIN: usize = 1_000;

/// 2026-11-21T16:00:00Z.
const START: Timestamp = Timestamp::from_unix_ms(1_795_276_800_000);

/// A generator of numbers; the same seed gives the same workload on every machine.
struct Numbers(u64);

impl Numbers {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn within(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// All devices once each, in random order.
fn shuffled(numbers: &mut Numbers) -> Vec<u32> {
    let mut order: Vec<u32> = (0..N_DEVICES as u32).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, (numbers.next() % (i as u64 + 1)) as usize);
    }
    order
}

/// What the map says of a fix: in which of the fences it lies, and how far outside of the others.
#[derive(Clone, Copy)]
struct Map(&'static [FenceNo]);

const NOWHERE: Map = Map(&[]);
const SHOP: Map = Map(&[FenceNo(17)]);

impl Surroundings for Map {
    fn inside(&self) -> &[FenceNo] {
        self.0
    }

    fn holds(&self, _: FenceNo, _: Position) -> bool {
        !self.0.is_empty()
    }

    fn distance_outside(&self, _: FenceNo) -> Meters {
        Meters(500.0)
    }

    fn radius(&self, _: FenceNo) -> Meters {
        Meters(150.0)
    }

    fn crossed(&self) -> Vec<FenceNo> {
        Vec::new()
    }
}

/// A guest book and the clock of its devices, all of which are known.
struct Book {
    presence: Presence,
    numbers: Numbers,
    minute: i64,
    changes: Vec<Change>,
}

impl Book {
    fn new() -> Self {
        let presence = Presence::new(PresencePolicy::default());
        let mut book = Self { presence, numbers: Numbers(1), minute: 0, changes: Vec::new() };
        book.round(N_DEVICES, &[NOWHERE]);
        assert!(book.changes.is_empty());
        book
    }

    /// A fix of many devices, minutes after the last of each: the time that it took, and what changed.
    ///
    /// Each fix of a device is told once for each map, two minutes after the one before.
    fn round(&mut self, n: usize, maps: &[Map]) -> (Duration, Vec<TransitionKind>) {
        let mut order = shuffled(&mut self.numbers);
        order.truncate(n);
        let (mut took, mut kinds) = (Duration::ZERO, Vec::new());
        for drained in order.chunks(DRAIN) {
            for (i, map) in maps.iter().enumerate() {
                let fixes = self.fixes(drained, i as i64);
                took += self.drain(&fixes, *map);
                kinds.extend(self.changes.drain(..).map(|change| change.kind));
            }
        }
        self.minute += 2 * maps.len() as i64;
        (took, kinds)
    }

    /// A place of their own for everybody, and up to a hundred metres of walking.
    fn fixes(&mut self, devices: &[u32], step: i64) -> Vec<(DeviceNo, Fix)> {
        let at = START + Millis::from_mins(self.minute + 2 * step);
        let fix = |&no: &u32| {
            let home = Numbers(u64::from(no) + 7).within(30.0, 31.65);
            let lat = home + self.numbers.within(0.0, 100.0) / 111_000.0;
            let place = Position::new(lat, -97.0).expect("the city is on earth");
            let fix = Fix { accuracy: Some(Meters(12.0)), speed_mps: Some(1.2), ..Fix::at(at, place) };
            (DeviceNo::new(no, 0), fix)
        };
        devices.iter().map(fix).collect()
    }

    fn drain(&mut self, fixes: &[(DeviceNo, Fix)], map: Map) -> Duration {
        let mut n_used = 0;
        let started = Instant::now();
        self.presence.prefetch(fixes.iter().map(|(device, _)| *device));
        for &(device, fix) in fixes {
            if let Arrival::Used(used) = self.presence.screen(device, fix, fix.taken_at).arrival {
                n_used += 1;
                self.presence.update(device, &used, &map, &mut self.changes);
            }
        }
        let took = started.elapsed();
        assert_eq!(n_used, fixes.len(), "every fix is used");
        took
    }
}

/// Measures rounds until so many fixes were told; `check` says what changed in one.
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    (name, book): (&str, &mut Book),
    maps: &[Map],
    check: impl Fn(usize, &[TransitionKind]),
) {
    group.bench_function(name, |b| {
        b.iter_custom(|n| {
            let n = n as usize;
            let (mut took, mut left) = (Duration::ZERO, n.div_ceil(maps.len()));
            let n_told = left * maps.len();
            while 0 < left {
                let n_devices = left.min(N_DEVICES);
                let (round_took, kinds) = book.round(n_devices, maps);
                check(n_devices, &kinds);
                took += round_took;
                left -= n_devices;
            }
            took.mul_f64(n as f64 / n_told as f64)
        });
    });
}

fn resident_bytes() -> Option<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    pages.split_whitespace().nth(1)?.parse::<usize>().ok().map(|n| n * 4_096)
}

fn report_memory(what: &str, before: Option<usize>) {
    if let Some(bytes) = resident_bytes().zip(before).map(|(after, before)| after.saturating_sub(before)) {
        println!("presence: {:.1} bytes a device {what}", bytes as f64 / N_DEVICES as f64);
    }
}

fn presence(c: &mut Criterion) {
    let mut group = c.benchmark_group("presence");
    group.throughput(Throughput::Elements(1)).sample_size(20).measurement_time(Duration::from_secs(8));
    let unchanged = |_: usize, kinds: &[TransitionKind]| assert!(kinds.is_empty(), "nothing changes");

    // What a round takes besides the records is given back, or kept for the next one.
    drop(shuffled(&mut Numbers(0)));
    let bare = resident_bytes();
    let mut book = Book::new();
    report_memory("without a visit", bare);
    measure(&mut group, ("nowhere", &mut book), &[NOWHERE], unchanged);

    measure(&mut group, ("enter_and_exit", &mut book), &[SHOP, NOWHERE, NOWHERE], |n, kinds| {
        let n_of = |kind| kinds.iter().filter(|told| **told == kind).count();
        assert_eq!((n_of(TransitionKind::Enter), n_of(TransitionKind::Exit)), (n, n));
    });

    let nowhere = resident_bytes();
    let (_, kinds) = book.round(N_DEVICES, &[SHOP, SHOP, SHOP]);
    assert_eq!(kinds.len(), 2 * N_DEVICES, "all have entered and dwelled");
    report_memory("more with a visit", nowhere);
    measure(&mut group, ("inside", &mut book), &[SHOP], unchanged);
    assert_eq!(book.presence.n_open_visits(), N_DEVICES);
    group.finish();
}

criterion_group!(benches, presence);
criterion_main!(benches);
