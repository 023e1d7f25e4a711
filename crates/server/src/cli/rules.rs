//! `stile rules`: which rules of law there are, which bind in a case, and what follows.

mod explaining;
mod listing;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, NaiveDate, NaiveTime};
use model::Timestamp;
use settings::{RulesFile, Settings};

use crate::cli::report::Failure;
use crate::machine::Clock;

/// `stile rules …`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Lists all rules: where they hold, what they say, and whether somebody has verified them.
    List(listing::Args),
    /// Tells which rules bind in a case and why, and what follows from them.
    Explain(explaining::Args),
}

/// Runs it.
///
/// # Errors
/// Bad files, and an answer that cannot be written.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::List(args) => listing::run(args),
        Command::Explain(args) => explaining::run(args),
    }
}

/// Whose rules, and when.
#[derive(Debug, clap::Args)]
struct Asked {
    /// Settings file that names the rules, the merchants' seats and where customers live
    #[arg(long, default_value = "config/default.toml", value_name = "FILE")]
    config: PathBuf,
    /// As of a day (2026-12-24, at noon UTC) or an instant (RFC 3339), instead of now
    #[arg(long, value_name = "DATE", value_parser = instant)]
    at: Option<Timestamp>,
    /// Prints one JSON object
    #[arg(long)]
    json: bool,
}

impl Asked {
    fn now(&self) -> Timestamp {
        self.at.unwrap_or_else(|| Clock::Wall.now())
    }

    fn settings(&self) -> Result<(Settings, RulesFile), Failure> {
        let settings = settings::load(&self.config)?;
        let rules = settings.law.rules()?;
        Ok((settings, rules))
    }
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
    let day = text.parse::<NaiveDate>().map(|day| day.and_time(noon).and_utc().timestamp_millis());
    let unix_ms = match day {
        Ok(unix_ms) => unix_ms,
        Err(_) => DateTime::parse_from_rfc3339(text)
            .map_err(|_| "is neither a day such as 2026-12-24 nor an instant such as 2026-12-24T18:00:00Z")?
            .timestamp_millis(),
    };
    Ok(Timestamp::from_unix_ms(unix_ms))
}

/// A day of the calendar, on UTC.
fn day(at: Timestamp) -> String {
    DateTime::from_timestamp_millis(at.unix_ms()).map_or_else(String::new, |at| at.date_naive().to_string())
}

fn stdout_failed(error: std::io::Error) -> Result<ExitCode, Failure> {
    match error.kind() {
        // A reader that has seen enough is no failure.
        std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        _ => Err(Failure::io(Path::new("stdout"), error)),
    }
}
