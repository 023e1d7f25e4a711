//! What answers change.

use model::{
    CustomerNo, FeedbackKind, Millis, NotificationId, SilenceOver, SilenceReason, Timestamp, Tolerance,
};
use notifier::{FeedbackEffect, NotifierPolicy};

use crate::porter::{ANNA, Porter, check, check_with, clock, lenient, lenient_but};

/// Only what answers bring, and a budget that is only reckoned.
fn told_at_ten(policy: NotifierPolicy) -> Porter {
    let mut porter = Porter::new(policy);
    check_with(&mut porter, "1 10:00 books => told");
    porter
}

fn tolerance(porter: &Porter) -> &Tolerance {
    porter.notifier.tolerance(ANNA)
}

/// Pressure as the next verdict reckons it.
fn pressure(porter: &mut Porter, at: Timestamp) -> u64 {
    let mut ask = porter.dwell("elsewhere", at);
    ask.is_there = false;
    porter.decide(&[ask], at)[0].reckoning.pressure_milli
}

#[test]
fn opened_takes_five_points_away_and_not_more_than_there_are() {
    let mut porter = told_at_ten(lenient());
    assert_eq!(pressure(&mut porter, clock(1, "10:00")), 35_000);
    check_with(&mut porter, "1 10:00 opened => taken");
    assert_eq!(pressure(&mut porter, clock(1, "10:00")), 30_000);
    assert_eq!(pressure(&mut porter, clock(4, "10:00")), 15_000);
    // Of 35 points 30 days later 34 thousandths are left.
    let mut porter = told_at_ten(lenient());
    check_with(&mut porter, "31 09:00 opened => taken");
    assert_eq!(pressure(&mut porter, clock(31, "09:00")), 0);
    assert!(-40 < tolerance(&porter).nudge_milli);
}

#[test]
fn one_answer_adds_to_another_and_together_they_take_no_more_than_there_is() {
    let mut porter = told_at_ten(lenient());
    check_with(&mut porter, "1 10:00 opened => taken\n1 10:00 redeemed => taken\n1 10:00 creepy => taken");
    assert_eq!(pressure(&mut porter, clock(1, "10:00")), 60_000);
    // Eight points: opened takes five of them, and redeemed the other three.
    let mut porter = Porter::new(lenient());
    check_with(&mut porter, "1 10:00 cafe inbox open => told\n1 10:00 opened => taken");
    assert_eq!(pressure(&mut porter, clock(1, "10:00")), 3_000);
    check_with(&mut porter, "1 10:00 redeemed => taken");
    assert_eq!(tolerance(&porter).nudge_milli, -8_000);
}

#[test]
fn redeemed_takes_ten_points_away_raises_the_limit_and_lets_the_merchant_rest() {
    let mut porter = told_at_ten(lenient());
    check_with(
        &mut porter,
        "1 10:30 redeemed      => taken
         4 10:29 cafe of books => after_redemption, next 4 10:30
         4 10:29 cafe          => told
         4 10:30 bank of books => told",
    );
    assert_eq!(tolerance(&porter).limit_milli, Some(63_000));
    let mut porter = told_at_ten(lenient());
    check_with(&mut porter, "1 10:00 redeemed => taken");
    assert_eq!(pressure(&mut porter, clock(1, "10:00")), 25_000);
}

#[test]
fn the_limit_never_leaves_its_bounds() {
    let mut porter = Porter::new(lenient());
    for day in 1..=10 {
        check_with(
            &mut porter,
            &format!("{day} 10:00 books => told\n{day} 10:10 redeemed => taken", day = day * 4),
        );
    }
    assert_eq!(tolerance(&porter).limit_milli, Some(80_000));
    let mut porter = Porter::new(lenient());
    for day in 1..=4 {
        check_with(
            &mut porter,
            &format!("{day} 10:00 books => told\n{day} 10:10 creepy => taken", day = day * 100),
        );
    }
    assert_eq!(tolerance(&porter).limit_milli, Some(30_000));
}

#[test]
fn wiped_away_at_once_silences_all_for_three_days() {
    let mut porter = told_at_ten(lenient());
    check_with(
        &mut porter,
        "1 10:05 shown        => taken
         1 10:05:09 dismissed => taken
         4 10:05:08 cafe      => after_dismissal, next 4 10:05:09
         4 10:05:09 cafe      => told",
    );
    let mut porter = told_at_ten(lenient());
    check_with(&mut porter, "1 10:00:09 dismissed => taken");
    assert_eq!(pressure(&mut porter, clock(1, "10:00:09")), 40_000);
    assert_eq!(tolerance(&porter).n_ignored, 0);
}

