//! Letters that own what they hold, on their way to a shard.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use engine::{Door, Letter};

/// One message, or the records of a batch that belong to one shard.
pub(super) enum Parcel {
    /// One message; its names stand in the topic.
    Message {
        door: Door,
        topic: Arc<str>,
        customer: Range<usize>,
        device: Range<usize>,
        payload: Bytes,
        ticket: u64,
    },
    /// Records of one batch; their names stand in the payload.
    Records { payload: Bytes, records: Vec<RecordRange> },
}

/// Where a record's parts stand in the payload of its batch.
#[derive(Clone)]
pub(super) struct RecordRange {
    pub(super) customer: Range<usize>,
    pub(super) device: Range<usize>,
    pub(super) body: Range<usize>,
}

impl Parcel {
    /// How many letters are in it.
    pub(super) fn n_letters(&self) -> usize {
        match self {
            Self::Message { .. } => 1,
            Self::Records { records, .. } => records.len(),
        }
    }

    /// One of its letters.
    pub(super) fn letter(&self, no: usize) -> Letter<'_> {
        match self {
            Self::Message { door, topic, customer, device, payload, ticket } => Letter {
                door: *door,
                customer: &topic[customer.clone()],
                device: &topic[device.clone()],
                body: payload,
                ticket: *ticket,
            },
            Self::Records { payload, records } => {
                let RecordRange { customer, device, body } = &records[no];
                Letter {
                    door: Door::Fixes,
                    customer: text(payload, customer),
                    device: text(payload, device),
                    body: &payload[body.clone()],
                    ticket: 0,
                }
            }
        }
    }

    /// Puts its letters behind those of a drain.
    pub(super) fn unpack<'a>(&'a self, letters: &mut Vec<Letter<'a>>) {
        letters.extend((0..self.n_letters()).map(|no| self.letter(no)));
    }

    /// Memory that it takes while it waits, in KiB, rounded up.
    pub(super) fn size_kib(&self) -> u32 {
        let bytes = match self {
            Self::Message { topic, payload, .. } => topic.len() + payload.len(),
            Self::Records { payload, records } => payload.len() + size_of_val(&records[..]),
        };
        u32::try_from(bytes / 1_024 + 1).unwrap_or(u32::MAX)
    }
}

/// Where a part of a text stands in it.
pub(super) fn range_in(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

fn text<'a>(payload: &'a Bytes, range: &Range<usize>) -> &'a str {
    // Ids are ASCII; the batch reader checked them.
    std::str::from_utf8(&payload[range.clone()]).unwrap_or_default()
}
