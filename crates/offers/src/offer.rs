//! One offer, as written and as checked.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use model::{Channel, FenceFacts, FenceId, MerchantId, Millis, OfferId, Profile, TransitionKind};

use crate::hours::OpeningHours;
use crate::language::Languages;

/// An offer as an operator wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its name.
    pub id: OfferId,
    /// Whose it is; it applies in that merchant's fences only.
    pub merchant: MerchantId,
    /// Where it applies and when it is called for.
    pub trigger: TransitionKind,
    /// Fences by id.
    pub fences: Vec<FenceId>,
    /// Fences by tag; a fence with any of them will do.
    pub tags: Vec<Box<str>>,
    /// Of several that are due at once the highest goes first.
    pub priority: u8,
    /// Stale this long after the transition that called for it.
    pub valid_for: Millis,
    /// What kind of thing it is about, one lower-case word such as `coffee`.
    pub category: Option<Box<str>>,
    /// How it is said.
    pub channel: Channel,
    /// What it is worth to the customer, 1-1000.
    pub value: u32,
    /// When it may be said.
    pub season: Season,
    /// To whom it may be said.
    pub audience: Audience,
    /// How often it may be said to all together.
    pub stock: Limits,
    /// The share of customers, in thousandths, who do not get it, so that it can be told what it does.
    pub holdout_permille: u16,
    /// Whether it is said at all.
    pub mode: Mode,
    /// What it says.
    pub text: Text,
    /// The same in other languages, by tag, such as `de`.
    pub lang: Vec<(Box<str>, Text)>,
}

/// When an offer may be said, in the fence's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Season {
    /// The first day.
    pub starts_on: Option<NaiveDate>,
    /// The last day.
    pub ends_on: Option<NaiveDate>,
    /// Days and hours in the syntax of opening hours, such as `Mo-Fr 11:00-14:00`.
    pub schedule: Option<Box<str>>,
    /// Only while the store is open.
    pub open_only: bool,
}

impl Default for Season {
    fn default() -> Self {
        Self { starts_on: None, ends_on: None, schedule: None, open_only: true }
    }
}

/// To whom an offer may be said.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Audience {
    /// Customers who declared that they belong to any of these groups; everybody when there are none.
    pub segments: Vec<Box<str>>,
    /// It was chosen by what the customer bought.
    pub uses_purchases: bool,
    /// Purposes besides those of every offer that the customer must have agreed to.
    pub needs: Vec<Box<str>>,
}

/// How often an offer may be said to all customers together; 0 is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Limits {
    /// Ever.
    pub total: Option<u32>,
    /// On one civil day of the fence's zone.
    pub per_day: Option<u32>,
}

/// Whether an offer is said; the later in this list, the more careful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Mode {
    /// To the customer.
    #[default]
    Live,
    /// To operators only.
    Shadow,
    /// To nobody; it is decided and recorded.
    Observe,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Live, Self::Shadow, Self::Observe];

    /// The word that files use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Shadow => "shadow",
            Self::Observe => "observe",
        }
    }
}

/// What an operator has said of an offer while it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum OperatorState {
    /// It may be said.
    #[default]
    Running,
    /// Not for now.
    Paused,
    /// Not any more, for good.
    Stopped,
}

impl OperatorState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Running, Self::Paused, Self::Stopped];

    /// The word that files use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        }
    }

    /// The state of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// Templates of what an offer says; they may use `store`, `merchant` and `fence`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Text {
    /// The one line.
    pub title: String,
    /// The sentence or two.
    pub body: String,
    /// Where a tap leads; in another language, absent, the same as in the first.
    pub link: Option<String>,
}

/// Categories that people are judged by.
pub const DELICATE_CATEGORIES: [&str; 5] = ["alcohol", "gambling", "dating", "loans", "weight_loss"];

/// The purpose that a choice by what is known of a person needs.
pub const PERSONALISATION: &str = "personalisation";

impl Draft {
    /// How long an offer is valid that does not say: a late one tells the customer that they were tracked.
    pub const VALID_FOR: Millis = Millis::from_mins(15);
    /// What an offer is worth that does not say.
    pub const VALUE: u32 = 100;
    /// The most that an offer can be worth.
    pub const VALUE_MAX: u32 = 1_000;
    /// The share held out when an offer does not say.
    pub const HOLDOUT_PERMILLE: u16 = 100;
    /// The largest share held out.
    pub const HOLDOUT_PERMILLE_MAX: u16 = 500;

