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
    /// Yes, until an instant or for as long as the rules let a grant last.
    Grant {
        /// The end it names.
        until_ms: Option<i64>,
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
}

/// A word with its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    /// What is said.
    pub word: Word,
    /// When the notice was shown; a grant without one proves nothing.
    pub shown_at_ms: Option<i64>,
    /// When the customer acted, by the clock of whoever recorded it.
    pub evidence_at_ms: Option<i64>,
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
    /// It was said before the customer was erased.
    Erased,
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
}

/// How far the clock of whoever recorded a yes may run ahead.
const CLOCK_AHEAD_MAX_MS: i64 = 60_000;

impl Consent {
    /// A yes to a notice.
    #[must_use]
    pub const fn grant(until_ms: Option<i64>, shown_at_ms: i64) -> Self {
        Self { word: Word::Grant { until_ms }, shown_at_ms: Some(shown_at_ms), evidence_at_ms: None }
    }

    /// A word that needs no notice.
    #[must_use]
    pub const fn said(word: Word, evidence_at_ms: Option<i64>) -> Self {
        Self { word, shown_at_ms: None, evidence_at_ms }
    }

    pub(crate) const fn restricts(&self) -> bool {
        matches!(self.word, Word::Refuse | Word::Withdraw | Word::Pause { .. })
    }

    const fn yes_at_ms(&self) -> Option<i64> {
        match self.word {
            Word::Grant { .. } => self.shown_at_ms,
            Word::Resume => self.evidence_at_ms,
            Word::Refuse | Word::Withdraw | Word::Pause { .. } => None,
        }
    }

    /// A grant without a notice, a resumption without its moment, or a yes from the future.
    pub(crate) fn proves_nothing(&self, now_ms: i64) -> bool {
        match (self.yes_at_ms(), self.word) {
            (Some(yes_at_ms), _) => now_ms + CLOCK_AHEAD_MAX_MS < yes_at_ms,
            (None, Word::Grant { .. } | Word::Resume) => true,
            (None, Word::Refuse | Word::Withdraw | Word::Pause { .. }) => false,
        }
    }

    /// Up to when no other yes counts after this: a no by a clock that runs at most a day ahead ends
    /// what was said till then, and a yes by a clock that runs ahead uses its own moment up.
    fn silences_until_ms(&self, now_ms: i64) -> Option<i64> {
        if self.restricts() {
            return Some(self.evidence_at_ms.unwrap_or(now_ms).clamp(now_ms, now_ms + DAY));
        }
        self.yes_at_ms().filter(|yes_at_ms| now_ms < *yes_at_ms)
    }
}

impl ConsentState {
    /// The reason of a no, if it is one.
    pub(crate) const fn refusal(self, now_ms: i64) -> Option<&'static str> {
        match self {
            Self::Unknown => Some("not_granted"),
            Self::Refused => Some("refused"),
            Self::Withdrawn => Some("withdrawn"),
            Self::Paused { until_ms, .. } if now_ms < until_ms => Some("paused"),
            Self::Paused { granted_until_ms: end_ms, .. } | Self::Granted { until_ms: end_ms } => {
                if now_ms < end_ms { None } else { Some("expired") }
            }
        }
    }

    const fn granted_until_ms(self) -> Option<i64> {
        match self {
            Self::Granted { until_ms } => Some(until_ms),
            Self::Paused { granted_until_ms, .. } => Some(granted_until_ms),
            Self::Unknown | Self::Refused | Self::Withdrawn => None,
        }
    }
}

/// One consent of one customer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) merchant: u32,
    pub(crate) purpose: Purpose,
    /// What counts now.
    pub(crate) in_force: ConsentState,
    /// What counts once all that was said is durable.
    pub(crate) said: ConsentState,
    pub(crate) restricted_at_ms: Option<i64>,
    /// How often something was said that changed it.
    n_said: u32,
    /// The end of a pause that ended by itself and was noticed.
    pub(crate) pause_seen_over_ms: Option<i64>,
    on_its_way: Option<Stood>,
    pub(crate) durable: Stood,
}

