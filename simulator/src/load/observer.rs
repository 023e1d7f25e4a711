//! A backend that listens: every offer and every answer to a consent event, with the instant at
//! which it was read.
//!
//! Offers and answers come over one connection in the order in which the server wrote them, so an
//! offer read behind the answer to a withdrawal was written behind it.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde::Deserialize;
use wire::{Acknowledgement, Topic, Topics};

use crate::load::clock::RunClock;
use crate::load::link::{Door, Inbox, greet};
use crate::load::packet::{self, Packet};
use crate::load::sender::Gauges;
use crate::report::Latency;
use crate::world::World;

/// How long a read waits before it looks whether it is over.
const READ_WAITS: Duration = Duration::from_millis(50);

/// An offer as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeardOffer {
    pub(crate) read_ns: u64,
    /// Nothing had been there to read at this instant: the offer was written after it.
    pub(crate) written_after_ns: u64,
    /// By its topic; `None` when that names nobody whom we know.
    pub(crate) customer: Option<u32>,
    pub(crate) offer: Option<u32>,
    pub(crate) fence: Option<u32>,
    pub(crate) id: u128,
    /// How many offers its connection had read before it.
    pub(crate) place: usize,
}

/// An answer to a consent event as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeardAnswer {
    pub(crate) read_ns: u64,
    pub(crate) event_id: String,
    pub(crate) effect: String,
    /// How many offers this connection had read before.
    pub(crate) n_offers_before: usize,
}

/// Everything that one connection heard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) offers: Vec<HeardOffer>,
    pub(crate) answers: Vec<HeardAnswer>,
    pub(crate) n_unreadable: u64,
    /// Why it stopped listening too early.
    pub(crate) lost: Option<String>,
}

/// What is known of the second that runs.
#[derive(Debug, Default)]
pub(crate) struct Live {
    pub(crate) n_offers: AtomicU64,
    /// When the last one came.
    pub(crate) last_ns: AtomicU64,
    pub(crate) latency: Mutex<Latency>,
    pub(crate) n_duplicates: AtomicU64,
    pub(crate) stop: AtomicBool,
}

/// Names as they stand on the wire, and the numbers that we know them by.
pub(crate) struct Directory {
    topics: Topics,
    customers: HashMap<String, u32>,
    offers: HashMap<String, u32>,
    fences: HashMap<String, u32>,
}

impl Directory {
    pub(crate) fn of(world: &World, topics: Topics) -> Self {
        let people = world.town.people().iter();
        let offers = world.offers().iter().map(|draft| draft.id.as_str().to_owned());
        let fences = world.fences().iter().map(|fence| fence.facts.id.as_str().to_owned());
        Self {
            topics,
            customers: people.map(|person| person.customer.as_str().to_owned()).zip(0..).collect(),
            offers: offers.zip(0..).collect(),
            fences: fences.zip(0..).collect(),
        }
    }

    /// Another name for an offer.
    pub(crate) fn also(&mut self, offer: String, no: u32) {
        self.offers.insert(offer, no);
    }
}

/// The connection.
pub(crate) struct Observer<'a> {
    stream: TcpStream,
    inbox: Inbox,
    clock: RunClock,
    directory: &'a Directory,
    gauges: &'a Gauges,
    live: &'a Live,
    /// How long it rests after each read; a slow reader rests.
    rest: Duration,
    is_main: bool,
    seen: HashSet<u128>,
    heard: Heard,
}

#[derive(Deserialize)]
struct Payload<'a> {
    offer_id: &'a str,
    offer: &'a str,
    fence: &'a str,
}

