//! The first and last time of a recording, for whoever starts a server to receive it.

use std::fmt;

use chrono::{DateTime, SecondsFormat};
use model::{Millis, Timestamp};
use serde::Serialize;

use crate::replay::cast::Cast;
use crate::replay::grants::notice_at;
use crate::replay::survey::Survey;
use crate::report::number::grouped;

/// What a recording spans, as it is played.
#[derive(Debug, Serialize)]
pub(crate) struct Times {
    v: u32,
    fixes: u64,
    customers: usize,
    devices: usize,
    unreadable_lines: u64,
    first: String,
    last: String,
    seconds: f64,
    /// The longest step back in time, in seconds: nought where everything is in order.
    back_seconds: f64,
    clock_start: String,
    #[serde(skip)]
    first_unreadable: Option<String>,
}

impl Times {
    /// # Errors
    /// A sentence when there is no fix at all.
    pub(crate) fn of(survey: &Survey, cast: &Cast) -> Result<Self, String> {
        let Some(span) = survey.span.map(|span| cast.span(span)) else {
            let why = survey.first_unreadable.as_deref().map_or_else(String::new, |line| format!(": {line}"));
            return Err(format!("the recording holds no fix{why}"));
        };
        let seconds = |span: Millis| span.ms() as f64 / 1e3;
        let n_copies = cast.n_copies();
        Ok(Self {
            v: 1,
            fixes: survey.n_fixes * u64::from(n_copies),
            customers: survey.customers.len() * n_copies as usize,
            devices: survey.n_devices() * n_copies as usize,
            unreadable_lines: survey.n_unreadable,
            first: written(span.first_at),
            last: written(span.last_at),
            seconds: seconds(span.last_at.since(span.first_at)),
            back_seconds: seconds(survey.back_max),
            clock_start: written(notice_at(span)),
            first_unreadable: survey.first_unreadable.clone(),
        })
    }

    /// One line for someone who is about to replay.
    pub(crate) fn advice(&self, is_now: bool) -> String {
        let (fixes, start) = (grouped(self.fixes), &self.clock_start);
        let clock =
            if is_now { "--clock wall".to_owned() } else { format!("--clock fixes --clock-start {start}") };
        format!("{fixes} fixes, {} to {}; server: {clock}", self.first, self.last)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (customers, devices) = (grouped(self.customers as u64), grouped(self.devices as u64));
        writeln!(f, "fixes        {}", grouped(self.fixes))?;
        writeln!(f, "customers    {customers} with {devices} devices")?;
        if let Some(line) = &self.first_unreadable {
            writeln!(f, "unreadable   {} lines, first: {line}", grouped(self.unreadable_lines))?;
        }
        writeln!(f, "first        {}", self.first)?;
        writeln!(f, "last         {}", self.last)?;
        writeln!(f, "lasts        {}", spoken(self.seconds))?;
        if 0.0 < self.back_seconds {
            writeln!(f, "steps back   {} at most", spoken(self.back_seconds))?;
        }
        write!(f, "clock-start  {}", self.clock_start)
    }
}

/// RFC 3339 in UTC; beyond its years, Unix milliseconds.
fn written(at: Timestamp) -> String {
    DateTime::from_timestamp_millis(at.unix_ms())
        .map_or_else(|| at.unix_ms().to_string(), |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// A span of time in its two largest units.
fn spoken(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let (days, hours, minutes, seconds) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60, whole % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {seconds} s"),
        (0, ..) => format!("{hours} h {minutes} min"),
        (..) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_spoken_in_its_two_largest_units() {
        let said: Vec<_> = [0.4, 59.0, 754.0, 7_380.0, 100_800.0].map(spoken).into();
        assert_eq!(said, ["0 s", "59 s", "12 min 34 s", "2 h 3 min", "1 d 4 h"]);
    }
}
