//! From an older format to this one: forward only, with a copy first, and again from the start after a
//! crash at any step.
//!
//! ```text
//! 1  the directory is copied to before-format-3      whole or not at all
//! 2  tombstones, of nobody yet                       format 1 could not erase
//! 3  keys.db, in one transaction with its number
//! 4  ledger.db, in one transaction with its number   from here on it is format 3
//! 5  sums and checks, when the master key is read    until the check of the keys says that it is done
//! 6  notices are filled in, when the keys are open   of format 1; noted in the ledger until it is done
//! ```
//!
//! Every step that was done is passed over the next time. Entries stay as they were sealed; they are read
//! by the version that they name themselves.

mod notices;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use ledger::CustomerHash;
use rusqlite::TransactionBehavior;

pub(crate) use self::notices::fill_in;
use crate::backup::{BackupError, copying};
use crate::beside;
use crate::directory::{DIRECTORY_MODE, Directory, Part};
use crate::error::OpenError;
use crate::schema::{self, FORMAT};
use crate::tombstones::Tombstones;

/// Where the directory of an older format is kept.
const ASIDE: &str = "before-format-3";
/// Where one that came to format 2 before is kept.
const ASIDE_BEFORE: &str = "before-format-2";

/// What format 2 has and format 1 has not, of the ledger.
const LEDGER_1_TO_2: &str = "
    DROP INDEX entries_of_customer;
    CREATE INDEX entries_of_customer ON entries (customer) WHERE sealed IS NOT NULL;
    CREATE TABLE erasures (
        place INTEGER PRIMARY KEY,
        customer BLOB NOT NULL,
        at INTEGER NOT NULL,
        key BLOB,
        n_entries INTEGER NOT NULL
    );
    CREATE INDEX erasures_of_customer ON erasures (customer, at);
    CREATE TABLE retained (
        partition INTEGER PRIMARY KEY,
        no INTEGER NOT NULL
    );
    INSERT INTO meta (name, value) VALUES ('notices to fill in', x'01');";

/// What format 3 has and format 2 has not, of the ledger.
const LEDGER_2_TO_3: &str = "
    ALTER TABLE heads RENAME TO heads_of_format_2;
    CREATE TABLE heads (
        partition INTEGER PRIMARY KEY,
        no INTEGER NOT NULL,
        link BLOB NOT NULL,
        last_at INTEGER,
        rows BLOB NOT NULL,
        gone BLOB NOT NULL
    );
    CREATE TABLE vouched (
        id INTEGER PRIMARY KEY,
        n_commits INTEGER NOT NULL,
        stock BLOB NOT NULL,
        checks BLOB NOT NULL,
        mac BLOB NOT NULL
    );
    INSERT INTO heads (partition, no, link, last_at, rows, gone)
        SELECT partition, no, link, last_at, zeroblob(32), zeroblob(32) FROM heads_of_format_2;
    DROP TABLE heads_of_format_2;";

/// From each format to the next, of the ledger.
const LEDGER: [&str; 2] = [LEDGER_1_TO_2, LEDGER_2_TO_3];
/// And of the keys: their tables are the same.
const KEYS: [&str; 2] = ["", ""];

/// A step of the way, done or passed over.
type Step = fn(&Directory) -> Result<(), OpenError>;

const STEPS: [Step; 4] = [copy, tombstones, keys, ledger];

/// Brings a directory up to date that this process holds; nothing is done to one that is.
pub(crate) fn migrate(directory: &Directory) -> Result<(), OpenError> {
    migrate_for(directory, STEPS.len())
}

/// The first so many steps, as a crash would leave them.
fn migrate_for(directory: &Directory, n_steps: usize) -> Result<(), OpenError> {
    if !is_due(directory, Part::Ledger)? && !is_due(directory, Part::Keys)? {
        return Ok(());
    }
    STEPS.iter().take(n_steps).try_for_each(|step| step(directory))
}

