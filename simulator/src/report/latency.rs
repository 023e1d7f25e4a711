//! How long something took, many times over.

use hdrhistogram::Histogram;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

/// Longer than this counts as this: an hour.
const LONGEST_US: u64 = 3_600_000_000;

/// Three digits: a value is told to a thousandth of itself.
const N_DIGITS: u8 = 3;

/// The percentiles that are reported, with their names.
pub(crate) const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)];

/// A histogram of durations in microseconds, exact to a thousandth, up to an hour.
///
/// Takes some 10 ns a value and 180 KB. In JSON: `n`, then `p50_ms`, `p90_ms`, `p99_ms`, `p999_ms`,
/// `max_ms` and `mean_ms`, each `null` while nothing was measured.
#[derive(Clone, Debug)]
pub(crate) struct Latency(Histogram<u64>);

impl Latency {
    /// Counts one, in microseconds.
    pub(crate) fn record_us(&mut self, took_us: u64) {
        self.0.saturating_record(took_us.min(LONGEST_US));
    }

    /// Counts all that another has counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("both have the same bounds");
    }

    /// Forgets everything, and keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.0.reset();
    }

    /// How many there were.
    pub(crate) fn n(&self) -> u64 {
        self.0.len()
    }

    /// The duration that a share of all do not exceed, in milliseconds; `None` when there are none.
    pub(crate) fn quantile_ms(&self, share: f64) -> Option<f64> {
        (0 < self.n()).then(|| self.0.value_at_quantile(share) as f64 / 1e3)
    }

    /// The longest, in milliseconds.
    pub(crate) fn max_ms(&self) -> Option<f64> {
        self.quantile_ms(1.0)
    }

    /// The average, in milliseconds.
    pub(crate) fn mean_ms(&self) -> Option<f64> {
        (0 < self.n()).then(|| self.0.mean() / 1e3)
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST_US, N_DIGITS).expect("the bounds are sound"))
    }
}

impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Latency", 7)?;
        fields.serialize_field("n", &self.n())?;
        for ((_, share), field) in QUANTILES.iter().zip(["p50_ms", "p90_ms", "p99_ms", "p999_ms"]) {
            fields.serialize_field(field, &self.quantile_ms(*share))?;
        }
        fields.serialize_field("max_ms", &self.max_ms())?;
        fields.serialize_field("mean_ms", &self.mean_ms())?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values_us: impl IntoIterator<Item = u64>) -> Latency {
        let mut latency = Latency::default();
        values_us.into_iter().for_each(|us| latency.record_us(us));
        latency
    }

    #[test]
    fn percentiles_are_exact_to_a_thousandth() {
        let latency = of((1..=100_000).map(|i| i * 10));
        for (_, share) in QUANTILES {
            let (told, true_ms) = (latency.quantile_ms(share).unwrap(), share * 1_000.0);
            assert!((told - true_ms).abs() <= true_ms / 1_000.0, "{share}: {told} is not {true_ms}");
        }
    }

    #[test]
    fn what_took_longer_than_an_hour_counts_as_an_hour() {
        let longest = of([u64::MAX]).max_ms().unwrap();
        assert!((longest - 3_600_000.0).abs() <= 3_600.0, "{longest}");
    }

    #[test]
    fn nothing_measured_is_not_nought() {
        let json = serde_json::to_string(&Latency::default()).unwrap();
        assert_eq!(
            json,
            r#"{"n":0,"p50_ms":null,"p90_ms":null,"p99_ms":null,"p999_ms":null,"max_ms":null,"mean_ms":null}"#
        );
    }

    #[test]
    fn two_added_count_as_one() {
        let mut sum = of([1_000]);
        sum.add(&of([3_000, 3_000]));
        assert_eq!((sum.n(), sum.quantile_ms(0.99)), (3, Some(3.001)));
        sum.clear();
        assert_eq!((sum.n(), sum.max_ms()), (0, None));
    }
}
