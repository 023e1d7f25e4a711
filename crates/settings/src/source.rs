//! A TOML file as text, with lines, and as much of its structure as can be had.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fs, io};

use toml_edit::{Document, TomlError};

use crate::{Place, Problem};

/// Largest file that is read.
///
/// A catalogue of 10,000 offers takes about 5 MiB.
const FILE_LEN_MAX: u64 = 16 << 20;

/// Most syntax errors reported of one file; what follows is likely an echo.
const N_SYNTAX_ERRORS_MAX: usize = 20;

/// A file's name and text.
pub(crate) struct Source {
    pub(crate) file: PathBuf,
    pub(crate) text: String,
    /// The byte at which each line starts.
    line_starts: Vec<usize>,
}

impl Source {
    /// Reads a file, with a clear word on what is no text file.
    pub(crate) fn open(file: &Path) -> Result<Self, Vec<Problem>> {
        let problem = |reason: &str| vec![Problem::of_file(file, reason)];
        let facts = fs::metadata(file).map_err(|error| vec![unreadable(file, &error)])?;
        if facts.is_dir() {
            return Err(problem("is a directory, not a file"));
        }
        if FILE_LEN_MAX < facts.len() {
            return Err(problem("is larger than 16 MiB, more than any settings or offers need"));
        }
        let bytes = fs::read(file).map_err(|error| vec![unreadable(file, &error)])?;
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(vec![Problem::of_file(file, "is UTF-16").with_hint("save it as UTF-8")]);
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let n_good = error.utf8_error().valid_up_to();
                let good = String::from_utf8_lossy(&error.as_bytes()[..n_good]).into_owned();
                let source = Self::new(file, good);
                let problem = source.problem(n_good..n_good, "", "is not UTF-8 from here on");
                return Err(vec![problem.with_hint("save it as UTF-8")]);
            }
        };
        Ok(Self::new(file, text))
    }

    /// A text under a file's name.
    pub(crate) fn new(file: &Path, text: String) -> Self {
        // Editors on Windows put a byte order mark first; TOML has no word for it.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let line_starts = core::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file: file.to_owned(), text, line_starts }
    }

    /// A problem at some bytes of this file.
    pub(crate) fn problem(&self, bytes: Range<usize>, key: &str, reason: impl Into<String>) -> Problem {
        Problem {
            file: self.file.clone(),
            place: Some(self.place(bytes)),
            key: key.to_owned(),
            reason: reason.into(),
            hint: None,
        }
    }

    /// The line of a byte, counted from 1.
    pub(crate) fn place(&self, bytes: Range<usize>) -> Place {
        let line = self.line_starts.partition_point(|&start| start <= bytes.start);
        let start = self.line_starts[line - 1];
        let before = self.text.get(start..bytes.start).unwrap_or_default();
        Place { line, column: before.chars().count() + 1, bytes }
    }

    /// The structure, and the syntax errors; where lines could be left out to get past an
    /// error, the structure is that of the other lines, so that one run reports everything.
    pub(crate) fn parse(&self) -> (Option<Document<String>>, Vec<Problem>) {
        if self.text.trim().is_empty() {
            let problem = Problem::of_file(&self.file, "is empty");
            return (None, vec![problem.with_hint("config/default.toml explains every key")]);
        }
        let mut problems = Vec::new();
        let mut text = self.text.clone();
        while problems.len() < N_SYNTAX_ERRORS_MAX {
            let error = match Document::parse(text.clone()) {
                Ok(document) => return (Some(document), problems),
                Err(error) => error,
            };
            problems.push(self.syntax_problem(&error));
            let Some(bytes) = error.span() else { break };
            // What a line that cannot be read leaves behind is guesswork: a second error
            // after it is reported only when both are plain repetitions of a key.
            let is_repetition = error.message().contains("duplicate key");
            self.blank(&mut text, bytes.start);
            if !is_repetition
                && Document::parse(text.as_str()).is_err_and(|echo| !echo.message().contains("duplicate key"))
            {
                break;
            }
        }
        (None, problems)
    }

    fn syntax_problem(&self, error: &TomlError) -> Problem {
        let bytes = error.span().unwrap_or(0..0);
        let message = error.message().replace('\n', ", ");
        if message.contains("duplicate key") {
            let key = self.text.get(bytes.clone()).unwrap_or_default();
            return self.problem(bytes, key, "stands here a second time").with_hint("keep one of the two");
        }
        let line = self.line_text(bytes.start);
        let problem = self.problem(bytes, "", format!("is no TOML: {message}"));
        let value = line.split_once('=').map_or("", |(_, value)| value.trim());
        if value.starts_with(char::is_alphanumeric) && !matches!(value, "true" | "false") {
            return problem.with_hint("a text stands in quotes");
        }
        problem
    }

    fn line_text(&self, at: usize) -> &str {
        let line = self.line_starts.partition_point(|&start| start <= at);
        let end = self.line_starts.get(line).copied().unwrap_or(self.text.len());
        self.text[self.line_starts[line - 1]..end].trim_end()
    }

    /// Overwrites a line with spaces; of a table header also what belongs to it.
    fn blank(&self, text: &mut String, at: usize) {
        let line = self.line_starts.partition_point(|&start| start <= at);
        let is_header = |line: usize| {
            let start = self.line_starts[line];
            self.line_text(start).trim_start().starts_with('[')
        };
        let mut end_line = line;
        if is_header(line - 1) {
            while end_line < self.line_starts.len() && !is_header(end_line) {
                end_line += 1;
            }
        }
        let start = self.line_starts[line - 1];
        let end = self.line_starts.get(end_line).copied().unwrap_or(text.len());
        let blanked: String =
            text[start..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
        text.replace_range(start..end, &blanked);
    }
}

fn unreadable(file: &Path, error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound => Problem::of_file(file, "does not exist"),
        io::ErrorKind::PermissionDenied => Problem::of_file(file, "may not be read by this user"),
        _ => Problem::of_file(file, format!("cannot be read: {error}")),
    }
}
