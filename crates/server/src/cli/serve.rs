//! `stile serve`: the engine behind its doors, until it is told to stop.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use engine::{Law, Policy, Tally};
use ledger::Retention;
use model::{Millis, Timestamp};
use settings::{LawSettings, RetentionSettings, RulesFile, Settings};
use store::{Options, SqliteStore};
use wire::Limits;

use super::master_key;
use super::report::Failure;
use crate::control;
use crate::fence_sets::{Keeper, Start};
use crate::machine::{Clock, Running, Setup, Upkeep};
use crate::mqtt::broker::Credentials;
use crate::mqtt::{
    BadIdentity, BrokerOptions, Identity, LinkState, ListenerOptions, Prefix, Role, Secret, Version,
};

/// Runs the engine.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Settings file.
    #[arg(long, default_value = "config/default.toml", value_name = "FILE")]
    config: PathBuf,
    /// Data directory, instead of the settings' one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the clock comes from: `fixes` replays old traces, whose admitted fixes move it.
    #[arg(long, value_enum, default_value_t = ClockArg::Wall)]
    clock: ClockArg,
    /// Where a clock that is not the wall's starts (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = time, required_if_eq_any([("clock", "fixes"), ("clock", "scaled")]))]
    clock_start: Option<Timestamp>,
    /// How much faster than real time a scaled clock runs.
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    clock_speed: f64,
    /// When, by the wall, a scaled clock stood at `--clock-start` (RFC 3339): a program that is
    /// started again goes on with the clock that it had.
    #[arg(long, value_name = "TIME", value_parser = time, hide = true)]
    clock_started: Option<Timestamp>,
    /// Stops when the standard input ends, so that it does not outlive the program that started it.
    #[arg(long, hide = true)]
    stop_with_stdin: bool,
    /// Starts although the clock is behind the last recorded decision.
    #[arg(long)]
    accept_clock: bool,
    /// Listens on an address that other machines reach, although nothing is encrypted.
    #[arg(long)]
    insecure_listen: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ClockArg {
    /// The computer's.
    Wall,
    /// Its own, from `--clock-start` on, `--clock-speed` times as fast.
    Scaled,
    /// Stands still except when an admitted fix moves it.
    Fixes,
}

fn time(text: &str) -> Result<Timestamp, String> {
    let parsed =
        DateTime::parse_from_rfc3339(text).map_err(|error| format!("{error}, as in 2015-03-07T00:00:00Z"))?;
    Ok(Timestamp::from_unix_ms(parsed.timestamp_millis()))
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "is not a number".to_owned())?;
    if (0.01..=10_000.0).contains(&speed) { Ok(speed) } else { Err("must be within 0.01 and 10000".into()) }
}

/// Runs the command.
///
/// # Errors
/// When it could not start, or a part of it failed while it ran.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let settings = settings::load_with(&args.config, args.insecure_listen)?;
    if let Some(problem) = settings.without_residence(&args.config) {
        return Err(vec![problem].into());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::io(Path::new("tokio"), error))?;
    runtime.block_on(serve(args, &settings))
}

async fn serve(args: &Args, settings: &Settings) -> Result<ExitCode, Failure> {
    let clock = clock_of(args);
    let data_dir = args.data.clone().unwrap_or_else(|| settings.data.dir.clone());
    // Before anything is open: a signal that came in between would end the program in disorder.
    let stopped = stopped(args.stop_with_stdin);
    let (setup, keeper) = set_up(args, settings, &data_dir, clock)?;
    let running = Running::start(setup).await.map_err(|error| Failure::failed(74, &error))?;
    let running = Arc::new(running);
    let officer = control::OfficerDesk::open(&data_dir)?;
    let answering = control::Answering { running: running.clone(), keeper: keeper.into(), officer, clock };
    let socket = control::serve(&data_dir, answering).map_err(|error| Failure::io(&data_dir, error))?;
    // Whoever closed stdout does not want to hear.
    let _ = writeln!(std::io::stdout(), "{}", ready(&running).await);
    let ended_well = wait(&running, stopped).await;
    socket.abort();
    if ended_well {
        // A part that failed may mean that the directory is somebody else's by now, and the socket too.
        let _ = std::fs::remove_file(control::socket_of(&data_dir));
    }
    // Questions that are still being answered hold the machine for a moment.
    for _ in 0..100 {
        if Arc::strong_count(&running) == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    if let Some(running) = Arc::into_inner(running) {
        let tally = running.shut_down().await;
        if let Some(tally) = tally {
            let _ = writeln!(std::io::stdout(), "{}", in_words(&tally));
        }
    }
    if ended_well {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Failure::failed(
            74,
            &"a part of the engine failed, and the rest stopped in order; the log says why",
        ))
    }
}

