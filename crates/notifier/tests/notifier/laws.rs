//! The laws of the porter, over random weeks.

use chrono::{DateTime, NaiveDate, Timelike};
use chrono_tz::Tz;
use model::{Heard, Millis, NotificationId, Timestamp};
use notifier::{DailyHours, Notifier, NotifierPolicy, Suppressed, zone};
use proptest::prelude::*;

use crate::porter::{ANNA, Porter, june};

const ZONES: [&str; 6] = [
    "UTC",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "America/St_Johns",
];
const FENCES: [&str; 4] = ["books", "cafe", "bank", "park"];

#[derive(Clone, Debug)]
struct Asked {
    secs: i64,
    fence: usize,
    zone: usize,
    waits_secs: i64,
    given_back: bool,
}

fn week() -> impl Strategy<Value = Vec<Asked>> {
    let secs = prop_oneof![4 => 0..7_200_i64, 3 => 0..60_000_i64, 1 => 0..1_000_000_i64, 2 => 0..40_i64];
    let waits_secs = prop_oneof![4 => Just(0), 1 => 0..40_i64];
    let asked = (secs, 0..FENCES.len(), 0..ZONES.len(), waits_secs, prop::bool::weighted(0.1)).prop_map(
        |(secs, fence, zone, waits_secs, given_back)| Asked { secs, fence, zone, waits_secs, given_back },
    );
    prop::collection::vec(asked, 1..150)
}

fn hours() -> impl Strategy<Value = DailyHours> {
    let any =
        (0..1_440_u16, 0..=1_440_u16).prop_filter_map("hours", |(from, until)| DailyHours::new(from, until));
    prop_oneof![Just(DailyHours::default()), Just(DailyHours::ALWAYS), any]
}

fn policy() -> impl Strategy<Value = NotifierPolicy> {
    let caps = (0..4_u32, 0..6_u32, 0..9_u32, 0..4_u32);
    let rests = (0..5_i64, 0..200_i64, 0..30_i64);
    (caps, rests, hours()).prop_map(|(caps, (rest, fence_cooldown, settle_in), hours)| NotifierPolicy {
        per_24h_max: caps.0,
        per_7d_max: caps.1,
        per_30d_max: caps.2,
        per_civil_day_max: caps.3,
        rest: Millis::from_hours(rest),
        fence_cooldown: Millis::from_hours(fence_cooldown),
        settle_in: Millis::from_hours(settle_in),
        hours,
        ..NotifierPolicy::default()
    })
}

struct Told {
    id: NotificationId,
    at: Timestamp,
    fence: usize,
    zone: usize,
}

/// What was told in the end and not given back.
fn play(policy: NotifierPolicy, week: &[Asked]) -> Vec<Told> {
    let mut porter = Porter::new(policy);
    let mut told: Vec<Told> = Vec::new();
    let mut now = june();
    for asked in week {
        now = now + Millis::from_secs(asked.secs);
        let candidate = porter.candidate(FENCES[asked.fence], Some(ZONES[asked.zone]), now);
        if porter.propose(candidate, now).is_err() {
            continue;
        }
        // The line may be slow; meanwhile others are asked about only by chance of the next step.
        now = now + Millis::from_secs(asked.waits_secs);
        let Ok((id, _)) = porter.let_out(now) else { continue };
        told.push(Told { id, at: now, fence: asked.fence, zone: asked.zone });
        if asked.given_back {
            let back = told.remove((asked.secs as usize) % told.len());
            porter.give_back(back.id);
        }
    }
    told
}

fn local(zone_name: &str, at: Timestamp) -> DateTime<Tz> {
    DateTime::from_timestamp_millis(at.unix_ms()).unwrap().with_timezone(&zone(zone_name).unwrap())
}

/// The minute of the wall clock.
fn wall_minute(zone_name: &str, at: Timestamp) -> u32 {
    let wall = local(zone_name, at);
    wall.hour() * 60 + wall.minute()
}

