//! `stile customer`: what is held of one customer, why this offer and why nothing, and their rights.

mod dialing;
mod erasing;
mod profiling;
mod showing;
mod taking_along;

use std::process::ExitCode;

use super::report::Failure;

/// Answers a customer's questions, and does what they ask for.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Consent, what they said of themselves, and what their answers brought.
    Show(showing::ShowArgs),
    /// Why this offer, and why nothing, in plain sentences from the record alone.
    Explain(showing::ExplainArgs),
    /// Writes everything that is held of a customer, signed, as one JSON document.
    Export(taking_along::ExportArgs),
    /// Takes in an export: whole when it is signed by a key that counts, else only what it takes away.
    Import(taking_along::ImportArgs),
    /// Takes away everything that is held of a customer, for good, and prints a signed statement of it.
    Erase(erasing::Args),
    /// Notes what binds a customer whatever they say: that they are not of age, and whose law counts.
    Profile(profiling::Args),
    /// Rests every yes of a customer, until a time or until it is resumed.
    Pause(dialing::PauseArgs),
    /// Ends every pause of a customer.
    Resume(dialing::ResumeArgs),
    /// Sets how many offers a week they want, and their own quiet hours.
    Dial(dialing::DialArgs),
    /// Says nothing of a merchant or a store any more.
    Mute(dialing::MuteArgs),
    /// Lets a merchant or a store be heard again.
    Unmute(dialing::MuteArgs),
}

/// Runs the command.
///
/// # Errors
/// When what was given is wrong, or the data cannot be read.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Show(args) => showing::show(args),
        Command::Explain(args) => showing::explain(args),
        Command::Export(args) => taking_along::export(args),
        Command::Import(args) => taking_along::import(args),
        Command::Erase(args) => erasing::run(args),
        Command::Profile(args) => profiling::profile(args),
        Command::Pause(args) => dialing::pause(args),
        Command::Resume(args) => dialing::resume(args),
        Command::Dial(args) => dialing::dial(args),
        Command::Mute(args) => dialing::mute(args, true),
        Command::Unmute(args) => dialing::mute(args, false),
    }
}
