//! `stile offers`: what there is, what becomes of it, and a word that stops it.

mod operating;
mod report;

use std::process::ExitCode;

use offers::OperatorState;

use crate::cli::report::Failure;

/// Lists, pauses, resumes and stops offers, and tells what became of them.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Lists every offer, and how it stands.
    List(operating::ListArgs),
    /// Keeps an offer back until it is resumed; what waits is dropped.
    Pause(operating::OperateArgs),
    /// Lets a paused offer go on.
    Resume(operating::OperateArgs),
    /// Stops an offer for good; what waits is dropped.
    Stop(operating::OperateArgs),
    /// What became of each offer: verdicts, answers, and those who were held out.
    Report(report::Args),
}

/// Runs the command.
///
/// # Errors
/// An offer that nobody knows, or data that cannot be read.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::List(args) => operating::list(args),
        Command::Pause(args) => operating::operate(args, OperatorState::Paused),
        Command::Resume(args) => operating::operate(args, OperatorState::Running),
        Command::Stop(args) => operating::operate(args, OperatorState::Stopped),
        Command::Report(args) => report::run(args),
    }
}
