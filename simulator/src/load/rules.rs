//! The rules of a server that runs with `config/load.toml`, for the oracle.

use oracle::{Budget, Caps, Rests, Rules};

/// As shipped, except for what that file turns off.
pub(crate) fn of_load() -> Rules {
    const OFTEN: u32 = 1_000;
    const WHOLE_DAY: (u16, u16) = (0, 24 * 60);
    Rules {
        caps: Caps {
            push_24h: OFTEN,
            push_civil_day: OFTEN,
            push_7d: OFTEN,
            push_7d_favourite: OFTEN,
            push_30d: OFTEN,
            push_30d_favourite: OFTEN,
            all_7d: OFTEN,
            sms_7d: OFTEN,
            sms_30d: OFTEN,
        },
        rests: Rests {
            fence_ms: 0,
            favourite_fence_ms: 0,
            offer_ms: 0,
            offer_ever_max: OFTEN,
            merchant_ms: 0,
            between_ms: 0,
            settle_in_ms: 0,
        },
        hours: WHOLE_DAY,
        budget: Budget { enforced: false, ..Budget::default() },
        gather_ms: 0,
        ..Rules::default()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use engine::Policy;

    use super::*;
    use crate::world::numbers;

    #[test]
    fn the_judge_goes_by_the_rules_of_the_shipped_file() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/load.toml");
        let settings = settings::load(&file).expect("the shipped file is sound");
        let policy = Policy {
            presence: settings.presence,
            notifier: settings.notifier,
            mode: settings.offers.mode,
            ..Policy::default()
        };
        assert_eq!(of_load(), numbers::rules(&policy, &|_| None));
        assert_eq!(
            Rules::default(),
            numbers::rules(&Policy::default(), &|_| None),
            "and so are those of all others"
        );
    }
}
