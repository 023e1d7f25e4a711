//! One batch, sealed and then written in one transaction.

use ledger::{
    Batch, CustomerHash, Head, Place, STOCK_DAYS_KEPT, SealedHash, StockChange, StorageError, Table,
    sealed_hash,
};
use model::{Partition, Timestamp};
use rusqlite::{Connection, TransactionBehavior};

use crate::Chance;
use crate::heads::Heads;
use crate::keys::{KeyRoom, Owner, nonce};
use crate::proof::ProofKey;
use crate::standing::{Standing, stock_of, stored_row};
use crate::verify::entry_place;

/// A batch as it is written.
pub(crate) struct SealedBatch {
    entries: Vec<SealedEntry>,
    states: Vec<SealedState>,
    /// Counts of offers name nobody, so they are not sealed.
    stock: Vec<StockChange>,
    /// The heads after it.
    pub(crate) heads: Heads,
    /// The latest instant of an entry in each partition that it touches.
    last_at: Vec<(Partition, Timestamp)>,
}

struct SealedEntry {
    head: Head,
    customer: CustomerHash,
    sealed_hash: SealedHash,
    sealed: Vec<u8>,
}

struct SealedState {
    place: Place,
    sealed: Vec<u8>,
}

impl SealedBatch {
    /// Seals a batch whose customers all have keys, to follow `heads`.
    pub(crate) fn seal(
        batch: &Batch<'_>,
        mut heads: Heads,
        keys: &mut KeyRoom,
        chance: &mut Chance,
    ) -> Result<Self, StorageError> {
        let mut entries = Vec::new();
        let mut last_at: Vec<(Partition, Timestamp)> = Vec::new();
        for entry in batch.entries() {
            let owner = keys.owner(&entry.customer);
            let head = &mut heads[usize::from(owner.0.no())];
            let place = place(Table::Entries, owner, head.no() + 1);
            let sealed = keys.require(owner)?.seal_entry(entry, &place, &nonce(chance));
            let sealed_hash = sealed_hash(&sealed);
            *head = head.next(owner.1, &sealed_hash);
            entries.push(SealedEntry { head: *head, customer: owner.1, sealed_hash, sealed });
            match last_at.iter_mut().find(|(partition, _)| *partition == owner.0) {
                Some((_, at)) => *at = entry.at.max(*at),
                None => last_at.push((owner.0, entry.at)),
            }
        }
        let mut states = Vec::new();
        for row in batch.rows() {
            let owner = keys.owner(&row.customer);
            let place = place(Table::States, owner, heads[usize::from(owner.0.no())].no());
            let sealed = keys.require(owner)?.seal_state(row, &place, &nonce(chance));
            states.push(SealedState { place, sealed });
        }
        let stock = batch.stock().cloned().collect();
        Ok(Self { entries, states, stock, heads, last_at })
    }

    /// Whether it moves any head.
    pub(crate) const fn has_entries(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Writes it in one transaction, durable on return; gives how the ledger stands after it.
    pub(crate) fn write(
        &self,
        ledger: &mut Connection,
        standing: &Standing,
        proof: &ProofKey,
    ) -> rusqlite::Result<Standing> {
        let mut after = standing.clone();
        let transaction = ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.insert_entries(&transaction)?;
        self.put_states(&transaction, &mut after, proof)?;
        self.count_stock(&transaction, &mut after, proof)?;
        for (partition, at) in &self.last_at {
            after.change(*partition).move_to(self.heads[usize::from(partition.no())], *at);
        }
        after.write(&transaction, proof)?;
        transaction.commit()?;
        Ok(after)
    }

    fn insert_entries(&self, ledger: &Connection) -> rusqlite::Result<()> {
        let mut insert = ledger.prepare_cached(
            "INSERT INTO entries (place, customer, sealed_hash, link, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for entry in &self.entries {
            let place = entry_place(entry.head.partition(), entry.head.no());
            let (customer, link) = (entry.customer.bytes(), entry.head.link());
            insert.execute((place, customer, &entry.sealed_hash, link, &entry.sealed))?;
        }
        Ok(())
    }

    fn put_states(
        &self,
        ledger: &Connection,
        after: &mut Standing,
        proof: &ProofKey,
    ) -> rusqlite::Result<()> {
        let mut put = ledger.prepare_cached(
            "INSERT INTO states (partition, customer, as_of, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET as_of = excluded.as_of, sealed = excluded.sealed",
        )?;
        for state in &self.states {
            let Place { partition, customer, no, .. } = state.place;
            let rows = &mut after.change(partition).rows;
            *rows -= stored_row(ledger, proof, partition, customer)?;
            *rows += proof.state_row(partition, customer, no, &state.sealed);
            put.execute((partition.no(), customer.bytes(), no.cast_signed(), &state.sealed))?;
        }
        Ok(())
    }

    fn count_stock(
        &self,
        ledger: &Connection,
        after: &mut Standing,
        proof: &ProofKey,
    ) -> rusqlite::Result<()> {
        let mut total = ledger.prepare_cached(
            "INSERT INTO stock_totals (offer, n) VALUES (?1, max(?2, 0))
             ON CONFLICT DO UPDATE SET n = max(n + ?2, 0)",
        )?;
        let mut on_day = ledger.prepare_cached(
            "INSERT INTO stock_days (offer, day, n) VALUES (?1, ?2, max(?3, 0))
             ON CONFLICT DO UPDATE SET n = max(n + ?3, 0)",
        )?;
        let mut forget = ledger.prepare_cached("DELETE FROM stock_days WHERE offer = ?1 AND day < ?2")?;
        for StockChange { offer, day, delta } in &self.stock {
            after.stock -= stock_of(ledger, proof, offer.as_str())?;
            total.execute((offer.as_str(), delta))?;
            on_day.execute((offer.as_str(), day, delta))?;
            forget.execute((offer.as_str(), day - STOCK_DAYS_KEPT))?;
            after.stock += stock_of(ledger, proof, offer.as_str())?;
        }
        Ok(())
    }
}

/// Where a row of a customer stands.
pub(crate) const fn place(table: Table, (partition, customer): Owner, no: u64) -> Place {
    Place { table, partition, customer, no }
}
