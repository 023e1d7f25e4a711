//! Dense numbers that stand for ids inside one process.

use crate::StableHasher;

/// How many partitions the customers are spread over.
///
/// Sixty-four leave room to move partitions between machines later.
pub const N_PARTITIONS: u16 = 64;

/// The share of customers that a hash gives to one of [`N_PARTITIONS`] ledger chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(u16);

impl Partition {
    /// The partition of a customer: the same in every process and version.
    #[must_use]
    pub fn of(customer: &str) -> Self {
        let digest = StableHasher::new("stile partition v1").text(customer).finish();
        Self((digest.low_u64() % u64::from(N_PARTITIONS)) as u16)
    }

    /// A partition from its number.
    ///
    /// # Panics
    /// When `no` is not below [`N_PARTITIONS`].
    #[must_use]
    pub fn from_no(no: u16) -> Self {
        assert!(no < N_PARTITIONS, "a partition number is below {N_PARTITIONS}");
        Self(no)
    }

    /// Its number, below [`N_PARTITIONS`].
    #[must_use]
    pub const fn no(self) -> u16 {
        self.0
    }
}

macro_rules! slot {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            slot: u32,
            generation: u32,
        }

        impl $name {
            /// A number for a slot in its given generation.
            #[must_use]
            pub const fn new(slot: u32, generation: u32) -> Self {
                Self { slot, generation }
            }

            /// The slot, for indexing.
            #[must_use]
            pub const fn slot(self) -> usize {
                self.slot as usize
            }

            /// How often the slot was freed before: two numbers of one slot are not equal.
            #[must_use]
            pub const fn generation(self) -> u32 {
                self.generation
            }
        }
    };
}

slot!(
    /// A known customer of one engine.
    CustomerNo
);
slot!(
    /// A known device of one engine.
    DeviceNo
);

/// A fence of one version of the fence set; its place in ascending order of fence id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FenceNo(pub u32);

impl FenceNo {
    /// For indexing.
    #[must_use]
    pub const fn slot(self) -> usize {
        self.0 as usize
    }
}

/// A merchant known to one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MerchantNo(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_stable_and_evenly_used() {
        let mut n_customers = [0_u32; N_PARTITIONS as usize];
        for i in 0..64_000 {
            n_customers[usize::from(Partition::of(&format!("c{i}")).no())] += 1;
        }
        assert!(n_customers.iter().all(|&n| (800..1_200).contains(&n)), "{n_customers:?}");
        assert_eq!(Partition::of("c1"), Partition::of("c1"));
    }
}
