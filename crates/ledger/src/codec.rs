//! How entries and state rows are written: a version byte, then JSON.
//!
//! The structs that serde sees are private mirrors of the public ones, so that a change
//! of a public type cannot change what is stored. Instants are Unix milliseconds,
//! hashes hexadecimal; there is no field that could hold a coordinate.

mod consent;
mod customer;
mod entry;
mod notification;
mod state;

use std::borrow::Cow;

use model::{Digest, IdFlaw, Timestamp, TransitionKind, VisitId};
use serde::{Deserialize, Serialize};

use crate::{Entry, StateRow, Unreadable};

/// The version that is written.
const VERSION: u8 = 2;
/// The oldest version that is read. What came later is left out of it, and has a default.
const VERSION_MIN: u8 = 1;

/// Appends an entry to `out`.
pub(crate) fn encode_entry(entry: &Entry, out: &mut Vec<u8>) {
    write(&entry::EntryV1::of(entry), out);
}

/// The entry that was encoded.
pub(crate) fn decode_entry(bytes: &[u8]) -> Result<Entry, Unreadable> {
    read::<entry::EntryV1<'_>>(bytes)?.into_entry()
}

/// Appends a state row to `out`, its consents in order.
pub(crate) fn encode_state(row: &StateRow, out: &mut Vec<u8>) {
    write(&state::StateV1::of(row), out);
}

/// The state row that was encoded.
pub(crate) fn decode_state(bytes: &[u8]) -> Result<StateRow, Unreadable> {
    read::<state::StateV1<'_>>(bytes)?.into_row()
}

fn write(mirror: &impl Serialize, out: &mut Vec<u8>) {
    out.push(VERSION);
    serde_json::to_writer(out, mirror).expect("a mirror of text and whole numbers is always JSON");
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Unreadable> {
    match bytes.split_first() {
        Some((VERSION_MIN..=VERSION, json)) => {
            serde_json::from_slice(json).map_err(|_| Unreadable::Malformed)
        }
        Some(_) => Err(Unreadable::UnknownVersion),
        None => Err(Unreadable::Malformed),
    }
}

/// The content of an id, of whatever kind.
fn id<T>(made: Result<T, IdFlaw>) -> Result<T, Unreadable> {
    made.map_err(|_| Unreadable::Malformed)
}

/// A value that a word or number stood for.
fn known<T>(found: Option<T>) -> Result<T, Unreadable> {
    found.ok_or(Unreadable::Malformed)
}

fn hex(digest: Digest) -> Cow<'static, str> {
    Cow::Owned(digest.to_string())
}

fn digest(text: &str) -> Result<Digest, Unreadable> {
    known(Digest::from_hex(text))
}

fn visit(text: &str) -> Result<VisitId, Unreadable> {
    digest(text).map(VisitId)
}

fn trigger(word: &str) -> Result<TransitionKind, Unreadable> {
    known(TransitionKind::from_word(word))
}

fn instant(unix_ms: Option<i64>) -> Option<Timestamp> {
    unix_ms.map(Timestamp::from_unix_ms)
}

fn unix_ms(instant: Option<Timestamp>) -> Option<i64> {
    instant.map(Timestamp::unix_ms)
}

fn boxed(text: Cow<'_, str>) -> Box<str> {
    text.into_owned().into_boxed_str()
}

fn all_boxed(texts: Vec<Cow<'_, str>>) -> Vec<Box<str>> {
    texts.into_iter().map(boxed).collect()
}

fn all_borrowed(texts: &[Box<str>]) -> Vec<Cow<'_, str>> {
    texts.iter().map(|text| Cow::Borrowed(&**text)).collect()
}

#[cfg(test)]
mod tests;
