//! Every way to change a ledger without its master key that the chain alone does not show.

mod common;

use std::fs;
use std::path::Path;

use common::{closed, customer, entry, known, neighbour, open, partition, place, tamper, write, written};
use ledger::{Retention, StateRow, Storage as _, commit, stage};
use model::{Millis, Timestamp};
use rusqlite::Connection;
use store::{Flaw, Loosened, Reader, back_up};

const NAME: &str = "anna";
const NOW: Timestamp = Timestamp::from_unix_ms(100_000);

/// Twelve entries of one customer, beside those of two others, and their directory as it was after six.
fn two_days() -> (tempfile::TempDir, tempfile::TempDir) {
    let dir = written();
    write(&mut open(dir.path()).unwrap(), &[NAME], 4..7);
    let yesterday = copied(dir.path());
    write(&mut open(dir.path()).unwrap(), &[NAME], 7..13);
    (dir, yesterday)
}

fn copied(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    put_back(dir, copy.path(), &["ledger.db", "keys.db", "heads", "master.key", "tombstones"]);
    copy
}

fn put_back(from: &Path, to: &Path, names: &[&str]) {
    for name in names {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// Everything that the audit finds, in the words that machines read.
fn audited(dir: &Path) -> Vec<&'static str> {
    let mut reader = Reader::open(dir).unwrap();
    let mut found = Vec::new();
    for partition in reader.partitions() {
        match reader.audit(partition, &mut || (), NOW) {
            Ok(Ok((_, rows))) => found.extend(rows.faults.iter().map(|fault| fault.wrong.word())),
            Ok(Err(fault)) => found.push(fault.wrong.word()),
            Err(_) => found.push("unreadable"),
        }
    }
    found.extend(reader.flaws().unwrap().iter().map(Flaw::word));
    found
}

fn is_found(dir: &Path) -> bool {
    !audited(dir).is_empty()
}

/// Runs SQL on today's ledger beside yesterday's.
fn with_yesterday(dir: &Path, yesterday: &Path, sql: &str) {
    let of = yesterday.join("ledger.db");
    tamper(dir, &format!("ATTACH '{}' AS old; {sql}", of.display()));
}

/// Nobody is looked at whose rows are not those that were written.
fn check_start(dir: &Path, others: &[&str]) {
    let mut store = open(dir).unwrap();
    assert_eq!(known(&mut store), others);
    assert!(closed(&store).contains(&partition(NAME)));
}

#[test]
fn d08_an_older_state_row_that_was_put_back_closes_its_partition_and_the_audit_finds_it() {
    let (dir, yesterday) = two_days();
    let no = partition(NAME).no();
    let sql = format!(
        "DELETE FROM states WHERE partition = {no};
         INSERT INTO states SELECT * FROM old.states WHERE partition = {no};"
    );
    with_yesterday(dir.path(), yesterday.path(), &sql);
    assert_eq!(audited(dir.path()), ["rows_of_other_days"]);
    check_start(dir.path(), &["ben", "cleo"]);
}

#[test]
fn d08_a_state_row_that_was_taken_away_closes_its_partition_and_the_audit_finds_it() {
    let (dir, _) = two_days();
    tamper(dir.path(), &format!("DELETE FROM states WHERE partition = {}", partition(NAME).no()));
    assert_eq!(audited(dir.path()), ["row_missing"]);
    check_start(dir.path(), &["ben", "cleo"]);
}

#[test]
fn d08_an_older_head_row_put_back_with_its_chain_and_rows_closes_its_partition() {
    let (dir, yesterday) = two_days();
    let no = partition(NAME).no();
    let sql = format!(
        "DELETE FROM states WHERE partition = {no};
         INSERT INTO states SELECT * FROM old.states WHERE partition = {no};
         DELETE FROM entries WHERE place > {} AND place < {};
         DELETE FROM heads WHERE partition = {no};
         INSERT INTO heads SELECT * FROM old.heads WHERE partition = {no};",
        place(NAME, 6),
        place(NAME, 1_000),
    );
    with_yesterday(dir.path(), yesterday.path(), &sql);
    put_back(yesterday.path(), dir.path(), &["heads"]);
    assert_eq!(audited(dir.path()), ["forged_head"]);
    check_start(dir.path(), &["ben", "cleo"]);
}

/// The heads file with a check that anybody can compute, of a chain that was cut short.
fn forge_heads(dir: &Path, magic: &[u8; 16], head: (u16, u64, Vec<u8>)) {
    let path = dir.join("heads");
    let mut bytes = fs::read(&path).unwrap();
    let (of, no, link) = head;
    for slot in bytes.chunks_mut(4_096).filter(|slot| slot[..5] == *b"stile") {
        let at = 40 + 40 * usize::from(of);
        slot[..16].copy_from_slice(magic);
        slot[at..at + 8].copy_from_slice(&no.to_le_bytes());
        slot[at + 8..at + 40].copy_from_slice(&link);
        let check = *blake3::hash(&slot[..2_600]).as_bytes();
        slot[2_600..2_632].copy_from_slice(&check);
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn d08_nobody_without_the_master_key_makes_a_shorter_chain_look_whole() {
    for magic in [b"stile heads v1\n\n", b"stile heads v2\n\n"] {
        let (dir, yesterday) = two_days();
        let no = partition(NAME).no();
        let sql = format!(
            "DELETE FROM entries WHERE place > {} AND place < {};
             DELETE FROM states WHERE partition = {no};
             INSERT INTO states SELECT * FROM old.states WHERE partition = {no};
             UPDATE heads SET (no, link, last_at) =
                 (SELECT no, link, last_at FROM old.heads WHERE partition = {no}) WHERE partition = {no};",
            place(NAME, 6),
            place(NAME, 1_000),
        );
        with_yesterday(dir.path(), yesterday.path(), &sql);
        let link = Connection::open(dir.path().join("ledger.db"))
            .unwrap()
            .query_row("SELECT link FROM heads WHERE partition = ?1", [no], |row| row.get(0))
            .unwrap();
        forge_heads(dir.path(), magic, (no, 6, link));
        assert!(open(dir.path()).is_err(), "it does not start");
        assert!(audited(dir.path()).contains(&"unreadable"));
        // Nor with the heads as they were.
        put_back(yesterday.path(), dir.path(), &["heads"]);
        assert!(is_found(dir.path()));
        check_start(dir.path(), &["ben", "cleo"]);
    }
}

#[test]
fn c13_a_directory_is_not_passed_off_as_one_of_format_2() {
    let (dir, _) = two_days();
    let sql = "ALTER TABLE heads DROP COLUMN rows; ALTER TABLE heads DROP COLUMN gone;
               DROP TABLE vouched; PRAGMA user_version = 2;";
    tamper(dir.path(), sql);
    Connection::open(dir.path().join("keys.db")).unwrap().pragma_update(None, "user_version", 2).unwrap();
    let link = vec![0; 32];
    forge_heads(dir.path(), b"stile heads v1\n\n", (partition("cleo").no(), 0, link));
    assert!(open(dir.path()).is_err());
}

#[test]
fn an_entry_that_was_emptied_by_hand_is_found_although_retention_seems_to_have_come_that_far() {
    let (dir, _) = two_days();
    let no = partition(NAME).no();
    tamper(dir.path(), &format!("INSERT INTO retained VALUES ({no}, 12)"));
    assert!(is_found(dir.path()), "how far retention came");
    tamper(dir.path(), &format!("UPDATE entries SET sealed = NULL WHERE place = {}", place(NAME, 11)));
    assert_eq!(audited(dir.path()), ["emptied_by_hand"]);
}

#[test]
fn d08_counts_of_offers_and_rows_of_no_partition_are_found() {
    let (dir, _) = two_days();
    tamper(dir.path(), "INSERT INTO stock_totals VALUES ('cake', 3)");
    assert_eq!(audited(dir.path()), ["stock"]);
    let (dir, _) = two_days();
    tamper(dir.path(), "INSERT INTO states SELECT 77, customer, as_of, sealed FROM states LIMIT 1");
    assert_eq!(audited(dir.path()), ["rows_astray"]);
}

#[test]
fn what_an_erasure_and_retention_take_away_is_vouched_for() {
    let (dir, _) = two_days();
    let mut store = open(dir.path()).unwrap();
    store.erase(&customer("ben"), Timestamp::from_unix_ms(50)).unwrap();
    let keep = Retention { decisions: Millis::from_secs(1), consents: Millis::from_secs(1) };
    let now = Timestamp::from_unix_ms(1_008);
    while store.retain(&keep, 3, now).unwrap().is_more_due {}
    write(&mut store, &[NAME, &neighbour(NAME), "dora"], 20..23);
    commit(&mut store, vec![stage(Vec::new(), vec![StateRow::new(customer("emil"))], Vec::new(), 0)])
        .unwrap();
    assert!(!is_found(dir.path()), "{:?}", audited(dir.path()));
    drop(store);
    let mut store = open(dir.path()).unwrap();
    assert_eq!(known(&mut store).len(), 5, "{:?}", known(&mut store));
    assert_eq!(closed(&store), []);
    assert!(!is_found(dir.path()));
}

fn anchor(dir: &Path) -> String {
    Reader::open(dir).unwrap().anchor(Timestamp::from_unix_ms(100)).unwrap().unwrap()
}

fn loosened(dir: &Path, text: &str) -> Vec<Loosened> {
    let reader = Reader::open(dir).unwrap();
    reader.hold_against(&reader.read_anchor(text).unwrap()).unwrap()
}

#[test]
fn d08_a_whole_directory_put_back_is_found_by_an_anchor_that_lies_elsewhere() {
    let (dir, yesterday) = two_days();
    let earlier = anchor(yesterday.path());
    let today = anchor(dir.path());
    assert_eq!(loosened(dir.path(), &earlier), []);
    assert_eq!(loosened(dir.path(), &today), []);
    write(&mut open(dir.path()).unwrap(), &["ben", "dora"], 20..23);
    assert_eq!(loosened(dir.path(), &today), []);
    put_back(yesterday.path(), dir.path(), &["ledger.db", "heads"]);
    assert!(!is_found(dir.path()), "nothing inside can tell");
    let found = loosened(dir.path(), &today);
    assert!(matches!(found[..], [Loosened::Older { .. }, Loosened::Shorter { .. }]), "{found:?}");
    assert_eq!(loosened(dir.path(), &earlier), []);
    let forged = today.replace("\"n_commits\":", "\"n_commits\":1");
    assert!(Reader::open(dir.path()).unwrap().read_anchor(&forged).is_err());
}

#[test]
fn d08_a_backup_and_a_statement_are_anchors_of_what_they_say() {
    let (dir, yesterday) = two_days();
    let folder = tempfile::tempdir().unwrap();
    back_up(dir.path(), &folder.path().join("b"), Timestamp::from_unix_ms(1)).unwrap();
    let manifest = fs::read_to_string(folder.path().join("b/manifest.json")).unwrap();
    let mut store = open(dir.path()).unwrap();
    let erasure = store.erase(&customer("ben"), Timestamp::from_unix_ms(50)).unwrap();
    let statement = ledger::statement(&erasure, &store);
    drop(store);
    for text in [&manifest, &statement] {
        assert_eq!(loosened(dir.path(), text), []);
    }
    put_back(yesterday.path(), dir.path(), &["ledger.db", "heads"]);
    for text in [&manifest, &statement] {
        assert!(matches!(loosened(dir.path(), text)[..], [Loosened::Shorter { .. }]), "{text}");
    }
    let other = written();
    assert!(Reader::open(other.path()).unwrap().read_anchor(&manifest).is_err(), "of another ledger");
    assert!(Reader::open(dir.path()).unwrap().read_anchor("{}").is_err());
}

/// Positions in every column of every row, and in the files beside: a changed byte is refused or found.
#[test]
fn any_flipped_byte_in_a_row_or_beside_is_found() {
    let (dir, _) = two_days();
    let mut store = open(dir.path()).unwrap();
    store.erase(&customer("ben"), Timestamp::from_unix_ms(50)).unwrap();
    let keep = Retention { decisions: Millis::from_secs(1), consents: Millis::from_secs(1) };
    while store.retain(&keep, 100, Timestamp::from_unix_ms(1_004)).unwrap().is_more_due {}
    commit(
        &mut store,
        vec![stage(vec![entry("dora", 9)], vec![StateRow::new(customer("dora"))], Vec::new(), 0)],
    )
    .unwrap();
    drop(store);
    let columns = [
        ("entries", "place", &["customer", "sealed_hash", "link", "sealed", "place"][..]),
        ("erasures", "place", &["customer", "at", "key", "n_entries", "place"][..]),
        ("retained", "partition", &["no", "partition"][..]),
        ("states", "customer", &["customer", "as_of", "sealed", "partition"][..]),
        ("heads", "partition", &["no", "link", "last_at", "rows", "gone", "partition"][..]),
        ("vouched", "id", &["n_commits", "stock", "checks", "mac"][..]),
        ("meta", "name", &["value"][..]),
    ];
    let mut n = 0;
    for (table, key, columns) in columns {
        for column in columns {
            for row in 0..4 {
                let tampered = copied(dir.path());
                if !flip(tampered.path(), (table, key, column), row) {
                    continue;
                }
                n += 1;
                let found = Reader::open(tampered.path()).is_err() || is_found(tampered.path());
                assert!(found, "{column} of row {row} of {table}");
            }
        }
    }
    for (file, step) in [("heads", 97), ("tombstones", 7)] {
        let bytes = fs::read(dir.path().join(file)).unwrap();
        for at in (0..bytes.len()).step_by(step) {
            let tampered = copied(dir.path());
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(tampered.path().join(file), &changed).unwrap();
            n += 1;
            let reader = Reader::open(tampered.path()).unwrap();
            let is_refused = reader.flaws().is_err();
            // The older slot of the heads, and what lies behind a slot, says nothing.
            let is_told = is_refused || file == "heads" || is_found(tampered.path());
            assert!(is_told, "byte {at} of {file}");
        }
    }
    println!("{n} flipped bytes");
    assert!(80 < n);
}

/// Changes the first bit of a value, or a number by one; whether there was one.
fn flip(dir: &Path, (table, key, column): (&str, &str, &str), row: usize) -> bool {
    let ledger = Connection::open(dir.join("ledger.db")).unwrap();
    let key = if key == "customer" { "partition" } else { key };
    let select = format!("SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY {key}");
    let found: Vec<(rusqlite::types::Value, rusqlite::types::Value)> = ledger
        .prepare(&select)
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let Some((id, value)) = found.into_iter().nth(row) else { return false };
    let changed = match value {
        rusqlite::types::Value::Blob(mut bytes) if !bytes.is_empty() => {
            let at = bytes.len() * (row + 1) / 5;
            bytes[at] ^= 1;
            rusqlite::types::Value::Blob(bytes)
        }
        rusqlite::types::Value::Integer(n) => rusqlite::types::Value::Integer(n + 1),
        _ => return false,
    };
    // A number that is taken by another row cannot be put there.
    let update = format!("UPDATE {table} SET {column} = ?2 WHERE {key} = ?1");
    ledger.execute(&update, (id, changed)).is_ok()
}
