//! `stile offers report`: what became of each offer, read beside a running server.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::{FeedbackKind, Millis, OfferId, Standing, Timestamp};
use serde_json::{Value, json};
use settings::nearest;
use store::Reader;

use crate::cli::data::Data;
use crate::cli::master_key;
use crate::cli::report::{Failure, counted};
use crate::demo::scene::thousands;
use crate::explain;
use crate::machine::Clock;
use crate::offer_report::{Effect, Report, Share, Sums};

/// What became of each offer: verdicts, answers, and those who were held out.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One offer only
    offer: Option<String>,
    /// Decisions of so long ago and since, such as `7d`, `12h` or `30m`
    #[arg(long, value_name = "TIME", value_parser = span)]
    since: Option<Millis>,
    #[command(flatten)]
    data: Data,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// `7d`, `12h`, `30m`.
fn span(text: &str) -> Result<Millis, String> {
    let told = || format!("{text:?} is no span of time such as 7d, 12h or 30m");
    let units = [("d", 24 * 60), ("h", 60), ("m", 1)];
    let found = units.iter().find_map(|(unit, minutes)| Some((text.strip_suffix(unit)?, minutes)));
    let (number, minutes) = found.ok_or_else(told)?;
    let n: u32 = number.parse().map_err(|_| told())?;
    Ok(Millis::from_mins(i64::from(n) * minutes))
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let dir = args.data.dir()?;
    let now = Clock::Wall.now();
    let since = args.since.map(|span| now - span);
    let (report, n_entries) = read(&dir, since.unwrap_or(Timestamp::MIN))?;
    let mut shown: Vec<(&OfferId, &Sums)> = report.offers().iter().collect();
    if let Some(asked) = &args.offer {
        shown.retain(|(id, _)| id.as_str() == asked);
        if shown.is_empty() {
            return Err(unheard_of(asked, &report));
        }
    }
    if args.json {
        println!("{}", as_json(&shown, since, n_entries));
        return Ok(ExitCode::SUCCESS);
    }
    if shown.is_empty() {
        println!("no offer was decided upon{}", if since.is_some() { " in this time" } else { " yet" });
    }
    for (id, sums) in shown {
        println!("{}", in_words(id, sums));
    }
    Ok(ExitCode::SUCCESS)
}

fn unheard_of(asked: &str, report: &Report) -> Failure {
    let names = report.offers().keys().map(OfferId::as_str);
    let hint = nearest(asked, names).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
    Failure::failed(78, &format!("nothing was decided about an offer {asked:?}{hint}"))
}

/// Reads every entry, and says what cannot be read.
fn read(dir: &Path, since: Timestamp) -> Result<(Report, u64), Failure> {
    let failed = |error| Failure::failed(74, &error);
    let master_key = master_key::named()?;
    let mut reader = Reader::open_with(dir, master_key.as_deref()).map_err(|error| Failure::open(&error))?;
    let bar = bar(reader.n_entries().map_err(failed)?);
    let mut report = Report::since(since);
    let mut n_entries = 0;
    for partition in reader.partitions() {
        let scanned = reader.scan(partition, &mut |numbered| {
            report.take(&numbered.entry);
            n_entries += 1;
            if n_entries % ENTRIES_A_TICK == 0 {
                bar.set_position(n_entries);
            }
        });
        if let Err(error) = scanned {
            bar.suspend(|| eprintln!("stile: the report is short of something: {error}"));
        }
        report.end_partition();
    }
    bar.finish_and_clear();
    Ok((report, n_entries))
}

/// Between two movements of the bar.
const ENTRIES_A_TICK: u64 = 1_000;

/// A bar for what takes more than a moment.
fn bar(n_entries: u64) -> ProgressBar {
    let is_shown = 50_000 <= n_entries && io::stderr().is_terminal();
    let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(n_entries), target);
    let template = "reading {bar:30} {percent:>3} %  {human_pos} entries  {per_sec}  {eta} left";
    bar.set_style(ProgressStyle::with_template(template).expect("the template is one"));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn as_json(shown: &[(&OfferId, &Sums)], since: Option<Timestamp>, n_entries: u64) -> Value {
    let offers: serde_json::Map<String, Value> =
        shown.iter().map(|(id, sums)| (id.as_str().to_owned(), sums.json())).collect();
    json!({ "since": since.map(explain::rfc3339), "entries": n_entries, "offers": offers })
}

