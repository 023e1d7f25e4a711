//! Which offers are due where, and which texts are offers at all.

use std::time::Instant;

use model::{
    Channel, CustomerId, DeviceId, Digest, FenceFacts, FenceId, MerchantId, Meters, Millis, Notification,
    NotificationId, OfferId, Profile, Timestamp, TransitionKind, VisitId,
};
use offers::{
    Audience, Catalogue, CatalogueFlaw, Draft, HoursFlaw, Mode, NaiveDate, OperatorState, Season, Text,
    TextFlaw, TextPart,
};

fn draft(id: &str) -> Draft {
    let (id, merchant) = (OfferId::new(id).unwrap(), MerchantId::new("shop").unwrap());
    let fences = vec![FenceId::new("books").unwrap()];
    Draft { fences, ..Draft::new(id, merchant, "Two for one", "At {{ store }}, from {{ merchant }}.") }
}

fn text(title: &str, body: &str, link: Option<&str>) -> Text {
    Text { title: title.into(), body: body.into(), link: link.map(Into::into) }
}

fn body(body: &str) -> Text {
    text("Two for one", body, None)
}

fn fence(id: &str, merchant: Option<&str>, tags: &[&str]) -> FenceFacts {
    FenceFacts {
        id: FenceId::new(id).unwrap(),
        name: "Corner Books".into(),
        merchant: merchant.map(|merchant| MerchantId::new(merchant).unwrap()),
        tags: tags.iter().map(|tag| (*tag).into()).collect(),
        tz: None,
        country: None,
        region: None,
        opening_hours: None,
        radius: Meters(100.0),
    }
}

/// The offers due, in their order.
fn check_due(drafts: Vec<Draft>, kind: TransitionKind, fence: &FenceFacts, expected: &[&str]) {
    let catalogue = Catalogue::new(drafts).unwrap();
    let due: Vec<_> = catalogue.due(kind, fence).into_iter().map(|offer| offer.id().as_str()).collect();
    assert_eq!(due, expected);
}

/// What is wrong with one body.
fn flaw_of(body: &str) -> Option<TextFlaw> {
    let started = Instant::now();
    let flaws = Catalogue::new(vec![Draft { text: self::body(body), ..draft("a") }]).err()?;
    assert!(started.elapsed().as_secs() < 2, "a template is judged at once");
    let [CatalogueFlaw::Text { draft: 0, lang: None, part: TextPart::Body, flaw }] = &flaws[..] else {
        panic!("one flaw of the body: {flaws:?}")
    };
    Some(flaw.clone())
}

