//! The customers' keys: in `keys.db` wrapped, in memory open.

use std::collections::{HashMap, HashSet};

use ledger::{
    CustomerHash, CustomerKey, Graves, KeyId, Nonce, Place, StorageError, Table, Unreadable, Vault,
};
use model::{CustomerId, Partition};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use zeroize::Zeroizing;

use crate::Chance;
use crate::error::storage_error;
use crate::heads::{WrittenBy, partitions};
use crate::schema::{meta, set_meta, settle};

/// Whose key, and in which partition the customer is.
pub(crate) type Owner = (Partition, CustomerHash);

/// Makes, keeps and finds keys.
pub(crate) struct KeyRoom {
    connection: Connection,
    vault: Vault,
    known: HashMap<CustomerHash, CustomerKey>,
    /// Since which format the master key vouches for more than these keys.
    check_no: u64,
}

/// Open keys in memory; one that is not among them is read and opened again, in microseconds.
const KNOWN_MAX: usize = 16_384;

/// A constant wrapped by the master key, to know the right one.
const CHECK: &str = "check";
/// The number that it is wrapped for: since format 3 nobody can pass a directory off as an older one.
const CHECK_NO: u64 = 3;
/// And before.
const CHECK_NO_OPEN: u64 = 0;

impl KeyRoom {
    /// A room of keys, and whether the master key is theirs.
    pub(crate) fn open(
        connection: Connection,
        vault: Vault,
        is_new: bool,
        chance: &mut Chance,
    ) -> rusqlite::Result<(Self, bool)> {
        let check_no = match meta(&connection, CHECK)? {
            Some(wrapped) => known_check(&vault, &wrapped),
            None if !is_new => None,
            None => {
                set_meta(&connection, CHECK, &check(&vault, chance))?;
                Some(CHECK_NO)
            }
        };
        Ok(Self::of(connection, vault, check_no))
    }

    fn of(connection: Connection, vault: Vault, check_no: Option<u64>) -> (Self, bool) {
        let keys = Self { connection, vault, known: HashMap::new(), check_no: check_no.unwrap_or(CHECK_NO) };
        (keys, check_no.is_some())
    }

    /// A room of keys in which none will be made, and whether the master key is theirs.
    pub(crate) fn read(connection: Connection, vault: Vault) -> rusqlite::Result<(Self, bool)> {
        let check_no = meta(&connection, CHECK)?.and_then(|wrapped| known_check(&vault, &wrapped));
        Ok(Self::of(connection, vault, check_no))
    }

    /// Who can have written the heads of a ledger with these keys.
    pub(crate) const fn heads_are_written_by(&self) -> WrittenBy {
        if self.check_no == CHECK_NO { WrittenBy::Ours } else { WrittenBy::Anybody }
    }

    /// From now on only who has the master key can have written the heads; durable on return.
    pub(crate) fn vouch_if_due(&mut self, chance: &mut Chance) -> rusqlite::Result<()> {
        if self.check_no == CHECK_NO {
            return Ok(());
        }
        let check = check(&self.vault, chance);
        self.connection.execute("UPDATE meta SET value = ?2 WHERE name = ?1", (CHECK, check))?;
        self.check_no = CHECK_NO;
        Ok(())
    }

    /// Empties the log; false when a reader still needs it.
    pub(crate) fn settle(&self) -> rusqlite::Result<bool> {
        settle(&self.connection)
    }

    pub(crate) fn is_empty(&self) -> rusqlite::Result<bool> {
        let found = self.connection.query_row("SELECT 1 FROM keys LIMIT 1", [], |_| Ok(())).optional()?;
        Ok(found.is_none())
    }

    /// The database that they are in.
    pub(crate) const fn database(&self) -> &Connection {
        &self.connection
    }

    /// What opens them.
    pub(crate) const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Graves that are empty, for customers known by these keys' hashes.
    pub(crate) fn graves(&self) -> Graves {
        self.vault.graves()
    }

    pub(crate) fn owner(&self, customer: &CustomerId) -> Owner {
        (Partition::of(customer.as_str()), self.vault.hash(customer))
    }

    /// The key of a customer, if there is one.
    pub(crate) fn find(&mut self, owner: Owner) -> Result<Option<&CustomerKey>, StorageError> {
        if !self.known.contains_key(&owner.1) {
            let Some(wrapped) = self.wrapped(owner.1)? else { return Ok(None) };
            let key =
                self.vault.unwrap(&wrapped, &key_place(owner)).map_err(|why| damaged_key(owner, why))?;
            self.remember(owner.1, key);
        }
        Ok(self.known.get(&owner.1))
    }

    /// The key of a customer of whom there are rows.
    pub(crate) fn require(&mut self, owner: Owner) -> Result<&CustomerKey, StorageError> {
        self.find(owner)?.ok_or_else(|| Self::lost(owner))
    }

    /// The failure of a customer of whom there are rows and no key.
    pub(crate) const fn lost((partition, _): Owner) -> StorageError {
        StorageError::Damaged { table: Table::Keys, partition, no: 0, reason: "it is missing" }
    }

