//! Restoring a backup: the erased stay erased, and nobody is loosened.
//!
//! ```text
//! 1  the backup is read from end to end           nothing is changed unless all of it is whole
//! 2  tombstones of every file are put together    whom anybody knows as erased is erased here
//! 3  a copy is staged in restore.part             tombstones first, before anything of it is read
//! 4  consents that may have ended since are lowered, unless the operator takes that upon themselves
//! 5  the staged ledger is walked, every entry opened
//! 6  restore.part becomes restore.ready           from here on it is decided: a start finishes it
//! 7  what was there goes to before-restore-…, what was staged comes into its place
//! ```

mod hindsight;
mod lowering;
mod switching;

use std::collections::HashSet;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use ledger::{CustomerHash, Erasure, StorageError};
use model::Timestamp;
use rusqlite::Connection;

use self::hindsight::Hindsight;
pub use self::lowering::Lowered;
pub(crate) use self::switching::{READY, finish};
use crate::audit::{ChainFault, Flaw, RowFault, WrongRow, audit, flaws};
use crate::backup::{BackupError, copying};
use crate::directory::{DIRECTORY_MODE, Directory, Part};
use crate::erasures::all_erasures;
use crate::error::storage_error;
use crate::heads::{HeadsFile, Instance, partitions};
use crate::manifest::{BackupOf, Manifest};
use crate::proof::ProofKey;
use crate::standing::take_over;
use crate::tombstones::{self, Tombstone, Tombstones};
use crate::{Chance, Checked, OpenError, SqliteStore, beside, check, migrate, schema};

/// From this format on only who has the master key can have written a ledger.
const FIRST_PROVEN: i64 = 3;
/// Where a restore is prepared.
const STAGE: &str = "restore.part";

/// How a backup is restored.
#[derive(Clone, Copy, Debug, Default)]
pub struct RestoreOptions<'a> {
    /// Tombstones that lie elsewhere; needed when the directory has none.
    pub tombstones: Option<&'a Path>,
    /// The master key's file, where it is not the directory's own.
    pub master_key: Option<&'a Path>,
    /// Gives everybody back what they had agreed to at the time of the backup, whatever they have
    /// said since.
    pub accepts_consent_rollback: bool,
}

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// Entries of all chains, with those that the restore added.
    pub n_entries: u64,
    /// Erasures that came after the backup and were done again.
    pub n_erasures: u64,
    /// Whose consents were lowered.
    pub lowered: Lowered,
    /// Chains of which it is known that nothing came after the backup.
    pub n_unchanged: usize,
    /// Chains of which it is known what came after it.
    pub n_known: usize,
    /// Chains of which nobody knows what came after it.
    pub n_blind: usize,
    /// Where what was there lies now.
    pub replaced: Option<PathBuf>,
}

/// Why a backup was not restored. Unless it says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup is not whole, or cannot be copied.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The data directory cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The restored ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] StorageError),
    /// It is a backup of keys.
    #[error(
        "{} is a backup of keys: copy its keys.db into the data directory while nobody serves it",
        .backup.display()
    )]
    OfKeys {
        /// The backup.
        backup: PathBuf,
    },
    /// Nobody knows who was erased.
    #[error(
        "{} has no file `tombstones`, so nobody knows who was erased since the backup: name the newest \
         one there is with --tombstones (one lies in every backup of the ledger)",
        .dir.display()
    )]
    NoTombstones {
        /// The data directory.
        dir: PathBuf,
    },
    /// The keys are older than the backup.
    #[error(
        "keys.db in {} lacks the keys of {n} customers of the backup: bring one that is as new as the backup",
        .dir.display()
    )]
    KeysMissing {
        /// The data directory.
        dir: PathBuf,
        /// How many.
        n: u64,
    },
    /// What was staged is not whole.
    #[error("entry {} of partition {} of the backup: {}", .0.no, .0.partition.no(), .0.wrong)]
    Fault(ChainFault),
    /// Nor are its rows.
    #[error("state rows of partition {} of the backup: {}", .0.partition.no(), .0.wrong.text())]
    Rows(RowFault),
    /// Nor is what belongs to no chain.
    #[error("the backup: {0}")]
    Flaw(Flaw),
}

