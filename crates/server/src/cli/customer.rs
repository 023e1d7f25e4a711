//! `stile customer explain`: why this offer, and why nothing.

use std::process::ExitCode;

use model::CustomerId;

use super::data::Data;
use super::report::Failure;

/// Answers a customer's questions.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Why this offer, and why nothing, in plain sentences from the record alone.
    Explain(ExplainArgs),
}

/// Why this offer, and why nothing.
#[derive(clap::Args, Debug)]
pub struct ExplainArgs {
    /// The customer's id.
    customer: String,
    /// Tells the last so many things that happened.
    #[arg(long, default_value_t = 20, value_name = "N")]
    last: usize,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// When the data cannot be read.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    let Command::Explain(args) = command;
    let customer = CustomerId::new(&args.customer)
        .map_err(|flaw| Failure::Usage(format!("the customer's id {}", flaw.text())))?;
    let explained = args.data.open()?.explain(&customer, args.last)?;
    if args.json {
        println!("{explained}");
        return Ok(ExitCode::SUCCESS);
    }
    let sentences = explained["sentences"].as_array().map_or(&[][..], Vec::as_slice);
    if sentences.is_empty() {
        println!("nothing is recorded about this customer: no consent, no offer, no decision");
    }
    for sentence in sentences {
        let word = |key: &str| sentence[key].as_str().unwrap_or_default();
        let at = word("at");
        println!("{}  {}", at.get(..16).unwrap_or(at).replace('T', " "), word("text"));
    }
    Ok(ExitCode::SUCCESS)
}
