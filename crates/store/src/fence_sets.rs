//! Versions of the fence set on disk: each a file that never changes, and a list that says which holds.
//!
//! ```text
//! DATA/fences/000012.geojson           version 12, as it was taken up
//! DATA/fences/000013.change.geojson    version 13, as far as it differs from one that is kept whole
//! DATA/fences/versions.json            every version that is kept, and which is in force
//! ```
//!
//! Files are written beside their place, synced and renamed; a version counts once the list
//! names it. A crash at any point leaves the old list or the new one. The list may be read while
//! another process replaces it. The fences are the operator's; nothing about a person is in here.

mod error;
mod hashing;
mod list;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use model::Timestamp;

pub use self::error::FenceSetError;
use self::hashing::Hashing;
pub use self::hashing::{hash_of, hash_of_all};
use self::list::List;
pub use self::list::{Authorship, SetRecord, TakenUp};
use crate::checked_list::CheckedList;
use crate::directory::make_folder;
use crate::whole_file::{NotReplaced, replace_file};

/// Versions of the fence set of a data directory.
#[derive(Debug)]
pub struct FenceSets {
    dir: PathBuf,
    list: List,
    /// The list on the disk was held against its checksum; an older one has none.
    is_checked: bool,
    /// How many versions are kept; the one in force and the one that it was made of always are.
    n_kept_max: usize,
    /// A failed sync leaves open what a power loss would leave.
    is_suspect: bool,
    /// A server has whatever is put in force.
    is_served: bool,
}

const LIST: &str = "versions.json";

