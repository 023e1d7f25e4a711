//! `stile consent`: what customers agreed to, on a running server or on its data directory.

use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::ProgressBar;
use model::CustomerId;

use super::data::{Data, data_dir};
use super::report::Failure;
use crate::consent_file;

/// Shows and imports consent.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// What one customer agreed to.
    Show(ShowArgs),
    /// Hands consent events in, from JSON lines with `customer` and `received_at`.
    Import(ImportArgs),
}

/// What one customer agreed to.
#[derive(clap::Args, Debug)]
pub struct ShowArgs {
    /// The customer's id.
    customer: String,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Hands consent events in.
#[derive(clap::Args, Debug)]
pub struct ImportArgs {
    /// The events, one JSON object a line.
    file: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Reads the whole file, names every bad line and changes nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// When the file or the data cannot be read.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Show(args) => show(args),
        Command::Import(args) => import(args),
    }
}

fn show(args: &ShowArgs) -> Result<ExitCode, Failure> {
    let customer = CustomerId::new(&args.customer)
        .map_err(|flaw| Failure::Usage(format!("the customer's id {}", flaw.text())))?;
    let shown = args.data.open()?.consent_of(&customer)?;
    if args.json {
        println!("{shown}");
        return Ok(ExitCode::SUCCESS);
    }
    let rows = shown["consents"].as_array().map_or(&[][..], Vec::as_slice);
    if rows.is_empty() {
        println!("nothing is known of this customer: every fix is refused unread");
    }
    for row in rows {
        let word = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        println!("{:<20} {:<12} {}", word("merchant"), word("purpose"), word("state"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Events handed in with one question: one commit for many, and a bar that moves.
const EVENTS_AT_ONCE: usize = 500;

/// Their bytes: the server reads no longer question than some megabytes, quotes escaped.
const BYTES_AT_ONCE: usize = 1 << 20;

fn import(args: &ImportArgs) -> Result<ExitCode, Failure> {
    let events: Vec<(String, String)> = consent_file::read_all(&args.file)?
        .into_iter()
        .map(|event| (event.customer.as_str().to_owned(), event.text))
        .collect();
    if args.dry_run {
        println!("{} events, all good; nothing was changed", events.len());
        return Ok(ExitCode::SUCCESS);
    }
    let mut desk = args.data.open()?;
    let bar = ProgressBar::new(events.len() as u64);
    let mut left = &events[..];
    while !left.is_empty() {
        let (part, rest) = left.split_at(n_at_once(left));
        desk.import(part)?;
        bar.inc(part.len() as u64);
        left = rest;
    }
    bar.finish_and_clear();
    println!("{} events imported into {}", events.len(), data_dir(&args.data).display());
    Ok(ExitCode::SUCCESS)
}

/// How many of these events, one at least, make one question.
fn n_at_once(events: &[(String, String)]) -> usize {
    let mut n_bytes = 0;
    let fits = |(customer, event): &&(String, String)| {
        n_bytes += customer.len() + event.len();
        n_bytes <= BYTES_AT_ONCE
    };
    events.iter().take(EVENTS_AT_ONCE).take_while(fits).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(n: usize, len: usize) -> usize {
        n_at_once(&vec![("ada".to_owned(), "x".repeat(len)); n])
    }

    #[test]
    fn a_question_holds_few_events_when_they_are_long() {
        assert_eq!((check(10, 500), check(2_000, 500)), (10, EVENTS_AT_ONCE));
        let n = check(2_000, 16_000);
        assert!((60..=66).contains(&n), "{n}");
        assert_eq!(check(3, BYTES_AT_ONCE + 1), 1);
    }
}
