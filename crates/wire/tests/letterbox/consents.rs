//! Consent events and their answers, on the wire and in files.

use consent_gate::{Block, ConsentEvent, ConsentKind, Method, Purpose};
use model::{CustomerId, Timestamp};
use wire::{
    Acknowledgement, Decoder, Envelope, Flaw, Limits, consent_file, encode_ack, encode_confirmation,
    encode_consent, token_hash,
};

use crate::common::{NOW, grant};

const GRANT: &str = r#"{"v":1,"event_id":"e1","merchant":"books","purpose":"location","kind":"grant","actor":"self","method":"toggle","notice":{"id":"n1","version":3,"lang":"en","sha256":"abababababababababababababababababababababababababababababababab","shown_at":1763748000123},"evidence_ts":1763748000123}"#;

fn decode(body: &[u8]) -> Result<ConsentEvent, Flaw> {
    Decoder::new(Limits::default()).consent(&Envelope { customer: "c1", device: "", body })
}

/// The grant with one piece of its text replaced.
#[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
fn check(from: &str, to: &str, becomes: Result<ConsentEvent, Flaw>) {
    let body = GRANT.replace(from, to);
    assert!(from.is_empty() || body != GRANT, "{from} is not in the grant");
    assert_eq!(decode(body.as_bytes()), becomes, "{body}");
}

fn check_flaw(from: &str, to: &str, flaw: Flaw) {
    check(from, to, Err(flaw));
}

#[test]
fn a_grant_is_read_and_written_field_by_field() {
    check("", "", Ok(grant()));
    assert_eq!(String::from_utf8(encode_consent(&grant())).unwrap(), GRANT);
}

