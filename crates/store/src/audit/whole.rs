//! What belongs to no chain: the heads together, counts, tombstones, keys, rows of no partition.

use std::collections::HashSet;

use model::N_PARTITIONS;
use rusqlite::Connection;

use super::n_astray;
use crate::erasures::all_erasures;
use crate::keys::KeyRoom;
use crate::proof::ProofKey;
use crate::standing::{Standing, Untrue, stock_in};
use crate::tombstones::Tombstone;

/// Something that is wrong with a ledger outside of its chains and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Entries that stand in no partition.
    EntriesAstray {
        /// How many.
        n: u64,
    },
    /// State rows that stand in no partition.
    RowsAstray {
        /// How many.
        n: u64,
    },
    /// Head rows for which nobody with the master key vouches.
    Heads,
    /// Counts of offers that are not those that were written.
    Stock,
    /// Erasures that were decided and are not told of.
    Undone {
        /// How many.
        n: u64,
    },
    /// Erasures that have no tombstone.
    NoTombstone {
        /// How many.
        n: u64,
    },
    /// Keys that do not open.
    Keys {
        /// How many.
        n: u64,
    },
}

impl Flaw {
    /// The word that machines read.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::EntriesAstray { .. } => "entries_astray",
            Self::RowsAstray { .. } => "rows_astray",
            Self::Heads => "heads",
            Self::Stock => "stock",
            Self::Undone { .. } => "erasures_undone",
            Self::NoTombstone { .. } => "no_tombstone",
            Self::Keys { .. } => "keys",
        }
    }
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::EntriesAstray { n } => {
                write!(f, "{n} entries stand in no partition: they were put in by hand")
            }
            Self::RowsAstray { n } => {
                write!(f, "{n} state rows stand in no partition: they were put in by hand")
            }
            Self::Heads => f.write_str("the head rows are not vouched for by the master key"),
            Self::Stock => f.write_str("the counts of offers are not those that were written"),
            Self::Undone { n } => {
                write!(f, "{n} tombstones have no erasure: a start would erase those customers")
            }
            Self::NoTombstone { n } => {
                write!(f, "{n} erasures have no tombstone: it was taken out or damaged")
            }
            Self::Keys { n } => write!(f, "{n} keys are not what was written there"),
        }
    }
}

/// Looks for all of it.
pub(crate) fn flaws(
    ledger: &Connection,
    keys: &KeyRoom,
    proof: &ProofKey,
    stones: &[Tombstone],
) -> rusqlite::Result<Vec<Flaw>> {
    let moment = ledger.unchecked_transaction()?;
    let (standing, untrue) = Standing::read(&moment, proof)?;
    let decided: HashSet<_> = stones.iter().map(|stone| (stone.customer, stone.at)).collect();
    let done: HashSet<_> =
        all_erasures(&moment)?.iter().map(|erasure| (erasure.customer, erasure.at)).collect();
    let flaws = [
        some(n_astray(&moment)?).map(|n| Flaw::EntriesAstray { n }),
        some(n_rows_astray(&moment)?).map(|n| Flaw::RowsAstray { n }),
        untrue.contains(&Untrue::Whole).then_some(Flaw::Heads),
        (stock_in(&moment, proof)? != standing.stock).then_some(Flaw::Stock),
        some(decided.difference(&done).count() as u64).map(|n| Flaw::Undone { n }),
        some(done.difference(&decided).count() as u64).map(|n| Flaw::NoTombstone { n }),
        some(n_keys_damaged(&moment, keys)?).map(|n| Flaw::Keys { n }),
    ];
    Ok(flaws.into_iter().flatten().collect())
}

const fn some(n: u64) -> Option<u64> {
    if n == 0 { None } else { Some(n) }
}

/// Of whom there are entries, their key was tried with them.
fn n_keys_damaged(ledger: &Connection, keys: &KeyRoom) -> rusqlite::Result<u64> {
    let select = "SELECT 1 FROM entries WHERE customer = ?1 AND sealed IS NOT NULL";
    let mut select = ledger.prepare_cached(select)?;
    keys.n_damaged(&mut |customer| select.exists([customer.bytes()]))
}

fn n_rows_astray(ledger: &Connection) -> rusqlite::Result<u64> {
    let select = "SELECT (SELECT count(*) FROM states WHERE partition < 0 OR ?1 <= partition)
         + (SELECT count(*) FROM heads WHERE partition < 0 OR ?1 <= partition)
         + (SELECT count(*) FROM retained WHERE partition < 0 OR ?1 <= partition)";
    let n: i64 = ledger.query_row(select, [N_PARTITIONS], |row| row.get(0))?;
    Ok(n.cast_unsigned())
}