fn wall_is_open(from: u16, until: u16, minute: u32) -> bool {
    let (from, until) = (u32::from(from), u32::from(until));
    if from < until { from <= minute && minute < until } else { from <= minute || minute < until }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn caps_hold(policy in policy(), week in week()) {
        let told = play(policy, &week);
        let caps = [(24, policy.per_24h_max), (7 * 24, policy.per_7d_max), (30 * 24, policy.per_30d_max)];
        for (n_hours, n_max) in caps {
            for first in &told {
                let ends_at = first.at + Millis::from_hours(n_hours);
                let n = told.iter().filter(|other| first.at <= other.at && other.at < ends_at).count();
                prop_assert!(n <= n_max as usize, "{n} in {n_hours} hours, and {n_max} are allowed");
            }
        }
        let day = |told: &Told| -> NaiveDate { local(ZONES[told.zone], told.at).date_naive() };
        for one in &told {
            let n = told.iter().filter(|other| day(other) == day(one)).count();
            prop_assert!(n <= policy.per_civil_day_max as usize, "{n} on one day");
        }
        for pair in told.windows(2) {
            prop_assert!(policy.rest <= pair[1].at.since(pair[0].at), "no rest between two");
        }
        for fence in 0..FENCES.len() {
            let here: Vec<_> = told.iter().filter(|told| told.fence == fence).collect();
            prop_assert!(here.windows(2).all(|pair| policy.fence_cooldown <= pair[1].at.since(pair[0].at)));
        }
    }

    #[test]
    fn quiet_hours_hold(from in 0..1_440_u16, until in 0..=1_440_u16, zone in 0..ZONES.len(), minutes in 0..2_000_000_i64) {
        let Some(hours) = DailyHours::new(from, until) else { return Ok(()) };
        // From 2010 on, so that every odd change of the zones comes by.
        let at = Timestamp::from_unix_ms(1_262_304_000_000) + Millis::from_mins(minutes * 4);
        let holds = hours.holds(zone_of(zone), at);
        let is_open = wall_is_open(from, until, wall_minute(ZONES[zone], at));
        prop_assert!(is_open || !holds, "nobody is disturbed while the wall clock says quiet");
        let offset = |hours: i64| local(ZONES[zone], at + Millis::from_hours(hours)).naive_local()
            .signed_duration_since(local(ZONES[zone], at + Millis::from_hours(hours)).naive_utc());
        if (-50..=50).all(|hours| offset(hours) == offset(0)) {
            prop_assert_eq!(holds, is_open, "where no clock is changed, the wall clock is all");
        }
    }

    #[test]
    fn the_next_hours_are_the_first_that_a_minute_by_minute_count_finds(hours in hours(), zone in 0..ZONES.len(), minutes in 0..2_000_000_i64) {
        let at = Timestamp::from_unix_ms(1_262_304_000_000) + Millis::from_mins(minutes * 4);
        let tz = zone_of(zone);
        let first = (0..5_000).map(|minute| at + Millis::from_mins(minute)).find(|at| hours.holds(tz, *at));
        prop_assert_eq!(hours.next(tz, at), first);
        if let (true, Some(closes_at)) = (hours.holds(tz, at), hours.close(tz, at)) {
            let quiet = (0..5_000).map(|minute| at + Millis::from_mins(minute)).find(|at| !hours.holds(tz, *at));
            prop_assert_eq!(Some(closes_at), quiet);
        }
    }

    #[test]
    fn the_next_possible_time_is_the_truth(policy in policy(), week in week(), fence in 0..FENCES.len(), zone in 0..ZONES.len(), asked_after in 0..100_000_i64) {
        let told = play(policy, &week);
        let now = told.last().map_or(june(), |told| told.at) + Millis::from_secs(asked_after);
        let ask = |at: Timestamp| -> Result<(), Suppressed> {
            let mut porter = Porter::new(policy);
            porter.notifier = Notifier::new(policy);
            let mut heard: Vec<Heard> = Vec::new();
            for told in &told {
                let candidate = porter.candidate(FENCES[told.fence], Some(ZONES[told.zone]), told.at).notification;
                let (offer, merchant) = (candidate.offer, candidate.merchant);
                let (fence, visit, zone) = (candidate.fence, candidate.visit, Some(ZONES[told.zone].into()));
                heard.push(Heard {
                    at: told.at,
                    offer,
                    merchant,
                    fence,
                    visit,
                    zone,
                    channel: model::Channel::Push,
                    category: None,
                    standing: model::Standing::Sent,
                    cost: 0,
                    favourite: false,
                    answers: model::Answers::default(),
                    shown_at: None,
                });
            }
            porter.notifier.load(ANNA, heard, Some(june() - Millis::from_hours(3)));
            let candidate = porter.candidate(FENCES[fence], Some(ZONES[zone]), at);
            porter.propose(candidate, at)
        };
        let Err(suppressed) = ask(now) else { return Ok(()) };
        match suppressed.next_possible_at {
            Some(next_at) => {
                prop_assert!(now < next_at);
                prop_assert_eq!(ask(next_at), Ok(()), "nothing is in the way at the time that was told");
                let just_before = ask(next_at - Millis::new(1));
                prop_assert!(just_before.is_err(), "it was possible earlier than told");
            }
            None => {
                let never = [policy.per_24h_max, policy.per_7d_max, policy.per_30d_max, policy.per_civil_day_max].contains(&0);
                prop_assert!(never, "only a cap of nought is for ever");
            }
        }
    }
}

fn zone_of(i: usize) -> Tz {
    zone(ZONES[i]).unwrap()
}
