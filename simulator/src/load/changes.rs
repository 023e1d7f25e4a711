//! How many changes of consent a second become durable, over so many connections.

use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use consent_gate::{ConsentEvent, ConsentKind, Purpose};
use model::CustomerId;
use serde::Serialize;
use town::PersonNo;
use wire::Topics;

use crate::cli::exit;
use crate::load::clock::RunClock;
use crate::load::link::Door;
use crate::load::observer::{Directory, Live, Observer};
use crate::load::run::now;
use crate::load::sender::Gauges;
use crate::load::speakers::{Speakers, Spoken};
use crate::report::number::{grouped, measured};
use crate::report::text::timed;
use crate::report::{Latency, Machine};
use crate::world::World;

/// Answers may come behind the acknowledgements.
const HEARS_ON: Duration = Duration::from_millis(500);

/// What to run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) door: Door,
    pub(crate) prefix: String,
    pub(crate) n_links: usize,
    /// Events under way on each connection, one trial after the other.
    pub(crate) in_flight: Vec<usize>,
    pub(crate) lasts: Duration,
    /// Changes a second that there must be, with as few under way as the first trial has.
    pub(crate) at_least: f64,
}

/// What one trial came to.
#[derive(Debug, Serialize)]
pub(crate) struct Trial {
    n_links: usize,
    n_in_flight: usize,
    n_changes: u64,
    per_s: f64,
    ack: Latency,
    /// What the server said that they came to, as far as it was heard, by word.
    effects: BTreeMap<String, u64>,
}

/// What all trials came to.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    trials: Vec<Trial>,
    at_least: f64,
    load_after: String,
}

/// Runs all trials.
///
/// # Errors
/// A sentence when the server cannot be reached or does not acknowledge.
pub(crate) fn run(plan: &Plan, world: &World) -> Result<Told, String> {
    let topics = Topics::new(&plan.prefix);
    let speakers = Speakers { topics: &topics, door: &plan.door, n_links: plan.n_links, n_under_way: 16 };
    // Whoever has said yes already begins with a no, too.
    speakers.say((0..world.n_people()).flat_map(|no| says(world, no, 1)))?;
    let mut turn = 0;
    let mut trials = Vec::new();
    for n_in_flight in &plan.in_flight {
        trials.push(trial(plan, world, &Speakers { n_under_way: *n_in_flight, ..speakers }, &mut turn)?);
    }
    Ok(Told { trials, at_least: plan.at_least, load_after: Machine::here().load_before })
}

fn trial(plan: &Plan, world: &World, speakers: &Speakers<'_>, turn: &mut u32) -> Result<Trial, String> {
    let directory = Directory::of(world, speakers.topics.clone());
    let (gauges, live) = (Gauges::default(), Live::default());
    let clock = RunClock::in_a_while(Duration::ZERO);
    let observer = Observer::connect(&plan.door.named("observer"), &directory, clock, &gauges, &live)?;
    let (spoken, heard) = std::thread::scope(|scope| {
        let observer = scope.spawn(|| observer.run());
        let spoken = speakers.say(changes(world, turn, plan.lasts));
        std::thread::sleep(HEARS_ON);
        live.stop.store(true, Ordering::Relaxed);
        (spoken, observer.join().expect("an observer works to the end"))
    });
    let Spoken { n, took, ack } = spoken?;
    let mut effects = BTreeMap::new();
    heard.answers.into_iter().for_each(|answer| *effects.entry(answer.effect).or_default() += 1);
    let per_s = n as f64 / took.as_secs_f64();
    let (n_links, n_in_flight) = (speakers.n_links, speakers.n_under_way);
    Ok(Trial { n_links, n_in_flight, n_changes: n, per_s, ack, effects })
}

/// Yes and no in turns, of one person after the other, for as long as it lasts.
fn changes<'w>(
    world: &'w World,
    turn: &mut u32,
    lasts: Duration,
) -> impl Iterator<Item = (&'w CustomerId, ConsentEvent)> {
    let (began, n_people) = (Instant::now(), world.n_people());
    let turns = std::iter::from_fn(move || {
        let now = *turn;
        *turn += 1;
        (began.elapsed() < lasts).then_some(now)
    });
    turns.flat_map(move |turn| says(world, turn % n_people, turn / n_people % 2))
}

/// What a person says in an even or an odd round.
fn says(world: &World, no: u32, round: u32) -> impl Iterator<Item = (&CustomerId, ConsentEvent)> {
    let yes = ConsentKind::Grant { until: None, confirm: None };
    let kind = if round == 0 { yes } else { ConsentKind::Withdraw };
    let said = world.words(PersonNo(no), 0, &[Purpose::Location], kind, now());
    said.into_iter().map(move |event| (world.customer(PersonNo(no)), event))
}

impl Trial {
    /// Whether nothing came to anything else than a change.
    fn is_all_applied(&self) -> bool {
        self.effects.keys().all(|effect| effect == "applied")
    }
}

impl Told {
    pub(crate) fn code(&self) -> ExitCode {
        let first = self.trials.first();
        let is_met = first.is_some_and(|trial| self.at_least <= trial.per_s && trial.is_all_applied());
        if is_met { ExitCode::SUCCESS } else { ExitCode::from(exit::FAILED) }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Trial { n_links, n_in_flight, n_changes, per_s, ack, effects } in &self.trials {
            let (n, per_s) = (grouped(*n_changes), grouped(per_s.round() as u64));
            writeln!(
                f,
                "{per_s} durable changes/s over {n_links} connections, {n_in_flight} in flight on each, {n} in all"
            )?;
            let effects = effects.iter().map(|(word, n)| format!("{word} {}", grouped(*n)));
            writeln!(f, "heard        {}", effects.collect::<Vec<_>>().join(", "))?;
            timed(f, "acknowledged", ack)?;
        }
        let met = if self.code() == ExitCode::SUCCESS { "met" } else { "missed" };
        let at_least = measured(self.at_least);
        write!(f, "load average {}; bar: {at_least}/s in the first row: {met}", self.load_after)
    }
}
