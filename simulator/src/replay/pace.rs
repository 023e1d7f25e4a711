//! How fast: the rate or the speed that was asked for, kept without drift.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use model::Timestamp;

/// Fixes a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rate {
    /// As fast as the broker acknowledges.
    Max,
    /// No faster than this.
    PerSecond(NonZeroU32),
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let expected = || format!("expected `max` or a whole number of fixes a second, and not `{text}`");
        text.parse().map(Self::PerSecond).map_err(|_| expected())
    }
}

/// How many times as fast as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speed {
    /// Whenever it was recorded.
    Max,
    /// Each fix when it is due, from 1, the speed of life, to 1,000.
    Times(u32),
}

impl Speed {
    const TIMES_MAX: u32 = 1_000;
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let times = text.parse().ok().filter(|times| (1..=Self::TIMES_MAX).contains(times));
        times.map(Self::Times).ok_or_else(|| {
            format!("expected `max` or a whole number from 1 to {}, and not `{text}`", Self::TIMES_MAX)
        })
    }
}

/// Says when the next message is due, reckoned from the start, so that a late one is caught up.
#[derive(Debug)]
pub(crate) enum Pace {
    /// At once.
    Max,
    /// When the fixes before it have had their time.
    Even { rate: NonZeroU32, n_sent: u64 },
    /// When its last fix was taken, and none before it.
    AsRecorded { speed: u32, first_at: Timestamp, due: Duration },
}

impl Pace {
    pub(crate) const fn even(rate: Rate) -> Self {
        match rate {
            Rate::Max => Self::Max,
            Rate::PerSecond(rate) => Self::Even { rate, n_sent: 0 },
        }
    }

    pub(crate) const fn as_recorded(speed: u32, first_at: Timestamp) -> Self {
        Self::AsRecorded { speed, first_at, due: Duration::ZERO }
    }

    /// How long after the start the next `n` fixes are due, of which the latest was taken at an instant;
    /// `None` when they need not wait.
    pub(crate) fn due(&mut self, n: u32, last_at: Timestamp) -> Option<Duration> {
        match self {
            Self::Max => None,
            Self::Even { rate, n_sent } => {
                let rate = u64::from(rate.get());
                let whole = Duration::from_secs(*n_sent / rate);
                let due = whole + Duration::from_nanos(*n_sent % rate * 1_000_000_000 / rate);
                *n_sent += u64::from(n);
                Some(due)
            }
            Self::AsRecorded { speed, first_at, due } => {
                let recorded =
                    Duration::from_millis(u64::try_from(last_at.since(*first_at).ms()).unwrap_or(0));
                *due = (*due).max(recorded / *speed);
                Some(*due)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_unix_ms(1_700_000_000_000);

    fn even(rate: &str) -> Pace {
        Pace::even(rate.parse().unwrap())
    }

    #[test]
    fn messages_are_due_when_the_fixes_before_them_have_had_their_time() {
        let mut pace = even("200");
        let due: Vec<_> = (0..4).map(|_| pace.due(100, START).unwrap().as_millis()).collect();
        assert_eq!(due, [0, 500, 1_000, 1_500]);
    }

    #[test]
    fn long_runs_do_not_drift() {
        let mut pace = even("3");
        for _ in 0..3_000_000 {
            pace.due(1, START);
        }
        assert_eq!(pace.due(1, START), Some(Duration::from_secs(1_000_000)));
    }

    #[test]
    fn max_waits_for_nothing() {
        let mut pace = even("max");
        pace.due(1_000, START);
        assert_eq!(pace.due(1_000, START), None);
    }

    #[test]
    fn recorded_time_passes_as_many_times_as_fast_and_never_back() {
        let mut pace = Pace::as_recorded(60, START);
        let at = |secs| START + model::Millis::from_secs(secs);
        let due: Vec<_> =
            [0, 60, 90, 30, 3_600].map(|secs| pace.due(1, at(secs)).unwrap().as_millis()).into();
        assert_eq!(due, [0, 1_000, 1_500, 1_500, 60_000]);
    }

    #[test]
    fn a_rate_of_nought_or_less_is_none() {
        for text in ["0", "-1", "1.5", "fast", "", "9999999999"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_speed_is_from_one_to_a_thousand() {
        for text in ["0", "-1", "1.5", "fast", "", "1001"] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
        assert_eq!(
            ["1", "1000", "max"].map(|text| text.parse::<Speed>().unwrap()),
            [Speed::Times(1), Speed::Times(1_000), Speed::Max]
        );
    }
}
