//! The street door: MQTT in and out, through a listener of our own or an outside broker.
//!
//! Both ends take what arrives to one [`Ingress`] and send one [`OutMessage`] at a time, and
//! neither knows what a fix or an offer is. The only thing they read is the topic: who it
//! speaks of decides who may publish, who may subscribe and whose session gets a message.

pub mod access;
pub mod broker;
pub mod identity;
pub mod ingress;
pub mod listener;

pub use access::Prefix;
pub use broker::{Broker, BrokerOptions, LinkState, Version};
pub use identity::{BadIdentity, Identity, Role, Secret};
pub use ingress::{Accepted, Delivered, Ingress, OutMessage, Publish, Qos, Sender};
pub use listener::{ListenError, Listener, ListenerOptions, ListenerTally};

/// Crates whose own log lines name clients, topics and addresses.
pub const PRIVATE_LOG_TARGETS: [&str; 3] = ["mqtt5", "mqtt5_protocol", "rumqttc"];

/// The same as directives of a `tracing_subscriber::EnvFilter`.
///
/// A directive from outside can be more specific and win (`mqtt5::broker=debug`), so the
/// subscriber also asks [`is_private_log_target`].
pub const PRIVATE_LOG_DIRECTIVES: &str = "mqtt5=off,mqtt5_protocol=off,rumqttc=off";

/// Whether a log line of this target may hold ids and must never be written.
#[must_use]
pub fn is_private_log_target(target: &str) -> bool {
    let root = target.split("::").next().unwrap_or(target);
    PRIVATE_LOG_TARGETS.contains(&root)
}

#[cfg(test)]
mod tests {
    use super::is_private_log_target;

    #[test]
    fn log_lines_that_name_clients_are_private_and_ours_are_not() {
        assert!(is_private_log_target("mqtt5"));
        assert!(is_private_log_target("mqtt5::broker::router"));
        assert!(is_private_log_target("rumqttc::v5::state"));
        assert!(!is_private_log_target("mqtt5000"));
        assert!(!is_private_log_target("server::mqtt::listener"));
    }
}
