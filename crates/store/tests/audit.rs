//! A changed byte anywhere in the log is found, and its place is named.

mod common;

use common::{open, partition, place, tamper, write, written};
use consent_gate::{ConsentRow, ConsentState, Purpose};
use ledger::{Disagreement, StateRow, Storage as _, commit, stage};
use model::{MerchantId, Partition, Timestamp};
use rusqlite::Connection;
use store::{ChainFault, Reader, Rows, Wrong, WrongRow};

const NAME: &str = "anna";
const NOW: Timestamp = Timestamp::from_unix_ms(1_000);

/// Twelve entries of one customer, beside those of two others.
fn long() -> tempfile::TempDir {
    let dir = written();
    write(&mut open(dir.path()).unwrap(), &[NAME], 4..13);
    dir
}

/// Everything that is wrong with a directory.
fn faults(dir: &std::path::Path) -> Vec<ChainFault> {
    let mut reader = Reader::open(dir).unwrap();
    let partitions: Vec<_> = reader.partitions().collect();
    partitions
        .into_iter()
        .filter_map(|partition| reader.audit(partition, &mut || (), NOW).unwrap().err())
        .collect()
}

fn check(sql: &str, no: u64, wrong: Wrong) {
    let dir = long();
    tamper(dir.path(), sql);
    let found = faults(dir.path());
    let [fault] = &found[..] else { panic!("{sql}: {found:?}") };
    assert_eq!((fault.partition, fault.no, fault.wrong), (partition(NAME), no, wrong), "{sql}");
    // The entries say 1 to 12 milliseconds; the one in question is between its neighbours.
    let at = |at: i64| Timestamp::from_unix_ms(at);
    assert!(fault.after.is_none_or(|after| after <= at(no as i64)), "{sql}: {fault:?}");
    assert!(fault.before.is_none_or(|before| at(no as i64) <= before), "{sql}: {fault:?}");
    if 1 < no && no <= 12 {
        assert!(fault.after.is_some(), "{sql}: {fault:?}");
    }
}

#[test]
fn a_whole_chain_is_walked_to_its_end_beside_whoever_holds_it() {
    let dir = long();
    let mut store = open(dir.path()).unwrap();
    assert_eq!(faults(dir.path()), []);
    write(&mut store, &[NAME, "dora"], 13..20);
    assert_eq!(faults(dir.path()), []);
    let mut reader = Reader::open(dir.path()).unwrap();
    let mut n = 0;
    let (walked, rows) = reader.audit(partition(NAME), &mut || n += 1, NOW).unwrap().unwrap();
    assert_eq!((walked.head.no(), n, walked.n_taken_away), (19, 19, 0));
    assert_eq!((rows.n, rows.n_partly, rows.faults), (1, 0, Vec::new()));
    assert_eq!(walked.last_at, Some(Timestamp::from_unix_ms(19)));
    assert_eq!(reader.flaws().unwrap(), []);
}

#[test]
fn what_was_done_to_an_entry_is_told_apart() {
    let of = |set: &str, no| format!("UPDATE entries SET {set} WHERE place = {}", place(NAME, no));
    check(&of("sealed = x'00'", 5), 5, Wrong::Changed);
    check(&of("sealed = NULL", 5), 5, Wrong::Emptied("what it said is missing"));
    check(&of("sealed = 'a text'", 5), 5, Wrong::Changed);
    check(&of("sealed_hash = zeroblob(32)", 5), 5, Wrong::Changed);
    check(&of("sealed_hash = x'00'", 5), 5, Wrong::Changed);
    check(&of("customer = zeroblob(16)", 5), 5, Wrong::Changed);
    check(&of("customer = zeroblob(16)", 12), 12, Wrong::Changed);
    check(&of("link = zeroblob(32)", 5), 5, Wrong::Link);
    check(&of("link = 'a text'", 5), 5, Wrong::Changed);
    check(&format!("DELETE FROM entries WHERE place = {}", place(NAME, 5)), 5, Wrong::Missing { n: 1 });
    let last_three = format!("DELETE FROM entries WHERE {} <= place", place(NAME, 10));
    let others = format!("{last_three} AND place <= {}", place(NAME, 99));
    check(&others, 10, Wrong::Missing { n: 3 });
    let (five, eight, spare) = (place(NAME, 5), place(NAME, 8), place(NAME, 1_000));
    let swap = format!(
        "UPDATE entries SET place = {spare} WHERE place = {five};
         UPDATE entries SET place = {five} WHERE place = {eight};
         UPDATE entries SET place = {eight} WHERE place = {spare};"
    );
    check(&swap, 5, Wrong::Moved { from: 8 });
}

#[test]
fn what_an_erasure_took_away_is_counted_and_is_no_fault() {
    let dir = long();
    let mut store = open(dir.path()).unwrap();
    store.erase(&common::customer(NAME), Timestamp::from_unix_ms(99)).unwrap();
    let mut reader = Reader::open(dir.path()).unwrap();
    let (walked, rows) = reader.audit(partition(NAME), &mut || (), NOW).unwrap().unwrap();
    assert_eq!((walked.head.no(), walked.n_taken_away), (13, 13), "twelve, and the one that says so");
    assert_eq!(rows, Rows::default());
    drop((reader, store));
    // Nobody else can be passed off as erased.
    let other = common::neighbour(NAME);
    write(&mut open(dir.path()).unwrap(), &[&other], 1..3);
    tamper(dir.path(), &format!("UPDATE entries SET sealed = NULL WHERE place = {}", place(NAME, 15)));
    let [fault] = faults(dir.path())[..] else { panic!() };
    assert_eq!((fault.no, fault.wrong.word()), (15, "emptied"));
}

