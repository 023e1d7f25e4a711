//! What operators hear unasked: how the outside broker is, and who and what was refused.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use engine::{Counts, Tally};
use model::Millis;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::pace::{Turn, Watch};
use super::shard::Shards;
use crate::mqtt::{LinkState, Listener, ListenerTally};

/// Between two looks at the counters.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Between two lines about the same thing, however much there is to tell.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Watches, and keeps nothing alive that it watches but the shards' mailboxes.
pub(super) struct Lookout {
    pub(super) listener: Option<Weak<Listener>>,
    pub(super) broker: Option<watch::Receiver<LinkState>>,
    pub(super) shards: Shards,
    pub(super) n_acks_dropped: Arc<AtomicU64>,
    /// Whether the wall tells the time.
    pub(super) by_the_wall: bool,
}

impl Lookout {
    /// Logs until it is dropped, or nothing is left to watch.
    pub(super) async fn work(self) {
        let Self { listener, broker, shards, n_acks_dropped, by_the_wall } = self;
        tokio::join!(
            watch_broker(broker),
            watch_listener(listener),
            watch_wall(by_the_wall, shards.clone()),
            watch_letters(shards, n_acks_dropped),
        );
    }
}

/// Shuts the engines while the wall clock cannot be believed.
async fn watch_wall(by_the_wall: bool, shards: Shards) {
    if !by_the_wall {
        return;
    }
    let (mut watch, mut looks) = (Watch::default(), looks());
    loop {
        looks.tick().await;
        let turn = watch.look();
        match turn {
            None => continue,
            Some(Turn::Shut { by_ms }) => tracing::error!(
                by = %Millis::new(by_ms),
                "the clock stepped: nobody is matched and nothing is sent until it runs evenly again; \
                 after a step back, set it right or start again with --accept-clock"
            ),
            Some(Turn::Open) => tracing::info!("the clock runs evenly again, and the gate is open"),
        }
        for shard in shards.iter() {
            let told = shard.ask(move |engine| match turn {
                Some(Turn::Shut { .. }) => engine.shut(),
                Some(Turn::Open) | None => engine.reopen(),
            });
            if told.await.is_err() {
                return;
            }
        }
    }
}

async fn watch_broker(broker: Option<watch::Receiver<LinkState>>) {
    let Some(mut state) = broker else { return };
    let mut told = None;
    loop {
        let now = state.borrow_and_update().clone();
        // The way there is no news, nor that it is as it was before.
        let is_news = now != LinkState::Connecting && told.as_ref() != Some(&now);
        if is_news {
            tell(&now);
            told = Some(now);
        }
        if state.changed().await.is_err() {
            return;
        }
    }
}

fn tell(state: &LinkState) {
    match state {
        LinkState::Connecting | LinkState::Stopped => {}
        LinkState::Ready => tracing::info!("the outside broker is reached, and every subscription granted"),
        LinkState::Unreachable { why } => tracing::warn!(%why, "the outside broker is not reached"),
        LinkState::CredentialsRefused => tracing::warn!("the outside broker refuses our name or password"),
        LinkState::SubscriptionsRefused { n } => {
            tracing::warn!(n_subscriptions = n, "the outside broker refuses subscriptions that we need");
        }
        LinkState::TakenOver => {
            tracing::warn!(
                "another client of the outside broker connected with our client id; perhaps a second engine"
            );
        }
    }
}

async fn watch_listener(listener: Option<Weak<Listener>>) {
    let Some(listener) = listener else { return };
    let mut line = Line::new(ListenerTally::default());
    let mut looks = looks();
    loop {
        looks.tick().await;
        let Some(now) = listener.upgrade().map(|listener| listener.tally()) else { return };
        let is_news = |before: &ListenerTally| refusals(before, &now).iter().any(|n| 0 < *n);
        if let Some(before) = line.due(now, is_news, Instant::now()) {
            let [publishes_denied, subscriptions_denied, logins_refused, strangers_closed, turned_away] =
                refusals(&before, &now);
            tracing::warn!(
                publishes_denied,
                subscriptions_denied,
                logins_refused,
                strangers_closed,
                turned_away,
                "the listener refused clients or what they asked for"
            );
        }
    }
}

fn refusals(before: &ListenerTally, now: &ListenerTally) -> [u64; 5] {
    [
        now.n_publishes_denied - before.n_publishes_denied,
        now.n_subscriptions_denied - before.n_subscriptions_denied,
        now.n_refused - before.n_refused,
        now.n_strangers_closed - before.n_strangers_closed,
        now.n_turned_away - before.n_turned_away,
    ]
}

async fn watch_letters(shards: Shards, n_acks_dropped: Arc<AtomicU64>) {
    let mut line = Line::new((none(), 0));
    let mut looks = looks();
    loop {
        looks.tick().await;
        let mut unusable = none();
        for shard in shards.iter() {
            let Ok(of_shard) = shard.ask(|engine| engine.tally().unusable).await else { return };
            unusable.add(&of_shard);
        }
        let now = (unusable, n_acks_dropped.load(Ordering::Relaxed));
        let is_news = |before: &(Counts, u64)| *before != now;
        let Some(before) = line.due(now.clone(), is_news, Instant::now()) else { continue };
        let reasons = in_words(&before.0, &now.0);
        let acks_dropped = now.1 - before.1;
        tracing::warn!(
            %reasons,
            acks_dropped,
            "consent events or feedback could not be used, or not be answered"
        );
    }
}

/// Every reason at nought.
fn none() -> Counts {
    Tally::default().unusable
}

/// Every reason that came up since, with its number.
fn in_words(before: &Counts, now: &Counts) -> String {
    let since = |(word, n): (&'static str, u64)| {
        let more = n - before.of_word(word);
        (0 < more).then(|| format!("{word} {more}"))
    };
    now.iter().filter_map(since).collect::<Vec<_>>().join(", ")
}

fn looks() -> tokio::time::Interval {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

/// What a line said last, and when.
struct Line<T> {
    said: T,
    said_at: Option<Instant>,
}

impl<T> Line<T> {
    fn new(said: T) -> Self {
        Self { said, said_at: None }
    }

    /// What the last line knew, when there is news and it is time for another line.
    fn due(&mut self, now: T, is_news: impl FnOnce(&T) -> bool, at: Instant) -> Option<T> {
        let is_time = self.said_at.is_none_or(|said_at| LINE_EVERY <= at.duration_since(said_at));
        if !is_time || !is_news(&self.said) {
            return None;
        }
        self.said_at = Some(at);
        Some(std::mem::replace(&mut self.said, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_at_once_then_seldom_and_tells_all_that_came_between() {
        let (mut line, started_at) = (Line::new(0), Instant::now());
        let mut lines = Vec::new();
        for second in 0..25_u32 {
            // One a second until the twelfth.
            let n = second.min(12);
            let at = started_at + LOOK_EVERY * second;
            if let Some(before) = line.due(n, |before| *before != n, at) {
                lines.push((second, n - before));
            }
        }
        assert_eq!(lines, [(1, 1), (11, 10), (21, 1)]);
    }
}
