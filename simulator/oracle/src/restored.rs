//! What a storage gave back after a crash.

use crate::{Channel, ConsentState, Counts, Heard, Kind, Patience, Profile, Purpose, Said};

/// What a storage gave back, customer by customer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restored {
    /// Everybody of whom a row was stored, in any order.
    pub customers: Vec<StoredCustomer>,
    /// How often offers went out.
    pub stock: Counts,
}

/// One customer as stored; lists keep the order of the storage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredCustomer {
    /// Who.
    pub customer: u32,
    /// What they agreed to.
    pub consents: Vec<StoredConsent>,
    /// Since when they have agreed to be spoken to.
    pub agreed_at_ms: Option<i64>,
    /// What they said about themselves.
    pub profile: Profile,
    /// What they bear.
    pub patience: Patience,
    /// What they heard, in the order in which it was decided.
    pub heard: Vec<Heard>,
    /// What was decided and had not been delivered.
    pub outbox: Vec<StoredNotice>,
    /// Stays that had not ended.
    pub visits: Vec<StoredVisit>,
}

/// One consent as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredConsent {
    /// Towards whom.
    pub merchant: u32,
    /// For what.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: ConsentState,
    /// A yes said up to here does not count.
    pub restricted_at_ms: Option<i64>,
    /// The version of the text that was last agreed to.
    pub version: Option<u32>,
    /// The merchant was told that it ends.
    pub is_reminded: bool,
}

/// One decided offer that had not been delivered, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNotice {
    /// Which.
    pub said: Said,
    /// When it turns stale.
    pub expires_at_ms: i64,
    /// What called for it.
    pub kind: Kind,
    /// Whose it is.
    pub merchant: u32,
    /// How it is said.
    pub channel: Channel,
    /// Its words, as [`crate::Text::words`] has them.
    pub words: String,
}

/// One open visit as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredVisit {
    /// Which phone.
    pub device: u32,
    /// Where.
    pub fence: u32,
    /// Device time of its first fix inside.
    pub entered_at_ms: i64,
    /// Device time of its last fix.
    pub last_at_ms: i64,
    /// It began before we could see its beginning.
    pub initial: bool,
    /// Its dwell has been told.
    pub dwelled: bool,
}