#[test]
fn what_is_shown_counts_before_what_is_received_and_the_phone_s_own_time_before_ours() {
    let silences = |answers: &[(FeedbackKind, &str, &str)]| {
        let mut porter = told_at_ten(lenient());
        let last = porter.last.unwrap();
        for (kind, at, now) in answers {
            let (at, now) = (Some(clock(1, at)), clock(1, now));
            let effect = porter.notifier.hear_feedback(ANNA, last, *kind, at, now);
            assert_eq!(effect, FeedbackEffect::Taken);
        }
        !tolerance(&porter).silences.is_empty()
    };
    use FeedbackKind::{Dismissed, Received, Shown};
    assert!(!silences(&[(Received, "10:01", "10:01"), (Dismissed, "10:01:10", "10:01:10")]));
    assert!(silences(&[(Received, "10:01", "10:01"), (Dismissed, "10:01:09", "10:09")]));
    assert!(silences(&[
        (Shown, "10:05", "10:06"),
        (Received, "10:01", "10:06"),
        (Dismissed, "10:05:09", "10:06")
    ]));
    assert!(silences(&[
        (Received, "10:01", "10:06"),
        (Shown, "10:05", "10:06"),
        (Dismissed, "10:05:09", "10:06")
    ]));
    // A time before the offer or after now is none.
    assert!(!silences(&[(Received, "10:01", "10:01"), (Dismissed, "09:59", "10:09")]));
    assert!(!silences(&[(Received, "10:01", "10:01"), (Dismissed, "10:10", "10:09")]));
}

#[test]
fn too_often_silences_all_for_two_weeks_and_halves_all_caps_for_a_quarter() {
    let policy = lenient_but(|policy| {
        policy.caps.per_7d_max = 5;
        policy.caps.sms_per_7d_max = 1;
        policy.caps.per_24h_max = 3;
    });
    let mut porter = told_at_ten(policy);
    check_with(
        &mut porter,
        "1 10:00 too_often => taken
         15 09:59 cafe     => after_too_often, next 15 10:00
         15 10:00 cafe     => told
         15 11:00 bank     => cap_24h, next 16 10:00
         16 10:00 bank     => told
         17 10:00 park     => cap_7d, next 22 10:00
         17 10:00 park sms => told
         90 10:00 cafe     => told
         90 11:00 bank     => cap_24h, next 91 10:00
         91 10:00 bank     => told
         91 10:01 park     => told",
    );
    assert_eq!(tolerance(&porter).limit_milli, Some(48_000));
    assert_eq!(tolerance(&porter).halved_until, Some(clock(91, "10:00")));
}

#[test]
fn caps_that_are_halved_until_soon_are_possible_when_they_are_not() {
    let mut porter = told_at_ten(lenient_but(|policy| policy.caps.per_24h_max = 2));
    check_with(
        &mut porter,
        "1 10:00 too_often => taken\n91 09:00 cafe => told\n91 09:30 bank => cap_24h, next 91 10:00",
    );
    let mut porter = told_at_ten(lenient_but(|policy| policy.caps.per_civil_day_max = 2));
    check_with(
        &mut porter,
        "1 10:00 too_often => taken\n91 09:00 cafe => told\n91 09:30 bank => cap_civil_day, next 91 10:00",
    );
}

#[test]
fn creepy_silences_the_store_for_a_quarter_its_merchant_for_a_month_and_all_for_a_week() {
    let mut porter = told_at_ten(lenient());
    check_with(
        &mut porter,
        "1 10:00 creepy         => taken
         8 09:59 cafe           => after_creepy, next 8 10:00
         8 10:00 cafe           => told
         31 09:59 bank of books => after_creepy, next 31 10:00
         31 10:00 bank of books => told
         91 09:59 books of park => after_creepy, next 91 10:00
         91 10:00 books         => told",
    );
    let mut porter = told_at_ten(lenient());
    check_with(&mut porter, "1 10:00 creepy => taken");
    assert_eq!(pressure(&mut porter, clock(1, "10:00")), 75_000);
    assert_eq!(tolerance(&porter).limit_milli, Some(42_000));
}

#[test]
fn not_relevant_mutes_the_offer_for_ever() {
    let mut porter = told_at_ten(lenient());
    check_with(
        &mut porter,
        "1 10:00 not_relevant        => taken
         900 10:00 books             => muted
         900 10:00 cafe offer books  => muted
         900 10:00 books offer other => told",
    );
    let silence = &porter.notifier.tolerance(ANNA).silences[0];
    assert!(matches!(&silence.over, SilenceOver::Offer(_)));
    assert_eq!((silence.why, silence.until), (SilenceReason::NotRelevant, Timestamp::MAX));
}

#[test]
fn three_ignored_in_a_row_lower_the_limit() {
    let mut porter = Porter::new(lenient());
    check_with(
        &mut porter,
        "1 10:00 books    => told
         1 10:01 received => taken
         2 10:00 cafe     => told
         2 10:01 shown    => taken
         3 10:00 bank     => told
         3 10:01 shown    => taken
         3 10:02 dismissed => taken
         4 09:59:59 park gone => not_there_any_more",
    );
    assert_eq!((tolerance(&porter).limit_milli, tolerance(&porter).n_ignored), (None, 2));
    check_with(&mut porter, "4 10:00 park gone => not_there_any_more");
    assert_eq!((tolerance(&porter).limit_milli, tolerance(&porter).n_ignored), (Some(54_000), 0));
}

