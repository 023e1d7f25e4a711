//! Before the load: everybody's consent through the real door, over many connections at once, so
//! that many events become durable together.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use consent_gate::{ConsentEvent, ConsentKind, EventId};
use indicatif::{ProgressBar, ProgressStyle};
use model::Timestamp;
use town::PersonNo;
use wire::Topics;

use crate::load::link::{Door, Link, Tag, greet};
use crate::load::packet::{self, Packet, topic_field};
use crate::world::World;

/// Events that one connection may have under way: its answers come one after the other.
const N_UNDER_WAY_MAX: usize = 64;
/// Nothing acknowledged for so long, and nobody is there to acknowledge.
const PATIENCE: Duration = Duration::from_secs(30);
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

    fn say(&self, doing: &str, said: impl Fn(PersonNo) -> Vec<ConsentEvent>) -> Result<u64, String> {
        let n_people = self.people().count();
        let n_links = self.n_links.min(n_people).max(1);
        let links =
            (0..n_links).map(|no| Link::connect(self.door.named(&format!("setup-{no}")), N_UNDER_WAY_MAX));
        let mut links = links.collect::<Result<Vec<_>, _>>()?;
        let bar = bar(doing, n_people as u64);
        let (mut people, mut n_said, mut n_acked) = (self.people(), 0_u64, 0_u64);
        let mut moved_at = Instant::now();
        let mut is_over = false;
        while !is_over || n_acked < n_said {
            let n_acked_before = n_acked;
            for link in &mut links {
                while !is_over && link.n_unanswered() < N_UNDER_WAY_MAX {
                    let Some(person) = people.next() else {
                        is_over = true;
                        break;
                    };
                    let topic = topic_field(&self.topics.consent(self.world.customer(person).as_str()));
                    for event in said(person) {
                        let payload = wire::encode_consent(&event);
                        link.publish(&topic, Tag { no: 0, due_ns: 0 }, |out| out.extend_from_slice(&payload));
                        n_said += 1;
                    }
                    bar.inc(1);
                }
                let lost = |error: std::io::Error| format!("the connection was lost while {doing}: {error}");
                link.flush().map_err(lost)?;
                link.read(|_| n_acked += 1).map_err(lost)?;
            }
            if n_acked_before < n_acked {
                moved_at = Instant::now();
            } else if PATIENCE < moved_at.elapsed() {
                let secs = PATIENCE.as_secs();
                return Err(format!("for {secs} s nobody acknowledges consent: is `stile serve` behind it?"));
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        bar.finish_and_clear();
        for link in &mut links {
            let _ = link.part(|_| {});
        }
        Ok(n_said)
    }

    /// Asks about a few people: to resume what is not paused changes nothing, and the answer tells
    /// how things stand.
    fn has_met(&self, at: Timestamp) -> Result<bool, String> {
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
        "{msg} {wide_bar} {human_pos} of {human_len} people, {per_sec}, {eta} left",
    );
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(n).with_style(style).with_message(doing.to_owned())
}
