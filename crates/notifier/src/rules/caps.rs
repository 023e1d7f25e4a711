//! Caps: at most so many in a window that rolls, and in a civil day.

use chrono_tz::Tz;
use model::{Channel, Heard, Millis, Timestamp};

use crate::case::Case;
use crate::clocks::Clocks;
use crate::hours::zone;
use crate::{Count, Suppression};

/// A cap over a window that rolls.
#[derive(Clone, Copy)]
pub(crate) struct Cap {
    why: Suppression,
    window: Millis,
    max: u32,
    favourite_max: u32,
    /// What it counts; `None` counts all.
    channel: Option<Channel>,
}

impl Cap {
    const fn new(why: Suppression, days: i64, max: u32, channel: Option<Channel>) -> Self {
        Self { why, window: Millis::from_days(days), max, favourite_max: max, channel }
    }

    const fn or_with_a_favourite(self, favourite_max: u32) -> Self {
        Self { favourite_max, ..self }
    }

    /// How many there are in the window that ends at an instant, and how many there may be.
    pub(crate) fn count(&self, case: &Case<'_>, at: Timestamp) -> Count {
        let mut n = 0;
        let mut with_favourite = case.favourite;
        for (heard, _) in case.counted(at).filter(|(heard, _)| self.counts(heard, at)) {
            n += 1;
            with_favourite |= heard.favourite;
        }
        let max = if with_favourite { self.favourite_max } else { self.max };
        Count { n, max: halved(case, max, at) }
    }

    fn counts(&self, heard: &Heard, at: Timestamp) -> bool {
        self.channel.is_none_or(|channel| channel == heard.channel) && at.since(heard.at) < self.window
    }

    /// The first instant from one on at which there is room, if nothing more is heard.
    fn free_from(&self, case: &Case<'_>, at: Timestamp) -> Option<Timestamp> {
        if self.count(case, at).has_room() {
            return Some(at);
        }
        let leaves_at = case.life.heard.iter().map(|heard| heard.at + self.window);
        let mut changes: Vec<Timestamp> = leaves_at.chain(case.life.tolerance.halved_until).collect();
        changes.retain(|change| at < *change);
        changes.sort_unstable();
        changes.into_iter().find(|change| self.count(case, *change).has_room())
    }
}

impl Count {
    /// Whether one more may be.
    #[must_use]
    pub const fn has_room(self) -> bool {
        self.n < self.max
    }
}

/// The caps on push, in the order of the verdict's reckoning: 24 hours, 7 days, 30 days.
pub(crate) fn of_push(case: &Case<'_>) -> [Cap; 3] {
    let caps = &case.policy.caps;
    let push = Some(Channel::Push);
    [
        Cap::new(Suppression::Cap24h, 1, caps.per_24h_max, push),
        Cap::new(Suppression::Cap7d, 7, caps.per_7d_max, push).or_with_a_favourite(caps.per_7d_favourite_max),
        Cap::new(Suppression::Cap30d, 30, caps.per_30d_max, push)
            .or_with_a_favourite(caps.per_30d_favourite_max),
    ]
}

/// Every cap that binds a candidate and rolls.
fn of(case: &Case<'_>) -> impl Iterator<Item = Cap> {
    let caps = &case.policy.caps;
    let push = of_push(case).map(|cap| (cap, Some(Channel::Push)));
    let sms = Some(Channel::Sms);
    let others = [
        (Cap::new(Suppression::CapAllChannels7d, 7, caps.all_channels_per_7d_max, None), None),
        (Cap::new(Suppression::CapSms7d, 7, caps.sms_per_7d_max, sms), sms),
        (Cap::new(Suppression::CapSms30d, 30, caps.sms_per_30d_max, sms), sms),
    ];
    let by_law = case.candidate.terms.law.and_then(|law| law.per_24h_max);
    let by_law = by_law.map(|max| (Cap::new(Suppression::CapSms24h, 1, u32::from(max), sms), sms));
    let own = case.life.profile.dial.per_week;
    let own = own.map(|n| (Cap::new(Suppression::CapOwn, 7, u32::from(n), None), None));
    let channel = case.candidate.terms.channel;
    let all = push.into_iter().chain(by_law).chain(others).chain(own);
    all.filter(move |(_, binds)| binds.is_none_or(|binds| binds == channel)).map(|(cap, _)| cap)
}

pub(crate) fn failed(case: &Case<'_>, clocks: &mut Clocks, now: Timestamp, failed: &mut Vec<Suppression>) {
    failed.extend(of(case).filter(|cap| !cap.count(case, now).has_room()).map(|cap| cap.why));
    if let Some(zone) = bound_by_the_day(case)
        && !day_has_room(case, clocks, zone, now)
    {
        failed.push(Suppression::CapCivilDay);
    }
}

/// The first instant from one on that no cap rules out on its own account.
pub(crate) fn free_from(case: &Case<'_>, clocks: &mut Clocks, at: Timestamp) -> Option<Timestamp> {
    let at = of(case).try_fold(at, |at, cap| cap.free_from(case, at))?;
    match bound_by_the_day(case) {
        Some(zone) => day_free_from(case, clocks, zone, at),
        None => Some(at),
    }
}

fn bound_by_the_day(case: &Case<'_>) -> Option<Tz> {
    case.zone().filter(|_| case.candidate.terms.channel == Channel::Push)
}

/// The day is that of the candidate's zone for now, and of each one's own zone for what was heard.
fn day_has_room(case: &Case<'_>, clocks: &mut Clocks, zone: Tz, at: Timestamp) -> bool {
    let max = halved(case, case.policy.caps.per_civil_day_max, at);
    let today = clocks.civil_day(zone, at);
    let push = case.counted(at).filter(|(heard, _)| heard.channel == Channel::Push);
    let near = push.filter(|(heard, _)| at.since(heard.at) < ONE_DATE_MAX);
    let n = near.filter(|(heard, _)| day_of(heard, clocks, zone) == today).count();
    n < max as usize
}

fn day_of(heard: &Heard, clocks: &mut Clocks, otherwise: Tz) -> Option<i64> {
    clocks.civil_day(heard.zone.as_deref().and_then(zone).unwrap_or(otherwise), heard.at)
}

/// Two instants of one date, be it the same in two zones, never lie further apart.
const ONE_DATE_MAX: Millis = Millis::from_hours(96);

/// What was heard in a zone far ahead can fill tomorrow and the day after, not more.
const N_FULL_DAYS_MAX: usize = 6;

fn day_free_from(case: &Case<'_>, clocks: &mut Clocks, zone: Tz, mut at: Timestamp) -> Option<Timestamp> {
    for _ in 0..N_FULL_DAYS_MAX {
        if day_has_room(case, clocks, zone, at) {
            return Some(at);
        }
        let next_day_at = clocks.next_day_at(zone, at)?;
        let relaxes_at = case.life.tolerance.halved_until.filter(|until| at < *until);
        at = relaxes_at.map_or(next_day_at, |relaxes_at| next_day_at.min(relaxes_at));
    }
    None
}

/// A cap while the customer wants less: half of it, but not none.
fn halved(case: &Case<'_>, max: u32, at: Timestamp) -> u32 {
    match case.life.tolerance.halved_until {
        Some(until) if at < until && 0 < max => (max / 2).max(1),
        Some(_) | None => max,
    }
}
