//! Wall clocks: which civil day it is somewhere, and how far into it.

use chrono::{DateTime, NaiveDate, Offset, TimeZone};
use chrono_tz::Tz;
use model::{Millis, Timestamp};

/// A day of the calendar, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDay(i32);

impl CivilDay {
    /// A day from its count.
    #[must_use]
    pub const fn new(days_since_1970: i32) -> Self {
        Self(days_since_1970)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days_since_1970(self) -> i32 {
        self.0
    }

    /// The day that a wall clock of a zone shows; `None` outside the calendar's range.
    #[must_use]
    pub fn at(zone: Tz, at: Timestamp) -> Option<Self> {
        Some(Stretch::of(zone, at)?.day)
    }

    pub(crate) fn of_date(date: NaiveDate) -> Self {
        Self(date.to_epoch_days())
    }

    pub(crate) fn date(self) -> Option<NaiveDate> {
        NaiveDate::from_epoch_days(self.0)
    }

    /// An instant before which no wall clock shows this day.
    pub(crate) fn is_nowhere_before(self) -> Timestamp {
        Timestamp::from_unix_ms((i64::from(self.0) - 2) * DAY_MS)
    }
}

/// A stretch of time through which a wall clock runs evenly within one civil day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) day: CivilDay,
    /// Where the wall clock stands at its beginning, from midnight.
    pub(crate) ms_of_day: i64,
    /// Its beginning.
    pub(crate) from: Timestamp,
    /// Its end, exclusive: midnight or a change of the clock.
    pub(crate) until: Timestamp,
}

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

impl Stretch {
    /// The one that begins at an instant; `None` outside the calendar's range.
    pub(crate) fn of(zone: Tz, at: Timestamp) -> Option<Self> {
        let ahead = offset_ms(zone, at)?;
        let wall_ms = at.unix_ms().checked_add(ahead)?;
        let ms_of_day = wall_ms.rem_euclid(DAY_MS);
        let day = CivilDay(i32::try_from(wall_ms.div_euclid(DAY_MS)).ok()?);
        let midnight = at + Millis::new(DAY_MS - ms_of_day);
        let is_even = offset_ms(zone, midnight - Millis::new(1))? == ahead;
        let until = if is_even { midnight } else { change_between(zone, at, midnight, ahead)? };
        Some(Self { day, ms_of_day, from: at, until })
    }

    /// The first instant in it at which the wall clock stands in one of some spans of minutes.
    pub(crate) fn first_in(&self, spans: &[Span]) -> Option<Timestamp> {
        spans.iter().find_map(|span| {
            let wait_ms = (i64::from(span.from_minute) * MINUTE_MS - self.ms_of_day).max(0);
            let at = self.from + Millis::new(wait_ms);
            (self.ms_of_day + wait_ms < i64::from(span.until_minute) * MINUTE_MS && at < self.until)
                .then_some(at)
        })
    }

    /// Whether the wall clock stands in one of some spans of minutes at its beginning.
    pub(crate) fn begins_in(&self, spans: &[Span]) -> bool {
        self.first_in(spans) == Some(self.from)
    }
}

/// Minutes of one civil day, the last exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from_minute: u16,
    pub(crate) until_minute: u16,
}

impl Span {
    pub(crate) const MINUTES_A_DAY: u16 = 24 * 60;
    pub(crate) const WHOLE_DAY: Self = Self { from_minute: 0, until_minute: Self::MINUTES_A_DAY };
}

/// Minutes that lie in spans of both lists, both ascending.
pub(crate) fn in_both(some: &[Span], others: &[Span]) -> Vec<Span> {
    let meet = |a: &Span, b: &Span| {
        let (from_minute, until_minute) =
            (a.from_minute.max(b.from_minute), a.until_minute.min(b.until_minute));
        (from_minute < until_minute).then_some(Span { from_minute, until_minute })
    };
    let mut both: Vec<Span> = some.iter().flat_map(|a| others.iter().filter_map(|b| meet(a, b))).collect();
    both.sort_unstable_by_key(|span| span.from_minute);
    both
}

/// By how much the wall clock is ahead of UTC.
fn offset_ms(zone: Tz, at: Timestamp) -> Option<i64> {
    let utc = DateTime::from_timestamp_millis(at.unix_ms())?.naive_utc();
    Some(i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * 1_000)
}

/// The first instant at which the wall clock is not ahead by `ahead` any more; no zone changes its
/// clock twice a day.
fn change_between(zone: Tz, from: Timestamp, until: Timestamp, ahead: i64) -> Option<Timestamp> {
    let (mut same, mut other) = (from.unix_ms(), until.unix_ms());
    while 1 < other - same {
        let middle = same + (other - same) / 2;
        if offset_ms(zone, Timestamp::from_unix_ms(middle))? == ahead {
            same = middle;
        } else {
            other = middle;
        }
    }
    Some(Timestamp::from_unix_ms(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_unix_ms(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
    }

    /// The day, the minute of the day and the end of the stretch.
    fn check(zone: &str, from: &str, day: &str, minute: i64, until: &str) {
        let stretch = Stretch::of(zone.parse().unwrap(), at(from)).unwrap();
        assert_eq!(stretch.day.date().unwrap().to_string(), day, "{zone} {from}");
        assert_eq!(stretch.ms_of_day, minute * MINUTE_MS, "{zone} {from}");
        assert_eq!(stretch.until, at(until), "{zone} {from}");
    }

    #[test]
    fn a_stretch_ends_at_midnight_or_where_the_clock_is_changed() {
        check("Europe/Berlin", "2026-06-01T10:00:00Z", "2026-06-01", 720, "2026-06-01T22:00:00Z");
        // The clock goes from 02:00 to 03:00, and in autumn from 03:00 to 02:00.
        check("Europe/Berlin", "2026-03-28T23:30:00Z", "2026-03-29", 30, "2026-03-29T01:00:00Z");
        check("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29", 180, "2026-03-29T22:00:00Z");
        check("Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25", 150, "2026-10-25T01:00:00Z");
        check("Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-25", 120, "2026-10-25T23:00:00Z");
        // Midnight is missing in Beirut, and a whole day on Samoa.
        check("Asia/Beirut", "2026-03-28T21:00:00Z", "2026-03-28", 1_380, "2026-03-28T22:00:00Z");
        check("Asia/Beirut", "2026-03-28T22:00:00Z", "2026-03-29", 60, "2026-03-29T21:00:00Z");
        check("Pacific/Apia", "2011-12-30T09:00:00Z", "2011-12-29", 1_380, "2011-12-30T10:00:00Z");
        check("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31", 0, "2011-12-31T10:00:00Z");
    }

    #[test]
    fn outside_the_calendar_there_is_no_day() {
        let zone = chrono_tz::Europe::Berlin;
        assert_eq!(CivilDay::at(zone, Timestamp::MAX), None);
        assert_eq!(CivilDay::at(zone, Timestamp::MIN), None);
        assert_eq!(CivilDay::at(zone, Timestamp::from_unix_ms(-1)), Some(CivilDay::new(0)));
    }

    #[test]
    fn minutes_are_in_both_lists_or_not() {
        let span = |from_minute, until_minute| Span { from_minute, until_minute };
        let some = [span(0, 100), span(200, 300)];
        assert_eq!(in_both(&some, &[span(50, 250)]), [span(50, 100), span(200, 250)]);
        assert_eq!(in_both(&some, &[span(100, 200)]), []);
        assert_eq!(in_both(&some, &[Span::WHOLE_DAY]), some);
    }
}
