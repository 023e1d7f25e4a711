//! Whose data a command works on: the running server's, else the directory's.

use std::path::{Path, PathBuf};
use std::time::Instant;

use engine::{Door, Engine, Letter};
use ledger::{StateRow, Storage as _};
use model::{CustomerId, OfferId, Timestamp};
use offers::Catalogue;
use serde_json::{Value, json};
use settings::{OffersFile, Settings};
use store::{FenceSets, SqliteStore};

use super::report::{Failure, problem_of_json};
use super::serve::{open_existing, policy_of};
use crate::control::{self, Request};
use crate::explain;
use crate::fence_sets::{self, Answered, Keeper, Wish};
use crate::machine::{Clock, entries_of, stock};
use crate::orders::{OfferWish, Orders};

/// Where the data is.
#[derive(clap::Args, Debug)]
pub struct Data {
    /// Settings file that names the data directory.
    #[arg(long, default_value = "config/default.toml", value_name = "FILE")]
    config: PathBuf,
    /// Data directory, instead of the settings' one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// A way to the data.
pub enum Desk {
    /// A server holds it.
    Running(PathBuf),
    /// Nobody does; this command holds it now.
    Directory(Box<Directory>),
}

/// A data directory that this command holds.
pub struct Directory {
    dir: PathBuf,
    store: SqliteStore,
    /// What named it.
    settings: Settings,
    /// Made when it is first needed: it reads everybody back.
    engine: Option<Engine>,
}

/// The data directory that was named, for messages.
#[must_use]
pub fn data_dir(data: &Data) -> PathBuf {
    data.find().map(|(dir, _)| dir).unwrap_or_default()
}

impl Data {
    /// The directory; of one that is named by itself the settings are the defaults.
    fn find(&self) -> Result<(PathBuf, Settings), Failure> {
        match &self.data {
            Some(dir) => Ok((dir.clone(), Settings::default())),
            None => {
                let settings = settings::load(&self.config)?;
                Ok((settings.data.dir.clone(), settings))
            }
        }
    }

    /// Where it is.
    ///
    /// # Errors
    /// When the settings that name it cannot be read.
    pub fn dir(&self) -> Result<PathBuf, Failure> {
        self.find().map(|(dir, _)| dir)
    }

    /// Finds the server that serves the data, or opens the directory.
    ///
    /// # Errors
    /// When there is no data, or somebody holds it who does not answer.
    pub fn open(&self) -> Result<Desk, Failure> {
        let (dir, settings) = self.find()?;
        let answered = control::ask(&dir, &Request::Status).map_err(|error| Failure::io(&dir, error))?;
        match answered {
            Some(_) => Ok(Desk::Running(dir)),
            None => {
                let store = open_existing(&dir)?;
                Ok(Desk::Directory(Box::new(Directory { dir, store, settings, engine: None })))
            }
        }
    }
}

impl Desk {
    /// What a customer agreed to.
    ///
    /// # Errors
    /// When the data cannot be read.
    pub fn consent_of(&mut self, customer: &CustomerId) -> Result<Value, Failure> {
        match self {
            Self::Running(dir) => ask(dir, &Request::ConsentShow { customer: customer.as_str().into() }),
            Self::Directory(directory) => directory.show(customer, explain::consent_as_json),
        }
    }

    /// All that holds for a customer now.
    ///
    /// # Errors
    /// When the data cannot be read.
    pub fn show(&mut self, customer: &CustomerId) -> Result<Value, Failure> {
        match self {
            Self::Running(dir) => ask(dir, &Request::CustomerShow { customer: customer.as_str().into() }),
            Self::Directory(directory) => directory.show(customer, explain::customer_as_json),
        }
    }

    /// A customer's record in sentences.
    ///
    /// # Errors
    /// When the data cannot be read.
    pub fn explain(&mut self, customer: &CustomerId, n_max: usize) -> Result<Value, Failure> {
        match self {
            Self::Running(dir) => {
                ask(dir, &Request::CustomerExplain { customer: customer.as_str().into(), n_max })
            }
            Self::Directory(directory) => {
                let entries = entries_of(&mut directory.store, customer)
                    .map_err(|error| Failure::failed(74, &error))?;
                Ok(control::sentences_as_json(customer.as_str(), &explain::sentences(&entries, n_max)))
            }
        }
    }

    /// Hands consent events in; they are durable when it returns.
    ///
    /// # Errors
    /// When they could not be made durable.
    pub fn import(&mut self, events: &[(String, String)]) -> Result<Value, Failure> {
        match self {
            Self::Running(dir) => ask(dir, &Request::ConsentImport { events: events.to_vec() }),
            Self::Directory(directory) => directory.import(events),
        }
    }

