//! One consent: what each word makes of it, what counts now, and what is written down.

use crate::Purpose;
use crate::consent::{Consent, ConsentState, Effect, Hearing, Word};

/// What a word is weighed by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// A second word is asked for.
    pub(crate) is_double: bool,
    /// How long a grant lasts that names no end.
    pub(crate) grant_lasts_ms: i64,
    /// The longest that it lasts, whatever it names.
    pub(crate) lasts_max_ms: Option<i64>,
    pub(crate) token_lasts_ms: i64,
    /// No yes counts that was said by then.
    pub(crate) erased_at_ms: Option<i64>,
}

/// One consent of one customer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) merchant: u32,
    pub(crate) purpose: Purpose,
    /// What counts now.
    pub(crate) in_force: ConsentState,
    /// What counts once all that was said is durable.
    pub(crate) said: Stood,
    /// How often something was said that changed it.
    n_said: u32,
    /// The end of a pause that ended by itself and was noticed.
    pub(crate) pause_seen_over_ms: Option<i64>,
    on_its_way: Option<Stood>,
    pub(crate) durable: Stood,
}

/// Where a row stands when it is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stood {
    pub(crate) state: ConsentState,
    /// Up to when a yes does not count.
    pub(crate) restricted_at_ms: Option<i64>,
    /// The version of the text that was last agreed to.
    pub(crate) version: Option<u32>,
    /// The merchant was told that it ends.
    pub(crate) is_reminded: bool,
}

/// Whether one of some rows lets a merchant do a thing now.
pub(crate) fn allow(rows: &[Row], merchant: u32, purpose: Purpose, now_ms: i64) -> bool {
    let row = rows.iter().find(|row| row.merchant == merchant && row.purpose == purpose);
    row.is_some_and(|row| purpose != Purpose::ThirdParty && row.in_force.refusal(now_ms).is_none())
}

impl Row {
    pub(crate) const fn stored(merchant: u32, purpose: Purpose, stood: Stood) -> Self {
        Self {
            merchant,
            purpose,
            in_force: stood.state,
            said: stood,
            n_said: 0,
            pause_seen_over_ms: None,
            on_its_way: None,
            durable: stood,
        }
    }

    pub(crate) fn unknown(merchant: u32, purpose: Purpose) -> Self {
        Self::stored(merchant, purpose, Stood::default())
    }

    pub(crate) const fn n_said(&self) -> u32 {
        self.n_said
    }

    /// Takes a word in; what it takes away is in force from here on. The second answer says whether it took
    /// something away.
    pub(crate) fn hear(&mut self, consent: &Consent, terms: &Terms, now_ms: i64) -> (Effect, bool) {
        let is_past = |yes_at_ms| terms.erased_at_ms.is_some_and(|erased_at_ms| yes_at_ms <= erased_at_ms);
        if consent.yes_at_ms().is_some_and(is_past) {
            return (Effect::Erased, false);
        }
        if consent.is_hearsay() {
            return (Effect::NotAttested, false);
        }
        let before = self.said.state;
        let state = match self.weigh(consent, terms, now_ms) {
            Ok(state) => state,
            Err(effect) => return (effect, false),
        };
        let end_ms = ConsentState::granted_until_ms;
        let takes_away = consent.is_no() || (end_ms(before).is_some() && end_ms(state).is_none());
        self.said.state = state;
        self.said.is_reminded &= end_ms(before) == end_ms(state);
        self.n_said += 1;
        if takes_away {
            self.in_force = self.restricted(state);
            self.pause_seen_over_ms = None;
        }
        self.said.restricted_at_ms = self.said.restricted_at_ms.max(consent.silences_until_ms(now_ms));
        if matches!(consent.word, Word::Grant { .. }) {
            self.said.version = consent.version.or(self.said.version);
        }
        (Effect::Applied, takes_away)
    }

    /// It is being written down as it stands.
    pub(crate) const fn write(&mut self) {
        self.on_its_way = Some(self.said);
    }

    /// It has been written down; the word counts unless another was said since.
    pub(crate) fn confirm(&mut self, n_said: u32) {
        self.durable = self.on_its_way.take().unwrap_or(self.durable);
        if self.n_said == n_said {
            self.in_force = self.said.state;
        }
    }

    /// Whether a storage that gave this back after a crash kept what it had acknowledged.
    pub(crate) fn may_be_stored_as(&self, stood: Stood) -> bool {
        stood == self.durable || Some(stood) == self.on_its_way
    }

    fn weigh(&self, consent: &Consent, terms: &Terms, now_ms: i64) -> Result<ConsentState, Effect> {
        if let blocked @ ConsentState::Suppressed { .. } = self.said.state {
            // A no is heard; nothing but the end of the block ends it.
            return match consent.word {
                Word::Refuse | Word::Withdraw => Ok(blocked),
                Word::Block { is_minor } => Ok(ConsentState::Suppressed { is_minor }),
                Word::Unblock => Ok(ConsentState::Unknown),
                _ => Err(Effect::NothingToChange),
            };
        }
        match consent.word {
            Word::Refuse => Ok(ConsentState::Refused),
            Word::Withdraw => Ok(ConsentState::Withdrawn),
            Word::Block { is_minor } => Ok(ConsentState::Suppressed { is_minor }),
            Word::Unblock => Err(Effect::NothingToChange),
            Word::Show => self.asked(consent),
            Word::Grant { until_ms, token } => self.granted(consent, until_ms, token, terms, now_ms),
            Word::Confirm { token } => self.confirmed(token, now_ms),
            Word::Pause { until_ms } => self.paused(consent, until_ms.unwrap_or(i64::MAX)),
            Word::Resume => self.resumed(consent),
            Word::Supersede => self.superseded(consent, now_ms),
        }
    }

