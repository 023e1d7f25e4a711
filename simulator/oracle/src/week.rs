//! Spans of a week on the wall clock: when a store is open, when an offer may be said.

use chrono::{DateTime, Datelike as _, Timelike as _};
use chrono_tz::Tz;

/// Spans, each by its day (Monday is 0), the minute at which it begins and the one at which it ends; an
/// end above 1440 lies in the next day. An empty week is never open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Week(pub Vec<(u8, u16, u16)>);

const MINUTES_A_DAY: u16 = 1_440;

impl Week {
    /// The same span on every day.
    #[must_use]
    pub fn daily(from: u16, until: u16) -> Self {
        Self((0..7).map(|day| (day, from, until)).collect())
    }

    /// Whether the wall clock shows a minute of one of the spans.
    pub(crate) fn holds(&self, tz: Tz, at_ms: i64) -> bool {
        let Some(utc) = DateTime::from_timestamp_millis(at_ms) else { return false };
        let wall = utc.with_timezone(&tz);
        let today = wall.weekday().num_days_from_monday() as u8;
        let minute = (wall.hour() * 60 + wall.minute()) as u16;
        let yesterday = (today + 6) % 7;
        self.0.iter().any(|&(day, from, until)| {
            let begun_today = day == today && from <= minute && minute < until;
            begun_today || (day == yesterday && minute + MINUTES_A_DAY < until)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_begins_inclusive_ends_exclusive_and_reaches_over_midnight() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).expect("an instant").timestamp_millis();
        // Friday to Saturday morning.
        let bar = Week(vec![(4, 20 * 60, 26 * 60)]);
        let is_open = |text: &str| bar.holds(chrono_tz::UTC, at(text));
        assert!(!is_open("2026-06-05T19:59:59Z") && is_open("2026-06-05T20:00:00Z"));
        assert!(is_open("2026-06-06T01:59:59Z") && !is_open("2026-06-06T02:00:00Z"));
        assert!(!is_open("2026-06-06T20:00:00Z"));
        assert!(!Week::default().holds(chrono_tz::UTC, at("2026-06-06T20:00:00Z")));
    }
}
