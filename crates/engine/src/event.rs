//! The trace: what happened, one event at a time, for replays, demos and tests.

use std::collections::VecDeque;

use model::{CustomerId, DeviceId, FenceId, OfferId, Timestamp, TransitionKind, VisitId};

/// Something that happened to one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When: of a transition the device's time, else the engine's.
    pub at: Timestamp,
    /// To whom.
    pub customer: CustomerId,
    /// With which phone.
    pub device: DeviceId,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Presence changed.
    Transition {
        /// How.
        kind: TransitionKind,
        /// Where.
        fence: FenceId,
        /// In which visit.
        visit: VisitId,
        /// Of an exit, why; of an enter that began before we looked, `initial`.
        reason: Option<&'static str>,
    },
    /// An offer was decided to be sent.
    Offer {
        /// Which.
        offer: OfferId,
        /// Where.
        fence: FenceId,
        /// In which visit.
        visit: VisitId,
    },
    /// An offer was held back.
    Suppressed {
        /// Which.
        offer: OfferId,
        /// Where.
        fence: FenceId,
        /// In which visit.
        visit: VisitId,
        /// Why: the word of the verdict.
        reason: &'static str,
    },
    /// A message was refused unread.
    Refused {
        /// Why.
        reason: &'static str,
    },
    /// A message or fix was of no use.
    Dropped {
        /// Why.
        reason: &'static str,
    },
}

/// Events kept for a listener who does not ask: some tens of megabytes.
const EVENTS_MAX: usize = 65_536;

/// Collects events while somebody listens.
#[derive(Debug, Default)]
pub(crate) struct Tap {
    is_open: bool,
    events: VecDeque<Event>,
}

impl Tap {
    pub(crate) const fn open(&mut self) {
        self.is_open = true;
    }

    /// Notes an event; without a listener it is not even made, and one who falls behind loses the oldest.
    pub(crate) fn note(&mut self, event: impl FnOnce() -> Option<Event>) {
        if self.is_open {
            self.events.extend(event());
            if EVENTS_MAX < self.events.len() {
                self.events.pop_front();
            }
        }
    }

    /// Takes back what was noted of a customer.
    pub(crate) fn forget(&mut self, customer: &CustomerId) {
        self.events.retain(|event| event.customer != *customer);
    }

    pub(crate) fn next(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}
