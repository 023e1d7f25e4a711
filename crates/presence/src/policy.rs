//! What the operator may tune about presence.

use model::{Meters, Millis};

/// Bounds of presence; the defaults and their reasons stand in `config/default.toml`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PresencePolicy {
    /// A fix further in the future is dropped.
    pub future_max: Millis,
    /// A fix older than this on arrival updates presence and triggers nothing.
    pub fresh_max: Millis,
    /// A fix older than this on arrival is dropped.
    pub stale_max: Millis,
    /// Faster than this from one fix to the next is a jump, held until explained.
    pub jump_mps: f64,
    /// Worse accuracy than this never triggers.
    pub accuracy_trigger_max: Meters,
    /// A fix decides for a fence when its accuracy is at most this or the fence's radius.
    pub accuracy_decides_max: Meters,
    /// How long a stay makes a dwell.
    pub dwell: Millis,
    /// A fix is evidence of a stay so many of its accuracies within the fence.
    pub dwell_depth: f64,
    /// How long after a fix that declares stillness a timer may make the dwell.
    pub still_max: Millis,
    /// An exit needs at least this much distance, or a tenth of the radius.
    pub exit_margin: Meters,
    /// Of the accuracy at most this is added to the exit distance.
    pub exit_accuracy_max: Meters,
    /// A visit ends when its device has been silent for this long.
    pub silence_max: Millis,
    /// Whether passages between two fixes are looked for.
    pub crossings: bool,
    /// Visits one device can have at a time; further fences are not entered.
    pub visits_max: usize,
}

impl Default for PresencePolicy {
    fn default() -> Self {
        Self {
            future_max: Millis::from_secs(60),
            fresh_max: Millis::from_mins(10),
            stale_max: Millis::from_hours(6),
            jump_mps: 100.0,
            accuracy_trigger_max: Meters(200.0),
            accuracy_decides_max: Meters(100.0),
            dwell: Millis::from_mins(3),
            dwell_depth: 0.4,
            still_max: Millis::from_mins(30),
            exit_margin: Meters(20.0),
            exit_accuracy_max: Meters(50.0),
            silence_max: Millis::from_mins(60),
            crossings: false,
            visits_max: 64,
        }
    }
}
