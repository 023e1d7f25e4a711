//! What is written, and what becomes of it when somebody changes it.

mod common;

use common::{
    closed, customer, entries, entry, known, neighbour, open, partition, place, tamper, write, written,
};
use ledger::{
    DeliveryOutcome, MemoryStorage, Numbered, Staged, StateRow, Storage, StorageError, Table, What, commit,
    stage,
};
use model::{CustomerId, DeviceId, Digest, FenceId, Timestamp, VisitId};
use rusqlite::Connection;

#[test]
fn entries_are_numbered_from_one_without_gaps_in_every_partition() {
    let dir = written();
    let mut store = open(dir.path()).unwrap();
    write(&mut store, &["anna", &neighbour("anna")], 4..6);
    let all = entries(&mut store, None).unwrap();
    let of_anna: Vec<_> = all.iter().filter(|entry| entry.partition == partition("anna")).collect();
    assert_eq!(of_anna.iter().map(|entry| entry.no).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    assert!(all.is_sorted_by_key(|entry| (entry.partition, entry.no)));
    let names: Vec<_> = of_anna.iter().map(|numbered| numbered.entry.customer.as_str()).collect();
    let other = neighbour("anna");
    assert_eq!(names, ["anna", "anna", "anna", "anna", &other, "anna", &other]);
    let own = entries(&mut store, Some("anna")).unwrap();
    assert_eq!(own.iter().map(|entry| entry.no).collect::<Vec<_>>(), [1, 2, 3, 4, 6]);
    assert_eq!(own[4].entry, entry("anna", 5));
    assert_eq!(entries(&mut store, Some("nobody")), Ok(Vec::new()));
}

#[test]
fn the_last_row_of_a_customer_is_read_back() {
    let dir = written();
    let mut store = open(dir.path()).unwrap();
    let row = |since| StateRow {
        consented_since: Some(Timestamp::from_unix_ms(since)),
        ..StateRow::new(customer("anna"))
    };
    let first = stage(Vec::new(), vec![row(1), row(2)], Vec::new(), 0);
    commit(&mut store, vec![first, stage(Vec::new(), vec![row(3)], Vec::new(), 0)]).unwrap();
    drop(store);
    let mut found = Vec::new();
    let mut store = open(dir.path()).unwrap();
    store.scan_states(&mut |state| found.push(state.into_parts().0)).unwrap();
    let anna: Vec<_> = found.into_iter().filter(|row| row.customer == customer("anna")).collect();
    assert_eq!(anna, [row(3)]);
}

#[test]
fn it_holds_what_a_list_in_memory_holds() {
    let dir = tempfile::tempdir().unwrap();
    let mut list = MemoryStorage::new();
    let mut seed = 20_u64;
    let mut draw = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for _ in 0..10 {
        let mut store = open(dir.path()).unwrap();
        for _ in 0..10 {
            let batch: Vec<_> = (0..draw(5)).map(|_| (draw(30), draw(20), draw(2) == 0)).collect();
            let staged = || batch.iter().map(|&(who, n, with_entry)| some(who, n, with_entry)).collect();
            commit(&mut list, staged()).unwrap();
            commit(&mut store, staged()).unwrap();
        }
        assert_eq!(everything(&mut store), everything(&mut list));
    }
}

/// A row of one of a few customers, perhaps with an entry.
fn some(who: u64, n: u64, with_entry: bool) -> Staged {
    let name = format!("c{who}");
    let entries = if with_entry { vec![entry(&name, n as u8)] } else { Vec::new() };
    let consented_since = Some(Timestamp::from_unix_ms(n as i64));
    stage(entries, vec![StateRow { consented_since, ..StateRow::new(customer(&name)) }], Vec::new(), 0)
}

fn everything(storage: &mut dyn Storage) -> (Vec<StateRow>, Vec<Numbered>) {
    let (mut states, mut entries) = (Vec::new(), Vec::new());
    storage.scan_states(&mut |state| states.push(state.into_parts().0)).unwrap();
    storage.scan_entries(None, &mut |numbered| entries.push(numbered)).unwrap();
    (states, entries)
}

#[test]
fn k09_the_latest_recorded_instant_is_known_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    assert_eq!(store.last_recorded_at(), Ok(None));
    write(&mut store, &["anna", "ben"], 1..60);
    write(&mut store, &["anna", "ben"], 3..4);
    drop(store);
    let store = open(dir.path()).unwrap();
    assert_eq!(store.last_recorded_at(), Ok(Some(Timestamp::from_unix_ms(59))));
}

