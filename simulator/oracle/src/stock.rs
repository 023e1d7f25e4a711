//! How often offers went out, in the order of decisions.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::Offer;

/// Of each offer how often it went out: ever, and on each civil day of the fences where it did.
pub type Counts = BTreeMap<(u32, Option<NaiveDate>), u32>;

/// Whether no more of an offer may go out.
pub(crate) fn is_out(counts: &Counts, no: u32, offer: &Offer, today: Option<NaiveDate>) -> bool {
    let is_reached = |day: Option<NaiveDate>, n_max: Option<u32>| {
        let n = counts.get(&(no, day)).copied().unwrap_or(0);
        n_max.is_some_and(|n_max| n_max <= n)
    };
    is_reached(None, offer.stock) || (today.is_some() && is_reached(today, offer.stock_per_day))
}

/// One goes out.
pub(crate) fn take(counts: &mut Counts, no: u32, today: Option<NaiveDate>) {
    for day in both(today) {
        *counts.entry((no, day)).or_default() += 1;
    }
}

/// One did not go out after all.
pub(crate) fn put_back(counts: &mut Counts, no: u32, day: Option<NaiveDate>) {
    for day in both(day) {
        if let Some(n) = counts.get_mut(&(no, day)) {
            *n = n.saturating_sub(1);
        }
    }
}

fn both(day: Option<NaiveDate>) -> impl Iterator<Item = Option<NaiveDate>> {
    [None].into_iter().chain(day.map(Some))
}