    /// Of some owners those who have no key, each once.
    pub(crate) fn without_key(
        &mut self,
        owners: impl Iterator<Item = Owner>,
    ) -> Result<Vec<Owner>, StorageError> {
        let mut without = Vec::new();
        let mut seen = HashSet::new();
        for owner in owners {
            if seen.insert(owner) && self.find(owner)?.is_none() {
                without.push(owner);
            }
        }
        Ok(without)
    }

    /// Makes keys for owners without one, durable on return.
    pub(crate) fn make(&mut self, owners: &[Owner], chance: &mut Chance) -> Result<(), StorageError> {
        let mut made = Vec::with_capacity(owners.len());
        let mut wrapped = Vec::with_capacity(owners.len());
        for &owner in owners {
            let mut random = Zeroizing::new([0; 32]);
            chance(&mut *random);
            let key = self.vault.key(*random);
            wrapped.push((owner.1, self.vault.wrap(&key, &key_place(owner), &nonce(chance))));
            made.push((owner.1, key));
        }
        self.insert(&wrapped).map_err(storage_error)?;
        made.into_iter().for_each(|(customer, key)| self.remember(customer, key));
        Ok(())
    }

    /// What names the key of a customer, if there is one.
    pub(crate) fn id(&self, customer: CustomerHash) -> Result<Option<KeyId>, StorageError> {
        Ok(self.wrapped(customer)?.map(|wrapped| KeyId::of_wrapped(&wrapped)))
    }

    /// Destroys a key and forgets it, durable on return; the log may still hold it.
    pub(crate) fn destroy(&mut self, customer: CustomerHash) -> Result<(), StorageError> {
        self.known.remove(&customer);
        let delete = || {
            let mut delete = self.connection.prepare_cached("DELETE FROM keys WHERE customer = ?1")?;
            delete.execute([customer.bytes()])
        };
        delete().map(drop).map_err(storage_error)
    }

    /// How many keys do not open for the customer that they are of, among those that are not `known` to.
    ///
    /// The partition is in what they are bound to and in no column, so all of them are tried: 40 µs.
    pub(crate) fn n_damaged(
        &self,
        known: &mut dyn FnMut(CustomerHash) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<u64> {
        let mut select = self.connection.prepare("SELECT customer, wrapped FROM keys")?;
        let mut rows = select.query([])?;
        let mut n = 0;
        while let Some(row) = rows.next()? {
            let opens = match (row.get(0).map(CustomerHash::from_bytes), row.get_ref(1)?.as_blob()) {
                (Ok(customer), _) if known(customer)? => true,
                (Ok(customer), Ok(wrapped)) => {
                    partitions().any(|of| self.vault.unwrap(wrapped, &key_place((of, customer))).is_ok())
                }
                (Ok(_) | Err(_), _) => false,
            };
            n += u64::from(!opens);
        }
        Ok(n)
    }

    /// Whose keys there are.
    pub(crate) fn customers(&self) -> rusqlite::Result<HashSet<[u8; 16]>> {
        self.connection.prepare("SELECT customer FROM keys")?.query_map([], |row| row.get(0))?.collect()
    }

    fn remember(&mut self, customer: CustomerHash, key: CustomerKey) {
        if self.known.len() == KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(customer, key);
    }

    fn insert(&mut self, wrapped: &[(CustomerHash, Vec<u8>)]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut insert =
            transaction.prepare_cached("INSERT INTO keys (customer, wrapped) VALUES (?1, ?2)")?;
        for (customer, wrapped) in wrapped {
            insert.execute((customer.bytes(), wrapped))?;
        }
        drop(insert);
        transaction.commit()
    }

    pub(crate) fn wrapped(&self, customer: CustomerHash) -> Result<Option<Vec<u8>>, StorageError> {
        wrapped(&self.connection, customer).map_err(storage_error)
    }
}

/// A customer's key as it is stored.
pub(crate) fn wrapped(keys: &Connection, customer: CustomerHash) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut select = keys.prepare_cached("SELECT wrapped FROM keys WHERE customer = ?1")?;
    select.query_row([customer.bytes()], |row| row.get(0)).optional()
}

/// Random bytes for one sealing.
pub(crate) fn nonce(chance: &mut Chance) -> Nonce {
    let mut nonce = Nonce::default();
    chance(&mut nonce);
    nonce
}

fn check(vault: &Vault, chance: &mut Chance) -> Vec<u8> {
    vault.wrap(&vault.key([0; 32]), &check_place(CHECK_NO), &nonce(chance))
}

/// The number for which a check was wrapped by this vault.
fn known_check(vault: &Vault, wrapped: &[u8]) -> Option<u64> {
    [CHECK_NO, CHECK_NO_OPEN].into_iter().find(|no| vault.unwrap(wrapped, &check_place(*no)).is_ok())
}

fn check_place(no: u64) -> Place {
    Place { no, ..key_place((Partition::from_no(0), CustomerHash::from_bytes([0; 16]))) }
}

pub(crate) const fn key_place((partition, customer): Owner) -> Place {
    Place { table: Table::Keys, partition, customer, no: 0 }
}

pub(crate) const fn damaged_key((partition, _): Owner, why: Unreadable) -> StorageError {
    StorageError::Damaged { table: Table::Keys, partition, no: 0, reason: why.text() }
}
