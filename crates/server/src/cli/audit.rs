//! `stile audit`: the proof that nothing in the ledger was changed since.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use model::Timestamp;
use serde_json::{Value, json};
use store::{ChainFault, Reader, StatementRefused, check_statement};

use super::data::Data;
use super::master_key;
use super::report::Failure;
use crate::explain;

/// Proves that nothing in the ledger was changed.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Walks every chain from its first entry to its last, opens every entry, and names what was changed.
    Verify(VerifyArgs),
    /// Prints the public key by which statements of this ledger can be checked.
    Key(KeyArgs),
    /// Checks a signed statement of an erasure; it takes no ledger and no secret.
    Statement(StatementArgs),
}

/// Prints the public key.
#[derive(clap::Args, Debug)]
pub struct KeyArgs {
    #[command(flatten)]
    data: Data,
}

/// Checks a signed statement.
#[derive(clap::Args, Debug)]
pub struct StatementArgs {
    /// The statement.
    file: PathBuf,
    /// The public key that it must be signed with, as `stile audit key` prints it; without one it is only
    /// known that the statement was not changed since it was signed by somebody.
    #[arg(long, value_name = "HEX", value_parser = key_of)]
    key: Option<[u8; 32]>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

fn key_of(text: &str) -> Result<[u8; 32], String> {
    blake3::Hash::from_hex(text).map(Into::into).map_err(|_| "is not 64 hexadecimal digits".to_owned())
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
        Command::Key(args) => {
            let reader = Reader::open(&args.data.dir()?).map_err(|error| Failure::open(&error))?;
            println!("{}", hex(&reader.public_key()));
            Ok(ExitCode::SUCCESS)
        }
        Command::Statement(args) => statement(args),
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*bytes).to_hex().to_string()
}

fn statement(args: &StatementArgs) -> Result<ExitCode, Failure> {
    let text = std::fs::read_to_string(&args.file).map_err(|error| Failure::io(&args.file, error))?;
    let told = match check_statement(&text, args.key.as_ref()) {
        Ok(told) => told,
        Err(refused) => {
            let why = match refused {
                StatementRefused::Flaw(_) => "it is no statement of an erasure",
                StatementRefused::OtherKey => "it is signed by another key",
                StatementRefused::NotAuthentic => "it does not say what was signed",
            };
            return Err(Failure::failed(74, &format!("{}: {why}", args.file.display())));
        }
    };
    let erasure = &told.erasure;
    let (at, signed_by) = (explain::rfc3339(erasure.at), hex(&told.public_key));
    if args.json {
        println!(
            "{}",
            json!({
                "ok": true,
                "erased_at": at,
                "entries": erasure.n_entries,
                "key": erasure.key.map(|key| key.to_string()),
                "partition": erasure.partition.no(),
                "no": erasure.no,
                "public_key": signed_by,
                "key_was_named": args.key.is_some(),
            })
        );
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "erased at {at}: {} entries, and the key {}",
        erasure.n_entries,
        match erasure.key {
            Some(key) => key.to_string(),
            None => "that there was none of".to_owned(),
        }
    );
    println!("written down as entry {} of partition {}", erasure.no, erasure.partition.no());
    match args.key {
        Some(_) => println!("signed by the key that was named"),
        None => println!("signed by {signed_by}: name the key with --key to know whose it is"),
    }
    Ok(ExitCode::SUCCESS)
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
    let master_key = master_key::named()?;
    let mut reader =
        Reader::open_with(&args.data.dir()?, master_key.as_deref()).map_err(|error| Failure::open(&error))?;
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
