//! `stile consent supersede`: the text of a notice changed, and who agreed to the old one is asked again.

use std::process::ExitCode;

use consent_gate::NoticeName;
use model::Timestamp;
use serde_json::json;

use crate::cli::data::Data;
use crate::cli::report::{Failure, counted};
use crate::machine::Clock;
use crate::officer::Question;
use crate::officer::consents::{Supersession, rests_on_older};

/// Ends every consent to an older version of a notice.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The notice.
    #[arg(long, value_name = "ID")]
    notice: String,
    /// The version from which on a yes keeps its force; its text must be registered.
    #[arg(long, value_name = "VERSION")]
    before: u32,
    /// Tells whom it would concern, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Customer, merchant, purpose.
type Concerned = (String, String, String);

/// Consents that are told with one question.
const AT_ONCE: usize = 1_000;

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let new = NoticeName { id: args.notice.as_str().into(), version: args.before };
    let concerned = concerned(args, &new, Clock::Wall.now())?;
    let n_customers = concerned.chunk_by(|a, b| a.0 == b.0).count();
    let mut n_superseded = 0;
    if !args.dry_run {
        let mut desk = args.data.open()?;
        for of in concerned.chunks(AT_ONCE) {
            let told = Supersession { id: args.notice.clone(), version: args.before, of: of.to_vec() };
            let answer = desk.officer(Question::ConsentSupersede(told))?;
            n_superseded += answer["superseded"].as_u64().unwrap_or_default();
        }
    }
    if args.json {
        let told = json!({
            "notice": args.notice, "before": args.before, "dry_run": args.dry_run,
            "customers": n_customers, "consents": concerned.len(), "superseded": n_superseded,
        });
        println!("{told}");
        return Ok(ExitCode::SUCCESS);
    }
    let of = format!("{} of {}", counted(concerned.len(), "consent"), counted(n_customers, "customer"));
    let to = format!("{} before version {}", args.notice, args.before);
    match args.dry_run {
        true => println!("{of} rest on {to}; nothing was changed"),
        false => println!("{of} rested on {to}: {n_superseded} superseded"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Every consent in force that rests on an older text, read beside a running server.
fn concerned(args: &Args, new: &NoticeName, now: Timestamp) -> Result<Vec<Concerned>, Failure> {
    let mut reader = args.data.reader()?;
    let mut concerned = Vec::new();
    for partition in reader.partitions() {
        let scanned = reader.scan_states(partition, &mut |stored| {
            let row = stored.row();
            let rows = row.consents.iter().filter(|row| rests_on_older(row, new, now));
            concerned.extend(rows.map(|consent| {
                let (customer, merchant) = (row.customer.as_str(), consent.merchant.as_str());
                (customer.to_owned(), merchant.to_owned(), consent.purpose.word().to_owned())
            }));
        });
        scanned.map_err(|error| Failure::failed(74, &error))?;
    }
    Ok(concerned)
}
