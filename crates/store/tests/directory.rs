//! The doors of a data directory: who may open it, and when it is refused.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{closed, crashed, entries, files, known, open, partition, refused, tamper, write, written};
use ledger::{StockChange, Storage, StorageError, commit, stage};
use model::{OfferId, Timestamp};
use store::{OpenError, Options, Part, SqliteStore, Weight};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn only_its_owner_can_read_a_new_data_directory() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("new/data");
    let mut store = open(&dir).unwrap();
    write(&mut store, &["anna"], 1..2);
    assert_eq!(mode(&dir), 0o700);
    for file in files(&dir) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn nothing_is_made_where_nothing_was_to_be_created() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("absent");
    let options = Options { create: false, master_key: None };
    let error = SqliteStore::open(&dir, options, Box::new(|_| ())).err().unwrap();
    assert!(matches!(error, OpenError::NoData { .. }));
    assert!(!dir.exists());
}

#[test]
fn d13_a_second_one_is_locked_out_until_the_first_is_gone() {
    let dir = written();
    let first = open(dir.path()).unwrap();
    let error = refused(dir.path());
    assert!(matches!(error, OpenError::Locked { .. }));
    assert!(error.to_string().contains(dir.path().to_str().unwrap()));
    drop(first);
    assert_eq!(known(&mut open(dir.path()).unwrap()), ["anna", "ben", "cleo"]);
}

