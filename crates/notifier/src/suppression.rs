//! The notifier's *no*, with its reasons.

use model::Timestamp;

/// Why a candidate was not sent; in the order of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suppression {
    /// The customer did not agree to offers of this merchant.
    NoConsent,
    /// The customer is not of age.
    Minor,
    /// An operator paused the offer.
    OfferPaused,
    /// An operator stopped the offer for good.
    OfferStopped,
    /// The offer begins later.
    OfferNotYet,
    /// The offer has ended.
    OfferOver,
    /// Not one of the offer's hours of the week.
    OffSchedule,
    /// The store is shut.
    StoreClosed,
    /// None of it is left.
    OutOfStock,
    /// It is meant for others.
    NotInAudience,
    /// The device was inside when we first heard of it.
    AlreadyInside,
    /// The deciding fix was late, inexact or made up.
    Unfit,
    /// By the moment of the decision that had changed.
    NotThereAnyMore,
    /// Moving too fast to be a visitor.
    TooFast,
    /// This visit was told something before.
    AlreadyTold,
    /// Outside the hours in which the law lets text messages be sent.
    LegalHours,
    /// Outside the hours in which anything may be said.
    QuietHours,
    /// Within the hours in which the customer wants to hear nothing.
    OwnQuietHours,
    /// Nobody knows which clock hangs in the store.
    ZoneUnknown,
    /// The customer wants to hear nothing of this merchant, store or offer.
    Muted,
    /// The fence spoke lately.
    FenceCooldown,
    /// The offer was told lately.
    OfferCooldown,
    /// The offer was told as often as it ever may be.
    ToldForLife,
    /// The merchant spoke lately.
    MerchantCooldown,
    /// Something was said lately.
    Rest,
    /// Agreed only lately.
    SettlingIn,
    /// An offer was wiped away at once.
    AfterDismissal,
    /// The customer said "too often".
    AfterTooOften,
    /// The customer said "this felt creepy".
    AfterCreepy,
    /// The customer has just used an offer of this merchant.
    AfterRedemption,
    /// Enough in 24 hours.
    Cap24h,
    /// Enough in this civil day.
    CapCivilDay,
    /// Enough in 7 days.
    Cap7d,
    /// Enough in 30 days.
    Cap30d,
    /// Enough of all channels in 7 days.
    CapAllChannels7d,
    /// As many text messages in 24 hours as the law lets be sent.
    CapSms24h,
    /// Enough text messages in 7 days.
    CapSms7d,
    /// Enough text messages in 30 days.
    CapSms30d,
    /// As many as the customer wants in 7 days.
    CapOwn,
    /// More than the customer bears at the moment.
    Budget,
    /// Another offer of the same moment was better.
    LostArbitration,
    /// Held back to learn what the offer does.
    Holdout,
    /// The words for this store break a rule.
    Text,
    /// Could not be decided or sent in time.
    TooLate,
    /// Its fence was removed, or moved elsewhere, while it waited.
    FenceGone,
    /// Its offer was taken away, or changed, while it waited.
    OfferGone,
    /// More came at once than anyone looks at.
    Crowded,
}

impl Suppression {
    /// All of them, for counters that start at nought.
    pub const ALL: [Self; 47] = [
        Self::NoConsent,
        Self::Minor,
        Self::OfferPaused,
        Self::OfferStopped,
        Self::OfferNotYet,
        Self::OfferOver,
        Self::OffSchedule,
        Self::StoreClosed,
        Self::OutOfStock,
        Self::NotInAudience,
        Self::AlreadyInside,
        Self::Unfit,
        Self::NotThereAnyMore,
        Self::TooFast,
        Self::AlreadyTold,
        Self::LegalHours,
        Self::QuietHours,
        Self::OwnQuietHours,
        Self::ZoneUnknown,
        Self::Muted,
        Self::FenceCooldown,
        Self::OfferCooldown,
        Self::ToldForLife,
        Self::MerchantCooldown,
        Self::Rest,
        Self::SettlingIn,
        Self::AfterDismissal,
        Self::AfterTooOften,
        Self::AfterCreepy,
        Self::AfterRedemption,
        Self::Cap24h,
        Self::CapCivilDay,
        Self::Cap7d,
        Self::Cap30d,
        Self::CapAllChannels7d,
        Self::CapSms24h,
        Self::CapSms7d,
        Self::CapSms30d,
        Self::CapOwn,
        Self::Budget,
        Self::LostArbitration,
        Self::Holdout,
        Self::Text,
        Self::TooLate,
        Self::FenceGone,
        Self::OfferGone,
        Self::Crowded,
    ];

