//! Instants on the command line.

use chrono::{DateTime, NaiveDate, NaiveTime};
use model::Timestamp;

/// `2026-01-31`, which is its midnight in UTC, or `2026-01-31T10:00:00Z`.
///
/// # Errors
/// When it is neither.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    let of_day =
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let parsed = of_day.or_else(|_| DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()));
    let told = |_| format!("{text:?} is no time such as 2026-01-31 or 2026-01-31T10:00:00Z");
    parsed.map(|at| Timestamp::from_unix_ms(at.timestamp_millis())).map_err(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_midnight_and_what_is_no_time_is_refused() {
        assert_eq!(instant("1970-01-02").map(Timestamp::unix_ms), Ok(86_400_000));
        assert_eq!(instant("1970-01-01T01:00:00+01:00").map(Timestamp::unix_ms), Ok(0));
        for wrong in ["", "tomorrow", "2026-02-30", "2026-01-31T10:00"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }
}
