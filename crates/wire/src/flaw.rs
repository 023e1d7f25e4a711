//! The letterbox's *no*: what can be wrong with a topic or a payload.

use std::fmt;

/// Why something that came in is of no use.
///
/// A closed list: every [`Flaw::word`] is a counter that stands at nought from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// Nothing inside.
    Empty,
    /// Longer than its kind may be.
    TooLarge,
    /// More fixes or records than one message may hold.
    TooMany,
    /// In no format that this version reads.
    UnknownFormat,
    /// In a version that this program does not read.
    UnknownVersion,
    /// Broken syntax, broken text, or a field of the wrong kind.
    Malformed,
    /// A field is not there that must be; its name in the payload.
    MissingField(&'static str),
    /// A coordinate that is no place on earth.
    OutOfRange,
    /// No instant, or one that no clock shows.
    BadTime,
    /// An instant in seconds where milliseconds are meant.
    BadUnit,
    /// The device itself calls the fix invalid.
    InvalidFix,
    /// The body names somebody else than its topic.
    IdentityMismatch,
    /// A name that breaks the rules of ids.
    BadId,
    /// A topic that is none of ours.
    UnknownTopic,
    /// A purpose of consent that this version does not know.
    UnknownPurpose,
    /// A kind of consent event or feedback that this version does not know.
    UnknownKind,
    /// An actor that this version does not know.
    UnknownActor,
    /// A method that this version does not know.
    UnknownMethod,
    /// A notice whose particulars are no evidence.
    BadNotice,
    /// A token, or the hash of one, that can be none.
    BadToken,
    /// A reason of a block that this version does not know.
    UnknownReason,
    /// Something that a customer's own phone does not say, but a backend.
    BackendOnly,
}

impl Flaw {
    /// One flaw for every word, for counters that start at nought.
    pub const ALL: [Self; 22] = [
        Self::Empty,
        Self::TooLarge,
        Self::TooMany,
        Self::UnknownFormat,
        Self::UnknownVersion,
        Self::Malformed,
        Self::MissingField("ts"),
        Self::OutOfRange,
        Self::BadTime,
        Self::BadUnit,
        Self::InvalidFix,
        Self::IdentityMismatch,
        Self::BadId,
        Self::UnknownTopic,
        Self::UnknownPurpose,
        Self::UnknownKind,
        Self::UnknownActor,
        Self::UnknownMethod,
        Self::BadNotice,
        Self::BadToken,
        Self::UnknownReason,
        Self::BackendOnly,
    ];

    /// The field that is missing, if that is what is wrong.
    #[must_use]
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Self::MissingField(field) => Some(field),
            Self::Empty
            | Self::TooLarge
            | Self::TooMany
            | Self::UnknownFormat
            | Self::UnknownVersion
            | Self::Malformed
            | Self::OutOfRange
            | Self::BadTime
            | Self::BadUnit
            | Self::InvalidFix
            | Self::IdentityMismatch
            | Self::BadId
            | Self::UnknownTopic
            | Self::UnknownPurpose
            | Self::UnknownKind
            | Self::UnknownActor
            | Self::UnknownMethod
            | Self::BadNotice
            | Self::BadToken
            | Self::UnknownReason
            | Self::BackendOnly => None,
        }
    }

    /// The word that counters and traces use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::TooMany => "too_many",
            Self::UnknownFormat => "unknown_format",
            Self::UnknownVersion => "unknown_version",
            Self::Malformed => "malformed",
            Self::MissingField(_) => "missing_field",
            Self::OutOfRange => "out_of_range",
            Self::BadTime => "bad_time",
            Self::BadUnit => "bad_unit",
            Self::InvalidFix => "invalid_fix",
            Self::IdentityMismatch => "identity_mismatch",
            Self::BadId => "bad_id",
            Self::UnknownTopic => "unknown_topic",
            Self::UnknownPurpose => "unknown_purpose",
            Self::UnknownKind => "unknown_kind",
            Self::UnknownActor => "unknown_actor",
            Self::UnknownMethod => "unknown_method",
            Self::BadNotice => "bad_notice",
            Self::BadToken => "bad_token",
            Self::UnknownReason => "unknown_reason",
            Self::BackendOnly => "backend_only",
        }
    }
}

impl fmt::Display for Flaw {
    /// The word, and of a missing field its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        if let Self::MissingField(field) = self {
            write!(f, " {field}")?;
        }
        Ok(())
    }
}
