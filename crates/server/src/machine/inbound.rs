//! From MQTT messages to the shards' queues.

use std::sync::Arc;

use bytes::Bytes;
use engine::Door;
use model::Partition;
use tokio::sync::oneshot;
use wire::{Acknowledgement, Flaw, Limits, Topic, Topics};

use super::parcel::{Parcel, RecordRange, range_in};
use super::shard::ShardHandle;
use super::tickets::Tickets;
use crate::mqtt::{Accepted, Ingress, Publish};

/// Sorts messages by customer, and holds back acknowledgements until they are true.
pub(crate) struct Inbound {
    pub(super) topics: Topics,
    pub(super) limits: Limits,
    pub(super) shards: Arc<[ShardHandle]>,
    pub(super) tickets: Arc<Tickets>,
    /// Partitions whose ledger is damaged take no consent, and know nobody.
    pub(super) closed: Vec<Partition>,
}

/// Nothing was promised of a letter: its partition is closed, or the machine stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it could not be made durable")]
pub struct NotDurable;

impl Ingress for Inbound {
    async fn accept(&self, publish: Publish) -> Accepted {
        let accepted = match self.topics.parse(&publish.topic) {
            Ok(Topic::Fix { customer, device }) => {
                let parcel = message(&publish, Door::Fixes, customer, device, 0);
                self.shard_of(customer).send(parcel).await
            }
            Ok(Topic::Batch) => self.accept_batch(&publish.payload).await,
            Ok(Topic::Consent { customer }) => {
                let device = their_phone(&publish, customer);
                self.accept_durably(&publish, Door::Consent, customer, device).await
            }
            Ok(Topic::Feedback { customer, device }) => {
                self.accept_durably(&publish, Door::Feedback, customer, device).await
            }
            Ok(Topic::Profile { customer }) => {
                let device = their_phone(&publish, customer);
                self.accept_durably(&publish, Door::Profile, customer, device).await
            }
            // Our own way out: nobody may speak for the engine.
            Ok(
                Topic::Offer { .. }
                | Topic::ConsentAck { .. }
                | Topic::ConsentReminder { .. }
                | Topic::Status { .. }
                | Topic::Dead
                | Topic::Shadow,
            ) => self.shards[0].unaddressed(Flaw::UnknownTopic).await,
            Err(flaw) => self.shards[0].unaddressed(flaw).await,
        };
        // A shard that is gone keeps nothing; the sender shall offer it again.
        if accepted { Accepted::Acknowledge } else { Accepted::Withhold }
    }
}

impl Inbound {
    fn shard_of(&self, customer: &str) -> &ShardHandle {
        &self.shards[self.shard_no(customer)]
    }

    fn shard_no(&self, customer: &str) -> usize {
        if self.shards.len() == 1 { 0 } else { shard_no(Partition::of(customer), self.shards.len()) }
    }

    async fn accept_durably(&self, publish: &Publish, door: Door, customer: &str, device: &str) -> bool {
        if self.is_closed(customer) {
            return false;
        }
        // A slice of it would keep the whole message for as long as the answer waits.
        let correlation_data = publish.correlation_data.as_deref().map(Bytes::copy_from_slice);
        let (ticket, settled) = self.tickets.issue(correlation_data);
        let parcel = message(publish, door, customer, device, ticket);
        self.settled(customer, parcel, ticket, settled).await.is_ok()
    }

    /// Hands a letter with a ticket in; answers once what it says is durable, with what became of a consent event.
    async fn settled(
        &self,
        customer: &str,
        parcel: Parcel,
        ticket: u64,
        settled: oneshot::Receiver<Option<Acknowledgement>>,
    ) -> Result<Option<Acknowledgement>, NotDurable> {
        if !self.shard_of(customer).send(parcel).await {
            self.tickets.void(ticket);
            return Err(NotDurable);
        }
        settled.await.map_err(|_| NotDurable)
    }

    /// A letter that did not come by MQTT, of a customer as a backend knows them; with its number.
    pub(super) async fn hear(
        &self,
        door: Door,
        customer: &str,
        payload: Bytes,
    ) -> Result<(u64, Option<Acknowledgement>), NotDurable> {
        if self.is_closed(customer) {
            return Err(NotDurable);
        }
        let (ticket, settled) = self.tickets.issue(None);
        let (topic, whole) = (customer.into(), 0..customer.len());
        let parcel = Parcel::Message { door, topic, customer: whole, device: 0..0, payload, ticket };
        Ok((ticket, self.settled(customer, parcel, ticket, settled).await?))
    }

    fn is_closed(&self, customer: &str) -> bool {
        self.closed.contains(&Partition::of(customer))
    }

    /// Splits a batch by shard; the records' bodies stay unread.
    async fn accept_batch(&self, payload: &Bytes) -> bool {
        if self.limits.batch_bytes_max < payload.len() {
            return self.shards[0].unaddressed(Flaw::TooLarge).await;
        }
        let mut of_shard: Vec<Vec<RecordRange>> = vec![Vec::new(); self.shards.len()];
        let mut flaws = Vec::new();
        for record in wire::batch::records(payload, &self.limits) {
            match record {
                Ok(record) => of_shard[self.shard_no(record.customer)].push(RecordRange {
                    customer: range_in(payload, record.customer.as_bytes()),
                    device: range_in(payload, record.device.as_bytes()),
                    body: range_in(payload, record.body),
                }),
                Err(flaw) => flaws.push(flaw),
            }
        }
        let mut accepted = true;
        for flaw in flaws {
            accepted &= self.shards[0].unaddressed(flaw).await;
        }
        for (shard, records) in self.shards.iter().zip(of_shard) {
            if !records.is_empty() {
                accepted &= shard.send(Parcel::Records { payload: payload.clone(), records }).await;
            }
        }
        accepted
    }
}

/// Which shard owns a partition.
pub(super) fn shard_no(partition: Partition, n_shards: usize) -> usize {
    usize::from(partition.no()) % n_shards
}

/// Not empty when the customer's own phone says it; which of them does not matter.
const fn their_phone<'a>(publish: &Publish, customer: &'a str) -> &'a str {
    if publish.sender.is_a_device() { customer } else { "" }
}

fn message(publish: &Publish, door: Door, customer: &str, device: &str, ticket: u64) -> Parcel {
    let whole = publish.topic.as_bytes();
    let device = if device.is_empty() { 0..0 } else { range_in(whole, device.as_bytes()) };
    Parcel::Message {
        door,
        topic: publish.topic.clone(),
        customer: range_in(whole, customer.as_bytes()),
        device,
        payload: publish.payload.clone(),
        ticket,
    }
}
