//! Batches: only the names at the head of a record are read before the gate.

use model::{CustomerId, DeviceId, Fix, Position};
use wire::batch::{Record, records};
use wire::{Decoder, Envelope, Flaw, Limits, encode_batch_record};

use crate::common::{NOW, consented};

fn read(payload: &[u8]) -> Vec<Result<Record<'_>, Flaw>> {
    records(payload, &Limits::default()).collect()
}

fn names(payload: &str) -> Vec<Result<(&str, &str), Flaw>> {
    read(payload.as_bytes())
        .into_iter()
        .map(|record| record.map(|record| (record.customer, record.device)))
        .collect()
}

fn check_flaw(line: &str, flaw: Flaw) {
    assert_eq!(names(line), [Err(flaw)], "{line:?}");
}

const ONE: &str = r#"{"customer":"c1","device":"d1","v":1,"ts":1763748000123,"lat":1,"lon":2}"#;

#[test]
fn a_record_is_its_line_under_its_names() {
    let payload = format!("\n{ONE}\r\n\r\n  \n{{ \"customer\" : \"c2\" , \"device\":\t\"d2\"}}\n{ONE}");
    let found = read(payload.as_bytes());
    assert_eq!(names(&payload), [Ok(("c1", "d1")), Ok(("c2", "d2")), Ok(("c1", "d1"))]);
    assert_eq!(found[2].as_ref().unwrap().body, ONE.as_bytes());
}

#[test]
fn what_was_written_as_a_batch_is_read_as_one() {
    let fix = Fix::at(NOW, Position::new(1.5, 2.5).unwrap());
    let mut payload = Vec::new();
    for customer in ["c1", "c2"] {
        let customer = CustomerId::new(customer).unwrap();
        encode_batch_record(&customer, &DeviceId::new("d1").unwrap(), &fix, &mut payload);
    }
    let mut decoder = Decoder::new(Limits::default());
    let mut fixes = Vec::new();
    for record in read(&payload) {
        let Record { customer, device, body } = record.unwrap();
        decoder.fixes(consented(Envelope { customer, device, body }), &mut fixes);
    }
    assert_eq!(fixes, [Ok(fix), Ok(fix)]);
}

/// `no_look_without_consent`: what stands behind the names may be anything.
#[test]
fn p11_nothing_behind_the_names_is_looked_at() {
    let mut payload = br#"{"customer":"c1","device":"d1","x":"#.to_vec();
    payload.extend_from_slice(b"\xFF\xFE\0 not JSON at all \"customer\":\"c2\"\n");
    payload.extend_from_slice(br#"{"customer":"c2","device":"d2"#);
    payload.extend_from_slice(b"\"\x80\x81");
    let found: Vec<_> = read(&payload).into_iter().map(|record| record.unwrap().customer).collect();
    assert_eq!(found, ["c1", "c2"]);
}

#[test]
fn p01_an_empty_batch_is_empty() {
    for payload in ["", "\n", " \r\n\t\n", "\u{FEFF}\n"] {
        check_flaw(payload, Flaw::Empty);
    }
}

#[test]
fn p12_one_byte_order_mark_is_taken_off_a_batch() {
    assert_eq!(names(&format!("\u{FEFF}{ONE}")), [Ok(("c1", "d1"))]);
}

#[test]
fn p10_a_record_must_begin_with_its_names() {
    check_flaw(r#"{"v":1,"customer":"c1","device":"d1"}"#, Flaw::MissingField("customer"));
    check_flaw(r#"{"device":"d1","customer":"c1"}"#, Flaw::MissingField("customer"));
    check_flaw(r#"{"customer":"c1","v":1,"device":"d1"}"#, Flaw::MissingField("device"));
    check_flaw(r#"{"customer":"c1"}"#, Flaw::MissingField("device"));
    check_flaw(r#"{"customers":"c1","device":"d1"}"#, Flaw::MissingField("customer"));
    check_flaw("{", Flaw::MissingField("customer"));
    check_flaw(r#"{"customer":1,"device":"d1"}"#, Flaw::Malformed);
    check_flaw(r#"{"customer""#, Flaw::Malformed);
    check_flaw(r#"["c1","d1"]"#, Flaw::UnknownFormat);
    check_flaw("customer,device,ts,lat,lon", Flaw::UnknownFormat);
}

#[test]
fn t02_names_of_a_record_obey_the_rule_of_ids() {
    let long = "x".repeat(65);
    for name in ["", "a/b", "a b", "sys", r"c\u0031", "é", "\\", "a\\\"b", &long] {
        check_flaw(&format!(r#"{{"customer":"{name}","device":"d1"}}"#), Flaw::BadId);
    }
    for name in ["", "a/b", "consent", "日本"] {
        check_flaw(&format!(r#"{{"customer":"c1","device":"{name}"}}"#), Flaw::BadId);
    }
    check_flaw(r#"{"customer":"c1"#, Flaw::BadId);
    let longest = "x".repeat(64);
    assert_eq!(names(&format!(r#"{{"customer":"{longest}","device":"d1"}}"#)), [Ok((&*longest, "d1"))]);
}

#[test]
fn p26_one_bad_record_is_dropped_alone() {
    let payload = format!("{ONE}\nnonsense\n{ONE}");
    assert_eq!(names(&payload), [Ok(("c1", "d1")), Err(Flaw::UnknownFormat), Ok(("c1", "d1"))]);
}

#[test]
fn p26_one_record_above_the_limit_refuses_the_whole_batch() {
    let line = "{\"customer\":\"c1\",\"device\":\"d1\"}\n\n";
    assert_eq!(names(&line.repeat(10_000)).len(), 10_000);
    check_flaw(&line.repeat(10_001), Flaw::TooMany);
}

#[test]
fn p15_one_byte_above_the_limit_refuses_the_whole_batch() {
    let len_max = Limits::default().batch_bytes_max;
    let padded = |len: usize| format!("{ONE}{}", " ".repeat(len - ONE.len()));
    assert_eq!(names(&padded(len_max)), [Ok(("c1", "d1"))]);
    check_flaw(&padded(len_max + 1), Flaw::TooLarge);
}

#[test]
fn p27_a_record_that_names_a_second_customer_is_refused() {
    let check = |rest: &str, flaw: Flaw| {
        let body = ONE.replace('}', rest);
        let mut fixes = Vec::new();
        let envelope = Envelope { customer: "c1", device: "d1", body: body.as_bytes() };
        Decoder::new(Limits::default()).fixes(consented(envelope), &mut fixes);
        assert_eq!(fixes, [Err(flaw)]);
    };
    check(r#","customer":"c2"}"#, Flaw::Malformed);
    check(r#","customer_id":"c2"}"#, Flaw::IdentityMismatch);
    check(r#","device_id":"d2"}"#, Flaw::IdentityMismatch);
}
