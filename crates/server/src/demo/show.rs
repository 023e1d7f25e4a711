//! The whole evening: the days before, the play, and the sums.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use model::Millis;
use tokio::runtime::Runtime;
use town::{Plan, Town};

use super::account::Account;
use super::director::{Director, Facts, Theatre};
use super::front::Front;
use super::lodging::Lodging;
use super::observer::{Counts, add, total};
use super::scene::Figures;
use super::script::Script;
use super::stage::Stage;
use super::summary::Summary;
use super::terminal::Wish;
use super::{Broken, agreeing};
use crate::measure;

/// What the viewer chose.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How much faster than real the town lives.
    pub speed: u32,
    /// How long it lives, in real time; without it until the viewer ends it, and half a minute
    /// where nobody can.
    pub lasts: Option<Duration>,
    /// The town's chance.
    pub seed: u64,
    /// A picture, where there is a terminal.
    pub picture: bool,
    /// The standard output is for a machine.
    pub json: bool,
    /// What goes wrong on purpose.
    pub fault: Option<Fault>,
}

/// What can go wrong on purpose, to see that it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// A phone claims a fix that it did not send.
    DropOne,
}

/// Between two looks of the audience.
const FRAME: Duration = Duration::from_millis(50);
/// Where nobody can end it.
const LASTS_UNWATCHED: Duration = Duration::from_secs(30);
/// The hour at which the town wakes.
const STARTS_AFTER_MIDNIGHT: Millis = Millis::from_hours(10);

/// Plays the demo and sums it up.
///
/// # Errors
/// When it could not be set up, or broke down; nothing is left running or lying about then.
///
/// # Panics
/// Never: every seed has a town.
pub fn run(options: &Options) -> Result<Summary, Broken> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let interrupts = interrupts(&runtime);
    let town =
        Town::build(&Plan { seed: options.seed, ..Plan::default() }).expect("the default plan is sound");
    let mut front = Front::open(options.picture, options.json);
    let lasts = options.lasts.or((!front.is_picture()).then_some(LASTS_UNWATCHED));
    let starts_at = town.midnight_at() + STARTS_AFTER_MIDNIGHT;
    let script = Script::choose(&town, starts_at, options.speed, lasts);
    let lodging = Lodging::furnish(&town, &script)?;
    let theatre = Theatre {
        town: &town,
        script,
        lodging: &lodging,
        runtime: runtime.handle(),
        speed: options.speed,
        lasts,
        drop_one: options.fault == Some(Fault::DropOne),
    };
    let evening = Evening { town: &town, options, interrupts: &interrupts };
    let played = evening.play(theatre, &mut front);
    front.close();
    played
}

/// Counts what asks the demo to end from outside: Ctrl-C where the terminal is not ours, SIGTERM, SIGHUP.
fn interrupts(runtime: &Runtime) -> Arc<AtomicU32> {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupts = Arc::new(AtomicU32::new(0));
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let count = interrupts.clone();
        runtime.spawn(async move {
            let Ok(mut signals) = signal(kind) else { return };
            while signals.recv().await.is_some() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    interrupts
}

struct Evening<'a> {
    town: &'a Town,
    options: &'a Options,
    interrupts: &'a AtomicU32,
}

impl<'a> Evening<'a> {
    fn play(&self, theatre: Theatre<'a>, front: &mut Front) -> Result<Summary, Broken> {
        let mut stage = Stage::new(self.town, theatre.script, theatre.speed);
        let Some(figures) = self.prepare(&theatre, &mut stage, front)? else { return Ok(self.unplayed()) };
        let mut director = Director::begin(theatre, stage)?;
        let mut n_interrupts = 0;
        while director.frame()? {
            let frame_started = Instant::now();
            let (now, elapsed) = director.now();
            front.show(director.stage().show(now, elapsed), elapsed);
            let mut wish = front.wish(FRAME.saturating_sub(frame_started.elapsed()));
            let seen = self.interrupts.load(Ordering::Relaxed);
            if n_interrupts < seen {
                n_interrupts = seen;
                wish = Some(Wish::Quit);
            }
            match wish {
                Some(Wish::Quit) => director.wish_end(),
                Some(Wish::OptOut) => director.wish_opt_out(),
                None => {}
            }
        }
        let (now, elapsed) = director.now();
        front.show(director.stage().show(now, elapsed), elapsed);
        let (stage, account, facts) = director.into_books();
        Ok(self.sum_up(&stage, &account, facts, figures))
    }

    /// While the town agrees, this machine is measured, and the audience sees the town of those
    /// days; `None` when it has left.
    fn prepare(
        &self,
        theatre: &Theatre<'a>,
        stage: &mut Stage<'a>,
        front: &mut Front,
    ) -> Result<Option<Figures>, Broken> {
        let cancelled = AtomicBool::new(false);
        let starts_at = theatre.script.starts_at;
        let figures = thread::scope(|scope| {
            let (lodging, runtime) = (theatre.lodging, theatre.runtime);
            let agreeing =
                scope.spawn(|| agreeing::agree((self.town, starts_at), lodging, runtime, &cancelled));
            let measuring = scope.spawn(measure::figures);
            let shown_at = starts_at - Millis::from_days(2);
            while !(agreeing.is_finished() && measuring.is_finished()) {
                if front.is_picture() {
                    front.show(stage.show(shown_at, Duration::ZERO), Duration::ZERO);
                }
                let wish = front.wish(FRAME);
                if wish == Some(Wish::Quit) || 0 < self.interrupts.load(Ordering::Relaxed) {
                    cancelled.store(true, Ordering::Relaxed);
                }
            }
            agreeing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            Ok::<_, Broken>(measuring.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })?;
        stage.measured(figures);
        Ok((!cancelled.load(Ordering::Relaxed)).then_some(figures))
    }

    /// The sums of a demo that was ended before the town woke.
    fn unplayed(&self) -> Summary {
        let checks = Account::default().checks();
        Summary { balanced: checks.hold(), checks, seed: self.options.seed, ..Summary::default() }
    }

    fn sum_up(&self, stage: &Stage<'_>, account: &Account, facts: Facts, figures: Figures) -> Summary {
        let checks = account.checks();
        let mut summary = Summary {
            balanced: checks.hold(),
            offers_received: account.n_received(),
            naive_would_have_sent: stage.n_naive(),
            difference: stage.reasons().into_iter().map(|(why, n)| (why.word().to_owned(), n)).collect(),
            opt_out_durable_ms: facts.opt_out_durable.map(ms),
            refused_after_opt_out: facts.n_refused_after_opt_out,
            down_ms: facts.was_down.map(ms),
            offers_taken_up: stage.n_taken_up().unwrap_or(0),
            fixes_per_s_per_core: figures.fixes_per_s_per_core,
            ratio_to_rstar: figures.ratio_to_rstar,
            offers_received_twice: checks.told_twice,
            offers_retried: account.n_retried(),
            seed: self.options.seed,
            seconds: facts.seconds,
            checks,
            ..Summary::default()
        };
        let mut delivered = Counts::new();
        for told in account.lives() {
            summary.records += told.records;
            summary.refused += total(&told.refused);
            summary.malformed += total(&told.malformed);
            summary.matched += told.matched;
            summary.candidates += told.candidates;
            add(&mut summary.transitions, &told.transitions);
            add(&mut summary.suppressed, &told.suppressed);
            add(&mut delivered, &told.delivered);
            summary.records_by_life.push(told.records);
        }
        summary.offers_sent = delivered.get("sent").copied().unwrap_or(0);
        summary
    }
}

/// Milliseconds with one digit behind the point: what a run can be trusted with.
fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
