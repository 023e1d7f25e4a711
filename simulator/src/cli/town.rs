//! `simulator town`: a town of people before a running server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use town::Troubles;

use crate::cli::amounts::{lasting, rate, span};
use crate::cli::lines::LineArgs;
use crate::cli::{Failure, lay};
use crate::load::faults::{Faults, Swapping};
use crate::load::run::{self, Plan};
use crate::load::schedule::Pace;
use crate::load::script::{Form, Qos};
use crate::load::telling;
use crate::report::{Counts, Gate, Gates, Mode, Run};
use crate::world::{Talk, WorldPlan};

#[derive(Debug, Args)]
pub(crate) struct TownArgs {
    #[command(flatten)]
    world: WorldArgs,
    #[command(flatten)]
    pace: PaceArgs,
    #[command(flatten)]
    lines: LineArgs,
    #[command(flatten)]
    faults: FaultArgs,
    #[command(flatten)]
    verdict: VerdictArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "The town")]
struct WorldArgs {
    /// People
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    customers: u32,
    /// Fences; the server has the same ones from `simulator lay`
    #[arg(long, value_name = "N", default_value_t = WorldPlan::LOAD_FENCES, conflicts_with = "around", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    fences: u32,
    /// Who keeps the stores
    #[arg(long, value_name = "N", default_value_t = WorldPlan::LOAD_MERCHANTS, conflicts_with = "around", value_parser = clap::value_parser!(u32).range(1..=6))]
    merchants: u32,
    /// The GeoJSON file that `simulator lay --around` took the fences from, instead of a made-up town
    #[arg(long, value_name = "FILE")]
    around: Option<PathBuf>,
    /// What all chance of the run comes from
    #[arg(long, value_name = "N", default_value_t = WorldPlan::LOAD_SEED)]
    seed: u64,
    /// What goes wrong with phones
    #[arg(long, value_enum, default_value_t = TroublesArg::Usual)]
    troubles: TroublesArg,
    /// Of a thousand people, how many change their mind about consent during the run
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u64).range(0..=1_000))]
    changes_of_mind: u64,
    /// Only this customer goes out: what a violation's command adds
    #[arg(long, value_name = "CUSTOMER")]
    only: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TroublesArg {
    None,
    Usual,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "The load")]
struct PaceArgs {
    /// Fixes a second while the load holds
    #[arg(long, value_name = "N", default_value_t = 50_000.0, value_parser = rate)]
    rate: f64,
    /// How long it holds
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = lasting)]
    hold: Duration,
    /// How long it grows before, and shrinks after
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = lasting)]
    ramp: Duration,
    /// Fixes a message; 1 sends each on its phone's own topic
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// Quality of service of the fixes; consent is always 1
    #[arg(long, value_enum, default_value_t = QosArg::Zero)]
    qos: QosArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum QosArg {
    #[value(name = "0")]
    Zero,
    #[value(name = "1")]
    One,
    /// Every other connection
    Mixed,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is done to the server")]
struct FaultArgs {
    /// All faults, or a list of storm, crowd, race, swap, slow, hostile; all and swap need --reload-with
    #[arg(long, value_name = "all|LIST", value_delimiter = ',')]
    faults: Vec<FaultArg>,
    /// All connections break at once, and so many idle ones come with them
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "500", value_parser = clap::value_parser!(u32).range(0..=20_000))]
    reconnect_storm: Option<u32>,
    /// So many people in a thousand come into one fence together
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "100", value_parser = clap::value_parser!(u64).range(0..=1_000))]
    flash_crowd: Option<u64>,
    /// So many people in a thousand withdraw in the moment in which they come into a fence
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "50", value_parser = clap::value_parser!(u64).range(0..=1_000))]
    opt_out_race: Option<u64>,
    /// So many messages in a thousand are followed by a bad one, on the same connection
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "10", value_parser = clap::value_parser!(u64).range(0..=1_000))]
    hostile: Option<u64>,
    /// Exchanges the offers in this file under load; needs --reload-with
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "target/load/offers.toml")]
    swap_offers: Option<PathBuf>,
    /// What makes the server take its offers up, such as `stile reload --config config/load.toml`
    #[arg(long, value_name = "COMMAND")]
    reload_with: Option<String>,
    /// So many backends hear everything and read slowly
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "2", value_parser = clap::value_parser!(u16).range(0..=1_000))]
    slow_readers: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FaultArg {
    All,
    Storm,
    Crowd,
    Race,
    Swap,
    Slow,
    Hostile,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "The verdict")]
