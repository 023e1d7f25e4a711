//! `stile demo`: one command to see it work.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use super::report::Failure;
use crate::demo::{self, Fault, Options};

/// Shows everything at once: a simulated town, real MQTT clients, a live picture.
///
/// Starts this program as a server in a directory of its own, on a free port of this machine, and
/// leaves nothing behind. Ends on q, on Ctrl-C, or after --for.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// How much faster than real the town lives.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=600))]
    speed: u32,
    /// How long the town lives, as in 30s or 2min; until q on a terminal, 30s elsewhere.
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    lasts: Option<Duration>,
    /// Another town.
    #[arg(long, value_name = "N", default_value_t = town::Plan::default().seed)]
    seed: u64,
    /// Prints one object at the end instead of a table.
    #[arg(long)]
    json: bool,
    /// Prints lines although there is a terminal.
    #[arg(long)]
    no_tui: bool,
    /// Makes something go wrong, to see that it is noticed: the sums do not balance, exit code 1.
    #[arg(long, value_enum, value_name = "FAULT")]
    fault: Option<Fault>,
}

/// A span of time as people write it: `30s`, `500 ms`, `2min`, `1h`.
fn span(text: &str) -> Result<Duration, String> {
    let digits = text.find(|sign: char| !(sign.is_ascii_digit() || sign == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim() {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return Err("ends in ms, s, min or h, as in 30s".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| "is no span of time, as in 30s".to_owned())?;
    let span = number * seconds;
    if (1.0..=86_400.0).contains(&span) {
        Ok(Duration::from_secs_f64(span))
    } else {
        Err("must be within 1s and 24h".to_owned())
    }
}

/// Runs the command; exit code 1 when the sums do not balance.
///
/// # Errors
/// When it could not be set up, or broke down.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let options = Options {
        speed: args.speed,
        lasts: args.lasts,
        seed: args.seed,
        picture: !args.no_tui,
        json: args.json,
        fault: args.fault,
    };
    let summary = demo::run(&options).map_err(|broken| Failure::failed(74, &broken))?;
    let text = if args.json { summary.json() + "\n" } else { format!("\n{}", summary.table()) };
    // Whoever closed the output does not want to read it; the exit code still tells.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(if summary.balanced { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, seconds: Option<f64>) {
        assert_eq!(span(text).ok(), seconds.map(Duration::from_secs_f64), "{text:?}");
    }

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, seconds) in [("30s", 30.0), ("1500 ms", 1.5), ("2min", 120.0), ("1h", 3_600.0), ("8", 8.0)]
        {
            check(text, Some(seconds));
        }
        for text in ["", "s", "30x", "0s", "-3s", "1e9s", "25h", "NaN", "inf"] {
            check(text, None);
        }
    }
}
