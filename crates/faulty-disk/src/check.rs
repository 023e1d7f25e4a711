//! Whether a directory holds what was acknowledged, all of it and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ledger::{Rebuilt, StateRow, Storage, replay};
use model::{CustomerId, Timestamp};
use server::officer::notices::Registry;
use server::orders::Orders;
use store::{Backups, FenceSets, Options, SqliteStore};

use crate::script::CUSTOMERS;
use crate::watched::{mark_of_entry, mark_of_row};

/// What a run said of itself.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// In order; what was tried again stands once.
    batches: Vec<Batch>,
    fences: Tried,
    orders: Tried,
    notices: Tried,
    is_backed_up: bool,
    /// What failed and was said to have failed.
    pub failures: Vec<String>,
    /// Something was written although nobody knew what is on the disk, or decided while nothing could be written.
    pub went_on: bool,
    /// It came to its end.
    pub is_done: bool,
}

/// What one commit was to keep.
#[derive(Clone, Debug, Default, PartialEq)]
struct Batch {
    /// Marks of its entries.
    entries: Vec<String>,
    /// Marks of its rows, by customer.
    rows: BTreeMap<String, String>,
    /// How much of every offer's stock it took.
    stock: BTreeMap<String, i64>,
    /// Who is erased, instead of anything being kept.
    erases: Option<String>,
    /// Otherwise it may be there whole, or not at all.
    is_acknowledged: bool,
}

/// How many of a list were acknowledged, and how many tried.
#[derive(Clone, Copy, Debug, Default)]
struct Tried {
    acknowledged: u64,
    tried: u64,
}

/// What a directory holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    entries: Vec<String>,
    rows: BTreeMap<String, String>,
    stock: BTreeMap<String, i64>,
    fences: u64,
    orders: u64,
    notices: u64,
    erased: BTreeSet<String>,
    /// What operators have put in force, ordered and registered, word for word.
    lists: String,
}

