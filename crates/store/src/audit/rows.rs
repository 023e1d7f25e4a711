//! State rows held against what their entries add up to.

use std::collections::{HashMap, HashSet};

use ledger::{
    CustomerHash, Disagreement, Entry, Head, Place, Rebuilt, Retention, StateRow, StoredState, Table,
};
use model::{Millis, Partition, Timestamp};
use rusqlite::{Connection, Row};

use super::{ChainFault, Walk, Walked};
use crate::keys::KeyRoom;
use crate::proof::{Digest, ProofKey};
use crate::standing::Standing;

/// What was found of the state rows of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Rows {
    /// How many there are.
    pub n: u64,
    /// Of how many some entries were kept long enough and are gone, so that they tell only what is left.
    pub n_partly: u64,
    /// Those that are wrong.
    pub faults: Vec<RowFault>,
}

impl Rows {
    /// Adds those of another partition.
    pub fn add(&mut self, other: Self) {
        self.n += other.n;
        self.n_partly += other.n_partly;
        self.faults.extend(other.faults);
    }
}

/// A state row that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// Whose chain tells what it should say.
    pub partition: Partition,
    /// The number of the chain's last entry when it was written; 0 where there is none.
    pub no: u64,
    /// What is wrong with it.
    pub wrong: WrongRow,
}

/// What is wrong with a state row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongRow {
    /// It is not there, and there are entries.
    Missing,
    /// It was written after the last entry.
    Newer,
    /// It cannot be opened.
    Unreadable(&'static str),
    /// It says otherwise than its entries.
    Disagrees(Disagreement),
    /// Together they are not those that were written: one was put back or taken away, and nobody knows which.
    Others,
}

impl WrongRow {
    /// The word that machines read.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Missing => "row_missing",
            Self::Newer => "row_newer",
            Self::Unreadable(_) => "row_unreadable",
            Self::Disagrees(_) => "row_disagrees",
            Self::Others => "rows_of_other_days",
        }
    }

    /// The same as a sentence.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        match self {
            Self::Missing => "there are entries of somebody and no row",
            Self::Newer => "a row is newer than the entries",
            Self::Unreadable(why) => why,
            Self::Others => {
                "its rows are not those that were written: one was changed, put back or taken away"
            }
            Self::Disagrees(what) => match what {
                Disagreement::Epoch => {
                    "a row says otherwise than its entries: how often something was restricted"
                }
                Disagreement::Consents => "a row says otherwise than its entries: what was agreed to",
                Disagreement::Profile => "a row says otherwise than its entries: the profile",
                Disagreement::Tolerance => "a row says otherwise than its entries: what the customer bears",
                Disagreement::Heard => "a row says otherwise than its entries: what was heard",
                Disagreement::Outbox => "a row says otherwise than its entries: the outbox",
            },
        }
    }
}

/// Walks the whole chain of a partition, opens every entry and every state row, and holds them against each
/// other and against what only who has the master key can have written.
pub(crate) fn audit(
    ledger: &Connection,
    keys: &mut KeyRoom,
    proof: &ProofKey,
    apart: &Head,
    (count, now): (&mut dyn FnMut(), Timestamp),
) -> rusqlite::Result<Result<(Walked, Rows), ChainFault>> {
    let mut sums = Sums::default();
    let walk = Walk {
        ledger,
        keys: Some(&mut *keys),
        proof: Some(proof),
        apart: Some(apart),
        sums: Some(&mut sums),
    };
    let walked = match walk.along(apart.partition(), count)? {
        Ok(walked) => walked,
        Err(fault) => return Ok(Err(fault)),
    };
    let rows = sums.hold((ledger, keys, proof), &walked.head, now)?;
    Ok(Ok((walked, rows)))
}

/// What the entries of one partition add up to, customer by customer: as much memory as its rows take.
#[derive(Default)]
pub(crate) struct Sums {
    rebuilt: HashMap<CustomerHash, Rebuilt>,
    /// Of whom entries are gone that were kept long enough.
    partly: HashSet<CustomerHash>,
}

