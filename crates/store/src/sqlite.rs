//! The store itself.

use std::path::{Path, PathBuf};

use ledger::{
    Batch, ClosedPartition, Erasure, Graves, Numbered, Retained, Retention, StockCount, Storage,
    StorageError, StoredState, Vault,
};
use model::{CustomerId, OfferId, Partition, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use crate::directory::{Directory, Part};
use crate::erase::graves_of;
use crate::error::{OpenError, storage_error};
use crate::heads::{Heads, HeadsFile, Instance, WrittenBy, empty_heads, partitions};
use crate::keys::{KeyRoom, Owner};
use crate::proof::ProofKey;
use crate::retain::Round;
use crate::scan::{scan_owner, scan_partition};
use crate::signing::Signer;
use crate::standing::{Standing, take_over};
use crate::states::{StatesReader, Whereabouts, WrappedKeys};
use crate::tombstones::Tombstones;
use crate::verify::{Chains, verify};
use crate::write::SealedBatch;
use crate::{Chance, migrate, restore, schema};

/// How to open a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Make the directory and an empty ledger where there is none.
    pub create: bool,
    /// The file of the master key, which is never made; without one it is the directory's own.
    pub master_key: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { create: true, master_key: None }
    }
}

/// A ledger in a data directory, which nobody else can open meanwhile.
pub struct SqliteStore {
    pub(crate) ledger: Connection,
    pub(crate) keys: KeyRoom,
    pub(crate) standing: Standing,
    pub(crate) heads_file: HeadsFile,
    pub(crate) proof: ProofKey,
    pub(crate) tombstones: Tombstones,
    pub(crate) graves: Graves,
    signer: Signer,
    instance: Instance,
    closed: Vec<ClosedPartition>,
    suspect: Option<Box<str>>,
    pub(crate) round: Round,
    pub(crate) chance: Chance,
    /// Last, so that the lock goes when all else is closed.
    pub(crate) directory: Directory,
}

impl SqliteStore {
    /// Opens the ledger in `dir`; `chance` makes its keys and nonces.
    ///
    /// # Errors
    /// [`OpenError::Locked`] when somebody else has it open. Data of which a part is
    /// missing, foreign, or newer than this program are refused and left as they are.
    pub fn open(dir: &Path, options: Options, chance: Chance) -> Result<Self, OpenError> {
        let Options { create, master_key } = options;
        let directory = Directory::claim(dir, create)?.with_master_key(master_key.as_deref())?;
        restore::finish(&directory)?;
        migrate::migrate(&directory)?;
        Self::open_in(directory, chance)
    }

    /// Opens a ledger that hides nothing, so that a test can look at every byte of what is written.
    ///
    /// It is marked as such: [`SqliteStore::open`] refuses it, and this refuses any other.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    #[cfg(feature = "null-cipher")]
    pub fn open_without_cipher(dir: &Path, mut chance: Chance) -> Result<Self, OpenError> {
        let directory = Directory::claim(dir, true)?;
        if !directory.has(Part::Heads)? {
            directory.master_key(&mut chance)?;
            for part in [Part::Keys, Part::Ledger] {
                let database = schema::open(&directory, part, true)?;
                schema::mark_as_open_to_all(&database).map_err(directory.sqlite(part))?;
            }
        }
        Self::open_with(directory, Vault::without_cipher, chance)
    }

    /// Opens the ledger of a directory that this process holds, of this format.
    pub(crate) fn open_in(directory: Directory, chance: Chance) -> Result<Self, OpenError> {
        let store = Self::open_with(directory, Vault::new, chance)?;
        for (database, part) in [(store.keys.database(), Part::Keys), (&store.ledger, Part::Ledger)] {
            if schema::is_open_to_all(database).map_err(store.directory.sqlite(part))? {
                return Err(OpenError::OpenToAll { dir: store.directory.path().into() });
            }
        }
        Ok(store)
    }

