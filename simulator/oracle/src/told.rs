//! What must have happened, in the words of the engine's trace.

use crate::{Failed, Kind};

/// Something that happened to one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Told {
    /// When: of a transition the device's time, else the engine's.
    pub at_ms: i64,
    /// To whom.
    pub customer: u32,
    /// With which phone.
    pub device: u32,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// Presence changed.
    Transition {
        /// How.
        kind: Kind,
        /// Where.
        fence: u32,
        /// Device time of the visit's first fix inside; of a cross, of the cross.
        entered_at_ms: i64,
        /// The visit began before we could see its beginning.
        initial: bool,
        /// Of an exit, why; of an initial enter, `initial`.
        reason: Option<&'static str>,
    },
    /// An offer was decided to be sent.
    Offer {
        /// Which.
        offer: u32,
        /// Where.
        fence: u32,
        /// In which visit.
        entered_at_ms: i64,
    },
    /// An offer was held back.
    Suppressed {
        /// Which.
        offer: u32,
        /// Where.
        fence: u32,
        /// In which visit.
        entered_at_ms: i64,
        /// The first rule that failed; of what was decided in favour and is not said, why.
        reason: &'static str,
        /// All that failed.
        failed: Failed,
    },
    /// A fix was of no use.
    Dropped {
        /// Why.
        reason: &'static str,
    },
    /// A message was refused unread.
    Refused {
        /// Why.
        reason: &'static str,
    },
}
