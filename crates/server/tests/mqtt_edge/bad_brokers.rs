//! The client of an outside broker, with brokers that refuse, stall, forget and narrow.

use std::sync::Arc;
use std::time::{Duration, Instant};

use server::mqtt::broker::Credentials;
use server::mqtt::{Accepted, Broker, BrokerOptions, Delivered, LinkState, OutMessage, Qos, Version};
use tokio::time::timeout;

use crate::brokers::Fake;
use crate::client::BOTH;
use crate::outside::{OFFER, is_in, options, ready};
use crate::recorder::Recorder;
use crate::{A_MOMENT, PATIENCE, eventually};

#[tokio::test]
async fn n01_without_a_broker_it_says_why_and_goes_on_trying() {
    for version in BOTH {
        let nowhere = Fake::start(version).await.address();
        let recorder = Arc::new(Recorder::default());
        let broker = Broker::connect(options(nowhere, version), recorder);
        let state = is_in(&broker, |state| matches!(state, LinkState::Unreachable { .. })).await;
        assert_eq!(state, LinkState::Unreachable { why: "connection refused".into() });
        assert_eq!(broker.deliver(&OutMessage::new(OFFER, "coffee")).await, Delivered::NotConnected);
        broker.shut_down().await;
    }
}

#[tokio::test]
async fn n05_a_broker_that_stops_answering_is_given_up() {
    for version in BOTH {
        let fake = Fake::start(version).await;
        let recorder = Arc::new(Recorder::default());
        let patience = Duration::from_millis(400);
        let options = BrokerOptions { answer_time_max: patience, ..options(fake.address(), version) };
        let broker = Broker::connect(options, recorder);
        let mut session = fake.accept().await;
        session.let_in(0, &[]).await;
        let why = LinkState::Unreachable { why: "the broker does not answer".into() };
        is_in(&broker, |state| *state == why).await;

        let mut session = fake.welcome().await;
        ready(&broker).await;
        let delivered = tokio::spawn(async move {
            let delivered = broker.deliver(&OutMessage::new(OFFER, "coffee")).await;
            (broker, delivered)
        });
        session.published().await;
        let (_broker, delivered) = delivered.await.unwrap();
        assert_eq!(delivered, Delivered::Interrupted);
        assert!(session.is_closed().await);
    }
}

#[tokio::test]
async fn t11_wrong_credentials_are_not_tried_again_soon() {
    for (version, code) in [(Version::V311, 4), (Version::V311, 5), (Version::V5, 0x86), (Version::V5, 0x87)]
    {
        let fake = Fake::start(version).await;
        let recorder = Arc::new(Recorder::default());
        let credentials = Credentials { username: "stile".into(), password: "wrong".into() };
        let options = BrokerOptions { credentials: Some(credentials), ..options(fake.address(), version) };
        let broker = Broker::connect(options, recorder);
        let connect = fake.accept().await.let_in(code, &[]).await;
        assert!(connect.ends_with(b"\x00\x05stile\x00\x05wrong"));
        is_in(&broker, |state| *state == LinkState::CredentialsRefused).await;
        assert!(fake.accept_within(Duration::from_millis(500)).await.is_none());
    }
}

#[tokio::test]
async fn a_refused_subscription_is_told_and_nothing_is_sent() {
    for (version, code) in [(Version::V311, 0x80), (Version::V5, 0x87)] {
        let fake = Fake::start(version).await;
        let broker = Broker::connect(options(fake.address(), version), Arc::new(Recorder::default()));
        let mut session = fake.accept().await;
        session.let_in(0, &[]).await;
        session.grant(|filter| if filter < 2 { code } else { 1 }).await;
        is_in(&broker, |state| *state == LinkState::SubscriptionsRefused { n: 2 }).await;
        assert_eq!(broker.deliver(&OutMessage::new(OFFER, "coffee")).await, Delivered::NotConnected);
        assert!(fake.accept_within(Duration::from_millis(300)).await.is_none());
    }
}

