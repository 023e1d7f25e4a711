//! A backend's connection that survives neither a kill nor a stop, and says so.

use std::net::SocketAddr;

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::PATIENCE;

/// What comes back.
pub(crate) enum Heard<'a> {
    Message { topic: &'a str, payload: &'a [u8] },
    Acknowledged,
}

/// The connection is no more.
#[derive(Debug)]
pub(crate) struct Lost;

pub(crate) struct Link {
    client: AsyncClient,
    answers: mpsc::UnboundedReceiver<()>,
}

impl Link {
    /// Tells everything to `hear` in the order in which it comes.
    pub(crate) fn open(address: SocketAddr, mut hear: impl FnMut(Heard<'_>) + Send + 'static) -> Self {
        let mut options = MqttOptions::new("backend", address.ip().to_string(), address.port());
        options.set_credentials("backend", "backend").set_max_packet_size(1 << 20, 1 << 21);
        let (client, mut event_loop) = AsyncClient::new(options, 1_024);
        let (answered, answers) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(event) = event_loop.poll().await {
                match event {
                    Event::Incoming(Packet::Publish(publish)) => {
                        hear(Heard::Message { topic: &publish.topic, payload: &publish.payload });
                    }
                    Event::Incoming(Packet::PubAck(_)) => {
                        hear(Heard::Acknowledged);
                        let _ = answered.send(());
                    }
                    Event::Incoming(Packet::SubAck(_)) => drop(answered.send(())),
                    Event::Incoming(_) | Event::Outgoing(_) => {}
                }
            }
        });
        Self { client, answers }
    }

    pub(crate) async fn subscribe(&mut self, filter: &str) -> Result<(), Lost> {
        self.client.subscribe(filter, QoS::AtLeastOnce).await.map_err(|_| Lost)?;
        self.answer().await
    }

    /// Publishes and waits for its acknowledgement.
    pub(crate) async fn publish(&mut self, topic: &str, payload: &str) -> Result<(), Lost> {
        self.send(topic, payload).await?;
        self.answer().await
    }

    /// Publishes without waiting.
    pub(crate) async fn send(&self, topic: &str, payload: &str) -> Result<(), Lost> {
        self.client.publish(topic, QoS::AtLeastOnce, false, payload).await.map_err(|_| Lost)
    }

    pub(crate) async fn answer(&mut self) -> Result<(), Lost> {
        let answer = timeout(PATIENCE, self.answers.recv()).await.expect("the server answers or is gone");
        answer.ok_or(Lost)
    }
}
