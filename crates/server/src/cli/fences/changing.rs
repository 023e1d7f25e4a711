//! `stile reload`, `stile fences apply`, `put`, `remove` and `rollback`: other fences or offers in force.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;
use settings::Problem;

use crate::cli::data::Data;
use crate::cli::report::{Failure, Weight, counted, problem_of_json, tell_problems};
use crate::fence_sets::Wish;

/// Takes the settings' fence and offers files up as they are now.
#[derive(Debug, clap::Args)]
pub struct ReloadArgs {
    /// Even when more than a fifth of the fences change
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    how: How,
}

/// Takes the fences of a file up, and no others.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    /// GeoJSON, plain or gzip; the server reads it
    file: PathBuf,
    /// Even when more than a fifth of the fences change
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    how: How,
}

/// Adds the fences of a file, in place of those with the same ids.
#[derive(Debug, clap::Args)]
pub struct PutArgs {
    /// GeoJSON with one fence or several; the server reads it
    file: PathBuf,
    #[command(flatten)]
    how: How,
}

/// Removes single fences.
#[derive(Debug, clap::Args)]
pub struct RemoveArgs {
    /// Their ids
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    how: How,
}

/// Goes back to a version that is kept.
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// Its number; by default the version that the one in force was made of
    version: Option<u64>,
    #[command(flatten)]
    how: How,
}

/// Where, and how it is told.
#[derive(Debug, clap::Args)]
pub struct How {
    #[command(flatten)]
    data: Data,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Runs `stile reload`.
///
/// # Errors
/// As all of these: what was wished for is refused, or could not be made durable.
pub fn reload(args: &ReloadArgs) -> Result<ExitCode, Failure> {
    change(&Wish::Reload { yes: args.yes }, None, &args.how)
}

pub(super) fn apply(args: &ApplyArgs) -> Result<ExitCode, Failure> {
    let wish = Wish::Apply { file: absolute(&args.file)?, yes: args.yes };
    change(&wish, Some(&args.file), &args.how)
}

pub(super) fn put(args: &PutArgs) -> Result<ExitCode, Failure> {
    let wish = Wish::Put { file: absolute(&args.file)? };
    change(&wish, Some(&args.file), &args.how)
}

pub(super) fn remove(args: &RemoveArgs) -> Result<ExitCode, Failure> {
    change(&Wish::Remove { ids: args.ids.clone() }, None, &args.how)
}

pub(super) fn rollback(args: &RollbackArgs) -> Result<ExitCode, Failure> {
    change(&Wish::Rollback { to: args.version }, None, &args.how)
}

/// The server has a working directory of its own.
fn absolute(file: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(file).map_err(|error| Failure::io(file, error))
}

/// What is wrong with a file is told by the name that it was given.
fn named_as_given(problems: &mut [Problem], given: Option<&Path>) {
    let Some(given) = given else { return };
    let Ok(whole) = std::path::absolute(given) else { return };
    for problem in problems.iter_mut().filter(|problem| problem.file == whole) {
        problem.file = given.to_owned();
    }
}

fn change(wish: &Wish, given: Option<&Path>, how: &How) -> Result<ExitCode, Failure> {
    let answer = how.data.open()?.change_fences(wish).map_err(|mut failure| {
        if let Failure::Problems(problems) = &mut failure {
            named_as_given(problems, given);
        }
        failure
    })?;
    let mut warnings: Vec<Problem> =
        answer["warnings"].as_array().into_iter().flatten().map(problem_of_json).collect();
    named_as_given(&mut warnings, given);
    // Whoever closed stderr does not want to hear.
    let _ = tell_problems(&mut std::io::stderr().lock(), &warnings, Weight::Warning, false);
    let rules = if answer["other_rules"] == true { "other rules of law are in force\n" } else { "" };
    let said = if how.json { answer.to_string() } else { rules.to_owned() + &in_words(&answer) };
    let _ = writeln!(std::io::stdout(), "{said}");
    Ok(ExitCode::SUCCESS)
}

fn in_words(answer: &Value) -> String {
    let number = |key: &str| answer[key].as_u64().unwrap_or_default();
    let n = |key: &str| usize::try_from(number(key)).unwrap_or(usize::MAX);
    let (version, was) = (number("version"), answer["was"].as_u64());
    if answer["unchanged"] == true {
        let what = if answer["other_rules"] == true { "no fence or offer" } else { "nothing" };
        return format!("{what} is different; version {version} stays in force");
    }
    let which = match was {
        None => format!("version {version}, the first"),
        Some(was) if was == version => format!("version {version} stays"),
        Some(was) => format!("version {version}, after version {was}"),
    };
    let ms = |key: &str| answer[key].as_f64().unwrap_or_default();
    let then = if answer["in_force"] == true {
        format!(
            "in force after {:.0} ms, of which the shards took {:.1} ms; {} ended",
            ms("took_ms"),
            ms("swap_ms"),
            counted(n("visits_ended"), "visit"),
        )
    } else {
        "in force when a server starts on this directory".to_owned()
    };
    let changes = |of: &Value| {
        let n = |key: &str| of[key].as_u64().unwrap_or_default();
        (0 < n("added") + n("removed") + n("changed"))
            .then(|| format!(", {} added, {} removed, {} changed", n("added"), n("removed"), n("changed")))
    };
    let offers = changes(&answer["offers"]).map(|changes| {
        let n = answer["offers"]["n"].as_u64().unwrap_or_default();
        format!("; {}{changes}", counted(usize::try_from(n).unwrap_or(usize::MAX), "offer"))
    });
    format!(
        "{which}: {}{}{}; {then}",
        counted(n("fences"), "fence"),
        changes(answer).unwrap_or_else(|| ", none of them different".to_owned()),
        offers.unwrap_or_default(),
    )
}
