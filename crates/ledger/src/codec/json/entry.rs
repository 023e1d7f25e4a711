//! Entries as they are stored.

use std::borrow::Cow;

use consent_gate::Purpose;
use model::{
    Channel, CustomerId, DeviceId, FeedbackKind, FenceId, MerchantId, NotificationId, OfferId, Standing,
    Timestamp, Tolerance,
};
use serde::{Deserialize, Serialize};

use super::consent::ConsentEntryV2;
use super::customer::{ProfileV1, ToleranceV1};
use super::notification::WordsV1;
use super::{all_borrowed, all_boxed, boxed, digest, hex, id, instant, known, trigger, unix_ms, visit};
use crate::{Counted, Decision, DeliveryOutcome, Entry, Said, Unreadable, What};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryV1<'a> {
    #[serde(borrow)]
    customer: Cow<'a, str>,
    at: i64,
    #[serde(borrow)]
    what: WhatV1<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "one at a time is written or read")]
enum WhatV1<'a> {
    #[serde(borrow)]
    Consent(ConsentEntryV2<'a>),
    Decision(DecisionV1<'a>),
    Delivery {
        notification: Cow<'a, str>,
        outcome: Cow<'a, str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tolerance: Option<ToleranceV1<'a>>,
    },
    Feedback {
        notification: Cow<'a, str>,
        kind: Cow<'a, str>,
        #[serde(default)]
        is_fast: bool,
        #[serde(default)]
        shown_at: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tolerance: Option<ToleranceV1<'a>>,
    },
    Profile(ProfileV1<'a>),
    Reminder {
        merchant: Cow<'a, str>,
        purpose: Cow<'a, str>,
        until: i64,
    },
}

impl<'a> EntryV1<'a> {
    pub(super) fn of(entry: &'a Entry) -> Self {
        let what = match &entry.what {
            What::Consent(consent) => WhatV1::Consent(ConsentEntryV2::of(consent)),
            What::Decision(decision) => WhatV1::Decision(DecisionV1::of(decision)),
            What::Delivery { notification, outcome, tolerance } => WhatV1::Delivery {
                notification: hex(notification.0),
                outcome: Cow::Borrowed(outcome.word()),
                tolerance: tolerance.as_ref().map(ToleranceV1::of),
            },
            What::Feedback { notification, kind, is_fast, shown_at, tolerance } => WhatV1::Feedback {
                notification: hex(notification.0),
                kind: Cow::Borrowed(kind.word()),
                is_fast: *is_fast,
                shown_at: unix_ms(*shown_at),
                tolerance: tolerance.as_ref().map(ToleranceV1::of),
            },
            What::Profile(profile) => WhatV1::Profile(ProfileV1::of(profile)),
            What::Reminder { merchant, purpose, until } => WhatV1::Reminder {
                merchant: Cow::Borrowed(merchant.as_str()),
                purpose: Cow::Borrowed(purpose.word()),
                until: until.unix_ms(),
            },
        };
        Self { customer: Cow::Borrowed(entry.customer.as_str()), at: entry.at.unix_ms(), what }
    }

    pub(super) fn into_entry(self) -> Result<Entry, Unreadable> {
        let what = match self.what {
            WhatV1::Consent(consent) => What::Consent(consent.into_entry()?),
            WhatV1::Decision(decision) => What::Decision(decision.into_decision()?),
            WhatV1::Delivery { notification, outcome, tolerance } => What::Delivery {
                notification: digest(&notification).map(NotificationId)?,
                outcome: known(DeliveryOutcome::from_word(&outcome))?,
                tolerance: read_tolerance(tolerance)?,
            },
            WhatV1::Feedback { notification, kind, is_fast, shown_at, tolerance } => What::Feedback {
                notification: digest(&notification).map(NotificationId)?,
                kind: known(FeedbackKind::from_word(&kind))?,
                is_fast,
                shown_at: instant(shown_at),
                tolerance: read_tolerance(tolerance)?,
            },
            WhatV1::Profile(profile) => What::Profile(profile.into_profile()?),
            WhatV1::Reminder { merchant, purpose, until } => What::Reminder {
                merchant: id(MerchantId::new(&merchant))?,
                purpose: known(Purpose::from_word(&purpose))?,
                until: Timestamp::from_unix_ms(until),
            },
        };
        let customer = id(CustomerId::new(&self.customer))?;
        Ok(Entry { customer, at: Timestamp::from_unix_ms(self.at), what })
    }
}

fn read_tolerance(tolerance: Option<ToleranceV1<'_>>) -> Result<Option<Tolerance>, Unreadable> {
    tolerance.map(ToleranceV1::into_tolerance).transpose()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionV1<'a> {
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
    store: Cow<'a, str>,
    #[serde(borrow)]
    visit: Cow<'a, str>,
    #[serde(borrow)]
    trigger: Cow<'a, str>,
    triggered_at: i64,
    #[serde(borrow)]
    verdict: Cow<'a, str>,
    #[serde(borrow)]
    failed: Vec<Cow<'a, str>>,
    next_possible_at: Option<i64>,
    #[serde(borrow)]
    purposes: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    facts: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    counted: Option<CountedV1<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    tolerance: Option<ToleranceV1<'a>>,
    #[serde(borrow)]
    said: Option<SaidV1<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidV1<'a> {
    expires_at: i64,
    #[serde(borrow)]
    words: WordsV1<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CountedV1<'a> {
    #[serde(borrow)]
    zone: Option<Cow<'a, str>>,
    #[serde(borrow)]
    channel: Cow<'a, str>,
    #[serde(borrow)]
    category: Option<Cow<'a, str>>,
    #[serde(borrow)]
    standing: Cow<'a, str>,
    cost: u16,
    favourite: bool,
}

impl<'a> CountedV1<'a> {
    fn of(counted: &'a Counted) -> Self {
        Self {
            zone: counted.zone.as_deref().map(Cow::Borrowed),
            channel: Cow::Borrowed(counted.channel.word()),
            category: counted.category.as_deref().map(Cow::Borrowed),
            standing: Cow::Borrowed(counted.standing.word()),
            cost: counted.cost,
            favourite: counted.favourite,
        }
    }

    fn into_counted(self) -> Result<Counted, Unreadable> {
        Ok(Counted {
            zone: self.zone.map(boxed),
            channel: known(Channel::from_word(&self.channel))?,
            category: self.category.map(boxed),
            standing: known(Standing::from_word(&self.standing))?,
            cost: self.cost,
            favourite: self.favourite,
        })
    }
}

impl<'a> DecisionV1<'a> {
    fn of(decision: &'a Decision) -> Self {
        let said = decision
            .said
            .as_ref()
            .map(|said| SaidV1 { expires_at: said.expires_at.unix_ms(), words: WordsV1::of(&said.words) });
        let borrowed =
            |(name, value): &'a (Box<str>, Box<str>)| (Cow::Borrowed(&**name), Cow::Borrowed(&**value));
        Self {
            id: hex(decision.id.0),
            device: Cow::Borrowed(decision.device.as_str()),
            offer: Cow::Borrowed(decision.offer.as_str()),
            merchant: Cow::Borrowed(decision.merchant.as_str()),
            fence: Cow::Borrowed(decision.fence.as_str()),
            store: Cow::Borrowed(&decision.store),
            visit: hex(decision.visit.0),
            trigger: Cow::Borrowed(decision.trigger.word()),
            triggered_at: decision.triggered_at.unix_ms(),
            verdict: Cow::Borrowed(&decision.verdict),
            failed: all_borrowed(&decision.failed),
            next_possible_at: unix_ms(decision.next_possible_at),
            purposes: all_borrowed(&decision.purposes),
            facts: decision.facts.iter().map(borrowed).collect(),
            counted: decision.counted.as_ref().map(CountedV1::of),
            tolerance: decision.tolerance.as_ref().map(ToleranceV1::of),
            said,
        }
    }

    fn into_decision(self) -> Result<Decision, Unreadable> {
        let said = self.said.map(|said| Said {
            expires_at: Timestamp::from_unix_ms(said.expires_at),
            words: said.words.into_words(),
        });
        Ok(Decision {
            id: digest(&self.id).map(NotificationId)?,
            device: id(DeviceId::new(&self.device))?,
            offer: id(OfferId::new(&self.offer))?,
            merchant: id(MerchantId::new(&self.merchant))?,
            fence: id(FenceId::new(&self.fence))?,
            store: boxed(self.store),
            visit: visit(&self.visit)?,
            trigger: trigger(&self.trigger)?,
            triggered_at: Timestamp::from_unix_ms(self.triggered_at),
            verdict: boxed(self.verdict),
            failed: all_boxed(self.failed),
            next_possible_at: instant(self.next_possible_at),
            purposes: all_boxed(self.purposes),
            facts: self.facts.into_iter().map(|(name, value)| (boxed(name), boxed(value))).collect(),
            counted: self.counted.map(CountedV1::into_counted).transpose()?,
            tolerance: read_tolerance(self.tolerance)?,
            said,
        })
    }
}
