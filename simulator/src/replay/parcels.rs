//! Packs fixes into messages: one by one on each device's own topic, or many in a batch.

use model::{Millis, Timestamp};
use wire::Topics;
use wire::trace::TraceFix;

use crate::replay::account::Load;
use crate::replay::publisher::Message;

/// A batch ends before its message would pass the listener's bound of 1 MiB; no record is
/// longer than what is left of it.
const BATCH_LEN_MAX: usize = (1 << 20) - 1_024;

/// Collects fixes in their order.
#[derive(Debug)]
pub(crate) struct Packer {
    topics: Topics,
    n_batch: u32,
    /// Fixes further apart than this do not travel together.
    span_max: Millis,
    payload: Vec<u8>,
    n_packed: u32,
    /// When the first and the latest of them were taken.
    span: Option<(Timestamp, Timestamp)>,
}

impl Packer {
    /// `n_batch` fixes a message, none of them later than the first by more than `span_max`; one by
    /// one each goes to its own topic.
    pub(crate) fn new(topics: Topics, n_batch: u32, span_max: Millis) -> Self {
        Self { topics, n_batch, span_max, payload: Vec::new(), n_packed: 0, span: None }
    }

    /// Adds a fix, and gives back a message when one is full.
    pub(crate) fn add(&mut self, seen: &TraceFix) -> Option<Message> {
        let at = seen.fix.taken_at;
        if self.n_batch == 1 {
            let topic = self.topics.fix(seen.customer.as_str(), seen.device.as_str());
            let (payload, load) = (wire::encode_fix(&seen.fix), Load::Fixes(1));
            return Some(Message { topic, payload, load, last_at: Some(at) });
        }
        let is_over = self.span.is_some_and(|(first_at, _)| self.span_max < at.since(first_at));
        let before = if is_over { self.finish() } else { None };
        let (first_at, last_at) = self.span.unwrap_or((at, at));
        self.span = Some((first_at, last_at.max(at)));
        wire::encode_batch_record(&seen.customer, &seen.device, &seen.fix, &mut self.payload);
        self.n_packed += 1;
        let full = self.n_batch <= self.n_packed || BATCH_LEN_MAX <= self.payload.len();
        if full && before.is_none() { self.finish() } else { before }
    }

    /// What is left, when anything is.
    pub(crate) fn finish(&mut self) -> Option<Message> {
        if self.n_packed == 0 {
            return None;
        }
        let load = Load::Fixes(std::mem::take(&mut self.n_packed));
        let last_at = self.span.take().map(|(_, last_at)| last_at);
        let room = Vec::with_capacity(self.payload.len());
        let payload = std::mem::replace(&mut self.payload, room);
        Some(Message { topic: self.topics.batch(), payload, load, last_at })
    }
}

#[cfg(test)]
mod tests {
    use model::{CustomerId, DeviceId, Fix, Meters, Position, Timestamp};

    use super::*;

    /// The longest record that there is: longest names, most digits.
    fn longest() -> TraceFix {
        let position = Position::new(-30.123_456_789_012_3, -97.123_456_789_012_3).unwrap();
        let fix = Fix {
            accuracy: Some(Meters(12.345_678_901_234_5)),
            speed_mps: Some(1.234_567_9),
            mock: true,
            foreground: Some(false),
            still: true,
            ..Fix::at(Timestamp::from_unix_ms(1_425_708_022_000), position)
        };
        let name = "x".repeat(64);
        TraceFix { customer: CustomerId::new(&name).unwrap(), device: DeviceId::new(&name).unwrap(), fix }
    }

    fn check(n_fixes: u32, n_batch: u32) -> Vec<(u32, usize)> {
        let mut packer = Packer::new(Topics::default(), n_batch, Millis::new(i64::MAX));
        let seen = longest();
        let mut messages: Vec<_> = (0..n_fixes).filter_map(|_| packer.add(&seen)).collect();
        messages.extend(packer.finish());
        assert!(packer.finish().is_none(), "nothing is left after the end");
        let size = |message: &Message| match message.load {
            Load::Fixes(n) => (n, message.payload.len()),
            Load::Consent(_) => panic!("a packer packs fixes"),
        };
        messages.iter().map(size).collect()
    }

    #[test]
    fn every_fix_is_in_one_message() {
        for (n_fixes, n_batch, n_messages) in
            [(0, 100, 0), (1, 100, 1), (100, 100, 1), (101, 100, 2), (7, 1, 7)]
        {
            let messages = check(n_fixes, n_batch);
            assert_eq!(messages.len(), n_messages, "{n_fixes} by {n_batch}");
            assert_eq!(messages.iter().map(|(n, _)| n).sum::<u32>(), n_fixes, "{n_fixes} by {n_batch}");
        }
    }

    #[test]
    fn no_batch_passes_a_mebibyte() {
        let messages = check(10_000, 10_000);
        assert!(1 < messages.len(), "the longest records do not fit into one");
        assert!(messages.iter().all(|&(_, n_bytes)| n_bytes <= 1 << 20));
        assert_eq!(messages.iter().map(|(n, _)| n).sum::<u32>(), 10_000);
    }
}
