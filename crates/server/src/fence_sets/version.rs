//! Versions in files: whole, or as far as they differ from one that is whole.
//!
//! One fence of a hundred thousand is put in force in the time that one fence takes to be written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{Edits, House, SetVersion};
use model::FenceId;
use offers::Catalogue;
use sensitive_places::SensitivePlaces;
use serde::{Deserialize, Serialize};
use spatial_index::{Fence, geojson};
use store::{FenceSetError, FenceSets};

use super::{Refused, cannot_be_matched, in_force_no};

/// Fences that a change tells of at most; then a version is kept whole again.
const CHANGED_MAX: usize = 1_000;

/// Fences of a set for each that a change tells of, at least: a small set is kept whole.
const FENCES_A_CHANGED: usize = 16;

/// How a set is told from a version that is kept whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Since {
    /// That version; `None` before there was any, and for what is about to be kept whole.
    whole: Option<u64>,
    /// Fences that may be other ones, there or not.
    ids: BTreeSet<FenceId>,
}

/// What a version's file holds.
pub(super) struct Content {
    pub(super) text: String,
    /// The version from which it tells the differences.
    pub(super) change_of: Option<u64>,
}

/// What stands in the file of a change beside its features.
#[derive(Serialize, Deserialize)]
struct Head {
    change_of: u64,
    /// Of that version.
    hash: Box<str>,
    removed: Vec<String>,
}

impl Since {
    /// The same once it is known as which version it was kept.
    pub(super) fn of(self, no: u64) -> Self {
        Self { whole: self.whole.or(Some(no)), ..self }
    }

    /// Writes a set down that was made of this one by an edit of some fences, or is any other.
    pub(super) fn write(
        &self,
        house: &House,
        edited: Option<BTreeSet<FenceId>>,
        sets: &FenceSets,
    ) -> (Content, Self) {
        let whole = self.whole.and_then(|no| sets.record(no));
        if let (Some(whole), Some(mut ids)) = (whole, edited) {
            ids.extend(self.ids.iter().cloned());
            if ids.len() <= CHANGED_MAX.min(house.n_fences() / FENCES_A_CHANGED) {
                let head = Head { change_of: whole.no, hash: whole.hash.clone(), removed: Vec::new() };
                let content = Content { text: change(head, &ids, house), change_of: Some(whole.no) };
                return (content, Self { whole: Some(whole.no), ids });
            }
        }
        let fences: Vec<Fence> = house.fences().collect();
        (Content { text: geojson::write(&fences), change_of: None }, Self::default())
    }
}

/// GeoJSON of the fences that are other ones, with the ids of those that are gone beside it.
fn change(mut head: Head, ids: &BTreeSet<FenceId>, house: &House) -> String {
    let fences: Vec<Fence> = ids.iter().filter_map(|id| house.fence_of(id)).collect();
    let gone = ids.iter().filter(|id| house.facts_of(id).is_none());
    head.removed = gone.map(|id| id.as_str().to_owned()).collect();
    let head = serde_json::to_string(&head).expect("a head is JSON");
    let features = geojson::write(&fences);
    format!("{},{}", head.trim_end_matches('}'), features.trim_start_matches('{'))
}

/// The fences in force in a data directory and their version; `None` before there were any.
///
/// # Errors
/// When they cannot be read.
pub fn in_force(sets: &FenceSets) -> Result<Option<(Vec<Fence>, SetVersion)>, FenceSetError> {
    in_force_no(sets).map(|no| read_version(sets, no)).transpose()
}

/// The fences of a version, ascending by id.
///
/// # Errors
/// When it is not kept or not readable.
pub fn read_version(sets: &FenceSets, no: u64) -> Result<(Vec<Fence>, SetVersion), FenceSetError> {
    read(sets, no).map(|(fences, version, _)| (fences, version))
}

/// The same, and how it is told from a version that is whole.
pub(super) fn read(sets: &FenceSets, no: u64) -> Result<(Vec<Fence>, SetVersion, Since), FenceSetError> {
    let version = SetVersion { no, hash: sets.record(no).map(|set| set.hash.clone()).unwrap_or_default() };
    let Some(whole) = sets.record(no).and_then(|set| set.change_of) else {
        return Ok((fences_of(sets, no)?, version, Since { whole: Some(no), ids: BTreeSet::new() }));
    };
    let head: Head = serde_json::from_slice(&sets.content(no)?).map_err(|_| damaged(no))?;
    if head.change_of != whole || sets.record(whole).is_none_or(|set| set.hash != head.hash) {
        return Err(damaged(no));
    }
    let mut edits = Edits::new();
    for id in &head.removed {
        edits.insert(FenceId::new(id).map_err(|_| damaged(no))?, None);
    }
    edits.extend(fences_of(sets, no)?.into_iter().map(|fence| (fence.facts.id.clone(), Some(fence))));
    let since = Since { whole: Some(whole), ids: edits.keys().cloned().collect() };
    let fences = fences_of(sets, whole)?.into_iter().filter(|fence| !edits.contains_key(&fence.facts.id));
    let mut fences: Vec<Fence> = fences.collect();
    fences.extend(edits.into_values().flatten());
    fences.sort_by(|a, b| a.facts.id.cmp(&b.facts.id));
    Ok((fences, version, since))
}

/// What the file of a version tells of, ascending by id.
fn fences_of(sets: &FenceSets, no: u64) -> Result<Vec<Fence>, FenceSetError> {
    let options = geojson::ReadOptions::default();
    let loaded = sets.make_of(no, |file| geojson::read_from(file, &options, &mut |_| {}))?;
    Ok(loaded.map_err(|_| damaged(no))?.fences)
}

fn damaged(no: u64) -> FenceSetError {
    FenceSetError::Damaged { path: PathBuf::from(format!("version {no}")), no }
}

/// A version with its index; without one, no fences.
pub(super) fn house_of(
    sets: &FenceSets,
    no: Option<u64>,
    catalogue: Arc<Catalogue>,
    sensitive: &Arc<SensitivePlaces>,
) -> Result<(Arc<House>, Since), Refused> {
    let read = no.map(|no| read(sets, no)).transpose()?;
    let (fences, version, since) =
        read.map_or_else(Default::default, |(fences, version, since)| (fences, Some(version), since));
    let house = House::build(fences, catalogue, version);
    let house = house.map_err(|error| cannot_be_matched(Path::new("fences"), &error))?;
    Ok((Arc::new(house.guarded(sensitive.clone())), since))
}

/// The set that the last server had, or the one in force, without offers.
///
/// # Errors
/// When neither can be read.
pub fn served(sets: &FenceSets) -> Result<Arc<House>, Refused> {
    match left_by_the_last_server(sets, &Arc::default(), &Arc::default()) {
        Some(house) => Ok(house),
        None => house_of(sets, in_force_no(sets), Arc::default(), &Arc::default()).map(|(house, _)| house),
    }
}

/// The set in whose fences the visits were made that are read back; `None` when that is the one in
/// force, or it cannot be read any more.
pub(super) fn left_by_the_last_server(
    sets: &FenceSets,
    catalogue: &Arc<Catalogue>,
    sensitive: &Arc<SensitivePlaces>,
) -> Option<Arc<House>> {
    let no = sets.served().filter(|no| Some(*no) != in_force_no(sets))?;
    match house_of(sets, Some(no), catalogue.clone(), sensitive) {
        Ok((house, _)) => Some(house),
        Err(error) => {
            tracing::warn!(version = no, "what the last server had cannot be read: {error}");
            None
        }
    }
}
