//! The bars that the index is held to, and where each workload comes from.

use crate::circles::{N_COLD, w1_few_hits, w1_many_hits, w4_cold, w4_warm};
use crate::country::w6_country;
use crate::overlap::w5_overlap;
use crate::real::{Missing, RealData};
use crate::rims::exact_fallback;
use crate::row::Row;
use crate::tiling::w3_tiling;
use crate::work::Work;

/// The workloads in the order of the table.
pub const NAMES: [&str; 12] = [
    "w1_few_hits",
    "w1_many_hits",
    "w3_tiling",
    "nyc_real",
    "austin_real",
    "counties_real",
    "w4_1m_cold",
    "w4_1m_warm",
    "w4_10m_cold",
    "w5_overlap",
    "w6_country",
    "exact_fallback",
];

/// Why there is no workload.
#[derive(Debug, thiserror::Error)]
pub enum NoWork {
    /// It is none of [`NAMES`].
    #[error("no workload is called {0:?}; there are: {names}", names = NAMES.join(", "))]
    Unknown(String),
    /// It needs public data that is not here.
    #[error(transparent)]
    Missing(#[from] Missing),
}

/// Makes a workload by name; `data` is asked only for those that are real.
///
/// # Errors
/// A name that is none, and data that is not here.
pub fn work(name: &str, data: impl FnOnce() -> Result<RealData, Missing>) -> Result<Work, NoWork> {
    Ok(match name {
        "w1_few_hits" => w1_few_hits(),
        "w1_many_hits" => w1_many_hits(),
        "w3_tiling" => w3_tiling(),
        "nyc_real" => data()?.nyc()?,
        "austin_real" => data()?.austin()?,
        "counties_real" => data()?.counties()?,
        "w4_1m_cold" => w4_cold(1_000_000, N_COLD),
        "w4_1m_warm" => w4_warm(),
        "w4_10m_cold" => w4_cold(10_000_000, N_COLD),
        "w5_overlap" => w5_overlap(),
        "w6_country" => w6_country(),
        "exact_fallback" => exact_fallback(),
        _ => return Err(NoWork::Unknown(name.to_owned())),
    })
}

/// One bar and how a row stands to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// What is measured, with its unit.
    pub what: &'static str,
    /// Where the bar lies.
    pub at: Limit,
    /// What was measured.
    pub measured: f64,
}

/// On which side of a number it is good to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// That or more.
    AtLeast(f64),
    /// That or less.
    AtMost(f64),
}

impl Bar {
    /// Whether it is met.
    #[must_use]
    pub fn is_met(&self) -> bool {
        match self.at {
            Limit::AtLeast(least) => least <= self.measured,
            Limit::AtMost(most) => self.measured <= most,
        }
    }
}

/// The bars of a row; those of answers hold for every row.
#[must_use]
pub fn bars(row: &Row) -> Vec<Bar> {
    let at_least = |what, least, measured| Bar { what, at: Limit::AtLeast(least), measured };
    let at_most = |what, most, measured| Bar { what, at: Limit::AtMost(most), measured };
    let ratio = |least| at_least("times rstar + geo, batch", least, row.ratio_batch());
    let batch = |least| at_least("M points/s, batch", least, 1e3 / row.batch_ns);
    let build_s = |most| at_most("s to build", most, row.build.as_secs_f64());
    let bytes = |most| at_most("bytes a fence", most, row.directory_bytes());
    let update = |most| at_most("ms to change a fence, p99", most, 1e3 * row.updates.p99.as_secs_f64());
    let mut bars = match row.name {
        "w1_few_hits" | "w1_many_hits" => vec![
            ratio(20.0),
            at_least("times rstar + geo, single", 10.0, row.ratio_single()),
            batch(50.0),
            at_least("M points/s, single", 28.0, 1e3 / row.single_ns),
            update(0.5),
        ],
        "w3_tiling" | "nyc_real" => vec![ratio(40.0), batch(45.0)],
        "w4_1m_cold" => vec![ratio(25.0), batch(22.0), build_s(1.0), bytes(100.0), update(3.0)],
        "w4_1m_warm" => vec![batch(40.0)],
        "w4_10m_cold" => vec![ratio(30.0), batch(10.0), build_s(12.0), bytes(140.0)],
        "w5_overlap" => vec![ratio(60.0), batch(12.0)],
        "w6_country" => vec![ratio(40.0), batch(20.0)],
        _ => Vec::new(),
    };
    bars.push(at_most("wrong answers", 0.0, row.answers.n_wrong as f64));
    bars
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_bar_is_measured_and_says_whether_it_is_met() {
        let small = Work { name: "w3_tiling", ..w3_tiling() };
        let row = Row::measure(&small, Duration::ZERO, &mut |_| ());
        assert!(row.is_right(), "{row:?}");
        let fast = Row { batch_ns: 1.0, best_ns: 500.0, usual_ns: 400.0, ..row.clone() };
        assert_eq!(fast.ratio_batch(), 400.0, "the faster baseline counts");
        assert!(bars(&fast).iter().all(Bar::is_met));
        let slow = Row { batch_ns: 100.0, ..fast.clone() };
        let met: Vec<bool> = bars(&slow).iter().map(Bar::is_met).collect();
        assert_eq!(met, [false, false, true]);
        let million = Row { name: "w4_1m_cold", n_fences: 1, ..fast.clone() };
        let most = |what: &str| bars(&million).into_iter().find(|bar| bar.what == what).unwrap();
        assert_eq!(most("bytes a fence").measured, million.bytes.directory as f64);
        assert!(!most("bytes a fence").is_met(), "8 MB for one fence");
        let p99_ms = 1e3 * million.updates.p99.as_secs_f64();
        assert_eq!(most("ms to change a fence, p99").measured, p99_ms);
        let wrong = Row { answers: crate::contest::Answers { n_wrong: 1, ..fast.answers }, ..fast };
        assert!(!wrong.is_right() && bars(&wrong).iter().any(|bar| !bar.is_met()));
    }

    #[test]
    fn a_workload_that_cannot_be_made_says_why() {
        let nowhere = || RealData::find(Some(Path::new("no/such/folder")), Path::new("."));
        let said = |name: &str| work(name, nowhere).unwrap_err().to_string();
        assert!(said("nyc_real").starts_with("no/such/folder: no such folder"), "{}", said("nyc_real"));
        assert!(said("w9").contains("w1_few_hits, w1_many_hits"), "{}", said("w9"));
    }
}