impl Sums {
    pub(super) fn add(&mut self, customer: CustomerHash, entry: &Entry) {
        self.rebuilt.entry(customer).or_default().apply(entry);
    }

    pub(super) fn miss(&mut self, customer: CustomerHash) {
        self.partly.insert(customer);
    }

    /// Holds every row of the partition against them.
    fn hold(
        mut self,
        (ledger, keys, proof): (&Connection, &mut KeyRoom, &ProofKey),
        head: &Head,
        now: Timestamp,
    ) -> rusqlite::Result<Rows> {
        let partition = head.partition();
        let mut rows = Rows::default();
        let mut select =
            ledger.prepare_cached("SELECT customer, as_of, sealed FROM states WHERE partition = ?1")?;
        let mut found = select.query([partition.no()])?;
        let mut sum = Digest::default();
        while let Some(row) = found.next()? {
            rows.n += 1;
            let (no, wrong) = self.look(keys, head, row, now);
            rows.faults.extend(wrong.map(|wrong| RowFault { partition, no, wrong }));
            let customer = row.get(0).map(CustomerHash::from_bytes);
            if let (Ok(customer), Ok(sealed)) = (&customer, row.get_ref(2)?.as_blob()) {
                sum += proof.state_row(partition, *customer, no, sealed);
            }
            rows.n_partly += u64::from(customer.is_ok_and(|customer| self.partly.contains(&customer)));
        }
        let missing = RowFault { partition, no: 0, wrong: WrongRow::Missing };
        rows.faults.extend(self.rebuilt.iter().map(|_| missing));
        let (standing, _) = Standing::read(ledger, proof)?;
        if rows.faults.is_empty() && sum != standing.line(partition).rows {
            rows.faults.push(RowFault { partition, no: head.no(), wrong: WrongRow::Others });
        }
        Ok(rows)
    }

    fn look(
        &mut self,
        keys: &mut KeyRoom,
        head: &Head,
        row: &Row<'_>,
        now: Timestamp,
    ) -> (u64, Option<WrongRow>) {
        let (Ok(customer), Ok(as_of), Ok(sealed)) =
            (row.get(0).map(CustomerHash::from_bytes), row.get::<_, i64>(1), row.get::<_, Vec<u8>>(2))
        else {
            return (0, Some(WrongRow::Unreadable("a row is not what was written there")));
        };
        let (partition, no) = (head.partition(), as_of.cast_unsigned());
        let told = self.rebuilt.remove(&customer).unwrap_or_default();
        if head.no() < no {
            return (no, Some(WrongRow::Newer));
        }
        let Ok(Some(key)) = keys.find((partition, customer)) else {
            return (no, Some(WrongRow::Unreadable("a row has no key")));
        };
        let wrong = match key.open_state(&sealed, &Place { table: Table::States, partition, customer, no }) {
            Ok(state) => {
                let keep = self.partly.contains(&customer).then_some(now);
                check(&told, plain(state), keep).err().map(WrongRow::Disagrees)
            }
            Err(why) => Some(WrongRow::Unreadable(why.text())),
        };
        (no, wrong)
    }
}

fn plain(state: StoredState) -> StateRow {
    let (mut row, outbox) = state.into_parts();
    row.outbox = outbox.iter().map(|stored| stored.notification().clone()).collect();
    row
}

/// Of whom entries are gone, a row may tell more, of what had come to its end by now.
fn check(told: &Rebuilt, mut row: StateRow, partly: Option<Timestamp>) -> Result<(), Disagreement> {
    // Whoever serves forgets what was heard long ago, and only that.
    let Some(now) = partly else { return told.check(&row, Timestamp::MAX) };
    // For how long they were kept was the settings' word of that day.
    let keep = Retention { decisions: Millis::ZERO, consents: Millis::ZERO };
    let n_more = row.heard.len().saturating_sub(told.heard.len());
    row.heard.drain(..n_more);
    told.check_after(&row, Timestamp::MAX, Some((&keep, now)))
}
