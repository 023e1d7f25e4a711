//! Rules drawn from a seed: sometimes the documented ones, mostly talkative ones.

use engine::{ClockSource, Policy};
use model::{Meters, Millis};
use notifier::{DailyHours, NotifierPolicy};
use presence::PresencePolicy;

use super::chance::Chance;

/// Hours of every day by minutes of the day, as the judge is told them.
pub(crate) type Hours = (u16, u16);

/// Nine to eight, as documented.
pub(crate) const DOCUMENTED_HOURS: Hours = (540, 1_200);

const ALWAYS: Hours = (0, 1_440);

/// Draws what an operator might have written into the settings.
pub(crate) fn draw(chance: &mut Chance) -> (Policy, Hours) {
    let policy = Policy { clock: clock(chance), ..Policy::default() };
    let (notifier, presence, hours) = match chance.below(8) {
        0 => return (policy, DOCUMENTED_HOURS),
        1 => (notifier(chance), policy.presence, hours(chance)),
        _ => {
            (talkative(chance), presence(chance), if chance.per_mille(600) { ALWAYS } else { hours(chance) })
        }
    };
    let daily = DailyHours::new(hours.0, hours.1).expect("every span is one of a day");
    (Policy { notifier: NotifierPolicy { hours: daily, ..notifier }, presence, ..policy }, hours)
}

fn clock(chance: &mut Chance) -> ClockSource {
    if chance.per_mille(120) { ClockSource::Fixes } else { ClockSource::Caller }
}

fn hours(chance: &mut Chance) -> Hours {
    let spans =
        [DOCUMENTED_HOURS, (150, 1_200), (90, 1_200), (135, 1_200), (0, 600), (1_320, 120), (480, 1_439)];
    chance.of_list(&spans)
}

/// Any number may be anything, nought included.
fn notifier(chance: &mut Chance) -> NotifierPolicy {
    NotifierPolicy {
        per_24h_max: chance.of_list(&[0, 1, 2, 3]),
        per_7d_max: chance.of_list(&[0, 1, 2, 5]),
        per_30d_max: chance.of_list(&[0, 2, 6]),
        per_civil_day_max: chance.of_list(&[0, 1, 2]),
        fence_cooldown: Millis::from_hours(chance.of_list(&[0, 1, 24, 144, 1_000])),
        rest: Millis::from_mins(chance.of_list(&[0, 10, 240])),
        settle_in: Millis::from_hours(chance.of_list(&[0, 1, 24])),
        enter_speed_max_mps: chance.of_list(&[0.0, 1.0, 2.5]),
        speed_max_mps: chance.of_list(&[1.0, 7.0]),
        decide_within: Millis::from_secs(chance.of_list(&[0, 30])),
        ..NotifierPolicy::default()
    }
}

/// So that offers are many and every rule still has its turn.
fn talkative(chance: &mut Chance) -> NotifierPolicy {
    NotifierPolicy {
        per_24h_max: chance.of_list(&[2, 4, 9, 50]),
        per_7d_max: chance.of_list(&[3, 8, 20, 200]),
        per_30d_max: chance.of_list(&[5, 15, 500]),
        per_civil_day_max: chance.of_list(&[2, 5, 50]),
        fence_cooldown: Millis::from_mins(chance.of_list(&[0, 20, 60, 600])),
        rest: Millis::from_mins(chance.of_list(&[0, 0, 2, 20])),
        settle_in: Millis::from_mins(chance.of_list(&[0, 0, 0, 60])),
        enter_speed_max_mps: chance.of_list(&[2.5, 20.0]),
        speed_max_mps: chance.of_list(&[7.0, 50.0]),
        decide_within: Millis::from_secs(chance.of_list(&[1, 30, 30])),
        ..NotifierPolicy::default()
    }
}

fn presence(chance: &mut Chance) -> PresencePolicy {
    PresencePolicy {
        dwell: Millis::from_secs(chance.of_list(&[20, 60, 180, 180, 600])),
        silence_max: Millis::from_mins(chance.of_list(&[10, 60, 60])),
        still_max: Millis::from_mins(chance.of_list(&[5, 30])),
        exit_margin: Meters(chance.of_list(&[0.0, 20.0, 20.0, 50.0])),
        exit_accuracy_max: Meters(chance.of_list(&[10.0, 50.0])),
        accuracy_decides_max: Meters(chance.of_list(&[30.0, 100.0, 100.0])),
        accuracy_trigger_max: Meters(chance.of_list(&[40.0, 200.0])),
        fresh_max: Millis::from_mins(chance.of_list(&[2, 10, 10])),
        stale_max: Millis::from_mins(chance.of_list(&[30, 360, 360])),
        future_max: Millis::from_secs(chance.of_list(&[0, 60, 60])),
        jump_mps: chance.of_list(&[30.0, 100.0, 100.0]),
        crossings: chance.per_mille(300),
        // Fewer, and which fences are entered would hang on the numbers that edits gave them.
        visits_max: 64,
        dwell_depth: chance.of_list(&[0.0, 0.4, 0.4, 1.0]),
    }
}
