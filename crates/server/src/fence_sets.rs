//! The keeper of the fences, and of the offers with them: checks others, makes them durable, and says
//! how they differ.
//!
//! It works beside the shards. What it hands out as a [`Kept`] is durable and checked, and is in
//! force once every shard has taken it up.

pub(crate) mod change;
pub(crate) mod difference;
mod start;
mod version;
mod wish;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use consent_gate::RuleBook;
use engine::{Alteration, Edits, Extent, House, SetVersion};
use model::{FenceFacts, Timestamp};
use offers::Mode;
use sensitive_places::SensitivePlaces;
use settings::{FenceSettings, LawSettings, OfferSettings, OffersFile, Problem, SensitiveSettings, Settings};
use spatial_index::Fence;
use store::{Authorship, FenceSetError, FenceSets, hash_of, hash_of_all};

pub use self::start::Start;
use self::version::{Content, Since};
pub use self::version::{in_force, read_version, served};
pub use self::wish::Wish;
use crate::fence_files::{self, FenceOptions};
use crate::machine::Clock;
use crate::orders::{Orders, OrdersError};
use crate::sensitive::{self, InRings};

/// A change of more than this share of the set is likely a slip: the wrong file, or an empty one.
pub const SHARE_MAX: f64 = 0.20;

/// Keeps the versions, and knows which fences are in force.
pub struct Keeper {
    sets: FenceSets,
    settings: FenceSettings,
    offers_file: Option<PathBuf>,
    offer_settings: OfferSettings,
    offers: Option<OffersFile>,
    sensitive_settings: SensitiveSettings,
    law_settings: LawSettings,
    /// Those that every shard has.
    rules: Arc<RuleBook>,
    /// What operators have said of offers.
    orders: Orders,
    house: Arc<House>,
    /// How the house in force is told from a version that is kept whole.
    since: Since,
    /// The same of the set that is durable and not in force everywhere yet.
    next: Option<Since>,
    /// The house before, as long as it shares nearly all with the one in force.
    before: Option<(Arc<House>, Since)>,
}

/// A set that is durable and has to be taken up.
pub struct Kept {
    /// The way to it.
    pub alteration: Arc<Alteration>,
    /// Its number.
    pub no: u64,
    /// What was strange in the file and did not matter enough to refuse it.
    pub warnings: Vec<Problem>,
}

/// What became of a wish.
pub enum Answered {
    /// Another set is durable.
    Kept(Kept),
    /// The fences are those in force already.
    Unchanged,
}

/// Why the set in force stays.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// What was given is wrong.
    #[error("{} problems in what was given", .0.len())]
    Problems(Vec<Problem>),
    /// The versions cannot be read or written.
    #[error(transparent)]
    Sets(#[from] FenceSetError),
    /// What operators said of offers cannot be read.
    #[error(transparent)]
    Orders(#[from] OrdersError),
}

impl From<Vec<Problem>> for Refused {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Problems(problems)
    }
}

/// The rules with what the settings say of opt-in.
fn rules_of(law: &LawSettings) -> Result<Arc<RuleBook>, Vec<Problem>> {
    Ok(Arc::new(law.rules()?.book().clone().with_double_opt_in(law.double_opt_in.clone())))
}

/// A set that is checked and not kept yet.
struct Ready {
    alteration: Alteration,
    keep: Keep,
    since: Since,
    warnings: Vec<Problem>,
    /// The offers as they were read anew.
    offers: Option<OffersFile>,
}

enum Keep {
    /// As a new version.
    New { content: Content, file_hash: Option<Box<str>>, origin: String },
    /// One that is kept.
    Old(u64),
    /// The fences are those in force.
    Nothing,
}

/// Fences that were read, with where they come from.
struct Source {
    fences: Fences,
    warnings: Vec<Problem>,
    origin: String,
    file_hash: Option<Box<str>>,
}

enum Fences {
    /// These and no others, ascending by id.
    Whole(Vec<Fence>),
    /// Those in force, after some edits.
    Edited(Edits),
}

impl Keeper {
    /// Reads the version in force, and leaves the settings' file alone.
    ///
    /// For whoever holds the data directory.
    ///
    /// # Errors
    /// When it, or the offers, cannot be read.
    pub fn open(data_dir: &Path, settings: &Settings) -> Result<Self, Refused> {
        let sets = FenceSets::open(data_dir, settings.fences.versions_kept)?;
        Self::over(sets, Orders::read(data_dir)?, settings)
    }

