//! When a directory was last backed up, and where to: what doctor says of it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::checked_list::{list_of_bytes, list_to_bytes};
use crate::manifest::{BackupOf, MANIFEST};
use crate::whole_file::replace_file;

/// The file's name.
const FILE: &str = "backups.json";
/// How many are remembered: a year of nights, and no file that only grows.
const N_KEPT_MAX: usize = 400;

/// A backup that was made of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupRecord {
    /// Of what.
    pub of: BackupOf,
    /// Where to.
    pub dir: PathBuf,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
}

impl BackupRecord {
    /// Whether it is still where it was put, as far as can be seen from here.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.dir.join(MANIFEST).exists()
    }
}

/// The backups that were made of a directory, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backups {
    /// All that are remembered.
    pub made: Vec<BackupRecord>,
}

impl Backups {
    /// Reads what was noted; nothing where there is no list.
    ///
    /// # Errors
    /// Why the list cannot be trusted.
    pub fn read(data_dir: &Path) -> Result<Self, String> {
        let bytes = match fs::read(data_dir.join(FILE)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error.to_string()),
        };
        // Before it had a checksum it named no format either.
        list_of_bytes(&bytes)
            .map(|list| list.said)
            .or_else(|why| serde_json::from_slice(&bytes).map_err(|_| why))
    }

    /// The last one of a kind.
    #[must_use]
    pub fn last(&self, of: BackupOf) -> Option<&BackupRecord> {
        self.made.iter().rfind(|made| made.of == of)
    }

    pub(super) fn note(
        data_dir: &Path,
        of: BackupOf,
        dir: &Path,
        now: Timestamp,
    ) -> Result<(), crate::NotReplaced> {
        // What cannot be read is of no use to anybody, and the next doctor would say so again.
        let mut backups = Self::read(data_dir).unwrap_or_default();
        let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
        backups.made.push(BackupRecord { of, dir, at_ms: now.unix_ms() });
        let n_forgotten = backups.made.len().saturating_sub(N_KEPT_MAX);
        backups.made.drain(..n_forgotten);
        replace_file(&data_dir.join(FILE), &list_to_bytes(&backups))
    }
}
