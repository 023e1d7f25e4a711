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
///
/// `stile backup keys DIR` makes one of the customers' keys alone, wrapped by the master key: keep it apart, and
/// no longer than 30 days.
#[derive(clap::Args, Debug)]
#[command(override_usage = "stile backup [OPTIONS] <DIR>\n       stile backup [OPTIONS] keys <DIR>")]
pub struct Args {
    /// The folder that gets a new one, named after the time; before it `keys`, for a backup of the keys.
    #[arg(value_name = "DIR", required = true, num_args = 1..=2)]
    to: Vec<PathBuf>,
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
    let (of, to) = wanted(&args.to).map_err(|why| Failure::Usage(why.to_owned()))?;
    make(of, to, &args.data, args.json)
}

/// Of what a backup is wanted, and where, wherever the options stand.
fn wanted(words: &[PathBuf]) -> Result<(BackupOf, &Path), &'static str> {
    match words {
        [word] if word.as_os_str() == "keys" => {
            Err("name the folder that gets the backup of the keys; a folder that is called keys is ./keys")
        }
        [to] => Ok((BackupOf::Ledger, to)),
        [word, to] if word.as_os_str() == "keys" => Ok((BackupOf::Keys, to)),
        _ => Err("name one folder that gets the backup"),
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
    fn keys_are_a_word_and_everything_else_is_a_folder() {
        let parsed = |words: &[&str]| {
            let words: Vec<PathBuf> = words.iter().map(PathBuf::from).collect();
            wanted(&words).map(|(of, to)| (of, to.to_path_buf()))
        };
        assert_eq!(parsed(&["nightly"]), Ok((BackupOf::Ledger, "nightly".into())));
        assert_eq!(parsed(&["./keys"]), Ok((BackupOf::Ledger, "./keys".into())));
        assert_eq!(parsed(&["keys", "apart"]), Ok((BackupOf::Keys, "apart".into())));
        for wrong in [&["keys"][..], &["one", "two"], &[]] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn backups_are_named_after_their_time() {
        let now = Timestamp::from_unix_ms(1_760_000_000_000);
        assert_eq!(name(BackupOf::Ledger, now), "stile-20251009T085320Z");
        assert_eq!(name(BackupOf::Keys, now), "stile-keys-20251009T085320Z");
    }
}
