//! State rows against their entries, and keys against both.

use std::collections::{BTreeMap, HashSet};

use ledger::{CustomerHash, Head, Place, Rebuilt, StateRow, Table};
use model::{CustomerId, Partition, Timestamp};
use rusqlite::Connection;

use super::databases::Opened;
use super::findings::Findings;
use crate::audit::{ENTRIES, RawEntry, ends};
use crate::heads::partitions;
use crate::restore::customers_of;
use crate::verify::last_entry;

/// What was found of the rows.
#[derive(Default)]
struct Rows {
    n: u64,
    n_replayed: u64,
    unreadable: Vec<(Partition, &'static str)>,
    disagreeing: Vec<(Partition, String)>,
}

/// Opens every state row and holds it against what its entries add up to.
pub(super) fn examine(opened: &mut Opened, findings: &mut Findings) {
    const CHECK: &str = "states";
    let mut rows = Rows::default();
    for partition in partitions() {
        if let Err(error) = look(opened, partition, &mut rows) {
            return findings.fault(CHECK, format!("partition {}", partition.no()), error.to_string(), ADVICE);
        }
    }
    for (partition, why) in &rows.unreadable {
        findings.fault(CHECK, format!("partition {}", partition.no()), *why, ADVICE);
    }
    for (partition, what) in &rows.disagreeing {
        let told = format!("a row says otherwise than its entries: {what}");
        findings.fault(CHECK, format!("partition {}", partition.no()), told, ADVICE);
    }
    if rows.unreadable.is_empty() && rows.disagreeing.is_empty() {
        let told =
            format!("{} rows open, and {} are what all their entries add up to", rows.n, rows.n_replayed);
        findings.ok(CHECK, "", told);
    }
}

const ADVICE: &str = "restore a backup: stile restore";

fn look(opened: &mut Opened, partition: Partition, rows: &mut Rows) -> rusqlite::Result<()> {
    let Opened { ledger, keys, .. } = opened;
    let moment = ledger.unchecked_transaction()?;
    let head = last_entry(&moment, partition)?;
    let states = states(&moment, keys, &head, rows)?;
    let mut rebuilt = BTreeMap::<CustomerId, Rebuilt>::new();
    let mut incomplete = HashSet::new();
    let mut select = moment.prepare_cached(ENTRIES)?;
    let mut found = select.query(ends(partition))?;
    while let Some(row) = found.next()? {
        let RawEntry { no, customer: Some(customer), sealed, .. } = RawEntry::read(row)? else { continue };
        let Some(sealed) = sealed else {
            incomplete.insert(customer);
            continue;
        };
        let place = Place { table: Table::Entries, partition, customer, no };
        let Ok(Some(key)) = keys.find((partition, customer)) else { continue };
        if let Ok(entry) = key.open_entry(&sealed, &place) {
            rebuilt.entry(entry.customer.clone()).or_default().apply(&entry);
        }
    }
    for (customer, state) in states {
        if incomplete.contains(&customer) {
            continue;
        }
        rows.n_replayed += 1;
        let told = rebuilt.remove(&state.customer).unwrap_or_default();
        // Whoever serves forgets what was heard long ago, and only that.
        if let Err(what) = told.check(&state, Timestamp::MAX) {
            rows.disagreeing.push((partition, format!("{what:?}").to_lowercase()));
        }
    }
    Ok(())
}

fn states(
    ledger: &Connection,
    keys: &mut crate::keys::KeyRoom,
    head: &Head,
    rows: &mut Rows,
) -> rusqlite::Result<Vec<(CustomerHash, StateRow)>> {
    let partition = head.partition();
    let mut select =
        ledger.prepare_cached("SELECT customer, as_of, sealed FROM states WHERE partition = ?1")?;
    let mut found = select.query([partition.no()])?;
    let mut states = Vec::new();
    while let Some(row) = found.next()? {
        rows.n += 1;
        let (Ok(customer), Ok(as_of), Ok(sealed)) =
            (row.get(0).map(CustomerHash::from_bytes), row.get::<_, i64>(1), row.get::<_, Vec<u8>>(2))
        else {
            rows.unreadable.push((partition, "a row is not what was written there"));
            continue;
        };
        let no = as_of.cast_unsigned();
        if head.no() < no {
            rows.unreadable.push((partition, "a row is newer than the entries"));
            continue;
        }
        let place = Place { table: Table::States, partition, customer, no };
        let Ok(Some(key)) = keys.find((partition, customer)) else {
            rows.unreadable.push((partition, "a row has no key"));
            continue;
        };
        match key.open_state(&sealed, &place) {
            Ok(state) => {
                let (mut state, outbox) = state.into_parts();
                state.outbox = outbox.iter().map(|stored| stored.notification().clone()).collect();
                states.push((customer, state));
            }
            Err(why) => rows.unreadable.push((partition, why.text())),
        }
    }
    Ok(states)
}

/// Holds the keys against the customers of whom there are rows.
pub(super) fn keys(opened: &mut Opened, findings: &mut Findings) {
    const CHECK: &str = "keys";
    let Opened { ledger, keys, .. } = opened;
    let count = || -> rusqlite::Result<(usize, usize, usize)> {
        let of_rows = customers_of(ledger)?;
        let of_keys = keys.customers()?;
        let n_without_rows = of_keys.difference(&of_rows).count();
        Ok((of_rows.len(), of_rows.difference(&of_keys).count(), n_without_rows))
    };
    match count() {
        Ok((_, 0, 0)) => findings.ok(CHECK, "", "one for every customer, and none too many"),
        Ok((n, 0, n_without_rows)) => {
            // A crash between the key and the first row of somebody leaves one.
            let told =
                format!("one for each of {n} customers, and {n_without_rows} of whom there is nothing");
            findings.ok(CHECK, "", told);
        }
        Ok((n, n_without_key, _)) => {
            let told = format!("{n_without_key} of {n} customers have rows and no key: nobody can read them");
            findings.fault(CHECK, "keys.db", told, "put the newest backup of the keys back");
        }
        Err(error) => findings.fault(CHECK, "keys.db", error.to_string(), "put a backup of the keys back"),
    }
}
