//! Who plays which part, and when: chosen from what the seeded town will do anyway.

use std::time::Duration;

use model::{Millis, Timestamp};
use town::{Agreement, Doing, Person, PersonNo, StoreNo, Town};

use super::naive::Naive;

/// The parts of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Script {
    /// When the town's clock starts.
    pub starts_at: Timestamp,
    /// Whose story is told.
    pub protagonist: PersonNo,
    /// The store that they walk past, and the one they stay in; absent when nobody in this
    /// town does both in time.
    pub stores: Option<(StoreNo, StoreNo)>,
    /// Who opts out; absent in a town where nobody is out who agreed.
    pub opts_out: Option<PersonNo>,
    /// When, in real time from the start.
    pub opts_out_after: Duration,
    /// When the engine is killed, in real time from the start.
    pub killed_after: Duration,
}

/// The demo's usual length, and the moments of a demo of that length.
const USUAL: Duration = Duration::from_secs(30);
const OPTS_OUT_AFTER: Duration = Duration::from_secs(12);
const KILLED_AFTER: Duration = Duration::from_secs(18);
/// By then the protagonist's offer has gone out.
const STORY_TOLD_AFTER: Duration = Duration::from_secs(20);

/// A stay that calls for an offer, as the default settings have it.
const DWELL: Millis = Millis::from_mins(3);
/// Enough of a stay to be sure that the phone sees it, too.
const STAY_MIN: Millis = Millis::from_mins(4);

impl Script {
    /// Chooses the parts for a demo that starts at an instant of the town's time, runs so
    /// much faster than real, and may be shorter than usual.
    #[must_use]
    pub fn choose(town: &Town, starts_at: Timestamp, speed: u32, lasts: Option<Duration>) -> Self {
        let share = lasts.map_or(1.0, |lasts| (lasts.as_secs_f64() / USUAL.as_secs_f64()).min(1.0));
        let town_time =
            |real: Duration| Millis::new((real.as_secs_f64() * 1_000.0 * f64::from(speed)) as i64);
        let (opts_out_after, killed_after) = (OPTS_OUT_AFTER.mul_f64(share), KILLED_AFTER.mul_f64(share));
        let told_in = town_time(STORY_TOLD_AFTER.mul_f64(share)).max(Millis::from_mins(15));
        let told_in = [told_in, told_in + Millis::from_mins(7), told_in + Millis::from_mins(60)];
        let found = told_in.into_iter().find_map(|told_in| protagonist(town, starts_at, starts_at + told_in));
        let (protagonist, stores) =
            found.map_or((PersonNo(0), None), |(who, passes, stays)| (who, Some((passes, stays))));
        let opts_out_at = starts_at + town_time(opts_out_after);
        let opts_out = who_opts_out(town, protagonist, opts_out_at);
        Self { starts_at, protagonist, stores, opts_out, opts_out_after, killed_after }
    }
}

/// Agreed to everything, and long enough ago.
fn agreed(person: &Person) -> bool {
    person.agreements.iter().all(|agreement| *agreement == Agreement::Offers) && !person.agreed_late
}

/// Whoever first walks past one store and then stays in another, with nothing to blur it.
fn protagonist(
    town: &Town,
    starts_at: Timestamp,
    told_at: Timestamp,
) -> Option<(PersonNo, StoreNo, StoreNo)> {
    let people = (0..town.people().len() as u32).map(PersonNo);
    let willing = people.filter(|no| agreed(&town.people()[no.slot()]));
    let acts = willing.filter_map(|no| act(town, no, starts_at, told_at).map(|(at, a, b)| (at, no, a, b)));
    acts.min_by_key(|(at, no, ..)| (*at, *no)).map(|(_, no, passes, stays)| (no, passes, stays))
}