    /// An offer for nowhere yet, with everything else as it is when a file does not say.
    #[must_use]
    pub fn new(id: OfferId, merchant: MerchantId, title: &str, body: &str) -> Self {
        Self {
            id,
            merchant,
            trigger: TransitionKind::Dwell,
            fences: Vec::new(),
            tags: Vec::new(),
            priority: 0,
            valid_for: Self::VALID_FOR,
            category: None,
            channel: Channel::default(),
            value: Self::VALUE,
            season: Season::default(),
            audience: Audience::default(),
            stock: Limits::default(),
            holdout_permille: Self::HOLDOUT_PERMILLE,
            mode: Mode::default(),
            text: Text { title: title.to_owned(), body: body.to_owned(), link: None },
            lang: Vec::new(),
        }
    }
}

/// An offer whose text can be rendered.
///
/// Invariant: made by [`crate::Catalogue::new`] only, which checked its draft and rendered its templates once.
#[derive(Clone, Debug)]
pub struct Offer {
    checked: Arc<Checked>,
    state: OperatorState,
}

/// What does not change while an offer is served.
#[derive(Debug)]
struct Checked {
    draft: Draft,
    fences: BTreeSet<FenceId>,
    schedule: Option<OpeningHours>,
    languages: Languages,
}

impl PartialEq for Offer {
    fn eq(&self, other: &Self) -> bool {
        let same_draft =
            Arc::ptr_eq(&self.checked, &other.checked) || self.checked.draft == other.checked.draft;
        same_draft && self.state == other.state
    }
}

impl Eq for Offer {}

impl Offer {
    pub(crate) fn new(draft: Draft, schedule: Option<OpeningHours>) -> Self {
        let fences = draft.fences.iter().cloned().collect();
        let languages = Languages::of(&draft);
        let checked = Checked { draft, fences, schedule, languages };
        Self { checked: Arc::new(checked), state: OperatorState::Running }
    }

    pub(crate) fn in_state(&self, state: OperatorState) -> Self {
        Self { checked: self.checked.clone(), state }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &OfferId {
        &self.checked.draft.id
    }

    /// What was written.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.checked.draft
    }

    /// What an operator has said of it.
    #[must_use]
    pub const fn state(&self) -> OperatorState {
        self.state
    }

    /// Days and hours at which it may be said; any when there are none.
    #[must_use]
    pub fn schedule(&self) -> Option<&OpeningHours> {
        self.checked.schedule.as_ref()
    }

    pub(crate) fn languages(&self) -> &Languages {
        &self.checked.languages
    }

    /// Whether it is meant for a fence.
    #[must_use]
    pub fn applies_to(&self, fence: &FenceFacts) -> bool {
        fence.merchant.as_ref() == Some(&self.draft().merchant)
            && (self.checked.fences.contains(&fence.id)
                || self.draft().tags.iter().any(|tag| fence.tags.contains(tag)))
    }

    /// Whether it is about something that people are judged by.
    #[must_use]
    pub fn is_delicate(&self) -> bool {
        self.draft().category.as_deref().is_some_and(|category| DELICATE_CATEGORIES.contains(&category))
    }

    /// Whether its text names the store, in any language.
    #[must_use]
    pub fn names_store(&self) -> bool {
        self.languages().names_store
    }

    /// Whether its text names a street, in any language.
    #[must_use]
    pub fn names_street(&self) -> bool {
        self.languages().names_street
    }

    /// Purposes that it needs besides those of every offer, each once.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        let Audience { segments, uses_purchases, needs } = &self.draft().audience;
        let is_personal = !segments.is_empty() || *uses_purchases;
        let others = needs.iter().map(|purpose| &**purpose);
        let others = others.filter(move |purpose| !is_personal || *purpose != PERSONALISATION);
        is_personal.then_some(PERSONALISATION).into_iter().chain(others)
    }

    /// Whether a customer is one of those it is meant for, by what they declared.
    #[must_use]
    pub fn is_meant_for(&self, profile: Option<&Profile>) -> bool {
        let segments = &self.draft().audience.segments;
        segments.is_empty()
            || profile.is_some_and(|profile| profile.belongs_to_any(&self.draft().merchant, segments))
    }
}
