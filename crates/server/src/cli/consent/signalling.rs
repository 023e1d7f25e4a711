//! `stile consent gpc` and `reply`: what a customer let us know without naming purposes.

use std::io::Read;
use std::process::ExitCode;

use serde_json::Value;

use super::showing::{items, word};
use crate::cli::data::{Data, customer};
use crate::cli::report::Failure;
use crate::officer::Question;
use crate::officer::signals::Seen;

/// Whose, and towards whom.
#[derive(clap::Args, Debug)]
pub struct GpcArgs {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    /// Towards which merchant; without it, all that the customer ever said something about.
    #[arg(long, value_name = "ID")]
    merchant: Option<String>,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// The same, with what was written.
#[derive(clap::Args, Debug)]
pub struct ReplyArgs {
    #[command(flatten)]
    args: GpcArgs,
    /// What they wrote; `-` reads it from the standard input, where no other user of this machine sees it.
    #[arg(long, value_name = "TEXT")]
    text: String,
}

pub(super) fn gpc(args: &GpcArgs) -> Result<ExitCode, Failure> {
    hand_in(args, None)
}

pub(super) fn reply(args: &ReplyArgs) -> Result<ExitCode, Failure> {
    let text = if args.text == "-" { read_input()? } else { args.text.clone() };
    hand_in(&args.args, Some(text))
}

fn read_input() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().take(64 << 10).read_to_string(&mut text);
    read.map_err(|error| Failure::failed(74, &format!("the standard input cannot be read: {error}")))?;
    Ok(text)
}

fn hand_in(args: &GpcArgs, reply: Option<String>) -> Result<ExitCode, Failure> {
    let (customer, merchant) = (args.customer.clone(), args.merchant.clone());
    let answer = args.data.open()?.officer(Question::ConsentSignal(Seen { customer, merchant, reply }))?;
    if args.json {
        println!("{answer}");
    } else {
        tell(&answer);
    }
    if matches!(word(&answer, "effect"), "applied" | "nothing_to_change" | "erased") {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::failed(78, &format!("nothing was withdrawn: {}", word(&answer, "effect"))))
}

fn tell(answer: &Value) {
    let withdrawn = items(&answer["withdrawn"]);
    if withdrawn.is_empty() {
        println!("it takes nothing back ({})", word(answer, "effect").replace('_', " "));
    }
    for taken in withdrawn {
        println!("{:<20} {:<15} withdrawn", word(taken, "merchant"), word(taken, "purpose"));
    }
}
