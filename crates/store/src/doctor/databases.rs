//! The two databases and what holds them together: formats, instance, keys, chains, rows.

use std::path::Path;

use ledger::Vault;
use model::{Millis, Timestamp};
use rusqlite::Connection;

use super::findings::Findings;
use super::rows;
use crate::audit::{Flaw, Rows, audit, flaws};
use crate::directory::{Directory, Part};
use crate::erasures::all_erasures;
use crate::heads::{Heads, Instance, read_heads};
use crate::keys::KeyRoom;
use crate::proof::ProofKey;
use crate::{schema, tombstones};

const TO_RESTORE: &str = "restore a backup: stile restore";

/// Both databases, open and fitting together.
pub(super) struct Opened {
    pub(super) ledger: Connection,
    pub(super) keys: KeyRoom,
    proof: ProofKey,
    pub(super) instance: Instance,
}

pub(super) fn examine(
    (dir, master_key): (&Path, Option<&Path>),
    count: &mut dyn FnMut(u64),
    now: Timestamp,
    findings: &mut Findings,
) {
    let Ok(directory) = Directory::beside(dir) else {
        return findings.fault(
            "ledger",
            "heads",
            "there is no ledger",
            "name the data directory with --data",
        );
    };
    let directory = match directory.with_master_key(master_key) {
        Ok(directory) => directory,
        Err(error) => return findings.fault("master key", "", error.to_string(), "put the right one there"),
    };
    let Some(mut opened) = open(&directory, findings) else { return };
    integrity(&directory, &opened, findings);
    let by = opened.keys.heads_are_written_by();
    let apart = match read_heads(&directory, opened.instance, &opened.proof, by) {
        Ok(apart) => apart,
        Err(error) => return findings.fault("heads", "heads", error.to_string(), TO_RESTORE),
    };
    clock(&opened, now, findings);
    if let Some(rows) = chains(&mut opened, &apart, (count, now), findings) {
        rows::tell(&rows, findings);
    }
    others(&directory, &opened, findings);
    rows::keys(&mut opened, findings);
    erasures(&directory, &opened, findings);
}

fn open(directory: &Directory, findings: &mut Findings) -> Option<Opened> {
    let mut databases = Vec::new();
    for part in [Part::Ledger, Part::Keys] {
        match schema::open_to_read(directory, part) {
            Ok(connection) => databases.push(connection),
            Err(error) => findings.fault("open", part.file_name(), error.to_string(), TO_RESTORE),
        }
    }
    let (Some(keys), Some(ledger)) = (databases.pop(), databases.pop()) else { return None };
    for (connection, part) in [(&ledger, Part::Ledger), (&keys, Part::Keys)] {
        let format = schema::format_of(connection, directory, part).unwrap_or_default();
        if format != schema::FORMAT {
            let told = format!("format {format}; this program writes {}", schema::FORMAT);
            let advice = "start the server once, which brings it up to date and keeps a copy";
            findings.warning("format", part.file_name(), told, advice);
            return None;
        }
    }
    findings.ok("format", "", schema::FORMAT.to_string());
    let of = |connection| schema::instance(connection, None).ok().flatten();
    let (of_keys, of_ledger) = (of(&keys), of(&ledger));
    let Some(instance) = of_keys.filter(|of_keys| Some(*of_keys) == of_ledger) else {
        findings.fault("instance", "keys.db", "it belongs to another ledger than ledger.db", TO_RESTORE);
        return None;
    };
    let (vault, proof) = match directory.stored_master_key() {
        Ok(key) => (Vault::new(&key), ProofKey::new(&key)),
        Err(error) => {
            findings.fault("master key", "master.key", error.to_string(), "put the right one there");
            return None;
        }
    };
    match KeyRoom::read(keys, vault) {
        Ok((keys, true)) => {
            findings.ok("master key", "", "it opens keys.db");
            Some(Opened { ledger, keys, proof, instance })
        }
        Ok((_, false)) => {
            findings.fault("master key", "master.key", "it does not open keys.db", "put the right one there");
            None
        }
        Err(error) => {
            findings.fault("master key", "keys.db", error.to_string(), TO_RESTORE);
            None
        }
    }
}

fn integrity(directory: &Directory, opened: &Opened, findings: &mut Findings) {
    const CHECK: &str = "integrity";
    let mut is_well = true;
    let ledger = Some(&opened.ledger);
    let keys = schema::open_to_read(directory, Part::Keys).ok();
    for (connection, part) in [(ledger, Part::Ledger), (keys.as_ref(), Part::Keys)] {
        let Some(connection) = connection else { continue };
        let check = || connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
        let told = check().unwrap_or_else(|error| error.to_string());
        if told != "ok" {
            is_well = false;
            findings.fault(CHECK, part.file_name(), told, TO_RESTORE);
        }
    }
    if is_well {
        findings.ok(CHECK, "", "SQLite finds both databases whole");
    }
}

