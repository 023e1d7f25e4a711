//! Why a draft is no offer.

use crate::hours::HoursFlaw;
use crate::language;
use crate::offer::Draft;
use crate::text::{TextFlaw, TextPart};

/// Why a draft is no offer; `draft` counts from nought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogueFlaw {
    /// Another draft has the same id.
    RepeatedId {
        /// Which draft.
        draft: usize,
    },
    /// It names no fence and no tag, so it would never be due.
    NoFences {
        /// Which draft.
        draft: usize,
    },
    /// Its last day comes before its first.
    Dates {
        /// Which draft.
        draft: usize,
    },
    /// Its schedule cannot be read.
    Schedule {
        /// Which draft.
        draft: usize,
        /// Why.
        flaw: HoursFlaw,
    },
    /// Its category is no lower-case word.
    Category {
        /// Which draft.
        draft: usize,
    },
    /// Its value is out of bounds.
    Value {
        /// Which draft.
        draft: usize,
    },
    /// Its holdout is out of bounds.
    Holdout {
        /// Which draft.
        draft: usize,
    },
    /// A language is no language tag, or stands there twice.
    Language {
        /// Which draft.
        draft: usize,
        /// Which language.
        lang: Box<str>,
    },
    /// Its text breaks a rule.
    Text {
        /// Which draft.
        draft: usize,
        /// In which language; `None` in its first.
        lang: Option<Box<str>>,
        /// Which part of its text.
        part: TextPart,
        /// Which rule.
        flaw: TextFlaw,
    },
}

impl CatalogueFlaw {
    /// Which draft, counted from nought.
    #[must_use]
    pub const fn draft(&self) -> usize {
        match self {
            Self::RepeatedId { draft }
            | Self::NoFences { draft }
            | Self::Dates { draft }
            | Self::Schedule { draft, .. }
            | Self::Category { draft }
            | Self::Value { draft }
            | Self::Holdout { draft }
            | Self::Language { draft, .. }
            | Self::Text { draft, .. } => *draft,
        }
    }
}

/// Longest category, in bytes.
const CATEGORY_LEN_MAX: usize = 32;

/// Whether a text is a category: a lower-case word such as `weight_loss`.
#[must_use]
pub fn is_category(text: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    (1..=CATEGORY_LEN_MAX).contains(&text.len()) && text.bytes().all(is_letter)
}

/// What is wrong with a draft apart from its texts, its schedule and its id.
pub(crate) fn flaws_of(i: usize, draft: &Draft) -> Vec<CatalogueFlaw> {
    let mut flaws = Vec::new();
    if draft.fences.is_empty() && draft.tags.is_empty() {
        flaws.push(CatalogueFlaw::NoFences { draft: i });
    }
    let season = &draft.season;
    if season.starts_on.zip(season.ends_on).is_some_and(|(first, last)| last < first) {
        flaws.push(CatalogueFlaw::Dates { draft: i });
    }
    if draft.category.as_deref().is_some_and(|category| !is_category(category)) {
        flaws.push(CatalogueFlaw::Category { draft: i });
    }
    if !(1..=Draft::VALUE_MAX).contains(&draft.value) {
        flaws.push(CatalogueFlaw::Value { draft: i });
    }
    if Draft::HOLDOUT_PERMILLE_MAX < draft.holdout_permille {
        flaws.push(CatalogueFlaw::Holdout { draft: i });
    }
    for (n, (tag, _)) in draft.lang.iter().enumerate() {
        let is_repeated = draft.lang[..n].iter().any(|(known, _)| known.eq_ignore_ascii_case(tag));
        if !language::is_tag(tag) || is_repeated {
            flaws.push(CatalogueFlaw::Language { draft: i, lang: tag.clone() });
        }
    }
    flaws
}
