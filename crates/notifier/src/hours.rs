//! Wall clocks: the hours of a day in which something may be said.

use chrono::{DateTime, Days, MappedLocalTime, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use model::{Timestamp, WeekHours, Weekday};

/// A span of every day on the wall clock: from inclusive, until exclusive.
///
/// Invariant: both are minutes of the day, 0..=1440, and differ. A span whose end is
/// before its beginning reaches into the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyHours {
    from_minute: u16,
    until_minute: u16,
}

impl Default for DailyHours {
    /// 09:00-20:00.
    fn default() -> Self {
        Self { from_minute: 9 * 60, until_minute: 20 * 60 }
    }
}

impl DailyHours {
    /// Minutes of an ordinary day.
    pub const MINUTES_A_DAY: u16 = 24 * 60;

    /// Every hour of the day.
    pub const ALWAYS: Self = Self { from_minute: 0, until_minute: Self::MINUTES_A_DAY };

    /// A span from two minutes of the day; `None` when they are equal or not of a day.
    #[must_use]
    pub const fn new(from_minute: u16, until_minute: u16) -> Option<Self> {
        if Self::MINUTES_A_DAY < until_minute
            || Self::MINUTES_A_DAY <= from_minute
            || from_minute == until_minute
        {
            return None;
        }
        Some(Self { from_minute, until_minute })
    }

    /// A span of whole hours; a constant for defaults.
    ///
    /// # Panics
    /// When they are equal or not of a day.
    #[must_use]
    pub const fn of_hours(from: u16, until: u16) -> Self {
        Self::new(from * 60, until * 60).expect("the hours are of a day and differ")
    }

    /// Its first minute of the day, and the one at which it ends.
    #[must_use]
    pub const fn minutes(self) -> (u16, u16) {
        (self.from_minute, self.until_minute)
    }

    /// Whether a wall clock that shows a minute of the day shows one of it.
    #[must_use]
    pub const fn holds_minute(self, minute: u16) -> bool {
        if self.from_minute < self.until_minute {
            return self.from_minute <= minute && minute < self.until_minute;
        }
        self.from_minute <= minute || minute < self.until_minute
    }

    /// Whether an instant lies within, on the wall clock of a zone.
    #[must_use]
    pub fn holds(self, zone: Tz, now: Timestamp) -> bool {
        self.window_near(zone, now).is_some_and(|(opens_at, _)| opens_at <= now)
    }

    /// The first instant from `now` on that lies within; `None` past the end of the calendar.
    #[must_use]
    pub fn next(self, zone: Tz, now: Timestamp) -> Option<Timestamp> {
        self.window_near(zone, now).map(|(opens_at, _)| opens_at.max(now))
    }

    /// The first instant from `now` on that lies without; `None` when there is none within days.
    #[must_use]
    pub fn close(self, zone: Tz, now: Timestamp) -> Option<Timestamp> {
        let mut at = now;
        // One window can follow the other without a gap.
        for _ in 0..3 {
            match self.window_near(zone, at) {
                Some((opens_at, closes_at)) if opens_at <= at => at = closes_at,
                Some(_) | None => return Some(at),
            }
        }
        None
    }

    /// The window that holds `now`, else the next one.
    fn window_near(self, zone: Tz, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let today = civil_day(zone, now)?;
        let yesterday = today.checked_sub_days(Days::new(1))?;
        // Three days on, because a zone can lose a whole day (Apia, 30 December 2011).
        let days = (0..5).filter_map(|n| yesterday.checked_add_days(Days::new(n)));
        days.filter_map(|day| self.window_of(zone, day))
            .find(|(opens_at, closes_at)| opens_at < closes_at && now < *closes_at)
    }

    fn window_of(self, zone: Tz, day: NaiveDate) -> Option<(Timestamp, Timestamp)> {
        let ends_on = if self.from_minute < self.until_minute { day } else { day.succ_opt()? };
        Some((
            instant(zone, day, self.from_minute, Fold::Second)?,
            instant(zone, ends_on, self.until_minute, Fold::First)?,
        ))
    }
}

/// Whether an instant lies within hours of the week, on the wall clock of a zone.
pub(crate) fn week_holds(hours: &WeekHours, zone: Tz, now: Timestamp) -> bool {
    week_window_near(hours, zone, now).is_some_and(|(opens_at, _)| opens_at <= now)
}

