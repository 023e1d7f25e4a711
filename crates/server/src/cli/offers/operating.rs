//! `stile offers list`, `pause`, `resume` and `stop`.

use std::io::Write as _;
use std::process::ExitCode;

use offers::OperatorState;
use serde_json::Value;
use settings::Shown;

use crate::cli::data::Data;
use crate::cli::report::Failure;
use crate::orders::OfferWish;

/// Lists every offer, and how it stands.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    data: Data,
    /// Prints JSON, with every order that was given.
    #[arg(long)]
    json: bool,
}

/// What an operator says of one offer.
#[derive(Debug, clap::Args)]
pub struct OperateArgs {
    /// Its id
    offer: String,
    /// Why, for those who look at the list later
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    #[command(flatten)]
    data: Data,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn operate(args: &OperateArgs, state: OperatorState) -> Result<ExitCode, Failure> {
    let wish = OfferWish { offer: args.offer.clone(), state: state.word().into(), why: args.why.clone() };
    let answer = args.data.open()?.operate_offer(&wish)?;
    let said = if args.json { answer.to_string() } else { in_words(&answer) };
    // Whoever closed stdout does not want to hear.
    let _ = writeln!(std::io::stdout(), "{said}");
    Ok(ExitCode::SUCCESS)
}

fn in_words(answer: &Value) -> String {
    let (offer, state) = (Shown(word(answer, "offer")), word(answer, "state"));
    if answer["unchanged"] == true {
        return format!("{offer} is {state} already");
    }
    let then = match answer["took_ms"].as_f64() {
        Some(ms) => format!("in force after {ms:.1} ms"),
        None => "in force when a server starts on this directory".to_owned(),
    };
    let for_good = if state == OperatorState::Stopped.word() { " for good" } else { "" };
    format!("{offer} is {state}{for_good}; {then}")
}

pub(super) fn list(args: &ListArgs) -> Result<ExitCode, Failure> {
    let listed = args.data.open()?.list_offers()?;
    let mut out = std::io::stdout().lock();
    // Whoever closed stdout does not want to hear.
    let _ = match args.json {
        true => writeln!(out, "{listed}"),
        false => write!(out, "{}", table(listed["offers"].as_array().map_or(&[][..], Vec::as_slice))),
    };
    Ok(ExitCode::SUCCESS)
}

const HEADS: [&str; 8] = ["offer", "merchant", "state", "mode", "trigger", "channel", "left", "dates"];

fn table(offers: &[Value]) -> String {
    if offers.is_empty() {
        return "there is no offer\n".to_owned();
    }
    let rows: Vec<[String; HEADS.len()]> = offers.iter().map(row).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([HEADS[column].len()]).max().unwrap_or_default()
    };
    let widths: [usize; HEADS.len()] = std::array::from_fn(width);
    let line = |cells: &[String; HEADS.len()]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut said = line(&HEADS.map(str::to_owned));
    for (row, offer) in rows.iter().zip(offers) {
        said += &line(row);
        if let Some(by) = offer["by"].as_str() {
            let since = word(offer, "since").get(..16).unwrap_or_default().replace('T', " ");
            let why = offer["why"].as_str().map(|why| format!(": {}", Shown(why))).unwrap_or_default();
            said += &format!("    {} since {since} UTC, by {}{why}\n", word(offer, "state"), Shown(by));
        }
    }
    said
}

fn row(offer: &Value) -> [String; HEADS.len()] {
    let state = word(offer, "state").to_owned();
    if offer["in_file"] == false {
        let mut row = [(); HEADS.len()].map(|()| String::new());
        (row[0], row[1], row[2]) = (word(offer, "offer").into(), "(not in the file)".into(), state);
        return row;
    }
    let text = |key: &str| word(offer, key).to_owned();
    let dates = match (offer["starts_on"].as_str(), offer["ends_on"].as_str()) {
        (None, None) => String::new(),
        (from, until) => format!("{} to {}", from.unwrap_or("any day"), until.unwrap_or("further notice")),
    };
    let schedule = offer["schedule"].as_str().unwrap_or_default();
    let dates = [dates.as_str(), schedule].join(" ").trim().to_owned();
    [
        text("offer"),
        text("merchant"),
        state,
        text("mode"),
        text("trigger"),
        text("channel"),
        left(offer),
        dates,
    ]
}

/// What is left of the stock, and how many may go out a day.
fn left(offer: &Value) -> String {
    let number = |key: &str| offer["stock"][key].as_u64();
    let total = number("total").map(|total| format!("{} of {total}", number("left").unwrap_or(total)));
    let a_day = number("per_day").map(|n| format!("{n} a day"));
    total.into_iter().chain(a_day).collect::<Vec<_>>().join(", ")
}

fn word<'a>(of: &'a Value, key: &str) -> &'a str {
    of[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_says_how_each_offer_stands_and_who_said_so() {
        let running = json!({
            "offer": "paperbacks", "in_file": true, "merchant": "corner-books", "state": "running",
            "mode": "live", "trigger": "dwell", "channel": "push", "starts_on": "2026-11-01", "ends_on": null,
            "schedule": "Mo-Fr", "stock": { "total": 10, "left": 4, "per_day": null },
        });
        let gone = json!({
            "offer": "old", "in_file": false, "state": "stopped", "by": "user 7", "why": "too\u{1b}dear",
            "since": "2026-11-22T06:40:00.000Z",
        });
        let told = table(&[running, gone]);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(
            lines,
            [
                "offer       merchant           state    mode  trigger  channel  left     dates",
                "paperbacks  corner-books       running  live  dwell    push     4 of 10  2026-11-01 to further notice Mo-Fr",
                "old         (not in the file)  stopped",
                "    stopped since 2026-11-22 06:40 UTC, by user 7: too\\u{1b}dear",
            ]
        );
        assert_eq!(table(&[]), "there is no offer\n");
    }
}
