//! Who gets in, and what they may do there.

use std::sync::Arc;
use std::time::Instant;

use server::mqtt::{Delivered, Identity, OutMessage, Role, Version};

use crate::client::{BOTH, Client, Login, connect};
use crate::recorder::Recorder;
use crate::{A_MOMENT, eventually, listen, raw};

#[tokio::test]
async fn phones_and_backends_of_both_versions_connect_and_publish() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    for version in BOTH {
        let mut phone = connect(listener.address(), version, "c1").await;
        let mut backend = connect(listener.address(), version, "backend").await;
        assert_eq!(listener.n_connected(), 2);
        assert!(phone.publish("stile/v1/c1/phone/fix", "1").await);
        assert!(backend.publish("stile/v1/batch", "2").await);
        assert_eq!(recorder.take(2).await.len(), 2);
        drop((phone, backend));
        eventually("both are gone", || listener.n_connected() == 0).await;
    }
    listener.shut_down().await;
}

#[tokio::test]
async fn nobody_gets_in_without_the_right_secret() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let logins = [
        None,
        Some(("c1", "c2")),
        Some(("c1", "")),
        Some(("nobody", "nobody")),
        Some(("", "")),
        Some(("C1", "c1")),
    ];
    for version in BOTH {
        for username in logins {
            let username = username.map(|(name, token)| (name.to_owned(), token.to_owned()));
            let login = Login { username, ..Login::new(listener.address(), version, "c1") };
            let started_at = Instant::now();
            let refused = Client::log_in(login).await.err().expect("refused");
            assert!(refused.contains("BadUserNamePassword"), "{refused}");
            assert!(0.5 <= started_at.elapsed().as_secs_f64(), "the time tells nothing");
        }
    }
    assert_eq!(listener.n_connected(), 0);
    assert_eq!(listener.tally().n_refused, 12);
}

#[tokio::test]
async fn identities_come_and_go_while_it_runs() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let login = Login::new(listener.address(), Version::V5, "c9");
    assert!(Client::log_in(login.clone()).await.is_err());
    listener.add_identity(Identity::with_token("c9", Role::Device, b"c9").unwrap());
    let mut phone = Client::log_in(login.clone()).await.unwrap();
    assert!(phone.publish("stile/v1/c9/phone/fix", "1").await);
    assert!(listener.remove_identity("c9"));
    phone.closed().await;
    assert!(Client::log_in(login).await.is_err());
    assert!(!listener.remove_identity("c9"));
}

#[tokio::test]
async fn t05_a_device_cannot_publish_as_another() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let foreign = [
        "stile/v1/c2/phone/fix",
        "stile/v1/c2/consent",
        "stile/v1/c1/phone/offer",
        "stile/v1/c1/consent/ack",
        "stile/v1/batch",
        "stile/v1/sys/one/status",
        "elsewhere",
    ];
    for version in BOTH {
        let mut phone = connect(listener.address(), version, "c1").await;
        for topic in foreign {
            let is_success = phone.publish(topic, "canary").await;
            // 3.1.1 has no word for no.
            assert_eq!(is_success, version == Version::V311, "{topic}");
            phone.send(topic, 0, "canary").await;
            phone.send(topic, 2, "canary").await;
            assert_eq!(phone.answer().await, version == Version::V311, "{topic}");
        }
        assert!(phone.publish("stile/v1/c1/phone/fix", "own").await, "the session survives");
        let taken = recorder.take(1).await;
        assert_eq!(taken.len(), 1);
        assert_eq!(&taken[0].payload[..], b"own");
    }
    assert_eq!(listener.tally().n_publishes_denied, 2 * 3 * foreign.len() as u64);
}

#[tokio::test]
async fn t05_a_device_cannot_hear_another() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let foreign = [
        "#",
        "stile/#",
        "stile/v1/+/+/offer",
        "stile/v1/c2/+/offer",
        "stile/v1/c1/+/fix",
        "stile/v1/c1/#",
        "stile/v1/+/consent/ack",
        "$SYS/#",
        "$share/group/stile/v1/c1/+/offer",
        "stile/v1/sys/#",
    ];
    for version in BOTH {
        let mut phone = connect(listener.address(), version, "c1").await;
        for filter in foreign {
            assert!(!phone.subscribe(filter, 1).await, "{filter}");
        }
        assert!(phone.subscribe("stile/v1/c1/+/offer", 1).await);
        assert!(phone.subscribe("stile/v1/c1/consent/ack", 1).await);
    }
}