#[tokio::test]
async fn t13_the_answer_of_the_broker_decides() {
    let answers = [
        (0x00, Delivered::Sent),
        (0x10, Delivered::Sent),
        (0x87, Delivered::Refused),
        (0x90, Delivered::Refused),
        (0x97, Delivered::Busy),
        (0x80, Delivered::Busy),
    ];
    let fake = Fake::start(Version::V5).await;
    let broker = Broker::connect(options(fake.address(), Version::V5), Arc::new(Recorder::default()));
    let mut session = fake.welcome().await;
    ready(&broker).await;
    let broker = Arc::new(broker);
    for (reason, expected) in answers {
        let sending = broker.clone();
        let message = OutMessage {
            correlation_data: Some("42".into()),
            ..OutMessage::new(OFFER, "coffee").expiring_in(Duration::from_secs(7))
        };
        let delivered = tokio::spawn(async move { sending.deliver(&message).await });
        let published = session.published().await;
        assert_eq!(published.first_byte, 0x32, "QoS 1, not retained, no duplicate");
        assert_eq!(published.properties, [2, 0, 0, 0, 7, 9, 0, 2, b'4', b'2']);
        assert!(!delivered.is_finished(), "not before the answer");
        session.acknowledge(published.packet_id, reason).await;
        assert_eq!(delivered.await.unwrap(), expected, "{reason:x}");
    }
    let dead = OutMessage { qos: Qos::AtMostOnce, ..OutMessage::new("stile/v1/sys/dead", "{}") };
    assert_eq!(broker.deliver(&dead).await, Delivered::Sent, "QoS 0 has no answer");
    assert_eq!(session.published().await.first_byte, 0x30);
}

#[tokio::test]
async fn t13_an_answer_to_a_message_that_was_never_sent_is_survived() {
    for version in BOTH {
        let fake = Fake::start(version).await;
        let broker = Broker::connect(options(fake.address(), version), Arc::new(Recorder::default()));
        let mut session = fake.welcome().await;
        ready(&broker).await;
        session.acknowledge(60, 0).await;
        let _session = fake.welcome().await;
        ready(&broker).await;
    }
}

#[tokio::test]
async fn what_was_in_flight_comes_back_interrupted_and_never_goes_out_by_itself() {
    for version in BOTH {
        let fake = Fake::start(version).await;
        let broker = Broker::connect(options(fake.address(), version), Arc::new(Recorder::default()));
        let mut session = fake.welcome().await;
        ready(&broker).await;
        let broker = Arc::new(broker);
        let deliveries: Vec<_> = (0..20)
            .map(|i| {
                let broker = broker.clone();
                let message = OutMessage::new(OFFER, format!("offer {i}"));
                tokio::spawn(async move { broker.deliver(&message).await })
            })
            .collect();
        for _ in 0..16 {
            session.published().await;
        }
        assert!(session.is_silent(A_MOMENT).await, "at most 16 are in flight");
        drop(session);
        let mut answers = Vec::new();
        for delivery in deliveries {
            answers.push(timeout(PATIENCE, delivery).await.unwrap().unwrap());
        }
        let n_interrupted = answers.iter().filter(|&&answer| answer == Delivered::Interrupted).count();
        assert!(16 <= n_interrupted, "{answers:?}");
        assert!(!answers.contains(&Delivered::Sent), "{answers:?}");

        let mut session = fake.welcome().await;
        ready(&broker).await;
        assert!(session.is_silent(A_MOMENT).await, "nothing is sent again unasked");
    }
}

#[tokio::test]
async fn t12_a_narrow_broker_is_obeyed() {
    let fake = Fake::start(Version::V5).await;
    let broker = Broker::connect(options(fake.address(), Version::V5), Arc::new(Recorder::default()));
    let mut session = fake.accept().await;
    // Receive Maximum 1, Maximum QoS 1, no retained messages, Maximum Packet Size 1,024, Topic
    // Alias Maximum 0.
    session.let_in(0, &[0x21, 0, 1, 0x24, 1, 0x25, 0, 0x27, 0, 0, 4, 0, 0x22, 0, 0]).await;
    session.grant(|_| 1).await;
    let status = session.published().await;
    assert_eq!(status.first_byte, 0x32, "not retained");
    session.acknowledge(status.packet_id, 0).await;
    ready(&broker).await;
    let large = OutMessage::new(OFFER, vec![b'x'; 1_024]);
    assert_eq!(broker.deliver(&large).await, Delivered::Refused);

    let broker = Arc::new(broker);
    let deliveries: Vec<_> = (0..4)
        .map(|_| {
            let broker = broker.clone();
            tokio::spawn(async move { broker.deliver(&OutMessage::new(OFFER, "coffee")).await })
        })
        .collect();
    for _ in 0..4 {
        let published = session.published().await;
        assert!(session.is_silent(Duration::from_millis(30)).await, "one at a time");
        session.acknowledge(published.packet_id, 0).await;
    }
    for delivery in deliveries {
        assert_eq!(delivery.await.unwrap(), Delivered::Sent);
    }
}

