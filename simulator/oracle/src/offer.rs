//! Offers, and what becomes of one that was decided.

/// A change of presence, by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Came in.
    Enter,
    /// Stayed.
    Dwell,
    /// Went out.
    Exit,
    /// Passed through between two fixes, seen in neither.
    Cross,
}

impl Kind {
    /// The word of the engine's trace.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Dwell => "dwell",
            Self::Exit => "exit",
            Self::Cross => "cross",
        }
    }
}

/// Something to say, from the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name; of equal priorities the lesser name goes first.
    pub id: String,
    /// Whose it is: it applies in this merchant's fences only.
    pub merchant: u32,
    /// Which change calls for it.
    pub trigger: Kind,
    /// The fences that it is meant for, by number; those chosen by tag are resolved.
    pub fences: Vec<u32>,
    /// Of several due at once the highest goes first.
    pub priority: u8,
    /// It turns stale this long after what called for it.
    pub valid_for_ms: i64,
}

/// A decided offer, by all that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Said {
    /// To whom.
    pub customer: u32,
    /// The phone whose presence called for it.
    pub device: u32,
    /// What.
    pub offer: u32,
    /// Where.
    pub fence: u32,
    /// The stay: device time of its first fix inside.
    pub entered_at_ms: i64,
}

/// How a decided offer leaves the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leaving {
    /// It was published.
    Sent,
    /// It turned stale before; it does not count as heard.
    Expired,
    /// Its customer restricted something since it was decided.
    Revoked,
    /// Its fence is gone, or its visit was ended by an operator's edit.
    FenceGone,
    /// The provider refused it at once; it does not count as heard.
    Refused,
    /// It turned stale while the engine was down; it counts, since it may have been on its way.
    Lapsed,
}

impl Leaving {
    /// The engine's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::FenceGone => "fence_gone",
            Self::Refused => "refused",
            Self::Lapsed => "lapsed",
        }
    }
}
