//! Consent events: what a customer said, with the evidence that they said it.

mod signal;

use consent_gate::{Actor, Block, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose, TokenHash};
use model::{MerchantId, Timestamp};
use serde::Serialize;
use serde::de::{Error, MapAccess};
use sha2::{Digest, Sha256};

use crate::json::{self, Fields, Object, Scalar, check_version, fill};
use crate::names::Names;
use crate::{Envelope, Flaw, instant};

pub use signal::{ConsentLetter, encode_signal};

/// Longest name of a notice, in bytes.
const NOTICE_ID_LEN_MAX: usize = 256;
/// Longest language tag, in bytes, as RFC 5646 advises.
const LANG_LEN_MAX: usize = 35;
/// Hexadecimal digits of a SHA-256.
const SHA256_LEN: usize = 64;
/// Longest token, and longest version of an app, in bytes.
const TOKEN_LEN_MAX: usize = 256;

/// Writes a consent event as a phone or a backend sends it.
///
/// The token of a confirmation is not known here, only its hash, which no door takes: for one
/// that is to be sent there is [`encode_confirmation`].
#[must_use]
pub fn encode_consent(event: &ConsentEvent) -> Vec<u8> {
    json::write(&WrittenConsent::of(event))
}

/// Writes a confirmation with its token in clear, as a backend sends it.
#[must_use]
pub fn encode_confirmation(event: &ConsentEvent, token: &str) -> Vec<u8> {
    let event = WrittenConsent { token: Some(token), token_sha256: None, ..WrittenConsent::of(event) };
    json::write(&event)
}

/// The hash under which a token is known.
#[must_use]
pub fn token_hash(token: &str) -> TokenHash {
    TokenHash::from_bytes(Sha256::digest(token).into())
}

/// Where an event came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Sent by somebody who must know the token that they confirm.
    Door,
    /// A line of a file, whose writer had only the hash.
    File,
}

#[derive(Default)]
pub(crate) struct RawConsent<'a> {
    pub(crate) version: Scalar<'a>,
    id: Scalar<'a>,
    merchant: Scalar<'a>,
    purpose: Scalar<'a>,
    kind: Scalar<'a>,
    until: Scalar<'a>,
    token: RawToken<'a>,
    reason: Scalar<'a>,
    reply: Scalar<'a>,
    evidence: RawEvidence<'a>,
    /// In files only.
    pub(crate) received_at: Scalar<'a>,
    pub(crate) names: Names<'a>,
    pub(crate) n_unexpected: u64,
}

#[derive(Default)]
struct RawToken<'a> {
    awaited: Scalar<'a>,
    clear: Scalar<'a>,
    hash: Scalar<'a>,
}

#[derive(Default)]
struct RawEvidence<'a> {
    actor: Scalar<'a>,
    method: Scalar<'a>,
    evidence_at: Scalar<'a>,
    app: Scalar<'a>,
    notice: RawNotice<'a>,
}

#[derive(Default)]
enum RawNotice<'a> {
    #[default]
    Absent,
    Null,
    Fields(NoticeFields<'a>),
}

#[derive(Default)]
struct NoticeFields<'a> {
    id: Scalar<'a>,
    version: Scalar<'a>,
    lang: Scalar<'a>,
    sha256: Scalar<'a>,
    shown_at: Scalar<'a>,
}

impl<'a> Fields<'a> for RawConsent<'a> {
    fn take<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        self.n_unexpected += u64::from(Names::is_unexpected(key));
        let slot = match key {
            "v" => &mut self.version,
            "event_id" => &mut self.id,
            "merchant" => &mut self.merchant,
            "purpose" => &mut self.purpose,
            "kind" => &mut self.kind,
            "until" => &mut self.until,
            "confirm_sha256" => &mut self.token.awaited,
            "token" => &mut self.token.clear,
            "token_sha256" => &mut self.token.hash,
            "reason" => &mut self.reason,
            "reply" => &mut self.reply,
            "actor" => &mut self.evidence.actor,
            "method" => &mut self.evidence.method,
            "evidence_ts" => &mut self.evidence.evidence_at,
            "app_version" => &mut self.evidence.app,
            "received_at" => &mut self.received_at,
            "notice" => return self.take_notice(map),
            _ => match self.names.slot(key) {
                Some(slot) => slot,
                None => return json::skip(map),
            },
        };
        fill(slot, map)
    }
}

