//! Before the load: everybody's consent through the real door, over many connections at once, so
//! that many events become durable together.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use consent_gate::{ConsentEvent, ConsentKind, EventId};
use indicatif::{ProgressBar, ProgressStyle};
use model::Timestamp;
use town::PersonNo;
use wire::Topics;

use crate::load::link::{Door, greet};
use crate::load::packet::{self, Packet};
use crate::load::speakers::{PATIENCE, Speakers};
use crate::world::World;

/// Events that one connection has under way: its answers come one after the other.
const N_UNDER_WAY: usize = 64;
/// People who are asked whether the server has met them.
const N_PROBES: usize = 20;

/// Who is told what, where.
pub(crate) struct Setup<'a> {
    pub(crate) world: &'a World,
    pub(crate) topics: &'a Topics,
    pub(crate) door: &'a Door,
    pub(crate) n_links: usize,
    pub(crate) only: Option<u32>,
}

/// What the setup came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Granted {
    pub(crate) n_events: u64,
    pub(crate) took: Duration,
    /// The server knew these people, and everything that they had agreed to was taken back first.
    pub(crate) met_before: bool,
    /// When the notice of the grants was shown.
    pub(crate) shown_at: Timestamp,
}

impl Setup<'_> {
    /// Everybody agrees to what they agree to.
    ///
    /// # Errors
    /// A sentence when the server cannot be reached or does not acknowledge.
    pub(crate) fn grant(&self, shown_at: Timestamp) -> Result<Granted, String> {
        let began = Instant::now();
        let met_before = self.has_met(shown_at)?;
        let mut n_events = 0;
        if met_before {
            // Visits that are still open would be none of this run's.
            n_events += self.say("withdrawing", |person| self.world.withdrawals(person, shown_at))?;
        }
        let shown_at = shown_at + model::Millis::new(1 + began.elapsed().as_millis() as i64);
        n_events += self.say("granting", |person| self.world.grants(person, shown_at))?;
        Ok(Granted { n_events, took: began.elapsed(), met_before, shown_at })
    }

    fn people(&self) -> impl Iterator<Item = PersonNo> + use<> {
        let (from, to) = self.only.map_or((0, self.world.n_people()), |only| (only, only + 1));
        (from..to).map(PersonNo)
    }

    /// Everybody says what they have to say, and it is durable.
    ///
    /// # Errors
    /// A sentence when the server cannot be reached or does not acknowledge.
    pub(crate) fn say(
        &self,
        doing: &str,
        said: impl Fn(PersonNo) -> Vec<ConsentEvent>,
    ) -> Result<u64, String> {
        let Self { topics, door, n_links, .. } = self;
        let speakers = Speakers { topics, door, n_links: *n_links, n_under_way: N_UNDER_WAY };
        let n: usize = self.people().map(|person| said(person).len()).sum();
        let bar = bar(doing, n as u64);
        let named = |person| said(person).into_iter().map(move |event| (self.world.customer(person), event));
        let spoken = speakers.say(self.people().flat_map(named).inspect(|_| bar.inc(1)))?;
        bar.finish_and_clear();
        Ok(spoken.n)
    }

    /// Asks about a few people: to resume what is not paused changes nothing, and the answer tells
    /// how things stand.
    pub(crate) fn has_met(&self, at: Timestamp) -> Result<bool, String> {
        let (mut stream, mut inbox) = greet(&self.door.named("setup-probe"))?;
        let error = |error: std::io::Error| format!("the server was lost while it was asked: {error}");
        stream.set_nonblocking(false).map_err(error)?;
        stream.set_read_timeout(Some(Duration::from_millis(500))).map_err(error)?;
        let step = (self.people().count() / N_PROBES).max(1);
        let events = self.people().step_by(step).filter_map(|person| {
            let mut event = self.world.grants(person, at).into_iter().next()?;
            event.id = EventId::new(&format!("probe-{}-{}", person.0, at.unix_ms())).ok()?;
            (event.kind, event.notice) = (ConsentKind::Resume, None);
            Some((person, event))
        });
        let mut out = Vec::new();
        let mut asked = HashSet::new();
        packet::subscribe(&mut out, 1, &[self.topics.every_consent_ack()]);
        for (id, (person, event)) in (2..).zip(events) {
            let topic = self.topics.consent(self.world.customer(person).as_str());
            packet::publish_whole(&mut out, &topic, Some(id), &wire::encode_consent(&event));
            asked.insert(event.id.as_str().to_owned());
        }
        std::io::Write::write_all(&mut stream, &out).map_err(error)?;
        let (mut met, began) = (false, Instant::now());
        while !asked.is_empty() && began.elapsed() < PATIENCE {
            let mut answers = Vec::new();
            inbox
                .read_once(&mut stream, |packet| {
                    if let Packet::Publish { payload, id, .. } = packet {
                        if let Some(id) = id {
                            packet::puback(&mut answers, id);
                        }
                        if let Ok(ack) = wire::Acknowledgement::decode(payload) {
                            met |= asked.remove(&ack.event_id) && ack.state != "unknown";
                        }
                    }
                })
                .map_err(error)?;
            std::io::Write::write_all(&mut stream, &answers).map_err(error)?;
        }
        let _ = std::io::Write::write_all(&mut stream, &packet::DISCONNECT);
        Ok(met)
    }
}

fn bar(doing: &str, n: u64) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{msg} {wide_bar} {human_pos} of {human_len} events, {per_sec}, {eta} left",
    );
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(n).with_style(style).with_message(doing.to_owned())
}
