//! Sensitive places from disk, and what they say against fences and offers.

use std::collections::BTreeMap;
use std::path::Path;

use engine::InRing;
use model::FenceFacts;
use sensitive_places::{Category, Loaded, ReadError, SensitivePlaces, Standing, statutory};
use settings::{OffersFile, Problem, Region, SensitiveSettings};
use spatial_index::{Fence, geojson};

use crate::fence_files::{open, shortened, unpacked, unreadable};

/// Sensitive places that were read.
#[derive(Debug, Default)]
pub struct SensitiveFile {
    /// With their zones and rings.
    pub places: SensitivePlaces,
    /// What was strange and did not matter enough to refuse the file.
    pub warnings: Vec<Problem>,
}

/// Reads the file that the settings name; without one there is no sensitive place.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(settings: &SensitiveSettings) -> Result<SensitiveFile, Vec<Problem>> {
    let Some(file) = &settings.file else { return Ok(SensitiveFile::default()) };
    let Loaded { places, warnings } = read(file, settings.region)?;
    let warnings: Vec<Problem> =
        warnings.iter().map(|warning| Problem::of_file(file, warning.to_string())).collect();
    // The laws of the operator's rules, once they are read.
    let built = SensitivePlaces::build(places, settings.margins, statutory());
    let places = built.map_err(|error| vec![Problem::of_file(file, error.to_string())])?;
    Ok(SensitiveFile { places, warnings: shortened(file, warnings) })
}

fn read(file: &Path, region: Option<Region>) -> Result<Loaded, Vec<Problem>> {
    let region = region.map(|region| {
        let [south, north, west, east] = region.corners();
        geojson::Region { south, west, north, east }
    });
    let content = open(file).and_then(|(raw, _)| unpacked(raw));
    let content = content.map_err(|error| vec![unreadable(file, &error)])?;
    sensitive_places::read(content, region).map_err(|error| match error {
        ReadError::Unreadable(error) => vec![unreadable(file, &error)],
        ReadError::Refused(flaws) => {
            let problems = flaws.iter().map(|flaw| Problem::of_file(file, flaw.to_string()));
            shortened(file, problems.collect())
        }
    })
}

/// How many places there are of each category that has any: `2 health, 1 worship`.
#[must_use]
pub fn told(places: &SensitivePlaces) -> String {
    let mut counts: BTreeMap<Category, usize> = BTreeMap::new();
    for place in places.places() {
        *counts.entry(place.category).or_default() += 1;
    }
    let told: Vec<String> = counts.iter().map(|(category, n)| format!("{n} {}", category.word())).collect();
    told.join(", ")
}

/// Fences in rings: those that must not be, as problems of a file, and the others.
#[derive(Debug, Default)]
pub struct InRings {
    /// Each with the law and the place that forbid it.
    pub refused: Vec<Problem>,
    /// Ordinary ones, each with its law.
    pub marked: Vec<(FenceFacts, String)>,
}

impl InRings {
    /// What the rings say of fences that are in no house yet.
    #[must_use]
    pub fn of<'a>(fences: impl Iterator<Item = &'a Fence>, places: &SensitivePlaces, file: &Path) -> Self {
        let found = fences.filter_map(|fence| Some((fence, places.standing(fence)?)));
        let rings = found.map(|(fence, standing)| {
            let (law, place) = places.reason(standing);
            let captures = matches!(standing, Standing::Captures { .. });
            InRing { fence: &fence.facts, law, place, captures }
        });
        Self::sorted(rings, file)
    }

    /// What they say of those of a house.
    pub fn sorted<'a>(rings: impl Iterator<Item = InRing<'a>>, file: &Path) -> Self {
        let mut sorted = Self::default();
        for ring in rings {
            if ring.captures {
                sorted.refused.push(refusal(&ring, file));
            } else {
                sorted.marked.push((ring.fence.clone(), law_of(&ring)));
            }
        }
        sorted.refused = shortened(file, sorted.refused);
        sorted
    }

    /// One word on the ordinary ones; none when there are none.
    #[must_use]
    pub fn warning(&self, file: &Path) -> Option<Problem> {
        let (first, law) = self.marked.first()?;
        let reason = format!(
            "{} of its fences lie in rings of sensitive places, where stays bring no offer and others cost more; \
             the first is {:?}, by {law}",
            self.marked.len(),
            first.id.as_str()
        );
        Some(Problem::of_file(file, reason))
    }

    /// What offers may not say there.
    #[must_use]
    pub fn against(&self, offers: &OffersFile) -> Vec<Problem> {
        offers.check_rings(&self.marked)
    }
}

fn law_of(ring: &InRing<'_>) -> String {
    format!(
        "{} ({}), {:.1} m round {:?}",
        ring.law.id,
        ring.law.citation,
        ring.law.meters.0,
        ring.place.name()
    )
}

fn refusal(ring: &InRing<'_>, file: &Path) -> Problem {
    let reason = format!(
        "the fence {:?} is there for a sensitive place ({}): it covers ground of it, or says so; forbidden by {}",
        ring.fence.id.as_str(),
        ring.place.category.word(),
        law_of(ring)
    );
    Problem::of_file(file, reason).with_hint("draw it clear of the place, or leave it out")
}

#[cfg(test)]
mod tests;
