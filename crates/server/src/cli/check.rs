//! `stile check`: everything that is wrong with what an operator wrote, in one run.

mod law;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use model::FenceFacts;
use offers::Mode;
use serde_json::json;
use settings::{OfferSettings, OffersFile, Problem, RulesFile, Settings};
use spatial_index::Fence;

use crate::cli::report::{Failure, Weight, counted, line_problem, problem_json, tell_problems};
use crate::fence_files::{self, FenceOptions};
use crate::machine::Clock;
use crate::sensitive::{self, InRings};

/// Checks settings, rules, fences, offers and consent files, and tells everything that is wrong.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder, searched with its subfolders, or one file
    #[arg(default_value = "config", value_name = "DIR")]
    dir: PathBuf,
    /// Prints one JSON object
    #[arg(long)]
    json: bool,
}

/// How deep folders are searched; settings do not lie deeper.
const DEPTH_MAX: usize = 4;

/// Runs it.
///
/// # Errors
/// None of its own: what is wrong with files is what it prints.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let findings = check(&args.dir, args.json);
    let mut out = io::stdout().lock();
    let told = if args.json {
        writeln!(out, "{}", findings.json())
    } else {
        findings.tell(&mut out, &args.dir, io::stdout().is_terminal())
    };
    match told {
        // A reader that has seen enough is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::io(Path::new("stdout"), error))
        }
        Ok(()) | Err(_) => Ok(findings.exit_code()),
    }
}

/// What was found in a folder or file.
#[derive(Debug, Default)]
struct Findings {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// What was checked, with what it turned out to be.
    checked: Vec<(PathBuf, String)>,
    /// What a command makes and has not made, with that command.
    not_made: Vec<(PathBuf, String)>,
    /// The same files under the one name that each of them has.
    seen: BTreeSet<PathBuf>,
    /// Shows no progress.
    is_quiet: bool,
    /// Everything in a folder was asked for, and no one file.
    is_of_folder: bool,
}

/// What a file holds, by its name and, of TOML, its first words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Checked first, because they name files of the other kinds.
    Settings,
    Offers,
    Rules,
    Users,
    Fences,
    Consent,
}

fn check(path: &Path, is_quiet: bool) -> Findings {
    let mut findings = Findings { is_quiet, is_of_folder: path.is_dir(), ..Findings::default() };
    let mut files = Vec::new();
    if path.is_dir() {
        collect(path, DEPTH_MAX, &mut files, &mut findings.problems);
        if files.is_empty() && findings.problems.is_empty() {
            findings
                .problems
                .push(Problem::of_file(path, "holds no settings, rules, fences, offers or consent"));
        }
    } else {
        match kind(path) {
            Some(kind) => files.push((kind, path.to_owned())),
            None if path.exists() => {
                findings.problems.push(Problem::of_file(path, "is neither .toml nor .geojson nor .jsonl"));
            }
            None => findings.problems.push(Problem::of_file(path, "does not exist")),
        }
    }
    files.sort();
    for (kind, file) in files {
        findings.check_file(kind, &file);
    }
    findings
}

/// What is allowed and rarely meant where there are offers: an engine that speaks without restraint, or that
/// nobody can tell a yes.
fn careless(file: &Path, settings: &Settings) -> Vec<Problem> {
    /// Nobody hears so much in a month: a cap above it holds nobody back.
    const CAP_MAX: u32 = 100;
    let mut found = Vec::new();
    let mut warn = |key: &str, reason: &str, hint: &str| {
        let mut problem = Problem::of_file(file, reason).with_hint(hint);
        key.clone_into(&mut problem.key);
        found.push(problem);
    };
    let caps = &settings.notifier.caps;
    let push = [caps.per_24h_max, caps.per_7d_max, caps.per_30d_max, caps.per_civil_day_max];
    if settings.offers.mode == Mode::Live {
        if push.into_iter().all(|cap| CAP_MAX < cap) {
            warn("notifier", "has no cap that holds anybody back, and offers go out", "set per_7d_max");
        }
        if !settings.notifier.budget.enforced {
            warn(
                "notifier.budget: enforced",
                "is false, and offers go out",
                "leave it out, or try mode = \"shadow\"",
            );
        }
    }
    if settings.listener.enabled && settings.listener.users.is_empty() && settings.broker.is_none() {
        let reason = "lets nobody connect, so nobody can agree to anything and every fix is refused";
        warn("listener", reason, "add a [[listener.user]], or an outside broker");
    }
    found
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<(Kind, PathBuf)>, problems: &mut Vec<Problem>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(fence_files::unreadable(folder, &error));
            return;
        }
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if path.is_dir() && !is_hidden && 0 < depth && !path.join("ledger.db").exists() {
            collect(&path, depth - 1, files, problems);
        } else if let Some(kind) = kind(&path).filter(|_| !path.is_dir() && !is_hidden) {
            files.push((kind, path));
        }
    }
}

