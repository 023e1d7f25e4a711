//! Who agreed to what, towards whom.
//!
//! Only a grant in force allows. What a customer takes back holds at once, what they give holds
//! once it is durable; a row that was spoken to again before its grant was durable waits for the
//! last word. A yes counts only when it was said after the last no.

use crate::rules::DAY;

/// What consent is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// To be seen.
    Location,
    /// To be spoken to.
    OffersPush,
    /// By text message.
    OffersSms,
    /// By letter.
    OffersEmail,
    /// In the app.
    OffersInbox,
    /// To be chosen for.
    Personalisation,
    /// To be seen while the app is not in use.
    Background,
    /// To have visits kept.
    History,
    /// To have a redemption linked to an offer.
    Measurement,
    /// To be counted among many.
    Aggregate,
    /// To be told of to others.
    ThirdParty,
}

/// What a customer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Nothing yet: they were asked.
    Show,
    /// Yes, until an instant or for as long as the rules let a grant last.
    Grant {
        /// The end it names.
        until_ms: Option<i64>,
        /// What must come back where a second word is asked for.
        token: Option<u64>,
    },
    /// The second word.
    Confirm {
        /// What came back.
        token: u64,
    },
    /// No, when asked.
    Refuse,
    /// No longer.
    Withdraw,
    /// Not now.
    Pause {
        /// The end it names; without one it lasts until it is resumed.
        until_ms: Option<i64>,
    },
    /// The pause is over.
    Resume,
    /// A yes to an older text counts no more.
    Supersede,
    /// They must not be asked.
    Block {
        /// For their age, and not for another law.
        is_minor: bool,
    },
    /// They may be asked again.
    Unblock,
}

/// How a word came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// As it was said.
    Live,
    /// Out of another system's files.
    Imported {
        /// Somebody vouches for it.
        attested: bool,
    },
}

/// A word with its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    /// What is said.
    pub word: Word,
    /// When the notice was shown; a grant without one proves nothing.
    pub shown_at_ms: Option<i64>,
    /// Which version of the text it was.
    pub version: Option<u32>,
    /// When the customer acted, by the clock of whoever recorded it.
    pub evidence_at_ms: Option<i64>,
    /// Whether it was said by a means that can say yes.
    pub can_say_yes: bool,
    /// How it came.
    pub hearing: Hearing,
    /// The customer's own phone sends it, and no backend.
    pub is_from_phone: bool,
    /// The customer said it, and nobody for them.
    pub is_their_own: bool,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The state is what was asked for.
    Applied,
    /// A yes said before the last no, or before it ran out.
    LateGrant,
    /// A yes that nothing proves; it leaves no trace.
    NoEvidence,
    /// A pause or resumption of what was not granted.
    NothingToChange,
    /// A yes out of a file that nobody vouches for.
    NotAttested,
    /// It was said before the customer was erased.
    Erased,
    /// No phone may say it; it leaves no trace.
    BackendOnly,
}

/// Where one consent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ConsentState {
    /// Nothing was said.
    #[default]
    Unknown,
    /// In force.
    Granted {
        /// Exclusive end.
        until_ms: i64,
    },
    /// Granted, and resting.
    Paused {
        /// When it comes back by itself.
        until_ms: i64,
        /// The end of the grant, which a pause never extends.
        granted_until_ms: i64,
    },
    /// Declined.
    Refused,
    /// Taken back.
    Withdrawn,
    /// Asked, and not answered.
    Requested,
    /// A second word is waited for.
    Pending {
        /// Until when.
        until_ms: i64,
        /// The end of the grant that it brings.
        granted_until_ms: i64,
        /// What must come back.
        token: u64,
        /// The end of the grant that it renews, which holds meanwhile.
        renews_ms: Option<i64>,
    },
    /// The second word was wrong.
    Expired,
    /// Given to a text that is another by now.
    Superseded,
    /// Not to be asked.
    Suppressed {
        /// For their age.
        is_minor: bool,
    },
}

/// How far the clock of whoever recorded a yes may run ahead.
const CLOCK_AHEAD_MAX_MS: i64 = 60_000;

impl Consent {
    /// A yes to a notice.
    #[must_use]
    pub const fn grant(until_ms: Option<i64>, shown_at_ms: i64) -> Self {
        let word = Word::Grant { until_ms, token: None };
        Self { shown_at_ms: Some(shown_at_ms), ..Self::said(word, None) }
    }

    /// A word that needs no notice.
    #[must_use]
    pub const fn said(word: Word, evidence_at_ms: Option<i64>) -> Self {
        Self {
            word,
            shown_at_ms: None,
            version: None,
            evidence_at_ms,
            can_say_yes: true,
            hearing: Hearing::Live,
            is_from_phone: false,
            is_their_own: true,
        }
    }

