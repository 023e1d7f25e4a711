//! What customers say of themselves and of offers, and what operators only look at.

use std::time::Duration;

use serde_json::{Value, json};
use server::mqtt::Version;

use crate::client::{BOTH, Client, connect};
use crate::premises::{Premises, offers};
use crate::server::{Server, explain, run, run_on};
use crate::with_clients;
use crate::words::{consent, grants, inside, now_ms, parse, stay};

async fn agree(client: &mut Client, customer: &str) {
    for event in grants(&format!("{customer}-yes")) {
        assert!(client.publish(&format!("stile/v1/{customer}/consent"), event).await, "PUBACK");
    }
}

fn profile_topic(customer: &str) -> String {
    format!("stile/v1/{customer}/profile")
}

#[test]
fn a_profile_is_durable_before_it_is_acknowledged_and_decides_what_is_said() {
    with_clients(async {
        for version in BOTH {
            let premises = Premises::new(&["ada", "eve"]);
            let server = Server::start(&premises, &[]);
            let mut ada = connect(server.address(), version, "ada").await;
            agree(&mut ada, "ada").await;
            let said = json!({ "v": 1, "lang": "de", "minor": true, "favourites": ["books-pine-street"],
                "dial": { "per_week": 2, "quiet": "21:00-10:00" } });
            assert!(ada.publish(&profile_topic("ada"), said.to_string()).await, "PUBACK");
            // Whatever was acknowledged survives.
            server.kill();
            let server = Server::start(&premises, &[]);
            let told = explain(&premises.data(), "ada");
            let text = told.last().unwrap()["text"].as_str().unwrap().to_owned();
            for part in
                ["language: de", "not of age: yes", "books-pine-street", "2 at most", "21:00 to 10:00"]
            {
                assert!(text.contains(part), "{part} is not in {text}");
            }
            let shown = run_on(&premises.data(), &["customer", "show", "ada"]);
            assert_eq!(
                (&shown["profile"]["lang"], &shown["profile"]["dial"]["per_week"]),
                (&"de".into(), &2.into())
            );
            assert_eq!(shown["profile"]["dial"]["quiet"], "21:00-10:00", "{shown}");
            let mut ada = connect(server.address(), version, "ada").await;
            assert!(ada.publish("stile/v1/ada/phone/fix", stay()).await);
            server.status_when("unseen", |status| status["refused"]["suppressed"] == 1);
            // Somebody else's is not theirs to say; 3.1.1 cannot say no.
            let mut eve = connect(server.address(), version, "eve").await;
            let answered = eve.publish(&profile_topic("ada"), r#"{"v":1,"minor":false}"#).await;
            assert_eq!(answered, version == Version::V311);
            assert_eq!(server.status()["profiles"], 0, "{}", server.status());
            // A backend may, of anybody.
            let mut backend = connect(server.address(), version, "backend").await;
            assert!(backend.publish(&profile_topic("ada"), r#"{"v":1,"minor":false}"#).await);
            assert_eq!(server.status()["profiles"], 1);
            server.stop();
            let args = ["customer", "show", "ada", "--data"];
            let said = run(&[&args[..], &[premises.data().to_str().unwrap()]].concat()).out;
            assert!(said.contains("offers.push") && said.contains("language: de"), "{said}");
            assert!(!said.contains("not of age"), "{said}");
        }
    });
}

#[test]
fn a_profile_that_is_too_large_is_refused_and_the_connection_stays() {
    with_clients(async {
        let premises = Premises::new(&["ada"]);
        let server = Server::start(&premises, &[]);
        let mut ada = connect(server.address(), Version::V5, "ada").await;
        agree(&mut ada, "ada").await;
        let padded = |n: usize| format!(r#"{{"v":1,"lang":"de","pad":"{}"}}"#, "x".repeat(n));
        assert!(ada.publish(&profile_topic("ada"), padded(17 << 10)).await);
        let status = server.status();
        assert_eq!(
            (&status["unusable"]["too_large"], &status["profiles"]),
            (&1.into(), &0.into()),
            "{status}"
        );
        assert!(ada.publish(&profile_topic("ada"), padded(15 << 10)).await);
        assert_eq!(server.status()["profiles"], 1);
        server.stop();
    });
}

/// Engine settings that let an offer be in a mode.
fn in_mode(premises: &Premises, mode: &str) {
    premises.change("stile.toml", "[offers]\n", &format!("[offers]\nmode = \"{mode}\"\n"));
}

#[test]
fn in_shadow_operators_see_what_would_be_said_and_nobody_else_hears_anything() {
    with_clients(async {
        for version in BOTH {
            let premises = Premises::new(&["canary"]);
            in_mode(&premises, "shadow");
            let server = Server::start(&premises, &[]);
            let mut operator = connect(server.address(), version, "operator").await;
            assert!(operator.subscribe("stile/v1/sys/shadow", 1).await);
            let mut backend = connect(server.address(), version, "backend").await;
            assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);
            assert!(!backend.subscribe("stile/v1/sys/shadow", 1).await);
            let mut canary = connect(server.address(), version, "canary").await;
            assert!(canary.subscribe("stile/v1/canary/+/offer", 1).await);
            agree(&mut canary, "canary").await;
            assert!(canary.publish("stile/v1/canary/tattle/fix", stay()).await);
            let shown = operator.message().await;
            assert_eq!((shown.qos, shown.retain), (0, false));
            let text = String::from_utf8(shown.payload.to_vec()).unwrap();
            let shown = parse(text.as_bytes());
            let words =
                ["offer", "fence", "store", "title", "channel"].map(|key| shown[key].as_str().unwrap());
            let expected = [
                "paperbacks",
                "books-pine-street",
                "Corner Books, Pine Street",
                "Three paperbacks for two",
                "push",
            ];
            assert_eq!(words, expected, "{shown}");
            assert!(8 <= shown["cost"].as_u64().unwrap(), "{shown}");
            for private in ["canary", "tattle", "47.62", "122.3"] {
                assert!(!text.contains(private), "{private} in {text}");
            }
            for silent in [&mut backend, &mut canary] {
                assert!(silent.message_within(Duration::from_millis(200)).await.is_none());
            }
            let status = server.status();
            assert_eq!(
                (&status["unsaid"]["shadowed"], &status["decided"]),
                (&1.into(), &0.into()),
                "{status}"
            );
            // Who subscribes later is shown nothing of what was.
            let mut later = connect(server.address(), version, "operator").await;
            assert!(later.subscribe("stile/v1/sys/shadow", 1).await);
            assert!(later.message_within(Duration::from_millis(200)).await.is_none());
            server.stop();
        }
    });
}

#[test]
fn an_engine_that_observes_decides_and_records_and_says_nothing() {
    with_clients(async {
        let premises = Premises::new(&["ada"]);
        in_mode(&premises, "observe");
        let server = Server::start(&premises, &[]);
        let mut operator = connect(server.address(), Version::V5, "operator").await;
        assert!(operator.subscribe("stile/v1/sys/shadow", 0).await);
        let mut ada = connect(server.address(), Version::V5, "ada").await;
        assert!(ada.subscribe("stile/v1/ada/+/offer", 1).await);
        agree(&mut ada, "ada").await;
        assert!(ada.publish("stile/v1/ada/phone/fix", stay()).await);
        server.status_when("observed", |status| status["unsaid"]["observed"] == 1);
        for silent in [&mut operator, &mut ada] {
            assert!(silent.message_within(Duration::from_millis(200)).await.is_none());
        }
        server.status_when("recorded", |_| !report(&premises).is_null());
        let sums = report(&premises);
        assert_eq!(
            (&sums["observed"], &sums["sent"], &sums["candidates"]),
            (&1.into(), &0.into(), &1.into())
        );
        let told = explain(&premises.data(), "ada");
        let text = told.last().unwrap()["text"].as_str().unwrap();
        assert!(text.contains("an operator only looks on"), "{text}");
        server.stop();
    });
}

/// What the report says of the one offer.
fn report(premises: &Premises) -> Value {
    run_on(&premises.data(), &["offers", "report"])["offers"]["paperbacks"].clone()
}

#[test]
fn a_till_that_knows_only_the_offers_name_tells_what_it_does_to_those_who_were_held_out() {
    with_clients(async {
        const N: usize = 40;
        let premises = Premises::new(&[]);
        premises
            .write("offers.toml", &offers("dwell").replace("holdout_permille = 0", "holdout_permille = 500"));
        let server = Server::start(&premises, &[]);
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        for i in 0..N {
            agree(&mut backend, &format!("c{i}")).await;
            assert!(backend.publish(&format!("stile/v1/c{i}/phone/fix"), stay()).await);
        }
        let n = N as u64;
        let is_decided = |status: &Value| {
            status["decided"].as_u64().unwrap() + status["suppressed"]["holdout"].as_u64().unwrap() == n
        };
        server.status_when("decided", is_decided);
        server.status_when("recorded", |_| report(&premises)["candidates"] == n);
        for i in 0..N {
            let said = json!({ "v": 1, "offer": "paperbacks", "kind": "redeemed", "ts": now_ms() });
            assert!(backend.publish(&format!("stile/v1/c{i}/till/feedback"), said.to_string()).await);
        }
        // Only what a till can know is taken by the offer's name.
        let odd = json!({ "v": 1, "offer": "paperbacks", "kind": "opened" });
        assert!(backend.publish("stile/v1/c0/till/feedback", odd.to_string()).await);
        let sums = report(&premises);
        let number = |of: &str, key: &str| sums[of][key].as_u64().unwrap();
        let (told, held_out) = (number("told", "customers"), number("held_out", "customers"));
        println!("{told} told and {held_out} held out of {n}");
        assert!(told + held_out == n && 0 < told && 0 < held_out, "{sums}");
        assert_eq!((number("told", "redeemed"), number("held_out", "redeemed")), (told, held_out), "{sums}");
        assert_eq!((number("answers", "redeemed"), number("answers", "opened")), (told, 0), "{sums}");
        let ran = run(&["offers", "report", "paperbacks", "--data", premises.data().to_str().unwrap()]);
        println!("{}", ran.out);
        assert!(ran.out.contains("too few to tell") && !ran.out.contains("c1"), "{}", ran.out);
        server.stop();
    });
}

#[test]
fn k14_an_offer_that_turned_stale_while_nobody_was_there_is_never_sent() {
    with_clients(async {
        let premises = Premises::new(&[]);
        premises.change("offers.toml", "holdout_permille = 0", "holdout_permille = 0\nvalid_for = \"30 s\"");
        let server = Server::start(&premises, &[]);
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        agree(&mut backend, "ada").await;
        let fixes = [250, 27].map(inside);
        assert!(
            backend.publish("stile/v1/ada/phone/fix", json!({ "v": 1, "fixes": fixes }).to_string()).await
        );
        server.status_when("expired", |status| status["delivered"]["expired"] == 1);
        assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);
        assert!(backend.message_within(Duration::from_millis(1_200)).await.is_none());
        server.status_when("recorded", |_| report(&premises)["left"]["expired"] == 1);
        let told = explain(&premises.data(), "ada");
        assert!(told.iter().any(|said| said["data"]["outcome"] == "expired"), "{told:?}");
        server.stop();
    });
}

#[test]
fn whoever_asks_why_is_told_the_rules_and_what_held_offers_back() {
    with_clients(async {
        let premises = Premises::new(&[]);
        premises.change("stile.toml", "per_24h_max = 1000", "per_24h_max = 1");
        let server = Server::start(&premises, &[]);
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);
        agree(&mut backend, "ada").await;
        assert!(backend.publish("stile/v1/ada/phone/fix", stay()).await);
        server.status_when("sent", |status| status["delivered"]["sent"] == 1);
        assert!(backend.publish("stile/v1/ada/tablet/fix", stay()).await);
        server.status_when("capped", |status| status["suppressed"]["cap_24h"] == 1);
        let withdrawal = consent("ada-no", "location", "withdraw");
        assert!(backend.publish("stile/v1/ada/consent", withdrawal).await);
        let data = premises.data();
        let said = run(&["customer", "explain", "ada", "--full", "--data", data.to_str().unwrap()]).out;
        for words in [
            "held back: daily cap 1",
            "Agreed to        corner-books: location since",
            "on notice n1, version 1",
            "the clock on the wall there (America/Los_Angeles)",
            "It would bother them by",
            "0 of 1 in 24 hours (0 heard before)",
            "0 of 1 in 24 hours (1 heard before)",
            "their name, address or number",
            "The rules of time would let this offer here pass from",
            "pause for 1, 7 or 30 days",
        ] {
            assert!(said.contains(words), "{words:?} is not in {said}");
        }
        for private in ["47.62", "122.3"] {
            assert!(!said.contains(private), "{said}");
        }
        server.stop();
    });
}
