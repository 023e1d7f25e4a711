//! From a consented notification to a recorded one: stage, then commit.

use std::collections::HashSet;
use std::fmt;

use consent_gate::{Consented, Epoch};
use model::{CustomerNo, Notification};

use crate::{Entry, StateRow, StockChange, Storage, StorageError, Stored, What};

/// Entries, rows and notifications that become durable together.
///
/// Invariant: it cannot be cloned, and its notifications stand in its rows and entries.
pub struct Staged {
    entries: Vec<Entry>,
    rows: Vec<StateRow>,
    notifications: Vec<Consented<Notification>>,
    stock: Vec<StockChange>,
    ticket: u64,
}

/// Puts together what must become durable together; `ticket` comes back in [`Committed`].
///
/// # Panics
/// When a notification is not exactly what one of the entries decided, or does not stand
/// in the outbox of its customer's row: a crash could make us forget it
/// (`ledger_precedes_delivery`).
#[must_use]
pub fn stage(
    entries: Vec<Entry>,
    rows: Vec<StateRow>,
    notifications: Vec<Consented<Notification>>,
    ticket: u64,
) -> Staged {
    for notification in &notifications {
        let notification = notification.value();
        assert!(
            entries.iter().any(|entry| decides(entry, notification)),
            "ledger_precedes_delivery: a notification is decided by an entry staged with it"
        );
        assert!(
            rows.iter().any(|row| keeps(row, notification)),
            "ledger_precedes_delivery: a notification stands in the outbox of a row staged with it"
        );
    }
    Staged { entries, rows, notifications, stock: Vec::new(), ticket }
}

fn decides(entry: &Entry, notification: &Notification) -> bool {
    match &entry.what {
        What::Decision(decision) => {
            decision.id == notification.id
                && decision.notification(&entry.customer, entry.at).as_ref() == Some(notification)
        }
        What::Consent(_)
        | What::Delivery { .. }
        | What::Feedback { .. }
        | What::Profile(_)
        | What::Reminder { .. } => false,
    }
}

fn keeps(row: &StateRow, notification: &Notification) -> bool {
    row.customer == notification.customer && row.outbox.contains(notification)
}

impl Staged {
    /// Adds what it changes about counts of offers.
    #[must_use]
    pub fn with_stock(mut self, stock: Vec<StockChange>) -> Self {
        self.stock = stock;
        self
    }

    /// Customers whose state row it writes.
    #[must_use]
    pub const fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.rows.is_empty() && self.stock.is_empty()
    }
}

impl fmt::Debug for Staged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n_entries, n_rows) = (self.entries.len(), self.rows.len());
        write!(f, "Staged({n_entries} entries, {n_rows} rows, ticket {})", self.ticket)
    }
}

/// What a storage writes in one transaction; only [`commit`] makes one.
#[derive(Debug)]
pub struct Batch<'a> {
    staged: &'a [Staged],
}

impl<'a> Batch<'a> {
    /// Its entries, in the order in which they were staged.
    pub fn entries(&self) -> impl Iterator<Item = &'a Entry> {
        self.staged.iter().flat_map(|staged| &staged.entries)
    }

    /// What it changes about counts of offers.
    pub fn stock(&self) -> impl Iterator<Item = &'a StockChange> {
        self.staged.iter().flat_map(|staged| &staged.stock)
    }

    /// Its state rows, of every customer the last.
    #[must_use]
    pub fn rows(&self) -> Vec<&'a StateRow> {
        let mut seen = HashSet::new();
        let rows = self.staged.iter().rev().flat_map(|staged| staged.rows.iter().rev());
        let mut last: Vec<_> = rows.filter(|row| seen.insert(&row.customer)).collect();
        last.reverse();
        last
    }
}

/// Writes any number of staged decisions in one transaction.
///
/// The answers come in the order of `staged`. One append for all: the cost of
/// durability is shared.
///
/// # Errors
/// Nothing was written; `staged` comes back whole, to be committed again.
pub fn commit(storage: &mut dyn Storage, staged: Vec<Staged>) -> Result<Vec<Committed>, NotCommitted> {
    if !staged.iter().all(Staged::is_empty)
        && let Err(error) = storage.append(&Batch { staged: &staged })
    {
        return Err(NotCommitted { error, staged });
    }
    Ok(staged.into_iter().map(Committed::of).collect())
}

/// The answer to one [`Staged`] that is durable.
#[derive(Debug)]
pub struct Committed {
    /// The number given to [`stage`].
    pub ticket: u64,
    /// What may now be sent, in the order in which it was staged.
    pub notifications: Vec<Recorded<Notification>>,
}

impl Committed {
    fn of(staged: Staged) -> Self {
        let notifications = staged.notifications.into_iter().map(Recorded::of).collect();
        Self { ticket: staged.ticket, notifications }
    }
}

/// A commit that did not happen.
#[derive(Debug, thiserror::Error)]
#[error("nothing was recorded")]
pub struct NotCommitted {
    /// Why.
    #[source]
    pub error: StorageError,
    /// What was to be written, untouched.
    pub staged: Vec<Staged>,
}

/// Something that a crash cannot make us forget.
///
/// Invariant: only [`commit`] and [`Recorded::resume`] make one; it cannot be cloned.
#[derive(Debug)]
pub struct Recorded<T> {
    value: T,
    customer: CustomerNo,
    epoch: Epoch,
}

impl<T> Recorded<T> {
    fn of(consented: Consented<T>) -> Self {
        let (customer, epoch) = (consented.customer(), consented.epoch());
        Self { value: consented.into_value(), customer, epoch }
    }

    /// What was recorded.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// Whose it is.
    pub const fn customer(&self) -> CustomerNo {
        self.customer
    }

    /// The epoch under which the gate said yes.
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }
}

impl Recorded<Notification> {
    /// Takes up a notification that was recorded before a restart and passed the gate again.
    #[must_use]
    pub fn resume(stored: Consented<Stored>) -> Self {
        Self::of(stored.map(Stored::into_notification))
    }
}

#[cfg(test)]
mod tests;
