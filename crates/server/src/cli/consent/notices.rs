//! `stile consent notices`: the texts that customers were shown, and who vouches for them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use model::Timestamp;
use settings::Shown;

use super::saying::id_at_version;
use super::showing::{items, minute, word};
use crate::cli::data::Data;
use crate::cli::report::Failure;
use crate::cli::when::instant;
use crate::officer::Question;
use crate::officer::notices::{Draft, TEXT_LEN_MAX};

/// The texts that customers were shown.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Lists every registered notice.
    List(ListArgs),
    /// Prints the text of a registered notice.
    Show(ShowArgs),
    /// Registers a text with who vouches that it was shown; it is never overwritten.
    Register(RegisterArgs),
}

/// Lists every registered notice.
#[derive(clap::Args, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    data: Data,
    /// Prints JSON, with the texts.
    #[arg(long)]
    json: bool,
}

/// Prints one text.
#[derive(clap::Args, Debug)]
pub struct ShowArgs {
    /// Which.
    #[arg(value_name = "ID@VERSION", value_parser = id_at_version)]
    notice: (String, u32),
    /// In which language.
    #[arg(long, default_value = "en")]
    lang: String,
    #[command(flatten)]
    data: Data,
}

/// Registers a text.
#[derive(clap::Args, Debug)]
pub struct RegisterArgs {
    /// The notice's id, as consent events name it.
    #[arg(long)]
    id: String,
    /// Its version.
    #[arg(long)]
    version: u32,
    /// Its language, BCP 47.
    #[arg(long)]
    lang: String,
    /// The text exactly as it was rendered: its SHA-256 is taken of every byte.
    #[arg(long, value_name = "FILE")]
    text: PathBuf,
    /// The system that showed it, such as "old CRM".
    #[arg(long)]
    system: String,
    /// Who vouches for that.
    #[arg(long, value_name = "NAME")]
    attested_by: String,
    /// Since when it was shown; a yes from before does not count.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    shown_from: Option<Timestamp>,
    /// Until when it was shown.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    shown_until: Option<Timestamp>,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::List(args) => list(args),
        Command::Show(args) => show(args),
        Command::Register(args) => register(args),
    }
}

fn list(args: &ListArgs) -> Result<ExitCode, Failure> {
    let listed = args.data.open()?.officer(Question::NoticesList)?;
    if args.json {
        println!("{listed}");
        return Ok(ExitCode::SUCCESS);
    }
    let notices = items(&listed["notices"]);
    if notices.is_empty() {
        println!("no notice is registered");
    }
    for notice in notices {
        println!(
            "{}@{} {:<6} {}  {}, attested by {}; registered {} by {}",
            Shown(word(notice, "id")),
            notice["version"],
            Shown(word(notice, "lang")),
            &word(notice, "sha256")[..16.min(word(notice, "sha256").len())],
            Shown(word(notice, "system")),
            Shown(word(notice, "attested_by")),
            minute(word(notice, "registered_at")),
            Shown(word(notice, "registered_by"))
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn show(args: &ShowArgs) -> Result<ExitCode, Failure> {
    let listed = args.data.open()?.officer(Question::NoticesList)?;
    let (id, version) = &args.notice;
    let found = items(&listed["notices"]).iter().find(|notice| {
        word(notice, "id") == id && notice["version"] == *version && word(notice, "lang") == args.lang
    });
    let Some(notice) = found else {
        return Err(Failure::failed(78, &format!("{id}@{version} is not registered in {}", args.lang)));
    };
    print!("{}", word(notice, "text"));
    Ok(ExitCode::SUCCESS)
}

fn register(args: &RegisterArgs) -> Result<ExitCode, Failure> {
    let draft = Draft {
        id: args.id.clone(),
        version: args.version,
        lang: args.lang.clone(),
        text: read_text(&args.text)?,
        system: args.system.clone(),
        attested_by: args.attested_by.clone(),
        shown_from_ms: args.shown_from.map(Timestamp::unix_ms),
        shown_until_ms: args.shown_until.map(Timestamp::unix_ms),
    };
    let answer = args.data.open()?.officer(Question::NoticesRegister(draft))?;
    if args.json {
        println!("{answer}");
        return Ok(ExitCode::SUCCESS);
    }
    let already = if answer["unchanged"] == true { " already" } else { "" };
    println!("{}@{} in {} is registered{already}", args.id, args.version, args.lang);
    println!("sha256 {}", word(&answer, "sha256"));
    Ok(ExitCode::SUCCESS)
}

/// A notice's text, every byte as it stands.
pub(super) fn read_text(file: &Path) -> Result<String, Failure> {
    let mut text = Vec::new();
    let bounded = File::open(file).map(|opened| opened.take(TEXT_LEN_MAX as u64 + 1));
    bounded.and_then(|mut opened| opened.read_to_end(&mut text)).map_err(|error| Failure::io(file, error))?;
    if TEXT_LEN_MAX < text.len() {
        let reason = format!("{}: is longer than {TEXT_LEN_MAX} bytes", file.display());
        return Err(Failure::failed(78, &reason));
    }
    let is_none = |_| Failure::io(file, io::Error::new(io::ErrorKind::InvalidData, "is no UTF-8 text"));
    String::from_utf8(text).map_err(is_none)
}
