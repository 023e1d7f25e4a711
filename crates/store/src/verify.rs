//! What a start checks of the chains: that nothing which was acknowledged is gone.

use ledger::{ClosedPartition, CustomerHash, Head};
use model::Partition;
use rusqlite::{Connection, OptionalExtension};

use crate::heads::{Heads, partitions};
use crate::proof::ProofKey;
use crate::standing::{NOT_VOUCHED_FOR, OTHER_ROW, Standing, Untrue};

/// The bits of a place that hold the number.
const NO_BITS: u32 = 40;
/// The largest number of an entry.
const NO_MAX: u64 = (1 << NO_BITS) - 1;

/// Partition and number as the primary key of an entry.
pub(crate) fn entry_place(partition: Partition, no: u64) -> i64 {
    assert!(no <= NO_MAX, "a partition holds fewer than 2^40 entries");
    (i64::from(partition.no()) << NO_BITS) | no.cast_signed()
}

/// The partition in the primary key of an entry.
pub(crate) fn entry_partition(place: i64) -> Partition {
    Partition::from_no((place >> NO_BITS) as u16)
}

/// The number in the primary key of an entry.
pub(crate) const fn entry_no(place: i64) -> u64 {
    place.cast_unsigned() & NO_MAX
}

/// The chains as they stand, to write on from, and the partitions to close.
pub(crate) struct Chains {
    pub(crate) standing: Standing,
    pub(crate) closed: Vec<ClosedPartition>,
}

/// Why a partition is closed whose state rows were changed, put back or taken away.
pub(crate) const OTHER_ROWS: &str = "its state rows are not those that were written";

/// Compares, for every partition, the last entry, the head row and the head kept apart.
///
/// A closed partition keeps the head that was kept apart, so that it stays closed.
pub(crate) fn verify(ledger: &Connection, apart: &Heads, proof: &ProofKey) -> rusqlite::Result<Chains> {
    let (mut standing, untrue) = Standing::read(ledger, proof)?;
    let mut closed = Vec::new();
    for (partition, apart) in partitions().zip(apart) {
        let verified = match reason_of(&untrue, partition) {
            Some(reason) => Err(reason),
            None => verify_partition(ledger, apart)?,
        };
        if let Err(reason) = verified {
            standing.close(partition, *apart);
            closed.push(ClosedPartition { partition, reason });
        }
    }
    Ok(Chains { standing, closed })
}

/// What is not true of one partition.
fn reason_of(untrue: &[Untrue], partition: Partition) -> Option<&'static str> {
    untrue.iter().find_map(|untrue| match untrue {
        Untrue::Row(other) if *other == partition => Some(OTHER_ROW),
        Untrue::Row(_) => None,
        Untrue::Whole => Some(NOT_VOUCHED_FOR),
    })
}

fn verify_partition(ledger: &Connection, apart: &Head) -> rusqlite::Result<Result<Head, &'static str>> {
    let partition = apart.partition();
    let last = last_entry(ledger, partition)?;
    let row = head_row(ledger, partition)?;
    if last != row {
        return Ok(Err("its last entry is not the one that its head row names"));
    }
    if last.no() < apart.no() {
        return Ok(Err("entries that were acknowledged are missing at its end"));
    }
    let known = if apart.no() == last.no() { Some(last) } else { head_at(ledger, partition, apart.no())? };
    if known != Some(*apart) {
        return Ok(Err("its entries are not those that were acknowledged"));
    }
    // A crash between the commit and the heads file leaves the ledger ahead by one batch.
    let grown = grow(ledger, *apart)?;
    Ok(if grown == last { Ok(last) } else { Err("its last entries do not follow from one another") })
}

pub(crate) fn last_entry(ledger: &Connection, partition: Partition) -> rusqlite::Result<Head> {
    let mut select = ledger.prepare_cached(
        "SELECT place, link FROM entries WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC LIMIT 1",
    )?;
    let ends = (entry_place(partition, 0), entry_place(partition, NO_MAX));
    let found = select
        .query_row(ends, |row| Ok(Head::stored(partition, entry_no(row.get(0)?), row.get(1)?)))
        .optional()?;
    Ok(found.unwrap_or_else(|| Head::empty(partition)))
}

pub(crate) fn head_row(ledger: &Connection, partition: Partition) -> rusqlite::Result<Head> {
    let mut select = ledger.prepare_cached("SELECT no, link FROM heads WHERE partition = ?1")?;
    let found = select
        .query_row([partition.no()], |row| {
            Ok(Head::stored(partition, row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
        })
        .optional()?;
    Ok(found.unwrap_or_else(|| Head::empty(partition)))
}

pub(crate) fn head_at(ledger: &Connection, partition: Partition, no: u64) -> rusqlite::Result<Option<Head>> {
    if no == 0 {
        return Ok(Some(Head::empty(partition)));
    }
    let mut select = ledger.prepare_cached("SELECT link FROM entries WHERE place = ?1")?;
    select
        .query_row([entry_place(partition, no)], |row| Ok(Head::stored(partition, no, row.get(0)?)))
        .optional()
}

/// The head after all entries that follow `head` without a gap.
fn grow(ledger: &Connection, head: Head) -> rusqlite::Result<Head> {
    let mut select = ledger.prepare_cached(
        "SELECT place, customer, sealed_hash FROM entries WHERE ?1 < place AND place <= ?2 ORDER BY place",
    )?;
    let partition = head.partition();
    let mut rows = select.query((entry_place(partition, head.no()), entry_place(partition, NO_MAX)))?;
    let mut grown = head;
    while let Some(row) = rows.next()? {
        if entry_no(row.get(0)?) != grown.no() + 1 {
            break;
        }
        grown = grown.next(CustomerHash::from_bytes(row.get(1)?), &row.get(2)?);
    }
    Ok(grown)
}
