//! Fixes: what is read, and what is refused by which name.

use model::{Fix, Meters, Position};
use wire::{Decoder, Flaw, Limits, encode_fix};

use crate::common::{NOW, decode_one, decode_with};

pub(crate) const GOOD: &str = r#"{"v":1,"ts":1763748000123,"lat":47.6097,"lon":-122.3331}"#;

pub(crate) fn good() -> Fix {
    Fix::at(NOW, Position::new(47.6097, -122.3331).unwrap())
}

/// A fix with one member more, or another value for one.
pub(crate) fn with(key: &str, value: &str) -> String {
    let fields = [("v", "1"), ("ts", "1763748000123"), ("lat", "47.6097"), ("lon", "-122.3331")];
    let others = fields.iter().filter(|(name, _)| *name != key);
    let members: Vec<String> =
        others.chain([&(key, value)]).map(|(key, value)| format!(r#""{key}":{value}"#)).collect();
    format!("{{{}}}", members.join(","))
}

fn without(key: &str) -> String {
    with(key, "0").replace(&format!(r#","{key}":0"#), "")
}

pub(crate) fn check(body: impl AsRef<[u8]>, becomes: Result<Fix, Flaw>) {
    let head = &body.as_ref()[..body.as_ref().len().min(200)];
    assert_eq!(decode_one(body.as_ref()), becomes, "{}", String::from_utf8_lossy(head));
}

pub(crate) fn check_flaw(body: impl AsRef<[u8]>, flaw: Flaw) {
    check(body, Err(flaw));
}

#[test]
fn a_full_fix_is_read_field_by_field() {
    let body = r#"{"v":1,"ts":1763748000123,"lat":47.6097,"lon":-122.3331,"acc":12.5,"spd":1.5,"hdg":270,"mock":true,"fg":true,"still":true}"#;
    let fix = Fix {
        accuracy: Some(Meters(12.5)),
        speed_mps: Some(1.5),
        mock: true,
        foreground: Some(true),
        still: true,
        ..good()
    };
    check(body, Ok(fix));
    check(GOOD, Ok(good()));
    check(with("fg", "false"), Ok(Fix { foreground: Some(false), ..good() }));
    check(with("later_versions_may_add", r#"{"a":[1,{"b":null}]}"#), Ok(good()));
}

#[test]
fn p01_an_empty_payload_is_empty() {
    check_flaw("", Flaw::Empty);
    check_flaw(" \r\n\t", Flaw::Empty);
    check_flaw("\u{FEFF}", Flaw::Empty);
    check_flaw(r#"{"v":1,"fixes":[]}"#, Flaw::Empty);
}

#[test]
fn p03_broken_json_is_malformed() {
    for end in 1..GOOD.len() {
        check_flaw(&GOOD[..end], Flaw::Malformed);
    }
    check_flaw(format!("{GOOD}{GOOD}"), Flaw::Malformed);
    check_flaw(format!("{GOOD}\n{GOOD}"), Flaw::Malformed);
    check_flaw(format!("{GOOD}}}"), Flaw::Malformed);
    check_flaw(format!("{GOOD},"), Flaw::Malformed);
    check_flaw(format!("{GOOD}\0"), Flaw::Malformed);
    check_flaw(with("x", "1,"), Flaw::Malformed);
    check_flaw(with("x", "'a'"), Flaw::Malformed);
    check_flaw(with("x", "01"), Flaw::Malformed);
    check_flaw(with("x", "[1,2"), Flaw::Malformed);
    check_flaw("{}", Flaw::UnknownFormat);
}

#[test]
fn p03_a_key_that_comes_twice_is_malformed() {
    for key in ["v", "ts", "lat", "lon", "acc", "customer", "device_id", "fixes"] {
        let value = if key == "fixes" { "[{}]" } else { "null" };
        let body = with(key, value).replace('}', &format!(r#","{key}":{value}}}"#));
        check_flaw(body, Flaw::Malformed);
    }
    check_flaw(with("lat", r#"1,"l\u0061t":2"#), Flaw::Malformed);
}

#[test]
fn p03_nesting_has_a_bound() {
    check(with("x", &format!("{}{}", "[".repeat(100), "]".repeat(100))), Ok(good()));
    for n in [1_000, 40_000] {
        check_flaw(with("x", &format!("{}{}", "[".repeat(n), "]".repeat(n))), Flaw::Malformed);
        check_flaw(with("x", &r#"{"a":"#.repeat(n)), Flaw::Malformed);
    }
}

#[test]
fn p04_numbers_that_json_has_not_are_malformed() {
    for value in ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "+1", ".5", "1.", "0x10"] {
        for key in ["lat", "lon", "ts", "acc", "spd", "unused"] {
            check_flaw(with(key, value), Flaw::Malformed);
        }
    }
}

#[test]
fn p06_no_place_on_earth_is_out_of_range() {
    for (lat, lon) in [
        ("90.0000001", "0"),
        ("-91", "0"),
        ("0", "180.5"),
        ("0", "360"),
        ("104", "1.3"),
        ("1e308", "0"),
        ("-90.00000000000002", "0"),
    ] {
        let body = format!(r#"{{"v":1,"ts":1763748000123,"lat":{lat},"lon":{lon}}}"#);
        check_flaw(body, Flaw::OutOfRange);
    }
    for (lat, lon) in [(90.0, 0.0), (-90.0, 0.0), (0.0, 180.0), (0.0, -180.0)] {
        let body = format!(r#"{{"v":1,"ts":1763748000123,"lat":{lat},"lon":{lon}}}"#);
        check(body, Ok(Fix::at(NOW, Position::new(lat, lon).unwrap())));
    }
    assert_eq!(decode_one(with("lon", "180")), decode_one(with("lon", "-180")));
}

#[test]
fn p06_a_list_is_never_read_by_place() {
    check_flaw("[1,1763748000123,47.6097,-122.3331]", Flaw::UnknownFormat);
    check_flaw("[-122.3331,47.6097]", Flaw::UnknownFormat);
    check_flaw(r#"{"v":1,"fixes":[[1,1763748000123,47.6097,-122.3331]]}"#, Flaw::Malformed);
}

#[test]
fn p08_a_coordinate_of_another_kind_is_malformed() {
    for value in [r#""52.1""#, r#""52,1""#, "null", "true", "[52.1]", r#"{"deg":52.1}"#] {
        for key in ["lat", "lon"] {
            check_flaw(with(key, value), Flaw::Malformed);
        }
    }
    check_flaw(with("ts", "null"), Flaw::Malformed);
    check_flaw(with("acc", r#""12""#), Flaw::Malformed);
    check_flaw(with("spd", "true"), Flaw::Malformed);
    check_flaw(with("hdg", r#""N""#), Flaw::Malformed);
    check_flaw(with("mock", "1"), Flaw::Malformed);
    check_flaw(with("fg", r#""yes""#), Flaw::Malformed);
    check_flaw(with("still", "[]"), Flaw::Malformed);
}

#[test]
fn p10_a_missing_field_is_named() {
    for key in ["lat", "lon", "ts"] {
        check_flaw(without(key), Flaw::MissingField(key));
        assert_eq!(Flaw::MissingField(key).to_string(), format!("missing_field {key}"));
    }
    assert_eq!(Flaw::MissingField("lat").word(), "missing_field");
}

#[test]
fn p11_broken_text_anywhere_is_malformed() {
    for text in [&b"\"\xFF\""[..], b"\"\xED\xA0\x80\"", b"\"\xC0\x80\"", b"\"a\0b\"", b"\"\xF0\x9F\""] {
        let mut body = br#"{"v":1,"ts":1763748000123,"lat":47.6097,"lon":-122.3331,"unused":"#.to_vec();
        body.extend_from_slice(text);
        body.push(b'}');
        check_flaw(&body, Flaw::Malformed);
    }
    for text in [r#""\uD800""#, r#""\uDC00\uD800""#, r#""\uD800x""#, r#""a\u0000b""#, r#""\x""#] {
        check_flaw(with("unused", text), Flaw::Malformed);
        check_flaw(with("unused", &format!(r#"[{{"a":{text}}}]"#)), Flaw::Malformed);
        check_flaw(with("unused", &format!("{{{text}:1}}")), Flaw::Malformed);
        check_flaw(with(&text[1..text.len() - 1], "1"), Flaw::Malformed);
    }
    check(with("unused", r#""\uD83D\uDE00 é 日本""#), Ok(good()));
    check_flaw(r#"{"v":1,"fixes":["\u0000"]}"#, Flaw::Malformed);
}

#[test]
fn p12_one_byte_order_mark_is_taken_off() {
    check(format!("\u{FEFF}{GOOD}"), Ok(good()));
    check_flaw(format!("\u{FEFF}\u{FEFF}{GOOD}"), Flaw::UnknownFormat);
    check_flaw(format!(" \u{FEFF}{GOOD}"), Flaw::UnknownFormat);
}

#[test]
fn p13_other_formats_are_unknown() {
    let utf16 = |big: bool| -> Vec<u8> {
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        GOOD.encode_utf16().flat_map(bytes).collect()
    };
    let marked = |mark: &[u8], rest: Vec<u8>| [mark, &rest].concat();
    check_flaw(utf16(true), Flaw::UnknownFormat);
    check_flaw(utf16(false), Flaw::UnknownFormat);
    check_flaw(marked(b"\xFF\xFE", utf16(false)), Flaw::UnknownFormat);
    check_flaw(marked(b"\xFE\xFF", utf16(true)), Flaw::UnknownFormat);
    check_flaw(b"\x1F\x8B\x08\0\0\0\0\0", Flaw::UnknownFormat);
    check_flaw(b"\x89PNG\r\n\x1A\n", Flaw::UnknownFormat);
    check_flaw(b"\x0A\x02c1\x12\x02d1", Flaw::UnknownFormat);
    check_flaw("<!DOCTYPE html><html></html>", Flaw::UnknownFormat);
    check_flaw("47.6097,-122.3331", Flaw::UnknownFormat);
    check_flaw("null", Flaw::UnknownFormat);
    check_flaw(r#""{}""#, Flaw::UnknownFormat);
}

#[test]
fn p13_json_of_other_formats_is_unknown_and_never_guessed() {
    check_flaw(r#"{"_type":"location","lat":47.6,"lon":-122.3,"tst":1763748000}"#, Flaw::UnknownFormat);
    for foreign in [
        r#""_type":"location""#,
        r#""specversion":"1.0","type":"fix""#,
        r#""DeviceId":"d1","Position":[-122.3,47.6]"#,
        r#""Updates":[]"#,
        r#""location":{"coords":{}}"#,
        r#""coords":{},"timestamp":1"#,
        r#""latitude":1,"longitude":2,"gps_accuracy":3"#,
    ] {
        check_flaw(GOOD.replace('{', &format!("{{{foreign},")), Flaw::UnknownFormat);
    }
    check(GOOD.replace('{', r#"{"type":"x","coords":1,"latitude":1,"longitude":2,"#), Ok(good()));
    check_flaw(without("v"), Flaw::UnknownFormat);
}

#[test]
fn versions_that_we_do_not_read_are_refused() {
    for version in ["0", "2", "-1", "1.0", "1.5", r#""1""#, "null", "true", "[1]"] {
        check_flaw(with("v", version), Flaw::UnknownVersion);
    }
    check_flaw(r#"{"v":2,"fixes":[]}"#, Flaw::UnknownVersion);
}

#[test]
fn p15_one_byte_too_many_is_too_large_and_stays_unopened() {
    let len_max = Limits::default().fix_bytes_max;
    let mut decoder = Decoder::new(Limits::default());
    let padded = |len: usize| format!("{GOOD}{}", " ".repeat(len - GOOD.len())).into_bytes();
    assert_eq!(decode_with(&mut decoder, &padded(len_max)), [Ok(good())]);
    for len in [len_max + 1, 1_572_864, 10_485_760] {
        assert_eq!(decode_with(&mut decoder, &padded(len)), [Err(Flaw::TooLarge)]);
    }
    assert_eq!(decode_with(&mut decoder, &vec![b'x'; len_max + 1]), [Err(Flaw::TooLarge)]);
    assert_eq!(decode_with(&mut decoder, GOOD.as_bytes()), [Ok(good())]);
    assert_eq!(decoder.n_opened(), 2);
}

#[test]
fn p17_pretty_json_is_read() {
    let pretty = GOOD.replace(',', ",\r\n\t").replace(':', " : ").replace('{', "\n{\n");
    check(format!("{pretty}\r\n"), Ok(good()));
}

#[test]
fn p18_accuracy_is_refused_when_negative_and_unknown_when_nought() {
    check_flaw(with("acc", "-1"), Flaw::InvalidFix);
    check_flaw(with("acc", "-0.001"), Flaw::InvalidFix);
    for nothing in ["0", "0.0", "-0", "-0.0", "null"] {
        check(with("acc", nothing), Ok(good()));
    }
    check(with("acc", "1e9"), Ok(Fix { accuracy: Some(Meters(1e9)), ..good() }));
    check_flaw(with("acc", "NaN"), Flaw::Malformed);
}

#[test]
fn p20_a_void_speed_or_heading_is_left_out() {
    for void in ["-1", "-1.0", "null", "1e39"] {
        check(with("spd", void), Ok(good()));
        check(with("hdg", void), Ok(good()));
    }
    check(with("spd", "0"), Ok(Fix { speed_mps: Some(0.0), ..good() }));
}

#[test]
fn p21_native_speed_is_metres_a_second() {
    check(with("spd", "12.5"), Ok(Fix { speed_mps: Some(12.5), ..good() }));
}

#[test]
fn p22_a_made_up_fix_says_so_under_any_of_its_names() {
    for key in ["mock", "isMock", "isSimulatedBySoftware"] {
        check(with(key, "true"), Ok(Fix { mock: true, ..good() }));
        check(with(key, "false"), Ok(good()));
        check(with(key, "null"), Ok(good()));
    }
    check(GOOD.replace('{', r#"{"mock":false,"isMock":true,"#), Ok(Fix { mock: true, ..good() }));
}

#[test]
fn a_written_fix_reads_as_in_the_contract() {
    let fix = Fix { accuracy: Some(Meters(12.5)), foreground: Some(true), ..good() };
    let written = r#"{"v":1,"ts":1763748000123,"lat":47.6097,"lon":-122.3331,"acc":12.5,"fg":true}"#;
    assert_eq!(String::from_utf8(encode_fix(&fix)).unwrap(), written);
}

#[test]
fn every_flaw_has_a_word_of_its_own() {
    let mut words = Flaw::ALL.map(Flaw::word).to_vec();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Flaw::ALL.len());
}

#[test]
fn debug_shows_nothing_of_a_payload() {
    let envelope = wire::Envelope { customer: "anna", device: "phone", body: b"secret" };
    let shown = format!("{envelope:?}");
    assert_eq!(shown, "Envelope(6 bytes, not shown)");
}
