//! State rows as they are stored.

use std::borrow::Cow;

use consent_gate::Epoch;
use model::{
    Answers, Channel, CustomerId, DeviceId, FenceId, MerchantId, OfferId, Profile, Standing, Timestamp,
    Tolerance,
};
use serde::{Deserialize, Serialize};

use super::consent::ConsentRowV2;
use super::customer::{ProfileV1, ToleranceV1};
use super::notification::NotificationV1;
use super::{boxed, hex, id, instant, known, unix_ms, visit};
use crate::{Heard, OpenVisit, StateRow, Unreadable};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateV1<'a> {
    #[serde(borrow)]
    customer: Cow<'a, str>,
    epoch: u32,
    #[serde(borrow)]
    consents: Vec<ConsentRowV2<'a>>,
    consented_since: Option<i64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    profile: Option<ProfileV1<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    tolerance: Option<ToleranceV1<'a>>,
    #[serde(borrow)]
    heard: Vec<HeardV1<'a>>,
    #[serde(borrow)]
    outbox: Vec<NotificationV1<'a>>,
    #[serde(borrow)]
    visits: Vec<OpenVisitV1<'a>>,
}

impl<'a> StateV1<'a> {
    pub(super) fn of(row: &'a StateRow) -> Self {
        Self {
            customer: Cow::Borrowed(row.customer.as_str()),
            epoch: row.epoch.0,
            consents: row.consents_in_order().into_iter().map(ConsentRowV2::of).collect(),
            consented_since: unix_ms(row.consented_since),
            profile: (!row.profile.is_blank()).then(|| ProfileV1::of(&row.profile)),
            tolerance: (!row.tolerance.is_blank()).then(|| ToleranceV1::of(&row.tolerance)),
            heard: row.heard.iter().map(HeardV1::of).collect(),
            outbox: row.outbox.iter().map(NotificationV1::of).collect(),
            visits: row.visits.iter().map(OpenVisitV1::of).collect(),
        }
    }

    pub(super) fn into_row(self) -> Result<StateRow, Unreadable> {
        let customer = id(CustomerId::new(&self.customer))?;
        let notification = |stored: NotificationV1<'a>| stored.into_notification(customer.clone());
        Ok(StateRow {
            epoch: Epoch(self.epoch),
            consents: self.consents.into_iter().map(ConsentRowV2::into_row).collect::<Result<_, _>>()?,
            consented_since: instant(self.consented_since),
            profile: self.profile.map_or_else(|| Ok(Profile::default()), ProfileV1::into_profile)?,
            tolerance: self
                .tolerance
                .map_or_else(|| Ok(Tolerance::default()), ToleranceV1::into_tolerance)?,
            heard: self.heard.into_iter().map(HeardV1::into_heard).collect::<Result<_, _>>()?,
            outbox: self.outbox.into_iter().map(notification).collect::<Result<_, _>>()?,
            visits: self.visits.into_iter().map(OpenVisitV1::into_visit).collect::<Result<_, _>>()?,
            customer,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeardV1<'a> {
    at: i64,
    #[serde(borrow)]
    offer: Cow<'a, str>,
    #[serde(borrow)]
    merchant: Cow<'a, str>,
    #[serde(borrow)]
    fence: Cow<'a, str>,
    #[serde(borrow)]
    visit: Cow<'a, str>,
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
    answers: u16,
    shown_at: Option<i64>,
}

impl<'a> HeardV1<'a> {
    fn of(heard: &'a Heard) -> Self {
        Self {
            at: heard.at.unix_ms(),
            offer: Cow::Borrowed(heard.offer.as_str()),
            merchant: Cow::Borrowed(heard.merchant.as_str()),
            fence: Cow::Borrowed(heard.fence.as_str()),
            visit: hex(heard.visit.0),
            zone: heard.zone.as_deref().map(Cow::Borrowed),
            channel: Cow::Borrowed(heard.channel.word()),
            category: heard.category.as_deref().map(Cow::Borrowed),
            standing: Cow::Borrowed(heard.standing.word()),
            cost: heard.cost,
            favourite: heard.favourite,
            answers: heard.answers.bits(),
            shown_at: unix_ms(heard.shown_at),
        }
    }

    fn into_heard(self) -> Result<Heard, Unreadable> {
        Ok(Heard {
            at: Timestamp::from_unix_ms(self.at),
            offer: id(OfferId::new(&self.offer))?,
            merchant: id(MerchantId::new(&self.merchant))?,
            fence: id(FenceId::new(&self.fence))?,
            visit: visit(&self.visit)?,
            zone: self.zone.map(boxed),
            channel: known(Channel::from_word(&self.channel))?,
            category: self.category.map(boxed),
            standing: known(Standing::from_word(&self.standing))?,
            cost: self.cost,
            favourite: self.favourite,
            answers: Answers::from_bits(self.answers),
            shown_at: instant(self.shown_at),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenVisitV1<'a> {
    #[serde(borrow)]
    device: Cow<'a, str>,
    #[serde(borrow)]
    fence: Cow<'a, str>,
    #[serde(borrow)]
    visit: Cow<'a, str>,
    entered_at: i64,
    last_at: i64,
    initial: bool,
    dwelled: bool,
}

impl<'a> OpenVisitV1<'a> {
    fn of(open: &'a OpenVisit) -> Self {
        Self {
            device: Cow::Borrowed(open.device.as_str()),
            fence: Cow::Borrowed(open.fence.as_str()),
            visit: hex(open.visit.0),
            entered_at: open.entered_at.unix_ms(),
            last_at: open.last_at.unix_ms(),
            initial: open.initial,
            dwelled: open.dwelled,
        }
    }

    fn into_visit(self) -> Result<OpenVisit, Unreadable> {
        Ok(OpenVisit {
            device: id(DeviceId::new(&self.device))?,
            fence: id(FenceId::new(&self.fence))?,
            visit: visit(&self.visit)?,
            entered_at: Timestamp::from_unix_ms(self.entered_at),
            last_at: Timestamp::from_unix_ms(self.last_at),
            initial: self.initial,
            dwelled: self.dwelled,
        })
    }
}
