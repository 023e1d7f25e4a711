//! Looks for a point that the index answers wrongly, for as long as one likes.
//!
//! `cargo run --release -p spatial-index --example adversary -- --points 10000000 --seed 1`
//! prints what it did and each wrong answer as a line for a test; it fails when there is one.
//! `--world SEED --points N` tries one world again.

#[path = "../tests/adversary/mod.rs"]
mod adversary;
#[path = "../tests/scan/mod.rs"]
mod scan;

use std::process::ExitCode;
use std::time::Instant;

use adversary::Tally;
use adversary::random::Random;

const USAGE: &str = "usage: adversary [--points N] [--seed N] [--world SEED]";
const N_POINTS_PER_WORLD: usize = 8_192;
/// More are counted, not shown.
const N_SHOWN_MAX: usize = 50;

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::from(64);
    };
    let began = Instant::now();
    let mut tally = Tally::default();
    let mut seeds = Random::new(options.seed);
    let mut n_shown = 0;
    while tally.n_points < options.n_points {
        let n_points = N_POINTS_PER_WORLD.min(options.n_points - tally.n_points);
        match options.world {
            Some(world) => tally.add_world(world, options.n_points),
            None => tally.add_world(seeds.next(), n_points),
        }
        for line in tally.wrong.iter().take(N_SHOWN_MAX).skip(n_shown) {
            println!("{line}");
        }
        n_shown = tally.wrong.len();
        if tally.n_worlds.is_multiple_of(200) {
            eprintln!("{} points, {} wrong, {:?}", tally.n_points, tally.wrong.len(), began.elapsed());
        }
    }
    let Tally { n_worlds, n_fences, n_points, n_hits, building, wrong } = tally;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{n_points} points in {n_worlds} worlds of {n_fences} fences, {n_hits} hits, {seconds:.0} s ({building:.0?} to build), {:.0} points/s: {} mismatches",
        n_points as f64 / seconds,
        wrong.len()
    );
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Options {
    n_points: usize,
    seed: u64,
    world: Option<u64>,
}

fn options() -> Option<Options> {
    let mut options = Options { n_points: 1_000_000, seed: 1, world: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next()?;
        match word.as_str() {
            "--points" => options.n_points = value.parse().ok()?,
            "--seed" => options.seed = value.parse().ok()?,
            "--world" => options.world = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    Some(options)
}
