//! How every chain of the ledger stands: its end, and the sums of what may change beside it.
//!
//! The table `heads` has a row for every partition. The one row of `vouched` has a keyed check of each, and
//! one over all of these and the number of the commit. So no row can be made by somebody without the key,
//! and none can be put back from another day without all the others; and what is damaged is known by name.

use ledger::{CustomerHash, Head};
use model::{N_PARTITIONS, Partition, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior};

use crate::heads::{Heads, partitions};
use crate::proof::{Digest, Mac, ProofKey, is_same};
use crate::verify::entry_partition;

/// How one partition stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) head: Head,
    /// The latest instant of any entry.
    pub(crate) last_at: Option<i64>,
    /// Of its state rows.
    pub(crate) rows: Digest,
    /// Of its entries whose content was taken away, and of how far retention has come.
    pub(crate) gone: Digest,
    /// The check of it that is vouched for; zeros of a partition that has no row.
    mac: Mac,
}

impl Line {
    fn empty(partition: Partition) -> Self {
        let (rows, gone) = (Digest::default(), Digest::default());
        Self { head: Head::empty(partition), last_at: None, rows, gone, mac: [0; 32] }
    }

    /// Moves the end of the chain, whose last entry is as old as `at`.
    pub(crate) fn move_to(&mut self, head: Head, at: Timestamp) {
        self.head = head;
        self.last_at = self.last_at.max(Some(at.unix_ms()));
    }

    fn check(&self, proof: &ProofKey) -> Mac {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&self.head.partition().no().to_le_bytes());
        bytes.extend_from_slice(&self.head.no().to_le_bytes());
        bytes.extend_from_slice(self.head.link());
        bytes.push(self.last_at.is_some().into());
        bytes.extend_from_slice(&self.last_at.unwrap_or_default().to_le_bytes());
        bytes.extend_from_slice(&self.rows.bytes());
        bytes.extend_from_slice(&self.gone.bytes());
        proof.head_row(&bytes)
    }
}

/// How all of them stand.
#[derive(Clone)]
pub(crate) struct Standing {
    lines: Box<[Line; N_PARTITIONS as usize]>,
    /// Commits that have changed any of it.
    n_commits: u64,
    /// Of the counts of offers.
    pub(crate) stock: Digest,
    /// Partitions that are to be written, a bit each.
    changed: u64,
}

/// What is wrong with how a ledger says it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untrue {
    /// A row is not the one that was written last.
    Row(Partition),
    /// Nobody with the key vouches for the rows.
    Whole,
}

/// The sentence of [`Untrue::Row`].
pub(crate) const OTHER_ROW: &str = "its head row is not what was written there";
/// The sentence of [`Untrue::Whole`].
pub(crate) const NOT_VOUCHED_FOR: &str = "the head rows are not vouched for by the master key";

/// Bytes of the checks of all rows.
const CHECKS_LEN: usize = 32 * N_PARTITIONS as usize;

impl Standing {
    /// Of a ledger without a row.
    pub(crate) fn empty() -> Self {
        let lines = Box::new(std::array::from_fn(|no| Line::empty(Partition::from_no(no as u16))));
        Self { lines, n_commits: 0, stock: Digest::default(), changed: 0 }
    }

    /// Reads how a ledger stands, and what of that is not true.
    pub(crate) fn read(ledger: &Connection, proof: &ProofKey) -> rusqlite::Result<(Self, Vec<Untrue>)> {
        let mut standing = Self::empty();
        let mut has_row = [None; N_PARTITIONS as usize];
        let mut select = ledger.prepare_cached(
            "SELECT partition, no, link, last_at, rows, gone FROM heads
             WHERE 0 <= partition AND partition < ?1",
        )?;
        let mut rows = select.query([N_PARTITIONS])?;
        while let Some(row) = rows.next()? {
            let no: u16 = row.get(0)?;
            let line = line(Partition::from_no(no), row)?;
            has_row[usize::from(no)] = Some(line.is_some());
            standing.lines[usize::from(no)] = line.unwrap_or(standing.lines[usize::from(no)]);
        }
        if !standing.read_vouched(ledger, proof)? {
            return Ok((standing, vec![Untrue::Whole]));
        }
        let is_true = |line: &Line| match has_row[usize::from(line.head.partition().no())] {
            Some(is_whole) => is_whole && is_same(&line.check(proof), &line.mac),
            None => line.mac == [0; 32],
        };
        let untrue = standing.lines.iter().filter(|line| !is_true(line));
        let untrue = untrue.map(|line| Untrue::Row(line.head.partition())).collect();
        Ok((standing, untrue))
    }

