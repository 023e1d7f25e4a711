//! Backups: whole or not at all, taken beside a writer, and never with a key.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{files, open, write, written};
use model::Timestamp;
use store::{BackupError, BackupOf, Backups, Manifest, OpenError, Reader, back_up, back_up_keys, check};

const NOW: Timestamp = Timestamp::from_unix_ms(1_760_000_000_000);

/// A directory with fences and orders beside its ledger, and a place for backups.
fn furnished() -> (tempfile::TempDir, tempfile::TempDir) {
    let dir = written();
    fs::create_dir(dir.path().join("fences")).unwrap();
    fs::write(dir.path().join("fences/000001.geojson"), "{}").unwrap();
    fs::write(dir.path().join("fences/versions.new"), "half").unwrap();
    fs::write(dir.path().join("offers.json"), "[]").unwrap();
    (dir, tempfile::tempdir().unwrap())
}

fn names(dir: &Path) -> Vec<String> {
    let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<String> = files(dir).into_iter().map(name).collect();
    names.sort();
    names
}

#[test]
fn a_backup_holds_what_lies_beside_the_ledger_and_no_key() {
    let (dir, to) = furnished();
    let backup = to.path().join("monday");
    let manifest = back_up(dir.path(), &backup, NOW).unwrap();
    assert_eq!(names(&backup), ["fences", "ledger.db", "manifest.json", "offers.json", "tombstones"]);
    assert_eq!(names(&backup.join("fences")), ["000001.geojson"], "what is half written is left out");
    assert_eq!(names(to.path()), ["monday"], "nothing is left beside it");
    let paths: Vec<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["fences/000001.geojson", "ledger.db", "offers.json", "tombstones"]);
    let checked = check(&backup, &mut |_| ()).unwrap();
    assert_eq!((checked.n_entries, checked.manifest), (9, manifest));
    // Neither the master key nor a wrapped one.
    let secrets = ["master.key", "keys.db"].map(|name| fs::read(dir.path().join(name)).unwrap());
    let wrapped: Vec<Vec<u8>> = rusqlite::Connection::open(dir.path().join("keys.db"))
        .unwrap()
        .prepare("SELECT wrapped FROM keys")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(wrapped.len(), 3);
    for file in files(&backup).into_iter().filter(|path| path.is_file()) {
        let bytes = fs::read(&file).unwrap();
        for needle in wrapped.iter().chain([&secrets[0]]) {
            assert!(!bytes.windows(needle.len()).any(|window| window == needle), "{}", file.display());
        }
    }
}

#[test]
fn only_its_owner_can_read_a_backup() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, to) = furnished();
    for (of, name) in [(BackupOf::Ledger, "ledger"), (BackupOf::Keys, "keys")] {
        let backup = to.path().join(name);
        match of {
            BackupOf::Ledger => back_up(dir.path(), &backup, NOW).unwrap(),
            BackupOf::Keys => back_up_keys(dir.path(), &backup, NOW).unwrap(),
        };
        let mut waiting = vec![backup];
        while let Some(path) = waiting.pop() {
            let metadata = fs::metadata(&path).unwrap();
            let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(metadata.permissions().mode() & 0o777, expected, "{}", path.display());
            if metadata.is_dir() {
                waiting.extend(files(&path));
            }
        }
    }
}

#[test]
fn keys_are_backed_up_apart_and_the_last_backups_are_known() {
    let (dir, to) = furnished();
    assert_eq!(Backups::read(dir.path()), Ok(Backups::default()));
    let keys = to.path().join("keys-monday");
    back_up_keys(dir.path(), &keys, NOW).unwrap();
    assert_eq!(names(&keys), ["keys.db", "manifest.json"]);
    assert_eq!(check(&keys, &mut |_| ()).unwrap().manifest.of, BackupOf::Keys);
    let backups = Backups::read(dir.path()).unwrap();
    assert!(backups.last(BackupOf::Ledger).is_none());
    let last = backups.last(BackupOf::Keys).unwrap();
    assert!(last.is_there() && last.at_ms == NOW.unix_ms());
    // The list of an older version has no checksum and is read all the same; one that was changed is not.
    let list = dir.path().join("backups.json");
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&list, text.replace("keys-monday", "keys-tuesday")).unwrap();
    assert!(Backups::read(dir.path()).unwrap_err().contains("not what was written"));
    let older = text.split("\"format\": 2,").nth(1).unwrap();
    fs::write(&list, format!("{{{older}")).unwrap();
    assert_eq!(Backups::read(dir.path()), Ok(backups));
}

