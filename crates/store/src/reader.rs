//! Reads the ledger beside whoever holds it.

use std::path::Path;

use ledger::{CustomerHash, Graves, Numbered, StorageError, StoredState, Table, Vault};
use model::{Partition, Timestamp};
use rusqlite::Connection;

use crate::anchor::{Anchor, AnchorRefused, Loosened};
use crate::audit::{ChainFault, Flaw, Rows, Walked, audit, flaws};
use crate::directory::{Directory, Part};
use crate::error::{OpenError, storage_error};
use crate::heads::{Heads, Instance, partitions, read_heads};
use crate::keys::KeyRoom;
use crate::proof::ProofKey;
use crate::scan::scan_partition;
use crate::schema;
use crate::signing::Signer;
use crate::standing::Standing;
use crate::tombstones;
use crate::verify::head_at;
use crate::write::place;

/// Why a chain could not be walked at all.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The heads that are kept apart cannot be read.
    #[error(transparent)]
    Heads(#[from] OpenError),
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] StorageError),
}

/// The entries of a data directory, which a running server may hold meanwhile and write on.
///
/// It needs the master key like the server. Nothing is locked and nothing changed; a partition is read
/// as it stands when its turn comes.
pub struct Reader {
    directory: Directory,
    instance: Instance,
    ledger: Connection,
    keys: KeyRoom,
    signer: Signer,
    proof: ProofKey,
}

