//! Rows P, K and A: what stands in the message of one device.

use crate::hostile::Outcome::{Dropped, Repeated, Used};
use crate::hostile::{Aim, Dice, Kind, Made, Outcome};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Largest message of fixes and most fixes in one, as shipped.
const BYTES_MAX: usize = 256 << 10;
const FIXES_MAX: usize = 1_000;

pub(super) const KINDS: &[Kind] = &[
    Kind { row: "P01", what: "empty", make: |aim, _| aim.fixes("", &[Dropped("empty")]) },
    Kind { row: "P03", what: "truncated_json", make: truncated },
    Kind {
        row: "P03",
        what: "two_objects_back_to_back",
        make: |aim, _| malformed(aim, aim.fix(0, "").repeat(2)),
    },
    Kind { row: "P03", what: "a_brace_too_many", make: |aim, _| malformed(aim, aim.fix(0, "") + "}") },
    Kind { row: "P03", what: "a_key_twice", make: |aim, _| malformed(aim, aim.fix(0, r#","lat":1"#)) },
    Kind { row: "P04", what: "a_number_that_is_none", make: no_number },
    Kind { row: "P06", what: "off_the_earth", make: off_the_earth },
    Kind { row: "P06", what: "null_island", make: |aim, _| placed(aim, "0", "0", Dropped("null_island")) },
    Kind { row: "P08", what: "a_latitude_that_is_text", make: textual },
    Kind { row: "P10", what: "a_field_missing", make: missing },
    Kind { row: "P11", what: "broken_text_in_a_field_that_nobody_reads", make: broken_text },
    Kind { row: "P12", what: "one_byte_order_mark", make: |aim, _| marked(aim, 1, Used(None)) },
    Kind {
        row: "P12",
        what: "two_byte_order_marks",
        make: |aim, _| marked(aim, 2, Dropped("unknown_format")),
    },
    Kind { row: "P13", what: "another_format", make: another_format },
    Kind {
        row: "P17",
        what: "pretty_printed",
        make: |aim, _| one(aim, aim.fix(0, "").replace(',', ",\r\n\t "), Used(None)),
    },
    Kind {
        row: "P18",
        what: "an_accuracy_below_nought",
        make: |aim, _| with(aim, r#","acc":-1"#, Dropped("invalid_fix")),
    },
    Kind {
        row: "P18",
        what: "an_accuracy_that_says_nothing",
        make: |aim, dice| with(aim, dice.one_of(&[r#","acc":0"#, r#","acc":null"#]), Used(None)),
    },
    Kind {
        row: "P18",
        what: "an_accuracy_of_a_country",
        make: |aim, _| with(aim, r#","acc":1000000000"#, Used(Some("inaccurate"))),
    },
    Kind {
        row: "P18",
        what: "an_accuracy_that_is_no_number",
        make: |aim, _| with(aim, r#","acc":NaN"#, Dropped("malformed")),
    },
    Kind {
        row: "P20",
        what: "a_speed_and_a_course_below_nought",
        make: |aim, _| with(aim, r#","spd":-1,"hdg":-1"#, Used(None)),
    },
    Kind { row: "P22", what: "made_up", make: made_up },
    Kind { row: "P23", what: "a_claim_to_have_entered", make: claimed },
    Kind { row: "P25", what: "an_event_of_clouds", make: cloud_event },
    Kind { row: "P26", what: "a_bad_fix_among_good_ones", make: one_bad },
    Kind { row: "P26", what: "out_of_order", make: out_of_order },
    Kind {
        row: "P26",
        what: "a_list_of_nothing",
        make: |aim, _| aim.fixes(r#"{"v":1,"fixes":[]}"#, &[Dropped("empty")]),
    },
    Kind { row: "P26", what: "a_list_over_two_days", make: two_days },
    Kind { row: "P27", what: "somebody_elses_name_inside", make: mismatched },
    Kind {
        row: "P28",
        what: "claims_of_power",
        make: |aim, _| with(aim, r#","consent":true,"admin":true,"priority":255"#, Used(None)),
    },
    Kind {
        row: "P29",
        what: "a_time_with_a_point",
        make: |aim, dice| {
            timed(aim, &format!("{}{}", aim.now_ms, dice.one_of(&[".0", ".5", "e0"])), "bad_time")
        },
    },
    Kind {
        row: "P30",
        what: "seconds_for_milliseconds",
        make: |aim, _| timed(aim, &(aim.now_ms / 1_000).to_string(), "bad_unit"),
    },
    Kind {
        row: "K01",
        what: "from_the_future",
        make: |aim, dice| {
            aged(aim, -dice.one_of(&[10 * MINUTE_MS, HOUR_MS, 87_600 * HOUR_MS]), Dropped("future"))
        },
    },
    Kind { row: "K01", what: "a_clock_a_little_fast", make: |aim, _| aged(aim, -1_000, Used(None)) },
    Kind { row: "K03", what: "a_bit_late", make: |aim, _| aged(aim, 11 * MINUTE_MS, Used(Some("late"))) },
    Kind { row: "K03", what: "of_this_morning", make: |aim, _| aged(aim, 7 * HOUR_MS, Dropped("stale")) },
    Kind {
        row: "K03",
        what: "of_no_time",
        make: |aim, dice| {
            timed(aim, dice.one_of(&["0", "-5", "9223372036854775807", "99999999999999999999"]), "bad_time")
        },
    },
    Kind {
        row: "K04",
        what: "the_same_twice",
        make: |aim, _| listing(aim, &[aim.fix(0, ""), aim.fix(0, "")], &[Used(None), Repeated]),
    },
    Kind {
        row: "K11",
        what: "a_leap_second_of_long_ago",
        make: |aim, _| one(aim, at_text(aim, "2016-12-31T23:59:60Z"), Dropped("stale")),
    },
    Kind { row: "K11", what: "a_date_that_never_was", make: no_date },
    Kind {
        row: "A02",
        what: "yesterdays_fix_again",
        make: |aim, _| aged(aim, 24 * HOUR_MS, Dropped("stale")),
    },
    Kind {
        row: "A04",
        what: "the_same_seven_decimals",
        make: |aim, _| placed(aim, &format!("{:.7}", aim.lat), &format!("{:.7}", aim.lng), Used(None)),
    },
    Kind { row: "A09", what: "a_name_that_writes_to_terminals", make: terminal },
];

/// Of some weight: seldom sent.
pub(super) const LARGE: &[Kind] = &[
    Kind { row: "P03", what: "nested_ten_thousand_deep", make: nested },
    Kind {
        row: "P15",
        what: "a_byte_too_many",
        make: |aim, _| padded(aim, BYTES_MAX + 1, Dropped("too_large")),
    },
    Kind { row: "P15", what: "as_large_as_it_may_be", make: |aim, _| padded(aim, BYTES_MAX, Used(None)) },
    Kind {
        row: "P15",
        what: "a_mebibyte_and_a_half",
        make: |aim, _| padded(aim, 3 << 19, Dropped("too_large")),
    },
    Kind {
        row: "P26",
        what: "a_fix_too_many",
        make: |aim, _| aim.fixes(listed(aim, FIXES_MAX + 1), &[Dropped("too_many")]),
    },
];

fn one(aim: &Aim<'_>, payload: impl Into<Vec<u8>>, outcome: Outcome) -> Made {
    aim.fixes(payload, &[outcome])
}

fn malformed(aim: &Aim<'_>, payload: String) -> Made {
    one(aim, payload, Dropped("malformed"))
}

/// An honest fix with more fields.
fn with(aim: &Aim<'_>, more: &str, outcome: Outcome) -> Made {
    one(aim, aim.fix(0, more), outcome)
}

fn aged(aim: &Aim<'_>, ago_ms: i64, outcome: Outcome) -> Made {
    one(aim, aim.fix(ago_ms, ""), outcome)
}

fn timed(aim: &Aim<'_>, ts: &str, word: &'static str) -> Made {
    one(aim, aim.fix_with(ts, &aim.lat.to_string(), &aim.lng.to_string(), ""), Dropped(word))
}

fn at_text(aim: &Aim<'_>, ts: &str) -> String {
    aim.fix_with(&format!("{ts:?}"), &aim.lat.to_string(), &aim.lng.to_string(), "")
}

fn placed(aim: &Aim<'_>, lat: &str, lon: &str, outcome: Outcome) -> Made {
    one(aim, aim.fix_with(&aim.now_ms.to_string(), lat, lon, ""), outcome)
}

fn truncated(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let mut text = aim.fix(0, "");
    text.truncate(1 + dice.below(text.len() - 1));
    malformed(aim, text)
}

fn nested(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let (open, close) = dice.one_of(&[("[", "]"), (r#"{"a":"#, "}")]);
    let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
    malformed(aim, aim.fix(0, &format!(r#","more":{deep}"#)))
}

fn no_number(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let none = dice.one_of(&["NaN", "Infinity", "-Infinity", "1e400", "0x34", "+52.1", ".5", "052.1"]);
    placed(aim, none, "1.3", Dropped("malformed"))
}

fn off_the_earth(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let places = [
        ("90.0000001", "1.3"),
        ("-91", "1.3"),
        ("52.1", "180.5"),
        ("52.1", "360"),
        ("104", "1.3"),
        ("52", "1e300"),
    ];
    let (lat, lon) = dice.one_of(&places);
    placed(aim, lat, lon, Dropped("out_of_range"))
}

fn textual(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let lat = dice.one_of(&[r#""52.1""#, "52,1", r#""52,1""#, "null", "true", "[52.1]"]);
    placed(aim, lat, "1.3", Dropped("malformed"))
}

fn missing(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let name = dice.one_of(&["ts", "lat", "lon"]);
    let text = aim.fix(0, "").replace(&format!("\"{name}\""), "\"other\"");
    one(aim, text, Dropped("missing_field"))
}

fn broken_text(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let broken: &[u8] = dice.one_of(&[
        &b"\xff\xfe"[..],
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        br"\ud800",
        br"\u0000",
        b"a\x00b",
        b"a\nb",
    ]);
    let text = aim.fix(0, r#","note":"@""#);
    let (head, tail) = text.split_once('@').expect("the mark stands in it");
    one(aim, [head.as_bytes(), broken, tail.as_bytes()].concat(), Dropped("malformed"))
}

fn marked(aim: &Aim<'_>, n_marks: usize, outcome: Outcome) -> Made {
    one(aim, "\u{feff}".repeat(n_marks) + &aim.fix(0, ""), outcome)
}

fn another_format(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let utf16 = aim.fix(0, "").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bytes: Vec<u8> = match dice.below(7) {
        0 => utf16,
        1 => b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\x56\x2a\x03\0".to_vec(),
        2 => b"\x0a\x02c1\x12\x05phone\x19\0\0\0\0\0\0\x4a\x40".to_vec(),
        3 => b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>".to_vec(),
        4 => b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
        5 => format!("[{},{}]", aim.lng, aim.lat).into_bytes(),
        _ => (0..1 + dice.below(2_000)).map(|_| 0x80 | dice.roll() as u8).collect(),
    };
    one(aim, bytes, Dropped("unknown_format"))
}

fn padded(aim: &Aim<'_>, len: usize, outcome: Outcome) -> Made {
    let mut bytes = aim.fix(0, "").into_bytes();
    bytes.resize(len, b' ');
    one(aim, bytes, outcome)
}

fn made_up(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let more = dice.one_of(&[r#","mock":true"#, r#","isMock":true"#, r#","isSimulatedBySoftware":true"#]);
    with(aim, more, Used(Some("mock")))
}

fn claimed(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let kind = dice.one_of(&["transition", "cmd", "location", "encrypted", "card"]);
    with(aim, &format!(r#","_type":"{kind}","event":"enter","desc":"the store""#), Dropped("unknown_format"))
}

fn cloud_event(aim: &Aim<'_>, _: &mut Dice) -> Made {
    with(aim, r#","specversion":"9.9","type":"fix","data_base64":"!!""#, Dropped("unknown_format"))
}

fn listed(aim: &Aim<'_>, n: usize) -> String {
    let fixes: Vec<String> = (0..n).map(|_| aim.fix(0, "")).collect();
    format!(r#"{{"v":1,"fixes":[{}]}}"#, fixes.join(","))
}

fn listing(aim: &Aim<'_>, fixes: &[String], outcomes: &[Outcome]) -> Made {
    aim.fixes(format!(r#"{{"v":1,"fixes":[{}]}}"#, fixes.join(",")), outcomes)
}

fn one_bad(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let (bad, word) = dice.one_of(&[
        (r#"{"v":1,"ts":1780000000000,"lat":91,"lon":1}"#, "out_of_range"),
        (r#"{"lat":1,"lon":1}"#, "missing_field"),
        (r#"{"ts":1,"lat":1,"lon":1}"#, "bad_time"),
        ("[1,2]", "malformed"),
        ("null", "malformed"),
        (r#"{"v":7,"ts":1,"lat":1,"lon":1}"#, "unknown_version"),
    ]);
    let fixes = [aim.fix(2_000, ""), bad.to_owned(), aim.fix(0, "")];
    listing(aim, &fixes, &[Used(None), Dropped(word), Used(None)])
}

fn out_of_order(aim: &Aim<'_>, _: &mut Dice) -> Made {
    let fixes = [0, 3_000, 1_000, 2_000].map(|ago_ms| aim.fix(ago_ms, ""));
    listing(aim, &fixes, &[Used(None); 4])
}

fn two_days(aim: &Aim<'_>, _: &mut Dice) -> Made {
    let fixes = [0, 40 * HOUR_MS, 7 * HOUR_MS].map(|ago_ms| aim.fix(ago_ms, ""));
    listing(aim, &fixes, &[Used(None), Dropped("stale"), Dropped("stale")])
}

fn mismatched(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let name = dice.one_of(&["customer", "customer_id", "device", "device_id"]);
    let value = dice.one_of(&[r#""somebody-else""#, "7", "true", "{}"]);
    with(aim, &format!(r#","{name}":{value}"#), Dropped("identity_mismatch"))
}

fn no_date(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let ts = dice.one_of(&[
        "2026-02-30T10:00:00Z",
        "2026-06-01T10:00:00",
        "2026-06-01T10:00:00+25:00",
        "2026-06-01T24:00:00Z",
        "2026-06-01T10:00:61Z",
        "yesterday",
        "",
    ]);
    one(aim, at_text(aim, ts), Dropped("bad_time"))
}

fn terminal(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let name = dice.one_of(&[
        r"\u001b[2J\u001b[31mred",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        r"x\nlevel=error msg=forged",
        "{{ 7*7 }} %s%n ${jndi:ldap://x}",
        "\u{202e}txt.exe",
    ]);
    with(aim, &format!(r#","label":"{name}","{name}":1"#), Used(None))
}
