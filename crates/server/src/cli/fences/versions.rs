//! `stile fences list` and `diff`: the versions that are kept, read beside a running server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use model::Timestamp;
use serde_json::{Value, json};
use settings::{Problem, Shown};
use spatial_index::Fence;
use store::{FenceSets, SetRecord};

use crate::cli::data::Data;
use crate::cli::report::{Failure, counted};
use crate::explain;
use crate::fence_files::{self, FenceOptions};
use crate::fence_sets::change::FenceChange;
use crate::fence_sets::difference::Difference;
use crate::fence_sets::read_version;

/// Lists the versions that are kept.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What is different between two sets.
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// A version's number, or a GeoJSON file.
    #[arg(value_name = "OLD")]
    old: String,
    /// The same; the version in force when it is left out.
    #[arg(value_name = "NEW")]
    new: Option<String>,
    /// Tells the changes of so many fences one by one.
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
    #[command(flatten)]
    data: Data,
    /// Prints JSON, with every fence that is different.
    #[arg(long)]
    json: bool,
}

pub(super) fn list(args: &ListArgs) -> Result<ExitCode, Failure> {
    let sets = FenceSets::read(&args.data.dir()?)?;
    let in_force = sets.in_force().map(|set| set.no);
    if args.json {
        let versions: Vec<Value> = sets.records().iter().map(|set| record_json(set, in_force)).collect();
        let history: Vec<Value> = sets
            .history()
            .iter()
            .map(|taken_up| json!({ "version": taken_up.no, "at": time(taken_up.at_ms), "by": *taken_up.by }))
            .collect();
        println!("{}", json!({ "in_force": in_force, "versions": versions, "history": history }));
        return Ok(ExitCode::SUCCESS);
    }
    if sets.records().is_empty() {
        println!("no fence set was taken up yet");
        return Ok(ExitCode::SUCCESS);
    }
    println!("  version  made                  fences   added removed changed  hash      from");
    for set in sets.records() {
        let mark = if Some(set.no) == in_force { '*' } else { ' ' };
        let made = &set.made;
        println!(
            "{mark} {:>7}  {}  {:>7} {:>7} {:>7} {:>7}  {}  {}, by {}",
            set.no,
            minute(set.made_at_ms),
            made.n_fences,
            made.n_added,
            made.n_removed,
            made.n_changed,
            &set.hash[..8],
            Shown(&made.origin),
            Shown(&made.by),
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn record_json(set: &SetRecord, in_force: Option<u64>) -> Value {
    let made = &set.made;
    json!({
        "version": set.no,
        "in_force": Some(set.no) == in_force,
        "made_at": time(set.made_at_ms),
        "base": set.base,
        "hash": *set.hash,
        "bytes": set.n_bytes,
        "fences": made.n_fences,
        "added": made.n_added,
        "removed": made.n_removed,
        "changed": made.n_changed,
        "from": *made.origin,
        "by": *made.by,
    })
}

fn time(ms: i64) -> String {
    explain::rfc3339(Timestamp::from_unix_ms(ms))
}

fn minute(ms: i64) -> String {
    explain::clock(Timestamp::from_unix_ms(ms))
}

pub(super) fn diff(args: &DiffArgs) -> Result<ExitCode, Failure> {
    let sets = args.data.dir().and_then(|dir| Ok(FenceSets::read(&dir)?));
    let old = read(&args.old, sets.as_ref().ok())?;
    let in_force = || sets.as_ref().ok().and_then(|sets| sets.in_force()).map(|set| set.no.to_string());
    let Some(new) = args.new.clone().or_else(in_force) else {
        return Err(Failure::Usage("no version is in force; name two to compare".to_owned()));
    };
    let new = read(&new, sets.as_ref().ok())?;
    let difference = Difference::between(&old, &new);
    let changes = changes(&old, &new, &difference);
    if args.json {
        let mut told = json!({ "old": old.len(), "new": new.len() });
        told["added"] = json!(difference.added);
        told["removed"] = json!(difference.removed);
        told["changed"] = changes.iter().map(FenceChange::json).collect();
        println!("{told}");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}, now {}", counted(old.len(), "fence"), new.len());
    for (word, ids) in [("added", &difference.added), ("removed", &difference.removed)] {
        println!("{word:<8}{:>7}", ids.len());
        tell(ids.iter().map(|id| Shown(id).to_string()), ids.len(), args.limit);
    }
    println!("{:<8}{:>7}", "changed", changes.len());
    let lines = changes.iter().map(|change| format!("{}  {change}", Shown(&change.id)));
    tell(lines, changes.len(), args.limit);
    Ok(ExitCode::SUCCESS)
}

fn tell(lines: impl Iterator<Item = String>, n: usize, n_max: usize) {
    for line in lines.take(n_max) {
        println!("  {line}");
    }
    if n_max < n {
        println!("  and {} more", n - n_max);
    }
}

/// The changes of the fences that both sets have, by id.
fn changes(old: &[Fence], new: &[Fence], difference: &Difference) -> Vec<FenceChange> {
    let find = |fences: &[Fence], id: &str| {
        let at = fences.binary_search_by(|fence| fence.facts.id.as_str().cmp(id)).ok()?;
        Some(fences[at].clone())
    };
    let changed = difference.changed.iter();
    changed.filter_map(|id| FenceChange::between(&find(old, id)?, &find(new, id)?)).collect()
}

/// A version by its number, or a file, ascending by id.
fn read(named: &str, sets: Option<&FenceSets>) -> Result<Vec<Fence>, Failure> {
    let mut fences = match (named.parse(), sets) {
        (Ok(no), Some(sets)) => read_version(sets, no)?.0,
        (Ok(_), None) => {
            let reason = "is the number of a version, and no data directory was found";
            return Err(Failure::Problems(vec![Problem::of_file(Path::new(named), reason)]));
        }
        (Err(_), _) => fence_files::load(&PathBuf::from(named), FenceOptions::default())?.fences,
    };
    fences.sort_by(|a, b| a.facts.id.cmp(&b.facts.id));
    Ok(fences)
}
