//! Packs fixes into messages: one by one on each device's own topic, or many in a batch.

use wire::Topics;
use wire::trace::TraceFix;

use crate::account::Load;
use crate::publisher::Message;

/// A batch ends before its message would pass the listener's bound of 1 MiB; no record is
/// longer than what is left of it.
const BATCH_LEN_MAX: usize = (1 << 20) - 1_024;

/// Collects fixes in their order.
#[derive(Debug)]
pub(crate) struct Packer {
    topics: Topics,
    n_batch: u32,
    payload: Vec<u8>,
    n_packed: u32,
}

impl Packer {
    /// `n_batch` fixes a message; one by one each goes to its own topic.
    pub(crate) fn new(topics: Topics, n_batch: u32) -> Self {
        Self { topics, n_batch, payload: Vec::new(), n_packed: 0 }
    }

    /// Adds a fix, and gives back a message when one is full.
    pub(crate) fn add(&mut self, seen: &TraceFix) -> Option<Message> {
        if self.n_batch == 1 {
            let topic = self.topics.fix(seen.customer.as_str(), seen.device.as_str());
            return Some(Message { topic, payload: wire::encode_fix(&seen.fix), load: Load::Fixes(1) });
        }
        wire::encode_batch_record(&seen.customer, &seen.device, &seen.fix, &mut self.payload);
        self.n_packed += 1;
        let full = self.n_batch <= self.n_packed || BATCH_LEN_MAX <= self.payload.len();
        if full { self.finish() } else { None }
    }

    /// What is left, when anything is.
    pub(crate) fn finish(&mut self) -> Option<Message> {
        if self.n_packed == 0 {
            return None;
        }
        let load = Load::Fixes(std::mem::take(&mut self.n_packed));
        let room = Vec::with_capacity(self.payload.len());
        let payload = std::mem::replace(&mut self.payload, room);
        Some(Message { topic: self.topics.batch(), payload, load })
    }
}
