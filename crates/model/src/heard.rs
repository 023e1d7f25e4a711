//! What a customer has heard before.

use crate::{FenceId, MerchantId, NotificationId, OfferId, TimeZoneName, Timestamp};

/// One notification that was decided, as caps and cooldowns count it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Which one.
    pub id: NotificationId,
    /// When it was decided.
    pub at: Timestamp,
    /// What was offered.
    pub offer: OfferId,
    /// By whom.
    pub merchant: MerchantId,
    /// Where.
    pub fence: FenceId,
    /// The zone whose civil day it counts for.
    pub zone: Option<TimeZoneName>,
}
