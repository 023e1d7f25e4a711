//! What a customer says about consent, with the evidence that they said it.

use model::{Channel, IdFlaw, MerchantId, Millis, Timestamp};

/// What consent is asked for, each purpose separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Match precise location with fences, transiently.
    Location,
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
}

impl Purpose {
    /// Every purpose that this version knows.
    pub const ALL: [Self; 6] = [
        Self::Location,
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
            Self::Location | Self::Personalisation => false,
        }
    }

    /// The word that files and wires use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Location => "location",
            Self::OffersPush => "offers.push",
            Self::OffersSms => "offers.sms",
            Self::OffersEmail => "offers.email",
            Self::OffersInbox => "offers.inbox",
            Self::Personalisation => "personalisation",
        }
    }

    /// The purpose of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }
}

/// What the customer decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentKind {
    /// Yes, until an instant or for as long as the policy lets a grant last.
    Grant {
        /// The end the event itself names.
        until: Option<Timestamp>,
    },
    /// No, when asked.
    Refuse,
    /// No longer.
    Withdraw,
    /// Not now; back at an instant or when the customer resumes.
    Pause {
        /// The end the event itself names.
        until: Option<Timestamp>,
    },
    /// The pause is over.
    Resume,
}

impl ConsentKind {
    /// The word that files and wires use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Grant { .. } => "grant",
            Self::Refuse => "refuse",
            Self::Withdraw => "withdraw",
            Self::Pause { .. } => "pause",
            Self::Resume => "resume",
        }
    }
}

/// Who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The customer.
    Own,
    /// Someone on the customer's behalf.
    Agent,
    /// A machine.
    System,
}

impl Actor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Own, Self::Agent, Self::System];

    /// The word that files and wires use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Agent => "agent",
            Self::System => "system",
        }
    }

    /// The actor of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|actor| actor.word() == word)
    }
}

/// By what means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A switch in the app.
    Toggle,
    /// A box ticked in a form.
    Checkbox,
    /// A reply to a text message.
    SmsReply,
    /// A call of a backend.
    Api,
    /// The permission dialogue of the phone's operating system.
    OsPermission,
    /// A member of staff, on request.
    Staff,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Toggle, Self::Checkbox, Self::SmsReply, Self::Api, Self::OsPermission, Self::Staff];

    /// The word that files and wires use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Toggle => "toggle",
            Self::Checkbox => "checkbox",
            Self::SmsReply => "sms_reply",
            Self::Api => "api",
            Self::OsPermission => "os_permission",
            Self::Staff => "staff",
        }
    }

    /// The method of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.word() == word)
    }
}

/// The text that the customer was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Which notice.
    pub id: Box<str>,
    /// Which version of it.
    pub version: u32,
    /// In which language, BCP 47.
    pub lang: Box<str>,
    /// SHA-256 of the text as rendered, 64 hexadecimal digits.
    pub sha256: Box<str>,
    /// When it was shown, by the clock of whoever showed it.
    pub shown_at: Timestamp,
}

/// Names one consent event; repeated deliveries carry the same.
///
/// Invariant: 1 to 64 bytes of `[A-Za-z0-9_-]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventId(Box<str>);

impl EventId {
    /// An id from text that obeys the rule.
    pub fn new(text: &str) -> Result<Self, IdFlaw> {
        MerchantId::check(text)?;
        Ok(Self(text.into()))
    }

    /// The id as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A customer's word on one purpose of one merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentEvent {
    /// Its name.
    pub id: EventId,
    /// Towards whom.
    pub merchant: MerchantId,
    /// For what.
    pub purpose: Purpose,
    /// What was decided.
    pub kind: ConsentKind,
    /// Who acted.
    pub actor: Actor,
    /// By what means.
    pub method: Method,
    /// What the customer was shown; a grant needs it.
    pub notice: Option<Notice>,
    /// When they acted, by the clock of whoever recorded it.
    pub evidence_at: Option<Timestamp>,
}

/// How far ahead the clock of whoever recorded a yes may run.
pub const CLOCK_AHEAD_MAX: Millis = Millis::from_secs(60);

impl ConsentEvent {
    /// When the customer said yes, by the clock of whoever recorded it; `None` for a no, and for a
    /// yes without evidence.
    #[must_use]
    pub fn said_yes_at(&self) -> Option<Timestamp> {
        match self.kind {
            ConsentKind::Grant { .. } => self.notice.as_ref().map(|notice| notice.shown_at),
            ConsentKind::Resume => self.evidence_at,
            ConsentKind::Refuse | ConsentKind::Withdraw | ConsentKind::Pause { .. } => None,
        }
    }

    /// Whether it is a yes that nothing proves: a grant without the notice that was shown, or a
    /// yes that lies more than [`CLOCK_AHEAD_MAX`] in the future.
    #[must_use]
    pub fn proves_nothing(&self, now: Timestamp) -> bool {
        let is_grant = matches!(self.kind, ConsentKind::Grant { .. });
        self.said_yes_at().map_or(is_grant, |said_at| now + CLOCK_AHEAD_MAX < said_at)
    }

    /// The instant up to which no other yes counts once this event is applied at `now`.
    ///
    /// A no ends all that was said before it, also by a clock that runs up to a day ahead. A yes
    /// whose clock runs ahead uses its own moment up, so that it cannot come again after a no.
    #[must_use]
    pub fn silences_until(&self, now: Timestamp) -> Option<Timestamp> {
        match self.kind {
            ConsentKind::Refuse | ConsentKind::Withdraw | ConsentKind::Pause { .. } => {
                let latest = now + Millis::from_days(1);
                Some(self.evidence_at.map_or(now, |acted_at| acted_at.clamp(now, latest)))
            }
            ConsentKind::Grant { .. } | ConsentKind::Resume => {
                self.said_yes_at().filter(|said_at| now < *said_at)
            }
        }
    }
}
