//! The whole of a chain, entry by entry: nothing was taken out, put in, changed or moved.

mod fault;
mod rows;
mod whole;

use ledger::{CustomerHash, Head, Place, Table, sealed_hash};
use model::{Partition, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

pub use self::fault::{ChainFault, Wrong};
pub use self::rows::{RowFault, Rows, WrongRow};
pub(crate) use self::rows::{Sums, audit};
pub use self::whole::Flaw;
pub(crate) use self::whole::flaws;
use crate::keys::KeyRoom;
use crate::proof::{Digest, ProofKey};
use crate::retain::retained_below;
use crate::scan::{Gone, Why};
use crate::standing::{Standing, Untrue};
use crate::verify::{entry_no, entry_place, head_at, head_row};

/// What a walk along one chain has counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Where it ended.
    pub head: Head,
    /// Entries whose text was taken away, by an erasure or because their time was over.
    pub n_taken_away: u64,
    /// When the last entry was made that could be read; `None` without keys.
    pub last_at: Option<Timestamp>,
}

/// A row of the log as it stands there, whatever it may hold.
pub(super) struct RawEntry {
    pub(super) no: u64,
    pub(super) customer: Option<CustomerHash>,
    pub(super) sealed_hash: Option<[u8; 32]>,
    pub(super) link: Option<[u8; 32]>,
    /// `None` where it was taken away.
    pub(super) sealed: Option<Vec<u8>>,
}

pub(super) const ENTRIES: &str = "SELECT place, customer, sealed_hash, link, sealed FROM entries
     WHERE ?1 < place AND place < ?2 ORDER BY place";

impl RawEntry {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let sealed = match row.get_ref(4)? {
            ValueRef::Null => None,
            ValueRef::Blob(sealed) => Some(sealed.to_vec()),
            // No sealed entry is a number or a text.
            ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) => Some(Vec::new()),
        };
        Ok(Self {
            no: entry_no(row.get(0)?),
            customer: bytes(row, 1)?.map(CustomerHash::from_bytes),
            sealed_hash: bytes(row, 2)?,
            link: bytes(row, 3)?,
            sealed,
        })
    }

    /// The head after it, by what it holds itself.
    pub(super) fn after(&self, before: &Head) -> Option<Head> {
        Some(before.next(self.customer?, &self.sealed_hash?))
    }
}

/// A blob of the right length.
fn bytes<const N: usize>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<[u8; N]>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Blob(blob) => blob.try_into().ok(),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) => None,
    })
}

/// The places between which the entries of a partition stand.
pub(super) fn ends(partition: Partition) -> (i64, i64) {
    (entry_place(partition, 0), i64::from(partition.no() + 1) << 40)
}

/// One walk along the chain of one partition.
pub(crate) struct Walk<'a> {
    /// The ledger.
    pub(crate) ledger: &'a Connection,
    /// With them every entry is opened too, without them only its hash is compared.
    pub(crate) keys: Option<&'a mut KeyRoom>,
    /// With it nobody else can have written the end of the chain, or emptied entries.
    pub(crate) proof: Option<&'a ProofKey>,
    /// Where the chain ended by what is kept apart.
    pub(crate) apart: Option<&'a Head>,
    /// With them what the entries say is added up.
    pub(crate) sums: Option<&'a mut Sums>,
}

