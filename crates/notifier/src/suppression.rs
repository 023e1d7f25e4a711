//! The notifier's *no*, with its reasons.

use model::Timestamp;

/// Why a candidate was not sent; in the order of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suppression {
    /// The customer did not agree to offers of this merchant.
    NoConsent,
    /// The device was inside when we first heard of it.
    AlreadyInside,
    /// The deciding fix was late, inexact or made up.
    Unfit,
    /// Moving too fast to be a visitor.
    TooFast,
    /// This visit was told this offer before.
    AlreadyTold,
    /// Outside the hours in which anything may be said.
    QuietHours,
    /// Nobody knows which clock hangs in the store.
    ZoneUnknown,
    /// The fence spoke lately.
    FenceCooldown,
    /// Something was said lately.
    Rest,
    /// Agreed only lately.
    SettlingIn,
    /// Enough in 24 hours.
    Cap24h,
    /// Enough in this civil day.
    CapCivilDay,
    /// Enough in 7 days.
    Cap7d,
    /// Enough in 30 days.
    Cap30d,
    /// Another offer of the same moment was better.
    LostArbitration,
    /// The words for this store break a rule.
    Text,
    /// Waited too long to be sent.
    TooLate,
    /// Consent ended while it waited.
    Withdrawn,
    /// Its fence was removed, or moved elsewhere, while it waited.
    FenceGone,
    /// Its offer was taken away, or changed, while it waited.
    OfferGone,
}

impl Suppression {
    /// All of them, for counters that start at nought.
    pub const ALL: [Self; 20] = [
        Self::NoConsent,
        Self::AlreadyInside,
        Self::Unfit,
        Self::TooFast,
        Self::AlreadyTold,
        Self::QuietHours,
        Self::ZoneUnknown,
        Self::FenceCooldown,
        Self::Rest,
        Self::SettlingIn,
        Self::Cap24h,
        Self::CapCivilDay,
        Self::Cap7d,
        Self::Cap30d,
        Self::LostArbitration,
        Self::Text,
        Self::TooLate,
        Self::Withdrawn,
        Self::FenceGone,
        Self::OfferGone,
    ];

    /// The word that counters, records and traces use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoConsent => "no_consent",
            Self::AlreadyInside => "already_inside",
            Self::Unfit => "unfit_fix",
            Self::TooFast => "too_fast",
            Self::AlreadyTold => "already_told",
            Self::QuietHours => "quiet_hours",
            Self::ZoneUnknown => "zone_unknown",
            Self::FenceCooldown => "cooldown_fence",
            Self::Rest => "rest_between_offers",
            Self::SettlingIn => "settling_in",
            Self::Cap24h => "cap_24h",
            Self::CapCivilDay => "cap_civil_day",
            Self::Cap7d => "cap_7d",
            Self::Cap30d => "cap_30d",
            Self::LostArbitration => "lost_arbitration",
            Self::Text => "text",
            Self::TooLate => "too_late",
            Self::Withdrawn => "withdrawn",
            Self::FenceGone => "fence_gone",
            Self::OfferGone => "offer_gone",
        }
    }

    /// The reason of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suppression| suppression.word() == word)
    }

    /// The reason as the end of the sentence "Nothing was sent, because …".
    #[must_use]
    pub const fn because(self) -> &'static str {
        match self {
            Self::NoConsent => "they have not agreed to offers of this merchant",
            Self::AlreadyInside => "they were there already when we first heard of them",
            Self::Unfit => "the position was too old, too inexact or made up",
            Self::TooFast => "they moved too fast to be visiting",
            Self::AlreadyTold => "this visit was told this offer before",
            Self::QuietHours => "it was outside the hours in which offers may be sent",
            Self::ZoneUnknown => "the store's time zone is not known",
            Self::FenceCooldown => "this store sent them an offer lately",
            Self::Rest => "they heard an offer a few hours ago",
            Self::SettlingIn => "they agreed less than a day ago",
            Self::Cap24h => "they had their offer for these 24 hours",
            Self::CapCivilDay => "they had their offer for today",
            Self::Cap7d => "they had their offers for these 7 days",
            Self::Cap30d => "they had their offers for these 30 days",
            Self::LostArbitration => "another offer of the same moment was better",
            Self::Text => "the words for this store break a text rule",
            Self::TooLate => "it could not be sent in time, and late offers are dropped",
            Self::Withdrawn => "they took their consent back before it was sent",
            Self::FenceGone => "the store's fence was removed or moved before it was sent",
            Self::OfferGone => "the offer was taken away or changed before it was sent",
        }
    }
}

/// A *no* in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// Every rule that failed, in order; the first is the verdict.
    ///
    /// Invariant: never empty.
    failed: Vec<Suppression>,
    /// When the rules of time alone would let it pass.
    pub next_possible_at: Option<Timestamp>,
}

impl Suppressed {
    /// A *no* for one reason.
    #[must_use]
    pub fn by(suppression: Suppression) -> Self {
        Self { failed: vec![suppression], next_possible_at: None }
    }

    pub(crate) fn new(failed: Vec<Suppression>, next_possible_at: Option<Timestamp>) -> Self {
        assert!(!failed.is_empty(), "a suppression has a reason");
        Self { failed, next_possible_at }
    }

    /// The first rule that failed.
    #[must_use]
    pub fn verdict(&self) -> Suppression {
        self.failed[0]
    }

    /// Every rule that failed, in order.
    #[must_use]
    pub fn failed(&self) -> &[Suppression] {
        &self.failed
    }
}
