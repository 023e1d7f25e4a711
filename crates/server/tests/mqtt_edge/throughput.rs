//! How many fixes pass a second. Not part of the usual run:
//! `cargo test --release -p server --test mqtt_edge -- --ignored --nocapture --test-threads 1`

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use server::mqtt::{
    Accepted, Broker, BrokerOptions, Identity, Ingress, LinkState, Listener, ListenerOptions, Prefix,
    Publish, Role, Version,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::brokers::Fake;
use crate::{eventually, raw};

/// Takes everything and only counts.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Ingress for Counter {
    async fn accept(&self, _publish: Publish) -> Accepted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Accepted::Acknowledge
    }
}

const FIX: &[u8] = br#"{"v":1,"ts":1763748000123,"lat":47.6097,"lon":-122.3331,"acc":12.5,"spd":1.4}"#;

async fn counting() -> (Listener, Arc<Counter>) {
    let counter = Arc::new(Counter::default());
    let options = ListenerOptions { address: ([127, 0, 0, 1], 0).into(), ..ListenerOptions::default() };
    let backend = Identity::with_token("backend", Role::Backend, b"backend").unwrap();
    (Listener::bind(options, vec![backend], counter.clone()).await.unwrap(), counter)
}

/// Publishes over one connection; at QoS 1 with so many not yet acknowledged.
async fn flood(address: SocketAddr, level: u8, window: Option<usize>, n: usize) {
    const N_AT_ONCE: usize = 100;
    let stream = raw::connect(address, level, &format!("flood-{level}-{n}"), "backend").await;
    let (mut answers, mut out) = stream.into_split();
    let properties: &[u8] = if level == 5 { &[0] } else { &[] };
    let answer_len = 4;
    let n_answered = Arc::new(AtomicUsize::new(0));
    let counting = n_answered.clone();
    let reading = tokio::spawn(async move {
        let mut bytes = vec![0; 64 * 1024];
        let mut n_bytes = 0;
        while window.is_some() && n_bytes < n * answer_len {
            n_bytes += answers.read(&mut bytes).await.unwrap();
            counting.store(n_bytes / answer_len, Ordering::Relaxed);
        }
        answers
    });
    for batch in 0..n / N_AT_ONCE {
        let mut packets = Vec::new();
        for i in 0..N_AT_ONCE {
            let no = batch * N_AT_ONCE + i;
            let topic = format!("stile/v1/customer-{:05}/phone/fix", no % 10_000);
            let len = (topic.len() as u16).to_be_bytes();
            let id = ((no % 60_000) as u16 + 1).to_be_bytes();
            let (first_byte, id): (u8, &[u8]) = if window.is_some() { (0x32, &id) } else { (0x30, &[]) };
            packets.extend(raw::packet(first_byte, &[&len, topic.as_bytes(), id, properties, FIX].concat()));
        }
        while window
            .is_some_and(|window| n_answered.load(Ordering::Relaxed) + window < batch * N_AT_ONCE + N_AT_ONCE)
        {
            tokio::task::yield_now().await;
        }
        out.write_all(&packets).await.unwrap();
    }
    reading.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn fixes_a_second_over_one_connection() {
    let (listener, counter) = counting().await;
    for level in [4, 5] {
        for window in [None, Some(100), Some(1_000)] {
            let n = 300_000;
            let before = counter.0.load(Ordering::Relaxed);
            let started_at = Instant::now();
            flood(listener.address(), level, window, n).await;
            eventually("all are counted", || counter.0.load(Ordering::Relaxed) == before + n).await;
            let rate = n as f64 / started_at.elapsed().as_secs_f64();
            println!("level {level}, window {window:?}: {rate:.0} fixes/s");
            assert!(10_000.0 < rate, "{rate}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn fixes_a_second_over_twenty_connections() {
    let (listener, counter) = counting().await;
    for window in [None, Some(100)] {
        let n = 20_000;
        let before = counter.0.load(Ordering::Relaxed);
        let started_at = Instant::now();
        let floods: Vec<_> =
            (0..20).map(|i| tokio::spawn(flood(listener.address(), 4, window, n + 100 * i))).collect();
        for flood in floods {
            flood.await.unwrap();
        }
        let n = 20 * n + 100 * 190;
        eventually("all are counted", || counter.0.load(Ordering::Relaxed) == before + n).await;
        let rate = n as f64 / started_at.elapsed().as_secs_f64();
        println!("20 connections, window {window:?}: {rate:.0} fixes/s");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn fixes_a_second_from_an_outside_broker() {
    for version in [Version::V311, Version::V5] {
        let fake = Fake::start(version).await;
        let counter = Arc::new(Counter::default());
        let address = fake.address();
        let prefix = Prefix::new("stile/v1");
        let options =
            BrokerOptions { version, ..BrokerOptions::new("127.0.0.1", address.port(), "stile", prefix) };
        let broker = Broker::connect(options, counter.clone());
        let mut session = fake.welcome().await;
        let mut state = broker.state();
        state.wait_for(|state| *state == LinkState::Ready).await.unwrap();
        let started_at = Instant::now();
        let mut n = 0;
        while started_at.elapsed() < Duration::from_secs(2) {
            for id in 1..=100 {
                session.publish("stile/v1/customer-00001/phone/fix", id, FIX).await;
            }
            for id in 1..=100 {
                assert_eq!(session.acknowledged_within(Duration::from_secs(5)).await, Some(id));
            }
            n += 100;
        }
        let rate = f64::from(n) / started_at.elapsed().as_secs_f64();
        println!("{version:?}, QoS 1, acknowledged by hand: {rate:.0} fixes/s");
    }
}
