//! One run: consent, load, what comes back, the verdict.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::Timestamp;
use oracle::Tolerance;
use town::Troubles;
use wire::Topics;

use crate::load::clock::RunClock;
use crate::load::faults::{self, Faults};
use crate::load::findings::Findings;
use crate::load::judging::{self, Evidence};
use crate::load::link::{Door, Link};
use crate::load::observer::{Directory, Heard, Live, Observer};
use crate::load::rules;
use crate::load::schedule::{Pace, Schedule};
use crate::load::script::{Form, Names, Script};
use crate::load::sender::{Account, Gauges, Sender};
use crate::load::setup::{Granted, Setup};
use crate::load::swap::Swap;
use crate::load::townsfolk::Townsfolk;
use crate::load::watch;
use crate::report::{Counts, Second};
use crate::world::{World, WorldPlan};

/// From the last preparation to the first message.
const BEFORE_THE_FIRST: Duration = Duration::from_millis(200);
/// Taken for granted where hardly anything was answered.
const LAG_MIN_MS: f64 = 100.0;
/// Nobody waits longer than this for the last offers.
const DRAIN_MAX: Duration = Duration::from_secs(30);

/// What to run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) world: WorldPlan,
    pub(crate) pace: Pace,
    pub(crate) form: Form,
    pub(crate) troubles: Troubles,
    /// Of a thousand people, how many change their mind during the run.
    pub(crate) wishes_per_mille: u64,
    pub(crate) lines: Lines,
    pub(crate) faults: Faults,
    pub(crate) needed: Counts,
    /// What was on its way when a withdrawal was acknowledged may be read this long behind it.
    pub(crate) grace: Duration,
    /// It is over when no offer has come for so long.
    pub(crate) drain: Duration,
    /// The only customer who goes out, by name.
    pub(crate) only: Option<String>,
}

/// Which connections, to where.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    pub(crate) door: Door,
    pub(crate) prefix: String,
    pub(crate) n_links: usize,
    pub(crate) n_setup_links: usize,
    pub(crate) n_threads: usize,
    /// Messages of one connection that may be unacknowledged.
    pub(crate) n_window: usize,
}

/// What a run came to, before it is told.
pub(crate) struct Ran {
    pub(crate) granted: Granted,
    pub(crate) accounts: Vec<Account>,
    pub(crate) heard: Vec<Heard>,
    pub(crate) seconds: Vec<Second>,
    pub(crate) findings: Findings,
    pub(crate) interrupted: bool,
    /// From the first message to the last offer.
    pub(crate) took: Duration,
    pub(crate) cpu_s: f64,
    pub(crate) clock: RunClock,
    pub(crate) notes: Vec<String>,
    /// Why something that was to be done to the server was not.
    pub(crate) failed: Option<String>,
}

/// Runs a plan in a world.
///
/// # Errors
/// A sentence when the server cannot be reached.
pub(crate) fn run(plan: &Plan, world: &World) -> Result<Ran, String> {
    let topics = Topics::new(&plan.lines.prefix);
    let only = plan.only.as_deref().map(|name| number_of(world, name)).transpose()?;
    let setup =
        Setup { world, topics: &topics, door: &plan.lines.door, n_links: plan.lines.n_setup_links, only };
    let granted = setup.grant(now())?;
    let script = script(plan, world, &topics, only);
    let mut directory = Directory::of(world, topics);
    let n_offers = world.offers().len() as u32;
    for (no, draft) in (0..).zip(world.offers()) {
        directory.also(faults::swapped(draft.id.as_str()), n_offers + no);
    }
    let drive = drive(plan, &script, &directory)?;
    let Drive { clock, accounts, heard, seconds, interrupted, took, swap, notes, failed, cpu_s } = drive;
    let evidence = evidence(plan, &script, clock, &granted, &accounts, &heard, swap);
    eprintln!("judging {} people", world.n_people());
    let findings = judging::judge(&evidence);
    Ok(Ran { granted, accounts, heard, seconds, findings, interrupted, took, cpu_s, clock, notes, failed })
}

/// A customer's number.
///
/// # Errors
/// A sentence when nobody is called so.
pub(crate) fn number_of(world: &World, name: &str) -> Result<u32, String> {
    let found = world.town.people().iter().position(|person| person.customer.as_str() == name);
    found.map(|no| no as u32).ok_or_else(|| format!("nobody in this town is called {name}"))
}

fn script<'w>(plan: &Plan, world: &'w World, topics: &Topics, only: Option<u32>) -> Script<Townsfolk<'w>> {
    let seed = plan.world.seed;
    let schedule = Schedule::new(plan.pace, world.n_people(), seed);
    let phones = Townsfolk::new(world, topics.clone(), plan.troubles, seed);
    let phones = phones.lured_by(plan.faults.lures(world, &schedule, seed));
    let phones = phones.with_hostile(plan.faults.hostile_per_mille);
    let changes = phones.changes(&schedule, plan.wishes_per_mille);
    Script {
        schedule,
        phones,
        changes,
        form: plan.form,
        n_links: plan.lines.n_links,
        names: Names::of_people(world, topics, plan.form.n_batch),
        batch_topic: crate::load::packet::topic_field(&topics.batch()),
        only,
    }
}

/// What came of driving the server.
struct Drive {
    clock: RunClock,
    accounts: Vec<Account>,
    heard: Vec<Heard>,
    seconds: Vec<Second>,
    interrupted: bool,
    took: Duration,
    swap: Option<Swap>,
    notes: Vec<String>,
    failed: Option<String>,
    cpu_s: f64,
}

