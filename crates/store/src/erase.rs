//! Erasing somebody: every step in an order that a crash between any two cannot undo.
//!
//! ```text
//! 1  a tombstone is written and synced           from here on it is decided: a start finishes it
//! 2  the key goes out of keys.db and memory      from here on nothing of it can be read
//! 3  rows and contents go out of ledger.db       in one transaction with the entry that says so
//! 4  the heads are written
//! 5  the logs of both databases are emptied      only now it is done
//! ```

use std::collections::HashSet;

use ledger::{Erasure, Graves, StorageError};
use model::{CustomerId, Timestamp};
use rusqlite::{Connection, TransactionBehavior};

use crate::erasures::{self, all_erasures, erasure_of};
use crate::error::storage_error;
use crate::keys::Owner;
use crate::proof::ProofKey;
use crate::sqlite::SqliteStore;
use crate::standing::{Standing, stored_row};
use crate::tombstones::{NotAdded, Tombstone, Tombstones};
use crate::verify::entry_place;
use crate::{migrate, schema};

impl SqliteStore {
    pub(crate) fn erase_customer(
        &mut self,
        customer: &CustomerId,
        at: Timestamp,
    ) -> Result<Erasure, StorageError> {
        let owner = self.keys.owner(customer);
        if self.is_closed(owner.0) {
            return Err(StorageError::Closed { partition: owner.0 });
        }
        let stone = self.bury(owner, at)?;
        self.destroy_key(&stone)?;
        let erasure = self.take_away(&stone)?;
        self.empty_logs()?;
        Ok(erasure)
    }

    /// Decides on it, unless that was done and nothing has come since.
    pub(crate) fn bury(&mut self, owner: Owner, at: Timestamp) -> Result<Tombstone, StorageError> {
        let key = self.keys.id(owner.1)?;
        let mut at = at;
        if let Some(last) = self.tombstones.last_of(owner.1) {
            let is_done = erasure_of(&self.ledger, last).map_err(storage_error)?.is_some();
            let is_known = key.is_some() || self.has_rows(owner).map_err(storage_error)?;
            if !is_done || !is_known {
                return Ok(last.clone());
            }
            // Two lives never end at the same instant, or the second would pass for erased.
            while self.tombstones.has(owner.1, at) {
                at = Timestamp::from_unix_ms(at.unix_ms().saturating_add(1));
            }
        }
        let stone = Tombstone { customer: owner.1, partition: owner.0, at, key };
        self.add_tombstone(stone.clone())?;
        Ok(stone)
    }

    fn add_tombstone(&mut self, stone: Tombstone) -> Result<(), StorageError> {
        let (customer, at) = (stone.customer, stone.at);
        self.tombstones.add(stone).map_err(|not_added| match not_added {
            NotAdded::Io(error) => StorageError::Io(error.to_string().into_boxed_str()),
            NotAdded::Suspect(error) => StorageError::Suspect(error.to_string().into_boxed_str()),
        })?;
        self.graves.add_hash(customer, at);
        Ok(())
    }

    /// Destroys the key that a tombstone names, and no later one; whether there was one.
    pub(crate) fn destroy_key(&mut self, stone: &Tombstone) -> Result<bool, StorageError> {
        let is_there = stone.key.is_some() && self.keys.id(stone.customer)? == stone.key;
        if is_there {
            migrate::destroy_copied_key(&self.directory, stone.customer).map_err(storage_error)?;
            self.keys.destroy(stone.customer)?;
        }
        Ok(is_there)
    }

    /// Takes the rows away, and writes down that it was done.
    pub(crate) fn take_away(&mut self, stone: &Tombstone) -> Result<Erasure, StorageError> {
        if let Some(done) = erasure_of(&self.ledger, stone).map_err(storage_error)? {
            return Ok(done);
        }
        let taken = take_rows(&mut self.ledger, stone, &self.standing, &self.proof);
        let (erasure, standing) = taken.map_err(storage_error)?;
        self.standing = standing;
        // It is durable and cannot be taken back: to write it again would tell of it twice.
        let apart = self.heads_file.write(&self.standing.heads());
        apart.map_err(|error| StorageError::Suspect(error.to_string().into_boxed_str()))?;
        Ok(erasure)
    }