    /// The word that counters, records and traces use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoConsent => "no_consent",
            Self::Minor => "minor",
            Self::OfferPaused => "offer_paused",
            Self::OfferStopped => "offer_stopped",
            Self::OfferNotYet => "offer_not_yet",
            Self::OfferOver => "offer_over",
            Self::OffSchedule => "off_schedule",
            Self::StoreClosed => "store_closed",
            Self::OutOfStock => "out_of_stock",
            Self::NotInAudience => "not_in_audience",
            Self::AlreadyInside => "already_inside",
            Self::Unfit => "unfit_fix",
            Self::NotThereAnyMore => "not_there_any_more",
            Self::TooFast => "too_fast",
            Self::AlreadyTold => "already_told",
            Self::LegalHours => "legal_hours",
            Self::QuietHours => "quiet_hours",
            Self::OwnQuietHours => "own_quiet_hours",
            Self::ZoneUnknown => "zone_unknown",
            Self::Muted => "muted",
            Self::FenceCooldown => "cooldown_fence",
            Self::OfferCooldown => "cooldown_offer",
            Self::ToldForLife => "told_for_life",
            Self::MerchantCooldown => "cooldown_merchant",
            Self::Rest => "rest_between_offers",
            Self::SettlingIn => "settling_in",
            Self::AfterDismissal => "after_dismissal",
            Self::AfterTooOften => "after_too_often",
            Self::AfterCreepy => "after_creepy",
            Self::AfterRedemption => "after_redemption",
            Self::Cap24h => "cap_24h",
            Self::CapCivilDay => "cap_civil_day",
            Self::Cap7d => "cap_7d",
            Self::Cap30d => "cap_30d",
            Self::CapAllChannels7d => "cap_all_channels_7d",
            Self::CapSms24h => "cap_sms_24h",
            Self::CapSms7d => "cap_sms_7d",
            Self::CapSms30d => "cap_sms_30d",
            Self::CapOwn => "cap_own",
            Self::Budget => "budget",
            Self::LostArbitration => "lost_arbitration",
            Self::Holdout => "holdout",
            Self::Text => "text",
            Self::TooLate => "too_late",
            Self::FenceGone => "fence_gone",
            Self::OfferGone => "offer_gone",
            Self::Crowded => "crowded",
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
            Self::Minor => "they are not of age",
            Self::OfferPaused => "the offer is paused",
            Self::OfferStopped => "the offer was stopped",
            Self::OfferNotYet => "the offer has not begun",
            Self::OfferOver => "the offer has ended",
            Self::OffSchedule => "it was not one of the offer's hours",
            Self::StoreClosed => "the store was closed",
            Self::OutOfStock => "none of it was left",
            Self::NotInAudience => "it is meant for a group that they did not say they belong to",
            Self::AlreadyInside => "they were there already when we first heard of them",
            Self::Unfit => "the position was too old, too inexact or made up",
            Self::NotThereAnyMore => "they were no longer where it was meant for",
            Self::TooFast => "they moved too fast to be visiting",
            Self::AlreadyTold => "this visit was told an offer before",
            Self::LegalHours => "the law that protects them allows text messages at other hours only",
            Self::QuietHours => "it was outside the hours in which offers may be sent",
            Self::OwnQuietHours => "it was in their own quiet hours",
            Self::ZoneUnknown => "the store's time zone is not known",
            Self::Muted => "they muted this merchant, store or offer",
            Self::FenceCooldown => "this store sent them an offer lately",
            Self::OfferCooldown => "they heard this offer lately",
            Self::ToldForLife => "they heard this offer as often as anyone may",
            Self::MerchantCooldown => "this merchant sent them an offer lately",
            Self::Rest => "they heard an offer a few hours ago",
            Self::SettlingIn => "they agreed less than a day ago",
            Self::AfterDismissal => "they wiped the last offer away at once",
            Self::AfterTooOften => "they said that offers come too often",
            Self::AfterCreepy => "they said that an offer felt creepy",
            Self::AfterRedemption => "they used an offer of this merchant lately",
            Self::Cap24h => "they had their offer for these 24 hours",
            Self::CapCivilDay => "they had their offer for today",
            Self::Cap7d => "they had their offers for these 7 days",
            Self::Cap30d => "they had their offers for these 30 days",
            Self::CapAllChannels7d => "they had their messages of all kinds for these 7 days",
            Self::CapSms24h => "they had as many text messages in 24 hours as the law allows",
            Self::CapSms7d => "they had their text message for these 7 days",
            Self::CapSms30d => "they had their text messages for these 30 days",
            Self::CapOwn => "they had as many a week as they want",
            Self::Budget => "it would have been more than they bear at the moment",
            Self::LostArbitration => "another offer of the same moment was better",
            Self::Holdout => "a few people do not get this offer, so that its use can be measured",
            Self::Text => "the words for this store break a text rule",
            Self::TooLate => "it could not be sent in time, and late offers are dropped",
            Self::FenceGone => "the store's fence was removed or moved before it was sent",
            Self::OfferGone => "the offer was taken away or changed before it was sent",
            Self::Crowded => "more offers came at once than are looked at",
        }
    }
}

/// A *no* in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// Every rule that failed, in order; the first is the verdict.
    ///
    /// Invariant: never empty, ascending, none twice.
    failed: Vec<Suppression>,
    /// When it would pass if nothing else were heard till then; `None` when that cannot be told
    /// or will never be.
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
