//! What a customer says about consent, with the evidence that they said it.

use model::{IdFlaw, MerchantId, Millis, Timestamp};

use crate::{Actor, Hearing, Method, Missing, Notice, OptIn, Purpose, TokenHash};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentKind {
    /// The customer was shown a notice, and has not answered.
    Show,
    /// Yes, until an instant or for as long as the policy lets a grant last.
    Grant {
        /// The end the event itself names.
        until: Option<Timestamp>,
        /// The hash of the token that must come back, where a second word is asked for.
        confirm: Option<TokenHash>,
    },
    /// The second word of a yes: a token that reached the customer over another channel.
    Confirm {
        /// Its hash.
        token: TokenHash,
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
    /// The text changed so much that a yes to an older version of it says nothing any more.
    Supersede,
    /// It must not be asked nor used.
    Block {
        /// Why not.
        why: Block,
    },
    /// The block is over; a yes needs a notice shown after that.
    Unblock,
}

impl ConsentKind {
    /// The word that files and wires use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Show => "show",
            Self::Grant { .. } => "grant",
            Self::Confirm { .. } => "confirm",
            Self::Refuse => "refuse",
            Self::Withdraw => "withdraw",
            Self::Pause { .. } => "pause",
            Self::Resume => "resume",
            Self::Supersede => "supersede",
            Self::Block { .. } => "block",
            Self::Unblock => "unblock",
        }
    }

    /// Whether it can only take away.
    #[must_use]
    pub const fn is_a_no(self) -> bool {
        match self {
            Self::Refuse | Self::Withdraw | Self::Pause { .. } | Self::Supersede | Self::Block { .. } => true,
            Self::Show | Self::Grant { .. } | Self::Confirm { .. } | Self::Resume | Self::Unblock => false,
        }
    }

    /// Whether it can bring more than there was, and so may not come from a file that nothing vouches for.
    #[must_use]
    pub const fn can_raise(self) -> bool {
        match self {
            Self::Grant { .. } | Self::Confirm { .. } | Self::Resume | Self::Unblock => true,
            Self::Show
            | Self::Refuse
            | Self::Withdraw
            | Self::Pause { .. }
            | Self::Supersede
            | Self::Block { .. } => false,
        }
    }
}

/// Why somebody must not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Block {
    /// They are not of age.
    Minor,
    /// The law forbids it.
    Legal,
}

impl Block {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Minor, Self::Legal];

    /// The word that files and wires use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Legal => "legal",
        }
    }

    /// The block of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|block| block.word() == word)
    }
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
    /// Which version of the app they acted in.
    pub app: Option<Box<str>>,
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
            ConsentKind::Resume | ConsentKind::Confirm { .. } => self.evidence_at,
            ConsentKind::Show
            | ConsentKind::Refuse
            | ConsentKind::Withdraw
            | ConsentKind::Pause { .. }
            | ConsentKind::Supersede
            | ConsentKind::Block { .. }
            | ConsentKind::Unblock => None,
        }
    }

    /// What a yes, or a notice, lacks to prove anything at `now`.
    ///
    /// A notice or a moment more than [`CLOCK_AHEAD_MAX`] in the future is none. A no lacks nothing.
    #[must_use]
    pub fn missing(&self, opt_in: OptIn, now: Timestamp) -> Missing {
        let by_now = |at: Timestamp| at <= now + CLOCK_AHEAD_MAX;
        let unless = |is_there: bool, what: Missing| if is_there { Missing::NOTHING } else { what };
        let notice =
            unless(self.notice.as_ref().is_some_and(|notice| by_now(notice.shown_at)), Missing::NOTICE);
        let evidence = unless(self.evidence_at.is_some_and(by_now), Missing::EVIDENCE_TS);
        let method = unless(self.method.can_say_yes(), Missing::METHOD);
        match self.kind {
            ConsentKind::Show => notice,
            ConsentKind::Grant { confirm, .. } => {
                let is_enough = opt_in == OptIn::Single || confirm.is_some();
                notice.and(unless(is_enough, Missing::CONFIRM_SHA256)).and(method)
            }
            ConsentKind::Confirm { .. } | ConsentKind::Resume => evidence.and(method),
            ConsentKind::Refuse
            | ConsentKind::Withdraw
            | ConsentKind::Pause { .. }
            | ConsentKind::Supersede
            | ConsentKind::Block { .. }
            | ConsentKind::Unblock => Missing::NOTHING,
        }
    }

    /// The instant up to which no other yes counts once this event is applied at `now`.
    ///
    /// A no ends all that was said before it, also by a clock that runs up to a day ahead; one from
    /// a file ends what was said before its own moment. A token is used up with all that was said
    /// before it. A yes whose clock runs ahead uses its own moment up, so that it cannot come again
    /// after a no.
    #[must_use]
    pub fn silences_until(&self, hearing: Hearing, now: Timestamp) -> Option<Timestamp> {
        match self.kind {
            ConsentKind::Refuse
            | ConsentKind::Withdraw
            | ConsentKind::Pause { .. }
            | ConsentKind::Supersede
            | ConsentKind::Block { .. } => Some(match (hearing, self.evidence_at) {
                (Hearing::Live, Some(acted_at)) => acted_at.clamp(now, now + Millis::from_days(1)),
                (Hearing::Imported { .. }, Some(acted_at)) => acted_at.min(now),
                (_, None) => now,
            }),
            ConsentKind::Confirm { .. } | ConsentKind::Unblock => Some(now),
            ConsentKind::Grant { .. } | ConsentKind::Resume => {
                self.said_yes_at().filter(|said_at| now < *said_at)
            }
            ConsentKind::Show => None,
        }
    }
}
