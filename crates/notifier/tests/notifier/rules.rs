//! Every rule of the porter that is not about points, as sentences with a story each.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use model::{Dial, FenceId, MerchantId, Millis, Profile};
use notifier::{DailyHours, Known, Notifier, Suppression, zone};

use crate::porter::{ANNA, Porter, check, check_with, clock, lenient, lenient_but, usual};

fn with_dial(dial: Dial) -> Profile {
    Profile { dial, ..Profile::default() }
}

fn favourite(fence: &str) -> Profile {
    Profile { favourites: vec![FenceId::new(fence).unwrap()], ..Profile::default() }
}

#[test]
fn all_rules_that_fail_are_told_in_their_order_and_when_it_could_be() {
    check(
        usual(),
        "1 10:00 books      => told
         1 12:00 cafe       => rest_between_offers cap_24h cap_civil_day budget, next 3 10:00
         1 22:00 books gone => not_there_any_more quiet_hours cooldown_fence cooldown_offer cooldown_merchant cap_24h cap_civil_day budget
         1 23:00 books barred store_closed => store_closed quiet_hours cooldown_fence cooldown_offer cooldown_merchant cap_24h cap_civil_day budget, next 31 10:00",
    );
}

#[test]
fn what_other_rooms_say_no_to_stands_in_its_place_and_once() {
    check(
        lenient(),
        "1 10:00 books barred no_consent => no_consent
         1 10:00 books barred text barred offer_paused unfit => offer_paused unfit_fix text
         1 10:00 books barred out_of_stock barred out_of_stock => out_of_stock
         1 10:00 books barred too_late stale => too_late",
    );
}

#[test]
fn a_minor_hears_nothing() {
    let mut porter = Porter::with(lenient(), Profile { minor: true, ..Profile::default() });
    check_with(&mut porter, "1 10:00 books => minor\n1 10:00 books barred minor => minor");
}

#[test]
fn what_was_there_before_or_is_unfit_gone_stale_or_too_fast_calls_for_nothing() {
    check(
        lenient(),
        "1 10:00 books enter initial    => already_inside
         1 10:00 books unfit            => unfit_fix
         1 10:00 books gone             => not_there_any_more
         1 10:00 books stale            => too_late
         1 10:00 books enter mm_s 2501  => too_fast
         1 10:00 books mm_s 7001        => too_fast
         1 10:00 books cross mm_s 7001  => too_fast
         1 10:00 books enter initial unfit mm_s 3000 => already_inside unfit_fix too_fast
         1 10:00 books enter mm_s 2500  => told
         1 10:00 cafe mm_s 7000         => told
         1 10:00 park cross mm_s 7000   => told
         1 10:00 bank initial           => told
         1 10:00 bank exit initial      => told",
    );
}

#[test]
fn one_offer_per_visit_of_whatever_kind() {
    check(
        lenient(),
        "1 10:00 books             => told
         1 20:00 books again       => already_told
         1 20:00 books             => told
         1 20:00 books offer other again => already_told",
    );
}

#[test]
fn hours_begin_at_nine_and_end_at_eight_in_the_evening_at_the_store() {
    let policy = lenient_but(|policy| policy.hours = DailyHours::default());
    check(
        policy.clone(),
        "1 08:59:59 books => quiet_hours, next 1 09:00
         1 20:00 books    => quiet_hours, next 2 09:00
         1 12:00 books in America/New_York => quiet_hours, next 1 13:00
         1 09:00 books    => told",
    );
    check(policy, "1 19:59:59 books => told");
}

#[test]
fn hours_hold_on_every_clock_that_may_hang_there() {
    let policy = lenient_but(|policy| policy.hours = DailyHours::default());
    // 09:00 in Chicago is 14:00 on UTC, and 20:00 in New York is midnight.
    check(
        policy,
        "1 13:59 books in America/New_York,America/Chicago => quiet_hours, next 1 14:00
         1 14:00 books in America/New_York,America/Chicago => told
         2 00:00 cafe in America/New_York,America/Chicago  => quiet_hours, next 2 14:00
         2 00:59 cafe in America/Chicago                   => told
         2 12:00 bank in Pacific/Kiritimati,Pacific/Niue   => quiet_hours, next 2 20:00
         2 12:00 bank in Pacific/Kiritimati,Europe/Berlin  => quiet_hours",
    );
}

