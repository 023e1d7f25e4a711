//! `stile fences`: fence sets in and out of files.

mod difference;
mod import;
mod stores;

use std::process::ExitCode;

use crate::cli::report::Failure;

/// Fence sets in and out of files.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Makes one GeoJSON file of tables of stores and of other GeoJSON files.
    Import(Box<import::Args>),
}

/// Runs the command.
///
/// # Errors
/// Bad files, and a change so large that it needs `--yes`.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Import(args) => import::run(args),
    }
}