impl Walk<'_> {
    /// Walks a whole chain, and tells the first thing that is wrong with it.
    ///
    /// `count` hears of every entry.
    pub(crate) fn along(
        mut self,
        partition: Partition,
        count: &mut dyn FnMut(),
    ) -> rusqlite::Result<Result<Walked, ChainFault>> {
        let mut walked = Walked { head: Head::empty(partition), n_taken_away: 0, last_at: None };
        let mut sum = Digest::default();
        let fault = match self.entries(&mut walked, &mut sum, count) {
            Ok(fault) => fault,
            // What SQLite cannot read is the first thing that is wrong.
            Err(rusqlite::Error::SqliteFailure(failure, _)) if is_damage(&failure) => {
                Some((walked.head.no() + 1, Wrong::Unreadable("the database is damaged there")))
            }
            Err(error) => return Err(error),
        };
        let fault = match fault {
            Some(fault) => Some(fault),
            None => match self.ending(&walked.head)? {
                Some(fault) => Some(fault),
                None => self.vouched_for(&walked.head, sum)?,
            },
        };
        let Some((no, wrong)) = fault else { return Ok(Ok(walked)) };
        let before = self.time_after(partition, no).unwrap_or_default();
        Ok(Err(ChainFault { partition, no, wrong, after: walked.last_at, before }))
    }

    /// Whether who has the master key has written the end of a chain, and emptied what is empty in it.
    fn vouched_for(&self, last: &Head, mut sum: Digest) -> rusqlite::Result<Option<(u64, Wrong)>> {
        let Some(proof) = self.proof else { return Ok(None) };
        let partition = last.partition();
        let (standing, untrue) = Standing::read(self.ledger, proof)?;
        if untrue.contains(&Untrue::Row(partition)) {
            return Ok(Some((last.no(), Wrong::Forged)));
        }
        sum += proof.retained(partition, retained_below(self.ledger, partition).unwrap_or_default());
        let is_known = sum == standing.line(partition).gone;
        Ok((!is_known).then_some((last.no(), Wrong::EmptiedByHand)))
    }

    fn entries(
        &mut self,
        walked: &mut Walked,
        sum: &mut Digest,
        count: &mut dyn FnMut(),
    ) -> rusqlite::Result<Option<(u64, Wrong)>> {
        let partition = walked.head.partition();
        let mut select = self.ledger.prepare_cached(ENTRIES)?;
        let mut rows = select.query(ends(partition))?;
        let gone = self.gone(partition)?;
        while let Some(row) = rows.next()? {
            count();
            let entry = RawEntry::read(row)?;
            let next = walked.head.no() + 1;
            if entry.no != next {
                return Ok(Some((next, Wrong::Missing { n: entry.no.saturating_sub(next) })));
            }
            let follows = entry.after(&walked.head);
            let Some(head) = follows.filter(|head| Some(*head.link()) == entry.link) else {
                return Ok(Some((next, fault::of_link(self.ledger, &walked.head, &entry)?)));
            };
            match self.content(partition, &entry) {
                Ok(Some(at)) => walked.last_at = at.or(walked.last_at),
                Ok(None) => match gone.of_entry(&entry) {
                    Ok(why) => {
                        walked.n_taken_away += 1;
                        if let Some(proof) = self.proof {
                            *sum += why.digest(proof, entry_place(partition, next));
                        }
                        self.miss(why, &entry);
                    }
                    Err(why) => return Ok(Some((next, Wrong::Emptied(why)))),
                },
                Err(wrong) => return Ok(Some((next, wrong))),
            }
            walked.head = head;
        }
        Ok(None)
    }

    /// Which entries may be without what they said; of format 1 none.
    fn gone(&self, partition: Partition) -> rusqlite::Result<Gone> {
        let format: i64 = self.ledger.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if format < 2 {
            return Ok(Gone::default());
        }
        // What cannot be read allows nothing.
        Ok(Gone::of(self.ledger, partition).unwrap_or_default())
    }

    /// When an entry was made, as far as it can be opened; `None` of one that was taken away.
    fn content(
        &mut self,
        partition: Partition,
        entry: &RawEntry,
    ) -> Result<Option<Option<Timestamp>>, Wrong> {
        let Some(sealed) = &entry.sealed else { return Ok(None) };
        if Some(sealed_hash(sealed)) != entry.sealed_hash {
            return Err(Wrong::Changed);
        }
        let (Some(keys), Some(customer)) = (self.keys.as_deref_mut(), entry.customer) else {
            return Ok(Some(None));
        };
        let key = keys.find((partition, customer)).map_err(|_| Wrong::Unreadable("its key is damaged"))?;
        let key = key.ok_or(Wrong::Unreadable("the key of its customer is missing"))?;
        let place = Place { table: Table::Entries, partition, customer, no: entry.no };
        match key.open_entry(sealed, &place) {
            Ok(opened) => {
                if let Some(sums) = self.sums.as_deref_mut() {
                    sums.add(customer, &opened);
                }
                Ok(Some(Some(opened.at)))
            }
            Err(why) => Err(Wrong::Unreadable(why.text())),
        }
    }

    /// Notes that what an entry said is gone, unless a whole life is with it.
    fn miss(&mut self, why: Why, entry: &RawEntry) {
        if let (Some(sums), Some(customer)) = (self.sums.as_deref_mut(), entry.customer) {
            match why {
                Why::Outlived => sums.miss(customer),
                Why::TellsOfErasure | Why::Erased => {}
            }
        }
    }

    /// Compares where the entries end with where they should.
    fn ending(&self, last: &Head) -> rusqlite::Result<Option<(u64, Wrong)>> {
        let row = head_row(self.ledger, last.partition())?;
        if last.no() < row.no() {
            return Ok(Some((last.no() + 1, Wrong::Missing { n: row.no() - last.no() })));
        }
        if row != *last {
            return Ok(Some((last.no(), Wrong::HeadRow)));
        }
        let Some(apart) = self.apart else { return Ok(None) };
        if last.no() < apart.no() {
            return Ok(Some((last.no() + 1, Wrong::Missing { n: apart.no() - last.no() })));
        }
        let known = head_at(self.ledger, last.partition(), apart.no())?;
        Ok((known != Some(*apart)).then_some((apart.no(), Wrong::Apart)))
    }

    /// When the first entry from `no` on was made that can be read.
    fn time_after(&mut self, partition: Partition, no: u64) -> Option<Option<Timestamp>> {
        /// Entries that are tried: a hint is not worth reading everything twice.
        const N_TRIED_MAX: usize = 1_000;
        let ledger = self.ledger;
        let mut select = ledger.prepare_cached(ENTRIES).ok()?;
        let (_, end) = ends(partition);
        let mut rows = select.query((entry_place(partition, no.saturating_sub(1)), end)).ok()?;
        for _ in 0..N_TRIED_MAX {
            let entry = RawEntry::read(rows.next().ok()??).ok()?;
            if let Ok(Some(Some(at))) = self.content(partition, &entry) {
                return Some(Some(at));
            }
        }
        None
    }
}

impl Gone {
    fn of_entry(&self, entry: &RawEntry) -> Result<Why, &'static str> {
        match (entry.customer, &entry.sealed_hash) {
            (Some(customer), Some(hash)) => self.check(entry.no, customer, hash),
            (None, _) | (_, None) => Err("what it said is missing"),
        }
    }
}

fn is_damage(failure: &rusqlite::ffi::Error) -> bool {
    matches!(failure.code, rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
}

/// Entries that stand in no partition: nothing that we wrote.
pub(crate) fn n_astray(ledger: &Connection) -> rusqlite::Result<u64> {
    let first = entry_place(Partition::from_no(0), 0);
    let (_, end) = ends(Partition::from_no(model::N_PARTITIONS - 1));
    let select = "SELECT count(*) FROM entries
         WHERE place < ?1 OR ?2 <= place OR (place & 0xffffffffff) = 0";
    let n: i64 = ledger.query_row(select, (first, end), |row| row.get(0))?;
    Ok(n.cast_unsigned())
}
