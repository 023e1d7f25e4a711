//! Reading the ledger beside whoever writes it.

mod common;

use common::{entries, neighbour, open, partition, place, tamper, write, written};
use ledger::{Numbered, StorageError, Table};
use store::{OpenError, Reader};

fn all(reader: &mut Reader) -> Result<Vec<Numbered>, StorageError> {
    let mut found = Vec::new();
    for partition in reader.partitions() {
        reader.scan(partition, &mut |numbered| found.push(numbered))?;
    }
    Ok(found)
}

#[test]
fn a_reader_sees_what_the_one_who_holds_the_directory_has_written_by_then() {
    let dir = written();
    let mut store = open(dir.path()).unwrap();
    let mut reader = Reader::open(dir.path()).unwrap();
    assert_eq!(all(&mut reader), entries(&mut store, None));
    // Somebody whose key the reader has never seen, and the store writes on while it is open.
    write(&mut store, &["anna", &neighbour("anna"), "dora"], 4..9);
    assert_eq!(all(&mut reader), entries(&mut store, None));
    assert_eq!(reader.n_entries(), Ok(9 + 15));
    assert!(matches!(open(dir.path()), Err(OpenError::Locked { .. })), "it reads beside the lock");
    drop(store);
    assert_eq!(all(&mut reader).unwrap().len(), 24);
    assert!(open(dir.path()).is_ok(), "and holds none itself");
}

#[test]
fn a_reader_changes_no_file_but_those_of_the_databases_own() {
    let dir = written();
    let files = || {
        let entries = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let kept = entries.filter(|path| !path.to_string_lossy().ends_with("-shm"));
        let mut files: Vec<_> = kept.map(|path| (std::fs::read(&path).unwrap(), path)).collect();
        files.retain(|(content, _)| !content.is_empty());
        files.sort();
        files
    };
    let before = files();
    assert_eq!(all(&mut Reader::open(dir.path()).unwrap()).unwrap().len(), 9);
    assert_eq!(files(), before);
}

#[test]
fn a_reader_finds_damage_and_reads_the_other_partitions() {
    let dir = written();
    tamper(dir.path(), &format!("UPDATE entries SET sealed = x'00' WHERE place = {}", place("anna", 2)));
    let mut reader = Reader::open(dir.path()).unwrap();
    let mut n_good = 0;
    for found in reader.partitions() {
        let scanned = reader.scan(found, &mut |_| n_good += 1);
        if found == partition("anna") {
            let damage = StorageError::Damaged {
                table: Table::Entries,
                partition: found,
                no: 2,
                reason: "it is not what was written there",
            };
            assert_eq!(scanned, Err(damage));
        } else {
            assert_eq!(scanned, Ok(()));
        }
    }
    assert_eq!(n_good, 9 - 2);
}

#[test]
fn what_is_no_ledger_or_has_another_key_is_not_read() {
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Reader::open(empty.path()), Err(OpenError::NoData { .. })));
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing is made");
    let dir = written();
    std::fs::write(dir.path().join("master.key"), format!("{}\n", "ab".repeat(32))).unwrap();
    assert!(matches!(Reader::open(dir.path()), Err(OpenError::WrongKey { .. })));
    std::fs::remove_file(dir.path().join("master.key")).unwrap();
    assert!(matches!(Reader::open(dir.path()), Err(OpenError::Missing { .. })));
}
