//! rumqttc in both versions, behind one face.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use rumqttc::{mqttbytes, v5};

use super::super::ingress::{Delivered, OutMessage, Publish, Qos, Sender};
use super::{BrokerOptions, Status, Version};

/// What the client can be asked for; never waits.
pub(super) enum Client {
    V311(rumqttc::AsyncClient),
    V5(v5::AsyncClient),
}

/// The side that does the work.
pub(super) enum Poller {
    V311(Box<rumqttc::EventLoop>),
    V5(Box<v5::EventLoop>),
}

/// What happened.
pub(super) enum Happening {
    /// The broker let us in.
    Connected {
        /// Bytes of a packet that it takes; `None` when it does not say.
        packet_len_max: Option<usize>,
        /// Whether it keeps retained messages.
        can_retain: bool,
    },
    /// It answered our subscriptions; this many of them with no.
    Subscribed { n_refused: usize },
    /// A message came in.
    Incoming { publish: Publish, receipt: Receipt },
    /// A message of ours went out; 0 at QoS 0.
    Sent { packet_id: u16 },
    /// A message of ours was answered.
    Answered { packet_id: u16, delivered: Delivered },
}

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum Cause {
    /// The network, or a broker that does not behave.
    Unreachable(Arc<str>),
    /// The other side closed the connection without a word.
    Cut,
    /// Wrong name or password, or we may not connect.
    Credentials,
    /// Refused subscriptions.
    Subscriptions { n: usize },
    /// Another client has our id.
    TakenOver,
}

impl Cause {
    pub(super) fn unreachable(why: &str) -> Self {
        Self::Unreachable(why.into())
    }

    /// Whether trying again soon would be pointless.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Cut => false,
            Self::Credentials | Self::Subscriptions { .. } | Self::TakenOver => true,
        }
    }
}

/// What acknowledges an incoming message: its packet id, 0 for one that needs none.
pub(super) struct Receipt(u16);

/// The client's queue is full, which its bounds rule out, or its other side is gone.
pub(super) struct Stuck;

/// Packets inside rumqttc before it looks whether one of them was never answered.
const N_PACKET_IDS: u16 = 64;

/// Bytes of an incoming packet. A longer one ends a rumqttc connection, and is sent again on
/// the next, for ever: so this is above what brokers take from publishers.
const PACKET_LEN_MAX: u32 = 16 * 1024 * 1024;

/// The same for 3.1.1, where a client cannot tell its broker: all that the protocol can say.
const PACKET_LEN_MAX_V311: usize = 256 * 1024 * 1024;

/// A new client and the side that does its work; nothing is done before the first poll.
pub(super) fn client(options: &BrokerOptions) -> (Client, Poller) {
    // Room for all that may wait: acknowledgements, messages, a subscription, a status.
    let capacity = usize::from(options.n_incoming_max) + options.n_in_flight_max + 16;
    let keep_alive = options.keep_alive.max(std::time::Duration::from_secs(5));
    let is_clean = options.session_expiry.is_zero();
    let (topic, offline) = (options.status_topic(), Status::Offline.payload());
    match options.version {
        Version::V311 => {
            let mut mqtt = rumqttc::MqttOptions::new(&options.client_id, &options.host, options.port);
            mqtt.set_keep_alive(keep_alive)
                .set_clean_session(is_clean)
                .set_manual_acks(true)
                .set_inflight(N_PACKET_IDS)
                .set_max_packet_size(PACKET_LEN_MAX_V311, PACKET_LEN_MAX_V311)
                .set_last_will(rumqttc::LastWill::new(topic, offline, mqttbytes::QoS::AtLeastOnce, true));
            if let Some(credentials) = &options.credentials {
                mqtt.set_credentials(&credentials.username, &credentials.password);
            }
            let (client, mut event_loop) = rumqttc::AsyncClient::new(mqtt, capacity);
            event_loop.set_network_options(network());
            (Client::V311(client), Poller::V311(Box::new(event_loop)))
        }
        Version::V5 => {
            let session_expiry_s = u32::try_from(options.session_expiry.as_secs()).unwrap_or(u32::MAX);
            let mut mqtt = v5::MqttOptions::new(&options.client_id, &options.host, options.port);
            let qos = v5::mqttbytes::QoS::AtLeastOnce;
            mqtt.set_keep_alive(keep_alive)
                .set_clean_start(is_clean)
                .set_session_expiry_interval(Some(session_expiry_s))
                .set_receive_maximum(Some(options.n_incoming_max.max(1)))
                .set_max_packet_size(Some(PACKET_LEN_MAX))
                .set_manual_acks(true)
                .set_outgoing_inflight_upper_limit(N_PACKET_IDS)
                .set_last_will(v5::mqttbytes::v5::LastWill::new(topic, offline, qos, true, None))
                .set_network_options(network());
            if let Some(credentials) = &options.credentials {
                mqtt.set_credentials(&credentials.username, &credentials.password);
            }
            let (client, event_loop) = v5::AsyncClient::new(mqtt, capacity);
            (Client::V5(client), Poller::V5(Box::new(event_loop)))
        }
    }
}