fn in_words(id: &OfferId, sums: &Sums) -> String {
    let mut said = format!("{}\n", id.as_str());
    let mut line = |head: &str, text: String| {
        writeln!(said, "  {head:<11} {text}").expect("a String takes whatever is written");
    };
    let n_sent = sums.n_sent();
    line("candidates", format!("{} of {}", thousands(sums.n_candidates()), customers(sums.n_customers)));
    let share = percent(n_sent, sums.n_candidates());
    line("sent", format!("{} ({share} of the candidates) to {}", thousands(n_sent), customers(sums.told.of)));
    line("left", join(left(sums), n_sent));
    line("answers", join(answers(sums, &ANSWERS), n_sent));
    line("complaints", join(answers(sums, &COMPLAINTS), n_sent));
    line(
        "silent",
        join(sums.silences().into_iter().map(|(why, n)| (why.to_owned(), n)), sums.n_candidates()),
    );
    let n_observed = sums.n_standing(Standing::Observed);
    if 0 < n_observed {
        line("looked on", format!("{} would have been sent", thousands(n_observed)));
    }
    let n_held_out = sums.n_standing(Standing::HeldOut);
    line("held out", format!("{} of {}", thousands(n_held_out), customers(sums.held_out.of)));
    line("effect", effect(sums));
    said
}

const ANSWERS: [FeedbackKind; 7] = [
    FeedbackKind::Delivered,
    FeedbackKind::Failed,
    FeedbackKind::Received,
    FeedbackKind::Shown,
    FeedbackKind::Opened,
    FeedbackKind::Dismissed,
    FeedbackKind::Redeemed,
];

const COMPLAINTS: [FeedbackKind; 3] =
    [FeedbackKind::NotRelevant, FeedbackKind::TooOften, FeedbackKind::Creepy];

fn answers(sums: &Sums, kinds: &[FeedbackKind]) -> Vec<(String, u64)> {
    kinds.iter().map(|kind| (kind.word().replace('_', " "), sums.n_answers(*kind))).collect()
}

fn left(sums: &Sums) -> Vec<(String, u64)> {
    let left = sums.left.iter().map(|(how, n)| (how.replace('_', " "), *n));
    left.chain([("waiting".to_owned(), sums.n_waiting())]).filter(|(_, n)| 0 < *n).collect()
}

/// Numbers with their shares: `opened 12 (10.0 %), redeemed 3 (2.5 %)`.
fn join(counts: impl IntoIterator<Item = (String, u64)>, of: u64) -> String {
    let said = |(word, n): (String, u64)| match n {
        0 => format!("{word} 0"),
        n => format!("{word} {} ({})", thousands(n), percent(n, of)),
    };
    let said: Vec<String> = counts.into_iter().map(said).collect();
    if said.is_empty() { "none".to_owned() } else { said.join(", ") }
}

fn effect(sums: &Sums) -> String {
    let used = |share: Share| format!("{} of {}", percent(share.n, share.of), customers(share.of));
    let groups = format!("used by {} told and {} held out", used(sums.told), used(sums.held_out));
    match sums.effect() {
        None => format!("{groups}: too few to tell"),
        Some(Effect { seen, low, high }) => {
            let chance = if low <= 0.0 && 0.0 <= high { ", which may be chance" } else { "" };
            let points = |share: f64| format!("{:+.1}", share * 100.0);
            format!(
                "{groups}: {} points, by 95 % within {} and {}{chance}",
                points(seen),
                points(low),
                points(high)
            )
        }
    }
}

fn customers(n: u64) -> String {
    if n == 1 { counted(1, "customer") } else { format!("{} customers", thousands(n)) }
}

fn percent(n: u64, of: u64) -> String {
    format!("{:.1} %", Share { n, of }.ratio() * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(span("7d"), Ok(Millis::from_days(7)));
        assert_eq!(span("12h"), Ok(Millis::from_hours(12)));
        assert_eq!(span("30m"), Ok(Millis::from_mins(30)));
        for wrong in ["", "d", "7", "7w", "-1d", "1.5h", "7 d", "7é"] {
            assert!(span(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_offer_without_anything_is_told_without_nonsense() {
        let said = in_words(&OfferId::new("two").unwrap(), &Sums::default());
        assert!(said.contains("0 (0.0 % of the candidates) to 0 customers"), "{said}");
        assert!(said.contains("too few to tell") && !said.contains("NaN"), "{said}");
    }
}
