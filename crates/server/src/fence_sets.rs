//! The keeper of the fences: checks another set, makes it durable, and says how it differs.
//!
//! It works beside the shards. What it hands out as a [`Kept`] is durable and checked, and is in
//! force once every shard has taken it up.

pub(crate) mod change;
pub(crate) mod difference;
mod wish;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{Alteration, Extent, House, SetVersion};
use model::{FenceFacts, Timestamp};
use settings::{FenceSettings, OffersFile, Problem, Settings};
use spatial_index::{Fence, geojson};
use store::{Authorship, FenceSetError, FenceSets, hash_of};

pub use self::wish::Wish;
use crate::fence_files::{self, FenceOptions};

/// A change of more than this share of the set is likely a slip: the wrong file, or an empty one.
pub const SHARE_MAX: f64 = 0.20;

/// Keeps the versions, and knows which fences are in force.
pub struct Keeper {
    sets: FenceSets,
    settings: FenceSettings,
    offers: Option<OffersFile>,
    house: Arc<House>,
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
}

impl From<Vec<Problem>> for Refused {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Problems(problems)
    }
}

/// A set that is checked and not kept yet.
struct Ready {
    alteration: Alteration,
    keep: Keep,
    warnings: Vec<Problem>,
}

enum Keep {
    /// As a new version.
    New { content: String, file_hash: Option<Box<str>>, origin: String },
    /// One that is kept.
    Old(u64),
}

/// Fences that were read, with where they come from.
struct Source {
    fences: Vec<Fence>,
    warnings: Vec<Problem>,
    origin: String,
    file_hash: Option<Box<str>>,
}

impl Keeper {
    /// Reads the version in force, and leaves the settings' file alone.
    ///
    /// For whoever holds the data directory.
    ///
    /// # Errors
    /// When it, or the offers, cannot be read.
    pub fn open(data_dir: &Path, settings: &Settings) -> Result<Self, Refused> {
        Self::over(FenceSets::open(data_dir, settings.fences.versions_kept)?, settings)
    }

    fn over(sets: FenceSets, settings: &Settings) -> Result<Self, Refused> {
        let offers = settings.offers_file.as_deref().map(OffersFile::load).transpose()?;
        let catalogue = Arc::new(offers.as_ref().map(OffersFile::catalogue).unwrap_or_default());
        let (fences, version) = in_force(&sets)?.unzip();
        let house = House::build(fences.unwrap_or_default(), catalogue, version);
        let house = Arc::new(house.map_err(|error| cannot_be_matched(Path::new("fences"), &error))?);
        Ok(Self { sets, settings: settings.fences.clone(), offers, house })
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
        self.check_offers(ready.alteration.to())?;
        Ok(ready)
    }

    fn keep(&mut self, ready: Ready, by: &str, now: Timestamp) -> Result<Answered, Refused> {
        let extent = ready.alteration.extent();
        let has_set = self.sets.in_force().is_some();
        let no = match ready.keep {
            Keep::New { file_hash, .. } if has_set && extent.is_nothing() => {
                if let Some(hash) = file_hash {
                    self.sets.note_file(&hash)?;
                }
                return Ok(Answered::Unchanged);
            }
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
                self.sets.add(content.as_bytes(), made, file_hash.as_deref(), now)?
            }
        };
        Ok(Answered::Kept(Kept { alteration: Arc::new(ready.alteration), no, warnings: ready.warnings }))
    }

    /// Notes that an alteration is in force everywhere.
    pub fn settle(&mut self, alteration: &Alteration) {
        self.house = alteration.to().clone();
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
        let Source { fences, warnings, origin, file_hash } = self.source(wish)?;
        let content = geojson::write(&fences);
        let version = SetVersion { no: self.sets.next_no(), hash: hash_of(content.as_bytes()) };
        let alteration = self.alteration(fences, version, &wish.name(&self.settings))?;
        Ok(Ready { alteration, keep: Keep::New { content, file_hash, origin }, warnings })
    }

    fn prepare_old(&self, to: Option<u64>) -> Result<Ready, Refused> {
        let base = self.sets.in_force().and_then(|set| set.base);
        let Some(no) = to.or(base) else {
            let reason = "there is no version before the one in force";
            return Err(vec![Problem::of_file(Path::new("fences"), reason)].into());
        };
        let (fences, version) = read_version(&self.sets, no)?;
        let alteration = self.alteration(fences, version, Path::new("fences"))?;
        Ok(Ready { alteration, keep: Keep::Old(no), warnings: Vec::new() })
    }

    fn alteration(
        &self,
        fences: Vec<Fence>,
        version: SetVersion,
        name: &Path,
    ) -> Result<Alteration, Refused> {
        Alteration::new(&self.house, fences, Some(version)).map_err(|error| cannot_be_matched(name, &error))
    }

    fn check_offers(&self, house: &House) -> Result<(), Refused> {
        let Some(offers) = &self.offers else { return Ok(()) };
        let facts: Vec<FenceFacts> = house.facts().cloned().collect();
        let problems = offers.check_fences(&facts);
        if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
    }
}

