//! What is decided and not said: held out, or only observed.

use model::{CustomerId, FeedbackKind, OfferId, Standing};
use notifier::{FeedbackEffect, NotifierPolicy, Ruling};
use proptest::prelude::*;

use crate::porter::{ANNA, Ask, Porter, check, check_with, clock, lenient, lenient_but};
use crate::street;

/// Whether somebody is held out of an offer.
fn is_held_out(key: &str, offer: &str, who: &str, permille: u16) -> bool {
    let mut policy = lenient();
    policy.key = key.into();
    let mut porter = Porter::new(policy);
    let mut ask = porter.dwell("books", clock(1, "12:00")).offer(offer);
    ask.terms.holdout_permille = permille;
    let name = CustomerId::new(who).unwrap();
    let verdicts = porter.notifier.decide(ANNA, &name, &[ask.candidate()], clock(1, "12:00"));
    match &verdicts[0].ruling {
        Ruling::Goes => false,
        Ruling::Unsaid(Standing::HeldOut) => true,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tenth_is_held_out_of_each_offer_and_not_always_the_same() {
    let of = |offer: &str, permille| -> Vec<bool> {
        (0..2_000).map(|i| is_held_out("k", offer, &format!("c{i}"), permille)).collect()
    };
    let n = |held: &[bool]| held.iter().filter(|held| **held).count();
    let (one, other) = (of("one", 100), of("two", 100));
    assert!((150..250).contains(&n(&one)) && (150..250).contains(&n(&other)), "{} {}", n(&one), n(&other));
    let both = one.iter().zip(&other).filter(|(one, other)| **one && **other).count();
    assert!((5..45).contains(&both), "{both} of 2,000 are held out of both");
    // A larger share holds the smaller one, so that raising it changes nobody's lot twice.
    assert!(one.iter().zip(of("one", 200)).all(|(small, large)| !small || large));
    assert_eq!((n(&of("one", 0)), n(&of("one", 1_000))), (0, 2_000));
}

#[test]
fn the_draw_is_the_same_for_ever() {
    // Whoever changes one of these moves people between those who hear and those who do not.
    let drawn: Vec<usize> = (0..40).filter(|i| is_held_out("stile", "ten", &format!("c{i}"), 100)).collect();
    assert_eq!(drawn, DRAWN);
}

const DRAWN: [usize; 6] = [5, 7, 12, 35, 36, 37];

#[test]
fn who_is_held_out_takes_the_place_and_nobody_else_gets_it() {
    check(
        lenient(),
        "1 10:00 books value 90 holdout 1000 & cafe => held_out & lost_arbitration
         1 10:00 books holdout 1000 & cafe value 90 => lost_arbitration & told",
    );
}

#[test]
fn who_is_held_out_sees_the_world_as_if_spoken_to_and_others_do_not() {
    check(
        lenient_but(|policy| policy.caps.per_24h_max = 1),
        "1 10:00 books holdout 1000 => held_out
         1 11:00 cafe holdout 1000  => cap_24h, next 2 10:00
         1 11:00 cafe observed      => cap_24h, next 2 10:00
         1 11:00 cafe               => told
         1 12:00 bank holdout 1000  => cap_24h, next 2 11:00",
    );
}

#[test]
fn what_is_observed_takes_the_place_of_none_that_may_go() {
    check(
        lenient(),
        "1 10:00 books value 90 observed & cafe => observed & told
         1 10:00 books observed & cafe value 90 => lost_arbitration & told
         1 10:00 books observed value 2 & cafe observed => lost_arbitration & observed
         1 10:00 books observed value 20 & cafe holdout 1000 => observed & held_out
         1 10:00 books observed holdout 1000 => held_out",
    );
}

#[test]
fn an_offer_is_told_for_life_to_who_is_not_told_as_well() {
    check(
        lenient_but(|policy| policy.cooldowns.offer_ever_max = 2),
        "1 10:00 books observed => observed
         2 10:00 books observed => observed
         3 10:00 books observed => told_for_life, next 31 10:00
         3 10:00 books          => told
         3 11:00 books          => told
         3 12:00 books          => told_for_life",
    );
}

#[test]
fn what_would_have_been_told_for_life_may_be_again_once_enough_of_it_is_forgotten() {
    check(
        lenient_but(|policy| policy.cooldowns.offer_ever_max = 2),
        "1 10:00 books observed    => observed
         2 10:00 books observed    => observed
         30 10:00 books observed   => told_for_life, next 31 10:00
         31 09:59 books observed   => told_for_life, next 31 10:00
         31 10:00 books observed   => observed
         31 11:00 books observed   => told_for_life, next 32 10:00
         31 11:00 books            => told
         31 12:00 books observed   => told_for_life, next 61 10:00
         31 12:00 books            => told
         31 13:00 books observed   => told_for_life",
    );
}

#[test]
fn a_visit_that_was_decided_is_not_decided_again_when_the_offer_goes_live() {
    check(lenient(), "1 10:00 books observed => observed\n1 11:00 books again => already_told");
}

#[test]
fn nobody_answers_what_was_not_said_but_may_use_it() {
    let mut porter = Porter::new(lenient());
    check_with(
        &mut porter,
        "1 10:00 books holdout 1000 => held_out
         1 10:05 creepy             => unknown
         1 10:05 redeemed           => taken
         1 10:06 redeemed           => repeated",
    );
    let tolerance = porter.notifier.tolerance(ANNA);
    assert!(tolerance.silences.is_empty() && tolerance.limit_milli.is_none() && tolerance.nudge_milli == 0);
    assert!(porter.notifier.heard(ANNA)[0].answers.has(FeedbackKind::Redeemed));
    assert!(tolerance.told.is_empty());
    let offer = OfferId::new("books").unwrap();
    assert_eq!(porter.notifier.newest_of(ANNA, &offer, clock(2, "10:00")), porter.last);
    check_with(&mut porter, "1 11:00 cafe observed => observed");
    assert_eq!(porter.answer(FeedbackKind::Redeemed, clock(1, "11:05")), FeedbackEffect::Unknown);
}

/// What went out, by whom the fence and instant tell.
fn said(policy: &NotifierPolicy, days: &[street::Moment], without: Option<Standing>) -> Vec<(String, i64)> {
    let mut porter = Porter::new(policy.clone());
    let mut said = Vec::new();
    for moment in days {
        let asks: Vec<Ask> =
            moment.asks.iter().filter(|ask| Some(ask.terms.standing) != without).cloned().collect();
        let verdicts = porter.decide(&asks, moment.at);
        let gone = asks.iter().zip(&verdicts).filter(|(_, verdict)| verdict.ruling == Ruling::Goes);
        said.extend(gone.map(|(ask, _)| (ask.occasion.fence.as_str().to_owned(), moment.at.unix_ms())));
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_only_observed_never_changes_what_goes_out(policy in street::policy(), days in street::days()) {
        prop_assert_eq!(said(&policy, &days, None), said(&policy, &days, Some(Standing::Observed)));
    }

    #[test]
    fn what_was_held_out_before_never_changes_what_goes_out(policy in street::policy(), days in street::days(), later in street::days()) {
        let live = |days: Vec<street::Moment>, fence: &str| -> Vec<street::Moment> {
            days.into_iter().map(|mut moment| {
                for ask in &mut moment.asks {
                    ask.terms.standing = Standing::Sent;
                    ask.terms.holdout_permille = if ask.occasion.fence.as_str().starts_with(fence) { 1_000 } else { 0 };
                }
                moment
            }).collect()
        };
        // First only what is held out, then only what is not.
        let span = days.last().map_or(model::Millis::ZERO, |moment| moment.at.since(crate::porter::june()));
        let later: Vec<_> = live(later, "nowhere").into_iter().map(|moment| street::shifted(moment, span)).collect();
        let all: Vec<_> = live(days, "").into_iter().chain(later.clone()).collect();
        let with_holdouts = said(&policy, &all, None);
        prop_assert_eq!(with_holdouts, said(&policy, &later, None));
    }

    #[test]
    fn a_holdout_hangs_on_nothing_but_key_offer_and_customer(
        policy in street::policy(),
        days in street::days(),
        who in "[a-z]{1,8}",
        permille in 1..1_000_u16,
    ) {
        let alone = is_held_out(&policy.key, "ten", &who, permille);
        let mut porter = Porter::new(lenient_but(|lenient| lenient.key = policy.key.clone()));
        for moment in &days {
            porter.decide(&moment.asks, moment.at);
        }
        let now = days.last().map_or(crate::porter::june(), |moment| moment.at);
        let mut ask = Ask::dwell("a-place-of-its-own", 77, now).offer("ten");
        (ask.terms.holdout_permille, ask.terms.priority) = (permille, 255);
        let name = CustomerId::new(&who).unwrap();
        let ruling = porter.notifier.decide(ANNA, &name, &[ask.candidate()], now).remove(0).ruling;
        prop_assert_eq!(ruling, if alone { Ruling::Unsaid(Standing::HeldOut) } else { Ruling::Goes });
    }
}
