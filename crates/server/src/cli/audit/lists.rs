//! The lists beside the ledger, each held against its checksum.

use std::path::Path;

use store::{Backups, FenceSets};

use crate::officer::notices::Registry;
use crate::orders::Orders;

/// A list or file of a data directory that was read.
pub(super) struct Listed {
    /// Where it lies in the directory.
    pub(super) place: String,
    /// It is of an older version and carries no checksum.
    pub(super) is_older: bool,
    /// Why it is not what was written.
    pub(super) wrong: Option<String>,
}

/// Reads all of them, and every version of the fence set.
pub(super) fn read(dir: &Path) -> Vec<Listed> {
    let orders = Orders::read(dir).map(|orders| orders.is_checked()).map_err(|error| error.to_string());
    let notices = Registry::read(dir).map(|notices| notices.is_checked()).map_err(|error| error.to_string());
    let backups = Backups::read(dir).map(|_| true).map_err(|why| format!("backups.json: {why}"));
    let mut listed =
        vec![of("offers.json", orders), of("notices.json", notices), of("backups.json", backups)];
    match FenceSets::read(dir) {
        Ok(sets) => {
            listed.push(of("fences/versions.json", Ok(sets.is_checked())));
            listed.extend(sets.records().iter().map(|set| {
                let content =
                    sets.make_of(set.no, |file| std::io::copy(file, &mut std::io::sink()).map(drop));
                let read = content.map(|_| true).map_err(|error| error.to_string());
                let read = if is_kept(dir, set.no) { read } else { Ok(true) };
                of(&format!("version {} of the fences", set.no), read)
            }));
        }
        Err(error) => listed.push(of("fences/versions.json", Err(error.to_string()))),
    }
    listed
}

/// Whether a server that takes up another set meanwhile has not let go of this one.
fn is_kept(dir: &Path, no: u64) -> bool {
    FenceSets::read(dir).map_or(true, |sets| sets.record(no).is_some())
}

fn of(place: &str, read: Result<bool, String>) -> Listed {
    let (is_older, wrong) = match read {
        Ok(is_checked) => (!is_checked, None),
        Err(why) => (false, Some(why)),
    };
    Listed { place: place.to_owned(), is_older, wrong }
}
