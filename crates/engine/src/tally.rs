//! What became of everything: counters by reason that balance at any time.

use consent_gate::{Effect, Refusal};
use ledger::DeliveryOutcome;
use model::TransitionKind;
use notifier::Suppression;
use presence::{Drop, Flag};
use wire::Flaw;

/// Counters by reason, every one of them there from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts(Vec<(&'static str, u64)>);

impl Counts {
    fn of(words: impl IntoIterator<Item = &'static str>) -> Self {
        Self(words.into_iter().map(|word| (word, 0)).collect())
    }

    /// Adds one under a word.
    ///
    /// # Panics
    /// When the word is not on the list that the counters were made of.
    pub(crate) fn count(&mut self, word: &'static str) {
        let counter = self.0.iter_mut().find(|(known, _)| *known == word);
        counter.expect("every reason is on the closed list").1 += 1;
    }

    /// Adds one under the word at a place of the list; to look for it took 6 ns of a refused message's
    /// 60 (`gate/message`).
    pub(crate) fn count_nth(&mut self, nth: usize) {
        self.0[nth].1 += 1;
    }

    /// Every word with its number, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().copied()
    }

    /// The number under a word; nought for a word that is not on the list.
    #[must_use]
    pub fn of_word(&self, word: &str) -> u64 {
        self.0.iter().find(|(known, _)| *known == word).map_or(0, |(_, n)| *n)
    }

    /// The sum.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, n)| n).sum()
    }

    /// Adds the counters of another engine.
    pub fn add(&mut self, other: &Self) {
        for ((_, n), (_, more)) in self.0.iter_mut().zip(&other.0) {
            *n += more;
        }
    }
}

/// The verdict of what would be said, were anything said.
pub(crate) const OBSERVED: &str = "observed";
/// The verdict of what operators are shown instead.
pub(crate) const SHADOWED: &str = "shadowed";

/// A fix of a phone too many.
pub(crate) const TOO_MANY_DEVICES: &str = "too_many_devices";

/// A fix in the hard zone of a sensitive place.
pub(crate) const SENSITIVE: &str = "sensitive";

/// Everything an engine counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Messages until they are decoded, then fixes.
    pub n_records: u64,
    /// Refused unread, by reason.
    pub refused: Counts,
    /// Read and found wrong, by reason.
    pub malformed: Counts,
    /// Decoded and of no use, by reason.
    pub dropped: Counts,
    /// Used.
    pub n_used: u64,
    /// Of those used, the ones that may trigger nothing, by reason.
    pub flagged: Counts,
    /// Of those used, the ones inside at least one fence that may be seen.
    pub n_matched: u64,
    /// Changes of presence, by kind.
    pub transitions: Counts,
    /// Offers that a transition called for.
    pub n_candidates: u64,
    /// Candidates held back, by verdict.
    pub suppressed: Counts,
    /// Candidates that would be sent, were operators not only looking on, by mode.
    pub unsaid: Counts,
    /// Candidates decided to be sent.
    pub n_decided: u64,
    /// What left the outbox, by outcome.
    pub delivered: Counts,
    /// Consent events, by effect.
    pub consents: Counts,
    /// Consent events and feedback that could not be used, by reason.
    pub unusable: Counts,
    /// Changes of profiles that were recorded.
    pub n_profiles: u64,
    /// Profiles of people of whom no word about consent is known.
    pub n_profiles_unknown: u64,
    /// Feedback that was recorded.
    pub n_feedback: u64,
    /// Feedback on an offer that the customer never got.
    pub n_feedback_unknown: u64,
    /// Payloads that the decoder looked into.
    pub n_opened: u64,
    /// Fixes held until the next one explains them.
    pub n_held: u64,
    /// Candidates that wait for their moment.
    pub n_waiting: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            n_records: 0,
            refused: Counts::of(Refusal::ALL.map(Refusal::word)),
            malformed: Counts::of(Flaw::ALL.iter().map(|flaw| flaw.word())),
            dropped: Counts::of(Drop::ALL.map(Drop::word).into_iter().chain([TOO_MANY_DEVICES, SENSITIVE])),
            n_used: 0,
            flagged: Counts::of(Flag::ALL.map(Flag::word)),
            n_matched: 0,
            transitions: Counts::of(TransitionKind::ALL.map(TransitionKind::word)),
            n_candidates: 0,
            suppressed: Counts::of(Suppression::ALL.map(Suppression::word)),
            unsaid: Counts::of([OBSERVED, SHADOWED]),
            n_decided: 0,
            delivered: Counts::of(DeliveryOutcome::ALL.map(DeliveryOutcome::word)),
            consents: Counts::of(Effect::ALL.map(Effect::word)),
            unusable: Counts::of(Flaw::ALL.iter().map(|flaw| flaw.word())),
            n_profiles: 0,
            n_profiles_unknown: 0,
            n_feedback: 0,
            n_feedback_unknown: 0,
            n_opened: 0,
            n_held: 0,
            n_waiting: 0,
        }
    }
}

impl Tally {
    /// Whether `every_record_has_one_outcome`, and every candidate one verdict.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        let outcomes = self.refused.total() + self.malformed.total() + self.dropped.total() + self.n_used;
        let verdicts = self.suppressed.total() + self.unsaid.total() + self.n_decided;
        self.n_records == outcomes + self.n_held && self.n_candidates == verdicts + self.n_waiting
    }

    /// Adds what another engine counted.
    pub fn add(&mut self, other: &Self) {
        self.n_records += other.n_records;
        self.refused.add(&other.refused);
        self.malformed.add(&other.malformed);
        self.dropped.add(&other.dropped);
        self.n_used += other.n_used;
        self.flagged.add(&other.flagged);
        self.n_matched += other.n_matched;
        self.transitions.add(&other.transitions);
        self.n_candidates += other.n_candidates;
        self.suppressed.add(&other.suppressed);
        self.unsaid.add(&other.unsaid);
        self.n_decided += other.n_decided;
        self.delivered.add(&other.delivered);
        self.consents.add(&other.consents);
        self.unusable.add(&other.unusable);
        self.n_profiles += other.n_profiles;
        self.n_profiles_unknown += other.n_profiles_unknown;
        self.n_feedback += other.n_feedback;
        self.n_feedback_unknown += other.n_feedback_unknown;
        self.n_opened += other.n_opened;
        self.n_held += other.n_held;
        self.n_waiting += other.n_waiting;
    }
}
