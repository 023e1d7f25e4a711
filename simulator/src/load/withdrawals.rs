//! How long a withdrawal takes to be acknowledged while everything else goes on.

mod told;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use consent_gate::{ConsentKind, Purpose};
use town::PersonNo;
use wire::Topics;

use crate::load::bystanders::{Bystanders, Sent, Shares};
use crate::load::clock::RunClock;
use crate::load::disk::Disk;
use crate::load::link::{Door, Link};
use crate::load::observer::{Directory, Heard, Live, Observer};
use crate::load::run::{Lines, now};
use crate::load::schedule::{Pace, Schedule};
use crate::load::script::{Changes, Form, Names, Qos, Script};
use crate::load::sender::{Account, Gauges, Sender};
use crate::load::setup::Setup;
use crate::load::watch::Interrupts;
use crate::load::withdrawing::{Withdrawing, Withdrawn};
use crate::report::Latency;
use crate::world::{World, WorldPlan};

pub(crate) use told::Told;

/// The flow grows for so long before it holds.
const RAMP: Duration = Duration::from_secs(2);
/// And goes on for so long behind the last withdrawal.
const GOES_ON: Duration = Duration::from_secs(2);
/// Between two looks at how it goes.
const LOOKS_EVERY: Duration = Duration::from_millis(5);

/// What to run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) world: WorldPlan,
    pub(crate) lines: Lines,
    /// Fixes a second.
    pub(crate) rate: f64,
    /// Fixes a message.
    pub(crate) n_batch: usize,
    pub(crate) shares: Shares,
    /// Until everybody who stays inside has gone in.
    pub(crate) warm_up: Duration,
    pub(crate) hold: Duration,
    /// Withdrawals a second.
    pub(crate) withdrawals: f64,
    pub(crate) n_withdrawing_links: usize,
    /// A folder on the disk of the ledger.
    pub(crate) disk: PathBuf,
    /// An offer read so long behind the acknowledgement of a withdrawal was written behind it.
    pub(crate) grace: Duration,
    /// What 99 of 100 withdrawals may take.
    pub(crate) p99_max: Duration,
    /// How busy the machine was before.
    pub(crate) load_before: String,
}

impl Plan {
    fn n_withdrawals(&self) -> usize {
        (self.withdrawals * self.hold.as_secs_f64()) as usize
    }
}

/// What one run came to, before it is told.
struct Ran {
    /// At the beginning and at the end of the measurement.
    ends: [Moment; 2],
    account: Account,
    withdrawn: Withdrawn,
    heard: Heard,
    fsync: Latency,
    interrupted: bool,
}

/// What there was at one instant.
#[derive(Clone, Copy, Debug, Default)]
struct Moment {
    at_ns: u64,
    sent: Sent,
    n_offers: u64,
}

/// Runs a plan in a world.
///
/// # Errors
/// A sentence when it cannot begin: no server, a plan that does not fit, a disk that cannot be written.
pub(crate) fn run(plan: &Plan, world: &World) -> Result<Told, String> {
    // What the last of them are told is on its way for a while.
    let settle_ns = nanos(RAMP + plan.warm_up) / 2;
    // Half of those who withdraw do so before the middle of the run.
    let withdrawing = plan.n_withdrawals() as f64 / f64::from(world.n_people());
    let shares = Shares { consented: (plan.shares.consented + withdrawing / 2.0).min(1.0), ..plan.shares };
    let people = Bystanders::of(world, plan.world.seed, shares, settle_ns)?;
    let disk = Disk::under(&plan.disk)?;
    let topics = Topics::new(&plan.lines.prefix);
    agree(plan, world, &topics, &people)?;
    let script = script(plan, world, &topics, people);
    let directory = Directory::of(world, topics.clone());
    let ran = drive(plan, &script, (world, &topics, &directory), disk)?;
    Ok(Told::of(plan, &ran))
}

