//! Deleting what was kept long enough, in small portions.

use ledger::StorageError;
use model::Partition;
use rusqlite::{Connection, OptionalExtension};

use crate::error::storage_error;

/// Up to which number, and without it, entries of a partition may have lost their content.
pub(crate) fn retained_below(ledger: &Connection, partition: Partition) -> Result<u64, StorageError> {
    let find = || {
        let mut select = ledger.prepare_cached("SELECT no FROM retained WHERE partition = ?1")?;
        select.query_row([partition.no()], |row| row.get::<_, i64>(0)).optional()
    };
    Ok(find().map_err(storage_error)?.unwrap_or_default().cast_unsigned())
}
