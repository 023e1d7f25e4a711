//! One customer: what they agreed to, what they heard, and their phones.

use chrono_tz::Tz;

use crate::consent::{Row, allow};
use crate::presence::Device;
use crate::{ConsentState, Purpose, Said, Word};

/// How far something that must become durable has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    Said,
    OnItsWay,
    Durable,
}

/// A decided offer, as it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pub(crate) said: Said,
    pub(crate) at_ms: i64,
    pub(crate) tz: Option<Tz>,
    pub(crate) durability: Durability,
}

/// A decided offer, as it waits to be published.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing {
    pub(crate) said: Said,
    pub(crate) expires_at_ms: i64,
    /// The customer's restrictions when the gate let it out.
    pub(crate) n_restrictions: u32,
    pub(crate) durability: Durability,
}

#[derive(Debug, Default)]
pub(crate) struct Customer {
    /// Something was said of consent once, with evidence.
    pub(crate) is_known: bool,
    /// In the order in which they were first spoken of.
    pub(crate) rows: Vec<Row>,
    /// Rises with every restriction; what was decided under fewer is void.
    pub(crate) n_restrictions: u32,
    /// Since when they have agreed to be spoken to.
    pub(crate) agreed_at_ms: Option<i64>,
    agreed_on_its_way: Option<Option<i64>>,
    agreed_durable: Option<i64>,
    pub(crate) heard: Vec<Heard>,
    /// Decided, and given back since.
    pub(crate) given_back: Vec<Said>,
    pub(crate) outbox: Vec<Outgoing>,
    /// Candidates in line.
    pub(crate) n_in_line: usize,
    /// In the order in which they were first heard of.
    pub(crate) devices: Vec<Device>,
}

impl Customer {
    /// Why a message is refused unread, if it is: no merchant may see the customer, and the first one
    /// spoken of has this reason.
    pub(crate) fn refusal(&self, now_ms: i64) -> Option<&'static str> {
        if !self.is_known {
            return Some("unknown_customer");
        }
        let locations = || self.rows.iter().filter(|row| row.purpose == Purpose::Location);
        if locations().any(|row| row.in_force.refusal(now_ms).is_none()) {
            return None;
        }
        let first = locations().next().and_then(|row| row.in_force.refusal(now_ms));
        Some(first.unwrap_or("not_granted"))
    }

    pub(crate) fn may_be_told(&self, merchant: u32, now_ms: i64) -> bool {
        let purposes = [Purpose::Location, Purpose::OffersPush];
        purposes.iter().all(|purpose| allow(&self.rows, merchant, *purpose, now_ms))
    }

    /// The first yes to offers, or the first after none was left: a day of silence begins.
    pub(crate) fn is_first_yes(&self, purpose: Purpose, word: Word, now_ms: i64) -> bool {
        let agrees = |row: &Row| row.purpose == Purpose::OffersPush && row.said.refusal(now_ms).is_none();
        purpose == Purpose::OffersPush && matches!(word, Word::Grant { .. }) && !self.rows.iter().any(agrees)
    }

    pub(crate) fn place_of(&self, merchant: u32, purpose: Purpose) -> Option<usize> {
        self.rows.iter().position(|row| row.merchant == merchant && row.purpose == purpose)
    }

    /// Whether a pause of somebody who may look has ended by itself since this was last asked.
    pub(crate) fn has_a_pause_ended(&mut self, now_ms: i64) -> bool {
        let mut has_ended = false;
        for row in self.rows.iter_mut().filter(|row| row.purpose == Purpose::Location) {
            let ConsentState::Paused { until_ms, .. } = row.in_force else { continue };
            if row.pause_seen_over_ms != Some(until_ms) && row.in_force.refusal(now_ms).is_none() {
                row.pause_seen_over_ms = Some(until_ms);
                has_ended = true;
            }
        }
        has_ended
    }

    /// What the next look of every phone finds was there before.
    pub(crate) fn look_anew(&mut self) {
        self.devices.iter_mut().for_each(|device| device.is_new = true);
    }

    pub(crate) fn device(&self, no: u32) -> Option<usize> {
        self.devices.iter().position(|device| device.no == no)
    }

    /// All that was said or decided is being written down.
    pub(crate) fn write(&mut self) {
        self.agreed_on_its_way = Some(self.agreed_at_ms);
        self.heard.iter_mut().for_each(|heard| heard.durability = heard.durability.written());
        self.outbox.iter_mut().for_each(|outgoing| outgoing.durability = outgoing.durability.written());
    }

    /// What was written down is durable.
    pub(crate) fn confirm(&mut self) {
        self.agreed_durable = self.agreed_on_its_way.take().unwrap_or(self.agreed_durable);
        self.heard.iter_mut().for_each(|heard| heard.durability = heard.durability.confirmed());
        self.outbox.iter_mut().for_each(|outgoing| outgoing.durability = outgoing.durability.confirmed());
    }

    pub(crate) fn may_have_agreed_at(&self, stored_ms: Option<i64>) -> bool {
        stored_ms == self.agreed_durable || Some(stored_ms) == self.agreed_on_its_way
    }

    pub(crate) fn adopt_agreed_at(&mut self, stored_ms: Option<i64>) {
        (self.agreed_at_ms, self.agreed_durable, self.agreed_on_its_way) = (stored_ms, stored_ms, None);
    }
}

impl Durability {
    const fn written(self) -> Self {
        match self {
            Self::Said | Self::OnItsWay => Self::OnItsWay,
            Self::Durable => Self::Durable,
        }
    }

    const fn confirmed(self) -> Self {
        match self {
            Self::Said => Self::Said,
            Self::OnItsWay | Self::Durable => Self::Durable,
        }
    }
}
