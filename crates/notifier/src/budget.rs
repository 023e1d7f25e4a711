//! The intrusiveness budget: pressure that wears off, and what an offer adds to it.
//!
//! An offer may go only if pressure and cost together stay within the limit. Points are whole;
//! pressure and limits are in thousandths of a point.

pub(crate) mod cost;
pub(crate) mod decay;
pub(crate) mod pressure;

use model::Timestamp;

use crate::Suppression;
use crate::answers;
use crate::case::Case;
use crate::clocks::Clocks;

/// What counts against what a customer bears, at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Balance {
    cost_milli: i64,
    limit_milli: i64,
}

impl Balance {
    fn at(case: &Case<'_>, clocks: &mut Clocks, at: Timestamp) -> Self {
        Self { cost_milli: milli(cost::of(case, clocks, at).points()), limit_milli: limit_at(case, at) }
    }

    /// The most pressure that leaves room for it; below nought there never is.
    const fn room_milli(self) -> i64 {
        self.limit_milli - self.cost_milli
    }
}

/// Whether it is more than the customer bears.
pub(crate) fn failed(case: &Case<'_>, clocks: &mut Clocks, now: Timestamp) -> Option<Suppression> {
    (case.policy.budget.enforced && !has_room(case, clocks, now)).then_some(Suppression::Budget)
}

/// What the customer bears at an instant, when all that is ignored by then has been counted.
pub(crate) fn limit_at(case: &Case<'_>, at: Timestamp) -> i64 {
    answers::limit_milli(case.policy, case.life.heard, case.life.tolerance, at)
}

fn has_room(case: &Case<'_>, clocks: &mut Clocks, at: Timestamp) -> bool {
    pressure::at(case, at) <= Balance::at(case, clocks, at).room_milli()
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
        let least = Balance {
            cost_milli: milli(cost::of(case, clocks, at).least_points(case.policy.costs.floor)),
            limit_milli: limit_at(case, at),
        };
        let fits_at = pressure::first_within(case, least.room_milli(), at)?;
        if at < fits_at {
            at = fits_at;
            continue;
        }
        if has_room(case, clocks, at) {
            return Some(at);
        }
        let room_milli = Balance::at(case, clocks, at).room_milli();
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
