//! What a disk would have kept when the power fails.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::journal::{Done, Record};

/// The files of a directory: what is durable, and what was written since.
#[derive(Clone, Debug, Default)]
pub struct Platter {
    files: Vec<File>,
    /// The file that an inode is now; a number is used again when its file is gone.
    by_inode: HashMap<u64, usize>,
    names: BTreeMap<Box<str>, Entry>,
    durable_names: BTreeMap<Box<str>, Entry>,
    /// By folder, in order.
    pending_names: BTreeMap<Box<str>, Vec<NameChange>>,
}

/// What becomes of everything that was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All of it happens to be on the disk.
    Nothing,
    /// All of it is gone, new names too.
    Everything,
    /// Of every file the first writes are there, and a part of the next.
    Torn,
    /// Of every file some writes are there and others not, in no order.
    Scattered,
    /// Files are as long as they were, with zeros where they grew.
    Grown,
}

impl Loss {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Nothing, Self::Everything, Self::Torn, Self::Scattered, Self::Grown];
}

#[derive(Clone, Debug, Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Box<[u8]> },
    Cut { len: usize },
}

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    File(usize),
    Folder,
}

#[derive(Clone, Debug)]
enum NameChange {
    Put(Box<str>, Entry),
    Move(Box<str>, Box<str>),
    Remove(Box<str>),
}

impl Platter {
    /// What the disk knows after these calls.
    #[must_use]
    pub fn after(records: &[Record]) -> Self {
        let mut platter = Self::default();
        records.iter().for_each(|record| platter.take(record));
        platter
    }

    /// What it knows after one more.
    pub fn take(&mut self, record: &Record) {
        let name = record.name.clone();
        match &record.done {
            Done::Create => {
                self.files.push(File::default());
                self.by_inode.insert(record.inode, self.files.len() - 1);
                self.rename(NameChange::Put(name, Entry::File(self.files.len() - 1)));
            }
            Done::Folder => self.rename(NameChange::Put(name, Entry::Folder)),
            Done::Rename { to } => {
                if self.names.get(&name) == Some(&Entry::Folder) {
                    self.carry(&name, to);
                }
                self.rename(NameChange::Move(name, to.clone()));
            }
            Done::Link { to } => {
                if let Some(entry) = self.names.get(&name) {
                    self.rename(NameChange::Put(to.clone(), *entry));
                }
            }
            Done::Unlink => self.rename(NameChange::Remove(name)),
            Done::Write { at, bytes } => {
                self.change(record.inode, Change::Write { at: *at as usize, bytes: bytes.clone() });
            }
            Done::Cut { len } => self.change(record.inode, Change::Cut { len: *len as usize }),
            Done::Sync => match self.by_inode.get(&record.inode) {
                Some(&file) => self.files[file].sync(),
                None => self.sync_names(&name),
            },
            // The kernel takes what it could not write for written.
            Done::SyncFailed => {
                if let Some(&file) = self.by_inode.get(&record.inode) {
                    self.files[file].pending.clear();
                }
            }
            Done::Nothing | Done::Struck | Done::Said(_) => {}
        }
    }

