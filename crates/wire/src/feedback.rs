//! Feedback on an offer: what the customer, or the phone, made of it.

use model::{Digest, FeedbackKind, NotificationId, OfferId, Timestamp};
use serde::Serialize;
use serde::de::MapAccess;

use crate::json::{self, Fields, Scalar, check_version, fill};
use crate::names::Names;
use crate::{Envelope, Flaw, instant};

/// What became of an offer after it left us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// On what.
    pub about: About,
    /// What.
    pub kind: FeedbackKind,
    /// When, by the clock of whoever says so.
    pub at: Option<Timestamp>,
}

/// What feedback is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// One notification.
    Notification(NotificationId),
    /// The newest notification of an offer: a till knows no more.
    Offer(OfferId),
}

/// Writes feedback as a phone or a backend sends it.
#[must_use]
pub fn encode_feedback(feedback: &Feedback) -> Vec<u8> {
    #[derive(Serialize)]
    struct Written<'a> {
        v: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        offer_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        offer: Option<&'a str>,
        kind: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        ts: Option<i64>,
    }

    let (offer_id, offer) = match &feedback.about {
        About::Notification(id) => (Some(id.0.to_string()), None),
        About::Offer(offer) => (None, Some(offer.as_str())),
    };
    json::write(&Written {
        v: 1,
        offer_id,
        offer,
        kind: feedback.kind.word(),
        ts: feedback.at.map(Timestamp::unix_ms),
    })
}

#[derive(Default)]
struct RawFeedback<'a> {
    version: Scalar<'a>,
    offer_id: Scalar<'a>,
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
            "offer_id" => &mut self.offer_id,
            "offer" => &mut self.offer,
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
    let kind = FeedbackKind::from_word(raw.kind.required_text("kind")?).ok_or(Flaw::UnknownKind)?;
    // Only what a till can know is taken by the offer's name.
    let about = if raw.offer.is_there() && !raw.offer_id.is_there() && kind == FeedbackKind::Redeemed {
        About::Offer(OfferId::new(raw.offer.required_text("offer")?).map_err(|_| Flaw::BadId)?)
    } else {
        About::Notification(notification_id(raw.offer_id.required_text("offer_id")?)?)
    };
    let at = instant::optional(&raw.time)?;
    Ok((Feedback { about, kind, at }, raw.n_unexpected))
}

/// The name of a notification as we write it.
pub(crate) fn notification_id(text: &str) -> Result<NotificationId, Flaw> {
    let is_hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digest = Digest::from_hex(text).filter(|_| is_hexadecimal);
    digest.map(NotificationId).ok_or(Flaw::BadId)
}
