//! What a customer says about themselves.

use model::{Dial, FenceId, Jurisdiction, MerchantId, Profile};
use wire::{Decoder, Envelope, Flaw, Limits, ProfileChange, encode_profile};

fn read(body: &str) -> Result<ProfileChange, Flaw> {
    let envelope = Envelope { customer: "anna", device: "", body: body.as_bytes() };
    Decoder::new(Limits::default()).profile(&envelope)
}

fn full() -> Profile {
    Profile {
        lang: Some("de-AT".into()),
        tz: Some("Europe/Vienna".into()),
        minor: true,
        residence: Jurisdiction::new("AT-9").ok(),
        phone_region: Jurisdiction::new("DE").ok(),
        favourites: vec![FenceId::new("Harbour St / 17").unwrap()],
        categories: vec!["coffee".into(), "tea".into()],
        segments: vec![(MerchantId::new("books").unwrap(), "gold".into())],
        dial: Dial {
            per_week: Some(0),
            quiet: Some((1_320, 485)),
            muted_merchants: vec![MerchantId::new("loud").unwrap()],
            muted_fences: vec![FenceId::new("near home").unwrap()],
        },
    }
}

#[test]
fn a_profile_goes_there_and_back() {
    for profile in [Profile::default(), full()] {
        let body = encode_profile(&profile);
        let change = read(std::str::from_utf8(&body).unwrap()).unwrap();
        assert_eq!(change.clone().applied_to(Profile::default()), profile);
        assert_eq!(change.applied_to(full()), profile, "what is blank is cleared");
    }
}

#[test]
fn what_is_absent_stays_and_what_is_null_goes() {
    let check = |body: &str, then: Profile| {
        assert_eq!(read(body).unwrap().applied_to(full()), then, "{body}");
    };
    check(r#"{"v":1}"#, full());
    check(r#"{"v":1,"lang":null,"minor":null}"#, Profile { lang: None, minor: false, ..full() });
    check(r#"{"v":1,"residence":"US-WA"}"#, Profile { residence: Jurisdiction::new("US-WA").ok(), ..full() });
    check(
        r#"{"v":1,"residence":null,"phone_region":null}"#,
        Profile { residence: None, phone_region: None, ..full() },
    );
    check(r#"{"v":1,"categories":["tea","tea"]}"#, Profile { categories: vec!["tea".into()], ..full() });
    check(r#"{"v":1,"favourites":null}"#, Profile { favourites: vec![], ..full() });
    check(
        r#"{"v":1,"dial":{"per_week":5}}"#,
        Profile { dial: Dial { per_week: Some(5), ..full().dial }, ..full() },
    );
    check(r#"{"v":1,"dial":null}"#, Profile { dial: Dial::default(), ..full() });
}

#[test]
fn c05_what_has_no_meaning_is_refused() {
    let check = |body: &str, flaw: Flaw| assert_eq!(read(body), Err(flaw), "{body}");
    check(r#"{"v":1,"dial":{"per_week":6}}"#, Flaw::Malformed);
    check(r#"{"v":1,"dial":{"per_week":-1}}"#, Flaw::Malformed);
    check(r#"{"v":1,"dial":{"per_week":"2"}}"#, Flaw::Malformed);
    for quiet in ["22:00", "22-08", "22:60-08:00", "25:00-08:00", "08:00-08:00", "24:00-08:00", "9:00-10:00"]
    {
        check(&format!(r#"{{"v":1,"dial":{{"quiet":"{quiet}"}}}}"#), Flaw::Malformed);
    }
    check(r#"{"v":1,"favourites":[""]}"#, Flaw::BadId);
    check(r#"{"v":1,"favourites":"one"}"#, Flaw::Malformed);
    check(r#"{"v":1,"segments":{"a b":["gold"]}}"#, Flaw::BadId);
    check(r#"{"v":1,"categories":["a\u0000b"]}"#, Flaw::Malformed);
    for place in [r#""us""#, r#""USA""#, r#""UK""#, r#""""#, "7", r#"["US"]"#] {
        check(&format!(r#"{{"v":1,"residence":{place}}}"#), Flaw::Malformed);
        check(&format!(r#"{{"v":1,"phone_region":{place}}}"#), Flaw::Malformed);
    }
    check(r#"{"v":1,"lang":7}"#, Flaw::Malformed);
    check(r#"{"v":1,"lang":"de","lang":"en"}"#, Flaw::Malformed);
    check(r#"{"v":2}"#, Flaw::UnknownVersion);
    check(r#"{"lang":"de"}"#, Flaw::UnknownFormat);
    check(r#"[1]"#, Flaw::UnknownFormat);
    let many: Vec<String> = (0..65).map(|i| format!("\"c{i}\"")).collect();
    check(&format!(r#"{{"v":1,"categories":[{}]}}"#, many.join(",")), Flaw::TooMany);
}

#[test]
fn v05_what_only_a_backend_may_say_is_ignored_and_counted_when_a_customer_says_it() {
    let body = br#"{"v":1,"lang":"en","minor":false,"residence":"US-TX","phone_region":null}"#;
    let mut decoder = Decoder::new(Limits::default());
    let change = decoder.own_profile(&Envelope { customer: "anna", device: "", body }).unwrap();
    assert_eq!(change.applied_to(full()), Profile { lang: Some("en".into()), ..full() });
    assert_eq!(decoder.n_unexpected(), 2);
}

#[test]
fn p27_a_profile_that_names_somebody_else_is_refused() {
    assert_eq!(read(r#"{"v":1,"customer":"bert","lang":"de"}"#), Err(Flaw::IdentityMismatch));
}
