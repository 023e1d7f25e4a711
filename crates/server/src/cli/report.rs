//! How commands end and how they say what is wrong.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use miette::{Diagnostic, GraphicalReportHandler, LabeledSpan, NamedSource, Severity, SourceCode};
use serde_json::{Value, json};
use settings::{Place, Problem, Shown};
use store::{FenceSetError, OpenError};
use wire::LineError;

use crate::fence_sets::Refused;
use crate::officer::notices::RegistryError;
use crate::orders::OrdersError;

/// Why a command could not do what it was asked to; every kind has its exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line contradicts itself.
    #[error("{0}")]
    Usage(String),
    /// The world did not play along.
    #[error("{}: {error}", file.display())]
    Io {
        /// With which file.
        file: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// Files that an operator wrote are wrong; each problem is told apart.
    #[error("{} in what was given", counted(.0.len(), "problem"))]
    Problems(Vec<Problem>),
    /// Anything else that has an exit code and a sentence.
    #[error("{reason}")]
    Other {
        /// As `sysexits.h` has it.
        code: u8,
        /// What failed.
        reason: String,
    },
}

impl Failure {
    /// A failure with an exit code and what it says.
    #[must_use]
    pub fn failed(code: u8, reason: &dyn fmt::Display) -> Self {
        Self::Other { code, reason: reason.to_string() }
    }

    /// A data directory that cannot be opened: held by another instance, not the right
    /// one, or failing.
    #[must_use]
    pub fn open(error: &OpenError) -> Self {
        let code = match error {
            OpenError::Locked { .. } => 75,
            OpenError::Io { .. }
            | OpenError::Sqlite { .. }
            | OpenError::Damaged { .. }
            | OpenError::Unfinished { .. } => 74,
            OpenError::NoData { .. }
            | OpenError::Copy { .. }
            | OpenError::Missing { .. }
            | OpenError::LooseMode { .. }
            | OpenError::OtherOwner { .. }
            | OpenError::NoKey { .. }
            | OpenError::NoKeyFile { .. }
            | OpenError::OpenToAll { .. }
            | OpenError::KeyInside { .. }
            | OpenError::WrongKey { .. }
            | OpenError::OtherInstance { .. }
            | OpenError::NewerVersion { .. }
            | OpenError::OlderVersion { .. } => 78,
        };
        let why = std::error::Error::source(error).map(|why| format!(": {why}")).unwrap_or_default();
        Self::Other { code, reason: format!("{error}{why}") }
    }

    /// An I/O error with the file it happened to.
    #[must_use]
    pub fn io(file: &Path, error: io::Error) -> Self {
        Self::Io { file: file.to_owned(), error }
    }

    /// The exit code, as `sysexits.h` has it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(64),
            Self::Io { .. } => ExitCode::from(74),
            Self::Problems(_) => ExitCode::from(78),
            Self::Other { code, .. } => ExitCode::from(*code),
        }
    }

    /// Tells it on stderr, problem by problem.
    pub fn tell(&self) {
        let mut err = io::stderr().lock();
        // Whoever closed stderr does not want to hear.
        let _ = match self {
            Self::Usage(_) | Self::Io { .. } | Self::Other { .. } => writeln!(err, "stile: {self}"),
            Self::Problems(problems) => {
                let is_fancy = io::stderr().is_terminal();
                tell_problems(&mut err, problems, Weight::Problem, is_fancy)
            }
        };
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Problems(problems)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Problems(problems) => Self::Problems(problems),
            Refused::Sets(error) => Self::from(error),
            Refused::Orders(error) => Self::from(error),
        }
    }
}

impl From<OrdersError> for Failure {
    fn from(error: OrdersError) -> Self {
        let code = match error {
            OrdersError::Io { .. } | OrdersError::Suspect { .. } | OrdersError::NotTrusted => 74,
            OrdersError::Damaged { .. } => 78,
        };
        Self::failed(code, &error)
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        let code = match error {
            RegistryError::Io { .. } | RegistryError::Suspect { .. } => 74,
            RegistryError::Damaged { .. } | RegistryError::Refused(_) => 78,
        };
        Self::failed(code, &error)
    }
}

impl From<FenceSetError> for Failure {
    fn from(error: FenceSetError) -> Self {
        let code = match error {
            FenceSetError::Io { .. } | FenceSetError::Suspect { .. } | FenceSetError::NotTrusted => 74,
            FenceSetError::NoList { .. }
            | FenceSetError::List { .. }
            | FenceSetError::Damaged { .. }
            | FenceSetError::NotKept { .. } => 78,
        };
        Self::failed(code, &error)
    }
}

/// Whether a finding fails the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It does.
    Problem,
    /// It does not.
    Warning,
}

/// Writes problems one a line, or with the lines of the file on a terminal.
pub fn tell_problems(
    out: &mut dyn Write,
    problems: &[Problem],
    weight: Weight,
    is_fancy: bool,
) -> io::Result<()> {
    let mut texts = HashMap::new();
    for problem in problems {
        if is_fancy && let Some(picture) = picture(problem, weight, &mut texts) {
            out.write_all(picture.as_bytes())?;
            continue;
        }
        let prefix = match weight {
            Weight::Problem => "",
            Weight::Warning => "warning: ",
        };
        writeln!(out, "{prefix}{problem}")?;
    }
    Ok(())
}