    /// A no of any kind.
    pub(crate) const fn is_no(&self) -> bool {
        matches!(
            self.word,
            Word::Refuse | Word::Withdraw | Word::Pause { .. } | Word::Supersede | Word::Block { .. }
        )
    }

    /// When a yes of any kind was said.
    pub(crate) const fn yes_at_ms(&self) -> Option<i64> {
        match self.word {
            Word::Grant { .. } => self.shown_at_ms,
            Word::Resume | Word::Confirm { .. } => self.evidence_at_ms,
            _ => None,
        }
    }

    /// A grant without a notice, a resumption without its moment, a yes or a notice from the future, a yes
    /// by a means that cannot say it, or one without a token where a second word is asked for.
    pub(crate) fn proves_nothing(&self, is_double: bool, now_ms: i64) -> bool {
        let has_come = |at_ms: Option<i64>| at_ms.is_some_and(|at_ms| at_ms <= now_ms + CLOCK_AHEAD_MAX_MS);
        let proves = match self.word {
            Word::Show => has_come(self.shown_at_ms),
            Word::Grant { token, .. } => {
                has_come(self.shown_at_ms) && self.can_say_yes && (token.is_some() || !is_double)
            }
            Word::Confirm { .. } | Word::Resume => has_come(self.evidence_at_ms) && self.can_say_yes,
            _ => true,
        };
        !proves
    }

    /// Whether a phone says what only a backend may: for somebody else, of a block or another text, or with
    /// the token that is to prove that a message arrived elsewhere.
    pub(crate) const fn is_presumed(&self) -> bool {
        let is_not_a_phones = matches!(
            self.word,
            Word::Supersede | Word::Block { .. } | Word::Unblock | Word::Grant { token: Some(_), .. }
        );
        self.is_from_phone && (is_not_a_phones || !self.is_their_own)
    }

    /// Whether it could bring more than there was, and nobody vouches for it.
    pub(crate) const fn is_hearsay(&self) -> bool {
        let could_raise =
            matches!(self.word, Word::Grant { .. } | Word::Confirm { .. } | Word::Resume | Word::Unblock);
        could_raise && matches!(self.hearing, Hearing::Imported { attested: false })
    }

    /// Up to when no other yes counts after this: a no by a clock that runs at most a day ahead ends
    /// what was said till then, and one out of a file what was said before it; a yes by a clock that runs
    /// ahead uses its own moment up, and a token all that was said before it.
    pub(crate) fn silences_until_ms(&self, now_ms: i64) -> Option<i64> {
        match (self.word, self.hearing) {
            _ if self.is_no() => Some(match (self.evidence_at_ms, self.hearing) {
                (None, _) => now_ms,
                (Some(at_ms), Hearing::Live) => at_ms.clamp(now_ms, now_ms + DAY),
                (Some(at_ms), Hearing::Imported { .. }) => at_ms.min(now_ms),
            }),
            (Word::Confirm { .. } | Word::Unblock, _) => Some(now_ms),
            _ => self.yes_at_ms().filter(|yes_at_ms| now_ms < *yes_at_ms),
        }
    }
}

impl ConsentState {
    /// The reason of a no, if it is one.
    pub(crate) const fn refusal(self, now_ms: i64) -> Option<&'static str> {
        match self {
            Self::Unknown | Self::Requested => Some("not_granted"),
            Self::Refused => Some("refused"),
            Self::Withdrawn => Some("withdrawn"),
            Self::Superseded => Some("superseded"),
            Self::Suppressed { .. } => Some("suppressed"),
            Self::Pending { renews_ms: Some(end_ms), .. } if now_ms < end_ms => None,
            Self::Pending { until_ms, .. } if now_ms < until_ms => Some("unconfirmed"),
            Self::Pending { .. } | Self::Expired => Some("expired"),
            Self::Paused { until_ms, .. } if now_ms < until_ms => Some("paused"),
            Self::Paused { granted_until_ms: end_ms, .. } | Self::Granted { until_ms: end_ms } => {
                if now_ms < end_ms { None } else { Some("expired") }
            }
        }
    }

    /// The end of the grant that it is, that rests or that is renewed.
    pub(crate) const fn granted_until_ms(self) -> Option<i64> {
        match self {
            Self::Granted { until_ms } => Some(until_ms),
            Self::Paused { granted_until_ms, .. } => Some(granted_until_ms),
            Self::Pending { renews_ms, .. } => renews_ms,
            _ => None,
        }
    }

    /// When it ended by itself.
    pub(crate) fn ran_out_at_ms(self, now_ms: i64) -> Option<i64> {
        let end_ms = match self {
            Self::Pending { until_ms, renews_ms, .. } => Some(until_ms).max(renews_ms),
            other => other.granted_until_ms(),
        };
        end_ms.filter(|end_ms| *end_ms <= now_ms)
    }
}
