//! Wall clocks: civil days, and the hours in which something may be said.
//!
//! Hours begin inclusive and end exclusive. Where the clock is put forward over one of these, that
//! is the moment of the change; where it is put back, the hours begin the second time that the
//! clock shows their beginning, and end the first time that it shows their end.

use chrono::{
    DateTime, Datelike as _, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone,
    Timelike as _,
};
use chrono_tz::Tz;

use crate::rules::{DAY, HOUR};

const MINUTES_A_DAY: u16 = 1_440;

/// The civil day of an instant; `None` where the calendar ends.
pub(crate) fn civil_day(tz: Tz, at_ms: i64) -> Option<NaiveDate> {
    wall(tz, at_ms).map(|wall| wall.date())
}

/// The end of the hours that an instant lies in; `None` when it lies in none.
pub(crate) fn open_until_ms(hours: (u16, u16), tz: Tz, at_ms: i64) -> Option<i64> {
    let today = civil_day(tz, at_ms)?;
    // Hours that reach over midnight began yesterday.
    let days = [today.checked_sub_days(Days::new(1))?, today];
    let spans = days.into_iter().filter_map(|day| span_ms(hours, tz, day));
    spans.filter(|(opens_ms, shuts_ms)| *opens_ms <= at_ms && at_ms < *shuts_ms).map(|span| span.1).max()
}

/// Whether the wall clock shows a minute of a span, which may reach over midnight.
pub(crate) fn is_in((from, until): (u16, u16), tz: Tz, at_ms: i64) -> bool {
    let Some(wall) = wall(tz, at_ms) else { return false };
    let minute = (wall.hour() * 60 + wall.minute()) as u16;
    if from < until { from <= minute && minute < until } else { from <= minute || minute < until }
}

/// Whether the wall clock shows a Saturday or a Sunday.
pub(crate) fn is_weekend(tz: Tz, at_ms: i64) -> bool {
    wall(tz, at_ms).is_some_and(|wall| 5 <= wall.weekday().num_days_from_monday())
}

/// Whether an instant lies in a customer's own quiet time: it begins when the clock first shows its
/// beginning and ends when it last shows its end. From a minute to itself is always.
pub(crate) fn is_quiet((from, until): (u16, u16), tz: Tz, at_ms: i64) -> bool {
    let Some(today) = civil_day(tz, at_ms) else { return false };
    let days = [today.checked_sub_days(Days::new(1)), Some(today)];
    let is_of = |day: NaiveDate| {
        let ends_on = if from < until { Some(day) } else { day.succ_opt() };
        let begins_ms = shown_at_ms(tz, clock(day, from)).first().copied();
        let ends_ms = ends_on.and_then(|day| shown_at_ms(tz, clock(day, until)).last().copied());
        begins_ms.zip(ends_ms).is_some_and(|(begins_ms, ends_ms)| begins_ms <= at_ms && at_ms < ends_ms)
    };
    from % MINUTES_A_DAY == until % MINUTES_A_DAY || days.into_iter().flatten().any(is_of)
}

/// The first instant from `at_ms` on that lies in a customer's own quiet time, if one comes within two
/// days. It begins at a full minute, as clocks show them.
pub(crate) fn own_quiet_from_ms(quiet: (u16, u16), tz: Tz, at_ms: i64) -> Option<i64> {
    if is_quiet(quiet, tz, at_ms) {
        return Some(at_ms);
    }
    let today = civil_day(tz, at_ms)?;
    let days = [Some(today), today.succ_opt(), today.checked_add_days(Days::new(2))];
    let begins =
        days.into_iter().flatten().flat_map(|day| shown_at_ms(tz, clock(day, quiet.0)).first().copied());
    begins.filter(|begins_ms| at_ms <= *begins_ms).min()
}

/// The first instant from `at_ms` on that lies outside the hours, if one comes within two days.
pub(crate) fn quiet_from_ms(hours: (u16, u16), tz: Tz, at_ms: i64) -> Option<i64> {
    let mut quiet_ms = at_ms;
    while let Some(shuts_ms) = open_until_ms(hours, tz, quiet_ms) {
        quiet_ms = shuts_ms;
        if at_ms + 2 * DAY < quiet_ms {
            return None;
        }
    }
    Some(quiet_ms)
}

fn span_ms(hours: (u16, u16), tz: Tz, day: NaiveDate) -> Option<(i64, i64)> {
    let (from, until) = hours;
    let ends_on = if from < until { day } else { day.succ_opt()? };
    let opens_ms = *shown_at_ms(tz, clock(day, from)).last()?;
    let shuts_ms = *shown_at_ms(tz, clock(ends_on, until)).first()?;
    Some((opens_ms, shuts_ms))
}

fn clock(day: NaiveDate, minute: u16) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN) + TimeDelta::minutes(minute.into())
}

