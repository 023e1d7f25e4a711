//! Decisions, and what stands in the outbox.

use model::{
    CustomerId, DeviceId, FenceId, MerchantId, Notification, NotificationId, OfferId, VisitId, Words,
};

use super::bytes::{Reader, Writer};
use super::entry::{read_tolerance, write_tolerance};
use crate::{Counted, Decision, Said, Unreadable};

pub(super) fn write_decision<'a>(decision: &'a Decision, out: &mut Writer<'_, 'a>) {
    out.flags([decision.next_possible_at.is_some(), decision.counted.is_some(), decision.said.is_some()]);
    out.digest(decision.id.0);
    out.text(decision.device.as_str());
    out.text(decision.offer.as_str());
    out.text(decision.merchant.as_str());
    out.text(decision.fence.as_str());
    out.text(&decision.store);
    out.digest(decision.visit.0);
    out.word(decision.trigger);
    out.instant(decision.triggered_at);
    out.text(&decision.verdict);
    out.texts(&decision.failed);
    decision.next_possible_at.iter().for_each(|at| out.instant(*at));
    out.texts(&decision.purposes);
    out.list(&decision.facts, |out, (name, value)| {
        out.text(name);
        out.text(value);
    });
    decision.counted.iter().for_each(|counted| write_counted(counted, out));
    write_tolerance(decision.tolerance.as_ref(), out);
    if let Some(Said { expires_at, words }) = &decision.said {
        out.instant(*expires_at);
        write_words(words, out);
    }
}

pub(super) fn read_decision(from: &mut Reader<'_>) -> Result<Decision, Unreadable> {
    let [is_possible_again, is_counted, is_said] = from.flags()?;
    let said = |from: &mut Reader<'_>| Ok(Said { expires_at: from.instant()?, words: read_words(from)? });
    Ok(Decision {
        id: from.digest().map(NotificationId)?,
        device: from.id(DeviceId::new)?,
        offer: from.id(OfferId::new)?,
        merchant: from.id(MerchantId::new)?,
        fence: from.id(FenceId::new)?,
        store: from.boxed()?,
        visit: from.digest().map(VisitId)?,
        trigger: from.word()?,
        triggered_at: from.instant()?,
        verdict: from.boxed()?,
        failed: from.all_boxed()?,
        next_possible_at: from.instant_if(is_possible_again)?,
        purposes: from.all_boxed()?,
        facts: from.list(|from| Ok((from.boxed()?, from.boxed()?)))?,
        counted: is_counted.then(|| read_counted(from)).transpose()?,
        tolerance: read_tolerance(from)?,
        said: is_said.then(|| said(from)).transpose()?,
    })
}

fn write_counted<'a>(counted: &'a Counted, out: &mut Writer<'_, 'a>) {
    let Counted { zone, channel, category, standing, cost, favourite } = counted;
    out.flags([zone.is_some(), category.is_some(), *favourite]);
    zone.iter().chain(category).for_each(|text| out.text(text));
    out.word(*channel);
    out.word(*standing);
    out.number(*cost);
}

fn read_counted(from: &mut Reader<'_>) -> Result<Counted, Unreadable> {
    let [has_zone, has_category, favourite] = from.flags()?;
    Ok(Counted {
        zone: from.boxed_if(has_zone)?,
        category: from.boxed_if(has_category)?,
        channel: from.word()?,
        standing: from.word()?,
        cost: from.small()?,
        favourite,
    })
}

fn write_words<'a>(words: &'a Words, out: &mut Writer<'_, 'a>) {
    out.flags([words.link.is_some()]);
    out.text(&words.title);
    out.text(&words.body);
    words.link.iter().for_each(|link| out.text(link));
    out.text(&words.why);
}

fn read_words(from: &mut Reader<'_>) -> Result<Words, Unreadable> {
    let [has_link] = from.flags()?;
    Ok(Words {
        title: from.text()?.into(),
        body: from.text()?.into(),
        link: has_link.then(|| from.text().map(Into::into)).transpose()?,
        why: from.text()?.into(),
    })
}

/// All but whose it is, which the row says.
pub(super) fn write_notification<'a>(out: &mut Writer<'_, 'a>, notification: &'a Notification) {
    out.digest(notification.id.0);
    out.text(notification.device.as_str());
    out.text(notification.offer.as_str());
    out.text(notification.merchant.as_str());
    out.text(notification.fence.as_str());
    out.word(notification.channel);
    out.text(&notification.store);
    out.digest(notification.visit.0);
    out.word(notification.trigger);
    out.instant(notification.triggered_at);
    out.instant(notification.issued_at);
    out.instant(notification.expires_at);
    write_words(&notification.words, out);
}

pub(super) fn read_notification(
    from: &mut Reader<'_>,
    customer: &CustomerId,
) -> Result<Notification, Unreadable> {
    Ok(Notification {
        id: from.digest().map(NotificationId)?,
        customer: customer.clone(),
        device: from.id(DeviceId::new)?,
        offer: from.id(OfferId::new)?,
        merchant: from.id(MerchantId::new)?,
        fence: from.id(FenceId::new)?,
        channel: from.word()?,
        store: from.text()?.into(),
        visit: from.digest().map(VisitId)?,
        trigger: from.word()?,
        triggered_at: from.instant()?,
        issued_at: from.instant()?,
        expires_at: from.instant()?,
        words: read_words(from)?,
    })
}
