//! How many in which window, as sentences with a story each.

use model::{Dial, FenceId, Profile};

use crate::porter::{ANNA, Porter, check, check_with, lenient, lenient_but};

fn with_dial(dial: Dial) -> Profile {
    Profile { dial, ..Profile::default() }
}

fn favourite(fence: &str) -> Profile {
    Profile { favourites: vec![FenceId::new(fence).unwrap()], ..Profile::default() }
}

#[test]
fn a_window_of_24_hours_rolls_and_does_not_begin_at_midnight() {
    check(
        lenient_but(|policy| policy.caps.per_24h_max = 1),
        "1 23:00 books    => told
         2 00:00 cafe     => cap_24h, next 2 23:00
         2 22:59:59 cafe  => cap_24h, next 2 23:00
         2 23:00 cafe     => told",
    );
}

#[test]
fn l02_a_civil_day_is_that_of_the_store() {
    let policy = lenient_but(|policy| policy.caps.per_civil_day_max = 1);
    check(
        policy.clone(),
        "1 10:00 books => told
         1 23:59 cafe  => cap_civil_day, next 2 00:00
         2 00:00 cafe  => told",
    );
    // Midnight in New York is 04:00 on UTC in June.
    check(
        policy.clone(),
        "1 23:00 books in America/New_York => told
         2 03:59 cafe in America/New_York  => cap_civil_day, next 2 04:00
         2 04:00 cafe in America/New_York  => told",
    );
    // Told on the 2nd in Kiritimati, it fills the 2nd of any other place.
    check(
        policy,
        "1 11:00 books in Pacific/Kiritimati => told
         1 11:00 cafe                        => told
         2 11:00 bank                        => cap_civil_day, next 3 00:00",
    );
}

#[test]
fn l02_a_civil_day_is_as_long_as_its_clock_makes_it() {
    // On 25 October 2026 Berlin's day has 25 hours: from 22:00 on UTC until 23:00.
    let policy = lenient_but(|policy| policy.caps.per_civil_day_max = 1);
    check(
        policy,
        "146 22:00 books in Europe/Berlin => told
         147 22:59 cafe in Europe/Berlin  => cap_civil_day, next 147 23:00
         147 23:00 cafe in Europe/Berlin  => told",
    );
}

#[test]
fn l02_caps_hold_over_the_end_of_a_month() {
    check(
        lenient_but(|policy| {
            policy.caps.per_30d_max = 2;
            policy.caps.per_30d_favourite_max = 2;
        }),
        "20 10:00 books => told
         30 10:00 cafe  => told
         35 10:00 bank  => cap_30d, next 50 10:00
         50 10:00 bank  => told
         51 10:00 books => cap_30d, next 60 10:00",
    );
}

#[test]
fn seven_days_are_seven_times_24_hours() {
    check(
        lenient_but(|policy| policy.caps.per_7d_max = 2),
        "1 10:00 books => told
         3 10:00 cafe  => told
         8 09:59 bank  => cap_7d, next 8 10:00
         8 10:00 bank  => told
         9 10:00 books => cap_7d, next 10 10:00",
    );
}

#[test]
fn a_favourite_store_among_the_windows_makes_room_for_one_more() {
    let policy = lenient_but(|policy| {
        policy.caps.per_7d_max = 2;
        policy.caps.per_7d_favourite_max = 3;
    });
    let story = "1 10:00 cafe  => told
         2 10:00 bank  => told
         3 10:00 park  => cap_7d, next 8 10:00
         3 10:00 books => told
         4 10:00 books => cap_7d, next 8 10:00
         8 10:00 park  => told
         9 10:00 cafe  => told
         10 10:00 bank => cap_7d, next 15 10:00";
    check_with(&mut Porter::with(policy.clone(), favourite("books")), story);
    // It counts as it was then: the store is a favourite no more.
    let mut porter = Porter::with(policy, favourite("books"));
    check_with(&mut porter, "1 10:00 books => told\n1 11:00 cafe => told");
    porter.notifier.set_profile(ANNA, Profile::default());
    check_with(&mut porter, "1 12:00 bank => told\n1 13:00 park => cap_7d, next 8 11:00");
}

