//! The pressure that somebody is under, and when it will have fallen.

use model::{Heard, Millis, Timestamp};

use crate::budget::decay;
use crate::case::Case;

/// What is left of what was said and of what feedback added or took away, in thousandths.
pub(crate) fn at(case: &Case<'_>, at: Timestamp) -> i64 {
    (added(case, at) - taken(case, at)).max(0)
}

/// What is left of one that was heard.
pub(crate) fn of_one(heard: &Heard, half_life: Millis, at: Timestamp) -> i64 {
    decay::rounded_up(u64::from(heard.cost) * 1_000, half_life, at.since(heard.at)).cast_signed()
}

/// What is left of a nudge: like pressure, of relief the part below a thousandth is lost.
pub(crate) fn nudged((milli, since): (i64, Timestamp), half_life: Millis, at: Timestamp) -> i64 {
    let passed = at.since(since);
    if milli < 0 {
        return -decay::rounded_down(milli.unsigned_abs(), half_life, passed).cast_signed();
    }
    decay::rounded_up(milli.unsigned_abs(), half_life, passed).cast_signed()
}

/// The part that only falls.
fn added(case: &Case<'_>, at: Timestamp) -> i64 {
    let half_life = case.policy.budget.half_life;
    let of_heard: i64 = case.counted(at).map(|(heard, _)| of_one(heard, half_life, at)).sum();
    of_heard + nudge_of(case, at).max(0)
}

/// Relief by feedback, which only falls, too.
fn taken(case: &Case<'_>, at: Timestamp) -> i64 {
    -nudge_of(case, at).min(0)
}

fn nudge_of(case: &Case<'_>, at: Timestamp) -> i64 {
    let tolerance = case.life.tolerance;
    nudged((tolerance.nudge_milli, tolerance.nudge_at), case.policy.budget.half_life, at)
}

/// The first instant from one on at which what was added, less the relief of that one, is within a room.
///
/// All of it wears off alike, so that the instant is known but for a step or two; from there on the
/// falls are followed one by one. Some 0.3 us; a search by halves took 1 us.
pub(crate) fn first_within(case: &Case<'_>, room_milli: i64, from: Timestamp) -> Option<Timestamp> {
    if room_milli < 0 {
        return None;
    }
    let bearable = room_milli + taken(case, from);
    let is_within = |at: Timestamp| added(case, at) <= bearable;
    let half_life = case.policy.budget.half_life;
    let pressure = added(case, from);
    if pressure <= bearable {
        return Some(from);
    }
    let guess = from + decay::wears_off_in(pressure.cast_unsigned(), bearable.cast_unsigned(), half_life);
    let (early, late) = (guess - decay::steps(2, half_life), guess + decay::steps(2, half_life));
    let (mut before, mut by) = if from < early && !is_within(early) { (early, late) } else { (from, late) };
    if !is_within(by) {
        (before, by) = (by, gone_at(case).max(by));
        if !is_within(by) {
            return None;
        }
    }
    while decay::steps(1, half_life) < by.since(before) {
        let middle = before + Millis::new(by.since(before).ms() / 2);
        (before, by) = if is_within(middle) { (before, middle) } else { (middle, by) };
    }
    while before < by && !is_within(before) {
        before = next_fall(case, before);
    }
    Some(before)
}

/// The next instant at which what was added is less.
fn next_fall(case: &Case<'_>, at: Timestamp) -> Timestamp {
    let (half_life, tolerance) = (case.policy.budget.half_life, case.life.tolerance);
    let fall = |since: Timestamp| since + decay::next_fall(at.since(since), half_life);
    let of_heard = case.counted(at).map(|(heard, _)| fall(heard.at).min(case.forgotten_at(heard)));
    let of_nudge = (0 < tolerance.nudge_milli).then(|| fall(tolerance.nudge_at));
    of_heard.chain(of_nudge).min().unwrap_or(Timestamp::MAX)
}

/// When nothing is left of anything.
fn gone_at(case: &Case<'_>) -> Timestamp {
    let tolerance = case.life.tolerance;
    let half_lives = Millis::new(case.policy.budget.half_life.ms().saturating_mul(32));
    let of_heard = case.life.heard.iter().map(|heard| case.forgotten_at(heard));
    of_heard.max().unwrap_or(Timestamp::MIN).max(tolerance.nudge_at + half_lives)
}