fn kind(file: &Path) -> Option<Kind> {
    let name = file.file_name()?.to_string_lossy().to_lowercase();
    let ends = |end: &str| name.ends_with(end);
    if ends(".geojson") || ends(".geojson.gz") {
        return Some(Kind::Fences);
    }
    if ends(".jsonl") {
        return Some(Kind::Consent);
    }
    ends(".toml").then(|| kind_of_toml(file))
}

fn kind_of_toml(file: &Path) -> Kind {
    let text = fs::read_to_string(file).unwrap_or_default();
    let has = |header: &str| text.lines().any(|line| line.replace(' ', "").starts_with(header));
    if has("[[offer]]") {
        Kind::Offers
    } else if has("[[rule]]") {
        Kind::Rules
    } else if has("[[user]]") {
        Kind::Users
    } else {
        Kind::Settings
    }
}

impl Findings {
    fn check_file(&mut self, kind: Kind, file: &Path) {
        if kind == Kind::Settings {
            self.check_settings(file);
            return;
        }
        if !self.is_new(file) {
            return;
        }
        match kind {
            Kind::Settings => {}
            Kind::Offers => {
                self.check_offers(file, OfferSettings::default());
            }
            Kind::Rules => self.check_rules(file),
            // Users are checked with the settings that name them.
            Kind::Users => self.warnings.push(Problem::of_file(file, "is named by no settings")),
            Kind::Fences => {
                self.check_fences(file, FenceOptions { is_quiet: self.is_quiet, ..FenceOptions::default() });
            }
            Kind::Consent => self.check_consent(file),
        }
    }

    /// Whether a file was not checked before, under whatever name.
    fn is_new(&mut self, file: &Path) -> bool {
        self.seen.insert(file.canonicalize().unwrap_or_else(|_| file.to_owned()))
    }

    fn check_settings(&mut self, file: &Path) {
        let settings = match settings::load(file) {
            Ok(settings) => settings,
            Err(wrong) => {
                self.problems.extend(wrong);
                self.checked.push((file.to_owned(), "settings".to_owned()));
                return;
            }
        };
        self.checked.push((file.to_owned(), "settings".to_owned()));
        if let Some(users) = &settings.listener.users_file {
            self.is_new(users);
        }
        self.check_law(file, &settings);
        let n_known = self.problems.len();
        self.check_what_settings_name(file, &settings);
        let found = self.problems.split_off(n_known);
        self.problems.extend(fence_files::with_makers(found, &settings));
    }

    fn check_law(&mut self, file: &Path, settings: &Settings) {
        let law::Judged { problems, warnings } = law::judge(file, settings, Clock::Wall.now());
        self.problems.extend(problems);
        self.warnings.extend(warnings);
        if let Some(rules) = settings.law.rules_file.as_deref().filter(|rules| self.is_new(rules)) {
            self.check_rules(rules);
        }
    }

    fn check_rules(&mut self, file: &Path) {
        match RulesFile::load(file) {
            Ok(rules) => {
                self.checked.push((file.to_owned(), law::told(&rules)));
                self.warnings.extend(rules.overdue(Clock::Wall.now()));
            }
            Err(wrong) => {
                self.checked.push((file.to_owned(), "rules".to_owned()));
                self.problems.extend(wrong);
            }
        }
    }

    fn check_what_settings_name(&mut self, file: &Path, settings: &Settings) {
        let options = FenceOptions {
            skip_invalid: settings.fences.skip_invalid,
            region: settings.fences.region,
            is_quiet: self.is_quiet,
        };
        let fences = settings.fences.file.as_ref().and_then(|fences| {
            self.is_new(fences);
            if self.is_left_for_later(fences, settings) { None } else { self.check_fences(fences, options) }
        });
        let in_rings = self.check_sensitive(settings, fences.as_deref());
        let fences: Option<Vec<FenceFacts>> =
            fences.map(|fences| fences.into_iter().map(|fence| fence.facts).collect());
        let Some(offers_path) = &settings.offers_file else { return };
        if self.is_left_for_later(offers_path, settings) {
            return;
        }
        self.is_new(offers_path);
        self.warnings.extend(careless(file, settings));
        let Some(offers) = self.check_offers(offers_path, settings.offers) else { return };
        match (fences, &settings.fences.file) {
            (Some(fences), _) => {
                self.problems.extend(offers.check_fences(&fences));
                self.problems.extend(in_rings.against(&offers));
            }
            (None, Some(_)) => {}
            (None, None) => {
                let reason = "names offers and no fences, so none of them is ever due";
                self.warnings.push(Problem::of_file(file, reason));
            }
        }
    }

