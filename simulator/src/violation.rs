//! Something that must not happen.

use serde::Serialize;

/// What was found, with the smallest way to see it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Violation {
    /// An invariant's name, or a verdict's word.
    pub(crate) name: String,
    /// What happened, in one sentence.
    pub(crate) sentence: String,
    pub(crate) seed: u64,
    pub(crate) customer: Option<String>,
    /// First and last step, or instant in Unix milliseconds, between which it shows.
    pub(crate) range: (i64, i64),
    /// A command that shows it again.
    pub(crate) replay: String,
}
