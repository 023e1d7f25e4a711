//! All state rows, read back by a start: every row and every key once, on threads of their own.
//!
//! ```text
//! keys.db ──one pass──► WrappedKeys ──┐
//! ledger.db ─ partitions 0, 2, 4, .. ─┴► reader ─┐ a partition at a time,
//! ledger.db ─ partitions 1, 3, 5, .. ──► reader ─┴► in order, to whoever asked
//! ```
//!
//! A row costs two ciphers, more than whoever takes it has to do with it. Keys are opened for their row and
//! kept no longer. Rows wait opened and not read, which takes a tenth of the room.

use std::cell::Cell;
use std::sync::mpsc;
use std::thread;

use ledger::{CustomerHash, CustomerKey, OpenedStates, StorageError, StoredState, Table, Vault};
use model::Partition;
use rusqlite::Connection;

use crate::directory::{Directory, Part};
use crate::error::storage_error;
use crate::keys::{KeyRoom, Owner, damaged_key, key_place, wrapped};
use crate::proof::{Digest, ProofKey};
use crate::schema;
use crate::standing::Standing;
use crate::verify::OTHER_ROWS;
use crate::write::place;

/// Threads that read. Each holds a partition, and whoever takes them another.
const N_READERS: usize = 2;
/// Nonce, key and tag.
const WRAPPED_LEN: usize = 72;

/// Where the rows are and how to open them.
pub(crate) struct Whereabouts<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) vault: &'a Vault,
    pub(crate) standing: &'a Standing,
    pub(crate) proof: &'a ProofKey,
}

/// What takes a partition's rows, ascending by customer, or hears why they cannot be read.
type Take<'t> = dyn FnMut(Partition, Result<Vec<StoredState>, StorageError>) -> Result<(), StorageError> + 't;

impl Whereabouts<'_> {
    /// Reads some partitions and gives them away in their order, until `take` has had enough.
    pub(crate) fn read_all(&self, wanted: &[Partition], take: &mut Take<'_>) -> Result<(), StorageError> {
        let keys = WrappedKeys::read(self.directory);
        thread::scope(|scope| {
            let mut readers = Vec::with_capacity(N_READERS);
            for first in 0..N_READERS {
                let (give, taken) = mpsc::sync_channel(0);
                let mine = wanted.iter().copied().skip(first).step_by(N_READERS);
                let keys = &keys;
                let read = move || self.read_some(keys, mine, &give);
                let started = thread::Builder::new().name("reader".into()).spawn_scoped(scope, read);
                started.map_err(|error| StorageError::Io(error.to_string().into()))?;
                readers.push(taken);
            }
            for (&partition, reader) in wanted.iter().zip(readers.iter().cycle()) {
                let opened = reader.recv().expect("a reader ends after its last partition");
                take(partition, opened.and_then(|opened| by_name(partition, &opened)))?;
            }
            Ok(())
        })
    }

    fn read_some(
        &self,
        keys: &WrappedKeys,
        wanted: impl Iterator<Item = Partition>,
        give: &mpsc::SyncSender<Result<OpenedStates, StorageError>>,
    ) {
        let open = |part| schema::open_beside(&self.directory.file(part)).map_err(storage_error);
        let opened = open(Part::Ledger).and_then(|ledger| Ok((ledger, open(Part::Keys)?)));
        for partition in wanted {
            let read = match &opened {
                Ok((ledger, missing)) => {
                    let reader = StatesReader::new(ledger, missing, self.vault, keys);
                    reader.open(partition, self.standing, self.proof)
                }
                Err(error) => Err(error.clone()),
            };
            if give.send(read).is_err() {
                // Nobody wants more.
                return;
            }
        }
    }
}

/// Reads partitions over connections of its own.
pub(crate) struct StatesReader<'a> {
    ledger: &'a Connection,
    /// For keys that are not among those that were read.
    missing: &'a Connection,
    vault: &'a Vault,
    keys: &'a WrappedKeys,
}

impl<'a> StatesReader<'a> {
    pub(crate) const fn new(
        ledger: &'a Connection,
        missing: &'a Connection,
        vault: &'a Vault,
        keys: &'a WrappedKeys,
    ) -> Self {
        Self { ledger, missing, vault, keys }
    }

    /// The states of one partition, ascending by customer, all of them as they were written: one that was
    /// put back from an older day, or taken away, shows in their sum.
    pub(crate) fn read(
        &self,
        partition: Partition,
        standing: &Standing,
        proof: &ProofKey,
    ) -> Result<Vec<StoredState>, StorageError> {
        by_name(partition, &self.open(partition, standing, proof)?)
    }

