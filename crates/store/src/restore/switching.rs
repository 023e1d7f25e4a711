//! The last step of a restore: what was staged comes into its place, and a crash anywhere is made good
//! by the next start.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use model::Timestamp;

use crate::OpenError;
use crate::beside;
use crate::directory::{DIRECTORY_MODE, Directory};

/// What was staged and is decided, but perhaps not in its place yet.
pub(crate) const READY: &str = "restore.ready";
/// Says, in the folder that is ready, where what was there goes.
const ASIDE: &str = "aside";

/// Puts a stage in the place of what is there; gives the folder that holds that now, if there was anything.
pub(super) fn switch(
    directory: &Directory,
    stage: &Path,
    now: Timestamp,
) -> Result<Option<PathBuf>, OpenError> {
    let name = format!("before-restore-{}", now.unix_ms() / 1_000);
    let note = stage.join(ASIDE);
    crate::replace_file(&note, name.as_bytes())
        .map_err(|error| OpenError::Io { path: note.clone(), source: io::Error::other(error.to_string()) })?;
    let ready = directory.path().join(READY);
    fs::rename(stage, &ready).map_err(OpenError::io(&ready))?;
    directory.sync()?;
    finish(directory)?;
    let aside = directory.path().join(name);
    Ok(aside.exists().then_some(aside))
}

/// Finishes a restore that was decided, of which there may be none.
pub(crate) fn finish(directory: &Directory) -> Result<(), OpenError> {
    let ready = directory.path().join(READY);
    if !ready.exists() {
        return Ok(());
    }
    let name = fs::read_to_string(ready.join(ASIDE)).map_err(OpenError::io(&ready))?;
    let aside = directory.path().join(Path::new(&name).file_name().unwrap_or_default());
    put_in_place(directory, &ready, &aside).map_err(OpenError::io(&ready))?;
    directory.sync()
}

fn put_in_place(directory: &Directory, ready: &Path, aside: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(aside)?;
    for name in beside::replaced() {
        // What lies there was staged until its name is gone from the folder that is ready.
        if !ready.join(name).exists() {
            continue;
        }
        for name in with_its_logs(name) {
            move_if_there(&directory.path().join(&name), &aside.join(&name))?;
        }
        fs::File::open(aside)?.sync_all()?;
        move_if_there(&ready.join(name), &directory.path().join(name))?;
        fs::File::open(directory.path())?.sync_all()?;
    }
    // Empty unless there was anything to move.
    let _ = fs::remove_dir(aside);
    fs::remove_dir_all(ready)
}

fn with_its_logs(name: &str) -> Vec<String> {
    let logs: &[&str] = if name == "ledger.db" { &["-wal", "-shm", ""] } else { &[""] };
    logs.iter().map(|log| format!("{name}{log}")).collect()
}

fn move_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