/// What is wrong with a line of a recording, as a problem of its file.
#[must_use]
pub fn line_problem(file: &Path, error: &LineError) -> Problem {
    let mut problem = Problem::of_file(file, error.reason.to_string());
    // No bytes: a line of a recording may hold where a person was, and is never shown.
    let line = usize::try_from(error.line).unwrap_or(usize::MAX);
    problem.place = (0 < line).then_some(Place { line, column: 1, bytes: 0..0 });
    problem
}

/// A problem as a JSON object.
#[must_use]
pub fn problem_json(problem: &Problem) -> Value {
    let place = problem.place.as_ref();
    json!({
        "file": problem.file.display().to_string(),
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "key": problem.key,
        "reason": problem.reason,
        "hint": problem.hint,
    })
}

/// The problem of a JSON object that [`problem_json`] made.
#[must_use]
pub fn problem_of_json(object: &Value) -> Problem {
    let text = |key: &str| object[key].as_str().map(str::to_owned);
    let file = text("file").unwrap_or_default();
    let mut problem = Problem::of_file(Path::new(&file), text("reason").unwrap_or_default());
    let number = |key: &str| object[key].as_u64().and_then(|n| usize::try_from(n).ok());
    problem.place =
        number("line").map(|line| Place { line, column: number("column").unwrap_or(1), bytes: 0..0 });
    problem.key = text("key").unwrap_or_default();
    problem.hint = text("hint");
    problem
}

/// A number with its noun: `1 fence`, `2 fences`.
#[must_use]
pub fn counted(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// Longest line that is worth showing: GeoJSON often stands on a single one.
const LINE_LEN_MAX: usize = 400;

/// The problem with the lines around it; `None` where there is no place to show.
fn picture(
    problem: &Problem,
    weight: Weight,
    texts: &mut HashMap<PathBuf, Option<String>>,
) -> Option<String> {
    let place = problem.place.as_ref().filter(|place| place.bytes != (0..0))?;
    let text = texts.entry(problem.file.clone()).or_insert_with(|| readable(&problem.file)).as_deref()?;
    let end = place.bytes.end.max(place.bytes.start + 1).min(text.len());
    let span = (place.bytes.start.min(end), end.saturating_sub(place.bytes.start));
    let picture = Picture {
        title: title(problem),
        hint: problem.hint.as_deref().map(|hint| Shown(hint).to_string()),
        label: LabeledSpan::new_with_span(None, span),
        source: NamedSource::new(problem.file.display().to_string(), text.to_owned()),
        severity: match weight {
            Weight::Problem => Severity::Error,
            Weight::Warning => Severity::Warning,
        },
    };
    let mut drawn = String::new();
    GraphicalReportHandler::new().render_report(&mut drawn, &picture).ok()?;
    Some(drawn)
}

/// A file's text as the places in it count: without a byte order mark.
fn readable(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    // Control characters would draw over the picture, and escaping them would shift it.
    let is_plain = text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    (is_plain && text.lines().all(|line| line.len() <= LINE_LEN_MAX)).then_some(text)
}

fn title(problem: &Problem) -> String {
    let mut title = String::new();
    let written = if problem.key.is_empty() {
        write!(title, "{}", Shown(&problem.reason))
    } else {
        write!(title, "{} {}", Shown(&problem.key), Shown(&problem.reason))
    };
    written.expect("a String takes whatever is written");
    title
}

/// A problem as miette draws it.
#[derive(Debug)]
struct Picture {
    title: String,
    hint: Option<String>,
    label: LabeledSpan,
    source: NamedSource<String>,
    severity: Severity,
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl std::error::Error for Picture {}

impl Diagnostic for Picture {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint.as_ref().map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_the_exit_code_of_its_kind() {
        let check = |failure: Failure, code: u8| {
            assert_eq!(format!("{:?}", failure.exit_code()), format!("{:?}", ExitCode::from(code)));
        };
        check(Failure::Usage("a and b".to_owned()), 64);
        check(Failure::io(Path::new("f"), io::Error::other("full")), 74);
        check(Failure::Problems(Vec::new()), 78);
        check(Failure::open(&OpenError::Locked { dir: "d".into() }), 75);
    }

    #[test]
    fn without_a_terminal_a_problem_is_one_line() {
        let problem = Problem::of_file(Path::new("f.toml"), "is empty").with_hint("fill it");
        let mut out = Vec::new();
        tell_problems(&mut out, &[problem], Weight::Warning, false).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "warning: f.toml: is empty (fill it)\n");
    }

    #[test]
    fn on_a_terminal_a_problem_shows_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.toml");
        std::fs::write(&file, "[presence]\ndwel = \"3 min\"\n").unwrap();
        let problems = settings::load(&file).unwrap_err();
        let mut out = Vec::new();
        tell_problems(&mut out, &problems, Weight::Problem, true).unwrap();
        let drawn = String::from_utf8(out).unwrap();
        assert!(drawn.contains("dwel = \"3 min\"") && drawn.contains("did you mean"), "{drawn}");
    }
}