/// Where it can be reached, and whether the outside broker is.
async fn ready(running: &Running) -> String {
    /// A broker that answers at all answers within this.
    const BROKER_TIME_MAX: Duration = Duration::from_secs(1);
    let said = match running.address() {
        Some(address) => format!("stile is listening on {address}"),
        None => "stile works behind the outside broker".to_owned(),
    };
    match running.broker_state_within(BROKER_TIME_MAX).await {
        None | Some(LinkState::Ready) => said,
        Some(_) => said + " (the outside broker is not reached yet)",
    }
}

/// What it did since it started, in one line.
fn in_words(tally: &Tally) -> String {
    format!(
        "{} records: {} used, {} refused unread, {} malformed, {} dropped; {} transitions, {} candidates, {} offers{}",
        tally.n_records,
        tally.n_used,
        tally.refused.total(),
        tally.malformed.total(),
        tally.dropped.total(),
        tally.transitions.total(),
        tally.n_candidates,
        tally.n_decided,
        if tally.is_balanced() { "" } else { "; THE SUMS DO NOT BALANCE" },
    )
}

/// Waits until it is told to stop; false when the machine broke first.
async fn wait(running: &Running, stopped: impl Future<Output = ()>) -> bool {
    let broken = async {
        while running.is_healthy() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = stopped => true,
        () = broken => false,
    }
}

