//! The rules of a server that runs with `config/load.toml`, for the oracle.

use oracle::Rules;

/// As shipped, except for what that file turns off.
pub(crate) fn of_load() -> Rules {
    const OFTEN: u32 = 1_000;
    const WHOLE_DAY: (u16, u16) = (0, 24 * 60);
    Rules {
        per_24h_max: OFTEN,
        per_7d_max: OFTEN,
        per_30d_max: OFTEN,
        per_civil_day_max: OFTEN,
        fence_cooldown_ms: 0,
        rest_ms: 0,
        settle_in_ms: 0,
        hours: WHOLE_DAY,
        ..Rules::default()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_judge_goes_by_the_rules_of_the_shipped_file() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/load.toml");
        let settings = settings::load(&file).expect("the shipped file is sound");
        let notifier = settings.notifier;
        let rules = of_load();
        let caps =
            (notifier.per_24h_max, notifier.per_7d_max, notifier.per_30d_max, notifier.per_civil_day_max);
        assert_eq!(caps, (rules.per_24h_max, rules.per_7d_max, rules.per_30d_max, rules.per_civil_day_max));
        assert_eq!(notifier.fence_cooldown.ms(), rules.fence_cooldown_ms);
        assert_eq!(notifier.rest.ms(), rules.rest_ms);
        assert_eq!(notifier.settle_in.ms(), rules.settle_in_ms);
        assert_eq!(f64::from(notifier.enter_speed_max_mps), rules.enter_speed_max_mps);
        assert_eq!(f64::from(notifier.speed_max_mps), rules.speed_max_mps);
        assert_eq!(settings.presence.jump_mps, rules.jump_mps);
        assert_eq!(settings.presence.dwell.ms(), rules.dwell_ms);
        assert_eq!(settings.presence.fresh_max.ms(), rules.fresh_max_ms);
    }
}
