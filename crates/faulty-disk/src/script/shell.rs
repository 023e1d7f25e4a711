//! What the server is to the engine and the store, on one thread and in the script's time.

use std::path::Path;
use std::sync::Arc;

use engine::{Door, Engine, House, Letter, Output, Policy};
use ledger::{DeliveryOutcome, NotCommitted, Recorded, Staged, Storage as _, StorageError, commit};
use model::{CustomerId, Millis, Notification, Timestamp};
use settings::OffersFile;
use spatial_index::geojson;
use store::{Options, SqliteStore};

use super::words::{FENCES, OFFERS, fix};
use super::{TRIES, in_doubt};
use crate::watched::Watched;

/// A letter: its door, whose it is, and what it says.
type Said<'a> = (Door, &'a str, String);

/// An engine over a store.
pub(super) struct Shell {
    engine: Engine,
    storage: Watched<SqliteStore>,
    now: Timestamp,
    /// Whether offers reach anybody.
    pub(super) phones_are_there: bool,
    waiting: Vec<Recorded<Notification>>,
}

impl Shell {
    /// Opens the store and reads it back.
    pub(super) fn open(dir: &Path, now: Timestamp) -> Result<Self, String> {
        let store = SqliteStore::open(dir, Options::default(), counted(now));
        let mut storage = Watched(store.map_err(|error| error.to_string())?);
        let mut engine = Engine::new(house()?, policy());
        storage.scan_states(&mut |stored| engine.load(stored)).map_err(|error| error.to_string())?;
        engine.open(now);
        let mut shell = Self { engine, storage, now, phones_are_there: false, waiting: Vec::new() };
        shell.settle()?;
        Ok(shell)
    }

    /// Lets go of the store in good order.
    pub(super) fn close(self) {
        drop(self);
        println!("closed");
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    /// Time passes.
    pub(super) fn pass(&mut self, time: Millis) {
        self.now = self.now + time;
    }

    /// Whatever is due is done.
    pub(super) fn wait(&mut self) -> Result<(), String> {
        self.engine.handle_timeout(self.now);
        self.settle()
    }

    /// Letters come in together.
    pub(super) fn deliver(&mut self, said: &[Said<'_>]) -> Result<(), String> {
        let letters: Vec<Letter<'_>> = said
            .iter()
            .map(|(door, customer, body)| {
                let device = if *door == Door::Consent || *door == Door::Profile { "" } else { "phone" };
                Letter { door: *door, customer, device, body: body.as_bytes(), ticket: 1 }
            })
            .collect();
        self.engine.handle_letters(&letters, self.now);
        self.settle()
    }

    /// Takes away everything of somebody of whom nothing is in hand.
    pub(super) fn erase(&mut self, customer: &str) -> Result<(), String> {
        let customer = CustomerId::new(customer).map_err(|_| "the customer has an id")?;
        for _ in 0..TRIES {
            match self.storage.erase(&customer, self.now) {
                Ok(_) => return Ok(()),
                Err(StorageError::Full | StorageError::Io(_)) => {}
                Err(error) => {
                    let again =
                        || self.storage.erase(&customer, self.now).err().map(|again| again.to_string());
                    return in_doubt(&error, again);
                }
            }
        }
        Err("nobody can be erased".into())
    }

    /// Commits and sends until nothing is left to do.
    fn settle(&mut self) -> Result<(), String> {
        loop {
            self.send();
            let Some(staged) = self.engine.poll_staged(self.now) else { return Ok(()) };
            self.commit(staged)?;
        }
    }

    fn commit(&mut self, staged: Staged) -> Result<(), String> {
        let mut staged = vec![staged];
        for _ in 0..TRIES {
            match commit(&mut self.storage, staged) {
                Ok(committed) => {
                    for committed in committed {
                        self.engine.handle_committed(committed, self.now);
                    }
                    return Ok(());
                }
                Err(NotCommitted { error: StorageError::Full | StorageError::Io(_), staged: kept }) => {
                    staged = kept;
                    self.hold();
                }
                Err(NotCommitted { error, staged }) => {
                    let again =
                        || commit(&mut self.storage, staged).err().map(|again| again.error.to_string());
                    return in_doubt(&error, again);
                }
            }
        }
        Err("the ledger cannot be written".into())
    }

    /// D02: while nothing can be written fixes are read, and nothing is decided or told.
    fn hold(&mut self) {
        let before = self.engine.tally();
        let body = fix(self.now);
        let letter =
            Letter { door: Door::Fixes, customer: "fay", device: "phone", body: body.as_bytes(), ticket: 0 };
        self.engine.handle_letters(&[letter], self.now);
        let after = self.engine.tally();
        let is_held = before.n_records < after.n_records
            && before.n_decided == after.n_decided
            && self.engine.poll_staged(self.now).is_none()
            && self.engine.poll_output().is_none();
        println!("{}", if is_held { "held" } else { "went-on" });
    }

    fn send(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Send(recorded) => self.waiting.push(recorded),
                Output::Shadow(_)
                | Output::Acknowledge(_)
                | Output::Remind(_)
                | Output::Erase(_)
                | Output::Settled { .. } => {}
            }
        }
        if !self.phones_are_there {
            return;
        }
        for recorded in std::mem::take(&mut self.waiting) {
            let outcome = self.engine.may_send(&recorded, self.now).err().unwrap_or(DeliveryOutcome::Sent);
            let notification = recorded.value();
            self.engine.handle_delivery(&notification.customer, notification.id, outcome, self.now);
        }
    }
}

fn house() -> Result<Arc<House>, String> {
    let fences = geojson::read(FENCES.as_bytes(), &geojson::ReadOptions::default());
    let offers = OffersFile::parse("offers.toml".as_ref(), OFFERS).map_err(|_| "the offers are good")?;
    let house = House::new(fences.map_err(|_| "the fences are good")?.fences, offers.catalogue());
    Ok(Arc::new(house.map_err(|error| error.to_string())?))
}

fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.notifier.cooldowns.settle_in = Millis::ZERO;
    policy.notifier.gather = Millis::ZERO;
    policy
}

/// Bytes that are the same in every run, and others after every opening.
fn counted(now: Timestamp) -> store::Chance {
    let mut n = now.unix_ms().cast_unsigned();
    Box::new(move |bytes| {
        for part in bytes.chunks_mut(8) {
            n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mixed = (n ^ (n >> 32)).to_le_bytes();
            part.copy_from_slice(&mixed[..part.len()]);
        }
    })
}
