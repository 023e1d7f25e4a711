//! The laws of the porter, over random weeks, each counted again in a plainer way.

use chrono::{DateTime, NaiveDate, Timelike};
use chrono_tz::Tz;
use model::{Channel, FeedbackKind, Heard, Millis, Profile, Timestamp};
use notifier::{Known, Notifier, NotifierPolicy, Ruling, Verdict, zone};
use proptest::prelude::*;

use crate::porter::{ANNA, Ask, Porter, june, lenient, usual};
use crate::street::{self, Moment};

struct Told {
    heard: Heard,
    ask: Ask,
    verdict: Verdict,
}

/// What was told in the end and not given back, and every verdict.
fn play(
    policy: &NotifierPolicy,
    profile: &Profile,
    days: &[Moment],
    answers: bool,
) -> (Vec<Told>, Vec<Verdict>) {
    let mut porter = Porter::with(policy.clone(), profile.clone());
    let (mut told, mut all): (Vec<Told>, Vec<Verdict>) = (Vec::new(), Vec::new());
    for moment in days {
        let verdicts = porter.decide(&moment.asks, moment.at);
        for (verdict, ask) in verdicts.iter().zip(&moment.asks).filter(|(v, _)| v.ruling == Ruling::Goes) {
            let heard = verdict.heard(&ask.candidate(), moment.at).unwrap();
            told.push(Told { heard, ask: ask.clone(), verdict: verdict.clone() });
        }
        all.extend(verdicts);
        if let (true, Some(kind), Some(last)) = (answers, moment.answer, told.last()) {
            porter.notifier.hear_feedback(ANNA, last.heard.notification(), kind, None, moment.at);
        }
        if let (true, Some(last)) = (moment.gives_back && !answers, told.pop()) {
            porter.notifier.give_back(ANNA, last.heard.notification()).expect("what was told is known");
        }
        if moment.restarts {
            porter.restart();
        }
    }
    (told, all)
}

fn local(zone: Tz, at: Timestamp) -> DateTime<Tz> {
    DateTime::from_timestamp_millis(at.unix_ms()).unwrap().with_timezone(&zone)
}

fn wall_minute(zone: Tz, at: Timestamp) -> u32 {
    let wall = local(zone, at);
    wall.hour() * 60 + wall.minute()
}

fn wall_is_within(from: u16, until: u16, minute: u32) -> bool {
    let (from, until) = (u32::from(from), u32::from(until));
    if from < until { from <= minute && minute < until } else { from <= minute || minute < until }
}

/// No window that begins with one of them holds more than `n_max`.
fn windows_hold(at: &[(Timestamp, bool)], days: i64, n_max: u32, favourite_max: u32) -> bool {
    at.iter().all(|(first, _)| {
        let ends_at = *first + Millis::from_days(days);
        let within: Vec<_> = at.iter().filter(|(other, _)| first <= other && *other < ends_at).collect();
        let n_max = if within.iter().any(|(_, favourite)| *favourite) { favourite_max } else { n_max };
        within.len() <= n_max as usize
    })
}

