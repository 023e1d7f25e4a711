//! From recorded notifications to MQTT messages, in order.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use engine::ConsentAck;
use ledger::{DeliveryOutcome, Recorded};
use model::Notification;
use tokio::sync::{Semaphore, mpsc};
use wire::Topics;

use super::shard::{Notice, ShardHandle};
use super::tickets::Tickets;
use crate::mqtt::{Broker, Delivered, Listener, OutMessage};

/// Messages inside an MQTT client at a time.
pub(super) const IN_FLIGHT_MAX: usize = 16;

/// How long to wait before an offer is tried again; the gate is asked before each try.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// How long an acknowledgement is offered to a session that is busy, and how soon anything is tried again.
const ACK_TIME_MAX: Duration = Duration::from_secs(10);
const BUSY_RETRY_AFTER: Duration = Duration::from_millis(20);

/// Something to publish; offers and acknowledgements share one line, so that no offer follows the
/// acknowledgement of a withdrawal.
pub(super) enum Outgoing {
    /// An offer that the gate let out a moment ago.
    Offer { recorded: Box<Recorded<Notification>>, expires_in: Duration },
    /// An answer to a consent event.
    Acknowledge(ConsentAck),
    /// A message may be acknowledged.
    Settle(u64),
}

/// Where messages leave the house.
#[derive(Clone, Default)]
pub(super) struct Exits {
    pub(super) listener: Option<Arc<Listener>>,
    pub(super) broker: Option<Arc<Broker>>,
}

/// One shard's way out.
pub(super) struct Outbound {
    pub(super) topics: Topics,
    pub(super) exits: Exits,
    pub(super) shard: ShardHandle,
    pub(super) tickets: Arc<Tickets>,
    pub(super) in_flight: Arc<Semaphore>,
}

impl Outbound {
    /// Publishes until the shard is gone.
    pub(super) async fn work(self, mut outgoing: mpsc::UnboundedReceiver<Outgoing>) {
        let this = Arc::new(self);
        while let Some(next) = outgoing.recv().await {
            match next {
                Outgoing::Offer { recorded, expires_in } => this.clone().offer(recorded, expires_in).await,
                Outgoing::Acknowledge(ack) => this.acknowledge(&ack).await,
                Outgoing::Settle(ticket) => this.tickets.settle(ticket),
            }
        }
    }

    /// Starts a publish here, so that order is kept; a broker's answer is awaited elsewhere.
    async fn offer(self: Arc<Self>, recorded: Box<Recorded<Notification>>, expires_in: Duration) {
        let message = self.message(recorded.value(), expires_in);
        let delivered = match &self.exits.listener {
            Some(listener) => listener.deliver(&message).await,
            None => Delivered::NotConnected,
        };
        let to_broker = delivered != Delivered::Sent && self.exits.broker.is_some();
        if to_broker {
            let this = self.clone();
            self.start(message, move |delivered| this.answer(recorded, delivered)).await;
        } else {
            self.answer(recorded, delivered);
        }
    }

    /// Hands a message to the broker's client before it returns, and waits for the answer elsewhere.
    async fn start(&self, message: OutMessage, answered: impl FnOnce(Delivered) + Send + 'static) {
        let Some(broker) = self.exits.broker.clone() else { return };
        let Ok(permit) = self.in_flight.clone().acquire_owned().await else { return };
        let mut publish = Box::pin(async move { broker.deliver(&message).await });
        let first = futures_util::poll!(&mut publish);
        tokio::spawn(async move {
            let delivered = match first {
                Poll::Ready(delivered) => delivered,
                Poll::Pending => publish.await,
            };
            drop(permit);
            answered(delivered);
        });
    }

    fn answer(self: Arc<Self>, recorded: Box<Recorded<Notification>>, delivered: Delivered) {
        match delivered {
            Delivered::Sent => self.delivered(&recorded, DeliveryOutcome::Sent),
            Delivered::Refused => self.delivered(&recorded, DeliveryOutcome::Refused),
            Delivered::NotConnected | Delivered::Busy | Delivered::Interrupted => {
                let wait = if delivered == Delivered::Busy { BUSY_RETRY_AFTER } else { RETRY_AFTER };
                tokio::spawn(async move {
                    tokio::time::sleep(wait).await;
                    self.shard.notify(Notice::Retry(recorded));
                });
            }
        }
    }

    fn delivered(&self, recorded: &Recorded<Notification>, outcome: DeliveryOutcome) {
        let Notification { customer, id, .. } = recorded.value();
        self.shard.notify(Notice::Delivered(customer.clone(), *id, outcome));
    }

    /// Tells those who listen; the acknowledgement of the message itself is what counts.
    async fn acknowledge(&self, ack: &ConsentAck) {
        let topic = self.topics.consent_ack(ack.customer.as_str());
        let mut message = OutMessage::new(&topic, wire::encode_ack(&ack.answer));
        message.correlation_data = self.tickets.correlation_data(ack.ticket);
        if let Some(listener) = self.exits.listener.clone()
            && listener.deliver(&message).await == Delivered::Busy
        {
            tokio::spawn(deliver_patiently(listener, message.clone()));
        }
        self.start(message, |_| {}).await;
    }

    fn message(&self, notification: &Notification, expires_in: Duration) -> OutMessage {
        let topic = self.topics.offer(notification.customer.as_str(), notification.device.as_str());
        OutMessage::new(&topic, wire::encode_offer(notification)).expiring_in(expires_in)
    }
}

/// Offers a message again until the session takes it; one who takes nothing for too long goes without.
async fn deliver_patiently(listener: Arc<Listener>, message: OutMessage) {
    let tries = ACK_TIME_MAX.as_millis() / BUSY_RETRY_AFTER.as_millis();
    for _ in 0..tries {
        tokio::time::sleep(BUSY_RETRY_AFTER).await;
        if listener.deliver(&message).await != Delivered::Busy {
            return;
        }
    }
}
