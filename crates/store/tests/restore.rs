//! Restoring: whole or not at all, nobody brought back, nobody loosened.

mod common;
mod told;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use common::{closed, customer, files, open, place, tamper};
use consent_gate::{ConsentKind, Purpose};
use ledger::Storage as _;
use model::{Partition, Profile};
use store::{
    OpenError, RestoreError, RestoreOptions, Restored, Weight, back_up, back_up_keys, examine, restore,
};
use told::{Told, at};

const KEEP: RestoreOptions<'_> =
    RestoreOptions { tombstones: None, master_key: None, accepts_consent_rollback: false };
const ROLL_BACK: RestoreOptions<'_> =
    RestoreOptions { tombstones: None, master_key: None, accepts_consent_rollback: true };

fn chance() -> store::Chance {
    Box::new(|bytes| getrandom::fill(bytes).unwrap())
}

fn put_back(backup: &Path, dir: &Path, options: RestoreOptions<'_>) -> Result<Restored, RestoreError> {
    restore(backup, dir, options, chance(), at(1_000_000))
}

/// Three customers who agreed, a backup of that, and what came since.
struct Scene {
    dir: tempfile::TempDir,
    to: tempfile::TempDir,
    backup: PathBuf,
}

const YES: ConsentKind = ConsentKind::Grant { until: None, confirm: None };

fn scene(since: impl FnOnce(&mut Told)) -> Scene {
    let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut told = Told::open(dir.path());
    for name in ["anna", "ben", "cleo"] {
        told.say(name, Purpose::Location, YES);
        told.say(name, Purpose::OffersPush, YES);
    }
    fs::write(dir.path().join("offers.json"), "then").unwrap();
    let backup = to.path().join("monday");
    back_up(dir.path(), &backup, at(500)).unwrap();
    since(&mut told);
    drop(told);
    fs::write(dir.path().join("offers.json"), "now").unwrap();
    Scene { dir, to, backup }
}

impl Scene {
    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn restore(&self, options: RestoreOptions<'_>) -> Restored {
        let restored = put_back(&self.backup, self.path(), options).unwrap();
        assert_sound(self.path());
        restored
    }

    /// The purposes to which somebody says yes now.
    fn yes_of(&self, name: &str) -> Vec<Purpose> {
        told::yes_of(self.path(), name)
    }
}

/// Nothing is wrong with a directory but that it was never backed up.
fn assert_sound(dir: &Path) {
    let found = examine(dir, None, &mut |_| (), at(2_000_000));
    let faults: Vec<_> = found.iter().filter(|finding| finding.weight == Weight::Fault).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(closed(&open(dir).unwrap()), []);
}

const BOTH: [Purpose; 2] = [Purpose::Location, Purpose::OffersPush];

#[test]
fn a_backup_of_now_is_restored_as_it_is() {
    let scene = scene(|_| ());
    let restored = scene.restore(KEEP);
    assert_eq!((restored.n_unchanged, restored.n_known, restored.n_blind), (64, 0, 0));
    assert_eq!(restored.lowered.n_changed + restored.lowered.n_unknown, 0);
    for name in ["anna", "ben", "cleo"] {
        assert_eq!(scene.yes_of(name), BOTH, "{name}");
    }
    assert_eq!(fs::read_to_string(scene.path().join("offers.json")).unwrap(), "then");
    let replaced = restored.replaced.unwrap();
    assert_eq!(fs::read_to_string(replaced.join("offers.json")).unwrap(), "now");
    assert!(replaced.join("ledger.db").exists() && replaced.join("heads").exists());
    assert!(!replaced.join("keys.db").exists(), "keys stay where they are");
    // It goes on from there.
    Told::open(scene.path()).say("anna", Purpose::OffersSms, YES);
    assert_eq!(scene.yes_of("anna").len(), 3);
}

#[test]
fn d11_the_ledger_that_was_there_tells_who_was_erased_when_the_tombstones_are_lost() {
    let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut told = Told::open(dir.path());
    for name in [CANARY, "ben"] {
        told.say(name, Purpose::Location, YES);
    }
    let [backup, keys] = ["monday", "keys"].map(|name| to.path().join(name));
    back_up(dir.path(), &backup, at(500)).unwrap();
    back_up_keys(dir.path(), &keys, at(500)).unwrap();
    told.store.erase(&customer(CANARY), at(700)).unwrap();
    drop(told);
    fs::copy(keys.join("keys.db"), dir.path().join("keys.db")).unwrap();
    fs::remove_file(dir.path().join("tombstones")).unwrap();
    let of_backup = backup.join("tombstones");
    let options = RestoreOptions { tombstones: Some(&of_backup), ..ROLL_BACK };
    assert_eq!(put_back(&backup, dir.path(), options).unwrap().n_erasures, 1);
    assert_eq!(told::row(dir.path(), CANARY), None);
    assert_eq!(told::yes_of(dir.path(), "ben"), [Purpose::Location]);
    assert!(open(dir.path()).unwrap().graves().erased_at(&customer(CANARY)).is_some());
}

