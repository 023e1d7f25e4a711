//! Where the shell gets its `now` from.

use std::time::{Duration, Instant};

use engine::ClockSource;
use model::{Millis, Timestamp};

use super::pace;

/// The shell's clock.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The wall, as far as it is believed: steps of more than five minutes are not.
    Wall,
    /// A clock of its own that starts at an instant and runs faster or slower than real time.
    Scaled {
        /// Where it started.
        start_at: Timestamp,
        /// When that was.
        started: Instant,
        /// How much faster than real time.
        speed: f64,
    },
    /// Stands still except when an admitted fix moves it.
    Fixes {
        /// Where it starts.
        start_at: Timestamp,
    },
}

impl Clock {
    /// A clock that starts now at `start_at` and runs `speed` times as fast as real time.
    #[must_use]
    pub fn scaled(start_at: Timestamp, speed: f64) -> Self {
        Self::Scaled { start_at, started: Instant::now(), speed }
    }

    /// The time now; of a clock driven by fixes, where it started.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Wall => pace::wall_now(),
            Self::Scaled { start_at, started, speed } => {
                *start_at + Millis::new((started.elapsed().as_secs_f64() * 1_000.0 * speed) as i64)
            }
            Self::Fixes { start_at } => *start_at,
        }
    }

    /// How long to sleep until a time comes; `None` when it never comes by itself.
    pub(super) fn until(&self, due_at: Timestamp) -> Option<Duration> {
        let ahead_ms = u64::try_from(due_at.since(self.now()).ms()).unwrap_or(0);
        match self {
            Self::Wall => Some(Duration::from_millis(ahead_ms)),
            Self::Scaled { speed, .. } => Some(Duration::from_secs_f64(ahead_ms as f64 / 1_000.0 / speed)),
            Self::Fixes { .. } => None,
        }
    }

    /// How long a span of this clock takes in real time.
    pub(super) fn real(&self, span: Millis) -> Duration {
        let ms = u64::try_from(span.ms()).unwrap_or(0);
        match self {
            Self::Wall | Self::Fixes { .. } => Duration::from_millis(ms),
            Self::Scaled { speed, .. } => Duration::from_secs_f64(ms as f64 / 1_000.0 / speed),
        }
    }

    /// What the engine must know of it.
    pub(super) const fn source(&self) -> ClockSource {
        match self {
            Self::Wall | Self::Scaled { .. } => ClockSource::Caller,
            Self::Fixes { .. } => ClockSource::Fixes,
        }
    }
}
