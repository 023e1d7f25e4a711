//! Files that appear whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::directory::{private_file, sync_folder_of};

/// Why a file was not replaced.
#[derive(Debug, thiserror::Error)]
pub enum NotReplaced {
    /// It is what it was.
    #[error("{0}")]
    Io(io::Error),
    /// It could not be synced: nobody knows what a power loss would leave of it.
    #[error("{0}; nobody knows what is on the disk")]
    Suspect(io::Error),
}

/// Puts a file in the place of another, and returns once a power loss cannot undo it.
///
/// It is written beside its place with the ending `.new`, synced and renamed, and its folder is synced.
/// Only its owner can read it.
///
/// # Errors
/// When there is no room, or a sync fails.
pub fn replace_file(path: &Path, content: &[u8]) -> Result<(), NotReplaced> {
    let half = path.with_extension("new");
    let written = private_file(&half, true).and_then(|mut file| {
        file.set_len(0)?;
        file.write_all(content)?;
        file.sync_all()
    });
    if let Err(source) = written.and_then(|()| fs::rename(&half, path)) {
        let _ = fs::remove_file(&half);
        return Err(NotReplaced::Io(source));
    }
    sync_folder_of(path).map_err(NotReplaced::Suspect)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn d06_a_file_is_replaced_whole_and_what_a_crash_left_beside_it_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.json");
        fs::write(folder.path().join("list.new"), "half of something that was longer than this").unwrap();
        for content in ["one", "two"] {
            replace_file(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_replaced_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.json");
        replace_file(&path, b"one").unwrap();
        fs::create_dir(folder.path().join("list.new")).unwrap();
        assert!(matches!(replace_file(&path, b"two"), Err(NotReplaced::Io(_))));
        assert_eq!(fs::read(&path).unwrap(), b"one");
    }
}
