//! Why a data directory cannot be opened, and what SQLite's failures mean to us.

use std::io;
use std::path::{Path, PathBuf};

use ledger::StorageError;
use rusqlite::ffi;

use crate::Part;

/// Why a data directory was not opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another store of this one, has it open.
    #[error("another instance holds the data directory {}", .dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// It came here by copying, and two of one ledger would not know of each other.
    #[error(
        "{} is a copy of another data directory, or was brought here from another disk: two servers of one \
         ledger would each go on without what people say to the other. When the other one will never be \
         started again, remove {}/lock and start this one",
        .dir.display(),
        .dir.display()
    )]
    Copy {
        /// The directory.
        dir: PathBuf,
    },
    /// There is nothing in it, and nothing was to be created.
    #[error("there is no ledger in {}", .dir.display())]
    NoData {
        /// The directory.
        dir: PathBuf,
    },
    /// It held data once, and a part of them is gone.
    #[error(
        "{} holds data of which {part} is missing: put it back from where it went, or restore a backup; \
         it is not started empty",
        .dir.display()
    )]
    Missing {
        /// The directory.
        dir: PathBuf,
        /// What is gone.
        part: Part,
    },
    /// Others than its owner may read the master key.
    #[error(
        "{} has mode {mode:04o}: others can read it; set it to 0600 and think about who has read it",
        .path.display()
    )]
    LooseMode {
        /// The key's file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The master key belongs to someone else than the directory.
    #[error("{} belongs to another user than its directory", .path.display())]
    OtherOwner {
        /// The key's file.
        path: PathBuf,
    },
    /// The master key's file does not hold a key.
    #[error("{} does not hold 64 hexadecimal digits", .path.display())]
    NoKey {
        /// The key's file.
        path: PathBuf,
    },
    /// The file that was named as the master key's is not there.
    #[error(
        "there is no master key in {}: make it of 64 hexadecimal digits, mode 0600; it is not made for you",
        .path.display()
    )]
    NoKeyFile {
        /// What was named.
        path: PathBuf,
    },
    /// The file that was named as the master key's lies with what it opens.
    #[error(
        "{} lies in the data directory: a master key that is named lies apart from what it opens",
        .path.display()
    )]
    KeyInside {
        /// What was named.
        path: PathBuf,
    },
    /// The master key is one, and not the one of these data.
    #[error("{} does not open keys.db in {}", .key.display(), .dir.display())]
    WrongKey {
        /// The directory.
        dir: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// Two files in it belong to different ledgers.
    #[error("{part} in {} belongs to another ledger than keys.db", .dir.display())]
    OtherInstance {
        /// The directory.
        dir: PathBuf,
        /// What does not belong.
        part: Part,
    },
    /// A test wrote it, and hid nothing.
    #[error("the ledger in {} was written without a cipher by a test; it is not opened", .dir.display())]
    OpenToAll {
        /// The directory.
        dir: PathBuf,
    },
    /// A newer version of this program wrote it.
    #[error("{part} in {} has format {found}; this program knows up to {known}", .dir.display())]
    NewerVersion {
        /// The directory.
        dir: PathBuf,
        /// Which file.
        part: Part,
        /// Its format.
        found: i64,
        /// The newest format that this program reads.
        known: i64,
    },
    /// An older version of this program wrote it, and nobody has started this one on it.
    #[error(
        "{part} in {} has format {found}, and not {known}: start the server once, which brings it up to date \
         and keeps a copy",
        .dir.display()
    )]
    OlderVersion {
        /// The directory.
        dir: PathBuf,
        /// Which file.
        part: Part,
        /// Its format.
        found: i64,
        /// The format that this program reads.
        known: i64,
    },
    /// A file is not what it should be.
    #[error("{part} in {} is damaged: {reason}", .dir.display())]
    Damaged {
        /// The directory.
        dir: PathBuf,
        /// Which file.
        part: Part,
        /// What is wrong with it.
        reason: Box<str>,
    },
    /// An erasure that was decided before, or a change of format, could not be finished, so nothing is read.
    #[error("what was begun in {} before cannot be finished", .dir.display())]
    Unfinished {
        /// The directory.
        dir: PathBuf,
        /// Why not.
        #[source]
        source: StorageError,
    },
    /// The file system failed.
    #[error("cannot open {}", .path.display())]
    Io {
        /// What was opened.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// SQLite failed.
    #[error("cannot open {}", .path.display())]
    Sqlite {
        /// What was opened.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rusqlite::Error,
    },
}

impl OpenError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}

/// What a failed statement or commit means for the next one.
///
/// After a failed sync nobody knows what is on the disk, and a second sync that succeeds
/// proves nothing; every other failure rolls back cleanly.
#[expect(clippy::needless_pass_by_value, reason = "map_err gives the error away")]
pub(crate) fn storage_error(error: rusqlite::Error) -> StorageError {
    let reason = error.to_string().into_boxed_str();
    let rusqlite::Error::SqliteFailure(failure, _) = &error else {
        // A column is not what we write there.
        return StorageError::Suspect(reason);
    };
    match failure.extended_code {
        ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC => StorageError::Suspect(reason),
        code => match code & 0xff {
            ffi::SQLITE_FULL => StorageError::Full,
            ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => StorageError::Suspect(reason),
            _ => StorageError::Io(reason),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d04_a_failed_sync_makes_the_store_suspect_and_a_full_disk_does_not() {
        let of = |code| storage_error(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        assert!(matches!(of(ffi::SQLITE_IOERR_FSYNC), StorageError::Suspect(_)));
        assert!(matches!(of(ffi::SQLITE_IOERR_DIR_FSYNC), StorageError::Suspect(_)));
        assert!(matches!(of(ffi::SQLITE_CORRUPT), StorageError::Suspect(_)));
        assert_eq!(of(ffi::SQLITE_FULL), StorageError::Full);
        assert!(matches!(of(ffi::SQLITE_IOERR_WRITE), StorageError::Io(_)));
        assert!(matches!(of(ffi::SQLITE_READONLY), StorageError::Io(_)));
    }
}
