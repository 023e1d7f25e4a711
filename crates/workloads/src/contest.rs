//! The index and the baselines side by side on one workload, round by round.

use std::hint::black_box;
use std::time::{Duration, Instant};

use model::{FenceNo, Position};
use spatial_index::{Hits, Index, Shape};

use crate::baseline::{Best, Usual};
use crate::judge::{Verdict, judge};

/// Positions in a call, as a server that is busy would ask; each call is timed by itself.
pub const N_BATCH: usize = 8_192;

/// Finds the hits of the positions of a call.
type Run<'a> = dyn FnMut(&[Position]) -> usize + 'a;

/// Somebody who finds the hits of positions, call by call, and says how many there are.
pub struct Runner<'a> {
    run: Box<Run<'a>>,
    positions: &'a [Position],
    n_hits: Option<usize>,
    /// The shortest time of each call.
    least: Vec<Duration>,
}

impl<'a> Runner<'a> {
    /// From what is to be measured.
    pub fn new(positions: &'a [Position], run: impl FnMut(&[Position]) -> usize + 'a) -> Self {
        let least = vec![Duration::MAX; positions.len().div_ceil(N_BATCH)];
        Self { run: Box::new(run), positions, n_hits: None, least }
    }

    /// The index, all positions of a call at once.
    #[must_use]
    pub fn batches(index: &'a Index, positions: &'a [Position]) -> Self {
        let mut hits = Hits::new();
        Self::new(positions, move |chunk| {
            index.match_batch(chunk, &mut hits);
            black_box(&hits).n_hits()
        })
    }

    /// The index, one position after the other.
    #[must_use]
    pub fn singles(index: &'a Index, positions: &'a [Position]) -> Self {
        let mut hits = Vec::new();
        Self::new(positions, move |chunk| {
            let of_one = |&at: &Position| {
                index.match_one(black_box(at), &mut hits);
                black_box(&hits).len()
            };
            chunk.iter().map(of_one).sum()
        })
    }

    /// `rstar` and `geo` at their best.
    #[must_use]
    pub fn best(best: &'a Best, positions: &'a [Position]) -> Self {
        let mut found = Vec::new();
        Self::new(positions, move |chunk| best.count(chunk, &mut found))
    }

    /// `rstar` and `geo` the usual way.
    #[must_use]
    pub fn usual(usual: &'a Usual, positions: &'a [Position]) -> Self {
        let mut found = Vec::new();
        Self::new(positions, move |chunk| usual.count(chunk, &mut found))
    }

    /// One round over all positions.
    ///
    /// # Panics
    /// When it finds another number of hits than in the round before.
    pub fn take_turn(&mut self) {
        let mut n_hits = 0;
        for (chunk, least) in self.positions.chunks(N_BATCH).zip(&mut self.least) {
            let began = Instant::now();
            n_hits += (self.run)(black_box(chunk));
            *least = began.elapsed().min(*least);
        }
        let before = *self.n_hits.get_or_insert(n_hits);
        assert_eq!(n_hits, before, "the same question has the same answer");
    }

    /// Nanoseconds a position, from the shortest time of each call; `None` before its first turn.
    #[must_use]
    pub fn ns(&self) -> Option<f64> {
        self.n_hits?;
        let least: Duration = self.least.iter().sum();
        Some(least.as_secs_f64() * 1e9 / self.positions.len().max(1) as f64)
    }

    /// What it found; `None` before its first turn.
    #[must_use]
    pub const fn n_hits(&self) -> Option<usize> {
        self.n_hits
    }
}

impl std::fmt::Debug for Runner<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Runner({:?} ns)", self.ns())
    }
}

/// Lets everybody take turns for so long, at least five rounds; `tell` hears the share that is done.
///
/// They take turns so that whatever else the machine does hits them all. What it does in the middle
/// of a round spoils one call of it, and some other round has that call undisturbed: hence the
/// shortest time of each call, not of each round.
pub fn race(runners: &mut [Runner<'_>], lasts: Duration, tell: &mut dyn FnMut(f64)) {
    const N_ROUNDS_MIN: usize = 5;
    let began = Instant::now();
    for n_rounds in 1.. {
        for runner in &mut *runners {
            runner.take_turn();
        }
        let share = began.elapsed().as_secs_f64() / lasts.as_secs_f64();
        tell(share.min(n_rounds as f64 / N_ROUNDS_MIN as f64).min(1.0));
        if N_ROUNDS_MIN <= n_rounds && 1.0 <= share {
            break;
        }
    }
}

/// What was found by the index and by the baseline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Pairs of a position and a fence that holds it.
    pub n_hits: usize,
    /// Positions that at least one fence holds.
    pub n_positions_hit: usize,
    /// Pairs that the baseline decides otherwise, and the exact judge as the index does.
    pub n_baseline_off: usize,
    /// Pairs that the exact judge decides otherwise than the index, and positions where a single call
    /// and a batch differ: none, or there is a fault.
    pub n_wrong: usize,
}

