//! Laws of the reader: the short way and the long one agree, and so do pieces and the whole.

use std::collections::BTreeMap;
use std::io::{self, Read};

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

const FEATURES: [&str; 6] = [
    r#"{"type":"Feature","id":"a","properties":{"name":"Caf\u00e9 \"x\"","tags":["b","a","b"],"merchant":"m","x":[1,{"y":null}]},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[1,1],[0,1]],[[0.2,0.2],[0.4,0.2],[0.4,0.4],[0.2,0.2]]]}}"#,
    r#"{"type":"Feature","geometry":{"coordinates":[-97.743123,30.2672,12],"type":"Point"},"properties":{"id":7,"radius_m":150.5,"tz":"America/Chicago","country":"US","region":"US-TX","opening_hours":"24/7"}}"#,
    r#"{"id":"c","type":"Feature","properties":null,"geometry":{"type":"MultiPolygon","coordinates":[[[[5,5],[6,5,1],[6,6],[5,5]]],[[[179,7],[-179,7],[-179,8],[179,8],[179,7]]]]}}"#,
    r#"{"type":"Feature","id":null,"properties":{"id":"d","name":"","merchant":null,"radius_m":3},"geometry":{"type":"Point","coordinates":[180,-90]}}"#,
    r#"{"type":"Feature","id":"e","properties":{},"geometry":{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]}}"#,
    r#"{"type":"Feature","id":12,"bbox":[0,0,1,1],"properties":{"radius_m":1e2},"geometry":{"type":"Point","coordinates":[0,0]}}"#,
];

/// What a slip of the pen, a bad writer or a broken disk puts into a file.
const BITS: [&str; 32] = [
    "",
    "0",
    "1",
    "-",
    ".",
    ",",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "e",
    "null",
    "180",
    "-180",
    "1e308",
    "1e400",
    "5e-324",
    ":",
    "[[",
    "]]",
    "179,0],[",
    "[0,0],",
    "\\",
    "\n",
    " ",
    "\u{1F600}",
    "true",
    "\\ud800",
    "\"id\":1,",
    "\u{1}",
    "00",
];

fn changed(text: &str, changes: &[(f64, usize)]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for &(place, bit) in changes {
        let at = (place * text.len() as f64) as usize;
        // Every second change replaces a character, the others insert.
        let end = if bit % 2 == 0 { (at + 1).min(text.len()) } else { at };
        text.splice(at..end, BITS[bit].chars());
    }
    text.into_iter().collect()
}

fn changes(n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(f64, usize)>> {
    proptest::collection::vec((0.0..1.0_f64, 0..BITS.len()), n)
}

fn whole_file() -> String {
    format!("{{\"type\":\"FeatureCollection\",\n\"x\":[1,\n2],\"features\":[{}]}}\n", FEATURES.join(",\n"))
}

/// Gives a few bytes at a time.
struct Pieces<'a> {
    bytes: &'a [u8],
    len: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.len.min(self.bytes.len()).min(buffer.len());
        let (piece, rest) = self.bytes.split_at(n);
        buffer[..n].copy_from_slice(piece);
        self.bytes = rest;
        Ok(n)
    }
}

fn read_in_pieces(text: &str, len: usize, options: &ReadOptions) -> Result<Loaded, Refused> {
    let refused = |error| match error {
        ReadError::Refused(refused) => refused,
        ReadError::Unreadable(error) => panic!("{error}"),
    };
    read_from(Pieces { bytes: text.as_bytes(), len }, options, &mut |_| ()).map_err(refused)
}

/// Line, column and message of a JSON parser that sees the whole text.
fn syntax_of_whole(text: &str) -> Option<(usize, usize, String)> {
    let error = if text.starts_with('{') {
        serde_json::from_str::<BTreeMap<String, &RawValue>>(text).err()
    } else {
        serde_json::from_str::<&RawValue>(text).err()
    };
    error.map(|error| {
        let message = error.to_string();
        (error.line(), error.column(), message.split(" at line ").next().unwrap().to_owned())
    })
}

fn check_syntax(text: &str, len: usize) {
    let found = match read_in_pieces(text, len, &ReadOptions::default()) {
        Ok(_) => None,
        Err(refused) => match refused.flaws.into_iter().next().unwrap().reason {
            Reason::Syntax { line, column, message } => Some((line, column, message)),
            // Told before the syntax is looked at.
            Reason::Empty | Reason::NotACollection(Lookalike::Xml | Lookalike::Utf16) => return,
            _ => None,
        },
    };
    assert_eq!(found, syntax_of_whole(text), "{text}");
}

#[test]
fn the_features_of_these_tests_go_the_short_way() {
    for text in FEATURES {
        assert!(plain::read(text, &Limits::default()).is_some(), "{text}");
    }
}

#[test]
fn a_broken_file_is_told_as_a_parser_of_the_whole_tells_it() {
    let whole = whole_file();
    for n in 1..whole.trim_end().len() {
        if whole.is_char_boundary(n) {
            check_syntax(&whole[..n], 61);
        }
    }
    for text in [
        "{]",
        "{,}",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{1:2}",
        "{\"a\":tru}",
        "{\"a\":truefalse}",
        "[1,]",
        "7 8",
        "{\"features\":[1 2]}",
        "{\"features\":[,]}",
        "{\"features\":[{\"a\":[1}]}",
        "{\"features\":[1,]}",
        "{\"features\":[{}}",
        "{\"a\nb\":1}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":01}",
        "{\"features\":[\"\\x\"]}",
        "{\"features\":[]}x",
        "{\"a\":1 \"b\":2}",
        "{\"features\":[-]}",
        "x",
        "{\"features\":[{\"a\":1]}]}",
    ] {
        check_syntax(text, 3);
    }
}

