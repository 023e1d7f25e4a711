//! What is wrong with an offers file is said with its line.

use std::path::Path;

use model::{FenceFacts, FenceId, MerchantId, Meters};
use settings::{OffersFile, Problem};

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
    assert!(said("")[0].contains("is empty"));
    assert!(said("[[offers]]\nid = \"a\"")[0].contains("did you mean \"offer\"?"));
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
