//! One run of the script over the disk.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::check::Told;
use crate::{Disk, Fault, Journal};

/// A run that has ended, and what it left.
pub struct Run {
    room: TempDir,
    /// What it did to its files.
    pub journal: Journal,
    /// What it said of itself.
    pub told: Told,
    /// What it said of itself, word for word, and how it ended.
    pub said: String,
    /// What it wrote on its standard error, where a panic is told.
    pub complaints: String,
}

impl Run {
    /// Plays the script, with one call that fails.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[must_use]
    pub fn play(disk: &Disk, program: &Path, fault: Option<Fault>) -> Self {
        let room = room();
        let journal = room.path().join("journal");
        let all = room.path().join("disk");
        fs::create_dir(&all).expect("a directory can be made");
        let mut command = disk.under(program, &all, &journal, fault);
        let output = command.arg(data_of(&all)).output().expect("the script can be played");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let journal = Journal::read(&journal).expect("the disk keeps a journal");
        let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = Told::read(&said);
        Self { room, journal, told, said: format!("{said}{}", output.status), complaints }
    }

    /// The data directory.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        data_of(&self.room.path().join("disk"))
    }
}

/// Where the data directory lies on a disk.
#[must_use]
pub fn data_of(disk: &Path) -> PathBuf {
    disk.join("data")
}

/// A directory that is gone when it is dropped, in memory where there is such a thing: the tests wait for
/// syncs otherwise that prove nothing.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn room() -> TempDir {
    let in_memory = tempfile::tempdir_in("/dev/shm");
    in_memory.or_else(|_| tempfile::tempdir()).expect("a directory can be made")
}

/// Copies a directory with what is in it, but for its lock: the copy stands for the directory itself.
///
/// # Panics
/// When it cannot be copied.
pub fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory can be made");
    for entry in fs::read_dir(from).expect("it can be read").flatten() {
        if entry.file_name() == "lock" {
            continue;
        }
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a file can be copied");
        }
    }
}
