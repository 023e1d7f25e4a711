//! The register's desk: what is to be written down, and what waits for it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use consent_gate::{Change, Consented};
use ledger::{Decision, DeliveryOutcome, Entry, StockChange, Stored, What};
use model::{CustomerId, CustomerNo, Notification, NotificationId, Timestamp, Tolerance};

use crate::letter::{ConsentAck, Output, Reminder};

/// Open visits stored with one commit at most, so that a full bus does not hold up an opt-out: each is
/// a page of its own to be synced.
pub(crate) const VISIT_ROWS_MAX: usize = 50;

/// Entries that may wait while nobody needs them to be durable.
const ENTRIES_MAX: usize = 1_024;

/// Papers on their way to the ledger.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) entries: Vec<Entry>,
    pub(crate) notifications: Vec<Consented<Notification>>,
    /// What an operator took back that the sender may still hold, and how it left.
    pub(crate) called_off: BTreeMap<NotificationId, DeliveryOutcome>,
    /// What the entries change about counts of offers.
    pub(crate) stock: Vec<StockChange>,
    /// Customers whose row must be written with the entries.
    pub(crate) touched: BTreeSet<CustomerNo>,
    pub(crate) pending: Pending,
    pub(crate) in_flight: Option<(u64, Pending)>,
    pub(crate) outbox: BTreeMap<CustomerNo, Vec<Notification>>,
    pub(crate) stored: Vec<(CustomerNo, Stored)>,
    pub(crate) visits: UnstoredVisits,
    /// Customers who are being erased, with how often they asked for it; nothing is written of them
    /// meanwhile.
    pub(crate) leaving: BTreeMap<CustomerId, u32>,
    pub(crate) outputs: VecDeque<Output>,
    n_tickets: u64,
}

/// What happens once the entries are durable.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) changes: Vec<Change>,
    pub(crate) acks: Vec<ConsentAck>,
    pub(crate) settled: Vec<u64>,
    pub(crate) reminders: Vec<Reminder>,
    /// What is on its way to the ledger and was never handed to a sender.
    pub(crate) notifications: Vec<NotificationId>,
}

impl Pending {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { changes, acks, settled, reminders, notifications } = self;
        changes.is_empty()
            && acks.is_empty()
            && settled.is_empty()
            && reminders.is_empty()
            && notifications.is_empty()
    }
}

/// Customers whose visits changed since their row was written.
#[derive(Debug)]
pub(crate) struct UnstoredVisits {
    pub(crate) customers: BTreeSet<CustomerNo>,
    pub(crate) stored_at: Timestamp,
}

impl Default for UnstoredVisits {
    fn default() -> Self {
        Self { customers: BTreeSet::new(), stored_at: Timestamp::MIN }
    }
}

impl Desk {
    /// Writes an entry and its customer's row with the next commit.
    pub(crate) fn write(&mut self, customer: CustomerNo, entry: Entry) {
        self.touched.insert(customer);
        self.entries.push(entry);
    }

    /// Adds what a customer bears to the last `n` entries, which decided together: to the one that says
    /// something, if one does.
    ///
    /// # Panics
    /// When there is no decision among them.
    pub(crate) fn note_tolerance(&mut self, tolerance: &Tolerance, n: usize) {
        let at = self.entries.len().saturating_sub(n);
        let mut decisions: Vec<&mut Decision> = self.entries[at..].iter_mut().filter_map(decision).collect();
        let place = decisions.iter().position(|decision| decision.said.is_some());
        let place = place.unwrap_or(decisions.len().saturating_sub(1));
        let decision = decisions.get_mut(place).expect("what a customer bears changes with a decision");
        decision.tolerance = Some(tolerance.clone());
    }

    /// Takes everything about a customer off the desk; what is in flight will be durable before they go.
    pub(crate) fn forget(&mut self, no: CustomerNo, id: &CustomerId) {
        self.entries.retain(|entry| entry.customer != *id);
        self.notifications.retain(|notification| notification.customer() != no);
        self.touched.remove(&no);
        self.visits.customers.remove(&no);
        self.stored.retain(|(customer, _)| *customer != no);
        for notification in self.outbox.remove(&no).into_iter().flatten() {
            self.called_off.remove(&notification.id);
        }
        let in_flight = self.in_flight.iter_mut().map(|(_, pending)| pending);
        for pending in in_flight.chain([&mut self.pending]) {
            pending.changes.retain(|change| change.customer != no);
            pending.reminders.retain(|reminder| reminder.customer != *id);
        }
    }

    /// Whether something takes effect only once it is durable, or so much waits that it must be written.
    pub(crate) fn is_awaited(&self) -> bool {
        let is_awaited = |pending: &Pending| !pending.is_empty();
        !self.notifications.is_empty()
            || is_awaited(&self.pending)
            || self.in_flight.as_ref().is_some_and(|(_, pending)| is_awaited(pending))
            || ENTRIES_MAX <= self.entries.len()
    }

    pub(crate) fn next_ticket(&mut self) -> u64 {
        self.n_tickets += 1;
        self.n_tickets
    }

    /// Lets the sender of a letter know, if it asked.
    pub(crate) fn settle(&mut self, ticket: u64) {
        if ticket != 0 {
            self.outputs.push_back(Output::Settled { ticket });
        }
    }

    /// Lets the sender of a letter know once all that was said before it is durable.
    pub(crate) fn settle_behind(&mut self, ticket: u64) {
        if ticket != 0 && (self.in_flight.is_some() || !self.entries.is_empty()) {
            self.pending.settled.push(ticket);
        } else {
            self.settle(ticket);
        }
    }

    /// Takes a notification out of the outbox; `None` when it is not there any more.
    pub(crate) fn take_from_outbox(
        &mut self,
        customer: CustomerNo,
        id: NotificationId,
    ) -> Option<Notification> {
        let waiting = self.outbox.get_mut(&customer)?;
        let at = waiting.iter().position(|notification| notification.id == id)?;
        let taken = waiting.remove(at);
        // Nothing is staged to be said that has left already.
        self.notifications.retain(|notification| notification.value().id != id);
        if waiting.is_empty() {
            self.outbox.remove(&customer);
        }
        Some(taken)
    }
}

fn decision(entry: &mut Entry) -> Option<&mut Decision> {
    match &mut entry.what {
        What::Decision(decision) => Some(decision),
        What::Consent(_)
        | What::Delivery { .. }
        | What::Feedback { .. }
        | What::Profile(_)
        | What::Reminder { .. } => None,
    }
}
