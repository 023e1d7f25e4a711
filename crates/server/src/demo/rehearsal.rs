//! A rehearsal: the real engine in the same thread, without MQTT, files or waiting.
//!
//! It shows that the town and the script have what the demo promises, and lets one look at
//! the picture.

use std::sync::Arc;
use std::time::Duration;

use engine::{Door, Engine, House, Letter, Output, Policy};
use ledger::{DeliveryOutcome, MemoryStorage, commit};
use model::{Millis, Timestamp};
use town::{PersonNo, Plan, Report, Town};
use wire::{encode_consent, encode_fix};

use super::scene::Figures;
use super::script::Script;
use super::stage::{Received, Stage};
use super::{premises, tidings};

const SPEED: u32 = 60;
const FRAME: Duration = Duration::from_millis(100);

/// The engine, its ledger, and the stage that hears of both.
struct Company<'a> {
    town: &'a Town,
    engine: Engine,
    storage: MemoryStorage,
    stage: Stage<'a>,
}

impl<'a> Company<'a> {
    /// Everybody who agrees has said so.
    fn new(town: &'a Town, script: Script) -> Self {
        let house = House::new(
            premises::fences(town),
            premises::offers(town, script.stores.map(|(_, stays)| stays)).catalogue(),
        )
        .unwrap();
        let mut engine = Engine::new(Arc::new(house), Policy::default());
        let people = || (0..town.people().len() as u32).map(PersonNo);
        engine.open(script.starts_at - Millis::from_days(3));
        let stage = Stage::new(town, script, SPEED);
        let mut company = Self { town, engine, storage: MemoryStorage::new(), stage };
        let mut agreed: Vec<_> =
            people().map(|no| (premises::agreed_at(town, no, script.starts_at), no)).collect();
        agreed.sort_unstable();
        for (at, no) in agreed {
            company.say(no, &premises::grants(town, no, at), at);
        }
        company.engine.listen();
        company
    }

    fn say(&mut self, no: PersonNo, events: &[consent_gate::ConsentEvent], at: Timestamp) {
        let customer = self.town.people()[no.slot()].customer.as_str();
        for event in events {
            let body = encode_consent(event);
            let letter = Letter { door: Door::Consent, customer, device: "", body: &body, ticket: 0 };
            self.engine.handle_letters(&[letter], at);
        }
        self.settle(at, Duration::ZERO);
    }

    fn play(&mut self, report: &Report, elapsed: Duration) {
        let now = report.sent_at;
        let person = &self.town.people()[report.person.slot()];
        let body = encode_fix(&report.fix);
        let (customer, device) = (person.customer.as_str(), person.device.as_str());
        self.stage.fix_sent(report);
        self.engine.handle_timeout(now);
        self.engine
            .handle_letters(&[Letter { door: Door::Fixes, customer, device, body: &body, ticket: 0 }], now);
        self.settle(now, elapsed);
    }

    /// Commits, delivers and tells until nothing is left to do.
    fn settle(&mut self, now: Timestamp, elapsed: Duration) {
        while let Some(staged) = self.engine.poll_staged(now) {
            for committed in commit(&mut self.storage, vec![staged]).unwrap() {
                self.engine.handle_committed(committed, now);
            }
            while let Some(output) = self.engine.poll_output() {
                self.deliver(&output, now, elapsed);
            }
        }
        while let Some(event) = self.engine.poll_event() {
            if let Some(tiding) = tidings::of(&event, self.town) {
                self.stage.told(tiding, now);
            }
        }
    }

    fn deliver(&mut self, output: &Output, now: Timestamp, elapsed: Duration) {
        let Output::Send(recorded) = output else { return };
        self.engine.may_send(recorded, now).unwrap();
        let notification = recorded.value();
        self.engine.handle_delivery(&notification.customer, notification.id, DeliveryOutcome::Sent, now);
        let received = Received {
            offer_id: notification.id.0.to_string(),
            person: self.town.person_no(notification.customer.as_str()).unwrap(),
            offer: notification.offer.as_str().to_owned(),
            store: self.town.store_no(notification.fence.as_str()).unwrap(),
            title: notification.words.title.clone(),
            issued_at: notification.issued_at,
        };
        self.stage.offer_received(received, now, elapsed);
    }

    /// What is on the script for this frame.
    fn direct(&mut self, script: &Script, at: Timestamp, elapsed: Duration) {
        let due = |moment: Duration| moment <= elapsed && elapsed < moment + FRAME;
        if due(script.opts_out_after) {
            self.someone_opts_out(at);
        }
        if due(script.killed_after) {
            self.stage.killed(at);
        }
        if due(script.killed_after + Duration::from_millis(400)) {
            self.stage.came_back(Duration::from_millis(400));
        }
        if due(Duration::from_secs(3)) {
            self.stage.measured(Figures { fixes_per_s_per_core: Some(812_345.0), ratio_to_rstar: Some(7.4) });
        }
    }

