//! Deleting what was kept long enough, in portions small enough to share a writer with everybody else.
//!
//! First along the chains: decisions and what came of them go by age alone, and entries stand in the order
//! of time, so that a portion goes on where the last one stopped. Then from customer to customer: what was
//! said about a consent goes some time after its end, and with the last of it the customer.

use ledger::{
    Age, CustomerHash, Numbered, Outlived, Place, Retained, Retention, StateRow, StorageError, Table,
};
use model::{Partition, Timestamp};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::error::storage_error;
use crate::heads::partitions;
use crate::keys::Owner;
use crate::scan::scan_owner;
use crate::sqlite::SqliteStore;
use crate::standing::stored_row;
use crate::verify::{entry_no, entry_place};
use crate::write::place;

/// How far the walk from customer to customer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Round {
    /// It begins anew.
    #[default]
    Begins,
    /// It goes on behind a customer.
    After(Partition, CustomerHash),
}

/// Up to which number, and without it, entries of a partition may have lost their content.
pub(crate) fn retained_below(ledger: &Connection, partition: Partition) -> Result<u64, StorageError> {
    below(ledger, partition).map_err(storage_error)
}

fn below(ledger: &Connection, partition: Partition) -> rusqlite::Result<u64> {
    let mut select = ledger.prepare_cached("SELECT no FROM retained WHERE partition = ?1")?;
    let found = select.query_row([partition.no()], |row| row.get::<_, i64>(0)).optional()?;
    Ok(found.unwrap_or_default().cast_unsigned())
}

/// What a look at one chain found.
struct Stretch {
    /// Places whose content is due.
    due: Vec<i64>,
    /// The first number that was not looked at, or is to be kept.
    end: u64,
    n_seen: usize,
}

impl SqliteStore {
    pub(crate) fn retain_some(
        &mut self,
        keep: &Retention,
        n_max: usize,
        now: Timestamp,
    ) -> Result<Retained, StorageError> {
        let mut retained = Retained::default();
        let mut n_left = n_max;
        for partition in partitions().filter(|partition| !self.is_closed(*partition)).collect::<Vec<_>>() {
            if n_left == 0 {
                return Ok(Retained { is_more_due: true, ..retained });
            }
            let Some(stretch) = self.look_along(partition, keep, n_left, now)? else { continue };
            n_left -= stretch.n_seen;
            retained.n_entries += stretch.due.len();
            self.empty(partition, &stretch.due, stretch.end).map_err(storage_error)?;
        }
        while 0 < n_left {
            let Some(owner) = self.next_customer()? else {
                self.round = Round::Begins;
                return Ok(retained);
            };
            self.round = Round::After(owner.0, owner.1);
            n_left -= 1;
            let (outlived, n_seen) = self.look_at(owner, keep, now)?;
            n_left = n_left.saturating_sub(n_seen);
            retained.n_entries += outlived.numbers.len();
            retained.n_customers += usize::from(outlived.is_everything);
            self.let_go(owner, &outlived)?;
        }
        Ok(Retained { is_more_due: true, ..retained })
    }

    /// Looks at a few entries of a chain from where the last portion ended; `None` when none is due.
    fn look_along(
        &mut self,
        partition: Partition,
        keep: &Retention,
        n_max: usize,
        now: Timestamp,
    ) -> Result<Option<Stretch>, StorageError> {
        let begin = retained_below(&self.ledger, partition)?.max(1);
        let mut select = self
            .ledger
            .prepare_cached(
                "SELECT place, customer, sealed FROM entries
                 WHERE ?1 <= place AND place < ?2 ORDER BY place LIMIT ?3",
            )
            .map_err(storage_error)?;
        let ends = (entry_place(partition, begin), i64::from(partition.no() + 1) << 40, n_max as i64);
        let mut rows = select.query(ends).map_err(storage_error)?;
        let mut stretch = Stretch { due: Vec::new(), end: begin, n_seen: 0 };
        while let Some(row) = rows.next().map_err(storage_error)? {
            let at: i64 = row.get(0).map_err(storage_error)?;
            let no = entry_no(at);
            let customer = CustomerHash::from_bytes(row.get(1).map_err(storage_error)?);
            let sealed: Option<Vec<u8>> = row.get(2).map_err(storage_error)?;
            if let Some(sealed) = sealed {
                let owner = (partition, customer);
                let opened = self.keys.require(owner)?.open_entry(&sealed, &place(Table::Entries, owner, no));
                let entry = opened.map_err(|why| StorageError::Damaged {
                    table: Table::Entries,
                    partition,
                    no,
                    reason: why.text(),
                })?;
                match keep.age(&entry, now) {
                    Age::Due => stretch.due.push(at),
                    Age::OfNoMatter => {}
                    Age::Young => break,
                }
            }
            stretch.end = no + 1;
            stretch.n_seen += 1;
        }
        Ok((begin < stretch.end).then_some(stretch))
    }

