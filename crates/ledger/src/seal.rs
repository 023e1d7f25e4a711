//! Sealing: what is written can be read, moved or changed by nobody without the keys.
//!
//! Each customer has a key of their own; a master key wraps it and makes the hashes that
//! stand in index columns. A sealed row is bound to its place, so that a row which was
//! moved to another customer, number or table cannot be opened.

use std::fmt;

use model::{CustomerId, Partition};
use zeroize::Zeroizing;

use crate::cipher::{Cipher, KEY_LEN, Key};
use crate::{Entry, Graves, StateRow, StoredState, Table, codec};

/// Random bytes for one sealing, never used twice under one key.
pub type Nonce = [u8; 24];

/// Why a stored row cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub enum Unreadable {
    /// It is not what was written there, or the key is another.
    NotAuthentic,
    /// It was written by a newer version of this program.
    UnknownVersion,
    /// It is authentic and makes no sense.
    Malformed,
}

impl Unreadable {
    /// The reason as part of a sentence.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotAuthentic => "it is not what was written there",
            Self::UnknownVersion => "it was written by a newer version",
            Self::Malformed => "it is malformed",
        }
    }
}

/// A customer in an index column: a hash that means nothing without the master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerHash([u8; 16]);

impl CustomerHash {
    /// A hash that was stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Where a sealed row stands; it opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In which table.
    pub table: Table,
    /// In which partition.
    pub partition: Partition,
    /// Whose.
    pub customer: CustomerHash,
    /// Of an entry its number, of a state row the number of the partition's last entry
    /// when it was written, of a key nought.
    pub no: u64,
}

impl Place {
    pub(crate) fn bytes(&self) -> [u8; 27] {
        let mut bytes = [0; 27];
        bytes[0] = match self.table {
            Table::Entries => 1,
            Table::States => 2,
            Table::Keys => 3,
        };
        bytes[1..3].copy_from_slice(&self.partition.no().to_le_bytes());
        bytes[3..19].copy_from_slice(&self.customer.0);
        bytes[19..].copy_from_slice(&self.no.to_le_bytes());
        bytes
    }
}

/// The key under which one customer's rows are sealed; wiped from memory when dropped.
pub struct CustomerKey(Key);

impl CustomerKey {
    /// Seals an entry.
    #[must_use]
    pub fn seal_entry(&self, entry: &Entry, place: &Place, nonce: &Nonce) -> Vec<u8> {
        self.0.seal(place, nonce, |out| codec::encode_entry(entry, out))
    }

    /// Opens an entry.
    pub fn open_entry(&self, sealed: &[u8], place: &Place) -> Result<Entry, Unreadable> {
        codec::decode_entry(&self.0.open(place, sealed)?)
    }

    /// Seals a state row.
    #[must_use]
    pub fn seal_state(&self, row: &StateRow, place: &Place, nonce: &Nonce) -> Vec<u8> {
        self.0.seal(place, nonce, |out| codec::encode_state(row, out))
    }

    /// Opens a state row.
    pub fn open_state(&self, sealed: &[u8], place: &Place) -> Result<StoredState, Unreadable> {
        codec::decode_state(&self.0.open(place, sealed)?).map(StoredState::new)
    }

    /// Opens a state row and adds it to those that are to be read later.
    pub fn open_state_onto(
        &self,
        sealed: &[u8],
        place: &Place,
        opened: &mut OpenedStates,
    ) -> Result<(), Unreadable> {
        self.0.open_onto(place, sealed, &mut opened.texts)?;
        opened.rows.push((place.no, opened.texts.len()));
        Ok(())
    }
}

/// State rows that were opened and are not read yet, one after another: a tenth of the room that they take
/// when they are read.
#[derive(Default)]
pub struct OpenedStates {
    texts: Vec<u8>,
    /// The number that each was sealed under, and where its text ends.
    rows: Vec<(u64, usize)>,
}

impl OpenedStates {
    /// Reads them in the order in which they were opened; of one that makes no sense its number.
    pub fn read(&self) -> impl Iterator<Item = Result<StoredState, (u64, Unreadable)>> {
        let begins = std::iter::once(0).chain(self.rows.iter().map(|(_, end)| *end));
        begins.zip(&self.rows).map(|(begin, (no, end))| {
            codec::decode_state(&self.texts[begin..*end]).map(StoredState::new).map_err(|why| (*no, why))
        })
    }
}

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKey(not shown)")
    }
}

/// What follows from the master key: the hashes of customers and the wrapping of their
/// keys; wiped from memory when dropped.
pub struct Vault {
    index_key: Zeroizing<[u8; KEY_LEN]>,
    wrapping_key: Key,
}

impl Vault {
    /// The vault of a master key; the caller wipes its own copy.
    #[must_use]
    pub fn new(master_key: &[u8; KEY_LEN]) -> Self {
        Self::with(master_key, Cipher::default())
    }

    /// A vault that hides nothing, for tests that look at every byte of what was written.
    #[cfg(feature = "null-cipher")]
    #[must_use]
    pub fn without_cipher(master_key: &[u8; KEY_LEN]) -> Self {
        Self::with(master_key, Cipher::Null)
    }

    fn with(master_key: &[u8; KEY_LEN], cipher: Cipher) -> Self {
        let wrapping_key = Key::new(blake3::derive_key("stile ledger wrapping v1", master_key), cipher);
        Self {
            index_key: Zeroizing::new(blake3::derive_key("stile ledger index v1", master_key)),
            wrapping_key,
        }
    }

    /// A customer's key, made of random bytes.
    #[must_use]
    pub fn key(&self, random: [u8; KEY_LEN]) -> CustomerKey {
        CustomerKey(Key::new(random, self.wrapping_key.cipher()))
    }

    /// What stands for a customer in index columns.
    #[must_use]
    pub fn hash(&self, customer: &CustomerId) -> CustomerHash {
        customer_hash(&self.index_key, customer)
    }

    /// Graves that are empty, and will know customers by the hashes of this vault.
    #[must_use]
    pub fn graves(&self) -> Graves {
        Graves::new(self.index_key.clone())
    }

    /// A customer's key as it may be stored.
    #[must_use]
    pub fn wrap(&self, key: &CustomerKey, place: &Place, nonce: &Nonce) -> Vec<u8> {
        self.wrapping_key.seal(place, nonce, |out| out.extend_from_slice(key.0.bytes()))
    }

    /// The key that was wrapped.
    pub fn unwrap(&self, wrapped: &[u8], place: &Place) -> Result<CustomerKey, Unreadable> {
        let opened = Zeroizing::new(self.wrapping_key.open(place, wrapped)?);
        let bytes = <[u8; KEY_LEN]>::try_from(opened.as_slice()).map_err(|_| Unreadable::Malformed)?;
        Ok(self.key(bytes))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(not shown)")
    }
}

/// What stands for a customer in index columns.
pub(crate) fn customer_hash(index_key: &[u8; KEY_LEN], customer: &CustomerId) -> CustomerHash {
    let mut bytes = [0; 16];
    let mut hasher = blake3::Hasher::new_keyed(index_key);
    hasher.update(customer.as_str().as_bytes()).finalize_xof().fill(&mut bytes);
    CustomerHash(bytes)
}

#[cfg(test)]
mod tests;
