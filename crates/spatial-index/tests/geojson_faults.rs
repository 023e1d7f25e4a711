//! Bad geometry in fence files, row by row of the table of faults.

mod files;

use std::fmt::Write as _;

use files::{SQUARE, concerns, feature, file, file_reason, holds, place, point, polygon, read_all, reasons};
use model::{FenceNo, Position};
use spatial_index::geojson::{
    Concern, Flaw, Hint, Limits, Lookalike, Place, ReadOptions, Reason, Region, read,
};
use spatial_index::{CircleFlaw, Index};

#[test]
fn g02_swapped_axes_are_noticed() {
    let austin = Region { south: 30.0, west: -98.1, north: 30.7, east: -97.4 };
    let circle = |id: usize, lng: f64, lat: f64| {
        let geometry = format!(r#"{{"type":"Point","coordinates":[{lng},{lat}]}}"#);
        feature(&id.to_string(), &geometry, r#"{"radius_m":150}"#)
    };
    let read = |features: &[String], skip_invalid: bool| {
        read(
            file(features).as_bytes(),
            &ReadOptions { region: Some(austin), skip_invalid, ..ReadOptions::default() },
        )
    };
    // Latitudes of -97 are out of range, and the hint says why.
    assert_eq!(reasons(circle(0, 30.27, -97.74)), [Reason::OutOfRange(place(0, 0, 0), Hint::Swapped)]);
    let singapore = Region { south: 1.2, west: 103.6, north: 1.5, east: 104.1 };
    let options = ReadOptions { region: Some(singapore), ..ReadOptions::default() };
    let swapped = [circle(0, 1.3, 80.0), circle(1, 1.3, 81.0), circle(2, 103.8, 1.3)];
    let refused = spatial_index::geojson::read(file(&swapped).as_bytes(), &options).unwrap_err();
    let expected = Reason::OutsideRegion { n_outside: 2, n_fences: 3, is_swapped: false };
    assert_eq!(refused.flaws, [Flaw { feature: None, id: None, reason: expected }]);

    // In range both ways round: the region tells.
    let lisbon = Region { south: 38.0, west: -10.0, north: 39.5, east: -8.0 };
    let options = ReadOptions { region: Some(lisbon), skip_invalid: true, ..ReadOptions::default() };
    let swapped = [circle(0, 38.7, -9.1), circle(1, 38.8, -9.2)];
    let refused = spatial_index::geojson::read(file(&swapped).as_bytes(), &options).unwrap_err();
    let expected = Reason::OutsideRegion { n_outside: 2, n_fences: 2, is_swapped: true };
    assert_eq!(refused.flaws[0].reason, expected);
    assert!(refused.to_string().contains("probably swapped"));

    // Half of the fences elsewhere is a warning.
    let loaded = read(&[circle(0, -97.74, 30.27), circle(1, 2.35, 48.85)], false).unwrap();
    assert_eq!(loaded.fences.len(), 2);
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!((loaded.warnings[0].feature, loaded.warnings[0].concern), (1, Concern::OutsideRegion));
}

#[test]
fn g02_a_region_may_lie_over_the_antimeridian() {
    let fiji = Region { south: -21.0, west: 176.0, north: -12.0, east: -178.0 };
    let circle = |id: usize, lng: f64| {
        let geometry = format!(r#"{{"type":"Point","coordinates":[{lng},-17]}}"#);
        feature(&id.to_string(), &geometry, r#"{"radius_m":150}"#)
    };
    let features =
        [circle(0, 177.0), circle(1, -179.0), circle(2, 180.0), circle(3, -180.0), circle(4, 170.0)];
    let options = ReadOptions { region: Some(fiji), ..ReadOptions::default() };
    let loaded = read(file(&features).as_bytes(), &options).unwrap();
    let outside: Vec<usize> = loaded.warnings.iter().map(|warning| warning.feature).collect();
    assert_eq!(outside, [4]);
}

#[test]
fn g03_untidy_rings_are_taken_by_the_even_odd_rule() {
    let bow_tie = || polygon("1", "[[0,0],[2,2],[2,0],[0,2],[0,0]]");
    assert_eq!(concerns(bow_tie()), [Concern::CrossesItself(place(0, 0, 0))]);
    assert!(holds(bow_tie(), 1.0, 0.5) && holds(bow_tie(), 1.0, 1.5) && holds(bow_tie(), 1.0, 1.0));
    assert!(!holds(bow_tie(), 1.5, 1.0) && !holds(bow_tie(), 0.5, 1.0));
    let repeated = || polygon("1", "[[0,0],[1,0],[1,0],[1,1],[0,1],[0,0]]");
    assert_eq!(concerns(repeated()), [Concern::RepeatedPoint(place(0, 0, 2))]);
    assert!(holds(repeated(), 0.5, 0.5));
    let spike = || polygon("1", "[[0,0],[4,0],[6,0],[4,0],[2,3],[0,0]]");
    assert_eq!(concerns(spike()), [Concern::CrossesItself(place(0, 0, 0))]);
    assert!(holds(spike(), 0.0, 5.0) && !holds(spike(), 0.1, 5.0));
}

#[test]
fn g03_rings_without_an_inside_are_refused() {
    assert_eq!(reasons(polygon("1", "[[0,0],[1,1],[2,2],[0,0]]")), [Reason::NoArea(place(0, 0, 0))]);
    assert_eq!(reasons(polygon("1", "[[5,5],[5,5],[5,5],[5,5]]")), [Reason::TooFewCorners(place(0, 0, 0))]);
    assert_eq!(reasons(polygon("1", "[[0,0],[1,1],[0,0]]")), [Reason::TooFewCorners(place(0, 0, 0))]);
    assert_eq!(reasons(polygon("1", "")), [Reason::NoPolygon]);
    assert_eq!(reasons(polygon("1", "[]")), [Reason::TooFewCorners(place(0, 0, 0))]);
    let there_and_back = "[[0,0],[1,1],[3,0.7],[1,1],[0,0]]";
    assert_eq!(reasons(polygon("1", there_and_back)), [Reason::NoArea(place(0, 0, 0))]);
}

#[test]
fn g04_open_rings_odd_holes_and_any_direction_are_taken() {
    let open = || polygon("1", "[[0,0],[1,0],[1,1],[0,1]]");
    assert_eq!(concerns(open()), [Concern::NotClosed(place(0, 0, 0))]);
    assert!(holds(open(), 0.5, 0.0));
    let clockwise = || polygon("1", "[[0,0],[0,1],[1,1],[1,0],[0,0]]");
    assert_eq!(concerns(clockwise()), []);
    assert!(holds(clockwise(), 0.5, 0.5));
    let outside = || polygon("1", &format!("{SQUARE},[[5,5],[6,5],[6,6],[5,5]]"));
    assert_eq!(concerns(outside()), [Concern::HoleOutside(place(0, 1, 0))]);
    assert!(holds(outside(), 0.5, 0.5) && holds(outside(), 5.2, 5.5));
    let overlapping = || polygon("1", &format!("{SQUARE},[[0.5,0.2],[2,0.2],[2,0.8],[0.5,0.8],[0.5,0.2]]"));
    assert_eq!(concerns(overlapping()), [Concern::RingsCross(place(0, 1, 0))]);
    assert!(!holds(overlapping(), 0.5, 0.7) && holds(overlapping(), 0.5, 1.5));
    let same = || polygon("1", &format!("{SQUARE},{SQUARE}"));
    assert_eq!(concerns(same()), [Concern::RingsCross(place(0, 1, 0))]);
    assert!(!holds(same(), 0.5, 0.5) && holds(same(), 0.5, 1.0));
    let degenerate = || polygon("1", &format!("{SQUARE},[[0.5,0.5],[0.5,0.5],[0.5,0.5]]"));
    let expected = [Concern::RepeatedPoint(place(0, 1, 1)), Concern::HoleIgnored(place(0, 1, 0))];
    assert_eq!(concerns(degenerate()), expected);
    assert!(holds(degenerate(), 0.5, 0.5));
}

#[test]
fn g06_poles_and_the_antimeridian_are_right_or_refused() {
    let round = "[[0,80],[90,80],[180,80],[-90,80],[0,80]]";
    assert_eq!(reasons(polygon("1", round)), [Reason::RoundAPole(place(0, 0, 0))]);
    let cut = || polygon("1", "[[-180,80],[-90,80],[0,80],[90,80],[180,80],[180,90],[-180,90],[-180,80]]");
    assert_eq!(concerns(cut()), []);
    for (lat, lng) in [(80.0, 0.0), (90.0, 45.0), (85.0, 180.0), (85.0, -179.9)] {
        assert!(holds(cut(), lat, lng), "{lat} {lng}");
    }
    assert!(!holds(cut(), 79.9, 0.0));
    let over = || polygon("1", "[[179,0],[-179,0],[-179,1],[179,1],[179,0]]");
    assert_eq!(concerns(over()), [Concern::OverAntimeridian(place(0, 0, 0))]);
    assert!(holds(over(), 0.5, 180.0) && holds(over(), 0.5, -179.5) && holds(over(), 0.5, 179.5));
    assert!(!holds(over(), 0.5, 0.0) && !holds(over(), 0.5, 178.9));
    let cut = r#"{"type":"MultiPolygon","coordinates":[[[[179,0],[180,0],[180,1],[179,1],[179,0]]],
        [[[-180,0],[-179,0],[-179,1],[-180,1],[-180,0]]]]}"#;
    assert_eq!(concerns(feature("1", cut, "{}")), []);
    assert!(holds(feature("1", cut, "{}"), 0.5, 180.0));
    let north = r#"{"type":"Point","coordinates":[10,89.99]}"#;
    assert!(holds(feature("1", north, r#"{"radius_m":50000}"#), 89.9, -170.0));
    let band = "[[-180,50],[180,50],[180,60],[-180,60],[-180,50]]";
    assert_eq!(concerns(polygon("1", band)), [Concern::RoundTheEarth(place(0, 0, 0))]);
    assert!(holds(polygon("1", band), 55.0, 180.0) && holds(polygon("1", band), 55.0, 0.0));
}

#[test]
fn g07_radii_that_are_none_are_refused() {
    for (radius, reason) in [
        ("0", Reason::Radius(CircleFlaw::NotPositive)),
        ("-150", Reason::Radius(CircleFlaw::NotPositive)),
        ("1e9", Reason::Radius(CircleFlaw::TooLarge)),
        ("100000.1", Reason::Radius(CircleFlaw::TooLarge)),
        ("\"150\"", Reason::RadiusNotANumber),
        ("NaN", Reason::NoRadius),
        ("null", Reason::NoRadius),
    ] {
        assert_eq!(reasons(point("1", &format!(r#"{{"radius_m":{radius}}}"#))), [reason], "{radius}");
    }
    assert_eq!(concerns(point("1", r#"{"radius_m":0.1}"#)), [Concern::SmallRadius]);
    assert_eq!(concerns(point("1", r#"{"radius_m":5}"#)), []);
    assert_eq!(concerns(point("1", r#"{"radius_m":100000}"#)), []);
}

#[test]
fn g08_too_much_is_refused_by_the_name_of_the_limit() {
    let check = |limits: Limits, features: &[String], expected: &'static str| {
        let refused =
            read(file(features).as_bytes(), &ReadOptions { limits, ..ReadOptions::default() }).unwrap_err();
        assert!(
            matches!(refused.flaws[0].reason, Reason::OverLimit { limit, .. } if limit == expected),
            "{refused}"
        );
        assert!(refused.to_string().contains(expected));
    };
    let two = [polygon("1", SQUARE), polygon("2", SQUARE)];
    let limits = Limits::default();
    check(Limits { bytes_max: 10, ..limits }, &two, "bytes_max");
    check(Limits { fences_max: 1, ..limits }, &two, "fences_max");
    check(Limits { corners_max: 7, ..limits }, &two, "corners_max");
    check(Limits { corners_per_fence_max: 4, ..limits }, &two, "corners_per_fence_max");
    let long = format!(r#"{{"radius_m":9,"name":"{}"}}"#, "x".repeat(10_000));
    check(limits, &[point("1", &long)], "name_bytes_max");
    let hours = format!(r#"{{"radius_m":9,"opening_hours":"{}"}}"#, "x".repeat(10_000));
    check(limits, &[point("1", &hours)], "text_bytes_max");
    let tags = format!(r#"{{"radius_m":9,"tags":[{}]}}"#, vec!["\"x\""; 65].join(","));
    check(limits, &[point("1", &tags)], "tags_max");
}

#[test]
fn g08_large_files_load_in_bounded_time() {
    let begun = std::time::Instant::now();
    let circles: Vec<String> = (0..200_000).map(|id| point(&id.to_string(), r#"{"radius_m":150}"#)).collect();
    let fences = read_all(&circles).unwrap().fences;
    let index = Index::build(fences.into_iter().map(|fence| fence.shape).collect()).unwrap();
    assert_eq!(index.len(), 200_000);
    println!("{:?} for 200,000 circles on one point", begun.elapsed());
    let begun = std::time::Instant::now();
    let mut comb = String::from("[[0,-1]");
    for i in 0..49_000 {
        let x = f64::from(i) / 1_000.0;
        write!(comb, ",[{x},1],[{},0]", x + 0.000_5).unwrap();
    }
    comb.push_str(",[49,-1],[0,-1]]");
    let loaded = read_all(&[polygon("1", &comb)]).unwrap();
    let index = Index::build(vec![loaded.fences.into_iter().next().unwrap().shape]).unwrap();
    assert!(index.contains(FenceNo(0), Position::new(-0.5, 20.0).unwrap()));
    println!("{:?} for a comb of 98,000 corners", begun.elapsed());
    assert!(begun.elapsed().as_secs() < 20);
}

#[test]
fn g10_a_number_that_is_none_refuses_its_feature_only() {
    for bad in ["NaN", "Infinity", "-Infinity", "null", "1e308", "-1e308", "1e400", "\"1\"", "[1]", "true"] {
        let features = [
            polygon("\"a\"", SQUARE),
            polygon("\"b\"", &format!("[[0,0],[1,{bad}],[1,1],[0,0]]")),
            polygon("\"c\"", SQUARE),
        ];
        let refused = read_all(&features).unwrap_err();
        let [flaw] = refused.flaws.as_slice() else { panic!("{bad}: {refused}") };
        assert_eq!((flaw.feature, flaw.id.as_deref()), (Some(1), Some("b")), "{bad}");
        let is_named = matches!(flaw.reason, Reason::NotANumber(Place { point: 1, .. }))
            || matches!(flaw.reason, Reason::OutOfRange(Place { point: 1, .. }, _))
            || matches!(flaw.reason, Reason::Unreadable { .. });
        assert!(is_named, "{bad}: {refused}");
        let options = ReadOptions { skip_invalid: true, ..ReadOptions::default() };
        let loaded = read(file(&features).as_bytes(), &options).unwrap();
        assert_eq!((loaded.fences.len(), loaded.skipped.len()), (2, 1), "{bad}");
    }
}

#[test]
fn g11_ids_and_names_are_checked_and_shown_escaped() {
    let no_id = r#"{"type":"Feature","geometry":null,"properties":{}}"#.to_owned();
    assert_eq!(reasons(no_id), [Reason::NoId, Reason::NoGeometry]);
    assert_eq!(reasons(polygon("true", SQUARE)), [Reason::IdNotText]);
    assert_eq!(reasons(polygon("\"\"", SQUARE)), [Reason::Id(model::IdFlaw::Empty)]);
    assert_eq!(reasons(polygon(r#""a\u001b[31mb""#, SQUARE)), [Reason::Id(model::IdFlaw::BadCharacter)]);
    let long = format!("\"{}\"", "x".repeat(10_000));
    let refused = read_all(&[polygon(&long, SQUARE)]).unwrap_err();
    assert_eq!(refused.flaws[0].reason, Reason::Id(model::IdFlaw::TooLong));
    assert!(refused.to_string().len() < 200);
    let refused = read_all(&[polygon(r#""a\u001b[31mb""#, SQUARE)]).unwrap_err();
    assert!(!refused.to_string().contains('\u{1b}'));
    let slash =
        read_all(&[polygon("\"a/b\"", SQUARE), point("7", r#"{"radius_m":9,"name":"<b>\u001b[31m"}"#)]);
    assert_eq!(slash.unwrap().fences.len(), 2);
    let twice = read_all(&[polygon("7", SQUARE), polygon("\"7\"", SQUARE)]).unwrap_err();
    assert_eq!(twice.flaws[0].reason, Reason::IdUsedBefore { first: 0 });
    for (properties, reason) in [
        (r#"{"radius_m":9,"name":7}"#, Reason::NotText("name")),
        (r#"{"radius_m":9,"merchant":"a b"}"#, Reason::Merchant(model::IdFlaw::BadCharacter)),
        (r#"{"radius_m":9,"tz":5}"#, Reason::NotText("tz")),
        (r#"{"radius_m":9,"tags":[1]}"#, Reason::TagsNotAList),
        (r#"{"radius_m":9,"country":"us"}"#, Reason::Country),
        (r#"{"radius_m":9,"region":"Texas"}"#, Reason::Region),
    ] {
        assert_eq!(reasons(point("1", properties)), [reason]);
    }
}

#[test]
fn g12_other_formats_are_named() {
    let check = |bytes: &[u8], expected: Lookalike| {
        assert_eq!(file_reason(bytes), Reason::NotACollection(expected));
    };
    check(b"<?xml version=\"1.0\"?><kml></kml>", Lookalike::Xml);
    check(b"  <kml/>", Lookalike::Xml);
    check(br#"{"type":"Topology","objects":{},"arcs":[]}"#, Lookalike::TopoJson);
    check(polygon("1", SQUARE).as_bytes(), Lookalike::Feature);
    check(br#"{"type":"Polygon","coordinates":[]}"#, Lookalike::Geometry);
    check(br#"{"features":[]}"#, Lookalike::OtherObject);
    check(b"[]", Lookalike::OtherJson);
    check(b"[\"FeatureCollection\",[]]", Lookalike::OtherJson);
    check(&[0x1F, 0x8B, 8, 0], Lookalike::Gzip);
    check(&[0xFF, 0xFE, b'{', 0], Lookalike::Utf16);
    check(&[b'{', 0, b'}', 0], Lookalike::Utf16);
    let metres = r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}},"features":[]}"#;
    assert_eq!(
        file_reason(metres.as_bytes()),
        Reason::NotWgs84 { crs: "urn:ogc:def:crs:EPSG::3857".to_owned() }
    );
    let metres =
        polygon("1", "[[-10880000,3530000],[-10870000,3530000],[-10870000,3540000],[-10880000,3530000]]");
    assert_eq!(reasons(metres), [Reason::OutOfRange(place(0, 0, 0), Hint::Metres)]);
    for kind in ["GeometryCollection", "LineString", "MultiLineString", "MultiPoint", "Circle", ""] {
        let geometry = format!(r#"{{"type":"{kind}","coordinates":[],"geometries":[]}}"#);
        assert_eq!(reasons(feature("1", &geometry, "{}")), [Reason::GeometryKind { kind: kind.to_owned() }]);
    }
    assert_eq!(reasons(feature("1", "null", "{}")), [Reason::NoGeometry]);
    assert_eq!(reasons("{\"type\":\"Polygon\"}".to_owned()), [Reason::NotAFeature]);
    assert_eq!(reasons("7".to_owned()), [Reason::NotAFeature]);
    assert_eq!(
        reasons(feature("1", r#"{"type":"Polygon","coordinates":[[0,0],[1,1]]}"#, "{}")),
        [Reason::Coordinates(place(0, 0, 0))]
    );
    assert_eq!(reasons(feature("1", r#"{"type":"Polygon"}"#, "{}")), [Reason::Coordinates(place(0, 0, 0))]);
}
