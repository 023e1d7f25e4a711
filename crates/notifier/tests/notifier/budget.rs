//! The intrusiveness budget: what an offer costs, and what somebody bears.

use model::{Dial, FenceId, Profile, Timestamp};
use notifier::{NotifierPolicy, Ruling};

use crate::porter::{ANNA, Porter, check_with, clock, lenient, lenient_but};

/// The parts of the cost of one candidate, in words.
fn cost_of(porter: &mut Porter, words: &str, at: Timestamp) -> String {
    let words: Vec<&str> = words.split_whitespace().collect();
    let ask = porter.ask_of(&words, at);
    let candidate = ask.candidate();
    let verdicts = porter.notifier.decide(ANNA, &crate::porter::name(), &[candidate], at);
    let cost = verdicts[0].reckoning.cost;
    let parts: Vec<String> = cost.parts().map(|(part, points)| format!("{} {points}", part.word())).collect();
    let sum: i16 = cost.parts().map(|(_, points)| points).sum();
    assert_eq!(sum, cost.points().cast_signed(), "the parts are the whole");
    format!("{} = {}", cost.points(), parts.join(", "))
}

fn anna() -> Porter {
    let favourites = vec![FenceId::new("books").unwrap()];
    Porter::with(lenient(), Profile { favourites, categories: vec!["coffee".into()], ..Profile::default() })
}

#[track_caller]
fn check_cost(words: &str, at: Timestamp, expected: &str) {
    assert_eq!(cost_of(&mut anna(), words, at), expected);
}

#[test]
fn a_channel_has_its_price() {
    let noon = clock(1, "12:00");
    check_cost("cafe", noon, "35 = push 25, background 10");
    check_cost("cafe sms", noon, "50 = sms 40, background 10");
    check_cost("cafe email", noon, "22 = email 12, background 10");
    check_cost("cafe inbox", noon, "14 = inbox 4, background 10");
}

#[test]
fn what_comes_out_of_the_blue_costs_more() {
    let noon = clock(1, "12:00");
    check_cost("cafe open", noon, "10 = push 25, app_open -15");
    check_cost("cafe enter", noon, "45 = push 25, background 10, enter_without_dwell 10");
    check_cost("cafe cross", noon, "45 = push 25, background 10, enter_without_dwell 10");
    check_cost("cafe exit", noon, "30 = push 25, background 10, exit -5");
    check_cost("cafe radius 149", noon, "40 = push 25, background 10, small_fence 5");
    check_cost("cafe radius 150", noon, "35 = push 25, background 10");
    check_cost("cafe named street", noon, "55 = push 25, background 10, names_store 5, names_street 15");
    check_cost("cafe purchases", noon, "40 = push 25, background 10, purchases 5");
    check_cost("cafe delicate", noon, "65 = push 25, background 10, delicate 30");
    check_cost("cafe in_ring", noon, "45 = push 25, background 10, sensitive_ring 10");
}

#[test]
fn who_is_on_the_way_is_dearer_to_stop() {
    let noon = clock(1, "12:00");
    let strolling = "40 = push 25, background 10, stroll 5";
    check_cost("cafe mm_s 1499", noon, "35 = push 25, background 10");
    check_cost("cafe mm_s 1500", noon, strolling);
    check_cost("cafe mm_s 2500", noon, strolling);
    check_cost("cafe mm_s 2501", noon, "35 = push 25, background 10");
}

#[test]
fn the_edges_of_the_day_and_mornings_of_the_weekend_cost_more() {
    let (plain, dear) = ("35 = push 25, background 10", "40 = push 25, background 10, hour 5");
    check_cost("cafe", clock(1, "09:00"), dear);
    check_cost("cafe", clock(1, "09:59:59"), dear);
    check_cost("cafe", clock(1, "10:00"), plain);
    check_cost("cafe", clock(1, "18:59:59"), plain);
    check_cost("cafe", clock(1, "19:00"), dear);
    check_cost("cafe", clock(1, "20:00"), plain);
    // The 5th is a Friday, and in Kiritimati already a Saturday.
    check_cost("cafe", clock(5, "11:00"), plain);
    check_cost("cafe in Pacific/Kiritimati,UTC", clock(5, "21:00"), dear);
    check_cost("cafe", clock(6, "11:59"), dear);
    check_cost("cafe", clock(6, "09:30"), dear);
    check_cost("cafe", clock(6, "12:00"), plain);
    check_cost("cafe", clock(7, "11:59"), dear);
    check_cost("cafe", clock(8, "11:59"), plain);
}