/// Compares the index with the baseline on every position, and asks the judge where they differ.
#[must_use]
pub fn compare(index: &Index, best: &Best, shapes: &[Shape], positions: &[Position]) -> Answers {
    let mut answers = Answers::default();
    let (mut hits, mut one, mut found) = (Hits::new(), Vec::new(), Vec::new());
    for chunk in positions.chunks(N_BATCH) {
        index.match_batch(chunk, &mut hits);
        for (&at, ours) in chunk.iter().zip(hits.iter()) {
            index.match_one(at, &mut one);
            best.match_one(at, &mut found);
            answers.n_hits += ours.len();
            answers.n_positions_hit += usize::from(!ours.is_empty());
            answers.n_wrong += usize::from(ours != one);
            for (fence, is_ours) in differences(ours, &found) {
                let verdict = judge(&shapes[fence as usize], at);
                let is_right = match verdict {
                    Verdict::Inside => is_ours,
                    Verdict::Outside => !is_ours,
                    Verdict::OnRim => true,
                };
                answers.n_baseline_off += usize::from(is_right);
                answers.n_wrong += usize::from(!is_right);
            }
        }
    }
    answers
}

/// Fences that stand in one of two ascending lists only, and whether that is the first.
fn differences<'a>(ours: &'a [FenceNo], theirs: &'a [u32]) -> impl Iterator<Item = (u32, bool)> + 'a {
    let only_ours = ours.iter().filter(|fence| theirs.binary_search(&fence.0).is_err());
    let only_theirs = theirs.iter().filter(|&&fence| ours.binary_search(&FenceNo(fence)).is_err());
    only_ours.map(|fence| (fence.0, true)).chain(only_theirs.map(|&fence| (fence, false)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circles::evenly;

    #[test]
    fn a_baseline_that_misses_a_fence_is_found_off_and_an_index_that_does_is_wrong() {
        let work = evenly(300, 20_000);
        let index = work.index();
        let right = compare(&index, &Best::build(&work.shapes), &work.shapes, &work.positions);
        assert!(0 < right.n_hits && right.n_wrong == 0, "{right:?}");
        let half = Best::build(&work.shapes[..150]);
        let off = compare(&index, &half, &work.shapes, &work.positions);
        assert!(100 < off.n_baseline_off && off.n_wrong == 0, "{off:?}");
        let half = Index::build(work.shapes[..150].to_vec()).unwrap();
        let wrong = compare(&half, &Best::build(&work.shapes), &work.shapes, &work.positions);
        assert!(100 < wrong.n_wrong, "{wrong:?}");
    }

    #[test]
    fn a_round_that_was_disturbed_once_counts_where_it_was_not() {
        let positions = evenly(1, 2 * N_BATCH).positions;
        let mut n_calls = 0;
        let mut runner = Runner::new(&positions, |chunk| {
            // Each round has one slow call, and it is another one.
            if [0, 3].contains(&n_calls) {
                std::thread::sleep(Duration::from_millis(200));
            }
            n_calls += 1;
            chunk.len()
        });
        assert_eq!(runner.ns(), None);
        runner.take_turn();
        let disturbed = runner.ns().unwrap();
        runner.take_turn();
        let ns = runner.ns().unwrap();
        assert!(ns < 0.5 * disturbed, "{ns} {disturbed}");
        assert_eq!(runner.n_hits(), Some(positions.len()));
    }

    #[test]
    fn every_workload_has_the_hits_that_it_says_and_the_judge_agrees() {
        use crate::{circles, overlap, rims, tiling};
        let works = [
            circles::w1_few_hits(),
            circles::w1_many_hits(),
            tiling::w3_tiling(),
            overlap::w5_overlap(),
            rims::exact_fallback(),
        ];
        for work in works {
            let answers = compare(&work.index(), &Best::build(&work.shapes), &work.shapes, &work.positions);
            assert_eq!((Some(answers.n_hits), answers.n_wrong), (work.n_hits, 0), "{work:?}");
            // A sphere is off by 0.56 % of a radius, and `contains` leaves borders out.
            let is_all_border = work.name == "exact_fallback";
            assert!(is_all_border || answers.n_baseline_off * 200 < answers.n_hits, "{work:?} {answers:?}");
        }
    }
}