    /// Takes content away, and remembers how far it may be missing.
    fn empty(&mut self, partition: Partition, due: &[i64], end: u64) -> rusqlite::Result<()> {
        let mut after = self.standing.clone();
        let transaction = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let gone = &mut after.change(partition).gone;
            due.iter().for_each(|place| *gone += self.proof.taken_away(*place));
            *gone -= self.proof.retained(partition, below(&transaction, partition)?);
            *gone += self.proof.retained(partition, end);
            let mut empty =
                transaction.prepare_cached("UPDATE entries SET sealed = NULL WHERE place = ?1")?;
            due.iter().try_for_each(|place| empty.execute([place]).map(drop))?;
            let mut remember = transaction.prepare_cached(
                "INSERT INTO retained (partition, no) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET no = excluded.no",
            )?;
            remember.execute((partition.no(), end.cast_signed()))?;
        }
        after.write(&transaction, &self.proof)?;
        transaction.commit()?;
        self.standing = after;
        Ok(())
    }

    /// The next customer of the round.
    fn next_customer(&self) -> Result<Option<Owner>, StorageError> {
        let (partition, after) = match self.round {
            Round::Begins => (Partition::from_no(0), Vec::new()),
            Round::After(partition, customer) => (partition, customer.bytes().to_vec()),
        };
        let find = || {
            let mut select = self.ledger.prepare_cached(
                "SELECT partition, customer FROM states WHERE (partition, customer) > (?1, ?2)
                 ORDER BY partition, customer LIMIT 1",
            )?;
            select
                .query_row((partition.no(), after), |row| {
                    Ok((Partition::from_no(row.get(0)?), CustomerHash::from_bytes(row.get(1)?)))
                })
                .optional()
        };
        find().map_err(storage_error)
    }

    /// What has outlived its consent, and how many entries that took to find out.
    fn look_at(
        &mut self,
        owner: Owner,
        keep: &Retention,
        now: Timestamp,
    ) -> Result<(Outlived, usize), StorageError> {
        if self.is_closed(owner.0) {
            return Ok((Outlived::default(), 0));
        }
        let Some(row) = self.row_of(owner)? else { return Ok((Outlived::default(), 0)) };
        let below = retained_below(&self.ledger, owner.0)?;
        let mut entries: Vec<Numbered> = Vec::new();
        scan_owner(&self.ledger, &mut self.keys, owner, &mut |numbered| entries.push(numbered))?;
        let mut outlived = keep.outlived(&row, &entries, now);
        // What lies behind the end of the walk along its chain has to wait for it.
        let n_due = outlived.numbers.len();
        outlived.numbers.retain(|no| *no < below);
        outlived.is_everything &= n_due == outlived.numbers.len() && entries.iter().all(|it| it.no < below);
        if outlived.is_everything {
            outlived.numbers = entries.iter().map(|numbered| numbered.no).collect();
        }
        Ok((outlived, entries.len()))
    }

    fn row_of(&mut self, owner: Owner) -> Result<Option<StateRow>, StorageError> {
        let find = || {
            let mut select = self
                .ledger
                .prepare_cached("SELECT as_of, sealed FROM states WHERE partition = ?1 AND customer = ?2")?;
            select
                .query_row((owner.0.no(), owner.1.bytes()), |row| {
                    Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, Vec<u8>>(1)?))
                })
                .optional()
        };
        let Some((no, sealed)) = find().map_err(storage_error)? else { return Ok(None) };
        let Place { partition, .. } = place(Table::States, owner, no);
        let opened = self.keys.require(owner)?.open_state(&sealed, &place(Table::States, owner, no));
        let damaged = |reason| StorageError::Damaged { table: Table::States, partition, no, reason };
        let (mut row, outbox) = opened.map_err(|why| damaged(why.text()))?.into_parts();
        row.outbox = outbox.iter().map(|stored| stored.notification().clone()).collect();
        Ok(Some(row))
    }

    /// Takes away what has outlived its consent; the key last, for without it nothing could be looked at.
    fn let_go(&mut self, owner: Owner, outlived: &Outlived) -> Result<(), StorageError> {
        if outlived.numbers.is_empty() && !outlived.is_everything {
            return Ok(());
        }
        self.take(owner, outlived).map_err(storage_error)?;
        if outlived.is_everything { self.keys.destroy(owner.1) } else { Ok(()) }
    }

    fn take(&mut self, owner: Owner, outlived: &Outlived) -> rusqlite::Result<()> {
        let mut after = self.standing.clone();
        let line = after.change(owner.0);
        let transaction = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut empty =
                transaction.prepare_cached("UPDATE entries SET sealed = NULL WHERE place = ?1")?;
            for no in &outlived.numbers {
                let place = entry_place(owner.0, *no);
                empty.execute([place])?;
                line.gone += self.proof.taken_away(place);
            }
            if outlived.is_everything {
                line.rows -= stored_row(&transaction, &self.proof, owner.0, owner.1)?;
                let mut delete = transaction
                    .prepare_cached("DELETE FROM states WHERE partition = ?1 AND customer = ?2")?;
                delete.execute((owner.0.no(), owner.1.bytes()))?;
            }
        }
        after.write(&transaction, &self.proof)?;
        transaction.commit()?;
        self.standing = after;
        Ok(())
    }
}
