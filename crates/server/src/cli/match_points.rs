//! `stile match`: which fences hold each point.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::Position;
use serde_json::json;
use settings::Problem;
use spatial_index::{Hits, Index};
use wire::trace::Points;

use crate::cli::output::Output;
use crate::cli::report::{Failure, Weight, counted, line_problem, tell_problems};
use crate::fence_files::{self, FenceOptions, unreadable};

/// Tells which fences hold each point: CSV with `point,fence`, points counted from 0.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// GeoJSON file with the fences, plain or gzip
    #[arg(long, value_name = "FILE")]
    fences: PathBuf,
    /// CSV file with lat and lon, plain or gzip
    #[arg(long, value_name = "FILE")]
    points: PathBuf,
    /// Where the answer goes; without it, to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Leaves bad fences and points out instead of refusing the files; a bad point keeps its number
    #[arg(long)]
    skip_invalid: bool,
    /// Prints the summary as one JSON object: on standard output with --out, else on standard error
    #[arg(long)]
    json: bool,
}

/// Points matched in one call: enough to spread the cost of a call, few enough to stay in cache.
const N_BATCH: usize = 16_384;

/// What came of it.
#[derive(Debug, Default)]
struct Summary {
    n_fences: usize,
    n_points: u64,
    n_points_skipped: u64,
    n_points_inside: u64,
    n_pairs: u64,
    /// Inside the index alone.
    matching: Duration,
    all: Duration,
}

/// Runs it.
///
/// # Errors
/// Bad files, and an answer that cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let options = FenceOptions { skip_invalid: args.skip_invalid, region: None };
    let loaded = fence_files::load(&args.fences, options)?;
    // Whoever closed stderr does not want to hear.
    let _ = tell_problems(&mut io::stderr().lock(), &loaded.warnings, Weight::Warning, false);
    let ids: Vec<String> = loaded.fences.iter().map(|fence| quoted(fence.facts.id.as_str())).collect();
    let shapes = loaded.fences.into_iter().map(|fence| fence.shape).collect();
    let index = Index::build(shapes).map_err(|error| {
        Failure::Problems(vec![Problem::of_file(&args.fences, format!("cannot be matched: {error}"))])
    })?;
    let (reader, progress) = open(&args.points)?;
    let mut points = wire::trace::points(reader).map_err(|error| vec![line_problem(&args.points, &error)])?;
    let mut out = Output::open(args.out.as_deref())?;
    let mut run = Run {
        summary: Summary { n_fences: ids.len(), ..Summary::default() },
        skip_invalid: args.skip_invalid,
        file: args.points.clone(),
        index,
        ids,
    };
    let matched = run.match_all(&mut points, &mut out);
    progress.finish_and_clear();
    match matched {
        // A reader that has seen enough, such as `head`, is no failure.
        Err(Failure::Io { error, .. }) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(ExitCode::SUCCESS);
        }
        Err(failure) => return Err(failure),
        Ok(()) => out.finish()?,
    }
    run.summary.all = began.elapsed();
    tell(args, &run.summary);
    Ok(ExitCode::SUCCESS)
}

struct Run {
    index: Index,
    /// As fields of CSV, by fence number.
    ids: Vec<String>,
    /// The points' file, for what is wrong with it.
    file: PathBuf,
    skip_invalid: bool,
    summary: Summary,
}

/// A file with so many bad points is not the one that was meant.
const N_PROBLEMS_MAX: usize = 20;

impl Run {
    fn match_all(&mut self, points: &mut Points<'_>, out: &mut Output) -> Result<(), Failure> {
        out.write_all(b"point,fence\n").map_err(|error| out.failure(error))?;
        let (mut positions, mut numbers, mut hits) = (Vec::new(), Vec::new(), Hits::new());
        let mut problems = Vec::new();
        loop {
            positions.clear();
            numbers.clear();
            self.take_batch(points, &mut positions, &mut numbers, &mut problems);
            if positions.is_empty() || N_PROBLEMS_MAX <= problems.len() {
                break;
            }
            // Once refused, the file is only read on to tell what else is wrong.
            if problems.is_empty() {
                let began = Instant::now();
                self.index.match_batch(&positions, &mut hits);
                self.summary.matching += began.elapsed();
                self.write_batch(&numbers, &hits, out)?;
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Failure::Problems(problems)) }
    }