    fn over(sets: FenceSets, orders: Orders, settings: &Settings) -> Result<Self, Refused> {
        let load = |file| OffersFile::load_with(file, settings.offers);
        let offers = settings.offers_file.as_deref().map(load).transpose()?;
        let catalogue = offers.as_ref().map(OffersFile::catalogue).unwrap_or_default();
        let catalogue = Arc::new(orders.applied_to(&catalogue));
        let (sensitive_settings, law_settings) = (settings.sensitive.clone(), settings.law.clone());
        let loaded = sensitive::load(&sensitive_settings, &law_settings, Clock::Wall.now())?;
        let sensitive = Arc::new(loaded.places);
        let (house, since) = version::house_of(&sets, in_force_no(&sets), catalogue, &sensitive)?;
        let (offers_file, offer_settings) = (settings.offers_file.clone(), settings.offers);
        let (rules, settings) = (rules_of(&law_settings)?, settings.fences.clone());
        Ok(Self {
            sets,
            settings,
            offers_file,
            offer_settings,
            offers,
            sensitive_settings,
            law_settings,
            rules,
            orders,
            house,
            since,
            next: None,
            before: None,
        })
    }

    /// Checks what is wished for and makes it durable; the caller lets it be taken up, and calls
    /// [`Keeper::settle`].
    ///
    /// # Errors
    /// Every problem; the set in force stays.
    pub fn answer(&mut self, wish: &Wish, by: &str, now: Timestamp) -> Result<Answered, Refused> {
        let ready = self.examine(wish)?;
        self.keep(ready, by, now)
    }

    /// Checks what is wished for; changes nothing.
    fn examine(&self, wish: &Wish) -> Result<Ready, Refused> {
        let ready = self.prepare(wish)?;
        let extent = ready.alteration.extent();
        if wish.needs_yes() && 0 < extent.n_before && SHARE_MAX < extent.share() {
            return Err(too_large(&wish.name(&self.settings), extent).into());
        }
        let name = wish.name(&self.settings);
        check_house(ready.offers.as_ref().or(self.offers.as_ref()), ready.alteration.to(), &name)?;
        Ok(ready)
    }

    fn keep(&mut self, ready: Ready, by: &str, now: Timestamp) -> Result<Answered, Refused> {
        let extent = ready.alteration.extent();
        let has_set = self.sets.in_force().is_some();
        // The same offers may stand in other lines now.
        self.offers = ready.offers.or(self.offers.take());
        let no = match ready.keep {
            Keep::New { file_hash, .. } if has_set && extent.is_nothing() => {
                if let Some(hash) = file_hash {
                    self.sets.note_file(&hash)?;
                }
                return Ok(self.with_the_fences_that_are_there(ready.alteration, ready.warnings));
            }
            Keep::Nothing => return Ok(self.with_the_fences_that_are_there(ready.alteration, ready.warnings)),
            Keep::Old(no) => {
                self.sets.put_in_force(no, by, now)?;
                no
            }
            Keep::New { content, file_hash, origin } => {
                let made = Authorship {
                    origin: origin.into(),
                    by: by.into(),
                    n_fences: ready.alteration.to().n_fences(),
                    n_added: extent.n_added,
                    n_removed: extent.n_removed,
                    n_changed: extent.n_changed,
                };
                self.sets.add(content.text.as_bytes(), content.change_of, made, file_hash.as_deref(), now)?
            }
        };
        self.next = Some(ready.since.of(no));
        Ok(Answered::Kept(Kept { alteration: Arc::new(ready.alteration), no, warnings: ready.warnings }))
    }

    /// No other version; what differs, if anything, is offers and sensitive places.
    fn with_the_fences_that_are_there(&self, alteration: Alteration, warnings: Vec<Problem>) -> Answered {
        if alteration.offers().is_nothing() && !alteration.is_about_places() {
            return Answered::Unchanged;
        }
        let version = self.house.version().cloned();
        let no = version.as_ref().map_or(0, |version| version.no);
        Answered::Kept(Kept { alteration: Arc::new(alteration.named(version)), no, warnings })
    }

