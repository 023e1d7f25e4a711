//! Why a version of the fence set cannot be read or kept.

use std::io;
use std::path::PathBuf;

/// Why a version of the fence set cannot be read or kept. Nothing was changed,
/// except where it says that nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum FenceSetError {
    /// The world did not play along.
    #[error("{}: {source}", .path.display())]
    Io {
        /// With which file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// There are versions, and nothing says which is in force.
    #[error(
        "{} is missing while there are versions of the fence set beside it: put it back; which version \
         is in force is not guessed",
        .path.display()
    )]
    NoList {
        /// Where it should be.
        path: PathBuf,
    },
    /// The list of versions is none.
    #[error("{} is damaged: {why}; put it back from a backup", .path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A version's file does not hold what was written.
    #[error(
        "{} does not hold what was written as version {no}: put it back, or go to another version with \
         `stile fences rollback`",
        .path.display()
    )]
    Damaged {
        /// Its file.
        path: PathBuf,
        /// Which.
        no: u64,
    },
    /// A rename could not be synced.
    #[error(
        "{}: {source}; nobody knows which list of versions is on the disk: start the server again, which looks",
        .path.display()
    )]
    Suspect {
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// After [`FenceSetError::Suspect`] nothing is written.
    #[error("a sync failed before; start the server again, which looks what is on the disk")]
    NotTrusted,
    /// No such version is kept.
    #[error("version {no} is not kept; {}", in_words(.kept))]
    NotKept {
        /// Which.
        no: u64,
        /// Those that are.
        kept: Vec<u64>,
    },
}

fn in_words(numbers: &[u64]) -> String {
    match numbers {
        [] => "there is none yet".into(),
        [only] => format!("version {only} is the only one"),
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(u64::to_string).collect();
            format!("versions {} and {last} are", rest.join(", "))
        }
    }
}
