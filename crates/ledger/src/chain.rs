//! The chain of a partition: every entry's link holds the hash of all before it.
//!
//! A link covers the hash of the sealed entry and not the entry itself, so that the
//! chain still verifies after an erasure has taken the entry away.

use model::Partition;

use crate::CustomerHash;

/// BLAKE3 of a sealed entry.
pub type SealedHash = [u8; 32];

/// The hash of a sealed entry, to be stored beside it.
#[must_use]
pub fn sealed_hash(sealed: &[u8]) -> SealedHash {
    *blake3::hash(sealed).as_bytes()
}

/// The end of a partition's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    partition: Partition,
    no: u64,
    link: [u8; 32],
}

impl Head {
    /// The head of a partition without entries.
    #[must_use]
    pub fn empty(partition: Partition) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("stile ledger chain v1");
        hasher.update(&partition.no().to_le_bytes());
        Self { partition, no: 0, link: *hasher.finalize().as_bytes() }
    }

    /// A head that was stored.
    #[must_use]
    pub const fn stored(partition: Partition, no: u64, link: [u8; 32]) -> Self {
        Self { partition, no, link }
    }

    /// Which chain it ends.
    #[must_use]
    pub const fn partition(&self) -> Partition {
        self.partition
    }

    /// The number of the last entry; nought without entries.
    #[must_use]
    pub const fn no(&self) -> u64 {
        self.no
    }

    /// The hash of everything up to and with that entry.
    #[must_use]
    pub const fn link(&self) -> &[u8; 32] {
        &self.link
    }

    /// The head after one more entry.
    #[must_use]
    pub fn next(&self, customer: CustomerHash, sealed: &SealedHash) -> Self {
        let no = self.no + 1;
        let mut hasher = blake3::Hasher::new_keyed(&self.link);
        hasher.update(&no.to_le_bytes()).update(customer.bytes()).update(sealed);
        Self { partition: self.partition, no, link: *hasher.finalize().as_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_tells_its_partition_order_customers_and_entries_apart() {
        let customer = |byte| CustomerHash::from_bytes([byte; 16]);
        let start = Head::empty(Partition::from_no(3));
        let (one, two) = (sealed_hash(b"one"), sealed_hash(b"two"));
        let end = start.next(customer(1), &one).next(customer(1), &two);
        assert_eq!(end.no(), 2);
        let others = [
            Head::empty(Partition::from_no(4)).next(customer(1), &one).next(customer(1), &two),
            start.next(customer(1), &two).next(customer(1), &one),
            start.next(customer(2), &one).next(customer(1), &two),
            start.next(customer(1), &two),
        ];
        assert!(others.iter().all(|other| other.link() != end.link()));
        assert_eq!(start.next(customer(1), &one).next(customer(1), &two), end);
    }
}
