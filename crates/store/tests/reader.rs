//! Reading the ledger beside whoever writes it.

mod common;

use std::time::Instant;

use common::{customer, entries, neighbour, open, partition, place, tamper, write, written};
use ledger::{Decision, Entry, Numbered, StorageError, Table, What, commit, stage};
use model::{
    DeviceId, Digest, FenceId, MerchantId, NotificationId, OfferId, Timestamp, TransitionKind, VisitId,
};
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

/// `cargo test --release -p store --test reader -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn how_many_entries_a_second_are_read_beside_the_writer() {
    const N_CUSTOMERS: usize = 20_000;
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    let names: Vec<String> = (0..N_CUSTOMERS).map(|i| format!("customer-{i}")).collect();
    for part in names.chunks(1_000) {
        let decisions = part.iter().flat_map(|name| (0..10).map(|n| decided(name, n))).collect();
        commit(&mut store, vec![stage(decisions, Vec::new(), Vec::new(), 0)]).unwrap();
    }
    let mut reader = Reader::open(dir.path()).unwrap();
    let started = Instant::now();
    let mut n = 0_u64;
    for partition in reader.partitions() {
        reader.scan(partition, &mut |_| n += 1).unwrap();
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{n} decisions in {seconds:.2} s: {:.0} a second", n as f64 / seconds);
    assert_eq!(n, 10 * N_CUSTOMERS as u64);
}

/// A decision with as much on record as a real one has.
fn decided(name: &str, n: u8) -> Entry {
    let facts = [("cost", "35"), ("cost_parts", "push 25, background 10"), ("pressure", "12.500")];
    let facts =
        facts.into_iter().chain([("limit", "60.000"), ("zone", "Europe/Zurich"), ("heard_7d", "1 of 2")]);
    let offer = OfferId::new("paperbacks").unwrap();
    let visit = VisitId(Digest::from_bytes([n; 16]));
    let decision = Decision {
        id: NotificationId::of(visit, &offer),
        device: DeviceId::new("phone").unwrap(),
        offer,
        merchant: MerchantId::new("corner-books").unwrap(),
        fence: FenceId::new("books-pine-street").unwrap(),
        store: "Corner Books, Pine Street".into(),
        visit,
        trigger: TransitionKind::Dwell,
        triggered_at: Timestamp::from_unix_ms(i64::from(n)),
        verdict: "cap_24h".into(),
        failed: vec!["cap_24h".into(), "cap_7d".into()],
        next_possible_at: None,
        purposes: vec!["location".into(), "offers.push".into()],
        facts: facts.map(|(name, value)| (name.into(), value.into())).collect(),
        counted: None,
        tolerance: None,
        said: None,
    };
    let at = Timestamp::from_unix_ms(i64::from(n));
    Entry { customer: customer(name), at, what: What::Decision(decision) }
}