#[test]
fn d03_a_batch_that_fails_at_any_write_is_not_visible_and_goes_in_later() {
    let name = "anna";
    let failures = (4..8)
        .map(|no| format!("BEFORE INSERT ON entries WHEN new.place = {}", place(name, no)))
        .chain(["BEFORE UPDATE ON states".into(), "BEFORE UPDATE ON heads".into()]);
    for failure in failures {
        let dir = written();
        let mut store = open(dir.path()).unwrap();
        let raise = "BEGIN SELECT RAISE(ABORT, 'the device failed'); END;";
        tamper(dir.path(), &format!("CREATE TRIGGER failing {failure} {raise}"));
        let before = entries(&mut store, None);
        let batch = (4..8).map(|n| entry(name, n)).collect();
        let staged = stage(batch, vec![StateRow::new(customer(name))], Vec::new(), 0);
        let refused = commit(&mut store, vec![staged]).unwrap_err();
        assert!(matches!(refused.error, StorageError::Io(_)), "{failure}: {:?}", refused.error);
        assert_eq!(entries(&mut store, None), before, "{failure}");
        tamper(dir.path(), "DROP TRIGGER failing");
        commit(&mut store, refused.staged).unwrap();
        drop(store);
        let mut store = open(dir.path()).unwrap();
        assert_eq!(closed(&store), []);
        assert_eq!(entries(&mut store, Some(name)).unwrap().len(), 7, "{failure}");
    }
}

#[test]
fn a_batch_waits_for_nobody_for_ever() {
    let dir = written();
    let mut store = open(dir.path()).unwrap();
    let reader = Connection::open(dir.path().join("ledger.db")).unwrap();
    reader.execute_batch("BEGIN IMMEDIATE").unwrap();
    let staged = stage(vec![entry("anna", 4)], Vec::new(), Vec::new(), 0);
    let refused = commit(&mut store, vec![staged]).unwrap_err();
    assert!(matches!(refused.error, StorageError::Io(_)));
    reader.execute_batch("ROLLBACK").unwrap();
    commit(&mut store, refused.staged).unwrap();
}

#[test]
fn planted_names_are_found_nowhere_in_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    let planted: Vec<_> = (0..50).map(|n| format!("planted-customer-{n}-x7Qz")).collect();
    let device = DeviceId::new("planted-device-x7Qz").unwrap();
    let fence = FenceId::new("planted-fence-x7Qz").unwrap();
    for name in &planted {
        let mut row = StateRow::new(CustomerId::new(name).unwrap());
        let entered_at = Timestamp::from_unix_ms(1_234_567_890_123);
        row.visits.push(ledger::OpenVisit {
            device: device.clone(),
            fence: fence.clone(),
            visit: VisitId(Digest::from_bytes([1; 16])),
            entered_at,
            last_at: entered_at,
            initial: false,
            dwelled: true,
        });
        let categories = vec!["planted-category-x7Qz".into()];
        let what = What::Profile(model::Profile { categories, ..model::Profile::default() });
        let entries = vec![ledger::Entry { what, ..entry(name, 1) }, entry(name, 2)];
        commit(&mut store, vec![stage(entries, vec![row], Vec::new(), 0)]).unwrap();
    }
    let names: Vec<String> = common::files(dir.path())
        .iter()
        .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    for needed in ["ledger.db", "ledger.db-wal", "ledger.db-shm", "keys.db", "keys.db-wal", "heads"] {
        assert!(names.iter().any(|name| name == needed), "{needed} is searched while it is in use");
    }
    let search = |dir: &std::path::Path| {
        for file in common::files(dir) {
            let bytes = std::fs::read(&file).unwrap();
            for secret in ["x7Qz", "planted", "1234567890123", DeliveryOutcome::Expired.word(), "customer-"] {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} is in {}", file.display());
            }
        }
    };
    search(dir.path());
    assert_eq!(known(&mut store).len(), 50);
    drop(store);
    search(dir.path());
}

/// What a scan of everything and a scan of one customer say after `sql`.
fn after(sql: &str, of: &str) -> [Option<StorageError>; 2] {
    let dir = written();
    tamper(dir.path(), sql);
    let mut store = open(dir.path()).unwrap();
    [None, Some(of)].map(|of| entries(&mut store, of).err())
}

fn damaged(name: &str, no: u64, reason: &'static str) -> Option<StorageError> {
    Some(StorageError::Damaged { table: Table::Entries, partition: partition(name), no, reason })
}

#[test]
fn a_flipped_byte_in_an_entry_is_refused_with_its_partition_and_number() {
    let not_ours = "it is not what was written there";
    let place = place("anna", 2);
    for at in [1, 24, 25, 60, 100] {
        let flip = format!(
            "UPDATE entries SET sealed = CAST(substr(sealed, 1, {at} - 1) || x'ff' || substr(sealed, {at} + 1) AS BLOB)
             WHERE place = {place} AND substr(sealed, {at}, 1) <> x'ff'"
        );
        let errors = after(&flip, "anna");
        assert_eq!(errors, [damaged("anna", 2, not_ours), damaged("anna", 2, not_ours)], "byte {at}");
    }
    let [error, _] = after(&format!("UPDATE entries SET sealed = x'' WHERE place = {place}"), "anna");
    let text = error.unwrap().to_string();
    assert_eq!(
        text,
        format!("entries row 2 of partition {} cannot be read: {not_ours}", partition("anna").no())
    );
}