    /// Reads what is vouched for; whether who has the key has written it.
    fn read_vouched(&mut self, ledger: &Connection, proof: &ProofKey) -> rusqlite::Result<bool> {
        let mut select = ledger.prepare_cached("SELECT n_commits, stock, checks, mac FROM vouched")?;
        let mut rows = select.query([])?;
        let Some(row) = rows.next()? else { return Ok(false) };
        let blob = |column| row.get_ref(column).map(|value| value.as_blob().unwrap_or_default());
        let (stock, checks, mac) = (blob(1)?, blob(2)?, blob(3)?);
        let (Ok(n_commits), Ok(stock)) = (row.get::<_, i64>(0), stock.try_into()) else { return Ok(false) };
        if checks.len() != CHECKS_LEN {
            return Ok(false);
        }
        self.n_commits = n_commits.cast_unsigned();
        self.stock = Digest::from_bytes(stock);
        for (line, check) in self.lines.iter_mut().zip(checks.as_chunks().0) {
            line.mac = *check;
        }
        Ok(is_same(&self.check(proof), mac) && rows.next()?.is_none())
    }

    fn checks(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| line.mac).collect()
    }

    fn check(&self, proof: &ProofKey) -> Mac {
        let (n_commits, stock) = (self.n_commits.to_le_bytes(), self.stock.bytes());
        proof.heads(&[&n_commits[..], &stock, &self.checks()].concat())
    }

    pub(crate) fn line(&self, partition: Partition) -> &Line {
        &self.lines[usize::from(partition.no())]
    }

    pub(crate) fn head(&self, partition: Partition) -> &Head {
        &self.line(partition).head
    }

    /// The ends of all chains.
    pub(crate) fn heads(&self) -> Heads {
        std::array::from_fn(|no| self.lines[no].head)
    }

    /// Commits that have changed any of it.
    pub(crate) const fn n_commits(&self) -> u64 {
        self.n_commits
    }

    /// Of a partition that is closed: where its chain should have ended. It is never written.
    pub(crate) fn close(&mut self, partition: Partition, apart: Head) {
        self.lines[usize::from(partition.no())].head = apart;
    }

    /// A line that is to be changed, and written with [`Standing::write`].
    pub(crate) fn change(&mut self, partition: Partition) -> &mut Line {
        self.changed |= 1 << partition.no();
        &mut self.lines[usize::from(partition.no())]
    }

    /// Writes what was changed, in the transaction of what it tells of.
    pub(crate) fn write(&mut self, ledger: &Connection, proof: &ProofKey) -> rusqlite::Result<()> {
        let mut put = ledger.prepare_cached(
            "INSERT INTO heads (partition, no, link, last_at, rows, gone) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET no = excluded.no, link = excluded.link, last_at = excluded.last_at,
                 rows = excluded.rows, gone = excluded.gone",
        )?;
        for line in self.lines.iter_mut().filter(|line| self.changed & 1 << line.head.partition().no() != 0) {
            line.mac = line.check(proof);
            let (no, rows, gone) = (line.head.no().cast_signed(), line.rows.bytes(), line.gone.bytes());
            put.execute((line.head.partition().no(), no, line.head.link(), line.last_at, rows, gone))?;
        }
        self.changed = 0;
        self.n_commits += 1;
        let mut put = ledger.prepare_cached(
            "INSERT INTO vouched (id, n_commits, stock, checks, mac) VALUES (1, ?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET n_commits = excluded.n_commits, stock = excluded.stock,
                 checks = excluded.checks, mac = excluded.mac",
        )?;
        let n_commits = self.n_commits.cast_signed();
        put.execute((n_commits, self.stock.bytes(), self.checks(), self.check(proof)))?;
        Ok(())
    }
}

/// A row, whatever it may hold.
fn line(partition: Partition, row: &Row<'_>) -> rusqlite::Result<Option<Line>> {
    let bytes = |column| -> rusqlite::Result<Option<[u8; 32]>> {
        Ok(row.get_ref(column)?.as_blob().ok().and_then(|blob| blob.try_into().ok()))
    };
    let (Ok(no), Ok(last_at)) = (row.get::<_, i64>(1), row.get(3)) else { return Ok(None) };
    let (Some(link), Some(rows), Some(gone)) = (bytes(2)?, bytes(4)?, bytes(5)?) else { return Ok(None) };
    let head = Head::stored(partition, no.cast_unsigned(), link);
    let (rows, gone) = (Digest::from_bytes(rows), Digest::from_bytes(gone));
    Ok(Some(Line { head, last_at, rows, gone, mac: [0; 32] }))
}