    fn take_batch(
        &mut self,
        points: &mut Points<'_>,
        positions: &mut Vec<Position>,
        numbers: &mut Vec<u64>,
        problems: &mut Vec<Problem>,
    ) {
        while positions.len() < N_BATCH && problems.len() < N_PROBLEMS_MAX {
            match points.next() {
                None => break,
                Some(Ok(position)) => {
                    positions.push(position);
                    numbers.push(self.summary.n_points);
                }
                Some(Err(_)) if self.skip_invalid => self.summary.n_points_skipped += 1,
                Some(Err(error)) => problems.push(line_problem(&self.file, &error)),
            }
            self.summary.n_points += 1;
        }
    }

    fn write_batch(&mut self, numbers: &[u64], hits: &Hits, out: &mut Output) -> Result<(), Failure> {
        let mut line = Vec::new();
        for (number, fences) in numbers.iter().zip(hits.iter()) {
            self.summary.n_points_inside += u64::from(!fences.is_empty());
            self.summary.n_pairs += fences.len() as u64;
            for fence in fences {
                line.clear();
                writeln!(line, "{number},{}", self.ids[fence.slot()])
                    .expect("a Vec takes whatever is written");
                out.write_all(&line).map_err(|error| out.failure(error))?;
            }
        }
        Ok(())
    }
}

/// An id as a field of CSV.
fn quoted(id: &str) -> String {
    if id.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", id.replace('"', "\"\""))
    } else {
        id.to_owned()
    }
}

fn tell(args: &Args, summary: &Summary) {
    let (secs, matching_secs) = (summary.all.as_secs_f64(), summary.matching.as_secs_f64());
    let n_matched = summary.n_points - summary.n_points_skipped;
    let per_point = matching_secs * 1e9 / n_matched.max(1) as f64;
    if args.json {
        let told = json!({
            "fences": summary.n_fences,
            "points": summary.n_points,
            "points_skipped": summary.n_points_skipped,
            "points_inside": summary.n_points_inside,
            "pairs": summary.n_pairs,
            "seconds": secs,
            "match_seconds": matching_secs,
            "match_ns_per_point": per_point,
        });
        if args.out.is_some() {
            println!("{told}");
        } else {
            eprintln!("{told}");
        }
        return;
    }
    let share = 100.0 * summary.n_points_inside as f64 / n_matched.max(1) as f64;
    eprintln!(
        "{} points, {}: {} points ({share:.1} %) lie in at least one, {} pairs",
        summary.n_points,
        counted(summary.n_fences, "fence"),
        summary.n_points_inside,
        summary.n_pairs
    );
    if 0 < summary.n_points_skipped {
        eprintln!("{} points were no positions and were left out", summary.n_points_skipped);
    }
    eprintln!("{secs:.2} s in all, {matching_secs:.2} s of it matching ({per_point:.0} ns a point)");
}

/// Opens the points with a bar that follows how much of the file was read.
fn open(file: &Path) -> Result<(impl Read + Send, ProgressBar), Failure> {
    let raw = File::open(file).map_err(|error| vec![unreadable(file, &error)])?;
    let facts = raw.metadata().map_err(|error| vec![unreadable(file, &error)])?;
    if facts.is_dir() {
        return Err(vec![Problem::of_file(file, "is a directory, not a file")].into());
    }
    let target =
        if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let progress = ProgressBar::with_draw_target(Some(facts.len()), target);
    if let Ok(style) = ProgressStyle::with_template("matching {bar:40} {percent:>3} %  {eta} left") {
        progress.set_style(style);
    }
    Ok((progress.wrap_read(raw), progress))
}
