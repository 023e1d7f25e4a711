//! `stile restore`: puts a backup back, without bringing anybody back and without loosening anybody.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::HumanCount;
use ledger::Head;
use serde_json::{Value, json};
use store::{Checked, RestoreError, RestoreOptions, Restored, check, restore};

use super::backup::failure;
use super::data::Data;
use super::master_key;
use super::report::{Failure, counted};
use super::serve::chance;
use crate::explain;
use crate::machine::Clock;

/// Puts a backup into a data directory that nobody serves.
///
/// The directory has to hold keys.db, the master key and the file `tombstones`; leave its ledger.db and
/// heads where they are, however damaged: they tell who has said something since the backup.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The backup: a folder with a manifest.
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Only reads the backup from end to end and says whether it is whole.
    #[arg(long)]
    verify: bool,
    /// Tombstones that lie elsewhere: who was erased, from the newest backup there is.
    #[arg(long, value_name = "FILE", conflicts_with = "verify")]
    tombstones: Option<PathBuf>,
    /// Gives everybody back what they had agreed to when the backup was made, whatever they have said since.
    #[arg(long, conflicts_with = "verify")]
    i_understand_consent_rollback: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// When the backup is not whole or the directory not fit for it; what was there stays.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    if args.verify {
        return verify(args);
    }
    let master_key = master_key::named()?;
    let options = RestoreOptions {
        master_key: master_key.as_deref(),
        tombstones: args.tombstones.as_deref(),
        accepts_consent_rollback: args.i_understand_consent_rollback,
    };
    let dir = args.data.dir()?;
    is_fit(&dir, &options)?;
    let restored = restore(&args.backup, &dir, options, chance(), Clock::Wall.now());
    let restored = restored.map_err(|error| refused(&error))?;
    if args.json {
        println!("{}", as_json(&restored));
    } else {
        tell(&restored, &dir, args.i_understand_consent_rollback);
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells all that is not there at once: one thing by itself is told by who looks for it.
fn is_fit(dir: &Path, options: &RestoreOptions<'_>) -> Result<(), Failure> {
    let needed = [
        ("keys.db", true),
        ("master.key", options.master_key.is_none()),
        ("tombstones", options.tombstones.is_none()),
    ];
    let is_missing = |(name, is_needed): &(&str, bool)| *is_needed && !dir.join(name).exists();
    let missing: Vec<&str> = needed.into_iter().filter(is_missing).map(|(name, _)| name).collect();
    if missing.len() < 2 {
        return Ok(());
    }
    let told = format!(
        "{} lacks {}: a backup of the ledger holds no keys and does not say who was erased since; put back the \
         newest of `stile backup keys`, the master key and the newest tombstones first (--tombstones FILE, \
         STILE_MASTER_KEY_FILE)",
        dir.display(),
        missing.join(", ")
    );
    Err(Failure::failed(78, &told))
}

fn verify(args: &Args) -> Result<ExitCode, Failure> {
    let checked = check(&args.backup, &mut |_| ()).map_err(|error| failure(&error))?;
    let Checked { manifest, n_entries, n_taken_away } = &checked;
    if args.json {
        println!(
            "{}",
            json!({
                "ok": true,
                "made_at": explain::rfc3339(manifest.made_at),
                "files": manifest.files.len(),
                "entries": n_entries,
                "taken_away": n_taken_away,
            })
        );
    } else {
        let made_at = explain::rfc3339(manifest.made_at);
        let n_files = counted(manifest.files.len(), "file");
        println!(
            "whole: {n_files} as they were written at {made_at}, {} entries in order",
            HumanCount(*n_entries)
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn refused(error: &RestoreError) -> Failure {
    match error {
        RestoreError::Backup(error) => failure(error),
        RestoreError::Open(error) => Failure::open(error),
        RestoreError::Ledger(_) | RestoreError::Fault(_) | RestoreError::Rows(_) | RestoreError::Flaw(_) => {
            Failure::failed(74, error)
        }
        RestoreError::OfKeys { .. }
        | RestoreError::NoTombstones { .. }
        | RestoreError::KeysMissing { .. } => Failure::failed(78, error),
    }
}

fn tell(restored: &Restored, dir: &Path, accepts_rollback: bool) {
    let Restored { manifest, n_entries, n_erasures, lowered, .. } = restored;
    let n_in_backup: u64 = manifest.heads.iter().map(Head::no).sum();
    let made_at = explain::rfc3339(manifest.made_at);
    println!("{} holds what was backed up at {made_at}: {} entries", dir.display(), HumanCount(n_in_backup));
    println!("erased again: {} who were erased since the backup", HumanCount(*n_erasures));
    if accepts_rollback {
        println!("CONSENT IS AS IT WAS THEN: whoever said no since is asked nothing and heard nowhere");
    } else {
        println!(
            "lowered: {} who have said something about consent since, and {} of whom nobody knows",
            HumanCount(lowered.n_changed as u64),
            HumanCount(lowered.n_unknown as u64)
        );
        println!(
            "  of 64 chains nothing came after the backup in {}, it is known what in {}, and nobody knows in {}",
            restored.n_unchanged, restored.n_known, restored.n_blind
        );
        if 0 < lowered.n_profiles {
            println!("kept: what {} have said about themselves since", HumanCount(lowered.n_profiles as u64));
        }
    }
    if let Some(replaced) = &restored.replaced {
        println!("what was there lies in {}: remove it when all is well", replaced.display());
    }
    println!(
        "now {} entries; `stile audit verify` and `stile doctor` look at them again",
        HumanCount(*n_entries)
    );
}

fn as_json(restored: &Restored) -> Value {
    json!({
        "made_at": explain::rfc3339(restored.manifest.made_at),
        "entries": restored.n_entries,
        "erased_again": restored.n_erasures,
        "lowered": restored.lowered.n_changed,
        "lowered_unknown": restored.lowered.n_unknown,
        "profiles_kept": restored.lowered.n_profiles,
        "chains": { "unchanged": restored.n_unchanged, "known": restored.n_known, "unknown": restored.n_blind },
        "replaced": restored.replaced.as_ref().map(|path| path.display().to_string()),
    })
}
