//! One workload measured: a row of the table of bars.

use std::time::{Duration, Instant};

use spatial_index::{Index, IndexBytes};

use crate::baseline::{Best, Usual};
use crate::contest::{Answers, Runner, compare, race};
use crate::updating::{Updates, change_while_read};
use crate::work::Work;

/// What was measured on one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Of the workload.
    pub name: &'static str,
    /// How many fences there are.
    pub n_fences: usize,
    /// How many positions were asked.
    pub n_positions: usize,
    /// What was found.
    pub answers: Answers,
    /// What the workload says is to be found.
    pub n_hits_expected: Option<usize>,
    /// The index in batches, nanoseconds a position.
    pub batch_ns: f64,
    /// The index in single calls, nanoseconds a position.
    pub single_ns: f64,
    /// `rstar` and `geo` at their best, nanoseconds a position.
    pub best_ns: f64,
    /// `rstar` and `geo` the usual way, nanoseconds a position.
    pub usual_ns: f64,
    /// To build the index.
    pub build: Duration,
    /// What the index takes.
    pub bytes: IndexBytes,
    /// One fence added, moved and removed again, while positions are matched.
    pub updates: Updates,
}

/// Times that a fence is added, moved and removed.
const N_CHANGES: usize = 500;

impl Row {
    /// Measures a workload for about so long, besides building; `tell` hears what share is done.
    ///
    /// # Panics
    /// When there is no position, or a fence is none; those of this crate and of
    /// [`spatial_index::geojson`] are all good.
    #[must_use]
    pub fn measure(work: &Work, lasts: Duration, tell: &mut dyn FnMut(f64)) -> Self {
        let (best, usual) = (Best::build(&work.shapes), Usual::build(&work.shapes));
        let (index, build) = built(work);
        tell(0.0);
        let answers = compare(&index, &best, &work.shapes, &work.positions);
        let mut runners = [
            Runner::batches(&index, &work.positions),
            Runner::singles(&index, &work.positions),
            Runner::best(&best, &work.positions),
            Runner::usual(&usual, &work.positions),
        ];
        race(&mut runners, lasts, tell);
        let [batch_ns, single_ns, best_ns, usual_ns] =
            runners.each_ref().map(|runner| runner.ns().expect("everybody took turns"));
        drop(runners);
        drop((best, usual));
        Self {
            name: work.name,
            n_fences: work.shapes.len(),
            n_positions: work.positions.len(),
            answers,
            n_hits_expected: work.n_hits,
            batch_ns,
            single_ns,
            best_ns,
            usual_ns,
            build,
            bytes: index.bytes(),
            updates: change_while_read(index, &work.positions, N_CHANGES),
        }
    }

    /// The faster way to use `rstar` and `geo`, nanoseconds a position.
    #[must_use]
    pub fn rstar_geo_ns(&self) -> f64 {
        self.best_ns.min(self.usual_ns)
    }

    /// How many times as fast as that the index is in batches.
    #[must_use]
    pub fn ratio_batch(&self) -> f64 {
        self.rstar_geo_ns() / self.batch_ns
    }

    /// The same of single calls.
    #[must_use]
    pub fn ratio_single(&self) -> f64 {
        self.rstar_geo_ns() / self.single_ns
    }

    /// Bytes of the index that each fence takes, besides its own shape.
    #[must_use]
    pub fn directory_bytes(&self) -> f64 {
        self.bytes.directory as f64 / self.n_fences.max(1) as f64
    }

    /// Share of the positions that lie in at least one fence.
    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        self.answers.n_positions_hit as f64 / self.n_positions.max(1) as f64
    }

    /// Whether every answer was right, and as many as the workload says.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.answers.n_wrong == 0
            && self.n_hits_expected.is_none_or(|expected| expected == self.answers.n_hits)
    }
}

/// The index, and how long it took: the shorter of two times where that is soon done.
fn built(work: &Work) -> (Index, Duration) {
    const N_TWICE_MAX: usize = 2_000_000;
    let once = || {
        let shapes = work.shapes.clone();
        let began = Instant::now();
        let index = Index::build(shapes).expect("the fences were checked");
        (index, began.elapsed())
    };
    let (index, first) = once();
    if N_TWICE_MAX < work.shapes.len() {
        return (index, first);
    }
    drop(index);
    let (index, second) = once();
    (index, first.min(second))
}
