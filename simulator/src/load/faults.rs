//! What is done to a server besides the load.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Duration;

use crate::load::clock::RunClock;
use crate::load::link::{Door, greet};
use crate::load::schedule::Schedule;
use crate::load::script::Script;
use crate::load::sender::Gauges;
use crate::load::swap::Swap;
use crate::load::townsfolk::{Lure, Townsfolk, When};
use crate::world::World;

/// A slow reader rests this long after each read.
pub(crate) const SLOW_READER_RESTS: Duration = Duration::from_millis(250);
/// Those who come with a storm stay this long.
const STORM_STAYS: Duration = Duration::from_secs(2);

/// Which faults, and how much of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// All connections break at once, and so many idle ones come with them.
    pub(crate) storm: Option<u32>,
    /// So many in a thousand come into one fence together.
    pub(crate) flash_crowd_per_mille: u64,
    /// So many in a thousand come into one fence, each at a time of their own, and withdraw as they do.
    pub(crate) race_per_mille: u64,
    pub(crate) swap: Option<Swapping>,
    pub(crate) n_slow_readers: usize,
    /// Of a thousand messages, how many are followed by a bad one.
    pub(crate) hostile_per_mille: u64,
}

/// How offers are exchanged under load.
#[derive(Clone, Debug)]
pub(crate) struct Swapping {
    /// The server's offers.
    pub(crate) file: PathBuf,
    /// What makes it take them up.
    pub(crate) command: String,
}

impl Faults {
    /// When all connections break.
    pub(crate) fn storms_ns(&self, schedule: &Schedule) -> Vec<u64> {
        self.storm.map(|_| at(schedule, 0.3)).into_iter().collect()
    }

    /// Whoever draws people from their ways.
    pub(crate) fn lures(&self, world: &World, schedule: &Schedule, seed: u64) -> Vec<Lure> {
        let n_rounds = schedule.n_messages() / schedule.n_customers();
        let all_together = When::At { ns: at(schedule, 0.5) };
        let each = When::EachWithin { rounds: (n_rounds / 5, n_rounds * 4 / 5) };
        let crowd = (0 < self.flash_crowd_per_mille)
            .then(|| Townsfolk::lure(world, seed, self.flash_crowd_per_mille, all_together));
        let race =
            (0 < self.race_per_mille).then(|| Townsfolk::lure(world, seed + 1, self.race_per_mille, each));
        [crowd, race].into_iter().flatten().flatten().collect()
    }

    /// Starts what runs beside the load.
    pub(crate) fn start<'scope, 'env>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        door: &'env Door,
        script: &'env Script<Townsfolk<'_>>,
        clock: RunClock,
        gauges: &'env Gauges,
    ) -> Helpers<'scope> {
        let storm = self.storm.map(|n| {
            let at_ns = at(&script.schedule, 0.3);
            scope.spawn(move || storm(door, n, clock, at_ns, gauges))
        });
        let swap = self.swap.as_ref().map(|swapping| {
            let at_ns = at(&script.schedule, 0.7);
            let world = script.phones.world();
            scope.spawn(move || swap(swapping, world, clock, at_ns, gauges))
        });
        Helpers { storm, swap }
    }
}

/// What came of exchanging offers.
#[derive(Debug, Default)]
struct Swapped {
    /// When the server may have taken the new ones up.
    swap: Option<Swap>,
    failed: Option<String>,
}

/// What runs beside the load.
pub(crate) struct Helpers<'scope> {
    storm: Option<ScopedJoinHandle<'scope, String>>,
    swap: Option<ScopedJoinHandle<'scope, Swapped>>,
}

impl Helpers<'_> {
    /// Waits for it; gives the exchange of offers, what there is to say, and why it did not go well.
    pub(crate) fn finish(self) -> (Option<Swap>, Vec<String>, Option<String>) {
        let mut notes = Vec::new();
        notes.extend(self.storm.map(|storm| storm.join().expect("a storm is over some time")));
        let swap = self.swap.map(|swap| swap.join().expect("an exchange is over some time"));
        let Swapped { swap, failed } = swap.unwrap_or_default();
        (swap, notes, failed)
    }
}

/// An instant of the run, as a share of it.
fn at(schedule: &Schedule, share: f64) -> u64 {
    (schedule.lasts_s() * share * 1e9) as u64
}

fn wait(clock: RunClock, until_ns: u64, gauges: &Gauges) {
    while clock.now_ns() < until_ns && !gauges.stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Many come at once, say nothing, and leave.
fn storm(door: &Door, n: u32, clock: RunClock, at_ns: u64, gauges: &Gauges) -> String {
    wait(clock, at_ns, gauges);
    let began_ns = clock.now_ns();
    let guests: Vec<_> = (0..n).map(|no| greet(&door.named(&format!("storm-{no}")))).collect();
    let n_in = guests.iter().filter(|guest| guest.is_ok()).count() as u64;
    let took_ms = (clock.now_ns() - began_ns) / 1_000_000;
    gauges.n_connected.fetch_add(n_in, Ordering::Relaxed);
    std::thread::sleep(STORM_STAYS);
    gauges.n_connected.fetch_sub(n_in, Ordering::Relaxed);
    let refused = guests.iter().find_map(|guest| guest.as_ref().err());
    let refused = refused.map_or(String::new(), |why| format!("; the first that failed: {why}"));
    format!("in the storm {n_in} of {n} further connections were in after {took_ms} ms{refused}")
}

/// What an offer is called when it has been exchanged.
pub(crate) fn swapped(offer: &str) -> String {
    format!("{offer}-b")
}

/// Exchanges every offer for one of another name.
fn swap(swapping: &Swapping, world: &World, clock: RunClock, at_ns: u64, gauges: &Gauges) -> Swapped {
    wait(clock, at_ns, gauges);
    let Swapping { file, command } = swapping;
    let old = world.offers_toml();
    let new = world.offers().iter().fold(old.clone(), |text, draft| {
        let line = |id: &str| format!("id = {id:?}\n");
        text.replace(&line(draft.id.as_str()), &line(&swapped(draft.id.as_str())))
    });
    let write =
        |text: &str| std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()));
    let failed = |why: String| Some(format!("offers were not exchanged: {why}"));
    let from_ns = clock.now_ns();
    if let Err(why) = write(&new) {
        return Swapped { swap: None, failed: failed(why) };
    }
    let told = tell(command);
    let ended_ns = clock.now_ns();
    // The next run finds what it laid.
    let restored = write(&old);
    // A server that was not told well may have taken them up or not, now or later.
    let to_ns = if told.is_ok() { ended_ns } else { u64::MAX };
    let swap = Some(Swap { from_ns, to_ns, n_offers: world.offers().len() as u32 });
    Swapped { swap, failed: told.and(restored).err().and_then(failed) }
}

/// Runs what makes the server take its offers up.
fn tell(command: &str) -> Result<(), String> {
    let done = std::process::Command::new("sh").arg("-c").arg(command).output();
    let done = done.map_err(|error| format!("{command}: {error}"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    let failed = || format!("{command}: {}: {}", done.status, said.trim());
    if done.status.success() { Ok(()) } else { Err(failed()) }
}