fn clock(opened: &Opened, now: Timestamp, findings: &mut Findings) {
    /// As much as a start lets pass.
    const BACK_MAX: Millis = Millis::from_secs(5);
    let last = || opened.ledger.query_row("SELECT max(last_at) FROM heads", [], |row| row.get(0));
    let last: Option<i64> = last().unwrap_or_default();
    match last.map(Timestamp::from_unix_ms) {
        Some(last) if now < last - BACK_MAX => {
            let told = format!("it is {} behind the last entry", last.since(now));
            findings.fault("clock", "", told, "set it right, or serve with --accept-clock");
        }
        Some(_) | None => findings.ok("clock", "", "not behind the last entry"),
    }
}

/// Walks all chains, and holds the rows against them; `None` when a chain is not whole.
fn chains(
    opened: &mut Opened,
    apart: &Heads,
    (count, now): (&mut dyn FnMut(u64), Timestamp),
    findings: &mut Findings,
) -> Option<Rows> {
    const CHECK: &str = "chains";
    let Opened { ledger, keys, proof, .. } = opened;
    let (mut n_entries, mut n_taken_away, mut is_whole) = (0, 0, true);
    let mut all_rows = Rows::default();
    for apart in apart {
        let Ok(moment) = ledger.unchecked_transaction() else { return None };
        let mut n = 0;
        let walked = audit(&moment, keys, proof, apart, (&mut || n += 1, now));
        count(n);
        let place = format!("partition {}", apart.partition().no());
        match walked {
            Ok(Ok((walked, rows))) => {
                n_entries += walked.head.no();
                n_taken_away += walked.n_taken_away;
                all_rows.add(rows);
            }
            Ok(Err(fault)) => {
                is_whole = false;
                findings.fault(CHECK, place, format!("entry {}: {}", fault.no, fault.wrong), TO_RESTORE);
            }
            Err(error) => {
                is_whole = false;
                findings.fault(CHECK, place, error.to_string(), TO_RESTORE);
            }
        }
    }
    if is_whole {
        let told = format!("{n_entries} entries, {n_taken_away} of them taken away, linked without a gap");
        findings.ok(CHECK, "", told);
    }
    is_whole.then_some(all_rows)
}

/// What belongs to no chain.
fn others(directory: &Directory, opened: &Opened, findings: &mut Findings) {
    const CHECK: &str = "heads";
    let stones = tombstones::read(directory, opened.instance).unwrap_or_default();
    let found = match flaws(&opened.ledger, &opened.keys, &opened.proof, &stones) {
        Ok(found) => found,
        Err(error) => return findings.fault(CHECK, "", error.to_string(), TO_RESTORE),
    };
    // Of erasures the check below tells, with what to do about them.
    let is_ours = |flaw: &&Flaw| match flaw {
        Flaw::EntriesAstray { .. } | Flaw::RowsAstray { .. } | Flaw::Heads => true,
        Flaw::Stock | Flaw::Keys { .. } => true,
        Flaw::Undone { .. } | Flaw::NoTombstone { .. } => false,
    };
    let mut told = found.iter().filter(is_ours).peekable();
    if told.peek().is_none() {
        findings.ok(CHECK, "", "written by who has the master key, and all of one moment");
    }
    told.for_each(|flaw| findings.fault(CHECK, "", flaw.to_string(), TO_RESTORE));
}

fn erasures(directory: &Directory, opened: &Opened, findings: &mut Findings) {
    const CHECK: &str = "erasures";
    let stones = match tombstones::read(directory, opened.instance) {
        Ok(stones) => stones,
        Err(error) => {
            let advice = "take the newest tombstones of any backup, and start the server";
            return findings.fault(CHECK, "tombstones", error.to_string(), advice);
        }
    };
    let done = match all_erasures(&opened.ledger) {
        Ok(done) => done,
        Err(error) => return findings.fault(CHECK, "ledger.db", error.to_string(), TO_RESTORE),
    };
    let is_done = |customer, at| done.iter().any(|done| done.customer == customer && done.at == at);
    let n_due = stones.iter().filter(|stone| !is_done(stone.customer, stone.at)).count();
    if 0 < n_due {
        let told = format!("{n_due} of {} are decided and not done", stones.len());
        findings.fault(CHECK, "tombstones", told, "start the server, which finishes them first");
    } else if stones.len() < done.len() {
        let told = format!("{} of {} have no tombstone", done.len() - stones.len(), done.len());
        findings.fault(CHECK, "tombstones", told, "start the server, which writes them again");
    } else {
        findings.ok(CHECK, "", format!("all {} are done", done.len()));
    }
}
