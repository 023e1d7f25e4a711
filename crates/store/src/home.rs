//! Where a data directory is at home: a copy of it is not, and does not start beside it (O04).
//!
//! The lock file tells its own inode. A copy of the file has another one as long as both are on one file
//! system, and nearly always elsewhere; a directory that is renamed keeps it. A disk that is cloned as a whole,
//! a snapshot or the image of a machine keeps it too: that is not seen from here.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

/// The length of what it tells: a number, and words by which a torn one is known.
const LEN: usize = 32;

/// Whether the lock file of a directory came there by copying.
pub(crate) fn is_copy(lock: &File) -> io::Result<bool> {
    let home = told(lock)?;
    let is = lock.metadata()?.ino();
    Ok(home.is_some_and(|home| home != is))
}

/// The same of a directory that somebody else may hold.
pub(crate) fn is_copied(dir: &Path) -> bool {
    File::open(dir.join("lock")).and_then(|lock| is_copy(&lock)).unwrap_or(false)
}

/// Makes a directory at home that is not yet.
pub(crate) fn settle(lock: &File) -> io::Result<()> {
    let text = text_of(lock.metadata()?.ino());
    // Not synced: what a power loss leaves of it is this or tells nothing.
    if told(lock)?.is_none() { lock.write_all_at(text.as_bytes(), 0) } else { Ok(()) }
}

fn told(lock: &File) -> io::Result<Option<u64>> {
    let mut bytes = [0; LEN];
    if lock.metadata()?.len() != LEN as u64 {
        return Ok(None);
    }
    lock.read_exact_at(&mut bytes, 0)?;
    let home = str::from_utf8(&bytes).ok().and_then(|text| text.get(6..26)?.parse().ok());
    Ok(home.filter(|home| text_of(*home).as_bytes() == bytes))
}

fn text_of(inode: u64) -> String {
    format!("inode {inode:020}, its\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_torn_tells_nothing() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(told(&file).unwrap(), None);
        settle(&file).unwrap();
        assert_eq!(told(&file).unwrap(), Some(file.metadata().unwrap().ino()));
        assert!(!is_copy(&file).unwrap());
        for torn in [0, 1, 12, 31] {
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(&text_of(77).as_bytes()[..torn], 0).unwrap();
            assert_eq!(told(&file).unwrap(), None, "cut off");
            file.set_len(LEN as u64).unwrap();
            assert_eq!(told(&file).unwrap(), None, "and grown with zeros");
        }
        let other = tempfile::tempfile().unwrap();
        other.write_all_at(text_of(1).as_bytes(), 0).unwrap();
        assert!(is_copy(&other).unwrap());
    }
}
