//! `simulator replay`: recorded fixes to a running server.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use model::{MerchantId, Millis, Timestamp};
use rumqttc::v5::mqttbytes::QoS;
use wire::Topics;

use crate::cli::{Failure, RecordingArgs, exit, print};
use crate::credentials::{Credentials, SECRET_VARIABLE};
use crate::recording::Source;
use crate::replay::cast::{COPIES_MAX, Cast, Shift};
use crate::replay::pace::{Pace, Rate, Speed};
use crate::replay::publisher::{Line, WINDOW_MAX};
use crate::replay::script::{Grant, Script};
use crate::replay::survey::Survey;
use crate::replay::times::Times;
use crate::replay::{self, Plan};
use crate::safety::Broker;

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    recording: RecordingArgs,
    /// Where the broker listens; only this machine, unless --i-own-this-broker
    #[arg(long, value_name = "HOST:PORT")]
    broker: Broker,
    /// Fixes a second, or `max`
    #[arg(long, value_name = "N|max", default_value = "max")]
    rate: Rate,
    /// How many times as fast as recorded, from 1 to 1000: each fix is sent when it is due
    #[arg(long, value_name = "N|max", default_value = "max")]
    speed: Speed,
    /// Moves the recording in time: `now` takes its first fix now, for a server on the wall clock
    #[arg(long, value_name = "now|SPAN|none", default_value = "none", allow_hyphen_values = true)]
    shift: Shift,
    /// Plays every customer so many times, under names of their own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(COPIES_MAX)))]
    copies: u32,
    /// How much later than the one before each copy sets out, such as \"7 min\"
    #[arg(long, value_name = "SPAN", value_parser = offset, allow_hyphen_values = true)]
    offset: Option<Millis>,
    /// Who consents before the fixes: `all` with every --merchant, `none`, or a file of events
    #[arg(long, value_name = "all|none|FILE", default_value = "all")]
    grant: Grant,
    /// A merchant that everybody consents to; may be repeated
    #[arg(long = "merchant", value_name = "ID", num_args = 1.., value_parser = merchant)]
    merchants: Vec<MerchantId>,
    /// The backend identity to connect as
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Its secret, in a file; without it the variable STILE_SECRET
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Fixes a message; 1 sends each on its device's own topic
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// Quality of service of the fixes; consent is always 1
    #[arg(long, value_name = "0|1", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=1))]
    qos: u8,
    /// Messages that may be sent and not yet acknowledged
    #[arg(long, value_name = "N", default_value_t = WINDOW_MAX, value_parser = clap::value_parser!(u16).range(1..=i64::from(WINDOW_MAX)))]
    window: u16,
    /// First part of every topic
    #[arg(long, value_name = "TOPIC", default_value = "stile/v1")]
    prefix: String,
    /// End when no offer has come for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    drain: u32,
    /// Give up when nothing is acknowledged for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    patience: u32,
    /// Allow a broker that is not on this machine
    #[arg(long)]
    i_own_this_broker: bool,
}

/// Runs it.
///
/// # Errors
/// Usage, or no broker to speak to.
pub(crate) fn run(args: ReplayArgs) -> Result<ExitCode, Failure> {
    let owned = args.i_own_this_broker;
    let broker = args.broker.clone().check(owned).map_err(|refused| Failure::Usage(refused.to_string()))?;
    let variable = std::env::var(SECRET_VARIABLE).ok();
    let credentials = Credentials::find(args.user.as_deref(), args.secret_file.as_deref(), variable);
    if args.grant == Grant::All && args.merchants.is_empty() {
        let hint = "--grant all needs to know towards whom: add --merchant ID, or say --grant none";
        return Err(Failure::Usage(hint.to_owned()));
    }
    check_options(&args).map_err(Failure::Usage)?;
    let source = Source::new(&args.recording.fixes, args.recording.limit);
    let survey = Survey::of(source.open().map_err(Failure::Usage)?);
    if args.speed != Speed::Max {
        check_order(&survey).map_err(Failure::Usage)?;
    }
    let cast = Cast::new(&survey, args.copies, args.offset.unwrap_or(Millis::ZERO), args.shift, now());
    let times = Times::of(&survey, &cast).map_err(Failure::Usage)?;
    eprintln!("{}", times.advice(args.shift == Shift::Now));
    let mut plan = Plan {
        line: Line {
            broker,
            credentials: credentials.map_err(Failure::Usage)?,
            qos: if args.qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce },
            window: args.window,
        },
        pace: pace(&args, &cast, &survey),
        patience: Duration::from_secs(args.patience.into()),
        drain: Duration::from_secs(args.drain.into()),
    };
    let script = Script {
        source,
        survey,
        grant: args.grant,
        merchants: args.merchants,
        topics: Topics::new(&args.prefix),
        n_batch: args.batch,
        span_max: match args.speed {
            Speed::Max => Millis::new(i64::MAX),
            Speed::Times(speed) => Millis::new(BATCH_SPAN.ms() * i64::from(speed)),
        },
        cast,
    };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::Usage(error.to_string()))?;
    let report = runtime.block_on(replay::replay(&mut plan, script)).map_err(Failure::Unreachable)?;
    print(&report, args.recording.json);
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::from(exit::NOT_WHOLE) })
}

/// Fixes that are due within this travel in one message.
const BATCH_SPAN: Millis = Millis::new(100);

/// A recording whose times step back further than late phones explain has another order.
const BACK_MAX: Millis = Millis::from_mins(10);

/// Whether what is asked for goes together.
fn check_options(args: &ReplayArgs) -> Result<(), String> {
    let is_by_file = matches!(args.grant, Grant::File(_));
    if args.rate != Rate::Max && args.speed != Speed::Max {
        return Err("--rate and --speed both say when a fix is due: leave one of them out".to_owned());
    }
    if args.shift == Shift::Now && args.speed != Speed::Times(1) {
        return Err(
            "--shift now is for a server on the wall clock, and only with --speed 1 does a recording \
                    keep to that: faster, it would run into the future, where fixes are dropped"
                .to_owned(),
        );
    }
    if args.offset.is_some() && args.copies == 1 {
        return Err("--offset is between copies: add --copies N".to_owned());
    }
    if is_by_file && 1 < args.copies {
        return Err("a file of consent events names nobody's copies: use --grant all or none with --copies"
            .to_owned());
    }
    Ok(())
}

/// Whether fixes can be sent when they are due without reading ahead.
fn check_order(survey: &Survey) -> Result<(), String> {
    if survey.back_max <= BACK_MAX {
        return Ok(());
    }
    Err(format!(
        "the recording steps back in time by {}, so its fixes cannot be sent when they are due: \
         sort it by time, or leave --speed out",
        survey.back_max
    ))
}

fn pace(args: &ReplayArgs, cast: &Cast, survey: &Survey) -> Pace {
    match (args.speed, survey.span) {
        (Speed::Times(speed), Some(span)) => Pace::as_recorded(speed, cast.span(span).first_at),
        (Speed::Times(_) | Speed::Max, _) => Pace::even(args.rate),
    }
}

fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

fn offset(text: &str) -> Result<Millis, String> {
    let span = settings::parse_span(text).map_err(|why| format!("{why}; a span is such as \"7 min\""))?;
    if (Millis::ZERO..=Millis::from_days(366)).contains(&span) {
        Ok(span)
    } else {
        Err("it must be from nought to a year".to_owned())
    }
}

fn merchant(text: &str) -> Result<MerchantId, String> {
    MerchantId::new(text).map_err(|flaw| format!("it {}", flaw.text()))
}
