//! The command line: a file a command.

pub(crate) mod amounts;
pub(crate) mod changes;
pub(crate) mod interleavings;
pub(crate) mod lay;
pub(crate) mod lines;
pub(crate) mod rate;
pub(crate) mod replay;
pub(crate) mod stays;
pub(crate) mod times;
pub(crate) mod town;
pub(crate) mod r#virtual;
pub(crate) mod withdrawals;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// What the program says to a shell: 0 is a run that is whole.
pub(crate) mod exit {
    /// A violation was found, or an assertion does not hold.
    pub(crate) const FAILED: u8 = 1;
    /// A wrong option, a file that cannot be read, a broker that is not ours.
    pub(crate) const USAGE: u8 = 2;
    /// Less was acknowledged than sent, or the run stopped before its end.
    pub(crate) const NOT_WHOLE: u8 = 3;
    /// The run proves nothing.
    pub(crate) const INVALID: u8 = 3;
    /// No broker, or one that does not let us in.
    pub(crate) const UNREACHABLE: u8 = 4;
}

/// Loads, breaks and judges Stile: a running server in real time, or its engine in virtual time.
#[derive(Debug, Parser)]
#[command(name = "simulator", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measures how many changes of consent a second a running server makes durable.
    ///
    /// Exit codes: 0 as many as asked for, 1 fewer, 2 usage, 4 no server.
    Changes(changes::ChangesArgs),
    /// Loads a running server with a town of people, and judges everything that it does.
    ///
    /// Exit codes: 0 passed, 1 a violation or a gate that does not hold, 2 usage, 3 a run that proves
    /// nothing, 4 no server.
    Town(Box<town::TownArgs>),
    /// Tells how many messages a second the generator of `town` can offer on this machine.
    ///
    /// Exit codes: 0 fast enough to be no bottleneck, 1 not.
    Rate(rate::RateArgs),
    /// Streams recorded fixes over one ordered MQTT connection, each customer's consent first.
    ///
    /// Exit codes: 0 all acknowledged, 2 usage, 3 less acknowledged than sent, 4 no broker.
    Replay(replay::ReplayArgs),
    /// Writes the fences and offers of a made-up town, or of a file of your own, for a server to load.
    ///
    /// The same options write the same bytes. Files that this command did not write stay.
    /// Exit codes: 0 laid, 2 usage.
    Lay(lay::LayArgs),
    /// Judges dwells against the truth: precision and recall, ours and three other rules'.
    Stays(stays::StaysArgs),
    /// Tells the first and last time of a recording, and when a server's clock should start.
    Times(times::TimesArgs),
    /// Plays made-up stories to the engine in virtual time, with faults, and judges what it does.
    ///
    /// A change of the engine takes a minute: `simulator virtual --seeds 1..1000`. A night is
    /// `simulator virtual --seeds 1000000..1000000 --for 8h --jobs 2`, with further seeds until the
    /// time is up. Exit codes: 0 nothing is wrong, 1 a violation, 2 usage, 3 the run proves nothing.
    Virtual(r#virtual::VirtualArgs),
    /// Plays a million stories in which a customer takes something back between any two steps of an offer.
    ///
    /// Withdrawals, refusals, pauses and erasures, three in ten of them between candidate and publish, through
    /// the real engine in virtual time. Exit codes: 0 nothing is wrong, 1 a violation, 2 usage.
    Interleavings(interleavings::InterleavingsArgs),
    /// Measures how long withdrawals wait for their acknowledgement while fixes flow and offers go out.
    ///
    /// Exit codes: 0 the bar is met, 1 missed, or an offer came behind a withdrawal, 2 usage, 3 a run that
    /// proves nothing: the generator was late, or the shares were missed; 4 no server.
    Withdrawals(Box<withdrawals::WithdrawalsArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct RecordingArgs {
    /// Recorded fixes: CSV, CSV.gz or JSON lines
    #[arg(long, value_name = "FILE")]
    pub(crate) fixes: PathBuf,
    /// Stop after so many fixes
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Why there is no report.
pub(crate) enum Failure {
    Usage(String),
    Unreachable(String),
}

pub(crate) fn print<T: serde::Serialize + std::fmt::Display>(told: &T, json: bool) {
    if json {
        println!("{}", serde_json::to_string(told).expect("a report holds nothing that JSON cannot say"));
    } else {
        println!("{told}");
    }
}
