//! `stile customer export` and `import`: everything of one customer on one paper, and such a paper taken in.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;
use settings::Problem;

use crate::cli::data::{Data, customer};
use crate::cli::output::Output;
use crate::cli::report::Failure;
use crate::officer::Question;
use crate::officer::exports::Arrival;

/// Writes everything that is held of a customer.
#[derive(clap::Args, Debug)]
pub struct ExportArgs {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    /// Where to; standard output without it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
}

/// Takes an export in.
#[derive(clap::Args, Debug)]
pub struct ImportArgs {
    /// The export.
    file: PathBuf,
    /// The public key of another deployment whose signature counts like our own, as its operator tells it.
    #[arg(long, value_name = "HEX")]
    trust: Option<String>,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn export(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let export = args.data.open()?.officer(Question::CustomerExport { customer: args.customer.clone() })?;
    let mut out = Output::open_private(args.out.as_deref())?;
    let pretty = serde_json::to_vec_pretty(&export).map_err(|error| Failure::failed(74, &error))?;
    let written = out.write_all(&pretty).and_then(|()| out.write_all(b"\n"));
    written.map_err(|error| out.failure(error))?;
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn import(args: &ImportArgs) -> Result<ExitCode, Failure> {
    let arrival = Arrival { export: read(&args.file)?, trust: args.trust.clone() };
    let answer = args.data.open()?.officer(Question::CustomerImport(arrival))?;
    if args.json {
        println!("{answer}");
    } else if answer["taken_in"] == "whole" {
        println!("taken in whole: {} entries", answer["entries"]);
    } else {
        println!(
            "not signed by a key that counts: only its {} restrictions were taken in",
            answer["became"]["lowered"]
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Longest export in bytes; a question to a server may be no longer than some megabytes.
const EXPORT_LEN_MAX: u64 = 64 << 20;

fn read(file: &Path) -> Result<Value, Failure> {
    let mut text = Vec::new();
    let opened = File::open(file).map(|opened| opened.take(EXPORT_LEN_MAX + 1));
    let read = opened.and_then(|mut opened| opened.read_to_end(&mut text));
    if EXPORT_LEN_MAX < read.map_err(|error| Failure::io(file, error))? as u64 {
        return Err(Failure::failed(
            78,
            &format!("{}: is longer than {EXPORT_LEN_MAX} bytes", file.display()),
        ));
    }
    serde_json::from_slice(&text).map_err(|error| {
        let told = format!("is no export: line {}, column {}", error.line(), error.column());
        Failure::Problems(vec![Problem::of_file(file, told)])
    })
}
