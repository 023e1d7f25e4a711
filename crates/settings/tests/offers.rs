//! What is wrong with an offers file is said with its line.

use std::path::Path;

use model::{Channel, FenceFacts, FenceId, MerchantId, Meters, Timestamp};
use offers::{Limits, Mode, NaiveDate};
use settings::{OfferSettings, OffersFile, Problem, unreadable_hours};

fn offer(changes: &[(&str, &str)]) -> String {
    let mut keys = vec![
        ("id", "\"coffee\""),
        ("merchant", "\"bean\""),
        ("tags", "[\"cafe\"]"),
        ("title", "\"A cup\""),
        ("body", "\"At {{ store }}.\""),
    ];
    for (key, value) in changes {
        keys.retain(|(known, _)| known != key);
        if !value.is_empty() {
            keys.push((key, value));
        }
    }
    let lines: String = keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    format!("[[offer]]\n{lines}")
}

fn said(text: &str) -> Vec<String> {
    let problems = OffersFile::parse(Path::new("o.toml"), text).err().unwrap_or_default();
    problems.iter().map(Problem::to_string).collect()
}

/// One problem with some words in it, at the last line of the text unless told.
#[track_caller]
fn check(changes: &[(&str, &str)], words: &str) {
    let text = offer(changes);
    let problems = said(&text);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains(words), "{problems:?}");
    let line = text.lines().count();
    let is_missing = changes.iter().any(|(_, value)| value.is_empty());
    assert!(is_missing || problems[0].starts_with(&format!("o.toml:{line}:")), "{problems:?}\n{text}");
}

#[test]
fn an_offer_with_nothing_wrong_is_read() {
    assert_eq!(said(&offer(&[])), [] as [&str; 0]);
    assert_eq!(
        said(&offer(&[("trigger", "\"exit\""), ("valid_for", "\"5 min\""), ("priority", "3")])),
        [] as [&str; 0]
    );
}

#[test]
fn c01_the_form_of_an_offer_is_checked() {
    check(&[("title", "")], "offer.title: is missing");
    check(&[("id", "\"a b\"")], "holds a character that is not allowed");
    check(&[("trigger", "\"stay\"")], "it must be one of \"enter\", \"dwell\", \"exit\", \"cross\"");
    check(&[("triger", "\"exit\"")], "did you mean \"trigger\"?");
    check(&[("tags", "[\"cafe\", 3]")], "holds a whole number, not a text");
    check(&[("valid_for", "\"2 h\"")], "is 2 h; it must be from 30 s to 15 min");
    check(&[("priority", "256")], "from 0 to 255");
    check(&[("channel", "\"pusch\"")], "did you mean \"push\"?");
    check(&[("mode", "\"live!\"")], "it must be one of \"live\", \"shadow\", \"observe\"");
    check(&[("value", "0")], "is 0; it must be from 1 to 1000");
    check(&[("holdout_permille", "501")], "is 501; it must be from 0 to 500");
    check(&[("category", "\"Fresh Bread\"")], "must be one lower-case word");
    check(&[("needs", "[\"personalization\"]")], "did you mean \"personalisation\"?");
    check(&[("open_only", "\"yes\"")], "must be true or false");
    check(&[("starts_on", "\"tomorrow\"")], "no date such as 2026-12-24");
    check(&[("starts_on", "2026-12-24T10:00:00")], "no date such as 2026-12-24");
    check(&[("ends_on", "20261224")], "it must be a date such as 2026-12-24");
    check(&[("schedule", "\"Mo-Fr 11-14\"")], "cannot be read from character 7 on");
    assert!(said("")[0].contains("is empty"));
    assert!(said("[[offers]]\nid = \"a\"")[0].contains("did you mean \"offer\"?"));
}

#[test]
fn every_key_of_an_offer_is_read() {
    let text = offer(&[
        ("category", "\"soup\""),
        ("channel", "\"inbox\""),
        ("value", "250"),
        ("starts_on", "2026-12-01"),
        ("ends_on", "\"2026-12-24\""),
        ("schedule", "\"Mo-Fr 11:00-14:00\""),
        ("open_only", "false"),
        ("segments", "[\"gold\", \"silver\"]"),
        ("uses_purchases", "true"),
        ("needs", "[\"personalisation\"]"),
        ("stock_total", "500"),
        ("stock_per_day", "40"),
        ("holdout_permille", "250"),
        ("mode", "\"shadow\""),
    ]);
    let text = text + "[offer.lang.de]\ntitle = \"Eine Tasse\"\nbody = \"Bei {{ store }}.\"\n";
    let file =
        OffersFile::parse(Path::new("o.toml"), &text).unwrap_or_else(|problems| panic!("{problems:?}"));
    let [draft] = &file.drafts()[..] else { panic!("one offer") };
    assert_eq!((draft.category.as_deref(), draft.channel, draft.value), (Some("soup"), Channel::Inbox, 250));
    assert_eq!(draft.season.starts_on, NaiveDate::from_ymd_opt(2026, 12, 1));
    assert_eq!(draft.season.ends_on, NaiveDate::from_ymd_opt(2026, 12, 24));
    assert_eq!(draft.season.schedule.as_deref(), Some("Mo-Fr 11:00-14:00"));
    assert!(!draft.season.open_only && draft.audience.uses_purchases);
    assert_eq!((draft.audience.segments.len(), &*draft.audience.needs[0]), (2, "personalisation"));
    assert_eq!(draft.stock, Limits { total: Some(500), per_day: Some(40) });
    assert_eq!((draft.holdout_permille, draft.mode), (250, Mode::Shadow));
    assert_eq!((&*draft.lang[0].0, draft.lang[0].1.title.as_str()), ("de", "Eine Tasse"));
}

