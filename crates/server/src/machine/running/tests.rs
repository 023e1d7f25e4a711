//! The threads together, without a listener.

use std::sync::mpsc;
use std::time::Instant;

use ledger::{ClosedPartition, MemoryStorage};
use spatial_index::geojson;

use super::*;
use crate::mqtt::{Accepted, Ingress as _, Publish, Qos, Sender};

const FENCES: &[u8] = br#"{"type":"FeatureCollection","features":[{"type":"Feature","id":"quay",
    "properties":{"merchant":"books","tz":"Europe/London","radius_m":100},"geometry":{"type":"Point","coordinates":[-2.6,52.1]}}]}"#;
const OFFERS: &str = "[[offer]]\nid = \"two\"\nmerchant = \"books\"\nfences = [\"quay\"]\nholdout_permille = 0\ntitle = \"Two\"\nbody = \"Two for one.\"\n";
/// A Saturday at noon.
const STARTED_AT: Timestamp = Timestamp::from_unix_ms(1_795_262_400_000);

/// Without a listener and without a broker: nobody ever takes an offer.
async fn machine(clock: Clock, closed: Vec<Partition>) -> Running {
    let fences = geojson::read(FENCES, &geojson::ReadOptions::default()).unwrap().fences;
    let offers = settings::OffersFile::parse("offers.toml".as_ref(), OFFERS).unwrap();
    let mut policy = Policy::default();
    policy.notifier.cooldowns.settle_in = Millis::ZERO;
    policy.notifier.gather = Millis::ZERO;
    let setup = Setup {
        house: Arc::new(House::new(fences, offers.catalogue()).unwrap()),
        alteration: None,
        policy,
        storage: Box::new(MemoryStorage::new().with_closed(closed.into_iter().map(damaged).collect())),
        n_shards: 1,
        prefix: "stile/v1".into(),
        clock,
        upkeep: Upkeep::default(),
        listener: None,
        broker: None,
    };
    Running::start(setup).await.unwrap()
}

fn damaged(partition: Partition) -> ClosedPartition {
    ClosedPartition { partition, reason: "it is damaged" }
}

fn publish(topic: &str, payload: impl Into<Bytes>) -> Publish {
    Publish {
        topic: topic.into(),
        payload: payload.into(),
        qos: Qos::AtLeastOnce,
        retain: false,
        correlation_data: None,
        sender: Sender::Broker,
    }
}

fn grant(purpose: &str) -> String {
    format!(
        r#"{{"v":1,"event_id":"e-{}","merchant":"books","purpose":"{purpose}","kind":"grant","actor":"self","method":"toggle",
        "notice":{{"id":"n","version":1,"lang":"en","sha256":"{}","shown_at":{}}}}}"#,
        purpose.len(),
        "a".repeat(64),
        STARTED_AT.unix_ms()
    )
}

fn customer(name: &str) -> CustomerId {
    CustomerId::new(name).unwrap()
}

async fn agree(running: &Running, name: &str) {
    for purpose in ["location", "offers.push"] {
        assert!(running.hear(Door::Consent, &customer(name), grant(purpose).into()).await.is_ok());
    }
}

