//! What a customer has heard before.

use crate::{FenceId, MerchantId, NotificationId, OfferId, TimeZoneName, Timestamp, VisitId};

/// A notification that counts towards caps and cooldowns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// When it was decided.
    pub at: Timestamp,
    /// What.
    pub offer: OfferId,
    /// Whose.
    pub merchant: MerchantId,
    /// Where.
    pub fence: FenceId,
    /// The stay.
    pub visit: VisitId,
    /// The zone whose civil day it counts in.
    pub zone: Option<TimeZoneName>,
}

impl Heard {
    /// The notification that was heard.
    #[must_use]
    pub fn notification(&self) -> NotificationId {
        NotificationId::of(self.visit, &self.offer)
    }
}
