//! The time of a run: nanoseconds since it began, and what the wall showed then.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// When a run began, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunClock {
    began: Instant,
    began_at_ms: i64,
}

impl RunClock {
    /// A run that begins after a while.
    pub(crate) fn in_a_while(while_: Duration) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + while_;
        let began_at_ms = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
        Self { began: Instant::now() + while_, began_at_ms }
    }

    /// Nanoseconds since it began; nought before.
    pub(crate) fn now_ns(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// What the wall shows at an instant of the run, in Unix milliseconds.
    pub(crate) const fn wall_ms(&self, at_ns: u64) -> i64 {
        self.began_at_ms + (at_ns / 1_000_000) as i64
    }
}

/// What this thread has used of a core, in nanoseconds; `None` where the system does not tell.
pub(crate) fn own_cpu_ns() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok()
}