fn of_channel(told: &[Told], channel: Option<Channel>) -> Vec<(Timestamp, bool)> {
    let of = told.iter().filter(|told| channel.is_none_or(|channel| told.heard.channel == channel));
    of.map(|told| (told.heard.at, told.heard.favourite)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn caps_hold(policy in street::policy(), profile in street::profile(), days in street::days(), answers: bool) {
        let (told, _) = play(&policy, &profile, &days, answers);
        let (caps, push) = (&policy.caps, of_channel(&told, Some(Channel::Push)));
        prop_assert!(windows_hold(&push, 1, caps.per_24h_max, caps.per_24h_max), "24 hours");
        prop_assert!(windows_hold(&push, 7, caps.per_7d_max, caps.per_7d_favourite_max), "7 days");
        prop_assert!(windows_hold(&push, 30, caps.per_30d_max, caps.per_30d_favourite_max), "30 days");
        let all = of_channel(&told, None);
        prop_assert!(windows_hold(&all, 7, caps.all_channels_per_7d_max, caps.all_channels_per_7d_max), "all");
        let sms = of_channel(&told, Some(Channel::Sms));
        prop_assert!(windows_hold(&sms, 7, caps.sms_per_7d_max, caps.sms_per_7d_max), "sms in 7 days");
        prop_assert!(windows_hold(&sms, 30, caps.sms_per_30d_max, caps.sms_per_30d_max), "sms in 30 days");
        if let Some(n) = profile.dial.per_week {
            prop_assert!(windows_hold(&all, 7, u32::from(n), u32::from(n)), "the customer's own");
        }
        let day = |told: &Told| -> NaiveDate {
            local(zone(told.heard.zone.as_deref().unwrap()).unwrap(), told.heard.at).date_naive()
        };
        let push: Vec<&Told> = told.iter().filter(|told| told.heard.channel == Channel::Push).collect();
        for one in &push {
            let n = push.iter().filter(|other| day(other) == day(one)).count();
            prop_assert!(n <= caps.per_civil_day_max as usize, "{n} on one day");
        }
    }

    #[test]
    fn cooldowns_hold(policy in street::policy(), profile in street::profile(), days in street::days(), answers: bool) {
        let (told, _) = play(&policy, &profile, &days, answers);
        let rests = &policy.cooldowns;
        for (i, later) in told.iter().enumerate() {
            for earlier in &told[..i] {
                let (before, after) = (&earlier.heard, &later.heard);
                let apart = after.at.since(before.at);
                let of_fence = if after.favourite { rests.favourite_fence } else { rests.fence };
                prop_assert!(rests.rest <= apart);
                prop_assert!(before.fence != after.fence || of_fence <= apart);
                prop_assert!(before.offer != after.offer || rests.offer <= apart);
                prop_assert!(before.merchant != after.merchant || rests.merchant <= apart);
            }
            let n_told = told[..=i].iter().filter(|other| other.heard.offer == later.heard.offer).count();
            prop_assert!(n_told <= rests.offer_ever_max as usize);
        }
    }

    #[test]
    fn quiet_hours_hold(policy in street::policy(), profile in street::profile(), days in street::days()) {
        let (told, _) = play(&policy, &profile, &days, false);
        let (from, until) = policy.hours.minutes();
        for told in &told {
            for zone in &told.ask.zones {
                let minute = wall_minute(*zone, told.heard.at);
                prop_assert!(wall_is_within(from, until, minute), "{minute} is outside the hours");
                if let Some((from, until)) = profile.dial.quiet {
                    prop_assert!(!wall_is_within(from, until, minute), "{minute} is in their own quiet hours");
                }
            }
        }
    }

    #[test]
    fn pressure_never_exceeds_the_limit_at_a_commit(policy in street::policy(), profile in street::profile(), days in street::days(), answers: bool) {
        let mut policy = policy;
        policy.budget.enforced = true;
        let (told, _) = play(&policy, &profile, &days, answers);
        for (i, one) in told.iter().enumerate() {
            let reckoning = &one.verdict.reckoning;
            let after = reckoning.pressure_milli + u64::from(reckoning.cost.points()) * 1_000;
            prop_assert!(after <= u64::from(reckoning.limit_milli));
            if answers {
                continue;
            }
            // Counted again in fractions: what is told errs high, by less than 0.3 % and a thousandth each.
            let exact: f64 = told[..i].iter().map(|earlier| {
                let half_lives = one.heard.at.since(earlier.heard.at).ms() as f64 / (72.0 * 3_600_000.0);
                f64::from(earlier.heard.cost) * 1_000.0 * (-half_lives).exp2()
            }).sum();
            let told_as = reckoning.pressure_milli as f64;
            prop_assert!(exact * 0.996 - 50.0 <= told_as && told_as <= exact * 1.003 + 50.0, "{told_as}, not {exact}");
        }
    }

    #[test]
    fn raising_a_repeated_cost_never_raises_the_number_of_sends(
        gaps in prop::collection::vec(0..4_000_i64, 1..60),
        cost in 8..60_u8,
        raise in 0..40_u8,
        caps in street::policy(),
    ) {
        let n_sent = |cost: u8| {
            let mut policy = lenient();
            (policy.caps, policy.budget) = (caps.caps, NotifierPolicy::default().budget);
            policy.caps.per_7d_favourite_max = policy.caps.per_7d_max;
            policy.cooldowns.rest = caps.cooldowns.rest;
            // The same for all: what happened before must not make one dearer than another.
            (policy.costs.push, policy.costs.raises.background) = (cost, 0);
            (policy.costs.raises.hour, policy.costs.raises.earlier_here) = (0, 0);
            let mut porter = Porter::new(policy);
            let mut at = june();
            let mut n_sent = 0;
            for gap in &gaps {
                at = at + Millis::from_mins(*gap);
                let ask = porter.dwell("books", at);
                n_sent += usize::from(porter.propose(ask, at) == Ruling::Goes);
            }
            n_sent
        };
        prop_assert!(n_sent(cost.saturating_add(raise)) <= n_sent(cost));
    }

    #[test]
    fn the_same_input_gives_the_same_decision_and_a_restart_changes_none(policy in street::policy(), profile in street::profile(), days in street::days(), answers: bool) {
        let restarts = |restarts: bool| -> Vec<Moment> {
            days.iter().map(|moment| Moment { restarts, ..moment.clone() }).collect()
        };
        let (_, once) = play(&policy, &profile, &restarts(false), answers);
        let (_, again) = play(&policy, &profile, &restarts(false), answers);
        let (_, restarted) = play(&policy, &profile, &restarts(true), answers);
        prop_assert_eq!(&once, &again);
        prop_assert_eq!(&once, &restarted);
    }

    #[test]
    fn one_offer_per_visit_and_one_of_a_moment(policy in street::policy(), days in street::days()) {
        // Every moment comes twice, as after a flap, and every visit is asked about with three offers.
        let mut porter = Porter::new(policy);
        let mut visits = Vec::new();
        for moment in &days {
            for repeat in 0..2 {
                let asks: Vec<Ask> = moment.asks.iter().cloned().map(|ask| {
                    let offer = format!("o{repeat}");
                    ask.offer(&offer)
                }).collect();
                let verdicts = porter.decide(&asks, moment.at);
                let gone: Vec<_> = asks.iter().zip(&verdicts).filter(|(_, v)| v.ruling == Ruling::Goes).collect();
                prop_assert!(gone.len() <= 1);
                visits.extend(gone.iter().map(|(ask, _)| ask.occasion.visit));
            }
        }
        let n = visits.len();
        visits.sort();
        visits.dedup();
        prop_assert_eq!(visits.len(), n);
    }

    #[test]
    fn what_is_given_back_was_never_there(policy in street::policy(), profile in street::profile(), days in street::days()) {
        let mut porter = Porter::with(policy, profile);
        for moment in &days {
            let (heard, tolerance) = {
                porter.notifier.decide(ANNA, &crate::porter::name(), &[], moment.at);
                (porter.notifier.heard(ANNA).to_vec(), porter.notifier.tolerance(ANNA).clone())
            };
            let verdicts = porter.decide(&moment.asks, moment.at);
            if moment.gives_back {
                for (ask, verdict) in moment.asks.iter().zip(&verdicts) {
                    let was = porter.notifier.give_back(ANNA, ask.occasion.notification);
                    prop_assert_eq!(was.is_some(), verdict.ruling.standing().is_some());
                }
                prop_assert_eq!(porter.notifier.heard(ANNA), &heard[..]);
                prop_assert_eq!(porter.notifier.tolerance(ANNA), &tolerance);
            }
        }
    }

    #[test]
    fn failed_rules_stand_in_order_and_once(policy in street::policy(), profile in street::profile(), days in street::days(), barred in prop::collection::vec(prop::sample::select(notifier::Suppression::ALL.to_vec()), 0..4)) {
        let mut days = days;
        for moment in &mut days {
            moment.asks[0].barred = barred.clone();
        }
        let (_, all) = play(&policy, &profile, &days, true);
        for verdict in &all {
            if let Ruling::Suppressed(suppressed) = &verdict.ruling {
                prop_assert!(suppressed.failed().windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert_eq!(suppressed.verdict(), suppressed.failed()[0]);
            }
        }
    }

    #[test]
    fn after_too_often_half_of_every_cap_holds(days in street::days(), caps in street::policy(), profile in street::profile()) {
        let policy = NotifierPolicy { caps: caps.caps, ..lenient() };
        let mut porter = Porter::with(policy.clone(), profile);
        let first = june() - Millis::from_days(20);
        let ask = Ask::dwell("first", 0, first);
        let heard = Verdict { ruling: Ruling::Goes, ..porter.decide(std::slice::from_ref(&ask), first).remove(0) };
        if porter.notifier.heard(ANNA).is_empty() {
            porter.notifier.record(ANNA, heard.heard(&ask.candidate(), first).unwrap());
        }
        porter.notifier.hear_feedback(ANNA, ask.occasion.notification, FeedbackKind::TooOften, None, first);
        let mut push = Vec::new();
        for moment in days.iter().filter(|moment| moment.at.since(june()) < Millis::from_days(60)) {
            let verdicts = porter.decide(&moment.asks, moment.at);
            let gone = moment.asks.iter().zip(&verdicts).filter(|(_, v)| v.ruling == Ruling::Goes);
            push.extend(gone.filter(|(ask, _)| ask.terms.channel == Channel::Push).map(|(_, v)| (moment.at, v.reckoning.favourite)));
        }
        let half = |n: u32| if n == 0 { 0 } else { (n / 2).max(1) };
        prop_assert!(windows_hold(&push, 1, half(policy.caps.per_24h_max), half(policy.caps.per_24h_max)));
        prop_assert!(windows_hold(&push, 7, half(policy.caps.per_7d_max), half(policy.caps.per_7d_favourite_max)));
    }
}

/// What a law would pass over: that the usual rules let anything through at all.
#[test]
fn the_porter_is_not_mute() {
    let mut porter = Porter::new(usual());
    let mut n_told = 0;
    for day in 0..56 {
        let at = june() + Millis::from_days(day) + Millis::from_hours(12);
        let ask = porter.dwell(&format!("store{day}"), at);
        n_told += usize::from(porter.propose(ask, at) == Ruling::Goes);
    }
    // 35 points every fourth day: the budget lets 11 of 56 through.
    assert!((8..=14).contains(&n_told), "{n_told}");
}

#[test]
fn somebody_of_whom_only_a_yes_is_known_costs_no_heap() {
    let mut notifier = Notifier::new(usual());
    notifier.load(ANNA, Known { agreed_at: Some(june()), ..Known::default() });
    notifier.set_profile(ANNA, Profile::default());
    let verdicts = notifier.decide(ANNA, &crate::porter::name(), &[], june());
    assert!(verdicts.is_empty() && notifier.heard(ANNA).is_empty());
}
