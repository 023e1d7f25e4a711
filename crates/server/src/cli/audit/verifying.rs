//! `stile audit verify`: every chain, every row, every list.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use model::Timestamp;
use serde_json::{Value, json};
use store::{AnchorSource, ChainFault, Flaw, Loosened, Reader, RowFault, Rows};

use super::lists::{self, Listed};
use crate::cli::data::Data;
use crate::cli::master_key;
use crate::cli::report::Failure;
use crate::explain;
use crate::machine::Clock;

/// Walks every chain; exit code 0 when nothing was changed, 74 when anything was.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// What was kept elsewhere and must still be so: an anchor, the manifest.json of a backup, or the statement of an erasure; may be given more than once.
    #[arg(long, value_name = "FILE")]
    anchor: Vec<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What a walk along all chains found.
#[derive(Default)]
struct Account {
    n_chains: usize,
    n_entries: u64,
    n_taken_away: u64,
    flaws: Vec<Flaw>,
    anchors: Vec<Anchored>,
    last_at: Option<Timestamp>,
    faults: Vec<ChainFault>,
    rows: Rows,
    lists: Vec<Listed>,
}

/// A file that the ledger was held against.
struct Anchored {
    file: PathBuf,
    source: AnchorSource,
    made_at: Timestamp,
    wrong: Vec<Loosened>,
}

impl Account {
    fn is_good(&self) -> bool {
        self.is_whole()
            && self.anchors.iter().all(|anchor| anchor.wrong.is_empty())
            && self.rows.faults.is_empty()
            && self.lists.iter().all(|list| list.wrong.is_none())
    }

    /// Whether every chain is.
    const fn is_whole(&self) -> bool {
        self.faults.is_empty() && self.flaws.is_empty()
    }
}

/// Runs the command: 0 when nothing was changed, and 74 when anything was.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let master_key = master_key::named()?;
    let dir = args.data.dir()?;
    let mut reader = Reader::open_with(&dir, master_key.as_deref()).map_err(|error| Failure::open(&error))?;
    let failed = |error: &dyn std::fmt::Display| Failure::failed(74, error);
    let bar = bar(reader.n_entries().map_err(|error| failed(&error))?);
    let started = Instant::now();
    let (mut account, now) = (Account::default(), Clock::Wall.now());
    for partition in reader.partitions() {
        let mut n = 0;
        let mut count = || {
            n += 1;
            bar.inc(1);
        };
        let audited = reader.audit(partition, &mut count, now);
        account.n_entries += n;
        match audited.map_err(|error| failed(&error))? {
            Ok((walked, rows)) => {
                account.n_chains += usize::from(0 < n);
                account.n_taken_away += walked.n_taken_away;
                account.last_at = account.last_at.max(walked.last_at);
                account.rows.add(rows);
            }
            Err(fault) => account.faults.push(fault),
        }
    }
    account.flaws = reader.flaws().map_err(|error| failed(&error))?;
    account.anchors = args.anchor.iter().map(|file| anchored(&reader, file)).collect::<Result<_, _>>()?;
    account.lists = lists::read(&dir);
    bar.finish_and_clear();
    if args.json {
        println!("{}", as_json(&account, started.elapsed()));
    } else {
        tell(&account, started.elapsed());
    }
    Ok(if account.is_good() { ExitCode::SUCCESS } else { ExitCode::from(74) })
}

