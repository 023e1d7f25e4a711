//! The disk as a library that is loaded before all others.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::CallKind;

/// The library, built.
pub struct Disk {
    room: TempDir,
}

/// One call that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which call on the directory, counted from 1.
    pub at: usize,
    /// How.
    pub kind: FaultKind,
    /// So do all calls after it.
    pub goes_on: bool,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// There is no room.
    NoRoom,
    /// The device fails.
    Device,
    /// Half of a write is done, and the caller is told how much.
    Short,
    /// Half of a write is done, and the caller is told that it failed.
    Torn,
    /// A signal came in between.
    Interrupted,
}

impl FaultKind {
    /// Every way in which a call of this kind can fail.
    #[must_use]
    pub const fn of(call: CallKind) -> &'static [Self] {
        match call {
            CallKind::Write => &[Self::NoRoom, Self::Device, Self::Short, Self::Torn, Self::Interrupted],
            CallKind::Sync | CallKind::Unlink => &[Self::Device],
            CallKind::Rename | CallKind::Cut | CallKind::Create | CallKind::Folder => {
                &[Self::NoRoom, Self::Device]
            }
        }
    }

    /// Its name, as the library knows it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoRoom => "enospc",
            Self::Device => "eio",
            Self::Short => "short",
            Self::Torn => "torn",
            Self::Interrupted => "eintr",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, kind, goes_on } = self;
        write!(f, "{} at call {at}{}", kind.word(), if *goes_on { " and after" } else { "" })
    }
}

impl Disk {
    /// Builds the library with the compiler that builds SQLite.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn build() -> Self {
        let disk = Self { room: tempfile::tempdir().expect("a directory can be made") };
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/disk/disk.c");
        let words = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"].map(OsStr::new);
        let status = Command::new("cc")
            .args(words)
            .args([disk.library().as_os_str(), OsStr::new(source)])
            .status()
            .expect("SQLite is built with the same compiler");
        assert!(status.success(), "the disk can be built");
        disk
    }

    /// A program whose calls on `dir` go through the disk; what happens is written to `journal`.
    #[must_use]
    pub fn under(&self, program: &Path, dir: &Path, journal: &Path, fault: Option<Fault>) -> Command {
        let mut command = Command::new(program);
        command
            .env("LD_PRELOAD", self.library())
            .env("DISK_DIR", dir)
            .env("DISK_JOURNAL", journal)
            .env_remove("DISK_FAULT_AT");
        if let Some(Fault { at, kind, goes_on }) = fault {
            let at = format!("{at}{}", if goes_on { "+" } else { "" });
            command.env("DISK_FAULT", kind.word()).env("DISK_FAULT_AT", at);
        }
        command
    }

    fn library(&self) -> PathBuf {
        self.room.path().join("disk.so")
    }
}
