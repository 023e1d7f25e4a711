//! `stile rules list`: all rules, with where they hold and how well they are known.

use std::io::{self, Write as _};
use std::process::ExitCode;

use consent_gate::rules::Rule;
use model::Timestamp;
use serde_json::{Value, json};

use super::{Asked, day, stdout_failed};
use crate::cli::report::{Failure, counted};

/// Lists all rules.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    asked: Asked,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let now = args.asked.now();
    let (_, rules) = args.asked.settings()?;
    let mut out = io::stdout().lock();
    let told = if args.asked.json {
        let listed: Vec<Value> = rules.book().rules().iter().map(|rule| as_json(rule, now)).collect();
        writeln!(out, "{}", json!({ "file": rules.file().display().to_string(), "rules": listed }))
    } else {
        let n_rules = counted(rules.book().rules().len(), "rule");
        let head = writeln!(out, "{n_rules} of {}", rules.file().display());
        head.and_then(|()| rules.book().rules().iter().try_for_each(|rule| tell(&mut out, rule, now)))
    };
    told.map_or_else(stdout_failed, |()| Ok(ExitCode::SUCCESS))
}

fn tell(out: &mut impl io::Write, rule: &Rule, now: Timestamp) -> io::Result<()> {
    let places: Vec<String> = rule.places.iter().map(ToString::to_string).collect();
    writeln!(out, "\n{:<10} {}", rule.id, places.join(", "))?;
    writeln!(out, "           {}", rule.what)?;
    writeln!(out, "           {}", standing(rule, now))
}

/// Whose it is, where to look it up, and how well it is known.
pub(super) fn standing(rule: &Rule, now: Timestamp) -> String {
    let mut said = vec![format!("{}: {}", rule.basis.word(), rule.source)];
    said.extend(rule.from.map(|from| format!("since {}", day(from))));
    said.extend(rule.until.map(|until| format!("until the end of {}", day(until - model::Millis::new(1)))));
    if !rule.is_in_force(now) {
        said.push("NOT IN FORCE".to_owned());
    }
    if !rule.verified {
        said.push("NOT VERIFIED, so it only tightens".to_owned());
    }
    if rule.is_overdue(now) {
        said.push(format!("REVIEW WAS DUE BY {}", day(rule.review_by)));
    }
    said.join("; ")
}

pub(super) fn as_json(rule: &Rule, now: Timestamp) -> Value {
    json!({
        "id": rule.id,
        "where": rule.places.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "what": rule.what,
        "basis": rule.basis.word(),
        "source": rule.source,
        "from": rule.from.map(day),
        "until": rule.until.map(|until| day(until - model::Millis::new(1))),
        "in_force": rule.is_in_force(now),
        "verified": rule.verified,
        "review_by": (rule.review_by != Timestamp::MAX).then(|| day(rule.review_by)),
        "overdue": rule.is_overdue(now),
    })
}
