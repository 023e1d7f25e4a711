//! What only who has the master key can compute: checks of the heads, and running sums of rows.
//!
//! Every hash in a chain can be computed by anybody, so that a chain can be followed without a key. That
//! nobody has made a shorter one look whole, or put an older row back, is known by these.

use std::ops::{AddAssign, SubAssign};

use ledger::CustomerHash;
use model::Partition;
use zeroize::Zeroizing;

/// A keyed hash over what must not change.
pub(crate) type Mac = [u8; 32];

/// A sum of keyed hashes modulo 2^256: of a set of rows, whatever their order.
///
/// Who does not know the key cannot find rows of another sum that agrees; and who has seen many sums can
/// compute others, so a sum proves nothing without a [`Mac`] over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Digest([u64; 4]);

impl Digest {
    /// As it is stored.
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Self(words)
    }

    pub(crate) fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(self.0) {
            *bytes = word.to_le_bytes();
        }
        bytes
    }
}

impl AddAssign for Digest {
    fn add_assign(&mut self, other: Self) {
        let mut carry = false;
        for (word, other) in self.0.iter_mut().zip(other.0) {
            let (sum, is_over) = word.overflowing_add(other);
            let (sum, is_over_by_carry) = sum.overflowing_add(carry.into());
            (*word, carry) = (sum, is_over || is_over_by_carry);
        }
    }
}

impl SubAssign for Digest {
    fn sub_assign(&mut self, other: Self) {
        let mut borrow = false;
        for (word, other) in self.0.iter_mut().zip(other.0) {
            let (rest, is_under) = word.overflowing_sub(other);
            let (rest, is_under_by_borrow) = rest.overflowing_sub(borrow.into());
            (*word, borrow) = (rest, is_under || is_under_by_borrow);
        }
    }
}

/// What a hash is about, so that none can stand for another.
#[derive(Clone, Copy)]
enum About {
    StateRow = 1,
    TakenAway = 2,
    Erasure = 3,
    Retained = 4,
    Stock = 5,
    HeadRow = 6,
    Heads = 7,
    HeadsFile = 8,
}

/// The key of all these hashes; wiped from memory when dropped.
#[derive(Clone)]
pub(crate) struct ProofKey(Zeroizing<[u8; 32]>);

/// Bytes at the end of what is sealed that no one without its key can keep while changing the rest.
const TAG_LEN: usize = 16;

impl ProofKey {
    pub(crate) fn new(master_key: &[u8; 32]) -> Self {
        Self(Zeroizing::new(blake3::derive_key("stile ledger proof v1", master_key)))
    }

    /// What one state row adds to the sum of its partition: 150 ns.
    ///
    /// Of what is sealed its tag is enough: all else follows from it for whoever can open the row.
    pub(crate) fn state_row(
        &self,
        partition: Partition,
        customer: CustomerHash,
        as_of: u64,
        sealed: &[u8],
    ) -> Digest {
        let tag = sealed.last_chunk::<TAG_LEN>().map_or(sealed, |tag| tag);
        let place = (partition.no().to_le_bytes(), as_of.to_le_bytes());
        Digest::from_bytes(self.hash(About::StateRow, &[&place.0, &place.1, customer.bytes(), tag]))
    }

    /// What an entry adds whose content was taken away.
    pub(crate) fn taken_away(&self, place: i64) -> Digest {
        Digest::from_bytes(self.hash(About::TakenAway, &[&place.to_le_bytes()]))
    }

    /// What an entry adds that tells of an erasure.
    pub(crate) fn erasure(&self, place: i64) -> Digest {
        Digest::from_bytes(self.hash(About::Erasure, &[&place.to_le_bytes()]))
    }

    /// What it adds how far retention has come in a partition; nothing before it began.
    pub(crate) fn retained(&self, partition: Partition, below: u64) -> Digest {
        if below == 0 {
            return Digest::default();
        }
        let place = (partition.no().to_le_bytes(), below.to_le_bytes());
        Digest::from_bytes(self.hash(About::Retained, &[&place.0, &place.1]))
    }

    /// What a count of an offer adds, in all or on a day.
    pub(crate) fn stock(&self, offer: &str, day: Option<i64>, n: i64) -> Digest {
        let day = day.map_or([0; 9], |day| {
            let mut bytes = [1; 9];
            bytes[1..].copy_from_slice(&day.to_le_bytes());
            bytes
        });
        Digest::from_bytes(self.hash(About::Stock, &[&day, &n.to_le_bytes(), offer.as_bytes()]))
    }

    /// The check of a row of the heads.
    pub(crate) fn head_row(&self, row: &[u8]) -> Mac {
        self.hash(About::HeadRow, &[row])
    }

    /// The check of all of them together.
    pub(crate) fn heads(&self, all: &[u8]) -> Mac {
        self.hash(About::Heads, &[all])
    }

    /// The check of a slot of the file that is kept apart.
    pub(crate) fn slot(&self, slot: &[u8]) -> Mac {
        self.hash(About::HeadsFile, &[slot])
    }

    fn hash(&self, about: About, parts: &[&[u8]]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&[about as u8]);
        for part in parts {
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    }
}

/// Whether two checks agree, told in the same time wherever they differ.
pub(crate) fn is_same(one: &Mac, other: &[u8]) -> bool {
    <[u8; 32]>::try_from(other).is_ok_and(|other| blake3::Hash::from_bytes(*one) == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: u64) -> Digest {
        Digest::from_bytes(*blake3::hash(&n.to_le_bytes()).as_bytes())
    }

    #[test]
    fn a_sum_forgets_the_order_and_what_was_taken_out_again() {
        let (mut up, mut down) = (Digest::default(), Digest::default());
        (0..1_000).for_each(|n| up += digest(n));
        (0..1_000).rev().for_each(|n| down += digest(n));
        assert_eq!(up, down);
        (0..1_000).step_by(3).for_each(|n| up -= digest(n));
        (0..1_000).filter(|n| n % 3 != 0).for_each(|n| up -= digest(n));
        assert_eq!(up, Digest::default());
        up -= digest(5);
        assert_ne!(up, Digest::default());
        up += digest(5);
        assert_eq!(up, Digest::default());
        assert_eq!(Digest::from_bytes(down.bytes()), down);
    }

    #[test]
    fn a_row_is_told_from_the_same_row_at_another_place() {
        let key = ProofKey::new(&[7; 32]);
        let of = |partition, customer, as_of, sealed: &[u8]| {
            let customer = CustomerHash::from_bytes([customer; 16]);
            key.state_row(Partition::from_no(partition), customer, as_of, sealed)
        };
        let row = of(1, 2, 3, &[4; 80]);
        assert_eq!(row, of(1, 2, 3, &[4; 80]));
        for other in
            [of(2, 2, 3, &[4; 80]), of(1, 3, 3, &[4; 80]), of(1, 2, 4, &[4; 80]), of(1, 2, 3, &[5; 80])]
        {
            assert_ne!(row, other);
        }
        let other_key = ProofKey::new(&[8; 32]);
        let customer = CustomerHash::from_bytes([2; 16]);
        assert_ne!(row, other_key.state_row(Partition::from_no(1), customer, 3, &[4; 80]));
        assert_ne!(key.taken_away(9), key.erasure(9));
    }
}
