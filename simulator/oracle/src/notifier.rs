//! When it is right to speak: every rule in its order, the first that fails is the verdict.

use chrono_tz::Tz;

use crate::customer::Heard;
use crate::hours::{civil_day, open_until_ms};
use crate::rules::{DAY, Rules};
use crate::{Kind, Said};

/// An offer that a change of presence calls for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) said: Said,
    pub(crate) merchant: u32,
    pub(crate) kind: Kind,
    pub(crate) initial: bool,
    /// The deciding fix was fresh, honest and exact enough, and what it showed is so still.
    pub(crate) is_fit: bool,
    pub(crate) speed_mps: Option<f64>,
    /// Of the fence.
    pub(crate) tz: Option<Tz>,
    pub(crate) expires_at_ms: i64,
}

pub(crate) const ALREADY_TOLD: &str = "already_told";

/// The first rule that a candidate fails, if any.
///
/// `heard` is what was decided before, and what waits in line besides the candidate, as heard now: it
/// may go out at any moment.
pub(crate) fn first_no(
    candidate: &Candidate,
    heard: &[Heard],
    agreed_at_ms: Option<i64>,
    rules: &Rules,
    now_ms: i64,
) -> Option<&'static str> {
    if candidate.initial && candidate.kind == Kind::Enter {
        return Some("already_inside");
    }
    if !candidate.is_fit {
        return Some("unfit_fix");
    }
    let speed_max_mps =
        if candidate.kind == Kind::Enter { rules.enter_speed_max_mps } else { rules.speed_max_mps };
    if candidate.speed_mps.is_some_and(|speed_mps| speed_max_mps < speed_mps) {
        return Some("too_fast");
    }
    if was_told(candidate, heard) {
        return Some(ALREADY_TOLD);
    }
    let Some(tz) = candidate.tz else { return Some("zone_unknown") };
    if open_until_ms(rules.hours, tz, now_ms).is_none() {
        return Some("quiet_hours");
    }
    let is_within = |span_ms: i64, at_ms: i64| now_ms < at_ms.saturating_add(span_ms);
    let here = |heard: &&Heard| heard.said.fence == candidate.said.fence;
    if heard.iter().filter(here).any(|heard| is_within(rules.fence_cooldown_ms, heard.at_ms)) {
        return Some("cooldown_fence");
    }
    if heard.iter().any(|heard| is_within(rules.rest_ms, heard.at_ms)) {
        return Some("rest_between_offers");
    }
    // Whoever never agreed settles in for ever.
    if agreed_at_ms.is_none_or(|agreed_at_ms| is_within(rules.settle_in_ms, agreed_at_ms)) {
        return Some("settling_in");
    }
    let n_within = |span_ms: i64| heard.iter().filter(|heard| is_within(span_ms, heard.at_ms)).count();
    let is_reached = |n: usize, n_max: u32| n_max as usize <= n;
    if is_reached(n_within(DAY), rules.per_24h_max) {
        return Some("cap_24h");
    }
    // Each counts in the day that it was where it was heard.
    let today = civil_day(tz, now_ms);
    let is_today = |heard: &&Heard| civil_day(heard.tz.unwrap_or(tz), heard.at_ms) == today;
    if is_reached(heard.iter().filter(is_today).count(), rules.per_civil_day_max) {
        return Some("cap_civil_day");
    }
    if is_reached(n_within(7 * DAY), rules.per_7d_max) {
        return Some("cap_7d");
    }
    if is_reached(n_within(30 * DAY), rules.per_30d_max) {
        return Some("cap_30d");
    }
    None
}

/// Whether this visit was told this offer before.
pub(crate) fn was_told(candidate: &Candidate, heard: &[Heard]) -> bool {
    heard.iter().any(|heard| heard.said == candidate.said)
}
