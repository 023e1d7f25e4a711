//! The data directory: whose it is, what lies in it, the master key.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::{Chance, OpenError, home};

/// A file of the data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Entries, state rows, heads.
    Ledger,
    /// The customers' keys.
    Keys,
    /// The key of the keys.
    MasterKey,
    /// Where each chain ended; the sign that there were data.
    Heads,
    /// Who was erased.
    Tombstones,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Ledger, Self::Keys, Self::MasterKey, Self::Heads, Self::Tombstones];

    /// The name of its file.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger.db",
            Self::Keys => "keys.db",
            Self::MasterKey => "master.key",
            Self::Heads => "heads",
            Self::Tombstones => "tombstones",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file_name())
    }
}

/// Mode of every file in the directory.
const FILE_MODE: u32 = 0o600;
/// Mode of the directory.
pub(crate) const DIRECTORY_MODE: u32 = 0o700;
/// Bytes of the master key.
const KEY_LEN: usize = 32;

/// A data directory.
pub(crate) struct Directory {
    path: PathBuf,
    /// Where the ledger and its heads lie, when they are staged and not in their place.
    staged: Option<PathBuf>,
    /// The master key's file, where it is not the directory's own.
    named_key: Option<PathBuf>,
    /// The lock lasts as long as this file is open; who only reads has none.
    lock: Option<File>,
}

impl Directory {
    /// Locks the directory, after making it when it is absent and `create` says so.
    pub(crate) fn claim(path: &Path, create: bool) -> Result<Self, OpenError> {
        if create {
            make_folder(path).map_err(OpenError::io(path))?;
        } else if !path.join(Part::Heads.file_name()).exists()
            && !path.join(Part::Ledger.file_name()).exists()
        {
            return Err(OpenError::NoData { dir: path.into() });
        }
        Self::lock(path)
    }

    /// Locks a folder that is there, whatever lies in it.
    pub(crate) fn claim_whatever(path: &Path) -> Result<Self, OpenError> {
        if !path.is_dir() {
            return Err(OpenError::NoData { dir: path.into() });
        }
        Self::lock(path)
    }