/// What a server starts with, worked out before anything is touched.
pub struct Start {
    keeper: Keeper,
    /// The settings' file, if it was edited since it was taken up.
    edited: Option<Ready>,
}

impl Start {
    /// Reads the version in force, and the settings' file when that was edited since.
    ///
    /// # Errors
    /// A start is refused for what a reload would be refused for; nothing is changed then.
    pub fn plan(data_dir: &Path, settings: &Settings) -> Result<Self, Refused> {
        let keeper = Keeper::over(FenceSets::read(data_dir)?, settings)?;
        let edited = match &settings.fences.file {
            Some(file) if keeper.sets.file_hash() != Some(&*hash_of_file(file)?) => {
                Some(keeper.examine(&Wish::Reload { yes: true })?)
            }
            Some(_) | None => {
                keeper.check_offers(&keeper.house)?;
                None
            }
        };
        Ok(Self { keeper, edited })
    }

    /// Makes it durable, for whoever holds the data directory by now.
    ///
    /// With the alteration that leads to the edited file when there was another set in force
    /// before; the keeper's house is the one before it until [`Keeper::settle`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(
        self,
        data_dir: &Path,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(Keeper, Option<Kept>), Refused> {
        let Self { mut keeper, mut edited } = self;
        let sets = FenceSets::open(data_dir, settings.fences.versions_kept)?;
        if sets.history() != keeper.sets.history() {
            // Somebody else held the directory meanwhile.
            Self { keeper, edited } = Self::plan(data_dir, settings)?;
        }
        keeper.sets = sets;
        let has_set = keeper.sets.in_force().is_some();
        let answered = edited.map(|ready| keeper.keep(ready, "stile serve", now)).transpose()?;
        match answered {
            // Nobody was in a fence before there were any.
            Some(Answered::Kept(kept)) if !has_set => {
                keeper.settle(&kept.alteration);
                Ok((keeper, None))
            }
            Some(Answered::Kept(kept)) => Ok((keeper, Some(kept))),
            Some(Answered::Unchanged) | None => Ok((keeper, None)),
        }
    }
}

/// The fences in force in a data directory and their version; `None` before there were any.
///
/// # Errors
/// When they cannot be read.
pub fn in_force(sets: &FenceSets) -> Result<Option<(Vec<Fence>, SetVersion)>, FenceSetError> {
    sets.in_force().map(|set| read_version(sets, set.no)).transpose()
}

/// The fences of a version, ascending by id.
///
/// # Errors
/// When it is not kept or not readable.
pub fn read_version(sets: &FenceSets, no: u64) -> Result<(Vec<Fence>, SetVersion), FenceSetError> {
    let content = sets.content(no)?;
    let damaged = || FenceSetError::Damaged { path: PathBuf::from(format!("version {no}")), no };
    let loaded = geojson::read(&content, &geojson::ReadOptions::default()).map_err(|_| damaged())?;
    let hash = sets.record(no).map(|set| set.hash.clone()).unwrap_or_default();
    Ok((loaded.fences, SetVersion { no, hash }))
}

fn hash_of_file(file: &Path) -> Result<Box<str>, Vec<Problem>> {
    let bytes = std::fs::read(file).map_err(|error| vec![fence_files::unreadable(file, &error)])?;
    Ok(hash_of(&bytes))
}

fn load(file: &Path, settings: &FenceSettings) -> Result<fence_files::FenceFile, Vec<Problem>> {
    let FenceSettings { region, skip_invalid, .. } = *settings;
    fence_files::load(file, FenceOptions { skip_invalid, region, ..FenceOptions::default() })
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
