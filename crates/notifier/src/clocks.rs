//! Wall clocks that are looked up once and not at every question.
//!
//! Between two changes of its offset a zone is arithmetic: [`Clocks`] remembers of each how far
//! it is from one, and asks the zone database only near a change. Three questions cost some
//! 10 ns instead of 2 us.

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;
use model::{Millis, Timestamp};

use crate::DailyHours;
use crate::hours::{civil_day, next_day_at};

/// What the wall clocks of the world show.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clocks {
    /// By number of the zone; as many as were ever asked for.
    spans: Vec<Option<Span>>,
}

/// A wall clock's face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wall {
    /// Civil days since 1 January 1970.
    pub(crate) day: i64,
    /// Of the day.
    pub(crate) minute: u16,
}

impl Wall {
    /// Saturday or Sunday.
    pub(crate) const fn is_weekend(self) -> bool {
        // The first day of 1970 was a Thursday.
        matches!((self.day + 3).rem_euclid(7), 5 | 6)
    }
}

/// A time in which one answer holds.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: i64,
    until: i64,
    /// Of the clock; `None` near a change.
    offset_ms: Option<i64>,
}

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// The database is asked this often: no zone has changed its clock twice within six hours.
const STEP_MS: i64 = 6 * 60 * MINUTE_MS;

/// So far from any change the wall clock is arithmetic, a day ahead and a day back, gaps included.
const REACH_MS: i64 = 9 * STEP_MS;

/// So far ahead it is looked; most of the year nothing changes in a month.
const AHEAD_MS: i64 = 40 * DAY_MS;

/// And so far back, for what was heard lately.
const BACK_MS: i64 = 5 * DAY_MS;

impl Clocks {
    /// What a clock shows; `None` outside the calendar's range.
    pub(crate) fn wall(&mut self, zone: Tz, at: Timestamp) -> Option<Wall> {
        let offset_ms = self.offset_ms(zone, at).or_else(|| offset_of(zone, at.unix_ms()))?;
        let wall_ms = at.unix_ms() + offset_ms;
        let minute = wall_ms.rem_euclid(DAY_MS) / MINUTE_MS;
        Some(Wall { day: wall_ms.div_euclid(DAY_MS), minute: minute as u16 })
    }

    /// The civil day of an instant, in days since 1 January 1970.
    pub(crate) fn civil_day(&mut self, zone: Tz, at: Timestamp) -> Option<i64> {
        match self.offset_ms(zone, at) {
            Some(offset_ms) => Some((at.unix_ms() + offset_ms).div_euclid(DAY_MS)),
            None => civil_day(zone, at).map(|day| i64::from(day.to_epoch_days())),
        }
    }

    /// The first instant of the next civil day.
    pub(crate) fn next_day_at(&mut self, zone: Tz, at: Timestamp) -> Option<Timestamp> {
        let Some(offset_ms) = self.offset_ms(zone, at) else { return next_day_at(zone, at) };
        let day = (at.unix_ms() + offset_ms).div_euclid(DAY_MS);
        Some(Timestamp::from_unix_ms((day + 1) * DAY_MS - offset_ms))
    }

    /// [`DailyHours::holds`].
    pub(crate) fn holds(&mut self, hours: DailyHours, zone: Tz, at: Timestamp) -> bool {
        match self.offset_ms(zone, at) {
            Some(offset_ms) => hours.holds_minute(minute_of(at, offset_ms)),
            None => hours.holds(zone, at),
        }
    }

    /// [`DailyHours::next`].
    pub(crate) fn next(&mut self, hours: DailyHours, zone: Tz, at: Timestamp) -> Option<Timestamp> {
        let Some(offset_ms) = self.offset_ms(zone, at) else { return hours.next(zone, at) };
        if hours.holds_minute(minute_of(at, offset_ms)) {
            return Some(at);
        }
        Some(next_minute(hours.minutes().0, at, offset_ms))
    }

    /// [`DailyHours::close`].
    pub(crate) fn close(&mut self, hours: DailyHours, zone: Tz, at: Timestamp) -> Option<Timestamp> {
        let Some(offset_ms) = self.offset_ms(zone, at) else { return hours.close(zone, at) };
        if !hours.holds_minute(minute_of(at, offset_ms)) {
            return Some(at);
        }
        (hours != DailyHours::ALWAYS).then(|| next_minute(hours.minutes().1, at, offset_ms))
    }