impl<'a> RawConsent<'a> {
    fn take_notice<A: MapAccess<'a>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        if !matches!(self.evidence.notice, RawNotice::Absent) {
            return Err(A::Error::custom("a key comes twice"));
        }
        let notice: Option<Object<NoticeFields<'a>>> = map.next_value()?;
        self.evidence.notice = notice.map_or(RawNotice::Null, |notice| RawNotice::Fields(notice.0));
        Ok(())
    }

    /// What the fields say.
    pub(crate) fn event(&self, source: Source) -> Result<ConsentEvent, Flaw> {
        let id = self.id()?;
        let merchant = MerchantId::new(self.merchant.required_text("merchant")?);
        let merchant = merchant.map_err(|_| Flaw::BadId)?;
        let purpose = Purpose::from_word(self.purpose.required_text("purpose")?);
        let purpose = purpose.ok_or(Flaw::UnknownPurpose)?;
        let kind = self.kind(source)?;
        let actor = self.evidence.actor()?;
        let method = Method::from_word(self.evidence.method.required_text("method")?);
        let method = method.ok_or(Flaw::UnknownMethod)?;
        let notice = match &self.evidence.notice {
            RawNotice::Absent | RawNotice::Null => None,
            RawNotice::Fields(fields) => Some(fields.notice()?),
        };
        let evidence_at = instant::optional(&self.evidence.evidence_at)?;
        let app = self.evidence.app()?;
        if kind == ConsentKind::Supersede && notice.is_none() {
            return Err(Flaw::MissingField("notice"));
        }
        Ok(ConsentEvent { id, merchant, purpose, kind, actor, method, notice, evidence_at, app })
    }

    fn id(&self) -> Result<EventId, Flaw> {
        EventId::new(self.id.required_text("event_id")?).map_err(|_| Flaw::BadId)
    }

    /// The end belongs to grants and pauses, tokens to a yes of two words; a *no* has neither.
    fn kind(&self, source: Source) -> Result<ConsentKind, Flaw> {
        let until = instant::optional(&self.until)?;
        match self.kind.required_text("kind")? {
            "show" => Ok(ConsentKind::Show),
            "grant" => {
                let confirm = optional_text(&self.token.awaited)?;
                Ok(ConsentKind::Grant { until, confirm: confirm.map(hash).transpose()? })
            }
            "confirm" => Ok(ConsentKind::Confirm { token: self.token(source)? }),
            "refuse" => Ok(ConsentKind::Refuse),
            "withdraw" => Ok(ConsentKind::Withdraw),
            "pause" => Ok(ConsentKind::Pause { until }),
            "resume" => Ok(ConsentKind::Resume),
            "supersede" => Ok(ConsentKind::Supersede),
            "block" => {
                let why = Block::from_word(self.reason.required_text("reason")?);
                Ok(ConsentKind::Block { why: why.ok_or(Flaw::UnknownReason)? })
            }
            "unblock" => Ok(ConsentKind::Unblock),
            _ => Err(Flaw::UnknownKind),
        }
    }

    /// From here on only the hash of a token is known.
    fn token(&self, source: Source) -> Result<TokenHash, Flaw> {
        if source == Source::File && !self.token.clear.is_there() {
            return hash(self.token.hash.required_text("token")?);
        }
        let token = self.token.clear.required_text("token")?;
        let is_token = !token.is_empty() && token.len() <= TOKEN_LEN_MAX;
        if is_token { Ok(token_hash(token)) } else { Err(Flaw::BadToken) }
    }
}

impl RawEvidence<'_> {
    fn actor(&self) -> Result<Actor, Flaw> {
        Actor::from_word(self.actor.required_text("actor")?).ok_or(Flaw::UnknownActor)
    }

    fn app(&self) -> Result<Option<Box<str>>, Flaw> {
        match optional_text(&self.app)? {
            Some(app) if !is_name(app, TOKEN_LEN_MAX) => Err(Flaw::Malformed),
            app => Ok(app.map(Into::into)),
        }
    }
}

fn hash(hex: &str) -> Result<TokenHash, Flaw> {
    TokenHash::from_hex(hex).ok_or(Flaw::BadToken)
}

fn optional_text<'a>(value: &'a Scalar<'_>) -> Result<Option<&'a str>, Flaw> {
    match value {
        Scalar::Absent | Scalar::Null => Ok(None),
        Scalar::Text(text) => Ok(Some(text)),
        Scalar::Bool(_) | Scalar::Integer(_) | Scalar::Number(_) | Scalar::Nested => Err(Flaw::Malformed),
    }
}

fn is_name(text: &str, len_max: usize) -> bool {
    !text.is_empty() && text.len() <= len_max && !text.chars().any(char::is_control)
}