#[test]
fn d11_a_backup_taken_under_load_is_one_snapshot_that_verifies() {
    let (dir, to) = furnished();
    let mut store = open(dir.path()).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0_u64.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let names: Vec<String> = (0..20).map(|i| format!("c{}", (n * 7 + i) % 500)).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                write(&mut store, &names, 1..3);
            }
        });
        let _stop = Stop(&stop);
        let mut n_before = 0;
        for i in 0..5 {
            let backup = to.path().join(format!("{i}"));
            back_up(dir.path(), &backup, NOW).unwrap();
            let checked = check(&backup, &mut |_| ()).unwrap();
            assert!(n_before < checked.n_entries, "the writer was held up");
            n_before = checked.n_entries;
            // A backup of so little takes less than a commit.
            let reader = Reader::open(dir.path()).unwrap();
            let began = Instant::now();
            while reader.n_entries().unwrap() <= n_before {
                assert!(began.elapsed() < Duration::from_secs(20), "the writer was held up");
                thread::yield_now();
            }
        }
    });
}

/// Stops the writer, also when a test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_backup_in_which_any_byte_was_changed_is_refused() {
    let (dir, to) = furnished();
    let backup = to.path().join("monday");
    back_up(dir.path(), &backup, NOW).unwrap();
    let mut n_tried = 0;
    for file in ["ledger.db", "manifest.json", "offers.json", "fences/000001.geojson"] {
        let path = backup.join(file);
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by((whole.len() / 40).max(1)) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            // Blanks between the words of the manifest say nothing.
            let is_blank = file == "manifest.json" && [b' ', b'\n'].contains(&whole[at]);
            assert!(check(&backup, &mut |_| ()).is_err() || is_blank, "{file} at {at}");
            n_tried += 1;
        }
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(check(&backup, &mut |_| ()).is_err() || file == "manifest.json", "{file} cut short");
        fs::remove_file(&path).unwrap();
        assert!(check(&backup, &mut |_| ()).is_err(), "{file} is missing");
        fs::write(&path, whole).unwrap();
    }
    check(&backup, &mut |_| ()).unwrap();
    fs::write(backup.join("fences/000002.geojson"), "{}").unwrap();
    assert!(matches!(check(&backup, &mut |_| ()), Err(BackupError::Damaged { .. })), "a file too many");
    assert!(80 < n_tried, "{n_tried}");
}

#[test]
fn an_interrupted_backup_is_no_backup_and_in_nobodys_way() {
    let (dir, to) = furnished();
    let backup = to.path().join("monday");
    let half = to.path().join("monday.part");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("ledger.db"), "half").unwrap();
    assert!(matches!(Manifest::read(&half), Err(BackupError::Io { .. })));
    back_up(dir.path(), &backup, NOW).unwrap();
    assert_eq!(names(to.path()), ["monday"]);
    assert!(matches!(back_up(dir.path(), &backup, NOW), Err(BackupError::Exists { .. })));
    check(&backup, &mut |_| ()).unwrap();
}

#[test]
fn what_cannot_be_backed_up_leaves_nothing_behind() {
    let to = tempfile::tempdir().unwrap();
    let backup = to.path().join("monday");
    let empty = tempfile::tempdir().unwrap();
    let error = back_up(empty.path(), &backup, NOW).unwrap_err();
    assert!(matches!(error, BackupError::Open(OpenError::NoData { .. })), "{error}");
    let dir = written();
    let damage = format!("UPDATE entries SET sealed = x'00' WHERE place = {}", common::place("anna", 2));
    common::tamper(dir.path(), &damage);
    let error = back_up(dir.path(), &backup, NOW).unwrap_err();
    assert!(matches!(error, BackupError::Damaged { .. }), "{error}");
    assert_eq!(names(to.path()), [""; 0]);
    assert_eq!(Backups::read(dir.path()), Ok(Backups::default()));
}