#[test]
fn c09_a_master_key_that_others_can_read_is_refused() {
    let dir = written();
    let path = dir.path().join("master.key");
    for loose in [0o644, 0o640, 0o604, 0o660, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(loose)).unwrap();
        let error = refused(dir.path());
        assert!(matches!(error, OpenError::LooseMode { mode, .. } if mode == loose), "{loose:o}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(known(&mut open(dir.path()).unwrap()).len(), 3);
}

#[test]
fn c10_a_master_key_may_end_with_one_newline_and_holds_nothing_else() {
    let dir = written();
    let path = dir.path().join("master.key");
    let key = fs::read_to_string(&path).unwrap();
    fs::write(&path, key.trim_end()).unwrap();
    assert_eq!(known(&mut open(dir.path()).unwrap()).len(), 3);
    for bad in [format!("{key}\n"), key[2..].into(), key.replacen(&key[..1], "g", 1), "\u{e9}".into()] {
        fs::write(&path, bad).unwrap();
        assert!(matches!(refused(dir.path()), OpenError::NoKey { .. }));
    }
}

/// Opens a directory whose master key is in a file of somebody's naming.
fn with_key(dir: &Path, key: &Path) -> Result<SqliteStore, OpenError> {
    let options = Options { master_key: Some(key.into()), ..Options::default() };
    SqliteStore::open(dir, options, Box::new(|bytes| getrandom::fill(bytes).unwrap()))
}

fn make_key(path: &Path, digit: &str, mode: u32) {
    fs::write(path, format!("{}\n", digit.repeat(64))).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_named_master_key_is_used_and_none_is_made() {
    let room = tempfile::tempdir().unwrap();
    let (dir, key) = (room.path().join("data"), room.path().join("the.key"));
    let error = with_key(&dir, &key).err().unwrap();
    assert!(matches!(&error, OpenError::NoKeyFile { path } if *path == key), "{error}");
    make_key(&key, "a", 0o600);
    write(&mut with_key(&dir, &key).unwrap(), &["anna"], 1..2);
    assert!(!dir.join("master.key").exists());
    assert_eq!(known(&mut with_key(&dir, &key).unwrap()), ["anna"]);
    let mut reader = store::Reader::open_with(&dir, Some(&key)).unwrap();
    reader.scan(partition("anna"), &mut |found| assert_eq!(found.no, 1)).unwrap();
    assert!(matches!(refused(&dir), OpenError::Missing { part: Part::MasterKey, .. }));
    make_key(&key, "b", 0o600);
    let error = with_key(&dir, &key).err().unwrap();
    assert!(matches!(&error, OpenError::WrongKey { key: named, .. } if *named == key), "{error}");
}

#[test]
fn c09_a_named_master_key_that_others_can_read_or_that_is_another_users_is_refused() {
    let room = tempfile::tempdir().unwrap();
    let (dir, key) = (room.path().join("data"), room.path().join("the.key"));
    make_key(&key, "a", 0o640);
    assert!(matches!(with_key(&dir, &key).err().unwrap(), OpenError::LooseMode { mode: 0o640, .. }));
    make_key(&key, "a", 0o400);
    with_key(&dir, &key).unwrap();
    // Only root may give a file away.
    if std::os::unix::fs::chown(&key, Some(12_345), None).is_ok() {
        assert!(matches!(with_key(&dir, &key).err().unwrap(), OpenError::OtherOwner { .. }));
    }
}

#[test]
fn c10_a_named_master_key_may_end_with_one_newline() {
    let room = tempfile::tempdir().unwrap();
    let (dir, key) = (room.path().join("data"), room.path().join("the.key"));
    make_key(&key, "a", 0o600);
    with_key(&dir, &key).unwrap();
    fs::write(&key, "a".repeat(64)).unwrap();
    with_key(&dir, &key).unwrap();
    for bad in ["", "\n", &format!("{}\n\n", "a".repeat(64))] {
        fs::write(&key, bad).unwrap();
        assert!(matches!(with_key(&dir, &key).err().unwrap(), OpenError::NoKey { .. }), "{bad:?}");
    }
}

#[test]
fn a_named_master_key_lies_apart_from_what_it_opens() {
    let dir = written();
    let inside = dir.path().join("master.key");
    assert!(matches!(with_key(dir.path(), &inside).err().unwrap(), OpenError::KeyInside { .. }));
    let link = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(&inside, link.path().join("the.key")).unwrap();
    let error = with_key(dir.path(), &link.path().join("the.key")).err().unwrap();
    assert!(matches!(error, OpenError::KeyInside { .. }));
}

#[test]
fn c13_data_of_a_newer_version_are_refused_and_left_alone() {
    for part in [Part::Ledger, Part::Keys] {
        let dir = written();
        let path = dir.path().join(part.file_name());
        let raw = rusqlite::Connection::open(&path).unwrap();
        raw.pragma_update(None, "user_version", 4).unwrap();
        drop(raw);
        let before = fs::read(&path).unwrap();
        let error = refused(dir.path());
        assert!(
            matches!(error, OpenError::NewerVersion { part: at, found: 4, known: 3, .. } if at == part),
            "{error:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn c13_parts_of_another_instance_are_refused() {
    for part in [Part::Ledger, Part::Heads] {
        let (dir, other) = (written(), written());
        fs::copy(other.path().join(part.file_name()), dir.path().join(part.file_name())).unwrap();
        let error = refused(dir.path());
        assert!(matches!(error, OpenError::OtherInstance { part: at, .. } if at == part), "{error:?}");
    }
    for part in [Part::MasterKey, Part::Keys] {
        let (dir, other) = (written(), written());
        fs::copy(other.path().join(part.file_name()), dir.path().join(part.file_name())).unwrap();
        let error = refused(dir.path());
        let found = matches!(error, OpenError::WrongKey { .. } | OpenError::OtherInstance { .. });
        assert!(found, "{part}: {error:?}");
    }
}

#[test]
fn a_database_of_something_else_is_refused() {
    let dir = written();
    let path = dir.path().join("ledger.db");
    fs::remove_file(&path).unwrap();
    tamper(dir.path(), "CREATE TABLE albums (title TEXT)");
    assert!(matches!(refused(dir.path()), OpenError::Damaged { part: Part::Ledger, .. }));
    fs::write(&path, "this is a letter and no database, however long").unwrap();
    assert!(matches!(refused(dir.path()), OpenError::Sqlite { .. }));
}

#[test]
fn d08_no_second_master_key_is_made_beside_data() {
    let dir = written();
    for part in [Part::Heads, Part::MasterKey] {
        fs::remove_file(dir.path().join(part.file_name())).unwrap();
    }
    assert!(matches!(refused(dir.path()), OpenError::Missing { part: Part::MasterKey, .. }));
    assert!(!dir.path().join("master.key").exists());
}

#[test]
fn d08_it_never_starts_empty_where_there_were_data() {
    for part in [Part::Ledger, Part::Keys, Part::MasterKey, Part::Heads] {
        let dir = written();
        let path = dir.path().join(part.file_name());
        let content = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        for emptied in [false, true] {
            if emptied {
                fs::write(&path, "").unwrap();
            }
            let error = refused(dir.path());
            assert!(matches!(error, OpenError::Missing { part: at, .. } if at == part), "{part}: {error:?}");
            assert!(error.to_string().contains(part.file_name()));
        }
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(known(&mut open(dir.path()).unwrap()).len(), 3, "{part} was put back");
    }
}

#[test]
fn d08_a_log_that_was_deleted_closes_what_was_in_it() {
    let dir = written();
    let mut store = open(dir.path()).unwrap();
    write(&mut store, &["ben"], 4..6);
    let copy = crashed(dir.path());
    fs::remove_file(copy.path().join("ledger.db-wal")).unwrap();
    let mut store = open(copy.path()).unwrap();
    assert_eq!(closed(&store), [partition("ben")]);
    assert_eq!(known(&mut store), ["anna", "cleo"]);
}

#[test]
fn d08_a_new_ledger_that_lost_its_log_is_not_taken_for_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    write(&mut store, &["anna"], 1..2);
    let copy = crashed(dir.path());
    for log in ["ledger.db-wal", "keys.db-wal"] {
        fs::remove_file(copy.path().join(log)).unwrap();
    }
    let store = open(copy.path()).unwrap();
    assert_eq!(closed(&store), [partition("anna")]);
}

#[test]
fn a_crash_in_the_middle_of_the_first_start_is_not_taken_for_lost_data() {
    for survivors in [
        &["lock"][..],
        &["lock", "master.key.new"],
        &["lock", "master.key"],
        &["lock", "master.key", "keys.db"],
        &["lock", "master.key", "keys.db", "ledger.db"],
    ] {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path()).unwrap());
        for file in files(dir.path()) {
            if !survivors.contains(&file.file_name().unwrap().to_str().unwrap()) {
                fs::remove_file(file).unwrap();
            }
        }
        let mut store = open(dir.path()).unwrap();
        write(&mut store, &["anna"], 1..2);
        drop(store);
        assert_eq!(known(&mut open(dir.path()).unwrap()), ["anna"], "{survivors:?}");
    }
}

#[test]
fn d06_what_was_acknowledged_survives_a_crash() {
    let dir = written();
    let mut store = open(dir.path()).unwrap();
    write(&mut store, &["dora"], 1..4);
    let copy = crashed(dir.path());
    let mut after = open(copy.path()).unwrap();
    assert_eq!(closed(&after), []);
    assert_eq!(entries(&mut after, None), entries(&mut store, None));
    assert_eq!(known(&mut after), ["anna", "ben", "cleo", "dora"]);
}

#[test]
fn d06_a_torn_head_slot_leaves_the_other_one() {
    let dir = written();
    let path = dir.path().join("heads");
    let whole = fs::read(&path).unwrap();
    for slot in [0, 1] {
        let mut torn = whole.clone();
        torn[slot * 4096 + 2_000..slot * 4096 + 4_096].fill(0);
        fs::write(&path, torn).unwrap();
        let mut store = open(dir.path()).unwrap();
        assert_eq!(closed(&store), []);
        assert_eq!(entries(&mut store, None).unwrap().len(), 9);
    }
    fs::write(&path, vec![0; whole.len()]).unwrap();
    assert!(matches!(refused(dir.path()), OpenError::Damaged { part: Part::Heads, .. }));
}

#[test]
fn a_crash_between_the_commit_and_the_heads_costs_nothing() {
    let dir = written();
    let before = fs::read(dir.path().join("heads")).unwrap();
    write(&mut open(dir.path()).unwrap(), &["anna"], 4..8);
    fs::write(dir.path().join("heads"), before).unwrap();
    let mut store = open(dir.path()).unwrap();
    assert_eq!(closed(&store), []);
    write(&mut store, &["anna"], 8..9);
    assert_eq!(entries(&mut store, Some("anna")).unwrap().len(), 8);
}

#[test]
fn counts_of_offers_are_written_with_their_batch_and_read_back() {
    let dir = written();
    let change = |day, delta| StockChange { offer: OfferId::new("loaf").unwrap(), day, delta };
    let mut store = open(dir.path()).unwrap();
    for changes in [vec![change(3, 1), change(3, 1)], vec![change(3, -1), change(12, 1)]] {
        let staged = stage(Vec::new(), Vec::new(), Vec::new(), 0).with_stock(changes);
        commit(&mut store, vec![staged]).unwrap();
    }
    drop(store);
    let mut counts = Vec::new();
    open(dir.path()).unwrap().scan_stock(&mut |count| counts.push((count.day, count.n))).unwrap();
    assert_eq!(counts, [(None, 2), (Some(12), 1)], "the day that is over is forgotten");
}

#[test]
fn o04_a_copy_of_a_directory_does_not_start_and_one_that_was_renamed_does() {
    let dir = written();
    drop(open(dir.path()).unwrap());
    let copy = tempfile::tempdir().unwrap();
    for file in files(dir.path()) {
        fs::copy(&file, copy.path().join(file.file_name().unwrap())).unwrap();
    }
    let error = refused(copy.path());
    assert!(matches!(error, OpenError::Copy { .. }), "{error}");
    assert!(error.to_string().contains("remove") && error.to_string().contains("/lock"), "{error}");
    // It says so again, and the first one goes on.
    assert!(matches!(refused(copy.path()), OpenError::Copy { .. }));
    assert_eq!(known(&mut open(dir.path()).unwrap()), ["anna", "ben", "cleo"]);
    let told = store::examine(copy.path(), None, &mut |_| {}, Timestamp::from_unix_ms(9));
    assert!(told.iter().any(|it| it.check == "home" && it.weight == Weight::Warning), "{told:?}");
    let room = tempfile::tempdir().unwrap();
    let moved = room.path().join("moved");
    fs::rename(dir.path(), &moved).unwrap();
    assert_eq!(known(&mut open(&moved).unwrap()), ["anna", "ben", "cleo"]);
    fs::rename(&moved, dir.path()).unwrap();
    // Whoever knows that there is only one left says so.
    fs::remove_file(copy.path().join("lock")).unwrap();
    assert_eq!(known(&mut open(copy.path()).unwrap()), ["anna", "ben", "cleo"]);
}

#[test]
fn d09_nothing_is_acknowledged_once_the_directory_is_gone() {
    let dir = written();
    let mut store = open(dir.path()).unwrap();
    assert_eq!(store.look_after(), Ok(()));
    fs::remove_dir_all(dir.path()).unwrap();
    assert!(matches!(store.look_after(), Err(StorageError::Suspect(_))));
    let staged = stage(vec![common::entry("anna", 9)], Vec::new(), Vec::new(), 0);
    let not = commit(&mut store, vec![staged]).unwrap_err();
    assert!(matches!(not.error, StorageError::Suspect(_)), "{}", not.error);
}

#[test]
fn d13_whoever_lost_the_lock_writes_nothing_beside_the_one_who_has_it() {
    let dir = written();
    let mut first = open(dir.path()).unwrap();
    fs::remove_file(dir.path().join("lock")).unwrap();
    let mut second = open(dir.path()).unwrap();
    for _ in 0..2 {
        let staged = stage(vec![common::entry("anna", 9)], Vec::new(), Vec::new(), 0);
        let not = commit(&mut first, vec![staged]).unwrap_err();
        assert!(not.error.to_string().contains("removed or replaced"), "{}", not.error);
    }
    write(&mut second, &["anna"], 9..11);
    drop((first, second));
    assert_eq!(entries(&mut open(dir.path()).unwrap(), Some("anna")).unwrap().len(), 5);
}