impl<'a> Fields<'a> for NoticeFields<'a> {
    fn take<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let slot = match key {
            "id" => &mut self.id,
            "version" => &mut self.version,
            "lang" => &mut self.lang,
            "sha256" => &mut self.sha256,
            "shown_at" => &mut self.shown_at,
            _ => return json::skip(map),
        };
        fill(slot, map)
    }
}

impl NoticeFields<'_> {
    fn notice(&self) -> Result<Notice, Flaw> {
        let id = self.id.required_text("notice.id")?;
        let version = match self.version {
            Scalar::Absent => return Err(Flaw::MissingField("notice.version")),
            Scalar::Integer(version) => u32::try_from(version).map_err(|_| Flaw::BadNotice)?,
            Scalar::Null | Scalar::Bool(_) | Scalar::Number(_) | Scalar::Text(_) | Scalar::Nested => {
                return Err(Flaw::BadNotice);
            }
        };
        let lang = self.lang.required_text("notice.lang")?;
        let sha256 = self.sha256.required_text("notice.sha256")?;
        let shown_at = instant::required(&self.shown_at, "notice.shown_at")?;
        let is_sha256 = sha256.len() == SHA256_LEN && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_name(id, NOTICE_ID_LEN_MAX) || !is_name(lang, LANG_LEN_MAX) || !is_sha256 {
            return Err(Flaw::BadNotice);
        }
        let sha256 = sha256.to_ascii_lowercase().into();
        Ok(Notice { id: id.into(), version, lang: lang.into(), sha256, shown_at })
    }
}

/// The event or the signal, and how many fields claim a power that no payload has.
pub(crate) fn read(envelope: &Envelope<'_>) -> Result<(ConsentLetter, u64), Flaw> {
    let raw: RawConsent<'_> = json::read(envelope.body)?;
    check_version(&raw.version, Flaw::UnknownFormat)?;
    raw.names.check(envelope)?;
    let letter = match raw.signal()? {
        Some(signal) => ConsentLetter::Signal(signal),
        None => ConsentLetter::Event(raw.event(Source::Door)?),
    };
    Ok((letter, raw.n_unexpected))
}

/// The name of an event, whatever else is wrong with it; `None` when it cannot be read.
pub(crate) fn event_id(body: &[u8]) -> Option<EventId> {
    let raw: RawConsent<'_> = json::read(body).ok()?;
    EventId::new(raw.id.text()?).ok()
}

#[derive(Serialize)]
pub(crate) struct WrittenConsent<'a> {
    v: u8,
    event_id: &'a str,
    merchant: &'a str,
    purpose: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    actor: &'a str,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<WrittenNotice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence_ts: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_version: Option<&'a str>,
}

#[derive(Serialize)]
struct WrittenNotice<'a> {
    id: &'a str,
    version: u32,
    lang: &'a str,
    sha256: &'a str,
    shown_at: i64,
}

impl<'a> WrittenConsent<'a> {
    pub(crate) fn of(event: &'a ConsentEvent) -> Self {
        let nothing = (None, None, None, None);
        let (until, awaited, token, why) = match event.kind {
            ConsentKind::Grant { until, confirm } => (until, confirm, None, None),
            ConsentKind::Pause { until } => (until, None, None, None),
            ConsentKind::Confirm { token } => (None, None, Some(token), None),
            ConsentKind::Block { why } => (None, None, None, Some(why)),
            ConsentKind::Show
            | ConsentKind::Refuse
            | ConsentKind::Withdraw
            | ConsentKind::Resume
            | ConsentKind::Supersede
            | ConsentKind::Unblock => nothing,
        };
        Self {
            v: 1,
            event_id: event.id.as_str(),
            merchant: event.merchant.as_str(),
            purpose: event.purpose.word(),
            kind: event.kind.word(),
            until: until.map(Timestamp::unix_ms),
            confirm_sha256: awaited.map(TokenHash::to_hex),
            token: None,
            token_sha256: token.map(TokenHash::to_hex),
            reason: why.map(Block::word),
            actor: event.actor.word(),
            method: event.method.word(),
            notice: event.notice.as_ref().map(|notice| WrittenNotice {
                id: &notice.id,
                version: notice.version,
                lang: &notice.lang,
                sha256: &notice.sha256,
                shown_at: notice.shown_at.unix_ms(),
            }),
            evidence_ts: event.evidence_at.map(Timestamp::unix_ms),
            app_version: event.app.as_deref(),
        }
    }
}
