//! What MQTT and the rest of the program say to one another.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::identity::Role;

/// How hard MQTT tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qos {
    /// 0: fire and forget.
    AtMostOnce,
    /// 1: until acknowledged.
    AtLeastOnce,
    /// 2: four packets, which dedupe within one connection only.
    ExactlyOnce,
}

/// Who published. `Debug` shows the role, not the name.
#[derive(Clone, PartialEq, Eq)]
pub enum Sender {
    /// Someone whom the embedded listener authenticated.
    Listener {
        /// What they may do.
        role: Role,
        /// Their name; of a device the customer's id.
        name: Arc<str>,
    },
    /// The outside broker, whose access rules stood before the topic.
    Broker,
}

impl Sender {
    /// Whether a customer's own device says so of itself.
    #[must_use]
    pub const fn is_a_device(&self) -> bool {
        matches!(self, Self::Listener { role: Role::Device, .. })
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listener { role, .. } => write!(f, "Sender({role:?})"),
            Self::Broker => f.write_str("Sender(Broker)"),
        }
    }
}

/// A message that came in. `Debug` shows neither topic nor payload.
#[derive(Clone)]
pub struct Publish {
    /// Topic as it came; the listener has checked that the sender may publish there.
    pub topic: Arc<str>,
    /// Payload as it came, at most the listener's packet limit.
    pub payload: Bytes,
    /// How it was sent.
    pub qos: Qos,
    /// Whether the sender asked to retain it; nobody does.
    pub retain: bool,
    /// MQTT 5 correlation data. A response topic is not read: answers have a topic of their own.
    pub correlation_data: Option<Bytes>,
    /// Who sent it.
    pub sender: Sender,
}

impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Publish({:?}, {} bytes)", self.sender, self.payload.len())
    }
}

/// What to do with a message that was offered to an [`Ingress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is in good hands, or its loss is allowed: acknowledge.
    Acknowledge,
    /// It could not be kept, and must not be lost: no acknowledgement, and the connection
    /// ends, so that the sender offers it again.
    Withhold,
}

/// Where incoming messages go.
pub trait Ingress: Send + Sync + 'static {
    /// Takes one message; resolves when it may be acknowledged.
    ///
    /// At once for what may be lost (fixes), when durable for what may not (consent,
    /// feedback). The embedded listener reads no further from that connection until this
    /// resolves, so a full queue slows its sender down. The outside broker's client keeps
    /// several in the air and acknowledges them in the order they came; their first polls
    /// happen in that order too.
    fn accept(&self, publish: Publish) -> impl Future<Output = Accepted> + Send;
}

impl<I: Ingress> Ingress for Arc<I> {
    fn accept(&self, publish: Publish) -> impl Future<Output = Accepted> + Send {
        I::accept(self, publish)
    }
}

/// A message to send. It cannot ask to be retained. `Debug` shows neither topic nor payload.
#[derive(Clone)]
pub struct OutMessage {
    /// Where to.
    pub topic: Arc<str>,
    /// What.
    pub payload: Bytes,
    /// How, at most [`Qos::AtLeastOnce`]; a session that subscribed below gets it at that.
    pub qos: Qos,
    /// MQTT 5 message expiry; rounded down to seconds, but at least one: some brokers read
    /// zero as "never".
    pub expires_in: Option<Duration>,
    /// MQTT 5 correlation data of the request that this answers.
    pub correlation_data: Option<Bytes>,
}

impl fmt::Debug for OutMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutMessage({} bytes)", self.payload.len())
    }
}

impl OutMessage {
    /// A message at QoS 1 without expiry.
    #[must_use]
    pub fn new(topic: &str, payload: impl Into<Bytes>) -> Self {
        Self {
            topic: topic.into(),
            payload: payload.into(),
            qos: Qos::AtLeastOnce,
            expires_in: None,
            correlation_data: None,
        }
    }

    /// The same, with an expiry.
    #[must_use]
    pub fn expiring_in(self, time: Duration) -> Self {
        Self { expires_in: Some(time), ..self }
    }

    /// Whole seconds left; `None` without an expiry.
    pub(super) fn expiry_s(&self) -> Option<u32> {
        self.expires_in.map(|time| u32::try_from(time.as_secs().max(1)).unwrap_or(u32::MAX))
    }

    /// Bytes of its PUBLISH packet at most.
    pub(crate) fn packet_len_max(&self) -> usize {
        /// Fixed header, lengths, packet id, expiry and a subscription id.
        const OVERHEAD: usize = 40;
        let correlation = self.correlation_data.as_ref().map_or(0, Bytes::len);
        OVERHEAD + self.topic.len() + self.payload.len() + correlation
    }
}

/// What became of an [`OutMessage`].
///
/// Whoever gets anything but [`Delivered::Sent`] or [`Delivered::Refused`] may try again, and
/// asks the gate again before it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// Handed to at least one connected session that subscribed to it (listener), or
    /// acknowledged by the broker.
    Sent,
    /// Nobody who subscribed to it is connected; or the broker is not.
    NotConnected,
    /// Not now: the session has not acknowledged what it got before, a consent change of this
    /// customer is being written, or the broker asks for patience (0x97).
    Busy,
    /// It went out, and the connection ended before an answer: it may or may not have arrived.
    Interrupted,
    /// Never: the broker refuses this topic (0x87), or the receiver such a size.
    Refused,
}

#[cfg(test)]
mod tests {
    use super::{OutMessage, Publish, Qos, Sender};
    use crate::mqtt::Role;

    #[test]
    fn debug_shows_no_name_topic_or_payload() {
        let sender = Sender::Listener { role: Role::Device, name: "canary".into() };
        let publish = Publish {
            topic: "stile/v1/canary/phone/fix".into(),
            payload: "canary".into(),
            qos: Qos::AtMostOnce,
            retain: false,
            correlation_data: Some("canary".into()),
            sender,
        };
        let message = OutMessage::new("stile/v1/canary/phone/offer", "canary");
        assert!(!format!("{publish:?} {message:?}").contains("canary"));
    }
}
