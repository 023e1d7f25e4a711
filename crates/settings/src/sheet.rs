//! One document being read: everything that is wrong with it is noted here, in the order of the file.

use std::cell::RefCell;
use std::ops::Range;

use toml_edit::Document;

use crate::Problem;
use crate::nearest::nearest;
use crate::section::Section;
use crate::source::Source;

/// One document being read.
pub(crate) struct Sheet<'a> {
    source: &'a Source,
    problems: RefCell<Vec<Problem>>,
    /// Every key that some reader asked for, with its section.
    known: RefCell<Vec<(String, &'static str)>>,
    unknown: RefCell<Vec<Unknown>>,
}

/// A key that stands in the file and that no reader asked for.
struct Unknown {
    section: String,
    key: String,
    bytes: Range<usize>,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(source: &'a Source, problems: Vec<Problem>) -> Self {
        Self {
            source,
            problems: RefCell::new(problems),
            known: RefCell::default(),
            unknown: RefCell::default(),
        }
    }

    /// The document as a section without a name.
    pub(crate) fn root(&'a self, document: &'a Document<String>) -> Section<'a> {
        Section::new(self, String::new(), Some(document.as_table()), 0..0)
    }

    /// Notes something wrong with a key.
    pub(crate) fn report(
        &self,
        bytes: Range<usize>,
        key: &str,
        reason: impl Into<String>,
        hint: Option<String>,
    ) {
        let mut problem = self.source.problem(bytes, key, reason);
        problem.hint = hint;
        self.problems.borrow_mut().push(problem);
    }

    /// Notes a key that nobody asked for.
    pub(crate) fn report_unknown(&self, section: &str, key: &str, bytes: Range<usize>) {
        let unknown = Unknown { section: section.to_owned(), key: key.to_owned(), bytes };
        self.unknown.borrow_mut().push(unknown);
    }

    /// Remembers which keys a section has.
    pub(crate) fn remember(&self, section: &str, keys: Vec<&'static str>) {
        let mut known = self.known.borrow_mut();
        for key in keys {
            let entry = (section.to_owned(), key);
            if !known.contains(&entry) {
                known.push(entry);
            }
        }
    }

    /// Every key that some reader asked for so far, such as `presence.dwell`.
    #[cfg(test)]
    pub(crate) fn known_keys(&self) -> Vec<String> {
        self.known.borrow().iter().map(|(section, key)| joined(section, key)).collect()
    }

    /// Everything that was wrong, in the order of the file.
    pub(crate) fn finish(self) -> Vec<Problem> {
        let known = self.known.into_inner();
        let mut problems = self.problems.into_inner();
        for unknown in self.unknown.into_inner() {
            let key = joined(&unknown.section, &unknown.key);
            let mut problem = self.source.problem(unknown.bytes.clone(), &key, "is not a key");
            problem.hint = hint_for(&unknown, &known);
            problems.push(problem);
        }
        problems.sort_by_key(|problem| problem.place.as_ref().map(|place| place.bytes.start));
        problems
    }
}

/// The nearest key of the same section, else the section that has a key of this name.
fn hint_for(unknown: &Unknown, known: &[(String, &'static str)]) -> Option<String> {
    let here = known.iter().filter(|(section, _)| *section == unknown.section).map(|(_, key)| *key);
    if let Some(key) = nearest(&unknown.key, here) {
        return Some(format!("did you mean {key:?}?"));
    }
    let elsewhere = known.iter().find(|(section, key)| *section != unknown.section && *key == unknown.key);
    elsewhere.map(|(section, _)| match section.as_str() {
        "" => "it belongs before the first section".to_owned(),
        _ => format!("it belongs in [{section}]"),
    })
}

pub(crate) fn joined(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}