#[test]
fn an_end_that_was_cut_off_with_its_head_row_is_known_by_the_heads_kept_apart() {
    let dir = long();
    let ledger = Connection::open(dir.path().join("ledger.db")).unwrap();
    let link: Vec<u8> = ledger
        .query_row("SELECT link FROM entries WHERE place = ?1", [place(NAME, 9)], |row| row.get(0))
        .unwrap();
    let of = partition(NAME).no();
    ledger
        .execute("DELETE FROM entries WHERE ?1 < place AND place < ?2", [place(NAME, 9), place(NAME, 99)])
        .unwrap();
    ledger.execute("UPDATE heads SET no = 9, link = ?1 WHERE partition = ?2", (link, of)).unwrap();
    drop(ledger);
    let [fault] = faults(dir.path())[..] else { panic!() };
    assert_eq!((fault.no, fault.wrong), (10, Wrong::Missing { n: 3 }));
}

#[test]
fn a_head_row_that_was_changed_is_told() {
    check(
        &format!("UPDATE heads SET link = zeroblob(32) WHERE partition = {}", partition(NAME).no()),
        12,
        Wrong::HeadRow,
    );
}

#[test]
fn an_entry_put_in_by_hand_is_found_wherever_it_stands() {
    let dir = long();
    let copy = "INSERT INTO entries (place, customer, sealed_hash, link, sealed)
         SELECT 70 << 40, customer, sealed_hash, link, sealed FROM entries LIMIT 1";
    tamper(dir.path(), copy);
    assert_eq!(faults(dir.path()), []);
    assert_eq!(Reader::open(dir.path()).unwrap().flaws().unwrap(), [store::Flaw::EntriesAstray { n: 1 }]);
    check(
        &format!(
            "INSERT INTO entries (place, customer, sealed_hash, link, sealed)
             SELECT {}, customer, sealed_hash, link, sealed FROM entries WHERE place = {}",
            place(NAME, 13),
            place(NAME, 3)
        ),
        13,
        Wrong::Moved { from: 3 },
    );
}

#[test]
fn a_changed_entry_is_found_although_its_hash_was_made_to_fit() {
    let dir = long();
    let ledger = Connection::open(dir.path().join("ledger.db")).unwrap();
    let forged = [7_u8; 80];
    let hash = *blake3::hash(&forged).as_bytes();
    ledger
        .execute(
            "UPDATE entries SET sealed = ?1, sealed_hash = ?2 WHERE place = ?3",
            (forged.to_vec(), hash.to_vec(), place(NAME, 6)),
        )
        .unwrap();
    let [fault] = faults(dir.path())[..] else { panic!() };
    assert_eq!((fault.no, fault.wrong), (6, Wrong::Changed));
}

#[test]
fn a_damaged_page_is_told_and_the_other_partitions_are_walked() {
    let dir = long();
    let mut store = open(dir.path()).unwrap();
    // Enough that the table has many pages.
    let names: Vec<String> = (0..1_000).map(|n| format!("c{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    write(&mut store, &names, 1..3);
    drop(commit(&mut store, Vec::new()));
    drop(store.scan_entries(None, &mut |_| ()));
    drop(store);
    let path = dir.path().join("ledger.db");
    let root: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT pageno FROM dbstat WHERE name = 'entries' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 20", [], |row| row.get(0))
        .unwrap_or(60);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = (root as usize - 1) * 4_096;
    bytes[at..at + 64].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let found = faults(dir.path());
    assert!(!found.is_empty() && found.len() < 20, "{found:?}");
}

/// What is wrong with the rows of a partition whose chain is whole.
fn wrong_rows(dir: &std::path::Path, partition: Partition) -> Vec<&'static str> {
    let (_, rows) = Reader::open(dir).unwrap().audit(partition, &mut || (), NOW).unwrap().unwrap();
    rows.faults.iter().map(|fault| fault.wrong.word()).collect()
}

#[test]
fn a_state_row_that_is_gone_old_or_not_its_own_is_found() {
    let dir = long();
    assert_eq!(wrong_rows(dir.path(), partition(NAME)), [""; 0]);
    tamper(dir.path(), &format!("UPDATE states SET as_of = 1000 WHERE partition = {}", partition(NAME).no()));
    assert_eq!(wrong_rows(dir.path(), partition(NAME)), ["row_newer"]);
    tamper(dir.path(), &format!("UPDATE states SET as_of = 2 WHERE partition = {}", partition(NAME).no()));
    assert_eq!(wrong_rows(dir.path(), partition(NAME)), ["row_unreadable"]);
    tamper(dir.path(), &format!("DELETE FROM states WHERE partition = {}", partition(NAME).no()));
    assert_eq!(wrong_rows(dir.path(), partition(NAME)), ["row_missing"]);
}

#[test]
fn a_state_row_that_says_what_no_entry_says_is_found() {
    let dir = long();
    let mut row = StateRow::new(common::customer(NAME));
    let merchant = MerchantId::new("corner-books").unwrap();
    let state = ConsentState::Granted { until: Timestamp::from_unix_ms(9_999) };
    row.consents = vec![ConsentRow { state, ..ConsentRow::new(merchant, Purpose::Location) }];
    let staged = stage(vec![common::entry(NAME, 13)], vec![row], Vec::new(), 0);
    commit(&mut open(dir.path()).unwrap(), vec![staged]).unwrap();
    let (_, rows) =
        Reader::open(dir.path()).unwrap().audit(partition(NAME), &mut || (), NOW).unwrap().unwrap();
    let [fault] = &rows.faults[..] else { panic!("{rows:?}") };
    assert_eq!((fault.no, fault.wrong), (13, WrongRow::Disagrees(Disagreement::Consents)));
    assert!(fault.wrong.text().contains("agreed to"));
}
