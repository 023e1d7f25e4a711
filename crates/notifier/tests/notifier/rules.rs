//! Every rule of the porter, as sentences with a story each.

use std::collections::BTreeSet;

use model::Millis;
use notifier::{DailyHours, Notifier, NotifierPolicy, Suppression};

use crate::porter::{ANNA, Porter, check, check_with, clock};

fn usual() -> NotifierPolicy {
    NotifierPolicy::default()
}

/// No rule but those that a test sets.
fn lenient() -> NotifierPolicy {
    NotifierPolicy {
        per_24h_max: 1_000,
        per_7d_max: 1_000,
        per_30d_max: 1_000,
        per_civil_day_max: 1_000,
        fence_cooldown: Millis::ZERO,
        rest: Millis::ZERO,
        settle_in: Millis::ZERO,
        hours: DailyHours::ALWAYS,
        ..usual()
    }
}

#[test]
fn all_rules_that_fail_are_told_in_their_order_and_when_it_could_be() {
    check(
        usual(),
        "1 10:00 books            => told
         1 12:00 cafe             => rest_between_offers cap_24h cap_civil_day, next 2 10:00
         1 22:00 books unfit rude => unfit_fix quiet_hours cooldown_fence cap_24h cap_civil_day text, next 7 10:00
         2 09:59 cafe             => cap_24h, next 2 10:00
         2 10:00 cafe             => told
         4 10:00 bank             => cap_7d, next 8 10:00",
    );
}

#[test]
fn a_window_of_24_hours_rolls_and_does_not_begin_at_midnight() {
    let policy = NotifierPolicy { per_24h_max: 1, ..lenient() };
    check(
        policy,
        "1 23:00 books    => told
         2 00:00 cafe     => cap_24h, next 2 23:00
         2 22:59:59 cafe  => cap_24h, next 2 23:00
         2 23:00 cafe     => told",
    );
}

#[test]
fn l02_a_civil_day_is_that_of_the_store() {
    let policy = NotifierPolicy { per_civil_day_max: 1, ..lenient() };
    check(
        policy,
        "1 10:00 books => told
         1 23:59 cafe  => cap_civil_day, next 2 00:00
         2 00:00 cafe  => told",
    );
    // Midnight in New York is 04:00 on UTC in June.
    check(
        policy,
        "1 23:00 books in America/New_York => told
         2 03:59 cafe in America/New_York  => cap_civil_day, next 2 04:00
         2 04:00 cafe in America/New_York  => told",
    );
}

#[test]
fn l02_caps_hold_over_the_end_of_a_month() {
    let policy = NotifierPolicy { per_30d_max: 2, ..lenient() };
    check(
        policy,
        "20 10:00 books => told
         30 10:00 cafe  => told
         35 10:00 bank  => cap_30d, next 50 10:00
         50 10:00 bank  => told
         51 10:00 books => cap_30d, next 60 10:00",
    );
}

#[test]
fn seven_days_are_seven_times_24_hours() {
    let policy = NotifierPolicy { per_7d_max: 2, ..lenient() };
    check(
        policy,
        "1 10:00 books => told
         3 10:00 cafe  => told
         8 09:59 bank  => cap_7d, next 8 10:00
         8 10:00 bank  => told
         9 10:00 books => cap_7d, next 10 10:00",
    );
}

#[test]
fn a_fence_rests_for_six_days_and_others_do_not() {
    let policy = NotifierPolicy { fence_cooldown: Millis::from_days(6), ..lenient() };
    check(
        policy,
        "1 10:00 books => told
         1 10:01 cafe  => told
         7 09:59 books => cooldown_fence, next 7 10:00
         7 10:00 books => told",
    );
}

#[test]
fn l05_the_same_store_a_second_later_rests() {
    check(usual(), "1 10:00 books => told\n7 09:59:59 books => cooldown_fence, next 7 10:00");
}

#[test]
fn between_any_two_lie_four_hours() {
    let policy = NotifierPolicy { rest: Millis::from_hours(4), ..lenient() };
    check(
        policy,
        "1 10:00 books => told
         1 13:59 cafe  => rest_between_offers, next 1 14:00
         1 14:00 cafe  => told",
    );
}

#[test]
fn nothing_is_said_on_the_day_after_a_yes() {
    let mut porter = Porter::new(NotifierPolicy { settle_in: Millis::from_hours(24), ..lenient() });
    porter.notifier.agreed(ANNA, clock(1, "10:00"));
    check_with(
        &mut porter,
        "1 12:00 books => settling_in, next 2 10:00
         2 09:59 books => settling_in, next 2 10:00
         2 10:00 books => told",
    );
}

#[test]
fn whoever_never_agreed_waits_for_ever() {
    let policy = lenient();
    let mut porter = Porter::new(policy);
    porter.notifier = Notifier::new(policy);
    check_with(&mut porter, "1 12:00 books => settling_in");
}

#[test]
fn hours_begin_at_nine_and_end_at_eight_in_the_evening_at_the_store() {
    check(
        usual(),
        "1 08:59:59 books => quiet_hours, next 1 09:00
         1 20:00 books    => quiet_hours, next 2 09:00
         1 12:00 books in America/New_York => quiet_hours, next 1 13:00
         1 09:00 books    => told",
    );
    check(usual(), "1 19:59:59 books => told");
}

#[test]
fn nobody_is_told_where_the_clock_is_unknown() {
    check(usual(), "1 12:00 books nowhere => zone_unknown\n1 12:00 books in Mars/Olympus => zone_unknown");
}

