//! A device's report of where it was.

use crate::Place;

/// A report as the device sent it, in the order of its message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fix {
    /// When it was taken, by the device's clock, in Unix milliseconds.
    pub taken_at_ms: i64,
    /// Where.
    pub at: Place,
    /// Radius that holds the truth in 68 % of cases; absent when unknown.
    pub accuracy_m: Option<f64>,
    /// Speed over ground.
    pub speed_mps: Option<f64>,
    /// The device says that the position was made up.
    pub mock: bool,
    /// The device says that it stands still.
    pub still: bool,
    /// Whether the app was open, if the device says so.
    pub foreground: Option<bool>,
}

/// Accuracy reckoned with where the device gave none.
const ACCURACY_ASSUMED_M: f64 = 50.0;

impl Fix {
    /// A fix with nothing but a time and a place.
    #[must_use]
    pub const fn at(taken_at_ms: i64, at: Place) -> Self {
        Self {
            taken_at_ms,
            at,
            accuracy_m: None,
            speed_mps: None,
            mock: false,
            still: false,
            foreground: None,
        }
    }

    pub(crate) fn accuracy_or_assumed_m(&self) -> f64 {
        self.accuracy_m.unwrap_or(ACCURACY_ASSUMED_M)
    }
}