    fn open_with(
        directory: Directory,
        vault_of: fn(&[u8; 32]) -> Vault,
        mut chance: Chance,
    ) -> Result<Self, OpenError> {
        let dir = directory.path().to_path_buf();
        let is_new = !directory.has(Part::Heads)?;
        // The first start makes the master key before anything that needs it.
        if !is_new || directory.has(Part::Keys)? || directory.has(Part::Ledger)? {
            directory.require(Part::MasterKey)?;
        }
        if !is_new {
            directory.require(Part::Keys)?;
            directory.require(Part::Ledger)?;
            directory.require(Part::Tombstones)?;
        }
        let master_key = directory.master_key(&mut chance)?;
        let (vault, signer) = (vault_of(&master_key), Signer::new(&master_key));
        let proof = ProofKey::new(&master_key);
        let (mut ledger, mut keys, instance) = open_databases(&directory, vault, is_new, &mut chance)?;
        let tombstones = if is_new {
            Tombstones::create(&directory, instance)?
        } else {
            Tombstones::open(&directory, instance)?
        };
        let (heads_file, apart) = if is_new {
            create_heads(&directory, instance, &ledger, &keys, &proof)?
        } else {
            open_heads(&directory, instance, (&mut ledger, &mut keys), &proof)?
        };
        keys.vouch_if_due(&mut chance).map_err(directory.sqlite(Part::Keys))?;
        let verified = verify(&ledger, &apart, &proof).map_err(directory.sqlite(Part::Ledger))?;
        let Chains { standing, closed } = verified;
        let graves = graves_of(&tombstones, keys.graves());
        let suspect = None;
        let mut store = Self {
            ledger,
            keys,
            standing,
            heads_file,
            proof,
            tombstones,
            graves,
            signer,
            instance,
            closed,
            suspect,
            round: Round::default(),
            chance,
            directory,
        };
        let finished = store.finish_erasures().and_then(|()| migrate::fill_in(&mut store));
        finished.map_err(|source| OpenError::Unfinished { dir, source })?;
        Ok(store)
    }

    /// The partitions that are closed, by number; a scan of the states may close more.
    #[must_use]
    pub fn closed_partitions(&self) -> &[ClosedPartition] {
        &self.closed
    }

    /// The latest instant of any entry, to notice a clock that was set back (K09).
    pub fn last_recorded_at(&self) -> Result<Option<Timestamp>, StorageError> {
        let find = || self.ledger.query_row("SELECT max(last_at) FROM heads", [], |row| row.get(0));
        let found: Option<i64> = find().map_err(storage_error)?;
        Ok(found.map(Timestamp::from_unix_ms))
    }

    pub(crate) fn is_closed(&self, partition: Partition) -> bool {
        self.closed.iter().any(|closed| closed.partition == partition)
    }

    /// An error when the data directory was taken away or began anew under somebody else.
    fn check_home(&self) -> Result<(), StorageError> {
        if self.directory.is_held() {
            return Ok(());
        }
        let why = "its data directory or the lock in it was removed or replaced while it was open";
        Err(StorageError::Suspect(why.into()))
    }

    fn close(&mut self, partition: Partition, reason: &'static str) {
        if !self.is_closed(partition) {
            self.closed.push(ClosedPartition { partition, reason });
            self.closed.sort_by_key(|closed| closed.partition);
        }
    }

    /// Gives keys to those who are new, and to nobody whose key was lost.
    fn make_keys(&mut self, batch: &Batch<'_>) -> Result<(), StorageError> {
        let of_entries = batch.entries().map(|entry| &entry.customer);
        let customers = of_entries.chain(batch.rows().into_iter().map(|row| &row.customer));
        let owners: Vec<Owner> = customers.map(|customer| self.keys.owner(customer)).collect();
        if let Some(&(partition, _)) = owners.iter().find(|(partition, _)| self.is_closed(*partition)) {
            return Err(StorageError::Closed { partition });
        }
        let new = self.keys.without_key(owners.into_iter())?;
        for &owner in &new {
            if self.has_rows(owner).map_err(storage_error)? {
                return Err(KeyRoom::lost(owner));
            }
        }
        if new.is_empty() { Ok(()) } else { self.keys.make(&new, &mut self.chance) }
    }

    pub(crate) fn has_rows(&self, (partition, customer): Owner) -> rusqlite::Result<bool> {
        let mut select = self.ledger.prepare_cached(
            "SELECT 1 FROM states WHERE partition = ?1 AND customer = ?2
             UNION ALL SELECT 1 FROM entries WHERE customer = ?2 AND sealed IS NOT NULL LIMIT 1",
        )?;
        let found = select.query_row((partition.no(), customer.bytes()), |_| Ok(())).optional()?;
        Ok(found.is_some())
    }

    /// The states of one partition, ascending by customer.
    pub(crate) fn states_of(&self, partition: Partition) -> Result<Vec<StoredState>, StorageError> {
        let (keys, vault) = (self.keys.database(), self.keys.vault());
        let none_read = WrappedKeys::default();
        let reader = StatesReader::new(&self.ledger, keys, vault, &none_read);
        reader.read(partition, &self.standing, &self.proof)
    }
}

