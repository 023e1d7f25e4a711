//! What the listener sends, to whom, and what it says became of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use server::mqtt::{Accepted, Delivered, ListenerOptions, OutMessage, Qos, Version};

use crate::client::{BOTH, Client, Login, connect};
use crate::recorder::Recorder;
use crate::{A_MOMENT, eventually, listen, listen_with};

const OFFER: &str = "stile/v1/c1/phone/offer";

#[tokio::test]
async fn an_offer_reaches_the_device_and_every_backend_that_subscribed() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    for version in BOTH {
        let mut phone = connect(listener.address(), version, "c1").await;
        let mut other = connect(listener.address(), version, "c2").await;
        let mut backend = connect(listener.address(), version, "backend").await;
        let mut deaf = connect(listener.address(), version, "backend-2").await;
        assert!(phone.subscribe("stile/v1/c1/+/offer", 1).await);
        assert!(other.subscribe("stile/v1/c2/+/offer", 1).await);
        assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);
        assert!(deaf.subscribe("stile/v1/+/consent/ack", 1).await);

        let offer = OutMessage::new(OFFER, "coffee").expiring_in(Duration::from_millis(90_500));
        assert_eq!(listener.deliver(&offer).await, Delivered::Sent);
        for client in [&mut phone, &mut backend] {
            let message = client.message().await;
            assert_eq!((&*message.topic, &message.payload[..], message.qos), (OFFER, &b"coffee"[..], 1));
            assert!(!message.retain);
            assert_eq!(message.expiry_s, (version == Version::V5).then_some(90));
        }
        assert!(other.message_within(A_MOMENT).await.is_none());
        assert!(deaf.message_within(A_MOMENT).await.is_none());
    }
}

#[tokio::test]
async fn either_of_device_and_backend_is_enough() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let offer = OutMessage::new(OFFER, "coffee");
    let mut phone = connect(listener.address(), Version::V5, "c1").await;
    assert!(phone.subscribe(OFFER, 1).await);
    assert_eq!(listener.deliver(&offer).await, Delivered::Sent);
    drop(phone);
    eventually("the phone is gone", || listener.n_connected() == 0).await;
    let mut backend = connect(listener.address(), Version::V5, "backend").await;
    assert!(backend.subscribe("stile/v1/c1/+/offer", 1).await);
    assert_eq!(listener.deliver(&offer).await, Delivered::Sent);
    assert_eq!(&backend.message().await.payload[..], b"coffee");
}

#[tokio::test]
async fn nothing_is_kept_for_who_is_not_connected_or_did_not_subscribe() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let offer = OutMessage::new(OFFER, "coffee");
    assert_eq!(listener.deliver(&offer).await, Delivered::NotConnected, "nobody is here");
    for version in BOTH {
        let login = Login { clean: false, ..Login::new(listener.address(), version, "c1") };
        let mut phone = Client::log_in(login.clone()).await.unwrap();
        assert_eq!(listener.deliver(&offer).await, Delivered::NotConnected, "not subscribed");
        assert!(phone.subscribe("stile/v1/c1/tablet/offer", 1).await);
        assert_eq!(listener.deliver(&offer).await, Delivered::NotConnected, "another device");
        assert!(phone.subscribe(OFFER, 1).await);
        assert_eq!(listener.deliver(&offer).await, Delivered::Sent);
        phone.message().await;
        phone.unsubscribe(OFFER).await;
        assert_eq!(listener.deliver(&offer).await, Delivered::NotConnected, "unsubscribed");
        assert!(phone.subscribe(OFFER, 1).await);
        drop(phone);
        eventually("the phone is gone", || listener.n_connected() == 0).await;
        assert_eq!(listener.deliver(&offer).await, Delivered::NotConnected, "gone");

        let mut phone = Client::log_in(login).await.unwrap();
        assert!(phone.subscribe(OFFER, 1).await);
        assert!(phone.message_within(A_MOMENT).await.is_none(), "nothing was kept");
    }
    let nobodys = OutMessage::new("elsewhere", "coffee");
    assert_eq!(listener.deliver(&nobodys).await, Delivered::NotConnected);
}

#[tokio::test]
async fn a_session_that_does_not_acknowledge_is_busy_until_it_does() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    for version in BOTH {
        let login = Login { manual_acks: true, ..Login::new(listener.address(), version, "c1") };
        let mut phone = Client::log_in(login).await.unwrap();
        assert!(phone.subscribe(OFFER, 1).await);
        let offer = OutMessage::new(OFFER, "coffee");
        for _ in 0..16 {
            assert_eq!(listener.deliver(&offer).await, Delivered::Sent);
        }
        assert_eq!(listener.deliver(&offer).await, Delivered::Busy);
        let mut backend = connect(listener.address(), version, "backend").await;
        assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);
        assert_eq!(listener.deliver(&offer).await, Delivered::Sent, "the backend has it");
        drop(backend);
        eventually("the backend is gone", || listener.n_connected() == 1).await;

        let first = phone.message().await;
        phone.acknowledge(&first).await;
        let started_at = Instant::now();
        while listener.deliver(&offer).await == Delivered::Busy {
            assert!(started_at.elapsed() < crate::PATIENCE, "it acknowledged");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(phone);
        eventually("the phone is gone", || listener.n_connected() == 0).await;
    }
}

