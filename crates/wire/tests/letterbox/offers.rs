//! Offers out, and feedback on them in.

use model::{
    CustomerId, DeviceId, FenceId, MerchantId, Notification, NotificationId, OfferId, Timestamp,
    TransitionKind, VisitId, Words,
};
use wire::{
    Decoder, Envelope, Feedback, FeedbackKind, Flaw, Limits, decode_offer, encode_feedback, encode_offer,
};

use crate::common::NOW;

pub(crate) fn notification() -> Notification {
    let (customer, device) = (CustomerId::new("anna").unwrap(), DeviceId::new("phone").unwrap());
    let (fence, offer) = (FenceId::new("corner books").unwrap(), OfferId::new("ten-percent").unwrap());
    let visit = VisitId::of(&customer, &device, &fence, NOW);
    Notification {
        id: NotificationId::of(visit, &offer),
        customer,
        device,
        offer,
        merchant: MerchantId::new("books").unwrap(),
        fence,
        channel: model::Channel::Sms,
        store: "Corner \"Books\"".into(),
        visit,
        trigger: TransitionKind::Dwell,
        triggered_at: NOW,
        issued_at: NOW,
        expires_at: Timestamp::from_unix_ms(1_763_749_800_000),
        words: Words {
            title: "Ten percent off".into(),
            body: "On every novel\nuntil six.".into(),
            link: Some("https://books.example/ten?a=1&b=2".into()),
            why: "Because you asked for offers near Corner Books.".into(),
        },
    }
}

#[test]
fn an_offer_has_exactly_the_keys_of_the_contract() {
    let offer: serde_json::Value = serde_json::from_slice(&encode_offer(&notification())).unwrap();
    let mut keys: Vec<&String> = offer.as_object().unwrap().keys().collect();
    keys.sort();
    let contract = [
        "body",
        "channel",
        "controls",
        "expires_at",
        "fence",
        "issued_at",
        "link",
        "merchant",
        "offer",
        "offer_id",
        "store",
        "title",
        "v",
        "why",
    ];
    assert_eq!(keys, contract);
    assert_eq!(offer["issued_at"], "2025-11-21T18:00:00.123Z");
    assert_eq!(offer["expires_at"], "2025-11-21T18:30:00.000Z");
    assert_eq!(offer["controls"]["too_often"]["kind"], "too_often");
    assert_eq!(offer["controls"]["stop"]["kind"], "withdraw");
    assert_eq!(offer["controls"]["pause"]["purpose"], "offers.sms");
}

#[test]
fn an_offer_names_neither_customer_nor_device() {
    let text = String::from_utf8(encode_offer(&notification())).unwrap();
    assert!(!text.contains("anna") && !text.contains("phone"));
}

#[test]
fn an_offer_goes_there_and_back() {
    for link in [None, Some("stile://x".to_owned())] {
        let mut sent = notification();
        sent.words.link = link;
        let got = decode_offer(&encode_offer(&sent)).unwrap();
        assert_eq!((got.id, &got.offer, &got.merchant), (sent.id, &sent.offer, &sent.merchant));
        assert_eq!((&got.fence, &got.store, &got.words), (&sent.fence, &sent.store, &sent.words));
        assert_eq!((got.issued_at, got.expires_at), (sent.issued_at, sent.expires_at));
    }
}

#[test]
fn an_instant_beyond_the_calendar_is_written_as_its_edge() {
    let sent = Notification { issued_at: Timestamp::MIN, expires_at: Timestamp::MAX, ..notification() };
    let text = String::from_utf8(encode_offer(&sent)).unwrap();
    assert!(text.contains("1970-01-01T00:00:00.000Z") && text.contains("9999-12-31T23:59:59.999Z"));
}

#[test]
fn the_controls_of_an_offer_are_messages_that_we_read() {
    let offer: serde_json::Value = serde_json::from_slice(&encode_offer(&notification())).unwrap();
    for (name, control) in offer["controls"].as_object().unwrap() {
        let kind = control["kind"].as_str().unwrap();
        match control["send"].as_str().unwrap() {
            "feedback" => assert_eq!(FeedbackKind::from_word(kind).unwrap().word(), name),
            "consent" => assert!(["pause", "withdraw"].contains(&kind)),
            other => panic!("{other} is no message"),
        }
    }
}

fn feedback(body: &str) -> Result<Feedback, Flaw> {
    let envelope = Envelope { customer: "c1", device: "d1", body: body.as_bytes() };
    Decoder::new(Limits::default()).feedback(&envelope)
}

#[test]
fn every_kind_of_feedback_goes_there_and_back() {
    for kind in FeedbackKind::ALL {
        for at in [None, Some(NOW)] {
            let said = Feedback { about: wire::About::Notification(notification().id), kind, at };
            let body = String::from_utf8(encode_feedback(&said)).unwrap();
            assert_eq!(feedback(&body), Ok(said));
        }
    }
}

#[test]
fn broken_feedback_is_refused_by_name() {
    let id = notification().id.0.to_string();
    let good = format!(r#"{{"v":1,"offer_id":"{id}","kind":"shown","ts":1763748000123}}"#);
    let check = |from: &str, to: &str, flaw: Flaw| {
        assert_eq!(feedback(&good.replacen(from, to, 1)), Err(flaw), "{from} -> {to}");
    };
    check("shown", "adored", Flaw::UnknownKind);
    check("\"shown\"", "7", Flaw::Malformed);
    check(&id, "no-such-id", Flaw::BadId);
    check(&id, &format!("+{}", &id[1..]), Flaw::BadId);
    check(&id, &id[1..], Flaw::BadId);
    check("\"v\":1", "\"v\":9", Flaw::UnknownVersion);
    check("\"v\":1,", "", Flaw::UnknownFormat);
    check("\"kind\"", "\"mind\"", Flaw::MissingField("kind"));
    check("\"offer_id\"", "\"offer\"", Flaw::MissingField("offer_id"));
    check("1763748000123", "1763748000", Flaw::BadUnit);
    check("{", "{\"customer\":\"c2\",", Flaw::IdentityMismatch);
    check("{", "{\"device\":\"d2\",", Flaw::IdentityMismatch);
    check("{", "[", Flaw::UnknownFormat);
    check("\"shown\"", "\"shown\",\"kind\":\"shown\"", Flaw::Malformed);
    assert_eq!(feedback(""), Err(Flaw::Empty));
    let len_max = Limits::default().consent_bytes_max;
    assert_eq!(feedback(&format!("{good}{}", " ".repeat(len_max))), Err(Flaw::TooLarge));
}

#[test]
fn p28_feedback_counts_claims_of_power_and_opens_nothing() {
    let id = notification().id.0.to_string();
    let body = format!(r#"{{"v":1,"offer_id":"{id}","kind":"opened","admin":true,"consent":true}}"#);
    let mut decoder = Decoder::new(Limits::default());
    let envelope = Envelope { customer: "c1", device: "d1", body: body.as_bytes() };
    assert!(decoder.feedback(&envelope).is_ok());
    assert_eq!((decoder.n_unexpected(), decoder.n_opened()), (2, 0));
}
