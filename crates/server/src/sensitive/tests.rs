//! Files of sensitive places, and what they say against fences and offers.

use std::path::PathBuf;

use super::*;

const NOW: Timestamp = Timestamp::from_unix_ms(1_795_000_000_000);

/// What is loaded under the rules that come with the program.
fn load(settings: &SensitiveSettings) -> Result<SensitiveFile, Vec<Problem>> {
    super::load(settings, &LawSettings::default(), NOW)
}

/// The settings that name a file which holds these features.
fn file_of(features: &[String]) -> (tempfile::TempDir, SensitiveSettings) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sensitive.geojson");
    let text = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
    std::fs::write(&file, text).unwrap();
    (folder, SensitiveSettings { file: Some(file), ..SensitiveSettings::default() })
}

fn circle(id: &str, properties: &str, (lat, lng): (f64, f64)) -> String {
    format!(
        r#"{{"type":"Feature","id":"{id}","properties":{{"radius_m":60{properties}}},"geometry":{{"type":"Point","coordinates":[{lng},{lat}]}}}}"#
    )
}

const CLINIC: &str = r#","category":"health","region":"US-WA","name":"Elm Street Clinic""#;
const SEATTLE: (f64, f64) = (47.6, -122.33);
/// A thousandth of a degree of latitude there, in metres.
const MILLI_M: f64 = 111.18;

fn north(m: f64) -> (f64, f64) {
    (SEATTLE.0 + m / MILLI_M / 1_000.0, SEATTLE.1)
}

fn fences(features: &[String]) -> Vec<Fence> {
    let text = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
    geojson::read(text.as_bytes(), &geojson::ReadOptions::default()).unwrap().fences
}

fn in_rings(fence: &str) -> InRings {
    let (_folder, settings) = file_of(&[circle("clinic", CLINIC, SEATTLE)]);
    let places = load(&settings).unwrap().places;
    InRings::of(fences(&[fence.to_owned()]).iter(), &places, Path::new("fences.geojson"))
}