    fn someone_opts_out(&mut self, at: Timestamp) {
        if let Some(person) = self.stage.who_opts_out(at) {
            self.stage.opt_out_asked(person, at);
            self.say(person, &premises::withdrawals(self.town, person, at), at);
            self.stage.opt_out_durable(person, Duration::from_micros(1_840));
        }
    }
}

/// What the audience wants after a frame.
enum Applause {
    GoOn,
    OptOut,
    Stop,
}

/// Half an hour of a town, with everything that is on the script; `show` sees every frame.
fn perform(seed: u64, mut show: impl FnMut(&mut Company<'_>, Timestamp, Duration) -> Applause) {
    let town = Town::build(&Plan { seed, ..Plan::default() }).unwrap();
    let from = town.midnight_at() + Millis::from_hours(10);
    let script = Script::choose(&town, from, SPEED, None);
    let mut company = Company::new(&town, script);
    let mut shown = Duration::ZERO;
    for report in town.reports(from, from + Millis::from_mins(30)) {
        let ms = report.sent_at.since(from).ms().cast_unsigned() / u64::from(SPEED);
        let elapsed = Duration::from_millis(ms);
        while shown <= elapsed {
            let at = from + Millis::new(shown.as_millis() as i64 * i64::from(SPEED));
            company.direct(&script, at, shown);
            match show(&mut company, at, shown) {
                Applause::GoOn => {}
                Applause::OptOut => company.someone_opts_out(at),
                Applause::Stop => return,
            }
            shown += FRAME;
        }
        company.play(&report, elapsed);
    }
}

/// The same for whoever only watches; `show` says whether to go on.
pub(super) fn rehearse(seed: u64, mut show: impl FnMut(&mut Stage<'_>, Timestamp, Duration) -> bool) {
    perform(
        seed,
        |company, at, elapsed| {
            if show(&mut company.stage, at, elapsed) { Applause::GoOn } else { Applause::Stop }
        },
    );
}

#[test]
fn half_an_hour_has_five_offers_and_five_reasons_for_silence() {
    for seed in [1, 2, 3, Plan::default().seed] {
        let mut tally = engine::Tally::default();
        let mut scene = super::scene::Scene::default();
        let mut n_received = (0, 0);
        perform(seed, |company, at, elapsed| {
            tally = company.engine.tally();
            scene = company.stage.show(at, elapsed).clone();
            n_received = company.stage.n_received();
            Applause::GoOn
        });
        let rules: Vec<_> = tally.suppressed.iter().filter(|(_, n)| 0 < *n).collect();
        let counters = scene.counters;
        println!("seed {seed}: {counters:?} {rules:?} {:?}", scene.reasons);
        assert!(tally.is_balanced(), "seed {seed}");
        assert_eq!((tally.n_decided, 0), n_received, "seed {seed}");
        assert!(5 <= counters.n_sent && 5 * counters.n_sent < counters.n_naive, "seed {seed}: {counters:?}");
        assert!(5 <= rules.len() && 5 <= scene.n_silences(), "seed {seed}: {rules:?}");
        assert!(scene.story.lines.iter().any(|line| line.spoke), "seed {seed}: the story has no offer");
        let n: u64 = scene.reasons.iter().map(|reason| reason.n).sum();
        assert_eq!(n, counters.n_naive, "seed {seed}");
    }
}

/// The lines that are printed without a terminal, for the default town.
#[test]
fn without_a_terminal_the_story_is_told_in_lines() {
    let mut lines = super::lines::Lines::default();
    let mut told = Vec::new();
    rehearse(Plan::default().seed, |stage, at, elapsed| {
        told.extend(lines.next(stage.show(at, elapsed), elapsed));
        true
    });
    println!("{}", told.join("\n"));
    assert!((25..=31).contains(&told.len()), "{}", told.len());
    for part in ["walks past", "stays three minutes", "refused unread", "Killed, back in"] {
        assert!(told.iter().any(|line| line.contains(part)), "{part}");
    }
}

/// `cargo test -p server --lib -- --ignored look_at_it --nocapture`, on a terminal.
#[test]
#[ignore = "draws on the terminal"]
fn look_at_it() {
    use super::terminal::{Terminal, Wish};
    let mut terminal = Terminal::take().unwrap();
    perform(Plan::default().seed, |company, at, elapsed| {
        terminal.show(company.stage.show(at, elapsed)).unwrap();
        match terminal.wish(FRAME) {
            Some(Wish::Quit) => Applause::Stop,
            Some(Wish::OptOut) => Applause::OptOut,
            None => Applause::GoOn,
        }
    });
}
