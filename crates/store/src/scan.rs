//! Reading entries: of one customer, or a whole chain with every link checked.

use std::collections::HashMap;

use ledger::{CustomerHash, Entry, Head, Numbered, StorageError, Table, sealed_hash};
use model::Partition;
use rusqlite::Connection;

use crate::erasures::erasures_in;
use crate::error::storage_error;
use crate::keys::{KeyRoom, Owner};
use crate::proof::{Digest, ProofKey};
use crate::retain::retained_below;
use crate::verify::{entry_no, entry_place};
use crate::write::place;

/// Visits what is left of the entries of one customer.
pub(crate) fn scan_owner(
    ledger: &Connection,
    keys: &mut KeyRoom,
    owner: Owner,
    visit: &mut dyn FnMut(Numbered),
) -> Result<(), StorageError> {
    let mut select = ledger
        .prepare_cached(
            "SELECT place, sealed FROM entries WHERE customer = ?1 AND sealed IS NOT NULL ORDER BY place",
        )
        .map_err(storage_error)?;
    let mut rows = select.query([owner.1.bytes()]).map_err(storage_error)?;
    while let Some(row) = rows.next().map_err(storage_error)? {
        let found = row.get(0).map_err(storage_error)?;
        let no = entry_no(found);
        if found != entry_place(owner.0, no) {
            return Err(damaged(owner.0, no, "it stands in another partition"));
        }
        let sealed = row.get_ref(1).map_err(storage_error)?.as_blob().unwrap_or_default();
        let entry = open_entry(keys, owner, no, sealed)?;
        visit(Numbered { partition: owner.0, no, entry });
    }
    Ok(())
}

/// Visits a whole chain and checks every link of it, of what was taken away too.
pub(crate) fn scan_partition(
    ledger: &Connection,
    keys: &mut KeyRoom,
    partition: Partition,
    visit: &mut dyn FnMut(Numbered),
) -> Result<(), StorageError> {
    let gone = Gone::of(ledger, partition)?;
    let mut select = ledger
        .prepare_cached(
            "SELECT place, customer, sealed_hash, link, sealed FROM entries
             WHERE ?1 < place AND place < ?2 ORDER BY place",
        )
        .map_err(storage_error)?;
    let ends = (entry_place(partition, 0), i64::from(partition.no() + 1) << 40);
    let mut rows = select.query(ends).map_err(storage_error)?;
    let mut head = Head::empty(partition);
    while let Some(row) = rows.next().map_err(storage_error)? {
        let no = entry_no(row.get(0).map_err(storage_error)?);
        if no != head.no() + 1 {
            return Err(damaged(partition, head.no() + 1, "it is missing"));
        }
        let customer = CustomerHash::from_bytes(row.get(1).map_err(storage_error)?);
        let hash = row.get::<_, [u8; 32]>(2).map_err(storage_error)?;
        head = head.next(customer, &hash);
        if *head.link() != row.get::<_, [u8; 32]>(3).map_err(storage_error)? {
            return Err(damaged(partition, no, "its link does not follow from the one before"));
        }
        let sealed = row.get_ref(4).map_err(storage_error)?.as_blob_or_null();
        match sealed.map_err(|_| damaged(partition, no, "it is not what was written there"))? {
            Some(sealed) if sealed_hash(sealed) != hash => {
                return Err(damaged(partition, no, "it is not what was written there"));
            }
            Some(sealed) => {
                let entry = open_entry(keys, (partition, customer), no, sealed)?;
                visit(Numbered { partition, no, entry });
            }
            None => {
                gone.check(no, customer, &hash).map_err(|reason| damaged(partition, no, reason))?;
            }
        }
    }
    Ok(())
}

/// Which entries of a partition may be without content.
#[derive(Default)]
pub(crate) struct Gone {
    /// Those below may have been due.
    retained_below: u64,
    /// By customer, up to which number an erasure took them away.
    erased_to: HashMap<CustomerHash, u64>,
    /// By number, what an erasure must have written down.
    erasures: HashMap<u64, [u8; 32]>,
}

impl Gone {
    pub(crate) fn of(ledger: &Connection, partition: Partition) -> Result<Self, StorageError> {
        let retained_below = retained_below(ledger, partition)?;
        let (mut erased_to, mut erasures) = (HashMap::new(), HashMap::new());
        for erasure in erasures_in(ledger, partition)? {
            erased_to.insert(erasure.customer, erasure.no);
            erasures.insert(erasure.no, erasure.sealed_hash());
        }
        Ok(Self { retained_below, erased_to, erasures })
    }

    pub(crate) fn check(
        &self,
        no: u64,
        customer: CustomerHash,
        hash: &[u8; 32],
    ) -> Result<Why, &'static str> {
        if let Some(written) = self.erasures.get(&no) {
            return if written == hash {
                Ok(Why::TellsOfErasure)
            } else {
                Err("it is not the erasure that was written there")
            };
        }
        if self.erased_to.get(&customer).is_some_and(|to| no <= *to) {
            return Ok(Why::Erased);
        }
        if no < self.retained_below { Ok(Why::Outlived) } else { Err("what it said is missing") }
    }
}

/// Why an entry is without content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It says by itself that somebody was erased.
    TellsOfErasure,
    /// Its customer was erased after it.
    Erased,
    /// It may have been kept long enough.
    Outlived,
}

impl Why {
    /// What it adds to the sum of its partition.
    pub(crate) fn digest(self, proof: &ProofKey, place: i64) -> Digest {
        match self {
            Self::TellsOfErasure => proof.erasure(place),
            Self::Erased | Self::Outlived => proof.taken_away(place),
        }
    }
}

fn open_entry(keys: &mut KeyRoom, owner: Owner, no: u64, sealed: &[u8]) -> Result<Entry, StorageError> {
    let opened = keys.require(owner)?.open_entry(sealed, &place(Table::Entries, owner, no));
    opened.map_err(|why| damaged(owner.0, no, why.text()))
}

const fn damaged(partition: Partition, no: u64, reason: &'static str) -> StorageError {
    StorageError::Damaged { table: Table::Entries, partition, no, reason }
}
