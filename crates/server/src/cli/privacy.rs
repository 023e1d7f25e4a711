//! `stile privacy`: what a deployment collects, why, for how long and who sees it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::report::Failure;
use crate::privacy::document;

/// Prints the privacy document of a deployment, in Markdown.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Settings file of the deployment.
    #[arg(long, default_value = "config/default.toml", value_name = "FILE")]
    config: PathBuf,
    /// Language of the document.
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
}

/// Languages that it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Lang {
    /// English.
    En,
}

/// Runs the command.
///
/// # Errors
/// When the settings, or the rules that they name, cannot be read.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let settings = settings::load(&args.config)?;
    let told = match args.lang {
        Lang::En => document(&settings, &args.config.display().to_string())?,
    };
    // Whoever closed stdout does not want to hear.
    let _ = std::io::stdout().write_all(told.as_bytes());
    Ok(ExitCode::SUCCESS)
}
