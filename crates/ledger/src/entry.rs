//! Entries of the log: consent changes, decisions, deliveries and feedback.

use consent_gate::{ConsentEvent, ConsentState, Effect, Epoch, Hearing, Purpose};
use model::{
    Answers, Channel, CustomerId, DeviceId, FeedbackKind, FenceId, Heard, MerchantId, Notification,
    NotificationId, OfferId, Profile, Standing, Timestamp, Tolerance, TransitionKind, VisitId, Words,
};

/// The verdict of a decision that let its notification go out.
pub const SENT: &str = "sent";

/// One fact about one customer, never changed once it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Whom it is about.
    pub customer: CustomerId,
    /// When it was decided or learnt, by the server's clock.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// The kinds of entries.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "almost every entry is a decision, the largest")]
pub enum What {
    /// The customer changed what they agree to.
    Consent(ConsentEntry),
    /// A candidate offer got its verdict.
    Decision(Decision),
    /// A notification left the outbox.
    Delivery {
        /// Which.
        notification: NotificationId,
        /// How.
        outcome: DeliveryOutcome,
        /// What the customer bears after it, when that has changed.
        tolerance: Option<Tolerance>,
    },
    /// The customer, their phone or a till answered a notification.
    Feedback {
        /// Which.
        notification: NotificationId,
        /// How.
        kind: FeedbackKind,
        /// It was wiped away at once.
        is_fast: bool,
        /// When the phone showed it, as far as is known after this answer.
        shown_at: Option<Timestamp>,
        /// What the customer bears after it, when that has changed.
        tolerance: Option<Tolerance>,
    },
    /// The customer said something about themselves: all of it as it is from now on.
    Profile(Profile),
    /// A merchant was told that a grant is about to end.
    Reminder {
        /// Which merchant.
        merchant: MerchantId,
        /// Granted for what.
        purpose: Purpose,
        /// When it ends.
        until: Timestamp,
    },
}

/// A consent event and what became of it; the entry's `at` is the `now` it was weighed at.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsentEntry {
    /// What was said, with its evidence.
    pub event: ConsentEvent,
    /// How it reached us.
    pub hearing: Hearing,
    /// What became of it.
    pub effect: Effect,
    /// The state of its merchant and purpose after it.
    pub state: ConsentState,
    /// The customer's epoch after it.
    pub epoch: Epoch,
}

/// How a notification left the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// Handed over.
    Sent,
    /// Turned stale without ever being handed over.
    Expired,
    /// The customer restricted their consent first.
    Revoked,
    /// The provider refused it at once.
    Refused,
    /// Turned stale while the engine was down: it may have been handed over before, so it counts.
    Lapsed,
    /// Its fence was removed or moved away first.
    FenceGone,
    /// Its offer was taken away or changed first.
    OfferGone,
}

impl DeliveryOutcome {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Sent,
        Self::Expired,
        Self::Revoked,
        Self::Refused,
        Self::Lapsed,
        Self::FenceGone,
        Self::OfferGone,
    ];

    /// The word that files and wires use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Refused => "refused",
            Self::Lapsed => "lapsed",
            Self::FenceGone => "fence_gone",
            Self::OfferGone => "offer_gone",
        }
    }

    /// The outcome of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// Whether the notification counts no longer towards any cap.
    ///
    /// One that is revoked, or whose fence or offer is gone, still counts: it may have been on its way.
    #[must_use]
    pub const fn gives_back(self) -> bool {
        match self {
            Self::Expired | Self::Refused => true,
            Self::Sent | Self::Revoked | Self::Lapsed | Self::FenceGone | Self::OfferGone => false,
        }
    }
}

/// The verdict on one candidate offer, with all that an explanation needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The notification it is about, sent or not.
    pub id: NotificationId,
    /// The phone whose presence called for it.
    pub device: DeviceId,
    /// What would be said.
    pub offer: OfferId,
    /// By whom.
    pub merchant: MerchantId,
    /// Where.
    pub fence: FenceId,
    /// The store's public name.
    pub store: Box<str>,
    /// The stay.
    pub visit: VisitId,
    /// What called for it.
    pub trigger: TransitionKind,
    /// When that was.
    pub triggered_at: Timestamp,
    /// [`SENT`], or the word of the reason why not.
    pub verdict: Box<str>,
    /// Every rule that said no.
    pub failed: Vec<Box<str>>,
    /// When the same offer could be made at the earliest.
    pub next_possible_at: Option<Timestamp>,
    /// The consents it rests on.
    pub purposes: Vec<Box<str>>,
    /// The inputs that were used, by name, such as the version of the fence set.
    pub facts: Vec<(Box<str>, Box<str>)>,
    /// What counts from now on, of a decision to speak, even where nothing is said.
    pub counted: Option<Counted>,
    /// What the customer bears after it, when that has changed.
    pub tolerance: Option<Tolerance>,
    /// What is said, of a decision to send.
    pub said: Option<Said>,
}

/// What a decision to send puts into the outbox beyond what every decision holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// When it turns stale.
    pub expires_at: Timestamp,
    /// The text as it is read.
    pub words: Words,
}

impl Said {
    /// The part of a notification that a decision does not hold by itself.
    #[must_use]
    pub fn of(notification: &Notification) -> Self {
        Self { expires_at: notification.expires_at, words: notification.words.clone() }
    }
}

/// How a decision counts towards caps, cooldowns and the budget, beyond what every decision holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The zone whose civil day it counts in.
    pub zone: Option<Box<str>>,
    /// How it is said.
    pub channel: Channel,
    /// The offer's category.
    pub category: Option<Box<str>>,
    /// Whether it is said at all.
    pub standing: Standing,
    /// What it costs, in points of the budget.
    pub cost: u16,
    /// The store is a favourite.
    pub favourite: bool,
}

impl Counted {
    /// The part of what was heard that a decision does not hold by itself.
    #[must_use]
    pub fn of(heard: &Heard) -> Self {
        Self {
            zone: heard.zone.clone(),
            channel: heard.channel,
            category: heard.category.clone(),
            standing: heard.standing,
            cost: heard.cost,
            favourite: heard.favourite,
        }
    }
}

impl Decision {
    /// What counts from it on, if anything does, heard at the entry's `at`.
    #[must_use]
    pub fn heard(&self, at: Timestamp) -> Option<Heard> {
        let counted = self.counted.clone()?;
        Some(Heard {
            at,
            offer: self.offer.clone(),
            merchant: self.merchant.clone(),
            fence: self.fence.clone(),
            visit: self.visit,
            zone: counted.zone,
            channel: counted.channel,
            category: counted.category,
            standing: counted.standing,
            cost: counted.cost,
            favourite: counted.favourite,
            answers: Answers::default(),
            shown_at: None,
        })
    }

    /// The notification that it sends, if it sends one, issued at the entry's `at`.
    #[must_use]
    pub fn notification(&self, customer: &CustomerId, at: Timestamp) -> Option<Notification> {
        let said = self.said.as_ref()?;
        Some(Notification {
            id: self.id,
            customer: customer.clone(),
            device: self.device.clone(),
            offer: self.offer.clone(),
            merchant: self.merchant.clone(),
            fence: self.fence.clone(),
            channel: self.counted.as_ref().map_or_else(Channel::default, |counted| counted.channel),
            store: self.store.to_string(),
            visit: self.visit,
            trigger: self.trigger,
            triggered_at: self.triggered_at,
            issued_at: at,
            expires_at: said.expires_at,
            words: said.words.clone(),
        })
    }
}