/// Puts a backup into a data directory that nobody holds.
///
/// The directory has to hold the keys, the master key and the tombstones, and, to tell what came after
/// the backup, what is left of its ledger and its `heads`. Chains of which nobody can tell lose every yes
/// of theirs: those customers have to be asked again.
///
/// # Errors
/// When anything is not as it has to be; what was there stays in force.
pub fn restore(
    backup: &Path,
    dir: &Path,
    options: RestoreOptions<'_>,
    chance: Chance,
    now: Timestamp,
) -> Result<Restored, RestoreError> {
    let Checked { manifest, .. } = check(backup, &mut |_| {})?;
    if manifest.of == BackupOf::Keys {
        return Err(RestoreError::OfKeys { backup: backup.into() });
    }
    let directory = Directory::claim_whatever(dir)?.with_master_key(options.master_key)?;
    finish(&directory)?;
    for part in [Part::MasterKey, Part::Keys] {
        directory.require(part)?;
    }
    migrate::keys(&directory)?;
    let erased = gather_tombstones(&directory, backup, options.tombstones, &manifest)?;
    let since = hindsight::of(&directory, &manifest, &erased);

    let stage = Stage::make(&directory)?;
    let n_erased_before = stage.fill(&directory, backup, &manifest)?;
    let mut store = SqliteStore::open_in(stage.directory(&directory), chance)?;
    let n_erasures = n_erasures(&store.ledger)? - n_erased_before;
    require_keys(&mut store, dir)?;
    let lowered = if options.accepts_consent_rollback {
        Lowered::default()
    } else {
        lowering::lower(&mut store, &since, now)?
    };
    let n_entries = walk(&mut store, now)?;
    close(store)?;
    let replaced = switching::switch(&directory, &stage.path, now)?;
    let count = |is: fn(&Hindsight) -> bool| since.iter().filter(|since| is(since)).count();
    Ok(Restored {
        manifest,
        n_entries,
        n_erasures,
        lowered,
        n_unchanged: count(|since| matches!(since, Hindsight::Nothing)),
        n_known: count(|since| matches!(since, Hindsight::Known(_))),
        n_blind: count(|since| matches!(since, Hindsight::Blind)),
        replaced,
    })
}

/// Puts everybody who is known as erased by any of the files, or by the ledger that was there, into the
/// directory's own.
fn gather_tombstones(
    directory: &Directory,
    backup: &Path,
    elsewhere: Option<&Path>,
    manifest: &Manifest,
) -> Result<HashSet<CustomerHash>, RestoreError> {
    let (instance, here) = (manifest.instance(), directory.has(Part::Tombstones)?);
    if !here && elsewhere.is_none() {
        return Err(RestoreError::NoTombstones { dir: directory.path().into() });
    }
    let mut known =
        if here { Tombstones::open(directory, instance)? } else { Tombstones::create(directory, instance)? };
    let of_backup = backup.join(Part::Tombstones.file_name());
    for path in elsewhere.into_iter().chain(of_backup.exists().then_some(&*of_backup)) {
        for stone in tombstones::read_file(path, instance)? {
            if !known.has(stone.customer, stone.at) {
                known.add(stone).map_err(|error| OpenError::io(path)(error.into_io()))?;
            }
        }
    }
    for stone in told_by_the_old_ledger(directory, instance) {
        if !known.has(stone.customer, stone.at) {
            let path = directory.file(Part::Tombstones);
            known.add(stone).map_err(|error| OpenError::io(&path)(error.into_io()))?;
        }
    }
    Ok(known.all().iter().map(|stone| stone.customer).collect())
}

/// Of whom the ledger that is to be replaced says that they were erased, as far as it can be read: their
/// tombstones may be lost, and their keys come back from a copy.
fn told_by_the_old_ledger(directory: &Directory, instance: Instance) -> Vec<Tombstone> {
    let told = || {
        let ledger = schema::open_to_read(directory, Part::Ledger).ok()?;
        let is_ours = schema::instance(&ledger, None).ok()? == Some(instance);
        if is_ours { all_erasures(&ledger).ok() } else { None }
    };
    let stone = |done: Erasure| {
        let Erasure { customer, partition, at, key, .. } = done;
        Tombstone { customer, partition, at, key }
    };
    told().unwrap_or_default().into_iter().map(stone).collect()
}

