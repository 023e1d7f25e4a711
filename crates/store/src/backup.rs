//! Backups: a snapshot of the ledger and what lies beside it, and the keys apart.
//!
//! A backup is a folder with a manifest. It is written into `NAME.part`, synced and renamed, so one
//! that is there is whole. The ledger is copied by `VACUUM INTO` on a connection that only reads, so
//! a server may write on meanwhile: it is one snapshot, however long it takes, and free pages, in
//! which something deleted might linger, stay behind. The backup interface of SQLite copies a page as
//! it is and begins again whenever somebody writes. No backup of the ledger holds a key.

mod check;
pub(crate) mod copying;
mod record;

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use ledger::Head;
use model::{Digest, Timestamp};
use rusqlite::Connection;

pub use self::check::{Checked, check};
pub use self::record::{BackupRecord, Backups};
use crate::directory::{DIRECTORY_MODE, Directory, Part, private_file};
use crate::heads::partitions;
use crate::manifest::{BackedUpFile, BackupOf, MANIFEST, Manifest};
use crate::verify::head_row;
use crate::whole_file::NotReplaced;
use crate::{OpenError, beside, schema};

/// Why a backup was not made, or cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The data directory cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is something of that name.
    #[error("{} is there already", .path.display())]
    Exists {
        /// What.
        path: PathBuf,
    },
    /// It is not what was written.
    #[error("{} is damaged: {reason}", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: Box<str>,
    },
    /// A newer version of this program wrote it.
    #[error("{} has format {found}; this program knows up to {known}", .path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this program reads.
        known: i64,
    },
    /// The file system failed.
    #[error("{}: {source}", .path.display())]
    Io {
        /// With which file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
    /// SQLite failed.
    #[error("{}: {source}", .path.display())]
    Sqlite {
        /// With which file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: rusqlite::Error,
    },
}

impl BackupError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn sqlite(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Sqlite { path, source }
    }

    pub(crate) fn damaged(path: &Path, reason: impl Into<Box<str>>) -> Self {
        Self::Damaged { path: path.to_path_buf(), reason: reason.into() }
    }
}

/// Backs a data directory up into the new folder `backup`, which a server may write on meanwhile.
///
/// It neither needs nor reads a key. What was written is read again and checked, link by link.
///
/// # Errors
/// When it could not be made whole; nothing is left of it then.
pub fn back_up(data_dir: &Path, backup: &Path, now: Timestamp) -> Result<Manifest, BackupError> {
    make(data_dir, backup, BackupOf::Ledger, now)
}

/// Backs the customers' keys up, wrapped as they are; the master key is nowhere in it.
///
/// # Errors
/// As [`back_up`].
pub fn back_up_keys(data_dir: &Path, backup: &Path, now: Timestamp) -> Result<Manifest, BackupError> {
    make(data_dir, backup, BackupOf::Keys, now)
}

fn make(data_dir: &Path, backup: &Path, of: BackupOf, now: Timestamp) -> Result<Manifest, BackupError> {
    let directory = Directory::beside(data_dir)?;
    if backup.symlink_metadata().is_ok() {
        return Err(BackupError::Exists { path: backup.to_path_buf() });
    }
    let half = Half::make(backup)?;
    let made = half.fill(&directory, of, now).and_then(|manifest| {
        // What cannot be read back is no backup.
        check(&half.path, &mut |_| {})?;
        half.put_in_place(backup)?;
        Ok(manifest)
    })?;
    // It is there; that the note of it failed makes it no worse.
    let _ = Backups::note(data_dir, of, backup, now);
    Ok(made)
}

/// A backup that is being written; removed unless it was put in its place.
struct Half {
    path: PathBuf,
}

