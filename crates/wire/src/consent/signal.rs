//! Signals: a wish that names no purpose, such as Global Privacy Control or a reply to a text message.

use consent_gate::{ConsentEvent, Signal, SignalKind};
use model::{MerchantId, Timestamp};
use serde::Serialize;

use super::{RawConsent, RawNotice, optional_text};
use crate::json::{self, Scalar};
use crate::{Flaw, instant};

/// What stands in a letter about consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentLetter {
    /// A word on one purpose of one merchant.
    Event(ConsentEvent),
    /// A wish of which the law says what it takes back.
    Signal(Signal),
}

impl RawConsent<'_> {
    /// The signal that the fields are, if their kind is one of a signal.
    ///
    /// It names no purpose: whoever names one means something else, and has to be told.
    pub(super) fn signal(&self) -> Result<Option<Signal>, Flaw> {
        let kind = match self.kind.required_text("kind") {
            Ok("gpc") => SignalKind::Gpc,
            Ok("reply") => SignalKind::Reply(self.reply.required_text("reply")?.into()),
            Ok(_) | Err(_) => return Ok(None),
        };
        let is_blank = |value: &Scalar<'_>| matches!(value, Scalar::Absent | Scalar::Null);
        let has_notice = !matches!(self.evidence.notice, RawNotice::Absent | RawNotice::Null);
        if !is_blank(&self.purpose) || !is_blank(&self.until) || has_notice {
            return Err(Flaw::Malformed);
        }
        let method = optional_text(&self.evidence.method)?;
        if method.is_some_and(|method| method != kind.method().word()) {
            return Err(Flaw::UnknownMethod);
        }
        let merchant = optional_text(&self.merchant)?.map(MerchantId::new).transpose();
        Ok(Some(Signal {
            id: self.id()?,
            merchant: merchant.map_err(|_| Flaw::BadId)?,
            kind,
            actor: self.evidence.actor()?,
            evidence_at: instant::optional(&self.evidence.evidence_at)?,
            app: self.evidence.app()?,
        }))
    }
}

/// Writes a signal as a backend sends it.
#[must_use]
pub fn encode_signal(signal: &Signal) -> Vec<u8> {
    #[derive(Serialize)]
    struct Written<'a> {
        v: u8,
        event_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        merchant: Option<&'a str>,
        kind: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply: Option<&'a str>,
        actor: &'a str,
        method: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        evidence_ts: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        app_version: Option<&'a str>,
    }

    let Signal { id, merchant, kind, actor, evidence_at, app } = signal;
    let reply = match kind {
        SignalKind::Gpc => None,
        SignalKind::Reply(text) => Some(&**text),
    };
    json::write(&Written {
        v: 1,
        event_id: id.as_str(),
        merchant: merchant.as_ref().map(MerchantId::as_str),
        kind: kind.word(),
        reply,
        actor: actor.word(),
        method: kind.method().word(),
        evidence_ts: evidence_at.map(Timestamp::unix_ms),
        app_version: app.as_deref(),
    })
}
