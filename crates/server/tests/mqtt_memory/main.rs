//! What the listener keeps in memory. A process of its own: memory is measured for all of it.

#[allow(dead_code, reason = "mqtt_edge uses all of it")]
#[path = "../mqtt_edge/client.rs"]
mod client;
#[allow(dead_code, reason = "mqtt_edge uses all of it")]
#[path = "../mqtt_edge/raw.rs"]
mod raw;
#[allow(dead_code, reason = "mqtt_edge uses all of it")]
#[path = "../mqtt_edge/recorder.rs"]
mod recorder;
#[allow(dead_code, reason = "mqtt_edge uses all of it")]
#[path = "../mqtt_edge/street.rs"]
mod street;

use std::sync::Arc;
use std::time::{Duration, Instant};

use server::mqtt::{Delivered, ListenerOptions, OutMessage, Version};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex;

use self::client::connect;
use self::recorder::Recorder;
use self::street::{PATIENCE, eventually, listen, listen_with};

/// One test at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

const OFFER: &str = "stile/v1/c1/phone/offer";

#[tokio::test]
async fn t18_three_hundred_thousand_foreign_topics_leave_no_trace() {
    let _alone = ALONE.lock().await;
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    for level in [4, 5] {
        let mut phone = raw::connect(listener.address(), level, "t18", "c1").await;
        let kept_before = resident_bytes();
        let properties: &[u8] = if level == 5 { b"\x00" } else { b"" };
        for chunk in 0..300 {
            let mut packets = Vec::new();
            for i in 0..1_000 {
                let topic = format!("stile/v1/customer-{chunk}-{i}/phone/fix");
                let len = (topic.len() as u16).to_be_bytes();
                packets.extend(raw::packet(0x30, &[&len, topic.as_bytes(), properties, b"{}"].concat()));
            }
            phone.write_all(&packets).await.unwrap();
        }
        phone.write_all(&[0xc0, 0]).await.unwrap();
        assert_eq!(raw::read(&mut phone).await, [0xd0, 0], "the session survives");
        let kept = resident_bytes().saturating_sub(kept_before);
        assert!(kept < 16 * 1024 * 1024, "{kept} bytes kept");
    }
    assert_eq!(recorder.n(), 0);
    assert_eq!(listener.tally().n_publishes_denied, 600_000);
}

#[tokio::test]
async fn a_session_that_does_not_read_holds_up_nobody_and_keeps_little() {
    let _alone = ALONE.lock().await;
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let mut stalled = raw::connect(listener.address(), 4, "stalled", "c1").await;
    let subscription = [b"\x00\x01\x00\x17", OFFER.as_bytes(), b"\x00"].concat();
    stalled.write_all(&raw::packet(0x82, &subscription)).await.unwrap();
    assert_eq!(raw::read(&mut stalled).await, [0x90, 3, 0, 1, 0]);
    let mut backend = connect(listener.address(), Version::V5, "backend").await;
    assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);

    let kept_before = resident_bytes();
    let started_at = Instant::now();
    let payload = vec![b'x'; 1024 * 1024];
    for _ in 0..200 {
        let offer = OutMessage::new(OFFER, payload.clone());
        assert_eq!(listener.deliver(&offer).await, Delivered::Sent);
        assert_eq!(backend.message().await.payload.len(), payload.len());
    }
    assert!(started_at.elapsed() < Duration::from_secs(20), "{:?}", started_at.elapsed());
    let kept = resident_bytes().saturating_sub(kept_before);
    assert!(kept < 100 * 1024 * 1024, "{kept} bytes kept of {}", 200 * payload.len());
}

#[tokio::test]
async fn a_thousand_sessions_that_say_nothing_cost_little() {
    let _alone = ALONE.lock().await;
    let recorder = Arc::new(Recorder::default());
    let listener = listen_with(&recorder, ListenerOptions::default()).await;
    let kept_before = resident_bytes();
    let mut sessions = Vec::new();
    for i in 0..1_000 {
        let mut session = raw::connect(listener.address(), 4, &format!("session-{i}"), "backend").await;
        let subscription = [b"\x00\x01\x00\x17", OFFER.as_bytes(), b"\x01"].concat();
        session.write_all(&raw::packet(0x82, &subscription)).await.unwrap();
        assert_eq!(raw::read(&mut session).await, [0x90, 3, 0, 1, 1]);
        sessions.push(session);
    }
    let kept = resident_bytes().saturating_sub(kept_before) / sessions.len();
    println!("{kept} bytes a session");
    assert!(kept < 64 * 1024, "{kept} bytes a session");
    drop(sessions);
    eventually("all are gone", || listener.n_connected() == 0).await;
}

/// Memory of this process that is in use; 0 where the system does not tell.
pub fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}
