//! A consent, a stay, an offer, an answer: through the embedded listener, in both versions.

use std::time::Duration;

use server::control::Request;
use server::mqtt::Version;

use crate::client::{BOTH, Client, Login, connect};
use crate::premises::{LAT, LAT_OUTSIDE, LON, MERCHANT, Premises, offers};
use crate::server::{Server, explain, run, run_on};
use crate::with_clients;
use crate::words::{consent, fix, grants, now_ms, parse, stay, stay_in_batch};

async fn agree(client: &mut Client, customer: &str) {
    for event in grants(&format!("{customer}-yes")) {
        assert!(client.publish(&format!("stile/v1/{customer}/consent"), event).await, "PUBACK");
    }
}

/// A phone that hears its own offers and acknowledgements.
async fn phone(server: &Server, version: Version, customer: &str) -> Client {
    let mut phone = connect(server.address(), version, customer).await;
    assert!(phone.subscribe(&format!("stile/v1/{customer}/+/offer"), 1).await);
    assert!(phone.subscribe(&format!("stile/v1/{customer}/consent/ack"), 1).await);
    phone
}

async fn whole_way(version: Version) {
    let premises = Premises::new(&["ada", "eve"]);
    let server = Server::start(&premises, &[]);
    let mut backend = connect(server.address(), version, "backend").await;
    assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);
    let mut ada = phone(&server, version, "ada").await;
    let mut eve = phone(&server, version, "eve").await;

    agree(&mut ada, "ada").await;
    // The PUBACK said that it is durable; the message says what became of it.
    for part in ["l", "p"] {
        let ack = ada.message().await;
        assert_eq!((ack.topic.as_str(), ack.retain), ("stile/v1/ada/consent/ack", false));
        let ack = parse(&ack.payload);
        assert_eq!(
            (ack["v"].as_u64(), ack["event_id"].as_str()),
            (Some(1), Some(&*format!("ada-yes-{part}")))
        );
        assert_eq!((ack["state"].as_str(), ack["effect"].as_str()), (Some("granted"), Some("applied")));
    }
    let shown = run_on(&premises.data(), &["consent", "show", "ada"]);
    assert_eq!(shown["consents"].as_array().unwrap().len(), 2, "{shown}");

    assert!(ada.publish("stile/v1/ada/phone/fix", stay()).await);
    let heard = ada.message().await;
    assert_eq!((heard.topic.as_str(), heard.qos, heard.retain), ("stile/v1/ada/phone/offer", 1, false));
    if version == Version::V5 {
        let expiry = heard.expiry_s.expect("an offer expires");
        assert!((1..=900).contains(&expiry), "{expiry}");
    }
    let copy = backend.message().await;
    assert_eq!((copy.topic.as_str(), &copy.payload), ("stile/v1/ada/phone/offer", &heard.payload));
    let offer_id = check_offer(&heard.payload);
    let feedback = format!(r#"{{"v":1,"offer_id":"{offer_id}","kind":"opened","ts":{}}}"#, now_ms());
    assert!(ada.publish("stile/v1/ada/phone/feedback", feedback).await);
    told(&premises, &server);

    // Somebody else hears nothing of it, and can say nothing in her name.
    assert!(!eve.subscribe("stile/v1/ada/+/offer", 1).await);
    assert!(!eve.subscribe("stile/v1/+/+/offer", 1).await);
    let said = eve.publish("stile/v1/ada/phone/fix", stay()).await;
    assert_eq!(said, version == Version::V311, "3.1.1 cannot say no");
    assert!(eve.message_within(Duration::from_millis(100)).await.is_none());
    let before = server.status();

    assert!(ada.publish("stile/v1/ada/consent", consent("ada-no", "location", "withdraw")).await);
    assert_eq!(parse(&ada.message().await.payload)["state"], "withdrawn");
    assert!(ada.publish("stile/v1/ada/phone/fix", stay()).await);
    let after = server.status_when("refused", |status| status["refused"] != before["refused"]);
    assert_eq!(after["opened"], before["opened"], "the next fix is not read");
    assert_eq!(after["balanced"], true, "{after}");
    drop((ada, eve, backend));
    server.stop();
    let stopped: Vec<_> = explain(&premises.data(), "ada");
    let kinds: Vec<_> = stopped.iter().map(|said| said["data"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["consent", "consent", "offer", "feedback", "consent"]);
    let shown = run_on(&premises.data(), &["consent", "show", "ada"]);
    assert!(shown.to_string().contains("withdrawn"), "{shown}");
}

/// The payload is as `interfaces.md` has it; gives the offer's id.
fn check_offer(payload: &[u8]) -> String {
    let offer = parse(payload);
    let text = |key: &str| offer[key].as_str().unwrap_or_else(|| panic!("{key} in {offer}")).to_owned();
    assert_eq!(offer["v"], 1);
    assert_eq!((text("offer"), text("merchant")), ("paperbacks".into(), MERCHANT.into()));
    assert_eq!(
        (text("fence"), text("store")),
        ("books-pine-street".into(), "Corner Books, Pine Street".into())
    );
    assert_eq!(text("body"), "The cheapest of three is free at Corner Books, Pine Street.");
    // Why, and nothing that did not happen: they agreed, and they stayed.
    let why = "You asked corner-books for offers near its stores, and spent some minutes at Corner Books, Pine Street.";
    assert_eq!(text("why"), why);
    assert!(text("issued_at").ends_with('Z') && text("expires_at").ends_with('Z'));
    assert!(offer["controls"].is_object(), "{offer}");
    text("offer_id")
}

/// What the customer is told is what happened.
fn told(premises: &Premises, server: &Server) {
    let sentences = explain(&premises.data(), "ada");
    let offer =
        sentences.iter().find(|said| said["data"]["kind"] == "offer").expect("the offer is explained");
    let text = offer["text"].as_str().unwrap();
    for part in
        ["Stayed at Corner Books, Pine Street", "Three paperbacks for two", "location", "Handed over at"]
    {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
    assert_eq!(offer["data"]["outcome"], "sent");
    let feedback = &sentences.last().unwrap()["data"];
    assert_eq!((&feedback["kind"], &feedback["feedback"]), (&"feedback".into(), &"opened".into()));
    assert_eq!(feedback["offer_id"], offer["data"]["decision"]["offer_id"]);
    let status = server.ask(&Request::Status);
    assert_eq!((status["feedback"].as_u64(), status["delivered"]["sent"].as_u64()), (Some(1), Some(1)));
}

#[test]
fn a_stay_becomes_an_offer_and_a_withdrawal_ends_it() {
    for version in BOTH {
        with_clients(whole_way(version));
    }
}

#[test]
fn a_batch_of_a_backend_is_as_good_as_the_phones_own_fixes() {
    with_clients(async {
        let premises = Premises::new(&[]);
        let server = Server::start(&premises, &[]);
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);
        let customers: Vec<String> = (0..50).map(|i| format!("c{i}")).collect();
        for customer in &customers {
            agree(&mut backend, customer).await;
        }
        let batch: String = customers.iter().map(|customer| stay_in_batch(customer, "phone")).collect();
        assert!(backend.publish("stile/v1/batch", batch).await);
        let mut topics = Vec::new();
        for _ in &customers {
            topics.push(backend.message().await.topic);
        }
        topics.sort();
        let mut expected: Vec<_> =
            customers.iter().map(|name| format!("stile/v1/{name}/phone/offer")).collect();
        expected.sort();
        assert_eq!(topics, expected);
        let status = server.status_when("delivered", |status| status["delivered"]["sent"] == 50);
        assert_eq!((status["records"].as_u64(), status["balanced"].as_bool()), (Some(100), Some(true)));
        server.stop();
    });
}

#[test]
fn silence_is_explained_with_its_reason() {
    with_clients(async {
        let premises = Premises::new(&["ada"]);
        premises.change("stile.toml", "settle_in = \"0 s\"", "settle_in = \"24 h\"");
        let server = Server::start(&premises, &[]);
        let mut ada = connect(server.address(), Version::V5, "ada").await;
        agree(&mut ada, "ada").await;
        assert!(ada.publish("stile/v1/ada/phone/fix", stay()).await);
        server.status_when("decided", |status| status["candidates"] == 1 && status["waiting"] == 0);
        server.stop();
        let ran = run(&["customer", "explain", "ada", "--data", premises.data().to_str().unwrap()]);
        assert!(
            ran.out.contains("Stayed at Corner Books, Pine Street: nothing was sent, because"),
            "{}",
            ran.out
        );
        assert!(ran.out.contains("The earliest time for this offer here was"), "{}", ran.out);
    });
}

#[test]
fn consent_is_imported_into_a_running_server_and_into_its_directory() {
    let premises = Premises::new(&[]);
    let server = Server::start(&premises, &[]);
    // A file can always say no; for a yes its notice must be registered.
    let line = |customer: &str| {
        let received = format!("{{\"customer\":\"{customer}\",\"received_at\":\"2026-01-01T00:00:00Z\",");
        let no = |purpose: &str| consent(&format!("{customer}-{}", purpose.len()), purpose, "refuse");
        ["location", "offers.push"]
            .map(no)
            .map(|event| format!("{received}{}\n", event.strip_prefix('{').unwrap()))
            .concat()
    };
    let import = |name: &str, customer: &str| {
        let file = premises.write(name, &line(customer));
        let ran =
            run(&["consent", "import", file.to_str().unwrap(), "--data", premises.data().to_str().unwrap()]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(ran.out.contains("2 events imported"), "{}", ran.out);
    };
    let n_consents = |customer| {
        run_on(&premises.data(), &["consent", "show", customer])["consents"].as_array().unwrap().len()
    };
    import("one.jsonl", "one");
    assert_eq!((n_consents("one"), n_consents("two")), (2, 0));
    server.kill();
    import("two.jsonl", "two");
    assert_eq!((n_consents("one"), n_consents("two")), (2, 2));
    // More than one question's worth.
    let many: String = (0..300).map(|i| line(&format!("many-{i}"))).collect();
    let file = premises.write("many.jsonl", &many);
    let ran =
        run(&["consent", "import", file.to_str().unwrap(), "--data", premises.data().to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let server = Server::start(&premises, &[]);
    assert_eq!((n_consents("one"), n_consents("two")), (2, 2));
    assert_eq!((n_consents("many-0"), n_consents("many-299")), (2, 2));
    server.stop();
}

#[test]
fn a_correlation_comes_back_with_the_acknowledgement() {
    with_clients(async {
        let premises = Premises::new(&["ada"]);
        let server = Server::start(&premises, &[]);
        let mut ada = phone(&server, Version::V5, "ada").await;
        let event: &'static str = consent("e1", "location", "grant").leak();
        ada.send_request("stile/v1/ada/consent", event, "stile/v1/ada/consent/ack", "request 7").await;
        assert!(ada.answer().await);
        let ack = ada.message().await;
        assert_eq!(ack.correlation_data.as_deref(), Some(&b"request 7"[..]));
    });
}

#[test]
fn t08_consent_at_qos_0_is_answered_by_a_message() {
    with_clients(async {
        let premises = Premises::new(&["ada"]);
        let server = Server::start(&premises, &[]);
        let mut ada = phone(&server, Version::V311, "ada").await;
        ada.send("stile/v1/ada/consent", 0, consent("e1", "location", "grant")).await;
        assert_eq!(parse(&ada.message().await.payload)["state"], "granted");
    });
}

#[test]
fn an_operator_reads_that_the_server_is_online_and_then_that_it_drains() {
    with_clients(async {
        let premises = Premises::new(&[]);
        let server = Server::start(&premises, &[]);
        let mut operator = connect(server.address(), Version::V5, "operator").await;
        assert!(operator.subscribe("stile/v1/sys/+/status", 1).await);
        let status = operator.message().await;
        assert_eq!((status.topic.as_str(), status.retain), ("stile/v1/sys/stile/status", true));
        assert_eq!(parse(&status.payload)["state"], "online");
        server.signal("-TERM");
        assert_eq!(parse(&operator.message().await.payload)["state"], "draining");
        server.stop();
    });
}

#[test]
fn an_offer_that_asks_for_cross_turns_the_search_for_crossings_on() {
    with_clients(async {
        let premises = Premises::new(&["ada"]);
        premises.write("offers.toml", &offers("cross"));
        let server = Server::start(&premises, &[]);
        let mut ada = phone(&server, Version::V5, "ada").await;
        agree(&mut ada, "ada").await;
        ada.message().await;
        ada.message().await;
        let (north, south) = (LAT_OUTSIDE, 2.0 * LAT - LAT_OUTSIDE);
        for (lat, seconds_ago) in [(north, 90), (south, 10)] {
            let fix = fix(now_ms() - 1_000 * seconds_ago, lat, LON);
            assert!(ada.publish("stile/v1/ada/phone/fix", fix.to_string()).await);
        }
        let offer = parse(&ada.message().await.payload);
        assert_eq!(offer["offer"], "paperbacks");
        assert_eq!(server.status()["transitions"]["cross"], 1);
        server.stop();
        let told = explain(&premises.data(), "ada");
        assert!(
            told.last().unwrap()["text"].as_str().unwrap().starts_with("Passed Corner Books"),
            "{told:?}"
        );
    });
}

#[test]
fn a_backend_that_acknowledges_nothing_holds_up_nobody_and_loses_nothing() {
    const N: usize = 60;
    with_clients(async {
        let premises = Premises::new(&["c0"]);
        let server = Server::start(&premises, &[]);
        let mut slow = Login::new(server.address(), Version::V5, "backend");
        slow.manual_acks = true;
        let mut slow = Client::log_in(slow).await.unwrap();
        assert!(slow.subscribe("stile/v1/+/+/offer", 1).await);
        let mut other = Login::new(server.address(), Version::V311, "backend");
        other.client_id = "another".into();
        let mut other = Client::log_in(other).await.unwrap();
        let customers: Vec<String> = (1..=N).map(|i| format!("c{i}")).chain(["c0".into()]).collect();
        for customer in &customers {
            agree(&mut other, customer).await;
        }
        let others = customers[..N].iter().map(|customer| stay_in_batch(customer, "phone"));
        assert!(other.publish("stile/v1/batch", others.collect::<String>()).await);
        let status = server.status_when("decided", |status| status["decided"] == N);
        let n_sent = status["delivered"]["sent"].as_u64().unwrap();
        assert!(n_sent < N as u64, "it acknowledges nothing, so it is not given everything: {n_sent}");
        // A phone that is there gets its own at once.
        let mut c0 = phone(&server, Version::V5, "c0").await;
        assert!(c0.publish("stile/v1/c0/phone/fix", stay()).await);
        assert_eq!(c0.message().await.topic, "stile/v1/c0/phone/offer");
        let mut heard = std::collections::BTreeSet::new();
        while heard.len() < N {
            let message = slow.message().await;
            slow.acknowledge(&message).await;
            heard.insert(message.topic);
        }
        server.status_when("all are sent", |status| status["delivered"]["sent"] == N + 1);
        server.stop();
    });
}

#[test]
fn an_offer_waits_for_a_phone_that_comes_back() {
    with_clients(async {
        let premises = Premises::new(&["ada"]);
        let server = Server::start(&premises, &[]);
        let mut backend = connect(server.address(), Version::V311, "backend").await;
        agree(&mut backend, "ada").await;
        assert!(backend.publish("stile/v1/ada/phone/fix", stay()).await);
        server.status_when("decided", |status| status["decided"] == 1);
        let status = server.status();
        assert_eq!(status["delivered"]["sent"], 0, "nobody listens");
        // Neither a restart nor a kill makes another one of it.
        server.stop();
        Server::start(&premises, &[]).kill();
        let server = Server::start(&premises, &[]);
        let mut ada = phone(&server, Version::V5, "ada").await;
        let offer = parse(&ada.message().await.payload);
        assert_eq!(offer["offer"], "paperbacks");
        server.status_when("sent", |status| status["delivered"]["sent"] == 1);
        assert!(ada.message_within(Duration::from_millis(800)).await.is_none(), "once is enough");
        server.stop();
        let told = explain(&premises.data(), "ada");
        assert_eq!(told.iter().filter(|said| said["data"]["kind"] == "offer").count(), 1);
        assert_eq!(told.last().unwrap()["data"]["decision"]["offer_id"], offer["offer_id"]);
    });
}
