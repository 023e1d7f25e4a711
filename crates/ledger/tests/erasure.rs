//! What an erasure takes away of a list in memory, and what stays.

use ledger::{DeliveryOutcome, Entry, MemoryStorage, Retention, StateRow, Storage, What, commit, stage};
use model::{CustomerId, Digest, Millis, NotificationId, Timestamp};

fn customer(name: &str) -> CustomerId {
    CustomerId::new(name).unwrap()
}

fn at(unix_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(unix_ms)
}

fn delivery(name: &str, unix_ms: i64) -> Entry {
    let notification = NotificationId(Digest::from_bytes([7; 16]));
    let what = What::Delivery { notification, outcome: DeliveryOutcome::Sent, tolerance: None };
    Entry { customer: customer(name), at: at(unix_ms), what }
}

fn store(storage: &mut MemoryStorage, name: &str, unix_ms: i64) {
    let row = StateRow::new(customer(name));
    commit(storage, vec![stage(vec![delivery(name, unix_ms)], vec![row], Vec::new(), 0)]).unwrap();
}

fn names(storage: &mut MemoryStorage) -> Vec<String> {
    let mut names = Vec::new();
    storage
        .scan_entries(None, &mut |numbered| names.push(numbered.entry.customer.as_str().to_owned()))
        .unwrap();
    storage.scan_states(&mut |row| names.push(row.customer().as_str().to_owned())).unwrap();
    names
}

#[test]
fn erased_is_gone_and_others_stay() {
    let mut storage = MemoryStorage::new();
    for name in ["anna", "ben", "anna"] {
        store(&mut storage, name, 1);
    }
    let erasure = storage.erase(&customer("anna"), at(9)).unwrap();
    assert_eq!((erasure.n_entries, erasure.at, erasure.key), (2, at(9), None));
    assert_eq!(names(&mut storage), ["ben", "ben"]);
    assert_eq!(storage.graves().erased_at(&customer("anna")), Some(at(9)));
    assert_eq!(storage.graves().erased_at(&customer("ben")), None);
}

#[test]
fn to_erase_again_says_the_same_again_until_something_new_has_come() {
    let mut storage = MemoryStorage::new();
    store(&mut storage, "anna", 1);
    let first = storage.erase(&customer("anna"), at(9)).unwrap();
    assert_eq!(storage.erase(&customer("anna"), at(10)).unwrap(), first);
    store(&mut storage, "anna", 11);
    let second = storage.erase(&customer("anna"), at(12)).unwrap();
    assert_eq!((second.at, second.n_entries), (at(12), 1));
    assert!(first.no < second.no);
}

#[test]
fn somebody_unknown_can_be_erased() {
    let mut storage = MemoryStorage::new();
    let erasure = storage.erase(&customer("anna"), at(9)).unwrap();
    assert_eq!((erasure.n_entries, erasure.no), (0, 1));
    assert_eq!(storage.graves().erased_at(&customer("anna")), Some(at(9)));
}

#[test]
fn what_was_kept_long_enough_goes_in_portions() {
    let mut storage = MemoryStorage::new();
    for unix_ms in [1, 2, 3, 50] {
        store(&mut storage, "anna", unix_ms);
    }
    let keep = Retention { decisions: Millis::new(10), ..Retention::default() };
    let portion = storage.retain(&keep, 2, at(20)).unwrap();
    assert_eq!((portion.n_entries, portion.is_more_due), (2, true));
    let rest = storage.retain(&keep, 2, at(20)).unwrap();
    assert_eq!((rest.n_entries, rest.is_more_due), (1, false));
    assert_eq!(names(&mut storage), ["anna", "anna"]);
}
