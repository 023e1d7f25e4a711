//! The stage: takes in what the town sent and what Stile made of it, and keeps the scene.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use chrono::TimeZone as _;
use chrono_tz::Tz;
use model::{Millis, Timestamp};
use notifier::Suppression;
use town::{Agreement, Crowd, Doing, PersonNo, Report, StoreNo, Town};

use super::difference::{Difference, Why};
use super::naive::Naive;
use super::scene::{Dot, DotKind, FenceLine, Figures, Flash, Map, OptOut, Reason, Restart, Scene};
use super::script::Script;
use super::story::Teller;

/// How long an offer stays on the map, in real time.
const FLASH_LASTS: Duration = Duration::from_millis(2_500);

/// The same words to the same person again within this time are once too often.
pub const TWICE_WITHIN: Millis = Millis::from_days(1);

/// Something that the engine did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tiding {
    /// Saw somebody come.
    Entered(PersonNo, StoreNo),
    /// Saw somebody stay.
    Dwelled(PersonNo, StoreNo),
    /// Saw somebody go.
    Left(PersonNo, StoreNo),
    /// Decided to send an offer.
    Sent(PersonNo, StoreNo),
    /// Held an offer back.
    HeldBack(PersonNo, StoreNo, Suppression),
    /// Refused a message unread.
    Refused(PersonNo),
}

/// An offer that a phone received.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its stable id.
    pub offer_id: String,
    /// By whom.
    pub person: PersonNo,
    /// Which offer of the catalogue.
    pub offer: String,
    /// Where.
    pub store: StoreNo,
    /// Its title.
    pub title: String,
    /// When it was decided.
    pub issued_at: Timestamp,
}

/// Keeps the scene of a running demo.
pub struct Stage<'a> {
    town: &'a Town,
    crowd: Crowd<'a>,
    script: Script,
    tz: Tz,
    naive: Naive,
    difference: Difference,
    teller: Teller,
    opted_out: BTreeSet<PersonNo>,
    /// Whose opting out is on the picture.
    opted_out_last: Option<PersonNo>,
    /// The ids of the offers that arrived.
    received: BTreeSet<String>,
    /// Who heard what, and when last.
    heard: BTreeMap<(PersonNo, String), Timestamp>,
    n_twice: u64,
    killed_at: Option<Timestamp>,
    flashes: VecDeque<(Duration, Flash)>,
    scene: Scene,
}

impl<'a> Stage<'a> {
    /// A stage before the first fix.
    #[must_use]
    pub fn new(town: &'a Town, script: Script, speed: u32) -> Self {
        let name = town.people()[script.protagonist.slot()].name;
        Self {
            town,
            crowd: town.crowd(),
            script,
            // A town with an unknown zone shows the time in UTC.
            tz: town.tz().parse().unwrap_or(Tz::UTC),
            naive: Naive::new(town.stores()),
            difference: Difference::default(),
            teller: Teller::new(name),
            opted_out: BTreeSet::new(),
            opted_out_last: None,
            received: BTreeSet::new(),
            heard: BTreeMap::new(),
            n_twice: 0,
            killed_at: None,
            flashes: VecDeque::new(),
            scene: Scene { speed, map: map(town), ..Scene::default() },
        }
    }

    /// A phone sent a fix; what the naive geofence makes of it.
    pub fn fix_sent(&mut self, report: &Report) {
        let speed_mps = report.fix.speed_mps.map_or(0.0, f64::from);
        let now = report.sent_at;
        for store in self.naive.see(report.person, &report.fix) {
            if self.agreed(report.person, store) {
                self.difference.pushed(report.person, store, speed_mps, now);
                if report.person == self.script.protagonist {
                    let (name, clock) = (&self.town.stores()[store.slot()].name, self.time(now));
                    self.teller.naive_pushed(store, name, &clock);
                }
            }
        }
        self.difference.settle(now);
    }

    /// The engine did something, by the town's clock.
    pub fn told(&mut self, tiding: Tiding, at: Timestamp) {
        match tiding {
            Tiding::Entered(person, store) => self.difference.entered(person, store),
            Tiding::Dwelled(person, store) => self.difference.dwelled(person, store),
            Tiding::Left(person, store) => self.difference.left(person, store),
            Tiding::Sent(person, store) => self.difference.decided(person, store, Ok(())),
            Tiding::HeldBack(person, store, why) => self.difference.decided(person, store, Err(why)),
            Tiding::Refused(person) => self.refused(person),
        }
        self.tell_story(tiding, at);
    }