/// Whether one of some rows lets a merchant do a thing now.
pub(crate) fn allow(rows: &[Row], merchant: u32, purpose: Purpose, now_ms: i64) -> bool {
    let row = rows.iter().find(|row| row.merchant == merchant && row.purpose == purpose);
    row.is_some_and(|row| row.in_force.refusal(now_ms).is_none())
}

/// How long a grant lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lasts {
    /// Where it names no end.
    pub(crate) unnamed_ms: i64,
    /// Whatever end it names.
    pub(crate) max_ms: Option<i64>,
}

impl Lasts {
    fn end_ms(self, agreed_at_ms: i64, until_ms: Option<i64>) -> i64 {
        let asked_for_ms = until_ms.unwrap_or(agreed_at_ms + self.unnamed_ms);
        self.max_ms.map_or(asked_for_ms, |max_ms| asked_for_ms.min(agreed_at_ms + max_ms))
    }
}

/// Where a row stood when it was written down: its state, and up to when a yes does not count.
type Stood = (ConsentState, Option<i64>);

impl Row {
    pub(crate) const fn stored(
        merchant: u32,
        purpose: Purpose,
        state: ConsentState,
        restricted_at_ms: Option<i64>,
    ) -> Self {
        Self {
            merchant,
            purpose,
            in_force: state,
            said: state,
            restricted_at_ms,
            n_said: 0,
            pause_seen_over_ms: None,
            on_its_way: None,
            durable: (state, restricted_at_ms),
        }
    }

    pub(crate) const fn unknown(merchant: u32, purpose: Purpose) -> Self {
        Self::stored(merchant, purpose, ConsentState::Unknown, None)
    }

    pub(crate) const fn n_said(&self) -> u32 {
        self.n_said
    }

    /// Takes a word in; what it takes away is in force from here on.
    ///
    /// No yes counts that was said by the time at which the customer was erased.
    pub(crate) fn hear(
        &mut self,
        consent: &Consent,
        lasts: Lasts,
        erased_at_ms: Option<i64>,
        now_ms: i64,
    ) -> Effect {
        let is_past = |yes_at_ms| erased_at_ms.is_some_and(|erased_at_ms| yes_at_ms <= erased_at_ms);
        if consent.yes_at_ms().is_some_and(is_past) {
            return Effect::Erased;
        }
        let state = match self.weigh(consent, lasts, now_ms) {
            Ok(state) => state,
            Err(effect) => return effect,
        };
        self.said = state;
        self.n_said += 1;
        if consent.restricts() {
            self.in_force = self.restricted(state);
            self.pause_seen_over_ms = None;
        }
        self.restricted_at_ms = self.restricted_at_ms.max(consent.silences_until_ms(now_ms));
        Effect::Applied
    }

    /// It is being written down as it stands.
    pub(crate) const fn write(&mut self) {
        self.on_its_way = Some((self.said, self.restricted_at_ms));
    }

    /// It has been written down; the word counts unless another was said since.
    pub(crate) fn confirm(&mut self, n_said: u32) {
        self.durable = self.on_its_way.take().unwrap_or(self.durable);
        if self.n_said == n_said {
            self.in_force = self.said;
        }
    }

    /// Whether a storage that gave this back after a crash kept what it had acknowledged.
    pub(crate) fn may_be_stored_as(&self, stood: Stood) -> bool {
        stood == self.durable || Some(stood) == self.on_its_way
    }

