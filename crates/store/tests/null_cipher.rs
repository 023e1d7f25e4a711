//! Without a cipher everything that is written can be seen: what an erasure leaves, and what it does not.

mod common;

use std::fs;
use std::path::Path;

use common::{customer, entries, entry, files, known, neighbour, open, refused, written};
use ledger::{OpenVisit, StateRow, Storage, commit, stage};
use model::{DeviceId, FenceId, Timestamp, VisitId};
use store::{OpenError, SqliteStore};

fn without_cipher(dir: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open_without_cipher(dir, Box::new(|bytes| getrandom::fill(bytes).unwrap()))
}

/// In how many files of a directory something stands.
fn n_files_with(dir: &Path, needle: &[u8]) -> usize {
    let holds = |path: &std::path::PathBuf| {
        fs::read(path).unwrap().windows(needle.len()).any(|window| window == needle)
    };
    files(dir).into_iter().filter(holds).count()
}

fn phone(name: &str) -> String {
    format!("phone-of-{name}-x7Qz")
}

/// Entries and a row in which the name and the phone of each customer stand.
fn write(store: &mut SqliteStore, names: &[&str], n: u8) {
    for name in names {
        let device = DeviceId::new(&phone(name)).unwrap();
        let fence = FenceId::new("planted-fence-x7Qz").unwrap();
        let entered_at = Timestamp::from_unix_ms(i64::from(n));
        let visit = VisitId::of(&customer(name), &device, &fence, entered_at);
        let mut row = StateRow::new(customer(name));
        row.visits = vec![
            OpenVisit {
                device,
                fence,
                visit,
                entered_at,
                last_at: entered_at,
                initial: false,
                dwelled: true
            };
            usize::from(n)
        ];
        commit(store, vec![stage(vec![entry(name, n)], vec![row], Vec::new(), 0)]).unwrap();
    }
}

#[test]
fn v10_a_canary_is_seen_without_a_cipher_and_found_nowhere_after_the_erasure() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = without_cipher(dir.path()).unwrap();
    let canary = "canary-customer-x7Qz";
    let neighbour = neighbour(canary);
    for n in 1..6 {
        write(&mut store, &[canary, &neighbour, "ben"], n);
    }
    let phone = phone(canary);
    assert!(0 < n_files_with(dir.path(), canary.as_bytes()), "it looks where things are written");
    assert!(0 < n_files_with(dir.path(), phone.as_bytes()));
    store.erase(&customer(canary), Timestamp::from_unix_ms(9)).unwrap();
    for _ in 0..2 {
        assert_eq!(n_files_with(dir.path(), canary.as_bytes()), 0);
        assert_eq!(n_files_with(dir.path(), phone.as_bytes()), 0);
        assert!(0 < n_files_with(dir.path(), self::phone(&neighbour).as_bytes()), "v11: only theirs goes");
        drop(store);
        store = without_cipher(dir.path()).unwrap();
    }
    assert_eq!(known(&mut store).len(), 2);
    assert_eq!(entries(&mut store, None).unwrap().len(), 10);
}

#[test]
fn a_ledger_without_a_cipher_is_refused_by_everybody_else_and_no_other_is_opened_so() {
    let dir = tempfile::tempdir().unwrap();
    write(&mut without_cipher(dir.path()).unwrap(), &["anna"], 1);
    let error = refused(dir.path());
    assert!(matches!(error, OpenError::OpenToAll { .. } | OpenError::WrongKey { .. }), "{error}");
    assert!(store::Reader::open(dir.path()).is_err());
    let sealed = written();
    assert!(matches!(without_cipher(sealed.path()).err().unwrap(), OpenError::WrongKey { .. }));
    assert_eq!(known(&mut open(sealed.path()).unwrap()).len(), 3);
}

#[test]
fn a_row_that_was_moved_does_not_open_without_a_cipher_either() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = without_cipher(dir.path()).unwrap();
    write(&mut store, &["anna"], 1);
    write(&mut store, &["anna"], 2);
    drop(store);
    let swap =
        "UPDATE entries SET sealed = (SELECT sealed FROM entries other WHERE other.no = 3 - entries.no),
        sealed_hash = (SELECT sealed_hash FROM entries other WHERE other.no = 3 - entries.no)";
    common::tamper(dir.path(), swap);
    let mut store = without_cipher(dir.path()).unwrap();
    assert!(entries(&mut store, Some("anna")).is_err());
}
