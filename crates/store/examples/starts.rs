//! Measures what it costs to open a data directory and to read all its state rows back.
//!
//! `cargo run --release -p store --example starts DIR`

use std::fs;
use std::time::Instant;

use ledger::Storage as _;
use store::{Options, SqliteStore};

fn main() {
    let dir = std::env::args_os().nth(1).expect("a data directory that nobody serves");
    let chance = Box::new(|bytes: &mut [u8]| getrandom::fill(bytes).expect("random bytes"));
    let options = Options { create: false, ..Options::default() };
    let began = Instant::now();
    let mut store = SqliteStore::open(dir.as_ref(), options, chance).expect("a data directory");
    println!("opened in {:.1?}, {}", began.elapsed(), memory());
    let (mut n_rows, mut n_consents) = (0, 0);
    let scanned = store.scan_states(&mut |state| {
        n_rows += 1;
        n_consents += state.row().consents.len();
    });
    scanned.expect("readable rows");
    let seconds = began.elapsed().as_secs_f64();
    println!("{n_rows} rows with {n_consents} consents read after {seconds:.2} s, {}", memory());
    println!("{:.2} us of processor a row", cpu_s() * 1e6 / f64::from(n_rows.max(1)));
    println!("{} partitions are closed", store.closed_partitions().len());
}

/// What Linux tells of this process's memory.
fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(", ")
}

/// The seconds that this process has spent on a processor.
fn cpu_s() -> f64 {
    const TICKS_PER_S: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / TICKS_PER_S
}
