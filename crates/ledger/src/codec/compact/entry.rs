//! Entries.

use model::{CustomerId, MerchantId, NotificationId, Tolerance};

use super::bytes::{Reader, Writer};
use super::{consent, customer, offers};
use crate::{Entry, Unreadable, What};

pub(super) fn write<'a>(entry: &'a Entry, out: &mut Writer<'_, 'a>) {
    out.text(entry.customer.as_str());
    out.instant(entry.at);
    match &entry.what {
        What::Consent(consent) => {
            out.byte(0);
            consent::write(consent, out);
        }
        What::Decision(decision) => {
            out.byte(1);
            offers::write_decision(decision, out);
        }
        What::Delivery { notification, outcome, tolerance } => {
            out.byte(2);
            out.digest(notification.0);
            out.word(*outcome);
            write_tolerance(tolerance.as_ref(), out);
        }
        What::Feedback { notification, kind, is_fast, shown_at, tolerance } => {
            out.byte(3);
            out.digest(notification.0);
            out.word(*kind);
            out.flags([*is_fast, shown_at.is_some()]);
            shown_at.iter().for_each(|at| out.instant(*at));
            write_tolerance(tolerance.as_ref(), out);
        }
        What::Profile(profile) => {
            out.byte(4);
            customer::write_profile(profile, out);
        }
        What::Reminder { merchant, purpose, until } => {
            out.byte(5);
            out.text(merchant.as_str());
            out.word(*purpose);
            out.instant(*until);
        }
    }
}

pub(super) fn read(from: &mut Reader<'_>) -> Result<Entry, Unreadable> {
    let customer = from.id(CustomerId::new)?;
    let at = from.instant()?;
    let what = match from.byte()? {
        0 => What::Consent(consent::read(from)?),
        1 => What::Decision(offers::read_decision(from)?),
        2 => What::Delivery {
            notification: from.digest().map(NotificationId)?,
            outcome: from.word()?,
            tolerance: read_tolerance(from)?,
        },
        3 => {
            let (notification, kind) = (from.digest().map(NotificationId)?, from.word()?);
            let [is_fast, was_shown] = from.flags()?;
            let shown_at = from.instant_if(was_shown)?;
            What::Feedback { notification, kind, is_fast, shown_at, tolerance: read_tolerance(from)? }
        }
        4 => What::Profile(customer::read_profile(from)?),
        5 => What::Reminder {
            merchant: from.id(MerchantId::new)?,
            purpose: from.word()?,
            until: from.instant()?,
        },
        _ => return Err(Unreadable::Malformed),
    };
    Ok(Entry { customer, at, what })
}

pub(super) fn write_tolerance<'a>(tolerance: Option<&'a Tolerance>, out: &mut Writer<'_, 'a>) {
    out.flags([tolerance.is_some()]);
    tolerance.into_iter().for_each(|tolerance| customer::write_tolerance(tolerance, out));
}

pub(super) fn read_tolerance(from: &mut Reader<'_>) -> Result<Option<Tolerance>, Unreadable> {
    let [has_changed] = from.flags()?;
    has_changed.then(|| customer::read_tolerance(from)).transpose()
}
