//! Amounts as they are typed: rates and spans of time.

use std::time::Duration;

/// Messages a second that nobody may ask for more of.
const RATE_MAX: f64 = 2_000_000.0;
/// A run ends some time.
const LASTS_MAX: Duration = Duration::from_secs(24 * 3_600);

pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.replace('_', "").parse().map_err(|_| "is not a number".to_owned())?;
    if (0.1..=RATE_MAX).contains(&rate) {
        Ok(rate)
    } else {
        Err(format!("must be within 0.1 and {RATE_MAX}"))
    }
}

pub(crate) fn lasting(text: &str) -> Result<Duration, String> {
    let span = span(text)?;
    if span <= LASTS_MAX { Ok(span) } else { Err("a run lasts 24 hours at most".to_owned()) }
}

/// Such as `90s`, `500ms`, `10min`, `2h`.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or("needs a unit: ms, s, min or h")?;
    let (number, unit) = text.split_at(at);
    let number: f64 = number.trim().parse().map_err(|_| format!("`{number}` is not a number"))?;
    let unit_s = match unit {
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return Err(format!("`{unit}` is no unit: ms, s, min or h")),
    };
    Duration::try_from_secs_f64(number * unit_s).map_err(|_| "is out of range".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_needs_its_unit() {
        assert_eq!(span("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(span("1.5min"), Ok(Duration::from_secs(90)));
        assert_eq!(span("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["90", "s", "-1s", "1 week", ""] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn o02_there_is_a_highest_rate_and_a_longest_run() {
        assert!(rate("2000000").is_ok() && rate("100_000").is_ok());
        assert!(rate("2000001").is_err() && rate("0").is_err() && rate("NaN").is_err());
        assert!(lasting("24h").is_ok() && lasting("24.1h").is_err());
    }
}