    /// Notes that an alteration is in force everywhere.
    pub fn settle(&mut self, alteration: &Alteration) {
        let house = std::mem::replace(&mut self.house, alteration.to().clone());
        let before = self.next.take().map(|next| (house, std::mem::replace(&mut self.since, next)));
        // To go back to a set is not to go back to the offers of its time, nor to what was not sensitive then.
        let is_other = !alteration.offers().is_nothing() || alteration.is_about_places();
        if is_other || !alteration.keeps_numbers() {
            self.before = None;
        } else if before.is_some() {
            self.before = before;
        }
    }

    /// Goes on with the house that every shard has, after orders to its offers.
    pub fn catch_up(&mut self, house: &Arc<House>, orders: &Orders) {
        // To go back to a set is not to go back to the orders of its time.
        if !Arc::ptr_eq(self.house.catalogue(), house.catalogue()) {
            self.before = None;
        }
        self.house = house.clone();
        self.orders = orders.clone();
    }

    /// The rules of law as they stand in their file now, when a wish asks for them and they are others.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn other_rules(&self, wish: &Wish) -> Result<Option<Arc<RuleBook>>, Refused> {
        match wish {
            Wish::Reload { .. } => {
                let rules = rules_of(&self.law_settings)?;
                Ok((rules != self.rules).then_some(rules))
            }
            Wish::Apply { .. } | Wish::Put { .. } | Wish::Remove { .. } | Wish::Rollback { .. } => Ok(None),
        }
    }

    /// Notes that other rules are in force everywhere.
    pub fn settle_rules(&mut self, rules: Arc<RuleBook>) {
        self.rules = rules;
    }

    /// What the settings let offers do at most.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.offer_settings.mode
    }

    /// What operators have said of offers.
    #[must_use]
    pub const fn orders(&self) -> &Orders {
        &self.orders
    }

    /// The house in force.
    #[must_use]
    pub const fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// The versions.
    #[must_use]
    pub const fn sets(&self) -> &FenceSets {
        &self.sets
    }

    fn prepare(&self, wish: &Wish) -> Result<Ready, Refused> {
        if let Wish::Rollback { to } = wish {
            return self.prepare_old(*to);
        }
        let load = |file| OffersFile::load_with(file, self.offer_settings);
        let offers = match wish {
            Wish::Reload { .. } => self.offers_file.as_deref().map(load).transpose()?,
            Wish::Apply { .. } | Wish::Put { .. } | Wish::Remove { .. } | Wish::Rollback { .. } => None,
        };
        let places = match wish {
            Wish::Reload { .. } => self.other_places()?,
            Wish::Apply { .. } | Wish::Put { .. } | Wish::Remove { .. } | Wish::Rollback { .. } => None,
        };
        if (offers.is_some() || places.is_some()) && self.settings.file.is_none() {
            return Ok(self.prepare_others(offers, places));
        }
        let Source { fences, warnings, origin, file_hash } = self.source(wish)?;
        let told = |error| cannot_be_matched(&wish.name(&self.settings), &error);
        let (alteration, edited) = match fences {
            Fences::Whole(fences) => (Alteration::new(&self.house, fences, None), None),
            Fences::Edited(edits) => {
                let ids = edits.keys().cloned().collect();
                (Alteration::edit(&self.house, edits), Some(ids))
            }
        };
        let alteration = self.with_offers(alteration.map_err(told)?, offers.as_ref());
        let alteration = with_places(alteration, places);
        let (content, since) = self.since.write(alteration.to(), edited, &self.sets);
        let version = SetVersion { no: self.sets.next_no(), hash: hash_of(content.text.as_bytes()) };
        let alteration = alteration.named(Some(version));
        Ok(Ready { alteration, keep: Keep::New { content, file_hash, origin }, since, warnings, offers })
    }

    /// The same fences, with the offers and the sensitive places as they are now.
    fn prepare_others(&self, offers: Option<OffersFile>, places: Option<Arc<SensitivePlaces>>) -> Ready {
        let alteration = Alteration::edit(&self.house, Edits::new()).expect("the same fences can be matched");
        let alteration = with_places(self.with_offers(alteration, offers.as_ref()), places);
        let since = self.since.clone();
        Ready { alteration, keep: Keep::Nothing, since, warnings: Vec::new(), offers }
    }

    /// The sensitive places with their rings, when they are not those that everybody has.
    fn other_places(&self) -> Result<Option<Arc<SensitivePlaces>>, Refused> {
        let loaded = sensitive::load(&self.sensitive_settings, &self.law_settings, Clock::Wall.now())?;
        let places = loaded.places;
        Ok((!places.is_same(self.house.sensitive())).then(|| Arc::new(places)))
    }

    fn with_offers(&self, alteration: Alteration, offers: Option<&OffersFile>) -> Alteration {
        let Some(offers) = offers else { return alteration };
        let catalogue = self.orders.applied_to(&offers.catalogue());
        // One that is the same stays the one that everybody has.
        if self.house.catalogue().difference(&catalogue).is_nothing() {
            return alteration;
        }
        alteration.with_offers(Arc::new(catalogue))
    }

    fn prepare_old(&self, to: Option<u64>) -> Result<Ready, Refused> {
        let base = self.sets.in_force().and_then(|set| set.base);
        let Some(no) = to.or(base) else {
            let reason = "there is no version before the one in force";
            return Err(vec![Problem::of_file(Path::new("fences"), reason)].into());
        };
        let is_it = |house: &House| house.version().is_some_and(|version| version.no == no);
        let is_kept = self.sets.record(no).is_some();
        let (alteration, since) = match &self.before {
            Some((before, since)) if is_kept && is_it(before) => {
                (Alteration::between(self.house.clone(), before.clone()), since.clone())
            }
            Some(_) | None => {
                let (fences, version, since) = version::read(&self.sets, no)?;
                let alteration = Alteration::new(&self.house, fences, Some(version));
                (alteration.map_err(|error| cannot_be_matched(Path::new("fences"), &error))?, since)
            }
        };
        Ok(Ready { alteration, keep: Keep::Old(no), since, warnings: Vec::new(), offers: None })
    }
}

