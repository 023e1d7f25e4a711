//! What can be wrong with a chain, and how it is told apart.

use std::fmt;

use ledger::Head;
use model::{Partition, Timestamp};
use rusqlite::Connection;

use super::{ENTRIES, RawEntry, ends};
use crate::verify::head_row;

/// The first thing that is wrong with the chain of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainFault {
    /// Whose chain.
    pub partition: Partition,
    /// Which entry.
    pub no: u64,
    /// What is wrong with it.
    pub wrong: Wrong,
    /// When the last entry before it was made that could be read.
    pub after: Option<Timestamp>,
    /// When the first entry from it on was made that can be read.
    pub before: Option<Timestamp>,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is not there, nor are the next of so many.
    Missing {
        /// How many.
        n: u64,
    },
    /// It is not what was written there.
    Changed,
    /// It was written as another entry.
    Moved {
        /// As which.
        from: u64,
    },
    /// It does not follow from the entry before it, nor does the next one follow from it.
    Link,
    /// It is empty, and neither an erasure nor the end of its time explains that.
    Emptied(&'static str),
    /// It cannot be opened.
    Unreadable(&'static str),
    /// It is the last one, and not the one that the ledger's own head names.
    HeadRow,
    /// It is not the one that the heads kept apart name.
    Apart,
    /// It is the last one, and its head row was not written by who has the master key.
    Forged,
    /// It is the last one, and entries before it were emptied by somebody without the master key.
    EmptiedByHand,
}

impl Wrong {
    /// The word that machines read.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::Changed => "changed",
            Self::Moved { .. } => "moved",
            Self::Link => "link",
            Self::Emptied(_) => "emptied",
            Self::Unreadable(_) => "unreadable",
            Self::HeadRow => "head_row",
            Self::Apart => "heads_apart",
            Self::Forged => "forged_head",
            Self::EmptiedByHand => "emptied_by_hand",
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { n: 1 } => f.write_str("the row is missing"),
            Self::Missing { n } => write!(f, "the row is missing, {n} rows in all"),
            Self::Changed => f.write_str("the row is not what was written there"),
            Self::Moved { from } => write!(f, "the row was written as entry {from} and moved here"),
            Self::Link => f.write_str("its link does not follow from the entry before it"),
            Self::Emptied(why) => f.write_str(why),
            Self::Unreadable(why) => write!(f, "the row cannot be opened: {why}"),
            Self::HeadRow => f.write_str("the chain's end is not the one that its head row names"),
            Self::Apart => f.write_str("the entry is not the one that was acknowledged"),
            Self::Forged => f.write_str("the chain's end was not written by who has the master key"),
            Self::EmptiedByHand => {
                f.write_str("entries are empty that no erasure and no retention has emptied")
            }
        }
    }
}

/// Why a link does not follow: the row, or the link itself, or a row of another place.
pub(super) fn of_link(ledger: &Connection, before: &Head, entry: &RawEntry) -> rusqlite::Result<Wrong> {
    let Some(link) = entry.link else { return Ok(Wrong::Changed) };
    let end = head_row(ledger, before.partition())?;
    if (end.no(), *end.link()) == (entry.no, link) {
        return Ok(Wrong::Changed);
    }
    let mut select = ledger.prepare_cached(ENTRIES)?;
    let mut rows = select.query(ends(before.partition()))?;
    // The entry that was written after this one says as which it was written.
    while let Some(row) = rows.next()? {
        let other = RawEntry::read(row)?;
        let stood_at = Head::stored(before.partition(), other.no.saturating_sub(1), link);
        let follows = other.after(&stood_at).is_some_and(|head| Some(*head.link()) == other.link);
        if follows {
            return Ok(match stood_at.no() {
                no if no == entry.no => Wrong::Changed,
                from => Wrong::Moved { from },
            });
        }
    }
    Ok(Wrong::Link)
}
