//! Fence files as people write them: what is read, what is written, how refusals are told.

mod files;

use files::{SQUARE, concerns, feature, file, file_reason, holds, place, point, polygon, read_all};
use model::Meters;
use proptest::prelude::*;
use spatial_index::geojson::{Concern, ReadOptions, Reason, read, write};

#[test]
fn a_good_file_gives_fences_in_the_order_of_their_ids() {
    let properties = r#"{"name":"Corner Books","merchant":"corner","tags":["books","cafe","books"],
        "tz":"America/Chicago","opening_hours":"Mo-Fr 09:00-18:00","country":"US","region":"US-TX","radius_m":150}"#;
    let loaded = read_all(&[
        polygon("\"b\"", SQUARE),
        point("\"a\"", properties),
        polygon("7", SQUARE),
        feature(
            "null",
            r#"{"type":"MultiPolygon","coordinates":[[[[5,5],[6,5],[6,6],[5,5]]]]}"#,
            r#"{"id":"c"}"#,
        ),
    ])
    .unwrap();
    let ids: Vec<&str> = loaded.fences.iter().map(|fence| fence.facts.id.as_str()).collect();
    assert_eq!(ids, ["7", "a", "b", "c"]);
    assert_eq!((loaded.warnings.len(), loaded.skipped.len()), (0, 0));
    let facts = &loaded.fences[1].facts;
    assert_eq!(&*facts.name, "Corner Books");
    assert_eq!(facts.merchant.as_ref().map(model::MerchantId::as_str), Some("corner"));
    assert_eq!(facts.tags, ["books".into(), "cafe".into()]);
    assert_eq!(facts.tz.as_deref(), Some("America/Chicago"));
    assert_eq!(facts.country.as_deref(), Some("US"));
    assert_eq!(facts.region.as_deref(), Some("US-TX"));
    assert_eq!(facts.opening_hours.as_deref(), Some("Mo-Fr 09:00-18:00"));
    assert_eq!(facts.radius, Meters(150.0));
    assert_eq!(&*loaded.fences[2].facts.name, "b");
    assert!(60_000.0 < loaded.fences[2].facts.radius.0 && loaded.fences[2].facts.radius.0 < 63_000.0);
}

#[test]
fn what_is_written_is_read_back_as_it_was() {
    let properties = r#"{"name":"A \"B\" <b>","merchant":"m","tags":["x"],"tz":"Asia/Tokyo","country":"JP",
        "region":"JP-13","opening_hours":"24/7","radius_m":0.30000000000000004}"#;
    let loaded = read_all(&[
        point("\"a\"", properties),
        polygon("\"b\"", "[[179.1,0.1],[-179.7,0.3],[-179.9,1.7],[180,2],[179.1,0.1]],[[179.5,0.5],[179.6,0.5],[179.6,0.6],[179.5,0.5]]"),
        feature("3", r#"{"type":"MultiPolygon","coordinates":[[[[5,5],[6,5],[6,6],[5,5]]],[[[7,7],[8,7],[8,8],[7,7]]]]}"#, "{}"),
        polygon("\"d\"", "[[-180,50],[180,50],[180,60],[-180,60],[-180,50]]"),
    ])
    .unwrap();
    let again = read(write(&loaded.fences).as_bytes(), &ReadOptions::default()).unwrap();
    assert!(again.fences == loaded.fences);
    assert_eq!(read(write(&[]).as_bytes(), &ReadOptions::default()).unwrap().fences.len(), 0);
}

