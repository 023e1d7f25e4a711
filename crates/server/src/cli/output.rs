//! Where a command writes: standard output, or a file that appears whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::cli::report::Failure;

/// What the user's mask leaves of it.
const OF_ALL: u32 = 0o666;

/// Read and written by whoever ran the command.
const OF_OWNER: u32 = 0o600;

/// A command's output.
///
/// A file is written beside its place and moved there by [`Output::finish`]; dropped before
/// that, it leaves nothing. What is no regular file, such as `/dev/null` or a pipe, is written
/// to directly and never replaced; a link is followed.
pub struct Output {
    writer: BufWriter<Box<dyn Write>>,
    /// What was asked for, for messages.
    name: PathBuf,
    unfinished: Option<Unfinished>,
}

/// A file beside its place; removed unless it was moved there.
struct Unfinished {
    new: PathBuf,
    place: PathBuf,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // What cannot be removed is a stray .new file; after the move there is none.
        let _ = std::fs::remove_file(&self.new);
    }
}

impl Output {
    /// Opens a file, or standard output where none is named.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn open(file: Option<&Path>) -> Result<Self, Failure> {
        Self::open_as(file, OF_ALL)
    }

    /// The same for what is known of people: no other user of this machine may read the file, be it new or
    /// there already.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn open_private(file: Option<&Path>) -> Result<Self, Failure> {
        Self::open_as(file, OF_OWNER)
    }

    fn open_as(file: Option<&Path>, mode: u32) -> Result<Self, Failure> {
        let Some(file) = file else { return Ok(Self::to(io::stdout(), Path::new("standard output"), None)) };
        Self::create(file, mode).map_err(|error| Failure::io(file, error))
    }

    fn create(file: &Path, mode: u32) -> io::Result<Self> {
        let place = match std::fs::canonicalize(file) {
            Ok(place) if !place.is_file() => {
                return Ok(Self::to(File::options().write(true).open(&place)?, file, None));
            }
            Ok(place) => place,
            Err(_) => file.to_owned(),
        };
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let unfinished = Unfinished { new: place.with_file_name(name), place };
        match std::fs::remove_file(&unfinished.new) {
            // One that was left behind keeps its mode, and may be somebody's link.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let raw = File::options().write(true).create_new(true).mode(mode).open(&unfinished.new)?;
        Ok(Self::to(raw, file, Some(unfinished)))
    }

    fn to(raw: impl Write + 'static, name: &Path, unfinished: Option<Unfinished>) -> Self {
        Self { writer: BufWriter::with_capacity(1 << 20, Box::new(raw)), name: name.to_owned(), unfinished }
    }

    /// An error of writing, with what was written to.
    pub fn failure(&self, error: io::Error) -> Failure {
        Failure::io(&self.name, error)
    }

    /// Writes the rest, and puts the file in its place.
    ///
    /// # Errors
    /// When there is no room, or nobody reads any more.
    pub fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.writer.flush();
        flushed.map_err(|error| self.failure(error))?;
        match self.unfinished.take() {
            Some(file) => std::fs::rename(&file.new, &file.place).map_err(|error| self.failure(error)),
            None => Ok(()),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out.csv");
        let mut given_up = Output::open(Some(&file)).unwrap();
        given_up.write_all(b"half").unwrap();
        drop(given_up);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut output = Output::open(Some(&file)).unwrap();
        output.write_all(b"whole").unwrap();
        assert!(!file.exists());
        output.finish().unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"whole");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_known_of_people_is_read_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ada.json");
        let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        std::fs::write(&file, "open to all").unwrap();
        std::fs::write(folder.path().join("ada.json.new"), "left behind").unwrap();
        let mut output = Output::open_private(Some(&file)).unwrap();
        output.write_all(b"private").unwrap();
        output.finish().unwrap();
        assert_eq!(mode(), 0o600);
        Output::open_private(Some(&file)).unwrap().finish().unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn a_device_is_written_to_and_never_replaced() {
        use std::os::unix::fs::FileTypeExt as _;
        let mut output = Output::open(Some(Path::new("/dev/null"))).unwrap();
        output.write_all(b"gone").unwrap();
        output.finish().unwrap();
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }

    #[test]
    fn a_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let mut output = Output::open(Some(&link)).unwrap();
        output.write_all(b"new").unwrap();
        output.finish().unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
