//! `simulator stays`: dwells judged against the truth.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::{Failure, exit, print};
use crate::stays::{BAR_AT, N_PEOPLE_MIN, Plan, RuleName, stays};

#[derive(Debug, Args)]
pub(crate) struct StaysArgs {
    /// People to follow for four hours each, in towns of twenty
    #[arg(long, value_name = "N", default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(i64::from(N_PEOPLE_MIN)..=1_000_000))]
    people: u32,
    /// What all chance comes from
    #[arg(long, value_name = "N", default_value_t = 4)]
    seed: u64,
    /// Judge what our rule might be instead, too
    #[arg(long)]
    what_if: bool,
    /// Fail when Stile's precision at 150 s and 20 m is below so many percent
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    precision_min: Option<f64>,
    /// Write stays.json, stays.md and stays.svg into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// What is wrong with the plan, or a folder that cannot be written.
pub(crate) fn run(args: &StaysArgs) -> Result<ExitCode, Failure> {
    let plan = Plan { n_people: args.people, seed: args.seed, what_if: args.what_if };
    let told = stays(plan).map_err(Failure::Usage)?;
    print(&told, args.json);
    if let Some(folder) = &args.out {
        let written = told.write_into(folder);
        written.map_err(|error| Failure::Usage(format!("{}: {error}", folder.display())))?;
    }
    let (interval_s, sigma_m) = BAR_AT;
    let precision = told.cell(RuleName::Stile, interval_s, sigma_m).precision;
    match (args.precision_min, precision) {
        (None, _) => Ok(ExitCode::SUCCESS),
        (Some(least), Some(share)) if least <= 100.0 * share => Ok(ExitCode::SUCCESS),
        (Some(least), _) => {
            eprintln!("simulator: the precision at {interval_s} s and {sigma_m} m is below {least} %");
            Ok(ExitCode::from(exit::FAILED))
        }
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("expected 0 to 100".to_owned()) }
}