#[test]
fn what_was_there_before_or_is_unfit_or_too_fast_calls_for_nothing() {
    check(
        lenient(),
        "1 10:00 books enter initial   => already_inside, next 1 10:00
         1 10:00 books unfit           => unfit_fix, next 1 10:00
         1 10:00 books enter speed 2.6 => too_fast, next 1 10:00
         1 10:00 books speed 7.1       => too_fast, next 1 10:00
         1 10:00 books enter initial unfit speed 3 => already_inside unfit_fix too_fast, next 1 10:00
         1 10:00 books enter speed 2.5 => told
         1 10:00 cafe speed 7.0        => told
         1 10:00 bank initial          => told
         1 10:00 bank exit initial     => told",
    );
}

#[test]
fn one_offer_per_visit() {
    check(lenient(), "1 10:00 books => told\n1 20:00 books again => already_told, next 1 20:00");
    check(lenient(), "1 10:00 books waits => waits\n1 10:00 books again => already_told, next 1 10:00");
}

#[test]
fn an_offer_in_line_counts_too() {
    check(
        NotifierPolicy { per_24h_max: 1, ..lenient() },
        "1 10:00 books waits => waits
         1 10:00:01 cafe     => cap_24h, next 2 10:00:01
         1 10:00:02 let_out  => told, until 1 10:15
         2 10:00:01 cafe     => cap_24h, next 2 10:00:02
         2 10:00:02 cafe     => told",
    );
}

#[test]
fn what_waits_over_midnight_counts_in_the_new_day() {
    check(
        NotifierPolicy { per_civil_day_max: 1, ..lenient() },
        "1 23:59:50 books waits => waits
         2 00:00:05 cafe        => cap_civil_day, next 3 00:00
         2 00:00:10 let_out     => told, until 2 00:14:50
         3 00:00 cafe           => told",
    );
}

#[test]
fn what_waits_for_more_than_thirty_seconds_is_dropped() {
    check(usual(), "1 10:00 books waits => waits\n1 10:00:30 let_out => told, until 1 10:15");
    check(
        usual(),
        "1 10:00 books waits => waits
         1 10:00:31 let_out  => too_late
         1 10:01 books       => told",
    );
}

#[test]
fn what_waits_into_the_quiet_hours_is_dropped() {
    check(usual(), "1 19:59:50 books waits => waits\n1 20:00 let_out => too_late");
}

#[test]
fn what_has_waited_is_judged_again() {
    let mut porter = Porter::new(usual());
    check_with(&mut porter, "2 12:00 books waits => waits");
    assert_eq!(porter.notifier.n_waiting(), 1);
    porter.notifier.agreed(ANNA, clock(2, "12:00:01"));
    check_with(&mut porter, "2 12:00:02 let_out => settling_in, next 3 12:00:01");
    assert_eq!(porter.notifier.n_waiting(), 0);
    assert_eq!(porter.notifier.agreed_at(ANNA), Some(clock(2, "12:00:01")));
}

#[test]
fn what_is_told_before_the_quiet_hours_expires_when_they_begin() {
    check(usual(), "1 19:50 books waits => waits\n1 19:50 let_out => told, until 1 20:00");
    let always = NotifierPolicy { hours: DailyHours::ALWAYS, ..usual() };
    check(always, "1 23:50 books waits => waits\n1 23:50 let_out => told, until 2 00:05");
}

#[test]
fn what_is_given_back_does_not_count() {
    check(
        usual(),
        "1 10:00 books     => told
         1 10:10 give_back => given back
         1 10:11 books     => told",
    );
}

#[test]
fn c05_a_cap_of_nought_is_never() {
    let with = |set: fn(&mut NotifierPolicy)| {
        let mut policy = lenient();
        set(&mut policy);
        policy
    };
    check(with(|policy| policy.per_24h_max = 0), "1 10:00 books => cap_24h");
    check(with(|policy| policy.per_civil_day_max = 0), "1 10:00 books => cap_civil_day");
    check(with(|policy| policy.per_7d_max = 0), "1 10:00 books => cap_7d");
    check(with(|policy| policy.per_30d_max = 0), "1 10:00 books => cap_30d");
    let boundless = u32::MAX;
    let policy = NotifierPolicy { per_24h_max: boundless, per_30d_max: boundless, ..lenient() };
    check(policy, "1 10:00 books => told\n1 10:00 cafe => told");
}

#[test]
fn l04_a_cap_that_is_lowered_or_raised_counts_at_once_and_for_what_was_heard() {
    let two = NotifierPolicy { per_24h_max: 2, ..lenient() };
    let mut porter = Porter::new(two);
    check_with(&mut porter, "1 10:00 books => told\n1 11:00 cafe => told");
    let heard = porter.notifier.heard(ANNA).to_vec();
    let mut under = |n_max: u32, story: &str| {
        let policy = NotifierPolicy { per_24h_max: n_max, ..lenient() };
        porter.notifier = Notifier::new(policy);
        porter.notifier.load(ANNA, heard.clone(), Some(clock(-400, "00:00")));
        check_with(&mut porter, story);
    };
    under(1, "1 12:00 bank => cap_24h, next 2 11:00");
    under(3, "1 12:00 bank => told\n1 12:01 park => cap_24h, next 2 10:00");
    under(1_000, "1 12:00 bank => told\n1 12:01 park => told\n1 13:00 books again => told");
}

#[test]
fn every_reason_has_a_word_of_its_own_and_a_sentence() {
    for suppression in Suppression::ALL {
        assert_eq!(Suppression::from_word(suppression.word()), Some(suppression));
    }
    assert_eq!(Suppression::from_word("whim"), None);
    let reasons: BTreeSet<&str> = Suppression::ALL.into_iter().map(Suppression::because).collect();
    assert!(reasons.len() == Suppression::ALL.len() && !reasons.contains(""), "{reasons:?}");
}