fn drive(plan: &Plan, script: &Script<Townsfolk<'_>>, directory: &Directory) -> Result<Drive, String> {
    let Lines { door, n_links, n_window, n_threads, .. } = &plan.lines;
    let links = (0..*n_links).map(|no| Link::connect(door.named(&format!("load-{no}")), *n_window));
    let links = links.collect::<Result<Vec<_>, _>>()?;
    let n_customers = script.schedule.n_customers() as usize;
    let gauges = Gauges::of(n_customers, links.len() as u64);
    let live = Live::default();
    let clock = RunClock::in_a_while(BEFORE_THE_FIRST);
    let observer = Observer::connect(&door.named("observer"), directory, clock, &gauges, &live)?;
    let slow = (0..plan.faults.n_slow_readers).map(|no| {
        let slow = Observer::connect(&door.named(&format!("slow-{no}")), directory, clock, &gauges, &live);
        Ok(slow?.slow(faults::SLOW_READER_RESTS))
    });
    let slow = slow.collect::<Result<Vec<_>, String>>()?;
    let storms_ns = plan.faults.storms_ns(&script.schedule);
    let interrupts = watch::Interrupts::begin();
    let mut drive = std::thread::scope(|scope| {
        let observers: Vec<_> =
            std::iter::once(observer).chain(slow).map(|one| scope.spawn(move || one.run())).collect();
        let (gauges, n_threads) = (&gauges, (*n_threads).min(*n_links));
        let mut shares: Vec<Vec<Link>> = (0..n_threads).map(|_| Vec::new()).collect();
        links.into_iter().enumerate().for_each(|(no, link)| shares[no % n_threads].push(link));
        let senders: Vec<_> = (0..)
            .zip(shares)
            .map(|(no, share)| {
                let sender = Sender::new(script, share, (no, n_threads), clock, gauges);
                let sender = sender.with_storms(storms_ns.clone());
                scope.spawn(move || sender.run())
            })
            .collect();
        let helpers = plan.faults.start(scope, door, script, clock, gauges);
        let is_over = || senders.iter().all(std::thread::ScopedJoinHandle::is_finished);
        let mut watch = watch::Watch::new(clock, gauges, &live, script.schedule.lasts_s());
        watch.until(is_over, &interrupts);
        watch.drain(plan.drain, DRAIN_MAX, &interrupts);
        live.stop.store(true, Ordering::Relaxed);
        let accounts = senders.into_iter().map(|sender| sender.join().expect("a sender works to the end"));
        let accounts = accounts.collect();
        let (swap, notes, failed) = helpers.finish();
        let heard = observers.into_iter().map(|one| one.join().expect("an observer works to the end"));
        let took = Duration::from_nanos(live.last_ns.load(Ordering::Relaxed).max(clock.now_ns()));
        let (heard, interrupted) = (heard.collect(), interrupts.came());
        let seconds = watch.finish();
        Drive { clock, accounts, heard, seconds, interrupted, took, swap, notes, failed, cpu_s: 0.0 }
    });
    drive.cpu_s = drive.accounts.iter().map(|account| account.cpu_ns as f64 / 1e9).sum();
    Ok(drive)
}

fn evidence<'a>(
    plan: &Plan,
    script: &'a Script<Townsfolk<'a>>,
    clock: RunClock,
    granted: &Granted,
    accounts: &[Account],
    heard: &[Heard],
    swap: Option<Swap>,
) -> Evidence<'a> {
    let n_threads = accounts.len();
    let k_ends = (0..script.n_links).map(|link| accounts[link % n_threads].k_end).collect();
    let mut consents: HashMap<u32, Vec<_>> = HashMap::new();
    for sent in accounts.iter().flat_map(|account| &account.consents) {
        consents.entry(sent.customer).or_default().push(sent.clone());
    }
    let mut offers: HashMap<u32, Vec<_>> = HashMap::new();
    let (main, others) = heard.split_first().expect("somebody listens");
    let known: std::collections::HashSet<u128> = main.offers.iter().map(|offer| offer.id).collect();
    // Handed to one session of a backend is handed to the backend.
    let rest = others.iter().flat_map(|other| &other.offers).filter(|offer| !known.contains(&offer.id));
    for offer in main.offers.iter().chain(rest) {
        if let Some(customer) = offer.customer {
            offers.entry(customer).or_default().push(*offer);
        }
    }
    let answers = main.answers.iter().map(|answer| (answer.event_id.clone(), answer.clone())).collect();
    let valid_ms = script.phones.world().offers().iter().map(|draft| draft.valid_for.ms()).min();
    Evidence {
        script,
        clock,
        rules: rules::of_load(),
        granted_at: granted.shown_at,
        k_ends,
        lost_links: accounts.iter().flat_map(|account| &account.lost).map(|(link, _)| *link).collect(),
        consents,
        offers,
        answers,
        tolerance: Tolerance {
            late_after_ms: valid_ms.unwrap_or(i64::MAX),
            grace_ms: i64::try_from(plan.grace.as_millis()).unwrap_or(i64::MAX),
        },
        swap,
        lag_max_ms: lag_max_ms(accounts),
    }
}

/// The longest that an answer took; messages that nobody answers are no later than the consent
/// events between them.
fn lag_max_ms(accounts: &[Account]) -> i64 {
    let answers = accounts.iter().flat_map(|account| [&account.puback, &account.consent_ack]);
    let longest = answers.filter_map(crate::report::Latency::max_ms).fold(LAG_MIN_MS, f64::max);
    longest.ceil() as i64
}

pub(crate) fn now() -> Timestamp {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
