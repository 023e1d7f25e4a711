//! `stile audit`: the proof that nothing in the ledger was changed since.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use model::Timestamp;
use serde_json::{Value, json};
use store::{ChainFault, Reader};

use super::data::Data;
use super::report::Failure;
use crate::explain;

/// Proves that nothing in the ledger was changed.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Walks every chain from its first entry to its last, opens every entry, and names what was changed.
    Verify(VerifyArgs),
}

/// Walks every chain.
#[derive(clap::Args, Debug)]
pub struct VerifyArgs {
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// When the data cannot be read.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Verify(args) => verify(args),
    }
}

/// What a walk along all chains found.
#[derive(Default)]
struct Account {
    n_chains: usize,
    n_entries: u64,
    n_taken_away: u64,
    n_astray: u64,
    last_at: Option<Timestamp>,
    faults: Vec<ChainFault>,
}

impl Account {
    const fn is_good(&self) -> bool {
        self.faults.is_empty() && self.n_astray == 0
    }
}

fn verify(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let mut reader = Reader::open(&args.data.dir()?).map_err(|error| Failure::open(&error))?;
    let failed = |error: &dyn std::fmt::Display| Failure::failed(74, error);
    let bar = bar(reader.n_entries().map_err(|error| failed(&error))?);
    let started = Instant::now();
    let mut account = Account::default();
    for partition in reader.partitions() {
        let mut n = 0;
        let walked = reader.audit(partition, &mut || {
            n += 1;
            bar.inc(1);
        });
        account.n_entries += n;
        match walked.map_err(|error| failed(&error))? {
            Ok(walked) => {
                account.n_chains += usize::from(0 < n);
                account.n_taken_away += walked.n_taken_away;
                account.last_at = account.last_at.max(walked.last_at);
            }
            Err(fault) => account.faults.push(fault),
        }
    }
    account.n_astray = reader.n_astray().map_err(|error| failed(&error))?;
    bar.finish_and_clear();
    if args.json {
        println!("{}", as_json(&account, started.elapsed()));
    } else {
        tell(&account, started.elapsed());
    }
    Ok(if account.is_good() { ExitCode::SUCCESS } else { ExitCode::from(74) })
}

fn bar(n_entries: u64) -> ProgressBar {
    let template = "checking {bar:30} {percent:>3} %  {human_pos} entries  {per_sec}  {eta} left";
    ProgressBar::new(n_entries)
        .with_style(ProgressStyle::with_template(template).expect("the template is one"))
}

fn tell(account: &Account, took: Duration) {
    for fault in &account.faults {
        println!("partition {}, entry {}{}: {}", fault.partition.no(), fault.no, between(fault), fault.wrong);
    }
    if 0 < account.n_astray {
        println!("{} rows stand in no partition: they were put in by hand", HumanCount(account.n_astray));
    }
    let n_entries = HumanCount(account.n_entries);
    let speed = HumanCount((account.n_entries as f64 / took.as_secs_f64().max(1e-3)) as u64);
    let taken_away = match account.n_taken_away {
        0 => String::new(),
        n => format!(", {} of them erased or over their time", HumanCount(n)),
    };
    let counted =
        format!("{n_entries} entries{taken_away}, in {} chains; {speed} a second", account.n_chains);
    if account.is_good() {
        println!("nothing was changed, taken out or put in: {counted}");
    } else {
        println!("THE LEDGER WAS CHANGED, in {} of its chains: {counted}", account.faults.len());
        println!("after the first change of a chain nothing more can be said of it; restore a backup");
    }
}

/// Between which times the entry in question was written.
fn between(fault: &ChainFault) -> String {
    match (fault.after, fault.before) {
        (Some(after), Some(before)) => {
            format!(" (between {} and {})", explain::rfc3339(after), explain::rfc3339(before))
        }
        (Some(after), None) => format!(" (after {})", explain::rfc3339(after)),
        (None, Some(before)) => format!(" (before {})", explain::rfc3339(before)),
        (None, None) => String::new(),
    }
}

fn as_json(account: &Account, took: Duration) -> Value {
    let time = |at: Option<Timestamp>| at.map(explain::rfc3339);
    let faults: Vec<Value> = account
        .faults
        .iter()
        .map(|fault| {
            json!({
                "partition": fault.partition.no(),
                "no": fault.no,
                "wrong": fault.wrong.word(),
                "reason": fault.wrong.to_string(),
                "after": time(fault.after),
                "before": time(fault.before),
            })
        })
        .collect();
    json!({
        "ok": account.is_good(),
        "chains": account.n_chains,
        "entries": account.n_entries,
        "taken_away": account.n_taken_away,
        "astray": account.n_astray,
        "last_at": time(account.last_at),
        "seconds": took.as_secs_f64(),
        "faults": faults,
    })
}