#[test]
fn a_fence_that_is_there_for_a_clinic_is_refused_with_law_and_place() {
    for there_for_it in [
        circle("f", "", north(100.0)),
        circle("f", r#","tags":["amenity=hospital"]"#, north(500.0)),
        circle("f", r#","name":"Beside ELM STREET CLINIC""#, north(500.0)),
    ] {
        let said = in_rings(&there_for_it).refused;
        let said = said.first().map(Problem::to_string).unwrap_or_default();
        let names_all =
            ["\"f\"", "GF-WA (RCW 19.373.080, 19.373.010", "609.6 m", "Elm Street Clinic", "health"];
        assert!(names_all.iter().all(|part| said.contains(part)), "{said}");
    }
}

#[test]
fn an_ordinary_store_in_the_ring_is_marked_and_one_beyond_it_is_free() {
    // Its circle ends 60 m nearer, and the ring begins 60 m from the middle.
    let marked = |m: f64| {
        let found = in_rings(&circle("f", r#","tags":["coffee"]"#, north(m)));
        assert!(found.refused.is_empty());
        found.marked.len()
    };
    assert_eq!((marked(200.0), marked(725.0), marked(735.0)), (1, 1, 0));
}

#[test]
fn health_offers_are_refused_in_a_ring_with_the_law() {
    let found = in_rings(&circle("f", r#","merchant":"beans""#, north(500.0)));
    let offer = |category: &str| {
        let text = format!(
            "[[offer]]\nid = \"o\"\nmerchant = \"beans\"\nfences = [\"f\"]\ntrigger = \"enter\"\n\
             category = \"{category}\"\ntitle = \"Hello\"\nbody = \"Come in\"\n"
        );
        let settings = settings::OfferSettings { delicate_categories: true, ..Default::default() };
        let offers = OffersFile::parse_with(Path::new("offers.toml"), &text, settings);
        let offers = offers.unwrap_or_else(|problems| panic!("{problems:?}"));
        found.against(&offers).iter().map(Problem::to_string).collect::<Vec<_>>()
    };
    assert_eq!(offer("coffee"), [] as [&str; 0]);
    for category in ["health", "alcohol"] {
        let said = offer(category);
        assert!(
            said.len() == 1 && said[0].contains("GF-WA") && said[0].contains("offers.toml:6"),
            "{said:?}"
        );
    }
}

/// What is said of a file.
fn said(features: &[String]) -> Vec<String> {
    let (_folder, settings) = file_of(features);
    let problems = load(&settings).map(|_| ()).unwrap_err();
    problems.iter().map(|problem| problem.reason.clone()).collect()
}

#[test]
fn g11_duplicate_ids_are_refused_as_of_fences() {
    let said = said(&[circle("a", CLINIC, SEATTLE), circle("a", CLINIC, north(900.0))]);
    assert_eq!(said, ["feature 1 (id \"a\"): feature 0 has the same id"]);
}

#[test]
fn g02_swapped_coordinates_are_refused_as_of_fences() {
    let (lat, lng) = SEATTLE;
    let said = said(&[circle("a", CLINIC, (lng, lat))]);
    assert!(said[0].starts_with("feature 0 (id \"a\")") && said[0].contains("are they swapped?"), "{said:?}");
    // Where both orders are places on earth, the region tells.
    let (_folder, mut settings) = file_of(&[circle("a", CLINIC, (13.4, 52.5))]);
    settings.region = Region::new([52.0, 53.0, 13.0, 14.0]).ok();
    let problems = load(&settings).unwrap_err();
    assert!(problems[0].reason.contains("swapped"), "{problems:?}");
}

#[test]
fn g07_g12_every_flaw_is_told_at_once_and_nothing_is_left_out() {
    let bare = r#"{"type":"Feature","id":"g","properties":{"category":"health"},"geometry":null}"#;
    let said = said(&[
        circle("a", "", SEATTLE),
        circle("b", r#","category":"hospital""#, SEATTLE),
        circle("c", r#","category":"health","operator":"two words""#, SEATTLE),
        circle("d", r#","category":7"#, SEATTLE),
        circle("e", CLINIC, SEATTLE),
        circle("f", CLINIC, SEATTLE).replace("60", "-1"),
        bare.to_owned(),
    ]);
    let begins = |at: usize, with: &str| assert!(said[at].starts_with(with), "{}", said[at]);
    begins(0, "feature 0 (id \"a\"): `category` is missing; it is one of health,");
    begins(1, "feature 1 (id \"b\"): `category` is \"hospital\"; it is one of health,");
    begins(2, "feature 2 (id \"c\"): the merchant id in `operator` ");
    begins(3, "feature 3 (id \"d\"): `category` is no text");
    begins(4, "feature 5 (id \"f\"): `radius_m` is not above 0");
    begins(5, "feature 6 (id \"g\"): it has no geometry");
    assert_eq!(said.len(), 6);
}

#[test]
fn c01_a_file_that_is_not_there_is_told_and_none_is_no_place() {
    let file = Some(PathBuf::from("no/such.geojson"));
    let problems = load(&SensitiveSettings { file, ..SensitiveSettings::default() }).unwrap_err();
    assert_eq!(problems[0].to_string(), "no/such.geojson: does not exist");
    assert!(load(&SensitiveSettings::default()).unwrap().places.zones().is_empty());
}

#[test]
fn places_are_counted_by_category() {
    let worship = r#","category":"worship""#;
    let (_folder, settings) = file_of(&[
        circle("a", CLINIC, SEATTLE),
        circle("b", worship, north(900.0)),
        circle("c", worship, north(1_900.0)),
    ]);
    assert_eq!(told(&load(&settings).unwrap().places), "1 health, 2 worship");
}

/// How a fence 500 m from a Texan mosque that names it stands under rules of the operator's.
fn n_refused_under(rules: &str, strict: bool) -> usize {
    let mosque = r#","category":"worship","region":"US-TX","name":"Elm Street Mosque""#;
    let (folder, settings) = file_of(&[circle("mosque", mosque, SEATTLE)]);
    let rules_file = folder.path().join("rules.toml");
    std::fs::write(&rules_file, rules).unwrap();
    let law = LawSettings { rules_file: Some(rules_file), strict, ..LawSettings::default() };
    let places = super::load(&settings, &law, NOW).unwrap_or_else(|problems| panic!("{problems:?}")).places;
    let there_for_it = circle("f", r#","name":"Beside Elm Street Mosque""#, north(500.0));
    InRings::of(fences(&[there_for_it]).iter(), &places, Path::new("fences.geojson")).refused.len()
}

/// A ring round places of worship, somewhere and of some day.
fn ring_rule(place: &str, more: &str) -> String {
    format!(
        "[[group]]\nid = \"NAFTA\"\nas_of = 2026-01-01\nsource = \"a treaty\"\nmembers = [\"CA\", \"MX\", \"US\"]\n\
         [[rule]]\nid = \"GF-X\"\nwhere = [\"{place}\"]\nwhat = \"No fence round a place of worship.\"\n\
         basis = \"law\"\nsource = \"an act\"\nverified = true\nreview_by = 2027-06-30\n{more}\n\
         ring = {{ categories = [\"worship\"], feet = 2000, metres = 609.6, from = \"perimeter\" }}\n"
    )
}

#[test]
fn a_rule_of_the_operators_refuses_a_fence_and_without_it_the_fence_is_free() {
    for (place, n) in [("US-TX", 1), ("US-WA", 0), ("US", 1), ("CA", 0), ("NAFTA", 1)] {
        assert_eq!(n_refused_under(&ring_rule(place, ""), false), n, "in {place}");
    }
    let with = ring_rule("US-TX", "");
    let (without, _) = with.split_once("[[rule]]").unwrap();
    assert_eq!(n_refused_under(without, false), 0);
}

#[test]
fn a_rule_that_is_not_yet_or_no_longer_in_force_draws_no_ring() {
    assert_eq!(n_refused_under(&ring_rule("US-TX", "from = 2027-01-01"), false), 0);
    assert_eq!(n_refused_under(&ring_rule("US-TX", "until = 2026-01-01"), false), 0);
}

#[test]
fn strict_rules_draw_their_rings_where_no_rule_is_known() {
    assert_eq!(n_refused_under(&ring_rule("US-WA", ""), true), 1);
}

#[test]
fn a_rule_that_names_no_category_of_sensitive_places_is_told() {
    let (folder, settings) = file_of(&[circle("clinic", CLINIC, SEATTLE)]);
    let rules_file = folder.path().join("rules.toml");
    std::fs::write(&rules_file, ring_rule("US-TX", "").replace("worship", "whorship")).unwrap();
    let law = LawSettings { rules_file: Some(rules_file), ..LawSettings::default() };
    let problems = super::load(&settings, &law, NOW).unwrap_err();
    assert!(problems[0].reason.starts_with("rule GF-X: its ring names \"whorship\""), "{problems:?}");
}