#[test]
fn a_welcome_ends_the_row_and_a_complaint_or_silence_does_not() {
    let after = |answers: [&str; 4]| {
        let mut porter = Porter::new(lenient_but(|policy| policy.answers.dismissed_silence = Millis::ZERO));
        for (day, answer) in (1..).zip(answers) {
            check_with(&mut porter, &format!("{day} 10:00 books => told"));
            if !answer.is_empty() {
                check_with(&mut porter, &format!("{day} 10:00:05 {answer} => taken"));
            }
        }
        check_with(&mut porter, "9 10:00 cafe gone => not_there_any_more");
        (tolerance(&porter).limit_milli, tolerance(&porter).n_ignored)
    };
    assert_eq!(after(["shown", "opened", "shown", "shown"]), (None, 2));
    assert_eq!(after(["shown", "", "shown", "shown"]), (Some(54_000), 0));
    assert_eq!(after(["shown", "delivered", "failed", "shown"]), (None, 2));
    // Wiped away within ten seconds.
    assert_eq!(after(["shown", "dismissed", "shown", "opened"]), (None, 0));
    assert_eq!(after(["dismissed", "shown", "shown", "dismissed"]), (None, 2));
}

#[test]
fn what_was_ignored_is_counted_the_same_however_late() {
    let story = |asked_between: bool| {
        let mut porter = Porter::new(lenient());
        for day in 1..=5 {
            check_with(&mut porter, &format!("{day} 10:00 books => told\n{day} 10:01 shown => taken"));
            if asked_between {
                porter.decide(&[], clock(day + 1, "10:00"));
            }
        }
        porter.decide(&[], clock(9, "10:00"));
        tolerance(&porter).clone()
    };
    assert_eq!(story(true), story(false));
    assert_eq!(story(true).limit_milli, Some(54_000));
}

#[test]
fn l07_each_kind_counts_once_and_only_for_what_this_customer_was_told() {
    let mut porter = told_at_ten(lenient());
    check_with(&mut porter, "1 10:05 opened => taken\n1 10:06 opened => repeated\n1 10:07 redeemed => taken");
    let before = tolerance(&porter).clone();
    let (id, now) = (porter.last.unwrap(), clock(1, "11:00"));
    let notifier = &mut porter.notifier;
    let creepy = FeedbackKind::Creepy;
    let foreign = CustomerNo::new(1, 0);
    assert_eq!(notifier.hear_feedback(foreign, id, creepy, None, now), FeedbackEffect::Unknown);
    notifier.agreed(foreign, clock(1, "09:00"));
    assert_eq!(notifier.hear_feedback(foreign, id, creepy, None, now), FeedbackEffect::Unknown);
    let unknown = NotificationId(model::Digest::from_bytes([7; 16]));
    assert_eq!(notifier.hear_feedback(ANNA, unknown, creepy, None, now), FeedbackEffect::Unknown);
    // A month later nobody knows of it any more.
    assert_eq!(notifier.hear_feedback(ANNA, id, creepy, None, clock(31, "10:00")), FeedbackEffect::Unknown);
    assert_eq!(tolerance(&porter), &before, "what says nothing changes nothing");
}

#[test]
fn a_till_names_the_offer_and_means_the_newest_of_a_month() {
    let mut porter = Porter::new(lenient());
    check_with(&mut porter, "1 10:00 books => told\n2 10:00 cafe offer books => told");
    let newest = porter.last;
    check_with(&mut porter, "3 10:00 books observed => observed\n4 10:00 bank => told");
    let offer = model::OfferId::new("books").unwrap();
    let of = |porter: &Porter, now| porter.notifier.newest_of(ANNA, &offer, now);
    assert_eq!(of(&porter, clock(5, "10:00")), newest);
    assert_eq!(of(&porter, clock(32, "09:59")), newest);
    assert_eq!(of(&porter, clock(32, "10:00")), None);
    assert_eq!(porter.notifier.newest_of(CustomerNo::new(9, 0), &offer, clock(5, "10:00")), None);
}

#[test]
fn what_is_ignored_of_a_merchant_makes_its_next_one_less_relevant() {
    // Equal but for the merchant: the one that was ignored loses after a day, not before.
    for (at, ignored_wins) in [("2 09:59", true), ("2 10:00", false)] {
        let mut porter = Porter::new(lenient());
        check_with(
            &mut porter,
            &format!(
                "1 10:00 books => told
                 1 10:01 shown => taken
                 {at} cafe of books value 11 & bank => {}",
                if ignored_wins { "told & lost_arbitration" } else { "lost_arbitration & told" }
            ),
        );
    }
}

#[test]
fn a_silence_that_is_asked_for_again_is_longer_and_stands_once() {
    check(
        lenient(),
        "1 10:00 books    => told
         1 10:10 redeemed => taken
         2 10:00 cafe     => told
         2 10:10 redeemed => taken
         5 09:00 books    => told
         5 09:10 redeemed => taken
         8 09:09 books    => after_redemption, next 8 09:10",
    );
    let mut porter = told_at_ten(lenient());
    check_with(&mut porter, "1 10:10 redeemed => taken\n4 10:10 books => told\n4 10:20 redeemed => taken");
    assert_eq!(tolerance(&porter).silences.len(), 1, "what is over is forgotten");
}
