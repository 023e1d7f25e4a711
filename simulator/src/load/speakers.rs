//! Connections that bring consent events, each so many at a time: the next one goes when an answer came.

use std::io;
use std::time::{Duration, Instant};

use consent_gate::ConsentEvent;
use model::CustomerId;
use wire::Topics;

use crate::load::clock::RunClock;
use crate::load::link::{Door, Link, Tag};
use crate::load::packet::topic_field;
use crate::report::Latency;

/// Nothing acknowledged for so long, and nobody is there to acknowledge.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at what was acknowledged.
const LOOKS_EVERY: Duration = Duration::from_micros(500);

/// Who brings them, and how.
pub(crate) struct Speakers<'a> {
    pub(crate) topics: &'a Topics,
    pub(crate) door: &'a Door,
    pub(crate) n_links: usize,
    /// Events of one connection that are sent and not yet acknowledged.
    pub(crate) n_under_way: usize,
}

/// What they said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spoken {
    /// Events, all of them acknowledged.
    pub(crate) n: u64,
    /// From the first to the last acknowledgement.
    pub(crate) took: Duration,
    /// From sending an event to its acknowledgement.
    pub(crate) ack: Latency,
}

impl Speakers<'_> {
    /// Says everything, and waits until all of it is acknowledged.
    ///
    /// # Errors
    /// A sentence when the server cannot be reached or does not acknowledge.
    pub(crate) fn say<'c>(
        &self,
        events: impl IntoIterator<Item = (&'c CustomerId, ConsentEvent)>,
    ) -> Result<Spoken, String> {
        let mut links = self.links()?;
        let mut events = events.into_iter().fuse();
        let (clock, mut moved_at) = (RunClock::in_a_while(Duration::ZERO), Instant::now());
        let (mut n_said, mut is_over, mut ack) = (0, false, Latency::default());
        while !is_over || ack.n() < n_said {
            let n_acked_before = ack.n();
            for link in &mut links {
                while !is_over && link.n_unanswered() < self.n_under_way {
                    let Some((customer, event)) = events.next() else {
                        is_over = true;
                        break;
                    };
                    let topic = topic_field(&self.topics.consent(customer.as_str()));
                    let (payload, due_ns) = (wire::encode_consent(&event), clock.now_ns());
                    link.publish(&topic, Tag { no: 0, due_ns }, |out| out.extend_from_slice(&payload));
                    n_said += 1;
                }
                link.flush().map_err(|error| lost(&error))?;
                let acked = |tag: Tag| ack.record_us((clock.now_ns() - tag.due_ns) / 1_000);
                link.read(acked).map_err(|error| lost(&error))?;
            }
            if n_acked_before < ack.n() {
                moved_at = Instant::now();
            } else if PATIENCE < moved_at.elapsed() {
                let secs = PATIENCE.as_secs();
                return Err(format!("for {secs} s nobody acknowledges consent: is `stile serve` behind it?"));
            }
            std::thread::sleep(LOOKS_EVERY);
        }
        let took = Duration::from_nanos(clock.now_ns());
        for link in &mut links {
            let _ = link.part(|_| {});
        }
        Ok(Spoken { n: n_said, took, ack })
    }

    fn links(&self) -> Result<Vec<Link>, String> {
        (0..self.n_links.max(1))
            .map(|no| Link::connect(self.door.named(&format!("setup-{no}")), self.n_under_way))
            .collect()
    }
}

fn lost(error: &io::Error) -> String {
    format!("the connection was lost while consent was told: {error}")
}
