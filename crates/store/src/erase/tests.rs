//! A crash between any two steps of an erasure, and everything it must not leave.

use std::fs;
use std::path::Path;

use ledger::{DeliveryOutcome, Entry, StateRow, Storage, What, commit, stage};
use model::{Digest, NotificationId, Partition};

use super::*;
use crate::{Chance, OpenError, Options, Part, Reader};

fn chance() -> Chance {
    Box::new(|bytes| getrandom::fill(bytes).expect("the system has random bytes"))
}

fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(dir, Options::default(), chance()).unwrap()
}

fn customer(name: &str) -> CustomerId {
    CustomerId::new(name).unwrap()
}

fn at(unix_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(unix_ms)
}

fn write(store: &mut SqliteStore, names: &[&str], n: u8) {
    let entry = |name: &&str| {
        let notification = NotificationId(Digest::from_bytes([n; 16]));
        let what = What::Delivery { notification, outcome: DeliveryOutcome::Sent, tolerance: None };
        Entry { customer: customer(name), at: at(n.into()), what }
    };
    let rows = names.iter().map(|name| StateRow::new(customer(name))).collect();
    commit(store, vec![stage(names.iter().map(entry).collect(), rows, Vec::new(), 0)]).unwrap();
}

fn written() -> (tempfile::TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    (1..4).for_each(|n| write(&mut store, &["anna", "ben", "cleo"], n));
    (dir, store)
}

/// Whom the rows and entries that can be read are about.
fn names(store: &mut SqliteStore) -> Vec<String> {
    let mut names = Vec::new();
    store.scan_states(&mut |state| names.push(state.customer().as_str().to_owned())).unwrap();
    store.scan_entries(None, &mut |found| names.push(found.entry.customer.as_str().to_owned())).unwrap();
    names.sort();
    names
}

const OTHERS: [&str; 8] = ["ben", "ben", "ben", "ben", "cleo", "cleo", "cleo", "cleo"];

