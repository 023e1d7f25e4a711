//! Leads the performance: sends what the phones send, kills the server once, and keeps the books.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::time::{Duration, Instant};

use model::{Millis, Timestamp};
use tokio::runtime::Handle;
use town::{PersonNo, Reports, Town};
use wire::{Topic, Topics, decode_offer, encode_batch_record, encode_consent, encode_fix};

use super::account::{Account, Arrived};
use super::agreeing::{PATIENCE, Waiting};
use super::life::Life;
use super::lodging::{BACKEND_LINE, Lodging};
use super::observer::Told;
use super::phones::{Heard, Mail, News, Phones};
use super::script::Script;
use super::server_process::ServerClock;
use super::stage::{Received, Stage, Tiding};
use super::{Broken, premises, tidings, wall_now};
use crate::machine::Clock;

/// What the directing needs from outside.
pub(super) struct Theatre<'a> {
    pub(super) town: &'a Town,
    pub(super) script: Script,
    pub(super) lodging: &'a Lodging,
    pub(super) runtime: &'a Handle,
    pub(super) speed: u32,
    pub(super) lasts: Option<Duration>,
    pub(super) drop_one: bool,
}

/// The performance.
pub(super) struct Director<'a> {
    theatre: Theatre<'a>,
    stage: Stage<'a>,
    topics: Topics,
    clock: Clock,
    server_clock: ServerClock,
    started: Instant,
    reports: Peekable<Reports<'a>>,
    account: Account,
    life: Life,
    act: Act,
    opting_out: BTreeMap<PersonNo, OptingOut>,
    pub(super) facts: Facts,
    n_wishes: u32,
    /// Since when the viewer wants to go.
    over_since: Option<Instant>,
    drop_one: bool,
}

/// What is known only here.
#[derive(Clone, Copy, Default)]
pub(super) struct Facts {
    pub(super) opt_out_durable: Option<Duration>,
    pub(super) n_refused_after_opt_out: u64,
    pub(super) was_down: Option<Duration>,
    pub(super) seconds: f64,
}

/// Where the play stands.
#[derive(Clone, Copy)]
enum Act {
    /// The server starts; with the time of its death when it was killed.
    Starting {
        killed_at: Option<Instant>,
        since: Instant,
    },
    Playing,
    /// Phones are put away, so that an offer is recorded and cannot be delivered.
    Hushed {
        since: Instant,
    },
    /// Nothing is sent until all that was sent is counted.
    Quiet {
        since: Instant,
    },
    /// The same at the end.
    Ending {
        since: Instant,
    },
    Over,
}

struct OptingOut {
    since: Instant,
    n_left: usize,
}

/// How long an offer that cannot be delivered is waited for, at most.
const HUSHED_MAX: Duration = Duration::from_millis(2_500);
/// The town's future as far as anybody will look.
const FUTURE: Millis = Millis::from_days(365);
/// How long an offer that the server says it sent may take to arrive, at the end.
const OFFERS_TIME_MAX: Duration = Duration::from_secs(4);
/// How long a viewer waits for the end without asking again.
const END_PATIENCE: Duration = Duration::from_secs(2);
/// Fixes of a batch at most.
const BATCH_MAX: usize = 500;

impl<'a> Director<'a> {
    /// The town wakes, and the server starts.
    pub(super) fn begin(theatre: Theatre<'a>, stage: Stage<'a>) -> Result<Self, Broken> {
        let starts_at = theatre.script.starts_at;
        let clock = Clock::scaled(starts_at, f64::from(theatre.speed));
        let server_clock = ServerClock { start_at: starts_at, started: wall_now(), speed: theatre.speed };
        let started = Instant::now();
        Ok(Self {
            stage,
            topics: Topics::new(super::PREFIX),
            clock,
            server_clock,
            started,
            reports: theatre.town.reports(starts_at, starts_at + FUTURE).peekable(),
            account: Account::default(),
            life: Life::begin(theatre.lodging, server_clock)?,
            act: Act::Starting { killed_at: None, since: started },
            opting_out: BTreeMap::new(),
            facts: Facts::default(),
            n_wishes: 0,
            over_since: None,
            drop_one: theatre.drop_one,
            theatre,
        })
    }

    /// The viewer wants that someone opts out.
    pub(super) fn wish_opt_out(&mut self) {
        self.n_wishes += 1;
    }

    /// The viewer has seen enough; who says so again after a while gets unfinished sums.
    pub(super) fn wish_end(&mut self) {
        let is_tired = self.over_since.is_some_and(|since| END_PATIENCE <= since.elapsed());
        if is_tired && !matches!(self.act, Act::Over) {
            self.close();
        }
        self.over_since.get_or_insert_with(Instant::now);
    }

    /// Does all that is due; false when the play is over.
    pub(super) fn frame(&mut self) -> Result<bool, Broken> {
        self.hear()?;
        self.turn()?;
        self.opt_outs();
        if matches!(self.act, Act::Playing | Act::Hushed { .. }) {
            self.send()?;
        }
        Ok(!matches!(self.act, Act::Over))
    }

