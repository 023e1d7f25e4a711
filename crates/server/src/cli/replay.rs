//! `stile replay`: recorded fixes through the engine in virtual time.

mod playing;
mod summary;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use engine::House;
use indicatif::{ProgressBar, ProgressStyle};
use model::{CustomerId, MerchantId, Millis, Timestamp};
use wire::trace::{self, TraceFix};

use self::playing::Player;
use super::output::Output;
use super::report::Failure;
use crate::consent_file;
use crate::fence_files::{self, FenceOptions};
use crate::machine::Clock;
use crate::sensitive;

/// Plays recorded fixes through the engine in virtual time.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Fences: GeoJSON, plain or gzip.
    #[arg(long, value_name = "FILE")]
    fences: PathBuf,
    /// Recorded fixes: CSV, plain or gzip, or native JSON lines; ascending in time.
    #[arg(long, value_name = "FILE")]
    fixes: PathBuf,
    /// Offers file; without it there are transitions and no offers.
    #[arg(long, value_name = "FILE")]
    offers: Option<PathBuf>,
    /// Settings file, for everything that is not the defaults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Consent events, one JSON object a line, each applied at its `received_at`.
    #[arg(long, value_name = "FILE", conflicts_with = "assume_consent")]
    consent: Option<PathBuf>,
    /// As if everybody had agreed to every merchant two days before the first fix.
    #[arg(long)]
    assume_consent: bool,
    /// Stands in the summary; the engine itself draws no chance.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Where the trace goes instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When a file cannot be read or written, or is wrong.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match play(args) {
        // A reader that has seen enough, such as `head`, is no failure.
        Err(Failure::Io { error, .. }) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(failure) => Err(failure),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

fn play(args: &Args) -> Result<(), Failure> {
    let settings = args.config.as_deref().map(settings::load).transpose()?.unwrap_or_default();
    let (house, merchants) = house_of(args, &settings)?;
    let survey = survey(args)?;
    let mut policy = super::serve::policy_of(&settings)?;
    if args.assume_consent {
        policy.gate.location_lasts = rehearsal::assumed::LASTS;
    }
    let mut player = Player::new(
        Arc::new(house),
        &policy,
        Output::open(args.out.as_deref())?,
        survey.first_at - AGREED_BEFORE,
    );
    if let Some(file) = &args.consent {
        player.agree_as_recorded(consent_file::read_all(file)?);
    }
    if args.assume_consent {
        player.agree(&survey.customers, &merchants, &survey);
    }
    let started = Instant::now();
    let bar = bar(survey.n_fixes);
    let mut n_bad_lines = 0;
    for line in fixes(&args.fixes)? {
        match line {
            Ok(TraceFix { customer, device, fix }) => player.play(&customer, &device, &fix)?,
            Err(_) => n_bad_lines += 1,
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    summary::write(player, args.seed, n_bad_lines, started.elapsed())
}

/// Fences and offers; fences without a merchant get one, so that a file of shapes alone can be tried.
fn house_of(args: &Args, settings: &settings::Settings) -> Result<(House, Vec<MerchantId>), Failure> {
    let mut fences = fence_files::load(&args.fences, FenceOptions::default())?.fences;
    let nobody = MerchantId::new("unnamed").expect("the name obeys the rule of ids");
    let mut n_unnamed = 0;
    for fence in fences.iter_mut().filter(|fence| fence.facts.merchant.is_none()) {
        fence.facts.merchant = Some(nobody.clone());
        n_unnamed += 1;
    }
    if 0 < n_unnamed {
        eprintln!("{n_unnamed} fences name no merchant; here they belong to one called \"unnamed\"");
    }
    let merchants: BTreeSet<MerchantId> =
        fences.iter().filter_map(|fence| fence.facts.merchant.clone()).collect();
    let catalogue = match &args.offers {
        Some(file) => {
            let offers = settings::OffersFile::load(file)?;
            let facts: Vec<_> = fences.iter().map(|fence| fence.facts.clone()).collect();
            let problems = offers.check_fences(&facts);
            if !problems.is_empty() {
                return Err(Failure::Problems(problems));
            }
            offers.catalogue()
        }
        None => offers::Catalogue::default(),
    };
    let house = House::new(fences, catalogue).map_err(|error| Failure::failed(78, &error))?;
    let sensitive = sensitive::load(&settings.sensitive, &settings.law, Clock::Wall.now())?;
    let house = house.guarded(Arc::new(sensitive.places));
    Ok((house, merchants.into_iter().collect()))
}

/// What a first reading of the fixes tells.
struct Survey {
    n_fixes: u64,
    first_at: Timestamp,
    last_at: Timestamp,
    customers: BTreeSet<CustomerId>,
}

fn survey(args: &Args) -> Result<Survey, Failure> {
    let mut survey =
        Survey { n_fixes: 0, first_at: Timestamp::MAX, last_at: Timestamp::MIN, customers: BTreeSet::new() };
    for line in fixes(&args.fixes)? {
        survey.n_fixes += 1;
        let Ok(line) = line else { continue };
        survey.first_at = survey.first_at.min(line.fix.taken_at);
        survey.last_at = survey.last_at.max(line.fix.taken_at);
        if !survey.customers.contains(&line.customer) {
            survey.customers.insert(line.customer);
        }
    }
    Ok(survey)
}

fn fixes(file: &Path) -> Result<impl Iterator<Item = Result<TraceFix, trace::TraceError>>, Failure> {
    trace::open(file).map_err(|error| Failure::failed(74, &format!("{}: {error}", file.display())))
}

fn bar(n_fixes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} fixes  {per_sec}  {eta} left");
    let bar = ProgressBar::new(n_fixes);
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

/// Two days: what a first offer waits for is over when the first fix comes.
const AGREED_BEFORE: Millis = Millis::from_days(2);
