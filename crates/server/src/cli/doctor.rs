//! `stile doctor`: what is well and what is not in a data directory, beside its server or without one.

use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use settings::Shown;
use store::{Finding, Reader, Weight, examine};

use super::data::Data;
use super::master_key;
use super::report::Failure;
use crate::machine::Clock;
use crate::officer::notices::Registry;
use crate::orders::Orders;

/// Examines a data directory and changes nothing.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command: 0 when nothing is broken, be there warnings or not, and 74 when something is.
///
/// # Errors
/// When the settings that name the directory cannot be read.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let dir = args.data.dir()?;
    let master_key = master_key::named()?;
    let n_entries = Reader::open_with(&dir, master_key.as_deref())
        .ok()
        .and_then(|reader| reader.n_entries().ok())
        .unwrap_or_default();
    let bar = bar(n_entries);
    let mut findings = examine(&dir, master_key.as_deref(), &mut |n| bar.inc(n), Clock::Wall.now());
    bar.finish_and_clear();
    findings.push(orders(&dir));
    findings.push(notices(&dir));
    findings.extend(room(&dir));
    let worst = findings.iter().map(|finding| finding.weight).max().unwrap_or(Weight::Ok);
    if args.json {
        let all: Vec<Value> = findings.iter().map(as_json).collect();
        println!("{}", json!({ "worst": worst.word(), "findings": all }));
    } else {
        tell(&findings);
    }
    Ok(match worst {
        Weight::Ok | Weight::Warning => ExitCode::SUCCESS,
        Weight::Fault => ExitCode::from(74),
    })
}

fn bar(n_entries: u64) -> ProgressBar {
    let template = "looking {bar:30} {percent:>3} %  {human_pos} entries  {per_sec}  {eta} left";
    ProgressBar::new(n_entries)
        .with_style(ProgressStyle::with_template(template).expect("the template is one"))
}

fn tell(findings: &[Finding]) {
    for finding in findings {
        let Finding { check, weight, place, told, advice } = finding;
        let place = if place.is_empty() { String::new() } else { format!("{}: ", Shown(place)) };
        println!("{:<8} {check:<11} {place}{}", weight.word(), Shown(told));
        if !advice.is_empty() {
            println!("{:20} -> {advice}", "");
        }
    }
    let count = |weight| findings.iter().filter(|finding| finding.weight == weight).count();
    println!(
        "{} checks are well, {} warnings, {} faults",
        count(Weight::Ok),
        count(Weight::Warning),
        count(Weight::Fault)
    );
}

fn as_json(finding: &Finding) -> Value {
    json!({
        "check": finding.check,
        "weight": finding.weight.word(),
        "place": finding.place,
        "told": finding.told,
        "advice": finding.advice,
    })
}

/// What operators have said of offers.
fn orders(dir: &Path) -> Finding {
    let read = Orders::read(dir).map(|orders| orders.is_checked()).map_err(|error| error.to_string());
    list("offers", "offers.json", "the operators' words are as they were written", read)
}

/// Which texts are vouched for.
fn notices(dir: &Path) -> Finding {
    let read = Registry::read(dir).map(|notices| notices.is_checked()).map_err(|error| error.to_string());
    list("notices", "notices.json", "the registered texts are as they were written", read)
}

/// A list that is held against its checksum, or is older than checksums.
fn list(check: &'static str, place: &str, well: &str, read: Result<bool, String>) -> Finding {
    let (weight, told, advice) = match read {
        Ok(true) => (Weight::Ok, well.to_owned(), ""),
        Ok(false) => {
            let told = "it is of an older version and carries no checksum".to_owned();
            (Weight::Warning, told, "start the server, which gives it one")
        }
        Err(error) => (Weight::Fault, error, "restore it from a backup"),
    };
    Finding { check, weight, place: place.to_owned(), told, advice }
}

/// Below this a batch or two still fits, and no log that grows under load.
const ROOM_MIN: u64 = 64 << 20;

/// The room that is left on the disk.
fn room(dir: &Path) -> Option<Finding> {
    let system = rustix::fs::statvfs(dir).ok()?;
    let (free, total) = (system.f_bavail * system.f_frsize, (system.f_blocks * system.f_frsize).max(1));
    let told = format!("{} free, {} %", indicatif::HumanBytes(free), free * 100 / total);
    let ledger = std::fs::metadata(dir.join("ledger.db")).map_or(0, |metadata| metadata.len());
    let (weight, advice) = if free < ROOM_MIN {
        (Weight::Fault, "make room: nothing is decided on a full disk")
    } else if free < 2 * ledger || free * 10 < total {
        (Weight::Warning, "make room: a restore needs as much again as the ledger")
    } else {
        (Weight::Ok, "")
    };
    Some(Finding { check: "room", weight, place: String::new(), told, advice })
}
