//! Reads the ledger beside whoever holds it.

use std::path::Path;

use ledger::{Numbered, StorageError, Vault};
use model::Partition;
use rusqlite::Connection;

use crate::directory::{Directory, Part};
use crate::error::{OpenError, storage_error};
use crate::heads::partitions;
use crate::keys::KeyRoom;
use crate::schema;
use crate::sqlite::scan_partition;

/// The entries of a data directory, which a running server may hold meanwhile and write on.
///
/// It needs the master key like the server. Nothing is locked and nothing changed; a partition is read
/// as it stands when its turn comes.
pub struct Reader {
    ledger: Connection,
    keys: KeyRoom,
}

impl Reader {
    /// Opens the ledger in `dir` for reading.
    ///
    /// # Errors
    /// When there is none, or it is not the master key's.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let directory = Directory::beside(dir)?;
        for part in [Part::Heads, Part::MasterKey, Part::Keys, Part::Ledger] {
            directory.require(part)?;
        }
        let vault = Vault::new(&*directory.stored_master_key()?);
        let [ledger, keys] = [Part::Ledger, Part::Keys].map(|part| schema::open_to_read(&directory, part));
        let keys = keys?;
        let instance = schema::instance(&keys, None).map_err(directory.sqlite(Part::Keys))?;
        let (keys, fits) = KeyRoom::read(keys, vault).map_err(directory.sqlite(Part::Keys))?;
        if !fits {
            return Err(OpenError::WrongKey { dir: dir.into() });
        }
        let ledger = ledger?;
        if schema::instance(&ledger, None).map_err(directory.sqlite(Part::Ledger))? != instance {
            return Err(OpenError::OtherInstance { dir: dir.into(), part: Part::Ledger });
        }
        Ok(Self { ledger, keys })
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
}
