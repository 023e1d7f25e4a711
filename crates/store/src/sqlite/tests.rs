//! What only the inside can provoke: a disk that fills up in the middle of a batch.

use ledger::{DeliveryOutcome, Entry, StateRow, What, commit, stage};
use model::{Digest, NotificationId};

use super::*;

fn chance() -> Chance {
    Box::new(|bytes| getrandom::fill(bytes).expect("the system has random bytes"))
}

fn feedback(customer: &str, n: usize) -> Entry {
    let notification = NotificationId(Digest::from_bytes([n as u8; 16]));
    let what = What::Delivery { notification, outcome: DeliveryOutcome::Sent, tolerance: None };
    Entry { customer: CustomerId::new(customer).unwrap(), at: Timestamp::from_unix_ms(n as i64), what }
}

fn n_entries(store: &mut SqliteStore) -> usize {
    let mut n = 0;
    store.scan_entries(None, &mut |_| n += 1).unwrap();
    n
}

#[test]
fn d02_a_batch_that_fills_the_disk_is_not_visible_and_goes_in_later() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path(), Options::default(), chance()).unwrap();
    let few = (0..3).map(|n| feedback("anna", n)).collect();
    commit(&mut store, vec![stage(few, Vec::new(), Vec::new(), 1)]).unwrap();

    store.ledger.pragma_update(None, "max_page_count", 20).unwrap();
    let many = (0..1_000).map(|n| feedback(&format!("c{}", n % 7), n)).collect();
    let row = StateRow::new(CustomerId::new("anna").unwrap());
    let refused = commit(&mut store, vec![stage(many, vec![row], Vec::new(), 2)]).unwrap_err();
    assert_eq!(refused.error, StorageError::Full);
    assert_eq!(n_entries(&mut store), 3);
    let mut n_states = 0;
    store.scan_states(&mut |_| n_states += 1).unwrap();
    assert_eq!(n_states, 0);

    store.ledger.pragma_update(None, "max_page_count", 1_000_000).unwrap();
    let committed = commit(&mut store, refused.staged).unwrap();
    assert_eq!(committed[0].ticket, 2);
    assert_eq!(n_entries(&mut store), 1_003);
}

#[test]
fn d04_a_suspect_store_writes_nothing_until_it_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path(), Options::default(), chance()).unwrap();
    store.suspect = Some("a sync failed".into());
    let staged = stage(vec![feedback("anna", 1)], Vec::new(), Vec::new(), 0);
    let refused = commit(&mut store, vec![staged]).unwrap_err();
    assert_eq!(refused.error, StorageError::Suspect("a sync failed".into()));
    drop(store);
    let mut store = SqliteStore::open(dir.path(), Options::default(), chance()).unwrap();
    commit(&mut store, refused.staged).unwrap();
    assert_eq!(n_entries(&mut store), 1);
}

#[test]
fn the_log_is_moved_beside_the_commits() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path(), Options::default(), chance()).unwrap();
    let mut upkeep = store.upkeep().expect("the ledger has a file");
    let len = || std::fs::metadata(dir.path().join("ledger.db")).unwrap().len();
    let before = len();
    let many = (0..500).map(|n| feedback(&format!("c{}", n % 7), n)).collect();
    commit(&mut store, vec![stage(many, Vec::new(), Vec::new(), 1)]).unwrap();
    assert_eq!(len(), before, "a commit goes into the log");
    upkeep();
    assert!(before < len());
    commit(&mut store, vec![stage(vec![feedback("anna", 1)], Vec::new(), Vec::new(), 2)]).unwrap();
    assert_eq!(n_entries(&mut store), 501);
    store
        .erase(&CustomerId::new("anna").unwrap(), Timestamp::from_unix_ms(9))
        .expect("the log can be emptied");
}
