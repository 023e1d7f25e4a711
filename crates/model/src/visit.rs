//! Visits and the transitions they make.

use crate::{CustomerId, DeviceId, Digest, FenceId, StableHasher, Timestamp};

/// One stay of a device in one fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisitId(pub Digest);

impl VisitId {
    /// The hash of who, which phone, where and since when: equal after any replay.
    #[must_use]
    pub fn of(customer: &CustomerId, device: &DeviceId, fence: &FenceId, entered_at: Timestamp) -> Self {
        let hasher = StableHasher::new("stile visit v1").text(customer.as_str()).text(device.as_str());
        Self(hasher.text(fence.as_str()).number(entered_at.unix_ms()).finish())
    }
}

/// One transition of one visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransitionId(pub Digest);

/// How presence changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransitionKind {
    /// Came in.
    Enter,
    /// Stayed.
    Dwell,
    /// Went out.
    Exit,
    /// Passed through between two fixes, seen in neither.
    Cross,
}

impl TransitionKind {
    /// All kinds, in the order in which a visit may make them.
    pub const ALL: [Self; 4] = [Self::Enter, Self::Dwell, Self::Exit, Self::Cross];

    /// The word that files and wires use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Dwell => "dwell",
            Self::Exit => "exit",
            Self::Cross => "cross",
        }
    }

    /// The kind of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Why a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitReason {
    /// Seen outside.
    Left,
    /// Not heard of for too long.
    TimedOut,
    /// The fence is no more, or is another merchant's now.
    FenceRemoved,
    /// The fence lies elsewhere now.
    FenceMoved,
    /// The customer withdrew the consent that let us look.
    ConsentWithdrawn,
}

impl ExitReason {
    /// The word that files and wires use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::TimedOut => "timed_out",
            Self::FenceRemoved => "fence_removed",
            Self::FenceMoved => "fence_moved",
            Self::ConsentWithdrawn => "consent_withdrawn",
        }
    }
}

/// A change of presence.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// The visit; of a cross a visit of its own.
    pub visit: VisitId,
    /// What happened.
    pub kind: TransitionKind,
    /// Where.
    pub fence: FenceId,
    /// Device time of the fix that showed it, or of the timer.
    pub at: Timestamp,
    /// Device time of the visit's first fix inside.
    pub entered_at: Timestamp,
    /// The device's first fix was already inside, or the visit was taken over silently.
    pub initial: bool,
    /// An offer may follow: the fix was fresh, honest and exact enough.
    pub may_trigger: bool,
    /// Speed over ground of the deciding fix, in metres a second.
    pub speed_mps: Option<f32>,
    /// Whether the app was in the foreground at the deciding fix, if the device said so.
    pub foreground: Option<bool>,
    /// Of an exit, why.
    pub exit_reason: Option<ExitReason>,
}

impl Transition {
    /// The hash of visit and kind.
    #[must_use]
    pub fn id(&self) -> TransitionId {
        let hasher = StableHasher::new("stile transition v1").text(self.kind.word());
        let [low, high] = [
            self.visit.0.low_u64(),
            u64::from_le_bytes(self.visit.0.bytes()[8..].try_into().unwrap_or_default()),
        ];
        TransitionId(hasher.number(low.cast_signed()).number(high.cast_signed()).finish())
    }
}
