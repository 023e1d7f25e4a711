//! Every rule, in order, each a plain function of what is known.

use chrono_tz::Tz;
use model::{Heard, Millis, Timestamp, TransitionKind};

use crate::hours::{civil_day, next_day_at, zone};
use crate::{Candidate, NotifierPolicy, Suppressed, Suppression};

/// What the rules look at.
pub(crate) struct Case<'a> {
    pub(crate) policy: &'a NotifierPolicy,
    pub(crate) candidate: &'a Candidate,
    /// Decided before or waiting, in order of time.
    pub(crate) heard: Vec<&'a Heard>,
    /// When the customer first agreed to offers.
    pub(crate) agreed_at: Option<Timestamp>,
}

/// Judges a candidate by all rules.
pub(crate) fn judge(case: &Case<'_>, now: Timestamp) -> Result<(), Suppressed> {
    let tz = case.candidate.zone.as_deref().and_then(zone);
    let mut failed = Vec::new();
    failed.extend(fitness(case));
    failed.extend(quiet(case.policy, tz, now));
    failed.extend(waits(case).into_iter().filter(|(_, over_at)| now < *over_at).map(|(why, _)| why));
    failed.extend(caps(case, tz, now));
    if failed.is_empty() {
        return Ok(());
    }
    failed.sort_unstable();
    Err(Suppressed::new(failed, next_possible_at(case, tz, now)))
}

/// What the visit and its words rule out, whatever the hour.
fn fitness(case: &Case<'_>) -> impl Iterator<Item = Suppression> {
    let Candidate { notification, initial, may_trigger, speed_mps, breaks_a_text_rule, .. } = case.candidate;
    let speed_max_mps = match notification.trigger {
        TransitionKind::Enter => case.policy.enter_speed_max_mps,
        TransitionKind::Dwell | TransitionKind::Exit | TransitionKind::Cross => case.policy.speed_max_mps,
    };
    let was_told = case.heard.iter().any(|heard| heard.notification() == notification.id);
    let failed = [
        (Suppression::AlreadyInside, *initial && notification.trigger == TransitionKind::Enter),
        (Suppression::Unfit, !may_trigger),
        (Suppression::TooFast, speed_mps.is_some_and(|speed_mps| speed_max_mps < speed_mps)),
        (Suppression::AlreadyTold, was_told),
        (Suppression::Text, *breaks_a_text_rule),
    ];
    failed.into_iter().filter(|(_, fails)| *fails).map(|(why, _)| why)
}

fn quiet(policy: &NotifierPolicy, tz: Option<Tz>, now: Timestamp) -> Option<Suppression> {
    match tz {
        None => Some(Suppression::ZoneUnknown),
        Some(tz) => (!policy.hours.holds(tz, now)).then_some(Suppression::QuietHours),
    }
}

/// Rests, each with the instant at which it is over.
fn waits(case: &Case<'_>) -> [(Suppression, Timestamp); 3] {
    let after = |last: Option<&&Heard>, rest: Millis| last.map_or(Timestamp::MIN, |heard| heard.at + rest);
    let here = case.heard.iter().rev().find(|heard| heard.fence == case.candidate.notification.fence);
    // Whoever never agreed gets no offer anyway; here the safe answer is to wait for ever.
    let agreed_at = case.agreed_at.unwrap_or(Timestamp::MAX);
    [
        (Suppression::FenceCooldown, after(here, case.policy.fence_cooldown)),
        (Suppression::Rest, after(case.heard.last(), case.policy.rest)),
        (Suppression::SettlingIn, agreed_at + case.policy.settle_in),
    ]
}

fn rolling(policy: &NotifierPolicy) -> [(Suppression, Millis, u32); 3] {
    [
        (Suppression::Cap24h, Millis::from_hours(24), policy.per_24h_max),
        (Suppression::Cap7d, Millis::from_days(7), policy.per_7d_max),
        (Suppression::Cap30d, Millis::from_days(30), policy.per_30d_max),
    ]
}

fn caps(case: &Case<'_>, tz: Option<Tz>, now: Timestamp) -> Vec<Suppression> {
    let reached = |window: Millis, n_max: u32| {
        let n = case.heard.iter().filter(|heard| now.since(heard.at) < window).count();
        n_max as usize <= n
    };
    let mut failed: Vec<Suppression> = rolling(case.policy)
        .into_iter()
        .filter(|(_, window, n_max)| reached(*window, *n_max))
        .map(|(why, ..)| why)
        .collect();
    if tz.is_some_and(|tz| civil_day_is_full(case, tz, now)) {
        failed.push(Suppression::CapCivilDay);
    }
    failed
}

/// The day is that of the candidate's zone for now, and of each one's own zone for what was heard.
fn civil_day_is_full(case: &Case<'_>, tz: Tz, now: Timestamp) -> bool {
    let today = civil_day(tz, now);
    let day_of = |heard: &Heard| civil_day(heard.zone.as_deref().and_then(zone).unwrap_or(tz), heard.at);
    let n = case.heard.iter().filter(|heard| day_of(heard) == today).count();
    case.policy.per_civil_day_max as usize <= n
}

/// The first instant at which no rule of time would fail, if nothing else were heard till then.
fn next_possible_at(case: &Case<'_>, tz: Option<Tz>, now: Timestamp) -> Option<Timestamp> {
    let tz = tz?;
    if [
        case.policy.per_24h_max,
        case.policy.per_7d_max,
        case.policy.per_30d_max,
        case.policy.per_civil_day_max,
    ]
    .contains(&0)
    {
        return None;
    }
    let rested_at = waits(case).into_iter().fold(now, |at, (_, over_at)| at.max(over_at));
    let free_at = rolling(case.policy).into_iter().fold(rested_at, |at, (_, window, n_max)| {
        let nth_last = case.heard.len().checked_sub(n_max as usize).map(|i| case.heard[i].at + window);
        nth_last.map_or(at, |over_at| at.max(over_at))
    });
    let mut at = free_at;
    // A full day is followed by another one only where zones disagree about the date.
    for _ in 0..N_FULL_DAYS_MAX {
        at = case.policy.hours.next(tz, at)?;
        if !civil_day_is_full(case, tz, at) {
            return Some(at);
        }
        at = next_day_at(tz, at)?;
    }
    None
}

/// What was heard in a zone far ahead can fill tomorrow and the day after, not more.
const N_FULL_DAYS_MAX: usize = 5;