#[test]
fn every_bad_feature_is_listed_at_once() {
    let features = [
        polygon("\"good\"", SQUARE),
        polygon("\"flat\"", "[[0,0],[1,1],[2,2],[0,0]]"),
        point("\"no radius\"", "{}"),
        polygon("\"good\"", SQUARE),
        feature("\"\"", "null", r#"{"merchant":"a b","tags":"x"}"#),
    ];
    let refused = read_all(&features).unwrap_err();
    let found: Vec<(Option<usize>, Option<&str>, Reason)> =
        refused.flaws.iter().map(|flaw| (flaw.feature, flaw.id.as_deref(), flaw.reason.clone())).collect();
    assert_eq!(
        found,
        [
            (Some(1), Some("flat"), Reason::NoArea(place(0, 0, 0))),
            (Some(2), Some("no radius"), Reason::NoRadius),
            (Some(3), Some("good"), Reason::IdUsedBefore { first: 0 }),
            (Some(4), Some(""), Reason::Id(model::IdFlaw::Empty)),
            (Some(4), Some(""), Reason::NoGeometry),
            (Some(4), Some(""), Reason::Merchant(model::IdFlaw::BadCharacter)),
            (Some(4), Some(""), Reason::TagsNotAList),
        ]
    );
    let text = refused.to_string();
    assert_eq!(text.lines().count(), 7);
    assert!(text.contains("feature 2 (id \"no radius\"): a Point needs the property `radius_m`"), "{text}");

    let options = ReadOptions { skip_invalid: true, ..ReadOptions::default() };
    let loaded = read(file(&features).as_bytes(), &options).unwrap();
    assert_eq!(loaded.fences.len(), 1);
    assert_eq!(loaded.skipped, refused.flaws);
}

#[test]
fn overlapping_parts_and_mixed_dimensions_are_taken_with_a_warning() {
    let parts = format!(
        r#"{{"type":"MultiPolygon","coordinates":[[{SQUARE}],[[[0.5,0.5],[2,0.5],[2,2],[0.5,0.5]]]]}}"#
    );
    assert_eq!(concerns(feature("1", &parts, "{}")), [Concern::PolygonsOverlap(place(1, 0, 0))]);
    assert!(holds(feature("1", &parts, "{}"), 0.6, 0.7));
    let mixed = "[[0,0,12],[1,0,12],[1,1],[0,1,12],[0,0,12]]";
    assert_eq!(concerns(polygon("1", mixed)), [Concern::MixedDimensions(place(0, 0, 2))]);
    assert_eq!(concerns(polygon("1", "[[0,0,1],[1,0,2],[1,1,3],[0,0,1]]")), []);
}

#[test]
fn broken_files_are_refused_with_line_and_column() {
    assert_eq!(file_reason(b""), Reason::Empty);
    assert_eq!(file_reason(b"  \n"), Reason::Empty);
    assert_eq!(file_reason(b"{\"type\":\"FeatureCollection\xff\"}"), Reason::NotUtf8);
    assert_eq!(file_reason(br#"{"type":"FeatureCollection"}"#), Reason::NoFeatures);
    assert_eq!(file_reason(br#"{"type":"FeatureCollection","features":{}}"#), Reason::NoFeatures);
    let cut = "{\"type\":\"FeatureCollection\",\n\"features\":[{\"type\":";
    assert!(matches!(file_reason(cut.as_bytes()), Reason::Syntax { line: 2, .. }));
    let twice = format!("{0}\n{0}", file(&[]));
    assert!(matches!(file_reason(twice.as_bytes()), Reason::Syntax { line: 2, .. }));
}

#[test]
fn a_byte_order_mark_is_stripped() {
    let text = format!("\u{feff}{}", file(&[polygon("1", SQUARE)]));
    assert_eq!(read(text.as_bytes(), &ReadOptions::default()).unwrap().fences.len(), 1);
}

#[test]
fn messages_hold_no_coordinate() {
    let polygon = polygon("1", "[[47.6097,12.25],[48.5,99.75],[1,1],[47.6097,12.25]]");
    let text = read_all(&[polygon]).unwrap_err().to_string();
    assert_eq!(
        text,
        "feature 0 (id \"1\"): polygon 0, ring 0, point 1: out of range; GeoJSON writes the longitude first: are they swapped?"
    );
}

#[test]
fn shapes_show_no_coordinate() {
    let loaded = read_all(&[polygon("1", "[[47.6097,12.25],[48.5,13.75],[1,1],[47.6097,12.25]]")]).unwrap();
    let shape = &loaded.fences[0].shape;
    assert!(!format!("{shape:?}").contains('.'));
}

/// A file with something of everything in it.
fn rich_file() -> String {
    file(&[
        polygon(
            "\"a\"",
            "[[179,0],[-179,0,7],[-179,1],[-179,1],[179,1]],[[179.5,0.5],[179.6,0.5],[179.6,0.6]]",
        ),
        point("2", r#"{"radius_m":150,"name":"x","tags":["a"],"merchant":"m","region":"US-TX"}"#),
        feature(
            "\"c\"",
            r#"{"type":"MultiPolygon","coordinates":[[[[5,5],[6,5],[6,6],[5,5]]],[[[-180,7],[180,7],[180,8],[-180,8]]]]}"#,
            "{}",
        ),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done to a file, reading it ends without a panic, and what is read can be
    /// written and read again.
    #[test]
    fn no_file_makes_the_reader_panic(
        places in proptest::collection::vec((0.0..1.0_f64, 0..30_usize), 1..5),
        skip_invalid in any::<bool>(),
    ) {
        const BITS: [&str; 30] = [
            "", "0", "1", "9", "-", ".", ",", "[", "]", "{", "}", "\"", "e", "null", "NaN", "180", "-180", "90",
            "360", "1e308", "5e-324", ":", "[[", "]]", "179,0],[", "[0,0],", "\\", "\u{0}", "\u{1F600}", "true",
        ];
        let mut text: Vec<char> = rich_file().chars().collect();
        for (place, bit) in places {
            let at = (place * text.len() as f64) as usize;
            // Every second change replaces a character, the others insert.
            let end = if bit % 2 == 0 { (at + 1).min(text.len()) } else { at };
            text.splice(at..end, BITS[bit].chars());
        }
        let text: String = text.into_iter().collect();
        let options = ReadOptions { skip_invalid, ..ReadOptions::default() };
        if let Ok(loaded) = read(text.as_bytes(), &options) {
            let again = read(write(&loaded.fences).as_bytes(), &ReadOptions::default()).unwrap();
            prop_assert_eq!(again.fences.len(), loaded.fences.len());
        }
    }
}
