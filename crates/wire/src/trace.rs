//! Recorded fixes, points, and the story that a replay tells.

mod plain;
mod points;
mod records;
mod story;
mod table;

pub use points::{Points, open_points, points};
pub use records::{Fixes, TraceFix, fixes, open};
pub use story::TraceLine;

/// What is wrong with one line of a recording.
pub type TraceError = crate::LineError;