impl<'a> Observer<'a> {
    /// Connects and subscribes to everything that a backend may hear.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn connect(
        door: &Door,
        directory: &'a Directory,
        clock: RunClock,
        gauges: &'a Gauges,
        live: &'a Live,
    ) -> Result<Self, String> {
        let (mut stream, mut inbox) = greet(door)?;
        let error = |error: std::io::Error| format!("the observer lost {}: {error}", door.address);
        stream.set_nonblocking(false).map_err(error)?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(error)?;
        let filters = [directory.topics.every_offer(), directory.topics.every_consent_ack()];
        let mut out = Vec::new();
        packet::subscribe(&mut out, 1, &filters);
        stream.write_all(&out).map_err(error)?;
        let mut granted = None;
        while granted.is_none() {
            let nothing = inbox.read_once(&mut stream, |packet| {
                if let Packet::SubAck { codes } = packet {
                    granted = Some(codes.iter().all(|code| *code < 0x80));
                }
            });
            if nothing.map_err(error)? && granted.is_none() {
                return Err(format!("{} does not answer a subscription", door.address));
            }
        }
        if granted == Some(false) {
            return Err(
                "the subscription to offers and answers is refused: is this a backend identity?".to_owned()
            );
        }
        stream.set_read_timeout(Some(READ_WAITS)).map_err(error)?;
        let (seen, heard) = (HashSet::new(), Heard::default());
        let (rest, is_main) = (Duration::ZERO, true);
        Ok(Self { stream, inbox, clock, directory, gauges, live, rest, is_main, seen, heard })
    }

    /// The same as one of several who hear the same, and read slowly.
    pub(crate) fn slow(self, rest: Duration) -> Self {
        Self { rest, is_main: false, ..self }
    }

    /// Listens until it is told to stop.
    pub(crate) fn run(mut self) -> Heard {
        let mut empty_ns = 0;
        let mut answers = Vec::new();
        while !self.live.stop.load(Ordering::Relaxed) {
            let (stream, inbox) = (&mut self.stream, &mut self.inbox);
            let mut told = Vec::new();
            let read = inbox.read_once(stream, |packet| {
                if let Packet::Publish { topic, payload, id } = packet {
                    if let Some(id) = id {
                        packet::puback(&mut answers, id);
                    }
                    told.push((topic.to_vec(), payload.to_vec()));
                }
            });
            let read_ns = self.clock.now_ns();
            told.iter().for_each(|(topic, payload)| self.hear(topic, payload, (read_ns, empty_ns)));
            let is_empty = match read {
                Ok(is_empty) => is_empty,
                Err(error) => {
                    self.heard.lost = Some(error.to_string());
                    break;
                }
            };
            if is_empty {
                empty_ns = read_ns;
            }
            if !answers.is_empty() && self.stream.write_all(&answers).is_err() {
                self.heard.lost = Some("nobody takes the acknowledgements".to_owned());
                break;
            }
            answers.clear();
            if !self.rest.is_zero() {
                std::thread::sleep(self.rest);
            }
        }
        let _ = self.stream.write_all(&packet::DISCONNECT);
        self.heard
    }

    fn hear(&mut self, topic: &[u8], payload: &[u8], (read_ns, written_after_ns): (u64, u64)) {
        let topic = std::str::from_utf8(topic).unwrap_or_default();
        match self.directory.topics.parse(topic) {
            Ok(Topic::Offer { customer, .. }) => {
                let customer = self.directory.customers.get(customer).copied();
                let place = self.heard.offers.len();
                let Some((id, offer, fence)) = self.offer(payload) else {
                    self.heard.n_unreadable += 1;
                    return;
                };
                let offer = HeardOffer { read_ns, written_after_ns, customer, offer, fence, id, place };
                self.heard.offers.push(offer);
                self.watch(&offer);
            }
            Ok(Topic::ConsentAck { .. }) => match Acknowledgement::decode(payload) {
                Ok(Acknowledgement { event_id, effect, .. }) => {
                    let n_offers_before = self.heard.offers.len();
                    self.heard.answers.push(HeardAnswer { read_ns, event_id, effect, n_offers_before });
                }
                Err(_) => self.heard.n_unreadable += 1,
            },
            Ok(_) | Err(_) => self.heard.n_unreadable += 1,
        }
    }

    fn offer(&self, payload: &[u8]) -> Option<(u128, Option<u32>, Option<u32>)> {
        let Payload { offer_id, offer, fence } = serde_json::from_slice(payload).ok()?;
        let id = u128::from_str_radix(offer_id, 16).ok()?;
        Some((id, self.directory.offers.get(offer).copied(), self.directory.fences.get(fence).copied()))
    }

    /// What is cheap enough to be looked at while the server works.
    fn watch(&mut self, offer: &HeardOffer) {
        if !self.seen.insert(offer.id) {
            self.live.n_duplicates.fetch_add(1, Ordering::Relaxed);
        }
        if !self.is_main {
            return;
        }
        self.live.n_offers.fetch_add(1, Ordering::Relaxed);
        self.live.last_ns.store(offer.read_ns, Ordering::Relaxed);
        let due_us = offer.customer.and_then(|customer| self.gauges.last_due_us.get(customer as usize));
        if let (Some(due_us), Ok(mut latency)) = (due_us, self.live.latency.lock()) {
            latency.record_us((offer.read_ns / 1_000).saturating_sub(due_us.load(Ordering::Relaxed)));
        }
    }
}
