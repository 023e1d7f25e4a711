//! Every refusal and every warning of the contract, as the author of a file reads it: feature, id, place, reason.

mod files;

use files::{SQUARE, feature, file, point, polygon};
use spatial_index::geojson::{ReadOptions, read};

/// What is said of a feature between two good ones, which alone are loaded when it may be left out.
fn check_refused(bad: &str, expected: &str) {
    let text = file(&[polygon("\"a\"", SQUARE), bad.to_owned(), polygon("\"c\"", SQUARE)]);
    let refused = read(text.as_bytes(), &ReadOptions::default()).unwrap_err();
    assert_eq!(refused.to_string(), format!("feature 1{expected}"), "{bad}");
    let options = ReadOptions { skip_invalid: true, ..ReadOptions::default() };
    let loaded = read(text.as_bytes(), &options).unwrap();
    let ids: Vec<&str> = loaded.fences.iter().map(|fence| fence.facts.id.as_str()).collect();
    assert_eq!((ids, loaded.skipped), (vec!["a", "c"], refused.flaws), "{bad}");
}

/// What is said of a feature that is taken all the same.
fn check_warned(odd: &str, expected: &str) {
    let text = file(&[polygon("\"a\"", SQUARE), odd.to_owned(), polygon("\"c\"", SQUARE)]);
    let loaded = read(text.as_bytes(), &ReadOptions::default()).unwrap();
    let said: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(said, [format!("feature 1{expected}")], "{odd}");
    assert_eq!(loaded.fences.len(), 3);
}

fn ring(corners: &str) -> String {
    polygon("\"b\"", &format!("[{corners}]"))
}

fn with_hole(corners: &str) -> String {
    polygon("\"b\"", &format!("{SQUARE},[{corners}]"))
}

