//! The next possible time is the first, and nothing is possible before.

use model::{Millis, Profile, Timestamp, Tolerance};
use notifier::{Candidate, Known, Notifier, NotifierPolicy, Ruling, Suppression};
use proptest::prelude::*;

use crate::porter::{ANNA, Ask, Porter, june, name};
use crate::street::{self, Moment};

/// An offer with hours of its own, on UTC.
#[derive(Clone, Copy, Debug)]
struct Schedule(Option<(i64, i64)>);

impl Schedule {
    fn passes_from(self, at: Timestamp) -> Option<Timestamp> {
        let Some((from, until)) = self.0 else { return Some(at) };
        let day_ms = 86_400_000;
        let of_day = at.unix_ms().rem_euclid(day_ms);
        let (from, until) = (from * 60_000, until * 60_000);
        let wait = if of_day < from {
            from - of_day
        } else if of_day < until {
            0
        } else {
            day_ms - of_day + from
        };
        Some(at + Millis::new(wait))
    }
}

/// What is known of somebody, and what they might be told.
struct Scene {
    policy: NotifierPolicy,
    known: Known,
    ask: Ask,
    schedule: Schedule,
}

impl Scene {
    /// What the porter would say at an instant if nothing happened till then.
    fn ruling(&self, at: Timestamp) -> Ruling {
        let mut notifier = Notifier::new(self.policy.clone());
        notifier.load(ANNA, self.known.clone());
        let mut ask = self.ask.clone();
        ask.occasion.expires_at = at + Millis::from_mins(15);
        let possible_from = |at| self.schedule.passes_from(at);
        if possible_from(at) != Some(at) {
            ask.barred.push(Suppression::OffSchedule);
        }
        let candidate = Candidate { possible_from: &possible_from, ..ask.candidate() };
        notifier.decide(ANNA, &name(), &[candidate], at).remove(0).ruling
    }

    fn passes(&self, at: Timestamp) -> bool {
        !matches!(self.ruling(at), Ruling::Suppressed(_))
    }
}

/// A scene after some weeks, with answers.
fn scene(
    policy: NotifierPolicy,
    profile: Profile,
    days: &[Moment],
    ask: Ask,
    schedule: Schedule,
) -> (Scene, Timestamp) {
    let mut porter = Porter::with(policy.clone(), profile);
    for moment in days {
        porter.decide(&moment.asks, moment.at);
        if let (Some(kind), Some(_)) = (moment.answer, porter.last) {
            porter.answer(kind, moment.at);
        }
    }
    let notifier = &porter.notifier;
    let known = Known {
        heard: notifier.heard(ANNA).to_vec(),
        agreed_at: Some(june() - Millis::from_hours(3)),
        profile: notifier.profile(ANNA).clone(),
        tolerance: notifier.tolerance(ANNA).clone(),
    };
    (Scene { policy, known, ask, schedule }, days.last().map_or(june(), |moment| moment.at))
}

/// Instants of a span: its first and last minutes, and some between.
fn probes(from: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
    let span = until.since(from).ms();
    let minutes = span / 60_000;
    let between = (1..40).map(move |n| from + Millis::new(span / 40 * n));
    let first = (0..minutes.min(30)).map(move |n| from + Millis::from_mins(n));
    let last = (1..=minutes.min(60)).map(move |n| until - Millis::from_mins(n));
    first.chain(between).chain(last).chain([until - Millis::new(1)])
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let hours = (0..1_300_i64, 30..600_i64).prop_map(|(from, long)| (from, (from + long).min(1_440)));
    prop::option::weighted(0.3, hours).prop_map(Schedule)
}

/// Relief, limits and halved caps beyond what answers of a few weeks bring.
fn tolerance() -> impl Strategy<Value = Option<(u32, i64, i64)>> {
    prop::option::weighted(0.4, (30_000..80_000_u32, -60_000..60_000_i64, 0..200_i64))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_next_possible_time_is_the_truth(
        policy in street::policy(),
        profile in street::profile(),
        days in street::days(),
        ask in street::ask(),
        schedule in schedule(),
        tolerance in tolerance(),
        asked_after in 0..200_000_i64,
    ) {
        let mut ask = ask;
        ask.occasion.visit = Ask::dwell("elsewhere", -1, june()).occasion.visit;
        let (mut scene, last_at) = scene(policy, profile, &days, ask, schedule);
        let now = last_at + Millis::from_secs(asked_after);
        if let Some((limit, nudge, hours)) = tolerance {
            scene.known.tolerance = Tolerance {
                limit_milli: Some(limit),
                nudge_milli: nudge,
                nudge_at: now - Millis::from_hours(hours / 4),
                halved_until: Some(now + Millis::from_hours(hours)),
                ..scene.known.tolerance
            };
        }
        let Ruling::Suppressed(suppressed) = scene.ruling(now) else { return Ok(()) };
        match suppressed.next_possible_at {
            Some(next_at) => {
                prop_assert!(now < next_at);
                prop_assert!(scene.passes(next_at), "{:?} at the time that was told", scene.ruling(next_at));
                for at in probes(now, next_at) {
                    prop_assert!(!scene.passes(at), "possible {} before told", next_at.since(at));
                }
            }
            None => {
                let horizon = now + Millis::from_days(45);
                let spread = (1..200).map(|n| now + Millis::from_mins(n * 321));
                for at in spread.chain(probes(now, horizon)) {
                    prop_assert!(!scene.passes(at), "possible after {}, which was not told", at.since(now));
                }
            }
        }
    }
}

#[test]
fn minute_by_minute_nothing_is_possible_before() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let all = (street::policy(), street::profile(), street::days(), street::ask());
    let mut n_tried = 0;
    while n_tried < 12 {
        use proptest::strategy::ValueTree as _;

        let (policy, profile, days, ask) = all.new_tree(&mut runner).unwrap().current();
        let mut ask = ask;
        ask.occasion.visit = Ask::dwell("elsewhere", -1, june()).occasion.visit;
        let (scene, now) = scene(policy, profile, &days, ask, Schedule(None));
        let Ruling::Suppressed(suppressed) = scene.ruling(now) else { continue };
        let Some(next_at) = suppressed.next_possible_at else { continue };
        let n_minutes = next_at.since(now).ms() / 60_000;
        if n_minutes < 8_000 {
            n_tried += 1;
            assert!((0..n_minutes).all(|n| !scene.passes(now + Millis::from_mins(n))));
            assert!(scene.passes(next_at));
        }
    }
}
