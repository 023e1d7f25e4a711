//! One seed: its world, its story, and what became of it.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Instant;

use super::chance::Chance;
use super::happening::{Story, clock};
use super::laws::Broken;
use super::play::{Ending, Wanted, play};
use super::scene::Scene;
use super::shrink::{Shrunk, ranges, shrink};
use super::{Options, Town, scene, story, streets};
use crate::violation::Violation;

/// What a seed came to.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) seed: u64,
    pub(crate) ending: Ending,
    pub(crate) found: Option<Found>,
    /// Seconds that went into making the world and the story.
    pub(crate) made_s: f64,
    /// Seconds that went into playing it.
    pub(crate) played_s: f64,
}

/// A law that was broken, and the smallest story that breaks it.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) violation: Violation,
    pub(crate) story: String,
}

/// Makes and plays one seed, and shrinks what breaks a law.
pub(crate) fn run(seed: u64, options: &Options) -> Played {
    let started_s = busy_s();
    let (scene, story) = make(seed, options);
    let made_s = busy_s() - started_s;
    let wanted = Wanted { is_judged: options.is_judged, digest: options.digest, plant: options.plant };
    let started_s = busy_s();
    let mut ending = guarded(&scene, &story, options.keep.as_deref(), wanted);
    let played_s = busy_s() - started_s;
    let found = ending.broken.take().map(|(at, broken)| {
        let shrunk = match &options.keep {
            Some(kept) => Shrunk { kept: kept.clone(), broken },
            None => {
                let again = Wanted { digest: false, ..wanted };
                shrink(&story, at, broken, options.shrink_max, |kept| {
                    guarded(&scene, &story, Some(kept), again)
                })
            }
        };
        found(seed, options, &scene, &story, shrunk)
    });
    Played { seed, ending, found, made_s, played_s }
}

/// Seconds that this thread has had a core, where the system tells; else seconds.
fn busy_s() -> f64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let busy_ns = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    busy_ns.map_or_else(|| BEGAN.get_or_init(Instant::now).elapsed().as_secs_f64(), |ns| ns / 1e9)
}

/// The world and the story of a seed.
pub(crate) fn make(seed: u64, options: &Options) -> (Scene, Story) {
    let mut chance = Chance::of(&[seed, 0]);
    let n_drawn = chance.of_list(&[3, 8, 20, 60, 150]);
    let n_fences = options.n_fences.unwrap_or(n_drawn);
    let in_streets = match options.town {
        Town::Streets => true,
        Town::Crowded => false,
        Town::Both => seed.is_multiple_of(4),
    };
    if in_streets {
        return streets::make(seed, n_fences, options);
    }
    let n_people = 3 + options.n_fixes / chance.of_list(&[60, 150, 400]);
    let (scene, grid) = scene::crowded(seed, n_fences, n_people);
    let story = story::crowded(seed, &scene, &grid, options.n_fixes, options.faults);
    (scene, story)
}

/// How many happenings the story of a seed has.
pub(crate) fn n_happenings(seed: u64, options: &Options) -> u32 {
    make(seed, options).1.n_happenings()
}

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps what a panic says inside [`guarded`], instead of printing it; every other one is printed.
pub(crate) fn keep_panics_quiet() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if IS_GUARDED.get() {
            PANIC.with(|panic| panic.replace(Some(info.to_string())));
        } else {
            print(info);
        }
    }));
}

/// Plays; a panic is a broken law like any other.
fn guarded(scene: &Scene, story: &Story, kept: Option<&[u32]>, wanted: Wanted) -> Ending {
    IS_GUARDED.set(true);
    let played = catch_unwind(AssertUnwindSafe(|| play(scene, story, kept, wanted)));
    IS_GUARDED.set(false);
    played.unwrap_or_else(|_| {
        let said = PANIC.with(RefCell::take).unwrap_or_else(|| "a panic without a word".into());
        let broken = Broken { name: "no_input_may_panic", sentence: said.replace('\n', " "), customer: None };
        let last =
            kept.and_then(|kept| kept.last().copied()).map_or(story.happenings.len() - 1, |no| no as usize);
        Ending { broken: Some((last, broken)), ..Ending::default() }
    })
}

fn found(seed: u64, options: &Options, scene: &Scene, story: &Story, shrunk: Shrunk) -> Found {
    let Shrunk { kept, broken } = shrunk;
    let line = |no: &u32| {
        let timed = &story.happenings[*no as usize];
        format!("  {no:>6}  {}  {}", clock(timed.at), timed.what.told(scene, story))
    };
    let lines: Vec<String> = kept.iter().map(line).collect();
    let range = (kept.first().copied().unwrap_or(0), kept.last().copied().unwrap_or(0));
    let violation = Violation {
        name: broken.name.into(),
        sentence: broken.sentence,
        seed,
        customer: broken.customer,
        range: (i64::from(range.0), i64::from(range.1)),
        replay: command(seed, options, &kept),
    };
    Found { violation, story: lines.join("\n") }
}

/// The command that plays the same again.
fn command(seed: u64, options: &Options, kept: &[u32]) -> String {
    use clap::ValueEnum as _;
    let word = |value: Option<clap::builder::PossibleValue>| {
        value.map_or_else(String::new, |it| it.get_name().into())
    };
    let mut command = format!(
        "simulator virtual --seed {seed} --fixes {} --town {} --faults {}",
        options.n_fixes,
        word(options.town.to_possible_value()),
        word(options.faults.to_possible_value())
    );
    let fences = options.n_fences.map(|n| format!(" --fences {n}"));
    let plant = options.plant.and_then(|plant| plant.to_possible_value());
    let plant = plant.map(|plant| format!(" --plant {}", plant.get_name()));
    for more in [fences, plant, (!options.is_judged).then(|| " --no-oracle".into())].into_iter().flatten() {
        command.push_str(&more);
    }
    format!("{command} --keep {}", ranges(kept))
}
