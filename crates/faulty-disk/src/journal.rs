//! What a program did to its files, in order.

use std::io;
use std::path::Path;

/// Everything that was recorded.
#[derive(Clone, Debug, Default)]
pub struct Journal(Vec<Record>);

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Record {
    /// How many calls on the directory there had been by then, itself included.
    pub n_calls: usize,
    /// On which file; names are as they were when it was called.
    pub inode: u64,
    /// The file's path within the directory; empty for the directory itself.
    pub name: Box<str>,
    /// What.
    pub done: Done,
}

/// What happened to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was made, empty.
    Create,
    /// Bytes were written; none when the call failed.
    Write {
        /// Where.
        at: u64,
        /// What.
        bytes: Box<[u8]>,
    },
    /// It was cut or grown to a length.
    Cut {
        /// In bytes.
        len: u64,
    },
    /// It, or the names in it, became durable.
    Sync,
    /// A sync failed: what was not durable may never be.
    SyncFailed,
    /// It has another name now.
    Rename {
        /// The new one.
        to: Box<str>,
    },
    /// It has one more name now.
    Link {
        /// The new one.
        to: Box<str>,
    },
    /// A name is gone.
    Unlink,
    /// A folder was made.
    Folder,
    /// A call on names or a length failed, and nothing happened.
    Nothing,
    /// The next record is a call that the disk let fail.
    Struck,
    /// The program said something.
    Said(Box<str>),
}

/// A call that the disk can let fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which, counted from 1.
    pub no: usize,
    /// What kind.
    pub kind: CallKind,
    /// On which file.
    pub name: Box<str>,
}

/// Kinds of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallKind {
    /// `write`, `pwrite`, `writev`.
    Write,
    /// `fsync`, `fdatasync`, of files and folders.
    Sync,
    /// `rename`, `link`.
    Rename,
    /// `ftruncate`, and opening with that.
    Cut,
    /// `open` of a file that is not there.
    Create,
    /// `unlink`, `rmdir`.
    Unlink,
    /// `mkdir`.
    Folder,
}

impl Journal {
    /// Reads what the library wrote.
    ///
    /// # Errors
    /// When there is none, or it ends in the middle of a record.
    pub fn read(path: &Path) -> io::Result<Self> {
        let bytes = std::fs::read(path)?;
        let mut rest = bytes.as_slice();
        let mut records = Vec::new();
        while !rest.is_empty() {
            let record = take(&mut rest).ok_or_else(|| io::Error::other("the journal is cut off"))?;
            records.push(record);
        }
        Ok(Self(records))
    }

    /// All of it.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.0
    }

    /// Every call that can fail, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        let call = |record: &Record| {
            let kind = match record.done {
                Done::Create => CallKind::Create,
                Done::Write { .. } => CallKind::Write,
                Done::Cut { .. } => CallKind::Cut,
                Done::Sync | Done::SyncFailed => CallKind::Sync,
                Done::Rename { .. } | Done::Link { .. } => CallKind::Rename,
                Done::Unlink => CallKind::Unlink,
                Done::Folder => CallKind::Folder,
                Done::Nothing | Done::Struck | Done::Said(_) => return None,
            };
            Some(Call { no: record.n_calls, kind, name: record.name.clone() })
        };
        self.0.iter().filter_map(call).collect()
    }

    /// What the program said, in order.
    #[must_use]
    pub fn said(&self) -> String {
        self.0.iter().filter_map(|record| record.done.said()).collect()
    }

    /// Whether a call was let fail.
    #[must_use]
    pub fn is_struck(&self) -> bool {
        self.0.iter().any(|record| record.done == Done::Struck)
    }
}

impl Done {
    /// What the program said, if that is what happened.
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Said(text) => Some(text),
            Self::Create
            | Self::Write { .. }
            | Self::Cut { .. }
            | Self::Sync
            | Self::SyncFailed
            | Self::Rename { .. }
            | Self::Link { .. }
            | Self::Unlink
            | Self::Folder
            | Self::Nothing
            | Self::Struck => None,
        }
    }
}

fn take(rest: &mut &[u8]) -> Option<Record> {
    let what = take_bytes(rest, 1)?[0];
    let [n_calls, inode, at] = [take_u64(rest)?, take_u64(rest)?, take_u64(rest)?];
    let (name_len, len) = (take_u32(rest)?, take_u32(rest)?);
    let name = String::from_utf8(take_bytes(rest, name_len)?.to_vec()).ok()?.into();
    let bytes = take_bytes(rest, len)?;
    let text = || Some(String::from_utf8_lossy(bytes).into_owned().into_boxed_str());
    let done = match what {
        b'C' => Done::Create,
        b'W' => Done::Write { at, bytes: bytes.into() },
        b'T' => Done::Cut { len: at },
        b'S' => Done::Sync,
        b'L' => Done::SyncFailed,
        b'R' => Done::Rename { to: text()? },
        b'H' => Done::Link { to: text()? },
        b'U' => Done::Unlink,
        b'D' => Done::Folder,
        b'n' => Done::Nothing,
        b'!' => Done::Struck,
        b'M' => Done::Said(text()?),
        _ => return None,
    };
    Some(Record { n_calls: usize::try_from(n_calls).ok()?, inode, name, done })
}

fn take_bytes<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(n)?;
    *rest = left;
    Some(taken)
}

fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(take_bytes(rest, 8)?.try_into().ok()?))
}

fn take_u32(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(take_bytes(rest, 4)?.try_into().ok()?)).ok()
}
