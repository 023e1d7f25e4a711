//! What operators hear with the log as it is shipped, and what they can ask for.

use std::thread;
use std::time::{Duration, Instant};

use server::mqtt::Version;

use crate::client::{Client, Login, connect};
use crate::premises::Premises;
use crate::server::Server;
use crate::words::consent;
use crate::{PATIENCE, with_clients};

/// Waits until the log has a line with these words.
fn line_of(server: &Server, words: &str) -> String {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(line) = server.log().lines().find(|line| line.contains(words)) {
            return line.to_owned();
        }
        assert!(Instant::now() < until, "{words:?} is not in {}", server.log());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn refusals_of_the_listener_are_told_once_in_ten_seconds_without_names() {
    with_clients(async {
        let premises = Premises::new(&["canary"]);
        let server = Server::try_start(&premises, &[], "warn").unwrap();
        let wrong = Some(("canary".to_owned(), "guess".to_owned()));
        let login = Login { username: wrong, ..Login::new(server.address(), Version::V5, "canary") };
        assert!(Client::log_in(login).await.is_err());
        line_of(&server, "the listener refused clients");
        let mut canary = connect(server.address(), Version::V5, "canary").await;
        for _ in 0..50 {
            assert!(!canary.publish("stile/v1/foreign/phone/fix", "x").await);
        }
        assert!(!canary.subscribe("stile/v1/foreign/+/offer", 1).await);
        let mistyped = consent("canary-event", "location", "witdraw");
        assert!(canary.publish("stile/v1/canary/consent", mistyped).await);
        assert!(line_of(&server, "could not be used").contains("unknown_kind 1"));
        let listener = &server.status()["listener"];
        assert_eq!(listener["publishes_denied"], 50, "{listener}");
        assert_eq!((&listener["subscriptions_denied"], &listener["logins_refused"]), (&1.into(), &1.into()));
        assert_eq!(server.status()["broker"], serde_json::Value::Null);
        thread::sleep(Duration::from_secs(2));
        let log = server.stop();
        assert_eq!(log.matches("the listener refused clients").count(), 1, "{log}");
        for private in ["canary", "foreign", "stile/v1", "127.0.0.1"] {
            assert!(!log.contains(private), "{private} in {log}");
        }
    });
}

#[test]
fn n01_a_broker_that_is_not_there_is_told_at_once_and_asked_for() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let premises = Premises::behind(port, "5");
    let server = Server::try_start(&premises, &[], "warn").unwrap();
    assert_eq!(
        server.said(),
        "stile works behind the outside broker (the outside broker is not reached yet)"
    );
    assert!(line_of(&server, "the outside broker is not reached").contains("connection refused"));
    let broker = &server.status()["broker"];
    assert!(broker["state"] == "unreachable" || broker["state"] == "connecting", "{broker}");
    thread::sleep(Duration::from_secs(2));
    let log = server.stop();
    assert_eq!(log.matches("is not reached").count(), 1, "no news is not told: {log}");
}