    fn weigh(&self, consent: &Consent, lasts: Lasts, now_ms: i64) -> Result<ConsentState, Effect> {
        match (consent.word, self.said) {
            (Word::Refuse, _) => Ok(ConsentState::Refused),
            (Word::Withdraw, _) => Ok(ConsentState::Withdrawn),
            (Word::Grant { until_ms }, _) => {
                let shown_at_ms = consent.shown_at_ms.ok_or(Effect::NoEvidence)?;
                if self.yes_ended_at_ms(now_ms).is_some_and(|ended_at_ms| shown_at_ms <= ended_at_ms) {
                    return Err(Effect::LateGrant);
                }
                // A word that is told twice must not last longer for it.
                let agreed_at_ms = consent.evidence_at_ms.unwrap_or(shown_at_ms).min(now_ms);
                Ok(ConsentState::Granted { until_ms: lasts.end_ms(agreed_at_ms, until_ms) })
            }
            (Word::Pause { until_ms }, ConsentState::Granted { until_ms: granted_until_ms }) => {
                Ok(ConsentState::Paused { until_ms: until_ms.unwrap_or(i64::MAX), granted_until_ms })
            }
            (Word::Pause { until_ms }, ConsentState::Paused { until_ms: before_ms, granted_until_ms }) => {
                let until_ms = until_ms.unwrap_or(i64::MAX);
                // One that comes late or twice must not shorten the pause said after it.
                let until_ms = if self.is_news(consent) { until_ms } else { until_ms.max(before_ms) };
                Ok(ConsentState::Paused { until_ms, granted_until_ms })
            }
            (Word::Resume, ConsentState::Paused { granted_until_ms, .. }) => {
                if consent.evidence_at_ms.is_none() {
                    return Err(Effect::NoEvidence);
                }
                if !self.is_news(consent) {
                    return Err(Effect::LateGrant);
                }
                Ok(ConsentState::Granted { until_ms: granted_until_ms })
            }
            (
                Word::Pause { .. } | Word::Resume,
                ConsentState::Unknown | ConsentState::Refused | ConsentState::Withdrawn,
            )
            | (Word::Resume, ConsentState::Granted { .. }) => Err(Effect::NothingToChange),
        }
    }

    /// Said after the last no.
    fn is_news(&self, consent: &Consent) -> bool {
        consent.evidence_at_ms.is_some_and(|at_ms| self.restricted_at_ms.is_none_or(|no_ms| no_ms < at_ms))
    }

    /// When the last yes was taken back or ran out.
    fn yes_ended_at_ms(&self, now_ms: i64) -> Option<i64> {
        let ran_out_at_ms = self.said.granted_until_ms().filter(|end_ms| *end_ms <= now_ms);
        self.restricted_at_ms.max(ran_out_at_ms)
    }

