//! Who waits for the word that their message is durable.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::oneshot;
use wire::Acknowledgement;

/// Open tickets by number.
#[derive(Default)]
pub(super) struct Tickets {
    n_issued: AtomicU64,
    open: Mutex<HashMap<u64, Ticket>>,
}

/// What its holder wants to know.
struct Ticket {
    settled: oneshot::Sender<Option<Acknowledgement>>,
    correlation_data: Option<Bytes>,
    /// What became of a consent event, once that is known.
    answer: Option<Acknowledgement>,
}

impl Tickets {
    /// A new number, and the word to wait for, which brings the answer to a consent event.
    pub(super) fn issue(
        &self,
        correlation_data: Option<Bytes>,
    ) -> (u64, oneshot::Receiver<Option<Acknowledgement>>) {
        let (settled, wait) = oneshot::channel();
        let no = self.n_issued.fetch_add(1, Ordering::Relaxed) + 1;
        self.lock().insert(no, Ticket { settled, correlation_data, answer: None });
        (no, wait)
    }

    /// Gives the word.
    pub(super) fn settle(&self, no: u64) {
        if let Some(ticket) = self.lock().remove(&no) {
            // Whoever waited may have hung up.
            let _ = ticket.settled.send(ticket.answer);
        }
    }

    /// Keeps the answer to a consent event for whoever waits for the word.
    pub(super) fn answer(&self, no: u64, answer: &Acknowledgement) {
        if let Some(ticket) = self.lock().get_mut(&no) {
            ticket.answer = Some(answer.clone());
        }
    }

    /// The word will never come: its holder hears that nothing was promised.
    pub(super) fn void(&self, no: u64) {
        self.lock().remove(&no);
    }

    /// The same for everybody, when nobody is left to settle anything.
    pub(super) fn void_all(&self) {
        self.lock().clear();
    }

    /// The correlation data that the answer must carry.
    pub(super) fn correlation_data(&self, no: u64) -> Option<Bytes> {
        self.lock().get(&no).and_then(|ticket| ticket.correlation_data.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Ticket>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
