//! One fence added, moved and removed while readers go on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use model::{FenceNo, Meters, Position};
use spatial_index::{Change, Hits, Index, Live, Shape};

use crate::chance::{Chance, at};

/// Positions that a reader asks of one version.
const N_READ: usize = 1_024;

/// How long changes took, each until every reader that asks anew sees it.
///
/// The time during which the kernel gave the core to somebody else is left out, where it tells: that
/// is what else the machine does. Waiting for readers would count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Updates {
    /// Half of them took no longer.
    pub p50: Duration,
    /// 99 of 100 took no longer.
    pub p99: Duration,
    /// All of them together.
    pub sum: Duration,
    /// How many there were.
    pub n_changes: usize,
    /// Positions that readers had matched meanwhile.
    pub n_read: u64,
}

/// Adds, moves and removes a circle of 150 m near positions drawn from some, so many times each, while
/// a thread for every other core goes on matching them.
///
/// # Panics
/// When a change is not seen by whoever asks next, or when there is no position.
#[must_use]
pub fn change_while_read(index: Index, positions: &[Position], n_times: usize) -> Updates {
    assert!(!positions.is_empty(), "changes are made near positions");
    let new = FenceNo(u32::try_from(index.len()).expect("an index numbers its fences"));
    let live = Live::new(index);
    let (is_over, n_read) = (AtomicBool::new(false), AtomicU64::new(0));
    let n_readers = thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1));
    let mut times = thread::scope(|scope| {
        for _ in 0..n_readers {
            scope.spawn(|| read_until(&live, positions, &is_over, &n_read));
        }
        // All changes together take less time than a thread needs to begin.
        while n_read.load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        let times = change(&live, positions, new, n_times);
        is_over.store(true, Ordering::Relaxed);
        times
    });
    times.sort_unstable();
    let quantile = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    Updates {
        p50: quantile(0.5),
        p99: quantile(0.99),
        sum: times.iter().sum(),
        n_changes: times.len(),
        n_read: n_read.load(Ordering::Relaxed),
    }
}

fn read_until(live: &Live, positions: &[Position], is_over: &AtomicBool, n_read: &AtomicU64) {
    let mut hits = Hits::new();
    for chunk in positions.chunks(N_READ).cycle() {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        live.load().match_batch(chunk, &mut hits);
        n_read.fetch_add(chunk.len() as u64, Ordering::Relaxed);
    }
}

fn change(live: &Live, positions: &[Position], new: FenceNo, n_times: usize) -> Vec<Duration> {
    let mut chance = Chance::new(61);
    let mut times = Vec::with_capacity(3 * n_times);
    let mut hits = Vec::new();
    let mut holds = |place: Position| {
        live.load().match_one(place, &mut hits);
        hits.contains(&new)
    };
    let mut timed = |change: Change| {
        let (waited, began) = (waited_for_core(), Instant::now());
        let _now = live.change(&[change]).expect("a circle is a fence");
        let took = began.elapsed();
        times.push(took.saturating_sub(waited_for_core().saturating_sub(waited)));
    };
    for _ in 0..n_times {
        let here = positions[chance.below(positions.len())];
        // Towards the equator, so that it is another place wherever this one is.
        let there = at(here.lat() - 0.01_f64.copysign(here.lat()), here.lng());
        let put = |center| Change::Put(new, Shape::Circle { center, radius: Meters(150.0) });
        timed(put(here));
        assert!(holds(here), "a fence that was added is found");
        timed(put(there));
        assert!(!holds(here) && holds(there), "a fence that was moved is found where it is");
        timed(Change::Remove(new));
        assert!(!holds(there), "a fence that was removed is not found");
    }
    times
}

/// How long this thread has been ready to run and was not let, by Linux' account.
fn waited_for_core() -> Duration {
    let account = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = account.split_whitespace().nth(1).and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circles::evenly;

    #[test]
    fn every_change_is_timed_while_positions_are_read() {
        let work = evenly(3_000, 5_000);
        let updates = change_while_read(work.index(), &work.positions, 20);
        assert_eq!(updates.n_changes, 60);
        assert!(Duration::ZERO < updates.p50 && updates.p50 <= updates.p99, "{updates:?}");
        assert!(updates.p99 <= updates.sum, "{updates:?}");
        assert!(0 < updates.n_read, "{updates:?}");
    }

    #[test]
    fn changes_at_the_poles_and_at_the_antimeridian_are_seen() {
        for (lat, lng) in [(90.0, 0.0), (-90.0, 0.0), (0.0, 180.0), (0.0, -180.0), (89.995, 20.0)] {
            let place = [Position::new(lat, lng).unwrap()];
            let updates = change_while_read(Index::build(Vec::new()).unwrap(), &place, 2);
            assert_eq!(updates.n_changes, 6);
        }
    }
}
