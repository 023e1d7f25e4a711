//! The policies of the rooms, key by key, each within the bounds where it has a meaning.

mod notifier;

use model::{Meters, Millis};
use presence::PresencePolicy;

use crate::section::Section;

pub(crate) use notifier::read_notifier;

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