/// Resolves when a signal or the end of the input says so; listens from the call on.
fn stopped(with_stdin: bool) -> impl Future<Output = ()> {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    let terminate = signal(SignalKind::terminate()).ok();
    let interrupt = signal(SignalKind::interrupt()).ok();
    let came = async |signal: Option<Signal>| match signal {
        Some(mut signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    };
    let input_ended = async move {
        if with_stdin {
            end_of_stdin().await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    async move {
        tokio::select! {
            () = came(terminate) => {}
            () = came(interrupt) => {}
            () = input_ended => {}
        }
    }
}

/// Resolves when nobody can write to our standard input any more.
async fn end_of_stdin() {
    let (ended, wait) = tokio::sync::oneshot::channel();
    // A thread of its own: tokio's would keep the runtime from ending while it reads.
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = wait.await;
}

fn clock_of(args: &Args) -> Clock {
    let start_at = args.clock_start.unwrap_or_default();
    match args.clock {
        ClockArg::Wall => Clock::Wall,
        ClockArg::Scaled => match args.clock_started.and_then(instant_of) {
            Some(started) => Clock::Scaled { start_at, started, speed: args.clock_speed },
            None => Clock::scaled(start_at, args.clock_speed),
        },
        ClockArg::Fixes => Clock::Fixes { start_at },
    }
}

/// When it was, by the clock that never goes back; `None` for what is yet to come or too long ago.
fn instant_of(wall_at: Timestamp) -> Option<Instant> {
    let since_1970 = Duration::from_millis(u64::try_from(wall_at.unix_ms()).ok()?);
    let ago = SystemTime::now().duration_since(UNIX_EPOCH.checked_add(since_1970)?).ok()?;
    Instant::now().checked_sub(ago)
}

fn set_up(
    args: &Args,
    settings: &Settings,
    data_dir: &Path,
    clock: Clock,
) -> Result<(Setup, Keeper), Failure> {
    let fences = Start::plan(data_dir, settings)?;
    let store = open_store(data_dir)?;
    check_clock(args, &store, clock)?;
    let (keeper, kept) = fences.keep(data_dir, settings, clock.now())?;
    for overdue in settings.law.rules()?.overdue(clock.now()) {
        tracing::warn!("{overdue}");
    }
    for warning in kept.iter().flat_map(|kept| &kept.warnings) {
        tracing::warn!("{warning}");
    }
    if let Some(set) = keeper.sets().in_force() {
        tracing::info!(version = set.no, n_fences = set.made.n_fences, "the fence set in force");
    }
    // A clock driven by fixes has one order of fixes, so one shard.
    let n_shards = if args.clock == ClockArg::Fixes { 1 } else { settings.engine.n_shards };
    let mut policy = policy_of(settings)?;
    policy.gate.needs_home = true;
    let setup = Setup {
        house: kept.as_ref().map_or(keeper.house(), |kept| kept.alteration.from()).clone(),
        alteration: kept.map(|kept| kept.alteration),
        policy,
        storage: Box::new(store),
        n_shards,
        prefix: settings.topic_prefix.clone(),
        clock,
        upkeep: upkeep_of(settings),
        listener: listener_of(settings, clock)?,
        broker: broker_of(settings),
    };
    Ok((setup, keeper))
}

fn upkeep_of(settings: &Settings) -> Upkeep {
    Upkeep { keep: retention_of(settings.retention), ..Upkeep::default() }
}

/// For how long the settings let entries be kept.
pub(super) const fn retention_of(settings: RetentionSettings) -> Retention {
    let RetentionSettings { decisions, consents } = settings;
    Retention { decisions, consents }
}

/// Every room's numbers from the settings, and the rules that they name.
pub(super) fn policy_of(settings: &Settings) -> Result<Policy, Failure> {
    let limits = settings.limits;
    Ok(Policy {
        limits: Limits {
            fix_bytes_max: limits.fix_bytes_max,
            batch_bytes_max: limits.batch_bytes_max,
            consent_bytes_max: limits.consent_bytes_max,
            n_fixes_max: limits.n_fixes_max,
            n_batch_fixes_max: limits.n_batch_fixes_max,
        },
        gate: settings.gate,
        law: law_of(settings, &settings.law.rules()?),
        presence: settings.presence,
        mode: settings.offers.mode,
        notifier: settings.notifier.clone(),
        ..Policy::default()
    })
}

/// The rules with what the settings say of places and of opt-in.
pub(super) fn law_of(settings: &Settings, rules: &RulesFile) -> Law {
    let LawSettings { default_residence, double_opt_in, seats, .. } = settings.law.clone();
    Law { rules: Arc::new(rules.book().clone().with_double_opt_in(double_opt_in)), default_residence, seats }
}

/// Opens the data directory for this process alone.
pub(super) fn open_store(data_dir: &Path) -> Result<SqliteStore, Failure> {
    let options = Options { create: true, master_key: master_key::named()? };
    SqliteStore::open(data_dir, options, chance()).map_err(|error| Failure::open(&error))
}

/// A clock that went back between stop and start would give windows of caps twice (K09).
fn check_clock(args: &Args, store: &SqliteStore, clock: Clock) -> Result<(), Failure> {
    const BACK_MAX: Millis = Millis::from_secs(5);
    let last = store.last_recorded_at().map_err(|error| Failure::failed(74, &error))?;
    match last {
        Some(last) if !args.accept_clock && clock.now() < last - BACK_MAX => {
            let behind = last.since(clock.now());
            let reason = format!(
                "the clock is {behind} behind the last recorded decision; set it right, or start with --accept-clock"
            );
            Err(Failure::failed(78, &reason))
        }
        Some(_) | None => Ok(()),
    }
}

/// Offers that a replaying client may have to acknowledge still.
const UNACKNOWLEDGED_MAX_REPLAYED: u16 = 10_000;

fn listener_of(
    settings: &Settings,
    clock: Clock,
) -> Result<Option<(ListenerOptions, Vec<Identity>)>, Failure> {
    let listener = &settings.listener;
    if !listener.enabled {
        return Ok(None);
    }
    let identities = listener.users.iter().map(identity_of).collect::<Result<_, _>>();
    let identities = identities.map_err(|error| Failure::failed(78, &error))?;
    let options = ListenerOptions {
        address: listener.bind,
        prefix: Prefix::new(&settings.topic_prefix),
        n_connections_max: listener.n_connections_max,
        packet_len_max: settings.limits.packet_bytes_max,
        ..ListenerOptions::default()
    };
    // A recording comes as fast as it can be read, and its sender's own acknowledgements queue behind it.
    let n_unacknowledged_max = match clock {
        Clock::Fixes { .. } => UNACKNOWLEDGED_MAX_REPLAYED,
        Clock::Wall | Clock::Scaled { .. } => options.n_unacknowledged_max,
    };
    let options = ListenerOptions { n_unacknowledged_max, ..options };
    Ok(Some((options, identities)))
}

fn identity_of(user: &settings::User) -> Result<Identity, BadIdentity> {
    let role = match user.role {
        settings::Role::Device => Role::Device,
        settings::Role::Backend => Role::Backend,
        settings::Role::Operator => Role::Operator,
    };
    let secret = match &user.secret {
        settings::Secret::Token(hash) => Secret::Token(*hash),
        settings::Secret::Password(phc) => Secret::Password(phc.reveal().into()),
    };
    Identity::new(&user.name, role, secret)
}

/// Opens a data directory that must be there.
pub(super) fn open_existing(data_dir: &Path) -> Result<SqliteStore, Failure> {
    let options = Options { create: false, master_key: master_key::named()? };
    SqliteStore::open(data_dir, options, chance()).map_err(|error| Failure::open(&error))
}

/// Random bytes of the system, for keys and nonces.
pub(super) fn chance() -> store::Chance {
    Box::new(|bytes| getrandom::fill(bytes).expect("the system gives random bytes"))
}

fn broker_of(settings: &Settings) -> Option<BrokerOptions> {
    let broker = settings.broker.as_ref()?;
    let prefix = Prefix::new(&settings.topic_prefix);
    let mut options = BrokerOptions::new(&broker.host, broker.port, &broker.client_id, prefix);
    options.version = match broker.protocol {
        settings::Protocol::V311 => Version::V311,
        settings::Protocol::V5 => Version::V5,
    };
    options.credentials = broker.username.clone().map(|username| Credentials {
        username,
        password: broker.password.as_ref().map(|password| password.reveal().to_owned()).unwrap_or_default(),
    });
    options.keep_alive = Duration::from_millis(u64::try_from(broker.keep_alive.ms()).unwrap_or(30_000));
    Some(options)
}
