//! A fix: a device's report of where it was.

use crate::{Meters, Position, Timestamp};

/// A decoded report of a device.
///
/// Accuracy and speed that a device calls invalid never get here: wire refuses the
/// first and leaves out the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fix {
    /// When the device took it, by the device's clock.
    pub taken_at: Timestamp,
    /// Where.
    pub position: Position,
    /// Radius that holds the truth in 68 % of cases; absent when unknown.
    pub accuracy: Option<Meters>,
    /// Speed over ground in metres a second.
    pub speed_mps: Option<f32>,
    /// The device says that the position was made up by a developer tool.
    pub mock: bool,
    /// The app was in the foreground; absent when the device did not say.
    pub foreground: Option<bool>,
    /// The device says that it stands still.
    pub still: bool,
}

impl Fix {
    /// Accuracy assumed where the device gave none.
    pub const ACCURACY_ASSUMED: Meters = Meters(50.0);

    /// A fix with nothing but a time and a place.
    #[must_use]
    pub const fn at(taken_at: Timestamp, position: Position) -> Self {
        Self {
            taken_at,
            position,
            accuracy: None,
            speed_mps: None,
            mock: false,
            foreground: None,
            still: false,
        }
    }

    /// The accuracy to reckon with.
    #[must_use]
    pub fn accuracy_or_assumed(&self) -> Meters {
        self.accuracy.unwrap_or(Self::ACCURACY_ASSUMED)
    }
}
