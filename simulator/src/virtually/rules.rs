//! Rules drawn from a seed: sometimes the documented ones, mostly talkative ones.

use engine::{ClockSource, Policy};
use model::{Meters, Millis};
use notifier::{AnswerPolicy, Budget, Caps, Cooldowns, Costs, DailyHours, NotifierPolicy, Speeds};
use offers::Mode;
use presence::PresencePolicy;

use super::chance::Chance;

/// Hours of every day by minutes of the day.
type Hours = (u16, u16);

const ALWAYS: Hours = (0, 1_440);

/// Draws what an operator might have written into the settings.
pub(crate) fn draw(chance: &mut Chance) -> Policy {
    let mode = if chance.per_mille(60) { chance.of_list(&[Mode::Shadow, Mode::Observe]) } else { Mode::Live };
    let policy = Policy { clock: clock(chance), mode, ..Policy::default() };
    let (notifier, presence, hours) = match chance.below(8) {
        0 => return policy,
        1 => (notifier(chance), policy.presence, hours(chance)),
        _ => {
            (talkative(chance), presence(chance), if chance.per_mille(600) { ALWAYS } else { hours(chance) })
        }
    };
    let hours = DailyHours::new(hours.0, hours.1).expect("every span is one of a day");
    Policy { notifier: NotifierPolicy { hours, ..notifier }, presence, ..policy }
}

fn clock(chance: &mut Chance) -> ClockSource {
    if chance.per_mille(120) { ClockSource::Fixes } else { ClockSource::Caller }
}

fn hours(chance: &mut Chance) -> Hours {
    let documented = (540, 1_200);
    let spans = [documented, (150, 1_200), (90, 1_200), (135, 1_200), (0, 600), (1_320, 120), (480, 1_439)];
    chance.of_list(&spans)
}

/// Any number may be anything, nought included.
fn notifier(chance: &mut Chance) -> NotifierPolicy {
    NotifierPolicy {
        caps: Caps {
            per_24h_max: chance.of_list(&[0, 1, 2, 3]),
            per_7d_max: chance.of_list(&[0, 1, 2, 5]),
            per_7d_favourite_max: chance.of_list(&[0, 3, 6]),
            per_30d_max: chance.of_list(&[0, 2, 6]),
            per_30d_favourite_max: chance.of_list(&[1, 8]),
            per_civil_day_max: chance.of_list(&[0, 1, 2]),
            all_channels_per_7d_max: chance.of_list(&[0, 2, 9]),
            sms_per_7d_max: chance.of_list(&[0, 1, 3]),
            sms_per_30d_max: chance.of_list(&[1, 2]),
        },
        cooldowns: Cooldowns {
            fence: Millis::from_hours(chance.of_list(&[0, 1, 24, 144, 1_000])),
            favourite_fence: Millis::from_hours(chance.of_list(&[0, 1, 72])),
            offer: Millis::from_hours(chance.of_list(&[0, 1, 24, 720])),
            offer_ever_max: chance.of_list(&[0, 1, 2, 1_000]),
            merchant: Millis::from_hours(chance.of_list(&[0, 1, 72])),
            rest: Millis::from_mins(chance.of_list(&[0, 10, 240])),
            settle_in: Millis::from_hours(chance.of_list(&[0, 1, 24])),
        },
        speeds: Speeds {
            enter_max_mm_s: chance.of_list(&[0, 1_000, 2_500]),
            max_mm_s: chance.of_list(&[1_000, 7_000]),
            ..Speeds::default()
        },
        budget: budget(chance),
        decide_within: Millis::from_secs(chance.of_list(&[0, 30])),
        gather: Millis::from_secs(chance.of_list(&[0, 20, 25])),
        ..NotifierPolicy::default()
    }
}

/// So that offers are many and every rule still has its turn.
fn talkative(chance: &mut Chance) -> NotifierPolicy {
    let most = |chance: &mut Chance| chance.of_list(&[3, 8, 20, 200]);
    NotifierPolicy {
        caps: Caps {
            per_24h_max: chance.of_list(&[2, 4, 9, 50]),
            per_7d_max: most(chance),
            per_7d_favourite_max: most(chance),
            per_30d_max: chance.of_list(&[5, 15, 500]),
            per_30d_favourite_max: chance.of_list(&[8, 500]),
            per_civil_day_max: chance.of_list(&[2, 5, 50]),
            all_channels_per_7d_max: most(chance),
            sms_per_7d_max: chance.of_list(&[1, 5]),
            sms_per_30d_max: chance.of_list(&[2, 50]),
        },
        cooldowns: Cooldowns {
            fence: Millis::from_mins(chance.of_list(&[0, 20, 60, 600])),
            favourite_fence: Millis::from_mins(chance.of_list(&[0, 5, 60])),
            offer: Millis::from_mins(chance.of_list(&[0, 0, 30, 600])),
            offer_ever_max: chance.of_list(&[2, 5, 1_000, 1_000]),
            merchant: Millis::from_mins(chance.of_list(&[0, 0, 10, 200])),
            rest: Millis::from_mins(chance.of_list(&[0, 0, 2, 20])),
            settle_in: Millis::from_mins(chance.of_list(&[0, 0, 0, 60])),
        },
        speeds: Speeds {
            enter_max_mm_s: chance.of_list(&[2_500, 20_000]),
            max_mm_s: chance.of_list(&[7_000, 50_000]),
            ..Speeds::default()
        },
        budget: budget(chance),
        costs: Costs { many_fences: chance.of_list(&[3, 15]), ..Costs::default() },
        answers: answers(chance),
        gather: Millis::from_secs(chance.of_list(&[0, 0, 20, 20, 45])),
        decide_within: Millis::from_secs(chance.of_list(&[1, 30, 60, 60, 600])),
        key: format!("key {}", chance.below(3)).into(),
        ..NotifierPolicy::default()
    }
}

fn budget(chance: &mut Chance) -> Budget {
    Budget {
        enforced: chance.per_mille(750),
        half_life: Millis::from_mins(chance.of_list(&[10, 60, 600, 72 * 60])),
        limit_milli: chance.of_list(&[45_000, 60_000, 60_000, 80_000]),
        ..Budget::default()
    }
}

/// Short enough that what they silence speaks again within a story.
fn answers(chance: &mut Chance) -> AnswerPolicy {
    let documented = AnswerPolicy::default();
    if chance.per_mille(300) {
        return documented;
    }
    let mins = |chance: &mut Chance| Millis::from_mins(chance.of_list(&[1, 10, 60, 600]));
    AnswerPolicy {
        redeemed_silence: mins(chance),
        dismissed_fast: Millis::from_secs(chance.of_list(&[10, 600])),
        dismissed_silence: mins(chance),
        too_often: notifier::Complaint { silence: mins(chance), ..documented.too_often },
        too_often_halves: Millis::from_mins(chance.of_list(&[30, 6_000])),
        creepy: notifier::Complaint { silence: mins(chance), ..documented.creepy },
        creepy_fence: mins(chance),
        creepy_merchant: mins(chance),
        ignored_after: Millis::from_mins(chance.of_list(&[5, 60, 24 * 60])),
        ignored_in_a_row: chance.of_list(&[1, 2, 3]),
        ..documented
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
