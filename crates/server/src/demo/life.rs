//! One life of the server, with the phones that talk to it and the observer that asks it.

use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use town::Town;
use wire::Topics;

use super::Broken;
use super::lodging::Lodging;
use super::observer::{Observation, Observer, Told};
use super::phones::{Heard, News, Phones};
use super::server_process::{ServerClock, ServerProcess};

/// A server that runs, or is about to.
pub(super) struct Life {
    pub(super) server: ServerProcess,
    open: Option<Open>,
    /// The last look at it.
    told: Told,
    asked_at: Option<Instant>,
    /// Since when the records have been the same.
    unchanged_since: Instant,
    n_same: u32,
}

/// The ways in, once it listens.
struct Open {
    phones: Phones,
    observer: Observer,
}

/// A server whose books have not moved for so long has counted all that it will.
const SETTLED_AFTER: Duration = Duration::from_millis(1_200);

impl Life {
    pub(super) fn begin(lodging: &Lodging, clock: ServerClock) -> Result<Self, Broken> {
        Ok(Self {
            server: ServerProcess::start(lodging, clock)?,
            open: None,
            told: Told::default(),
            asked_at: None,
            unchanged_since: Instant::now(),
            n_same: 0,
        })
    }

    /// Connects as soon as the server listens; whether everybody is in and the observer has looked.
    pub(super) fn is_open(
        &mut self,
        town: &Town,
        lodging: &Lodging,
        runtime: &Handle,
    ) -> Result<bool, Broken> {
        if self.open.is_none()
            && let Some(port) = self.server.port()?
        {
            let logins = lodging.logins(town, &Topics::new(super::PREFIX), 0);
            let phones = Phones::connect(runtime, port, &logins);
            self.open = Some(Open { phones, observer: Observer::start(lodging.data()) });
        }
        Ok(self.asked_at.is_some() && self.open.as_ref().is_some_and(|open| open.phones.are_ready()))
    }

    pub(super) fn phones(&mut self) -> Option<&mut Phones> {
        self.open.as_mut().map(|open| &mut open.phones)
    }

    /// What was heard since the last time.
    pub(super) fn news(&mut self) -> Result<Vec<News>, Broken> {
        self.server.is_alive()?;
        let Some(Open { phones, .. }) = &mut self.open else { return Ok(Vec::new()) };
        let news: Vec<News> = std::iter::from_fn(|| phones.hear(Duration::ZERO)).collect();
        let down = news.iter().find_map(|news| match &news.heard {
            Heard::Down(why) => Some(why.clone()),
            Heard::Ready | Heard::Hushed | Heard::Acknowledged(_) | Heard::Offer { .. } => None,
        });
        down.map_or(Ok(news), |why| Err(Broken::Line(why)))
    }

    /// The looks that came in since the last time: their events.
    pub(super) fn looks(&mut self) -> Vec<String> {
        let Some(Open { observer, .. }) = &self.open else { return Vec::new() };
        let looks: Vec<Observation> = std::iter::from_fn(|| observer.next()).collect();
        looks.into_iter().map(|look| self.note(look)).collect()
    }

    fn note(&mut self, Observation { asked_at, events, told }: Observation) -> String {
        // Timers may go on to decide; what was sent is counted when the records stand still.
        if told.records == self.told.records {
            self.n_same += 1;
        } else {
            self.unchanged_since = asked_at;
            self.n_same = 0;
        }
        self.told = told;
        self.asked_at = Some(asked_at);
        events
    }

    /// What the server said last.
    pub(super) const fn told(&self) -> &Told {
        &self.told
    }

    /// Whether all is acknowledged and the server has counted all of `n_fixes`, by looks of after
    /// `since`; or has stopped counting, which is a fault that the account will show.
    pub(super) fn is_settled(&self, n_fixes: u64, since: Instant) -> bool {
        let acknowledged = self.open.as_ref().is_some_and(|open| open.phones.n_unacknowledged() == 0);
        let looked = self.asked_at.is_some_and(|asked_at| since < asked_at);
        // The look after the one that counted the last fix also has its events.
        let counted = self.told.records == n_fixes && 1 <= self.n_same;
        let given_up = self.unchanged_since.max(since).elapsed().checked_sub(SETTLED_AFTER).is_some();
        acknowledged && looked && (counted || given_up)
    }
}
