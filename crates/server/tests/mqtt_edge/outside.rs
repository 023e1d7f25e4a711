//! The client of an outside broker, with brokers that behave.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use server::mqtt::broker::Backoff;
use server::mqtt::{Broker, BrokerOptions, Delivered, LinkState, OutMessage, Prefix, Sender, Version};
use tokio::time::timeout;

use crate::brokers::{self, Kind};
use crate::client::{BOTH, Client, Login};
use crate::recorder::Recorder;
use crate::{A_MOMENT, PATIENCE};

pub(crate) const OFFER: &str = "stile/v1/c1/phone/offer";

pub(crate) fn options(address: SocketAddr, version: Version) -> BrokerOptions {
    let backoff = Backoff {
        first: Duration::from_millis(50),
        longest: Duration::from_millis(200),
        ..Backoff::default()
    };
    BrokerOptions {
        version,
        instance: "one".into(),
        backoff,
        ..BrokerOptions::new(&address.ip().to_string(), address.port(), "stile-one", Prefix::new("stile/v1"))
    }
}

pub(crate) async fn is_in(broker: &Broker, what: impl FnMut(&LinkState) -> bool) -> LinkState {
    let mut state = broker.state();
    let state = timeout(PATIENCE, state.wait_for(what))
        .await
        .unwrap_or_else(|_| panic!("the state stays {:?}", *broker.state().borrow()))
        .unwrap();
    state.clone()
}

pub(crate) async fn ready(broker: &Broker) {
    is_in(broker, |state| *state == LinkState::Ready).await;
}

async fn phone(address: SocketAddr, version: Version, client_id: &str) -> Client {
    let login =
        Login { username: None, client_id: client_id.into(), ..Login::new(address, version, "anybody") };
    Client::log_in(login).await.unwrap()
}

#[tokio::test]
async fn a_real_broker_carries_messages_both_ways() {
    for (kind, version) in all() {
        let real = brokers::Broker::start(kind).await;
        let recorder = Arc::new(Recorder::default());
        let broker = Broker::connect(options(real.address, version), recorder.clone());
        ready(&broker).await;

        let mut phone = phone(real.address, version, "phone").await;
        assert!(phone.publish("stile/v1/c1/phone/fix", "fix").await);
        assert!(phone.publish("stile/v1/c1/consent", "consent").await);
        phone.send("stile/v1/batch", 0, "batch").await;
        let taken = recorder.take(3).await;
        let payloads: Vec<_> = taken.iter().map(|publish| &publish.payload[..]).collect();
        assert_eq!(payloads, [&b"fix"[..], b"consent", b"batch"], "{kind:?} {version:?}");
        assert!(taken.iter().all(|publish| publish.sender == Sender::Broker));
        assert_eq!(&*taken[1].topic, "stile/v1/c1/consent");

        assert!(phone.subscribe("stile/v1/c1/+/offer", 1).await);
        let offer = OutMessage::new(OFFER, "coffee").expiring_in(Duration::from_secs(90));
        assert_eq!(broker.deliver(&offer).await, Delivered::Sent, "{kind:?} {version:?}");
        let message = phone.message().await;
        assert_eq!((&message.payload[..], message.retain, message.qos), (&b"coffee"[..], false, 1));
        if version == Version::V5 {
            assert!(message.expiry_s.is_some_and(|seconds| (88..=90).contains(&seconds)));
        }
        let nobodys = OutMessage::new("stile/v1/c9/phone/offer", "tea");
        assert_eq!(broker.deliver(&nobodys).await, Delivered::Sent, "0x10 counts as sent");
        broker.shut_down().await;
        real.stop().await;
    }
}

#[tokio::test]
async fn the_status_is_retained_and_the_will_replaces_it() {
    for (kind, version) in all() {
        let real = brokers::Broker::start(kind).await;
        let recorder = Arc::new(Recorder::default());
        let broker = Broker::connect(options(real.address, version), recorder.clone());
        ready(&broker).await;
        broker.announce_draining();
        tokio::time::sleep(A_MOMENT).await;
        let mut watcher = phone(real.address, version, "watcher").await;
        assert!(watcher.subscribe("stile/v1/sys/+/status", 1).await);
        let message = watcher.message().await;
        assert_eq!((&message.payload[..], message.retain), (&br#"{"state":"draining"}"#[..], true));
        broker.shut_down().await;
        assert_eq!(&watcher.message().await.payload[..], br#"{"state":"offline"}"#);
        assert!(watcher.message_within(A_MOMENT).await.is_none(), "a goodbye leaves no will");

        let broker = Broker::connect(options(real.address, version), recorder);
        ready(&broker).await;
        assert_eq!(&watcher.message().await.payload[..], br#"{"state":"online"}"#);
        drop(broker);
        assert_eq!(&watcher.message().await.payload[..], br#"{"state":"offline"}"#, "{kind:?}");
        real.stop().await;
    }
}

#[tokio::test]
async fn after_a_restart_of_the_broker_everything_is_subscribed_again() {
    for (kind, version) in all() {
        let real = brokers::Broker::start(kind).await;
        let address = real.address;
        let recorder = Arc::new(Recorder::default());
        let broker = Broker::connect(options(address, version), recorder.clone());
        ready(&broker).await;
        real.stop().await;
        is_in(&broker, |state| matches!(state, LinkState::Unreachable { .. })).await;
        assert_eq!(broker.deliver(&OutMessage::new(OFFER, "coffee")).await, Delivered::NotConnected);

        let real = brokers::Broker::start_at(kind, address).await;
        ready(&broker).await;
        let mut phone = phone(address, version, "phone").await;
        assert!(phone.publish("stile/v1/c1/phone/fix", "fix").await);
        assert_eq!(recorder.take(1).await.len(), 1, "{kind:?} {version:?}");
        assert_eq!(broker.deliver(&OutMessage::new(OFFER, "coffee")).await, Delivered::Sent);
        broker.shut_down().await;
        real.stop().await;
    }
}

#[tokio::test]
async fn what_comes_while_we_are_away_waits_at_the_broker() {
    for (kind, version) in all() {
        let real = brokers::Broker::start(kind).await;
        let recorder = Arc::new(Recorder::default());
        let broker = Broker::connect(options(real.address, version), recorder.clone());
        ready(&broker).await;
        drop(broker);
        let mut phone = phone(real.address, version, "phone").await;
        tokio::time::sleep(A_MOMENT).await;
        assert!(phone.publish("stile/v1/c1/consent", "withdraw").await);
        assert_eq!(recorder.n(), 0);
        let broker = Broker::connect(options(real.address, version), recorder.clone());
        let taken = recorder.take(1).await;
        assert_eq!(&taken[0].payload[..], b"withdraw", "{kind:?} {version:?}");
        broker.shut_down().await;
        real.stop().await;
    }
}

fn all() -> Vec<(Kind, Version)> {
    let versions = |kind| BOTH.map(|version| (kind, version));
    brokers::kinds().into_iter().flat_map(versions).collect()
}
