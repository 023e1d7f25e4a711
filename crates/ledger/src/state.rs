//! State rows: one compact summary of the log per customer, all that a start reads.

use consent_gate::{ConsentRow, ConsentState, Epoch};
pub use model::Heard;
use model::{CustomerId, DeviceId, FenceId, Notification, Profile, Timestamp, Tolerance, VisitId};

/// What is known of one customer.
///
/// It is stored with `consents` in ascending order of merchant and purpose, without
/// those that say nothing; all else keeps its order.
#[derive(Clone, Debug, PartialEq)]
pub struct StateRow {
    /// Who.
    pub customer: CustomerId,
    /// How often they restricted something.
    pub epoch: Epoch,
    /// What they agreed to.
    pub consents: Vec<ConsentRow>,
    /// Since when they have agreed to be spoken to.
    pub consented_since: Option<Timestamp>,
    /// What they said about themselves.
    pub profile: Profile,
    /// What they bear.
    pub tolerance: Tolerance,
    /// What they were told lately, oldest first.
    pub heard: Vec<Heard>,
    /// What is recorded and not yet delivered, oldest first.
    pub outbox: Vec<Notification>,
    /// Stays that have not ended.
    pub visits: Vec<OpenVisit>,
}

impl StateRow {
    /// The row of a customer of whom nothing is known.
    #[must_use]
    pub fn new(customer: CustomerId) -> Self {
        Self {
            customer,
            epoch: Epoch(0),
            consents: Vec::new(),
            consented_since: None,
            profile: Profile::default(),
            tolerance: Tolerance::default(),
            heard: Vec::new(),
            outbox: Vec::new(),
            visits: Vec::new(),
        }
    }

    /// Equal states are stored equally.
    pub(crate) fn consents_in_order(&self) -> Vec<&ConsentRow> {
        let says_something =
            |row: &&ConsentRow| row.state != ConsentState::Unknown || row.restricted_at.is_some();
        let mut rows: Vec<_> = self.consents.iter().filter(says_something).collect();
        rows.sort_by(|a, b| (&a.merchant, a.purpose).cmp(&(&b.merchant, b.purpose)));
        rows
    }
}

/// A stay that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenVisit {
    /// Which phone.
    pub device: DeviceId,
    /// Where.
    pub fence: FenceId,
    /// The stay.
    pub visit: VisitId,
    /// Device time of its first fix inside.
    pub entered_at: Timestamp,
    /// Device time of its last fix inside.
    pub last_at: Timestamp,
    /// It was already inside when first seen.
    pub initial: bool,
    /// Its dwell has been told.
    pub dwelled: bool,
}

/// A state row that was read back from a storage.
#[derive(Debug)]
pub struct StoredState(StateRow);

impl StoredState {
    pub(crate) const fn new(row: StateRow) -> Self {
        Self(row)
    }

    /// Whose it is.
    #[must_use]
    pub const fn customer(&self) -> &CustomerId {
        &self.0.customer
    }

    /// The whole row, to be told and not to be sent.
    #[must_use]
    pub const fn row(&self) -> &StateRow {
        &self.0
    }

    /// The row with its outbox emptied, and the outbox, oldest first.
    #[must_use]
    pub fn into_parts(self) -> (StateRow, Vec<Stored>) {
        let mut row = self.0;
        let stored = std::mem::take(&mut row.outbox).into_iter().map(Stored).collect();
        (row, stored)
    }
}

/// A notification that stood in the outbox when the engine stopped.
///
/// Invariant: it comes from a storage; it cannot be cloned. To go out it must pass
/// the gate again and then [`Recorded::resume`](crate::Recorded::resume).
#[derive(Debug)]
pub struct Stored(Notification);

impl Stored {
    /// What would be said.
    #[must_use]
    pub const fn notification(&self) -> &Notification {
        &self.0
    }

    pub(crate) fn into_notification(self) -> Notification {
        self.0
    }
}
