//! Whose data a command works on: the running server's, else the directory's.

mod holding;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use engine::Engine;
use ledger::Storage as _;
use model::{CustomerId, OfferId};
use offers::Catalogue;
use serde_json::Value;
use settings::{OffersFile, Settings};
use store::{FenceSets, Reader, SqliteStore};

use super::master_key;
use super::report::{Failure, problem_of_json};
use super::serve::{open_existing, policy_of, retention_of};
use crate::control::{self, Request};
use crate::explain;
use crate::fence_sets::{self, Answered, Keeper, Wish};
use crate::machine::{Clock, entries_of, stock};
use crate::officer::notices::Registry;
use crate::officer::{self, Question};
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
    /// Read when they are first needed.
    notices: Option<Arc<Registry>>,
}

/// A customer's id on the command line.
///
/// # Errors
/// When it is none.
pub fn customer(text: &str) -> Result<String, String> {
    CustomerId::new(text).map(|id| id.as_str().to_owned()).map_err(|flaw| format!("it {}", flaw.text()))
}

impl Data {
    /// The directory; of one that is named by itself the settings are the defaults.
    pub(super) fn find(&self) -> Result<(PathBuf, Settings), Failure> {
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

    /// Opens the data to be read, beside whoever holds it.
    ///
    /// # Errors
    /// When there is no data, or it cannot be opened.
    pub(super) fn reader(&self) -> Result<Reader, Failure> {
        let master_key = master_key::named()?;
        Reader::open_with(&self.dir()?, master_key.as_deref()).map_err(|error| Failure::open(&error))
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
                Ok(Desk::Directory(Box::new(Directory { dir, store, settings, engine: None, notices: None })))
            }
        }
    }
}

impl Desk {
    /// Asks at the privacy officer's desk.
    ///
    /// # Errors
    /// What is wrong with the question, or why it cannot be answered.
    pub fn officer(&mut self, question: Question) -> Result<Value, Failure> {
        match self {
            Self::Running(dir) => accepted(ask(dir, &Request::Officer(question))?),
            Self::Directory(directory) => {
                let runtime = tokio::runtime::Builder::new_current_thread().build();
                let runtime = runtime.map_err(|error| Failure::failed(74, &error))?;
                let answer = runtime.block_on(officer::answer(question, &mut **directory));
                match answer["error"].as_str() {
                    Some(error) => Err(Failure::failed(74, &error)),
                    None => accepted(answer),
                }
            }
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
                let keep = retention_of(directory.settings.retention);
                Ok(control::sentences_as_json(customer.as_str(), &explain::sentences(&entries, n_max, &keep)))
            }
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
        let mut engine = Engine::new(house, policy_of(&self.settings)?).remembering(self.store.graves());
        self.store
            .scan_states(&mut |stored| engine.load(stored))
            .map_err(|error| Failure::failed(74, &error))?;
        Ok(engine)
    }
}
