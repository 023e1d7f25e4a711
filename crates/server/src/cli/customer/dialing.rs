//! `stile customer pause`, `resume`, `dial`, `mute` and `unmute`: how much a customer wants to hear.

use std::process::ExitCode;

use model::Timestamp;
use serde_json::{Map, Value};
use settings::Shown;

use crate::cli::consent::ask;
use crate::cli::data::{Data, customer};
use crate::cli::report::Failure;
use crate::cli::when::instant;
use crate::officer::Question;
use crate::officer::consents::{About, Wish};
use crate::officer::dials::{How, Over, Turn};

/// Rests every yes of a customer.
#[derive(clap::Args, Debug)]
pub struct PauseArgs {
    #[command(flatten)]
    whose: ResumeArgs,
    /// When it comes back by itself; without it they have to resume.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<Timestamp>,
}

/// Ends every pause of a customer.
#[derive(clap::Args, Debug)]
pub struct ResumeArgs {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Turns a customer's dial.
#[derive(clap::Args, Debug)]
pub struct DialArgs {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    /// At most so many offers a week, 0 to 5; `any` leaves it to the settings.
    #[arg(long, value_name = "N", required_unless_present = "quiet")]
    per_week: Option<String>,
    /// Their own quiet hours, such as 22:00-08:00; `any` leaves it to the settings.
    #[arg(long, value_name = "FROM-UNTIL")]
    quiet: Option<String>,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Who is to be silent, or heard again.
#[derive(clap::Args, Debug)]
pub struct MuteArgs {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    /// A merchant, with all its stores.
    #[arg(long, value_name = "ID", required_unless_present = "fence", conflicts_with = "fence")]
    merchant: Option<String>,
    /// A single store, by its fence.
    #[arg(long, value_name = "ID")]
    fence: Option<String>,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn pause(args: &PauseArgs) -> Result<ExitCode, Failure> {
    say("pause", &args.whose, args.until)
}

pub(super) fn resume(args: &ResumeArgs) -> Result<ExitCode, Failure> {
    say("resume", args, None)
}

fn say(kind: &str, args: &ResumeArgs, until: Option<Timestamp>) -> Result<ExitCode, Failure> {
    let until_ms = until.map(Timestamp::unix_ms);
    let (customer, kind) = (args.customer.clone(), kind.to_owned());
    let wish = Wish { customer, kind, about: About::All, until_ms, notice: None, reason: None, token: None };
    ask(&wish, &args.data, args.json)
}

pub(super) fn dial(args: &DialArgs) -> Result<ExitCode, Failure> {
    let mut parts = Map::new();
    if let Some(per_week) = &args.per_week {
        parts.insert("per_week".to_owned(), per_week_of(per_week).map_err(Failure::Usage)?);
    }
    if let Some(quiet) = &args.quiet {
        let hours = if quiet == ANY { Value::Null } else { quiet.as_str().into() };
        parts.insert("quiet".to_owned(), hours);
    }
    turn(Turn { customer: args.customer.clone(), how: How::Set(parts) }, &args.data, args.json)
}

/// What clears a part of the dial.
const ANY: &str = "any";

fn per_week_of(text: &str) -> Result<Value, String> {
    match text {
        ANY => Ok(Value::Null),
        number => {
            let told = |_| format!("--per-week is a number from 0 to 5, or {ANY}");
            number.parse::<u8>().map(Value::from).map_err(told)
        }
    }
}

pub(super) fn mute(args: &MuteArgs, is_muted: bool) -> Result<ExitCode, Failure> {
    let over = match (&args.merchant, &args.fence) {
        (Some(merchant), _) => Over::Merchant(merchant.clone()),
        (None, fence) => Over::Fence(fence.clone().unwrap_or_default()),
    };
    turn(Turn { customer: args.customer.clone(), how: How::Mute { over, is_muted } }, &args.data, args.json)
}

fn turn(turn: Turn, data: &Data, json: bool) -> Result<ExitCode, Failure> {
    let answer = data.open()?.officer(Question::Dial(turn))?;
    if json {
        println!("{answer}");
        return Ok(ExitCode::SUCCESS);
    }
    let per_week = answer["per_week"].as_u64().map_or_else(|| ANY.to_owned(), |n| n.to_string());
    println!("offers a week       {per_week}");
    println!("quiet               {}", answer["quiet"].as_str().unwrap_or("as the settings say"));
    for (what, key) in [("muted merchants", "muted_merchants"), ("muted stores", "muted_fences")] {
        let names: Vec<&str> =
            answer[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        println!("{what:<20}{}", Shown(&names));
    }
    Ok(ExitCode::SUCCESS)
}
