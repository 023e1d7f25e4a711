//! When somebody stays, as sentences with a story each.

use model::Millis;
use presence::PresencePolicy;

use crate::world::{check, check_under};

#[test]
fn two_fixes_inside_three_minutes_apart_make_a_dwell_once() {
    check(
        "0:00 at 300 => used
         1:00 at 0   => used, enter shop
         3:59 at 0   => used
         4:00 at 0   => used, dwell shop
         8:00 at 0   => used",
    );
}

#[test]
fn a_fix_outside_between_them_starts_the_dwell_anew() {
    check(
        "0:00 at 300 => used
         1:00 at 0   => used, enter shop
         3:00 at 105 => used
         4:00 at 0   => used
         6:59 at 0   => used
         7:00 at 0   => used, dwell shop",
    );
}

#[test]
fn a_fix_within_two_fifths_of_its_accuracy_of_the_rim_neither_begins_nor_completes_nor_breaks_a_stay() {
    check(
        "0:00 at 300       => used
         1:00 at 96 acc 20 => used, enter shop
         5:00 at 90 acc 20 => used
         6:00 at 96 acc 20 => used
         8:00 at 96 acc 20 => used
         9:00 at 90 acc 20 => used, dwell shop",
    );
    check(
        "0:00 at 300      => used
         1:00 at 0        => used, enter shop
         4:00 at 81 vague => used
         5:00 at 79 vague => used, dwell shop",
    );
    check(
        "0:00 at 4000          => used
         1:00 at 5011 acc 1000 => used, enter park mute
         5:00 at 5021 acc 1000 => used
         8:00 at 5021 acc 1000 => used, dwell park mute",
    );
}

#[test]
fn a_visit_goes_on_at_the_rim() {
    check(
        "0:00 at 300        => used
         1:00 at 0          => used, enter shop
         30:00 at 135       => used
         40:00 at 99 acc 80 => used
         99:00 at 135       => used
         158:59 wait        => nothing
         159:00 wait        => exit shop timed_out",
    );
}

#[test]
fn with_a_depth_of_nought_every_fix_inside_is_evidence() {
    check_under(
        PresencePolicy { dwell_depth: 0.0, ..PresencePolicy::default() },
        "0:00 at 300      => used
         1:00 at 99 vague => used, enter shop
         4:00 at 99 vague => used, dwell shop",
    );
}

#[test]
fn one_fix_inside_followed_by_silence_is_no_dwell() {
    check(
        "0:00 at 300  => used
         1:00 at 0    => used, enter shop
         61:00 wait   => exit shop timed_out",
    );
}

#[test]
fn a_phone_that_says_it_stands_still_dwells_by_timer() {
    check(
        "0:00 at 300     => used
         1:00 at 0 still => used, enter shop
         3:59 wait       => nothing
         4:00 wait       => dwell shop
         61:00 wait      => exit shop timed_out",
    );
}

#[test]
fn a_timer_counts_from_the_first_fix_inside() {
    check(
        "0:00 at 300     => used
         1:00 at 0       => used, enter shop
         3:00 at 0 still => used
         4:00 wait       => dwell shop",
    );
}

#[test]
fn a_phone_that_moves_again_or_leaves_does_not_dwell_by_timer() {
    check(
        "0:00 at 300     => used
         1:00 at 0 still => used, enter shop
         2:00 at 50      => used
         5:00 wait       => nothing
         6:00 at 50      => used, dwell shop",
    );
    check(
        "0:00 at 300     => used
         1:00 at 0 still => used, enter shop
         2:00 at 110     => used
         5:00 wait       => nothing",
    );
}

#[test]
fn stillness_at_the_rim_begins_no_dwell_and_ends_none() {
    check(
        "0:00 at 300            => used
         1:00 at 99 still       => used, enter shop
         5:00 wait              => nothing
         6:00 at 0              => used
         7:00 at 99 still       => used
         10:00 wait             => nothing",
    );
    check(
        "0:00 at 300            => used
         1:00 at 0 still        => used, enter shop
         2:00 at 99 still       => used
         4:00 wait              => dwell shop",
    );
    check(
        "0:00 at 300            => used
         1:00 at 0 still        => used, enter shop
         2:00 at 99             => used
         10:00 wait             => nothing",
    );
}

#[test]
fn stillness_is_believed_for_thirty_minutes() {
    let patient = PresencePolicy { dwell: Millis::from_mins(31), ..PresencePolicy::default() };
    check_under(
        patient,
        "0:00 at 300     => used
         1:00 at 0 still => used, enter shop
         40:00 wait      => nothing",
    );
}

#[test]
fn a_dwell_by_timer_comes_first_when_the_next_fix_is_told_late() {
    check(
        "0:00 at 300     => used
         1:00 at 0 still => used, enter shop
         20:00 at 500    => used, dwell shop",
    );
}