impl Storage for SqliteStore {
    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StorageError> {
        if let Some(reason) = &self.suspect {
            return Err(StorageError::Suspect(reason.clone()));
        }
        // Before, or it would be written among what somebody else writes; after, or it would be acknowledged.
        let written = self.check_home().and_then(|()| self.write(batch)).and_then(|()| self.check_home());
        if let Err(StorageError::Suspect(reason)) = &written {
            self.suspect = Some(reason.clone());
        }
        written
    }

    fn scan_states(&mut self, visit: &mut dyn FnMut(StoredState)) -> Result<(), StorageError> {
        let wanted: Vec<Partition> = partitions().filter(|partition| !self.is_closed(*partition)).collect();
        let mut damaged = Vec::new();
        let ledger = Whereabouts {
            directory: &self.directory,
            vault: self.keys.vault(),
            standing: &self.standing,
            proof: &self.proof,
        };
        let read = ledger.read_all(&wanted, &mut |partition, read| match read {
            Ok(states) => {
                states.into_iter().for_each(&mut *visit);
                Ok(())
            }
            Err(StorageError::Damaged { reason, .. }) => {
                damaged.push((partition, reason));
                Ok(())
            }
            Err(StorageError::Suspect(_)) => {
                damaged.push((partition, "its rows cannot be read"));
                Ok(())
            }
            Err(error @ (StorageError::Full | StorageError::Io(_) | StorageError::Closed { .. })) => {
                Err(error)
            }
        });
        damaged.into_iter().for_each(|(partition, reason)| self.close(partition, reason));
        read
    }

    fn closed_partitions(&self) -> &[ClosedPartition] {
        &self.closed
    }

    fn scan_stock(&mut self, visit: &mut dyn FnMut(StockCount)) -> Result<(), StorageError> {
        let mut select = self
            .ledger
            .prepare_cached(
                "SELECT offer, NULL AS day, n FROM stock_totals
                 UNION ALL SELECT offer, day, n FROM stock_days ORDER BY 1, 2",
            )
            .map_err(storage_error)?;
        let mut rows = select.query([]).map_err(storage_error)?;
        while let Some(row) = rows.next().map_err(storage_error)? {
            let offer: String = row.get(0).map_err(storage_error)?;
            let offer = OfferId::new(&offer)
                .map_err(|_| StorageError::Suspect("a count of stock names no offer".into()))?;
            let (day, n) = (row.get(1).map_err(storage_error)?, row.get(2).map_err(storage_error)?);
            visit(StockCount { offer, day, n });
        }
        Ok(())
    }

    fn scan_entries(
        &mut self,
        of: Option<&CustomerId>,
        visit: &mut dyn FnMut(Numbered),
    ) -> Result<(), StorageError> {
        match of {
            Some(customer) => {
                let owner = self.keys.owner(customer);
                scan_owner(&self.ledger, &mut self.keys, owner, visit)
            }
            None => partitions()
                .try_for_each(|partition| scan_partition(&self.ledger, &mut self.keys, partition, visit)),
        }
    }

    fn erase(&mut self, customer: &CustomerId, at: Timestamp) -> Result<Erasure, StorageError> {
        if let Some(reason) = &self.suspect {
            return Err(StorageError::Suspect(reason.clone()));
        }
        let erased = self.check_home().and_then(|()| self.erase_customer(customer, at));
        let erased = erased.and_then(|erasure| self.check_home().map(|()| erasure));
        if let Err(StorageError::Suspect(reason)) = &erased {
            self.suspect = Some(reason.clone());
        }
        erased
    }

    fn graves(&self) -> Graves {
        self.graves.clone()
    }

    fn look_after(&mut self) -> Result<(), StorageError> {
        let looked = self.check_home();
        if let Err(StorageError::Suspect(reason)) = &looked {
            self.suspect = Some(reason.clone());
        }
        looked
    }

    fn upkeep(&self) -> Option<Box<dyn FnMut() + Send>> {
        // Without it commits do this themselves, once in a while and all at once.
        let log = schema::connect(&self.directory.file(Part::Ledger)).ok()?;
        Some(Box::new(move || {
            // What could not be moved is moved the next time.
            let _ = schema::move_log(&log);
        }))
    }

    fn instance(&self) -> [u8; 16] {
        self.instance
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signer.sign(message)
    }

