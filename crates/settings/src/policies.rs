//! The policies of the rooms, key by key, each within the bounds where it has a meaning.

use model::{Meters, Millis};
use notifier::{DailyHours, NotifierPolicy};
use presence::PresencePolicy;

use crate::section::Section;

pub(crate) fn read_presence(section: &Section<'_>) -> PresencePolicy {
    let default = PresencePolicy::default();
    let (sec, min, hour, day) =
        (Millis::from_secs(1), Millis::from_mins(1), Millis::from_hours(1), Millis::from_days(1));
    let meters = |key, within, default: Meters| Meters(section.number(key, within, default.0));
    let policy = PresencePolicy {
        future_max: section.span("future_max", Millis::ZERO..=hour, default.future_max),
        fresh_max: section.span("fresh_max", sec..=day, default.fresh_max),
        stale_max: section.span("stale_max", min..=Millis::from_days(7), default.stale_max),
        jump_mps: section.number("jump_mps", 1.0..=1_000.0, default.jump_mps),
        accuracy_trigger_max: meters("accuracy_trigger_max_m", 1.0..=5_000.0, default.accuracy_trigger_max),
        accuracy_decides_max: meters("accuracy_decides_max_m", 1.0..=5_000.0, default.accuracy_decides_max),
        dwell: section.span("dwell", sec..=day, default.dwell),
        dwell_depth: section.number("dwell_depth", 0.0..=2.0, default.dwell_depth),
        still_max: section.span("still_max", sec..=day, default.still_max),
        exit_margin: meters("exit_margin_m", 0.0..=1_000.0, default.exit_margin),
        exit_accuracy_max: meters("exit_accuracy_max_m", 0.0..=1_000.0, default.exit_accuracy_max),
        silence_max: section.span("silence_max", min..=Millis::from_days(7), default.silence_max),
        crossings: section.flag("crossings", default.crossings),
        visits_max: section.count("visits_max", 1..=4_096, default.visits_max),
    };
    if policy.stale_max < policy.fresh_max {
        let reason = format!("is {}, more than stale_max ({})", policy.fresh_max, policy.stale_max);
        section.wrong("fresh_max", section.bytes_of("fresh_max"), reason, None);
    }
    if policy.silence_max <= policy.dwell {
        let reason =
            format!("is {}, and no visit lasts so long: silence_max is {}", policy.dwell, policy.silence_max);
        section.wrong("dwell", section.bytes_of("dwell"), reason, None);
    }
    policy
}

/// Most offers that any window may be set to allow; a person who wants more does not exist.
const CAP_MAX: u32 = 1_000;

pub(crate) fn read_notifier(section: &Section<'_>) -> NotifierPolicy {
    let default = NotifierPolicy::default();
    let (sec, day) = (Millis::from_secs(1), Millis::from_days(1));
    let cap = |key, default| section.count(key, 0..=CAP_MAX, default);
    let speed = |key, default: f32| section.number(key, 0.0..=100.0, f64::from(default)) as f32;
    let policy = NotifierPolicy {
        per_24h_max: cap("per_24h_max", default.per_24h_max),
        per_7d_max: cap("per_7d_max", default.per_7d_max),
        per_30d_max: cap("per_30d_max", default.per_30d_max),
        per_civil_day_max: cap("per_civil_day_max", default.per_civil_day_max),
        fence_cooldown: section.span(
            "fence_cooldown",
            Millis::ZERO..=Millis::from_days(366),
            default.fence_cooldown,
        ),
        rest: section.span("rest", Millis::ZERO..=Millis::from_days(30), default.rest),
        settle_in: section.span("settle_in", Millis::ZERO..=Millis::from_days(30), default.settle_in),
        hours: section.read("hours", read_hours).map_or(default.hours, |hours| hours.value),
        enter_speed_max_mps: speed("enter_speed_max_mps", default.enter_speed_max_mps),
        speed_max_mps: speed("speed_max_mps", default.speed_max_mps),
        decide_within: section.span("decide_within", sec..=Millis::from_mins(15), default.decide_within),
    };
    if policy.speed_max_mps < policy.enter_speed_max_mps {
        let reason = format!("is {}, above speed_max_mps", policy.enter_speed_max_mps);
        section.wrong("enter_speed_max_mps", section.bytes_of("enter_speed_max_mps"), reason, None);
    }
    if day < policy.rest && 1 < policy.per_24h_max {
        let reason = format!("is {}, which {} of rest never allow", policy.per_24h_max, policy.rest);
        section.wrong("per_24h_max", section.bytes_of("per_24h_max"), reason, None);
    }
    policy
}

/// Hours from `09:00-20:00`; the second may be the smaller one, and reaches into the next day.
fn read_hours(text: &str) -> Result<DailyHours, String> {
    let minute = |clock: &str| {
        let (hour, minute) = clock.trim().split_once(':')?;
        let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !two_digits(hour) || !two_digits(minute) {
            return None;
        }
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60).then_some(hour * 60 + minute)
    };
    let ends = text.split_once('-').and_then(|(from, until)| Some((minute(from)?, minute(until)?)));
    let (from, until) =
        ends.ok_or_else(|| format!("is {text:?}; it must be hours such as \"09:00-20:00\""))?;
    if from == until {
        return Err(
            "begins when it ends, which could be never or always; always is \"00:00-24:00\"".to_owned()
        );
    }
    DailyHours::new(from, until).ok_or_else(|| format!("is {text:?}; a day goes from 00:00 to 24:00"))
}
