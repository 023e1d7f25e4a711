//! `stile consent import`: the consents of another system, checked whole and then handed in.

mod trial;

use std::fs::Metadata;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use wire::consent_file::{self, Received};
use wire::{Flaw, LineError, LineReason};

use crate::cli::data::{Data, Desk};
use crate::cli::report::{Failure, Weight, line_problem, problem_json, tell_problems};
use crate::demo::scene::thousands;
use crate::officer::Question;
use crate::officer::imports::{Became, Sums};

/// Takes over the consents of another system.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The events, one JSON object a line, plain or gzip; of one customer in the order in which they were said.
    file: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Checks the whole file, names every bad line, tells what each event would do, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Leaves out lines whose purpose this version does not know; without it they refuse the file.
    #[arg(long)]
    skip_unknown_purposes: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What a file holds, once every line was read.
#[derive(Debug, Default)]
struct Checked {
    n_events: u64,
    n_bad: u64,
    n_unknown_purposes: u64,
    /// Bad lines for a machine, as many as are kept.
    bad: Vec<Value>,
}

/// Bad lines that are kept for `--json`; on stderr all are told.
const BAD_KEPT_MAX: usize = 10_000;

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let was = stamp(&args.file)?;
    let checked = check(args)?;
    if 0 < checked.n_bad {
        if args.json {
            println!("{}", checked.json(args, None));
        }
        let reason = format!(
            "{} of {} lines cannot be used; nothing was changed",
            thousands(checked.n_bad),
            thousands(checked.n_bad + checked.n_events)
        );
        return Err(Failure::failed(78, &reason));
    }
    let started = Instant::now();
    let sums = match args.dry_run {
        true => trial::play(&args.data, checked.n_events, || events(args))?,
        false => hand_in(args, &was, checked.n_events)?,
    };
    if args.json {
        println!("{}", checked.json(args, Some(&sums)));
    } else {
        tell(args, &checked, &sums, started.elapsed());
    }
    Ok(ExitCode::SUCCESS)
}

/// What tells one content of a file from another: it is read more than once.
fn stamp(file: &Path) -> Result<Metadata, Failure> {
    let metadata = std::fs::metadata(file).map_err(|error| Failure::io(file, error))?;
    if metadata.is_file() {
        return Ok(metadata);
    }
    Err(Failure::Usage(format!("{} is no regular file, and it is read more than once", file.display())))
}