#[test]
fn an_offer_that_says_little_has_the_defaults() {
    let file =
        OffersFile::parse(Path::new("o.toml"), &offer(&[])).unwrap_or_else(|problems| panic!("{problems:?}"));
    let draft = &file.drafts()[0];
    assert!(draft.season.open_only && draft.category.is_none() && draft.lang.is_empty());
    assert_eq!((draft.value, draft.holdout_permille, draft.mode), (100, 100, Mode::Live));
    assert_eq!((draft.channel, draft.stock), (Channel::Push, Limits::default()));
}

#[test]
fn c11_an_offer_that_ends_before_it_starts_is_refused() {
    check(&[("starts_on", "2026-12-24"), ("ends_on", "2026-12-23")], "ends_on: comes before starts_on");
}

#[test]
fn c05_a_stock_that_is_no_number_of_offers_is_refused() {
    check(&[("stock_total", "-1")], "is -1; it must be from 0 to 4294967295");
    check(&[("stock_per_day", "9223372036854775807")], "it must be from 0 to 4294967295");
    check(&[("stock_total", "9223372036854775808")], "is no TOML");
}

#[test]
fn what_people_are_judged_by_is_refused_unless_the_settings_allow_it() {
    for category in offers::DELICATE_CATEGORIES {
        let category = format!("{category:?}");
        check(&[("category", &category)], "delicate_categories = true under [offers]");
        let allowed = OfferSettings { delicate_categories: true, ..OfferSettings::default() };
        let text = offer(&[("category", &category)]);
        assert!(OffersFile::parse_with(Path::new("o.toml"), &text, allowed).is_ok(), "{category}");
    }
}

#[test]
fn other_languages_are_read_and_judged_like_the_first() {
    let said_with = |lang: &str| said(&(offer(&[]) + lang));
    let check = |lang: &str, expected: &str| assert_eq!(said_with(lang), [expected], "{lang}");
    let good = "[offer.lang.de]\ntitle = \"Eine Tasse\"\nbody = \"Bei {{ store }}.\"\n";
    assert_eq!(said_with(good), [] as [&str; 0]);
    check(
        "[offer.lang.de]\ntitle = \"Sie sind hier\"\nbody = \"Bei {{ store }}.\"\n",
        "o.toml:8:9: offer coffee: lang.de.title: says \"sie sind hier\", which tells people that they are watched",
    );
    check("[offer.lang.de]\nbody = \"Bei {{ store }}.\"\n", "o.toml:7:13: offer.lang.de.title: is missing");
    check(
        "[offer.lang.german]\ntitle = \"Eine Tasse\"\nbody = \"B\"\n",
        "o.toml:7:13: offer coffee: lang.german: is no language such as \"de\" or \"pt-BR\", or stands twice",
    );
    check(
        "[offer.lang.de]\ntitel = \"x\"\ntitle = \"Eine Tasse\"\nbody = \"B\"\n",
        "o.toml:8:1: offer.lang.de.titel: is not a key (did you mean \"title\"?)",
    );
    check("[offer.lang]\nde = \"Eine Tasse\"\n", "o.toml:8:6: offer.lang.de: is a text; it must be a table");
}

/// What is said without being wrong, on 15 June 2026.
fn warned(changes: &[(&str, &str)]) -> Vec<String> {
    let now = Timestamp::from_unix_ms(1_781_524_800_000);
    let file =
        OffersFile::parse(Path::new("o.toml"), &offer(changes)).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    file.warnings(now).iter().map(Problem::to_string).collect()
}

#[test]
fn c11_an_offer_that_has_expired_is_a_warning_and_not_an_error() {
    assert_eq!(warned(&[("ends_on", "2026-06-30")]), [] as [&str; 0]);
    assert_eq!(warned(&[("ends_on", "2026-06-15")]), [] as [&str; 0]);
    assert_eq!(
        warned(&[("ends_on", "2026-05-31")]),
        ["o.toml:7:11: offer coffee: ends_on: was 2026-05-31, so it is never said"]
    );
}

#[test]
fn c05_an_offer_that_can_never_be_said_is_warned_of() {
    assert_eq!(
        warned(&[("stock_total", "0")]),
        ["o.toml:7:15: offer coffee: stock_total: is 0, so it is never said"]
    );
    let never = warned(&[("starts_on", "2026-06-20"), ("ends_on", "2026-06-20"), ("schedule", "\"Su\"")]);
    assert_eq!(
        never,
        [
            "o.toml:9:12: offer coffee: schedule: never comes between its dates within 400 days, so it is never said"
        ]
    );
    assert_eq!(warned(&[("schedule", "\"Su\"")]), [] as [&str; 0]);
}