    fn public_key(&self) -> [u8; 32] {
        self.signer.public_key()
    }

    fn retain(&mut self, keep: &Retention, n_max: usize, now: Timestamp) -> Result<Retained, StorageError> {
        if let Some(reason) = &self.suspect {
            return Err(StorageError::Suspect(reason.clone()));
        }
        let retained = self.retain_some(keep, n_max, now);
        if let Err(StorageError::Suspect(reason)) = &retained {
            self.suspect = Some(reason.clone());
        }
        retained
    }
}

impl SqliteStore {
    fn write(&mut self, batch: &Batch<'_>) -> Result<(), StorageError> {
        self.make_keys(batch)?;
        let heads = self.standing.heads();
        let sealed = SealedBatch::seal(batch, heads, &mut self.keys, &mut self.chance)?;
        let written = sealed.write(&mut self.ledger, &self.standing, &self.proof);
        self.standing = written.map_err(storage_error)?;
        if sealed.has_entries() {
            // The batch is durable and cannot be taken back: to write it again would double it.
            let apart = self.heads_file.write(&sealed.heads);
            apart.map_err(|error| StorageError::Suspect(error.to_string().into_boxed_str()))?;
        }
        Ok(())
    }
}

/// Opens both databases, and finds out whether they and the master key belong together.
fn open_databases(
    directory: &Directory,
    vault: Vault,
    is_new: bool,
    chance: &mut Chance,
) -> Result<(Connection, KeyRoom, Instance), OpenError> {
    let keys = schema::open(directory, Part::Keys, is_new)?;
    let ledger = schema::open(directory, Part::Ledger, is_new)?;
    let mut new = is_new.then(Instance::default);
    new.iter_mut().for_each(|new| chance(new));
    let of_keys = schema::instance(&keys, new).map_err(directory.sqlite(Part::Keys))?;
    let instance = of_keys.ok_or_else(|| directory.missing(Part::Keys))?;
    let of_ledger = schema::instance(&ledger, new.and(of_keys)).map_err(directory.sqlite(Part::Ledger))?;
    if of_ledger.ok_or_else(|| directory.missing(Part::Ledger))? != instance {
        return Err(OpenError::OtherInstance { dir: directory.path().into(), part: Part::Ledger });
    }
    let (keys, fits) = KeyRoom::open(keys, vault, is_new, chance).map_err(directory.sqlite(Part::Keys))?;
    if !fits {
        return Err(directory.wrong_key());
    }
    Ok((ledger, keys, instance))
}

/// The last step of a first start: from now on a missing part is a loss.
fn create_heads(
    directory: &Directory,
    instance: Instance,
    ledger: &Connection,
    keys: &KeyRoom,
    proof: &ProofKey,
) -> Result<(HeadsFile, Heads), OpenError> {
    let no_keys = keys.is_empty().map_err(directory.sqlite(Part::Keys))?;
    if !no_keys || !has_no_rows(ledger).map_err(directory.sqlite(Part::Ledger))? {
        return Err(directory.missing(Part::Heads));
    }
    Standing::empty().write(ledger, proof).map_err(directory.sqlite(Part::Ledger))?;
    let _nobody_reads_yet = keys.settle().map_err(directory.sqlite(Part::Keys))?;
    let _nobody_reads_yet = schema::settle(ledger).map_err(directory.sqlite(Part::Ledger))?;
    Ok((HeadsFile::create(directory, instance, proof, &empty_heads())?, empty_heads()))
}

/// The heads that are kept apart; of an older format they, the sums and the checks are made anew.
fn open_heads(
    directory: &Directory,
    instance: Instance,
    (ledger, keys): (&mut Connection, &mut KeyRoom),
    proof: &ProofKey,
) -> Result<(HeadsFile, Heads), OpenError> {
    let (file, apart, by) = HeadsFile::open(directory, instance, proof, keys.heads_are_written_by())?;
    match by {
        WrittenBy::Ours => Ok((file, apart)),
        WrittenBy::Anybody => {
            take_over(ledger, proof).map_err(directory.sqlite(Part::Ledger))?;
            Ok((HeadsFile::create(directory, instance, proof, &apart)?, apart))
        }
    }
}

fn has_no_rows(ledger: &Connection) -> rusqlite::Result<bool> {
    let select = "SELECT 1 FROM entries UNION ALL SELECT 1 FROM states LIMIT 1";
    Ok(ledger.query_row(select, [], |_| Ok(())).optional()?.is_none())
}

#[cfg(test)]
mod tests;
