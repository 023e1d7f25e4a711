//! Entries and state rows on paper: the words that are stored, for whoever takes their data along.

use serde_json::Value;

use crate::{Entry, StateRow, Unreadable, codec};

/// An entry in the words in which it is stored (`docs/ledger-format.md`).
#[must_use]
pub fn entry_on_paper(entry: &Entry) -> Value {
    let mut stored = Vec::new();
    codec::encode_entry(entry, &mut stored);
    on_paper(&stored)
}

/// The entry that stands on paper.
///
/// # Errors
/// When it was not written by [`entry_on_paper`] of this version or of one before it.
pub fn entry_from_paper(paper: &Value) -> Result<Entry, Unreadable> {
    codec::decode_entry(&from_paper(paper)?)
}

/// A state row in the words in which it is stored.
#[must_use]
pub fn state_on_paper(row: &StateRow) -> Value {
    let mut stored = Vec::new();
    codec::encode_state(row, &mut stored);
    on_paper(&stored)
}

/// The state row that stands on paper.
///
/// # Errors
/// As [`entry_from_paper`].
pub fn state_from_paper(paper: &Value) -> Result<StateRow, Unreadable> {
    codec::decode_state(&from_paper(paper)?)
}

/// `{"v": the version, ..}`.
fn on_paper(stored: &[u8]) -> Value {
    let (version, words) = stored.split_first().expect("what is stored begins with its version");
    let words: Value = serde_json::from_slice(words).expect("what is stored is JSON");
    serde_json::json!({ "v": version, "words": words })
}

fn from_paper(paper: &Value) -> Result<Vec<u8>, Unreadable> {
    let version = paper["v"].as_u64().and_then(|version| u8::try_from(version).ok());
    let mut stored = vec![version.ok_or(Unreadable::Malformed)?];
    serde_json::to_writer(&mut stored, &paper["words"]).map_err(|_| Unreadable::Malformed)?;
    Ok(stored)
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