#[test]
fn members_of_the_collection_may_stand_in_any_order() {
    let circle = FEATURES[5];
    let good = [
        format!(r#"{{"features":[{circle}],"crs":null,"type":"FeatureCollection"}}"#),
        format!(
            r#"{{"crs":{{"properties":{{"name":"EPSG:4326"}}}},"features":[{circle}],"type":"FeatureCollection"}}"#
        ),
        // Of a member that stands twice the last counts.
        format!(
            r#"{{"type":"x","features":[{circle},{circle}],"features":[{circle}],"type":"FeatureCollection"}}"#
        ),
        format!(r#"{{"features":7,"type":"FeatureCollection","features":[{circle}],"name":"x"}}"#),
    ];
    for text in good {
        assert_eq!(read_in_pieces(&text, 5, &ReadOptions::default()).unwrap().fences.len(), 1, "{text}");
    }
    let refused =
        |text: &str| read(text.as_bytes(), &ReadOptions::default()).unwrap_err().flaws[0].reason.clone();
    let late = format!(r#"{{"features":[{circle},7],"type":"Topology"}}"#);
    assert_eq!(refused(&late), Reason::NotACollection(Lookalike::TopoJson));
    let late = format!(
        r#"{{"features":[{circle}],"type":"FeatureCollection","crs":{{"properties":{{"code":3857}}}}}}"#
    );
    assert_eq!(refused(&late), Reason::NotWgs84 { crs: "3857".to_owned() });
}

#[test]
fn g08_a_feature_without_end_is_refused_before_it_fills_the_memory() {
    struct Endless(u64);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let text: &[u8] = if self.0 == 0 { b"{\"features\":[{\"type\":\"" } else { &[b'x'; 4_096] };
            let n = text.len().min(buffer.len());
            buffer[..n].copy_from_slice(&text[..n]);
            self.0 += n as u64;
            Ok(n)
        }
    }
    let mut endless = Endless(0);
    let limits = Limits { feature_bytes_max: 1 << 20, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let error = read_from(&mut endless, &options, &mut |_| ()).unwrap_err();
    assert_eq!(error.to_string(), "more than 1048576 (limit feature_bytes_max)");
    assert!(endless.0 < 3 << 20, "{} bytes were read", endless.0);
    // What is broken before the limit is told as broken.
    let broken = format!("{{\"features\":[{{\"a\":[1}},\n\"{}\"]", "x".repeat(3 << 20));
    let refused = read(broken.as_bytes(), &options).unwrap_err();
    assert!(matches!(refused.flaws[0].reason, Reason::Syntax { line: 1, column: 21, .. }), "{refused}");
}

#[test]
fn a_reader_that_fails_is_no_flaw_of_the_file() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let text = whole_file();
    let (half, _) = text.as_bytes().split_at(text.len() / 2);
    let error = read_from(half.chain(Broken), &ReadOptions::default(), &mut |_| ()).unwrap_err();
    assert!(matches!(&error, ReadError::Unreadable(_)) && error.to_string() == "the disk is gone");
}

#[test]
fn progress_tells_every_byte_and_every_feature_in_order() {
    let circles: Vec<String> = (0..9_000).map(|id| FEATURES[5].replace("12", &id.to_string())).collect();
    let text = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, circles.join(","));
    let mut told: Vec<Progress> = Vec::new();
    let loaded =
        read_from(text.as_bytes(), &ReadOptions::default(), &mut |progress| told.push(progress)).unwrap();
    assert_eq!(loaded.fences.len(), 9_000);
    assert!(told.is_sorted_by_key(|progress| (progress.n_bytes, progress.n_features)) && 1 < told.len());
    let last = told.last().unwrap();
    assert!(last.n_bytes == text.len() as u64 && 0 < last.n_features && last.n_features <= 9_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_ways_make_the_same_fence(which in 0..FEATURES.len(), changes in changes(0..4)) {
        let text = changed(FEATURES[which], &changes);
        let limits = Limits { tags_max: 2, corners_per_fence_max: 9, name_bytes_max: 10, ..Limits::default() };
        if let Some(short) = plain::read(&text, &limits) {
            let Ok(long) = feature::read(&text, &ReadOptions { limits, ..ReadOptions::default() }) else { panic!("{text} is refused the long way") };
            prop_assert_eq!(short.fence, long.fence, "{}", &text);
            prop_assert_eq!(short.concerns, long.concerns, "{}", text);
        }
    }

    #[test]
    fn any_broken_file_is_told_as_a_parser_of_the_whole_tells_it(changes in changes(1..4), len in 1..200_usize) {
        check_syntax(&changed(&whole_file(), &changes), len);
    }

    #[test]
    fn a_file_in_pieces_is_the_same_file(changes in changes(0..4), len in 1..50_usize, skip_invalid: bool) {
        let text = changed(&whole_file(), &changes);
        let options = ReadOptions { skip_invalid, ..ReadOptions::default() };
        prop_assert_eq!(read_in_pieces(&text, len, &options), read(text.as_bytes(), &options));
    }
}