impl Told {
    /// Reads what was said; a line that was not said to its end counts for nothing.
    #[must_use]
    pub fn read(said: &str) -> Self {
        let mut told = Self::default();
        for line in said.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            told.hear(word, rest);
        }
        told
    }

    fn hear(&mut self, word: &str, rest: &str) {
        let number = || rest.parse().unwrap_or_default();
        match word {
            "try" => self.try_batch(Batch::read(rest)),
            "ack" => self.acknowledge(),
            "fences-try" => self.fences.tried = number(),
            "fences-ack" => self.fences.acknowledged = number(),
            "order-try" => self.orders.tried = number(),
            "order-ack" => self.orders.acknowledged = number(),
            "notice-try" => self.notices.tried = number(),
            "notice-ack" => self.notices.acknowledged = number(),
            "failed" | "suspect" | "refused" => self.failures.push(rest.into()),
            "backup-ack" => self.is_backed_up = true,
            "went-on" => self.went_on = true,
            "done" => self.is_done = true,
            _ => {}
        }
    }

    fn acknowledge(&mut self) {
        if let Some(last) = self.batches.last_mut() {
            last.is_acknowledged = true;
        }
    }

    fn try_batch(&mut self, batch: Batch) {
        if self.batches.last() != Some(&batch) {
            self.batches.push(batch);
        }
    }

    /// How many entries were acknowledged.
    #[must_use]
    pub fn n_acknowledged(&self) -> usize {
        self.batches.iter().filter(|batch| batch.is_acknowledged).map(|batch| batch.entries.len()).sum()
    }

    /// What may be there: everything acknowledged, and of the rest every choice of whole batches.
    fn possible(&self) -> impl Iterator<Item = Batch> {
        let in_doubt: Vec<usize> =
            (0..self.batches.len()).filter(|&no| !self.batches[no].is_acknowledged).collect();
        assert!(in_doubt.len() < 8, "one call fails, and few batches are in doubt");
        (0..1_u32 << in_doubt.len()).map(move |choice| {
            let mut sum = Batch::default();
            for (no, batch) in self.batches.iter().enumerate() {
                let is_chosen = in_doubt.iter().position(|&doubtful| doubtful == no);
                if is_chosen.is_none_or(|bit| choice >> bit & 1 == 1) {
                    sum.add(batch);
                }
            }
            sum.entries.sort();
            sum
        })
    }

    /// Holds a directory against it.
    ///
    /// # Errors
    /// What is missing or should not be there, as a sentence.
    pub fn check(&self, dir: &Path) -> Result<Found, String> {
        let found = Found::read(dir)?;
        let is = |possible: &Batch| {
            possible.entries == found.entries && possible.rows == found.rows && possible.stock == found.stock
        };
        if !self.possible().any(|possible| is(&possible)) {
            let acknowledged = self.possible().next().unwrap_or_default();
            let tried = self.possible().last().unwrap_or_default();
            return Err(format!(
                "of {} acknowledged entries {} are missing, {} others are there; rows {}, stock {}",
                acknowledged.entries.len(),
                n_missing(&acknowledged.entries, &found.entries),
                n_missing(&found.entries, &tried.entries),
                if [&acknowledged, &tried].iter().any(|told| told.rows == found.rows) {
                    "agree"
                } else {
                    "do not agree"
                },
                if [&acknowledged, &tried].iter().any(|told| told.stock == found.stock) {
                    "agrees"
                } else {
                    "does not agree"
                },
            ));
        }
        for (what, tried, found) in [
            ("fence set", self.fences, found.fences),
            ("order", self.orders, found.orders),
            ("notice", self.notices, found.notices),
        ] {
            if found < tried.acknowledged || tried.tried.max(tried.acknowledged) < found {
                return Err(format!("{what} {found} is the last, of {tried:?}"));
            }
        }
        self.check_graves(&found)?;
        self.check_backup(dir)?;
        Ok(found)
    }

    /// Erased stays erased, and nobody is erased by half.
    fn check_graves(&self, found: &Found) -> Result<(), String> {
        let owner = |mark: &String| mark.split(':').next().map(str::to_owned).unwrap_or_default();
        if found.entries.iter().any(|mark| found.erased.contains(&owner(mark))) {
            return Err("somebody who is erased has entries".into());
        }
        let erased = self
            .batches
            .iter()
            .filter(|batch| batch.is_acknowledged)
            .filter_map(|batch| batch.erases.as_ref());
        match erased.into_iter().find(|customer| !found.erased.contains(*customer)) {
            Some(_) => Err("somebody who was erased is not known to be".into()),
            None => Ok(()),
        }
    }

    /// A backup that is there is whole, and one that was acknowledged is there.
    fn check_backup(&self, dir: &Path) -> Result<(), String> {
        let backup = dir.with_file_name("backup");
        if !backup.exists() {
            return if self.is_backed_up { Err("the backup is gone".into()) } else { Ok(()) };
        }
        store::check(&backup, &mut |_| {}).map(drop).map_err(|error| error.to_string())
    }
}

/// How many of the wanted are not among the found.
fn n_missing(wanted: &[String], found: &[String]) -> usize {
    let found: BTreeSet<&String> = found.iter().collect();
    wanted.iter().filter(|mark| !found.contains(mark)).count()
}

impl Batch {
    fn read(text: &str) -> Self {
        let part = |name: &str| -> Vec<String> {
            let found = text.split(' ').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or("").split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let pairs = |name: &str| {
            let parts: Vec<String> = part(name);
            parts
                .into_iter()
                .filter_map(|pair| pair.split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())))
        };
        let stock = pairs("stock").map(|(offer, delta)| (offer, delta.parse().unwrap_or(0)));
        let (rows, stock) = (pairs("rows").collect(), stock.collect());
        let erases = part("erases").pop();
        Self { entries: part("entries"), rows, stock, erases, is_acknowledged: false }
    }

    fn add(&mut self, next: &Self) {
        if let Some(erased) = &next.erases {
            self.entries.retain(|mark| mark.split(':').next() != Some(erased));
            self.rows.remove(erased);
        }
        self.entries.extend(next.entries.iter().cloned());
        self.rows.extend(next.rows.clone());
        for (offer, delta) in &next.stock {
            *self.stock.entry(offer.clone()).or_default() += delta;
        }
    }
}

