//! `simulator replay`: recorded fixes to a running server.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use model::MerchantId;
use rumqttc::v5::mqttbytes::QoS;
use wire::Topics;

use crate::cli::{Failure, RecordingArgs, exit, print};
use crate::credentials::{Credentials, SECRET_VARIABLE};
use crate::recording::Source;
use crate::replay::pace::Rate;
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
    let broker = args.broker.check(owned).map_err(|refused| Failure::Usage(refused.to_string()))?;
    let variable = std::env::var(SECRET_VARIABLE).ok();
    let credentials = Credentials::find(args.user.as_deref(), args.secret_file.as_deref(), variable);
    if args.grant == Grant::All && args.merchants.is_empty() {
        let hint = "--grant all needs to know towards whom: add --merchant ID, or say --grant none";
        return Err(Failure::Usage(hint.to_owned()));
    }
    let source = Source::new(&args.recording.fixes, args.recording.limit);
    let survey = Survey::of(source.open().map_err(Failure::Usage)?);
    let times = Times::of(&survey).map_err(Failure::Usage)?;
    eprintln!("{}", times.advice());
    let plan = Plan {
        line: Line {
            broker,
            credentials: credentials.map_err(Failure::Usage)?,
            qos: if args.qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce },
            window: args.window,
        },
        rate: args.rate,
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
    };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::Usage(error.to_string()))?;
    let report = runtime.block_on(replay::replay(&plan, script)).map_err(Failure::Unreachable)?;
    print(&report, args.recording.json);
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::from(exit::NOT_WHOLE) })
}

fn merchant(text: &str) -> Result<MerchantId, String> {
    MerchantId::new(text).map_err(|flaw| format!("it {}", flaw.text()))
}
