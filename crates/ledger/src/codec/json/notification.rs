//! Notifications in the outbox as they are stored; whose they are the row says.

use std::borrow::Cow;

use model::{
    Channel, CustomerId, DeviceId, FenceId, MerchantId, Notification, NotificationId, OfferId, Timestamp,
    Words,
};
use serde::{Deserialize, Serialize};

use super::{digest, hex, id, known, trigger, visit};
use crate::Unreadable;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WordsV1<'a> {
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    body: Cow<'a, str>,
    #[serde(borrow)]
    link: Option<Cow<'a, str>>,
    #[serde(borrow)]
    why: Cow<'a, str>,
}

impl<'a> WordsV1<'a> {
    pub(super) fn of(words: &'a Words) -> Self {
        Self {
            title: Cow::Borrowed(&words.title),
            body: Cow::Borrowed(&words.body),
            link: words.link.as_deref().map(Cow::Borrowed),
            why: Cow::Borrowed(&words.why),
        }
    }

    pub(super) fn into_words(self) -> Words {
        Words {
            title: self.title.into_owned(),
            body: self.body.into_owned(),
            link: self.link.map(Cow::into_owned),
            why: self.why.into_owned(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NotificationV1<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    device: Cow<'a, str>,
    #[serde(borrow)]
    offer: Cow<'a, str>,
    #[serde(borrow)]
    merchant: Cow<'a, str>,
    #[serde(borrow)]
    fence: Cow<'a, str>,
    #[serde(borrow)]
    channel: Cow<'a, str>,
    #[serde(borrow)]
    store: Cow<'a, str>,
    #[serde(borrow)]
    visit: Cow<'a, str>,
    #[serde(borrow)]
    trigger: Cow<'a, str>,
    triggered_at: i64,
    issued_at: i64,
    expires_at: i64,
    #[serde(borrow)]
    words: WordsV1<'a>,
}

impl<'a> NotificationV1<'a> {
    pub(super) fn of(notification: &'a Notification) -> Self {
        Self {
            id: hex(notification.id.0),
            device: Cow::Borrowed(notification.device.as_str()),
            offer: Cow::Borrowed(notification.offer.as_str()),
            merchant: Cow::Borrowed(notification.merchant.as_str()),
            fence: Cow::Borrowed(notification.fence.as_str()),
            channel: Cow::Borrowed(notification.channel.word()),
            store: Cow::Borrowed(&notification.store),
            visit: hex(notification.visit.0),
            trigger: Cow::Borrowed(notification.trigger.word()),
            triggered_at: notification.triggered_at.unix_ms(),
            issued_at: notification.issued_at.unix_ms(),
            expires_at: notification.expires_at.unix_ms(),
            words: WordsV1::of(&notification.words),
        }
    }

    pub(super) fn into_notification(self, customer: CustomerId) -> Result<Notification, Unreadable> {
        Ok(Notification {
            id: digest(&self.id).map(NotificationId)?,
            customer,
            device: id(DeviceId::new(&self.device))?,
            offer: id(OfferId::new(&self.offer))?,
            merchant: id(MerchantId::new(&self.merchant))?,
            fence: id(FenceId::new(&self.fence))?,
            channel: known(Channel::from_word(&self.channel))?,
            store: self.store.into_owned(),
            visit: visit(&self.visit)?,
            trigger: trigger(&self.trigger)?,
            triggered_at: Timestamp::from_unix_ms(self.triggered_at),
            issued_at: Timestamp::from_unix_ms(self.issued_at),
            expires_at: Timestamp::from_unix_ms(self.expires_at),
            words: self.words.into_words(),
        })
    }
}
