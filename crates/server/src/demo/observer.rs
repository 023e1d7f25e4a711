//! Asks the running server what it did, through its control socket, again and again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use crate::control::{self, Request};

/// Numbers by word.
pub type Counts = BTreeMap<String, u64>;

/// What a server says that it counted; counters die with their process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Told {
    /// Messages until they are decoded, then fixes.
    pub records: u64,
    /// Of these, used.
    pub used: u64,
    /// Of those used, inside a fence.
    pub matched: u64,
    /// Held until the next one explains them.
    pub held: u64,
    /// Refused unread, by reason.
    pub refused: Counts,
    /// Read and found wrong, by reason.
    pub malformed: Counts,
    /// Decoded and of no use, by reason.
    pub dropped: Counts,
    /// Changes of presence, by kind.
    pub transitions: Counts,
    /// Offers that a transition called for.
    pub candidates: u64,
    /// Of these, decided to be sent.
    pub decided: u64,
    /// Held back, by reason.
    pub suppressed: Counts,
    /// What left the outbox, by outcome.
    pub delivered: Counts,
    /// Its own sums agree.
    pub balanced: bool,
}

impl Told {
    /// Records that have an outcome, or are held until they get one.
    #[must_use]
    pub fn n_outcomes(&self) -> u64 {
        total(&self.refused) + total(&self.malformed) + total(&self.dropped) + self.used + self.held
    }

    /// Offers that left the outbox, whatever became of them.
    #[must_use]
    pub fn n_left(&self) -> u64 {
        total(&self.delivered)
    }

    /// Offers that went out.
    #[must_use]
    pub fn n_sent(&self) -> u64 {
        self.delivered.get("sent").copied().unwrap_or(0)
    }
}

/// The sum of numbers by word.
#[must_use]
pub fn total(counts: &Counts) -> u64 {
    counts.values().sum()
}

/// Adds numbers word by word.
pub fn add(sum: &mut Counts, more: &Counts) {
    for (word, n) in more {
        *sum.entry(word.clone()).or_default() += n;
    }
}

/// One look at the server.
pub(super) struct Observation {
    /// When it was asked.
    pub(super) asked_at: Instant,
    /// Lines of the trace since the last look.
    pub(super) events: String,
    /// Asked for after the events: what it counted, the next look's events may tell.
    pub(super) told: Told,
}

/// A thread that looks; it ends when this is dropped, or when nobody answers.
pub(super) struct Observer {
    stop: Arc<AtomicBool>,
    looks: Receiver<Observation>,
}

const PAUSE: Duration = Duration::from_millis(70);

impl Observer {
    /// Starts to look at the server of a data directory.
    pub(super) fn start(data: PathBuf) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (tell, looks) = channel();
        let stopped = stop.clone();
        thread::spawn(move || look(&data, &stopped, &tell));
        Self { stop, looks }
    }

    /// The next look that came in.
    pub(super) fn next(&self) -> Option<Observation> {
        self.looks.try_recv().ok()
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn look(data: &Path, stopped: &AtomicBool, tell: &Sender<Observation>) {
    let ask = |request| control::ask(data, &request).ok().flatten();
    while !stopped.load(Ordering::Relaxed) {
        let asked_at = Instant::now();
        let Some(events) = ask(Request::Events) else { return };
        let events = events.get("events").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(Ok(told)) = ask(Request::Status).map(serde_json::from_value) else { return };
        if tell.send(Observation { asked_at, events, told }).is_err() {
            return;
        }
        thread::sleep(PAUSE);
    }
}