    /// Lays a directory as the next start finds it; the seed decides what chance decides.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn leave(&self, loss: Loss, seed: u64, dir: &Path) -> io::Result<()> {
        let mut chance = Chance(seed);
        for (name, entry) in self.names_left(loss, &mut chance) {
            let path = dir.join(&*name);
            match entry {
                Entry::Folder => fs::create_dir_all(&path)?,
                // Shared memory, which is made again.
                Entry::File(_) if name.ends_with("-shm") => {}
                // What lies here stands for the directory itself, and not for a copy of it.
                Entry::File(_) if name.ends_with("/lock") => {}
                // Its folder is not there.
                Entry::File(_) if !path.parent().is_some_and(Path::exists) => {}
                Entry::File(file) => {
                    fs::write(&path, self.files[file].left(loss, &mut chance))?;
                    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
                }
            }
        }
        Ok(())
    }

    fn names_left(&self, loss: Loss, chance: &mut Chance) -> BTreeMap<Box<str>, Entry> {
        let mut names = self.durable_names.clone();
        for changes in self.pending_names.values() {
            let n = match loss {
                Loss::Nothing => changes.len(),
                Loss::Everything => 0,
                Loss::Torn | Loss::Scattered | Loss::Grown => chance.below(changes.len() + 1),
            };
            changes[..n].iter().for_each(|change| change.apply(&mut names));
        }
        names
    }

    fn change(&mut self, inode: u64, change: Change) {
        if let Some(&file) = self.by_inode.get(&inode) {
            self.files[file].pending.push(change);
        }
    }

    fn rename(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        let folder = change.name().rsplit_once('/').map_or("", |(folder, _)| folder);
        self.pending_names.entry(folder.into()).or_default().push(change);
    }

    /// What is not durable in a folder that gets another name goes with it.
    fn carry(&mut self, from: &str, to: &str) {
        let folders: Vec<Box<str>> =
            self.pending_names.keys().filter(|folder| within(folder, from).is_some()).cloned().collect();
        for folder in folders {
            let mut changes = self.pending_names.remove(&folder).unwrap_or_default();
            changes.iter_mut().for_each(|change| change.carry(from, to));
            self.pending_names.insert(carried(&folder, from, to), changes);
        }
    }

    fn sync_names(&mut self, folder: &str) {
        for change in self.pending_names.remove(folder).unwrap_or_default() {
            change.apply(&mut self.durable_names);
        }
    }
}

impl File {
    fn sync(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            change.apply(&mut self.durable);
        }
    }

    fn left(&self, loss: Loss, chance: &mut Chance) -> Vec<u8> {
        let mut left = self.durable.clone();
        match loss {
            Loss::Nothing => self.pending.iter().for_each(|change| change.apply(&mut left)),
            Loss::Everything => {}
            Loss::Torn => {
                let n = chance.below(self.pending.len() + 1);
                self.pending[..n].iter().for_each(|change| change.apply(&mut left));
                if let Some(Change::Write { at, bytes }) = self.pending.get(n) {
                    let part = bytes[..chance.below(bytes.len() + 1)].into();
                    Change::Write { at: *at, bytes: part }.apply(&mut left);
                }
            }
            Loss::Scattered => {
                for change in &self.pending {
                    if chance.below(2) == 0 {
                        change.apply(&mut left);
                    }
                }
            }
            Loss::Grown => {
                let mut whole = left.clone();
                self.pending.iter().for_each(|change| change.apply(&mut whole));
                left.resize(whole.len(), 0);
            }
        }
        left
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Cut { len } => content.resize(*len, 0),
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*at..end].copy_from_slice(bytes);
            }
        }
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<Box<str>, Entry>) {
        match self {
            Self::Put(name, entry) => {
                names.insert(name.clone(), *entry);
            }
            Self::Move(from, to) => {
                let moved: Vec<Box<str>> =
                    names.keys().filter(|name| within(name, from).is_some()).cloned().collect();
                for name in moved {
                    if let Some(entry) = names.remove(&name) {
                        names.insert(carried(&name, from, to), entry);
                    }
                }
            }
            Self::Remove(name) => {
                names.remove(name);
            }
        }
    }

    fn carry(&mut self, from: &str, to: &str) {
        match self {
            Self::Put(name, _) | Self::Remove(name) => *name = carried(name, from, to),
            Self::Move(before, after) => {
                *before = carried(before, from, to);
                *after = carried(after, from, to);
            }
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Put(name, _) | Self::Remove(name) => name,
            Self::Move(_, to) => to,
        }
    }
}

/// What follows a folder's name in the name of something in it; empty for itself.
fn within<'a>(name: &'a str, folder: &str) -> Option<&'a str> {
    name.strip_prefix(folder).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn carried(name: &str, from: &str, to: &str) -> Box<str> {
    within(name, from).map_or_else(|| name.into(), |rest| format!("{to}{rest}").into())
}

/// Numbers from a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % n.max(1) as u64) as usize
    }
}