fn circle(lng: &str, lat: &str, radius: &str) -> String {
    let geometry = format!(r#"{{"type":"Point","coordinates":[{lng},{lat}]}}"#);
    feature("\"b\"", &geometry, &format!(r#"{{"radius_m":{radius}}}"#))
}

#[test]
fn g10_nan_and_infinite_coordinates_are_refused_by_name() {
    let none = " (id \"b\"): polygon 0, ring 0, point 0: a coordinate is missing or no number";
    for bad in ["NaN", "Infinity", "-Infinity", "null", "\"1\""] {
        check_refused(&circle(bad, "0", "9"), none);
        check_refused(&circle("0", bad, "9"), none);
        let place = " (id \"b\"): polygon 0, ring 0, point 2: a coordinate is missing or no number";
        check_refused(&ring(&format!("[0,0],[1,0],[{bad},1],[0,0]")), place);
    }
    let unreadable =
        " (id \"b\"): it holds what no JSON reader takes: number out of range at line 1 column 74";
    check_refused(&circle("1e400", "0", "9"), unreadable);
}

#[test]
fn g10_coordinates_out_of_range_are_refused_by_name() {
    let hint = "; GeoJSON writes the longitude first: are they swapped?";
    for (lng, lat, hint) in [
        ("180.0000001", "0", ""),
        ("-181", "0", ""),
        ("0", "90.0000001", hint),
        ("0", "-91", hint),
        ("200", "100", ""),
        ("1e308", "0", ""),
    ] {
        let place =
            |point: usize| format!(" (id \"b\"): polygon 0, ring 0, point {point}: out of range{hint}");
        check_refused(&circle(lng, lat, "9"), &place(0));
        check_refused(&ring(&format!("[0,0],[1,0],[1,1],[{lng},{lat}],[0,0]")), &place(3));
    }
    let metres = " (id \"b\"): polygon 0, ring 0, point 0: out of range; these look like metres (EPSG:3857?): convert them to WGS 84 degrees";
    check_refused(&circle("-10880000", "3530000", "9"), metres);
    // Of a hole, and of a second polygon, the place is named too.
    let hole = " (id \"b\"): polygon 0, ring 1, point 1: out of range";
    check_refused(&with_hole("[0.1,0.1],[181,0.1],[0.1,0.2],[0.1,0.1]"), hole);
    let two =
        format!(r#"{{"type":"MultiPolygon","coordinates":[[{SQUARE}],[[[5,5],[6,5],[600,6],[5,5]]]]}}"#);
    check_refused(&feature("\"b\"", &two, "{}"), " (id \"b\"): polygon 1, ring 0, point 2: out of range");
}

#[test]
fn g07_radii_that_are_none_are_refused_by_name() {
    for (radius, reason) in [
        ("0", "`radius_m` is not above 0"),
        ("-0.0", "`radius_m` is not above 0"),
        ("-150", "`radius_m` is not above 0"),
        ("100000.00001", "`radius_m` is above 100000 metres"),
        ("1e9", "`radius_m` is above 100000 metres"),
        ("\"150\"", "`radius_m` is no number"),
        ("true", "`radius_m` is no number"),
        ("NaN", "a Point needs the property `radius_m`, in metres"),
        ("null", "a Point needs the property `radius_m`, in metres"),
    ] {
        check_refused(&circle("0", "0", radius), &format!(" (id \"b\"): {reason}"));
    }
}

#[test]
fn g07_a_tiny_radius_is_taken_with_a_warning() {
    check_warned(
        &circle("0", "0", "4.99"),
        " (id \"b\"): `radius_m` is below 5 metres; were kilometres meant?",
    );
}

#[test]
fn g03_outer_rings_without_an_inside_are_refused_by_name() {
    let few = " (id \"b\"): polygon 0, ring 0, point 0: an outer ring needs three distinct points";
    for corners in ["", "[1,1]", "[1,1],[2,2]", "[1,1],[1,1],[1,1],[1,1]", "[1,1],[2,2],[1,1],[2,2],[1,1]"] {
        check_refused(&ring(corners), few);
    }
    let flat = " (id \"b\"): polygon 0, ring 0, point 0: the outer ring encloses no area";
    for corners in ["[0,0],[1,1],[2,2],[0,0]", "[0,0],[1,1],[3,0.7],[1,1],[0,0]", "[5,0],[5,1],[5,2],[5,0]"] {
        check_refused(&ring(corners), flat);
    }
}

#[test]
fn g03_bow_ties_spikes_and_repeated_points_are_taken_with_a_warning() {
    let crosses = "the ring crosses or touches itself; what it encloses an odd number of times is inside";
    let first = format!(" (id \"b\"): polygon 0, ring 0, point 0: {crosses}");
    check_warned(&ring("[0,0],[2,2],[2,0],[0,2],[0,0]"), &first);
    check_warned(&ring("[0,0],[4,0],[6,0],[4,0],[2,3],[0,0]"), &first);
    let pinch = ring("[0,0],[4,0],[2,2],[4,4],[0,4],[2,2],[0,0]");
    check_warned(&pinch, &format!(" (id \"b\"): polygon 0, ring 0, point 1: {crosses}"));
    let repeated = " (id \"b\"): polygon 0, ring 0, point 2: repeats the point before; counted once";
    check_warned(&ring("[0,0],[1,0],[1,0],[1,1],[0,0]"), repeated);
}

#[test]
fn g04_open_rings_and_odd_holes_are_taken_with_a_warning() {
    let open = " (id \"b\"): polygon 0, ring 0, point 0: the ring was not closed; it is now";
    check_warned(&ring("[0,0],[1,0],[1,1],[0,1]"), open);
    let outside = " (id \"b\"): polygon 0, ring 1, point 0: the hole lies outside its outer ring; what it encloses is inside";
    check_warned(&with_hole("[5,5],[6,5],[6,6],[5,5]"), outside);
    let crossing = " (id \"b\"): polygon 0, ring 1, point 0: the ring crosses or runs along another; what both enclose is outside";
    check_warned(&with_hole("[0.5,0.2],[2,0.2],[2,0.8],[0.5,0.8],[0.5,0.2]"), crossing);
    check_warned(&polygon("\"b\"", &format!("{SQUARE},{SQUARE}")), crossing);
    let flat = " (id \"b\"): polygon 0, ring 1, point 0: the hole encloses no area; ignored";
    check_warned(&with_hole("[0.2,0.2],[0.4,0.4],[0.6,0.6],[0.2,0.2]"), flat);
    check_warned(&with_hole("[0.2,0.2],[0.4,0.4],[0.2,0.2]"), flat);
    check_warned(&with_hole(""), flat);
}

#[test]
fn g04_either_direction_is_taken_without_a_word() {
    let text = file(&[ring("[0,0],[0,1],[1,1],[1,0],[0,0]"), polygon("\"a\"", SQUARE)]);
    assert_eq!(read(text.as_bytes(), &ReadOptions::default()).unwrap().warnings, []);
}

#[test]
fn g04_overlapping_parts_and_mixed_dimensions_are_taken_with_a_warning() {
    let parts = |second: &str| {
        feature("\"b\"", &format!(r#"{{"type":"MultiPolygon","coordinates":[[{SQUARE}],[{second}]]}}"#), "{}")
    };
    let overlap = " (id \"b\"): polygon 1, ring 0, point 0: the polygon overlaps another of this fence";
    check_warned(&parts("[[0.5,0.5],[2,0.5],[2,2],[0.5,0.5]]"), overlap);
    check_warned(&parts("[[0.2,0.2],[0.4,0.2],[0.4,0.4],[0.2,0.2]]"), overlap);
    let mixed = " (id \"b\"): polygon 0, ring 0, point 2: 2-D and 3-D mixed; altitudes are ignored";
    check_warned(&ring("[0,0,12],[1,0,12],[1,1],[0,1,12],[0,0,12]"), mixed);
}

#[test]
fn g06_rings_over_the_antimeridian_and_round_the_earth_are_named() {
    let over = " (id \"b\"): polygon 0, ring 0, point 0: the ring goes over the antimeridian, since an edge spans more than 180 degrees";
    check_warned(&ring("[179,0],[-179,0],[-179,1],[179,1],[179,0]"), over);
    let band = " (id \"b\"): polygon 0, ring 0, point 0: an edge of the ring spans 360 degrees; taken as written, without the pole";
    check_warned(&ring("[-180,50],[180,50],[180,60],[-180,60],[-180,50]"), band);
    let round = " (id \"b\"): polygon 0, ring 0, point 0: the ring goes right round the earth; cut it at the antimeridian (RFC 7946, section 3.1.9)";
    check_refused(&ring("[0,80],[90,80],[180,80],[-90,80],[0,80]"), round);
}

#[test]
fn g11_ids_that_are_empty_used_twice_or_none_are_refused_by_name() {
    check_refused(&polygon("\"a\"", SQUARE), " (id \"a\"): feature 0 has the same id");
    check_refused(&polygon("\"\"", SQUARE), " (id \"\"): the id is empty");
    check_refused(
        &feature("null", "null", r#"{"id":"b"}"#),
        " (id \"b\"): it has no geometry; give it a Polygon, MultiPolygon or Point",
    );
    check_refused(&polygon("[1]", SQUARE), ": the id is neither text nor number");
    check_refused(&point("null", r#"{"radius_m":9}"#), ": it has no `id`, and neither have its properties");
}

#[test]
fn g11_an_id_used_three_times_refuses_every_later_feature() {
    let same = |id: &str| point(id, r#"{"radius_m":2}"#);
    let text = file(&[same("\"z\""), same("7"), same("\"z\""), same("\"7\""), same("\"z\"")]);
    let refused = read(text.as_bytes(), &ReadOptions::default()).unwrap_err();
    let expected = "feature 2 (id \"z\"): feature 0 has the same id\nfeature 3 (id \"7\"): feature 1 has the same id\n\
                    feature 4 (id \"z\"): feature 0 has the same id";
    assert_eq!(refused.to_string(), expected);
    let options = ReadOptions { skip_invalid: true, ..ReadOptions::default() };
    let loaded = read(text.as_bytes(), &options).unwrap();
    // Nothing is said of fences that are left out but that they are.
    let warned: Vec<usize> = loaded.warnings.iter().map(|warning| warning.feature).collect();
    assert_eq!((loaded.fences.len(), warned, loaded.skipped.len()), (2, vec![0, 1], 3));
}
