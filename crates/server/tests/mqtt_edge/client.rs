//! rumqttc as a phone or a backend, in both versions, one step at a time.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5;
use server::mqtt::Version;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::PATIENCE;

pub(crate) const BOTH: [Version; 2] = [Version::V311, Version::V5];

#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) address: SocketAddr,
    pub(crate) version: Version,
    pub(crate) client_id: String,
    pub(crate) username: Option<(String, String)>,
    pub(crate) will: Option<(String, String)>,
    pub(crate) clean: bool,
    pub(crate) manual_acks: bool,
    pub(crate) packet_len_max: u32,
}

impl Login {
    /// As somebody whose token is their name.
    pub(crate) fn new(address: SocketAddr, version: Version, name: &str) -> Self {
        Self {
            address,
            version,
            client_id: format!("{name}-{version:?}"),
            username: Some((name.into(), name.into())),
            will: None,
            clean: true,
            manual_acks: false,
            packet_len_max: 16 * 1024 * 1024,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    pub(crate) expiry_s: Option<u32>,
    pub(crate) correlation_data: Option<Bytes>,
    pub(crate) packet_id: u16,
}

#[derive(Debug)]
enum Heard {
    In,
    Subscribed(Vec<bool>),
    Unsubscribed,
    Answered(bool),
    Message(Message),
    Out(String),
}

enum Speaker {
    V311(rumqttc::AsyncClient),
    V5(v5::AsyncClient),
}

pub(crate) struct Client {
    speaker: Speaker,
    heard: mpsc::UnboundedReceiver<Heard>,
    messages: VecDeque<Message>,
    polling: JoinHandle<()>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

pub(crate) async fn connect(address: SocketAddr, version: Version, name: &str) -> Client {
    Client::log_in(Login::new(address, version, name)).await.unwrap()
}

impl Client {
    /// The error is what rumqttc says.
    pub(crate) async fn log_in(login: Login) -> Result<Self, String> {
        let (host, port) = (login.address.ip().to_string(), login.address.port());
        let (tell, heard) = mpsc::unbounded_channel();
        let (speaker, polling) = match login.version {
            Version::V311 => {
                let mut options = rumqttc::MqttOptions::new(login.client_id, host, port);
                options
                    .set_max_packet_size(login.packet_len_max as usize, 64 * 1024 * 1024)
                    .set_clean_session(login.clean)
                    .set_manual_acks(login.manual_acks);
                if let Some((name, token)) = login.username {
                    options.set_credentials(name, token);
                }
                if let Some((topic, payload)) = login.will {
                    let qos = rumqttc::QoS::AtLeastOnce;
                    options.set_last_will(rumqttc::LastWill::new(topic, payload, qos, false));
                }
                let (client, mut event_loop) = rumqttc::AsyncClient::new(options, 64);
                let polling = tokio::spawn(async move {
                    loop {
                        let event = event_loop.poll().await;
                        let is_over = event.is_err();
                        let heard = event.map_or_else(|error| Some(Heard::Out(error.to_string())), of_v311);
                        let is_gone = heard.is_some_and(|heard| tell.send(heard).is_err());
                        if is_over || is_gone {
                            return;
                        }
                    }
                });
                (Speaker::V311(client), polling)
            }
            Version::V5 => {
                let mut options = v5::MqttOptions::new(login.client_id, host, port);
                options
                    .set_max_packet_size(Some(login.packet_len_max))
                    .set_outgoing_inflight_upper_limit(100)
                    .set_clean_start(login.clean)
                    .set_manual_acks(login.manual_acks);
                if !login.clean {
                    options.set_session_expiry_interval(Some(600));
                }
                if let Some((name, token)) = login.username {
                    options.set_credentials(name, token);
                }
                if let Some((topic, payload)) = login.will {
                    let qos = v5::mqttbytes::QoS::AtLeastOnce;
                    options.set_last_will(v5::mqttbytes::v5::LastWill::new(topic, payload, qos, false, None));
                }
                let (client, mut event_loop) = v5::AsyncClient::new(options, 64);
                let polling = tokio::spawn(async move {
                    loop {
                        let event = event_loop.poll().await;
                        let is_over = event.is_err();
                        let heard = event.map_or_else(|error| Some(Heard::Out(error.to_string())), of_v5);
                        let is_gone = heard.is_some_and(|heard| tell.send(heard).is_err());
                        if is_over || is_gone {
                            return;
                        }
                    }
                });
                (Speaker::V5(client), polling)
            }
        };
        let mut client = Self { speaker, heard, messages: VecDeque::new(), polling };
        match client.next().await {
            Heard::In => Ok(client),
            Heard::Out(why) => Err(why),
            other => panic!("{other:?} before CONNACK"),
        }
    }

    /// Publishes without waiting.
    pub(crate) async fn send(&self, topic: &str, qos: u8, payload: impl Into<Bytes>) {
        let payload = payload.into();
        match &self.speaker {
            Speaker::V311(client) => {
                client.publish(topic, rumqttc::qos(qos).unwrap(), false, payload).await.unwrap();
            }
            Speaker::V5(client) => {
                let qos = v5::mqttbytes::qos(qos).unwrap();
                client.publish(topic, qos, false, payload).await.unwrap();
            }
        }
    }

    /// Publishes with what only MQTT 5 has.
    pub(crate) async fn send_request(
        &self,
        topic: &str,
        payload: &'static str,
        response: &str,
        correlation: &'static str,
    ) {
        let Speaker::V5(client) = &self.speaker else { panic!("only MQTT 5 has requests") };
        let properties = v5::mqttbytes::v5::PublishProperties {
            response_topic: Some(response.into()),
            correlation_data: Some(correlation.into()),
            ..Default::default()
        };
        let qos = v5::mqttbytes::QoS::AtLeastOnce;
        client.publish_with_properties(topic, qos, true, payload, properties).await.unwrap();
    }

    /// Publishes at QoS 1; whether the answer was success.
    pub(crate) async fn publish(&mut self, topic: &str, payload: impl Into<Bytes>) -> bool {
        self.send(topic, 1, payload).await;
        self.answer().await
    }

    /// The next answer to a publish.
    pub(crate) async fn answer(&mut self) -> bool {
        match self.next_but_messages().await {
            Heard::Answered(is_success) => is_success,
            other => panic!("{other:?} instead of an answer"),
        }
    }

    pub(crate) async fn answer_within(&mut self, time: Duration) -> Option<bool> {
        timeout(time, self.answer()).await.ok()
    }

    /// Subscribes; whether it was granted.
    pub(crate) async fn subscribe(&mut self, filter: &str, qos: u8) -> bool {
        match &self.speaker {
            Speaker::V311(client) => client.subscribe(filter, rumqttc::qos(qos).unwrap()).await.unwrap(),
            Speaker::V5(client) => {
                client.subscribe(filter, v5::mqttbytes::qos(qos).unwrap()).await.unwrap();
            }
        }
        match self.next_but_messages().await {
            Heard::Subscribed(granted) => granted == [true],
            other => panic!("{other:?} instead of SUBACK"),
        }
    }

    pub(crate) async fn unsubscribe(&mut self, filter: &str) {
        match &self.speaker {
            Speaker::V311(client) => client.unsubscribe(filter).await.unwrap(),
            Speaker::V5(client) => client.unsubscribe(filter).await.unwrap(),
        }
        match self.next_but_messages().await {
            Heard::Unsubscribed => {}
            other => panic!("{other:?} instead of UNSUBACK"),
        }
    }

    /// Acknowledges by hand.
    pub(crate) async fn acknowledge(&self, message: &Message) {
        match &self.speaker {
            Speaker::V311(client) => {
                let mut packet = rumqttc::Publish::new("", rumqttc::QoS::AtLeastOnce, []);
                packet.pkid = message.packet_id;
                client.ack(&packet).await.unwrap();
            }
            Speaker::V5(client) => {
                let qos = v5::mqttbytes::QoS::AtLeastOnce;
                let mut packet = v5::mqttbytes::v5::Publish::new("", qos, Bytes::new(), None);
                packet.pkid = message.packet_id;
                client.ack(&packet).await.unwrap();
            }
        }
    }

    pub(crate) async fn message(&mut self) -> Message {
        self.message_within(PATIENCE).await.expect("a message")
    }

    pub(crate) async fn message_within(&mut self, time: Duration) -> Option<Message> {
        if let Some(message) = self.messages.pop_front() {
            return Some(message);
        }
        timeout(time, async {
            loop {
                match self.heard.recv().await {
                    Some(Heard::Message(message)) => return Some(message),
                    Some(_) => {}
                    None => return None,
                }
            }
        })
        .await
        .ok()
        .flatten()
    }

    /// Waits until the connection ends, and says how.
    pub(crate) async fn closed(&mut self) -> String {
        loop {
            match self.next().await {
                Heard::Out(why) => return why,
                _ => continue,
            }
        }
    }

    async fn next_but_messages(&mut self) -> Heard {
        loop {
            match self.next().await {
                Heard::Message(message) => self.messages.push_back(message),
                other => return other,
            }
        }
    }

    async fn next(&mut self) -> Heard {
        let heard = timeout(PATIENCE, self.heard.recv()).await.expect("the listener answers");
        heard.unwrap_or_else(|| Heard::Out("the client ended".into()))
    }
}

fn of_v311(event: rumqttc::Event) -> Option<Heard> {
    use rumqttc::{Event, Packet, SubscribeReasonCode};
    match event {
        Event::Incoming(Packet::ConnAck(_)) => Some(Heard::In),
        Event::Incoming(Packet::SubAck(answer)) => {
            let is_granted = |code: &SubscribeReasonCode| matches!(code, SubscribeReasonCode::Success(_));
            Some(Heard::Subscribed(answer.return_codes.iter().map(is_granted).collect()))
        }
        Event::Incoming(Packet::UnsubAck(_)) => Some(Heard::Unsubscribed),
        Event::Incoming(Packet::PubAck(_) | Packet::PubComp(_)) => Some(Heard::Answered(true)),
        Event::Incoming(Packet::Publish(packet)) => Some(Heard::Message(Message {
            topic: packet.topic,
            payload: packet.payload,
            qos: packet.qos as u8,
            retain: packet.retain,
            expiry_s: None,
            correlation_data: None,
            packet_id: packet.pkid,
        })),
        _ => None,
    }
}

fn of_v5(event: v5::Event) -> Option<Heard> {
    use v5::Event;
    use v5::mqttbytes::v5::{Packet, PubAckReason, PubCompReason, PubRecReason, SubscribeReasonCode};
    match event {
        Event::Incoming(Packet::ConnAck(_)) => Some(Heard::In),
        Event::Incoming(Packet::SubAck(answer)) => {
            let is_granted = |code: &SubscribeReasonCode| matches!(code, SubscribeReasonCode::Success(_));
            Some(Heard::Subscribed(answer.return_codes.iter().map(is_granted).collect()))
        }
        Event::Incoming(Packet::UnsubAck(_)) => Some(Heard::Unsubscribed),
        Event::Incoming(Packet::PubAck(answer)) => {
            Some(Heard::Answered(answer.reason == PubAckReason::Success))
        }
        Event::Incoming(Packet::PubRec(answer)) => {
            (answer.reason != PubRecReason::Success).then_some(Heard::Answered(false))
        }
        Event::Incoming(Packet::PubComp(answer)) => {
            Some(Heard::Answered(answer.reason == PubCompReason::Success))
        }
        Event::Incoming(Packet::Publish(packet)) => {
            let properties = packet.properties.unwrap_or_default();
            Some(Heard::Message(Message {
                topic: String::from_utf8(packet.topic.to_vec()).unwrap(),
                payload: packet.payload,
                qos: packet.qos as u8,
                retain: packet.retain,
                expiry_s: properties.message_expiry_interval,
                correlation_data: properties.correlation_data,
                packet_id: packet.pkid,
            }))
        }
        _ => None,
    }
}
