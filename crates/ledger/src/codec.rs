//! How entries and state rows are written: a version byte, then what that version says.
//!
//! What is sealed is compact (version 3); what stands on paper is JSON (version 2). Versions 1 and 2 were
//! sealed once and are read for good. Neither form has a field that could hold a coordinate.

mod compact;
mod json;

use serde_json::Value;

use crate::{Entry, StateRow, Unreadable};

/// The version that is sealed.
const COMPACT: u8 = 3;
/// The version that stands on paper.
const JSON: u8 = 2;
/// The oldest version that is read. What came later is left out of it, and has a default.
const JSON_MIN: u8 = 1;

/// Appends an entry to `out`.
pub(crate) fn encode_entry(entry: &Entry, out: &mut Vec<u8>) {
    out.push(COMPACT);
    compact::write_entry(entry, out);
}

/// The entry that was encoded.
pub(crate) fn decode_entry(bytes: &[u8]) -> Result<Entry, Unreadable> {
    match bytes.split_first() {
        Some((&COMPACT, rest)) => compact::read_entry(rest),
        Some((JSON_MIN..=JSON, text)) => json::read_entry(text),
        Some(_) => Err(Unreadable::UnknownVersion),
        None => Err(Unreadable::Malformed),
    }
}

/// Appends a state row to `out`, its consents in order.
pub(crate) fn encode_state(row: &StateRow, out: &mut Vec<u8>) {
    out.push(COMPACT);
    compact::write_row(row, out);
}

/// The state row that was encoded.
pub(crate) fn decode_state(bytes: &[u8]) -> Result<StateRow, Unreadable> {
    match bytes.split_first() {
        Some((&COMPACT, rest)) => compact::read_row(rest),
        Some((JSON_MIN..=JSON, text)) => json::read_row(text),
        Some(_) => Err(Unreadable::UnknownVersion),
        None => Err(Unreadable::Malformed),
    }
}

/// `{"v": the version, "words": ..}` of an entry.
pub(crate) fn entry_on_paper(entry: &Entry) -> Value {
    serde_json::json!({ "v": JSON, "words": json::entry(entry) })
}

/// The same of a state row.
pub(crate) fn row_on_paper(row: &StateRow) -> Value {
    serde_json::json!({ "v": JSON, "words": json::row(row) })
}

/// The entry that stands on paper.
pub(crate) fn entry_from_paper(paper: &Value) -> Result<Entry, Unreadable> {
    json::read_entry(&words(paper)?)
}

/// The state row that stands on paper.
pub(crate) fn row_from_paper(paper: &Value) -> Result<StateRow, Unreadable> {
    json::read_row(&words(paper)?)
}

fn words(paper: &Value) -> Result<Vec<u8>, Unreadable> {
    let version = paper["v"].as_u64().ok_or(Unreadable::Malformed)?;
    if !(u64::from(JSON_MIN)..=u64::from(JSON)).contains(&version) {
        return Err(Unreadable::UnknownVersion);
    }
    serde_json::to_vec(&paper["words"]).map_err(|_| Unreadable::Malformed)
}

#[cfg(test)]
mod tests;