/// Acknowledgements are small, and many brokers wait for each: they must not wait for more.
fn network() -> rumqttc::NetworkOptions {
    let mut network = rumqttc::NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network
}

impl Client {
    /// Publishes; QoS 2 goes out as 1.
    pub(super) fn publish(&self, message: &OutMessage, retain: bool) -> Result<(), Stuck> {
        let topic = &*message.topic;
        let payload = message.payload.clone();
        match self {
            Self::V311(client) => {
                let qos = match message.qos {
                    Qos::AtMostOnce => mqttbytes::QoS::AtMostOnce,
                    Qos::AtLeastOnce | Qos::ExactlyOnce => mqttbytes::QoS::AtLeastOnce,
                };
                client.try_publish(topic, qos, retain, payload).map_err(|_| Stuck)
            }
            Self::V5(client) => {
                let qos = match message.qos {
                    Qos::AtMostOnce => v5::mqttbytes::QoS::AtMostOnce,
                    Qos::AtLeastOnce | Qos::ExactlyOnce => v5::mqttbytes::QoS::AtLeastOnce,
                };
                let properties = v5::mqttbytes::v5::PublishProperties {
                    message_expiry_interval: message.expiry_s(),
                    correlation_data: message.correlation_data.clone(),
                    ..Default::default()
                };
                client.try_publish_with_properties(topic, qos, retain, payload, properties).map_err(|_| Stuck)
            }
        }
    }

    /// Subscribes at QoS 1: at 2 a resumed session could begin with a release of a packet
    /// that a new client knows nothing of, which rumqttc takes for an error, for ever.
    pub(super) fn subscribe(&self, filters: &[String]) -> Result<(), Stuck> {
        match self {
            Self::V311(client) => {
                let qos = mqttbytes::QoS::AtLeastOnce;
                let filters = filters.iter().map(|path| rumqttc::SubscribeFilter::new(path.clone(), qos));
                client.try_subscribe_many(filters).map_err(|_| Stuck)
            }
            Self::V5(client) => {
                let qos = v5::mqttbytes::QoS::AtLeastOnce;
                let filters = filters.iter().map(|path| v5::mqttbytes::v5::Filter::new(path, qos));
                client.try_subscribe_many(filters).map_err(|_| Stuck)
            }
        }
    }

    pub(super) fn acknowledge(&self, receipt: &Receipt) -> Result<(), Stuck> {
        if receipt.0 == 0 {
            return Ok(());
        }
        match self {
            Self::V311(client) => {
                let mut packet = rumqttc::Publish::new("", mqttbytes::QoS::AtLeastOnce, []);
                packet.pkid = receipt.0;
                client.try_ack(&packet).map_err(|_| Stuck)
            }
            Self::V5(client) => {
                let qos = v5::mqttbytes::QoS::AtLeastOnce;
                let mut packet = v5::mqttbytes::v5::Publish::new("", qos, Bytes::new(), None);
                packet.pkid = receipt.0;
                client.try_ack(&packet).map_err(|_| Stuck)
            }
        }
    }

