//! Files that lie beside the ledger: copied while others may replace them.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{BackupError, file_of};
use crate::directory::{DIRECTORY_MODE, private_file};
use crate::manifest::{BackedUpFile, MANIFEST};

/// How often a folder that changes while it is copied is copied anew.
const N_TRIES_MAX: usize = 10;

/// Copies a file, or a folder as of one moment; nothing where there is nothing.
///
/// Files are replaced whole and never written in place, so one that is read is one that was meant.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    for _ in 0..N_TRIES_MAX {
        let before = look(from).map_err(BackupError::io(from))?;
        match copy_all(from, to, &before) {
            Ok(()) => {}
            // It was replaced while it was read: the next try finds what is there now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(BackupError::io(from)(error)),
        }
        if look(from).map_err(BackupError::io(from))? == before {
            return Ok(());
        }
        clear(to).map_err(BackupError::io(to))?;
    }
    let source = io::Error::other("it changes faster than it can be copied");
    Err(BackupError::Io { path: from.to_path_buf(), source })
}

/// A file as a look from outside tells it from another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    path: PathBuf,
    is_folder: bool,
    len: u64,
    modified: Option<SystemTime>,
}

/// Everything at and below a path, in order; what is being written is left out.
fn look(path: &Path) -> io::Result<Vec<Seen>> {
    let mut seen = Vec::new();
    let mut waiting = vec![path.to_path_buf()];
    while let Some(path) = waiting.pop() {
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if metadata.is_dir() {
            for entry in fs::read_dir(&path)? {
                waiting.push(entry?.path());
            }
        } else if !metadata.is_file() || path.extension().is_some_and(|ending| ending == "new") {
            continue;
        }
        let (is_folder, len) = (metadata.is_dir(), if metadata.is_dir() { 0 } else { metadata.len() });
        // What comes and goes in a folder beside its files is nothing to us.
        let modified = metadata.modified().ok().filter(|_| !is_folder);
        seen.push(Seen { path, is_folder, len, modified });
    }
    seen.sort();
    Ok(seen)
}

fn copy_all(from: &Path, to: &Path, seen: &[Seen]) -> io::Result<()> {
    for Seen { path, is_folder, .. } in seen {
        let below = path.strip_prefix(from).unwrap_or(Path::new(""));
        let to = if below.as_os_str().is_empty() { to.to_path_buf() } else { to.join(below) };
        if *is_folder {
            DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(&to)?;
        } else {
            copy_file(path, &to)?;
        }
    }
    Ok(())
}

/// Copies one file, which only its owner can read; durable on return.
pub(crate) fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut copy = private_file(to, true)?;
    copy.set_len(0)?;
    io::copy(&mut source, &mut copy)?;
    copy.sync_all()
}

fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Every file of a backup but its manifest, by path, with its hash.
pub(super) fn list(backup: &Path) -> Result<Vec<BackedUpFile>, BackupError> {
    let mut files = Vec::new();
    for Seen { path, is_folder, .. } in look(backup).map_err(BackupError::io(backup))? {
        let below = path.strip_prefix(backup).unwrap_or(&path);
        if is_folder || below == Path::new(MANIFEST) {
            continue;
        }
        let name = below.to_str().ok_or_else(|| BackupError::damaged(&path, "its name is no text"))?;
        files.push(file_of(name.to_owned(), &path)?);
    }
    Ok(files)
}

/// Makes the names in a folder and in those below it durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    let told = |error| BackupError::io(folder)(error);
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.is_dir() && !path.is_symlink() {
            sync_folder(&path)?;
        }
    }
    sync_names(folder)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_names(folder: &Path) -> Result<(), BackupError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(BackupError::io(folder))
}

/// The folder in which a file lies.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
