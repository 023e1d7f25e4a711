//! `faults.md` through the real door: sections P and T.

use std::time::Duration;

use server::mqtt::Version;

use crate::client::{BOTH, Client, Login, connect};
use crate::premises::Premises;
use crate::server::Server;
use crate::with_clients;
use crate::words::{consent, grants, inside, parse, record, stay};

/// A backend whose customer `c1` has agreed to everything.
async fn with_c1(server: &Server, version: Version) -> Client {
    let mut backend = connect(server.address(), version, "backend").await;
    for event in grants("c1") {
        assert!(backend.publish("stile/v1/c1/consent", event).await);
    }
    backend
}

#[test]
fn no_look_without_consent_refuses_garbage_unread() {
    with_clients(async {
        let premises = Premises::new(&[]);
        let server = Server::start(&premises, &[]);
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        let garbage = [&b""[..], b"{", b"\xff\xfe\x00", b"[1,2]", b"{\"v\":99}", &[b'x'; 65_536]];
        for payload in garbage {
            assert!(backend.publish("stile/v1/stranger/phone/fix", payload.to_vec()).await);
        }
        assert!(backend.publish("stile/v1/stranger/phone/fix", stay()).await);
        let batch = [
            record("stranger", "phone", &inside(5)),
            "{\"customer\":\"other\",\"device\":\"d\",GARBAGE}\n".into(),
        ];
        assert!(backend.publish("stile/v1/batch", batch.concat()).await);
        let status = server.status_when("all refused", |status| status["records"] == 9);
        assert_eq!(status["opened"], 0, "no payload was looked into");
        assert_eq!(status["refused"]["unknown_customer"], 9, "{status}");
        assert!(status["malformed"].as_object().unwrap().values().all(|n| n == 0), "{status}");
        // The decoder that counts is the one that reads: the same fix of somebody who agreed is opened.
        let mut c1 = with_c1(&server, Version::V5).await;
        assert!(c1.publish("stile/v1/c1/phone/fix", inside(5).to_string()).await);
        let status = server.status_when("used", |status| status["used"] == 1);
        assert_eq!(status["opened"], 1);
    });
}

#[test]
fn p15_a_byte_too_many_is_refused_and_the_connection_stays() {
    with_clients(async {
        for version in BOTH {
            let premises = Premises::new(&[]);
            let server = Server::start(&premises, &[]);
            let mut backend = with_c1(&server, version).await;
            let padded = |text: &str, len: usize| {
                let mut bytes = text.as_bytes().to_vec();
                bytes.resize(len, b' ');
                bytes
            };
            let fix = inside(5).to_string();
            assert!(backend.publish("stile/v1/c1/phone/fix", padded(&fix, 256 * 1_024 + 1)).await);
            assert!(backend.publish("stile/v1/c1/phone/fix", padded(&fix, 256 * 1_024)).await);
            let long = padded(&consent("long", "location", "withdraw"), 16 * 1_024 + 1);
            assert!(
                backend.publish("stile/v1/c1/consent", long).await,
                "it will never be of use: do not offer it again"
            );
            let feedback = padded("{}", 16 * 1_024 + 1);
            assert!(backend.publish("stile/v1/c1/phone/feedback", feedback).await);
            assert!(
                backend
                    .publish("stile/v1/batch", padded(&record("c1", "phone", &inside(4)), (1 << 20) + 1))
                    .await
            );
            let status = server.status_when("counted", |status| status["records"] == 3);
            assert_eq!(
                (&status["malformed"]["too_large"], &status["used"]),
                (&2.into(), &1.into()),
                "{status}"
            );
            assert_eq!(status["unusable"]["too_large"], 2, "{status}");
            assert!(backend.publish("stile/v1/c1/phone/fix", padded(&fix, (3 << 20) / 2)).await);
            assert!(backend.publish("stile/v1/c1/phone/fix", inside(3).to_string()).await);
            server.status_when("the next one is used", |status| status["used"] == 2);
            // Above 2 MiB the listener hangs up.
            backend.send("stile/v1/c1/phone/fix", 1, padded(&fix, (2 << 20) + 1)).await;
            backend.closed().await;
            let mut again = connect(server.address(), version, "backend").await;
            assert!(again.publish("stile/v1/c1/phone/fix", inside(2).to_string()).await);
            server.status_when("others go on", |status| status["used"] == 3);
        }
    });
}

