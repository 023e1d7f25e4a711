//! What one event makes of one consent: the state machine, and nothing that is kept.

use model::Timestamp;

use crate::{
    ConsentEvent, ConsentKind, ConsentState, Effect, GatePolicy, Hearing, Notice, NoticeName, OptIn,
    TokenHash, Weighing,
};

/// What is known of a consent when an event about it comes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Past<'a> {
    /// Where it stands.
    pub state: ConsentState,
    /// When it was last restricted: a yes said before does not count.
    pub restricted_at: Option<Timestamp>,
    /// The text that was last agreed on.
    pub notice: Option<&'a NoticeName>,
    /// When the customer was erased: no yes said before counts for anything.
    pub erased_at: Option<Timestamp>,
}

/// What became of an event, and where it leaves the consent.
///
/// The state is as it was unless the effect is [`Effect::Applied`].
#[must_use]
pub fn transition(
    past: Past<'_>,
    event: &ConsentEvent,
    weighing: Weighing,
    policy: &GatePolicy,
    now: Timestamp,
) -> (Effect, ConsentState) {
    let state = match objection(past, event, weighing, now) {
        Some(effect) => Err(effect),
        None => past.after(event, weighing, policy, now),
    };
    match state {
        Ok(state) => (Effect::Applied, state),
        Err(effect) => (effect, past.state),
    }
}

/// Whether less is allowed after it: then it holds at once, and whatever was decided before is void.
#[must_use]
pub(crate) fn restricts(kind: ConsentKind, before: ConsentState, after: ConsentState) -> bool {
    kind.is_a_no() || (before.granted_until().is_some() && after.granted_until().is_none())
}

/// The text that an applied event says yes to.
#[must_use]
pub(crate) fn agreed_on(event: &ConsentEvent) -> Option<NoticeName> {
    let is_yes = matches!(event.kind, ConsentKind::Grant { .. });
    event.notice.as_ref().filter(|_| is_yes).map(Notice::name)
}

/// A reminder is for one grant: another end is another grant.
#[must_use]
pub(crate) fn stays_reminded(reminded: bool, before: ConsentState, after: ConsentState) -> bool {
    reminded && before.granted_until() == after.granted_until()
}

/// Why an event is not even looked at.
fn objection(past: Past<'_>, event: &ConsentEvent, weighing: Weighing, now: Timestamp) -> Option<Effect> {
    if !event.missing(weighing.opt_in, now).is_nothing() {
        return Some(Effect::NoEvidence);
    }
    let is_of_another_life = |said_at| past.erased_at.is_some_and(|erased_at| said_at <= erased_at);
    if event.said_yes_at().is_some_and(is_of_another_life) {
        return Some(Effect::Erased);
    }
    let is_vouched_for = weighing.hearing != Hearing::Imported { attested: false };
    (event.kind.can_raise() && !is_vouched_for).then_some(Effect::NotAttested)
}