/// A ledger that is prepared beside the one in force; gone when it is dropped before it is in its place.
struct Stage {
    path: PathBuf,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Stage {
    fn make(directory: &Directory) -> Result<Self, RestoreError> {
        let stage = Self { path: directory.path().join(STAGE) };
        // What an earlier one left that was interrupted.
        let _ = fs::remove_dir_all(&stage.path);
        let made = DirBuilder::new().mode(DIRECTORY_MODE).create(&stage.path);
        made.map_err(OpenError::io(&stage.path))?;
        Ok(stage)
    }

    fn directory(&self, of: &Directory) -> Directory {
        of.with_staged(self.path.clone())
    }

    /// Copies what is restored; gives how many erasures the ledger tells of.
    fn fill(&self, of: &Directory, backup: &Path, manifest: &Manifest) -> Result<u64, RestoreError> {
        let (name, directory) = (Part::Ledger.file_name(), self.directory(of));
        let to = self.path.join(name);
        copying::copy_file(&backup.join(name), &to).map_err(OpenError::io(&to))?;
        for name in beside::restored() {
            copying::copy(&backup.join(name), &self.path.join(name))?;
        }
        migrate::ledger(&directory)?;
        let proof = ProofKey::new(&*directory.stored_master_key()?);
        if manifest.stored_format < FIRST_PROVEN {
            let mut ledger = schema::open(&directory, Part::Ledger, false)?;
            take_over(&mut ledger, &proof).map_err(directory.sqlite(Part::Ledger))?;
        }
        HeadsFile::create(&directory, manifest.instance(), &proof, &manifest.all_heads())?;
        let ledger = schema::open_to_read(&directory, Part::Ledger)?;
        Ok(n_erasures(&ledger)?)
    }
}

fn n_erasures(ledger: &Connection) -> Result<u64, StorageError> {
    let count = || ledger.query_row("SELECT count(*) FROM erasures", [], |row| row.get::<_, i64>(0));
    Ok(count().map_err(storage_error)?.cast_unsigned())
}

/// An error when rows could never be read: their partition would be closed to everybody.
fn require_keys(store: &mut SqliteStore, dir: &Path) -> Result<(), RestoreError> {
    let count = || -> rusqlite::Result<usize> {
        let of_rows = customers_of(&store.ledger)?;
        Ok(of_rows.difference(&store.keys.customers()?).count())
    };
    match count().map_err(storage_error)? {
        0 => Ok(()),
        n => Err(RestoreError::KeysMissing { dir: dir.into(), n: n as u64 }),
    }
}

/// Whoever there is anything of.
pub(crate) fn customers_of(ledger: &Connection) -> rusqlite::Result<HashSet<[u8; 16]>> {
    let select = "SELECT customer FROM states
         UNION SELECT customer FROM entries WHERE sealed IS NOT NULL";
    ledger.prepare(select)?.query_map([], |row| row.get(0))?.collect()
}

/// Reads all that was staged from end to end; gives how many entries there are.
fn walk(store: &mut SqliteStore, now: Timestamp) -> Result<u64, RestoreError> {
    let mut n_entries = 0;
    for partition in partitions() {
        let apart = *store.standing.head(partition);
        let walked = audit(&store.ledger, &mut store.keys, &store.proof, &apart, (&mut || (), now));
        let (walked, rows) = walked.map_err(storage_error)?.map_err(RestoreError::Fault)?;
        n_entries += walked.head.no();
        if let Some(fault) = rows.faults.iter().find(|fault| !matches!(fault.wrong, WrongRow::Disagrees(_))) {
            return Err(RestoreError::Rows(*fault));
        }
    }
    let flaws = flaws(&store.ledger, &store.keys, &store.proof, store.tombstones.all());
    match flaws.map_err(storage_error)?.first() {
        None => Ok(n_entries),
        Some(flaw) => Err(RestoreError::Flaw(*flaw)),
    }
}

/// Moves all that stands in logs into its database.
fn close(store: SqliteStore) -> Result<(), RestoreError> {
    store.empty_logs()?;
    drop(store);
    Ok(())
}
