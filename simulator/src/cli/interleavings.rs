//! `simulator interleavings`: withdrawals between any two steps of an offer's way out.

use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use crate::cli::{Failure, exit, print};
use crate::interleavings::{self, Plan};
use crate::report::number::grouped;

#[derive(Debug, Args)]
pub(crate) struct InterleavingsArgs {
    /// How many to play
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    n: u64,
    /// What all chance comes from
    #[arg(long, value_name = "N", default_value_t = 6)]
    seed: u64,
    /// Publishes without asking the engine, to see that it is found
    #[arg(long)]
    without_back_door: bool,
    /// Passes only when at least so many offers leaked
    #[arg(long, value_name = "N", requires = "without_back_door")]
    leaks_min: Option<u64>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// None; a violation is an exit code.
pub(crate) fn run(args: &InterleavingsArgs) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let plan = Plan { n: args.n, seed: args.seed, asks: !args.without_back_door };
    let counts = interleavings::run(plan);
    let took_s = started.elapsed().as_secs_f64();
    print(&counts, args.json);
    eprintln!("{took_s:.1} s, {} interleavings/s", grouped((counts.n as f64 / took_s) as u64));
    let passes = args.leaks_min.map_or_else(|| counts.is_clean(), |least| least <= counts.n_leaks);
    Ok(if passes { ExitCode::SUCCESS } else { ExitCode::from(exit::FAILED) })
}