    fn tell_story(&mut self, tiding: Tiding, at: Timestamp) {
        let clock = self.time(at);
        let name = |store: StoreNo| self.town.stores()[store.slot()].name.as_str();
        let hero = self.script.protagonist;
        match tiding {
            Tiding::Entered(who, store) if who == hero => self.teller.entered(store, name(store), &clock),
            Tiding::Left(who, store) if who == hero => self.teller.left(store),
            // The words of the offer are told when the phone has it.
            Tiding::HeldBack(who, _, Suppression::LostArbitration) if who == hero => {}
            Tiding::HeldBack(who, store, why) if who == hero => {
                self.teller.held_back(store, name(store), why, &clock);
            }
            Tiding::Entered(..)
            | Tiding::Dwelled(..)
            | Tiding::Left(..)
            | Tiding::Sent(..)
            | Tiding::HeldBack(..)
            | Tiding::Refused(_) => {}
        }
    }

    fn refused(&mut self, person: PersonNo) {
        self.scene.counters.n_refused += 1;
        if self.opted_out_last == Some(person)
            && let OptOut::Durable { n_refused, .. } = &mut self.scene.opt_out
        {
            *n_refused += 1;
        }
    }

    /// A phone received an offer.
    pub fn offer_received(&mut self, received: Received, at: Timestamp, elapsed: Duration) {
        let Received { offer_id, person, offer, store, title, issued_at } = received;
        if !self.received.insert(offer_id) {
            if let Restart::Back { n_retried, .. } = &mut self.scene.restart {
                *n_retried += 1;
            }
            return;
        }
        let heard_before = self.heard.insert((person, offer), issued_at);
        self.n_twice += u64::from(heard_before.is_some_and(|before| issued_at < before + TWICE_WITHIN));
        if let Restart::Back { n_taken_up, .. } = &mut self.scene.restart
            && self.killed_at.is_some_and(|killed_at| issued_at <= killed_at)
        {
            *n_taken_up += 1;
        }
        if person == self.script.protagonist {
            let (name, clock) = (&self.town.stores()[store.slot()].name, self.time(at));
            self.teller.sent(store, name, &title, &clock);
        }
        let merchant = self.town.stores()[store.slot()].merchant;
        let flash = Flash { at: self.crowd.spot(person, at).at, title, merchant };
        self.flashes.push_back((elapsed, flash));
    }

    /// Who opts out next: the one of the script, then whoever else is out and sends often.
    pub fn who_opts_out(&mut self, at: Timestamp) -> Option<PersonNo> {
        let scripted = self.script.opts_out.filter(|person| !self.opted_out.contains(person));
        scripted.or_else(|| {
            let willing = |no: &PersonNo| {
                self.town.people()[no.slot()].agreed_most() == Agreement::Offers
                    && *no != self.script.protagonist
                    && !self.opted_out.contains(no)
            };
            let all: Vec<PersonNo> =
                (0..self.town.people().len() as u32).map(PersonNo).filter(willing).collect();
            let out = all.into_iter().filter(|no| self.crowd.spot(*no, at).doing != Doing::AtHome);
            let interval_ms =
                |no: &PersonNo| (self.town.people()[no.slot()].phone.interval_s * 1_000.0) as i64;
            out.min_by_key(|no| (interval_ms(no), *no))
        })
    }

    /// Whether somebody opted out.
    #[must_use]
    pub fn is_opted_out(&self, person: PersonNo) -> bool {
        self.opted_out.contains(&person)
    }

    /// Somebody opts out now.
    pub fn opt_out_asked(&mut self, person: PersonNo, at: Timestamp) {
        self.opted_out.insert(person);
        self.opted_out_last = Some(person);
        self.difference.opted_out(person);
        let clock = self.time(at);
        if person == self.script.protagonist {
            self.teller.opted_out(&clock);
        }
        let name = self.town.people()[person.slot()].name.to_owned();
        self.scene.opt_out = OptOut::Asked { name, clock };
    }

    /// What somebody said is durable, so long after it was said.
    pub fn opt_out_durable(&mut self, person: PersonNo, after: Duration) {
        if self.opted_out_last != Some(person) {
            return;
        }
        if let OptOut::Asked { name, clock } = &self.scene.opt_out {
            let (name, clock) = (name.clone(), clock.clone());
            self.scene.opt_out = OptOut::Durable { name, clock, after, n_refused: 0 };
        }
    }

