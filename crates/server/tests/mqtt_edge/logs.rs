//! Log lines hold no ids, although those of the MQTT crates do.

use std::io;
use std::sync::{Arc, Mutex};

use server::mqtt::{OutMessage, Version, is_private_log_target};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use crate::client::connect;
use crate::listen;
use crate::recorder::Recorder;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged at every level while a phone comes, publishes, is refused, hears and goes.
async fn lines(is_filtered: bool) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        .with_filter(filter_fn(move |line| !is_filtered || !is_private_log_target(line.target())));
    // One thread for everything, so that this subscriber hears all of it.
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let mut phone = connect(listener.address(), Version::V5, "c1").await;
    assert!(phone.subscribe("stile/v1/c1/+/offer", 1).await);
    assert!(!phone.subscribe("stile/v1/c2/+/offer", 1).await);
    assert!(phone.publish("stile/v1/c1/phone/fix", "canary").await);
    assert!(!phone.publish("stile/v1/c2/phone/fix", "canary").await);
    listener.deliver(&OutMessage::new("stile/v1/c1/phone/offer", "canary")).await;
    phone.message().await;
    listener.shut_down().await;
    String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
}

#[tokio::test]
async fn the_filter_keeps_ids_and_topics_out_of_the_log() {
    let unfiltered = lines(false).await;
    assert!(unfiltered.contains("c1-V5") && unfiltered.contains("stile/v1/c2/phone/fix"), "{unfiltered}");
    let filtered = lines(true).await;
    for canary in ["c1", "c2", "stile/v1", "canary", "127.0.0.1"] {
        assert!(!filtered.contains(canary), "{canary} in {filtered}");
    }
}