#[test]
fn nobody_is_told_where_the_clock_is_unknown() {
    check(usual(), "1 12:00 books in Mars/Olympus => zone_unknown");
}

#[test]
fn nobody_is_told_in_their_own_quiet_hours() {
    let from_nine = with_dial(Dial { quiet: Some((21 * 60, 10 * 60)), ..Dial::default() });
    check_with(
        &mut Porter::with(lenient(), from_nine),
        "1 09:59 books => own_quiet_hours, next 1 10:00
         1 10:00 books => told
         1 20:59 cafe  => told
         1 21:00 bank  => own_quiet_hours, next 2 10:00
         1 20:59 bank in UTC,Europe/Berlin => own_quiet_hours, next 2 10:00
         2 09:00 bank in UTC,Europe/Berlin => own_quiet_hours, next 2 10:00",
    );
    let at_noon = with_dial(Dial { quiet: Some((12 * 60, 13 * 60)), ..Dial::default() });
    check_with(
        &mut Porter::with(usual(), at_noon),
        "1 08:00 books => quiet_hours, next 1 09:00
         1 12:00 books => own_quiet_hours, next 1 13:00
         1 13:00 books => told",
    );
}

#[test]
fn c05_quiet_hours_that_begin_when_they_end_are_quiet_all_day() {
    for quiet in [(600, 600), (0, 1_440), (0, 0)] {
        let mut porter = Porter::with(lenient(), with_dial(Dial { quiet: Some(quiet), ..Dial::default() }));
        check_with(&mut porter, "1 10:00 books => own_quiet_hours");
        assert_eq!(
            porter.notifier.quiet_from(&[Tz::UTC], ANNA, None, clock(1, "10:00")),
            Some(clock(1, "10:00"))
        );
    }
    let until_midnight = with_dial(Dial { quiet: Some((22 * 60, 1_440)), ..Dial::default() });
    check_with(
        &mut Porter::with(lenient(), until_midnight),
        "1 23:59 books => own_quiet_hours, next 2 00:00\n2 00:00 books => told",
    );
}

#[test]
fn text_messages_keep_to_the_hours_of_the_law_on_every_clock() {
    // The 7th of June 2026 is a Sunday.
    check(
        lenient(),
        "6 20:59 books sms law texas => told
         6 21:00 books sms law texas => legal_hours, next 7 12:00
         7 11:59 books sms law texas => legal_hours, next 7 12:00
         7 11:59 books => told
         7 12:00 books sms law texas => told
         7 21:00 books sms law texas in UTC,Europe/Berlin => legal_hours, next 8 09:00
         8 19:30 books sms law texas in UTC,Europe/Berlin => legal_hours, next 9 09:00
         8 10:00 books sms law nowhere => legal_hours",
    );
}

#[test]
fn the_hours_of_the_law_and_our_own_are_both_kept() {
    check(
        usual(),
        "7 08:00 books sms law texas => legal_hours quiet_hours, next 7 12:00
         8 20:30 books sms law texas => quiet_hours, next 9 09:00",
    );
}

#[test]
fn what_is_told_by_text_message_must_arrive_within_the_hours_of_the_law() {
    let mut porter = Porter::new(usual());
    let texas = porter.ask_of(&["books", "sms", "law", "texas"], clock(7, "13:00")).terms.law;
    let mut quiet_from =
        |day, time| porter.notifier.quiet_from(&[Tz::UTC], ANNA, texas.as_ref(), clock(day, time));
    assert_eq!(quiet_from(7, "13:00"), Some(clock(7, "20:00")), "ours end before the law's");
    let mut lenient = Porter::new(lenient());
    let closes_at = lenient.notifier.quiet_from(&[Tz::UTC], ANNA, texas.as_ref(), clock(7, "13:00"));
    assert_eq!(closes_at, Some(clock(7, "21:00")));
}

