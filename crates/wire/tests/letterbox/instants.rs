//! Instants: units, edges and leap seconds.

use model::{Fix, Timestamp};
use wire::Flaw;

use crate::common::{NOW, decode_one};
use crate::fixes::{check, check_flaw, good, with};

#[test]
fn p30_seconds_are_a_bad_unit() {
    for ts in ["1763748000", "100000001", "99999999999"] {
        check_flaw(with("ts", ts), Flaw::BadUnit);
    }
    let first = Timestamp::from_unix_ms(100_000_000_000);
    check(with("ts", "100000000000"), Ok(Fix { taken_at: first, ..good() }));
}

#[test]
fn k03_no_clock_shows_nought_or_less_or_the_end_of_time() {
    for ts in [
        "0",
        "-1",
        "1",
        "100000000",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "99999999999999999999999",
        "253402300800000",
        "1763748000123.5",
        "1.763748000123e12",
    ] {
        check_flaw(with("ts", ts), Flaw::BadTime);
    }
}

#[test]
fn k03_what_is_merely_old_is_for_presence_to_judge() {
    let old = Timestamp::from_unix_ms(NOW.unix_ms() - 7 * 3_600_000);
    check(with("ts", &old.unix_ms().to_string()), Ok(Fix { taken_at: old, ..good() }));
}

#[test]
fn k11_a_leap_second_counts_as_the_second_before() {
    let at = |text: &str| decode_one(with("ts", &format!("{text:?}"))).map(|fix| fix.taken_at.unix_ms());
    assert_eq!(at("2016-12-31T23:59:60Z"), at("2016-12-31T23:59:59Z"));
    assert_eq!(at("2016-12-31T23:59:60.250Z"), at("2016-12-31T23:59:59.250Z"));
    assert_eq!(at("2017-01-01T00:59:60+01:00"), at("2016-12-31T23:59:59Z"));
    assert_eq!(at("2025-11-21T18:00:00.123Z"), Ok(1_763_748_000_123));
    assert_eq!(at("2025-11-21T18:00:00Z"), Ok(1_763_748_000_000));
    assert_eq!(at("2025-11-21t18:00:00.1239999z"), Ok(1_763_748_000_123));
    assert_eq!(at("2025-11-21T12:30:00.5-05:30"), Ok(1_763_748_000_500));
    assert_eq!(at("1972-02-29T00:00:00Z"), Ok(68_169_600_000));
}

#[test]
fn k11_an_instant_that_is_none_is_a_bad_time() {
    for text in [
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-11-21T24:00:00Z",
        "2025-11-21T23:60:00Z",
        "2025-11-21T23:59:61Z",
        "2025-11-21T18:00:00",
        "2025-11-21T18:00:00+25:00",
        "2025-11-21T18:00:00+01:60",
        "2025-11-21T18:00:00+0100",
        "2025-11-21T18:00:00+01",
        "2025-11-21T18:00:00.Z",
        "2025-11-21T18:00Z",
        "2025-11-21 18:00:00Z",
        "2025-11-21",
        "2025-11-21T18:00:00Z ",
        " 2025-11-21T18:00:00Z",
        "2025-11-21T18:00:00Zulu",
        "25-11-21T18:00:00Z",
        "+025-11-21T18:00:00Z",
        "2025-11-21T+8:00:00Z",
        "２０２５-11-21T18:00:00Z",
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "1763748000123",
        "",
        "now",
    ] {
        check_flaw(with("ts", &format!("{text:?}")), Flaw::BadTime);
    }
}
