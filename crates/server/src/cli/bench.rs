//! `stile bench`: how fast this machine is.

mod rows;

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::Position;
use settings::Problem;
use spatial_index::Shape;
use workloads::real::RealData;
use workloads::{Row, Work, bars, circles};

use crate::cli::report::{Failure, Weight, counted, line_problem, tell_problems};
use crate::fence_files::{self, FenceOptions, unreadable};

/// What can be measured.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Matching positions with fences, beside rstar and geo in the same run.
    Match(MatchArgs),
}

/// Measures matching on this machine: your fences, or seeded workloads; beside rstar and geo used as
/// well as they can be, in turns, so that whatever else runs here hits both.
#[derive(Debug, clap::Args)]
pub struct MatchArgs {
    /// GeoJSON file with your fences, or a number of circles of 150 m
    #[arg(long, value_name = "N|FILE", conflicts_with = "n_fences")]
    fences: Option<String>,
    /// So many circles of 150 m, spread so that 6 % of the points lie in one
    #[arg(long, value_name = "N")]
    n_fences: Option<usize>,
    /// CSV file with lat and lon, plain or gzip; without it, points are made in and around the fences
    #[arg(long, value_name = "FILE", requires = "fences")]
    points: Option<PathBuf>,
    /// One of the workloads that the bars are set for, or all; the real ones need the public data
    #[arg(long, value_name = "NAME|all", conflicts_with_all = ["fences", "n_fences"])]
    workload: Option<String>,
    /// Folder with the public data; else $STILE_DATA, else ../shared/data
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How long to measure each workload, in seconds
    #[arg(long, value_name = "S", default_value_t = 3.0)]
    secs: f64,
    /// Prints one JSON object a row
    #[arg(long)]
    json: bool,
}

/// Points that are made for fences without any.
const N_POINTS: usize = 1 << 17;
/// More circles than that would not fit beside their baselines in 16 GB.
const N_FENCES_MAX: usize = 20_000_000;
/// Ten million fences, twice in the baselines and once in the index.
const LARGE_NEEDS_BYTES: u64 = 8 << 30;

/// Runs it.
///
/// # Errors
/// Bad files, names that are none, and answers that differ.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    let Command::Match(args) = command;
    if !(0.0..=3_600.0).contains(&args.secs) {
        return Err(Failure::Usage("--secs is a number of seconds from 0 to 3600".to_owned()));
    }
    if cfg!(debug_assertions) {
        eprintln!("warning: this program was built without optimisation; its figures say nothing");
    }
    let mut table = rows::Table::new(args.json);
    match args.workload.as_deref() {
        Some("all") => measure_all(args, &mut table),
        Some(name) => {
            let work = bars::work(name, || RealData::find(args.data.as_deref(), Path::new("")))
                .map_err(|error| no_work(&error))?;
            table.take(&measure(args, &work));
        }
        None => {
            let work = own_work(args)?;
            table.take(&measure(args, &work));
        }
    }
    table.end();
    if table.is_right() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::failed(1, &"answers differ: see the row"))
}

fn no_work(error: &bars::NoWork) -> Failure {
    match error {
        bars::NoWork::Unknown(_) => Failure::Usage(error.to_string()),
        bars::NoWork::Missing(_) => Failure::failed(74, error),
    }
}

/// Every workload that can be made here, and a word on those that cannot.
fn measure_all(args: &MatchArgs, table: &mut rows::Table) {
    for name in bars::NAMES {
        if name == "w4_10m_cold" && memory_available().is_some_and(|bytes| bytes < LARGE_NEEDS_BYTES) {
            table.leave_out(name, "less than 8 GB of memory is free");
            continue;
        }
        match bars::work(name, || RealData::find(args.data.as_deref(), Path::new(""))) {
            Ok(work) => table.take(&measure(args, &work)),
            Err(error) => table.leave_out(name, &error.to_string()),
        }
    }
}

/// From the kernel, where it says so.
fn memory_available() -> Option<u64> {
    let facts = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = facts.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

fn measure(args: &MatchArgs, work: &Work) -> Row {
    let target =
        if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let progress = ProgressBar::with_draw_target(Some(1_000), target);
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {percent:>3} %") {
        progress.set_style(style);
    }
    progress.set_message(work.name);
    let row = Row::measure(work, Duration::from_secs_f64(args.secs), &mut |share| {
        progress.set_position((1_000.0 * share) as u64);
    });
    progress.finish_and_clear();
    row
}

/// What was given, or else the number of circles that the README speaks of.
fn own_work(args: &MatchArgs) -> Result<Work, Failure> {
    const N_USUAL: usize = 30_000;
    let number = args.fences.as_deref().and_then(|text| text.replace('_', "").parse::<usize>().ok());
    let Some(file) = args.fences.as_deref().filter(|_| number.is_none()) else {
        let n_fences = number.or(args.n_fences).unwrap_or(N_USUAL);
        if !(1..=N_FENCES_MAX).contains(&n_fences) {
            return Err(Failure::Usage(format!("the number of fences is 1 to {N_FENCES_MAX}")));
        }
        let work = circles::evenly(n_fences, N_POINTS.max(n_fences / 4));
        return with_points(args, work);
    };
    let file = Path::new(file);
    let loaded = fence_files::load(file, FenceOptions::default())?;
    // Whoever closed stderr does not want to hear.
    let _ = tell_problems(&mut io::stderr().lock(), &loaded.warnings, Weight::Warning, false);
    let shapes: Vec<Shape> = loaded.fences.into_iter().map(|fence| fence.shape).collect();
    if shapes.is_empty() {
        return Err(vec![Problem::of_file(file, "holds no fence to measure with")].into());
    }
    let positions = if args.points.is_some() {
        Vec::new()
    } else {
        eprintln!("no --points: {N_POINTS} are made in and around {}", counted(shapes.len(), "fence"));
        workloads::around::around(&shapes, N_POINTS, 1)
    };
    with_points(args, Work { name: "yours", shapes, positions, n_hits: None })
}

fn with_points(args: &MatchArgs, work: Work) -> Result<Work, Failure> {
    match &args.points {
        Some(file) => Ok(Work { name: "yours", positions: points(file)?, ..work }),
        None => Ok(work),
    }
}

fn points(file: &Path) -> Result<Vec<Position>, Failure> {
    let raw = std::fs::File::open(file).map_err(|error| vec![unreadable(file, &error)])?;
    let points = wire::trace::points(raw).map_err(|error| vec![line_problem(file, &error)])?;
    let positions: Vec<Position> =
        points.collect::<Result<_, _>>().map_err(|error| vec![line_problem(file, &error)])?;
    if positions.is_empty() {
        return Err(vec![Problem::of_file(file, "holds no point to measure with")].into());
    }
    Ok(positions)
}
