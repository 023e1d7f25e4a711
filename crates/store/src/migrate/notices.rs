//! The last step from format 1: rows say under which notice a consent was given, as their entries know.
//!
//! Without it a row of format 1 would lose its force to any change of any notice. It needs the keys, so a
//! start does it when it has them, a partition in one transaction, and takes the note away at the end.

use std::collections::BTreeMap;

use ledger::{CustomerHash, Place, Rebuilt, StateRow, StorageError, Table};
use model::{CustomerId, Partition};
use rusqlite::{Connection, TransactionBehavior};

use crate::SqliteStore;
use crate::error::storage_error;
use crate::heads::partitions;
use crate::keys::nonce;
use crate::scan::scan_partition;
use crate::schema;
use crate::standing::stored_row;

/// Noted in the ledger until it is done.
pub(super) const NOTE: &str = "notices to fill in";

/// Fills in what is due; nothing of a ledger that was written by this format.
pub(crate) fn fill_in(store: &mut SqliteStore) -> Result<(), StorageError> {
    if schema::meta(&store.ledger, NOTE).map_err(storage_error)?.is_none() {
        return Ok(());
    }
    for partition in partitions() {
        if !store.is_closed(partition) {
            fill_in_partition(store, partition)?;
        }
    }
    store.ledger.execute("DELETE FROM meta WHERE name = ?1", [NOTE]).map(drop).map_err(storage_error)
}

fn fill_in_partition(store: &mut SqliteStore, partition: Partition) -> Result<(), StorageError> {
    let mut told = BTreeMap::<CustomerId, Rebuilt>::new();
    let scanned = scan_partition(&store.ledger, &mut store.keys, partition, &mut |numbered| {
        told.entry(numbered.entry.customer.clone()).or_default().apply(&numbered.entry);
    });
    match scanned {
        Ok(()) => {}
        // A chain that is damaged says nothing for sure: its rows stay as they are.
        Err(StorageError::Damaged { .. } | StorageError::Closed { .. }) => return Ok(()),
        Err(error @ (StorageError::Full | StorageError::Io(_) | StorageError::Suspect(_))) => {
            return Err(error);
        }
    }
    let changed = changed_rows(store, partition, &told)?;
    write(store, partition, &changed).map_err(storage_error)
}

/// The rows of a partition that know less of notices than their entries do, sealed again where they stand.
fn changed_rows(
    store: &mut SqliteStore,
    partition: Partition,
    told: &BTreeMap<CustomerId, Rebuilt>,
) -> Result<Vec<(Place, Vec<u8>)>, StorageError> {
    let mut changed = Vec::new();
    for (customer, no, sealed) in sealed_rows(&store.ledger, partition).map_err(storage_error)? {
        let place = Place { table: Table::States, partition, customer, no };
        let key = store.keys.require((partition, customer))?;
        // One that does not open closes its partition when the rows are read.
        let Ok(state) = key.open_state(&sealed, &place) else { continue };
        let (mut row, outbox) = state.into_parts();
        row.outbox = outbox.iter().map(|stored| stored.notification().clone()).collect();
        if told.get(&row.customer).is_some_and(|told| take_notices(&mut row, told)) {
            let nonce = nonce(&mut store.chance);
            changed.push((place, key.seal_state(&row, &place, &nonce)));
        }
    }
    Ok(changed)
}

fn sealed_rows(
    ledger: &Connection,
    partition: Partition,
) -> rusqlite::Result<Vec<(CustomerHash, u64, Vec<u8>)>> {
    let mut select = ledger.prepare("SELECT customer, as_of, sealed FROM states WHERE partition = ?1")?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok((CustomerHash::from_bytes(row.get(0)?), row.get::<_, i64>(1)?.cast_unsigned(), row.get(2)?))
    };
    select.query_map([partition.no()], read)?.collect()
}

/// Whether there were any to take.
fn take_notices(row: &mut StateRow, told: &Rebuilt) -> bool {
    let mut is_changed = false;
    for consent in &mut row.consents {
        let known = told
            .consents
            .iter()
            .find(|other| (&other.merchant, other.purpose) == (&consent.merchant, consent.purpose));
        let notice = known.and_then(|known| known.notice.clone());
        is_changed |= notice != consent.notice;
        consent.notice = notice;
    }
    is_changed
}

fn write(store: &mut SqliteStore, partition: Partition, rows: &[(Place, Vec<u8>)]) -> rusqlite::Result<()> {
    let mut after = store.standing.clone();
    let transaction = store.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut put =
        transaction.prepare("UPDATE states SET sealed = ?3 WHERE partition = ?1 AND customer = ?2")?;
    for (Place { customer, no, .. }, sealed) in rows {
        let sum = &mut after.change(partition).rows;
        *sum -= stored_row(&transaction, &store.proof, partition, *customer)?;
        *sum += store.proof.state_row(partition, *customer, *no, sealed);
        put.execute((partition.no(), customer.bytes(), sealed))?;
    }
    drop(put);
    after.write(&transaction, &store.proof)?;
    transaction.commit()?;
    store.standing = after;
    Ok(())
}