#[test]
fn caps_on_push_count_push_and_bind_push() {
    check(
        lenient_but(|policy| policy.caps.per_24h_max = 1),
        "1 10:00 books inbox => told
         1 10:00 cafe email  => told
         1 10:00 bank        => told
         1 11:00 park sms    => told
         1 11:00 park inbox  => told
         1 11:00 park        => cap_24h, next 2 10:00",
    );
}

#[test]
fn three_a_week_of_all_channels() {
    check(
        lenient_but(|policy| policy.caps.all_channels_per_7d_max = 3),
        "1 10:00 books inbox => told
         2 10:00 cafe sms    => told
         3 10:00 bank        => told
         4 10:00 park email  => cap_all_channels_7d, next 8 10:00
         8 10:00 park email  => told",
    );
}

#[test]
fn text_messages_have_caps_of_their_own() {
    check(
        lenient_but(|policy| {
            policy.caps.sms_per_7d_max = 1;
            policy.caps.sms_per_30d_max = 2;
        }),
        "1 10:00 books sms => told
         7 10:00 cafe sms  => cap_sms_7d, next 8 10:00
         7 10:00 cafe      => told
         8 10:00 cafe sms  => told
         9 10:00 bank sms  => cap_sms_7d cap_sms_30d, next 31 10:00
         31 10:00 bank sms => told",
    );
}

#[test]
fn the_dial_of_the_customer_caps_every_channel() {
    let dial = |per_week| with_dial(Dial { per_week: Some(per_week), ..Dial::default() });
    check_with(
        &mut Porter::with(lenient(), dial(1)),
        "1 10:00 books inbox => told\n7 10:00 cafe => cap_own, next 8 10:00\n8 10:00 cafe => told",
    );
    check_with(&mut Porter::with(lenient(), dial(0)), "1 10:00 books inbox => cap_own");
}

#[test]
fn c05_a_cap_of_nought_is_never() {
    check(lenient_but(|policy| policy.caps.per_24h_max = 0), "1 10:00 books => cap_24h");
    check(lenient_but(|policy| policy.caps.per_civil_day_max = 0), "1 10:00 books => cap_civil_day");
    check(lenient_but(|policy| policy.caps.per_7d_max = 0), "1 10:00 books => cap_7d");
    check(lenient_but(|policy| policy.caps.per_30d_max = 0), "1 10:00 books => cap_30d");
    check(
        lenient_but(|policy| policy.caps.all_channels_per_7d_max = 0),
        "1 10:00 books => cap_all_channels_7d",
    );
    check(lenient_but(|policy| policy.caps.sms_per_7d_max = 0), "1 10:00 books sms => cap_sms_7d");
    check(lenient_but(|policy| policy.caps.sms_per_30d_max = 0), "1 10:00 books sms => cap_sms_30d");
    check(lenient_but(|policy| policy.cooldowns.offer_ever_max = 0), "1 10:00 books => told_for_life");
    let boundless = lenient_but(|policy| {
        policy.caps.per_24h_max = u32::MAX;
        policy.caps.per_30d_max = u32::MAX;
    });
    check(boundless, "1 10:00 books => told\n1 10:00 cafe => told");
}

#[test]
fn l04_a_cap_that_is_lowered_or_raised_counts_at_once_and_for_what_was_heard() {
    let capped = |n_max: u32| lenient_but(|policy| policy.caps.per_24h_max = n_max);
    let mut porter = Porter::new(capped(2));
    check_with(&mut porter, "1 10:00 books => told\n1 11:00 cafe => told");
    porter.notifier.set_policy(capped(1));
    check_with(&mut porter, "1 12:00 bank => cap_24h, next 2 11:00");
    porter.notifier.set_policy(capped(3));
    check_with(&mut porter, "1 12:00 bank => told\n1 12:01 park => cap_24h, next 2 10:00");
    porter.notifier.set_policy(capped(1_000));
    check_with(&mut porter, "1 12:00 park => told\n1 13:00 park again => already_told");
}

#[test]
fn text_messages_in_24_hours_are_no_more_than_the_law_allows() {
    check(
        lenient(),
        "1 10:00 books sms law florida => told
         1 11:00 books => told
         1 12:00 cafe sms => told
         1 13:00 bank sms law florida => told
         1 14:00 books sms law florida => cap_sms_24h, next 2 10:00
         1 15:00 books sms => told
         1 21:00 books sms law florida => legal_hours cap_sms_24h, next 2 12:00
         2 10:00 books sms law florida => cap_sms_24h, next 2 12:00",
    );
}
