//! `stile consent`: who agreed to what, on which text; what is said on somebody's behalf; other systems' consents.

mod exporting;
mod importing;
mod notices;
mod saying;
mod showing;
mod signalling;
mod superseding;

use std::process::ExitCode;

pub(super) use self::saying::ask;
pub(super) use self::showing::tell_rows;

use super::report::Failure;

/// Shows, changes, imports and exports consent, on a running server or on its data directory.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Who agreed to what and when, on which text.
    Show(showing::Args),
    /// Writes every consent event with its evidence, as JSON lines.
    Export(exporting::Args),
    /// Takes over the consents of another system, from JSON lines with `customer` and `received_at`.
    ///
    /// The whole file is checked first, and one bad line refuses it. A yes counts only when the text that was
    /// shown is registered (`stile consent notices register`); a no always does.
    Import(importing::Args),
    /// Says yes on behalf of a customer, with the evidence of it.
    Grant(saying::GrantArgs),
    /// Says no on behalf of a customer who was asked.
    Refuse(saying::Args),
    /// Takes a yes back on behalf of a customer.
    Withdraw(saying::Args),
    /// Rests a yes on behalf of a customer, until a time or until it is resumed.
    Pause(saying::PauseArgs),
    /// Ends a pause on behalf of a customer.
    Resume(saying::Args),
    /// Says that a customer must neither be asked nor used, because they are not of age or the law forbids it.
    Block(saying::BlockArgs),
    /// Ends a block; a yes needs a notice that is shown after that.
    Unblock(saying::UnblockArgs),
    /// Brings back the token of a yes of two words.
    Confirm(saying::ConfirmArgs),
    /// Hands in a browser's Global Privacy Control: what the rules say it takes back is withdrawn.
    Gpc(signalling::GpcArgs),
    /// Hands in what a customer wrote back to a text message: a stop withdraws `offers.sms`; the text is not kept.
    Reply(signalling::ReplyArgs),
    /// Ends every consent to an older version of a notice whose text changed materially.
    Supersede(superseding::Args),
    /// The texts that customers were shown.
    #[command(subcommand)]
    Notices(notices::Command),
}

/// Runs the command.
///
/// # Errors
/// When what was given is wrong, or the data cannot be read.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Show(args) => showing::run(args),
        Command::Export(args) => exporting::run(args),
        Command::Import(args) => importing::run(args),
        Command::Grant(args) => saying::grant(args),
        Command::Refuse(args) => saying::say("refuse", args),
        Command::Withdraw(args) => saying::say("withdraw", args),
        Command::Pause(args) => saying::pause(args),
        Command::Resume(args) => saying::say("resume", args),
        Command::Block(args) => saying::block(args),
        Command::Unblock(args) => saying::unblock(args),
        Command::Confirm(args) => saying::confirm(args),
        Command::Gpc(args) => signalling::gpc(args),
        Command::Reply(args) => signalling::reply(args),
        Command::Supersede(args) => superseding::run(args),
        Command::Notices(command) => notices::run(command),
    }
}
