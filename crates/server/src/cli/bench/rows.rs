//! Rows of measurements, for people and for machines.

use serde_json::json;
use workloads::Row;
use workloads::bars::{Bar, Limit, bars};

/// Prints rows as they come, and the bars at the end.
#[derive(Debug)]
pub(super) struct Table {
    is_json: bool,
    is_right: bool,
    n_rows: usize,
    /// As printed.
    bars: Vec<String>,
}

impl Table {
    pub(super) const fn new(is_json: bool) -> Self {
        Self { is_json, is_right: true, n_rows: 0, bars: Vec::new() }
    }

    pub(super) fn take(&mut self, row: &Row) {
        let bars = bars(row);
        self.is_right &= row.is_right();
        if self.is_json {
            println!("{}", as_json(row, &bars));
            return;
        }
        if self.n_rows == 0 {
            println!("{HEAD}");
        }
        self.n_rows += 1;
        println!("{}", as_line(row));
        if !row.is_right() {
            println!("  {}", what_is_wrong(row));
        }
        self.bars.extend(bars.iter().map(|bar| bar_line(row.name, bar)));
    }

    /// Tells why a workload was not measured.
    pub(super) fn leave_out(&mut self, name: &str, why: &str) {
        if self.is_json {
            println!("{}", json!({ "workload": name, "left_out": why }));
        } else {
            println!("{name:<15} left out: {why}");
        }
    }

    pub(super) fn end(&self) {
        if self.is_json || self.bars.is_empty() {
            return;
        }
        println!("\n{:<15} {:<28} {:>9} {:>10}", "workload", "bar", "at", "measured");
        for line in &self.bars {
            println!("{line}");
        }
    }

    pub(super) const fn is_right(&self) -> bool {
        self.is_right
    }
}

const HEAD: &str = "\
workload          fences   points   hit %   hits/pt  M points/s   ns batch  ns single  rstar+geo   usual    ratio  single  build s  B/fence  change us, p99  off";

fn as_line(row: &Row) -> String {
    format!(
        "{:<15} {:>8} {:>8} {:>7.1} {:>9.3} {:>11.2} {:>10.1} {:>10.1} {:>10.1} {:>7.0} {:>7.1}x {:>6.1}x {:>8.3} {:>8.1} {:>9.0} {:>5.0} {:>4}",
        row.name,
        row.n_fences,
        row.n_positions,
        100.0 * row.hit_rate(),
        row.answers.n_hits as f64 / row.n_positions.max(1) as f64,
        1e3 / row.batch_ns,
        row.batch_ns,
        row.single_ns,
        row.best_ns,
        row.usual_ns,
        row.ratio_batch(),
        row.ratio_single(),
        row.build.as_secs_f64(),
        row.directory_bytes(),
        1e6 * row.updates.p50.as_secs_f64(),
        1e6 * row.updates.p99.as_secs_f64(),
        row.answers.n_baseline_off,
    )
}

fn what_is_wrong(row: &Row) -> String {
    match row.n_hits_expected {
        _ if 0 < row.answers.n_wrong => format!("{} answers are wrong", row.answers.n_wrong),
        Some(expected) => format!("{} hits, not the {expected} of this workload", row.answers.n_hits),
        None => unreachable!("a row with right answers and no expectation is right"),
    }
}

fn bar_line(name: &str, bar: &Bar) -> String {
    let at = match bar.at {
        Limit::AtLeast(least) => format!(">= {least}"),
        Limit::AtMost(most) => format!("<= {most}"),
    };
    let met = if bar.is_met() { "met" } else { "not met" };
    format!("{name:<15} {:<28} {at:>9} {:>10.2}  {met}", bar.what, bar.measured)
}

fn as_json(row: &Row, bars: &[Bar]) -> serde_json::Value {
    let bar = |bar: &Bar| {
        let (at_least, at_most) = match bar.at {
            Limit::AtLeast(least) => (Some(least), None),
            Limit::AtMost(most) => (None, Some(most)),
        };
        json!({ "what": bar.what, "at_least": at_least, "at_most": at_most, "measured": bar.measured, "met": bar.is_met() })
    };
    json!({
        "workload": row.name,
        "fences": row.n_fences,
        "points": row.n_positions,
        "hits": row.answers.n_hits,
        "hit_rate": row.hit_rate(),
        "points_per_s": 1e9 / row.batch_ns,
        "points_per_s_single": 1e9 / row.single_ns,
        "batch_ns": row.batch_ns,
        "single_ns": row.single_ns,
        "rstar_geo_best_ns": row.best_ns,
        "rstar_geo_usual_ns": row.usual_ns,
        "ratio": row.ratio_batch(),
        "ratio_single": row.ratio_single(),
        "build_s": row.build.as_secs_f64(),
        "directory_bytes": row.bytes.directory,
        "fence_bytes": row.bytes.fences,
        "directory_bytes_a_fence": row.directory_bytes(),
        "change_p50_ms": 1e3 * row.updates.p50.as_secs_f64(),
        "change_p99_ms": 1e3 * row.updates.p99.as_secs_f64(),
        "changes": row.updates.n_changes,
        "wrong": row.answers.n_wrong,
        "baseline_off": row.answers.n_baseline_off,
        "hits_expected": row.n_hits_expected,
        "bars": bars.iter().map(bar).collect::<Vec<_>>(),
    })
}
