//! Feedback on an offer: what the customer, or the phone, made of it.

use model::{Digest, FeedbackKind, NotificationId, Timestamp};
use serde::Serialize;
use serde::de::MapAccess;

use crate::json::{self, Fields, Scalar, check_version, fill};
use crate::names::Names;
use crate::{Envelope, Flaw, instant};

/// What became of an offer after it left us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// Which.
    pub offer: NotificationId,
    /// What.
    pub kind: FeedbackKind,
    /// When, by the clock of whoever says so.
    pub at: Option<Timestamp>,
}

/// Writes feedback as a phone or a backend sends it.
#[must_use]
pub fn encode_feedback(feedback: &Feedback) -> Vec<u8> {
    #[derive(Serialize)]
    struct Written<'a> {
        v: u8,
        offer_id: String,
        kind: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        ts: Option<i64>,
    }

    json::write(&Written {
        v: 1,
        offer_id: feedback.offer.0.to_string(),
        kind: feedback.kind.word(),
        ts: feedback.at.map(Timestamp::unix_ms),
    })
}

#[derive(Default)]
struct RawFeedback<'a> {
    version: Scalar<'a>,
    offer: Scalar<'a>,
    kind: Scalar<'a>,
    time: Scalar<'a>,
    names: Names<'a>,
    n_unexpected: u64,
}

impl<'a> Fields<'a> for RawFeedback<'a> {
    fn take<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        self.n_unexpected += u64::from(Names::is_unexpected(key));
        let slot = match key {
            "v" => &mut self.version,
            "offer_id" => &mut self.offer,
            "kind" => &mut self.kind,
            "ts" => &mut self.time,
            _ => match self.names.slot(key) {
                Some(slot) => slot,
                None => return json::skip(map),
            },
        };
        fill(slot, map)
    }
}

/// The feedback, and how many fields claim a power that no payload has.
pub(crate) fn read(envelope: &Envelope<'_>) -> Result<(Feedback, u64), Flaw> {
    let raw: RawFeedback<'_> = json::read(envelope.body)?;
    check_version(&raw.version, Flaw::UnknownFormat)?;
    raw.names.check(envelope)?;
    let offer = notification_id(raw.offer.required_text("offer_id")?)?;
    let kind = FeedbackKind::from_word(raw.kind.required_text("kind")?).ok_or(Flaw::UnknownKind)?;
    let at = instant::optional(&raw.time)?;
    Ok((Feedback { offer, kind, at }, raw.n_unexpected))
}

/// The name of a notification as we write it.
pub(crate) fn notification_id(text: &str) -> Result<NotificationId, Flaw> {
    let is_hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digest = Digest::from_hex(text).filter(|_| is_hexadecimal);
    digest.map(NotificationId).ok_or(Flaw::BadId)
}
