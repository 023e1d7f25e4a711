//! The rules by their words, and sets of those that failed.

/// The words of all rules, in the order in which they are asked; the first that fails is the verdict.
const WORDS: [&str; 47] = [
    "no_consent",
    "minor",
    "offer_paused",
    "offer_stopped",
    "offer_not_yet",
    "offer_over",
    "off_schedule",
    "store_closed",
    "out_of_stock",
    "not_in_audience",
    "already_inside",
    "unfit_fix",
    "not_there_any_more",
    "too_fast",
    "already_told",
    "legal_hours",
    "quiet_hours",
    "own_quiet_hours",
    "zone_unknown",
    "muted",
    "cooldown_fence",
    "cooldown_offer",
    "told_for_life",
    "cooldown_merchant",
    "rest_between_offers",
    "settling_in",
    "after_dismissal",
    "after_too_often",
    "after_creepy",
    "after_redemption",
    "cap_24h",
    "cap_civil_day",
    "cap_7d",
    "cap_30d",
    "cap_all_channels_7d",
    "cap_sms_24h",
    "cap_sms_7d",
    "cap_sms_30d",
    "cap_own",
    "budget",
    "lost_arbitration",
    "holdout",
    "text",
    "too_late",
    "fence_gone",
    "offer_gone",
    "crowded",
];

/// Rules that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Failed(u64);

impl Failed {
    /// One alone.
    #[must_use]
    pub fn one(word: &str) -> Self {
        let mut failed = Self::default();
        failed.add_if(true, word);
        failed
    }

    /// Those of some words; `None` when one of them names no rule.
    #[must_use]
    pub fn of<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<Self> {
        let mut failed = Self::default();
        for word in words {
            failed.0 |= 1 << WORDS.iter().position(|known| *known == word)?;
        }
        Some(failed)
    }

    pub(crate) fn add_if(&mut self, fails: bool, word: &str) {
        let place = WORDS.iter().position(|known| *known == word).expect("every rule has its word");
        self.0 |= u64::from(fails) << place;
    }

    pub(crate) fn has(self, word: &str) -> bool {
        self.words().any(|known| known == word)
    }

    /// Whether none did.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Their words, in order.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        WORDS.iter().enumerate().filter(move |(place, _)| self.0 & 1 << place != 0).map(|(_, word)| *word)
    }

    /// The first in order.
    #[must_use]
    pub fn first(self) -> Option<&'static str> {
        self.words().next()
    }
}