    /// What a restriction leaves in force: never more than was.
    fn restricted(&self, state: ConsentState) -> ConsentState {
        let ConsentState::Paused { until_ms, granted_until_ms } = state else { return state };
        match self.in_force.granted_until_ms() {
            Some(end_ms) => ConsentState::Paused { until_ms, granted_until_ms: granted_until_ms.min(end_ms) },
            // The grant beneath is not durable yet.
            None => self.in_force,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: Word = Word::Grant { until_ms: None };
    const YEAR: Lasts = Lasts { unnamed_ms: 365 * DAY, max_ms: Some(365 * DAY) };

    /// At what time, what, shown or said when; what became of it, and the reason of a no at that time
    /// once it is durable.
    type Step = (i64, Word, Option<i64>, Effect, Option<&'static str>);

    /// A story of one row.
    fn check(story: &[Step]) {
        let mut row = Row::unknown(0, Purpose::Location);
        for (i, &(now_ms, word, evidence, effect, refusal)) in story.iter().enumerate() {
            let is_grant = matches!(word, Word::Grant { .. });
            let consent = Consent {
                word,
                shown_at_ms: evidence.filter(|_| is_grant),
                evidence_at_ms: evidence.filter(|_| !is_grant),
            };
            let became = if consent.proves_nothing(now_ms) {
                Effect::NoEvidence
            } else {
                row.hear(&consent, YEAR, None, now_ms)
            };
            assert_eq!(became, effect, "step {i}");
            row.write();
            row.confirm(row.n_said());
            assert_eq!(row.in_force.refusal(now_ms), refusal, "step {i}");
        }
    }

    #[test]
    fn a_notice_shown_before_the_last_no_grants_nothing() {
        check(&[
            (1_000, GRANT, Some(900), Effect::Applied, None),
            (2_000, Word::Withdraw, None, Effect::Applied, Some("withdrawn")),
            (3_000, GRANT, Some(2_000), Effect::LateGrant, Some("withdrawn")),
            (3_000, GRANT, Some(2_001), Effect::Applied, None),
            (4_000, Word::Refuse, None, Effect::Applied, Some("refused")),
        ]);
    }

    #[test]
    fn a_yes_needs_evidence_and_may_come_from_a_clock_a_minute_ahead() {
        check(&[
            (1_000, GRANT, None, Effect::NoEvidence, Some("not_granted")),
            (1_000, GRANT, Some(61_001), Effect::NoEvidence, Some("not_granted")),
            (1_000, GRANT, Some(61_000), Effect::Applied, None),
            (2_000, Word::Withdraw, None, Effect::Applied, Some("withdrawn")),
            // It has used its moment up.
            (3_000, GRANT, Some(61_000), Effect::LateGrant, Some("withdrawn")),
        ]);
    }

    #[test]
    fn a_pause_ends_by_itself_and_never_extends_the_grant() {
        check(&[
            (0, Word::Grant { until_ms: Some(10_000) }, Some(0), Effect::Applied, None),
            (1_000, Word::Pause { until_ms: Some(5_000) }, None, Effect::Applied, Some("paused")),
            (5_000, Word::Resume, Some(900), Effect::LateGrant, None),
            (6_000, Word::Pause { until_ms: Some(20_000) }, None, Effect::Applied, Some("paused")),
            (20_000, Word::Resume, None, Effect::NoEvidence, Some("expired")),
        ]);
    }

    #[test]
    fn a_yes_to_be_seen_lasts_a_year_whatever_end_it_names() {
        let far = Word::Grant { until_ms: Some(99_999_999_999_999) };
        check(&[
            (0, far, Some(0), Effect::Applied, None),
            (365 * DAY - 1, Word::Resume, Some(1), Effect::NothingToChange, None),
            (365 * DAY, Word::Resume, Some(1), Effect::NothingToChange, Some("expired")),
        ]);
    }

    #[test]
    fn a_pause_told_late_does_not_shorten_the_one_after_it() {
        check(&[
            (0, GRANT, Some(0), Effect::Applied, None),
            (1_000, Word::Pause { until_ms: Some(9_000) }, Some(1_000), Effect::Applied, Some("paused")),
            (2_000, Word::Pause { until_ms: Some(1_500) }, Some(500), Effect::Applied, Some("paused")),
            (3_000, Word::Pause { until_ms: Some(3_500) }, Some(3_000), Effect::Applied, Some("paused")),
            (3_500, Word::Resume, Some(2_000), Effect::LateGrant, None),
        ]);
    }

    #[test]
    fn what_was_not_granted_is_neither_paused_nor_resumed() {
        check(&[
            (0, Word::Pause { until_ms: None }, None, Effect::NothingToChange, Some("not_granted")),
            (0, Word::Resume, Some(0), Effect::NothingToChange, Some("not_granted")),
            (0, Word::Withdraw, None, Effect::Applied, Some("withdrawn")),
            (0, Word::Pause { until_ms: None }, None, Effect::NothingToChange, Some("withdrawn")),
        ]);
    }

    #[test]
    fn a_grant_counts_once_durable_and_a_withdrawal_at_once() {
        let mut row = Row::unknown(0, Purpose::Location);
        row.hear(&Consent::grant(None, 0), YEAR, None, 0);
        assert_eq!(row.in_force.refusal(0), Some("not_granted"));
        let n_said = row.n_said();
        row.write();
        row.hear(&Consent::said(Word::Withdraw, None), YEAR, None, 1);
        row.confirm(n_said);
        assert_eq!(row.in_force.refusal(1), Some("withdrawn"));
        row.hear(&Consent::grant(None, 2), YEAR, None, 2);
        row.hear(&Consent::said(Word::Pause { until_ms: Some(9) }, None), YEAR, None, 2);
        assert_eq!(row.in_force.refusal(3), Some("withdrawn"), "the grant beneath is not durable");
        row.write();
        row.confirm(row.n_said());
        assert_eq!(row.in_force.refusal(3), Some("paused"));
        assert_eq!(row.in_force.refusal(9), None);
    }
}
