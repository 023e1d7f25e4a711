//! `stile consent grant`, `refuse`, `withdraw`, `pause`, `resume`: staff speak for a customer.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use model::Timestamp;
use serde_json::Value;

use super::notices::read_text;
use super::showing::{items, word};
use crate::cli::data::{Data, customer};
use crate::cli::report::Failure;
use crate::cli::when::instant;
use crate::officer::Question;
use crate::officer::consents::{About, Shown, Wish};
use crate::officer::notices::sha256_of;

/// About whom and what.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    /// Towards which merchant.
    #[arg(long, value_name = "ID", required_unless_present = "all", requires = "purpose")]
    merchant: Option<String>,
    /// For what; may be given more than once.
    #[arg(long, value_name = "PURPOSE", num_args = 1.., requires = "merchant")]
    purpose: Vec<String>,
    /// For every merchant and purpose where it changes something.
    #[arg(long, conflicts_with_all = ["merchant", "purpose"])]
    all: bool,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// The same with an end.
#[derive(clap::Args, Debug)]
pub struct PauseArgs {
    #[command(flatten)]
    args: Args,
    /// When it comes back by itself; without it the customer has to resume.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<Timestamp>,
}

/// Which consents are blocked, or are not any more.
#[derive(clap::Args, Debug)]
pub struct UnblockArgs {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    /// Towards which merchant; without it, all that is on record.
    #[arg(long, value_name = "ID", requires = "purpose")]
    merchant: Option<String>,
    /// For what; may be given more than once.
    #[arg(long, value_name = "PURPOSE", num_args = 1.., requires = "merchant")]
    purpose: Vec<String>,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// The same with a reason.
#[derive(clap::Args, Debug)]
pub struct BlockArgs {
    #[command(flatten)]
    args: UnblockArgs,
    /// Why it must neither be asked nor used.
    #[arg(long, value_parser = ["minor", "legal"])]
    reason: String,
}

/// The second word of a yes.
#[derive(clap::Args, Debug)]
pub struct ConfirmArgs {
    #[command(flatten)]
    args: Args,
    /// A file with the token that came back; `-` reads it from the standard input. It is never an argument:
    /// those are seen by every user of this machine.
    #[arg(long, value_name = "FILE")]
    token: PathBuf,
}

/// A yes, with what proves it.
#[derive(clap::Args, Debug)]
pub struct GrantArgs {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    /// Towards which merchant.
    #[arg(long, value_name = "ID")]
    merchant: String,
    /// For what; may be given more than once.
    #[arg(long, value_name = "PURPOSE", num_args = 1.., required = true)]
    purpose: Vec<String>,
    /// The notice that the customer was shown.
    #[arg(long, value_name = "ID@VERSION", value_parser = id_at_version)]
    notice: Option<(String, u32)>,
    /// In which language, such as `en`.
    #[arg(long, default_value = "en")]
    lang: String,
    /// SHA-256 of the text as it was shown.
    #[arg(long, value_name = "HEX", conflicts_with = "text")]
    sha256: Option<String>,
    /// The text as it was shown, whose SHA-256 is taken; without either, that of the registered text.
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// When it was shown.
    #[arg(long, value_name = "TIME", value_parser = instant, requires = "notice")]
    shown_at: Option<Timestamp>,
    /// When it ends; without it, as long as the settings let a grant last.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<Timestamp>,
    /// Where two words are asked for: a file with the token that was sent to the customer; `-` reads it from
    /// the standard input. The yes waits until `stile consent confirm` brings it back.
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// `app@3`.
pub(super) fn id_at_version(text: &str) -> Result<(String, u32), String> {
    let told = || format!("{text:?} is no notice with its version, such as app@3");
    let (id, version) = text.rsplit_once('@').filter(|(id, _)| !id.is_empty()).ok_or_else(told)?;
    Ok((id.to_owned(), version.parse().map_err(|_| told())?))
}

pub(super) fn say(kind: &str, args: &Args) -> Result<ExitCode, Failure> {
    ask(&wish(kind, args, None), &args.data, args.json)
}

pub(super) fn pause(args: &PauseArgs) -> Result<ExitCode, Failure> {
    ask(&wish("pause", &args.args, args.until), &args.args.data, args.args.json)
}

fn wish(kind: &str, args: &Args, until: Option<Timestamp>) -> Wish {
    let about = match &args.merchant {
        Some(merchant) => About::Merchant { merchant: merchant.clone(), purposes: args.purpose.clone() },
        None => About::All,
    };
    let until_ms = until.map(Timestamp::unix_ms);
    let (customer, kind) = (args.customer.clone(), kind.to_owned());
    Wish { customer, kind, about, until_ms, notice: None, reason: None, token: None }
}

pub(super) fn block(args: &BlockArgs) -> Result<ExitCode, Failure> {
    block_or_not("block", &args.args, Some(args.reason.clone()))
}

pub(super) fn unblock(args: &UnblockArgs) -> Result<ExitCode, Failure> {
    block_or_not("unblock", args, None)
}

fn block_or_not(kind: &str, args: &UnblockArgs, reason: Option<String>) -> Result<ExitCode, Failure> {
    let about = match &args.merchant {
        Some(merchant) => About::Merchant { merchant: merchant.clone(), purposes: args.purpose.clone() },
        None => About::All,
    };
    let (customer, kind) = (args.customer.clone(), kind.to_owned());
    let wish = Wish { customer, kind, about, until_ms: None, notice: None, reason, token: None };
    ask(&wish, &args.data, args.json)
}

pub(super) fn confirm(args: &ConfirmArgs) -> Result<ExitCode, Failure> {
    let token = Some(read_token(&args.token)?);
    ask(&Wish { token, ..wish("confirm", &args.args, None) }, &args.args.data, args.args.json)
}

/// Longest token that is taken, in bytes, a line end with it.
const TOKEN_LEN_MAX: u64 = 1 << 10;

/// A token without the line end that shells and editors leave.
fn read_token(file: &Path) -> Result<String, Failure> {
    let mut token = String::new();
    let read = match file.to_str() {
        Some("-") => io::stdin().take(TOKEN_LEN_MAX).read_to_string(&mut token),
        Some(_) | None => {
            File::open(file).and_then(|file| file.take(TOKEN_LEN_MAX).read_to_string(&mut token))
        }
    };
    read.map_err(|error| Failure::io(file, error))?;
    match token.trim_end_matches(['\r', '\n']) {
        "" => Err(Failure::Usage("there is no token in it".to_owned())),
        token => Ok(token.to_owned()),
    }
}

pub(super) fn grant(args: &GrantArgs) -> Result<ExitCode, Failure> {
    let sha256 = match &args.text {
        Some(file) => Some(sha256_of(&read_text(file)?)),
        None => args.sha256.clone(),
    };
    let notice = args.notice.clone().zip(args.shown_at).map(|((id, version), shown_at)| Shown {
        id,
        version,
        lang: args.lang.clone(),
        sha256,
        shown_at_ms: shown_at.unix_ms(),
    });
    let about = About::Merchant { merchant: args.merchant.clone(), purposes: args.purpose.clone() };
    let until_ms = args.until.map(Timestamp::unix_ms);
    let token = args.token.as_deref().map(read_token).transpose()?;
    let (customer, kind) = (args.customer.clone(), "grant".to_owned());
    let wish = Wish { customer, kind, about, until_ms, notice, reason: None, token };
    ask(&wish, &args.data, args.json)
}

/// Asks, and tells what became of each; what is not in force fails the command.
pub(in crate::cli) fn ask(wish: &Wish, data: &Data, json: bool) -> Result<ExitCode, Failure> {
    let answer = data.open()?.officer(Question::ConsentSay(wish.clone()))?;
    let said = items(&answer["said"]);
    if json {
        println!("{answer}");
    } else if said.is_empty() {
        println!("{}", nothing(&wish.kind));
    } else {
        said.iter().for_each(|said| println!("{}", in_words(said)));
    }
    let is_in_force = |said: &Value| matches!(word(said, "effect"), "applied" | "nothing_to_change");
    if said.iter().all(is_in_force) {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::failed(78, &"not all of it is in force; the effect beside each says why"))
}

fn nothing(kind: &str) -> String {
    let more = match kind {
        "block" => {
            ": nothing is on record that is not blocked; `stile customer profile` says of somebody that they are \
             not of age, whatever they are asked later"
        }
        _ => "",
    };
    format!("there is nothing to {kind}{more}")
}

fn in_words(said: &Value) -> String {
    let missing: Vec<&str> = items(&said["missing"]).iter().filter_map(Value::as_str).collect();
    let lacks = if missing.is_empty() { String::new() } else { format!("; it lacks {}", missing.join(", ")) };
    format!(
        "{:<20} {:<15} {} ({}{lacks})",
        word(said, "merchant"),
        word(said, "purpose"),
        word(said, "state"),
        word(said, "effect").replace('_', " ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_named_with_its_version() {
        assert_eq!(id_at_version("app@3"), Ok(("app".to_owned(), 3)));
        assert_eq!(id_at_version("a@b@12"), Ok(("a@b".to_owned(), 12)));
        for wrong in ["app", "@3", "app@", "app@x", "app@-1"] {
            assert!(id_at_version(wrong).is_err(), "{wrong}");
        }
    }
}
