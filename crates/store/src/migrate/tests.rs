//! A directory of format 1, as the program of then wrote it, and every way to be interrupted.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use ledger::{Numbered, StateRow, Storage as _};
use rusqlite::Connection;

use super::*;
use crate::{OpenError, Options, SqliteStore};

/// Unpacks the directory that was written by the program of format 1.
fn unpacked() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format-1");
    for file in fs::read_dir(packed).unwrap() {
        let path = file.unwrap().path();
        let mut bytes = Vec::new();
        GzDecoder::new(fs::File::open(&path).unwrap()).read_to_end(&mut bytes).unwrap();
        let name = path.file_stem().unwrap();
        let mut file = crate::directory::private_file(&dir.path().join(name), true).unwrap();
        io::Write::write_all(&mut file, &bytes).unwrap();
    }
    dir
}

fn open(dir: &Path) -> SqliteStore {
    let chance = Box::new(|bytes: &mut [u8]| getrandom::fill(bytes).unwrap());
    SqliteStore::open(dir, Options { create: false, ..Options::default() }, chance).unwrap()
}

fn format(dir: &Path, name: &str) -> i64 {
    let connection = Connection::open(dir.join(name)).unwrap();
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn everything(store: &mut SqliteStore) -> (Vec<StateRow>, Vec<Numbered>) {
    let (mut states, mut entries) = (Vec::new(), Vec::new());
    store
        .scan_states(&mut |state| {
            let (mut row, outbox) = state.into_parts();
            row.outbox = outbox.iter().map(|stored| stored.notification().clone()).collect();
            states.push(row);
        })
        .unwrap();
    store.scan_entries(None, &mut |numbered| entries.push(numbered)).unwrap();
    (states, entries)
}

fn check_whole(dir: &Path) {
    let mut store = open(dir);
    assert_eq!(store.closed_partitions(), []);
    let (states, entries) = everything(&mut store);
    assert_eq!((states.len(), entries.len()), (24, 104));
    let mut rebuilt = ledger::replay(entries.into_iter().map(|numbered| numbered.entry));
    for row in states {
        let told = rebuilt.remove(&row.customer).unwrap();
        assert_eq!(told.check(&row, model::Timestamp::MAX), Ok(()), "replay_restores_state");
    }
    let mut stock = Vec::new();
    store.scan_stock(&mut |count| stock.push((count.day, count.n))).unwrap();
    assert_eq!(stock, [(None, 1), (Some(20_370), 1)]);
    drop(store);
    assert_eq!(["ledger.db", "keys.db"].map(|name| format(dir, name)), [3, 3]);
}

#[test]
fn c13_a_directory_of_format_1_is_brought_up_to_date_with_all_that_it_held() {
    let dir = unpacked();
    let before = fs::read(dir.path().join("ledger.db")).unwrap();
    check_whole(dir.path());
    check_whole(dir.path());
    let aside = dir.path().join(ASIDE);
    assert_eq!(fs::read(aside.join("ledger.db")).unwrap(), before, "a copy of what was there is kept");
    for name in ["keys.db", "heads", "master.key", "offers.json"] {
        assert!(aside.join(name).exists(), "{name}");
    }
    assert_eq!(["ledger.db", "keys.db"].map(|name| format(&aside, name)), [1, 1]);
}

#[test]
fn rows_of_format_1_say_under_which_notice_a_consent_was_given() {
    let dir = unpacked();
    let mut store = open(dir.path());
    let (states, _) = everything(&mut store);
    let notices: Vec<_> = states.iter().flat_map(|row| &row.consents).map(|row| row.notice.clone()).collect();
    assert!(40 < notices.iter().flatten().count(), "{notices:?}");
    assert_eq!(schema::meta(&store.ledger, notices::NOTE).unwrap(), None, "it is done once");
}

#[test]
fn whoever_only_reads_says_that_a_start_is_needed() {
    let dir = unpacked();
    let error = crate::Reader::open(dir.path()).err().unwrap();
    assert!(matches!(error, OpenError::OlderVersion { found: 1, known: 3, .. }), "{error}");
    let found =
        crate::examine(dir.path(), None, &mut |_| (), model::Timestamp::from_unix_ms(1_770_000_000_000));
    assert!(
        found.iter().any(|finding| finding.check == "format" && finding.advice.contains("start the server"))
    );
    assert_eq!(format(dir.path(), "ledger.db"), 1, "and nothing was changed");
}

#[test]
fn who_is_erased_is_gone_from_the_copy_too() {
    let dir = unpacked();
    let mut store = open(dir.path());
    let customer = model::CustomerId::new("made-up-04").unwrap();
    let n_keys = || -> i64 {
        let copy = Connection::open(dir.path().join(ASIDE).join("keys.db")).unwrap();
        copy.query_row("SELECT count(*) FROM keys", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(n_keys(), 24);
    store.erase(&customer, model::Timestamp::from_unix_ms(1_770_000_000_000)).unwrap();
    assert_eq!(n_keys(), 23);
}

#[test]
fn what_is_written_and_what_is_migrated_have_the_same_tables() {
    let (old, new) = (unpacked(), tempfile::tempdir().unwrap());
    drop(open(old.path()));
    let chance = Box::new(|bytes: &mut [u8]| getrandom::fill(bytes).unwrap());
    drop(SqliteStore::open(new.path(), Options::default(), chance).unwrap());
    for name in ["ledger.db", "keys.db"] {
        let tables = |dir: &Path| -> Vec<String> {
            let connection = Connection::open(dir.join(name)).unwrap();
            let mut select = connection
                .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
                .unwrap();
            let words = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
            select.query_map([], |row| row.get(0)).unwrap().map(|sql| words(sql.unwrap())).collect()
        };
        assert_eq!(tables(old.path()), tables(new.path()), "{name}");
    }
}

#[test]
fn a_migration_that_is_interrupted_after_any_step_is_done_again() {
    for n_steps in 0..=STEPS.len() {
        let dir = unpacked();
        let directory = Directory::claim(dir.path(), false).unwrap();
        migrate_for(&directory, n_steps).unwrap();
        drop(directory);
        check_whole(dir.path());
        assert_eq!(format(&dir.path().join(ASIDE), "ledger.db"), 1, "after {n_steps} steps");
    }
    let dir = unpacked();
    let half = dir.path().join("before-format-3.part");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("ledger.db"), "half").unwrap();
    check_whole(dir.path());
    assert!(!half.exists());
}

#[test]
fn a_server_of_format_1_that_was_killed_loses_nothing() {
    let dir = unpacked();
    // Its last batch stands in the log alone.
    let ledger = Connection::open(dir.path().join("ledger.db")).unwrap();
    ledger.execute("UPDATE stock_totals SET n = 7", []).unwrap();
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(dir.path()).unwrap() {
        let path = file.unwrap().path();
        if path.ends_with("lock") {
            continue;
        }
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    drop(ledger);
    assert!(0 < fs::metadata(copy.path().join("ledger.db-wal")).unwrap().len());
    let mut total = None;
    open(copy.path()).scan_stock(&mut |count| total = total.or(Some(count.n))).unwrap();
    assert_eq!(total, Some(7));
}

#[test]
fn o06_a_program_of_format_1_refuses_what_was_brought_up_to_date() {
    // What it did with a newer number is what this one does.
    let dir = unpacked();
    drop(open(dir.path()));
    Connection::open(dir.path().join("ledger.db"))
        .unwrap()
        .pragma_update(None, "user_version", FORMAT + 1)
        .unwrap();
    let chance = Box::new(|_: &mut [u8]| ());
    let error =
        SqliteStore::open(dir.path(), Options { create: false, ..Options::default() }, chance).err().unwrap();
    assert!(matches!(error, OpenError::NewerVersion { part: Part::Ledger, .. }), "{error}");
    assert!(error.to_string().contains("format 4"), "{error}");
}