impl FenceSets {
    /// Reads the list of a data directory without changing anything.
    ///
    /// # Errors
    /// When the list cannot be read, or is gone while there are versions.
    pub fn read(data_dir: &Path) -> Result<Self, FenceSetError> {
        let dir = data_dir.join("fences");
        let path = dir.join(LIST);
        let CheckedList { said: list, is_checked } = match fs::read(&path) {
            Ok(bytes) => List::parse(&bytes).map_err(|why| FenceSetError::List { path, why })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if files_of(&dir).any(|file| number_of(&file).is_some()) {
                    return Err(FenceSetError::NoList { path });
                }
                CheckedList { said: List::default(), is_checked: true }
            }
            Err(source) => return Err(FenceSetError::Io { path, source }),
        };
        let (n_kept_max, is_suspect, is_served) = (usize::MAX, false, false);
        Ok(Self { dir, list, is_checked, n_kept_max, is_suspect, is_served })
    }

    /// The same for a process that holds the data directory and means to change it.
    ///
    /// What a crash left half written is removed.
    ///
    /// # Errors
    /// As [`FenceSets::read`], and when the folder cannot be made.
    pub fn open(data_dir: &Path, n_kept_max: usize) -> Result<Self, FenceSetError> {
        let mut sets = Self { n_kept_max, ..Self::read(data_dir)? };
        make_folder(&sets.dir).map_err(|source| FenceSetError::Io { path: sets.dir.clone(), source })?;
        let list = sets.dir.join(LIST);
        // Before there is any version, or a crash would leave one without a list: a loss, by the looks of it.
        // One without a checksum is taken over and gets one.
        if !list.exists() || !sets.is_checked {
            sets.replace(&list, &sets.list.to_bytes())?;
            sets.is_checked = true;
        }
        sets.sweep();
        Ok(sets)
    }

    /// Every version that is kept, oldest first.
    #[must_use]
    pub fn records(&self) -> &[SetRecord] {
        &self.list.sets
    }

    /// Whether the list was held against a checksum of its own; one of an older version carries none, and
    /// gets it when it is opened to be changed.
    #[must_use]
    pub const fn is_checked(&self) -> bool {
        self.is_checked
    }

    /// The version in force; `None` before there was any.
    #[must_use]
    pub fn in_force(&self) -> Option<&SetRecord> {
        self.record(self.list.in_force()?.no)
    }

    /// Which version was in force from when on, oldest first; the last one holds.
    #[must_use]
    pub fn history(&self) -> &[TakenUp] {
        &self.list.taken_up
    }

    /// A version that is kept.
    #[must_use]
    pub fn record(&self, no: u64) -> Option<&SetRecord> {
        self.list.sets.iter().find(|set| set.no == no)
    }

    /// The number that the next version will have.
    #[must_use]
    pub const fn next_no(&self) -> u64 {
        self.list.last_no + 1
    }

    /// The hash of the settings' fence file when it was last taken up.
    #[must_use]
    pub fn file_hash(&self) -> Option<&str> {
        self.list.file_hash.as_deref()
    }

    /// The version that the last server had: open visits are visits in its fences.
    #[must_use]
    pub fn served(&self) -> Option<u64> {
        self.list.served.filter(|no| self.record(*no).is_some())
    }

    /// What a version's file holds.
    ///
    /// # Errors
    /// When it is not kept, or its file does not hold what was written.
    pub fn content(&self, no: u64) -> Result<Vec<u8>, FenceSetError> {
        let mut content = Vec::new();
        let read = self.make_of(no, |file| file.read_to_end(&mut content).map(drop))?;
        read.map_err(|source| FenceSetError::Io { path: self.path_of(no), source })?;
        Ok(content)
    }

    /// The same, piece by piece, for whoever makes something of it.
    ///
    /// # Errors
    /// As [`FenceSets::content`]; what was made of another content is thrown away.
    pub fn make_of<T>(&self, no: u64, make: impl FnOnce(&mut dyn Read) -> T) -> Result<T, FenceSetError> {
        let record = self.record(no).ok_or_else(|| self.not_kept(no))?;
        let path = self.path_of(no);
        let told = |source| FenceSetError::Io { path: path.clone(), source };
        let mut file = Hashing::over(File::open(&path).map_err(told)?);
        let made = make(&mut file);
        let hash = file.finish().map_err(told)?;
        if hash == record.hash { Ok(made) } else { Err(FenceSetError::Damaged { path, no }) }
    }

    /// Notes that a server has the version in force, and will have whatever is put in force next.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn serve(&mut self) -> Result<(), FenceSetError> {
        self.is_served = true;
        if self.list.served == self.list.in_force().map(|taken_up| taken_up.no) {
            return Ok(());
        }
        self.write(self.list.clone())
    }

    /// Keeps a new version and puts it in force; answers its number once both are durable.
    ///
    /// `change_of` is the version from which the content tells the differences, when it is not
    /// whole; `file_hash` is the hash of the settings' fence file, if that is where it comes from.
    ///
    /// # Errors
    /// Nothing is changed then.
    pub fn add(
        &mut self,
        content: &[u8],
        change_of: Option<u64>,
        made: Authorship,
        file_hash: Option<&str>,
        now: Timestamp,
    ) -> Result<u64, FenceSetError> {
        let no = self.next_no();
        self.replace(&self.dir.join(name_of(no, change_of)), content)?;
        let mut list = self.list.clone();
        list.last_no = no;
        if let Some(hash) = file_hash {
            list.file_hash = Some(hash.into());
        }
        let base = list.in_force().map(|taken_up| taken_up.no);
        let by = made.by.clone();
        list.sets.push(SetRecord {
            no,
            hash: hash_of(content),
            made_at_ms: now.unix_ms(),
            base,
            change_of,
            n_bytes: content.len() as u64,
            made,
        });
        list.take_up(no, by, now);
        self.write(list)?;
        Ok(no)
    }

    /// Puts a version in force that is kept; returns once that is durable.
    ///
    /// # Errors
    /// When it is not kept; nothing is changed then.
    pub fn put_in_force(&mut self, no: u64, by: &str, now: Timestamp) -> Result<(), FenceSetError> {
        if self.record(no).is_none() {
            return Err(self.not_kept(no));
        }
        let mut list = self.list.clone();
        list.take_up(no, by.into(), now);
        self.write(list)
    }

    /// Notes that the settings' fence file holds what is in force.
    ///
    /// # Errors
    /// Nothing is changed then.
    pub fn note_file(&mut self, file_hash: &str) -> Result<(), FenceSetError> {
        let mut list = self.list.clone();
        list.file_hash = Some(file_hash.into());
        self.write(list)
    }

    /// Replaces the list; what it names no longer goes away.
    fn write(&mut self, mut list: List) -> Result<(), FenceSetError> {
        if self.is_served {
            list.served = list.in_force().map(|taken_up| taken_up.no);
        }
        list.forget_old(self.n_kept_max);
        self.replace(&self.dir.join(LIST), &list.to_bytes())?;
        self.list = list;
        self.sweep();
        Ok(())
    }

    fn replace(&mut self, path: &Path, content: &[u8]) -> Result<(), FenceSetError> {
        if self.is_suspect {
            return Err(FenceSetError::NotTrusted);
        }
        replace_file(path, content).map_err(|error| {
            let path = path.into();
            match error {
                NotReplaced::Io(source) => FenceSetError::Io { path, source },
                NotReplaced::Suspect(source) => {
                    self.is_suspect = true;
                    FenceSetError::Suspect { path, source }
                }
            }
        })
    }

    /// Removes what the list does not name; what cannot be removed is in nobody's way.
    fn sweep(&self) {
        for file in files_of(&self.dir) {
            let is_kept = match number_of(&file) {
                Some(no) => self.record(no).is_some() && file == self.path_of(no),
                None => file.extension().is_none_or(|end| end != "new"),
            };
            if !is_kept {
                let _ = fs::remove_file(file);
            }
        }
    }

    fn path_of(&self, no: u64) -> PathBuf {
        self.dir.join(name_of(no, self.record(no).and_then(|set| set.change_of)))
    }

    fn not_kept(&self, no: u64) -> FenceSetError {
        FenceSetError::NotKept { no, kept: self.list.sets.iter().map(|set| set.no).collect() }
    }
}

const WHOLE: &str = ".geojson";
const CHANGE: &str = ".change.geojson";

fn name_of(no: u64, change_of: Option<u64>) -> String {
    format!("{no:06}{}", if change_of.is_some() { CHANGE } else { WHOLE })
}

fn files_of(dir: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// The number of a version's file.
fn number_of(file: &Path) -> Option<u64> {
    let name = file.file_name()?.to_str()?;
    name.strip_suffix(CHANGE).or_else(|| name.strip_suffix(WHOLE))?.parse().ok()
}