/// What the row of a customer that is there adds to the sum of its partition; nothing without one.
pub(crate) fn stored_row(
    ledger: &Connection,
    proof: &ProofKey,
    partition: Partition,
    customer: CustomerHash,
) -> rusqlite::Result<Digest> {
    let mut select = ledger.prepare_cached(
        "SELECT as_of, substr(sealed, -16) FROM states WHERE partition = ?1 AND customer = ?2",
    )?;
    let found = select.query_row((partition.no(), customer.bytes()), |row| {
        let (as_of, tag) = (row.get::<_, i64>(0)?, row.get_ref(1)?);
        Ok(proof.state_row(partition, customer, as_of.cast_unsigned(), tag.as_bytes().unwrap_or_default()))
    });
    Ok(found.optional()?.unwrap_or_default())
}

/// Gives a ledger of an older format its sums and checks, by what stands in it, in one transaction.
///
/// What was changed in it before is not found by them.
pub(crate) fn take_over(ledger: &mut Connection, proof: &ProofKey) -> rusqlite::Result<()> {
    let transaction = ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (old, _) = Standing::read(&transaction, proof)?;
    let mut standing = Standing::empty();
    standing.n_commits = old.n_commits;
    for partition in partitions() {
        let Line { head, last_at, .. } = *old.line(partition);
        let is_there = head.no() != 0;
        if is_there {
            let line = standing.change(partition);
            (line.head, line.last_at) = (head, last_at);
        }
    }
    {
        let mut select =
            transaction.prepare("SELECT partition, customer, as_of, substr(sealed, -16) FROM states")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (partition, customer) = (row.get::<_, i64>(0)?, row.get::<_, [u8; 16]>(1)?);
            let Some(partition) = partitions().find(|known| i64::from(known.no()) == partition) else {
                continue;
            };
            let (as_of, tag) = (row.get::<_, i64>(2)?.cast_unsigned(), row.get_ref(3)?);
            let customer = CustomerHash::from_bytes(customer);
            let added = proof.state_row(partition, customer, as_of, tag.as_bytes().unwrap_or_default());
            standing.change(partition).rows += added;
        }
        let mut select = transaction.prepare(
            "SELECT entries.place, erasures.place IS NOT NULL FROM entries
             LEFT JOIN erasures ON erasures.place = entries.place WHERE sealed IS NULL",
        )?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (place, is_erasure): (i64, bool) = (row.get(0)?, row.get(1)?);
            let added = if is_erasure { proof.erasure(place) } else { proof.taken_away(place) };
            if (0..i64::from(N_PARTITIONS)).contains(&(place >> 40)) {
                standing.change(entry_partition(place)).gone += added;
            }
        }
        let mut select = transaction.prepare("SELECT partition, no FROM retained")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (no, below): (i64, i64) = (row.get(0)?, row.get(1)?);
            let Some(partition) = partitions().find(|known| i64::from(known.no()) == no) else { continue };
            standing.change(partition).gone += proof.retained(partition, below.cast_unsigned());
        }
    }
    standing.stock = stock_in(&transaction, proof)?;
    standing.write(&transaction, proof)?;
    transaction.commit()
}

/// The counts of all offers, the total before the days.
const STOCK: &str =
    "SELECT offer, NULL AS day, n FROM stock_totals UNION ALL SELECT offer, day, n FROM stock_days";
/// The same of one offer.
const STOCK_OF: &str = "SELECT offer, NULL AS day, n FROM stock_totals WHERE offer = ?1
     UNION ALL SELECT offer, day, n FROM stock_days WHERE offer = ?1";

/// The sum of the counts of all offers as they stand.
pub(crate) fn stock_in(ledger: &Connection, proof: &ProofKey) -> rusqlite::Result<Digest> {
    sum_of_stock(ledger.prepare_cached(STOCK)?.query([])?, proof)
}

/// The same of one offer.
pub(crate) fn stock_of(ledger: &Connection, proof: &ProofKey, offer: &str) -> rusqlite::Result<Digest> {
    sum_of_stock(ledger.prepare_cached(STOCK_OF)?.query([offer])?, proof)
}

fn sum_of_stock(mut rows: rusqlite::Rows<'_>, proof: &ProofKey) -> rusqlite::Result<Digest> {
    let mut sum = Digest::default();
    while let Some(row) = rows.next()? {
        sum += proof.stock(&row.get::<_, String>(0)?, row.get(1)?, row.get(2)?);
    }
    Ok(sum)
}
