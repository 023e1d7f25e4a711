//! What an offer does: those to whom it was said beside those to whom it was not.

use serde_json::{Value, json};

/// Some of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// So many.
    pub n: u64,
    /// Of so many.
    pub of: u64,
}

/// By how much more often an offer is used by those to whom it was said, in shares of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// As it was seen.
    pub seen: f64,
    /// The least that it may well be.
    pub low: f64,
    /// The most that it may well be.
    pub high: f64,
}

/// With fewer customers in a group nothing is told.
const GROUP_MIN: u64 = 30;

/// With fewer who used it, in both groups together, nothing is told.
const REDEEMED_MIN: u64 = 5;

/// Half the width of 95 % of a normal distribution, in standard deviations.
const Z: f64 = 1.959_963_984_540_054;

impl Share {
    /// As a number within 0 and 1; of nobody it is nought.
    #[must_use]
    pub fn ratio(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.n as f64 / self.of as f64 }
    }

    /// Where the share of everybody may well lie, given that of some: Wilson's score interval (1927) at 95 %.
    #[must_use]
    pub fn interval(self) -> (f64, f64) {
        let (p, of) = (self.ratio(), self.of.max(1) as f64);
        let middle = Z.mul_add(Z, 2.0 * of * p);
        let width = Z * Z.mul_add(Z, 4.0 * of * p * (1.0 - p)).sqrt();
        let whole = 2.0 * Z.mul_add(Z, of);
        // At the ends rounding would leave the share outside.
        (((middle - width) / whole).clamp(0.0, p), ((middle + width) / whole).clamp(p, 1.0))
    }

    pub(super) fn json(self) -> Value {
        json!({ "customers": self.of, "redeemed": self.n })
    }
}

impl Effect {
    /// The difference of two shares with Newcombe's hybrid score interval at 95 %; `None` when there are too
    /// few to tell.
    ///
    /// Newcombe (1998), "Interval estimation for the difference between independent proportions", method 10.
    #[must_use]
    pub fn of(told: Share, held_out: Share) -> Option<Self> {
        if told.of.min(held_out.of) < GROUP_MIN || told.n + held_out.n < REDEEMED_MIN {
            return None;
        }
        Some(Self::between(told, held_out))
    }

    /// Whether it may well be none at all.
    #[must_use]
    pub fn may_be_chance(self) -> bool {
        self.low <= 0.0 && 0.0 <= self.high
    }

    fn between(a: Share, b: Share) -> Self {
        let ((low_a, high_a), (low_b, high_b)) = (a.interval(), b.interval());
        let (a, b) = (a.ratio(), b.ratio());
        let seen = a - b;
        Self { seen, low: seen - (a - low_a).hypot(high_b - b), high: seen + (high_a - a).hypot(b - low_b) }
    }

    pub(super) fn json(self) -> Value {
        let points = |share: f64| (share * 1e4).round() / 1e2;
        json!({
            "points": points(self.seen),
            "low": points(self.low),
            "high": points(self.high),
            "confidence": 0.95,
            "may_be_chance": self.may_be_chance(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe's own examples (1998, table II), to the four digits that are printed.
    #[test]
    fn the_interval_is_that_of_the_source() {
        let check = |a: (u64, u64), b: (u64, u64), low: f64, high: f64| {
            let share = |(n, of)| Share { n, of };
            let effect = Effect::between(share(a), share(b));
            assert!((effect.low - low).abs() < 5e-5 && (effect.high - high).abs() < 5e-5, "{effect:?}");
        };
        check((56, 70), (48, 80), 0.0524, 0.3339);
        check((9, 10), (3, 10), 0.1705, 0.8090);
        check((6, 7), (2, 7), 0.0582, 0.8062);
        check((5, 56), (0, 29), -0.0381, 0.1926);
        check((0, 10), (0, 20), -0.1611, 0.2775);
        check((0, 10), (0, 10), -0.2775, 0.2775);
        check((10, 10), (0, 20), 0.6791, 1.0000);
        check((10, 10), (0, 10), 0.6075, 1.0000);
    }

    #[test]
    fn of_few_nothing_is_told() {
        let share = |n, of| Share { n, of };
        assert_eq!(Effect::of(share(10, 1_000), share(5, 29)), None);
        assert_eq!(Effect::of(share(29, 29), share(5, 100)), None);
        assert_eq!(Effect::of(share(4, 1_000), share(0, 1_000)), None);
        assert!(Effect::of(share(5, 1_000), share(0, 30)).unwrap().may_be_chance());
        assert!(!Effect::of(share(200, 1_000), share(5, 100)).unwrap().may_be_chance());
    }

    #[test]
    fn a_share_lies_within_its_interval() {
        for of in [1_u64, 2, 30, 1_000] {
            for n in [0, 1, of / 3, of] {
                let (low, high) = Share { n, of }.interval();
                let ratio = Share { n, of }.ratio();
                assert!(
                    0.0 <= low && low <= ratio && ratio <= high && high <= 1.0,
                    "{n} of {of}: {low} {high}"
                );
            }
        }
        assert_eq!(Share::default().ratio(), 0.0);
    }
}
