//! What proves that somebody said something: who, how, and on which text.

use std::fmt;

use model::Timestamp;

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
    /// A string of the IAB's Transparency and Consent Framework.
    Tcf,
    /// A string of the IAB's Global Privacy Platform.
    Gpp,
    /// A browser's Global Privacy Control, which can only say no.
    Gpc,
    /// The permission dialogue of the phone's operating system.
    OsPermission,
    /// A member of staff, on request.
    Staff,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Toggle,
        Self::Checkbox,
        Self::SmsReply,
        Self::Api,
        Self::Tcf,
        Self::Gpp,
        Self::Gpc,
        Self::OsPermission,
        Self::Staff,
    ];

    /// The word that files and wires use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Toggle => "toggle",
            Self::Checkbox => "checkbox",
            Self::SmsReply => "sms_reply",
            Self::Api => "api",
            Self::Tcf => "tcf",
            Self::Gpp => "gpp",
            Self::Gpc => "gpc",
            Self::OsPermission => "os_permission",
            Self::Staff => "staff",
        }
    }

    /// Whether it can carry a yes at all.
    #[must_use]
    pub const fn can_say_yes(self) -> bool {
        match self {
            Self::Gpc => false,
            Self::Toggle
            | Self::Checkbox
            | Self::SmsReply
            | Self::Api
            | Self::Tcf
            | Self::Gpp
            | Self::OsPermission
            | Self::Staff => true,
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

impl Notice {
    /// Which text it was, whatever its language.
    #[must_use]
    pub fn name(&self) -> NoticeName {
        NoticeName { id: self.id.clone(), version: self.version }
    }
}

/// Which text was agreed on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeName {
    /// Which notice.
    pub id: Box<str>,
    /// Which version of it.
    pub version: u32,
}

impl NoticeName {
    /// Whether it is an earlier version of the same text.
    #[must_use]
    pub fn is_before(&self, other: &Self) -> bool {
        self.id == other.id && self.version < other.version
    }
}

/// The SHA-256 of a token that came back over a second channel; the token itself is never kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// A hash from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A hash from 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            let digit = |digit: u8| char::from(digit).to_digit(16).map(|digit| digit as u8);
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// The hash as 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
        self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }
}

impl fmt::Debug for TokenHash {
    /// Shows nothing: a short token is guessed from its hash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(not shown)")
    }
}

/// What is missing of the evidence of a yes, or proves nothing as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Missing(u8);

impl Missing {
    /// Nothing is missing.
    pub const NOTHING: Self = Self(0);
    /// The notice that was shown, or one shown by now.
    pub const NOTICE: Self = Self(1);
    /// When the customer acted, by now.
    pub const EVIDENCE_TS: Self = Self(2);
    /// The hash of a token that comes back over a second channel.
    pub const CONFIRM_SHA256: Self = Self(4);
    /// A method that can carry a yes.
    pub const METHOD: Self = Self(8);

    /// Each with the field of the event that it is about.
    const FIELDS: [(Self, &'static str); 4] = [
        (Self::NOTICE, "notice"),
        (Self::EVIDENCE_TS, "evidence_ts"),
        (Self::CONFIRM_SHA256, "confirm_sha256"),
        (Self::METHOD, "method"),
    ];

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether nothing is missing.
    #[must_use]
    pub const fn is_nothing(self) -> bool {
        self.0 == 0
    }

    /// The fields of the event that are missing.
    pub fn fields(self) -> impl Iterator<Item = &'static str> {
        Self::FIELDS.into_iter().filter(move |(what, _)| self.0 & what.0 != 0).map(|(_, field)| field)
    }
}