/// When a person's offer is due, the store they walk past before, and the one they stay in.
fn act(
    town: &Town,
    person: PersonNo,
    starts_at: Timestamp,
    told_at: Timestamp,
) -> Option<(Timestamp, StoreNo, StoreNo)> {
    let visits = town.truth_visits_of(person, starts_at, told_at + Millis::from_mins(5));
    let near_dwell = DWELL - Millis::from_secs(20);
    let stay = visits.iter().find(|visit| visit.stood || near_dwell < visit.lasted())?;
    let due_at = stay.entered_at + DWELL;
    let before = || visits.iter().filter(|visit| visit.entered_at < due_at && *visit != stay);
    let passed = before().find(|visit| {
        let settled = starts_at + Millis::from_secs(75) < visit.entered_at;
        settled && visit.store != stay.store && visit.left_at < stay.entered_at
    })?;
    let apart = before().all(|visit| !visit.stood && visit.left_at < due_at);
    let in_time = stay.stood && STAY_MIN <= stay.lasted() && due_at < told_at;
    let seen = || the_phone_sees_it(town, person, (passed.store, stay.store), starts_at, due_at);
    (apart && in_time && seen()).then_some((due_at, passed.store, stay.store))
}

/// Whether the fixes tell the same story: each fence entered once, and left, or not, in time.
fn the_phone_sees_it(
    town: &Town,
    person: PersonNo,
    (passes, stays): (StoreNo, StoreNo),
    starts_at: Timestamp,
    due_at: Timestamp,
) -> bool {
    let mut naive = Naive::new(town.stores());
    let mut pushes = Vec::new();
    for report in town.reports_of(person, starts_at, due_at) {
        pushes.extend(naive.see(person, &report.fix));
    }
    let n_of = |store: StoreNo| pushes.iter().filter(|&&pushed| pushed == store).count();
    n_of(passes) == 1 && n_of(stays) == 1
}

/// Somebody who is out then, sends often, and would go on to a store: the sooner the better.
fn who_opts_out(town: &Town, protagonist: PersonNo, at: Timestamp) -> Option<PersonNo> {
    let mut crowd = town.crowd();
    let mut best: Option<((bool, i64), PersonNo)> = None;
    for no in (0..town.people().len() as u32).map(PersonNo) {
        let person = &town.people()[no.slot()];
        let soon = at + Millis::from_mins(8);
        let out = [at, soon].iter().all(|&at| crowd.spot(no, at).doing != Doing::AtHome);
        if no == protagonist || !agreed(person) || !out || 30.0 < person.phone.interval_s {
            continue;
        }
        let visits = town.truth_visits_of(no, at, at + Millis::from_mins(20));
        let stay =
            visits.iter().find(|visit| visit.stood && STAY_MIN <= visit.lasted() && at < visit.entered_at);
        let rank = stay.map_or((true, no.0.into()), |stay| (false, stay.entered_at.unix_ms()));
        if best.as_ref().is_none_or(|(least, _)| rank < *least) {
            best = Some((rank, no));
        }
    }
    best.map(|(_, no)| no)
}

#[cfg(test)]
mod tests {
    use town::Plan;

    use super::*;

    fn town(seed: u64) -> Town {
        Town::build(&Plan { seed, ..Plan::default() }).unwrap()
    }

    #[test]
    fn every_town_has_its_cast_within_twenty_seconds() {
        for seed in 0..40 {
            let town = town(seed);
            let starts_at = town.midnight_at() + Millis::from_hours(10);
            let script = Script::choose(&town, starts_at, 60, None);
            let (passes, stays) = script.stores.unwrap_or_else(|| panic!("seed {seed} has no story"));
            assert_ne!(passes, stays);
            let opts_out = script.opts_out.unwrap_or_else(|| panic!("seed {seed}: nobody opts out"));
            assert_ne!(opts_out, script.protagonist);
            assert_eq!(script, Script::choose(&town, starts_at, 60, None));
        }
    }

    #[test]
    fn a_shorter_demo_has_its_moments_sooner() {
        let town = town(7);
        let starts_at = town.midnight_at() + Millis::from_hours(10);
        let script = Script::choose(&town, starts_at, 60, Some(Duration::from_secs(10)));
        assert_eq!(script.opts_out_after, Duration::from_secs(4));
        assert_eq!(script.killed_after, Duration::from_secs(6));
    }
}