#[test]
fn an_offer_that_is_never_due_is_refused() {
    let problems = said(&offer(&[("tags", "")]));
    assert!(problems[0].starts_with("o.toml:2:") && problems[0].contains("never due"), "{problems:?}");
}

#[test]
fn c11_a_template_with_an_unknown_or_unclosed_variable_is_refused() {
    check(&[("body", "\"Dear {{ first_name }}, at {{ store }}\"")], "cannot be rendered");
    check(&[("body", "\"At {{ store\"")], "cannot be rendered");
    check(&[("body", "\"{% for i in range(1000000000) %}x{% endfor %}\"")], "cannot be rendered");
}

#[test]
fn c11_a_text_that_is_too_long_is_refused() {
    let body = format!("\"{}\"", "x".repeat(1 << 20));
    let problems = said(&offer(&[("body", &body)]));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("longer than") && problems[0].len() < 200, "{}", problems[0].len());
    check(&[("title", &format!("\"{}\"", "x".repeat(81)))], "longer than 80 characters");
}

#[test]
fn c11_a_text_that_breaks_a_rule_is_refused_with_its_line() {
    check(&[("body", "\"You are here! A cup?\"")], "tells people that they are watched");
    check(&[("body", "\"Hurry, last chance at {{ store }}\"")], "more than one urgency word");
    check(&[("body", "\"Tea against depression\"")], "nobody's business");
    check(&[("link", "\"http://bean.example\"")], "https://");
}

#[test]
fn a_repeated_id_is_told_at_the_second() {
    let problems = said(&(offer(&[]) + &offer(&[])));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("o.toml:8:") && problems[0].contains("second time"), "{problems:?}");
}

fn fence(id: &str, merchant: &str, tag: &str) -> FenceFacts {
    FenceFacts {
        id: FenceId::new(id).unwrap(),
        name: id.into(),
        merchant: MerchantId::new(merchant).ok(),
        tags: vec![tag.into()],
        tz: None,
        country: None,
        region: None,
        opening_hours: None,
        radius: Meters(50.0),
    }
}

#[test]
fn a_store_whose_hours_cannot_be_read_is_told_where_an_offer_asks_for_them() {
    let open =
        |id: &str, hours: &str| FenceFacts { opening_hours: Some(hours.into()), ..fence(id, "bean", "cafe") };
    let fences = [open("quay", "Mo-Fr 9-5"), open("market", "Mo-Fr 09:00-17:00"), open("mall", "always")];
    let said = |changes: &[(&str, &str)], fences: &[FenceFacts]| {
        let file = OffersFile::parse(Path::new("o.toml"), &offer(changes))
            .unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let problems = file.check_fences(fences);
        let fits = file.fit(|id| fences.iter().find(|fence| fence.id == *id), || fences.iter());
        assert_eq!(fits, problems.is_empty());
        problems.iter().map(Problem::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        said(&[], &fences),
        ["o.toml:2:6: offer coffee: open_only: needs opening hours of fence \"quay\", whose text cannot be \
          read from character 7 on, as opening hours of OpenStreetMap, and so do 1 more of its fences \
          (mend the fence, or set open_only = false)"]
    );
    assert_eq!(said(&[("open_only", "false")], &fences), [] as [&str; 0]);
    assert_eq!(said(&[], &fences[1..2]), [] as [&str; 0]);
    let others = [fence("quay", "bean", "cafe"), FenceFacts { merchant: None, ..fences[0].clone() }];
    assert_eq!(said(&[], &others), [] as [&str; 0]);
    let unreadable: Vec<&str> = unreadable_hours(fences.iter()).map(|(fence, _)| fence.id.as_str()).collect();
    assert_eq!(unreadable, ["quay", "mall"]);
}

#[test]
fn c11_fences_and_tags_that_nobody_has_are_told_with_the_nearest_name() {
    let fences =
        [fence("quay", "bean", "cafe"), fence("market", "bean", "cafe"), fence("mill", "miller", "bread")];
    let said = |changes: &[(&str, &str)]| {
        let file = OffersFile::parse(Path::new("o.toml"), &offer(changes)).unwrap();
        let problems = file.check_fences(&fences);
        problems.iter().map(Problem::to_string).collect::<Vec<_>>()
    };
    assert_eq!(said(&[]), [] as [&str; 0]);
    assert_eq!(
        said(&[("fences", "[\"quai\", \"mill\"]"), ("tags", "[\"caffe\", \"bread\"]")]),
        [
            "o.toml:6:11: offer coffee: fences: names \"quai\", and no fence has that id (did you mean \"quay\"?)",
            "o.toml:6:19: offer coffee: fences: names \"mill\", which is \"miller\"'s fence, not \"bean\"'s",
            "o.toml:7:9: offer coffee: tags: names \"caffe\", and no fence of \"bean\" has that tag (did you mean \"cafe\"?)",
            "o.toml:7:18: offer coffee: tags: names \"bread\", and no fence of \"bean\" has that tag",
        ]
    );
}