#[test]
fn every_flaw_of_a_payload_is_counted_under_its_word() {
    with_clients(async {
        let premises = Premises::new(&[]);
        let server = Server::start(&premises, &[]);
        let mut backend = with_c1(&server, Version::V311).await;
        let ts = crate::words::now_ms();
        let cases: [(&str, &str, String); 12] = [
            ("P01", "empty", String::new()),
            ("P03", "malformed", r#"{"v":1,"ts":"#.into()),
            ("P04", "malformed", format!(r#"{{"v":1,"ts":{ts},"lat":NaN,"lon":1}}"#)),
            ("P06", "out_of_range", format!(r#"{{"v":1,"ts":{ts},"lat":90.0000001,"lon":1}}"#)),
            ("P06", "out_of_range", format!(r#"{{"v":1,"ts":{ts},"lat":104,"lon":1.3}}"#)),
            ("P08", "malformed", format!(r#"{{"v":1,"ts":{ts},"lat":"52.1","lon":1}}"#)),
            ("P10", "missing_field", format!(r#"{{"v":1,"ts":{ts},"lat":52.1}}"#)),
            ("P13", "unknown_format", "<html>".into()),
            ("P18", "invalid_fix", format!(r#"{{"v":1,"ts":{ts},"lat":52.1,"lon":1,"acc":-1}}"#)),
            ("P30", "bad_unit", r#"{"v":1,"ts":1763748000,"lat":52.1,"lon":1}"#.into()),
            ("K03", "bad_time", r#"{"v":1,"ts":-5,"lat":52.1,"lon":1}"#.into()),
            ("K11", "bad_time", r#"{"v":1,"ts":"2026-02-30T00:00:00Z","lat":52.1,"lon":1}"#.into()),
        ];
        for (no, (row, word, payload)) in cases.iter().enumerate() {
            let before = server.status();
            assert!(backend.publish("stile/v1/c1/phone/fix", payload.clone()).await, "{row}");
            let after = server.status_when(row, |status| status["records"] == no + 1);
            let n = |status: &serde_json::Value| status["malformed"][*word].as_u64().unwrap();
            assert_eq!(n(&after), n(&before) + 1, "{row} {payload}: {}", after["malformed"]);
        }
    });
}

#[test]
fn t02_t03_bad_ids_and_unknown_topics_are_counted_and_nothing_else() {
    with_clients(async {
        for version in BOTH {
            let premises = Premises::new(&[]);
            let server = Server::start(&premises, &[]);
            let mut backend = with_c1(&server, version).await;
            let long = "x".repeat(65);
            let bad_ids =
                ["a.b", "a b", "$a", "..", "%2F", "\u{1f600}", "\u{202e}a", "\u{430}da", "", &*long];
            for id in bad_ids {
                backend.send(&format!("stile/v1/{id}/phone/fix"), 1, stay()).await;
                backend.send(&format!("stile/v1/c1/{id}/fix"), 1, stay()).await;
                assert!(backend.answer().await && backend.answer().await, "{id:?}");
            }
            let status = server.status_when("counted", |status| status["records"] == 2 * bad_ids.len());
            assert_eq!(status["malformed"]["bad_id"], 2 * bad_ids.len(), "{status}");
            // What is none of our topics does not come in at all.
            for topic in [
                "stile/v1/c1/phone/fix/",
                "/stile/v1/c1/phone/fix",
                "stile/v2/c1/phone/fix",
                "STILE/V1/c1/phone/fix",
            ] {
                let answer = backend.publish(topic, stay()).await;
                assert_eq!(answer, version == Version::V311, "{topic}");
            }
            assert!(backend.publish("stile/v1/c1/phone/fix", inside(3).to_string()).await);
            let status = server.status_when("used", |status| status["used"] == 1);
            assert_eq!(status["opened"], 1, "{status}");
            assert_eq!(status["balanced"], true);
        }
    });
}

#[test]
fn t05_a_device_cannot_speak_for_the_engine() {
    with_clients(async {
        let premises = Premises::new(&["ada"]);
        let server = Server::start(&premises, &[]);
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);
        assert!(backend.subscribe("stile/v1/+/consent/ack", 1).await);
        let mut ada = connect(server.address(), Version::V5, "ada").await;
        for topic in [
            "stile/v1/ada/phone/offer",
            "stile/v1/ada/consent/ack",
            "stile/v1/sys/stile/status",
            "stile/v1/sys/dead",
            "stile/v1/batch",
        ] {
            assert!(!ada.publish(topic, "{}").await, "{topic}");
        }
        assert!(backend.message_within(Duration::from_millis(200)).await.is_none());
        assert_eq!(server.status()["records"], 0);
    });
}

#[test]
fn t16_a_will_on_our_topics_is_no_way_round_the_gate() {
    with_clients(async {
        let premises = Premises::new(&["ada"]);
        let server = Server::start(&premises, &[]);
        for version in BOTH {
            for topic in ["stile/v1/ada/consent", "stile/v1/ada/phone/offer", "stile/v1/ada/phone/fix"] {
                let mut login = Login::new(server.address(), version, "ada");
                login.will = Some((topic.into(), consent("will", "location", "grant")));
                assert!(Client::log_in(login).await.is_err(), "{topic} {version:?}");
            }
        }
        assert_eq!(server.status()["consents"]["applied"], 0);
    });
}

#[test]
fn p27_p28_who_it_is_stands_in_the_topic_and_nowhere_else() {
    with_clients(async {
        let premises = Premises::new(&["ada"]);
        let server = Server::start(&premises, &[]);
        let mut ada = connect(server.address(), Version::V5, "ada").await;
        let claim = stay().replacen('{', r#"{"consent":true,"admin":true,"customer_id":"ada","#, 1);
        assert!(ada.publish("stile/v1/ada/phone/fix", claim).await);
        let status = server.status_when("refused", |status| status["refused"]["unknown_customer"] == 1);
        assert_eq!(status["opened"], 0);
        for event in grants("ada") {
            assert!(ada.publish("stile/v1/ada/consent", event).await);
        }
        let foreign = inside(9).to_string().replacen('{', r#"{"device":"another","#, 1);
        assert!(ada.publish("stile/v1/ada/phone/fix", foreign).await);
        server.status_when("refused", |status| status["malformed"]["identity_mismatch"] == 1);
        let foreign = consent("e9", "location", "withdraw").replacen('{', r#"{"customer":"bob","#, 1);
        assert!(ada.publish("stile/v1/ada/consent", foreign).await);
        server.status_when("refused", |status| status["unusable"]["identity_mismatch"] == 1);
    });
}

#[test]
fn v04_consent_that_cannot_be_read_changes_nothing_and_is_answered() {
    with_clients(async {
        let premises = Premises::new(&["ada"]);
        let server = Server::start(&premises, &[]);
        let mut ada = connect(server.address(), Version::V5, "ada").await;
        assert!(ada.subscribe("stile/v1/ada/consent/ack", 1).await);
        let mistyped = consent("e0", "location", "witdraw");
        let too_long = mistyped.clone() + &" ".repeat(16 << 10);
        let unusable = [
            ("", "empty", ""),
            ("{", "malformed", ""),
            ("[]", "unknown_format", ""),
            (r#"{"v":99,"event_id":"e9"}"#, "unknown_version", "e9"),
            (r#"{"v":1,"event_id":"e 1","kind":"grunt"}"#, "bad_id", ""),
            (&mistyped, "unknown_kind", "e0"),
            (&too_long, "too_large", ""),
        ];
        for (event, effect, event_id) in unusable {
            assert!(ada.publish("stile/v1/ada/consent", event.to_owned()).await, "{event:?}");
            let answer = parse(&ada.message().await.payload);
            let expected = serde_json::json!({
                "v": 1, "event_id": event_id, "merchant": "", "purpose": "", "state": "unchanged",
                "effect": effect, "epoch": 0,
            });
            assert_eq!(answer, expected, "{event:?}");
        }
        assert_eq!(
            server.status()["unusable"]
                .as_object()
                .unwrap()
                .values()
                .filter_map(serde_json::Value::as_u64)
                .sum::<u64>(),
            7
        );
        let bare = consent("e1", "location", "grant");
        let mut bare = parse(bare.as_bytes());
        bare.as_object_mut().unwrap().remove("notice");
        assert!(ada.publish("stile/v1/ada/consent", bare.to_string()).await);
        assert!(ada.publish("stile/v1/ada/phone/fix", stay()).await);
        let status = server.status_when("refused", |status| status["refused"]["unknown_customer"] == 1);
        assert_eq!((status["opened"].as_u64(), status["consents"]["applied"].as_u64()), (Some(0), Some(0)));
    });
}

#[test]
fn p26_a_fix_too_many_refuses_the_whole_message_and_a_bad_one_only_itself() {
    with_clients(async {
        let premises = Premises::new(&[]);
        let server = Server::start(&premises, &[]);
        let mut backend = with_c1(&server, Version::V5).await;
        let at = |i: usize| inside(i64::try_from(600 - i % 600).unwrap());
        let list =
            |n: usize| serde_json::json!({"v": 1, "fixes": (0..n).map(at).collect::<Vec<_>>()}).to_string();
        assert!(backend.publish("stile/v1/c1/phone/fix", list(1_001)).await);
        let status = server.status_when("refused", |status| status["records"] == 1);
        assert_eq!((&status["malformed"]["too_many"], &status["used"]), (&1.into(), &0.into()), "{status}");
        let batch = |n: usize| {
            (0..n)
                .map(|i| format!("{{\"customer\":\"c1\",\"device\":\"d\",\"v\":{i}}}\n"))
                .collect::<String>()
        };
        assert!(backend.publish("stile/v1/batch", batch(10_001)).await);
        let status = server.status_when("refused", |status| status["records"] == 2);
        assert_eq!(status["malformed"]["too_many"], 2, "{status}");
        let mut fixes = parse(list(3).as_bytes());
        fixes["fixes"][1]["lat"] = 91.into();
        assert!(backend.publish("stile/v1/c1/phone/fix", fixes.to_string()).await);
        let status = server.status_when("read", |status| status["records"] == 5);
        assert_eq!(
            (&status["malformed"]["out_of_range"], &status["used"]),
            (&1.into(), &2.into()),
            "{status}"
        );
    });
}