    /// To be asked is news for whom nothing is known of.
    fn asked(&self, consent: &Consent) -> Result<ConsentState, Effect> {
        let is_news = consent.shown_at_ms > self.said.restricted_at_ms;
        let is_first = self.said.state == ConsentState::Unknown && is_news;
        is_first.then_some(ConsentState::Requested).ok_or(Effect::NothingToChange)
    }

    fn granted(
        &self,
        consent: &Consent,
        until_ms: Option<i64>,
        token: Option<u64>,
        terms: &Terms,
        now_ms: i64,
    ) -> Result<ConsentState, Effect> {
        let shown_at_ms = consent.shown_at_ms.ok_or(Effect::NoEvidence)?;
        if self.yes_ended_at_ms(now_ms).is_some_and(|ended_at_ms| shown_at_ms <= ended_at_ms) {
            return Err(Effect::LateGrant);
        }
        // A word that is told twice must not last longer for it.
        let agreed_at_ms = consent.evidence_at_ms.unwrap_or(shown_at_ms).min(now_ms);
        let named_ms = until_ms.unwrap_or(agreed_at_ms + terms.grant_lasts_ms);
        let longest_ms = terms.lasts_max_ms.map(|max_ms| agreed_at_ms + max_ms);
        let granted_until_ms = longest_ms.map_or(named_ms, |longest_ms| named_ms.min(longest_ms));
        let Some(token) = token.filter(|_| terms.is_double) else {
            return Ok(ConsentState::Granted { until_ms: granted_until_ms });
        };
        let until_ms = match self.said.state {
            // The same again waits no longer.
            ConsentState::Pending { until_ms, token: awaited, .. }
                if awaited == token && now_ms < until_ms =>
            {
                until_ms
            }
            _ => now_ms + terms.token_lasts_ms,
        };
        // To the same text it is a renewal: what holds goes on until its own end.
        let renews_ms = match (self.said.version, consent.version, self.said.state.refusal(now_ms)) {
            (Some(_), Some(_), None) => self.said.state.granted_until_ms(),
            _ => None,
        };
        Ok(ConsentState::Pending { until_ms, granted_until_ms, token, renews_ms })
    }

    /// One try.
    fn confirmed(&self, token: u64, now_ms: i64) -> Result<ConsentState, Effect> {
        let ConsentState::Pending { until_ms, granted_until_ms, token: awaited, renews_ms } = self.said.state
        else {
            return Err(Effect::NothingToChange);
        };
        if token == awaited && now_ms < until_ms {
            return Ok(ConsentState::Granted { until_ms: granted_until_ms });
        }
        Ok(match renews_ms {
            Some(end_ms) if now_ms < end_ms => ConsentState::Granted { until_ms: end_ms },
            _ => ConsentState::Expired,
        })
    }

    fn paused(&self, consent: &Consent, until_ms: i64) -> Result<ConsentState, Effect> {
        match self.said.state {
            ConsentState::Granted { until_ms: granted_until_ms }
            | ConsentState::Pending { renews_ms: Some(granted_until_ms), .. } => {
                Ok(ConsentState::Paused { until_ms, granted_until_ms })
            }
            ConsentState::Paused { until_ms: before_ms, granted_until_ms } => {
                // One that comes late, twice or out of a file must not shorten the pause said after it.
                let may_shorten = self.is_news(consent) && consent.hearing == Hearing::Live;
                let until_ms = if may_shorten { until_ms } else { until_ms.max(before_ms) };
                Ok(ConsentState::Paused { until_ms, granted_until_ms })
            }
            _ => Err(Effect::NothingToChange),
        }
    }

    fn resumed(&self, consent: &Consent) -> Result<ConsentState, Effect> {
        let ConsentState::Paused { granted_until_ms, .. } = self.said.state else {
            return Err(Effect::NothingToChange);
        };
        let granted = ConsentState::Granted { until_ms: granted_until_ms };
        self.is_news(consent).then_some(granted).ok_or(Effect::LateGrant)
    }

    /// What was agreed to under an older text, or under nobody knows which, counts no more.
    fn superseded(&self, consent: &Consent, now_ms: i64) -> Result<ConsentState, Effect> {
        let is_a_yes = matches!(
            self.said.state,
            ConsentState::Granted { .. } | ConsentState::Paused { .. } | ConsentState::Pending { .. }
        );
        let is_in_force = is_a_yes && self.said.state.ran_out_at_ms(now_ms).is_none();
        let is_older = consent.version.is_some() && self.said.version < consent.version;
        match self.said.state {
            _ if !is_in_force => Err(Effect::NothingToChange),
            _ if is_older => Ok(ConsentState::Superseded),
            // To which text the grant was that is being renewed, nobody knows any more.
            ConsentState::Pending { until_ms, granted_until_ms, token, renews_ms: Some(_) }
                if consent.version.is_some() && self.said.version.is_some() =>
            {
                Ok(ConsentState::Pending { until_ms, granted_until_ms, token, renews_ms: None })
            }
            _ => Err(Effect::NothingToChange),
        }
    }

    /// Said after the last no.
    fn is_news(&self, consent: &Consent) -> bool {
        let no_ms = self.said.restricted_at_ms;
        consent.evidence_at_ms.is_some_and(|at_ms| no_ms.is_none_or(|no_ms| no_ms < at_ms))
    }

    /// When the last yes was taken back or ran out.
    fn yes_ended_at_ms(&self, now_ms: i64) -> Option<i64> {
        self.said.restricted_at_ms.max(self.said.state.ran_out_at_ms(now_ms))
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
mod tests;
