//! From recorded notifications to MQTT messages, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use engine::{ConsentAck, Reminder, Shadow};
use ledger::{DeliveryOutcome, Recorded};
use model::Notification;
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep_until};
use wire::Topics;

use super::line::Trial;
use super::patience::Patience;
use super::shard::{Notice, ShardHandle};
use super::tickets::Tickets;
use crate::explain::rfc3339;
use crate::mqtt::{Broker, Delivered, Listener, OutMessage, Qos};

/// Messages inside an MQTT client at a time.
pub(super) const IN_FLIGHT_MAX: usize = 16;

/// An offer on its way out.
pub(super) type OfferTrial = Box<Trial<Recorded<Notification>>>;

/// Something to publish; offers and acknowledgements share one line, so that no offer follows the
/// acknowledgement of a withdrawal.
pub(super) enum Outgoing {
    /// An offer that the gate let out a moment ago.
    Offer { trial: OfferTrial, expires_in: Duration },
    /// What would have been said, for operators.
    Shadow(Box<Shadow>),
    /// An answer to a consent event.
    Acknowledge(ConsentAck),
    /// The announcement that a grant ends.
    Remind(Box<Reminder>),
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
    /// Answers to consent that a session did not take in time, or for which there was no room.
    pub(super) n_acks_dropped: Arc<AtomicU64>,
}

impl Outbound {
    /// Publishes until the shard is gone.
    pub(super) async fn work(self, mut outgoing: mpsc::UnboundedReceiver<Outgoing>) {
        let mut patience = Patience::default();
        loop {
            let due_at = patience.due_at();
            let next = tokio::select! {
                next = outgoing.recv() => next,
                () = sleep_until(due_at.unwrap_or_else(Instant::now)), if due_at.is_some() => {
                    self.offer_again(&mut patience).await;
                    continue;
                }
            };
            match next {
                None => return,
                Some(Outgoing::Offer { trial, expires_in }) => self.offer(trial, expires_in).await,
                Some(Outgoing::Shadow(shadow)) => self.show(&shadow).await,
                Some(Outgoing::Acknowledge(ack)) => self.acknowledge(&ack, &mut patience).await,
                Some(Outgoing::Remind(reminder)) => self.remind(&reminder).await,
                Some(Outgoing::Settle(ticket)) => self.tickets.settle(ticket),
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

    /// Shows operators what would have been said: to whom it would have been is not in it.
    async fn show(&self, shadow: &Shadow) {
        let mut message = OutMessage::new(&self.topics.shadow(), encode_shadow(shadow));
        message.qos = Qos::AtMostOnce;
        if let Some(listener) = &self.exits.listener {
            // Whoever does not look has missed nothing that counts.
            let _ = listener.deliver(&message).await;
        }
        if let Some(broker) = self.exits.broker.clone() {
            self.start(broker, message, |_| {}).await;
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
    async fn acknowledge(&self, ack: &ConsentAck, patience: &mut Patience) {
        self.tickets.answer(ack.ticket, &ack.answer);
        let topic = self.topics.consent_ack(ack.customer.as_str());
        let mut message = OutMessage::new(&topic, wire::encode_ack(&ack.answer));
        message.correlation_data = self.tickets.correlation_data(ack.ticket);
        if let Some(listener) = &self.exits.listener
            && (patience.holds(&ack.customer) || listener.deliver(&message).await == Delivered::Busy)
            && !patience.put(&ack.customer, message.clone(), Instant::now())
        {
            self.n_acks_dropped.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(broker) = self.exits.broker.clone() {
            self.start(broker, message, |_| {}).await;
        }
    }

    /// Tells whoever listens that a grant ends; the ledger has it for those who do not.
    async fn remind(&self, reminder: &Reminder) {
        let Reminder { customer, merchant, purpose, until } = reminder;
        let written = wire::Reminder { merchant: merchant.as_str(), purpose: purpose.word(), until: *until };
        let topic = self.topics.consent_reminder(customer.as_str());
        let message = OutMessage::new(&topic, wire::encode_reminder(&written));
        if let Some(listener) = &self.exits.listener {
            let _ = listener.deliver(&message).await;
        }
        if let Some(broker) = self.exits.broker.clone() {
            self.start(broker, message, |_| {}).await;
        }
    }

    async fn offer_again(&self, patience: &mut Patience) {
        let Some(listener) = &self.exits.listener else { return };
        let deliver = |message: OutMessage| async move { listener.deliver(&message).await };
        let n_given_up = patience.try_again(Instant::now(), deliver).await;
        self.n_acks_dropped.fetch_add(n_given_up, Ordering::Relaxed);
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

fn encode_shadow(shadow: &Shadow) -> Vec<u8> {
    let Shadow { offer, merchant, fence, store, channel, words, cost, at } = shadow;
    let shown = json!({
        "v": 1,
        "offer": offer.as_str(),
        "merchant": merchant.as_str(),
        "fence": fence.as_str(),
        "store": store,
        "channel": channel.word(),
        "title": words.title,
        "body": words.body,
        "link": words.link,
        "cost": cost,
        "decided_at": rfc3339(*at),
    });
    shown.to_string().into_bytes()
}
