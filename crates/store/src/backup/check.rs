//! Whether a backup is what was written, down to every link.

use std::path::{Component, Path};

use rusqlite::Connection;

use super::{BackupError, copying, file_of, open_copy};
use crate::audit::{ChainFault, Walk, n_astray};
use crate::directory::Part;
use crate::heads::partitions;
use crate::manifest::{BackupOf, Manifest};
use crate::schema;

/// A backup that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Entries of all chains.
    pub n_entries: u64,
    /// Those of them whose text was taken away before.
    pub n_taken_away: u64,
}

/// Reads a backup from end to end: every file's hash, and every chain link by link.
///
/// It needs no key. `count` hears how many entries were read, a portion at a time.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(backup: &Path, count: &mut dyn FnMut(u64)) -> Result<Checked, BackupError> {
    let manifest = Manifest::read(backup)?;
    check_files(backup, &manifest)?;
    let part = match manifest.of {
        BackupOf::Ledger => Part::Ledger,
        BackupOf::Keys => Part::Keys,
    };
    let path = backup.join(part.file_name());
    let copy = open_copy(&path)?;
    check_database(&copy, &path, &manifest)?;
    let mut checked = Checked { manifest, n_entries: 0, n_taken_away: 0 };
    if checked.manifest.of == BackupOf::Ledger {
        check_chains(&copy, &path, &mut checked, count)?;
    }
    Ok(checked)
}

fn check_files(backup: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    for file in &manifest.files {
        let path = Path::new(&file.path);
        // A manifest must not lead out of its backup.
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(BackupError::damaged(&backup.join(path), "its name leads out of the backup"));
        }
        let path = backup.join(path);
        let found = file_of(file.path.clone(), &path)?;
        if found != *file {
            return Err(BackupError::damaged(&path, "it is not what was written there"));
        }
    }
    let strange = copying::list(backup)?.into_iter().find(|found| !manifest.files.contains(found));
    match strange {
        Some(file) => Err(BackupError::damaged(&backup.join(file.path), "it is no part of the backup")),
        None => Ok(()),
    }
}

fn check_database(copy: &Connection, path: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let told = |error| BackupError::sqlite(path)(error);
    schema::check_copy(copy, path)?;
    if schema::instance(copy, None).map_err(told)? != Some(manifest.instance()) {
        return Err(BackupError::damaged(path, "it belongs to another ledger than the manifest says"));
    }
    let found: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(told)?;
    if found != "ok" {
        return Err(BackupError::damaged(path, found));
    }
    Ok(())
}

fn check_chains(
    copy: &Connection,
    path: &Path,
    checked: &mut Checked,
    count: &mut dyn FnMut(u64),
) -> Result<(), BackupError> {
    let heads = checked.manifest.all_heads();
    for partition in partitions() {
        let apart = Some(&heads[usize::from(partition.no())]);
        let mut n = 0;
        let walk = Walk { ledger: copy, keys: None, proof: None, apart, sums: None };
        let walked = walk.along(partition, &mut || n += 1);
        count(n);
        let walked = walked.map_err(BackupError::sqlite(path))?;
        let walked = walked.map_err(|fault| BackupError::damaged(path, sentence(&fault)))?;
        if Some(&walked.head) != apart {
            return Err(BackupError::damaged(path, "it holds more entries than the manifest says"));
        }
        checked.n_entries += walked.head.no();
        checked.n_taken_away += walked.n_taken_away;
    }
    match n_astray(copy).map_err(BackupError::sqlite(path))? {
        0 => Ok(()),
        _ => Err(BackupError::damaged(path, "it holds entries that stand in no partition")),
    }
}

fn sentence(fault: &ChainFault) -> String {
    format!("entry {} of partition {}: {}", fault.no, fault.partition.no(), fault.wrong)
}