#[test]
fn what_is_told_must_arrive_before_the_first_clock_says_quiet() {
    let quiet_from = |profile: Profile, zones: &[&str], now| {
        let zones: Vec<Tz> = zones.iter().filter_map(|name| zone(name)).collect();
        Porter::with(usual(), profile).notifier.quiet_from(&zones, ANNA, None, now)
    };
    let none = Profile::default;
    let at_six = || with_dial(Dial { quiet: Some((18 * 60, 9 * 60)), ..Dial::default() });
    assert_eq!(quiet_from(none(), &["UTC"], clock(1, "19:50")), Some(clock(1, "20:00")));
    assert_eq!(quiet_from(none(), &["UTC", "Europe/Berlin"], clock(1, "12:00")), Some(clock(1, "18:00")));
    assert_eq!(quiet_from(at_six(), &["UTC", "Europe/Berlin"], clock(1, "12:00")), Some(clock(1, "16:00")));
    assert_eq!(quiet_from(none(), &["UTC"], clock(1, "21:00")), Some(clock(1, "21:00")));
    let mut porter = Porter::new(lenient());
    assert_eq!(porter.notifier.quiet_from(&[Tz::UTC], ANNA, None, clock(1, "12:00")), None);
}

#[test]
fn what_is_muted_is_not_told() {
    let (merchant, fence) = (MerchantId::new("chain").unwrap(), FenceId::new("bank").unwrap());
    let dial = Dial { muted_merchants: vec![merchant], muted_fences: vec![fence], ..Dial::default() };
    check_with(
        &mut Porter::with(lenient(), with_dial(dial)),
        "1 10:00 books of chain => muted\n1 10:00 bank => muted\n1 10:00 books => told",
    );
}

#[test]
fn a_fence_rests_for_six_days_and_others_do_not() {
    let policy = lenient_but(|policy| policy.cooldowns.fence = Millis::from_days(6));
    check(
        policy,
        "1 10:00 books => told
         1 10:01 cafe  => told
         7 09:59 books => cooldown_fence, next 7 10:00
         7 10:00 books => told",
    );
}

#[test]
fn a_favourite_fence_rests_for_three_days() {
    let policy = lenient_but(|policy| {
        policy.cooldowns.fence = Millis::from_days(6);
        policy.cooldowns.favourite_fence = Millis::from_days(3);
    });
    let mut porter = Porter::with(policy, favourite("books"));
    check_with(
        &mut porter,
        "1 10:00 books => told
         4 09:59 books => cooldown_fence, next 4 10:00
         4 10:00 books => told",
    );
    porter.notifier.set_profile(ANNA, Profile::default());
    check_with(&mut porter, "9 10:00 books => cooldown_fence, next 10 10:00\n10 10:00 books => told");
}

#[test]
fn an_offer_rests_for_a_month_wherever_it_is_told() {
    let policy = lenient_but(|policy| policy.cooldowns.offer = Millis::from_days(30));
    check(
        policy,
        "1 10:00 books             => told
         30 10:00 cafe offer books => cooldown_offer, next 31 10:00
         30 10:00 books offer ten  => told
         31 10:00 cafe offer books => told",
    );
}

#[test]
fn an_offer_is_told_twice_in_a_life() {
    let policy = lenient_but(|policy| policy.cooldowns.offer_ever_max = 2);
    check(
        policy,
        "1 10:00 books    => told
         40 10:00 books   => told
         400 10:00 restart => open
         400 10:00 books  => told_for_life
         400 10:00 books offer ten => told
         400 11:00 books offer ten => told
         400 12:00 give_back       => given back
         400 12:00 books offer ten => told
         400 13:00 books offer ten => told_for_life",
    );
}

#[test]
fn a_merchant_rests_for_three_days_in_all_of_its_stores() {
    let policy = lenient_but(|policy| policy.cooldowns.merchant = Millis::from_hours(72));
    check(
        policy,
        "1 10:00 books of chain => told
         4 09:59 cafe of chain  => cooldown_merchant, next 4 10:00
         4 09:59 bank           => told
         4 10:00 cafe of chain  => told",
    );
}

#[test]
fn between_any_two_lie_four_hours_on_whatever_channel() {
    let policy = lenient_but(|policy| policy.cooldowns.rest = Millis::from_hours(4));
    check(
        policy,
        "1 10:00 books inbox => told
         1 13:59 cafe        => rest_between_offers, next 1 14:00
         1 14:00 cafe        => told",
    );
}