    /// Which of the fences lie in the rings of sensitive places.
    fn check_sensitive(&mut self, settings: &Settings, fences: Option<&[Fence]>) -> InRings {
        let Some(file) = &settings.sensitive.file else { return InRings::default() };
        self.is_new(file);
        let places = match sensitive::load(&settings.sensitive, &settings.law, Clock::Wall.now()) {
            Ok(loaded) => {
                let n = counted(loaded.places.places().len(), "sensitive place");
                self.checked.push((file.clone(), format!("{n}: {}", sensitive::told(&loaded.places))));
                self.warnings.extend(loaded.warnings);
                loaded.places
            }
            Err(wrong) => {
                self.checked.push((file.clone(), "sensitive places".to_owned()));
                self.problems.extend(wrong);
                return InRings::default();
            }
        };
        let name = settings.fences.file.as_deref().unwrap_or(file);
        let in_rings = InRings::of(fences.into_iter().flatten(), &places, name);
        self.problems.extend(in_rings.refused.iter().cloned());
        self.warnings.extend(in_rings.warning(name));
        in_rings
    }

    /// Whether a file of a folder is one that a command makes and has not made yet: nobody who
    /// looks over a folder has asked for it.
    fn is_left_for_later(&mut self, file: &Path, settings: &Settings) -> bool {
        let command = settings.maker_of(file).filter(|_| self.is_of_folder && !file.exists());
        self.not_made.extend(command.map(|command| (file.to_owned(), command.to_owned())));
        command.is_some()
    }

    fn check_offers(&mut self, file: &Path, settings: OfferSettings) -> Option<OffersFile> {
        match OffersFile::load_with(file, settings) {
            Ok(offers) => {
                self.warnings.extend(offers.warnings(Clock::Wall.now()));
                self.checked.push((file.to_owned(), counted(offers.n_offers(), "offer")));
                Some(offers)
            }
            Err(wrong) => {
                self.checked.push((file.to_owned(), "offers".to_owned()));
                self.problems.extend(wrong);
                None
            }
        }
    }

    fn check_fences(&mut self, file: &Path, options: FenceOptions) -> Option<Vec<Fence>> {
        match fence_files::load(file, options) {
            Ok(loaded) => {
                self.checked.push((file.to_owned(), counted(loaded.fences.len(), "fence")));
                self.warnings.extend(loaded.warnings);
                let facts = loaded.fences.iter().map(|fence| &fence.facts);
                let unowned: Vec<&FenceFacts> = facts.filter(|fence| fence.merchant.is_none()).collect();
                if let Some(first) = unowned.first() {
                    let reason = format!(
                        "{} of {} fences have no merchant and never bring an offer, the first is {:?}",
                        unowned.len(),
                        loaded.fences.len(),
                        first.id.as_str()
                    );
                    self.warnings.push(Problem::of_file(file, reason));
                }
                Some(loaded.fences)
            }
            Err(wrong) => {
                self.checked.push((file.to_owned(), "fences".to_owned()));
                self.problems.extend(wrong);
                None
            }
        }
    }

    fn check_consent(&mut self, file: &Path) {
        let events = match wire::consent_file::open(file) {
            Ok(events) => events,
            Err(error) => {
                self.problems.push(line_problem(file, &error));
                return;
            }
        };
        let (mut n_events, mut wrong) = (0, Vec::new());
        for event in events {
            match event {
                Ok(_) => n_events += 1,
                Err(error) => wrong.push(line_problem(file, &error)),
            }
        }
        self.checked.push((file.to_owned(), counted(n_events, "consent event")));
        self.problems.extend(fence_files::shortened(file, wrong));
    }

    fn exit_code(&self) -> ExitCode {
        if self.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(78) }
    }

    fn json(&self) -> serde_json::Value {
        let listed = |problems: &[Problem]| problems.iter().map(problem_json).collect::<Vec<_>>();
        let checked: Vec<_> = self
            .checked
            .iter()
            .map(|(file, what)| json!({ "file": file.display().to_string(), "what": what }))
            .collect();
        let not_made: Vec<_> = self
            .not_made
            .iter()
            .map(|(file, command)| json!({ "file": file.display().to_string(), "made_by": command }))
            .collect();
        json!({ "checked": checked, "not_made": not_made, "problems": listed(&self.problems), "warnings": listed(&self.warnings) })
    }

    fn tell(&self, out: &mut impl io::Write, dir: &Path, is_fancy: bool) -> io::Result<()> {
        tell_problems(out, &self.problems, Weight::Problem, is_fancy)?;
        tell_problems(out, &self.warnings, Weight::Warning, is_fancy)?;
        for (file, what) in &self.checked {
            writeln!(out, "{}: {what}", file.display())?;
        }
        for (file, command) in &self.not_made {
            writeln!(out, "{}: not made yet; it is made by: {command}", file.display())?;
        }
        let verdict = match (self.problems.len(), self.warnings.len()) {
            (0, 0) => "nothing wrong".to_owned(),
            (0, n_warnings) => format!("nothing wrong, {}", counted(n_warnings, "warning")),
            (n_problems, 0) => counted(n_problems, "problem"),
            (n_problems, n_warnings) => {
                format!("{}, {}", counted(n_problems, "problem"), counted(n_warnings, "warning"))
            }
        };
        writeln!(out, "{}: {} checked, {verdict}", dir.display(), counted(self.checked.len(), "file"))
    }
}
