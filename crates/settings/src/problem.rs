//! What is wrong with a file that an operator wrote, said so that they can mend it.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A place in a text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// The bytes meant.
    pub bytes: Range<usize>,
}

/// One thing wrong in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as it was asked for.
    pub file: PathBuf,
    /// Where in it; absent when the file as a whole is meant.
    pub place: Option<Place>,
    /// The key as the reader would write it, such as `presence.dwell`; empty when none is meant.
    pub key: String,
    /// What is wrong, as a clause that follows the key.
    pub reason: String,
    /// What would be right, where that can be guessed.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem of a whole file.
    #[must_use]
    pub fn of_file(file: &Path, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), place: None, key: String::new(), reason: reason.into(), hint: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Its line, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.line)
    }
}

impl fmt::Display for Problem {
    /// One line: `file:line:column: key: reason (hint)`, control characters escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(place) = &self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        f.write_str(": ")?;
        if !self.key.is_empty() {
            write!(f, "{}: ", Shown(&self.key))?;
        }
        write!(f, "{}", Shown(&self.reason))?;
        match &self.hint {
            Some(hint) => write!(f, " ({})", Shown(hint)),
            None => Ok(()),
        }
    }
}

/// A text from outside with its control characters escaped, fit for a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            // A text that turns the writing direction shows an operator something else than it is.
            let turns =
                matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if c.is_control() || turns {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g11_a_hostile_name_cannot_write_to_the_terminal() {
        let problem = Problem::of_file(Path::new("f.toml"), "\u{1b}[31mred\n\u{202e}");
        let line = problem.with_hint("so").to_string();
        assert_eq!(line, "f.toml: \\u{1b}[31mred\\u{a}\\u{202e} (so)");
    }
}
