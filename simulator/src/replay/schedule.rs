//! How well the intended times were kept.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::report::number::grouped;

/// A message that leaves this much after its time is late.
const LATE_AFTER: Duration = Duration::from_millis(100);

/// How far behind its intended time each message left. The times are fixed by the recording and the
/// start, so that a server that lets us wait cannot hide it.
#[derive(Debug)]
pub(crate) struct Lateness {
    behind_ms: Histogram<u64>,
    n_late: u64,
}

impl Default for Lateness {
    fn default() -> Self {
        Self { behind_ms: Histogram::new(3).expect("three digits are a precision"), n_late: 0 }
    }
}

impl Lateness {
    /// Notes that a message left so long after its time.
    pub(crate) fn note(&mut self, behind: Duration) {
        self.n_late += u64::from(LATE_AFTER < behind);
        self.behind_ms.saturating_record(u64::try_from(behind.as_millis()).unwrap_or(u64::MAX));
    }

    /// What is told of it; nothing where no message had a time of its own.
    pub(crate) fn schedule(&self) -> Option<Schedule> {
        let n_messages = self.behind_ms.len();
        (0 < n_messages).then(|| Schedule {
            messages: n_messages,
            late: self.n_late,
            late_share: self.n_late as f64 / n_messages as f64,
            late_after_ms: LATE_AFTER.as_millis() as u64,
            behind_ms_p99: self.behind_ms.value_at_quantile(0.99),
            behind_ms_max: self.behind_ms.max(),
        })
    }
}

/// The same as figures.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Schedule {
    messages: u64,
    late: u64,
    late_share: f64,
    late_after_ms: u64,
    behind_ms_p99: u64,
    behind_ms_max: u64,
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} of {} messages late by more than {} ms; behind p99 {} ms, at most {} ms",
            grouped(self.late),
            grouped(self.messages),
            self.late_after_ms,
            grouped(self.behind_ms_p99),
            grouped(self.behind_ms_max)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_a_tenth_of_a_second_after_its_time_is_late() {
        let mut lateness = Lateness::default();
        assert!(lateness.schedule().is_none());
        for behind_ms in [0, 3, 100, 101, 2_000] {
            lateness.note(Duration::from_millis(behind_ms));
        }
        let told = lateness.schedule().unwrap();
        assert_eq!((told.messages, told.late, told.late_share, told.behind_ms_max), (5, 2, 0.4, 2_000));
        assert!(told.to_string().starts_with("2 of 5 messages late by more than 100 ms"), "{told}");
    }
}
