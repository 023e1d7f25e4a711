//! What an erasure destroys, and what it leaves behind.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use model::{CustomerId, Partition, Timestamp};
use zeroize::Zeroizing;

use crate::cipher::KEY_LEN;
use crate::seal::customer_hash;
use crate::{CustomerHash, SealedHash};

/// An erasure that is done: where the ledger says so, and what it destroyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Whose everything it took away.
    pub customer: CustomerHash,
    /// When it was decided.
    pub at: Timestamp,
    /// The key that was destroyed, if there was one.
    pub key: Option<KeyId>,
    /// How many entries it took away.
    pub n_entries: u64,
    /// In which partition it is written down.
    pub partition: Partition,
    /// As the how manieth entry there.
    pub no: u64,
    /// The link of that entry: it holds the hash of all before it.
    pub link: [u8; 32],
}

impl Erasure {
    /// What stands in the chain in the place of the hash of a sealed entry: nothing was sealed, and the
    /// link proves when it was, of which key, and how much it took away.
    #[must_use]
    pub fn sealed_hash(&self) -> SealedHash {
        let mut hasher = blake3::Hasher::new_derive_key("stile erasure v1");
        let key = self.key.map_or([0; 16], |key| key.0);
        hasher.update(&self.at.unix_ms().to_le_bytes()).update(&[self.key.is_some().into()]).update(&key);
        *hasher.update(&self.n_entries.to_le_bytes()).finalize().as_bytes()
    }

    /// The erasure of somebody of whom a storage that keeps nothing knew nothing.
    #[must_use]
    pub fn of_nothing(customer: &CustomerId, at: Timestamp) -> Self {
        Self {
            customer: Graves::default().hash(customer),
            at,
            key: None,
            n_entries: 0,
            partition: Partition::of(customer.as_str()),
            no: 0,
            link: [0; 32],
        }
    }
}

/// Names a customer's key without saying anything about it: a hash of the key as it was wrapped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 16]);

impl KeyId {
    /// The name of a wrapped key.
    #[must_use]
    pub fn of_wrapped(wrapped: &[u8]) -> Self {
        let mut bytes = [0; 16];
        blake3::Hasher::new().update(wrapped).finalize_xof().fill(&mut bytes);
        Self(bytes)
    }

    /// A name that was stored.
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

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who was erased and when; it knows them when it sees them, and cannot name one.
///
/// A clone shares what it knows until one of the two learns more.
#[derive(Clone)]
pub struct Graves {
    index_key: Arc<Zeroizing<[u8; KEY_LEN]>>,
    erased: Arc<HashMap<CustomerHash, Timestamp>>,
}

/// No graves, for a storage without a master key.
impl Default for Graves {
    fn default() -> Self {
        Self::new(Zeroizing::new([0; KEY_LEN]))
    }
}

impl Graves {
    pub(crate) fn new(index_key: Zeroizing<[u8; KEY_LEN]>) -> Self {
        Self { index_key: Arc::new(index_key), erased: Arc::default() }
    }

    /// What stands for a customer in index columns and tombstones.
    #[must_use]
    pub fn hash(&self, customer: &CustomerId) -> CustomerHash {
        customer_hash(&self.index_key, customer)
    }

    /// When a customer was erased last, if ever.
    #[must_use]
    pub fn erased_at(&self, customer: &CustomerId) -> Option<Timestamp> {
        if self.erased.is_empty() {
            return None;
        }
        self.erased.get(&self.hash(customer)).copied()
    }

    /// Learns that a customer was erased.
    pub fn add(&mut self, customer: &CustomerId, at: Timestamp) {
        self.add_hash(self.hash(customer), at);
    }

    /// Learns that whoever a hash stands for was erased.
    pub fn add_hash(&mut self, customer: CustomerHash, at: Timestamp) {
        let last = Arc::make_mut(&mut self.erased).entry(customer).or_insert(at);
        *last = at.max(*last);
    }

    /// How many were erased.
    #[must_use]
    pub fn len(&self) -> usize {
        self.erased.len()
    }

    /// Whether nobody ever was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.erased.is_empty()
    }
}

impl fmt::Debug for Graves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graves({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, customer};

    #[test]
    fn graves_know_who_was_erased_and_when_last() {
        let mut graves = Graves::default();
        assert!(graves.is_empty());
        graves.add(&customer("anna"), at(7));
        graves.add(&customer("anna"), at(5));
        assert_eq!(graves.erased_at(&customer("anna")), Some(at(7)));
        assert_eq!(graves.erased_at(&customer("Anna")), None);
        assert_eq!(graves.len(), 1);
    }

    #[test]
    fn what_one_clone_learns_stays_its_own() {
        let mut graves = Graves::default();
        graves.add(&customer("anna"), at(7));
        let mut other = graves.clone();
        other.add(&customer("ben"), at(8));
        assert_eq!((graves.len(), other.len()), (1, 2));
        assert_eq!(other.erased_at(&customer("anna")), Some(at(7)));
    }
}
