//! `stile backup`: a snapshot of the ledger, or the customers' keys apart from it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar};
use model::Timestamp;
use serde_json::{Value, json};
use store::{BackupError, BackupOf, Manifest, back_up, back_up_keys};

use super::data::Data;
use super::report::Failure;
use crate::explain;
use crate::machine::Clock;

/// Makes a backup in a new folder of DIR, beside a running server or without one.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    keys: Option<What>,
    /// The folder that gets a new one, named after the time.
    #[arg(value_name = "DIR", required = true)]
    to: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// The customers' keys alone, wrapped by the master key: keep them apart, and no longer than 30 days.
    Keys(KeysArgs),
}

/// Where the keys go.
#[derive(clap::Args, Debug)]
pub struct KeysArgs {
    /// The folder that gets a new one, named after the time.
    #[arg(value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// When the backup could not be made whole; nothing is left of it then.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match (&args.keys, &args.to) {
        (Some(What::Keys(args)), _) => make(BackupOf::Keys, &args.to, &args.data, args.json),
        (None, Some(to)) => make(BackupOf::Ledger, to, &args.data, args.json),
        (None, None) => Err(Failure::Usage("name the folder that gets the backup".to_owned())),
    }
}

fn make(of: BackupOf, to: &Path, data: &Data, is_json: bool) -> Result<ExitCode, Failure> {
    let now = Clock::Wall.now();
    let started = Instant::now();
    let backup = to.join(name(of, now));
    let spinner = ProgressBar::new_spinner().with_message("copying, and reading what was copied");
    spinner.enable_steady_tick(Duration::from_millis(200));
    let data_dir = data.dir()?;
    let made = match of {
        BackupOf::Ledger => back_up(&data_dir, &backup, now),
        BackupOf::Keys => back_up_keys(&data_dir, &backup, now),
    };
    spinner.finish_and_clear();
    let manifest = made.map_err(|error| failure(&error))?;
    tell(&backup, &manifest, started.elapsed(), is_json);
    Ok(ExitCode::SUCCESS)
}

/// `stile-20261122T093000Z`, and of keys `stile-keys-20261122T093000Z`: names sort by time.
fn name(of: BackupOf, now: Timestamp) -> String {
    let time: String = explain::rfc3339(now).chars().take(19).filter(char::is_ascii_alphanumeric).collect();
    match of {
        BackupOf::Ledger => format!("stile-{time}Z"),
        BackupOf::Keys => format!("stile-keys-{time}Z"),
    }
}

fn tell(backup: &Path, manifest: &Manifest, took: Duration, is_json: bool) {
    let n_bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    let n_entries: u64 = manifest.heads.iter().map(ledger::Head::no).sum();
    if is_json {
        println!("{}", as_json(backup, manifest, n_entries, n_bytes));
        return;
    }
    let size = HumanBytes(n_bytes);
    let took = took.as_secs_f64();
    match manifest.of {
        BackupOf::Ledger => {
            let n_entries = HumanCount(n_entries);
            println!(
                "{}: {n_entries} entries, {size}, read back and whole, in {took:.1} s",
                backup.display()
            );
        }
        BackupOf::Keys => {
            println!("{}: {size} of wrapped keys, in {took:.1} s", backup.display());
            println!(
                "keep it away from backups of the ledger, and delete it within 30 days: with it and the"
            );
            println!("master key, somebody who was erased since could be read in an older backup");
        }
    }
}

fn as_json(backup: &Path, manifest: &Manifest, n_entries: u64, n_bytes: u64) -> Value {
    let of = match manifest.of {
        BackupOf::Ledger => "ledger",
        BackupOf::Keys => "keys",
    };
    json!({
        "backup": backup.display().to_string(),
        "of": of,
        "made_at": explain::rfc3339(manifest.made_at),
        "entries": n_entries,
        "bytes": n_bytes,
        "files": manifest.files.len(),
    })
}

/// What a backup that cannot be made or trusted ends with.
pub(super) fn failure(error: &BackupError) -> Failure {
    match error {
        BackupError::Open(error) => Failure::open(error),
        BackupError::Io { .. } | BackupError::Sqlite { .. } | BackupError::Damaged { .. } => {
            Failure::failed(74, error)
        }
        BackupError::Exists { .. } | BackupError::Newer { .. } => Failure::failed(78, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backups_are_named_after_their_time() {
        let now = Timestamp::from_unix_ms(1_760_000_000_000);
        assert_eq!(name(BackupOf::Ledger, now), "stile-20251009T085320Z");
        assert_eq!(name(BackupOf::Keys, now), "stile-keys-20251009T085320Z");
    }
}
