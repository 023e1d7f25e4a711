//! The intrusiveness budget: pressure that wears off, and what an offer adds to it.
//!
//! An offer may go only if pressure and cost together stay within the limit. Points are whole;
//! pressure and limits are in thousandths of a point.

pub(crate) mod cost;
pub(crate) mod decay;
pub(crate) mod pressure;

use model::Timestamp;

use crate::answers;
use crate::case::Case;
use crate::clocks::Clocks;
use crate::{NotifierPolicy, Reckoning, Suppression};

/// Whether it is more than the customer bears.
pub(crate) fn failed(policy: &NotifierPolicy, reckoning: &Reckoning) -> Option<Suppression> {
    let after_milli = reckoning.pressure_milli + milli(reckoning.cost.points()).cast_unsigned();
    let is_too_much = u64::from(reckoning.limit_milli) < after_milli;
    (policy.budget.enforced && is_too_much).then_some(Suppression::Budget)
}

/// What the customer bears at an instant, when all that is ignored by then has been counted.
pub(crate) fn limit_at(case: &Case<'_>, at: Timestamp) -> i64 {
    answers::limit_milli(case.policy, case.life.heard, case.life.tolerance, at)
}

/// Costs and limits change a few times a day; more pieces than a month has are not looked through.
const N_PIECES_MAX: usize = 1_000;

/// The first instant from one on at which there is room, if nothing more is heard.
///
/// Pressure only falls, except where points that feedback took away wear off: those never gain,
/// so an instant that has no room with what is taken away now has none later on before the rest
/// has fallen. The cost changes with the hours and with what is forgotten: it is followed piece by
/// piece, from the first instant at which the least that it may become would fit.
pub(crate) fn free_from(case: &Case<'_>, clocks: &mut Clocks, at: Timestamp) -> Option<Timestamp> {
    if !case.policy.budget.enforced {
        return Some(at);
    }
    let mut at = at;
    for _ in 0..N_PIECES_MAX {
        let (cost, limit_milli) = (cost::of(case, clocks, at), limit_at(case, at));
        // Below nought there is never room, since pressure never is.
        let room_milli = limit_milli - milli(cost.points());
        if pressure::at(case, at) <= room_milli {
            return Some(at);
        }
        let most_room_milli = limit_milli - milli(cost.least_points(case.policy.costs.floor));
        let fits_at = pressure::first_within(case, most_room_milli, at)?;
        if at < fits_at {
            at = fits_at;
            continue;
        }
        let changes_at = next_change(case, clocks, at);
        at = match (pressure::first_within(case, room_milli, at), changes_at) {
            (Some(fits_at), Some(changes_at)) => fits_at.min(changes_at),
            (Some(next_at), None) | (None, Some(next_at)) => next_at,
            (None, None) => return None,
        };
    }
    None
}

/// The next instant after one at which cost or limit may be another.
fn next_change(case: &Case<'_>, clocks: &mut Clocks, at: Timestamp) -> Option<Timestamp> {
    let of_cost = cost::changes(case).chain(cost::hour_changes_at(case, clocks, at));
    let ignored_after = case.policy.answers.ignored_after;
    let of_limit = case.life.heard.iter().map(|heard| heard.at + ignored_after);
    of_cost.chain(of_limit).filter(|change| at < *change).min()
}

const fn milli(points: u16) -> i64 {
    points as i64 * 1_000
}