    fn lock(path: &Path) -> Result<Self, OpenError> {
        let lock_path = path.join("lock");
        let lock = private_file(&lock_path, true).map_err(OpenError::io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {
                let io = OpenError::io(&lock_path);
                match home::is_copy(&lock).and_then(|is_copy| home::settle(&lock).map(|()| is_copy)) {
                    Ok(true) => Err(OpenError::Copy { dir: path.into() }),
                    Ok(false) => {
                        Ok(Self { path: path.into(), staged: None, named_key: None, lock: Some(lock) })
                    }
                    Err(error) => Err(io(error)),
                }
            }
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked { dir: path.into() }),
            Err(TryLockError::Error(source)) => Err(OpenError::Io { path: lock_path, source }),
        }
    }

    /// The directory that somebody else may hold.
    pub(crate) fn beside(path: &Path) -> Result<Self, OpenError> {
        if !path.join(Part::Heads.file_name()).exists() {
            return Err(OpenError::NoData { dir: path.into() });
        }
        Ok(Self { path: path.into(), staged: None, named_key: None, lock: None })
    }

    /// The same directory with the ledger and heads of a folder in it; this process holds the lock.
    pub(crate) fn with_staged(&self, stage: PathBuf) -> Self {
        Self { path: self.path.clone(), staged: Some(stage), named_key: self.named_key.clone(), lock: None }
    }

    /// The same directory, whose master key is in a file of somebody's naming.
    pub(crate) fn with_master_key(self, named: Option<&Path>) -> Result<Self, OpenError> {
        let Some(named) = named else { return Ok(self) };
        let whole = match fs::canonicalize(named) {
            Ok(whole) => whole,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(OpenError::NoKeyFile { path: named.into() });
            }
            Err(source) => return Err(OpenError::Io { path: named.into(), source }),
        };
        let inside = fs::canonicalize(&self.path).map_err(OpenError::io(&self.path))?;
        if whole.starts_with(inside) {
            return Err(OpenError::KeyInside { path: named.into() });
        }
        Ok(Self { named_key: Some(named.into()), ..self })
    }

    /// Whether the directory is still there and still ours: its name may lead to nothing, or to the lock of
    /// somebody else who began anew.
    pub(crate) fn is_held(&self) -> bool {
        let Some(lock) = &self.lock else { return true };
        let there = fs::metadata(self.path.join("lock"));
        let ours = lock.metadata();
        there.is_ok_and(|there| ours.is_ok_and(|ours| (there.dev(), there.ino()) == (ours.dev(), ours.ino())))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self, part: Part) -> PathBuf {
        let folder = match part {
            Part::Ledger | Part::Heads => self.staged.as_ref().unwrap_or(&self.path),
            Part::Keys | Part::Tombstones => &self.path,
            Part::MasterKey => return self.named_key.clone().unwrap_or(self.path.join(part.file_name())),
        };
        folder.join(part.file_name())
    }

    /// Whether a part exists and holds anything.
    pub(crate) fn has(&self, part: Part) -> Result<bool, OpenError> {
        if part == Part::MasterKey && self.named_key.is_some() {
            // It was there when it was named; what it holds is looked at when it is read.
            return Ok(true);
        }
        let path = self.file(part);
        match fs::metadata(&path) {
            Ok(metadata) => Ok(metadata.len() != 0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(OpenError::Io { path, source }),
        }
    }

    /// An error unless a part exists and holds something.
    pub(crate) fn require(&self, part: Part) -> Result<(), OpenError> {
        if self.has(part)? { Ok(()) } else { Err(self.missing(part)) }
    }

    pub(crate) fn wrong_key(&self) -> OpenError {
        OpenError::WrongKey { dir: self.path.clone(), key: self.file(Part::MasterKey) }
    }

    pub(crate) fn missing(&self, part: Part) -> OpenError {
        OpenError::Missing { dir: self.path.clone(), part }
    }

    /// What a failure of SQLite means for opening a part.
    pub(crate) fn sqlite(&self, part: Part) -> impl FnOnce(rusqlite::Error) -> OpenError {
        let path = self.file(part);
        move |source| OpenError::Sqlite { path, source }
    }

    /// Makes an empty file that only its owner can read, where there is none.
    pub(crate) fn touch(&self, part: Part) -> Result<(), OpenError> {
        let path = self.file(part);
        private_file(&path, true).map(drop).map_err(OpenError::io(&path))
    }

    /// Makes new files survive a power loss.
    pub(crate) fn sync(&self) -> Result<(), OpenError> {
        let folders = [Some(&self.path), self.staged.as_ref()];
        folders.into_iter().flatten().try_for_each(|folder| {
            File::open(folder).and_then(|dir| dir.sync_all()).map_err(OpenError::io(folder))
        })
    }

    /// The master key, made of random bytes where there is none.
    ///
    /// The caller knows that there are no data without it.
    pub(crate) fn master_key(&self, chance: &mut Chance) -> Result<Zeroizing<[u8; KEY_LEN]>, OpenError> {
        let path = self.file(Part::MasterKey);
        if !self.has(Part::MasterKey)? {
            self.make_master_key(&path, chance).map_err(OpenError::io(&path))?;
            self.sync()?;
        }
        self.stored_master_key()
    }

    /// The master key that is there.
    pub(crate) fn stored_master_key(&self) -> Result<Zeroizing<[u8; KEY_LEN]>, OpenError> {
        let path = self.file(Part::MasterKey);
        let file = File::open(&path).map_err(OpenError::io(&path))?;
        let metadata = file.metadata().map_err(OpenError::io(&path))?;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(OpenError::LooseMode { path, mode });
        }
        let owner = fs::metadata(&self.path).map_err(OpenError::io(&self.path))?.uid();
        if metadata.uid() != owner {
            return Err(OpenError::OtherOwner { path });
        }
        let mut text = Zeroizing::new(String::with_capacity(4 * KEY_LEN));
        let read = file.take(4 * KEY_LEN as u64).read_to_string(&mut text);
        match read {
            Ok(_) => from_hex(text.strip_suffix('\n').unwrap_or(&text)).ok_or(OpenError::NoKey { path }),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(OpenError::NoKey { path }),
            Err(source) => Err(OpenError::Io { path, source }),
        }
    }

    fn make_master_key(&self, path: &Path, chance: &mut Chance) -> io::Result<()> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        chance(&mut *key);
        let mut text = Zeroizing::new(String::with_capacity(2 * KEY_LEN + 1));
        for byte in *key {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or_default());
            }
        }
        text.push('\n');
        // A file that a crash left empty is replaced; one that holds a key never is.
        let half = self.path.join("master.key.new");
        let mut file = private_file(&half, true)?;
        file.set_len(0)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&half, path)
    }
}

fn from_hex(text: &str) -> Option<Zeroizing<[u8; KEY_LEN]>> {
    if text.len() != 2 * KEY_LEN || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = Zeroizing::new([0; KEY_LEN]);
    for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(key)
}

/// Makes a folder, and those above it, that a power loss does not take away with all that is in it.
///
/// One that is there may have been made just before a crash, so it is not taken for durable.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    let mut above: Vec<&Path> = path.ancestors().skip(1).take_while(|above| !above.exists()).collect();
    builder.recursive(true).mode(DIRECTORY_MODE).create(path)?;
    above.insert(0, path);
    for made in above {
        match sync_folder_of(made) {
            // Whoever may not read it has not made anything in it either.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            synced => synced?,
        }
    }
    Ok(())
}

/// Makes the name of a file or folder durable.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Opens a file that is made with mode 0600.
pub(crate) fn private_file(path: &Path, create: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(create).truncate(false).mode(FILE_MODE);
    options.open(path)
}
