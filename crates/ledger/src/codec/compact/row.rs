//! State rows.

use consent_gate::Epoch;
use model::{Answers, CustomerId, DeviceId, FenceId, MerchantId, OfferId, Profile, Tolerance, VisitId};

use super::bytes::{Reader, Writer};
use super::{consent, customer, offers};
use crate::{Heard, OpenVisit, StateRow, Unreadable};

/// What says nothing is left out.
pub(super) fn write<'a>(row: &'a StateRow, out: &mut Writer<'_, 'a>) {
    let (has_profile, has_tolerance) = (!row.profile.is_blank(), !row.tolerance.is_blank());
    out.flags([row.consented_since.is_some(), has_profile, has_tolerance]);
    out.text(row.customer.as_str());
    out.number(row.epoch.0);
    row.consented_since.iter().for_each(|at| out.instant(*at));
    let consents = row.consents_in_order();
    out.number(consents.len() as u64);
    consents.into_iter().for_each(|consent| consent::write_row(consent, out));
    if has_profile {
        customer::write_profile(&row.profile, out);
    }
    if has_tolerance {
        customer::write_tolerance(&row.tolerance, out);
    }
    out.list(&row.heard, write_heard);
    out.list(&row.outbox, offers::write_notification);
    out.list(&row.visits, write_visit);
}

pub(super) fn read(from: &mut Reader<'_>) -> Result<StateRow, Unreadable> {
    let [has_consented, has_profile, has_tolerance] = from.flags()?;
    let customer = from.id(CustomerId::new)?;
    let epoch = Epoch(from.small()?);
    let consented_since = from.instant_if(has_consented)?;
    let consents = from.list(consent::read_row)?;
    let profile = if has_profile { customer::read_profile(from)? } else { Profile::default() };
    let tolerance = if has_tolerance { customer::read_tolerance(from)? } else { Tolerance::default() };
    let heard = from.list(read_heard)?;
    let outbox = from.list(|from| offers::read_notification(from, &customer))?;
    let visits = from.list(read_visit)?;
    Ok(StateRow { customer, epoch, consents, consented_since, profile, tolerance, heard, outbox, visits })
}

fn write_heard<'a>(out: &mut Writer<'_, 'a>, heard: &'a Heard) {
    let Heard { zone, category, shown_at, .. } = heard;
    out.flags([zone.is_some(), category.is_some(), shown_at.is_some(), heard.favourite]);
    out.instant(heard.at);
    out.text(heard.offer.as_str());
    out.text(heard.merchant.as_str());
    out.text(heard.fence.as_str());
    out.digest(heard.visit.0);
    zone.iter().chain(category).for_each(|text| out.text(text));
    out.word(heard.channel);
    out.word(heard.standing);
    out.number(heard.cost);
    out.number(heard.answers.bits());
    shown_at.iter().for_each(|at| out.instant(*at));
}

fn read_heard(from: &mut Reader<'_>) -> Result<Heard, Unreadable> {
    let [has_zone, has_category, was_shown, favourite] = from.flags()?;
    Ok(Heard {
        at: from.instant()?,
        offer: from.id(OfferId::new)?,
        merchant: from.id(MerchantId::new)?,
        fence: from.id(FenceId::new)?,
        visit: from.digest().map(VisitId)?,
        zone: from.boxed_if(has_zone)?,
        category: from.boxed_if(has_category)?,
        channel: from.word()?,
        standing: from.word()?,
        cost: from.small()?,
        favourite,
        answers: Answers::from_bits(from.small()?),
        shown_at: from.instant_if(was_shown)?,
    })
}

fn write_visit<'a>(out: &mut Writer<'_, 'a>, open: &'a OpenVisit) {
    out.flags([open.initial, open.dwelled]);
    out.text(open.device.as_str());
    out.text(open.fence.as_str());
    out.digest(open.visit.0);
    out.instant(open.entered_at);
    out.instant(open.last_at);
}

fn read_visit(from: &mut Reader<'_>) -> Result<OpenVisit, Unreadable> {
    let [initial, dwelled] = from.flags()?;
    Ok(OpenVisit {
        device: from.id(DeviceId::new)?,
        fence: from.id(FenceId::new)?,
        visit: from.digest().map(VisitId)?,
        entered_at: from.instant()?,
        last_at: from.instant()?,
        initial,
        dwelled,
    })
}