/// The first instant from `now` on that lies within; `None` when there is none.
pub(crate) fn week_next(hours: &WeekHours, zone: Tz, now: Timestamp) -> Option<Timestamp> {
    week_window_near(hours, zone, now).map(|(opens_at, _)| opens_at.max(now))
}

/// The first instant from `now` on that lies without; `None` when there is none within days.
pub(crate) fn week_closes(hours: &WeekHours, zone: Tz, now: Timestamp) -> Option<Timestamp> {
    let mut at = now;
    // One day's hours can follow the other's without a gap, seven times before a week is over.
    for _ in 0..9 {
        match week_window_near(hours, zone, at) {
            Some((opens_at, closes_at)) if opens_at <= at => at = closes_at,
            Some(_) | None => return Some(at),
        }
    }
    None
}

/// The window that holds `now`, else the next one.
fn week_window_near(hours: &WeekHours, zone: Tz, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let yesterday = civil_day(zone, now)?.checked_sub_days(Days::new(1))?;
    // A week and a day that a zone may lose; the same weekday comes again by then.
    let days = (0..10).filter_map(|n| yesterday.checked_add_days(Days::new(n)));
    let window_of = |day: NaiveDate| {
        let (from, until) = hours.on(Weekday::of_day(i64::from(day.to_epoch_days())))?;
        DailyHours::new(from, until)?.window_of(zone, day)
    };
    days.filter_map(window_of).find(|(opens_at, closes_at)| opens_at < closes_at && now < *closes_at)
}

/// Of a wall-clock time that comes twice, which.
#[derive(Clone, Copy)]
enum Fold {
    First,
    Second,
}

/// The instant of a minute of a civil day; one that a gap swallows is the end of the gap.
fn instant(zone: Tz, day: NaiveDate, minute: u16, fold: Fold) -> Option<Timestamp> {
    let midnight = day.and_time(NaiveTime::MIN);
    // No gap of any zone is longer than a day.
    for gap_minutes in 0..=i64::from(DailyHours::MINUTES_A_DAY) {
        let wall = midnight + TimeDelta::minutes(i64::from(minute) + gap_minutes);
        let found = match (zone.from_local_datetime(&wall), fold) {
            (MappedLocalTime::None, _) => continue,
            (MappedLocalTime::Single(found), _) | (MappedLocalTime::Ambiguous(found, _), Fold::First) => {
                found
            }
            (MappedLocalTime::Ambiguous(_, second), Fold::Second) => second,
        };
        return Some(Timestamp::from_unix_ms(found.timestamp_millis()));
    }
    None
}

/// The civil day of an instant in a zone; `None` outside the calendar's range.
pub(crate) fn civil_day(zone: Tz, at: Timestamp) -> Option<NaiveDate> {
    let utc = DateTime::from_timestamp_millis(at.unix_ms())?;
    Some(utc.with_timezone(&zone).date_naive())
}

/// The first instant of the next civil day.
pub(crate) fn next_day_at(zone: Tz, at: Timestamp) -> Option<Timestamp> {
    instant(zone, civil_day(zone, at)?.succ_opt()?, 0, Fold::First)
}

