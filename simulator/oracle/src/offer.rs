//! Offers, and what becomes of one that was decided.

use chrono::NaiveDate;

use crate::{Purpose, Week};

/// A change of presence, by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Came in.
    Enter,
    /// Stayed.
    Dwell,
    /// Went out.
    Exit,
    /// Passed through between two fixes, seen in neither.
    Cross,
}

impl Kind {
    /// The word of the engine's trace.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Dwell => "dwell",
            Self::Exit => "exit",
            Self::Cross => "cross",
        }
    }
}

/// How an offer is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// On the lock screen.
    #[default]
    Push,
    /// A text message.
    Sms,
    /// A letter.
    Email,
    /// A place in the app.
    Inbox,
}

impl Channel {
    /// What a customer has to have agreed to.
    #[must_use]
    pub const fn purpose(self) -> Purpose {
        match self {
            Self::Push => Purpose::OffersPush,
            Self::Sms => Purpose::OffersSms,
            Self::Email => Purpose::OffersEmail,
            Self::Inbox => Purpose::OffersInbox,
        }
    }
}

/// Whether offers are said; the later, the more careful.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// To customers.
    #[default]
    Live,
    /// To operators only.
    Shadow,
    /// To nobody.
    Observe,
}

/// What an operator has said of an offer while it is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operated {
    /// It may be said.
    #[default]
    Running,
    /// Not for now.
    Paused,
    /// Never again.
    Stopped,
}

/// Something to say, from the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub id: String,
    /// Whose it is: it applies in this merchant's fences only.
    pub merchant: u32,
    /// Which change calls for it.
    pub trigger: Kind,
    /// The fences that it is meant for, by number; those chosen by tag are resolved.
    pub fences: Vec<u32>,
    /// Of several the highest goes first.
    pub priority: u8,
    /// It turns stale this long after what called for it.
    pub valid_for_ms: i64,
    /// How it is said.
    pub channel: Channel,
    /// What it is worth to the customer.
    pub value: u32,
    /// What kind of thing it is about.
    pub category: Option<String>,
    /// When it may be said.
    pub season: Season,
    /// To whom it may be said.
    pub audience: Audience,
    /// How many go out in all.
    pub stock: Option<u32>,
    /// How many go out on one civil day.
    pub stock_per_day: Option<u32>,
    /// So many customers in a thousand do not get it.
    pub holdout_permille: u16,
    /// Whether it is said at all.
    pub mode: Mode,
    /// What an operator said of it.
    pub operated: Operated,
    /// What it says.
    pub text: Text,
}

/// When an offer may be said, on the wall clock of its fence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Season {
    /// Its first day.
    pub starts_on: Option<NaiveDate>,
    /// Its last day.
    pub ends_on: Option<NaiveDate>,
    /// The hours of its week; all when absent.
    pub schedule: Option<Week>,
    /// Only while the store is open.
    pub open_only: bool,
}

/// To whom an offer may be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// Who declared to the merchant that they belong to any of these; everybody when there are none.
    pub segments: Vec<String>,
    /// It rests on what the customer bought.
    pub uses_purchases: bool,
    /// What they must have agreed to besides.
    pub needs: Vec<Purpose>,
}

/// What is to be known of an offer's text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Equal for equal words.
    pub words: String,
    /// It names the store.
    pub names_store: bool,
    /// It names a street.
    pub names_street: bool,
    /// Fences at which it would break a rule, by number.
    pub breaks_at: Vec<u32>,
}

const DELICATE: [&str; 5] = ["alcohol", "gambling", "dating", "loans", "weight_loss"];

impl Offer {
    /// One by push for the customer, of which nothing else is said.
    #[must_use]
    pub fn plain(id: &str, merchant: u32, trigger: Kind, fences: &[u32], priority: u8) -> Self {
        Self {
            id: id.to_owned(),
            merchant,
            trigger,
            fences: fences.to_vec(),
            priority,
            valid_for_ms: 15 * 60_000,
            channel: Channel::Push,
            value: 100,
            category: None,
            season: Season::default(),
            audience: Audience::default(),
            stock: None,
            stock_per_day: None,
            holdout_permille: 0,
            mode: Mode::Live,
            operated: Operated::Running,
            text: Text::default(),
        }
    }

    pub(crate) fn is_delicate(&self) -> bool {
        self.category.as_deref().is_some_and(|category| DELICATE.contains(&category))
    }

    /// What a customer must have agreed to, besides to be seen.
    pub(crate) fn purposes(&self) -> impl Iterator<Item = Purpose> {
        let Audience { segments, uses_purchases, needs } = &self.audience;
        let is_personal = !segments.is_empty() || *uses_purchases;
        let personal = is_personal.then_some(Purpose::Personalisation);
        needs.iter().copied().chain(personal).chain([Purpose::Location, self.channel.purpose()])
    }
}

/// A decided offer, by all that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Said {
    /// To whom.
    pub customer: u32,
    /// The phone whose presence called for it.
    pub device: u32,
    /// What.
    pub offer: u32,
    /// Where.
    pub fence: u32,
    /// The stay: device time of its first fix inside.
    pub entered_at_ms: i64,
}

impl Said {
    pub(crate) fn is_of_the_visit_of(&self, other: &Self) -> bool {
        Self { offer: other.offer, ..*self } == *other
    }
}

/// How a decided offer leaves the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leaving {
    /// It was published.
    Sent,
    /// It turned stale before; it does not count as heard.
    Expired,
    /// Its customer restricted something since it was decided.
    Revoked,
    /// Its fence is gone, or its visit was ended by an operator's edit.
    FenceGone,
    /// No offer there is would say it any more.
    OfferGone,
    /// The provider refused it at once; it does not count as heard.
    Refused,
    /// It turned stale while the engine was down; it counts, since it may have been on its way.
    Lapsed,
}

impl Leaving {
    /// The engine's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::FenceGone => "fence_gone",
            Self::OfferGone => "offer_gone",
            Self::Refused => "refused",
            Self::Lapsed => "lapsed",
        }
    }
}
