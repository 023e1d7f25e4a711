//! One offer for one customer, ready to be said.

use alloc::string::String;

use crate::{
    Channel, CustomerId, DeviceId, Digest, FenceId, MerchantId, OfferId, StableHasher, Timestamp,
    TransitionKind, VisitId,
};

/// Names a notification; equal for every retry and every replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NotificationId(pub Digest);

impl NotificationId {
    /// The hash of visit and offer: (customer, offer, visit) is decided once.
    #[must_use]
    pub fn of(visit: VisitId, offer: &OfferId) -> Self {
        let bytes = visit.0.bytes();
        let half = |at: usize| i64::from_le_bytes(core::array::from_fn(|i| bytes[at + i]));
        let hasher = StableHasher::new("stile notification v1").text(offer.as_str());
        Self(hasher.number(half(0)).number(half(8)).finish())
    }
}

/// What the customer reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// One line.
    pub title: String,
    /// A sentence or two.
    pub body: String,
    /// Where a tap leads.
    pub link: Option<String>,
    /// The honest reason.
    pub why: String,
}

/// An offer for one customer at one store.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// Stable across retries and replays.
    pub id: NotificationId,
    /// Who.
    pub customer: CustomerId,
    /// The phone whose presence called for it.
    pub device: DeviceId,
    /// What.
    pub offer: OfferId,
    /// Whose.
    pub merchant: MerchantId,
    /// Where.
    pub fence: FenceId,
    /// How it is said.
    pub channel: Channel,
    /// The store's public name.
    pub store: String,
    /// The stay.
    pub visit: VisitId,
    /// What called for it.
    pub trigger: TransitionKind,
    /// When that was.
    pub triggered_at: Timestamp,
    /// When it was decided.
    pub issued_at: Timestamp,
    /// When it turns stale; nothing is published after.
    pub expires_at: Timestamp,
    /// Its text.
    pub words: Words,
}
