//! Nouns that two rooms share: ids, time, places, fixes, fences, transitions and notifications.
//!
//! Everything here is a value. A type with a rule has private fields and a
//! constructor that checks it, so that a room which holds one need not ask again.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod channel;
mod feedback;
mod fence;
mod fix;
mod hash;
mod heard;
mod id;
mod jurisdiction;
mod notification;
mod number;
mod place;
mod profile;
mod time;
mod tolerance;
mod visit;
mod week;

pub use channel::Channel;
pub use feedback::{Answers, FeedbackKind};
pub use fence::{FenceFacts, TimeZoneName};
pub use fix::Fix;
pub use hash::{Digest, StableHasher};
pub use heard::{Heard, Standing};
pub use id::{
    CustomerId, DeviceId, FenceId, IdFlaw, MerchantId, OfferId, RESERVED_CUSTOMERS, RESERVED_DEVICE,
};
pub use jurisdiction::{Jurisdiction, JurisdictionFlaw};
pub use notification::{Notification, NotificationId, Words};
pub use number::{CustomerNo, DeviceNo, FenceNo, MerchantNo, N_PARTITIONS, Partition};
pub use place::{Meters, Position, PositionFlaw};
pub use profile::{Dial, Profile};
pub use time::{Millis, Timestamp};
pub use tolerance::{Silence, SilenceOver, SilenceReason, Tolerance};
pub use visit::{ExitReason, Transition, TransitionId, TransitionKind, VisitId};
pub use week::{WeekHours, Weekday};