    pub(super) fn disconnect(&self) -> Result<(), Stuck> {
        match self {
            Self::V311(client) => client.try_disconnect().map_err(|_| Stuck),
            Self::V5(client) => client.try_disconnect().map_err(|_| Stuck),
        }
    }
}

impl Poller {
    /// Works until something happens. Must not be dropped half-way, nor called after an error:
    /// rumqttc would connect again by itself, with what it still holds.
    pub(super) async fn poll(&mut self) -> Result<Happening, Cause> {
        loop {
            let happening = match self {
                Self::V311(event_loop) => {
                    event_loop.poll().await.map(of_v311).map_err(|error| cause_v311(&error))?
                }
                Self::V5(event_loop) => {
                    event_loop.poll().await.map(of_v5).map_err(|error| cause_v5(&error))?
                }
            };
            if let Some(happening) = happening {
                return Ok(happening);
            }
        }
    }
}

fn of_v311(event: rumqttc::Event) -> Option<Happening> {
    use rumqttc::{Event, Outgoing, Packet, SubscribeReasonCode};
    match event {
        Event::Incoming(Packet::ConnAck(_)) => {
            Some(Happening::Connected { packet_len_max: None, can_retain: true })
        }
        Event::Incoming(Packet::SubAck(answer)) => {
            let is_refused = |code: &&SubscribeReasonCode| matches!(code, SubscribeReasonCode::Failure);
            Some(Happening::Subscribed { n_refused: answer.return_codes.iter().filter(is_refused).count() })
        }
        Event::Incoming(Packet::PubAck(answer)) => {
            Some(Happening::Answered { packet_id: answer.pkid, delivered: Delivered::Sent })
        }
        Event::Incoming(Packet::Publish(packet)) => {
            let publish = Publish {
                topic: packet.topic.into(),
                payload: packet.payload,
                qos: qos_of(packet.qos as u8),
                retain: packet.retain,
                correlation_data: None,
                sender: Sender::Broker,
            };
            Some(Happening::Incoming { publish, receipt: Receipt(packet.pkid) })
        }
        Event::Outgoing(Outgoing::Publish(packet_id)) => Some(Happening::Sent { packet_id }),
        Event::Incoming(_) | Event::Outgoing(_) => None,
    }
}

fn of_v5(event: v5::Event) -> Option<Happening> {
    use rumqttc::Outgoing;
    use v5::Event;
    use v5::mqttbytes::v5::{Packet, SubscribeReasonCode};
    match event {
        Event::Incoming(Packet::ConnAck(answer)) => {
            let properties = answer.properties;
            let packet_len_max = properties.as_ref().and_then(|properties| properties.max_packet_size);
            let can_retain = properties.and_then(|properties| properties.retain_available) != Some(0);
            Some(Happening::Connected {
                packet_len_max: packet_len_max.map(|bytes| bytes as usize),
                can_retain,
            })
        }
        Event::Incoming(Packet::SubAck(answer)) => {
            let is_refused = |code: &&SubscribeReasonCode| !matches!(code, SubscribeReasonCode::Success(_));
            Some(Happening::Subscribed { n_refused: answer.return_codes.iter().filter(is_refused).count() })
        }
        Event::Incoming(Packet::PubAck(answer)) => {
            Some(Happening::Answered { packet_id: answer.pkid, delivered: delivered_of(answer.reason) })
        }
        Event::Incoming(Packet::Publish(packet)) => {
            let properties = packet.properties.unwrap_or_default();
            let publish = Publish {
                // MQTT demands UTF-8, rumqttc does not look; what is none of our topics is refused.
                topic: String::from_utf8_lossy(&packet.topic).as_ref().into(),
                payload: packet.payload,
                qos: qos_of(packet.qos as u8),
                retain: packet.retain,
                correlation_data: properties.correlation_data,
                sender: Sender::Broker,
            };
            Some(Happening::Incoming { publish, receipt: Receipt(packet.pkid) })
        }
        Event::Outgoing(Outgoing::Publish(packet_id)) => Some(Happening::Sent { packet_id }),
        Event::Incoming(_) | Event::Outgoing(_) => None,
    }
}

