//! Signals on the wire: they name no purpose, and what somebody wrote is shown nowhere.

use consent_gate::{Actor, EventId, Signal, SignalKind};
use model::{MerchantId, Timestamp};
use wire::{ConsentLetter, Decoder, Envelope, Flaw, Limits, consent_file, encode_signal};

const GPC: &str = r#"{"v":1,"event_id":"e1","merchant":"books","kind":"gpc","actor":"self","method":"gpc"}"#;
const REPLY: &str = r#"{"v":1,"event_id":"e2","kind":"reply","reply":"Stop please","actor":"self"}"#;

fn decode(body: &str) -> Result<ConsentLetter, Flaw> {
    let envelope = Envelope { customer: "c1", device: "", body: body.as_bytes() };
    Decoder::new(Limits::default()).consent_letter(&envelope)
}

fn signal(kind: SignalKind, merchant: Option<&str>, evidence_at: Option<i64>) -> Signal {
    Signal {
        id: EventId::new("e1").unwrap(),
        merchant: merchant.map(|id| MerchantId::new(id).unwrap()),
        kind,
        actor: Actor::Own,
        evidence_at: evidence_at.map(Timestamp::from_unix_ms),
        app: None,
    }
}

#[test]
fn a_written_signal_is_read_back() {
    let reply = SignalKind::Reply("Stop, \"please\"\nthanks 👍".into());
    for signal in [
        signal(SignalKind::Gpc, Some("books"), Some(1_763_748_000_123)),
        signal(SignalKind::Gpc, None, None),
        signal(reply, None, None),
    ] {
        let body = String::from_utf8(encode_signal(&signal)).unwrap();
        assert_eq!(decode(&body), Ok(ConsentLetter::Signal(signal)));
    }
}

#[test]
fn the_method_of_a_signal_may_be_left_out_and_is_no_other() {
    for (from, body, to) in [("gpc", GPC, ""), ("gpc", GPC, r#","method":null"#)] {
        let body = body.replace(&format!(r#","method":"{from}""#), to);
        assert!(matches!(decode(&body), Ok(ConsentLetter::Signal(_))), "{body}");
    }
    assert_eq!(
        decode(&GPC.replace(r#""method":"gpc""#, r#""method":"sms_reply""#)),
        Err(Flaw::UnknownMethod)
    );
    assert_eq!(decode(&REPLY.replace('}', r#","method":"toggle"}"#)), Err(Flaw::UnknownMethod));
}

#[test]
fn a_signal_that_names_a_purpose_an_end_or_a_notice_means_something_else_and_is_told_so() {
    for extra in [r#""purpose":"location""#, r#""until":1763748000123"#, r#""notice":{}"#] {
        assert_eq!(
            decode(&GPC.replace('}', &format!(",{extra}}}"))).unwrap_err(),
            Flaw::Malformed,
            "{extra}"
        );
    }
    assert_eq!(decode(&REPLY.replace(r#""reply":"Stop please","#, "")), Err(Flaw::MissingField("reply")));
    assert_eq!(decode(&REPLY.replace(r#""Stop please""#, "7")), Err(Flaw::Malformed));
    assert_eq!(decode(&GPC.replace("books", "b/ooks")), Err(Flaw::BadId));
    assert_eq!(decode(&GPC.replace(r#""actor":"self","#, "")), Err(Flaw::MissingField("actor")));
    assert_eq!(decode(&GPC.replace(r#""event_id":"e1","#, "")), Err(Flaw::MissingField("event_id")));
    assert_eq!(decode(&GPC.replace('}', r#","customer":"c2"}"#)), Err(Flaw::IdentityMismatch));
}

#[test]
fn a_signal_is_no_event_where_only_events_are_read() {
    let envelope = Envelope { customer: "c1", device: "", body: GPC.as_bytes() };
    assert_eq!(Decoder::new(Limits::default()).consent(&envelope), Err(Flaw::UnknownKind));
    let line = GPC.replace('}', r#","customer":"c1","received_at":1763748000123}"#);
    assert!(consent_file::read(line.as_bytes()).next().unwrap().is_err());
}

#[test]
fn what_somebody_wrote_is_shown_in_no_log() {
    assert!(!format!("{:?}", decode(REPLY)).contains("please"));
}
