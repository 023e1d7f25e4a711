//! The rules file: what is shipped holds together, and what is wrong is told by line.

use std::path::Path;

use consent_gate::rules::{Place, RuleBook, Whereabouts};
use consent_gate::{OptIn, Purpose};
use model::{FenceFacts, FenceId, Jurisdiction, Meters, Millis, Timestamp, WeekHours, Weekday};
use settings::{RulesFile, Settings};

/// Noon on UTC of 22 November 2026, a Sunday.
const NOW: Timestamp = Timestamp::from_unix_ms(1_795_348_800_000);

fn shipped() -> RuleBook {
    RulesFile::built_in(false).book().clone()
}

fn place(text: &str) -> Option<Jurisdiction> {
    Some(Jurisdiction::new(text).unwrap())
}

fn living_in(residence: &str) -> Whereabouts {
    Whereabouts { residence: place(residence), ..Whereabouts::default() }
}

fn hours_in(residence: &str) -> String {
    shipped().binding(&living_in(residence), NOW).sms_hours().to_string()
}

const RULE: &str = r#"[[rule]]
id = "A"
where = ["US"]
what = "Something."
basis = "law"
source = "Somewhere"
verified = true
review_by = 2027-01-01
"#;

fn said(text: &str) -> Vec<String> {
    let read = RulesFile::parse(Path::new("r.toml"), text).err().unwrap_or_default();
    read.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(text: &str, line: usize, words: &[&str]) {
    let said = said(text);
    let is_told = |said: &String| {
        said.starts_with(&format!("r.toml:{line}:")) && words.iter().all(|word| said.contains(word))
    };
    assert!(said.iter().any(is_told), "{said:?}");
}

#[test]
fn every_row_of_the_table_is_shipped() {
    let book = shipped();
    let ids: Vec<&str> = book.rules().iter().map(|rule| &*rule.id).collect();
    let rows = [
        "GF-WA",
        "GF-NY",
        "GF-CT",
        "GF-MD",
        "GF-NV",
        "GF-CA",
        "SELL-MD",
        "SELL-OR",
        "SELL-VA",
        "QH-US",
        "QH-FL",
        "QH-OK",
        "QH-WA",
        "QH-TX",
        "QH-CT",
        "QH-US?",
        "STOP",
        "CASL",
        "QC",
        "GDPR",
        "EPR9",
        "MINOR",
        "GPC",
        "BREACH-CA",
        "BREACH-NY",
        "BREACH-CO",
        "BREACH-FL",
        "BREACH-WA",
    ];
    for row in rows {
        assert!(ids.contains(&row), "{row} is not in {ids:?}");
    }
    let file = RulesFile::built_in(false);
    assert!(file.unverified().contains(&"GF-NV") && file.unverified().contains(&"GF-CA"));
    assert_eq!(file.overdue(NOW), []);
    assert_eq!(file.overdue(NOW + Millis::from_days(3_650)).len(), book.rules().len());
}

#[test]
fn the_shipped_unions_are_whole() {
    let book = shipped();
    let count =
        |id: &str| book.geography().groups.iter().find(|group| *group.id == *id).map(|it| it.members.len());
    // 27 member states and seven of their parts with a code of their own.
    assert_eq!((count("EU"), count("EEA")), (Some(27 + 7), Some(3)));
    let parts = |id: &str| {
        book.geography().countries.iter().find(|it| it.country.as_str() == id).map(|it| it.parts.len())
    };
    assert_eq!((parts("US"), parts("CA")), (Some(50 + 7), Some(13)));
    let gdpr = book.rules().iter().find(|rule| &*rule.id == "GDPR").unwrap();
    assert_eq!(gdpr.places.iter().map(Place::to_string).collect::<Vec<_>>(), ["EU", "EEA", "GB"]);
}

#[test]
fn qh_fl_text_messages_come_from_eight_to_eight_and_three_a_day_at_most() {
    let book = shipped();
    let florida = book.binding(&living_in("US-FL"), NOW);
    assert_eq!(florida.sms_hours().to_string(), "Mo-Su 08:00-20:00");
    assert_eq!(florida.sms_per_24h_max(), Some(3));
    assert_eq!(hours_in("US-OK"), "Mo-Su 08:00-20:00");
    assert_eq!(hours_in("US-NH"), "Mo-Su 08:00-21:00");
    assert_eq!(hours_in("PR"), "Mo-Su 08:00-21:00");
    assert_eq!(hours_in("US-CT"), "Mo-Su 09:00-20:00");
    assert_eq!(hours_in("DE"), WeekHours::ALWAYS.to_string());
}

#[test]
fn qh_us_where_the_state_is_not_known_the_strictest_of_all_states_counts() {
    for unknown in ["US", "US-ZZ"] {
        assert_eq!(hours_in(unknown), "Mo-Fr 10:00-18:00, Sa 10:00-17:00", "{unknown}");
    }
    let binding_of =
        |whereabouts: Whereabouts| shipped().binding(&whereabouts, NOW).sms_window(Weekday::Sunday);
    let phone_unknown = Whereabouts { phone_region: place("US"), ..living_in("US-TX") };
    assert_eq!(binding_of(phone_unknown), None, "one that is not known is enough");
}

#[test]
fn qh_tx_a_sunday_begins_at_noon_whoever_brings_texas_in() {
    let book = shipped();
    let texan_sunday = Some((12 * 60, 21 * 60));
    let bring = |whereabouts: Whereabouts| book.binding(&whereabouts, NOW).sms_window(Weekday::Sunday);
    assert_eq!(bring(living_in("US-TX")), texan_sunday);
    assert_eq!(bring(Whereabouts { phone_region: place("US-TX"), ..living_in("DE") }), texan_sunday);
    assert_eq!(bring(Whereabouts { seat: place("US-TX"), ..living_in("DE") }), texan_sunday);
    let fence = FenceFacts {
        id: FenceId::new("f").unwrap(),
        name: "f".into(),
        merchant: None,
        tags: vec![],
        tz: None,
        country: Some("US".into()),
        region: Some("US-TX".into()),
        opening_hours: None,
        radius: Meters(50.0),
    };
    assert_eq!(bring(living_in("DE").at(&fence)), texan_sunday);
    assert_eq!(bring(living_in("US-FL").at(&fence)), Some((12 * 60, 20 * 60)), "both are kept");
    let before = Timestamp::from_unix_ms(1_750_000_000_000);
    let hours = book.binding(&living_in("US-TX"), before).sms_window(Weekday::Sunday);
    assert_eq!(hours, Some((8 * 60, 21 * 60)), "it was not yet in force in June 2025");
}

#[test]
fn hours_of_states_that_nobody_has_verified_tighten_and_those_of_the_country_stay() {
    let book = shipped();
    let sunday = |residence: &str| book.binding(&living_in(residence), NOW).sms_window(Weekday::Sunday);
    let friday = |residence: &str| book.binding(&living_in(residence), NOW).sms_window(Weekday::Friday);
    assert_eq!((sunday("US-MS"), friday("US-MS")), (None, Some((8 * 60, 20 * 60))));
    assert_eq!((sunday("US-RI"), friday("US-RI")), (None, Some((9 * 60, 18 * 60))));
    assert_eq!((sunday("US-KY"), friday("US-NV")), (Some((10 * 60, 21 * 60)), Some((9 * 60, 20 * 60))));
    assert_eq!(friday("US-NJ"), Some((8 * 60, 21 * 60)), "none of its own stands here");
    assert_eq!(friday("US"), Some((10 * 60, 18 * 60)), "what is left of all of them");
}

#[test]
fn casl_messages_to_canada_are_confirmed_and_location_is_not() {
    let style = |residence: &str, purpose| shipped().binding(&living_in(residence), NOW).opt_in(purpose);
    for canada in ["CA", "CA-QC", "CA-ON"] {
        assert_eq!(style(canada, Purpose::OffersEmail), OptIn::Double);
        assert_eq!(style(canada, Purpose::OffersSms), OptIn::Double);
        assert_eq!(style(canada, Purpose::Location), OptIn::Single);
    }
    assert_eq!(style("US-WA", Purpose::OffersEmail), OptIn::Single);
}

#[test]
fn gpc_lowers_personalisation_and_third_parties_everywhere_and_location_nowhere() {
    for residence in ["US-CA", "US-WA", "DE", "JP"] {
        let book = shipped();
        let binding = book.binding(&living_in(residence), NOW);
        assert!(binding.gpc_lowers(Purpose::Personalisation) && binding.gpc_lowers(Purpose::ThirdParty));
        assert!(!binding.gpc_lowers(Purpose::Location) && !binding.gpc_lowers(Purpose::OffersPush));
        assert_eq!(binding.age_min(), 18);
    }
}

#[test]
fn rings_are_as_wide_as_the_law_of_the_place_says() {
    let book = shipped();
    let ring = |residence: &str, category: &str| book.binding(&living_in(residence), NOW).ring(category);
    let metres = |residence: &str, category: &str| ring(residence, category).map(|ring| ring.largest().0);
    assert_eq!(metres("US-WA", "health"), Some(609.6));
    assert_eq!(metres("US-NY", "health"), Some(563.88));
    assert_eq!((metres("US-CT", "health"), metres("US-CT", "reproductive")), (None, Some(533.4)));
    assert_eq!((metres("US-TX", "health"), metres("US", "health")), (None, Some(609.6)));
    assert!(ring("US-NY", "health").unwrap().own_allowed && !ring("US", "health").unwrap().own_allowed);
    let strict = RulesFile::built_in(true);
    let texas = strict.book().binding(&living_in("US-TX"), NOW);
    assert_eq!(texas.ring_m("health").map(|metres| metres.0), Some(609.6), "a gap that is filled");
}

#[test]
fn clocks_of_breaches_and_requests_are_the_shortest() {
    let book = shipped();
    let clocks = |residence: &str| {
        let binding = book.binding(&living_in(residence), NOW);
        (binding.breach_within(), binding.answer_within())
    };
    assert_eq!(clocks("DE"), (Some(Millis::from_hours(72)), Some(Millis::from_days(28))));
    assert_eq!(clocks("US-CA"), (Some(Millis::from_days(30)), None));
    assert_eq!(clocks("US-TX"), (None, None));
}

#[test]
fn c01_a_slip_in_a_rules_file_is_told_by_line_with_the_nearest_name() {
    assert_eq!(said(RULE), [] as [&str; 0]);
    check(&format!("{RULE}sms_hour = \"Mo 08:00-20:00\"\n"), 9, &["is not a key", "sms_hours"]);
    check(&format!("{RULE}sms_hours = \"8-20\"\n"), 9, &["rule.sms_hours", "Mo-Sa 09:00-21:00"]);
    check(&format!("{RULE}double_opt_in = [\"offers.mail\"]\n"), 9, &["offers.mail", "offers.email"]);
    check(&format!("{RULE}breach_within = \"72\"\n"), 9, &["without a unit"]);
    check(&RULE.replace("\"law\"", "\"lore\""), 5, &["must be one of", "law"]);
    check(&RULE.replace("[\"US\"]", "[\"everywere\"]"), 3, &["did you mean \"everywhere\""]);
    check(&RULE.replace("[\"US\"]", "[\"UK\"]"), 3, &["neither a country"]);
    check(&RULE.replace("[\"US\"]", "[]"), 3, &["rule A: where", "holds nowhere"]);
    check(&RULE.replace("[\"US\"]", "[\"US-WA\", \"US-?\"]"), 3, &["no [[group]] or [[country]]"]);
    check(&RULE.replace("\"A\"", "\"a b\""), 2, &["A-Z, 0-9"]);
    for key in ["id", "where", "what", "basis", "source", "verified", "review_by"] {
        let without: String =
            RULE.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect();
        check(&without, 1, &[&format!("rule.{key}: is missing")]);
    }
    check(&format!("{RULE}{RULE}"), 10, &["rule A: id", "second time"]);
}

#[test]
fn c05_feet_and_metres_have_to_agree() {
    let ring = |distance: &str| {
        format!("{RULE}ring = {{ categories = [\"health\"], {distance} from = \"perimeter\" }}\n")
    };
    assert_eq!(said(&ring("feet = 2000, metres = 609.6,")), [] as [&str; 0]);
    check(&ring("feet = 2000, metres = 563.88,"), 9, &["rule.ring.metres", "609.60 metres"]);
    check(&ring("metres = 609.6,"), 9, &["rule.ring.feet: is missing"]);
    check(&format!("{RULE}grant_lasts = \"30 d\"\n"), 1, &["grant_purposes", "beside the other"]);
}

#[test]
fn what_is_not_verified_is_refused_where_it_would_loosen() {
    let unverified = RULE.replace("verified = true", "verified = false");
    assert_eq!(said(&unverified), [] as [&str; 0]);
    check(
        &format!("{unverified}until = 2027-01-01\n"),
        7,
        &["rule A: verified", "ends by itself", "only tighten"],
    );
    let ring = "ring = { categories = [\"x\"], feet = 1000, metres = 304.8, from = \"centre\", own_allowed = true }\n";
    check(&format!("{unverified}{ring}"), 7, &["exempts a merchant's own place"]);
    assert_eq!(said(&format!("{RULE}{ring}")), [] as [&str; 0]);
}

#[test]
fn the_last_day_of_a_rule_belongs_to_it() {
    let text = format!("{RULE}from = 2026-11-20\nuntil = 2026-11-22\n");
    let file = RulesFile::parse(Path::new("r.toml"), &text).ok().unwrap();
    let is_in_force = |days: i64| file.book().rules()[0].is_in_force(NOW + Millis::from_days(days));
    assert_eq!([-3, -2, 0, 1].map(is_in_force), [false, true, true, false]);
}

#[test]
fn settings_say_whose_law_counts() {
    let parse = |text: &str| Settings::parse(Path::new("s.toml"), text);
    let text = "[consent]\ndefault_residence = \"US-TX\"\ndouble_opt_in = [\"offers.email\"]\nstrict = true\n\
                [[merchant]]\nid = \"bean\"\nseat = \"GB\"\n";
    let settings = parse(text).unwrap();
    assert_eq!(settings.law.default_residence, place("US-TX"));
    assert_eq!(settings.law.double_opt_in, [Purpose::OffersEmail]);
    assert_eq!(settings.law.seats.values().copied().map(Some).collect::<Vec<_>>(), [place("GB")]);
    assert!(settings.law.strict && settings.without_residence(Path::new("s.toml")).is_none());
    let missing =
        parse("[data]\ndir = \"d\"\n").unwrap().without_residence(Path::new("s.toml")).unwrap().to_string();
    assert!(missing.contains("consent.default_residence: is missing: which law protects"), "{missing}");
    assert!(missing.contains("default_residence = \"US-TX\" under [consent]"), "{missing}");
    let wrong = |text: &str| parse(text).unwrap_err()[0].to_string();
    assert!(wrong("[consent]\ndefault_residence = \"UK\"\n").contains("write \"GB\""));
    assert!(wrong("[consent]\ndefault_residence = \"Texas\"\n").contains("ISO 3166"));
    assert!(
        wrong("[consent]\ndouble_opt_in = [\"offers.mail\"]\n").contains("did you mean \"offers.email\"")
    );
    assert!(wrong("[[merchant]]\nid = \"bean\"\n").contains("merchant.seat: is missing"));
    let twice = "[[merchant]]\nid = \"b\"\nseat = \"GB\"\n[[merchant]]\nid = \"b\"\nseat = \"US\"\n";
    assert!(
        wrong(twice).contains("s.toml:5:6: merchant.id: \"b\" stands here a second time"),
        "{}",
        wrong(twice)
    );
}