fn qos_of(number: u8) -> Qos {
    match number {
        0 => Qos::AtMostOnce,
        1 => Qos::AtLeastOnce,
        _ => Qos::ExactlyOnce,
    }
}

fn delivered_of(reason: v5::mqttbytes::v5::PubAckReason) -> Delivered {
    use v5::mqttbytes::v5::PubAckReason as Reason;
    match reason {
        // Nobody subscribes at this moment: sent, though perhaps not received.
        Reason::Success | Reason::NoMatchingSubscribers => Delivered::Sent,
        Reason::NotAuthorized | Reason::TopicNameInvalid | Reason::PayloadFormatInvalid => Delivered::Refused,
        Reason::QuotaExceeded
        | Reason::UnspecifiedError
        | Reason::ImplementationSpecificError
        | Reason::PacketIdentifierInUse => Delivered::Busy,
    }
}

fn cause_v311(error: &rumqttc::ConnectionError) -> Cause {
    use rumqttc::{ConnectReturnCode as Code, ConnectionError as Error, StateError};
    match error {
        Error::ConnectionRefused(Code::BadUserNamePassword | Code::NotAuthorized) => Cause::Credentials,
        Error::ConnectionRefused(code) => Cause::Unreachable(format!("the broker refuses: {code:?}").into()),
        Error::Io(error) | Error::MqttState(StateError::Io(error)) => cause_io(error),
        Error::MqttState(StateError::ConnectionAborted) => Cause::Cut,
        Error::NetworkTimeout | Error::FlushTimeout => Cause::unreachable("the broker does not answer"),
        Error::MqttState(state) => Cause::Unreachable(state.to_string().into()),
        Error::NotConnAck(_) => Cause::unreachable("the broker does not begin with CONNACK"),
        Error::RequestsDone => Cause::unreachable("the client was dropped"),
    }
}

fn cause_v5(error: &v5::ConnectionError) -> Cause {
    use v5::mqttbytes::v5::{ConnectReturnCode as Code, DisconnectReasonCode};
    use v5::{ConnectionError as Error, StateError};
    let refused = |code: &Code| match code {
        Code::BadUserNamePassword | Code::NotAuthorized | Code::Banned | Code::BadAuthenticationMethod => {
            Cause::Credentials
        }
        _ => Cause::Unreachable(format!("the broker refuses: {code:?}").into()),
    };
    match error {
        Error::ConnectionRefused(code) | Error::MqttState(StateError::ConnFail { reason: code }) => {
            refused(code)
        }
        Error::Io(error) | Error::MqttState(StateError::Io(error)) => cause_io(error),
        Error::MqttState(StateError::ConnectionAborted) => Cause::Cut,
        Error::Timeout(_) => Cause::unreachable("the broker does not answer"),
        Error::MqttState(StateError::ServerDisconnect { reason_code, .. }) => match reason_code {
            DisconnectReasonCode::SessionTakenOver => Cause::TakenOver,
            _ => Cause::Unreachable(format!("the broker ended the connection: {reason_code:?}").into()),
        },
        Error::MqttState(state) => Cause::Unreachable(state.to_string().into()),
        Error::NotConnAck(_) => Cause::unreachable("the broker does not begin with CONNACK"),
        Error::RequestsDone => Cause::unreachable("the client was dropped"),
    }
}

/// The kind of the error alone: its text can hold addresses.
fn cause_io(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => Cause::Cut,
        kind => Cause::Unreachable(kind.to_string().into()),
    }
}
