//! `simulator virtual`: the engine in virtual time, judged.

use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::cli::{Failure, exit, print};
use crate::virtually::{self, Faults, Options, Plant, Seeds, Summary, Town, parse_ranges};

#[derive(Debug, Args)]
pub(crate) struct VirtualArgs {
    /// Which seeds, such as 1..1000, both ends included
    #[arg(long, value_name = "FROM..TO", default_value = "1..100", value_parser = seeds)]
    seeds: RangeInclusive<u64>,
    /// One seed
    #[arg(long, value_name = "N", conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Goes on with further seeds for so long, such as 8h, 30m or 20s
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    time: Option<Duration>,
    /// Fixes a seed
    #[arg(long, value_name = "N", default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    fixes: u32,
    /// Where people live
    #[arg(long, value_enum, default_value_t = Town::Both)]
    town: Town,
    /// Fences a seed, at most 5000; without it 3 to 150, by the seed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5_000))]
    fences: Option<u32>,
    /// What goes wrong
    #[arg(long, value_enum, default_value_t = Faults::All)]
    faults: Faults,
    /// Looks at the laws only, without the second opinion
    #[arg(long)]
    no_oracle: bool,
    /// Of one seed, the happenings that are played, such as 3,7-9
    #[arg(long, value_name = "LIST", conflicts_with = "time", value_parser = kept)]
    keep: Option<Kept>,
    /// Breaks something on purpose, to see that it is found
    #[arg(long, value_enum)]
    plant: Option<Plant>,
    /// Cores to use
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Stops after so many violations
    #[arg(long, value_name = "N", default_value_t = 10)]
    violations: usize,
    /// Seconds that one story may be shrunk
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    shrink: u64,
    /// Prints a hash of everything that was seen of each seed
    #[arg(long)]
    digest: bool,
    /// Prints one JSON object instead of lines
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// Options that do not go together.
pub(crate) fn run(args: VirtualArgs) -> Result<ExitCode, Failure> {
    let options = Options {
        n_fixes: args.fixes as usize,
        n_fences: args.fences.map(|n| n as usize),
        town: args.town,
        faults: args.faults,
        is_judged: !args.no_oracle,
        digest: args.digest,
        plant: args.plant,
        keep: args.keep.map(|kept| kept.0),
        shrink_max: Duration::from_secs(args.shrink),
    };
    check_kept(args.seed, &options)?;
    let seeds = Seeds {
        range: args.seed.map_or(args.seeds, |seed| seed..=seed),
        time: args.time,
        n_jobs: usize::from(args.jobs),
        n_violations_max: args.violations.max(1),
    };
    let mut summary = virtually::run(&seeds, &options);
    summary.invalid = proves_nothing(&summary, &options);
    print(&summary, args.json);
    Ok(ExitCode::from(if !summary.violations.is_empty() {
        exit::FAILED
    } else if summary.invalid.is_some() {
        exit::INVALID
    } else {
        0
    }))
}

/// The happenings that are kept are of one seed, and are there.
fn check_kept(seed: Option<u64>, options: &Options) -> Result<(), Failure> {
    let Some(kept) = &options.keep else { return Ok(()) };
    let Some(seed) = seed else {
        return Err(Failure::Usage("--keep speaks of one seed: name it with --seed".into()));
    };
    let n = virtually::n_happenings(seed, options);
    match kept.last() {
        Some(last) if *last < n => Ok(()),
        Some(last) => {
            Err(Failure::Usage(format!("seed {seed} has {n} happenings from 0 on, and no number {last}")))
        }
        None => Err(Failure::Usage("--keep names no happening".into())),
    }
}

/// Silence proves nothing: a run has to have judged some of everything.
fn proves_nothing(summary: &Summary, options: &Options) -> Option<String> {
    if !summary.violations.is_empty() {
        return None;
    }
    if summary.n_fixes == 0 {
        return Some("no fix was read".into());
    }
    if options.keep.is_some() {
        return None;
    }
    let needed = [
        ("transitions", summary.n_transitions, summary.n_fixes / 500),
        ("offers", summary.n_offers, summary.n_fixes / 5_000),
        ("suppressions", summary.n_suppressed, summary.n_fixes / 5_000),
        ("restrictions of consent", summary.n_restrictions, summary.n_fixes / 2_000),
    ];
    let too_few = needed.into_iter().find(|(_, n, n_min)| *n < (*n_min).max(1));
    too_few.map(|(what, n, n_min)| format!("{n} {what} were judged, and {n_min} are the fewest"))
}

#[derive(Clone, Debug)]
struct Kept(Vec<u32>);

fn kept(text: &str) -> Result<Kept, String> {
    parse_ranges(text).map(Kept)
}

fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (from, to) = text.split_once("..").ok_or("a range looks like 1..1000")?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text:?} is no seed"));
    let range = number(from)?..=number(to.trim_start_matches('='))?;
    if range.is_empty() { Err("a range ends where it begins, or later".into()) } else { Ok(range) }
}

fn time(text: &str) -> Result<Duration, String> {
    let unit = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let n: u64 = text[..unit].parse().map_err(|_| format!("{text:?} is no span of time"))?;
    let secs = match text[unit..].trim() {
        "s" => n,
        "m" | "min" => n * 60,
        "h" => n * 3_600,
        _ => return Err("a span of time looks like 8h, 30m or 20s".into()),
    };
    Ok(Duration::from_secs(secs))
}