#[tokio::test]
async fn a_message_larger_than_the_client_takes_is_refused_and_later_ones_arrive() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let login = Login { packet_len_max: 1_000, ..Login::new(listener.address(), Version::V5, "c1") };
    let mut phone = Client::log_in(login).await.unwrap();
    assert!(phone.subscribe(OFFER, 1).await);
    for _ in 0..20 {
        assert_eq!(listener.deliver(&OutMessage::new(OFFER, vec![b'x'; 1_000])).await, Delivered::Refused);
    }
    assert_eq!(listener.deliver(&OutMessage::new(OFFER, "coffee")).await, Delivered::Sent);
    assert_eq!(&phone.message().await.payload[..], b"coffee");
}

#[tokio::test]
async fn an_offer_waits_while_a_consent_of_its_customer_is_written() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let mut backend = connect(listener.address(), Version::V5, "backend").await;
    let mut phone = connect(listener.address(), Version::V5, "c1").await;
    assert!(phone.subscribe(OFFER, 1).await);
    assert!(phone.subscribe("stile/v1/c1/consent/ack", 1).await);
    assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);

    recorder.answer(None);
    phone.send("stile/v1/c1/consent", 1, "withdraw").await;
    recorder.take(1).await;
    assert_eq!(listener.deliver(&OutMessage::new(OFFER, "coffee")).await, Delivered::Busy);
    let other = OutMessage::new("stile/v1/c2/phone/offer", "tea");
    assert_eq!(listener.deliver(&other).await, Delivered::Sent, "another customer's goes out");
    let answer = OutMessage {
        correlation_data: Some("42".into()),
        ..OutMessage::new("stile/v1/c1/consent/ack", "withdrawn")
    };
    assert_eq!(listener.deliver(&answer).await, Delivered::Sent, "the answer goes out");

    recorder.answer(Some(Accepted::Acknowledge));
    assert!(phone.answer().await);
    let message = phone.message().await;
    assert_eq!(&message.payload[..], b"withdrawn");
    assert_eq!(message.correlation_data.as_deref(), Some(&b"42"[..]));
    assert_eq!(listener.deliver(&OutMessage::new(OFFER, "coffee")).await, Delivered::Sent);
}

/// An offer that stands in the session's line would be written behind the acknowledgement.
#[tokio::test]
async fn no_offer_after_withdrawal_on_the_phone_that_says_it() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let login = Login { manual_acks: true, ..Login::new(listener.address(), Version::V5, "c1") };
    let mut phone = Client::log_in(login).await.unwrap();
    assert!(phone.subscribe(OFFER, 1).await);
    assert_eq!(listener.deliver(&OutMessage::new(OFFER, "coffee")).await, Delivered::Sent);
    phone.send("stile/v1/c1/consent", 1, "withdraw").await;
    recorder.take(1).await;
    // The event holds, and its connection ends instead of an answer.
    phone.closed().await;

    let mut phone = connect(listener.address(), Version::V5, "c1").await;
    assert!(phone.subscribe(OFFER, 1).await);
    assert!(phone.publish("stile/v1/c1/consent", "withdraw").await, "said again, it is answered");
}

#[tokio::test]
async fn operators_get_the_status_when_they_come_and_when_it_changes() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let status = |state: &'static str| OutMessage::new("stile/v1/sys/one/status", state);
    assert_eq!(listener.retain(status("online")).await, Delivered::NotConnected);
    let mut early = connect(listener.address(), Version::V5, "operator").await;
    assert!(early.subscribe("stile/v1/sys/#", 1).await);
    let message = early.message().await;
    assert_eq!((&message.payload[..], message.retain), (&b"online"[..], true));

    assert_eq!(listener.retain(status("draining")).await, Delivered::Sent);
    let message = early.message().await;
    assert_eq!((&message.payload[..], message.retain), (&b"draining"[..], false));

    let mut late = connect(listener.address(), Version::V311, "operator").await;
    assert!(late.subscribe("stile/v1/sys/+/status", 1).await);
    let message = late.message().await;
    assert_eq!((&message.payload[..], message.retain), (&b"draining"[..], true));

    let dead = OutMessage { qos: Qos::AtMostOnce, ..OutMessage::new("stile/v1/sys/dead", "{}") };
    assert_eq!(listener.deliver(&dead).await, Delivered::Sent);
    assert_eq!(early.message().await.topic, "stile/v1/sys/dead");
    assert!(late.message_within(A_MOMENT).await.is_none());
}

#[tokio::test]
async fn messages_keep_their_order_on_the_way_to_a_session() {
    let recorder = Arc::new(Recorder::default());
    let options = ListenerOptions { n_unacknowledged_max: 64, ..ListenerOptions::default() };
    let listener = listen_with(&recorder, options).await;
    let mut backend = connect(listener.address(), Version::V5, "backend").await;
    assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);
    assert!(backend.subscribe("stile/v1/+/consent/ack", 1).await);
    for round in 0..20 {
        let offer = OutMessage::new(OFFER, format!("offer {round}"));
        let answer = OutMessage::new("stile/v1/c1/consent/ack", format!("answer {round}"));
        while listener.deliver(&offer).await != Delivered::Sent {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        while listener.deliver(&answer).await != Delivered::Sent {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    for round in 0..20 {
        assert_eq!(backend.message().await.payload, format!("offer {round}"));
        assert_eq!(backend.message().await.payload, format!("answer {round}"));
    }
}
