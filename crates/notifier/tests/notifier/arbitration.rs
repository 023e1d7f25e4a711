//! Of several at once, which.

use model::{FenceId, Profile};
use proptest::prelude::*;

use crate::porter::{Porter, check, check_with, lenient};

fn anna() -> Profile {
    Profile {
        favourites: vec![FenceId::new("books").unwrap()],
        categories: vec!["coffee".into()],
        ..Profile::default()
    }
}

#[test]
fn one_of_a_moment_goes_and_the_others_lose() {
    check(
        lenient(),
        "1 10:00 books value 3 & cafe value 5 & bank value 4 => lost_arbitration & told & lost_arbitration",
    );
}

#[test]
fn the_higher_priority_goes_whatever_the_value() {
    check(lenient(), "1 10:00 books value 900 & cafe priority 6 value 1 => lost_arbitration & told");
}

#[test]
fn value_counts_for_each_point_of_its_cost() {
    // 10 for 35 points are more than 11 for 40; 12 for 40 are more.
    check(lenient(), "1 10:00 books value 11 named & cafe value 10 => lost_arbitration & told");
    check(lenient(), "1 10:00 books value 12 named & cafe value 10 => told & lost_arbitration");
    check(lenient(), "1 10:00 books value 4294967295 sms & cafe value 4294967295 => lost_arbitration & told");
}

#[test]
fn what_the_customer_likes_is_more_relevant() {
    // 50 and 50 for a favourite at 20 points, or 50 and 30 for a declared category at 30, or 50 at 35.
    let story = "1 10:00 books value 10 & cafe value 35   => told & lost_arbitration
         2 10:00 books value 10 & cafe value 36   => lost_arbitration & told
         3 10:00 bank category coffee value 10 & park value 18 => told & lost_arbitration
         4 10:00 bank category coffee value 10 & park value 19 => lost_arbitration & told
         5 10:00 bank category tea value 10 & park value 11    => lost_arbitration & told";
    for line in story.lines() {
        check_with(&mut Porter::with(lenient(), anna()), line);
    }
}

#[test]
fn of_equals_the_favourite_goes_then_the_merchant_that_was_silent_for_longest() {
    // 100 for 20 points and 50 for 10 each are equal.
    let policy = || {
        let mut policy = lenient();
        policy.costs.lowers.favourite = 0;
        policy
    };
    check_with(
        &mut Porter::with(policy(), anna()),
        "1 10:00 cafe value 20 & books value 10 => lost_arbitration & told",
    );
    check(
        policy(),
        "1 10:00 park of a => told
         2 10:00 mall of b => told
         3 10:00 cafe of b & bank of a => lost_arbitration & told
         4 10:00 cafe of b & bank of a & home of c => lost_arbitration & lost_arbitration & told
         5 10:00 cafe of b & bank of a => told & lost_arbitration",
    );
}

#[test]
fn who_fails_a_rule_does_not_compete() {
    check(lenient(), "1 10:00 books value 900 gone & cafe value 1 => not_there_any_more & told");
}

#[test]
fn g16_two_fences_at_once_bring_one_offer_and_always_the_same() {
    let won = |asks: [&str; 2]| {
        let mut porter = Porter::new(lenient());
        let now = crate::porter::clock(1, "10:00");
        let asks = asks.map(|fence| crate::porter::Ask::dwell(fence, 1, now).offer("ten").merchant("chain"));
        let verdicts = porter.decide(&asks, now);
        let won: Vec<_> =
            asks.iter().zip(verdicts).filter(|(_, v)| v.ruling == notifier::Ruling::Goes).collect();
        assert_eq!(won.len(), 1);
        won[0].0.occasion.fence.clone()
    };
    assert_eq!(won(["books", "cafe"]), won(["cafe", "books"]));
    assert_eq!(won(["books", "cafe"]), won(["books", "cafe"]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_one_wins_in_any_order(
        offers in prop::collection::vec((0..3_u8, 0..4_u32, 0..3_usize, any::<bool>(), any::<bool>()), 1..12),
        heard in prop::collection::vec(0..3_usize, 0..4),
        turn in any::<prop::sample::Index>(),
    ) {
        let winner = |reversed: bool, turn: usize| {
            let mut porter = Porter::with(lenient(), anna());
            for (day, merchant) in (1..).zip(&heard) {
                check_with(&mut porter, &format!("{day} 10:00 store{merchant} of m{merchant} => told"));
            }
            let now = crate::porter::clock(10, "12:00");
            let mut asks: Vec<_> = offers.iter().enumerate().map(|(i, (priority, value, merchant, named, liked))| {
                let fence = if *liked { "books".to_owned() } else { format!("f{i}") };
                let ask = crate::porter::Ask::dwell(&fence, i as i64, now);
                let mut ask = ask.offer(&format!("o{i}")).merchant(&format!("m{merchant}"));
                (ask.terms.priority, ask.terms.value, ask.terms.names_store) = (*priority, *value, *named);
                ask
            }).collect();
            asks.rotate_left(turn);
            if reversed {
                asks.reverse();
            }
            let verdicts = porter.decide(&asks, now);
            let won: Vec<_> = asks.iter().zip(&verdicts).filter(|(_, v)| v.ruling == notifier::Ruling::Goes)
                .map(|(ask, _)| ask.occasion.notification).collect();
            assert_eq!(won.len(), 1, "one wins");
            // The order is total: whoever wins of all wins against each alone.
            won[0]
        };
        let turn = turn.index(offers.len());
        prop_assert_eq!(winner(false, 0), winner(true, turn));
        prop_assert_eq!(winner(false, 0), winner(false, turn));
    }
}
