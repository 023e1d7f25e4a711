//! One decision: every rule for every candidate, then the one that wins.

use model::{CustomerId, Standing, Timestamp};

use crate::arbitration::Rank;
use crate::budget::{self, cost, pressure};
use crate::case::Case;
use crate::clocks::Clocks;
use crate::people::Life;
use crate::rules::{self, caps};
use crate::{
    Candidate, NotifierPolicy, Reckoning, Ruling, Suppressed, Suppression, Verdict, holdout, next_possible,
};

/// What all candidates of a decision have in common.
pub(crate) struct Bench<'a> {
    pub(crate) policy: &'a NotifierPolicy,
    pub(crate) life: Life<'a>,
    pub(crate) name: &'a CustomerId,
}

/// A candidate that was judged by itself.
struct Judged {
    reckoning: Reckoning,
    /// How it passed, or why not.
    passed: Result<Passed, Suppressed>,
}

#[derive(Clone, Copy)]
struct Passed {
    rank: Rank,
    standing: Standing,
    /// An operator only looks on: it takes the place of none that may go out.
    only_looks_on: bool,
}

pub(crate) fn decide(
    bench: &Bench<'_>,
    clocks: &mut Clocks,
    candidates: &[Candidate<'_>],
    now: Timestamp,
) -> Vec<Verdict> {
    let judged: Vec<Judged> =
        candidates.iter().map(|candidate| judge(bench, clocks, candidate, now)).collect();
    let passed: Vec<Passed> =
        judged.iter().filter_map(|judged| judged.passed.as_ref().ok().copied()).collect();
    let ruled = judged.into_iter().map(|Judged { reckoning, passed: own }| {
        let ruling = match own {
            Err(suppressed) => Ruling::Suppressed(suppressed),
            Ok(own) if loses(&own, &passed, &bench.policy.key) => {
                Ruling::Suppressed(Suppressed::by(Suppression::LostArbitration))
            }
            Ok(own) if own.standing == Standing::Sent => Ruling::Goes,
            Ok(own) => Ruling::Unsaid(own.standing),
        };
        Verdict { ruling, reckoning }
    });
    ruled.collect()
}

fn judge(bench: &Bench<'_>, clocks: &mut Clocks, candidate: &Candidate<'_>, now: Timestamp) -> Judged {
    let &Bench { policy, life, name } = bench;
    let terms = &candidate.terms;
    let is_held_out =
        holdout::is_held_out(&policy.key, &candidate.occasion.offer, name, terms.holdout_permille);
    let case = Case::new(policy, life, candidate, is_held_out);
    let reckoning = reckon(&case, clocks, now);
    let failed = rules::failed(&case, &reckoning, clocks, now);
    let passed = if failed.is_empty() {
        let rank = Rank::of(&case, reckoning.cost.points(), now);
        let standing = if is_held_out { Standing::HeldOut } else { terms.standing };
        Ok(Passed { rank, standing, only_looks_on: terms.standing != Standing::Sent })
    } else {
        let next_possible_at = next_possible::at(&case, clocks, &failed, now);
        Err(Suppressed::new(failed, next_possible_at))
    };
    Judged { reckoning, passed }
}

fn reckon(case: &Case<'_>, clocks: &mut Clocks, now: Timestamp) -> Reckoning {
    let [push_24h, push_7d, push_30d] = caps::of_push(case).map(|cap| cap.count(case, now));
    Reckoning {
        cost: cost::of(case, clocks, now),
        pressure_milli: pressure::at(case, now).cast_unsigned(),
        limit_milli: budget::limit_at(case, now) as u32,
        push_24h,
        push_7d,
        push_30d,
        favourite: case.favourite,
    }
}

fn loses(own: &Passed, passed: &[Passed], key: &str) -> bool {
    let rivals = passed.iter().filter(|rival| own.only_looks_on || !rival.only_looks_on);
    rivals.into_iter().any(|rival| rival.rank.compare(&own.rank, key).is_lt())
}