#[test]
fn nothing_is_said_on_the_day_after_a_yes() {
    let mut porter = Porter::new(lenient_but(|policy| policy.cooldowns.settle_in = Millis::from_hours(24)));
    porter.notifier.agreed(ANNA, clock(1, "10:00"));
    check_with(
        &mut porter,
        "1 12:00 books => settling_in, next 2 10:00
         2 09:59 books => settling_in, next 2 10:00
         2 10:00 books => told",
    );
    assert_eq!(porter.notifier.agreed_at(ANNA), Some(clock(1, "10:00")));
}

#[test]
fn whoever_never_agreed_waits_for_ever() {
    let mut porter = Porter::new(lenient());
    porter.notifier = Notifier::new(lenient());
    check_with(&mut porter, "1 12:00 books => settling_in");
}

#[test]
fn l05_the_same_store_a_second_later_rests() {
    check(
        lenient_but(|policy| policy.cooldowns.fence = Millis::from_days(6)),
        "1 10:00 books => told\n1 10:00:01 books => cooldown_fence, next 7 10:00",
    );
}

#[test]
fn k08_a_clock_that_stands_still_gives_nothing_away() {
    // `now` is the latest that was ever seen: while a clock is set back, it stands.
    let policy = lenient_but(|policy| {
        policy.caps.per_24h_max = 1;
        policy.caps.per_civil_day_max = 1;
        policy.cooldowns.rest = Millis::from_hours(4);
    });
    check(
        policy,
        "2 10:00 books => told
         2 10:00 cafe  => rest_between_offers cap_24h cap_civil_day, next 3 10:00
         1 09:00 cafe  => rest_between_offers cap_24h, next 3 10:00
         2 10:00 cafe  => rest_between_offers cap_24h cap_civil_day, next 3 10:00",
    );
}

#[test]
fn what_is_given_back_does_not_count() {
    check(
        usual(),
        "1 10:00 books     => told
         1 10:10 give_back => given back
         1 10:10 give_back => not known
         1 10:11 books     => told",
    );
}

#[test]
fn what_is_remembered_survives_a_restart() {
    check(
        usual(),
        "1 10:00 books   => told
         1 10:05 too_often => taken
         1 10:06 restart => open
         1 15:00 cafe    => after_too_often cap_24h cap_civil_day cap_7d cap_all_channels_7d budget, next 15 10:05",
    );
}

#[test]
fn l08_eleven_phones_of_one_customer_bring_one_offer() {
    let mut porter = Porter::new(usual());
    let now = clock(2, "12:00");
    let asks: Vec<_> = (0..11)
        .map(|i| {
            let mut ask = porter.dwell(&format!("store{i}"), now);
            ask.occasion.device = model::DeviceNo::new(i, 0);
            ask
        })
        .collect();
    let told = |verdicts: Vec<notifier::Verdict>| {
        verdicts.iter().filter(|verdict| verdict.ruling == notifier::Ruling::Goes).count()
    };
    assert_eq!(told(porter.decide(&asks, now)), 1);
    assert_eq!(told(porter.decide(&asks, now + Millis::from_hours(5))), 0);
}

#[test]
fn who_was_forgotten_begins_a_new_life() {
    let mut porter = Porter::new(lenient_but(|policy| policy.caps.per_24h_max = 1));
    check_with(&mut porter, "1 10:00 books => told\n1 11:00 books => cap_24h, next 2 10:00");
    assert_eq!(porter.notifier.forget(ANNA), []);
    assert!(porter.notifier.heard(ANNA).is_empty());
    check_with(&mut porter, "1 11:00 books => settling_in");
    porter.notifier.load(ANNA, Known { agreed_at: Some(clock(1, "00:00")), ..Known::default() });
    check_with(&mut porter, "1 11:00 books => told");
}

#[test]
fn every_reason_has_a_word_of_its_own_and_a_sentence() {
    for suppression in Suppression::ALL {
        assert_eq!(Suppression::from_word(suppression.word()), Some(suppression));
    }
    assert_eq!(Suppression::from_word("whim"), None);
    let reasons: BTreeSet<&str> = Suppression::ALL.into_iter().map(Suppression::because).collect();
    assert!(reasons.len() == Suppression::ALL.len() && !reasons.contains(""), "{reasons:?}");
    assert!(Suppression::ALL.is_sorted(), "they stand in the order of the rules");
}