impl Found {
    /// Opens a directory as a start does, reads every chain, and plays the entries again.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(dir: &Path) -> Result<Self, String> {
        let chance = Box::new(|bytes: &mut [u8]| bytes.fill(7));
        let mut store = SqliteStore::open(dir, Options::default(), chance)
            .map_err(|error| format!("refused: {error}"))?;
        let mut states = BTreeMap::new();
        let scanned = store.scan_states(&mut |stored| {
            let (mut row, outbox) = stored.into_parts();
            row.outbox = outbox.iter().map(|stored| stored.notification().clone()).collect();
            states.insert(row.customer.clone(), row);
        });
        scanned.map_err(|error| format!("the states cannot be read: {error}"))?;
        if let Some(closed) = store.closed_partitions().first() {
            return Err(format!("partition {} is closed: {}", closed.partition.no(), closed.reason));
        }
        let mut entries = Vec::new();
        let scanned = store.scan_entries(None, &mut |numbered| entries.push(numbered.entry));
        scanned.map_err(|error| format!("the entries cannot be read: {error}"))?;
        let mut marks: Vec<String> = entries.iter().map(mark_of_entry).collect();
        marks.sort();
        check_replay(&states, replay(entries))?;
        let mut stock = BTreeMap::new();
        let scanned = store.scan_stock(&mut |count| {
            if count.day.is_none() {
                stock.insert(count.offer.as_str().to_owned(), i64::from(count.n));
            }
        });
        scanned.map_err(|error| format!("the stock cannot be read: {error}"))?;
        let rows = states.values().map(|row| (row.customer.as_str().to_owned(), mark_of_row(row))).collect();
        let ((fences, kept), (orders, given)) = (fences_of(dir)?, orders_of(dir)?);
        let (notices, registered) = notices_of(dir)?;
        let backups =
            Backups::read(dir).map_err(|why| format!("the list of backups cannot be read: {why}"))?;
        let made: Vec<_> = backups.made.iter().map(|made| (made.of, made.at_ms)).collect();
        let lists = format!("{kept} {given} {registered} {made:?}");
        Ok(Self { entries: marks, rows, stock, fences, orders, notices, erased: erased(&store), lists })
    }

    /// In what it differs from another, by name.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let parts = [
            ("entries", self.entries != other.entries),
            ("rows", self.rows != other.rows),
            ("erased", self.erased != other.erased),
            ("stock", self.stock != other.stock),
            ("lists", self.lists != other.lists),
        ];
        parts.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
    }

    /// How many entries there are.
    #[must_use]
    pub fn n_entries(&self) -> usize {
        self.entries.len()
    }
}

/// `replay_restores_state`.
fn check_replay(
    states: &BTreeMap<CustomerId, StateRow>,
    rebuilt: BTreeMap<CustomerId, Rebuilt>,
) -> Result<(), String> {
    for (customer, rebuilt) in rebuilt {
        let Some(row) = states.get(&customer) else {
            return Err("a customer with entries has no row".into());
        };
        // Nothing in the script is old enough to be forgotten.
        if let Err(what) = rebuilt.check(row, Timestamp::from_unix_ms(0)) {
            return Err(format!("the entries say otherwise than the row: {what:?}"));
        }
    }
    Ok(())
}

/// Who of the script was erased.
fn erased(store: &SqliteStore) -> BTreeSet<String> {
    let graves = store.graves();
    let is_erased = |name: &&str| CustomerId::new(name).is_ok_and(|id| graves.erased_at(&id).is_some());
    CUSTOMERS.iter().copied().filter(is_erased).map(str::to_owned).collect()
}

/// The version in force, and all that is known of it.
fn fences_of(dir: &Path) -> Result<(u64, String), String> {
    let sets = FenceSets::read(dir).map_err(|error| format!("the fences cannot be read: {error}"))?;
    let Some(in_force) = sets.in_force() else { return Ok((0, String::new())) };
    let contents = sets.records().iter().map(|set| sets.content(set.no)).collect::<Result<Vec<_>, _>>();
    let contents = contents.map_err(|error| format!("the fences cannot be read: {error}"))?;
    Ok((in_force.no, format!("{:?} {:?} {contents:?}", sets.records(), sets.history())))
}

/// How many notices are registered, and what they say.
fn notices_of(dir: &Path) -> Result<(u64, String), String> {
    let notices = Registry::read(dir).map_err(|error| format!("the notices cannot be read: {error}"))?;
    Ok((notices.all().len() as u64, format!("{:?}", notices.all())))
}

/// How many orders were given, and what they say.
fn orders_of(dir: &Path) -> Result<(u64, String), String> {
    let orders = Orders::read(dir).map_err(|error| format!("the orders cannot be read: {error}"))?;
    Ok((orders.given().len() as u64, format!("{:?}", orders.given())))
}
