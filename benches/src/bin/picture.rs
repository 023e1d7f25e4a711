//! Draws nanoseconds a point against the number of fences, for the index and its baselines.
//!
//! `cargo run --release -p benches --bin picture` measures 10,000 to 10,000,000 circles (8 GB, five
//! minutes) and writes `docs/match.csv` and `docs/match.svg`; `--up-to N` stops earlier, `--redraw`
//! takes the figures that are there.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, SystemTime};

use benches::drawing::{Figures, civil_date, draw};
use benches::packed::Packed;
use workloads::baseline::{Best, Usual};
use workloads::circles::{N_COLD, evenly};
use workloads::contest::{Runner, compare, race};

const SIZES: [usize; 7] = [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000];
const LINES: [&str; 6] = [
    "Stile, batches",
    "Stile, single calls",
    "rstar + geo, best way",
    "rstar + geo, usual way",
    "geo-index f32 + geo",
    "geo-index f64 + geo",
];

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("picture: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<(), String> {
    let (mut up_to, mut is_redrawn, mut out) = (SIZES[SIZES.len() - 1], false, PathBuf::from("docs/match"));
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--redraw" => is_redrawn = true,
            "--up-to" => up_to = value()?.parse().map_err(|error| format!("--up-to: {error}"))?,
            "--out" => out = value()?.into(),
            _ => return Err(format!("{arg} is unknown; there are --up-to N, --out PATH, --redraw")),
        }
    }
    let (csv, svg) = (out.with_extension("csv"), out.with_extension("svg"));
    let failed = |file: &PathBuf, error: std::io::Error| format!("{}: {error}", file.display());
    if !is_redrawn {
        let text = measured(up_to).as_csv();
        std::fs::write(&csv, text).map_err(|error| failed(&csv, error))?;
    }
    let text = std::fs::read_to_string(&csv).map_err(|error| failed(&csv, error))?;
    std::fs::write(&svg, draw(&Figures::from_csv(&text)?)).map_err(|error| failed(&svg, error))
}

fn measured(up_to: usize) -> Figures {
    let mut figures =
        Figures { caption: caption(), lines: LINES.map(String::from).to_vec(), rows: Vec::new() };
    for n_fences in SIZES.into_iter().filter(|&n_fences| n_fences <= up_to) {
        let row = measure(n_fences);
        eprint!("{n_fences:>9} fences:");
        for ns in &row {
            eprint!(" {ns:>8.1}");
        }
        eprintln!(" ns a point");
        let _ = std::io::stderr().flush();
        figures.rows.push((n_fences as f64, row));
    }
    figures
}

fn measure(n_fences: usize) -> Vec<f64> {
    let work = evenly(n_fences, N_COLD);
    let (index, best, usual) = (work.index(), Best::build(&work.shapes), Usual::build(&work.shapes));
    let (single, double) = (Packed::<f32>::build(&work.shapes), Packed::<f64>::build(&work.shapes));
    let positions = &work.positions[..];
    let answers = compare(&index, &best, &work.shapes, positions);
    assert_eq!(answers.n_wrong, 0, "answers of {work:?}");
    let (mut found, mut others) = (Vec::new(), Vec::new());
    let mut runners = [
        Runner::batches(&index, positions),
        Runner::singles(&index, positions),
        Runner::best(&best, positions),
        Runner::usual(&usual, positions),
        Runner::new(positions, |chunk| single.count(chunk, &mut found)),
        Runner::new(positions, |chunk| double.count(chunk, &mut others)),
    ];
    race(&mut runners, Duration::from_secs(6), &mut |_| ());
    runners.iter().map(|runner| runner.ns().expect("everybody took turns")).collect()
}

/// Machine, day and commit.
fn caption() -> String {
    let facts = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = facts.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let machine = model.map_or("unknown machine", |(_, name)| name.trim());
    let n_cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let days = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs() / 86_400);
    let described = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let commit = described.ok().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!(
        "{machine}, one of {n_cores} cores, {}, commit {}",
        civil_date(days),
        commit.filter(|commit| !commit.is_empty()).unwrap_or_else(|| "unknown".to_owned())
    )
}