/// Reads every line, and tells of every bad one.
fn check(args: &Args) -> Result<Checked, Failure> {
    let mut checked = Checked::default();
    let bar = spinner();
    for event in open(args)? {
        match event {
            Ok(_) => checked.n_events += 1,
            Err(error) if is_skipped(args, &error) => checked.n_unknown_purposes += 1,
            Err(error) => bar.suspend(|| checked.take_bad(args, &error)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(checked)
}

impl Checked {
    fn take_bad(&mut self, args: &Args, error: &LineError) {
        self.n_bad += 1;
        self.n_unknown_purposes += u64::from(is_unknown_purpose(error));
        let problem = line_problem(&args.file, error);
        if args.json && self.bad.len() < BAD_KEPT_MAX {
            self.bad.push(problem_json(&problem));
        }
        // Whoever closed stderr does not want to hear.
        let _ = tell_problems(&mut io::stderr().lock(), &[problem], Weight::Problem, false);
    }

    fn json(&self, args: &Args, sums: Option<&Sums>) -> Value {
        json!({
            "file": args.file.display().to_string(),
            "dry_run": args.dry_run,
            "events": self.n_events,
            "bad_lines": self.n_bad,
            "bad": self.bad,
            "unknown_purpose": self.n_unknown_purposes,
            "became": sums.map(Sums::as_json),
        })
    }
}

fn open(args: &Args) -> Result<consent_file::Events<'static>, Failure> {
    consent_file::open(&args.file).map_err(|error| Failure::Problems(vec![line_problem(&args.file, &error)]))
}

/// The events of a file that was checked.
fn events(args: &Args) -> Result<impl Iterator<Item = Result<Received, Failure>> + '_, Failure> {
    let told = |error: LineError| Failure::Problems(vec![line_problem(&args.file, &error)]);
    let good = open(args)?.filter(|event| !event.as_ref().is_err_and(|error| is_skipped(args, error)));
    Ok(good.map(move |event| event.map_err(told)))
}

fn is_unknown_purpose(error: &LineError) -> bool {
    matches!(error.reason, LineReason::Flaw(Flaw::UnknownPurpose))
}

fn is_skipped(args: &Args, error: &LineError) -> bool {
    args.skip_unknown_purposes && is_unknown_purpose(error)
}

/// Events handed in with one question: one commit for many, and a bar that moves.
const EVENTS_AT_ONCE: usize = 2_500;

/// Their bytes: the server reads no longer question than some megabytes, quotes escaped.
const BYTES_AT_ONCE: usize = 1 << 20;

fn hand_in(args: &Args, was: &Metadata, n_events: u64) -> Result<Sums, Failure> {
    let mut desk = args.data.open()?;
    let mut sums = Sums::default();
    let bar = bar(n_events);
    let (mut part, mut n_bytes) = (Vec::new(), 0);
    is_as_it_was(&args.file, was)?;
    for event in events(args)? {
        let Received { customer, text, .. } = event?;
        let len = customer.as_str().len() + text.len();
        if EVENTS_AT_ONCE <= part.len() || (!part.is_empty() && BYTES_AT_ONCE < n_bytes + len) {
            bar.inc(part.len() as u64);
            sums.add(&send(&mut desk, std::mem::take(&mut part))?);
            n_bytes = 0;
        }
        n_bytes += len;
        part.push((customer.as_str().to_owned(), text));
    }
    if !part.is_empty() {
        sums.add(&send(&mut desk, part)?);
    }
    bar.finish_and_clear();
    Ok(sums)
}

fn send(desk: &mut Desk, events: Vec<(String, String)>) -> Result<Sums, Failure> {
    let answer = desk.officer(Question::Import { events })?;
    Ok(Sums::of_json(&answer["became"]))
}

/// What was checked must be what is handed in.
fn is_as_it_was(file: &Path, was: &Metadata) -> Result<(), Failure> {
    let is = stamp(file)?;
    if (is.len(), is.modified().ok()) == (was.len(), was.modified().ok()) {
        return Ok(());
    }
    Err(Failure::failed(
        74,
        &format!("{} was changed while it was checked; nothing was changed", file.display()),
    ))
}

fn tell(args: &Args, checked: &Checked, sums: &Sums, took: Duration) {
    let (would, n) = (if args.dry_run { "would be " } else { "" }, thousands(sums.n()));
    for (became, n) in sums.iter().filter(|(_, n)| 0 < *n) {
        println!("{:>12}  {would}{}", thousands(n), in_words(became));
    }
    if 0 < checked.n_unknown_purposes {
        println!("{:>12}  left out: a purpose that is not known", thousands(checked.n_unknown_purposes));
    }
    if args.dry_run {
        println!("{n} events, all good; nothing was changed");
        return;
    }
    let rate = sums.n() as f64 / took.as_secs_f64().max(1e-3);
    println!("{n} events imported in {:.1} s ({} a second)", took.as_secs_f64(), thousands(rate as u64));
}

const fn in_words(became: Became) -> &'static str {
    match became {
        Became::Granted => "granted, attested by a registered notice",
        Became::Lowered => "lowered",
        Became::Noted => "recorded, and not in force: it has run out, or waits to be confirmed",
        Became::Late => "without effect: a later no stands",
        Became::WithoutEvidence => "refused: a yes without evidence",
        Became::NotAttested => "without effect: a yes whose notice is not registered",
        Became::ErasedBefore => "forgotten: said before the customer was erased",
        Became::Unchanged => "without effect: nothing to change",
        Became::Unusable => "refused: of no use",
    }
}

/// A bar for what takes more than a moment.
fn bar(n_events: u64) -> ProgressBar {
    let is_shown = 10_000 <= n_events && io::stderr().is_terminal();
    let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(n_events), target);
    let template = "importing {bar:30} {percent:>3} %  {human_pos} events  {per_sec}  {eta} left";
    bar.set_style(ProgressStyle::with_template(template).expect("the template is one"));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn spinner() -> ProgressBar {
    let target =
        if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    let template = "checking {human_pos} lines  {per_sec}";
    bar.set_style(ProgressStyle::with_template(template).expect("the template is one"));
    // A second passes before anybody wonders.
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}
