//! The offers file: `[[offer]]` tables, read to drafts that remember their lines.

mod fitting;
mod reading;
mod warnings;

pub use fitting::unreadable_hours;

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use offers::{Catalogue, CatalogueFlaw, Draft, TextPart};

use crate::sheet::Sheet;
use crate::source::Source;
use crate::{OfferSettings, Problem};

/// Most offers of one file; a catalogue of one merchant has dozens.
const N_OFFERS_MAX: usize = 10_000;

/// An offers file that could be read; [`OffersFile::catalogue`] then judges its texts.
pub struct OffersFile {
    source: Source,
    offers: Vec<Written>,
}

/// An offer and where its parts were written.
struct Written {
    draft: Draft,
    /// By key, such as `title` and `lang.de.title`.
    places: HashMap<String, Range<usize>>,
    fences: Vec<Range<usize>>,
    tags: Vec<Range<usize>>,
}

impl OffersFile {
    /// Reads a file of a server whose settings say nothing of offers.
    ///
    /// # Errors
    /// Everything that is wrong with it; whether its fences are there is judged later.
    pub fn load(file: &Path) -> Result<Self, Vec<Problem>> {
        Self::load_with(file, OfferSettings::default())
    }

    /// Reads a file, with what the settings allow.
    ///
    /// # Errors
    /// As [`OffersFile::load`].
    pub fn load_with(file: &Path, settings: OfferSettings) -> Result<Self, Vec<Problem>> {
        Self::read(Source::open(file)?, settings)
    }

    /// The same for a text under a file's name.
    ///
    /// # Errors
    /// As [`OffersFile::load`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        Self::parse_with(file, text, OfferSettings::default())
    }

    /// The same, with what the settings allow.
    ///
    /// # Errors
    /// As [`OffersFile::load`].
    pub fn parse_with(file: &Path, text: &str, settings: OfferSettings) -> Result<Self, Vec<Problem>> {
        Self::read(Source::new(file, text.to_owned()), settings)
    }

    fn read(source: Source, settings: OfferSettings) -> Result<Self, Vec<Problem>> {
        let (document, wrong) = source.parse();
        let sheet = Sheet::new(&source, wrong);
        let mut offers = Vec::new();
        if let Some(document) = &document {
            let root = sheet.root(document);
            let tables = root.sections("offer");
            if let Some(table) = tables.get(N_OFFERS_MAX) {
                root.wrong(
                    "offer",
                    table.bytes(),
                    format!("is one more than the {N_OFFERS_MAX} allowed"),
                    None,
                );
            }
            let tables = tables.iter().take(N_OFFERS_MAX);
            offers = tables.filter_map(|table| reading::read_offer(table, settings)).collect();
        }
        let mut problems = sheet.finish();
        // A reader who fixes the form wants to hear of the texts in the same run.
        if let (true, Err(flaws)) = (document.is_some(), Catalogue::new(drafts(&offers))) {
            problems.extend(flaws.iter().map(|flaw| problem_of(&source, &offers, flaw)));
            problems.sort_by_key(|problem| problem.place.as_ref().map(|place| place.bytes.start));
        }
        if problems.is_empty() { Ok(Self { source, offers }) } else { Err(problems) }
    }

    /// How many offers it holds.
    #[must_use]
    pub fn n_offers(&self) -> usize {
        self.offers.len()
    }

    /// The drafts, in the order of the file.
    #[must_use]
    pub fn drafts(&self) -> Vec<Draft> {
        drafts(&self.offers)
    }

    /// The offers with their templates compiled.
    ///
    /// # Panics
    /// Never: the file was refused if its texts were.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::new(self.drafts()).expect("an offers file that was read has only offers whose texts pass")
    }

    /// A problem with a key of an offer.
    fn problem(&self, offer: &Written, key: &str, reason: impl Into<String>) -> Problem {
        problem_at(&self.source, offer, key, reason)
    }
}

fn drafts(offers: &[Written]) -> Vec<Draft> {
    offers.iter().map(|offer| offer.draft.clone()).collect()
}

fn problem_at(source: &Source, offer: &Written, key: &str, reason: impl Into<String>) -> Problem {
    let at = offer.places.get(key).or_else(|| offer.places.get("id"));
    let name = format!("offer {}: {key}", offer.draft.id.as_str());
    source.problem(at.cloned().unwrap_or(0..0), &name, reason)
}

fn problem_of(source: &Source, offers: &[Written], flaw: &CatalogueFlaw) -> Problem {
    let offer = &offers[flaw.draft()];
    let (key, reason): (String, String) = match flaw {
        CatalogueFlaw::RepeatedId { .. } => ("id".into(), "stands here a second time".into()),
        CatalogueFlaw::NoFences { .. } => {
            ("id".into(), "names neither fences nor tags, so it is never due".into())
        }
        CatalogueFlaw::Dates { .. } => ("ends_on".into(), "comes before starts_on".into()),
        CatalogueFlaw::Schedule { flaw, .. } => ("schedule".into(), flaw.to_string()),
        CatalogueFlaw::Category { .. } => ("category".into(), "is no lower-case word".into()),
        CatalogueFlaw::Value { .. } => ("value".into(), "is out of bounds".into()),
        CatalogueFlaw::Holdout { .. } => ("holdout_permille".into(), "is out of bounds".into()),
        CatalogueFlaw::Language { lang, .. } => {
            (format!("lang.{lang}"), "is no language such as \"de\" or \"pt-BR\", or stands twice".into())
        }
        CatalogueFlaw::Text { lang, part, flaw, .. } => (key_of(lang.as_deref(), *part), flaw.to_string()),
    };
    problem_at(source, offer, &key, reason)
}

fn key_of(lang: Option<&str>, part: TextPart) -> String {
    match lang {
        Some(lang) => format!("lang.{lang}.{}", part.word()),
        None => part.word().to_owned(),
    }
}
