//! The commands of the `stile` program, one file each.

pub mod audit;
pub mod backup;
pub mod bench;
pub mod check;
pub mod consent;
pub mod customer;
pub mod data;
pub mod demo;
pub mod doctor;
pub mod fences;
pub(crate) mod master_key;
pub mod match_points;
pub mod offers;
pub mod output;
pub mod privacy;
pub mod rehearse;
pub mod replay;
pub mod report;
pub mod restore;
pub mod rules;
pub mod serve;
pub mod when;

use std::process::ExitCode;

/// Geo-fencing offers that ask first: consent before any look, few offers, a reason for each.
#[derive(clap::Parser, Debug)]
#[command(name = "stile", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Shows everything at once: a simulated town, real MQTT clients, a live picture.
    Demo(demo::Args),
    /// Runs the engine: embedded MQTT listener, outside broker, or both.
    Serve(serve::Args),
    /// Checks settings, rules, fences, offers and consent files, and prints every problem.
    Check(check::Args),
    /// Which fences hold each point of a CSV file.
    Match(match_points::Args),
    /// How fast this machine is, on your fences or on seeded ones.
    #[command(subcommand)]
    Bench(bench::Command),
    /// Plays recorded fixes through the engine in virtual time.
    Replay(replay::Args),
    /// Plays your offers to five personas and a crowd: who would get what, and why not.
    Rehearse(rehearse::Args),
    /// Imports fence files; lists, compares and changes the versions of the fence set.
    #[command(subcommand)]
    Fences(fences::Command),
    /// Takes the settings' fence file up as it is now, on a running server.
    Reload(fences::changing::ReloadArgs),
    /// Lists, pauses, resumes and stops offers, and tells what became of them.
    #[command(subcommand)]
    Offers(offers::Command),
    /// Tells which rules of law there are, and which bind in a case.
    #[command(subcommand)]
    Rules(rules::Command),
    /// Who agreed to what, on which text: shows, changes, imports and exports it.
    #[command(subcommand)]
    Consent(consent::Command),
    /// Answers a customer's questions, and does what they ask for: export, erase, pause, dial.
    #[command(subcommand)]
    Customer(customer::Command),
    /// Prints what this deployment collects about people, why, for how long, and who sees it.
    Privacy(privacy::Args),
    /// Backs the ledger up beside a running server, or the customers' keys apart.
    Backup(backup::Args),
    /// Puts a backup back: who was erased stays erased, and nobody is loosened.
    Restore(restore::Args),
    /// Examines a data directory and changes nothing.
    Doctor(doctor::Args),
    /// Proves that nothing in the ledger was changed.
    #[command(subcommand)]
    Audit(audit::Command),
}

/// Runs a command, and tells why when it fails.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    let ended = match &cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Check(args) => check::run(args),
        Command::Match(args) => match_points::run(args),
        Command::Bench(command) => bench::run(command),
        Command::Replay(args) => replay::run(args),
        Command::Rehearse(args) => rehearse::run(args),
        Command::Fences(args) => fences::run(args),
        Command::Reload(args) => fences::changing::reload(args),
        Command::Offers(command) => offers::run(command),
        Command::Rules(command) => rules::run(command),
        Command::Consent(command) => consent::run(command),
        Command::Customer(command) => customer::run(command),
        Command::Privacy(args) => privacy::run(args),
        Command::Backup(args) => backup::run(args),
        Command::Restore(args) => restore::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Audit(command) => audit::run(command),
    };
    ended.unwrap_or_else(|failure| {
        failure.tell();
        failure.exit_code()
    })
}
