//! Consent files from disk, whole or not at all.

use std::path::Path;

use settings::Problem;
use wire::consent_file::Received;

use crate::fence_files::shortened;

/// Every event of a file.
///
/// # Errors
/// One bad line refuses the file, and all bad ones are named (`faults.md`, V08).
pub fn read_all(file: &Path) -> Result<Vec<Received>, Vec<Problem>> {
    let told = |error: wire::LineError| Problem::of_file(file, error.to_string());
    let mut events = Vec::new();
    let mut problems = Vec::new();
    for event in wire::consent_file::open(file).map_err(|error| vec![told(error)])? {
        match event {
            Ok(event) => events.push(event),
            Err(error) => problems.push(told(error)),
        }
    }
    if problems.is_empty() { Ok(events) } else { Err(shortened(file, problems)) }
}