#[tokio::test]
async fn an_incoming_message_is_acknowledged_when_it_is_durable_and_in_order() {
    for version in BOTH {
        let fake = Fake::start(version).await;
        let recorder = Arc::new(Recorder::default());
        let _broker = Broker::connect(options(fake.address(), version), recorder.clone());
        let mut session = fake.welcome().await;
        recorder.answer(None);
        for id in [5, 6, 7] {
            session.publish("stile/v1/c1/consent", id, b"grant").await;
        }
        eventually("all three are offered at once", || recorder.n() == 3).await;
        assert_eq!(session.acknowledged_within(A_MOMENT).await, None);
        recorder.answer(Some(Accepted::Acknowledge));
        for id in [5, 6, 7] {
            assert_eq!(session.acknowledged_within(PATIENCE).await, Some(id));
        }

        recorder.answer(Some(Accepted::Withhold));
        session.publish("stile/v1/c1/consent", 8, b"withdraw").await;
        assert!(session.is_closed().await, "no acknowledgement, so that it comes again");
        recorder.answer(Some(Accepted::Acknowledge));
        let mut session = fake.welcome().await;
        session.publish("stile/v1/c1/consent", 8, b"withdraw").await;
        assert_eq!(session.acknowledged_within(PATIENCE).await, Some(8));
    }
}

#[tokio::test]
async fn large_messages_come_through_and_do_not_end_the_connection() {
    for version in BOTH {
        let fake = Fake::start(version).await;
        let recorder = Arc::new(Recorder::default());
        let _broker = Broker::connect(options(fake.address(), version), recorder.clone());
        let mut session = fake.welcome().await;
        session.publish("stile/v1/batch", 5, &vec![b'x'; 3 * 1024 * 1024]).await;
        assert_eq!(session.acknowledged_within(PATIENCE).await, Some(5));
        assert_eq!(recorder.take(1).await[0].payload.len(), 3 * 1024 * 1024);
    }
}

#[tokio::test]
async fn t14_a_session_that_is_taken_over_is_not_taken_back_soon() {
    let fake = Fake::start(Version::V5).await;
    let broker = Broker::connect(options(fake.address(), Version::V5), Arc::new(Recorder::default()));
    let mut session = fake.welcome().await;
    session.write(0xe0, &[0x8e, 0]).await;
    is_in(&broker, |state| *state == LinkState::TakenOver).await;
    assert!(fake.accept_within(Duration::from_millis(500)).await.is_none());
}

#[tokio::test]
async fn t14_a_broker_that_cuts_us_off_again_and_again_is_left_alone_for_a_while() {
    for version in BOTH {
        let fake = Fake::start(version).await;
        let broker = Broker::connect(options(fake.address(), version), Arc::new(Recorder::default()));
        for _ in 0..2 {
            drop(fake.welcome().await);
        }
        // What mosquitto sends to who is taken over, and rumqttc cannot read.
        let mut session = fake.welcome().await;
        ready(&broker).await;
        if version == Version::V5 {
            session.write(0xe0, &[0x8e]).await;
        }
        drop(session);
        let is_suspicious = |why: &str| why.contains("another client");
        is_in(&broker, |state| matches!(state, LinkState::Unreachable { why } if is_suspicious(why))).await;
        assert!(fake.accept_within(Duration::from_millis(500)).await.is_none());
    }
}

#[tokio::test]
async fn t17_the_status_is_published_again_and_again() {
    let fake = Fake::start(Version::V5).await;
    let interval = Duration::from_millis(300);
    let options = BrokerOptions { status_interval: interval, ..options(fake.address(), Version::V5) };
    let _broker = Broker::connect(options, Arc::new(Recorder::default()));
    let mut session = fake.welcome().await;
    let started_at = Instant::now();
    for _ in 0..2 {
        let status = session.published().await;
        assert_eq!(&status.payload[..], br#"{"state":"online"}"#);
        session.acknowledge(status.packet_id, 0).await;
    }
    assert!(started_at.elapsed() < Duration::from_secs(4));
}
