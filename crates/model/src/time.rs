//! Instants and spans, in whole milliseconds.

use core::fmt;
use core::ops::{Add, Neg, Sub};

/// An instant: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest instant there is.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant there is.
    pub const MAX: Self = Self(i64::MAX);

    /// An instant from Unix milliseconds.
    #[must_use]
    pub const fn from_unix_ms(unix_ms: i64) -> Self {
        Self(unix_ms)
    }

    /// Unix milliseconds.
    #[must_use]
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// The span from `earlier` to `self`, negative when `earlier` is later; saturates.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

/// A span of time in milliseconds, signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(i64);

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span in milliseconds.
    #[must_use]
    pub const fn new(ms: i64) -> Self {
        Self(ms)
    }

    /// A span in seconds; saturates.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000))
    }

    /// A span in minutes; saturates.
    #[must_use]
    pub const fn from_mins(mins: i64) -> Self {
        Self::from_secs(mins.saturating_mul(60))
    }

    /// A span in hours; saturates.
    #[must_use]
    pub const fn from_hours(hours: i64) -> Self {
        Self::from_mins(hours.saturating_mul(60))
    }

    /// A span in days of 24 hours; saturates.
    #[must_use]
    pub const fn from_days(days: i64) -> Self {
        Self::from_hours(days.saturating_mul(24))
    }

    /// Milliseconds.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded towards zero.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0 / 1_000
    }
}

impl Add<Millis> for Timestamp {
    type Output = Self;

    fn add(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Millis> for Timestamp {
    type Output = Self;

    fn sub(self, span: Millis) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Millis {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Millis {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Millis {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl fmt::Display for Millis {
    /// In words a person would use: `4 min`, `6 d`, `90 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.secs();
        match secs.unsigned_abs() {
            s if 2 * 86_400 <= s && s.is_multiple_of(86_400) => write!(f, "{} d", secs / 86_400),
            s if 7_200 <= s && s.is_multiple_of(3_600) => write!(f, "{} h", secs / 3_600),
            s if 120 <= s && s.is_multiple_of(60) => write!(f, "{} min", secs / 60),
            0 if self.0 != 0 => write!(f, "{} ms", self.0),
            _ => write!(f, "{secs} s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_as_a_person_would_say_it() {
        let check = |span: Millis, said: &str| assert_eq!(span.to_string(), said);
        check(Millis::from_mins(4), "4 min");
        check(Millis::from_days(6), "6 d");
        check(Millis::from_hours(24), "24 h");
        check(Millis::from_secs(90), "90 s");
        check(Millis::new(12), "12 ms");
        check(Millis::ZERO, "0 s");
    }

    #[test]
    fn time_saturates_instead_of_wrapping() {
        assert_eq!(Timestamp::MAX + Millis::from_secs(1), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.since(Timestamp::MAX), Millis::new(i64::MIN));
    }
}
