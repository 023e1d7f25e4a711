//! From recorded notifications to MQTT messages, in order.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use engine::ConsentAck;
use ledger::{DeliveryOutcome, Recorded};
use model::Notification;
use tokio::sync::{Semaphore, mpsc};
use wire::Topics;

use super::line::Trial;
use super::shard::{Notice, ShardHandle};
use super::tickets::Tickets;
use crate::mqtt::{Broker, Delivered, Listener, OutMessage};

/// Messages inside an MQTT client at a time.
pub(super) const IN_FLIGHT_MAX: usize = 16;

/// How long an acknowledgement is offered to a session that is busy, and how soon again.
const ACK_TIME_MAX: Duration = Duration::from_secs(10);
const BUSY_RETRY_AFTER: Duration = Duration::from_millis(20);

/// An offer on its way out.
pub(super) type OfferTrial = Box<Trial<Recorded<Notification>>>;

/// Something to publish; offers and acknowledgements share one line, so that no offer follows the
/// acknowledgement of a withdrawal.
pub(super) enum Outgoing {
    /// An offer that the gate let out a moment ago.
    Offer { trial: OfferTrial, expires_in: Duration },
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
                Outgoing::Offer { trial, expires_in } => this.offer(trial, expires_in).await,
                Outgoing::Acknowledge(ack) => this.acknowledge(&ack).await,
                Outgoing::Settle(ticket) => this.tickets.settle(ticket),
            }
        }
    }

    /// Starts a publish here, so that order is kept; a broker's answer is awaited elsewhere.
    async fn offer(&self, trial: OfferTrial, expires_in: Duration) {
        let message = self.message(trial.item.value(), expires_in);
        let delivered = match &self.exits.listener {
            Some(listener) => listener.deliver(&message).await,
            None => Delivered::NotConnected,
        };
        let shard = self.shard.clone();
        match self.exits.broker.clone() {
            Some(broker) if delivered != Delivered::Sent => {
                self.start(broker, message, move |delivered| answer(&shard, trial, delivered)).await;
            }
            Some(_) | None => answer(&shard, trial, delivered),
        }
    }

    /// Hands a message to the broker's client before it returns, and waits for the answer elsewhere.
    async fn start(
        &self,
        broker: Arc<Broker>,
        message: OutMessage,
        answered: impl FnOnce(Delivered) + Send + 'static,
    ) {
        let permit = self.in_flight.clone().acquire_owned().await.expect("nobody closes the semaphore");
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
        if let Some(broker) = self.exits.broker.clone() {
            self.start(broker, message, |_| {}).await;
        }
    }

    fn message(&self, notification: &Notification, expires_in: Duration) -> OutMessage {
        let topic = self.topics.offer(notification.customer.as_str(), notification.device.as_str());
        OutMessage::new(&topic, wire::encode_offer(notification)).expiring_in(expires_in)
    }
}

/// Tells the shard what became of an offer; it decides whether to try again.
fn answer(shard: &ShardHandle, trial: OfferTrial, delivered: Delivered) {
    let outcome = match delivered {
        Delivered::Sent => DeliveryOutcome::Sent,
        Delivered::Refused => DeliveryOutcome::Refused,
        Delivered::NotConnected | Delivered::Busy | Delivered::Interrupted => {
            return shard.notify(Notice::Undelivered(trial, delivered));
        }
    };
    let Notification { customer, id, .. } = trial.item.value();
    shard.notify(Notice::Delivered(customer.clone(), *id, outcome));
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