impl Drop for Half {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Half {
    fn make(backup: &Path) -> Result<Self, BackupError> {
        let mut name = backup.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let path = backup.with_file_name(name);
        // What an earlier one left that was interrupted.
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(BackupError::Io { path, source: error });
            }
            Ok(()) | Err(_) => {}
        }
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(DIRECTORY_MODE).create(&path).map_err(BackupError::io(&path))?;
        Ok(Self { path })
    }

    fn fill(&self, directory: &Directory, of: BackupOf, now: Timestamp) -> Result<Manifest, BackupError> {
        let part = match of {
            BackupOf::Ledger => Part::Ledger,
            BackupOf::Keys => Part::Keys,
        };
        let (stored_format, instance, heads) = self.snapshot(directory, part)?;
        if of == BackupOf::Ledger {
            // After the snapshot: whoever was erased before it is in the tombstones.
            for name in beside::copied() {
                copying::copy(&directory.path().join(name), &self.path.join(name))?;
            }
        }
        let manifest = Manifest {
            of,
            stored_format,
            instance: Digest::from_bytes(instance),
            made_at: now,
            files: copying::list(&self.path)?,
            heads,
        };
        let path = self.path.join(MANIFEST);
        crate::replace_file(&path, &manifest.to_bytes()).map_err(|error| match error {
            NotReplaced::Io(source) | NotReplaced::Suspect(source) => BackupError::Io { path, source },
        })?;
        Ok(manifest)
    }

    /// Copies a database as of one moment.
    fn snapshot(
        &self,
        directory: &Directory,
        part: Part,
    ) -> Result<(i64, crate::heads::Instance, Vec<Head>), BackupError> {
        let source = schema::open_to_read(directory, part)?;
        let copy = self.path.join(part.file_name());
        // Made first, so that nobody else can ever read it.
        private_file(&copy, true).map_err(BackupError::io(&copy))?;
        let into = copy.to_str().ok_or_else(|| BackupError::damaged(&copy, "its name is no text"))?;
        source.execute("VACUUM INTO ?1", [into]).map_err(BackupError::sqlite(&copy))?;
        drop(source);
        fs::File::open(&copy).and_then(|file| file.sync_all()).map_err(BackupError::io(&copy))?;
        let copied = open_copy(&copy)?;
        let told = |error| BackupError::sqlite(&copy)(error);
        let format = copied.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(told)?;
        let instance = schema::instance(&copied, None).map_err(told)?;
        let instance = instance.ok_or_else(|| BackupError::damaged(&copy, "it names no instance"))?;
        Ok((format, instance, heads_in(&copied, part).map_err(told)?))
    }

    fn put_in_place(&self, backup: &Path) -> Result<(), BackupError> {
        copying::sync_folder(&self.path)?;
        fs::rename(&self.path, backup).map_err(BackupError::io(backup))?;
        copying::sync_folder(copying::folder_of(backup))
    }
}

/// Opens a database that nobody writes any more, and leaves nothing beside it.
pub(crate) fn open_copy(path: &Path) -> Result<Connection, BackupError> {
    use rusqlite::OpenFlags;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(char::from(*byte));
            }
            byte => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    Connection::open_with_flags(uri, flags).map_err(BackupError::sqlite(path))
}

/// Where every chain ended that has entries, by the snapshot itself.
fn heads_in(copy: &Connection, part: Part) -> rusqlite::Result<Vec<Head>> {
    match part {
        Part::Ledger => {
            let heads = partitions().map(|partition| head_row(copy, partition));
            heads.filter(|head| !matches!(head, Ok(head) if head.no() == 0)).collect()
        }
        Part::Keys | Part::MasterKey | Part::Heads | Part::Tombstones => Ok(Vec::new()),
    }
}

/// A file by path and hash.
pub(crate) fn file_of(path: String, content: &Path) -> Result<BackedUpFile, BackupError> {
    let told = |error| BackupError::io(content)(error);
    let file = fs::File::open(content).map_err(told)?;
    let bytes = file.metadata().map_err(told)?.len();
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(told)?;
    Ok(BackedUpFile { path, bytes, blake3: hasher.finalize().to_hex().as_str().into() })
}