#[tokio::test]
async fn what_one_client_publishes_no_other_hears() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let mut operator = connect(listener.address(), Version::V5, "operator").await;
    let mut backend = connect(listener.address(), Version::V5, "backend").await;
    let mut phone = connect(listener.address(), Version::V5, "c1").await;
    assert!(operator.subscribe("stile/v1/sys/#", 1).await);
    assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);
    assert!(phone.publish("stile/v1/c1/phone/fix", "1").await);
    assert!(phone.publish("stile/v1/c1/consent", "2").await);
    assert!(!phone.publish("stile/v1/c1/phone/offer", "3").await);
    assert!(!backend.publish("stile/v1/sys/dead", "4").await);
    assert!(backend.message_within(A_MOMENT).await.is_none());
    assert!(operator.message_within(A_MOMENT).await.is_none());
}

#[tokio::test]
async fn t16_a_will_on_our_topics_is_refused_and_elsewhere_never_published() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    for version in BOTH {
        for topic in ["stile/v1/c1/consent", "stile/v1/c1/phone/offer", "stile/v1/c1/phone/fix", "stile/v1"] {
            let will = Some((topic.to_owned(), "will".to_owned()));
            let login = Login { will, ..Login::new(listener.address(), version, "c1") };
            let refused = Client::log_in(login).await.err().expect("refused");
            assert!(refused.contains("NotAuthorized"), "{refused}");
        }
        let will = Some(("owntracks/c1/phone".to_owned(), "will".to_owned()));
        let login = Login { will, ..Login::new(listener.address(), version, "c1") };
        let phone = Client::log_in(login).await.unwrap();
        drop(phone);
        eventually("the phone is gone", || listener.n_connected() == 0).await;
    }
    assert_eq!(recorder.n(), 0);
}

#[tokio::test]
async fn a_client_id_is_its_identitys_own_and_keeps_nobody_else_out() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    for version in BOTH {
        let shared =
            |name| Login { client_id: "shared".into(), ..Login::new(listener.address(), version, name) };
        let mut first = Client::log_in(shared("c1")).await.unwrap();
        let mut other = Client::log_in(shared("c2")).await.unwrap();
        let mut backend = Client::log_in(shared("backend")).await.unwrap();
        assert_eq!(listener.n_connected(), 3);
        assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);
        assert!(other.subscribe("stile/v1/c2/+/offer", 1).await);
        for customer in ["c1", "c2"] {
            let offer = OutMessage::new(&format!("stile/v1/{customer}/phone/offer"), customer);
            assert_eq!(listener.deliver(&offer).await, Delivered::Sent);
            assert_eq!(&backend.message().await.payload[..], customer.as_bytes());
        }
        assert_eq!(&other.message().await.payload[..], b"c2");
        assert!(first.publish("stile/v1/c1/phone/fix", "1").await, "nobody else can throw anyone out");
        drop((other, backend));
        eventually("they are gone, and the first is not", || listener.n_connected() == 1).await;

        let mut second = Client::log_in(shared("c1")).await.unwrap();
        first.closed().await;
        assert!(second.publish("stile/v1/c1/phone/fix", "2").await);
        assert_eq!(listener.n_connected(), 1);
        drop(second);
        eventually("the place is free", || listener.n_connected() == 0).await;
    }
}

#[tokio::test]
async fn mqtt_5_hears_why_a_session_ends_and_3_1_1_is_cut_off() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    for (level, taken_over, dismissed) in
        [(4, &[][..], &[][..]), (5, &[0xe0, 1, 0x8e][..], &[0xe0, 1, 0x8b][..])]
    {
        let mut first = raw::connect(listener.address(), level, "shared", "c1").await;
        let mut second = raw::connect(listener.address(), level, "shared", "c1").await;
        assert_eq!(raw::read(&mut first).await, taken_over);
        listener.add_identity(Identity::with_token("c1", Role::Device, b"c1").unwrap());
        assert_eq!(raw::read(&mut second).await, dismissed);
        assert_eq!(raw::read(&mut second).await, [0; 0]);
    }
    let mut phone = raw::connect(listener.address(), 5, "shared", "c1").await;
    listener.shut_down().await;
    assert_eq!(raw::read(&mut phone).await, [0xe0, 1, 0x8b]);
}