    /// The next instant at which a clock shows one of some minutes of the day, or a day begins.
    ///
    /// Near a change of the clock it may be one at which nothing of that happens.
    pub(crate) fn next_of_minutes(&mut self, minutes: &[u16], zone: Tz, at: Timestamp) -> Option<Timestamp> {
        let all = minutes.iter().map(|minute| minute % DailyHours::MINUTES_A_DAY).chain([0]);
        match self.offset_ms(zone, at) {
            Some(offset_ms) => all.map(|minute| next_minute(minute, at, offset_ms)).min(),
            None => {
                let wanted: Vec<u16> = all.collect();
                by_minutes(&wanted, zone, at)
            }
        }
    }

    /// The offset, when none other is near.
    fn offset_ms(&mut self, zone: Tz, at: Timestamp) -> Option<i64> {
        let (no, at) = (zone as usize, at.unix_ms());
        if self.spans.len() <= no {
            self.spans.resize(no + 1, None);
        }
        match self.spans[no] {
            Some(span) if span.from <= at && at < span.until => span.offset_ms,
            Some(_) | None => {
                let span = Span::around(zone, at)?;
                self.spans[no] = Some(span);
                span.offset_ms
            }
        }
    }
}

impl Span {
    /// `None` outside the calendar's range.
    fn around(zone: Tz, at: i64) -> Option<Self> {
        let from = at.checked_sub(at.rem_euclid(STEP_MS))?;
        let first = from.checked_sub(REACH_MS)?;
        let last = from.checked_add(STEP_MS + REACH_MS)?;
        let offset = offset_of(zone, first)?;
        let (mut changed_by, mut before) = (None, offset);
        for sampled_at in (first..=last).step_by(STEP_MS as usize) {
            let after = offset_of(zone, sampled_at)?;
            if after != before {
                (changed_by, before) = (Some(sampled_at), after);
            }
        }
        if let Some(changed_by) = changed_by {
            return Some(Self { from, until: changed_by.checked_add(REACH_MS)?, offset_ms: None });
        }
        let same_until = same_along(zone, offset, last, STEP_MS, AHEAD_MS);
        let same_since = same_along(zone, offset, first, -STEP_MS, BACK_MS);
        Some(Self { from: same_since + REACH_MS, until: same_until - REACH_MS, offset_ms: Some(offset) })
    }
}

/// The furthest instant on a way of steps until which the offset is the same.
fn same_along(zone: Tz, offset: i64, start: i64, step_ms: i64, way_ms: i64) -> i64 {
    let steps = (1..=way_ms / STEP_MS).map(|n| start.saturating_add(n * step_ms));
    steps.take_while(|at| offset_of(zone, *at) == Some(offset)).last().unwrap_or(start)
}

fn minute_of(at: Timestamp, offset_ms: i64) -> u16 {
    ((at.unix_ms() + offset_ms).rem_euclid(DAY_MS) / MINUTE_MS) as u16
}

/// The first instant after `at` at which the clock shows a minute of the day.
fn next_minute(minute: u16, at: Timestamp, offset_ms: i64) -> Timestamp {
    let wall_ms = at.unix_ms() + offset_ms;
    let today = wall_ms.div_euclid(DAY_MS) * DAY_MS + i64::from(minute) * MINUTE_MS;
    let shown_at = if wall_ms < today { today } else { today + DAY_MS };
    Timestamp::from_unix_ms(shown_at - offset_ms)
}

/// Minute by minute, for half a day, until the clock shows one that is wanted or jumps.
fn by_minutes(wanted: &[u16], zone: Tz, at: Timestamp) -> Option<Timestamp> {
    let offset_ms = offset_of(zone, at.unix_ms())?;
    let mut at = at;
    for _ in 0..DailyHours::MINUTES_A_DAY / 2 {
        let wall_ms = at.unix_ms() + offset_ms;
        at = at + Millis::new(MINUTE_MS - wall_ms.rem_euclid(MINUTE_MS));
        if offset_of(zone, at.unix_ms())? != offset_ms || wanted.contains(&minute_of(at, offset_ms)) {
            return Some(at);
        }
    }
    Some(at)
}

fn offset_of(zone: Tz, unix_ms: i64) -> Option<i64> {
    let utc = DateTime::from_timestamp_millis(unix_ms)?;
    let offset = zone.offset_from_utc_datetime(&utc.naive_utc());
    Some(i64::from(offset.fix().local_minus_utc()) * 1_000)
}

#[cfg(test)]
mod tests;
