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
    for part in events.chunks(EVENTS_AT_ONCE) {
        desk.import(part)?;
        bar.inc(part.len() as u64);
    }
    bar.finish_and_clear();
    println!("{} events imported into {}", events.len(), data_dir(&args.data).display());
    Ok(ExitCode::SUCCESS)
}
