//! The rules, each in its order: what fails now, and from when on nothing would.

pub(crate) mod caps;
pub(crate) mod cooldowns;
pub(crate) mod fitness;
pub(crate) mod hours;

use model::Timestamp;

use crate::budget;
use crate::case::Case;
use crate::clocks::Clocks;
use crate::{Reckoning, Suppression};

/// Every rule that fails up to the budget, in order.
pub(crate) fn failed(
    case: &Case<'_>,
    reckoning: &Reckoning,
    clocks: &mut Clocks,
    now: Timestamp,
) -> Vec<Suppression> {
    let mut failed = Vec::new();
    fitness::failed(case, now, &mut failed);
    hours::failed(case, clocks, now, &mut failed);
    cooldowns::failed(case, now, &mut failed);
    caps::failed(case, clocks, now, &mut failed);
    failed.extend(budget::failed(case.policy, reckoning));
    failed.sort_unstable();
    failed.dedup();
    failed
}