    /// Moves both logs into their databases, where what was deleted has been overwritten.
    pub(crate) fn empty_logs(&self) -> Result<(), StorageError> {
        let emptied = self.keys.settle().and_then(|keys| Ok(keys && schema::settle(&self.ledger)?));
        if emptied.map_err(storage_error)? {
            Ok(())
        } else {
            Err(StorageError::Io("somebody reads it, and its log still holds what was erased".into()))
        }
    }

    /// Finishes what a crash, or an older copy of a database, has left undone; before anything is read.
    pub(crate) fn finish_erasures(&mut self) -> Result<(), StorageError> {
        let done = all_erasures(&self.ledger).map_err(storage_error)?;
        // A tombstone that was damaged at the end of its file is written again.
        let decided = self.tombstones.all().iter();
        let decided: HashSet<_> = decided.map(|stone| (stone.customer, stone.at)).collect();
        for erasure in &done {
            if !decided.contains(&(erasure.customer, erasure.at)) {
                let Erasure { customer, partition, at, key, .. } = *erasure;
                self.add_tombstone(Tombstone { customer, partition, at, key })?;
            }
        }
        let done: HashSet<_> = done.into_iter().map(|erasure| (erasure.customer, erasure.at)).collect();
        let mut n_finished = 0;
        for stone in self.tombstones.all().to_vec() {
            n_finished += usize::from(self.destroy_key(&stone)?);
            // A closed partition takes no entries; without their keys its rows are as good as gone.
            if !done.contains(&(stone.customer, stone.at)) && !self.is_closed(stone.partition) {
                self.take_away(&stone)?;
                n_finished += 1;
            }
        }
        // A crash before the logs were emptied leaves no other trace; that erasure was not acknowledged.
        let emptied = if self.tombstones.all().is_empty() { Ok(()) } else { self.empty_logs() };
        if 0 < n_finished { emptied } else { Ok(()) }
    }
}

/// The graves that tombstones stand on.
pub(crate) fn graves_of(tombstones: &Tombstones, mut graves: Graves) -> Graves {
    tombstones.all().iter().for_each(|stone| graves.add_hash(stone.customer, stone.at));
    graves
}

/// Takes everything of a customer out of a ledger, in one transaction, durable on return.
fn take_rows(
    ledger: &mut Connection,
    stone: &Tombstone,
    standing: &Standing,
    proof: &ProofKey,
) -> rusqlite::Result<(Erasure, Standing)> {
    let mut after = standing.clone();
    let head = *standing.head(stone.partition);
    let line = after.change(stone.partition);
    let transaction = ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (partition, customer) = (stone.partition, stone.customer.bytes());
    line.rows -= stored_row(&transaction, proof, partition, stone.customer)?;
    let n_entries = {
        let mut select = transaction
            .prepare_cached("SELECT place FROM entries WHERE customer = ?1 AND sealed IS NOT NULL")?;
        let mut places = select.query([customer])?;
        while let Some(row) = places.next()? {
            line.gone += proof.taken_away(row.get(0)?);
        }
        let mut delete =
            transaction.prepare_cached("DELETE FROM states WHERE partition = ?1 AND customer = ?2")?;
        delete.execute((partition.no(), customer))?;
        let mut empty = transaction
            .prepare_cached("UPDATE entries SET sealed = NULL WHERE customer = ?1 AND sealed IS NOT NULL")?;
        empty.execute([customer])? as u64
    };
    let mut erasure = Erasure {
        customer: stone.customer,
        at: stone.at,
        key: stone.key,
        n_entries,
        partition,
        no: head.no() + 1,
        link: [0; 32],
    };
    let sealed_hash = erasure.sealed_hash();
    let head = head.next(stone.customer, &sealed_hash);
    erasure.link = *head.link();
    transaction
        .prepare_cached("INSERT INTO entries (place, customer, sealed_hash, link) VALUES (?1, ?2, ?3, ?4)")?
        .execute((entry_place(partition, head.no()), customer, &sealed_hash, head.link()))?;
    erasures::insert(&transaction, &erasure)?;
    line.gone += proof.erasure(entry_place(partition, head.no()));
    line.move_to(head, stone.at);
    after.write(&transaction, proof)?;
    transaction.commit()?;
    Ok((erasure, after))
}

#[cfg(test)]
mod tests;
