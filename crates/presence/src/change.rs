//! What presence asks of the map, and what it answers.

use std::cmp::Ordering;

use model::{ExitReason, FenceNo, Meters, Position, Timestamp, TransitionKind};

/// What the map knows about one device's fix.
///
/// The caller asks the index; presence knows no shapes.
pub trait Surroundings {
    /// Fences that hold the fix and may be seen, ascending.
    fn inside(&self) -> &[FenceNo];

    /// Whether a fence holds a position.
    fn holds(&self, fence: FenceNo, position: Position) -> bool;

    /// How far outside a fence the fix lies; nought inside.
    fn distance_outside(&self, fence: FenceNo) -> Meters;

    /// The radius of a fence.
    fn radius(&self, fence: FenceNo) -> Meters;

    /// Fences that may be seen and that the way from the fix before meets.
    fn crossed(&self) -> Vec<FenceNo>;

    /// Which of two fences is entered when there is room for one visit more.
    ///
    /// By number unless the caller knows better: numbers depend on the edits that there were.
    fn precedence(&self, one: FenceNo, other: FenceNo) -> Ordering {
        one.cmp(&other)
    }
}

/// One change of presence, not yet named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Where.
    pub fence: FenceNo,
    /// What.
    pub kind: TransitionKind,
    /// Device time of the deciding fix, or of the timer.
    pub at: Timestamp,
    /// Device time of the visit's first fix inside.
    pub entered_at: Timestamp,
    /// The visit began before we could see its beginning.
    pub initial: bool,
    /// The deciding fix was fresh, honest and exact enough for an offer.
    pub may_trigger: bool,
    /// Speed of the deciding fix in metres a second.
    pub speed_mps: Option<f32>,
    /// Whether the app was in the foreground at the deciding fix, if the device said so.
    pub foreground: Option<bool>,
    /// Of an exit, why.
    pub exit_reason: Option<ExitReason>,
}

impl Change {
    /// A change at an instant, of a visit that begins then, about which nothing else is known.
    pub(crate) const fn new(kind: TransitionKind, fence: FenceNo, at: Timestamp) -> Self {
        Self {
            fence,
            kind,
            at,
            entered_at: at,
            initial: false,
            may_trigger: false,
            speed_mps: None,
            foreground: None,
            exit_reason: None,
        }
    }
}