#[test]
fn two_entries_swapped_between_customers_are_refused() {
    let (ours, theirs) = (place("anna", 1), place("ben", 1));
    let swap = |columns: &str| {
        format!(
            "CREATE TEMP TABLE swapped AS SELECT * FROM entries WHERE place IN ({ours}, {theirs});
             UPDATE entries SET ({columns}) = (SELECT {columns} FROM swapped WHERE place = {theirs}) WHERE place = {ours};
             UPDATE entries SET ({columns}) = (SELECT {columns} FROM swapped WHERE place = {ours}) WHERE place = {theirs};"
        )
    };
    for columns in ["sealed", "customer", "customer, sealed", "customer, sealed_hash, sealed"] {
        let [all, own] = after(&swap(columns), "anna");
        assert!(matches!(all, Some(StorageError::Damaged { table: Table::Entries, no: 1, .. })), "{columns}");
        assert!(matches!(own, Some(StorageError::Damaged { .. })), "{columns}");
    }
}

#[test]
fn an_entry_that_was_taken_out_of_the_middle_is_missed() {
    let [all, _] = after(&format!("DELETE FROM entries WHERE place = {}", place("ben", 2)), "ben");
    assert_eq!(all, damaged("ben", 2, "it is missing"));
}

#[test]
fn a_column_of_the_wrong_kind_is_an_error_and_no_panic() {
    for change in ["link = 'x'", "sealed_hash = 7", "customer = x'00'", "sealed = 5", "sealed = NULL"] {
        let sql = format!("UPDATE entries SET {change} WHERE place = {}", place("anna", 1));
        let [all, _] = after(&sql, "anna");
        assert!(all.is_some(), "{change}");
    }
}

#[test]
fn gate_starts_shut_for_a_partition_whose_chain_was_changed() {
    let (first, last) = (place("anna", 1), place("anna", 3));
    let no = partition("anna").no();
    for sql in [
        format!("DELETE FROM entries WHERE place = {last}"),
        format!("UPDATE entries SET link = zeroblob(32) WHERE place = {last}"),
        format!("DELETE FROM heads WHERE partition = {no}"),
        format!("UPDATE heads SET no = 2 WHERE partition = {no}"),
        format!(
            "DELETE FROM entries WHERE place BETWEEN {first} AND {last}; DELETE FROM heads WHERE partition = {no}"
        ),
    ] {
        let dir = written();
        tamper(dir.path(), &sql);
        for start in ["the first", "the second"] {
            let mut store = open(dir.path()).unwrap();
            assert_eq!(closed(&store), [partition("anna")], "{start} start after {sql}");
            assert_eq!(known(&mut store), ["ben", "cleo"], "{sql}");
            let staged = stage(vec![entry("anna", 9)], Vec::new(), Vec::new(), 0);
            let error = commit(&mut store, vec![staged]).unwrap_err().error;
            assert_eq!(error, StorageError::Closed { partition: partition("anna") }, "{sql}");
            write(&mut store, &["ben"], 9..10);
        }
    }
}

#[test]
fn gate_starts_shut_for_a_partition_with_a_row_that_cannot_be_read() {
    let no = partition("anna").no();
    let other = neighbour("anna");
    for change in ["sealed = x'00'", "sealed = zeroblob(100)", "as_of = 2", "as_of = 99", "sealed = 'text'"] {
        let dir = written();
        write(&mut open(dir.path()).unwrap(), &[&other], 1..2);
        let limit = format!("customer = (SELECT customer FROM entries WHERE place = {})", place("anna", 1));
        tamper(dir.path(), &format!("UPDATE states SET {change} WHERE partition = {no} AND {limit}"));
        let mut store = open(dir.path()).unwrap();
        assert_eq!(known(&mut store), ["ben", "cleo"], "{change}");
        assert_eq!(closed(&store), [partition("anna")], "{change}");
    }
}

#[test]
fn two_state_rows_swapped_between_customers_close_their_partition() {
    let dir = written();
    let other = neighbour("anna");
    write(&mut open(dir.path()).unwrap(), &[&other], 1..2);
    let no = partition("anna").no();
    tamper(
        dir.path(),
        &format!(
            "CREATE TEMP TABLE swapped AS SELECT * FROM states WHERE partition = {no};
             UPDATE states SET (as_of, sealed) =
                 (SELECT as_of, sealed FROM swapped WHERE swapped.customer <> states.customer)
             WHERE partition = {no};"
        ),
    );
    let mut store = open(dir.path()).unwrap();
    assert_eq!(known(&mut store), ["ben", "cleo"]);
    assert_eq!(closed(&store), [partition("anna")]);
}

#[test]
fn a_customer_whose_key_is_gone_gets_no_second_one() {
    let dir = written();
    Connection::open(dir.path().join("keys.db")).unwrap().execute("DELETE FROM keys", []).unwrap();
    let mut store = open(dir.path()).unwrap();
    let staged = stage(vec![entry("anna", 9)], Vec::new(), Vec::new(), 0);
    let error = commit(&mut store, vec![staged]).unwrap_err().error;
    let lost = StorageError::Damaged {
        table: Table::Keys,
        partition: partition("anna"),
        no: 0,
        reason: "it is missing",
    };
    assert_eq!(error, lost);
    assert_eq!(known(&mut store), [""; 0]);
    assert_eq!(closed(&store).len(), 3);
}