fn with_places(alteration: Alteration, places: Option<Arc<SensitivePlaces>>) -> Alteration {
    match places {
        Some(places) => alteration.guarded(places),
        None => alteration,
    }
}

/// Whether a house may be put in force: no fence is there for a sensitive place, and the offers fit.
fn check_house(offers: Option<&OffersFile>, house: &House, name: &Path) -> Result<(), Refused> {
    let rings = InRings::sorted(house.rings(), name);
    let mut problems = rings.refused.clone();
    problems.extend(offers.map(|offers| rings.against(offers)).unwrap_or_default());
    if problems.is_empty() { check_offers(offers, house) } else { Err(problems.into()) }
}

/// Whether offers name nothing but what there is in a house.
fn check_offers(offers: Option<&OffersFile>, house: &House) -> Result<(), Refused> {
    let Some(offers) = offers else { return Ok(()) };
    if offers.fit(|id| house.facts_of(id), || house.facts()) {
        return Ok(());
    }
    let facts: Vec<FenceFacts> = house.facts().cloned().collect();
    let problems = offers.check_fences(&facts);
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}

fn in_force_no(sets: &FenceSets) -> Option<u64> {
    sets.in_force().map(|set| set.no)
}

fn hash_of_file(file: &Path) -> Result<Box<str>, Vec<Problem>> {
    let opened = fence_files::open(file).and_then(|(content, _)| hash_of_all(content));
    opened.map_err(|error| vec![fence_files::unreadable(file, &error)])
}

fn load(file: &Path, settings: &FenceSettings) -> Result<fence_files::FenceFile, Vec<Problem>> {
    let FenceSettings { region, skip_invalid, .. } = *settings;
    fence_files::load(file, FenceOptions { skip_invalid, region, is_quiet: true })
}

fn cannot_be_matched(name: &Path, error: &spatial_index::BuildError) -> Refused {
    vec![Problem::of_file(name, format!("cannot be matched: {error}"))].into()
}

fn too_large(name: &Path, extent: Extent) -> Vec<Problem> {
    let Extent { n_added, n_removed, n_changed, .. } = extent;
    let percent = extent.share() * 100.0;
    let reason = format!(
        "would change the set by {percent:.0} %: {n_added} added, {n_removed} removed, {n_changed} changed; \
         more than 20 % needs --yes"
    );
    vec![Problem::of_file(name, reason)]
}

#[cfg(test)]
mod tests;