fn check_template(body: &str, said: &str) {
    match flaw_of(body) {
        Some(TextFlaw::Template(why)) => assert!(why.contains(said), "{body}: {why}"),
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn an_offer_is_due_in_its_fences_by_id_or_tag() {
    let by_tag = Draft { fences: Vec::new(), tags: vec!["food".into(), "toys".into()], ..draft("b") };
    let drafts = vec![draft("a"), by_tag];
    let dwell = TransitionKind::Dwell;
    check_due(drafts.clone(), dwell, &fence("books", Some("shop"), &[]), &["a"]);
    check_due(drafts.clone(), dwell, &fence("cafe", Some("shop"), &["drinks", "food"]), &["b"]);
    check_due(drafts.clone(), dwell, &fence("books", Some("shop"), &["toys"]), &["a", "b"]);
    check_due(drafts, dwell, &fence("cafe", Some("shop"), &["foo"]), &[]);
}

#[test]
fn an_offer_is_due_in_fences_of_its_own_merchant_only() {
    check_due(vec![draft("a")], TransitionKind::Dwell, &fence("books", Some("other"), &[]), &[]);
    check_due(vec![draft("a")], TransitionKind::Dwell, &fence("books", None, &[]), &[]);
}

#[test]
fn an_offer_is_due_on_its_own_kind_of_transition_only() {
    for kind in TransitionKind::ALL {
        let expected: &[&str] = if kind == TransitionKind::Dwell { &["a"] } else { &[] };
        check_due(vec![draft("a")], kind, &fence("books", Some("shop"), &[]), expected);
    }
}

#[test]
fn the_highest_priority_comes_first_and_then_the_lower_id() {
    let with = |id, priority| Draft { priority, ..draft(id) };
    let drafts = vec![with("d", 1), with("b", 5), with("a", 5), with("c", 9)];
    check_due(drafts, TransitionKind::Dwell, &fence("books", Some("shop"), &[]), &["c", "a", "b", "d"]);
}

#[test]
fn an_offer_that_names_no_fence_is_refused_and_so_is_a_second_of_the_same_id() {
    let nowhere = Draft { fences: Vec::new(), ..draft("b") };
    let flaws = Catalogue::new(vec![draft("a"), nowhere, draft("a")]).unwrap_err();
    assert_eq!(flaws, [CatalogueFlaw::NoFences { draft: 1 }, CatalogueFlaw::RepeatedId { draft: 2 }]);
}

#[test]
fn words_are_filled_in_and_a_name_is_never_a_template() {
    let catalogue = Catalogue::new(vec![draft("a")]).unwrap();
    let words = |name: &str| {
        let facts = FenceFacts { name: name.into(), ..fence("books", Some("shop"), &[]) };
        catalogue.words(&catalogue.offers()[0], &facts, None)
    };
    assert_eq!(words("Corner Books").unwrap().body, "At Corner Books, from shop.");
    assert_eq!(words("{{ merchant }}<b>").unwrap().body, "At {{ merchant }}<b>, from shop.");
    assert!(words("Corner Books").unwrap().why.contains("Corner Books"));
    let too_long = words(&"x".repeat(300)).unwrap_err();
    assert_eq!(too_long, (TextPart::Body, TextFlaw::TooLong { n_chars_max: 240 }));
}

#[test]
fn c11_unknown_and_unclosed_variables_are_refused() {
    check_template("For {{ customer }}", "`customer` cannot be filled in, only store, merchant, fence");
    check_template("For {{ store", "unexpected");
    check_template("For {{ }}", "unexpected");
}

#[test]
fn c11_a_template_only_fills_names_in() {
    for body in [
        "{% for c in store %}{% for d in store %}x{% endfor %}{% endfor %}",
        "{% set a = 1 %}",
        "{%- if store %}x{% endif %}",
        "{# a remark #}",
    ] {
        check_template(body, "only names");
    }
    for body in [
        "{{ 'x' * 100000000 }}",
        "{{ range(1000000000) }}",
        "{{ store | upper }}",
        "{{ store ~ store }}",
        "{{ store.a }}",
        "{{ '}}' * 9 }}",
        "{{- store }}",
    ] {
        check_template(body, "only a name");
    }
}

#[test]
fn c11_a_text_and_a_template_have_bounds() {
    assert_eq!(flaw_of(&"x".repeat(240)), None);
    assert_eq!(flaw_of(&"x".repeat(241)), Some(TextFlaw::TooLong { n_chars_max: 240 }));
    check_template(&"x".repeat(1 << 20), "longer than 4096 bytes");
    assert_eq!(flaw_of(&"\u{1F600}".repeat(240)), None);
    let title = Catalogue::new(vec![Draft { text: text(&"x".repeat(81), "A body", None), ..draft("a") }])
        .unwrap_err();
    assert!(matches!(title[..], [CatalogueFlaw::Text { part: TextPart::Title, .. }]));
}

#[test]
fn every_flaw_of_every_draft_is_told_at_once() {
    let bad = Draft { text: text(" ", "We saw you", Some("http://a")), ..draft("b") };
    let flaws = Catalogue::new(vec![draft("a"), bad]).unwrap_err();
    let parts: Vec<_> = flaws
        .iter()
        .map(|flaw| match flaw {
            CatalogueFlaw::Text { draft: 1, part, .. } => part.word(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(parts, ["title", "body", "link"]);
}

#[test]
fn an_offer_stands_behind_what_it_would_say_and_nothing_else() {
    let books = fence("books", Some("shop"), &[]);
    let of = |drafts: Vec<Draft>| Catalogue::new(drafts).unwrap();
    let then = of(vec![draft("a")]);
    let offer = &then.offers()[0];
    let visit = VisitId(Digest::from_bytes([0; 16]));
    let said = Notification {
        id: NotificationId::of(visit, offer.id()),
        customer: CustomerId::new("c").unwrap(),
        device: DeviceId::new("d").unwrap(),
        offer: offer.id().clone(),
        merchant: offer.draft().merchant.clone(),
        fence: books.id.clone(),
        store: books.name.to_string(),
        visit,
        trigger: TransitionKind::Dwell,
        triggered_at: Timestamp::MIN,
        issued_at: Timestamp::MIN,
        expires_at: Timestamp::MAX,
        channel: offer.draft().channel,
        words: then.words(offer, &books, None).unwrap(),
    };
    let check = |drafts: Vec<Draft>, fence: &FenceFacts, stands: bool| {
        assert_eq!(of(drafts.clone()).stands_behind(&said, fence), stands, "{drafts:?}");
    };
    check(vec![draft("b"), draft("a")], &books, true);
    check(vec![Draft { priority: 9, valid_for: Millis::from_mins(1), ..draft("a") }], &books, true);
    check(vec![draft("a")], &FenceFacts { name: "New Name".into(), ..books.clone() }, true);
    check(vec![draft("b")], &books, false);
    let reworded = |title: &str, link| Text { title: title.into(), link, ..draft("a").text };
    check(vec![Draft { text: reworded("Three for two", None), ..draft("a") }], &books, false);
    let linked = reworded("Two for one", Some("https://shop.example/".into()));
    check(vec![Draft { text: linked, ..draft("a") }], &books, false);
    check(vec![Draft { mode: Mode::Observe, ..draft("a") }], &books, false);
    check(vec![Draft { mode: Mode::Shadow, ..draft("a") }], &books, false);
    check(vec![Draft { channel: Channel::Email, ..draft("a") }], &books, false);
    // The words may have been said in another of its languages.
    let translated =
        Draft { text: body("Something else"), lang: vec![("de".into(), draft("a").text)], ..draft("a") };
    check(vec![translated], &books, true);
    for (state, stands) in
        [(OperatorState::Running, true), (OperatorState::Paused, false), (OperatorState::Stopped, false)]
    {
        let operated = then.operated(&[(offer.id().clone(), state)].into());
        assert_eq!(operated.stands_behind(&said, &books), stands, "{state:?}");
    }
    check(vec![Draft { trigger: TransitionKind::Enter, ..draft("a") }], &books, false);
    check(vec![Draft { fences: vec![FenceId::new("toys").unwrap()], ..draft("a") }], &books, false);
    check(vec![Draft { merchant: MerchantId::new("other").unwrap(), ..draft("a") }], &books, false);
}

#[test]
fn a_difference_names_what_came_what_went_and_what_is_another() {
    let before = Catalogue::new(vec![draft("a"), draft("b"), draft("c")]).unwrap();
    let reworded = Draft { text: text("Three for two", "A body", None), ..draft("b") };
    let after = Catalogue::new(vec![draft("d"), reworded, draft("a")]).unwrap();
    let difference = before.difference(&after);
    let names = |ids: &std::collections::BTreeSet<OfferId>| {
        ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        [names(&difference.added), names(&difference.removed), names(&difference.changed)],
        [["d"], ["c"], ["b"]]
    );
    assert!(!difference.is_nothing() && before.difference(&before).is_nothing());
}

#[test]
fn a_paused_offer_is_due_all_the_same_and_is_another_than_one_that_runs() {
    let running = Catalogue::new(vec![draft("a"), draft("b")]).unwrap();
    let paused = running.operated(&[(OfferId::new("a").unwrap(), OperatorState::Paused)].into());
    let books = fence("books", Some("shop"), &[]);
    let due = paused.due(TransitionKind::Dwell, &books);
    assert_eq!(
        due.iter().map(|offer| offer.state()).collect::<Vec<_>>(),
        [OperatorState::Paused, OperatorState::Running]
    );
    let changed: Vec<OfferId> = running.difference(&paused).changed.into_iter().collect();
    assert_eq!(changed, [OfferId::new("a").unwrap()]);
    // A state that is not named is running again; a state of an offer that is not there is nobody's.
    let resumed = paused.operated(&[(OfferId::new("gone").unwrap(), OperatorState::Stopped)].into());
    assert!(running.difference(&resumed).is_nothing());
    assert_eq!(paused.words(due[0], &books, None), running.words(due[0], &books, None));
}

#[test]
fn an_offer_is_said_in_the_language_of_the_person_or_the_one_it_is_a_kind_of() {
    let lang = vec![
        ("de".into(), text("Zwei f\u{fc}r eins", "Bei {{ store }}.", None)),
        ("pt-BR".into(), text("Dois por um", "Na {{ store }}.", Some("https://shop.example/br"))),
    ];
    let base = text("Two for one", "At {{ store }}.", Some("https://shop.example/"));
    let catalogue = Catalogue::new(vec![Draft { text: base, lang, ..draft("a") }]).unwrap();
    let said = |lang: Option<&str>| {
        let words = catalogue.words(&catalogue.offers()[0], &fence("books", Some("shop"), &[]), lang);
        let words = words.unwrap();
        (words.title, words.link.unwrap_or_default(), words.why)
    };
    let check = |lang: Option<&str>, title: &str, link: &str, why: &str| {
        let said = said(lang);
        assert_eq!((said.0.as_str(), said.1.as_str()), (title, link), "{lang:?}");
        assert!(said.2.starts_with(why) && said.2.contains("Corner Books"), "{lang:?}: {}", said.2);
    };
    check(None, "Two for one", "https://shop.example/", "You asked");
    check(Some("it"), "Two for one", "https://shop.example/", "You asked");
    check(Some("de"), "Zwei f\u{fc}r eins", "https://shop.example/", "Sie haben");
    check(Some("de-AT"), "Zwei f\u{fc}r eins", "https://shop.example/", "Sie haben");
    check(Some("DE-at"), "Zwei f\u{fc}r eins", "https://shop.example/", "Sie haben");
    check(Some("pt-br"), "Dois por um", "https://shop.example/br", "You asked");
    check(Some("pt"), "Two for one", "https://shop.example/", "You asked");
    check(Some(""), "Two for one", "https://shop.example/", "You asked");
}

#[test]
fn every_language_obeys_the_rules_of_texts() {
    let lang = vec![("fr".into(), body("Vous \u{ea}tes ici")), ("es".into(), body("Para {{ cliente }}"))];
    let flaws = Catalogue::new(vec![Draft { lang, ..draft("a") }]).unwrap_err();
    let named: Vec<_> = flaws
        .iter()
        .map(|flaw| match flaw {
            CatalogueFlaw::Text { lang, part: TextPart::Body, .. } => lang.as_deref().unwrap_or_default(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(named, ["fr", "es"]);
}

#[test]
fn a_draft_out_of_bounds_is_refused() {
    let check = |draft: Draft, is_flaw: fn(&CatalogueFlaw) -> bool| {
        let flaws = Catalogue::new(vec![draft]).unwrap_err();
        assert!(flaws.len() == 1 && is_flaw(&flaws[0]), "{flaws:?}");
    };
    let lang = |tag: &str| (tag.into(), body("A body"));
    let date = |day| NaiveDate::from_ymd_opt(2026, 12, day);
    check(Draft { value: 0, ..draft("a") }, |flaw| matches!(flaw, CatalogueFlaw::Value { draft: 0 }));
    check(Draft { value: 1_001, ..draft("a") }, |flaw| matches!(flaw, CatalogueFlaw::Value { .. }));
    check(Draft { holdout_permille: 501, ..draft("a") }, |flaw| {
        matches!(flaw, CatalogueFlaw::Holdout { .. })
    });
    for category in ["", "Coffee", "ice cream", &"x".repeat(33)] {
        check(Draft { category: Some(category.into()), ..draft("a") }, |flaw| {
            matches!(flaw, CatalogueFlaw::Category { .. })
        });
    }
    for tags in [vec![lang("german")], vec![lang("d")], vec![lang("DE")], vec![lang("de"), lang("de")]] {
        check(Draft { lang: tags, ..draft("a") }, |flaw| matches!(flaw, CatalogueFlaw::Language { .. }));
    }
    let season = Season { starts_on: date(24), ends_on: date(23), ..Season::default() };
    check(Draft { season, ..draft("a") }, |flaw| matches!(flaw, CatalogueFlaw::Dates { .. }));
    let season = Season { schedule: Some("weekdays".into()), ..Season::default() };
    check(Draft { season, ..draft("a") }, |flaw| {
        matches!(flaw, CatalogueFlaw::Schedule { flaw: HoursFlaw::Unreadable { .. }, .. })
    });
    let season = Season { starts_on: date(24), ends_on: date(24), ..Season::default() };
    let category = Some("weight_loss".into());
    let fine = Draft { season, category, value: 1_000, holdout_permille: 500, ..draft("a") };
    assert!(Catalogue::new(vec![fine]).unwrap().offers()[0].is_delicate());
}

#[test]
fn an_offer_for_some_is_meant_for_those_who_said_so_to_its_merchant() {
    let segments = |segments: &[&str]| Draft {
        audience: Audience {
            segments: segments.iter().map(|word| (*word).into()).collect(),
            ..Audience::default()
        },
        ..draft("a")
    };
    let declared = |merchant: &str, segment: &str| Profile {
        segments: vec![(MerchantId::new(merchant).unwrap(), segment.into())],
        ..Profile::default()
    };
    let check = |draft: Draft, profile: Option<&Profile>, meant: bool| {
        let catalogue = Catalogue::new(vec![draft]).unwrap();
        assert_eq!(catalogue.offers()[0].is_meant_for(profile), meant, "{profile:?}");
    };
    check(segments(&[]), None, true);
    check(segments(&["gold", "silver"]), None, false);
    check(segments(&["gold", "silver"]), Some(&declared("shop", "silver")), true);
    check(segments(&["gold"]), Some(&declared("shop", "silver")), false);
    check(segments(&["gold"]), Some(&declared("other", "gold")), false);
}

#[test]
fn what_was_chosen_by_groups_or_purchases_needs_personalisation_once() {
    let needs = |audience: Audience| {
        let catalogue = Catalogue::new(vec![Draft { audience, ..draft("a") }]).unwrap();
        catalogue.offers()[0].needs().map(str::to_owned).collect::<Vec<_>>()
    };
    let plain = Audience::default();
    assert_eq!(needs(plain.clone()), [] as [&str; 0]);
    assert_eq!(needs(Audience { segments: vec!["gold".into()], ..plain.clone() }), ["personalisation"]);
    let both = vec!["offers.email".into(), "personalisation".into()];
    let bought = Audience { uses_purchases: true, needs: both, ..plain };
    assert_eq!(needs(bought), ["personalisation", "offers.email"]);
}

#[test]
fn what_an_offer_names_is_known_before_it_is_said() {
    let names = |text: Text, other: Option<Text>| {
        let lang = other.map(|other| ("de".into(), other)).into_iter().collect();
        let catalogue = Catalogue::new(vec![Draft { text, lang, ..draft("a") }]).unwrap();
        let offer = &catalogue.offers()[0];
        (offer.names_store(), offer.names_street())
    };
    assert_eq!(names(body("At {{ store }}"), None), (true, false));
    assert_eq!(names(body("A cup, in Main Street"), None), (false, true));
    assert_eq!(names(body("From {{ merchant }}"), None), (false, false));
    assert_eq!(names(body("A cup"), Some(body("In der Hauptstra\u{df}e bei {{ store }}"))), (true, true));
}
