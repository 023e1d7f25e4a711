//! What becomes of an offer once it has left us.

/// What can be said of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeedbackKind {
    /// A backend handed it to the push service.
    Delivered,
    /// A backend could not hand it on.
    Failed,
    /// The phone has it.
    Received,
    /// It was on the screen.
    Shown,
    /// The customer tapped it.
    Opened,
    /// The customer wiped it away.
    Dismissed,
    /// The customer used it.
    Redeemed,
    /// The customer does not care for it.
    NotRelevant,
    /// The customer hears too much.
    TooOften,
    /// The customer feels watched.
    Creepy,
}

impl FeedbackKind {
    /// All of them, for counters that start at nought.
    pub const ALL: [Self; 10] = [
        Self::Delivered,
        Self::Failed,
        Self::Received,
        Self::Shown,
        Self::Opened,
        Self::Dismissed,
        Self::Redeemed,
        Self::NotRelevant,
        Self::TooOften,
        Self::Creepy,
    ];

    /// The word that wires and files use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Received => "received",
            Self::Shown => "shown",
            Self::Opened => "opened",
            Self::Dismissed => "dismissed",
            Self::Redeemed => "redeemed",
            Self::NotRelevant => "not_relevant",
            Self::TooOften => "too_often",
            Self::Creepy => "creepy",
        }
    }

    /// The kind of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// The kinds of feedback that one notification got, each at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Answers(u16);

impl Answers {
    /// Beyond all kinds.
    const FAST: u16 = 1 << 15;

    /// Whether a kind is among them.
    #[must_use]
    pub const fn has(self, kind: FeedbackKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// Whether any of some kinds is among them.
    #[must_use]
    pub fn has_any(self, kinds: &[FeedbackKind]) -> bool {
        kinds.iter().any(|kind| self.has(*kind))
    }

    /// Adds a kind; false when it was there.
    pub const fn add(&mut self, kind: FeedbackKind) -> bool {
        let is_new = !self.has(kind);
        self.0 |= Self::bit(kind);
        is_new
    }

    /// Notes that it was dismissed at once.
    pub const fn mark_fast(&mut self) {
        self.0 |= Self::FAST;
    }

    /// Whether it was dismissed at once.
    #[must_use]
    pub const fn is_fast(self) -> bool {
        self.0 & Self::FAST != 0
    }

    /// As a number, for storing.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// From a number that was stored; unknown bits are left out.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & (((1 << FeedbackKind::ALL.len()) - 1) | Self::FAST))
    }

    const fn bit(kind: FeedbackKind) -> u16 {
        1 << kind as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_counts_once() {
        let mut answers = Answers::default();
        assert!(answers.add(FeedbackKind::Opened));
        assert!(!answers.add(FeedbackKind::Opened));
        assert!(answers.has(FeedbackKind::Opened) && !answers.has(FeedbackKind::Creepy));
        assert_eq!(Answers::from_bits(answers.bits() | 1 << 14), answers);
    }
}
