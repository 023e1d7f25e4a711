//! What tells a customer's wish without naming purposes: a browser's signal, a reply to a text message.

use std::fmt;

use model::{MerchantId, Timestamp};

use crate::{Actor, Binding, ConsentEvent, ConsentKind, EventId, Method, Purpose};

/// What was seen or read.
#[derive(Clone, PartialEq, Eq)]
pub enum SignalKind {
    /// A browser sends Global Privacy Control.
    Gpc,
    /// A text message came back; its text is read once and never kept.
    Reply(Box<str>),
}

impl SignalKind {
    /// The word that wires use.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Gpc => "gpc",
            Self::Reply(_) => "reply",
        }
    }

    /// By what means it reached the customer's backend.
    #[must_use]
    pub const fn method(&self) -> Method {
        match self {
            Self::Gpc => Method::Gpc,
            Self::Reply(_) => Method::SmsReply,
        }
    }
}

impl fmt::Debug for SignalKind {
    /// Shows nothing of what somebody wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A wish of a customer that becomes the withdrawals which the law makes of it; it can bring nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Its name, under which every withdrawal is recorded that it becomes.
    pub id: EventId,
    /// Towards whom; all that the customer ever said something about when it names nobody.
    pub merchant: Option<MerchantId>,
    /// What was seen or read.
    pub kind: SignalKind,
    /// Who acted.
    pub actor: Actor,
    /// When, by the clock of whoever recorded it.
    pub evidence_at: Option<Timestamp>,
    /// Which version of the app was used.
    pub app: Option<Box<str>>,
}

impl Signal {
    /// Whether the rules that bind take consent to a purpose back for it.
    ///
    /// A reply to a text message is about text messages, and about no other way to be spoken to.
    #[must_use]
    pub fn withdraws(&self, purpose: Purpose, binding: &Binding<'_>) -> bool {
        match &self.kind {
            SignalKind::Gpc => binding.gpc_lowers(purpose),
            SignalKind::Reply(text) => purpose == Purpose::OffersSms && binding.is_stop(text),
        }
    }

    /// The withdrawal that it becomes.
    #[must_use]
    pub fn withdrawal(&self, merchant: MerchantId, purpose: Purpose) -> ConsentEvent {
        ConsentEvent {
            id: self.id.clone(),
            merchant,
            purpose,
            kind: ConsentKind::Withdraw,
            actor: self.actor,
            method: self.kind.method(),
            notice: None,
            evidence_at: self.evidence_at,
            app: self.app.clone(),
        }
    }
}