fn fix(after: Millis) -> String {
    format!(r#"{{"v":1,"ts":{},"lat":52.1,"lon":-2.6,"acc":5,"fg":true}}"#, (STARTED_AT + after).unix_ms())
}

async fn tally_when(running: &Running, what: &str, is_so: impl Fn(&Tally) -> bool) -> Tally {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let tally = running.tally().await.unwrap();
        if is_so(&tally) {
            return tally;
        }
        assert!(Instant::now() < until, "never {what}: {tally:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_of_fixes_goes_on_although_nobody_takes_the_offers() {
    let running = machine(Clock::Fixes { start_at: STARTED_AT }, Vec::new()).await;
    agree(&running, "ada").await;
    for minute in 0..60 {
        let fix = fix(Millis::from_mins(minute));
        assert_eq!(
            running.inbound.accept(publish("stile/v1/ada/phone/fix", fix)).await,
            Accepted::Acknowledge
        );
    }
    let tally = tally_when(&running, "used", |tally| tally.n_used == 60).await;
    assert_eq!((tally.n_decided, tally.transitions.of_word("dwell")), (1, 1));
    // Its fifteen minutes are over, which the next try finds.
    tally_when(&running, "expired", |tally| tally.delivered.of_word("expired") == 1).await;
    let started = Instant::now();
    running.shut_down().await;
    assert!(started.elapsed() < Duration::from_secs(2), "nothing was in hand");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_offers_that_nobody_takes() {
    let running = machine(Clock::scaled(STARTED_AT + Millis::from_mins(10), 1.0), Vec::new()).await;
    agree(&running, "ada").await;
    for minute in [1, 9] {
        running.inbound.accept(publish("stile/v1/ada/phone/fix", fix(Millis::from_mins(minute)))).await;
    }
    tally_when(&running, "decided", |tally| tally.n_decided == 1).await;
    let started = Instant::now();
    running.shut_down().await;
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn s02_a_panic_in_a_shard_is_seen_and_keeps_nobody_waiting() {
    let running = machine(Clock::Wall, Vec::new()).await;
    assert!(running.is_healthy());
    let asked = running.shards[0].ask(|_| -> () { panic!("a shard of a test panics") }).await;
    assert_eq!(asked, Err(ShardError));
    let until = Instant::now() + Duration::from_secs(5);
    while running.is_healthy() {
        assert!(Instant::now() < until, "a dead shard is not healthy");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(running.hear(Door::Consent, &customer("ada"), grant("location").into()).await.is_err());
    assert_eq!(
        running.inbound.accept(publish("stile/v1/ada/consent", grant("location"))).await,
        Accepted::Withhold
    );
    assert_eq!(running.tally().await.err(), Some(ShardError));
    let started = Instant::now();
    running.shut_down().await;
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_in_and_is_never_written_is_not_acknowledged() {
    let running = machine(Clock::Wall, Vec::new()).await;
    // The shard is busy until it panics, so the event stays in its queue for ever.
    let (go, stay) = mpsc::channel::<()>();
    running.shards[0].notify(Notice::Ask(Box::new(move |_| {
        let _ = stay.recv();
        panic!("a shard of a test panics");
    })));
    let inbound = running.inbound.clone();
    let waiting =
        tokio::spawn(async move { inbound.accept(publish("stile/v1/ada/consent", grant("location"))).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    drop(go);
    running.shut_down().await;
    assert_eq!(waiting.await.unwrap(), Accepted::Withhold);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_shard_makes_senders_wait_before_memory_runs_out() {
    const LEN: usize = 256 << 10;
    let running = machine(Clock::Wall, Vec::new()).await;
    let (go, stay) = mpsc::channel::<()>();
    running.shards[0].notify(Notice::Ask(Box::new(move |_| {
        let _ = stay.recv();
    })));
    let payload = Bytes::from(vec![b'x'; LEN]);
    let mut n_taken = 0;
    let accept = || running.inbound.accept(publish("stile/v1/ada/phone/fix", payload.clone()));
    while tokio::time::timeout(Duration::from_millis(200), accept()).await.is_ok() {
        n_taken += 1;
        assert!(n_taken * LEN < 64 << 20, "it takes everything");
    }
    assert!(3 << 20 <= n_taken * LEN, "{n_taken} messages are too few to be fast");
    drop(go);
    assert_eq!(accept().await, Accepted::Acknowledge);
    tally_when(&running, "read", |tally| n_taken as u64 <= tally.n_records).await;
    running.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v09_a_closed_partition_takes_no_consent_by_any_door() {
    let running = machine(Clock::Wall, vec![Partition::of("ada")]).await;
    assert!(running.hear(Door::Consent, &customer("ada"), grant("location").into()).await.is_err());
    assert_eq!(
        running.inbound.accept(publish("stile/v1/ada/consent", grant("location"))).await,
        Accepted::Withhold
    );
    assert_eq!(running.inbound.accept(publish("stile/v1/ada/phone/fix", "x")).await, Accepted::Acknowledge);
    let tally = tally_when(&running, "refused", |tally| tally.n_records == 1).await;
    assert_eq!((tally.refused.of_word("unknown_customer"), tally.n_opened), (1, 0));
    assert!(running.is_healthy());
    running.shut_down().await;
}
