//! Entries and state rows on paper: JSON, for whoever takes their data along.

use serde_json::Value;

use crate::{Entry, StateRow, Unreadable, codec};

/// An entry in words (`docs/ledger-format.md`).
#[must_use]
pub fn entry_on_paper(entry: &Entry) -> Value {
    codec::entry_on_paper(entry)
}

/// The entry that stands on paper.
///
/// # Errors
/// When it was not written by [`entry_on_paper`] of this version or of one before it.
pub fn entry_from_paper(paper: &Value) -> Result<Entry, Unreadable> {
    codec::entry_from_paper(paper)
}

/// A state row in words.
#[must_use]
pub fn state_on_paper(row: &StateRow) -> Value {
    codec::row_on_paper(row)
}

/// The state row that stands on paper.
///
/// # Errors
/// As [`entry_from_paper`].
pub fn state_from_paper(paper: &Value) -> Result<StateRow, Unreadable> {
    codec::row_from_paper(paper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn what_stands_on_paper_comes_back_as_it_was() {
        for entry in samples::entries() {
            assert_eq!(entry_from_paper(&entry_on_paper(&entry)).as_ref(), Ok(&entry));
        }
        let row = samples::row();
        assert_eq!(state_from_paper(&state_on_paper(&row)), Ok(row));
    }

    #[test]
    fn what_nobody_wrote_is_unreadable() {
        let paper = entry_on_paper(&samples::entries()[0]);
        for wrong in [serde_json::json!({}), serde_json::json!({ "v": 1, "words": [] }), Value::Null] {
            assert!(entry_from_paper(&wrong).is_err());
        }
        assert!(state_from_paper(&paper).is_err());
    }
}