struct VerdictArgs {
    /// What must hold, such as `p99_fix_to_offer<20ms` or `leaked==0`; may be repeated
    #[arg(long = "assert", value_name = "GATE")]
    gates: Vec<Gate>,
    /// Transitions that must be judged for the run to mean anything
    #[arg(long, value_name = "N", default_value_t = Counts::FULL.transitions)]
    transitions_min: u64,
    /// Offers, likewise
    #[arg(long, value_name = "N", default_value_t = Counts::FULL.offers)]
    offers_min: u64,
    /// Withdrawals, likewise
    #[arg(long, value_name = "N", default_value_t = Counts::FULL.withdrawals)]
    withdrawals_min: u64,
    /// An offer may be read this long behind the acknowledgement of a withdrawal and have been on its way
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = span)]
    crossing: Duration,
    /// It is over when no offer has come for so long
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = span)]
    drain: Duration,
    /// Print the JSON object instead of the report
    #[arg(long)]
    json: bool,
    /// Write report.json and report.html into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs it.
///
/// # Errors
/// Usage, or no server to speak to.
pub(crate) fn run(args: &TownArgs) -> Result<ExitCode, Failure> {
    let plan = plan(args).map_err(Failure::Usage)?;
    let unwritable =
        |folder: &Path, error: std::io::Error| Failure::Usage(format!("{}: {error}", folder.display()));
    if let Some(folder) = &args.verdict.out {
        // Nobody waits for a report that cannot be written.
        std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
    }
    let begun = Run::begin(Mode::Load, plan.world.seed);
    let around = args.world.around.as_deref();
    let whose = around.map_or(format!("{} fences", plan.world.n_fences), |file| file.display().to_string());
    eprintln!("laying a town of {} people and {whose}", plan.world.n_people);
    let world = lay::laid_or_around(&plan.world, around).map_err(Failure::Usage)?;
    if let Some(only) = &plan.only {
        run::number_of(&world, only).map_err(Failure::Usage)?;
    }
    let ran = run::run(&plan, &world).map_err(Failure::Unreachable)?;
    let gates = Gates::new(args.verdict.gates.clone());
    let report = telling::report(&plan, &world, begun, &ran, &gates);
    if args.verdict.json {
        println!("{}", report.json());
    } else {
        println!("{report}");
    }
    if let Some(folder) = &args.verdict.out {
        report.write_into(folder).map_err(|error| unwritable(folder, error))?;
    }
    Ok(report.outcome().code())
}

fn plan(args: &TownArgs) -> Result<Plan, String> {
    let TownArgs { world, pace, lines, verdict, .. } = args;
    let needed = Counts {
        transitions: verdict.transitions_min,
        offers: verdict.offers_min,
        withdrawals: verdict.withdrawals_min,
    };
    Ok(Plan {
        world: WorldPlan {
            seed: world.seed,
            n_people: world.customers,
            n_fences: world.fences,
            n_merchants: world.merchants,
            talk: Talk::OnEnter,
        },
        pace: Pace { rate: pace.rate, ramp_s: pace.ramp.as_secs_f64(), hold_s: pace.hold.as_secs_f64() },
        form: Form { n_batch: pace.batch as usize, qos: pace.qos.into() },
        troubles: match world.troubles {
            TroublesArg::None => Troubles::none(),
            TroublesArg::Usual => Troubles::usual(),
        },
        wishes_per_mille: world.changes_of_mind,
        lines: lines.lines()?,
        faults: faults(&args.faults)?,
        // One person's run proves something about that person alone.
        needed: if world.only.is_some() { Counts::default() } else { needed },
        grace: verdict.crossing,
        drain: verdict.drain,
        only: world.only.clone(),
    })
}

fn faults(args: &FaultArgs) -> Result<Faults, String> {
    let wanted = |fault: FaultArg| args.faults.contains(&FaultArg::All) || args.faults.contains(&fault);
    let swap_file = args.swap_offers.clone();
    let swap_file = swap_file.or(wanted(FaultArg::Swap).then(|| "target/load/offers.toml".into()));
    let swap = match (swap_file, &args.reload_with) {
        (None, _) => None,
        (Some(file), Some(command)) => Some(Swapping { file, command: command.clone() }),
        (Some(_), None) => {
            return Err("offers are exchanged with a command: add --reload-with, \
                        or name the other faults: storm,crowd,race,slow,hostile"
                .to_owned());
        }
    };
    let hostile_per_mille = args.hostile.unwrap_or(if wanted(FaultArg::Hostile) { 10 } else { 0 });
    Ok(Faults {
        hostile_per_mille,
        storm: args.reconnect_storm.or(wanted(FaultArg::Storm).then_some(500)),
        flash_crowd_per_mille: args.flash_crowd.unwrap_or(if wanted(FaultArg::Crowd) { 100 } else { 0 }),
        race_per_mille: args.opt_out_race.unwrap_or(if wanted(FaultArg::Race) { 50 } else { 0 }),
        swap,
        n_slow_readers: usize::from(args.slow_readers.unwrap_or(if wanted(FaultArg::Slow) { 2 } else { 0 })),
    })
}

impl From<QosArg> for Qos {
    fn from(arg: QosArg) -> Self {
        match arg {
            QosArg::Zero => Self::Zero,
            QosArg::One => Self::One,
            QosArg::Mixed => Self::Mixed,
        }
    }
}
