//! `stile customer show` and `explain`: what holds for a customer, why this offer, and why nothing.

use std::process::ExitCode;

use model::CustomerId;
use serde_json::Value;
use settings::Shown;

use crate::cli::consent::tell_rows;
use crate::cli::data::{Data, customer};
use crate::cli::report::Failure;
use crate::explain::in_a_word;
use crate::officer::Question;

/// Why this offer, and why nothing.
#[derive(clap::Args, Debug)]
pub struct ExplainArgs {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    /// Tells the last so many things that happened.
    #[arg(long, default_value_t = 20, value_name = "N")]
    last: usize,
    /// Tells all that the record says of each decision
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What holds for one customer now.
#[derive(clap::Args, Debug)]
pub struct ShowArgs {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

fn named(customer: &str) -> Result<CustomerId, Failure> {
    CustomerId::new(customer).map_err(|flaw| Failure::Usage(format!("the customer's id {}", flaw.text())))
}

pub(super) fn show(args: &ShowArgs) -> Result<ExitCode, Failure> {
    let question = Question::CustomerShow { customer: args.customer.clone() };
    let shown = args.data.open()?.officer(question)?;
    if args.json {
        println!("{shown}");
        return Ok(ExitCode::SUCCESS);
    }
    tell_rows(&shown);
    for said in shown["told"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        println!("{}", Shown(said));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn explain(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    let customer = named(&args.customer)?;
    let explained = args.data.open()?.explain(&customer, args.last)?;
    if args.json {
        println!("{explained}");
        return Ok(ExitCode::SUCCESS);
    }
    let sentences = explained["sentences"].as_array().map_or(&[][..], Vec::as_slice);
    if sentences.is_empty() {
        println!("nothing is recorded about this customer: no consent, no offer, no decision");
    }
    for sentence in sentences {
        let at = word(sentence, "at");
        println!("{}  {}", at.get(..16).unwrap_or(at).replace('T', " "), Shown(word(sentence, "text")));
        if args.full {
            tell_lines(&sentence["lines"]);
        }
    }
    let held_back = explained["held_back"].as_array().map_or(&[][..], Vec::as_slice);
    if !held_back.is_empty() {
        let reasons =
            held_back.iter().map(|reason| format!("{} {}", in_a_word(word(reason, "reason")), reason["n"]));
        println!("held back: {}", reasons.collect::<Vec<_>>().join(", "));
    }
    Ok(ExitCode::SUCCESS)
}

/// What the record says, a line about each thing.
fn tell_lines(lines: &Value) {
    for line in lines.as_array().into_iter().flatten() {
        println!("    {:<17}{}", word(line, "about"), Shown(word(line, "text")));
    }
}

fn word<'a>(of: &'a Value, key: &str) -> &'a str {
    of[key].as_str().unwrap_or_default()
}
