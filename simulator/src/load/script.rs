//! Everything that a run sends, as a function of its plan: the generator writes it, and a judge
//! works it out again.

use std::collections::BTreeMap;

use consent_gate::ConsentEvent;
use model::Fix;
use town::Wish;
use wire::Topics;

use crate::load::letter::{Written, names_field};
use crate::load::packet::topic_field;
use crate::load::schedule::Schedule;
use crate::world::World;

/// An instant at which a phone is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant {
    /// How often it was asked before.
    pub(crate) round: u64,
    /// Since the run began.
    pub(crate) due_ns: u64,
    /// What the wall shows, in Unix milliseconds.
    pub(crate) wall_ms: i64,
}

/// What a phone said, and the paper on which that was worked out.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) fixes: Vec<Written>,
    pub(crate) scratch: Vec<Fix>,
}

/// People whose phones report.
pub(crate) trait Phones: Sync {
    /// One person on the way.
    type Phone: Send;

    /// A person at the beginning of the run.
    fn phone(&self, customer: u32) -> Self::Phone;

    /// What the phone says at an instant: usually one fix.
    fn says(&self, phone: &mut Self::Phone, at: Instant, said: &mut Said);

    /// A bad message that follows message `k` on the same connection: its topic and payload.
    fn hostile(&self, _customer: u32, _k: u64, _at: Instant) -> Option<(String, Vec<u8>)> {
        None
    }

    /// The topic of a customer's consent events, and the events that a wish comes to.
    fn consents(&self, customer: u32, wish: &Wish, at: Instant) -> (String, Vec<ConsentEvent>);
}

/// Who wants what, behind which of their messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    by_customer: BTreeMap<u32, BTreeMap<u64, Vec<Wish>>>,
    /// Whether there is anything about a customer, by number: asked for every message.
    any: Vec<bool>,
}

impl Changes {
    pub(crate) fn new(n_customers: u32) -> Self {
        Self { by_customer: BTreeMap::new(), any: vec![false; n_customers as usize] }
    }

    /// Adds what a customer wants behind their `round`th message.
    pub(crate) fn add(&mut self, customer: u32, round: u64, wish: Wish) {
        self.any[customer as usize] = true;
        self.by_customer.entry(customer).or_default().entry(round).or_default().push(wish);
    }

    pub(crate) fn of(&self, customer: u32, round: u64) -> &[Wish] {
        if !self.any[customer as usize] {
            return &[];
        }
        self.by_customer.get(&customer).and_then(|rounds| rounds.get(&round)).map_or(&[], Vec::as_slice)
    }
}

/// Beginnings of messages, made once: a topic for each customer's phone and consent, or the names
/// of a batch's line.
pub(crate) struct Names {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Names {
    /// Topics of the customers' phones.
    pub(crate) fn topics(topics: impl Iterator<Item = String>) -> Self {
        Self::of(topics.map(|topic| topic_field(&topic)))
    }

    /// Beginnings of lines in a batch.
    fn lines(names: impl Iterator<Item = (String, String)>) -> Self {
        Self::of(names.map(|(customer, device)| names_field(&customer, &device)))
    }

    /// Those of a town's people, for messages of so many fixes.
    pub(crate) fn of_people(world: &World, topics: &Topics, n_batch: usize) -> Self {
        let people = || world.town.people().iter();
        if 1 < n_batch {
            let names = people().map(|of| (of.customer.as_str().to_owned(), of.device.as_str().to_owned()));
            Self::lines(names)
        } else {
            Self::topics(people().map(|of| topics.fix(of.customer.as_str(), of.device.as_str())))
        }
    }

    fn of(fields: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut names = Self { bytes: Vec::new(), ends: vec![0] };
        for field in fields {
            names.bytes.extend_from_slice(&field);
            names.ends.push(u32::try_from(names.bytes.len()).expect("names of a run take less than 4 GB"));
        }
        names
    }

    pub(crate) fn field(&self, customer: u32) -> &[u8] {
        let customer = customer as usize;
        &self.bytes[self.ends[customer] as usize..self.ends[customer + 1] as usize]
    }
}

/// How messages are made of fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Fixes a message; 1 sends each on its phone's own topic.
    pub(crate) n_batch: usize,
    /// Which connections ask for acknowledgements.
    pub(crate) qos: Qos,
}

/// Which connections ask for acknowledgements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Qos {
    Zero,
    One,
    /// Every other connection.
    Mixed,
}

impl Qos {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Zero => "0",
            Self::One => "1",
            Self::Mixed => "mixed",
        }
    }

    pub(crate) const fn is_one(self, link: usize) -> bool {
        match self {
            Self::Zero => false,
            Self::One => true,
            Self::Mixed => link % 2 == 1,
        }
    }
}

/// A run as it is planned.
pub(crate) struct Script<P> {
    pub(crate) schedule: Schedule,
    pub(crate) phones: P,
    pub(crate) changes: Changes,
    pub(crate) form: Form,
    pub(crate) n_links: usize,
    pub(crate) names: Names,
    /// Topic of batches.
    pub(crate) batch_topic: Vec<u8>,
    /// Everybody else stays at home.
    pub(crate) only: Option<u32>,
}

impl<P> Script<P> {
    /// The connection over which all of a customer's messages go, so that their order is known.
    pub(crate) const fn link_of(&self, customer: u32) -> usize {
        (mixed(customer as u64) % self.n_links as u64) as usize
    }
}

/// Spreads numbers evenly (the finishing of `SplitMix64`).
pub(crate) const fn mixed(number: u64) -> u64 {
    let z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
