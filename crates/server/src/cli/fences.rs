//! `stile fences`: fence sets in and out of files, and their versions.

pub mod changing;
mod import;
mod stores;
mod versions;

use std::process::ExitCode;

use crate::cli::report::Failure;
use crate::fence_sets::difference;

/// Fence sets in and out of files, and their versions.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Makes one GeoJSON file of tables of stores and of other GeoJSON files.
    Import(Box<import::Args>),
    /// Lists the versions of the fence set that are kept, and which is in force.
    List(versions::ListArgs),
    /// What is different between two versions, or between a version and a file.
    Diff(versions::DiffArgs),
    /// Takes the fences of a file up, and no others.
    Apply(changing::ApplyArgs),
    /// Adds or replaces single fences.
    Put(changing::PutArgs),
    /// Removes single fences.
    Remove(changing::RemoveArgs),
    /// Goes back to a version that is kept.
    Rollback(changing::RollbackArgs),
}

/// Runs the command.
///
/// # Errors
/// Bad files, and a change so large that it needs `--yes`.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Import(args) => import::run(args),
        Command::List(args) => versions::list(args),
        Command::Diff(args) => versions::diff(args),
        Command::Apply(args) => changing::apply(args),
        Command::Put(args) => changing::put(args),
        Command::Remove(args) => changing::remove(args),
        Command::Rollback(args) => changing::rollback(args),
    }
}