    fn open(
        &self,
        partition: Partition,
        standing: &Standing,
        proof: &ProofKey,
    ) -> Result<OpenedStates, StorageError> {
        let head_no = standing.head(partition).no();
        let mut select = self
            .ledger
            .prepare_cached(
                "SELECT customer, as_of, sealed FROM states WHERE partition = ?1 ORDER BY customer",
            )
            .map_err(storage_error)?;
        let mut rows = select.query([partition.no()]).map_err(storage_error)?;
        let near = Cell::new(0);
        let (mut states, mut sum) = (OpenedStates::default(), Digest::default());
        while let Some(row) = rows.next().map_err(storage_error)? {
            let customer = CustomerHash::from_bytes(row.get(0).map_err(storage_error)?);
            let no = row.get::<_, i64>(1).map_err(storage_error)?.cast_unsigned();
            let sealed = row.get_ref(2).map_err(storage_error)?.as_blob().unwrap_or_default();
            let damaged = |reason| StorageError::Damaged { table: Table::States, partition, no, reason };
            if head_no < no {
                return Err(damaged("it is newer than the entries"));
            }
            sum += proof.state_row(partition, customer, no, sealed);
            let owner = (partition, customer);
            let key = self.key(owner, &near)?;
            let opened = key.open_state_onto(sealed, &place(Table::States, owner, no), &mut states);
            opened.map_err(|why| damaged(why.text()))?;
        }
        if sum != standing.line(partition).rows {
            let table = Table::States;
            return Err(StorageError::Damaged { table, partition, no: head_no, reason: OTHER_ROWS });
        }
        Ok(states)
    }

    /// The key of a customer of whom there is a row.
    fn key(&self, owner: Owner, near: &Cell<usize>) -> Result<CustomerKey, StorageError> {
        let opened = match self.keys.find(owner.1, near) {
            Some(wrapped) => self.vault.unwrap(wrapped, &key_place(owner)),
            None => {
                let found = wrapped(self.missing, owner.1).map_err(storage_error)?;
                self.vault.unwrap(&found.ok_or(KeyRoom::lost(owner))?, &key_place(owner))
            }
        };
        opened.map_err(|why| damaged_key(owner, why))
    }
}

/// Rows ascending by customer. Their places are sorted and not the rows, which are large.
fn by_name(partition: Partition, opened: &OpenedStates) -> Result<Vec<StoredState>, StorageError> {
    let mut states = Vec::new();
    for read in opened.read() {
        let damaged = |(no, why): (u64, ledger::Unreadable)| StorageError::Damaged {
            table: Table::States,
            partition,
            no,
            reason: why.text(),
        };
        states.push(Some(read.map_err(damaged)?));
    }
    let mut order: Vec<usize> = (0..states.len()).collect();
    order.sort_unstable_by(|a, b| {
        let [a, b] = [a, b].map(|place| states[*place].as_ref().map(StoredState::customer));
        a.cmp(&b)
    });
    Ok(order.into_iter().filter_map(|place| states[place].take()).collect())
}

/// All keys as they are stored, ascending by customer: 88 bytes each, for as long as a start reads.
///
/// One pass over them costs a ninth of asking for them one by one.
#[derive(Default)]
pub(crate) struct WrappedKeys(Vec<WrappedKey>);

struct WrappedKey {
    customer: [u8; 16],
    wrapped: [u8; WRAPPED_LEN],
}

impl WrappedKeys {
    /// Those that can be read; who misses one asks for it and hears why.
    fn read(directory: &Directory) -> Self {
        let mut keys = Vec::new();
        let mut read = || -> rusqlite::Result<()> {
            let connection = schema::open_beside(&directory.file(Part::Keys))?;
            let mut select = connection.prepare("SELECT customer, wrapped FROM keys ORDER BY customer")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let blob = |column| row.get_ref(column).map(|value| value.as_blob().unwrap_or_default());
                if let (Ok(customer), Ok(wrapped)) = (blob(0)?.try_into(), blob(1)?.try_into()) {
                    keys.push(WrappedKey { customer, wrapped });
                }
            }
            Ok(())
        };
        let _what_was_read_so_far = read();
        Self(keys)
    }

    /// The key of a customer, looked for from the last place on in steps that double.
    fn find(&self, customer: CustomerHash, near: &Cell<usize>) -> Option<&[u8; WRAPPED_LEN]> {
        let is_before = |key: &WrappedKey| key.customer < *customer.bytes();
        let (mut low, mut step) = (near.get(), 1);
        while self.0.get(low + step).is_some_and(is_before) {
            low += step;
            step *= 2;
        }
        let high = (low + step + 1).min(self.0.len());
        let place = low + self.0.get(low..high)?.partition_point(is_before);
        near.set(place);
        self.0.get(place).filter(|key| key.customer == *customer.bytes()).map(|key| &key.wrapped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_whatever_order_they_are_asked_for() {
        let key = |n: u8| WrappedKey { customer: [n; 16], wrapped: [n; WRAPPED_LEN] };
        let keys = WrappedKeys((0..100).map(|n| key(n * 2)).collect());
        for step in 1..70 {
            let near = Cell::new(0);
            for n in (0..=u8::MAX).step_by(step) {
                let found = keys.find(CustomerHash::from_bytes([n; 16]), &near).map(|wrapped| wrapped[0]);
                assert_eq!(found, (n < 200 && n % 2 == 0).then_some(n), "{n} in steps of {step}");
            }
        }
        assert!(WrappedKeys::default().find(CustomerHash::from_bytes([0; 16]), &Cell::new(0)).is_none());
    }
}