/// Whether a database is of an older format.
fn is_due(directory: &Directory, part: Part) -> Result<bool, OpenError> {
    if !directory.has(part)? {
        return Ok(false);
    }
    let connection = schema::connect(&directory.file(part)).map_err(directory.sqlite(part))?;
    let format = schema::format_of(&connection, directory, part)?;
    Ok((1..FORMAT).contains(&format))
}

/// Copies all but the lock and the socket, the keys with it: an older program could go on from there.
///
/// A copy that is there stays: it was made of this directory before it was touched.
fn copy(directory: &Directory) -> Result<(), OpenError> {
    let aside = directory.path().join(ASIDE);
    if aside.exists() {
        return Ok(());
    }
    let half = directory.path().join("before-format-3.part");
    clear(&half).map_err(OpenError::io(&half))?;
    DirBuilder::new().mode(DIRECTORY_MODE).create(&half).map_err(OpenError::io(&half))?;
    for part in [Part::Ledger, Part::Keys] {
        // What is in the log goes into the database, so that one file is all there is.
        let connection = schema::connect(&directory.file(part)).map_err(directory.sqlite(part))?;
        schema::settle(&connection).map_err(directory.sqlite(part))?;
    }
    for part in [Part::Ledger, Part::Keys, Part::Heads, Part::MasterKey] {
        let path = directory.file(part);
        match copying::copy_file(&path, &half.join(part.file_name())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(OpenError::io(&path)(error)),
            Ok(()) | Err(_) => {}
        }
    }
    for name in beside::copied() {
        copying::copy(&directory.path().join(name), &half.join(name)).map_err(not_copied(&half))?;
    }
    copying::sync_folder(&half).map_err(not_copied(&half))?;
    fs::rename(&half, &aside).map_err(OpenError::io(&aside))?;
    directory.sync()
}

fn clear(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn not_copied(path: &Path) -> impl FnOnce(BackupError) -> OpenError {
    let path = path.to_path_buf();
    move |error| OpenError::Io { path, source: io::Error::other(error.to_string()) }
}

fn tombstones(directory: &Directory) -> Result<(), OpenError> {
    if directory.has(Part::Tombstones)? {
        return Ok(());
    }
    let connection = schema::connect(&directory.file(Part::Keys)).map_err(directory.sqlite(Part::Keys))?;
    match schema::instance(&connection, None).map_err(directory.sqlite(Part::Keys))? {
        Some(instance) => Tombstones::create(directory, instance).map(drop),
        // A first start that was interrupted: it makes them itself.
        None => Ok(()),
    }
}

/// Brings the keys up to date.
pub(crate) fn keys(directory: &Directory) -> Result<(), OpenError> {
    database(directory, Part::Keys, KEYS)
}

/// Brings a ledger up to date.
pub(crate) fn ledger(directory: &Directory) -> Result<(), OpenError> {
    database(directory, Part::Ledger, LEDGER)
}

fn database(directory: &Directory, part: Part, steps: [&str; 2]) -> Result<(), OpenError> {
    if !is_due(directory, part)? {
        return Ok(());
    }
    let change = || -> rusqlite::Result<()> {
        let mut connection = schema::connect(&directory.file(part))?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        for (format, statements) in (1..).zip(steps) {
            if found <= format {
                transaction.execute_batch(statements)?;
            }
        }
        transaction.pragma_update(None, "user_version", FORMAT)?;
        transaction.commit()?;
        schema::settle(&connection).map(drop)
    };
    change().map_err(directory.sqlite(part))
}

/// Destroys somebody's key in the copies that were made of older formats: who is erased is gone there too.
pub(crate) fn destroy_copied_key(directory: &Directory, customer: CustomerHash) -> rusqlite::Result<()> {
    for aside in [ASIDE_BEFORE, ASIDE] {
        let path = directory.path().join(aside).join(Part::Keys.file_name());
        if path.exists() {
            let connection = schema::connect(&path)?;
            connection.execute("DELETE FROM keys WHERE customer = ?1", [customer.bytes()])?;
            schema::settle(&connection)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
