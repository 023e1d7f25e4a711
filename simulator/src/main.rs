//! The simulator: loads, breaks and judges the real thing.

mod cli;
mod credentials;
#[cfg_attr(not(test), expect(dead_code, reason = "its tests play every row to a server, endings too"))]
mod hostile;
mod interleavings;
mod load;
mod recording;
mod replay;
mod report;
mod safety;
mod stays;
mod violation;
mod virtually;
mod world;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command, Failure, exit};

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Changes(args) => cli::changes::run(&args),
        Command::Interleavings(args) => cli::interleavings::run(&args),
        Command::Lay(args) => cli::lay::run(&args),
        Command::Rate(args) => cli::rate::run(&args),
        Command::Replay(args) => cli::replay::run(args),
        Command::Stays(args) => cli::stays::run(&args),
        Command::Times(args) => cli::times::run(&args),
        Command::Town(args) => cli::town::run(&args),
        Command::Virtual(args) => cli::r#virtual::run(args),
        Command::Withdrawals(args) => cli::withdrawals::run(&args),
    };
    match done {
        Ok(code) => code,
        Err(Failure::Usage(why)) => fail(&why, exit::USAGE),
        Err(Failure::Unreachable(why)) => fail(&why, exit::UNREACHABLE),
    }
}

fn fail(why: &str, code: u8) -> ExitCode {
    eprintln!("simulator: {why}");
    ExitCode::from(code)
}
