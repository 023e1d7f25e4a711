//! Consent as it is stored: states, events, evidence.

use std::borrow::Cow;

use consent_gate::{
    Actor, ConsentEvent, ConsentKind, ConsentRow, ConsentState, Effect, Epoch, EventId, Method, Notice,
    Purpose,
};
use model::{MerchantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{boxed, id, instant, known, unix_ms};
use crate::{ConsentEntry, Unreadable};

/// Every effect, to find one by its word.
const EFFECTS: [Effect; 4] =
    [Effect::Applied, Effect::LateGrant, Effect::NoEvidence, Effect::NothingToChange];

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ConsentStateV1 {
    Unknown,
    Granted { until: i64 },
    Paused { until: i64, granted_until: i64 },
    Refused,
    Withdrawn,
}

impl ConsentStateV1 {
    pub(super) const fn of(state: ConsentState) -> Self {
        match state {
            ConsentState::Unknown => Self::Unknown,
            ConsentState::Granted { until } => Self::Granted { until: until.unix_ms() },
            ConsentState::Paused { until, granted_until } => {
                Self::Paused { until: until.unix_ms(), granted_until: granted_until.unix_ms() }
            }
            ConsentState::Refused => Self::Refused,
            ConsentState::Withdrawn => Self::Withdrawn,
        }
    }

    pub(super) const fn into_state(self) -> ConsentState {
        match self {
            Self::Unknown => ConsentState::Unknown,
            Self::Granted { until } => ConsentState::Granted { until: Timestamp::from_unix_ms(until) },
            Self::Paused { until, granted_until } => ConsentState::Paused {
                until: Timestamp::from_unix_ms(until),
                granted_until: Timestamp::from_unix_ms(granted_until),
            },
            Self::Refused => ConsentState::Refused,
            Self::Withdrawn => ConsentState::Withdrawn,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ConsentKindV1 {
    Grant { until: Option<i64> },
    Refuse,
    Withdraw,
    Pause { until: Option<i64> },
    Resume,
}

impl ConsentKindV1 {
    fn of(kind: ConsentKind) -> Self {
        match kind {
            ConsentKind::Grant { until } => Self::Grant { until: unix_ms(until) },
            ConsentKind::Refuse => Self::Refuse,
            ConsentKind::Withdraw => Self::Withdraw,
            ConsentKind::Pause { until } => Self::Pause { until: unix_ms(until) },
            ConsentKind::Resume => Self::Resume,
        }
    }

    fn into_kind(self) -> ConsentKind {
        match self {
            Self::Grant { until } => ConsentKind::Grant { until: instant(until) },
            Self::Refuse => ConsentKind::Refuse,
            Self::Withdraw => ConsentKind::Withdraw,
            Self::Pause { until } => ConsentKind::Pause { until: instant(until) },
            Self::Resume => ConsentKind::Resume,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeV1<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    version: u32,
    #[serde(borrow)]
    lang: Cow<'a, str>,
    #[serde(borrow)]
    sha256: Cow<'a, str>,
    shown_at: i64,
}

impl<'a> NoticeV1<'a> {
    fn of(notice: &'a Notice) -> Self {
        Self {
            id: Cow::Borrowed(&notice.id),
            version: notice.version,
            lang: Cow::Borrowed(&notice.lang),
            sha256: Cow::Borrowed(&notice.sha256),
            shown_at: notice.shown_at.unix_ms(),
        }
    }

    fn into_notice(self) -> Notice {
        Notice {
            id: boxed(self.id),
            version: self.version,
            lang: boxed(self.lang),
            sha256: boxed(self.sha256),
            shown_at: Timestamp::from_unix_ms(self.shown_at),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentEntryV1<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    merchant: Cow<'a, str>,
    #[serde(borrow)]
    purpose: Cow<'a, str>,
    kind: ConsentKindV1,
    #[serde(borrow)]
    actor: Cow<'a, str>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    notice: Option<NoticeV1<'a>>,
    evidence_at: Option<i64>,
    #[serde(borrow)]
    effect: Cow<'a, str>,
    state: ConsentStateV1,
    epoch: u32,
}

impl<'a> ConsentEntryV1<'a> {
    pub(super) fn of(entry: &'a ConsentEntry) -> Self {
        let event = &entry.event;
        Self {
            event: Cow::Borrowed(event.id.as_str()),
            merchant: Cow::Borrowed(event.merchant.as_str()),
            purpose: Cow::Borrowed(event.purpose.word()),
            kind: ConsentKindV1::of(event.kind),
            actor: Cow::Borrowed(event.actor.word()),
            method: Cow::Borrowed(event.method.word()),
            notice: event.notice.as_ref().map(NoticeV1::of),
            evidence_at: unix_ms(event.evidence_at),
            effect: Cow::Borrowed(entry.effect.word()),
            state: ConsentStateV1::of(entry.state),
            epoch: entry.epoch.0,
        }
    }

    pub(super) fn into_entry(self) -> Result<ConsentEntry, Unreadable> {
        let event = ConsentEvent {
            id: id(EventId::new(&self.event))?,
            merchant: id(MerchantId::new(&self.merchant))?,
            purpose: known(Purpose::from_word(&self.purpose))?,
            kind: self.kind.into_kind(),
            actor: known(Actor::from_word(&self.actor))?,
            method: known(Method::from_word(&self.method))?,
            notice: self.notice.map(NoticeV1::into_notice),
            evidence_at: instant(self.evidence_at),
        };
        let effect = known(EFFECTS.into_iter().find(|effect| effect.word() == self.effect))?;
        Ok(ConsentEntry { event, effect, state: self.state.into_state(), epoch: Epoch(self.epoch) })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentRowV1<'a> {
    #[serde(borrow)]
    merchant: Cow<'a, str>,
    #[serde(borrow)]
    purpose: Cow<'a, str>,
    state: ConsentStateV1,
    restricted_at: Option<i64>,
}

impl<'a> ConsentRowV1<'a> {
    pub(super) fn of(row: &'a ConsentRow) -> Self {
        Self {
            merchant: Cow::Borrowed(row.merchant.as_str()),
            purpose: Cow::Borrowed(row.purpose.word()),
            state: ConsentStateV1::of(row.state),
            restricted_at: unix_ms(row.restricted_at),
        }
    }

    pub(super) fn into_row(self) -> Result<ConsentRow, Unreadable> {
        Ok(ConsentRow {
            merchant: id(MerchantId::new(&self.merchant))?,
            purpose: known(Purpose::from_word(&self.purpose))?,
            state: self.state.into_state(),
            restricted_at: instant(self.restricted_at),
        })
    }
}
