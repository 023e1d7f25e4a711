//! Lists of fixes, names in bodies, and what counts as opened.

use model::{Fix, Position, Timestamp};
use wire::{Decoder, Flaw, Limits, encode_fixes};

use crate::common::{NOW, decode, decode_with};
use crate::fixes::{GOOD, check, check_flaw, good, with};

#[test]
fn p26_one_fix_above_the_limit_refuses_the_whole_list() {
    let list = |n: usize| encode_fixes(&vec![good(); n]);
    assert_eq!(decode(&list(1_000)).len(), 1_000);
    check_flaw(list(1_001), Flaw::TooMany);
    check_flaw(&list(1_001)[..50_000], Flaw::Malformed);
}

#[test]
fn p26_one_bad_fix_is_dropped_alone_and_the_rest_comes_in_order() {
    let fix = |ts: i64, lat: &str| format!(r#"{{"ts":{ts},"lat":{lat},"lon":2}}"#);
    let (day, t) = (86_400_000, NOW.unix_ms());
    let listed = [fix(t, "1"), fix(t - 2 * day, "2"), "7".into(), fix(t, "91"), fix(t - 1, "3"), fix(t, "4")];
    let fixes = decode(format!(r#"{{"fixes":[{}],"v":1}}"#, listed.join(",")).as_bytes());
    let at = |ts: i64, lat: f64| Ok(Fix::at(Timestamp::from_unix_ms(ts), Position::new(lat, 2.0).unwrap()));
    let good = [at(t - 2 * day, 2.0), at(t - 1, 3.0), at(t, 1.0), at(t, 4.0)];
    assert_eq!(fixes[..4], good);
    assert_eq!(fixes[4..], [Err(Flaw::Malformed), Err(Flaw::OutOfRange)]);
}

#[test]
fn p26_what_is_listed_may_be_of_any_kind() {
    let body = br#"{"v":1,"fixes":[null,true,1,-1,1.5,"x",[],{}]}"#;
    let fixes = decode(body);
    assert_eq!(fixes.len(), 8);
    assert_eq!(fixes[..7], [Err(Flaw::Malformed); 7]);
    assert_eq!(fixes[7], Err(Flaw::MissingField("lat")));
    for value in ["{}", "null", "1", r#""x""#] {
        check_flaw(with("fixes", value), Flaw::Malformed);
    }
    check_flaw(r#"{"v":1,"fixes":[{"v":2,"ts":1763748000123,"lat":1,"lon":2}]}"#, Flaw::UnknownVersion);
}

#[test]
fn p27_a_body_that_names_somebody_else_is_refused() {
    for key in ["customer", "customer_id", "device", "device_id"] {
        let name = if key.starts_with('c') { r#""c1""# } else { r#""d1""# };
        check(with(key, name), Ok(good()));
        check(with(key, "null"), Ok(good()));
        for other in [r#""x""#, r#""""#, r#""C1""#, "1", "[]", "true"] {
            check_flaw(with(key, other), Flaw::IdentityMismatch);
        }
    }
    let listed = r#"{"v":1,"fixes":[{"ts":1763748000123,"lat":1,"lon":2,"device":"d2"}]}"#;
    check_flaw(listed, Flaw::IdentityMismatch);
    check_flaw(r#"{"v":1,"device_id":"d2","fixes":[{}]}"#, Flaw::IdentityMismatch);
}

#[test]
fn p28_a_claim_of_power_is_ignored_and_counted() {
    let mut decoder = Decoder::new(Limits::default());
    let body = with("consent", r#"true,"customer_id":"c1","priority":9,"admin":true"#);
    assert_eq!(decode_with(&mut decoder, body.as_bytes()), [Ok(good())]);
    assert_eq!(decoder.n_unexpected(), 4);
    decode_with(&mut decoder, br#"{"v":1,"fixes":[{"admin":1},{"admin":1}]}"#);
    assert_eq!(decoder.n_unexpected(), 6);
}

#[test]
fn only_what_was_looked_into_counts_as_opened() {
    let mut decoder = Decoder::new(Limits::default());
    decode_with(&mut decoder, b"");
    assert_eq!(decoder.n_opened(), 0);
    decode_with(&mut decoder, b"\x89PNG");
    decode_with(&mut decoder, GOOD.as_bytes());
    decode_with(&mut decoder, &encode_fixes(&[good(), good()]));
    assert_eq!(decoder.n_opened(), 3);
}

#[test]
fn results_are_appended_to_what_is_there() {
    let mut decoder = Decoder::new(Limits::default());
    let mut fixes = vec![Err(Flaw::BadId)];
    let body = br#"{"v":1,"fixes":[{"ts":1763748000123,"lat":1,"lon":2},"#;
    let envelope = wire::Envelope { customer: "c1", device: "d1", body };
    let customer = decoder.fixes(crate::common::consented(envelope), &mut fixes).customer();
    assert_eq!(fixes, [Err(Flaw::BadId), Err(Flaw::Malformed)]);
    assert_eq!(customer, model::CustomerNo::new(0, 0));
}
