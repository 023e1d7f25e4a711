//! Instants on the wire: Unix milliseconds, or RFC 3339 text.

use chrono::{DateTime, NaiveDate, SecondsFormat};
use model::Timestamp;

use crate::Flaw;
use crate::json::Scalar;

/// Between this and [`MILLIS_MIN`] lie the seconds of 1973 to 5138.
const SECONDS_MIN: i64 = 100_000_000;
/// From here on, March 1973, a number is taken for milliseconds.
const MILLIS_MIN: i64 = 100_000_000_000;
/// The last millisecond of the year 9999, the end of what RFC 3339 can write.
const MILLIS_MAX: i64 = 253_402_300_799_999;

/// An instant that must be there.
pub(crate) fn required(value: &Scalar<'_>, field: &'static str) -> Result<Timestamp, Flaw> {
    match value {
        Scalar::Absent => Err(Flaw::MissingField(field)),
        Scalar::Integer(unix_ms) => from_unix_ms(*unix_ms),
        Scalar::Number(_) => Err(Flaw::BadTime),
        Scalar::Text(text) => from_rfc3339(text).ok_or(Flaw::BadTime),
        Scalar::Null | Scalar::Bool(_) | Scalar::Nested => Err(Flaw::Malformed),
    }
}

/// An instant that may be missing.
pub(crate) fn optional(value: &Scalar<'_>) -> Result<Option<Timestamp>, Flaw> {
    if matches!(value, Scalar::Absent | Scalar::Null) {
        return Ok(None);
    }
    required(value, "ts").map(Some)
}

/// An instant from Unix milliseconds, in 1973 to 9999.
pub(crate) const fn from_unix_ms(unix_ms: i64) -> Result<Timestamp, Flaw> {
    if SECONDS_MIN < unix_ms && unix_ms < MILLIS_MIN {
        return Err(Flaw::BadUnit);
    }
    if unix_ms < MILLIS_MIN || MILLIS_MAX < unix_ms {
        return Err(Flaw::BadTime);
    }
    Ok(Timestamp::from_unix_ms(unix_ms))
}

/// An instant from RFC 3339 text with a zone; a leap second counts as the second before it.
pub(crate) fn from_rfc3339(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let (head, rest) = bytes.split_at_checked(19)?;
    let punctuated = head[4] == b'-'
        && head[7] == b'-'
        && matches!(head[10], b'T' | b't')
        && head[13] == b':'
        && head[16] == b':';
    if !punctuated {
        return None;
    }
    let number = |from: usize, to: usize| digits(&head[from..to]);
    let date = NaiveDate::from_ymd_opt(number(0, 4)?.cast_signed(), number(5, 7)?, number(8, 10)?)?;
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let second = if second == 60 { 59 } else { second };
    let (millis, zone) = fraction(rest)?;
    let local = date.and_hms_milli_opt(hour, minute, second, millis)?;
    let unix_ms = local.and_utc().timestamp_millis() - offset_ms(zone)?;
    (0 < unix_ms && unix_ms <= MILLIS_MAX).then(|| Timestamp::from_unix_ms(unix_ms))
}

/// RFC 3339 text in UTC, with milliseconds; what lies outside of its years is shown as their edge.
pub(crate) fn to_rfc3339(at: Timestamp) -> String {
    let unix_ms = at.unix_ms().clamp(0, MILLIS_MAX);
    let at = DateTime::from_timestamp_millis(unix_ms).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0_u32, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Milliseconds after the point, if there is one, and what follows.
fn fraction(rest: &[u8]) -> Option<(u32, &[u8])> {
    let Some(rest) = rest.strip_prefix(b".") else { return Some((0, rest)) };
    let n_digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if n_digits == 0 {
        return None;
    }
    let millis = (0..3).fold(0, |millis, at| {
        let digit = if at < n_digits { rest[at] - b'0' } else { 0 };
        millis * 10 + u32::from(digit)
    });
    Some((millis, &rest[n_digits..]))
}

/// A zone's distance from UTC.
fn offset_ms(zone: &[u8]) -> Option<i64> {
    let (sign, zone) = match zone {
        b"Z" | b"z" => return Some(0),
        [b'+', zone @ ..] => (1, zone),
        [b'-', zone @ ..] => (-1, zone),
        [..] => return None,
    };
    let [h1, h2, b':', m1, m2] = *zone else { return None };
    let (hours, minutes) = (digits(&[h1, h2])?, digits(&[m1, m2])?);
    if 23 < hours || 59 < minutes {
        return None;
    }
    Some(sign * i64::from(hours * 60 + minutes) * 60_000)
}
