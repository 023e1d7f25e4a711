//! What is well and what is not in a data directory, found without changing anything.
//!
//! It works beside a running server and on a directory that nobody holds. Every check is told, the good
//! ones too, each with its place and what to do about it.

mod databases;
mod files;
mod findings;
mod rows;

use std::path::Path;

use model::Timestamp;

pub use self::files::holder_of;
use self::findings::Findings;
pub use self::findings::{Finding, Weight};

/// Examines a data directory, whose master key may be in a file that is named; `count` hears of entries as they are read, so that a bar can move.
///
/// The findings come in the order of the checks, from what all else rests on to what is nice to have.
#[must_use]
pub fn examine(
    data_dir: &Path,
    master_key: Option<&Path>,
    count: &mut dyn FnMut(u64),
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Findings::default();
    files::directory(data_dir, &mut findings);
    if data_dir.is_dir() {
        files::home(data_dir, &mut findings);
        files::parts(data_dir, master_key.is_some(), &mut findings);
        files::leftovers(data_dir, now, &mut findings);
        databases::examine((data_dir, master_key), count, now, &mut findings);
        files::fences(data_dir, &mut findings);
        files::backups(data_dir, now, &mut findings);
    }
    findings.all
}
