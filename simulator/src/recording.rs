//! A recording on disk, read from its beginning as often as needed and never held whole.

use std::path::{Path, PathBuf};

use wire::trace::{self, Fixes, TraceError, TraceFix};

/// Where a recording lies and how much of it is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    path: PathBuf,
    n_fixes_max: u64,
}

impl Source {
    pub(crate) fn new(path: &Path, limit: Option<u64>) -> Self {
        Self { path: path.to_owned(), n_fixes_max: limit.unwrap_or(u64::MAX) }
    }

    /// Starts at the beginning.
    ///
    /// # Errors
    /// A sentence with the file's name.
    pub(crate) fn open(&self) -> Result<Recording, String> {
        let shown = self.path.display();
        let lines = trace::open(&self.path).map_err(|error| format!("cannot read {shown}: {error}"))?;
        Ok(Recording { lines, n_left: self.n_fixes_max })
    }
}

/// The lines of a recording in file order; lines that are no fix do not count towards the limit.
pub(crate) struct Recording {
    lines: Fixes<'static>,
    n_left: u64,
}

impl Iterator for Recording {
    type Item = Result<TraceFix, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.n_left == 0 {
            return None;
        }
        let line = self.lines.next()?;
        if line.is_ok() {
            self.n_left -= 1;
        }
        Some(line)
    }
}
