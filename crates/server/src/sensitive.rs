//! Sensitive places from disk, and what they say against fences and offers.

use std::collections::BTreeMap;
use std::path::Path;

use consent_gate::rules::{self, Geography, PlacedRing};
use engine::InRing;
use model::{FenceFacts, Timestamp};
use sensitive_places::{Category, Loaded, MeasuredFrom, ReadError, RingLaw, SensitivePlaces, Standing};
use settings::{LawSettings, OffersFile, Problem, Region, RulesFile, SensitiveSettings};
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

/// Reads the file that the settings name; without one there is no sensitive place. Its rings are those of
/// the rules that are in force now.
///
/// # Errors
/// Everything that is wrong with it, or with the rules.
pub fn load(
    settings: &SensitiveSettings,
    law: &LawSettings,
    now: Timestamp,
) -> Result<SensitiveFile, Vec<Problem>> {
    let Some(file) = &settings.file else { return Ok(SensitiveFile::default()) };
    let Loaded { places, warnings } = read(file, settings.region)?;
    let warnings: Vec<Problem> =
        warnings.iter().map(|warning| Problem::of_file(file, warning.to_string())).collect();
    let built = SensitivePlaces::build(places, settings.margins, ring_laws(&law.rules()?, now)?);
    let places = built.map_err(|error| vec![Problem::of_file(file, error.to_string())])?;
    Ok(SensitiveFile { places, warnings: shortened(file, warnings) })
}

/// The distances that rules demand, one for each category and place of theirs.
fn ring_laws(rules: &RulesFile, now: Timestamp) -> Result<Vec<RingLaw>, Vec<Problem>> {
    let book = rules.book();
    let (mut laws, mut problems) = (Vec::new(), Vec::new());
    for placed in book.rings(now) {
        let regions = regions_of(placed.place, book.geography());
        for word in &placed.ring.categories {
            match Category::from_word(word) {
                Some(category) => laws.extend(regions.iter().map(|region| law_in(placed, category, region))),
                None => problems.push(unknown_category(rules, placed, word)),
            }
        }
    }
    if book.is_strict() {
        let filling: Vec<RingLaw> = laws.iter().map(everywhere).collect();
        laws.extend(filling);
    }
    if problems.is_empty() { Ok(laws) } else { Err(problems) }
}

/// The regions of a place as [`RingLaw`] wants them.
fn regions_of(place: &rules::Place, geography: &Geography) -> Vec<String> {
    match place {
        rules::Place::Everywhere => vec![RingLaw::EVERYWHERE.to_owned()],
        rules::Place::In(_) | rules::Place::PartUnknown(_) => vec![place.to_string()],
        rules::Place::Group(id) => {
            let groups = geography.groups.iter().filter(|group| group.id == *id);
            groups.flat_map(|group| &group.members).map(ToString::to_string).collect()
        }
    }
}

fn law_in(placed: PlacedRing<'_>, category: Category, region: &str) -> RingLaw {
    RingLaw {
        id: placed.rule.id.clone(),
        citation: placed.rule.source.clone(),
        region: region.into(),
        category,
        meters: placed.ring.distance,
        from: match placed.ring.measured_from {
            rules::MeasuredFrom::Perimeter => MeasuredFrom::Perimeter,
            rules::MeasuredFrom::Centre => MeasuredFrom::Centre,
        },
        own_allowed: placed.ring.own_allowed,
    }
}

/// The same where no rule is known; a place with a rule of its own gets it too, which only tightens.
fn everywhere(law: &RingLaw) -> RingLaw {
    RingLaw { region: RingLaw::EVERYWHERE.into(), own_allowed: false, ..law.clone() }
}

fn unknown_category(rules: &RulesFile, placed: PlacedRing<'_>, word: &str) -> Problem {
    let known: Vec<&str> = Category::ALL.iter().map(|category| category.word()).collect();
    let reason = format!(
        "rule {}: its ring names {word:?}, which is no category of sensitive places; they are {}",
        placed.rule.id,
        known.join(", ")
    );
    Problem::of_file(rules.file(), reason)
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