/// Everybody agrees who is to have agreed, and nobody else.
fn agree(plan: &Plan, world: &World, topics: &Topics, people: &Bystanders<'_>) -> Result<(), String> {
    const ALL: [Purpose; 3] = [Purpose::Location, Purpose::Background, Purpose::OffersPush];
    let Lines { door, n_setup_links, .. } = &plan.lines;
    let setup = Setup { world, topics, door, n_links: *n_setup_links, only: None };
    let shown_at = now();
    if setup.has_met(shown_at)? {
        let rest = |person: PersonNo| !people.has_agreed(person.0);
        let withdrawals =
            |person| if rest(person) { world.withdrawals(person, shown_at) } else { Vec::new() };
        setup.say("withdrawing", withdrawals)?;
    }
    setup.say("granting", |person| {
        if !people.has_agreed(person.0) {
            return Vec::new();
        }
        let yes = ConsentKind::Grant { until: None, confirm: None };
        world.words(person, people.merchant_of(person.0), &ALL, yes, shown_at)
    })?;
    Ok(())
}

fn script<'p>(plan: &Plan, world: &World, topics: &Topics, people: Bystanders<'p>) -> Script<Bystanders<'p>> {
    let hold = plan.warm_up + plan.hold + GOES_ON;
    let pace = Pace { rate: plan.rate, ramp_s: RAMP.as_secs_f64(), hold_s: hold.as_secs_f64() };
    Script {
        schedule: Schedule::new(pace, world.n_people(), plan.world.seed),
        phones: people,
        changes: Changes::new(world.n_people()),
        form: Form { n_batch: plan.n_batch, qos: Qos::Zero },
        n_links: plan.lines.n_links,
        names: Names::of_people(world, topics, plan.n_batch),
        batch_topic: crate::load::packet::topic_field(&topics.batch()),
        only: None,
    }
}

fn drive(
    plan: &Plan,
    script: &Script<Bystanders<'_>>,
    (world, topics, directory): (&World, &Topics, &Directory),
    disk: Disk,
) -> Result<Ran, String> {
    let Lines { door, n_links, n_window, .. } = &plan.lines;
    let links = connect(door, "load", *n_links, *n_window)?;
    let withdrawing_links = connect(door, "withdrawing", plan.n_withdrawing_links, *n_window)?;
    let (gauges, live) = (Gauges::of(world.n_people() as usize, links.len() as u64), Live::default());
    let clock = RunClock::in_a_while(Duration::from_millis(200));
    let observer = Observer::connect(&door.named("observer"), directory, clock, &gauges, &live)?;
    let from_ns = nanos(RAMP + plan.warm_up);
    let withdrawing = Withdrawing {
        world,
        topics,
        people: &script.phones,
        clock,
        customers: script.phones.some_who_agreed(plan.n_withdrawals()),
        from_ns,
        per_s: plan.withdrawals,
        links: withdrawing_links,
    };
    let (interrupts, disk_stop) = (Interrupts::begin(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (gauges, live, disk_stop) = (&gauges, &live, &disk_stop);
        let observer = scope.spawn(|| observer.run());
        let sender = scope.spawn(|| Sender::new(script, links, (0, 1), clock, gauges).run());
        let withdrawing = scope.spawn(|| withdrawing.run(&gauges.stop));
        let moment = || Moment {
            at_ns: clock.now_ns(),
            sent: script.phones.sent(),
            n_offers: live.n_offers.load(Ordering::Relaxed),
        };
        let wait = |until_ns: u64| {
            while clock.now_ns() < until_ns && !gauges.stop.load(Ordering::Relaxed) && !sender.is_finished() {
                gauges.stop.fetch_or(interrupts.came(), Ordering::Relaxed);
                std::thread::sleep(LOOKS_EVERY);
            }
            moment()
        };
        let begun = wait(from_ns);
        let fsync = scope.spawn(|| disk.measure(disk_stop));
        let ends = [begun, wait(from_ns + nanos(plan.hold))];
        disk_stop.store(true, Ordering::Relaxed);
        let withdrawn = withdrawing.join().expect("it withdraws to the end");
        let account = sender.join().expect("a sender works to the end");
        std::thread::sleep(plan.grace);
        live.stop.store(true, Ordering::Relaxed);
        let heard = observer.join().expect("an observer works to the end");
        let fsync = fsync.join().expect("a disk is measured to the end");
        let fsync = fsync.map_err(|error| format!("the disk failed: {error}"))?;
        Ok(Ran { ends, account, withdrawn, heard, fsync, interrupted: interrupts.came() })
    })
}

fn connect(door: &Door, name: &str, n: usize, n_window: usize) -> Result<Vec<Link>, String> {
    (0..n).map(|no| Link::connect(door.named(&format!("{name}-{no}")), n_window)).collect()
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
