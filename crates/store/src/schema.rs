//! The two databases: how they are opened, their tables, their versions.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use crate::backup::BackupError;
use crate::directory::{Directory, Part};
use crate::error::OpenError;
use crate::heads::Instance;

/// The newest format, kept in `PRAGMA user_version`.
pub(crate) const FORMAT: i64 = 3;
/// "STIL", kept in `PRAGMA application_id`.
const APPLICATION_ID: i64 = 0x5354_494c;
/// Memory for pages: enough that a batch of a thousand customers need not be spilled.
const CACHE_KIB: i64 = 64 * 1024;
/// Pages of 4 KiB in the log before they are moved into the database. SQLite's own 1,000
/// make every batch of a thousand customers pay for a move: 23,000 entries a second
/// instead of 31,000.
const CHECKPOINT_PAGES: i64 = 8_000;
/// How long a reader from outside may hold us up.
const BUSY_MAX: Duration = Duration::from_secs(2);

const LEDGER_TABLES: &str = "
    CREATE TABLE entries (
        place INTEGER PRIMARY KEY,
        partition INTEGER GENERATED ALWAYS AS (place >> 40) VIRTUAL,
        no INTEGER GENERATED ALWAYS AS (place & 0xffffffffff) VIRTUAL,
        customer BLOB NOT NULL,
        sealed_hash BLOB NOT NULL,
        link BLOB NOT NULL,
        sealed BLOB
    );
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
    CREATE TABLE states (
        partition INTEGER NOT NULL,
        customer BLOB NOT NULL,
        as_of INTEGER NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (partition, customer)
    ) WITHOUT ROWID;
    CREATE TABLE stock_totals (
        offer TEXT PRIMARY KEY,
        n INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE stock_days (
        offer TEXT NOT NULL,
        day INTEGER NOT NULL,
        n INTEGER NOT NULL,
        PRIMARY KEY (offer, day)
    ) WITHOUT ROWID;
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
    );";

/// Rows of one length: SQLite never moves them within a page, so that it leaves no copy of one that is
/// deleted. (Of 12,000 deleted among 40,000 none was found; of rows of many lengths 17 of 18,000.)
const KEYS_TABLES: &str = "
    CREATE TABLE keys (
        customer BLOB PRIMARY KEY,
        wrapped BLOB NOT NULL
    ) WITHOUT ROWID;";

/// Opens one of the two databases, of a new ledger with its tables made.
pub(crate) fn open(directory: &Directory, part: Part, is_new: bool) -> Result<Connection, OpenError> {
    if is_new {
        directory.touch(part)?;
    }
    let path = directory.file(part);
    let failed = |source: rusqlite::Error| OpenError::Sqlite { path: path.clone(), source };
    let mut connection = connect(&path).map_err(failed)?;
    if format_of(&connection, directory, part)? == 0 {
        let n_tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(failed)?;
        if n_tables != 0 {
            return Err(not_ours(directory, part));
        }
        if !is_new {
            return Err(directory.missing(part));
        }
        create_tables(&mut connection, part).map_err(failed)?;
    }
    if number(&connection, directory, part, "application_id")? != APPLICATION_ID {
        return Err(not_ours(directory, part));
    }
    Ok(connection)
}

/// Opens one of the two databases of a ledger that somebody else may be writing.
pub(crate) fn open_to_read(directory: &Directory, part: Part) -> Result<Connection, OpenError> {
    let path = directory.file(part);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(directory.sqlite(part))?;
    connection.busy_timeout(BUSY_MAX).map_err(directory.sqlite(part))?;
    let is_ours = number(&connection, directory, part, "application_id")? == APPLICATION_ID;
    if format_of(&connection, directory, part)? == 0 || !is_ours {
        return Err(not_ours(directory, part));
    }
    Ok(connection)
}

/// Opens a database of ours once more, to read it from one end to the other.
pub(crate) fn open_beside(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_MAX)?;
    Ok(connection)
}

/// An error unless a database that lies in no data directory is one of ours.
pub(crate) fn check_copy(copy: &Connection, path: &Path) -> Result<(), BackupError> {
    let number = |pragma| copy.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let application = number("application_id").map_err(BackupError::sqlite(path))?;
    let found = number("user_version").map_err(BackupError::sqlite(path))?;
    if application != APPLICATION_ID || found == 0 {
        return Err(BackupError::damaged(path, "it is no database of ours"));
    }
    if FORMAT < found {
        return Err(BackupError::Newer { path: path.into(), found, known: FORMAT });
    }
    Ok(())
}

/// The number of the format that a database says it has.
pub(crate) fn format_in(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// The format of a database, 0 when it has none yet.
pub(crate) fn format_of(
    connection: &Connection,
    directory: &Directory,
    part: Part,
) -> Result<i64, OpenError> {
    let found = number(connection, directory, part, "user_version")?;
    if FORMAT < found {
        let dir = directory.path().to_path_buf();
        return Err(OpenError::NewerVersion { dir, part, found, known: FORMAT });
    }
    Ok(found)
}

fn number(
    connection: &Connection,
    directory: &Directory,
    part: Part,
    pragma: &str,
) -> Result<i64, OpenError> {
    connection.pragma_query_value(None, pragma, |row| row.get(0)).map_err(directory.sqlite(part))
}

fn not_ours(directory: &Directory, part: Part) -> OpenError {
    OpenError::Damaged { dir: directory.path().into(), part, reason: "it is no database of ours".into() }
}

pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_MAX)?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // What is deleted must not linger in free space. It costs nothing that `examples/commits.rs` could tell
    // from noise: 20,114 entries a second in batches of a thousand without, 20,416 with (means of three runs).
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(connection)
}

fn create_tables(connection: &mut Connection, part: Part) -> rusqlite::Result<()> {
    let tables = if part == Part::Keys { KEYS_TABLES } else { LEDGER_TABLES };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(tables)?;
    transaction
        .execute_batch("CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;")?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()
}

/// Moves what is in the log into the database itself and empties the log; false when a reader still
/// needs the log after [`BUSY_MAX`].
pub(crate) fn settle(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok(row.get::<_, i64>(0)? == 0))
}

/// Moves what is in the log into the database as far as nobody needs it, while others read and write.
pub(crate) fn move_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// A named value of the database itself.
pub(crate) fn meta(connection: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).optional()
}

/// Sets a named value that has none yet.
pub(crate) fn set_meta(connection: &Connection, name: &str, value: &[u8]) -> rusqlite::Result<()> {
    connection.execute("INSERT INTO meta (name, value) VALUES (?1, ?2)", (name, value)).map(drop)
}

/// The ledger that a database belongs to; of a new database `new` from now on.
pub(crate) fn instance(connection: &Connection, new: Option<Instance>) -> rusqlite::Result<Option<Instance>> {
    if let Some(stored) = meta(connection, "instance")? {
        return Ok(stored.try_into().ok());
    }
    if let Some(new) = &new {
        set_meta(connection, "instance", new)?;
    }
    Ok(new)
}

/// What `meta` calls the cipher of a ledger that has none.
const CIPHER: &str = "cipher";

/// Whether a test has written a database without a cipher.
pub(crate) fn is_open_to_all(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(meta(connection, CIPHER)?.is_some())
}

/// Says of a new database that nothing in it is hidden.
#[cfg(feature = "null-cipher")]
pub(crate) fn mark_as_open_to_all(connection: &Connection) -> rusqlite::Result<()> {
    if is_open_to_all(connection)? { Ok(()) } else { set_meta(connection, CIPHER, b"null") }
}
