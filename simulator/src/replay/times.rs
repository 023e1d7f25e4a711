//! The first and last time of a recording, for whoever starts a server to receive it.

use std::fmt;

use chrono::{DateTime, SecondsFormat};
use model::Timestamp;
use serde::Serialize;

use crate::replay::grants::notice_at;
use crate::replay::report::grouped;
use crate::replay::survey::Survey;

/// What a recording spans.
#[derive(Debug, Serialize)]
pub(crate) struct Times {
    v: u32,
    fixes: u64,
    customers: usize,
    devices: usize,
    unreadable_lines: u64,
    first: String,
    last: String,
    clock_start: String,
    #[serde(skip)]
    first_unreadable: Option<String>,
}

impl Times {
    /// # Errors
    /// A sentence when there is no fix at all.
    pub(crate) fn of(survey: &Survey) -> Result<Self, String> {
        let Some(span) = survey.span else {
            let why = survey.first_unreadable.as_deref().map_or_else(String::new, |line| format!(": {line}"));
            return Err(format!("the recording holds no fix{why}"));
        };
        Ok(Self {
            v: 1,
            fixes: survey.n_fixes,
            customers: survey.customers.len(),
            devices: survey.n_devices(),
            unreadable_lines: survey.n_unreadable,
            first: written(span.first_at),
            last: written(span.last_at),
            clock_start: written(notice_at(span)),
            first_unreadable: survey.first_unreadable.clone(),
        })
    }

    /// One line for someone who is about to replay.
    pub(crate) fn advice(&self) -> String {
        let fixes = grouped(self.fixes);
        let start = &self.clock_start;
        format!("{fixes} fixes, {} to {}; server: --clock fixes --clock-start {start}", self.first, self.last)
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
        write!(f, "clock-start  {}", self.clock_start)
    }
}

/// RFC 3339 in UTC; beyond its years, Unix milliseconds.
fn written(at: Timestamp) -> String {
    DateTime::from_timestamp_millis(at.unix_ms())
        .map_or_else(|| at.unix_ms().to_string(), |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}