/// Holds the ledger against what was kept elsewhere.
fn anchored(reader: &Reader, file: &Path) -> Result<Anchored, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::io(file, error))?;
    let told = |error: &dyn std::fmt::Display| Failure::failed(74, &format!("{}: {error}", file.display()));
    let anchor = reader.read_anchor(&text).map_err(|refused| told(&refused))?;
    let wrong = reader.hold_against(&anchor).map_err(|error| told(&error))?;
    Ok(Anchored { file: file.to_owned(), source: anchor.source, made_at: anchor.made_at, wrong })
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
    account.flaws.iter().for_each(|flaw| println!("{flaw}"));
    let n_entries = HumanCount(account.n_entries);
    let speed = HumanCount((account.n_entries as f64 / took.as_secs_f64().max(1e-3)) as u64);
    let taken_away = match account.n_taken_away {
        0 => String::new(),
        n => format!(", {} of them erased or over their time", HumanCount(n)),
    };
    for RowFault { partition, no, wrong } in &account.rows.faults {
        println!("partition {}, the row as of entry {no}: {}", partition.no(), wrong.text());
    }
    for list in &account.lists {
        match &list.wrong {
            Some(why) => println!("{why}"),
            None if list.is_older => println!("{}: of an older version, without a checksum", list.place),
            None => {}
        }
    }
    account.anchors.iter().for_each(tell_anchor);
    let counted =
        format!("{n_entries} entries{taken_away}, in {} chains; {speed} a second", account.n_chains);
    if account.is_good() {
        println!("nothing was changed, taken out or put in: {counted}");
        println!("{}", in_words(&account.rows));
    } else if !account.is_whole() {
        println!("THE LEDGER WAS CHANGED, in {} of its chains: {counted}", account.faults.len());
        println!("after the first change of a chain nothing more can be said of it; restore a backup");
    } else {
        println!("the chains are whole, and SOMETHING BESIDE THEM WAS CHANGED: {counted}");
        println!("restore a backup");
    }
}

fn tell_anchor(anchor: &Anchored) {
    let (file, at) = (anchor.file.display(), explain::rfc3339(anchor.made_at));
    if anchor.wrong.is_empty() {
        let held = match anchor.source {
            AnchorSource::Anchor => "all that was in the ledger at",
            AnchorSource::Manifest => "every entry that was in the backup of",
            AnchorSource::Statement => "the entry that tells of the erasure of",
        };
        return println!("{file}: {held} {at} is still there as it was");
    }
    for wrong in &anchor.wrong {
        println!("{file}, of {at}: {wrong}");
    }
    println!("an older ledger was put back, by hand or by `stile restore`");
}

fn in_words(rows: &Rows) -> String {
    let partly = match rows.n_partly {
        0 => String::new(),
        n => format!(", {} of them as far as entries were kept", HumanCount(n)),
    };
    format!("{} state rows are what their entries add up to{partly}", HumanCount(rows.n))
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
    let row_faults: Vec<Value> = account
        .rows
        .faults
        .iter()
        .map(|fault| {
            json!({
                "partition": fault.partition.no(),
                "no": fault.no,
                "wrong": fault.wrong.word(),
                "reason": fault.wrong.text(),
            })
        })
        .collect();
    let list_as_json =
        |list: &Listed| json!({ "file": list.place, "checksum": !list.is_older, "wrong": list.wrong });
    json!({
        "ok": account.is_good(),
        "chains": account.n_chains,
        "entries": account.n_entries,
        "taken_away": account.n_taken_away,
        "flaws": account.flaws.iter().map(flaw_as_json).collect::<Vec<_>>(),
        "anchors": account.anchors.iter().map(anchor_as_json).collect::<Vec<_>>(),
        "last_at": time(account.last_at),
        "seconds": took.as_secs_f64(),
        "faults": faults,
        "rows": account.rows.n,
        "rows_partly": account.rows.n_partly,
        "row_faults": row_faults,
        "lists": account.lists.iter().map(list_as_json).collect::<Vec<_>>(),
    })
}

fn flaw_as_json(flaw: &Flaw) -> Value {
    json!({ "wrong": flaw.word(), "reason": flaw.to_string() })
}

fn anchor_as_json(anchor: &Anchored) -> Value {
    json!({
        "file": anchor.file.display().to_string(),
        "of": explain::rfc3339(anchor.made_at),
        "wrong": anchor.wrong.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