/// The directory as a crash would leave it.
fn copied(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(dir).unwrap() {
        let file = file.unwrap();
        if file.file_name() == "lock" {
            continue;
        }
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

fn is_in_some_file(dir: &Path, needle: &[u8]) -> bool {
    let files = fs::read_dir(dir).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    files.into_iter().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
}

/// What was sealed for a customer: their wrapped key, their row, their entries.
fn sealed_for(store: &SqliteStore, name: &str) -> Vec<Vec<u8>> {
    let owner = store.keys.owner(&customer(name));
    let mut sealed: Vec<Vec<u8>> = Vec::new();
    let all = "SELECT sealed FROM states WHERE customer = ?1
               UNION ALL SELECT sealed FROM entries WHERE customer = ?1 AND sealed IS NOT NULL";
    let mut select = store.ledger.prepare(all).unwrap();
    let rows = select.query_map([owner.1.bytes()], |row| row.get(0)).unwrap();
    sealed.extend(rows.map(Result::unwrap));
    sealed.extend(store.keys.wrapped(owner.1).unwrap());
    sealed
}

#[test]
fn erased_is_gone_from_every_byte_of_every_file() {
    let (dir, mut store) = written();
    let sealed = sealed_for(&store, "anna");
    assert_eq!(sealed.len(), 5);
    assert!(sealed.iter().all(|bytes| is_in_some_file(dir.path(), bytes)));
    let of_ben = sealed_for(&store, "ben");
    let erasure = store.erase(&customer("anna"), at(9)).unwrap();
    assert_eq!((erasure.n_entries, erasure.at, erasure.key.is_some()), (3, at(9), true));
    assert!(!sealed.iter().any(|bytes| is_in_some_file(dir.path(), bytes)), "before it is closed");
    assert_eq!(names(&mut store), OTHERS);
    drop(store);
    assert!(!sealed.iter().any(|bytes| is_in_some_file(dir.path(), bytes)), "after it was closed");
    assert!(of_ben.iter().all(|bytes| is_in_some_file(dir.path(), bytes)), "v11: only hers");
    assert_eq!(names(&mut open(dir.path())), OTHERS);
}

#[test]
fn a_crash_between_any_two_steps_is_finished_by_the_next_start() {
    let (dir, mut store) = written();
    let sealed = sealed_for(&store, "anna");
    let owner = store.keys.owner(&customer("anna"));
    let mut left = vec![copied(dir.path())];
    let stone = store.bury(owner, at(9)).unwrap();
    left.push(copied(dir.path()));
    store.destroy_key(&stone).unwrap();
    left.push(copied(dir.path()));
    take_rows(&mut store.ledger, &stone, &store.standing, &store.proof).unwrap();
    left.push(copied(dir.path()));
    drop(store);
    for (n_steps, left) in left.into_iter().enumerate() {
        let mut store = open(left.path());
        assert!(store.closed_partitions().is_empty(), "after {n_steps} steps");
        if n_steps == 0 {
            assert_eq!(names(&mut store).len(), 12);
            continue;
        }
        assert_eq!(names(&mut store), OTHERS, "after {n_steps} steps");
        assert!(!sealed.iter().any(|bytes| is_in_some_file(left.path(), bytes)), "after {n_steps} steps");
        assert_eq!(store.graves().erased_at(&customer("anna")), Some(at(9)));
        let erasure = store.erase(&customer("anna"), at(10)).unwrap();
        assert_eq!((erasure.at, erasure.n_entries, erasure.no), (at(9), 3, 4), "after {n_steps} steps");
    }
}

#[test]
fn the_same_answer_again_until_a_new_life_has_begun() {
    let (dir, mut store) = written();
    let first = store.erase(&customer("anna"), at(9)).unwrap();
    assert_eq!(store.erase(&customer("anna"), at(10)).unwrap(), first);
    drop(store);
    let mut store = open(dir.path());
    assert_eq!(store.erase(&customer("anna"), at(11)).unwrap(), first);
    write(&mut store, &["anna"], 12);
    assert_eq!(names(&mut store).len(), OTHERS.len() + 2);
    drop(store);
    let mut store = open(dir.path());
    assert_eq!(names(&mut store).len(), OTHERS.len() + 2, "a new life is read like any other");
    let second = store.erase(&customer("anna"), at(9)).unwrap();
    assert_eq!((second.at, second.n_entries), (at(10), 1), "no two lives end at one instant");
    assert_ne!(second.key, first.key);
    assert_eq!(names(&mut store), OTHERS);
    assert_eq!(all_erasures(&store.ledger).unwrap(), [first, second]);
}

#[test]
fn somebody_unknown_leaves_a_tombstone_too() {
    let (dir, mut store) = written();
    let erasure = store.erase(&customer("dora"), at(9)).unwrap();
    assert_eq!((erasure.n_entries, erasure.key), (0, None));
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.graves().erased_at(&customer("dora")), Some(at(9)));
    assert_eq!(store.graves().erased_at(&customer("ben")), None);
}

#[test]
fn an_older_keys_db_brings_nobody_back() {
    let (dir, store) = written();
    let wrapped = store.keys.wrapped(store.keys.owner(&customer("anna")).1).unwrap().unwrap();
    drop(store);
    let older = fs::read(dir.path().join("keys.db")).unwrap();
    let mut store = open(dir.path());
    store.erase(&customer("anna"), at(9)).unwrap();
    drop(store);
    fs::write(dir.path().join("keys.db"), older).unwrap();
    let mut store = open(dir.path());
    assert_eq!(names(&mut store), OTHERS);
    assert!(!is_in_some_file(dir.path(), &wrapped));
}

#[test]
fn an_older_ledger_brings_nobody_back() {
    let (dir, store) = written();
    drop(store);
    let older = copied(dir.path());
    let mut store = open(dir.path());
    let sealed = sealed_for(&store, "anna");
    store.erase(&customer("anna"), at(9)).unwrap();
    drop(store);
    for part in [Part::Ledger, Part::Heads] {
        fs::copy(older.path().join(part.file_name()), dir.path().join(part.file_name())).unwrap();
    }
    let mut store = open(dir.path());
    assert_eq!(names(&mut store), OTHERS);
    assert!(!sealed.iter().any(|bytes| is_in_some_file(dir.path(), bytes)));
    assert_eq!(all_erasures(&store.ledger).unwrap().len(), 1);
}

#[test]
fn a_tombstone_that_was_lost_at_the_end_is_written_again() {
    let (dir, mut store) = written();
    store.erase(&customer("anna"), at(9)).unwrap();
    drop(store);
    let path = dir.path().join(Part::Tombstones.file_name());
    let whole = fs::read(&path).unwrap();
    let mut torn = whole.clone();
    *torn.last_mut().unwrap() ^= 1;
    fs::write(&path, torn).unwrap();
    assert_eq!(open(dir.path()).graves().erased_at(&customer("anna")), Some(at(9)));
    assert_eq!(fs::read(&path).unwrap(), whole);
    fs::remove_file(&path).unwrap();
    let error = SqliteStore::open(dir.path(), Options::default(), chance()).err().unwrap();
    assert!(matches!(error, OpenError::Missing { part: Part::Tombstones, .. }));
}

#[test]
fn nothing_is_acknowledged_while_a_reader_keeps_the_log_from_being_emptied() {
    let (dir, mut store) = written();
    let reader = Connection::open(dir.path().join(Part::Ledger.file_name())).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entries;").unwrap();
    let error = store.erase(&customer("anna"), at(9)).unwrap_err();
    assert!(matches!(error, StorageError::Io(_)), "{error:?}");
    write(&mut store, &["ben"], 10);
    reader.execute_batch("ROLLBACK").unwrap();
    let erasure = store.erase(&customer("anna"), at(11)).unwrap();
    assert_eq!((erasure.at, erasure.no), (at(9), 4));
    assert_eq!(names(&mut store).len(), OTHERS.len() + 1);
}

#[test]
fn the_chain_verifies_after_an_erasure_and_tells_it_from_a_loss() {
    let (dir, mut store) = written();
    store.erase(&customer("anna"), at(9)).unwrap();
    write(&mut store, &["anna"], 10);
    drop(store);
    let scan = |partition| Reader::open(dir.path()).unwrap().scan(partition, &mut |_| {});
    let of = |name: &str| Partition::of(name);
    assert_eq!(scan(of("anna")), Ok(()));
    let tamper =
        |sql: &str| Connection::open(dir.path().join("ledger.db")).unwrap().execute_batch(sql).unwrap();
    tamper("UPDATE erasures SET at = at - 1");
    assert!(scan(of("anna")).is_err(), "when it was is part of the chain");
    tamper("UPDATE erasures SET at = at + 1; UPDATE erasures SET n_entries = 2");
    assert!(scan(of("anna")).is_err(), "how much it took away is too");
    tamper("UPDATE erasures SET n_entries = 3");
    assert_eq!(scan(of("anna")), Ok(()));
    tamper(&format!("UPDATE entries SET sealed = NULL WHERE place = {}", entry_place(of("ben"), 2)));
    let lost = scan(of("ben")).unwrap_err();
    assert!(
        matches!(lost, StorageError::Damaged { no: 2, reason: "what it said is missing", .. }),
        "{lost:?}"
    );
}

#[test]
fn no_copy_of_a_key_is_left_however_many_there_are() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let names: Vec<_> = (0..3_000).map(|n| format!("c{n}")).collect();
    for names in names.chunks(500) {
        let rows = names.iter().map(|name| StateRow::new(customer(name))).collect();
        commit(&mut store, vec![stage(Vec::new(), rows, Vec::new(), 0)]).unwrap();
    }
    let mut wrapped = HashSet::new();
    for name in names.iter().step_by(20) {
        let owner = store.keys.owner(&customer(name));
        wrapped.insert(store.keys.wrapped(owner.1).unwrap().unwrap());
        store.keys.destroy(owner.1).unwrap();
    }
    store.empty_logs().unwrap();
    let bytes = fs::read(dir.path().join(Part::Keys.file_name())).unwrap();
    let len = wrapped.iter().next().unwrap().len();
    assert_eq!(bytes.windows(len).filter(|window| wrapped.contains(*window)).count(), 0);
}
