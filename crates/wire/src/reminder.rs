//! The announcement that a grant is about to end.

use model::Timestamp;
use serde::Serialize;

use crate::{instant, json};

/// A grant that ends soon unless the customer is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder<'a> {
    /// To whom it was given.
    pub merchant: &'a str,
    /// For what.
    pub purpose: &'a str,
    /// When it ends.
    pub until: Timestamp,
}

/// Writes an announcement.
#[must_use]
pub fn encode_reminder(reminder: &Reminder<'_>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Written<'a> {
        v: u8,
        merchant: &'a str,
        purpose: &'a str,
        until: String,
    }
    let &Reminder { merchant, purpose, until } = reminder;
    json::write(&Written { v: 1, merchant, purpose, until: instant::to_rfc3339(until) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_says_what_ends_and_when() {
        let until = Timestamp::from_unix_ms(1_763_748_000_123);
        let written = encode_reminder(&Reminder { merchant: "books", purpose: "location", until });
        let text = r#"{"v":1,"merchant":"books","purpose":"location","until":"2025-11-21T18:00:00.123Z"}"#;
        assert_eq!(String::from_utf8(written).unwrap(), text);
    }
}
