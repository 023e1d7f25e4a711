//! Passages between two fixes, as sentences with a story each.

use presence::PresencePolicy;

use crate::world::check_under;

fn check_crossings(story: &str) {
    check_under(PresencePolicy { crossings: true, ..PresencePolicy::default() }, story);
}

#[test]
fn passing_through_between_two_fixes_is_a_cross() {
    check_crossings(
        "0:00 at -300 => used
         1:00 at 300  => used, cross shop
         2:00 at 400  => used",
    );
}

#[test]
fn a_way_that_begins_or_ends_inside_is_no_cross() {
    check_crossings(
        "0:00 at 0 acc 150 => used
         1:00 at 300       => used
         2:00 at 0         => used, enter shop
         3:00 at 300       => used
         4:00 at 310       => used, exit shop",
    );
}

#[test]
fn a_vague_fix_tells_of_no_cross() {
    check_crossings(
        "0:00 at -300 acc 101 => used
         1:00 at 300          => used
         2:00 at -300 acc 101 => used",
    );
}

#[test]
fn g19_a_phone_that_jumps_over_a_fence_crosses_it_only_where_crossings_are_looked_for() {
    check_under(PresencePolicy::default(), "0:00 at -300 => used\n1:00 at 300 => used");
    check_crossings("0:00 at -300 => used\n1:00 at 300 => used, cross shop");
}

#[test]
fn a_way_from_or_into_a_fence_without_a_stay_is_no_cross_either() {
    check_crossings(
        "0:00 at -300     => used
         1:00 at 0        => used, enter shop
         1:30 withdraw shop => exit shop consent_withdrawn
         2:00 at 300      => used",
    );
    let nowhere = PresencePolicy { crossings: true, visits_max: 0, ..PresencePolicy::default() };
    check_under(nowhere, "0:00 at -300 => used\n1:00 at 0 => used\n2:00 at 300 => used");
}

#[test]
fn a_way_that_began_before_anybody_let_us_look_crosses_nothing() {
    check_crossings("0:00 at -300 => used\n0:30 look_anew\n1:00 at 300 => used");
}

#[test]
fn on_the_way_on_which_somebody_is_when_crossings_begin_to_count_none_is_found() {
    check_crossings(
        "0:00 at -300       => used
         0:30 crossings off
         1:00 at 300        => used
         1:30 crossings on
         2:00 at -300       => used
         3:00 at 300        => used, cross shop
         3:30 crossings off
         3:40 crossings on
         4:00 at -300       => used
         5:00 at 300        => used, cross shop",
    );
}

#[test]
fn a_phone_whose_place_was_forgotten_comes_from_nowhere() {
    check_crossings(
        "0:00 at -300   => used
         0:30 forget
         1:00 at 300    => used
         2:00 at -300   => used, cross shop",
    );
}

#[test]
fn a_fix_as_inexact_as_the_fence_is_large_still_tells_of_a_cross() {
    check_crossings("0:00 at -300 acc 100 => used\n1:00 at 300 acc 100 => used, cross shop");
    check_crossings("0:00 at -300 acc 101 => used\n1:00 at 300 acc 100 => used");
}
