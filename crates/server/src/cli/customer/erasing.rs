//! `stile customer erase`: everything of one customer taken away, with a signed statement.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use settings::Shown;

use crate::cli::data::{Data, customer};
use crate::cli::output::Output;
use crate::cli::report::Failure;
use crate::officer::Question;

/// Takes away everything that is held of a customer.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    /// Does not ask; needed where nobody can be asked.
    #[arg(long)]
    yes: bool,
    /// Where the signed statement goes; standard output without it.
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
    /// Prints JSON, with the statement in it.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if !args.yes && !is_meant(&args.customer)? {
        println!("nothing was erased");
        return Ok(ExitCode::SUCCESS);
    }
    // Whether the statement can be written is known before there is no way back.
    let statement = args.statement.as_deref().map(|file| Output::open_private(Some(file))).transpose()?;
    let answer = args.data.open()?.officer(Question::CustomerErase { customer: args.customer.clone() })?;
    let text = answer["statement"].as_str().unwrap_or_default();
    if let Some(mut out) = statement {
        let written = writeln!(out, "{text}");
        written.map_err(|error| out.failure(error))?;
        out.finish()?;
    }
    if args.json {
        println!("{answer}");
        return Ok(ExitCode::SUCCESS);
    }
    let (who, at) = (Shown(&args.customer), answer["erased_at"].as_str().unwrap_or_default());
    if answer["key"].is_null() && answer["entries"] == 0 {
        println!(
            "nobody of the name {who} was known; a tombstone was left at {at}: what is older does not come back"
        );
    } else {
        let n_entries = &answer["entries"];
        println!(
            "{who} was erased at {at}: {n_entries} entries and the key; nothing of them can be read any more"
        );
    }
    if args.statement.is_none() {
        println!("{text}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks on a terminal; what goes is gone.
fn is_meant(customer: &str) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        let told = "there is no way back, and nobody here to ask: say --yes";
        return Err(Failure::Usage(told.to_owned()));
    }
    eprint!("Erase everything that is held of {}, for good? Type the id to do it: ", Shown(customer));
    let mut typed = String::new();
    io::stdin().read_line(&mut typed).map_err(|error| Failure::failed(74, &error))?;
    Ok(typed.trim() == customer)
}