/// The instants at which a wall clock shows a time: two where it is put back over it. Where it is
/// put forward over it, the first instant after.
fn shown_at_ms(tz: Tz, clock: NaiveDateTime) -> Vec<i64> {
    match tz.from_local_datetime(&clock) {
        MappedLocalTime::Single(at) => vec![at.timestamp_millis()],
        MappedLocalTime::Ambiguous(first, second) => {
            vec![first.timestamp_millis(), second.timestamp_millis()]
        }
        MappedLocalTime::None => {
            // No zone is further than a day from UTC, and none jumps twice in so short a time.
            let utc_ms = clock.and_utc().timestamp_millis();
            let (mut before_ms, mut after_ms) = (utc_ms - 50 * HOUR, utc_ms + 50 * HOUR);
            while before_ms + 1 < after_ms {
                let middle_ms = i64::midpoint(before_ms, after_ms);
                match wall(tz, middle_ms) {
                    Some(shown) if shown < clock => before_ms = middle_ms,
                    Some(_) | None => after_ms = middle_ms,
                }
            }
            vec![after_ms]
        }
    }
}

fn wall(tz: Tz, at_ms: i64) -> Option<NaiveDateTime> {
    Some(DateTime::from_timestamp_millis(at_ms)?.with_timezone(&tz).naive_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).expect("an instant").timestamp_millis()
    }

    /// `opens` is the first instant that may speak, `shuts` the first that may not.
    fn check(hours: (u16, u16), tz: &str, opens: &str, shuts: &str) {
        let tz: Tz = tz.parse().expect("a zone");
        let (opens_ms, shuts_ms) = (at(opens), at(shuts));
        assert_eq!(open_until_ms(hours, tz, opens_ms - 1), None, "{tz}: open before {opens}");
        assert_eq!(open_until_ms(hours, tz, opens_ms), Some(shuts_ms), "{tz}: shut at {opens}");
        assert_eq!(open_until_ms(hours, tz, shuts_ms - 1), Some(shuts_ms), "{tz}: shut before {shuts}");
        assert_eq!(open_until_ms(hours, tz, shuts_ms), None, "{tz}: open at {shuts}");
        assert_eq!(quiet_from_ms(hours, tz, opens_ms), Some(shuts_ms), "{tz}");
        assert_eq!(quiet_from_ms(hours, tz, shuts_ms), Some(shuts_ms), "{tz}");
    }

    const DAYTIME: (u16, u16) = (9 * 60, 20 * 60);

    #[test]
    fn hours_begin_inclusive_and_end_exclusive() {
        check(DAYTIME, "America/Chicago", "2026-11-21T15:00:00Z", "2026-11-22T02:00:00Z");
        check((22 * 60, 2 * 60), "Europe/Berlin", "2026-06-01T20:00:00Z", "2026-06-02T00:00:00Z");
    }

    #[test]
    fn hours_follow_the_clock_through_the_changes_of_new_york() {
        check(DAYTIME, "America/New_York", "2026-03-08T13:00:00Z", "2026-03-09T00:00:00Z");
        check(DAYTIME, "America/New_York", "2026-11-01T14:00:00Z", "2026-11-02T01:00:00Z");
        // 02:30 is put forward over; 01:30 comes twice.
        check((150, 1200), "America/New_York", "2026-03-08T07:00:00Z", "2026-03-09T00:00:00Z");
        check((90, 1200), "America/New_York", "2026-11-01T06:30:00Z", "2026-11-02T01:00:00Z");
        check((0, 90), "America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z");
        check((0, 150), "America/New_York", "2026-03-08T05:00:00Z", "2026-03-08T07:00:00Z");
    }

    #[test]
    fn hours_follow_half_an_hour_on_lord_howe_and_midnights_that_are_missing() {
        check((135, 1200), "Australia/Lord_Howe", "2026-10-03T15:30:00Z", "2026-10-04T09:00:00Z");
        check((0, 600), "America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-04T12:00:00Z");
        check((0, 600), "Asia/Beirut", "2026-03-28T22:00:00Z", "2026-03-29T07:00:00Z");
    }

    #[test]
    fn a_day_that_never_was_holds_no_hours() {
        check(DAYTIME, "Pacific/Apia", "2011-12-30T19:00:00Z", "2011-12-31T06:00:00Z");
        let apia: Tz = "Pacific/Apia".parse().expect("a zone");
        assert_eq!(open_until_ms(DAYTIME, apia, at("2011-12-30T09:59:59Z")), None, "the evening of the 29th");
        assert_eq!(open_until_ms(DAYTIME, apia, at("2011-12-30T10:00:00Z")), None, "the morning of the 31st");
    }

    #[test]
    fn every_hour_is_every_hour() {
        let utc: Tz = "UTC".parse().expect("a zone");
        assert!(open_until_ms((0, 1440), utc, at("2026-06-01T23:59:59Z")).is_some());
        assert_eq!(quiet_from_ms((0, 1440), utc, at("2026-06-01T00:00:00Z")), None);
    }
}
