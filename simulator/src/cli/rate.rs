//! `simulator rate`: how fast the generator is on this machine.

use std::process::ExitCode;

use clap::Args;

use crate::cli::{Failure, exit, print};
use crate::load::rate::{Straight, Trial, offer};
use crate::load::script::Qos;

#[derive(Debug, Args)]
pub(crate) struct RateArgs {
    /// Messages to send at each quality of service
    #[arg(long, value_name = "N", default_value_t = 3_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    messages: u64,
    /// People whose phones report
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    customers: u32,
    /// Connections
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    connections: u16,
    /// Unacknowledged messages on one connection
    #[arg(long, value_name = "N", default_value_t = 4_096, value_parser = clap::value_parser!(u16).range(1..))]
    window: u16,
    /// Print a JSON object a line instead of a table
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// Loopback that does not work.
pub(crate) fn run(args: &RateArgs) -> Result<ExitCode, Failure> {
    let trial = Trial {
        n_messages: args.messages,
        n_customers: args.customers,
        n_links: usize::from(args.connections),
        n_window: usize::from(args.window),
    };
    let mut passed = true;
    for qos in [Qos::Zero, Qos::One] {
        let offered = offer(trial, Straight, qos).map_err(Failure::Unreachable)?;
        print(&offered, args.json);
        passed &= offered.passed;
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::from(exit::FAILED) })
}
