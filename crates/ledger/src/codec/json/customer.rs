//! Profiles and tolerances as they are stored.

use std::borrow::Cow;

use model::{
    Dial, FenceId, IdFlaw, Jurisdiction, MerchantId, OfferId, Profile, Silence, SilenceOver, SilenceReason,
    Timestamp, Tolerance,
};
use serde::{Deserialize, Serialize};

use super::{all_borrowed, all_boxed, boxed, id, instant, known, unix_ms};
use crate::Unreadable;

/// What says nothing is left out.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ProfileV1<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    lang: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    tz: Option<Cow<'a, str>>,
    minor: bool,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    residence: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    phone_region: Option<Cow<'a, str>>,
    #[serde(borrow)]
    favourites: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    categories: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    segments: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    per_week: Option<u8>,
    quiet: Option<(u16, u16)>,
    #[serde(borrow)]
    muted_merchants: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    muted_fences: Vec<Cow<'a, str>>,
}

impl<'a> ProfileV1<'a> {
    pub(super) fn of(profile: &'a Profile) -> Self {
        let Dial { per_week, quiet, muted_merchants, muted_fences } = &profile.dial;
        let segment = |(merchant, segment): &'a (MerchantId, Box<str>)| {
            (Cow::Borrowed(merchant.as_str()), Cow::Borrowed(&**segment))
        };
        Self {
            lang: profile.lang.as_deref().map(Cow::Borrowed),
            tz: profile.tz.as_deref().map(Cow::Borrowed),
            minor: profile.minor,
            residence: profile.residence.as_ref().map(|it| Cow::Borrowed(it.as_str())),
            phone_region: profile.phone_region.as_ref().map(|it| Cow::Borrowed(it.as_str())),
            favourites: names(&profile.favourites, FenceId::as_str),
            categories: all_borrowed(&profile.categories),
            segments: profile.segments.iter().map(segment).collect(),
            per_week: *per_week,
            quiet: *quiet,
            muted_merchants: names(muted_merchants, MerchantId::as_str),
            muted_fences: names(muted_fences, FenceId::as_str),
        }
    }

    pub(super) fn into_profile(self) -> Result<Profile, Unreadable> {
        let segment = |(merchant, segment): (Cow<'_, str>, Cow<'_, str>)| {
            Ok((id(MerchantId::new(&merchant))?, boxed(segment)))
        };
        Ok(Profile {
            lang: self.lang.map(boxed),
            tz: self.tz.map(boxed),
            minor: self.minor,
            residence: jurisdiction(self.residence.as_deref())?,
            phone_region: jurisdiction(self.phone_region.as_deref())?,
            favourites: ids(&self.favourites, FenceId::new)?,
            categories: all_boxed(self.categories),
            segments: self.segments.into_iter().map(segment).collect::<Result<_, _>>()?,
            dial: Dial {
                per_week: self.per_week,
                quiet: self.quiet,
                muted_merchants: ids(&self.muted_merchants, MerchantId::new)?,
                muted_fences: ids(&self.muted_fences, FenceId::new)?,
            },
        })
    }
}

fn jurisdiction(text: Option<&str>) -> Result<Option<Jurisdiction>, Unreadable> {
    text.map(|text| known(Jurisdiction::new(text).ok())).transpose()
}

fn names<T>(ids: &[T], name: fn(&T) -> &str) -> Vec<Cow<'_, str>> {
    ids.iter().map(|id| Cow::Borrowed(name(id))).collect()
}

fn ids<T>(texts: &[Cow<'_, str>], make: fn(&str) -> Result<T, IdFlaw>) -> Result<Vec<T>, Unreadable> {
    texts.iter().map(|text| id(make(text))).collect()
}

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ToleranceV1<'a> {
    limit_milli: Option<u32>,
    nudge_milli: i64,
    nudge_at: i64,
    n_ignored: u8,
    settled_to: i64,
    halved_until: Option<i64>,
    #[serde(borrow)]
    silences: Vec<SilenceV1<'a>>,
    #[serde(borrow)]
    told: Vec<(Cow<'a, str>, u8)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SilenceV1<'a> {
    #[serde(borrow)]
    over: OverV1<'a>,
    until: i64,
    #[serde(borrow)]
    why: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum OverV1<'a> {
    All,
    #[serde(borrow)]
    Merchant(Cow<'a, str>),
    #[serde(borrow)]
    Fence(Cow<'a, str>),
    #[serde(borrow)]
    Offer(Cow<'a, str>),
}

impl<'a> ToleranceV1<'a> {
    pub(super) fn of(tolerance: &'a Tolerance) -> Self {
        Self {
            limit_milli: tolerance.limit_milli,
            nudge_milli: tolerance.nudge_milli,
            nudge_at: tolerance.nudge_at.unix_ms(),
            n_ignored: tolerance.n_ignored,
            settled_to: tolerance.settled_to.unix_ms(),
            halved_until: unix_ms(tolerance.halved_until),
            silences: tolerance.silences.iter().map(SilenceV1::of).collect(),
            told: tolerance.told.iter().map(|(offer, n)| (Cow::Borrowed(offer.as_str()), *n)).collect(),
        }
    }

    pub(super) fn into_tolerance(self) -> Result<Tolerance, Unreadable> {
        let told = |(offer, n): (Cow<'_, str>, u8)| Ok((id(OfferId::new(&offer))?, n));
        Ok(Tolerance {
            limit_milli: self.limit_milli,
            nudge_milli: self.nudge_milli,
            nudge_at: Timestamp::from_unix_ms(self.nudge_at),
            n_ignored: self.n_ignored,
            settled_to: Timestamp::from_unix_ms(self.settled_to),
            halved_until: instant(self.halved_until),
            silences: self.silences.into_iter().map(SilenceV1::into_silence).collect::<Result<_, _>>()?,
            told: self.told.into_iter().map(told).collect::<Result<_, _>>()?,
        })
    }
}

impl<'a> SilenceV1<'a> {
    fn of(silence: &'a Silence) -> Self {
        let over = match &silence.over {
            SilenceOver::All => OverV1::All,
            SilenceOver::Merchant(merchant) => OverV1::Merchant(Cow::Borrowed(merchant.as_str())),
            SilenceOver::Fence(fence) => OverV1::Fence(Cow::Borrowed(fence.as_str())),
            SilenceOver::Offer(offer) => OverV1::Offer(Cow::Borrowed(offer.as_str())),
        };
        Self { over, until: silence.until.unix_ms(), why: Cow::Borrowed(silence.why.word()) }
    }

    fn into_silence(self) -> Result<Silence, Unreadable> {
        let over = match self.over {
            OverV1::All => SilenceOver::All,
            OverV1::Merchant(merchant) => SilenceOver::Merchant(id(MerchantId::new(&merchant))?),
            OverV1::Fence(fence) => SilenceOver::Fence(id(FenceId::new(&fence))?),
            OverV1::Offer(offer) => SilenceOver::Offer(id(OfferId::new(&offer))?),
        };
        let why = known(SilenceReason::from_word(&self.why))?;
        Ok(Silence { over, until: Timestamp::from_unix_ms(self.until), why })
    }
}
