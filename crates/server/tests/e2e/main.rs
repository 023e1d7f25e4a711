//! The whole way, end to end: the real program, a real listener or broker, real clients.

mod bad_input;
mod broker;
#[path = "../mqtt_edge/client.rs"]
#[allow(dead_code, reason = "the same clients serve the tests of the listener alone")]
mod client;
mod crash;
mod desk;
mod fence_sets;
mod flood;
mod link;
mod offer_sets;
mod offers;
mod officer;
mod operating;
mod operators;
mod people;
mod premises;
mod privacy;
mod process;
mod proof;
mod rules;
mod same_both_ways;
mod server;
mod taking_along;
mod unsealed;
mod withdrawal;
mod words;

use std::time::Duration;

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(20);

/// An offer that was handed to a session before its customer's withdrawal was read can be written
/// right behind the acknowledgement, since mqtt5 reads and writes in no fixed order. It comes
/// together with it; whatever comes later than this was handed over later.
const ON_THE_WIRE: Duration = Duration::from_millis(100);

/// Runs a test's clients.
fn with_clients<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}
