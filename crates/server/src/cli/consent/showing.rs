//! `stile consent show`: how a customer's consents stand, and every event that brought them there.

use std::process::ExitCode;

use serde_json::Value;
use settings::Shown;

use crate::cli::data::{Data, customer};
use crate::cli::report::Failure;
use crate::officer::Question;

/// What one customer agreed to.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    /// Tells every event, with the text that was shown, its hash, who acted and by what means.
    #[arg(long)]
    history: bool,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let question = Question::ConsentShow { customer: args.customer.clone(), history: args.history };
    let shown = args.data.open()?.officer(question)?;
    if args.json {
        println!("{shown}");
        return Ok(ExitCode::SUCCESS);
    }
    tell_rows(&shown);
    for event in items(&shown["history"]) {
        tell_event(event);
    }
    Ok(ExitCode::SUCCESS)
}

/// How the consents of a customer stand.
pub(in crate::cli) fn tell_rows(shown: &Value) {
    if let Some(at) = shown["erased_at"].as_str() {
        println!("erased at {}", minute(at));
    }
    let rows = items(&shown["consents"]);
    if rows.is_empty() && shown["erased_at"].is_null() && shown["unrecorded"].is_null() {
        println!("nothing is known of this customer: every fix is refused unread");
    }
    for row in rows {
        let end = match (row["resumes_at"].as_str(), row["until"].as_str()) {
            (Some("never"), Some(until)) => format!("until it is resumed; ends {}", minute(until)),
            (Some(at), Some(until)) => format!("until {}; ends {}", minute(at), minute(until)),
            (_, Some(until)) => format!("until {}", minute(until)),
            (_, None) => String::new(),
        };
        let text = notice(&row["notice"]);
        let unrecorded = if row["recorded"] == false { "  not recorded yet" } else { "" };
        let line = format!(
            "{:<20} {:<15} {:<20} {end:<24} {text}{unrecorded}",
            word(row, "merchant"),
            word(row, "purpose"),
            standing(row)
        );
        println!("{}", line.trim_end());
    }
    tell_unrecorded(&shown["unrecorded"]);
}

/// `granted`, or `suppressed (minor)`: what was said does not count then.
fn standing(row: &Value) -> String {
    match row["why"].as_str() {
        Some(why) => format!("{} ({why})", word(row, "state")),
        None => word(row, "state").to_owned(),
    }
}

/// What a crash would forget, and why.
fn tell_unrecorded(unrecorded: &Value) {
    let Some(why) = unrecorded["why"].as_str() else { return };
    let what = if unrecorded["erasure"] == true { "their erasure is" } else { "what was said last is" };
    println!("{what} not recorded yet: {why}; it would be lost if the server stopped now");
}

fn tell_event(event: &Value) {
    println!(
        "{}  {} of {} for {}: {}, then {} ({}, by {})",
        minute(word(event, "at")),
        word(event, "kind"),
        word(event, "purpose"),
        word(event, "merchant"),
        word(event, "effect").replace('_', " "),
        word(event, "state"),
        word(event, "actor"),
        word(event, "method").replace('_', " ")
    );
    let notice = &event["notice"];
    if notice.is_object() {
        let registered = if notice["registered"] == true { "registered" } else { "not registered" };
        println!(
            "    text      {}@{} in {}, {registered}, shown {}",
            Shown(word(notice, "id")),
            notice["version"],
            Shown(word(notice, "lang")),
            minute(word(notice, "shown_at"))
        );
        println!("    sha256    {}", word(notice, "sha256"));
    }
    if let Some(at) = event["evidence_at"].as_str() {
        println!("    evidence  {}, event {}", minute(at), Shown(word(event, "event_id")));
    }
    if event["attested"] == true {
        println!("    imported  attested");
    }
}

fn notice(named: &Value) -> String {
    match named.as_object() {
        Some(_) => format!("{}@{}", Shown(word(named, "id")), named["version"]),
        None => String::new(),
    }
}

/// `2026-11-21 10:04` of an RFC 3339 text.
pub(in crate::cli) fn minute(at: &str) -> String {
    at.get(..16).unwrap_or(at).replace('T', " ")
}

pub(super) fn items(of: &Value) -> &[Value] {
    of.as_array().map_or(&[][..], Vec::as_slice)
}

pub(super) fn word<'a>(of: &'a Value, key: &str) -> &'a str {
    of[key].as_str().unwrap_or_default()
}
