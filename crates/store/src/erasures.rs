//! Erasures as the ledger tells them: a row each, and an entry of the chain that proves when it was.

use ledger::{CustomerHash, Erasure, KeyId, StorageError};
use model::{Partition, Timestamp};
use rusqlite::{Connection, Row};

use crate::error::storage_error;
use crate::tombstones::Tombstone;
use crate::verify::{entry_no, entry_partition, entry_place};

const SELECT: &str = "SELECT erasures.place, erasures.customer, at, key, n_entries, link
     FROM erasures JOIN entries ON entries.place = erasures.place";

/// The erasures that one partition tells of, ascending by number.
pub(crate) fn erasures_in(ledger: &Connection, partition: Partition) -> Result<Vec<Erasure>, StorageError> {
    let ends = (entry_place(partition, 0), i64::from(partition.no() + 1) << 40);
    select(ledger, "WHERE ?1 < erasures.place AND erasures.place < ?2 ORDER BY erasures.place", ends)
        .map_err(storage_error)
}

/// All erasures, ascending by partition and number.
pub(crate) fn all_erasures(ledger: &Connection) -> rusqlite::Result<Vec<Erasure>> {
    select(ledger, "ORDER BY erasures.place", ())
}

/// The erasure that followed a tombstone, if it is done.
pub(crate) fn erasure_of(ledger: &Connection, stone: &Tombstone) -> rusqlite::Result<Option<Erasure>> {
    let of = (stone.customer.bytes(), stone.at.unix_ms());
    let found = select(ledger, "WHERE erasures.customer = ?1 AND at = ?2", of)?;
    Ok(found.into_iter().next())
}

/// Writes down one whose entry is in the chain.
pub(crate) fn insert(ledger: &Connection, erasure: &Erasure) -> rusqlite::Result<()> {
    let mut insert = ledger.prepare_cached(
        "INSERT INTO erasures (place, customer, at, key, n_entries) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let place = entry_place(erasure.partition, erasure.no);
    let key = erasure.key.as_ref().map(KeyId::bytes);
    let n_entries = erasure.n_entries.cast_signed();
    insert.execute((place, erasure.customer.bytes(), erasure.at.unix_ms(), key, n_entries))?;
    Ok(())
}

fn select(ledger: &Connection, which: &str, params: impl rusqlite::Params) -> rusqlite::Result<Vec<Erasure>> {
    let mut select = ledger.prepare_cached(&format!("{SELECT} {which}"))?;
    select.query_map(params, read)?.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Erasure> {
    let place: i64 = row.get(0)?;
    Ok(Erasure {
        customer: CustomerHash::from_bytes(row.get(1)?),
        at: Timestamp::from_unix_ms(row.get(2)?),
        key: row.get::<_, Option<[u8; 16]>>(3)?.map(KeyId::from_bytes),
        n_entries: row.get::<_, i64>(4)?.cast_unsigned(),
        partition: entry_partition(place),
        no: entry_no(place),
        link: row.get(5)?,
    })
}
