//! `stile rehearse`: weeks of people and offers in virtual time, before anybody gets anything.

mod json;
mod plot;
mod tables;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use engine::House;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use model::Millis;
use offers::{Catalogue, Draft, Mode};
use settings::{OffersFile, Settings};
use spatial_index::Fence;
use town::{Casting, Persona};

use super::report::Failure;
use crate::fence_files::{self, FenceOptions};
use crate::machine::Clock;
use crate::sensitive;
use rehearsal::{Account, Monday, Script, made_up_fences, made_up_offers};

/// Plays your offers to five personas and a crowd, in virtual time: who would get what, and why not.
///
/// The people live round your fences, agreed two days before, and are held back by the same rules
/// as on a server. The same seed prints the same bytes.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Offers file; the settings' if there are settings, made-up offers with --made-up
    #[arg(long, value_name = "FILE")]
    offers: Option<PathBuf>,
    /// Fences: GeoJSON, plain or gzip; the settings' if there are settings
    #[arg(long, value_name = "FILE", conflicts_with = "made_up")]
    fences: Option<PathBuf>,
    /// So many made-up fences in a made-up city instead, with made-up offers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), conflicts_with = "offers")]
    made_up: Option<u32>,
    /// Settings file, for rules that are not the defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How long
    #[arg(long, default_value_t = 56, value_parser = clap::value_parser!(u32).range(1..=3_660))]
    days: u32,
    /// How many people
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// All of them are of this persona
    #[arg(long, value_parser = Persona::ALL.map(Persona::word))]
    persona: Option<String>,
    /// Chance
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// It begins on the Monday on or before this day
    #[arg(long, default_value = "2026-05-04", value_name = "DATE", value_parser = Monday::of)]
    from: Monday,
    /// A fix so often while awake, such as 60s; else every 30 to 150 s in motion, every 300 s at rest
    #[arg(long, value_name = "SPAN", value_parser = span)]
    every: Option<Millis>,
    /// Prints one JSON object with everything
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// When a file cannot be read or is wrong, or nobody can live where its fences are.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let script = script(args)?;
    let started = Instant::now();
    let bar = bar(script.n_days, args.json);
    let account = script.play(&mut |n_days| bar.set_position(n_days.into()));
    bar.finish_and_clear();
    let account = account.map_err(|flaw| Failure::failed(78, &flaw.text()))?;
    let seconds = started.elapsed().as_secs_f64();
    let told = tell(args, &script, &account);
    if let Err(error) = told
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        return Err(Failure::io(Path::new("standard output"), error));
    }
    let rate = HumanCount((account.n_fixes as f64 / seconds.max(1e-3)) as u64);
    eprintln!("{} fixes in {seconds:.1} s, {rate} fixes/s", HumanCount(account.n_fixes));
    if account.is_balanced { Ok(ExitCode::SUCCESS) } else { Err(Failure::failed(1, &UNBALANCED)) }
}

const UNBALANCED: &str = "the sums of this rehearsal do not balance: believe none of it, and report the seed";

fn tell(args: &Args, script: &Script, account: &Account) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    if args.json {
        writeln!(out, "{}", json::of(script, account))?;
    } else {
        tables::write(&mut out, script, account)?;
        plot::write(&mut out, account)?;
        tables::write_faults(&mut out, account)?;
    }
    out.flush()
}

fn script(args: &Args) -> Result<Script, Failure> {
    let settings = args.config.as_deref().map(settings::load).transpose()?.unwrap_or_default();
    let house = Arc::new(house(args, &settings)?);
    if house.catalogue().offers().is_empty() {
        return Err(Failure::Usage("there are no offers to rehearse".into()));
    }
    let only = args.persona.as_deref().and_then(Persona::from_word);
    Ok(Script {
        house,
        policy: super::serve::policy_of(&settings)?,
        monday: args.from,
        n_days: args.days,
        casting: Casting { seed: args.seed, n_people: args.people, only, every: args.every },
    })
}

/// Fences and offers, every offer as if it were live: a rehearsal is where one looks on.
fn house(args: &Args, settings: &Settings) -> Result<House, Failure> {
    let (fences, mut drafts) = match args.made_up {
        Some(n_stores) => (made_up_fences(n_stores, args.seed), made_up_offers()),
        None => written(args, settings)?,
    };
    drafts.iter_mut().for_each(|draft| draft.mode = Mode::Live);
    let catalogue = Catalogue::new(drafts).expect("offers that were read have sound texts");
    let house = House::new(fences, catalogue).map_err(|error| Failure::failed(78, &error))?;
    let sensitive = sensitive::load(&settings.sensitive, &settings.law, Clock::Wall.now())?;
    Ok(house.guarded(Arc::new(sensitive.places)))
}

/// What the operator wrote: the fences that can bring an offer, and the offers.
fn written(args: &Args, settings: &Settings) -> Result<(Vec<Fence>, Vec<Draft>), Failure> {
    let missing = |what: &str| {
        Failure::Usage(format!("--{what} FILE is needed, or settings that name one, or --made-up N"))
    };
    let offers = args.offers.as_ref().or(settings.offers_file.as_ref()).ok_or_else(|| missing("offers"))?;
    let fences = args.fences.as_ref().or(settings.fences.file.as_ref()).ok_or_else(|| missing("fences"))?;
    let options = FenceOptions {
        skip_invalid: settings.fences.skip_invalid,
        region: settings.fences.region,
        is_quiet: args.json,
    };
    let (mut fences, offers) = match (fence_files::load(fences, options), OffersFile::load(offers)) {
        (Ok(fences), Ok(offers)) => (fences.fences, offers),
        (fences, offers) => {
            let problems = [fences.err(), offers.err()].into_iter().flatten().flatten();
            return Err(Failure::Problems(problems.collect()));
        }
    };
    let facts: Vec<_> = fences.iter().map(|fence| fence.facts.clone()).collect();
    let problems = offers.check_fences(&facts);
    if !problems.is_empty() {
        return Err(Failure::Problems(problems));
    }
    fences.retain(|fence| fence.facts.merchant.is_some());
    if fences.len() < facts.len() {
        eprintln!(
            "{} fences have no merchant and never bring an offer: left out",
            facts.len() - fences.len()
        );
    }
    Ok((fences, offers.drafts()))
}

/// A span such as `60s` or `5 min`.
fn span(text: &str) -> Result<Millis, String> {
    let seconds = match text.trim().strip_suffix("min") {
        Some(minutes) => minutes.trim().parse::<i64>().map(|minutes| minutes.saturating_mul(60)),
        None => text.trim().trim_end_matches('s').trim().parse(),
    };
    match seconds {
        Ok(seconds) if (1..=3_600).contains(&seconds) => Ok(Millis::from_secs(seconds)),
        Ok(_) | Err(_) => Err("it must be from 1s to 60min, such as 60s".into()),
    }
}

fn bar(n_days: u32, is_quiet: bool) -> ProgressBar {
    if is_quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(n_days.into());
    if let Ok(style) = ProgressStyle::with_template("rehearsing {bar:40} day {pos} of {len}  {eta} left") {
        bar.set_style(style);
    }
    bar
}