impl Past<'_> {
    fn after(
        self,
        event: &ConsentEvent,
        weighing: Weighing,
        policy: &GatePolicy,
        now: Timestamp,
    ) -> Result<ConsentState, Effect> {
        if matches!(self.state, ConsentState::Suppressed { .. }) {
            return self.while_suppressed(event.kind);
        }
        match event.kind {
            ConsentKind::Show => self.shown(event),
            ConsentKind::Grant { until, confirm } => {
                let granted_until = self.granted_until(event, until, weighing, policy, now)?;
                match (weighing.opt_in, confirm) {
                    (OptIn::Double, Some(token)) => {
                        let renews = self.renewed_by(event, now);
                        let until = self.confirm_by(token, policy, now);
                        Ok(ConsentState::PendingConfirmation { until, granted_until, token, renews })
                    }
                    (OptIn::Single, _) | (OptIn::Double, None) => {
                        Ok(ConsentState::Granted { until: granted_until })
                    }
                }
            }
            ConsentKind::Confirm { token } => self.confirmed(token, now),
            ConsentKind::Refuse => Ok(ConsentState::Refused),
            ConsentKind::Withdraw => Ok(ConsentState::Withdrawn),
            ConsentKind::Pause { until } => {
                self.paused(event, until.unwrap_or(Timestamp::MAX), weighing.hearing)
            }
            ConsentKind::Resume => self.resumed(event),
            ConsentKind::Supersede => self.superseded(event, now),
            ConsentKind::Block { why } => Ok(ConsentState::Suppressed { why }),
            ConsentKind::Unblock => Err(Effect::NothingToChange),
        }
    }

    /// Only its end ends a block; a no is heard all the same, so that no yes before it counts.
    const fn while_suppressed(self, kind: ConsentKind) -> Result<ConsentState, Effect> {
        match kind {
            ConsentKind::Block { why } => Ok(ConsentState::Suppressed { why }),
            ConsentKind::Refuse | ConsentKind::Withdraw => Ok(self.state),
            ConsentKind::Unblock => Ok(ConsentState::Unknown),
            ConsentKind::Show
            | ConsentKind::Grant { .. }
            | ConsentKind::Confirm { .. }
            | ConsentKind::Pause { .. }
            | ConsentKind::Resume
            | ConsentKind::Supersede => Err(Effect::NothingToChange),
        }
    }

    /// Being asked is news only to somebody who was never asked since the last block.
    fn shown(self, event: &ConsentEvent) -> Result<ConsentState, Effect> {
        let shown_at = event.notice.as_ref().map(|notice| notice.shown_at);
        let is_new = shown_at.is_some_and(|shown_at| self.restricted_at.is_none_or(|at| at < shown_at));
        if self.state == ConsentState::Unknown && is_new {
            return Ok(ConsentState::Requested);
        }
        Err(Effect::NothingToChange)
    }

    /// The end of the grant that a yes asks for.
    fn granted_until(
        self,
        event: &ConsentEvent,
        until: Option<Timestamp>,
        weighing: Weighing,
        policy: &GatePolicy,
        now: Timestamp,
    ) -> Result<Timestamp, Effect> {
        let Some(notice) = &event.notice else { return Err(Effect::NoEvidence) };
        if self.ended_at(now).is_some_and(|ended_at| notice.shown_at <= ended_at) {
            return Err(Effect::LateGrant);
        }
        // From the moment of agreeing on: a repeated delivery must not make it last longer.
        let agreed_at = event.evidence_at.unwrap_or(notice.shown_at).min(now);
        let until = until.unwrap_or(agreed_at + policy.lasts(event));
        let limits = [policy.lasts_max(event), weighing.lasts_max];
        Ok(limits.into_iter().flatten().fold(until, |until, lasts_max| until.min(agreed_at + lasts_max)))
    }

    /// The end of the grant that stays in force while its renewal waits for its second word.
    ///
    /// One to another notice is no renewal: of which text the grant in force was would be forgotten.
    fn renewed_by(self, event: &ConsentEvent, now: Timestamp) -> Option<Timestamp> {
        let (old, new) = (self.notice?, event.notice.as_ref()?);
        let is_in_force = self.state.check(now).is_ok() && old.id == new.id;
        self.state.granted_until().filter(|_| is_in_force)
    }

    /// When it is too late for a token; the same that comes again does not wait any longer for that.
    fn confirm_by(self, token: TokenHash, policy: &GatePolicy, now: Timestamp) -> Timestamp {
        match self.state {
            ConsentState::PendingConfirmation { until, token: awaited, .. }
                if awaited == token && now < until =>
            {
                until
            }
            ConsentState::PendingConfirmation { .. }
            | ConsentState::Unknown
            | ConsentState::Requested
            | ConsentState::Granted { .. }
            | ConsentState::Paused { .. }
            | ConsentState::Refused
            | ConsentState::Withdrawn
            | ConsentState::Expired
            | ConsentState::Superseded
            | ConsentState::Suppressed { .. } => now + policy.token_lasts,
        }
    }

    /// A token is good once, and a wrong one ends the waiting: what was in force before stays so.
    fn confirmed(self, token: TokenHash, now: Timestamp) -> Result<ConsentState, Effect> {
        let ConsentState::PendingConfirmation { until, granted_until, token: awaited, renews } = self.state
        else {
            return Err(Effect::NothingToChange);
        };
        if now < until && token == awaited {
            return Ok(ConsentState::Granted { until: granted_until });
        }
        let is_in_force = renews.filter(|until| now < *until);
        Ok(is_in_force.map_or(ConsentState::Expired, |until| ConsentState::Granted { until }))
    }

    fn paused(
        self,
        event: &ConsentEvent,
        until: Timestamp,
        hearing: Hearing,
    ) -> Result<ConsentState, Effect> {
        let Some(granted_until) = self.state.granted_until() else { return Err(Effect::NothingToChange) };
        let until = match self.state {
            // One that comes late or again must not shorten the pause after it, nor may one out of a file.
            ConsentState::Paused { until: paused_until, .. }
                if hearing != Hearing::Live || !self.precedes(event) =>
            {
                until.max(paused_until)
            }
            ConsentState::Paused { .. }
            | ConsentState::Granted { .. }
            | ConsentState::Unknown
            | ConsentState::Requested
            | ConsentState::PendingConfirmation { .. }
            | ConsentState::Refused
            | ConsentState::Withdrawn
            | ConsentState::Expired
            | ConsentState::Superseded
            | ConsentState::Suppressed { .. } => until,
        };
        Ok(ConsentState::Paused { until, granted_until })
    }

    fn resumed(self, event: &ConsentEvent) -> Result<ConsentState, Effect> {
        let ConsentState::Paused { granted_until: until, .. } = self.state else {
            return Err(Effect::NothingToChange);
        };
        // It may have resumed an earlier pause, and come late or again.
        if self.precedes(event) { Ok(ConsentState::Granted { until }) } else { Err(Effect::LateGrant) }
    }

    /// A yes loses its force when it was given to an older version of the text, or nobody knows to which.
    fn superseded(self, event: &ConsentEvent, now: Timestamp) -> Result<ConsentState, Effect> {
        let Some(newer) = event.notice.as_ref().map(Notice::name) else {
            return Err(Effect::NothingToChange);
        };
        let is_older = self.notice.is_none_or(|agreed_on| agreed_on.is_before(&newer));
        let stands = self.state.is_a_yes() && self.state.ran_out_at(now).is_none();
        if stands && is_older {
            return Ok(ConsentState::Superseded);
        }
        self.without_renewed(&newer).filter(|_| stands).ok_or(Effect::NothingToChange)
    }

    /// A renewal that goes on without the grant that it renews: of which version that was nobody knows.
    fn without_renewed(self, newer: &NoticeName) -> Option<ConsentState> {
        let ConsentState::PendingConfirmation { until, granted_until, token, renews: Some(_) } = self.state
        else {
            return None;
        };
        let is_its_notice = self.notice.is_some_and(|agreed_on| agreed_on.id == newer.id);
        is_its_notice.then_some(ConsentState::PendingConfirmation {
            until,
            granted_until,
            token,
            renews: None,
        })
    }

    /// Whether the last restriction came before the customer acted.
    fn precedes(self, event: &ConsentEvent) -> bool {
        event.evidence_at.is_some_and(|acted_at| self.restricted_at.is_none_or(|at| at < acted_at))
    }

    /// When a yes was last taken back or ran out: a notice shown before cannot grant it again.
    fn ended_at(self, now: Timestamp) -> Option<Timestamp> {
        self.restricted_at.max(self.state.ran_out_at(now))
    }
}
