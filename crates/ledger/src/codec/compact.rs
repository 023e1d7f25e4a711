//! Version 3: no names of fields, numbers as short as they are.
//!
//! Fields stand one after another in the order of the functions here; `docs/ledger-format.md` lists them.
//! To change anything is to make a new version.

mod bytes;
mod codes;
mod consent;
mod customer;
mod entry;
mod offers;
mod row;

use self::bytes::{Reader, Writer};
use crate::{Entry, StateRow, Unreadable};

/// Appends an entry.
pub(super) fn write_entry(entry: &Entry, out: &mut Vec<u8>) {
    entry::write(entry, &mut Writer::new(out));
}

/// The entry in some bytes.
pub(super) fn read_entry(bytes: &[u8]) -> Result<Entry, Unreadable> {
    let mut reader = Reader::new(bytes);
    let entry = entry::read(&mut reader)?;
    reader.end().map(|()| entry)
}

/// Appends a state row, its consents in order.
pub(super) fn write_row(row: &StateRow, out: &mut Vec<u8>) {
    row::write(row, &mut Writer::new(out));
}

/// The state row in some bytes.
pub(super) fn read_row(bytes: &[u8]) -> Result<StateRow, Unreadable> {
    let mut reader = Reader::new(bytes);
    let row = row::read(&mut reader)?;
    reader.end().map(|()| row)
}