    pub(super) fn stage(&mut self) -> &mut Stage<'a> {
        &mut self.stage
    }

    pub(super) fn now(&self) -> (Timestamp, Duration) {
        (self.clock.now(), self.started.elapsed())
    }

    pub(super) fn into_books(self) -> (Stage<'a>, Account, Facts) {
        (self.stage, self.account, self.facts)
    }

    fn hear(&mut self) -> Result<(), Broken> {
        for news in self.life.news()? {
            self.take(news);
        }
        for events in self.life.looks() {
            for (tiding, at) in events.lines().filter_map(|line| tidings::read(line, self.theatre.town)) {
                if let Tiding::Refused(person) = tiding
                    && self.account.is_withdrawn(person)
                {
                    self.facts.n_refused_after_opt_out += 1;
                }
                self.stage.told(tiding, at);
            }
        }
        Ok(())
    }

    fn take(&mut self, News { line, at, heard }: News) {
        match heard {
            Heard::Offer { topic, body } => self.offer(line, &topic, &body, at),
            Heard::Acknowledged(Mail::Consent(person)) => self.withdrawal_acknowledged(line, person, at),
            Heard::Acknowledged(Mail::Fixes) | Heard::Ready | Heard::Hushed | Heard::Down(_) => {}
        }
    }

    fn offer(&mut self, line: usize, topic: &str, body: &[u8], at: Instant) {
        let town = self.theatre.town;
        let Ok(Topic::Offer { customer, .. }) = self.topics.parse(topic) else { return };
        let (Some(person), Ok(offer)) = (town.person_no(customer), decode_offer(body)) else { return };
        let Some(store) = town.store_no(offer.fence.as_str()) else { return };
        let arrived = self.account.offer_arrived(line, person, &offer, at);
        if arrived == Arrived::OnAnotherLine {
            return;
        }
        let received = Received {
            offer_id: offer.id.0.to_string(),
            person,
            offer: offer.offer.as_str().to_owned(),
            store,
            title: offer.words.title,
            issued_at: offer.issued_at,
        };
        self.stage.offer_received(received, self.clock.now(), self.started.elapsed());
    }

    /// Goes on to the next act when this one is done.
    fn turn(&mut self) -> Result<(), Broken> {
        let elapsed = self.started.elapsed();
        let time_is_up = self.theatre.lasts.is_some_and(|lasts| lasts <= elapsed);
        let n_fixes = self.account.n_fixes_of_life();
        match self.act {
            Act::Starting { killed_at, since } => self.open(killed_at, since)?,
            Act::Playing if self.over_since.is_some() || time_is_up => {
                self.act = Act::Ending { since: Instant::now() };
            }
            Act::Playing
                if self.account.lives().is_empty() && self.theatre.script.killed_after <= elapsed =>
            {
                self.hush();
            }
            Act::Playing => {}
            Act::Hushed { .. } | Act::Quiet { .. } if self.over_since.is_some() => self.spare(),
            Act::Hushed { since } => {
                let told = self.life.told();
                let waits = told.n_left() < told.decided;
                let hushed = self.life.phones().is_some_and(|phones| phones.are_hushed());
                if hushed && (waits || self.hushed_max() <= since.elapsed()) {
                    self.act = Act::Quiet { since: Instant::now() };
                }
            }
            Act::Quiet { since } if self.life.is_settled(n_fixes, since) => self.kill()?,
            Act::Ending { since } if self.life.is_settled(n_fixes, since) && self.has_all_offers(since) => {
                self.close();
            }
            Act::Quiet { since } | Act::Ending { since } => {
                Waiting::since(since, PATIENCE).check("the server to count what was sent")?;
            }
            Act::Over => {}
        }
        Ok(())
    }

    fn open(&mut self, killed_at: Option<Instant>, since: Instant) -> Result<(), Broken> {
        Waiting::since(since, PATIENCE).check("the server to start")?;
        let Theatre { town, lodging, runtime, .. } = self.theatre;
        if self.life.is_open(town, lodging, runtime)? {
            if let Some(killed_at) = killed_at {
                let was_down = killed_at.elapsed();
                self.facts.was_down = Some(was_down);
                self.stage.came_back(was_down);
            }
            self.act = Act::Playing;
        }
        Ok(())
    }

    fn hush(&mut self) {
        if let Some(phones) = self.life.phones() {
            phones.hush();
        }
        self.act = Act::Hushed { since: Instant::now() };
    }

    /// The viewer wants to go before the kill: phones hear again, and the play ends.
    fn spare(&mut self) {
        if let Some(phones) = self.life.phones() {
            phones.listen();
        }
        self.act = Act::Ending { since: Instant::now() };
    }

    /// A short demo waits less for an offer to be under way.
    fn hushed_max(&self) -> Duration {
        self.theatre.lasts.map_or(HUSHED_MAX, |lasts| HUSHED_MAX.min(lasts / 10))
    }

    /// SIGKILL, and a new life from the ledger at once.
    fn kill(&mut self) -> Result<(), Broken> {
        let killed_at = Instant::now();
        self.life.server.kill();
        self.stage.killed(self.clock.now());
        let told: Told = self.life.told().clone();
        self.account.life_ended(told);
        self.life = Life::begin(self.theatre.lodging, self.server_clock)?;
        self.act = Act::Starting { killed_at: Some(killed_at), since: killed_at };
        Ok(())
    }

    /// Whether what was sent has arrived and nothing waits; not waited for beyond a few seconds.
    fn has_all_offers(&self, since: Instant) -> bool {
        let told = self.life.told();
        let n_sent: u64 = self.account.lives().iter().map(Told::n_sent).sum::<u64>() + told.n_sent();
        let n_recorded = self.account.lives().iter().map(|told| told.decided - told.n_left()).sum::<u64>();
        let all = n_sent == self.account.n_received() && told.decided + n_recorded <= told.n_left();
        all || OFFERS_TIME_MAX <= since.elapsed()
    }

    fn close(&mut self) {
        let told = self.life.told().clone();
        self.account.life_ended(told);
        self.facts.seconds = self.started.elapsed().as_secs_f64();
        self.act = Act::Over;
    }

    /// Sends what phones would have sent by now, in order; late when they could not.
    fn send(&mut self) -> Result<(), Broken> {
        let now = self.clock.now();
        let Some(phones) = self.life.phones() else { return Ok(()) };
        if !phones.have_room() {
            return Ok(());
        }
        let (mut batch, mut n_batch) = (Vec::new(), 0);
        while let Some(report) = self.reports.next_if(|report| report.sent_at <= now) {
            self.account.fix_sent();
            self.stage.fix_sent(&report);
            if std::mem::take(&mut self.drop_one) {
                continue;
            }
            let person = &self.theatre.town.people()[report.person.slot()];
            match self.theatre.lodging.line_of(report.person) {
                BACKEND_LINE => {
                    encode_batch_record(&person.customer, &person.device, &report.fix, &mut batch);
                    n_batch += 1;
                }
                line => {
                    let topic = self.topics.fix(person.customer.as_str(), person.device.as_str());
                    post(phones, line, &topic, encode_fix(&report.fix))?;
                }
            }
            if n_batch == BATCH_MAX {
                post(phones, BACKEND_LINE, &self.topics.batch(), std::mem::take(&mut batch))?;
                n_batch = 0;
            }
        }
        if 0 < n_batch {
            post(phones, BACKEND_LINE, &self.topics.batch(), batch)?;
        }
        Ok(())
    }

    /// The one of the script, unless the viewer was faster, and whoever the viewer asks for.
    fn opt_outs(&mut self) {
        if !matches!(self.act, Act::Playing) {
            return;
        }
        let is_due = self.theatre.script.opts_out_after <= self.started.elapsed();
        if is_due && self.opting_out.is_empty() && self.n_wishes == 0 {
            self.n_wishes = 1;
        }
        for _ in 0..std::mem::take(&mut self.n_wishes) {
            let now = self.clock.now();
            if let Some(person) = self.stage.who_opts_out(now) {
                self.opt_out(person, now);
            }
        }
    }

    fn opt_out(&mut self, person: PersonNo, now: Timestamp) {
        let Theatre { town, lodging, .. } = self.theatre;
        let Some(phones) = self.life.phones() else { return };
        let topic = self.topics.consent(town.people()[person.slot()].customer.as_str());
        let events = premises::withdrawals(town, person, now);
        self.stage.opt_out_asked(person, now);
        self.opting_out.insert(person, OptingOut { since: Instant::now(), n_left: events.len() });
        for event in events {
            // One that is not sent leaves the opting out unfinished on the picture, as it is.
            let _ =
                phones.post(lodging.line_of(person), &topic, encode_consent(&event), Mail::Consent(person));
        }
    }

    /// Durable is what the last acknowledgement says.
    fn withdrawal_acknowledged(&mut self, line: usize, person: PersonNo, at: Instant) {
        let Some(opting_out) = self.opting_out.get_mut(&person) else { return };
        opting_out.n_left = opting_out.n_left.saturating_sub(1);
        if opting_out.n_left == 0 {
            let durable = at.saturating_duration_since(opting_out.since);
            self.facts.opt_out_durable.get_or_insert(durable);
            self.account.withdrew(person, line, at);
            self.stage.opt_out_durable(person, durable);
        }
    }
}

fn post(phones: &mut Phones, line: usize, topic: &str, body: Vec<u8>) -> Result<(), Broken> {
    // There was room, so only a connection that ended takes nothing.
    let broken = || Broken::Line("it takes no fixes".to_owned());
    phones.post(line, topic, body, Mail::Fixes).then_some(()).ok_or_else(broken)
}
