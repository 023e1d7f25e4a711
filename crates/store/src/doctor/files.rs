//! The files themselves: which are there, whose they are, who holds them, what was left over.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use model::{Millis, Timestamp};

use super::findings::Findings;
use crate::FenceSets;
use crate::backup::Backups;
use crate::beside::{self, Kept};
use crate::directory::{DIRECTORY_MODE, Part};
use crate::home;
use crate::manifest::BackupOf;
use crate::restore::READY;

/// After so long without a backup something is wrong with the nights.
const BACKUP_AGE_MAX: Millis = Millis::from_days(7);
/// For so long a copy of keys may be kept.
const KEYS_KEPT_MAX: Millis = Millis::from_days(30);

pub(super) fn directory(dir: &Path, findings: &mut Findings) {
    const CHECK: &str = "directory";
    let place = dir.display().to_string();
    match fs::metadata(dir) {
        Ok(metadata) if !metadata.is_dir() => {
            findings.fault(CHECK, place, "it is no folder", "name the data directory with --data");
        }
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o7777;
            if mode & 0o077 == 0 {
                findings.ok(CHECK, place, format!("mode {mode:04o}, {}", holder_in_words(dir)));
            } else {
                let told = format!("mode {mode:04o}: others can look into it");
                findings.warning(CHECK, place, told, "chmod 0700");
            }
        }
        Err(error) => findings.fault(CHECK, place, error.to_string(), "name the data directory with --data"),
    }
}

fn holder_in_words(dir: &Path) -> String {
    match holder_of(dir) {
        Some(pid) => format!("held by process {pid}"),
        None => "held by nobody".to_owned(),
    }
}

/// The process that holds a data directory, as the system tells it; asking does not touch the lock.
#[must_use]
pub fn holder_of(dir: &Path) -> Option<u32> {
    let lock = fs::metadata(dir.join("lock")).ok()?;
    let locks = fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, "FLOCK", _, _, pid, file, ..] = words[..] else { return None };
        let mut parts = file.split(':');
        let number = |text: Option<&str>| u64::from_str_radix(text?, 16).ok();
        let (major, minor) = (number(parts.next())?, number(parts.next())?);
        let inode: u64 = parts.next()?.parse().ok()?;
        let is_it = inode == lock.ino() && (major, minor) == device(&lock);
        is_it.then(|| pid.parse().ok()).flatten()
    })
}

/// Major and minor number of a file's device, as Linux packs them.
fn device(metadata: &Metadata) -> (u64, u64) {
    let dev = metadata.dev();
    ((dev >> 8) & 0xfff | (dev >> 32) & !0xfff, dev & 0xff | (dev >> 12) & !0xff)
}

/// Whether it is where it was made, or came there by copying.
pub(super) fn home(dir: &Path, findings: &mut Findings) {
    const CHECK: &str = "home";
    if home::is_copied(dir) {
        let told = "it is a copy of another data directory, and no server starts on it";
        let advice = "remove it, or its file lock when the other one is never started again";
        findings.warning(CHECK, dir.display().to_string(), told, advice);
    } else {
        findings.ok(CHECK, "", "no copy of another data directory, as far as its lock file tells");
    }
}

pub(super) fn parts(dir: &Path, has_named_key: bool, findings: &mut Findings) {
    const CHECK: &str = "files";
    let owner = fs::metadata(dir).map(|metadata| metadata.uid()).ok();
    let mut is_well = true;
    for part in Part::ALL {
        if part == Part::MasterKey && has_named_key {
            continue;
        }
        let is_there = fs::metadata(dir.join(part.file_name())).is_ok_and(|metadata| 0 < metadata.len());
        if !is_there {
            is_well = false;
            findings.fault(
                CHECK,
                part.file_name(),
                "it is missing or empty",
                "put it back from where it went, or restore a backup",
            );
        }
    }
    for known in beside::KNOWN {
        let path = dir.join(known.name);
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 && known.kept == Kept::Never {
            is_well = false;
            let told = format!("mode {mode:04o}: others can read it");
            findings.fault(CHECK, known.name, told, "chmod 0600, and think about who has read it");
        } else if mode & 0o077 != 0 {
            is_well = false;
            findings.warning(
                CHECK,
                known.name,
                format!("mode {mode:04o}: others can read it"),
                "chmod go-rwx",
            );
        }
        if Some(metadata.uid()) != owner {
            is_well = false;
            let told = "it belongs to another user than the directory";
            findings.warning(CHECK, known.name, told, "chown it to the user that serves");
        }
    }
    if is_well {
        findings.ok(CHECK, "", format!("all there, modes 0600 and {DIRECTORY_MODE:04o}"));
    }
}

