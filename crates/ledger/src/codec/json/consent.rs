//! Consent as it is stored: states, events, evidence.

use std::borrow::Cow;

use consent_gate::{
    Actor, Block, ConsentEvent, ConsentKind, ConsentRow, ConsentState, Effect, Epoch, EventId, Hearing,
    Method, Notice, NoticeName, Purpose, TokenHash,
};
use model::{MerchantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{boxed, id, instant, known, unix_ms};
use crate::{ConsentEntry, Unreadable};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ConsentStateV2<'a> {
    Unknown,
    Requested,
    PendingConfirmation {
        until: i64,
        granted_until: i64,
        #[serde(borrow)]
        token_sha256: Cow<'a, str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        renews: Option<i64>,
    },
    Granted {
        until: i64,
    },
    Paused {
        until: i64,
        granted_until: i64,
    },
    Refused,
    Withdrawn,
    Expired,
    Superseded,
    Suppressed {
        #[serde(borrow)]
        why: Cow<'a, str>,
    },
}

impl ConsentStateV2<'_> {
    pub(super) fn of(state: ConsentState) -> Self {
        match state {
            ConsentState::Unknown => Self::Unknown,
            ConsentState::Requested => Self::Requested,
            ConsentState::PendingConfirmation { until, granted_until, token, renews } => {
                Self::PendingConfirmation {
                    until: until.unix_ms(),
                    granted_until: granted_until.unix_ms(),
                    token_sha256: Cow::Owned(token.to_hex()),
                    renews: unix_ms(renews),
                }
            }
            ConsentState::Granted { until } => Self::Granted { until: until.unix_ms() },
            ConsentState::Paused { until, granted_until } => {
                Self::Paused { until: until.unix_ms(), granted_until: granted_until.unix_ms() }
            }
            ConsentState::Refused => Self::Refused,
            ConsentState::Withdrawn => Self::Withdrawn,
            ConsentState::Expired => Self::Expired,
            ConsentState::Superseded => Self::Superseded,
            ConsentState::Suppressed { why } => Self::Suppressed { why: Cow::Borrowed(why.word()) },
        }
    }

    pub(super) fn into_state(self) -> Result<ConsentState, Unreadable> {
        let at = Timestamp::from_unix_ms;
        Ok(match self {
            Self::Unknown => ConsentState::Unknown,
            Self::Requested => ConsentState::Requested,
            Self::PendingConfirmation { until, granted_until, token_sha256, renews } => {
                let token = known(TokenHash::from_hex(&token_sha256))?;
                ConsentState::PendingConfirmation {
                    until: at(until),
                    granted_until: at(granted_until),
                    token,
                    renews: instant(renews),
                }
            }
            Self::Granted { until } => ConsentState::Granted { until: at(until) },
            Self::Paused { until, granted_until } => {
                ConsentState::Paused { until: at(until), granted_until: at(granted_until) }
            }
            Self::Refused => ConsentState::Refused,
            Self::Withdrawn => ConsentState::Withdrawn,
            Self::Expired => ConsentState::Expired,
            Self::Superseded => ConsentState::Superseded,
            Self::Suppressed { why } => ConsentState::Suppressed { why: known(Block::from_word(&why))? },
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ConsentKindV2<'a> {
    Show,
    Grant {
        until: Option<i64>,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        confirm_sha256: Option<Cow<'a, str>>,
    },
    Confirm {
        #[serde(borrow)]
        token_sha256: Cow<'a, str>,
    },
    Refuse,
    Withdraw,
    Pause {
        until: Option<i64>,
    },
    Resume,
    Supersede,
    Block {
        #[serde(borrow)]
        why: Cow<'a, str>,
    },
    Unblock,
}

impl ConsentKindV2<'_> {
    fn of(kind: ConsentKind) -> Self {
        match kind {
            ConsentKind::Show => Self::Show,
            ConsentKind::Grant { until, confirm } => Self::Grant {
                until: unix_ms(until),
                confirm_sha256: confirm.map(|token| Cow::Owned(token.to_hex())),
            },
            ConsentKind::Confirm { token } => Self::Confirm { token_sha256: Cow::Owned(token.to_hex()) },
            ConsentKind::Refuse => Self::Refuse,
            ConsentKind::Withdraw => Self::Withdraw,
            ConsentKind::Pause { until } => Self::Pause { until: unix_ms(until) },
            ConsentKind::Resume => Self::Resume,
            ConsentKind::Supersede => Self::Supersede,
            ConsentKind::Block { why } => Self::Block { why: Cow::Borrowed(why.word()) },
            ConsentKind::Unblock => Self::Unblock,
        }
    }

    fn into_kind(self) -> Result<ConsentKind, Unreadable> {
        let hash = |text: Cow<'_, str>| known(TokenHash::from_hex(&text));
        Ok(match self {
            Self::Show => ConsentKind::Show,
            Self::Grant { until, confirm_sha256 } => {
                ConsentKind::Grant { until: instant(until), confirm: confirm_sha256.map(hash).transpose()? }
            }
            Self::Confirm { token_sha256 } => ConsentKind::Confirm { token: hash(token_sha256)? },
            Self::Refuse => ConsentKind::Refuse,
            Self::Withdraw => ConsentKind::Withdraw,
            Self::Pause { until } => ConsentKind::Pause { until: instant(until) },
            Self::Resume => ConsentKind::Resume,
            Self::Supersede => ConsentKind::Supersede,
            Self::Block { why } => ConsentKind::Block { why: known(Block::from_word(&why))? },
            Self::Unblock => ConsentKind::Unblock,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeV2<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    version: u32,
    #[serde(borrow)]
    lang: Cow<'a, str>,
    #[serde(borrow)]
    sha256: Cow<'a, str>,
    shown_at: i64,
}

impl<'a> NoticeV2<'a> {
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
pub(super) struct ConsentEntryV2<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    merchant: Cow<'a, str>,
    #[serde(borrow)]
    purpose: Cow<'a, str>,
    #[serde(borrow)]
    kind: ConsentKindV2<'a>,
    #[serde(borrow)]
    actor: Cow<'a, str>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    notice: Option<NoticeV2<'a>>,
    evidence_at: Option<i64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    app: Option<Cow<'a, str>>,
    #[serde(borrow)]
    effect: Cow<'a, str>,
    #[serde(borrow)]
    state: ConsentStateV2<'a>,
    epoch: u32,
    /// Left out of what was heard as it happened.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    hearing: Option<Cow<'a, str>>,
}

impl<'a> ConsentEntryV2<'a> {
    pub(super) fn of(entry: &'a ConsentEntry) -> Self {
        let event = &entry.event;
        Self {
            event: Cow::Borrowed(event.id.as_str()),
            merchant: Cow::Borrowed(event.merchant.as_str()),
            purpose: Cow::Borrowed(event.purpose.word()),
            kind: ConsentKindV2::of(event.kind),
            actor: Cow::Borrowed(event.actor.word()),
            method: Cow::Borrowed(event.method.word()),
            notice: event.notice.as_ref().map(NoticeV2::of),
            evidence_at: unix_ms(event.evidence_at),
            app: event.app.as_deref().map(Cow::Borrowed),
            effect: Cow::Borrowed(entry.effect.word()),
            state: ConsentStateV2::of(entry.state),
            epoch: entry.epoch.0,
            hearing: Some(entry.hearing)
                .filter(|hearing| *hearing != Hearing::Live)
                .map(|hearing| Cow::Borrowed(hearing.word())),
        }
    }

    pub(super) fn into_entry(self) -> Result<ConsentEntry, Unreadable> {
        let event = ConsentEvent {
            id: id(EventId::new(&self.event))?,
            merchant: id(MerchantId::new(&self.merchant))?,
            purpose: known(Purpose::from_word(&self.purpose))?,
            kind: self.kind.into_kind()?,
            actor: known(Actor::from_word(&self.actor))?,
            method: known(Method::from_word(&self.method))?,
            notice: self.notice.map(NoticeV2::into_notice),
            evidence_at: instant(self.evidence_at),
            app: self.app.map(boxed),
        };
        let hearing = self.hearing.map_or(Ok(Hearing::Live), |word| known(Hearing::from_word(&word)))?;
        Ok(ConsentEntry {
            event,
            hearing,
            effect: known(Effect::from_word(&self.effect))?,
            state: self.state.into_state()?,
            epoch: Epoch(self.epoch),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentRowV2<'a> {
    #[serde(borrow)]
    merchant: Cow<'a, str>,
    #[serde(borrow)]
    purpose: Cow<'a, str>,
    #[serde(borrow)]
    state: ConsentStateV2<'a>,
    restricted_at: Option<i64>,
    /// The id and version of the text that was last agreed on.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    notice: Option<(Cow<'a, str>, u32)>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reminded: bool,
}

impl<'a> ConsentRowV2<'a> {
    pub(super) fn of(row: &'a ConsentRow) -> Self {
        Self {
            merchant: Cow::Borrowed(row.merchant.as_str()),
            purpose: Cow::Borrowed(row.purpose.word()),
            state: ConsentStateV2::of(row.state),
            restricted_at: unix_ms(row.restricted_at),
            notice: row.notice.as_ref().map(|notice| (Cow::Borrowed(&*notice.id), notice.version)),
            reminded: row.reminded,
        }
    }

    pub(super) fn into_row(self) -> Result<ConsentRow, Unreadable> {
        Ok(ConsentRow {
            merchant: id(MerchantId::new(&self.merchant))?,
            purpose: known(Purpose::from_word(&self.purpose))?,
            state: self.state.into_state()?,
            restricted_at: instant(self.restricted_at),
            notice: self.notice.map(|(id, version)| NoticeName { id: boxed(id), version }),
            reminded: self.reminded,
        })
    }
}