#[test]
fn what_the_customer_likes_costs_less_and_never_less_than_eight() {
    let noon = clock(1, "12:00");
    check_cost("books", noon, "20 = push 25, background 10, favourite -15");
    check_cost("cafe category coffee", noon, "30 = push 25, background 10, category_declared -5");
    check_cost("cafe category tea", noon, "35 = push 25, background 10");
    check_cost("books inbox open", noon, "8 = inbox 4, favourite -15, app_open -15, floor 34");
}

#[test]
fn earlier_offers_at_the_fence_make_the_next_dearer_for_a_month() {
    let mut porter = Porter::new(lenient());
    let mut costs = Vec::new();
    for day in 1..=6 {
        costs.push(cost_of(&mut porter, "cafe", clock(day, "12:30")));
        check_with(&mut porter, &format!("{day} 13:00 cafe offer o{day} => told\n{day} 14:00 bank => told"));
    }
    assert_eq!(costs[0], "35 = push 25, background 10");
    assert_eq!(costs[1], "45 = push 25, background 10, earlier_here 10");
    assert_eq!(costs[4], "75 = push 25, background 10, earlier_here 40");
    assert_eq!(costs[5], costs[4]);
    assert_eq!(
        cost_of(&mut porter, "cafe", clock(35, "12:59")),
        "55 = push 25, background 10, earlier_here 20"
    );
    assert_eq!(cost_of(&mut porter, "cafe", clock(35, "13:00")), costs[1]);
}

#[test]
fn what_was_used_here_or_opened_of_the_merchant_makes_the_next_cheaper() {
    let mut porter = Porter::new(lenient());
    check_with(
        &mut porter,
        "1 12:00 books of chain => told\n1 12:05 redeemed => taken\n1 12:06 opened => taken",
    );
    let noon = clock(2, "12:00");
    assert_eq!(
        cost_of(&mut porter, "books of chain", noon),
        "30 = push 25, background 10, earlier_here 10, redeemed_here -10, opened_last -5"
    );
    assert_eq!(cost_of(&mut porter, "cafe of chain", noon), "30 = push 25, background 10, opened_last -5");
    assert_eq!(
        cost_of(&mut porter, "books of other", noon),
        "35 = push 25, background 10, earlier_here 10, redeemed_here -10"
    );
    check_with(&mut porter, "5 12:00 bank of chain => told");
    assert_eq!(cost_of(&mut porter, "cafe of chain", clock(6, "12:00")), "35 = push 25, background 10");
}

#[test]
fn fifteen_fences_in_a_day_are_a_courier_s() {
    let mut porter = Porter::new(lenient());
    for i in 0..14 {
        check_with(
            &mut porter,
            &format!("2 10:{i:02} enters store{i} => noted\n2 10:{i:02}:30 enters store{i} => noted"),
        );
    }
    assert_eq!(cost_of(&mut porter, "cafe", clock(2, "12:00")), "35 = push 25, background 10");
    check_with(&mut porter, "2 11:00 enters store14 => noted");
    let dear = "50 = push 25, background 10, many_fences 15";
    assert_eq!(cost_of(&mut porter, "cafe", clock(2, "12:00")), dear);
    assert_eq!(cost_of(&mut porter, "cafe", clock(3, "10:00:29")), dear);
    assert_eq!(cost_of(&mut porter, "cafe", clock(3, "10:00:30")), "35 = push 25, background 10");
    // Nobody remembers it over a restart.
    porter.restart();
    assert_eq!(cost_of(&mut porter, "cafe", clock(2, "12:00")), "35 = push 25, background 10");
}