    /// Puts other fences in force; they are durable when it returns, and a server has taken them up.
    ///
    /// # Errors
    /// Everything that is wrong with them; the set in force stays.
    pub fn change_fences(&mut self, wish: &Wish) -> Result<Value, Failure> {
        match self {
            Self::Running(dir) => accepted(ask(dir, &Request::FencesChange(wish.clone()))?),
            Self::Directory(directory) => directory.change_fences(wish),
        }
    }
}

impl Desk {
    /// Every offer, and how it stands.
    ///
    /// # Errors
    /// When the offers or the orders cannot be read.
    pub fn list_offers(&mut self) -> Result<Value, Failure> {
        match self {
            Self::Running(dir) => ask(dir, &Request::OffersList),
            Self::Directory(directory) => {
                let stock = stock(&mut directory.store).map_err(|error| Failure::failed(74, &error))?;
                let (catalogue, orders) = (directory.catalogue()?, Orders::read(&directory.dir)?);
                let mode = directory.settings.offers.mode;
                Ok(control::listed_as_json(&catalogue, &orders, &stock, mode))
            }
        }
    }

    /// Pauses, resumes or stops an offer; that is durable when it returns, and a server has taken it up.
    ///
    /// # Errors
    /// An offer that nobody knows, and one that was stopped.
    pub fn operate_offer(&mut self, wish: &OfferWish) -> Result<Value, Failure> {
        match self {
            Self::Running(dir) => accepted(ask(dir, &Request::OffersOperate(wish.clone()))?),
            Self::Directory(directory) => directory.operate_offer(wish),
        }
    }
}

/// What a server refused is a failure here.
fn accepted(answer: Value) -> Result<Value, Failure> {
    match answer["refused"].as_array() {
        Some(refused) => Err(Failure::Problems(refused.iter().map(problem_of_json).collect())),
        None => Ok(answer),
    }
}

fn ask(dir: &Path, request: &Request) -> Result<Value, Failure> {
    let answer = control::ask(dir, request).map_err(|error| Failure::io(dir, error))?;
    answer.ok_or_else(|| Failure::failed(74, &"the server has stopped meanwhile"))
}

impl Directory {
    /// The same engine that serves weighs the events, with the same settings and no doors.
    fn import(&mut self, events: &[(String, String)]) -> Result<Value, Failure> {
        let failed = |error| Failure::failed(74, &error);
        let mut engine = match self.engine.take() {
            Some(engine) => engine,
            None => self.read_back()?,
        };
        let now = Clock::Wall.now();
        let letters: Vec<Letter<'_>> = events
            .iter()
            .map(|(customer, event)| Letter {
                door: Door::Consent,
                customer,
                device: "",
                body: event.as_bytes(),
                ticket: 0,
            })
            .collect();
        engine.handle_letters(&letters, now);
        while let Some(staged) = engine.poll_staged(now) {
            let committed = ledger::commit(&mut self.store, vec![staged]).map_err(|not| failed(not.error))?;
            for committed in committed {
                engine.handle_committed(committed, now);
            }
        }
        // Nobody hears the answers here.
        while engine.poll_output().is_some() {}
        self.engine = Some(engine);
        Ok(json!({ "imported": events.len() }))
    }

    /// With nobody to take them up, they are in force from the next start on.
    fn change_fences(&mut self, wish: &Wish) -> Result<Value, Failure> {
        let now = Clock::Wall.now();
        let started = Instant::now();
        let mut keeper = Keeper::open(&self.dir, &self.settings)?;
        let was = keeper.sets().in_force().map(|set| set.no);
        let by = control::user_word(None);
        Ok(match keeper.answer(wish, &by, now)? {
            Answered::Unchanged => control::unchanged_as_json(was),
            Answered::Kept(kept) => control::kept_as_json(was, &kept, None, started.elapsed()),
        })
    }

    fn show(
        &mut self,
        customer: &CustomerId,
        as_json: fn(&StateRow, Timestamp) -> Value,
    ) -> Result<Value, Failure> {
        let mut found = None;
        let scanned = self.store.scan_states(&mut |stored| {
            if stored.customer() == customer {
                found = Some(stored.into_parts().0);
            }
        });
        scanned.map_err(|error| Failure::failed(74, &error))?;
        let now = Clock::Wall.now();
        Ok(found.map_or_else(|| control::stranger(customer.as_str()), |state| as_json(&state, now)))
    }

    fn operate_offer(&mut self, wish: &OfferWish) -> Result<Value, Failure> {
        let mut orders = Orders::read(&self.dir)?;
        let known = self.catalogue()?;
        let known: Vec<OfferId> = known.offers().iter().map(|offer| offer.id().clone()).collect();
        let order = orders.weigh(wish, &known, &control::user_word(None), Clock::Wall.now())?;
        order.iter().try_for_each(|order| orders.give(order.clone()))?;
        Ok(control::operated_as_json(wish, order.as_ref(), None))
    }

    /// The offers of the settings' file.
    fn catalogue(&self) -> Result<Catalogue, Failure> {
        let Some(file) = &self.settings.offers_file else {
            let reason = "nobody serves this directory: name the settings that name its offers with --config";
            return Err(Failure::Usage(reason.to_owned()));
        };
        Ok(OffersFile::load_with(file, self.settings.offers)?.catalogue())
    }

    fn read_back(&mut self) -> Result<Engine, Failure> {
        // Visits are read back into the fences in which they were made; without them they would be
        // forgotten.
        let house = fence_sets::served(&FenceSets::read(&self.dir)?)?;
        let mut engine = Engine::new(house, policy_of(&self.settings));
        self.store
            .scan_states(&mut |stored| engine.load(stored))
            .map_err(|error| Failure::failed(74, &error))?;
        Ok(engine)
    }
}
