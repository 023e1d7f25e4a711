//! `simulator withdrawals`: how long a withdrawal waits for its acknowledgement under load.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::cli::amounts::{lasting, rate, span};
use crate::cli::lines::LineArgs;
use crate::cli::{Failure, print};
use crate::load::bystanders::Shares;
use crate::load::withdrawals::{self, Plan};
use crate::report::Machine;
use crate::world::{World, WorldPlan};

#[derive(Debug, Args)]
pub(crate) struct WithdrawalsArgs {
    /// Fixes a second
    #[arg(long, value_name = "N", default_value_t = 100_000.0, value_parser = rate)]
    rate: f64,
    /// Fixes a message; 1 sends each on its phone's own topic
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// People, who report in turn
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    customers: u32,
    /// Of a hundred fixes, how many come of people who have agreed
    #[arg(long, value_name = "PERCENT", default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=100))]
    consented: u8,
    /// Of a hundred fixes, how many lie inside a fence
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=99))]
    inside: u8,
    /// Offers a second, each to somebody who comes into a fence
    #[arg(long, value_name = "N", default_value_t = 100.0, value_parser = rate)]
    offers: f64,
    /// Withdrawals a second
    #[arg(long, value_name = "N", default_value_t = 50.0, value_parser = rate)]
    withdrawals: f64,
    /// Connections that bring the withdrawals, and nothing else
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    withdrawing_connections: u16,
    /// How long people take to go in before anything is measured
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = lasting)]
    warm_up: Duration,
    /// How long withdrawals are measured
    #[arg(long = "for", value_name = "TIME", default_value = "30s", value_parser = lasting)]
    hold: Duration,
    /// A folder on the disk of the ledger, in which pages are synced beside it
    #[arg(long, value_name = "DIR", default_value = ".")]
    disk: PathBuf,
    /// What 99 of 100 withdrawals may take
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = span)]
    p99_max: Duration,
    /// An offer read so long behind the acknowledgement of a withdrawal was sent behind it
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = span)]
    crossing: Duration,
    /// Fences; the server has the same ones from `simulator lay`
    #[arg(long, value_name = "N", default_value_t = WorldPlan::LOAD_FENCES, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    fences: u32,
    /// What all chance of the run comes from
    #[arg(long, value_name = "N", default_value_t = WorldPlan::LOAD_SEED)]
    seed: u64,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    lines: LineArgs,
}

/// Runs it.
///
/// # Errors
/// Usage, or no server to speak to.
pub(crate) fn run(args: &WithdrawalsArgs) -> Result<ExitCode, Failure> {
    let plan = Plan {
        world: WorldPlan::load(args.seed, args.customers, args.fences),
        lines: args.lines.lines().map_err(Failure::Usage)?,
        rate: args.rate,
        n_batch: args.batch as usize,
        shares: Shares {
            consented: f64::from(args.consented) / 100.0,
            inside: f64::from(args.inside) / 100.0,
            enters_per_s: args.offers,
        },
        warm_up: args.warm_up,
        hold: args.hold,
        withdrawals: args.withdrawals,
        n_withdrawing_links: usize::from(args.withdrawing_connections),
        disk: args.disk.clone(),
        grace: args.crossing,
        p99_max: args.p99_max,
        load_before: Machine::here().load_before,
    };
    let world = World::lay(&plan.world).map_err(Failure::Usage)?;
    let told = withdrawals::run(&plan, &world).map_err(Failure::Unreachable)?;
    print(&told, args.json);
    Ok(told.code())
}
