//! Which offers are due where, and which texts are offers at all.

use std::time::Instant;

use model::{
    CustomerId, DeviceId, Digest, FenceFacts, FenceId, MerchantId, Meters, Millis, Notification,
    NotificationId, OfferId, Timestamp, TransitionKind, VisitId,
};
use offers::{Catalogue, CatalogueFlaw, Draft, TextFlaw, TextPart};

fn draft(id: &str) -> Draft {
    Draft {
        id: OfferId::new(id).unwrap(),
        merchant: MerchantId::new("shop").unwrap(),
        trigger: TransitionKind::Dwell,
        fences: vec![FenceId::new("books").unwrap()],
        tags: Vec::new(),
        priority: 1,
        valid_for: Draft::VALID_FOR,
        title: "Two for one".into(),
        body: "At {{ store }}, from {{ merchant }}.".into(),
        link: None,
    }
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
    let flaws = Catalogue::new(vec![Draft { body: body.into(), ..draft("a") }]).err()?;
    assert!(started.elapsed().as_secs() < 2, "a template is judged at once");
    let [CatalogueFlaw::Text { draft: 0, part: TextPart::Body, flaw }] = &flaws[..] else {
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
        catalogue.words(&catalogue.offers()[0], &facts)
    };
    assert_eq!(words("Corner Books").unwrap().body, "At Corner Books, from shop.");
    assert_eq!(words("{{ merchant }}<b>").unwrap().body, "At {{ merchant }}<b>, from shop.");
    assert!(words("Corner Books").unwrap().why.contains("Corner Books"));
    let too_long = words(&"x".repeat(300)).unwrap_err();
    assert_eq!(too_long, (TextPart::Body, TextFlaw::TooLong { n_chars_max: 240 }));
}

#[test]
fn c11_unknown_and_unclosed_variables_are_refused() {
    check_template("For {{ customer }}", "undefined");
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
    let title = Catalogue::new(vec![Draft { title: "x".repeat(81), ..draft("a") }]).unwrap_err();
    assert!(matches!(title[..], [CatalogueFlaw::Text { part: TextPart::Title, .. }]));
}

#[test]
fn every_flaw_of_every_draft_is_told_at_once() {
    let bad =
        Draft { title: " ".into(), body: "We saw you".into(), link: Some("http://a".into()), ..draft("b") };
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
        channel: model::Channel::Push,
        store: books.name.to_string(),
        visit,
        trigger: TransitionKind::Dwell,
        triggered_at: Timestamp::MIN,
        issued_at: Timestamp::MIN,
        expires_at: Timestamp::MAX,
        words: then.words(offer, &books).unwrap(),
    };
    let check = |drafts: Vec<Draft>, fence: &FenceFacts, stands: bool| {
        assert_eq!(of(drafts.clone()).stands_behind(&said, fence), stands, "{drafts:?}");
    };
    check(vec![draft("b"), draft("a")], &books, true);
    check(vec![Draft { priority: 9, valid_for: Millis::from_mins(1), ..draft("a") }], &books, true);
    check(vec![draft("a")], &FenceFacts { name: "New Name".into(), ..books.clone() }, true);
    check(vec![draft("b")], &books, false);
    check(vec![Draft { title: "Three for two".into(), ..draft("a") }], &books, false);
    check(vec![Draft { link: Some("https://shop.example/".into()), ..draft("a") }], &books, false);
    check(vec![Draft { trigger: TransitionKind::Enter, ..draft("a") }], &books, false);
    check(vec![Draft { fences: vec![FenceId::new("toys").unwrap()], ..draft("a") }], &books, false);
    check(vec![Draft { merchant: MerchantId::new("other").unwrap(), ..draft("a") }], &books, false);
}

#[test]
fn a_difference_names_what_came_what_went_and_what_is_another() {
    let before = Catalogue::new(vec![draft("a"), draft("b"), draft("c")]).unwrap();
    let reworded = Draft { title: "Three for two".into(), ..draft("b") };
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