/// The zone of an IANA name.
#[must_use]
pub fn zone(name: &str) -> Option<Tz> {
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_unix_ms(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
    }

    fn hours(from: u16, until: u16) -> DailyHours {
        DailyHours::new(from, until).unwrap()
    }

    /// `open` is the first instant that may speak, `shut` the first that may not.
    fn check(hours: DailyHours, tz: &str, open: &str, shut: &str) {
        let tz = zone(tz).unwrap();
        let (open, shut) = (at(open), at(shut));
        let just = model::Millis::new(1);
        assert!(!hours.holds(tz, open - just), "{tz}: open before {open:?}");
        assert!(hours.holds(tz, open), "{tz}: shut at {open:?}");
        assert!(hours.holds(tz, shut - just), "{tz}: shut before {shut:?}");
        assert!(!hours.holds(tz, shut), "{tz}: open at {shut:?}");
        assert_eq!(hours.next(tz, open - just), Some(open), "{tz}");
    }

    #[test]
    fn hours_begin_inclusive_and_end_exclusive() {
        check(DailyHours::default(), "America/Chicago", "2026-11-21T15:00:00Z", "2026-11-22T02:00:00Z");
    }

    #[test]
    fn hours_follow_the_clock_through_the_changes_of_new_york() {
        // 02:30 does not exist on 8 March: open from the transition instant.
        check(hours(150, 1200), "America/New_York", "2026-03-08T07:00:00Z", "2026-03-09T00:00:00Z");
        // 01:30 comes twice on 1 November: open from the second.
        check(hours(90, 1200), "America/New_York", "2026-11-01T06:30:00Z", "2026-11-02T01:00:00Z");
        check(DailyHours::default(), "America/New_York", "2026-03-08T13:00:00Z", "2026-03-09T00:00:00Z");
    }

    #[test]
    fn hours_follow_half_an_hour_on_lord_howe() {
        check(hours(135, 1200), "Australia/Lord_Howe", "2026-10-03T15:30:00Z", "2026-10-04T09:00:00Z");
    }

    #[test]
    fn hours_that_begin_at_a_midnight_that_is_missing_begin_at_the_transition() {
        check(hours(0, 600), "America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-04T12:00:00Z");
        check(hours(0, 600), "Asia/Beirut", "2026-03-28T22:00:00Z", "2026-03-29T07:00:00Z");
    }

    #[test]
    fn a_day_that_never_was_holds_no_hours() {
        // Apia went from the end of 29 December 2011 straight to 31 December.
        check(DailyHours::default(), "Pacific/Apia", "2011-12-30T19:00:00Z", "2011-12-31T06:00:00Z");
        assert_eq!(
            DailyHours::default().next(zone("Pacific/Apia").unwrap(), at("2011-12-30T06:00:00Z")),
            Some(at("2011-12-30T19:00:00Z"))
        );
    }

    #[test]
    fn hours_may_reach_over_midnight() {
        check(hours(22 * 60, 2 * 60), "Europe/Berlin", "2026-06-01T20:00:00Z", "2026-06-02T00:00:00Z");
    }

    #[test]
    fn every_hour_is_every_hour() {
        assert!(DailyHours::ALWAYS.holds(zone("UTC").unwrap(), at("2026-06-01T00:00:00Z")));
        assert!(DailyHours::ALWAYS.holds(zone("UTC").unwrap(), at("2026-06-01T23:59:59Z")));
    }

    #[test]
    fn hours_of_a_week_follow_the_day_that_the_wall_clock_shows() {
        let weekdays = Some((540, 1_260));
        let texas = [weekdays, weekdays, weekdays, weekdays, weekdays, weekdays, Some((720, 1_260))];
        let texas = WeekHours::new(texas).unwrap();
        let chicago = zone("America/Chicago").unwrap();
        let just = model::Millis::new(1);
        // Saturday until 21:00, then from noon on Sunday, 22 November 2026.
        let (shut, open) = (at("2026-11-22T03:00:00Z"), at("2026-11-22T18:00:00Z"));
        assert!(week_holds(&texas, chicago, shut - just) && !week_holds(&texas, chicago, shut));
        assert_eq!(week_next(&texas, chicago, shut), Some(open));
        assert!(!week_holds(&texas, chicago, open - just) && week_holds(&texas, chicago, open));
        assert_eq!(week_closes(&texas, chicago, shut - just), Some(shut));
        assert_eq!(week_closes(&texas, chicago, shut), Some(shut));
        assert_eq!(week_closes(&WeekHours::ALWAYS, chicago, shut), None);
        let never = WeekHours::new([None; 7]).unwrap();
        assert_eq!(
            (week_next(&never, chicago, shut), week_closes(&never, chicago, shut)),
            (None, Some(shut))
        );
        let mondays = WeekHours::new([Some((0, 1_440)), None, None, None, None, None, None]).unwrap();
        assert_eq!(
            week_next(&mondays, chicago, at("2026-11-24T06:00:00Z")),
            Some(at("2026-11-30T06:00:00Z"))
        );
        assert_eq!(
            week_closes(&mondays, chicago, at("2026-11-23T06:00:00Z")),
            Some(at("2026-11-24T06:00:00Z"))
        );
    }

    #[test]
    fn c05_hours_that_hold_nothing_are_refused() {
        assert_eq!(DailyHours::new(540, 540), None);
        assert_eq!(DailyHours::new(1440, 10), None);
    }
}
