//! `stile audit`: the proof that nothing in the ledger was changed since.

mod lists;
mod verifying;

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use store::{StatementRefused, check_statement};

use super::data::Data;
use super::report::Failure;
use crate::explain;
use crate::machine::Clock;

/// Proves that nothing in the ledger was changed.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Walks every chain from its first entry to its last, opens every entry, holds every state row against what its entries add up to, reads the lists beside the ledger, and names what was changed.
    Verify(verifying::Args),
    /// Prints where all chains and rows stand now, signed, to be kept away from the ledger: `verify --anchor FILE` proves later that nothing of it was taken back.
    Anchor(AnchorArgs),
    /// Prints the public key by which statements of this ledger can be checked.
    Key(KeyArgs),
    /// Checks a signed statement of an erasure; it takes no ledger and no secret.
    Statement(StatementArgs),
}

/// Prints the public key.
#[derive(clap::Args, Debug)]
pub struct KeyArgs {
    #[command(flatten)]
    data: Data,
}

/// Prints an anchor.
#[derive(clap::Args, Debug)]
pub struct AnchorArgs {
    #[command(flatten)]
    data: Data,
}

/// Checks a signed statement.
#[derive(clap::Args, Debug)]
pub struct StatementArgs {
    /// The statement.
    file: PathBuf,
    /// The public key that it must be signed with, as `stile audit key` prints it; without one it is only
    /// known that the statement was not changed since it was signed by somebody.
    #[arg(long, value_name = "HEX", value_parser = key_of)]
    key: Option<[u8; 32]>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

fn key_of(text: &str) -> Result<[u8; 32], String> {
    blake3::Hash::from_hex(text).map(Into::into).map_err(|_| "is not 64 hexadecimal digits".to_owned())
}

/// Runs the command.
///
/// # Errors
/// When the data cannot be read.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Verify(args) => verifying::run(args),
        Command::Key(args) => {
            let reader = args.data.reader()?;
            println!("{}", hex(&reader.public_key()));
            Ok(ExitCode::SUCCESS)
        }
        Command::Anchor(args) => anchor(args),
        Command::Statement(args) => statement(args),
    }
}

fn anchor(args: &AnchorArgs) -> Result<ExitCode, Failure> {
    let reader = args.data.reader()?;
    let anchor = reader.anchor(Clock::Wall.now()).map_err(|error| Failure::failed(74, &error))?;
    let changed = "the heads were changed by hand, so nothing is signed: run stile audit verify";
    println!("{}", anchor.ok_or_else(|| Failure::failed(74, &changed))?);
    Ok(ExitCode::SUCCESS)
}

fn hex(bytes: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*bytes).to_hex().to_string()
}

fn statement(args: &StatementArgs) -> Result<ExitCode, Failure> {
    let text = std::fs::read_to_string(&args.file).map_err(|error| Failure::io(&args.file, error))?;
    let told = match check_statement(&text, args.key.as_ref()) {
        Ok(told) => told,
        Err(refused) => {
            let why = match refused {
                StatementRefused::Flaw(_) => "it is no statement of an erasure",
                StatementRefused::OtherKey => "it is signed by another key",
                StatementRefused::NotAuthentic => "it does not say what was signed",
            };
            return Err(Failure::failed(74, &format!("{}: {why}", args.file.display())));
        }
    };
    let erasure = &told.erasure;
    let (at, signed_by) = (explain::rfc3339(erasure.at), hex(&told.public_key));
    if args.json {
        println!(
            "{}",
            json!({
                "ok": true,
                "erased_at": at,
                "entries": erasure.n_entries,
                "key": erasure.key.map(|key| key.to_string()),
                "partition": erasure.partition.no(),
                "no": erasure.no,
                "public_key": signed_by,
                "key_was_named": args.key.is_some(),
            })
        );
        return Ok(ExitCode::SUCCESS);
    }
    match erasure.key {
        Some(key) => {
            println!("erased at {at}: {} entries, and the key {key}", erasure.n_entries);
        }
        None => {
            println!("erased at {at}: {} entries; there was no key, so nobody was known", erasure.n_entries);
        }
    }
    println!("written down as entry {} of partition {}", erasure.no, erasure.partition.no());
    match args.key {
        Some(_) => println!("signed by the key that was named"),
        None => println!("signed by {signed_by}: name the key with --key to know whose it is"),
    }
    Ok(ExitCode::SUCCESS)
}
