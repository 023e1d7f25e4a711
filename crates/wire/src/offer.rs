//! Offers on their way to a phone.

use consent_gate::{ConsentKind, Purpose};
use model::{
    Channel, FeedbackKind, FenceId, IdFlaw, MerchantId, Notification, NotificationId, OfferId, Timestamp,
    Words,
};
use serde::Serialize;
use serde::de::MapAccess;

use crate::feedback::notification_id;
use crate::json::{self, Fields, Scalar, check_version, fill};
use crate::{Flaw, instant};

/// An offer as a device or a backend gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The notification's name, for feedback; equal for every retry.
    pub id: NotificationId,
    /// What.
    pub offer: OfferId,
    /// Whose.
    pub merchant: MerchantId,
    /// Where.
    pub fence: FenceId,
    /// How it is to be said.
    pub channel: Channel,
    /// The store's public name.
    pub store: String,
    /// Its text.
    pub words: Words,
    /// When it was decided.
    pub issued_at: Timestamp,
    /// When it turns stale.
    pub expires_at: Timestamp,
}

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
        channel: notification.channel.word(),
        store: &notification.store,
        title: &words.title,
        body: &words.body,
        link: words.link.as_deref(),
        why: &words.why,
        issued_at: instant::to_rfc3339(notification.issued_at),
        expires_at: instant::to_rfc3339(notification.expires_at),
        controls: Controls::of(notification.channel),
    })
}

/// Reads an offer, for clients.
///
/// # Errors
/// What is wrong with it.
pub fn decode_offer(body: &[u8]) -> Result<Offer, Flaw> {
    let raw: RawOffer<'_> = json::read(body)?;
    check_version(&raw.version, Flaw::UnknownFormat)?;
    let bad_id = |_: IdFlaw| Flaw::BadId;
    let link = match &raw.link {
        Scalar::Absent | Scalar::Null => None,
        link => Some(link.required_text("link")?.to_owned()),
    };
    Ok(Offer {
        id: notification_id(raw.id.required_text("offer_id")?)?,
        offer: OfferId::new(raw.offer.required_text("offer")?).map_err(bad_id)?,
        merchant: MerchantId::new(raw.merchant.required_text("merchant")?).map_err(bad_id)?,
        fence: FenceId::new(raw.fence.required_text("fence")?).map_err(bad_id)?,
        channel: channel(&raw.channel)?,
        store: raw.store.required_text("store")?.to_owned(),
        words: Words {
            title: raw.title.required_text("title")?.to_owned(),
            body: raw.body.required_text("body")?.to_owned(),
            link,
            why: raw.why.required_text("why")?.to_owned(),
        },
        issued_at: instant::required(&raw.issued_at, "issued_at")?,
        expires_at: instant::required(&raw.expires_at, "expires_at")?,
    })
}

/// One that names no channel is a push.
fn channel(word: &Scalar<'_>) -> Result<Channel, Flaw> {
    match word {
        Scalar::Absent => Ok(Channel::Push),
        word => Channel::from_word(word.required_text("channel")?).ok_or(Flaw::UnknownKind),
    }
}

#[derive(Default)]
struct RawOffer<'a> {
    version: Scalar<'a>,
    id: Scalar<'a>,
    offer: Scalar<'a>,
    merchant: Scalar<'a>,
    fence: Scalar<'a>,
    channel: Scalar<'a>,
    store: Scalar<'a>,
    title: Scalar<'a>,
    body: Scalar<'a>,
    link: Scalar<'a>,
    why: Scalar<'a>,
    issued_at: Scalar<'a>,
    expires_at: Scalar<'a>,
}

impl<'a> Fields<'a> for RawOffer<'a> {
    fn take<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let slot = match key {
            "v" => &mut self.version,
            "offer_id" => &mut self.id,
            "offer" => &mut self.offer,
            "merchant" => &mut self.merchant,
            "fence" => &mut self.fence,
            "channel" => &mut self.channel,
            "store" => &mut self.store,
            "title" => &mut self.title,
            "body" => &mut self.body,
            "link" => &mut self.link,
            "why" => &mut self.why,
            "issued_at" => &mut self.issued_at,
            "expires_at" => &mut self.expires_at,
            _ => return json::skip(map),
        };
        fill(slot, map)
    }
}

#[derive(Serialize)]
struct Written<'a> {
    v: u8,
    offer_id: String,
    offer: &'a str,
    merchant: &'a str,
    fence: &'a str,
    channel: &'a str,
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
    const fn of(channel: Channel) -> Self {
        Self {
            not_relevant: Control::feedback(FeedbackKind::NotRelevant),
            too_often: Control::feedback(FeedbackKind::TooOften),
            creepy: Control::feedback(FeedbackKind::Creepy),
            pause: Control::consent(ConsentKind::Pause { until: None }, channel),
            stop: Control::consent(ConsentKind::Withdraw, channel),
        }
    }
}

impl Control {
    const fn feedback(kind: FeedbackKind) -> Self {
        Self { send: "feedback", kind: kind.word(), purpose: None }
    }

    const fn consent(kind: ConsentKind, channel: Channel) -> Self {
        let purpose = Some(Purpose::of(channel).word());
        Self { send: "consent", kind: kind.word(), purpose }
    }
}
