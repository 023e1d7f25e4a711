//! A thread that takes consent back, one customer after the other, over connections of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use consent_gate::{ConsentKind, Purpose};
use model::Timestamp;
use town::PersonNo;
use wire::Topics;

use crate::load::bystanders::Bystanders;
use crate::load::clock::RunClock;
use crate::load::link::{Link, Tag};
use crate::load::packet::topic_field;
use crate::load::sender::LATE_NS;
use crate::report::Latency;
use crate::world::World;

/// Between two looks at the clock and at what was acknowledged.
const LOOKS_EVERY: Duration = Duration::from_micros(200);
/// Nobody waits longer for the last acknowledgement.
const PATIENCE_NS: u64 = 20_000_000_000;

/// Who takes back, when.
pub(crate) struct Withdrawing<'a> {
    pub(crate) world: &'a World,
    pub(crate) topics: &'a Topics,
    pub(crate) people: &'a Bystanders<'a>,
    pub(crate) clock: RunClock,
    pub(crate) customers: Vec<u32>,
    /// When the first one is due.
    pub(crate) from_ns: u64,
    pub(crate) per_s: f64,
    pub(crate) links: Vec<Link>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Withdrawn {
    /// From sending to the acknowledgement.
    pub(crate) ack: Latency,
    pub(crate) n_sent: u64,
    /// Sent later than they were due.
    pub(crate) n_late: u64,
    /// Who, and when it was acknowledged.
    pub(crate) acked_ns: Vec<(u32, u64)>,
    /// Why it gave up, if it did.
    pub(crate) gave_up: Option<String>,
}

impl Withdrawing<'_> {
    /// Sends each when it is due, whether or not the ones before are acknowledged.
    pub(crate) fn run(mut self, stop: &AtomicBool) -> Withdrawn {
        let mut done = Withdrawn::default();
        let mut no = 0;
        while no < self.customers.len() || self.links.iter().any(|link| 0 < link.n_unanswered()) {
            let is_sent = no == self.customers.len();
            let is_too_late = is_sent && self.due_ns(no) + PATIENCE_NS < self.clock.now_ns();
            if is_too_late || stop.load(Ordering::Relaxed) {
                done.gave_up = Some("some withdrawals were never acknowledged".to_owned());
                break;
            }
            while no < self.customers.len() && self.due_ns(no) <= self.clock.now_ns() {
                self.send(no, &mut done);
                no += 1;
            }
            if let Err(why) = self.look(&mut done) {
                done.gave_up = Some(why);
                break;
            }
            std::thread::sleep(LOOKS_EVERY);
        }
        done
    }

    fn due_ns(&self, no: usize) -> u64 {
        self.from_ns + (no as f64 / self.per_s * 1e9) as u64
    }

    fn send(&mut self, no: usize, done: &mut Withdrawn) {
        let customer = self.customers[no];
        let (person, merchant) = (PersonNo(customer), self.people.merchant_of(customer));
        let sent_ns = self.clock.now_ns();
        let at = Timestamp::from_unix_ms(self.clock.wall_ms(sent_ns));
        let said = self.world.words(person, merchant, &[Purpose::Location], ConsentKind::Withdraw, at);
        let topic = topic_field(&self.topics.consent(self.world.customer(person).as_str()));
        let n_links = self.links.len();
        for event in said {
            let (payload, due_ns) = (wire::encode_consent(&event), sent_ns);
            let tag = Tag { no: customer, due_ns };
            self.links[no % n_links].publish(&topic, tag, |out| out.extend_from_slice(&payload));
            done.n_sent += 1;
        }
        done.n_late += u64::from(self.due_ns(no) + LATE_NS < sent_ns);
    }

    fn look(&mut self, done: &mut Withdrawn) -> Result<(), String> {
        let Self { links, clock, people, .. } = self;
        for link in links.iter_mut().filter(|link| 0 < link.n_unanswered()) {
            let acked = |tag: Tag| {
                let now_ns = clock.now_ns();
                done.ack.record_us((now_ns - tag.due_ns) / 1_000);
                done.acked_ns.push((tag.no, now_ns));
                people.has_withdrawn(tag.no);
            };
            let moved = link.flush().and_then(|()| link.read(acked));
            moved.map_err(|error| format!("a connection of the withdrawals was lost: {error}"))?;
        }
        Ok(())
    }
}
