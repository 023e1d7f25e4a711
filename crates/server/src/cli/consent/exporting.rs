//! `stile consent export`: every consent event with its evidence, as JSON lines.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ledger::{Numbered, What};
use model::{CustomerId, Partition};

use crate::cli::data::Data;
use crate::cli::output::Output;
use crate::cli::report::{Failure, counted};

/// Writes consent events, read beside a running server.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Of one customer only.
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Where to; standard output without it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let customer = args.customer.as_deref().map(CustomerId::new).transpose();
    let customer = customer.map_err(|flaw| Failure::Usage(format!("the customer's id {}", flaw.text())))?;
    let mut reader = args.data.reader()?;
    let mut out = Output::open_private(args.out.as_deref())?;
    let bar = bar(reader.n_entries().map_err(|error| Failure::failed(74, &error))?);
    let mut n_events = 0;
    let partitions: Vec<Partition> = match &customer {
        Some(customer) => vec![Partition::of(customer.as_str())],
        None => reader.partitions().collect(),
    };
    for partition in partitions {
        let mut failed = None;
        let scanned = reader.scan(partition, &mut |Numbered { entry, .. }| {
            bar.inc(1);
            let What::Consent(said) = &entry.what else { return };
            if customer.as_ref().is_some_and(|customer| *customer != entry.customer) || failed.is_some() {
                return;
            }
            let written = wire::consent_file::write(&entry.customer, entry.at, &said.event, &mut out);
            failed = written.err();
            n_events += 1;
        });
        scanned.map_err(|error| Failure::failed(74, &error))?;
        if let Some(error) = failed {
            return Err(out.failure(error));
        }
    }
    bar.finish_and_clear();
    out.finish()?;
    // Whoever closed stderr does not want to hear.
    let _ = writeln!(io::stderr(), "{}", counted(n_events, "consent event"));
    Ok(ExitCode::SUCCESS)
}

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
