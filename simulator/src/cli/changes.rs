//! `simulator changes`: how many changes of consent a second become durable.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::cli::amounts::{lasting, rate};
use crate::cli::lines::DoorArgs;
use crate::cli::{Failure, print};
use crate::load::changes::{self, Plan};
use crate::world::{World, WorldPlan};

#[derive(Debug, Args)]
pub(crate) struct ChangesArgs {
    /// Connections
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Events under way on each connection; several are tried one after the other
    #[arg(long, value_name = "LIST", default_value = "1,16", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..))]
    in_flight: Vec<u16>,
    /// How long each lasts
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = lasting)]
    lasts: Duration,
    /// People who say yes and no in turns
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2_000..=1_000_000))]
    customers: u32,
    /// Changes a second that the first row must reach
    #[arg(long, value_name = "N", default_value_t = 2_000.0, value_parser = rate)]
    at_least: f64,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    door: DoorArgs,
}

/// Runs it.
///
/// # Errors
/// Usage, or no server to speak to.
pub(crate) fn run(args: &ChangesArgs) -> Result<ExitCode, Failure> {
    let plan = Plan {
        door: args.door.door().map_err(Failure::Usage)?,
        prefix: args.door.prefix().to_owned(),
        n_links: usize::from(args.connections),
        in_flight: args.in_flight.iter().map(|n| usize::from(*n)).collect(),
        lasts: args.lasts,
        at_least: args.at_least,
    };
    let world = World::lay(&WorldPlan::load(WorldPlan::LOAD_SEED, args.customers, WorldPlan::LOAD_FENCES));
    let told = changes::run(&plan, &world.map_err(Failure::Usage)?).map_err(Failure::Unreachable)?;
    print(&told, args.json);
    Ok(told.code())
}
