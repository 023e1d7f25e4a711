//! Topics: who speaks to whom.

use wire::{Flaw, Topic, Topics};

fn check(topic: &str, says: Result<Topic<'_>, Flaw>) {
    assert!(Topics::default().parse(topic) == says, "{topic:?}");
}

#[test]
fn every_topic_is_read_as_it_is_written() {
    let topics = Topics::new("shop/eu/");
    let (customer, device) = ("c1", "d_2-X");
    let cases = [
        (topics.fix(customer, device), Topic::Fix { customer, device }),
        (topics.batch(), Topic::Batch),
        (topics.consent(customer), Topic::Consent { customer }),
        (topics.profile(customer), Topic::Profile { customer }),
        (topics.shadow(), Topic::Shadow),
        (topics.consent_ack(customer), Topic::ConsentAck { customer }),
        (topics.consent_reminder(customer), Topic::ConsentReminder { customer }),
        (topics.feedback(customer, device), Topic::Feedback { customer, device }),
        (topics.offer(customer, device), Topic::Offer { customer, device }),
        (topics.status("stile-1"), Topic::Status { instance: "stile-1" }),
        (topics.dead(), Topic::Dead),
    ];
    for (written, says) in cases {
        assert!(topics.parse(&written) == Ok(says), "{written}");
        assert!(Topics::default().parse(&written) == Err(Flaw::UnknownTopic), "{written}");
    }
    assert_eq!(topics.fix("c1", "d1"), "shop/eu/c1/d1/fix");
    assert_eq!(topics.prefix(), "shop/eu");
}

#[test]
fn subscriptions_cover_what_comes_in_and_nothing_else() {
    let topics = Topics::default();
    let inbound = [
        "stile/v1/+/+/fix",
        "stile/v1/batch",
        "stile/v1/+/consent",
        "stile/v1/+/+/feedback",
        "stile/v1/+/profile",
    ];
    assert_eq!(topics.inbound(), inbound);
    assert_eq!(topics.every_offer(), "stile/v1/+/+/offer");
    assert_eq!(topics.every_consent_ack(), "stile/v1/+/consent/ack");
    assert_eq!(topics.offers_of("c1"), "stile/v1/c1/+/offer");
}

#[test]
fn t02_a_name_that_is_no_id_is_a_bad_id() {
    let long = "x".repeat(65);
    let names = [
        "",
        "a/b",
        "a.b",
        "a b",
        "$a",
        "a\0",
        "a\n",
        "😀",
        "\u{202E}abc",
        "..",
        "a%2Fb",
        "аbc",
        "e\u{301}",
        "anna@example.org",
        "+",
        "#",
        "a+",
        &long,
    ];
    for name in names {
        check(&format!("stile/v1/{name}/d1/fix"), Err(Flaw::BadId));
        check(&format!("stile/v1/c1/{name}/fix"), Err(Flaw::BadId));
        check(&format!("stile/v1/c1/{name}/feedback"), Err(Flaw::BadId));
        check(&format!("stile/v1/{name}/consent"), Err(Flaw::BadId));
    }
}

#[test]
fn t02_reserved_names_are_bad_ids() {
    for customer in ["sys", "batch", "batch-pb"] {
        check(&format!("stile/v1/{customer}/d1/fix"), Err(Flaw::BadId));
        check(&format!("stile/v1/{customer}/consent"), Err(Flaw::BadId));
    }
    check("stile/v1/c1/consent/fix", Err(Flaw::BadId));
    check("stile/v1/c1/consent/consent", Err(Flaw::BadId));
}

#[test]
fn t03_other_shapes_are_unknown() {
    for topic in [
        "stile/v1/c1/d1/fix/",
        "/stile/v1/c1/d1/fix",
        "stile/v2/c1/d1/fix",
        "STILE/V1/c1/d1/fix",
        "stile/v1/c1/d1/FIX",
        "stile/v1/c1/d1",
        "stile/v1/c1/fix",
        "stile/v1/fix",
        "stile/v1/",
        "stile/v1",
        "stile/v10/batch",
        "stile/v1/batch/",
        "stile/v1/batches",
        "stile/v1/batch-pb",
        "stile/v1/sys/dead/letters",
        "stile/v1/c1/consent/",
        "stile/v1/c1/consent/ack/",
        "stile/v1/c1/d1/offers",
        "owntracks/anna/phone",
        "$SYS/broker/uptime",
        "",
    ] {
        check(topic, Err(Flaw::UnknownTopic));
    }
}

#[test]
fn t04_names_that_differ_by_case_are_two_names() {
    check("stile/v1/c1/Phone/fix", Ok(Topic::Fix { customer: "c1", device: "Phone" }));
    check("stile/v1/c1/phone/fix", Ok(Topic::Fix { customer: "c1", device: "phone" }));
}

#[test]
fn t05_topics_of_the_engine_are_told_from_those_of_devices() {
    check("stile/v1/c1/d1/offer", Ok(Topic::Offer { customer: "c1", device: "d1" }));
    check("stile/v1/c1/consent/ack", Ok(Topic::ConsentAck { customer: "c1" }));
    check("stile/v1/sys/stile-1/status", Ok(Topic::Status { instance: "stile-1" }));
    check("stile/v1/sys/dead", Ok(Topic::Dead));
}

#[test]
fn t06_no_two_pairs_of_names_share_a_topic() {
    check("stile/v1/a-b/c/fix", Ok(Topic::Fix { customer: "a-b", device: "c" }));
    check("stile/v1/a/b-c/fix", Ok(Topic::Fix { customer: "a", device: "b-c" }));
    check("stile/v1/anna@example.org/phone/fix", Err(Flaw::BadId));
    check("stile/v1/anna.b/phone/fix", Err(Flaw::BadId));
}

#[test]
fn debug_shows_the_shape_and_no_names() {
    assert_eq!(format!("{:?}", Topic::Consent { customer: "anna" }), "Consent");
}
