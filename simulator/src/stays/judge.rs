//! Which dwells were right, which stays were found, and what the wrong ones come from.

use std::ops::Range;

use serde::Serialize;

use crate::stays::people::Stay;
use crate::stays::rules::{DWELL_MS, Told};

/// So long after somebody has left, a dwell that is told still counts as told in time.
pub(super) const GRACE_MS: i64 = 60_000;
/// So long afterwards a dwell is of the stay that was, and later of none.
const AFTERWARDS_MS: i64 = 15 * 60_000;

/// What a rule came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Score {
    /// Dwells that it told.
    pub(crate) told: u64,
    /// Of those, within a true stay of three minutes or more, or up to a minute after its end.
    pub(crate) right: u64,
    /// Of a true stay that had been told before.
    pub(crate) again: u64,
    /// Within a true stay of less than three minutes, or up to a minute after its end.
    pub(crate) short: u64,
    /// Of a true stay that had ended one to fifteen minutes before.
    pub(crate) afterwards: u64,
    /// Of somebody who was outside.
    pub(crate) outside: u64,
    /// True stays of three minutes or more while fixes were taken.
    pub(crate) stays: u64,
    /// Of those, the ones that were told.
    pub(crate) found: u64,
}

impl Score {
    /// The share of dwells that were right; nothing when none was told.
    pub(crate) fn precision(&self) -> Option<f64> {
        (0 < self.told).then(|| self.right as f64 / self.told as f64)
    }

    /// The share of stays that were told; nothing when there was none.
    pub(crate) fn recall(&self) -> Option<f64> {
        (0 < self.stays).then(|| self.found as f64 / self.stays as f64)
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.told += other.told;
        self.right += other.right;
        self.again += other.again;
        self.short += other.short;
        self.afterwards += other.afterwards;
        self.outside += other.outside;
        self.stays += other.stays;
        self.found += other.found;
    }
}

/// Compares what was told of one person with where they truly stayed while fixes were taken.
pub(super) fn judge(told: &[Told], stays: &[Stay], seen_ms: &Range<i64>) -> Score {
    let mut score = Score { told: told.len() as u64, ..Score::default() };
    let mut is_found = vec![false; stays.len()];
    for dwell in told {
        let ago = |stay: &Stay| dwell.at_ms - stay.left_ms;
        let before = |stay: &Stay| stay.fence == dwell.fence && stay.entered_ms <= dwell.at_ms;
        let last = |pick: &dyn Fn(&Stay) -> bool| {
            (0..stays.len())
                .filter(|&no| before(&stays[no]) && pick(&stays[no]))
                .max_by_key(|&no| stays[no].left_ms)
        };
        if let Some(no) = last(&|stay| ago(stay) <= GRACE_MS && is_long(stay)) {
            if is_found[no] {
                score.again += 1;
            } else {
                score.right += 1;
                is_found[no] = true;
            }
        } else if last(&|stay| ago(stay) <= GRACE_MS).is_some() {
            score.short += 1;
        } else if last(&|stay| ago(stay) <= AFTERWARDS_MS && is_long(stay)).is_some() {
            score.afterwards += 1;
        } else {
            score.outside += 1;
        }
    }
    for (stay, is_found) in stays.iter().zip(is_found) {
        if DWELL_MS <= stay.left_ms.min(seen_ms.end) - stay.entered_ms.max(seen_ms.start) {
            score.stays += 1;
            score.found += u64::from(is_found);
        }
    }
    score
}

const fn is_long(stay: &Stay) -> bool {
    DWELL_MS <= stay.left_ms - stay.entered_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    /// Stays and dwells in minutes, of one fence.
    fn check(stays: &[(i64, i64)], told: &[i64]) -> Score {
        let stay =
            |&(from, to): &(i64, i64)| Stay { fence: 0, entered_ms: from * MINUTE, left_ms: to * MINUTE };
        let stays: Vec<Stay> = stays.iter().map(stay).collect();
        let told: Vec<Told> = told.iter().map(|at| Told { fence: 0, at_ms: at * MINUTE }).collect();
        judge(&told, &stays, &(0..240 * MINUTE))
    }

    #[test]
    fn a_dwell_within_a_long_stay_or_a_minute_after_is_right() {
        for at in [10, 13, 20, 21] {
            let score = check(&[(10, 20)], &[at]);
            assert_eq!((score.right, score.found, score.told), (1, 1, 1), "{at}");
        }
    }

    #[test]
    fn every_wrong_dwell_has_one_cause() {
        assert_eq!(check(&[(10, 20)], &[13, 18]).again, 1);
        assert_eq!(check(&[(10, 12)], &[12]).short, 1);
        assert_eq!(check(&[(10, 20)], &[22]).afterwards, 1);
        for at in [9, 36] {
            assert_eq!(check(&[(10, 20)], &[at]).outside, 1, "{at}");
        }
        let all = check(&[(10, 20), (30, 32), (50, 60)], &[5, 13, 18, 32, 55, 63, 100]);
        assert_eq!(all.told, all.right + all.again + all.short + all.afterwards + all.outside);
        assert_eq!((all.right, all.found, all.stays), (2, 2, 2));
    }

    #[test]
    fn a_stay_counts_when_three_minutes_of_it_were_seen() {
        assert_eq!(check(&[(-10, 2), (4, 7), (238, 250)], &[]).stays, 1);
        assert_eq!(check(&[(-10, 3), (237, 250)], &[]).stays, 2);
    }

    #[test]
    fn another_fence_is_not_this_one() {
        let stay = Stay { fence: 1, entered_ms: 0, left_ms: 600_000 };
        let score = judge(&[Told { fence: 0, at_ms: 300_000 }], &[stay], &(0..900_000));
        assert_eq!((score.outside, score.found), (1, 0));
    }
}