/// Only the budget, and hours that all cost the same.
fn only_the_budget() -> NotifierPolicy {
    lenient_but(|policy| {
        policy.budget.enforced = true;
        policy.costs.raises.hour = 0;
        policy.costs.raises.earlier_here = 0;
    })
}

#[test]
fn pressure_and_cost_together_stay_within_the_limit() {
    // 35 of 60 points: the next goes when 25 are left, after 72 h x log2(35/25) and a step's rest.
    check_with(
        &mut Porter::new(only_the_budget()),
        "1 00:00 books    => told
         1 00:00 cafe     => budget, next 2 11:09:22.500
         2 11:09:22 cafe  => budget, next 2 11:09:22.500
         2 11:09:23 cafe  => told",
    );
    // Exactly the limit is within.
    let exact = lenient_but(|policy| {
        policy.budget.enforced = true;
        policy.budget.limit_milli = 70_000;
    });
    check_with(
        &mut Porter::new(exact),
        "1 12:00 books => told\n1 12:00 cafe => told\n1 12:00 bank inbox => budget, next 2 11:20:37.500",
    );
}

#[test]
fn what_costs_more_than_the_limit_never_goes() {
    check_with(
        &mut Porter::new(only_the_budget()),
        "1 12:00 books delicate => budget\n1 12:00 books street named purchases => told",
    );
}

#[test]
fn the_budget_is_one_for_all_channels() {
    check_with(
        &mut Porter::new(only_the_budget()),
        "1 12:00 books sms  => told\n1 12:00 cafe inbox => budget, next 1 20:43:07.500\n1 12:00 cafe open inbox => told",
    );
}

#[test]
fn a_budget_that_is_not_enforced_is_reckoned_all_the_same() {
    let mut porter = Porter::new(lenient());
    check_with(&mut porter, "1 12:00 books => told\n1 12:00 cafe => told");
    let ask = porter.dwell("bank", clock(1, "12:00"));
    let verdict = porter.decide(&[ask], clock(1, "12:00")).remove(0);
    assert_eq!((verdict.reckoning.pressure_milli, verdict.reckoning.limit_milli), (70_000, 60_000));
    assert_eq!(verdict.ruling, Ruling::Goes);
}

#[test]
fn a_verdict_holds_what_counts_and_what_it_stands_against() {
    let mut policy = lenient();
    (policy.caps.per_24h_max, policy.caps.per_7d_max, policy.caps.per_30d_max) = (4, 5, 6);
    (policy.caps.per_7d_favourite_max, policy.caps.per_30d_favourite_max) = (7, 8);
    let favourites = vec![FenceId::new("books").unwrap()];
    let dial = Dial { per_week: Some(5), ..Dial::default() };
    let mut porter = Porter::with(policy, Profile { favourites, dial, ..Profile::default() });
    check_with(
        &mut porter,
        "1 12:00 cafe => told\n2 12:00 bank => told\n9 12:00 park => told\n9 13:00 mall inbox => told",
    );
    let mut reckon = |fence: &str| {
        let ask = porter.dwell(fence, clock(9, "14:00"));
        let candidate = ask.candidate();
        porter
            .notifier
            .decide(ANNA, &crate::porter::name(), &[candidate], clock(9, "14:00"))
            .remove(0)
            .reckoning
    };
    let counts = |reckoning: &notifier::Reckoning| {
        [reckoning.push_24h, reckoning.push_7d, reckoning.push_30d].map(|count| (count.n, count.max))
    };
    let (elsewhere, at_a_favourite) = (reckon("home"), reckon("books"));
    assert_eq!(counts(&elsewhere), [(1, 4), (1, 5), (3, 6)]);
    assert_eq!(counts(&at_a_favourite), [(1, 4), (1, 7), (3, 8)]);
    assert!(at_a_favourite.favourite && !elsewhere.favourite);
}
