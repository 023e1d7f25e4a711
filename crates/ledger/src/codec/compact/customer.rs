//! Profiles and tolerances.

use model::{
    Dial, FenceId, Jurisdiction, MerchantId, OfferId, Profile, Silence, SilenceOver, Timestamp, Tolerance,
};

use super::bytes::{Reader, Writer};
use crate::Unreadable;

pub(super) fn write_profile<'a>(profile: &'a Profile, out: &mut Writer<'_, 'a>) {
    let Dial { per_week, quiet, muted_merchants, muted_fences } = &profile.dial;
    let Profile { lang, tz, minor, residence, phone_region, .. } = profile;
    out.flags([
        *minor,
        lang.is_some(),
        tz.is_some(),
        residence.is_some(),
        phone_region.is_some(),
        per_week.is_some(),
        quiet.is_some(),
    ]);
    lang.iter().chain(tz).for_each(|text| out.text(text));
    residence.iter().chain(phone_region).for_each(|place| out.text(place.as_str()));
    out.list(&profile.favourites, |out, fence| out.text(fence.as_str()));
    out.texts(&profile.categories);
    out.list(&profile.segments, |out, (merchant, segment)| {
        out.text(merchant.as_str());
        out.text(segment);
    });
    per_week.iter().for_each(|n| out.byte(*n));
    quiet.iter().for_each(|(from, to)| {
        out.number(*from);
        out.number(*to);
    });
    out.list(muted_merchants, |out, merchant| out.text(merchant.as_str()));
    out.list(muted_fences, |out, fence| out.text(fence.as_str()));
}

pub(super) fn read_profile(from: &mut Reader<'_>) -> Result<Profile, Unreadable> {
    let [minor, has_lang, has_tz, has_residence, has_phone_region, has_per_week, has_quiet] = from.flags()?;
    let lang = from.boxed_if(has_lang)?;
    let tz = from.boxed_if(has_tz)?;
    let residence = jurisdiction(from, has_residence)?;
    let phone_region = jurisdiction(from, has_phone_region)?;
    let favourites = from.list(|from| from.id(FenceId::new))?;
    let categories = from.all_boxed()?;
    let segments = from.list(|from| Ok((from.id(MerchantId::new)?, from.boxed()?)))?;
    let minutes = |from: &mut Reader<'_>| Ok((from.small()?, from.small()?));
    let dial = Dial {
        per_week: has_per_week.then(|| from.byte()).transpose()?,
        quiet: has_quiet.then(|| minutes(from)).transpose()?,
        muted_merchants: from.list(|from| from.id(MerchantId::new))?,
        muted_fences: from.list(|from| from.id(FenceId::new))?,
    };
    Ok(Profile { lang, tz, minor, residence, phone_region, favourites, categories, segments, dial })
}

fn jurisdiction(from: &mut Reader<'_>, is_there: bool) -> Result<Option<Jurisdiction>, Unreadable> {
    if !is_there {
        return Ok(None);
    }
    Jurisdiction::new(from.text()?).map(Some).map_err(|_| Unreadable::Malformed)
}

pub(super) fn write_tolerance<'a>(tolerance: &'a Tolerance, out: &mut Writer<'_, 'a>) {
    out.flags([tolerance.limit_milli.is_some(), tolerance.halved_until.is_some()]);
    tolerance.limit_milli.iter().for_each(|limit| out.number(*limit));
    out.signed(tolerance.nudge_milli);
    out.instant(tolerance.nudge_at);
    out.byte(tolerance.n_ignored);
    out.instant(tolerance.settled_to);
    tolerance.halved_until.iter().for_each(|until| out.instant(*until));
    out.list(&tolerance.silences, write_silence);
    out.list(&tolerance.told, |out, (offer, n)| {
        out.text(offer.as_str());
        out.byte(*n);
    });
}

pub(super) fn read_tolerance(from: &mut Reader<'_>) -> Result<Tolerance, Unreadable> {
    let [has_limit, is_halved] = from.flags()?;
    Ok(Tolerance {
        limit_milli: has_limit.then(|| from.small()).transpose()?,
        nudge_milli: from.signed()?,
        nudge_at: from.instant()?,
        n_ignored: from.byte()?,
        settled_to: from.instant()?,
        halved_until: from.instant_if(is_halved)?,
        silences: from.list(read_silence)?,
        told: from.list(|from| Ok((from.id(OfferId::new)?, from.byte()?)))?,
    })
}

fn write_silence<'a>(out: &mut Writer<'_, 'a>, silence: &'a Silence) {
    match &silence.over {
        SilenceOver::All => out.byte(0),
        SilenceOver::Merchant(merchant) => {
            out.byte(1);
            out.text(merchant.as_str());
        }
        SilenceOver::Fence(fence) => {
            out.byte(2);
            out.text(fence.as_str());
        }
        SilenceOver::Offer(offer) => {
            out.byte(3);
            out.text(offer.as_str());
        }
    }
    out.instant(silence.until);
    out.word(silence.why);
}

fn read_silence(from: &mut Reader<'_>) -> Result<Silence, Unreadable> {
    let over = match from.byte()? {
        0 => SilenceOver::All,
        1 => SilenceOver::Merchant(from.id(MerchantId::new)?),
        2 => SilenceOver::Fence(from.id(FenceId::new)?),
        3 => SilenceOver::Offer(from.id(OfferId::new)?),
        _ => return Err(Unreadable::Malformed),
    };
    let until: Timestamp = from.instant()?;
    Ok(Silence { over, until, why: from.word()? })
}
