//! Spans of time as an operator writes them: `90 s`, `3 min`, `72 h`, `30 d`.

use model::Millis;

/// Units and what one of each is, in milliseconds.
const UNITS: [(&str, i64); 5] =
    [("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A span from a whole number and a unit.
///
/// The error is a clause that says what is wrong.
pub fn parse_span(text: &str) -> Result<Millis, String> {
    let n_digits = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'-').count();
    let (number, unit) = text.split_at(n_digits);
    let unit = unit.trim_start_matches(' ');
    if number.is_empty() {
        return Err("is no span of time".to_owned());
    }
    if unit.is_empty() {
        return Err("is a number without a unit".to_owned());
    }
    let Some((_, unit_ms)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("has the unit {unit:?}, which is none of ms, s, min, h, d"));
    };
    let number: i64 = number.parse().map_err(|_| "is too large or no whole number".to_owned())?;
    let ms = number.checked_mul(*unit_ms).ok_or("is too large")?;
    Ok(Millis::new(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_whole_number_and_a_unit() {
        let check = |text: &str, ms: i64| assert_eq!(parse_span(text), Ok(Millis::new(ms)), "{text}");
        check("250 ms", 250);
        check("90 s", 90_000);
        check("3 min", 180_000);
        check("72h", 259_200_000);
        check("30 d", 2_592_000_000);
        check("-1 s", -1_000);
    }

    #[test]
    fn c05_what_is_no_span_is_said_to_be_none() {
        let check = |text: &str, said: &str| {
            let reason = parse_span(text).unwrap_err();
            assert!(reason.contains(said), "{text}: {reason}");
        };
        check("", "no span");
        check("soon", "no span");
        check("3", "without a unit");
        check("3 weeks", "none of");
        check("1.5 h", "none of");
        check("--3 s", "too large or no whole number");
        check("9223372036854775808 ms", "too large");
        check("9223372036854775807 d", "too large");
    }

    #[test]
    fn a_span_reads_back_as_it_is_shown() {
        for span in [Millis::from_mins(4), Millis::from_days(6), Millis::from_hours(24), Millis::new(12)] {
            assert_eq!(parse_span(&span.to_string()), Ok(span));
        }
    }
}
