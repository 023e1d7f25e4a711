//! Versions 1 and 2: JSON.
//!
//! The structs that serde sees are private mirrors of the public ones, so that a change
//! of a public type cannot change what is stored. Instants are Unix milliseconds,
//! hashes hexadecimal.

mod consent;
mod customer;
mod entry;
mod notification;
mod state;

use std::borrow::Cow;

use model::{Digest, IdFlaw, Timestamp, TransitionKind, VisitId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Entry, StateRow, Unreadable};

/// The words of an entry.
pub(super) fn entry(entry: &Entry) -> Value {
    value(&entry::EntryV1::of(entry))
}

/// The words of a state row, its consents in order.
pub(super) fn row(row: &StateRow) -> Value {
    value(&state::StateV1::of(row))
}

/// The entry in some words.
pub(super) fn read_entry(json: &[u8]) -> Result<Entry, Unreadable> {
    read::<entry::EntryV1<'_>>(json)?.into_entry()
}

/// The state row in some words.
pub(super) fn read_row(json: &[u8]) -> Result<StateRow, Unreadable> {
    read::<state::StateV1<'_>>(json)?.into_row()
}

/// The words of an entry in the order in which version 2 wrote them.
#[cfg(test)]
pub(super) fn text(entry: &Entry) -> String {
    serde_json::to_string(&entry::EntryV1::of(entry)).expect("as above")
}

fn value(mirror: &impl Serialize) -> Value {
    serde_json::to_value(mirror).expect("a mirror of text and whole numbers is always JSON")
}

fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(json).map_err(|_| Unreadable::Malformed)
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
