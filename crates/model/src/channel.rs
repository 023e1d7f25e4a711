//! The ways in which an offer can reach somebody.

/// How an offer is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Channel {
    /// On the lock screen.
    #[default]
    Push,
    /// A text message.
    Sms,
    /// A letter.
    Email,
    /// A place in the app that nobody is called to.
    Inbox,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Push, Self::Sms, Self::Email, Self::Inbox];

    /// The word that files and wires use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Inbox => "inbox",
        }
    }

    /// The channel of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.word() == word)
    }
}