#[test]
fn d12_whoever_said_no_since_has_to_be_asked_again() {
    let scene = scene(|told| {
        told.say("anna", Purpose::OffersPush, ConsentKind::Withdraw);
        told.say("dora", Purpose::Location, YES);
        told.say("dora", Purpose::Location, ConsentKind::Withdraw);
    });
    let restored = scene.restore(KEEP);
    assert_eq!((restored.lowered.n_changed, restored.lowered.n_unknown), (2, 0));
    assert_eq!(scene.yes_of("anna"), [], "and not only for what she took back");
    assert_eq!(scene.yes_of("ben"), BOTH, "who said nothing keeps what they said");
    assert_eq!(scene.yes_of("dora"), [], "a yes of hers that comes again proves nothing");
    assert!(told::restricted_at(scene.path(), "dora", Purpose::Location) == Some(at(1_000_000)));
}

#[test]
fn d12_with_the_flag_everybody_has_what_they_had_then() {
    let scene = scene(|told| told.say("anna", Purpose::OffersPush, ConsentKind::Withdraw));
    let restored = scene.restore(ROLL_BACK);
    assert_eq!(restored.lowered.n_changed, 0);
    assert_eq!(scene.yes_of("anna"), BOTH);
}

#[test]
fn d12_where_nobody_knows_what_came_since_everybody_has_to_be_asked_again() {
    type Loss = (&'static str, fn(&Path));
    let losses: [Loss; 4] = [
        ("the ledger is gone", |dir| fs::remove_file(dir.join("ledger.db")).unwrap()),
        ("the heads are gone", |dir| fs::remove_file(dir.join("heads")).unwrap()),
        ("the ledger is no database", |dir| fs::write(dir.join("ledger.db"), vec![7; 9_000]).unwrap()),
        ("its last entries are cut off", |dir| {
            tamper(dir, &format!("DELETE FROM entries WHERE place = {}", place("anna", 3)));
        }),
    ];
    for (what, lose) in losses {
        let scene = scene(|told| told.say("anna", Purpose::Location, ConsentKind::Withdraw));
        lose(scene.path());
        let restored = scene.restore(KEEP);
        assert_eq!(scene.yes_of("anna"), [], "{what}");
        assert!(0 < restored.n_blind && 0 < restored.lowered.n_unknown, "{what}: {restored:?}");
        let is_of_other_chain = Partition::of("ben") != Partition::of("anna");
        if what != "the heads are gone" && is_of_other_chain {
            assert_eq!(scene.yes_of("ben"), BOTH, "{what}: of his chain the heads know that nothing came");
        }
    }
}

#[test]
fn what_somebody_said_of_themselves_since_is_kept() {
    let minor = Profile { minor: true, ..Profile::default() };
    let scene = scene(|told| told.profile("anna", &minor));
    let restored = scene.restore(KEEP);
    assert_eq!((restored.lowered.n_changed, restored.lowered.n_profiles), (0, 1));
    assert_eq!(scene.yes_of("anna"), BOTH, "she said nothing about consent");
    assert!(told::row(scene.path(), "anna").unwrap().profile.minor);
}

#[test]
fn d11_on_another_host_it_takes_the_keys_the_tombstones_and_the_heads() {
    let scene = scene(|_| ());
    let host = tempfile::tempdir().unwrap();
    let keys = scene.to.path().join("keys");
    back_up_keys(scene.path(), &keys, at(600)).unwrap();
    let refused = |error: RestoreError, words: &str| {
        assert!(error.to_string().contains(words), "{error}");
        assert!(!host.path().join("ledger.db").exists());
    };
    refused(put_back(&scene.backup, host.path(), KEEP).unwrap_err(), "master.key");
    let bring = |from: &Path, name: &str| {
        fs::copy(from.join(name), host.path().join(name)).unwrap();
        fs::set_permissions(host.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    bring(scene.path(), "master.key");
    refused(put_back(&scene.backup, host.path(), KEEP).unwrap_err(), "keys.db");
    bring(&keys, "keys.db");
    refused(put_back(&scene.backup, host.path(), KEEP).unwrap_err(), "--tombstones");
    let tombstones = scene.backup.join("tombstones");
    let options = RestoreOptions { tombstones: Some(&tombstones), ..KEEP };
    // Without the heads nobody can tell that nothing came since.
    let restored = put_back(&scene.backup, host.path(), options).unwrap();
    assert_eq!((restored.n_blind, restored.lowered.n_unknown, restored.replaced), (64, 3, None));
    assert_eq!(told::yes_of(host.path(), "anna"), []);
    for name in ["ledger.db", "heads"] {
        fs::remove_file(host.path().join(name)).unwrap();
    }
    bring(scene.path(), "heads");
    let restored = put_back(&scene.backup, host.path(), KEEP).unwrap();
    assert_eq!((restored.n_unchanged, restored.lowered.n_unknown), (64, 0));
    assert_eq!(told::yes_of(host.path(), "anna"), BOTH);
    assert_sound(host.path());
}

/// Unique enough to be found wherever it is.
const CANARY: &str = "canary-5f2e81";

#[test]
fn d11_whoever_was_erased_since_stays_erased() {
    for options in [KEEP, ROLL_BACK] {
        let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut told = Told::open(dir.path());
        for name in [CANARY, "ben"] {
            told.say(name, Purpose::Location, YES);
        }
        let [backup, keys] = ["monday", "keys"].map(|name| to.path().join(name));
        back_up(dir.path(), &backup, at(500)).unwrap();
        back_up_keys(dir.path(), &keys, at(500)).unwrap();
        told.store.erase(&customer(CANARY), at(700)).unwrap();
        drop(told);
        // The operator even brings the old keys back.
        for log in ["keys.db-wal", "keys.db-shm"] {
            let _ = fs::remove_file(dir.path().join(log));
        }
        fs::copy(keys.join("keys.db"), dir.path().join("keys.db")).unwrap();
        let restored = put_back(&backup, dir.path(), options).unwrap();
        assert_eq!(restored.n_erasures, 1);
        assert_sound(dir.path());
        assert_eq!(told::yes_of(dir.path(), "ben"), [Purpose::Location]);
        assert_eq!(told::row(dir.path(), CANARY), None);
        assert!(common::entries(&mut open(dir.path()).unwrap(), Some(CANARY)).unwrap().is_empty());
        let key = rusqlite::Connection::open(keys.join("keys.db"))
            .unwrap()
            .prepare("SELECT wrapped FROM keys")
            .unwrap()
            .query_map([], |row| row.get::<_, Vec<u8>>(0))
            .unwrap()
            .map(Result::unwrap)
            .collect::<Vec<_>>();
        let n_found = |needle: &[u8]| scan(dir.path(), needle);
        let n_keys = key.iter().filter(|wrapped| 0 < n_found(wrapped)).count();
        assert_eq!((key.len(), n_keys), (2, 1), "of two keys that were brought back one is left");
        assert_eq!(n_found(CANARY.as_bytes()), 0);
    }
}

/// Files below a folder that hold some bytes.
fn scan(dir: &Path, needle: &[u8]) -> usize {
    let mut n = 0;
    for path in files(dir) {
        if path.is_dir() {
            n += scan(&path, needle);
        } else {
            let bytes = fs::read(&path).unwrap();
            n += usize::from(bytes.windows(needle.len()).any(|window| window == needle));
        }
    }
    n
}

#[test]
fn a_backup_that_is_not_whole_changes_nothing() {
    let scene = scene(|_| ());
    let before = fs::read(scene.path().join("ledger.db")).unwrap();
    let path = scene.backup.join("ledger.db");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = put_back(&scene.backup, scene.path(), KEEP).unwrap_err();
    assert!(matches!(error, RestoreError::Backup(_)), "{error}");
    assert_eq!(fs::read(scene.path().join("ledger.db")).unwrap(), before);
    assert_sound(scene.path());
}

#[test]
fn a_backup_of_another_ledger_or_of_keys_is_refused() {
    let (scene, other) = (scene(|_| ()), scene(|_| ()));
    let error = put_back(&other.backup, scene.path(), KEEP).unwrap_err();
    assert!(matches!(error, RestoreError::Open(OpenError::OtherInstance { .. })), "{error}");
    let keys = scene.to.path().join("keys");
    back_up_keys(scene.path(), &keys, at(500)).unwrap();
    let error = put_back(&keys, scene.path(), KEEP).unwrap_err();
    assert!(matches!(error, RestoreError::OfKeys { .. }), "{error}");
    assert_sound(scene.path());
    assert_eq!(scene.yes_of("anna"), BOTH);
}

#[test]
fn d13_a_directory_that_is_served_is_not_restored_into() {
    let scene = scene(|_| ());
    let _served = open(scene.path()).unwrap();
    let error = put_back(&scene.backup, scene.path(), KEEP).unwrap_err();
    assert!(matches!(error, RestoreError::Open(OpenError::Locked { .. })), "{error}");
}

#[test]
fn keys_that_are_older_than_the_backup_are_refused() {
    let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut told = Told::open(dir.path());
    told.say("anna", Purpose::Location, YES);
    let [backup, keys] = ["monday", "keys"].map(|name| to.path().join(name));
    back_up_keys(dir.path(), &keys, at(500)).unwrap();
    told.say("ben", Purpose::Location, YES);
    back_up(dir.path(), &backup, at(600)).unwrap();
    drop(told);
    fs::copy(keys.join("keys.db"), dir.path().join("keys.db")).unwrap();
    let error = put_back(&backup, dir.path(), KEEP).unwrap_err();
    assert!(matches!(error, RestoreError::KeysMissing { n: 1, .. }), "{error}");
}

#[test]
fn a_restore_that_is_interrupted_while_files_change_places_is_finished_by_the_next_start() {
    for n_moved in 0..4 {
        let scene = scene(|told| told.say("anna", Purpose::OffersPush, ConsentKind::Withdraw));
        let copy = tempfile::tempdir().unwrap();
        copy_all(scene.path(), copy.path());
        scene.restore(KEEP);
        // The stage as it was when the crash came, and what had not been moved yet.
        let ready = copy.path().join("restore.ready");
        fs::create_dir(&ready).unwrap();
        fs::write(ready.join("aside"), "before-restore-1").unwrap();
        let staged = ["ledger.db", "heads", "offers.json"];
        for (i, name) in staged.into_iter().enumerate() {
            let done = i < n_moved;
            let to = if done { copy.path().join(name) } else { ready.join(name) };
            if done {
                fs::create_dir_all(copy.path().join("before-restore-1")).unwrap();
                fs::rename(&to, copy.path().join("before-restore-1").join(name)).unwrap();
            }
            fs::copy(scene.path().join(name), to).unwrap();
        }
        assert_eq!(told::yes_of(copy.path(), "anna"), [], "{n_moved} moved");
        assert!(!ready.exists());
        assert_sound(copy.path());
        assert_eq!(fs::read_to_string(copy.path().join("offers.json")).unwrap(), "then");
        assert_eq!(fs::read_to_string(copy.path().join("before-restore-1/offers.json")).unwrap(), "now");
    }
}

fn copy_all(from: &Path, to: &Path) {
    for file in files(from) {
        if file.is_file() && !file.ends_with("lock") {
            fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
        }
    }
}

#[test]
fn a_stage_that_was_given_up_is_in_nobodys_way() {
    let scene = scene(|_| ());
    fs::create_dir(scene.path().join("restore.part")).unwrap();
    fs::write(scene.path().join("restore.part/ledger.db"), "half").unwrap();
    assert_eq!(scene.yes_of("anna"), BOTH);
    scene.restore(KEEP);
    assert!(!scene.path().join("restore.part").exists());
}

/// `never_loosened_by_a_restore`; more of them by
/// `STILE_RESTORES=2000 cargo test -p store --test restore no_history`
#[test]
fn d12_no_history_has_a_no_that_a_restore_makes_a_yes() {
    let n_seeds = std::env::var("STILE_RESTORES").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    let (mut n_checked, mut n_nos, mut n_lowered) = (0, 0, 0);
    for seed in 0..n_seeds {
        let (checked, nos, lowered) = told::play(seed, put_back);
        (n_checked, n_nos, n_lowered) = (n_checked + checked, n_nos + nos, n_lowered + lowered);
    }
    println!("{n_seeds} restores, {n_checked} answers compared, {n_nos} of them no, {n_lowered} lowered");
    assert!(0 < n_nos && 0 < n_lowered && n_nos < n_checked);
}
