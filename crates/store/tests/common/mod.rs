//! What the tests of the store share.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

use ledger::{DeliveryOutcome, Entry, Numbered, StateRow, Storage, StorageError, What, commit, stage};
use model::{CustomerId, Digest, NotificationId, Partition, Timestamp};
use rusqlite::Connection;
use store::{OpenError, Options, SqliteStore};

pub(crate) fn open(dir: &Path) -> Result<SqliteStore, OpenError> {
    let chance = Box::new(|bytes: &mut [u8]| getrandom::fill(bytes).expect("the system has random bytes"));
    SqliteStore::open(dir, Options::default(), chance)
}

pub(crate) fn refused(dir: &Path) -> OpenError {
    open(dir).err().expect("it is refused")
}

/// A directory with three entries and a row of each of three customers, closed again.
pub(crate) fn written() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(&mut open(dir.path()).unwrap(), &["anna", "ben", "cleo"], 1..4);
    dir
}

pub(crate) fn customer(name: &str) -> CustomerId {
    CustomerId::new(name).unwrap()
}

pub(crate) fn partition(name: &str) -> Partition {
    Partition::of(name)
}

/// The first of `c0`, `c1`, … in the partition of `name`.
pub(crate) fn neighbour(name: &str) -> String {
    let names = (0..).map(|n| format!("c{n}"));
    names.into_iter().find(|other| partition(other) == partition(name)).unwrap()
}

pub(crate) fn entry(name: &str, n: u8) -> Entry {
    let notification = NotificationId(Digest::from_bytes([n; 16]));
    let what = What::Delivery { notification, outcome: DeliveryOutcome::Sent, tolerance: None };
    Entry { customer: customer(name), at: Timestamp::from_unix_ms(i64::from(n)), what }
}

/// One batch: for every number an entry of each customer, and everybody's row.
pub(crate) fn write(store: &mut SqliteStore, names: &[&str], numbers: std::ops::Range<u8>) {
    let entries = numbers.flat_map(|n| names.iter().map(move |name| entry(name, n))).collect();
    let rows = names.iter().map(|name| StateRow::new(customer(name))).collect();
    commit(store, vec![stage(entries, rows, Vec::new(), 0)]).unwrap();
}

pub(crate) fn entries(store: &mut SqliteStore, of: Option<&str>) -> Result<Vec<Numbered>, StorageError> {
    let mut found = Vec::new();
    store.scan_entries(of.map(customer).as_ref(), &mut |numbered| found.push(numbered))?;
    Ok(found)
}

/// Who is known, by name.
pub(crate) fn known(store: &mut SqliteStore) -> Vec<String> {
    let mut names = Vec::new();
    store.scan_states(&mut |state| names.push(state.customer().as_str().to_owned())).unwrap();
    names.sort();
    names
}

pub(crate) fn closed(store: &SqliteStore) -> Vec<Partition> {
    store.closed_partitions().iter().map(|closed| closed.partition).collect()
}

/// Changes the ledger behind the store's back.
pub(crate) fn tamper(dir: &Path, sql: &str) {
    let connection = Connection::open(dir.join("ledger.db")).unwrap();
    connection.execute_batch(sql).unwrap();
}

/// The primary key of an entry.
pub(crate) fn place(name: &str, no: i64) -> i64 {
    (i64::from(partition(name).no()) << 40) | no
}

/// The directory as a crash would leave it; its lock would tell that this is a copy.
pub(crate) fn crashed(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in files(dir).into_iter().filter(|file| !file.ends_with("lock")) {
        fs::copy(&file, copy.path().join(file.file_name().unwrap())).unwrap();
    }
    copy
}

pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).collect()
}
