//! `stile match`: which fences hold each point.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use model::Position;
use serde_json::json;
use settings::Problem;
use spatial_index::{Hits, Index};
use wire::trace::Points;

use crate::cli::output::Output;
use crate::cli::report::{Failure, Weight, counted, line_problem, tell_problems};
use crate::fence_files::{self, FenceOptions, FileBar, unreadable};

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
    /// Of the fence file, with the time zones.
    loading: Duration,
    /// Of the index.
    building: Duration,
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
    let options = FenceOptions { skip_invalid: args.skip_invalid, region: None, is_quiet: args.json };
    let loaded = fence_files::load(&args.fences, options)?;
    let loading = began.elapsed();
    // Whoever closed stderr does not want to hear.
    let _ = tell_problems(&mut io::stderr().lock(), &loaded.warnings, Weight::Warning, false);
    let ids: Vec<String> = loaded.fences.iter().map(|fence| quoted(fence.facts.id.as_str())).collect();
    let shapes = loaded.fences.into_iter().map(|fence| fence.shape).collect();
    let index = Index::build(shapes).map_err(|error| {
        Failure::Problems(vec![Problem::of_file(&args.fences, format!("cannot be matched: {error}"))])
    })?;
    let building = began.elapsed() - loading;
    let (reader, bar) = open(&args.points, args.json)?;
    let mut points = wire::trace::points(reader).map_err(|error| vec![line_problem(&args.points, &error)])?;
    let mut out = Output::open(args.out.as_deref())?;
    let mut run = Run {
        summary: Summary { n_fences: ids.len(), loading, building, ..Summary::default() },
        skip_invalid: args.skip_invalid,
        file: args.points.clone(),
        index,
        ids,
        bar,
        lines: Vec::new(),
    };
    let matched = run.match_all(&mut points, &mut out);
    drop(run.bar);
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
    bar: FileBar,
    /// Lines of the answer to one batch.
    lines: Vec<u8>,
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
                self.bar.tell(self.summary.n_points);
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
        self.lines.clear();
        for (number, fences) in numbers.iter().zip(hits.iter()) {
            if fences.is_empty() {
                continue;
            }
            self.summary.n_points_inside += 1;
            self.summary.n_pairs += fences.len() as u64;
            let mut digits = [0; N_DIGITS_MAX];
            let digits = decimal(*number, &mut digits);
            for fence in fences {
                self.lines.extend_from_slice(digits);
                self.lines.push(b',');
                self.lines.extend_from_slice(self.ids[fence.slot()].as_bytes());
                self.lines.push(b'\n');
            }
        }
        out.write_all(&self.lines).map_err(|error| out.failure(error))
    }
}

/// Of the largest `u64`.
const N_DIGITS_MAX: usize = 20;

/// A number as decimal digits, without the way through `write!`.
fn decimal(mut number: u64, digits: &mut [u8; N_DIGITS_MAX]) -> &[u8] {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[start..];
        }
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
            "load_seconds": summary.loading.as_secs_f64(),
            "build_seconds": summary.building.as_secs_f64(),
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
    let (loading_secs, building_secs) = (summary.loading.as_secs_f64(), summary.building.as_secs_f64());
    eprintln!(
        "{secs:.2} s in all: {loading_secs:.2} s reading fences, {building_secs:.2} s building the index, \
         {matching_secs:.2} s matching ({per_point:.0} ns a point)"
    );
}

/// Opens the points with a bar that follows how much of the file was read.
fn open(file: &Path, is_quiet: bool) -> Result<(impl Read + Send, FileBar), Failure> {
    let (raw, n_bytes) = fence_files::open(file).map_err(|error| vec![unreadable(file, &error)])?;
    let bar = FileBar::new("matching", "points", n_bytes, is_quiet);
    Ok((bar.follow(raw), bar))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_write_writes_them() {
        for number in [0, 9, 10, 99, 100, 16_384, 599_817, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            assert_eq!(decimal(number, &mut [0; N_DIGITS_MAX]), number.to_string().as_bytes());
        }
    }
}
