//! Power fails: what was not synced is gone, and so is every name that its folder was not synced with.
//!
//! The writing is done by a process of its own, over a disk that keeps only what was synced
//! (`power_loss/platter.c`). After every acknowledged batch the test opens what the power left.
#![cfg(target_os = "linux")]

#[path = "common/mod.rs"]
mod common;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

use common::{closed, entries, known, open, write};

const NAMES: [&str; 3] = ["anna", "ben", "cleo"];
const N_BATCHES: u8 = 12;
/// The ledger is closed in good order before this batch, which moves its log into the database.
const REOPENED_BEFORE: u8 = 6;

/// Writes batches, and after each sets aside what the disk has kept. Only the other tests run it.
#[test]
#[ignore = "runs in a process of its own, over a disk that loses power"]
fn the_writing_process() {
    let (dir, platter, kept) = (folder("DATA"), folder("PLATTER"), folder("KEPT"));
    let mut store = open(dir.as_ref()).unwrap();
    for n in 1..=N_BATCHES {
        if n == REOPENED_BEFORE {
            drop(store);
            store = open(dir.as_ref()).unwrap();
        }
        write(&mut store, names(n), n..n + 1);
        copy(platter.as_ref(), &Path::new(&kept).join(n.to_string()));
    }
    // Whoever loses power closes nothing.
    exit(0);
}

#[test]
fn acknowledged_is_durable_when_the_power_fails() {
    let room = tempfile::tempdir().unwrap();
    let [data, platter, kept] = ["data", "platter", "kept"].map(|name| room.path().join(name));
    [&platter, &kept].into_iter().for_each(|folder| fs::create_dir(folder).unwrap());
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "the_writing_process"])
        .env("LD_PRELOAD", disk(room.path()))
        .envs([("DATA", &data), ("PLATTER", &platter), ("KEPT", &kept)])
        .status();
    assert!(status.unwrap().success());
    for n in 1..=N_BATCHES {
        check(n, what_is_left(&kept.join(n.to_string())).path());
    }
}

/// Whether all that was acknowledged is there when the power failed after a batch.
fn check(n_batches: u8, left: &Path) {
    let failed = format!("acknowledged_is_durable: power failed after batch {n_batches}");
    let mut store = open(left).unwrap_or_else(|error| panic!("{failed}: {error}"));
    assert_eq!(closed(&store), [], "{failed}");
    let entries = entries(&mut store, None).unwrap();
    let mut found: Vec<i64> = entries.iter().map(|numbered| numbered.entry.at.unix_ms()).collect();
    found.sort_unstable();
    let written = (1..=n_batches).flat_map(|n| names(n).iter().map(move |_| i64::from(n)));
    assert_eq!(found, written.collect::<Vec<_>>(), "{failed}");
    let n_customers = (1..=n_batches).map(|n| names(n).len()).max();
    assert_eq!(Some(known(&mut store).len()), n_customers, "{failed}");
}

/// Whom a batch is about.
fn names(batch: u8) -> &'static [&'static str] {
    &NAMES[..1 + usize::from(batch) % NAMES.len()]
}

fn folder(name: &str) -> OsString {
    std::env::var_os(name).expect("the other test names its folders")
}

/// The disk as a library that is loaded before all others.
fn disk(room: &Path) -> PathBuf {
    let library = room.join("platter.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/power_loss/platter.c");
    let words = ["-shared", "-fPIC", "-O1", "-o"].map(OsStr::new);
    let status = Command::new("cc").args(words).args([library.as_os_str(), OsStr::new(source)]).status();
    assert!(status.expect("SQLite is built with the same compiler").success());
    library
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for file in common::files(from) {
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

/// The folder as the next start finds it: names that were synced, and of each file what was synced.
fn what_is_left(kept: &Path) -> tempfile::TempDir {
    let left = tempfile::tempdir().unwrap();
    for line in fs::read_to_string(kept.join("names")).unwrap_or_default().lines() {
        let (inode, name) = line.split_once(' ').unwrap();
        let content = fs::read(kept.join(inode)).unwrap_or_default();
        let file = left.path().join(name);
        fs::write(&file, content).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    left
}
