//! The file of sensitive places.
//!
//! GeoJSON as fences are written: Point with `radius_m`, Polygon or MultiPolygon, an id, and the property
//! `category`. `name`, `country`, `region` and `operator` (a merchant's id) may stand beside it. A file
//! with anything wrong in it is refused whole, always: a place that is left out is a place where people
//! are followed.

use std::fmt;
use std::io::{self, Read};

use model::{IdFlaw, MerchantId};
use spatial_index::geojson::{self, Extra, Flaw, ReadOptions, Warning};
use thiserror::Error;

use crate::{Category, Place};

/// What a file held.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// Ascending by id.
    pub places: Vec<Place>,
    /// About them, ascending by feature.
    pub warnings: Vec<Warning>,
}

/// Why a file gave no places.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It was read and is wrong.
    #[error("{} flaws in the file", .0.len())]
    Refused(Vec<PlaceFlaw>),
    /// It could not be read to its end.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
}

/// Something that is no sensitive place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceFlaw {
    /// Number of the feature in its file, counted from 0; none when the file itself is meant.
    pub feature: Option<usize>,
    /// The feature's id as far as it has one.
    pub id: Option<String>,
    /// What is wrong.
    pub reason: PlaceReason,
}

/// Why a feature is no sensitive place.
#[derive(Clone, Debug, PartialEq)]
pub enum PlaceReason {
    /// It is no fence either.
    Feature(geojson::Reason),
    /// It has no `category`.
    NoCategory,
    /// Its `category` is not on the list.
    Category {
        /// What stands there, cut after 64 characters.
        word: String,
    },
    /// Its `operator` breaks the rule for merchant ids.
    Operator(IdFlaw),
}

const CATEGORY: usize = 0;
const OPERATOR: usize = 1;

/// Reads a file piece by piece; with a region, one that lies mostly elsewhere is refused.
///
/// # Errors
/// Every flaw in the file, ascending by feature; what the reader says, when it fails.
pub fn read(reader: impl Read, region: Option<geojson::Region>) -> Result<Loaded, ReadError> {
    // Features that are refused are listed, so that all flaws can be told at once; any refuses the file.
    let options = ReadOptions {
        skip_invalid: true,
        region,
        extras: &["category", "operator"],
        ..ReadOptions::default()
    };
    let loaded = geojson::read_from(reader, &options, &mut |_| ()).map_err(|error| match error {
        geojson::ReadError::Refused(refused) => {
            ReadError::Refused(refused.flaws.into_iter().map(PlaceFlaw::from).collect())
        }
        geojson::ReadError::Unreadable(error) => ReadError::Unreadable(error),
    })?;
    let mut flaws: Vec<PlaceFlaw> = loaded.skipped.into_iter().map(PlaceFlaw::from).collect();
    let mut places = Vec::with_capacity(loaded.fences.len());
    for (fence, extra) in loaded.fences.into_iter().zip(&loaded.extras) {
        match (category(extra), operator(extra)) {
            (Ok(category), Ok(operator)) => places.push(Place { fence, category, operator }),
            (category, operator) => {
                let wrong = category.err().into_iter().chain(operator.err());
                let id = Some(fence.facts.id.as_str().to_owned());
                let flaw = |reason| PlaceFlaw { feature: Some(extra.feature), id: id.clone(), reason };
                flaws.extend(wrong.map(flaw));
            }
        }
    }
    flaws.sort_by_key(|flaw| flaw.feature);
    if flaws.is_empty() {
        Ok(Loaded { places, warnings: loaded.warnings })
    } else {
        Err(ReadError::Refused(flaws))
    }
}

fn category(extra: &Extra) -> Result<Category, PlaceReason> {
    let word = extra.texts[CATEGORY].as_deref().ok_or(PlaceReason::NoCategory)?;
    let unknown = || PlaceReason::Category { word: word.chars().take(64).collect() };
    Category::from_word(word).ok_or_else(unknown)
}

fn operator(extra: &Extra) -> Result<Option<MerchantId>, PlaceReason> {
    let id = extra.texts[OPERATOR].as_deref();
    id.map(MerchantId::new).transpose().map_err(PlaceReason::Operator)
}

impl From<Flaw> for PlaceFlaw {
    fn from(Flaw { feature, id, reason }: Flaw) -> Self {
        Self { feature, id, reason: PlaceReason::Feature(reason) }
    }
}

impl fmt::Display for PlaceFlaw {
    /// `feature 3 (id "s1"): reason`, as of fences.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.feature, &self.id) {
            (Some(feature), Some(id)) => write!(f, "feature {feature} (id {id:?}): {}", self.reason),
            (Some(feature), None) => write!(f, "feature {feature}: {}", self.reason),
            (None, _) => write!(f, "{}", self.reason),
        }
    }
}

impl fmt::Display for PlaceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = || Category::ALL.map(Category::word).join(", ");
        match self {
            Self::Feature(reason) => write!(f, "{reason}"),
            Self::NoCategory => write!(f, "`category` is missing; it is one of {}", words()),
            Self::Category { word } => write!(f, "`category` is {word:?}; it is one of {}", words()),
            Self::Operator(flaw) => write!(f, "the merchant id in `operator` {}", flaw.text()),
        }
    }
}