#[test]
fn every_kind_and_purpose_is_read() {
    let until = Some(Timestamp::from_unix_ms(1_763_751_600_000));
    let token = token_hash("K7-QX");
    let kinds = [
        ("show", ConsentKind::Show),
        ("grant", ConsentKind::Grant { until, confirm: None }),
        ("confirm\",\"token\":\"K7-QX", ConsentKind::Confirm { token }),
        ("refuse", ConsentKind::Refuse),
        ("withdraw", ConsentKind::Withdraw),
        ("pause", ConsentKind::Pause { until }),
        ("resume", ConsentKind::Resume),
        ("supersede", ConsentKind::Supersede),
        ("block\",\"reason\":\"minor", ConsentKind::Block { why: Block::Minor }),
        ("block\",\"reason\":\"legal", ConsentKind::Block { why: Block::Legal }),
        ("unblock", ConsentKind::Unblock),
    ];
    for (word, kind) in kinds {
        let to = format!(r#""kind":"{word}","until":"2025-11-21T19:00:00Z""#);
        check(r#""kind":"grant""#, &to, Ok(ConsentEvent { kind, ..grant() }));
    }
    let event = ConsentEvent { purpose: Purpose::OffersPush, ..grant() };
    check(r#""location""#, r#""offers.push""#, Ok(event));
    for purpose in Purpose::ALL {
        let event = ConsentEvent { purpose, ..grant() };
        assert_eq!(decode(&encode_consent(&event)), Ok(event));
    }
    let event = ConsentEvent { app: Some("7.2.1".into()), ..grant() };
    check("{\"v\"", r#"{"app_version":"7.2.1","v""#, Ok(event));
    check("{\"v\"", r#"{"until":null,"v""#, Ok(grant()));
}

#[test]
fn a_grant_without_notice_is_read_for_the_gate_to_refuse() {
    let bare = ConsentEvent { notice: None, evidence_at: None, ..grant() };
    let (head, _) = GRANT.split_once(r#","notice""#).unwrap();
    assert_eq!(decode(format!("{head}}}").as_bytes()), Ok(bare.clone()));
    assert_eq!(decode(format!(r#"{head},"notice":null,"evidence_ts":null}}"#).as_bytes()), Ok(bare));
}

#[test]
fn v04_what_this_version_does_not_know_is_named() {
    check_flaw(r#""location""#, r#""astrology""#, Flaw::UnknownPurpose);
    check_flaw(r#""location""#, r#""Location""#, Flaw::UnknownPurpose);
    check_flaw(r#""grant""#, r#""agree""#, Flaw::UnknownKind);
    check_flaw(r#""grant""#, r#""GRANT""#, Flaw::UnknownKind);
    check_flaw(r#""self""#, r#""own""#, Flaw::UnknownActor);
    check_flaw(r#""toggle""#, r#""telepathy""#, Flaw::UnknownMethod);
    check_flaw(r#""v":1"#, r#""v":2"#, Flaw::UnknownVersion);
    check_flaw(r#""v":1,"#, "", Flaw::UnknownFormat);
}

#[test]
fn v04_missing_evidence_is_named() {
    for (member, field) in [
        (r#""event_id":"e1","#, "event_id"),
        (r#""merchant":"books","#, "merchant"),
        (r#""purpose":"location","#, "purpose"),
        (r#""kind":"grant","#, "kind"),
        (r#""actor":"self","#, "actor"),
        (r#""method":"toggle","#, "method"),
        (r#""id":"n1","#, "notice.id"),
        (r#""version":3,"#, "notice.version"),
        (r#""lang":"en","#, "notice.lang"),
        (r#","shown_at":1763748000123"#, "notice.shown_at"),
    ] {
        check_flaw(member, "", Flaw::MissingField(field));
    }
    let sha256 = format!(r#""sha256":"{}","#, "ab".repeat(32));
    check_flaw(&sha256, "", Flaw::MissingField("notice.sha256"));
}

#[test]
fn v04_a_notice_that_proves_nothing_is_refused() {
    let sha256 = "ab".repeat(32);
    check_flaw(&sha256, "", Flaw::BadNotice);
    check_flaw(&sha256, &"ab".repeat(31), Flaw::BadNotice);
    check_flaw(&sha256, &"zz".repeat(32), Flaw::BadNotice);
    check(&sha256, &"AB".repeat(32), Ok(grant()));
    check_flaw(r#""version":3"#, r#""version":-1"#, Flaw::BadNotice);
    check_flaw(r#""version":3"#, r#""version":4294967296"#, Flaw::BadNotice);
    check_flaw(r#""version":3"#, r#""version":"3""#, Flaw::BadNotice);
    check_flaw(r#""n1""#, r#""""#, Flaw::BadNotice);
    check_flaw(r#""n1""#, &format!("{:?}", "n".repeat(257)), Flaw::BadNotice);
    check_flaw(r#""en""#, r#""e\nn""#, Flaw::BadNotice);
    check_flaw(r#"3,"lang""#, r#"3,"shown_at":1,"lang""#, Flaw::Malformed);
    let (head, _) = GRANT.split_once(r#""notice""#).unwrap();
    for notice in [r#""shown""#, "[]", "1", r#"["n1",3,"en","",1]"#] {
        assert_eq!(decode(format!(r#"{head}"notice":{notice}}}"#).as_bytes()), Err(Flaw::Malformed));
    }
}

#[test]
fn k11_instants_of_evidence_are_checked_like_any() {
    check_flaw(r#""shown_at":1763748000123"#, r#""shown_at":1763748000"#, Flaw::BadUnit);
    check_flaw(r#""evidence_ts":1763748000123"#, r#""evidence_ts":"2026-02-30T00:00:00Z""#, Flaw::BadTime);
    check_flaw(r#""kind":"grant""#, r#""kind":"grant","until":-1"#, Flaw::BadTime);
    check_flaw(r#""kind":"grant""#, r#""kind":"grant","until":true"#, Flaw::Malformed);
}

#[test]
fn t02_ids_of_an_event_obey_their_rules() {
    for bad in ["", "a b", "a/b", &"x".repeat(65)] {
        check_flaw(r#""e1""#, &format!("{bad:?}"), Flaw::BadId);
        check_flaw(r#""books""#, &format!("{bad:?}"), Flaw::BadId);
    }
}

#[test]
fn p03_p11_p13_broken_events_are_refused_like_broken_fixes() {
    assert_eq!(decode(b""), Err(Flaw::Empty));
    assert_eq!(decode(b"[1,\"e1\",\"books\"]"), Err(Flaw::UnknownFormat));
    assert_eq!(decode(format!("{GRANT}}}").as_bytes()), Err(Flaw::Malformed));
    check_flaw(r#""e1""#, r#""e1","event_id":"e2""#, Flaw::Malformed);
    check_flaw(r#""e1""#, r#""e1","unused":"\uD800""#, Flaw::Malformed);
    check_flaw(r#""e1""#, "1", Flaw::Malformed);
    check(r#""e1""#, r#""e1","unused":["x"]"#, Ok(grant()));
}

#[test]
fn p15_an_event_above_the_limit_is_too_large() {
    let len_max = Limits::default().consent_bytes_max;
    let padded = |len: usize| format!("{GRANT}{}", " ".repeat(len - GRANT.len()));
    assert_eq!(decode(padded(len_max).as_bytes()), Ok(grant()));
    assert_eq!(decode(padded(len_max + 1).as_bytes()), Err(Flaw::TooLarge));
}

#[test]
fn p27_an_event_for_somebody_else_is_refused() {
    for key in ["customer", "customer_id"] {
        check("{\"v\"", &format!(r#"{{"{key}":"c1","v""#), Ok(grant()));
        check_flaw("{\"v\"", &format!(r#"{{"{key}":"c2","v""#), Flaw::IdentityMismatch);
    }
    // Consent belongs to the customer; any of their phones may have asked.
    check("{\"v\"", r#"{"device":"d9","v""#, Ok(grant()));
}

#[test]
fn p28_claims_of_power_are_counted_and_consent_opens_nothing() {
    let mut decoder = Decoder::new(Limits::default());
    let body = GRANT.replace("{\"v\"", r#"{"admin":true,"priority":1,"v""#);
    let envelope = Envelope { customer: "c1", device: "", body: body.as_bytes() };
    assert_eq!(decoder.consent(&envelope), Ok(grant()));
    assert_eq!((decoder.n_unexpected(), decoder.n_opened()), (2, 0));
}

#[test]
fn the_name_of_an_event_is_read_although_the_rest_cannot_be() {
    let decoder = Decoder::new(Limits::default());
    let id = |body: &str| {
        let envelope = Envelope { customer: "c1", device: "", body: body.as_bytes() };
        decoder.event_id(&envelope).map(|id| id.as_str().to_owned())
    };
    for mistyped in
        [GRANT.replace("grant", "witdraw"), GRANT.replace(":1,", ":9,"), GRANT.replace("books", "")]
    {
        assert_eq!(id(&mistyped).as_deref(), Some("e1"), "{mistyped}");
    }
    for nameless in [
        GRANT.replace("\"e1\"", "1"),
        GRANT.replace("\"e1\"", "\"\""),
        GRANT[..GRANT.len() - 1].to_owned(),
        String::new(),
        GRANT.to_owned() + &" ".repeat(16 << 10),
    ] {
        assert_eq!(id(&nameless), None, "{nameless}");
    }
}

#[test]
fn an_answer_goes_there_and_back() {
    let answer = Acknowledgement {
        event_id: "e1".into(),
        merchant: "books".into(),
        purpose: "location".into(),
        state: "granted".into(),
        effect: "applied".into(),
        epoch: 7,
        missing: Vec::new(),
        withdrawn: Vec::new(),
    };
    let body = encode_ack(&answer);
    let written = r#"{"v":1,"event_id":"e1","merchant":"books","purpose":"location","state":"granted","effect":"applied","epoch":7}"#;
    assert_eq!(String::from_utf8(body.clone()).unwrap(), written);
    assert_eq!(Acknowledgement::decode(&body), Ok(answer));
    assert_eq!(Acknowledgement::decode(b"{\"v\":1}"), Err(Flaw::MissingField("event_id")));
    assert_eq!(Acknowledgement::decode(&body[1..]), Err(Flaw::UnknownFormat));
    let negative = written.replace('7', "-1");
    assert_eq!(Acknowledgement::decode(negative.as_bytes()), Err(Flaw::Malformed));
}

#[test]
fn the_fields_that_an_answer_misses_go_there_and_back() {
    let answer = Acknowledgement {
        event_id: "e1".into(),
        merchant: "books".into(),
        purpose: "offers.sms".into(),
        state: "unchanged".into(),
        effect: "no_evidence".into(),
        epoch: 0,
        missing: vec!["notice".into(), "confirm_sha256".into()],
        withdrawn: Vec::new(),
    };
    let body = String::from_utf8(encode_ack(&answer)).unwrap();
    assert!(body.ends_with(r#""epoch":0,"missing":["notice","confirm_sha256"]}"#), "{body}");
    assert_eq!(Acknowledgement::decode(body.as_bytes()), Ok(answer));
    let twice = body.replace("{\"v\"", r#"{"missing":["notice"],"v""#);
    assert_eq!(Acknowledgement::decode(twice.as_bytes()), Err(Flaw::Malformed));
}

#[test]
fn of_a_token_only_its_hash_is_known() {
    let hash = token_hash("K7-QX");
    // printf K7-QX | sha256sum
    assert_eq!(hash.to_hex(), "57a2e41639935495f7e10c88dd2537795fee8a699a96c74f2b7f8d71a71dc430");
    let awaited = ConsentKind::Grant { until: None, confirm: Some(hash) };
    let to = format!(r#""grant","confirm_sha256":"{}""#, hash.to_hex().to_uppercase());
    check(r#""grant""#, &to, Ok(ConsentEvent { kind: awaited, ..grant() }));
    let confirmation = ConsentEvent { kind: ConsentKind::Confirm { token: hash }, notice: None, ..grant() };
    let sent = encode_confirmation(&confirmation, "K7-QX");
    assert_eq!(decode(&sent), Ok(confirmation.clone()));
    assert!(!format!("{confirmation:?}").contains("K7-QX"));
    let written = String::from_utf8(encode_consent(&confirmation)).unwrap();
    assert!(written.contains(&hash.to_hex()) && !written.contains("K7-QX"), "{written}");
}

#[test]
fn v04_a_door_takes_no_hash_for_the_token_and_a_file_does() {
    let hash = token_hash("K7-QX");
    let confirmation = ConsentEvent { kind: ConsentKind::Confirm { token: hash }, ..grant() };
    assert_eq!(decode(&encode_consent(&confirmation)), Err(Flaw::MissingField("token")));
    let mut file = Vec::new();
    consent_file::write(&CustomerId::new("c1").unwrap(), NOW, &confirmation, &mut file).unwrap();
    assert_eq!(consent_file::read(&file[..]).next().unwrap().unwrap().event, confirmation);
}

#[test]
fn v04_what_an_event_of_its_kind_lacks_is_named() {
    check_flaw(r#""grant""#, r#""confirm""#, Flaw::MissingField("token"));
    check_flaw(r#""grant""#, r#""block""#, Flaw::MissingField("reason"));
    let (head, _) = GRANT.split_once(r#","notice""#).unwrap();
    let body = format!("{head}}}").replace("grant", "supersede");
    assert_eq!(decode(body.as_bytes()), Err(Flaw::MissingField("notice")));
    check_flaw(r#""grant""#, r#""block","reason":"mood""#, Flaw::UnknownReason);
    for bad in [r#""confirm","token":"""#.to_owned(), format!(r#""confirm","token":"{}""#, "x".repeat(257))] {
        check_flaw(r#""grant""#, &bad, Flaw::BadToken);
    }
    check_flaw(r#""grant""#, r#""grant","confirm_sha256":"abc""#, Flaw::BadToken);
    check_flaw(r#""grant""#, r#""grant","confirm_sha256":7"#, Flaw::Malformed);
    check_flaw(r#""grant""#, r#""confirm","token":7"#, Flaw::Malformed);
    check_flaw(r#""toggle""#, r#""toggle","app_version":"""#, Flaw::Malformed);
}

#[test]
fn v05_a_global_privacy_control_is_read_as_the_method_that_it_is() {
    let event = ConsentEvent { method: Method::Gpc, ..grant() };
    check(r#""toggle""#, r#""gpc""#, Ok(event.clone()));
    assert!(!event.missing(consent_gate::OptIn::Single, NOW).is_nothing(), "it never says yes");
}

fn line(customer: &str) -> String {
    GRANT
        .replace('{', r#"{"customer":"C","received_at":"2025-11-21T18:00:01Z","#)
        .replacen('C', customer, 1)
        .replace(r#""notice":{"customer":"C","received_at":"2025-11-21T18:00:01Z","#, r#""notice":{"#)
}

#[test]
fn v08_bad_lines_of_a_file_are_named_and_line_ends_do_not_matter() {
    let nobody = GRANT.to_owned();
    let timeless = line("c1").replace(r#""received_at":"2025-11-21T18:00:01Z","#, "");
    let text = format!("\u{FEFF}{}\r\n\r\n{nobody}\r\n{timeless}\nnonsense\n{}", line("c1"), line("c2"));
    let found: Vec<String> = consent_file::read(text.as_bytes())
        .map(|item| match item {
            Ok(found) => {
                assert_eq!(found.event, grant());
                assert_eq!(found.received_at, Timestamp::from_unix_ms(1_763_748_001_000));
                format!("{} {}", found.line, found.customer.as_str())
            }
            Err(error) => error.to_string(),
        })
        .collect();
    let told = [
        "1 c1",
        "line 3: missing_field customer",
        "line 4: missing_field received_at",
        "line 5: unknown_format",
        "6 c2",
    ];
    assert_eq!(found, told);
}

#[test]
fn v08_a_line_of_a_file_is_also_a_payload_of_its_customer() {
    let found = consent_file::read(line("c1").as_bytes()).next().unwrap().unwrap();
    let envelope = Envelope { customer: "c1", device: "", body: found.text.as_bytes() };
    assert_eq!(Decoder::new(Limits::default()).consent(&envelope), Ok(grant()));
}

#[test]
fn v08_endless_and_broken_lines_are_flaws_of_their_own() {
    let long = "x".repeat(300_000);
    let wide = line("c1").replace("books\"", &format!("books\",\"pad\":\"{}\"", "x".repeat(20_000)));
    let text = [long.as_bytes(), b"\n", wide.as_bytes(), b"\n\xFF\xFE\n", line("c1").as_bytes()].concat();
    let words: Vec<String> = consent_file::read(&text[..])
        .map(|item| item.map_or_else(|e| e.to_string(), |_| "ok".into()))
        .collect();
    assert_eq!(words, ["line 1: too_large", "line 2: too_large", "line 3: unknown_format", "ok"]);
    assert_eq!(consent_file::read(&b""[..]).count(), 0);
}

#[test]
fn a_written_file_reads_the_same() {
    let mut file = Vec::new();
    let customer = CustomerId::new("c1").unwrap();
    consent_file::write(&customer, NOW, &grant(), &mut file).unwrap();
    let found = consent_file::read(&file[..]).next().unwrap().unwrap();
    assert_eq!((found.customer, found.received_at, found.event), (customer, NOW, grant()));
}