impl Reader {
    /// Opens the ledger in `dir` for reading.
    ///
    /// # Errors
    /// When there is none, or it is not the master key's.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Self::open_with(dir, None)
    }

    /// Opens the ledger in `dir` for reading, with the master key in a file that is named.
    ///
    /// # Errors
    /// When there is none, or it is not the master key's.
    pub fn open_with(dir: &Path, master_key: Option<&Path>) -> Result<Self, OpenError> {
        let directory = Directory::beside(dir)?.with_master_key(master_key)?;
        for part in [Part::Heads, Part::MasterKey, Part::Keys, Part::Ledger] {
            directory.require(part)?;
        }
        let master_key = directory.stored_master_key()?;
        let (vault, signer) = (Vault::new(&master_key), Signer::new(&master_key));
        let proof = ProofKey::new(&master_key);
        drop(master_key);
        let [ledger, keys] = [Part::Ledger, Part::Keys].map(|part| schema::open_to_read(&directory, part));
        let keys = keys?;
        let found = schema::format_of(&keys, &directory, Part::Keys)?;
        if found < schema::FORMAT {
            let (dir, part, known) = (dir.into(), Part::Keys, schema::FORMAT);
            return Err(OpenError::OlderVersion { dir, part, found, known });
        }
        let instance = schema::instance(&keys, None).map_err(directory.sqlite(Part::Keys))?;
        let (keys, fits) = KeyRoom::read(keys, vault).map_err(directory.sqlite(Part::Keys))?;
        if !fits {
            return Err(directory.wrong_key());
        }
        let ledger = ledger?;
        if schema::instance(&ledger, None).map_err(directory.sqlite(Part::Ledger))? != instance {
            return Err(OpenError::OtherInstance { dir: dir.into(), part: Part::Ledger });
        }
        let instance = instance.ok_or_else(|| directory.missing(Part::Keys))?;
        Ok(Self { directory, instance, ledger, keys, signer, proof })
    }

    /// By which key the statements of this ledger can be checked.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.signer.public_key()
    }

    /// How many entries there are by now.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn n_entries(&self) -> Result<u64, StorageError> {
        let count = || self.ledger.query_row("SELECT coalesce(sum(no), 0) FROM heads", [], |row| row.get(0));
        let n: i64 = count().map_err(storage_error)?;
        Ok(n.cast_unsigned())
    }

    /// All partitions, in order.
    pub fn partitions(&self) -> impl Iterator<Item = Partition> + use<> {
        partitions()
    }

    /// Who was erased.
    ///
    /// # Errors
    /// When the tombstones cannot be read.
    pub fn graves(&self) -> Result<Graves, OpenError> {
        let mut graves = self.keys.graves();
        for stone in tombstones::read(&self.directory, self.instance)? {
            graves.add_hash(stone.customer, stone.at);
        }
        Ok(graves)
    }

    /// Visits the state rows of one partition, in no order.
    ///
    /// # Errors
    /// When it is damaged; what was visited before was good.
    pub fn scan_states(
        &mut self,
        partition: Partition,
        visit: &mut dyn FnMut(StoredState),
    ) -> Result<(), StorageError> {
        let select = "SELECT customer, as_of, sealed FROM states WHERE partition = ?1";
        let mut select = self.ledger.prepare_cached(select).map_err(storage_error)?;
        let mut rows = select.query([partition.no()]).map_err(storage_error)?;
        while let Some(row) = rows.next().map_err(storage_error)? {
            let owner = (partition, CustomerHash::from_bytes(row.get(0).map_err(storage_error)?));
            let no = row.get::<_, i64>(1).map_err(storage_error)?.cast_unsigned();
            let sealed = row.get_ref(2).map_err(storage_error)?.as_blob().unwrap_or_default();
            let opened = self.keys.require(owner)?.open_state(sealed, &place(Table::States, owner, no));
            visit(opened.map_err(|why| StorageError::Damaged {
                table: Table::States,
                partition,
                no,
                reason: why.text(),
            })?);
        }
        Ok(())
    }

    /// Visits the entries of one partition, ascending by number, and checks every link of its chain.
    ///
    /// # Errors
    /// When it is damaged; what was visited before was good.
    pub fn scan(
        &mut self,
        partition: Partition,
        visit: &mut dyn FnMut(Numbered),
    ) -> Result<(), StorageError> {
        scan_partition(&self.ledger, &mut self.keys, partition, visit)
    }

    /// Walks the whole chain of a partition as of one moment, opens every entry, compares its end with
    /// the heads that are kept apart, and holds every state row against what its entries add up to; tells the
    /// first thing that is wrong with the chain, after which nothing can be said of the rows.
    ///
    /// `count` hears of every entry. It takes as much memory as the rows of the partition.
    ///
    /// # Errors
    /// When the ledger cannot be read at all.
    pub fn audit(
        &mut self,
        partition: Partition,
        count: &mut dyn FnMut(),
        now: Timestamp,
    ) -> Result<Result<(Walked, Rows), ChainFault>, AuditError> {
        // Heads first: what is written after them is a longer chain, and no fault.
        let apart = self.heads_apart()?;
        let moment = self.ledger.unchecked_transaction().map_err(storage_error)?;
        let apart = &apart[usize::from(partition.no())];
        Ok(audit(&moment, &mut self.keys, &self.proof, apart, (count, now)).map_err(storage_error)?)
    }

    /// What is wrong outside of the chains and their rows.
    ///
    /// # Errors
    /// When the ledger cannot be read at all.
    pub fn flaws(&self) -> Result<Vec<Flaw>, AuditError> {
        let stones = tombstones::read(&self.directory, self.instance)?;
        Ok(flaws(&self.ledger, &self.keys, &self.proof, &stones).map_err(storage_error)?)
    }

    /// Where all chains stand, signed, as one line of JSON; `None` when that was changed by hand.
    ///
    /// # Errors
    /// When the ledger cannot be read at all.
    pub fn anchor(&self, now: Timestamp) -> Result<Option<String>, AuditError> {
        let moment = self.ledger.unchecked_transaction().map_err(storage_error)?;
        let (standing, untrue) = Standing::read(&moment, &self.proof).map_err(storage_error)?;
        let anchor = Anchor::of_standing(&standing, self.instance, now);
        Ok(untrue.is_empty().then(|| anchor.to_json(&self.signer)))
    }

    /// Reads what was kept elsewhere: an anchor, the manifest of a backup or the statement of an erasure.
    ///
    /// # Errors
    /// When it is none of them, of another ledger, or not signed by this one.
    pub fn read_anchor(&self, text: &str) -> Result<Anchor, AnchorRefused> {
        Anchor::parse(text, self.instance, &self.public_key())
    }

    /// What an anchor says that is not so any more.
    ///
    /// # Errors
    /// When the ledger cannot be read at all.
    pub fn hold_against(&self, anchor: &Anchor) -> Result<Vec<Loosened>, AuditError> {
        let moment = self.ledger.unchecked_transaction().map_err(storage_error)?;
        let (standing, _) = Standing::read(&moment, &self.proof).map_err(storage_error)?;
        let found = anchor.hold_against(&standing, &mut |partition, no| head_at(&moment, partition, no));
        Ok(found.map_err(storage_error)?)
    }

    fn heads_apart(&self) -> Result<Heads, OpenError> {
        read_heads(&self.directory, self.instance, &self.proof, self.keys.heads_are_written_by())
    }
}
