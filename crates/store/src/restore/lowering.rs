//! Nobody is loosened by a restore (`never_loosened_by_a_restore`): whoever may have said no since the backup has to be asked again.

use std::collections::BTreeMap;

use ledger::{RolledBack, Since, StateRow, StorageError, commit, stage};
use model::{CustomerId, Partition, Timestamp};

use super::hindsight::Hindsight;
use crate::SqliteStore;
use crate::heads::partitions;

/// Whose consents a restore has lowered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lowered {
    /// Customers of whom it is known that they have said something about consent since the backup.
    pub n_changed: usize,
    /// Customers of whom nobody knows whether they have.
    pub n_unknown: usize,
    /// Customers who keep what they have said about themselves since the backup.
    pub n_profiles: usize,
}

/// Customers whose rows are written in one transaction.
const N_AT_ONCE: usize = 500;

pub(super) fn lower(
    store: &mut SqliteStore,
    since: &[Hindsight],
    now: Timestamp,
) -> Result<Lowered, StorageError> {
    let mut lowered = Lowered::default();
    for (partition, since) in partitions().zip(since) {
        let mut changes = Vec::new();
        match since {
            Hindsight::Nothing => continue,
            Hindsight::Known(entries) => {
                for (customer, said) in Since::all(entries) {
                    lowered.n_changed += usize::from(said.is_about_consent());
                    lowered.n_profiles += usize::from(said.is_about_themselves());
                    changes.push((customer, said));
                }
            }
            Hindsight::Blind => {
                let rows = rows_of(store, partition)?;
                let agreed = rows.into_values().filter(|row| !row.consents.is_empty());
                changes.extend(agreed.map(|row| (row.customer, Since::unknown())));
                lowered.n_unknown += changes.len();
            }
        }
        write(store, partition, changes, now)?;
    }
    Ok(lowered)
}

fn write(
    store: &mut SqliteStore,
    partition: Partition,
    changes: Vec<(CustomerId, Since)>,
    now: Timestamp,
) -> Result<(), StorageError> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut rows = rows_of(store, partition)?;
    let changed: Vec<RolledBack> = changes
        .into_iter()
        .map(|(customer, said)| {
            let row = rows.remove(&customer).unwrap_or_else(|| StateRow::new(customer));
            said.roll_back(row, now)
        })
        .collect();
    for portion in changed.chunks(N_AT_ONCE) {
        let entries = portion.iter().flat_map(|changed| changed.entries.iter().cloned()).collect();
        let rows = portion.iter().map(|changed| changed.row.clone()).collect();
        let committed = commit(store, vec![stage(entries, rows, Vec::new(), 0)]);
        committed.map_err(|not_committed| not_committed.error)?;
    }
    Ok(())
}

/// The rows of a partition as they are stored, with what waits to be delivered.
fn rows_of(
    store: &mut SqliteStore,
    partition: Partition,
) -> Result<BTreeMap<CustomerId, StateRow>, StorageError> {
    let stored = store.states_of(partition)?.into_iter().map(|state| {
        let (mut row, outbox) = state.into_parts();
        row.outbox = outbox.iter().map(|stored| stored.notification().clone()).collect();
        (row.customer.clone(), row)
    });
    Ok(stored.collect())
}