    /// The engine was killed.
    pub fn killed(&mut self, at: Timestamp) {
        self.killed_at = Some(at);
        self.scene.restart = Restart::Down;
    }

    /// The engine is back, so long after it was killed.
    pub fn came_back(&mut self, after: Duration) {
        let n_sent_before = self.received.len() as u64;
        self.scene.restart = Restart::Back { after, n_sent_before, n_taken_up: 0, n_twice: 0, n_retried: 0 };
    }

    /// This machine was measured.
    pub fn measured(&mut self, figures: Figures) {
        self.scene.figures = figures;
    }

    /// The scene of a moment.
    pub fn show(&mut self, at: Timestamp, elapsed: Duration) -> &Scene {
        self.difference.settle(at);
        self.scene.clock = self.wall_clock(at, "%a %H:%M");
        self.scene.counters.n_naive = self.difference.n_pushes();
        self.scene.counters.n_sent = self.received.len() as u64;
        self.scene.reasons = self.difference.reasons().into_iter().map(reason).collect();
        self.scene.story = self.teller.story().clone();
        if let Restart::Back { n_twice, .. } = &mut self.scene.restart {
            *n_twice = self.n_twice;
        }
        self.flashes.retain(|(since, _)| elapsed < *since + FLASH_LASTS);
        self.scene.flashes = self.flashes.iter().map(|(_, flash)| flash.clone()).collect();
        self.scene.dots = self.dots(at);
        &self.scene
    }

    /// Why Stile sent less than the naive geofence, with counts that add up to the naive ones.
    #[must_use]
    pub fn reasons(&self) -> Vec<(Why, u64)> {
        self.difference.reasons()
    }

    /// How many pushes the naive geofence would have sent.
    #[must_use]
    pub const fn n_naive(&self) -> u64 {
        self.difference.n_pushes()
    }

    /// How many offers phones received, and how many of these said the same to the same person again.
    #[must_use]
    pub fn n_received(&self) -> (u64, u64) {
        (self.received.len() as u64, self.n_twice)
    }

    /// How many offers were recorded before the kill and received after it.
    #[must_use]
    pub const fn n_taken_up(&self) -> Option<u64> {
        match self.scene.restart {
            Restart::Back { n_taken_up, .. } => Some(n_taken_up),
            Restart::Awaited | Restart::Down => None,
        }
    }

    fn dots(&mut self, at: Timestamp) -> Vec<Dot> {
        let mut dots = Vec::new();
        for no in (0..self.town.people().len() as u32).map(PersonNo) {
            let spot = self.crowd.spot(no, at);
            let kind = self.dot_kind(no);
            if spot.doing != Doing::AtHome || kind == DotKind::Protagonist {
                dots.push(Dot { at: spot.at, kind });
            }
        }
        dots
    }

    fn dot_kind(&self, no: PersonNo) -> DotKind {
        if self.opted_out.contains(&no) {
            DotKind::OptedOut
        } else if no == self.script.protagonist {
            DotKind::Protagonist
        } else if self.town.people()[no.slot()].agreed_most() == Agreement::Nothing {
            DotKind::Unseen
        } else {
            DotKind::Seen
        }
    }

    /// Whether somebody agreed to a store's offers, at this moment.
    fn agreed(&self, person: PersonNo, store: StoreNo) -> bool {
        let merchant = self.town.stores()[store.slot()].merchant;
        let agreement = self.town.people()[person.slot()].agreements[merchant];
        agreement == Agreement::Offers && !self.opted_out.contains(&person)
    }

    fn time(&self, at: Timestamp) -> String {
        self.wall_clock(at, "%H:%M")
    }

    fn wall_clock(&self, at: Timestamp, format: &str) -> String {
        let time = self.tz.timestamp_millis_opt(at.unix_ms()).single();
        time.map_or(String::new(), |time| time.format(format).to_string())
    }
}

fn reason((why, n): (Why, u64)) -> Reason {
    let is_silence = !matches!(why, Why::Sent | Why::Undecided);
    Reason { text: why.text().to_owned(), n, is_silence }
}

fn map(town: &Town) -> Map {
    let fence = |store: &town::Store| FenceLine { lines: store.lines(), merchant: store.merchant };
    Map {
        half_size_m: town.half_size_m(),
        streets: town.street_stretches().collect(),
        fences: town.stores().iter().map(fence).collect(),
        merchants: town.merchants().iter().map(|merchant| merchant.name.to_owned()).collect(),
    }
}
