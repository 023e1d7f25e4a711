//! What consent is asked for.

use model::Channel;

/// What consent is asked for, each purpose separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Match precise location with fences, transiently.
    Location,
    /// The same while the app is not in use.
    Background,
    /// A location offer by push.
    OffersPush,
    /// The same by text message.
    OffersSms,
    /// The same by letter.
    OffersEmail,
    /// The same in the app's inbox.
    OffersInbox,
    /// Choose offers by groups or purchases that the customer declared to this merchant.
    Personalisation,
    /// Keep visits beyond the transient window.
    History,
    /// Link a redemption to an offer.
    Measurement,
    /// Count in reports about many.
    Aggregate,
    /// Any disclosure to others; it can be granted, and nothing ever takes it for a yes.
    ThirdParty,
}

impl Purpose {
    /// Every purpose that this version knows.
    pub const ALL: [Self; 11] = [
        Self::Location,
        Self::Background,
        Self::OffersPush,
        Self::OffersSms,
        Self::OffersEmail,
        Self::OffersInbox,
        Self::Personalisation,
        Self::History,
        Self::Measurement,
        Self::Aggregate,
        Self::ThirdParty,
    ];

    /// All that an offer can rest on.
    pub const OF_OFFERS: [Self; 7] = [
        Self::Location,
        Self::Background,
        Self::OffersPush,
        Self::OffersSms,
        Self::OffersEmail,
        Self::OffersInbox,
        Self::Personalisation,
    ];

    /// What it takes to say something over a channel.
    #[must_use]
    pub const fn of(channel: Channel) -> Self {
        match channel {
            Channel::Push => Self::OffersPush,
            Channel::Sms => Self::OffersSms,
            Channel::Email => Self::OffersEmail,
            Channel::Inbox => Self::OffersInbox,
        }
    }

    /// Whether it lets somebody be spoken to.
    #[must_use]
    pub const fn is_to_speak(self) -> bool {
        match self {
            Self::OffersPush | Self::OffersSms | Self::OffersEmail | Self::OffersInbox => true,
            Self::Location
            | Self::Background
            | Self::Personalisation
            | Self::History
            | Self::Measurement
            | Self::Aggregate
            | Self::ThirdParty => false,
        }
    }

    /// Whether it lets somebody be seen.
    #[must_use]
    pub const fn is_to_see(self) -> bool {
        match self {
            Self::Location | Self::Background => true,
            Self::OffersPush
            | Self::OffersSms
            | Self::OffersEmail
            | Self::OffersInbox
            | Self::Personalisation
            | Self::History
            | Self::Measurement
            | Self::Aggregate
            | Self::ThirdParty => false,
        }
    }

    /// The word that files and wires use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Location => "location",
            Self::Background => "background",
            Self::OffersPush => "offers.push",
            Self::OffersSms => "offers.sms",
            Self::OffersEmail => "offers.email",
            Self::OffersInbox => "offers.inbox",
            Self::Personalisation => "personalisation",
            Self::History => "history",
            Self::Measurement => "measurement",
            Self::Aggregate => "aggregate",
            Self::ThirdParty => "third_party",
        }
    }

    /// The purpose of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }
}