/// Names that stand for something that was not finished, or is there for a while.
pub(super) fn leftovers(dir: &Path, now: Timestamp, findings: &mut Findings) {
    const CHECK: &str = "leftovers";
    let Ok(entries) = fs::read_dir(dir) else { return };
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let n_before = findings.all.len();
    for name in names.iter().filter(|name| !beside::is_known(name)) {
        if name == READY {
            let told = "a restore was decided and is not finished";
            findings.fault(CHECK, name, told, "start the server, or restore again: either finishes it");
        } else if name.starts_with("before-restore-") || name.starts_with("before-format-") {
            kept_aside(&dir.join(name), name, now, findings);
        } else if name.ends_with(".new") || name.ends_with(".part") {
            let told = "something was interrupted while it was written";
            findings.warning(CHECK, name, told, "remove it while nobody serves");
        } else {
            let told = "nothing of ours, and in no backup";
            findings.warning(CHECK, name, told, "move it elsewhere");
        }
    }
    if findings.all.len() == n_before {
        findings.ok(CHECK, "", "nothing was left over");
    }
}

/// What a restore or a new format put aside is for going back, and for a while.
fn kept_aside(path: &Path, name: &str, now: Timestamp, findings: &mut Findings) {
    const CHECK: &str = "leftovers";
    let age = now.since(changed_at(path).unwrap_or(now));
    if age < KEYS_KEPT_MAX {
        findings.ok(CHECK, name, format!("what was there before, {} days ago", age.ms() / 86_400_000));
    } else {
        let told = format!("what was there before, {} days ago", age.ms() / 86_400_000);
        findings.warning(CHECK, name, told, "remove it: it is kept longer than copies of keys may be");
    }
}

fn changed_at(path: &Path) -> Option<Timestamp> {
    let since_1970 = fs::metadata(path).ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_unix_ms(i64::try_from(since_1970.as_millis()).ok()?))
}

pub(super) fn fences(dir: &Path, findings: &mut Findings) {
    const CHECK: &str = "fences";
    let sets = match FenceSets::read(dir) {
        Ok(sets) => sets,
        Err(error) => {
            return findings.fault(CHECK, "fences", error.to_string(), "restore them from a backup");
        }
    };
    for set in sets.records() {
        if let Err(error) = sets.content(set.no) {
            findings.fault(
                CHECK,
                format!("version {}", set.no),
                error.to_string(),
                "restore it from a backup",
            );
        }
    }
    if !sets.is_checked() {
        let told = "the list of versions is of an older version and carries no checksum";
        findings.warning(CHECK, "fences/versions.json", told, "start the server, which gives it one");
    }
    match sets.in_force() {
        Some(set) => findings.ok(CHECK, format!("version {}", set.no), "the set in force can be read"),
        None => findings.ok(CHECK, "", "no fence set was taken up yet"),
    }
}

pub(super) fn backups(dir: &Path, now: Timestamp, findings: &mut Findings) {
    const CHECK: &str = "backups";
    let backups = match Backups::read(dir) {
        Ok(backups) => backups,
        Err(why) => {
            return findings.warning(CHECK, "backups.json", why, "it is written anew with the next backup");
        }
    };
    let days = |at_ms: i64| now.since(Timestamp::from_unix_ms(at_ms)).ms() / 86_400_000;
    match backups.last(BackupOf::Ledger) {
        None => {
            findings.warning(
                CHECK,
                "ledger",
                "none was ever made from here",
                "stile backup DIR, every night",
            );
        }
        Some(last) if BACKUP_AGE_MAX < now.since(Timestamp::from_unix_ms(last.at_ms)) => {
            let told = format!("the last one is {} days old", days(last.at_ms));
            findings.warning(CHECK, "ledger", told, "stile backup DIR, every night");
        }
        Some(last) => {
            let told = format!("the last one is {} days old, in {}", days(last.at_ms), last.dir.display());
            findings.ok(CHECK, "ledger", told);
        }
    }
    match backups.last(BackupOf::Keys) {
        None => {
            let told = "none was ever made from here: without keys.db no backup can be read";
            findings.warning(CHECK, "keys", told, "stile backup keys DIR, somewhere else");
        }
        Some(last) if KEYS_KEPT_MAX < now.since(Timestamp::from_unix_ms(last.at_ms)) => {
            let told =
                format!("the last one is {} days old: newer customers are not in it", days(last.at_ms));
            findings.warning(CHECK, "keys", told, "stile backup keys DIR, somewhere else");
        }
        Some(last) => findings.ok(CHECK, "keys", format!("the last one is {} days old", days(last.at_ms))),
    }
    for made in &backups.made {
        let age = now.since(Timestamp::from_unix_ms(made.at_ms));
        if made.of == BackupOf::Keys && KEYS_KEPT_MAX < age && made.is_there() {
            let told = format!("keys of {} days ago are kept still", days(made.at_ms));
            let advice = "delete it: it can open what was erased since";
            findings.warning(CHECK, made.dir.display().to_string(), told, advice);
        }
    }
}
