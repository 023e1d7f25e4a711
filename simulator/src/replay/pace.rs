//! How fast: the rate that was asked for, kept without drift.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

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

/// Says when the next message is due, reckoned from the start, so that a late one is caught up.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: Rate,
    n_sent: u64,
}

impl Pace {
    pub(crate) const fn new(rate: Rate) -> Self {
        Self { rate, n_sent: 0 }
    }

    /// How long after the start the next `n` fixes are due.
    pub(crate) fn due(&mut self, n: u32) -> Duration {
        let due = match self.rate {
            Rate::Max => Duration::ZERO,
            Rate::PerSecond(rate) => {
                let rate = u64::from(rate.get());
                let whole = Duration::from_secs(self.n_sent / rate);
                whole + Duration::from_nanos(self.n_sent % rate * 1_000_000_000 / rate)
            }
        };
        self.n_sent += u64::from(n);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_due_when_the_fixes_before_them_have_had_their_time() {
        let mut pace = Pace::new("200".parse().unwrap());
        let due: Vec<_> = (0..4).map(|_| pace.due(100).as_millis()).collect();
        assert_eq!(due, [0, 500, 1_000, 1_500]);
    }

    #[test]
    fn long_runs_do_not_drift() {
        let mut pace = Pace::new("3".parse().unwrap());
        for _ in 0..3_000_000 {
            pace.due(1);
        }
        assert_eq!(pace.due(1), Duration::from_secs(1_000_000));
    }

    #[test]
    fn max_waits_for_nothing() {
        let mut pace = Pace::new("max".parse().unwrap());
        pace.due(1_000);
        assert_eq!(pace.due(1_000), Duration::ZERO);
    }

    #[test]
    fn a_rate_of_nought_or_less_is_none() {
        for text in ["0", "-1", "1.5", "fast", "", "9999999999"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
