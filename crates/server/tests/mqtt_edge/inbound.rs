//! What the listener takes in, and when it acknowledges.

use std::sync::Arc;

use server::mqtt::{Accepted, Qos, Role, Sender, Version};

use crate::client::{BOTH, connect};
use crate::recorder::Recorder;
use crate::{A_MOMENT, listen};

#[tokio::test]
async fn a_message_is_acknowledged_only_when_the_ingress_says_so() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    for version in BOTH {
        for qos in [1, 2] {
            let mut phone = connect(listener.address(), version, "c1").await;
            recorder.answer(None);
            phone.send("stile/v1/c1/consent", qos, "grant").await;
            recorder.take(1).await;
            assert_eq!(phone.answer_within(A_MOMENT).await, None, "not yet");
            recorder.answer(Some(Accepted::Acknowledge));
            assert!(phone.answer().await);
        }
    }
}

#[tokio::test]
async fn a_message_that_could_not_be_kept_is_never_acknowledged() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    for version in BOTH {
        let mut phone = connect(listener.address(), version, "c1").await;
        recorder.answer(Some(Accepted::Withhold));
        phone.send("stile/v1/c1/consent", 1, "grant").await;
        let why = phone.closed().await;
        assert!(!why.contains("answer"), "{why}");
        recorder.answer(Some(Accepted::Acknowledge));
        let mut phone = connect(listener.address(), version, "c1").await;
        assert!(phone.publish("stile/v1/c1/consent", "grant").await, "the next connection works");
    }
}

#[tokio::test]
async fn one_who_waits_for_the_ingress_does_not_hold_up_others() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let phone = connect(listener.address(), Version::V5, "c1").await;
    recorder.answer(None);
    phone.send("stile/v1/c1/consent", 1, "grant").await;
    recorder.take(1).await;
    let mut other = connect(listener.address(), Version::V5, "c2").await;
    assert!(other.subscribe("stile/v1/c2/+/offer", 1).await);
    recorder.answer(Some(Accepted::Acknowledge));
}

#[tokio::test]
async fn a_message_arrives_whole_and_says_who_sent_it() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let mut phone = connect(listener.address(), Version::V5, "c1").await;
    let topic = "stile/v1/c1/consent";
    phone.send_request(topic, "grant", "stile/v1/c1/consent/ack", "42").await;
    assert!(phone.answer().await);
    let publish = recorder.take(1).await.remove(0);
    assert_eq!((&*publish.topic, &publish.payload[..]), (topic, &b"grant"[..]));
    assert_eq!((publish.qos, publish.retain), (Qos::AtLeastOnce, true));
    assert_eq!(publish.correlation_data.as_deref(), Some(&b"42"[..]));
    assert_eq!(publish.sender, Sender::Listener { role: Role::Device, name: "c1".into() });
}

#[tokio::test]
async fn messages_of_one_connection_arrive_in_their_order() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    for version in BOTH {
        let mut backend = connect(listener.address(), version, "backend").await;
        for i in 0..300_u16 {
            backend.send(&format!("stile/v1/c{i}/phone/fix"), (i % 3) as u8, "1").await;
        }
        for _ in 0..200 {
            assert!(backend.answer().await);
        }
        let topics: Vec<_> =
            recorder.take(300).await.iter().map(|publish| publish.topic.to_string()).collect();
        let expected: Vec<_> = (0..300).map(|i| format!("stile/v1/c{i}/phone/fix")).collect();
        assert_eq!(topics, expected);
    }
}
