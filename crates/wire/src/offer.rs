//! Offers on their way to a phone.

use model::Notification;
use serde::Serialize;

use crate::{FeedbackKind, instant, json};

/// Writes an offer as devices and backends get it; the same bytes for every retry.
#[must_use]
pub fn encode_offer(notification: &Notification) -> Vec<u8> {
    let words = &notification.words;
    json::write(&Written {
        v: 1,
        offer_id: notification.id.0.to_string(),
        offer: notification.offer.as_str(),
        merchant: notification.merchant.as_str(),
        fence: notification.fence.as_str(),
        store: &notification.store,
        title: &words.title,
        body: &words.body,
        link: words.link.as_deref(),
        why: &words.why,
        issued_at: instant::to_rfc3339(notification.issued_at),
        expires_at: instant::to_rfc3339(notification.expires_at),
        controls: Controls::ALL,
    })
}

#[derive(Serialize)]
struct Written<'a> {
    v: u8,
    offer_id: String,
    offer: &'a str,
    merchant: &'a str,
    fence: &'a str,
    store: &'a str,
    title: &'a str,
    body: &'a str,
    link: Option<&'a str>,
    why: &'a str,
    issued_at: String,
    expires_at: String,
    controls: Controls,
}

/// What the customer can do about it, each with the message that does it.
#[derive(Serialize)]
struct Controls {
    not_relevant: Control,
    too_often: Control,
    creepy: Control,
    pause: Control,
    stop: Control,
}

/// A message to send: where to, and its kind.
#[derive(Serialize)]
struct Control {
    send: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'static str>,
}

impl Controls {
    const ALL: Self = Self {
        not_relevant: Control::feedback(FeedbackKind::NotRelevant),
        too_often: Control::feedback(FeedbackKind::TooOften),
        creepy: Control::feedback(FeedbackKind::Creepy),
        pause: Control::consent(consent_gate::ConsentKind::Pause { until: None }),
        stop: Control::consent(consent_gate::ConsentKind::Withdraw),
    };
}

impl Control {
    const fn feedback(kind: FeedbackKind) -> Self {
        Self { send: "feedback", kind: kind.word(), purpose: None }
    }

    const fn consent(kind: consent_gate::ConsentKind) -> Self {
        let purpose = Some(consent_gate::Purpose::OffersPush.word());
        Self { send: "consent", kind: kind.word(), purpose }
    }
}
