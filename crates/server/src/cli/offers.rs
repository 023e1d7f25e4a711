//! `stile offers`: what there is, what becomes of it, and a word that stops it.

mod report;

use std::process::ExitCode;

use crate::cli::report::Failure;

/// Lists, pauses, resumes and stops offers, and tells what became of them.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// What became of each offer: verdicts, answers, and those who were held out.
    Report(report::Args),
}

/// Runs the command.
///
/// # Errors
/// An offer that nobody knows, or data that cannot be read.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Report(args) => report::run(args),
    }
}
