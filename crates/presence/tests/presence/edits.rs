//! What an operator's edit of the fences does to visits, as sentences with a story each.

use crate::world::{check, check_under};
use presence::PresencePolicy;

fn check_crossings(story: &str) {
    check_under(PresencePolicy { crossings: true, ..PresencePolicy::default() }, story);
}

#[test]
fn g17_a_reload_of_the_same_fences_changes_nothing_however_they_are_numbered() {
    check(
        "0:00 at 300   => used
         1:00 at 0     => used, enter shop
         2:00 reload   => nothing
         2:10 renumber => nothing
         4:00 at 0     => used, dwell shop
         4:10 renumber => nothing
         5:00 at 950   => used, enter cafe
         5:10 renumber => nothing
         6:00 at 950   => used, exit shop",
    );
    check(
        "0:00 at 0 still => used, enter shop initial
         1:00 renumber   => nothing
         3:00 wait       => dwell shop",
    );
    check_crossings(
        "0:00 at 850     => used
         0:10 at 1000    => used, enter cafe
         0:20 renumber   => nothing
         0:40 at -150    => used, cross shop",
    );
}

#[test]
fn g14_a_fence_that_is_removed_ends_its_visits_and_no_others() {
    check(
        "0:00 at 300      => used
         1:00 at 0        => used, enter shop
         2:00 remove park => nothing
         3:00 remove shop => exit shop fence_removed
         4:00 at 0        => used
         5:00 at 300      => used
         6:00 at 950      => used, enter cafe",
    );
}

#[test]
fn g14_a_fence_that_was_looked_at_since_it_was_drawn_is_no_news_after_another_edit() {
    check(
        "0:00 remove cafe
         1:00 at 500      => used
         2:00 add cafe
         3:00 at 500      => used
         4:00 remove park
         5:00 at 950      => used, enter cafe",
    );
}

#[test]
fn g14_what_is_found_in_a_new_fence_was_there_before_and_elsewhere_it_was_not() {
    check(
        "0:00 remove cafe => nothing
         1:00 at 950      => used
         2:00 add cafe    => nothing
         3:00 at 950      => used, enter cafe initial
         4:00 at 0        => used, enter shop
         5:00 at 0        => used, exit cafe
         6:00 at 950      => used, enter cafe",
    );
    check_crossings(
        "0:00 at 850      => used
         0:10 remove shop => nothing
         0:20 add shop    => nothing
         0:40 at -150     => used",
    );
}

#[test]
fn g14_a_fence_that_moves_away_ends_its_visits_at_once_and_triggers_nothing() {
    check(
        "0:00 at 300         => used
         1:00 at 0           => used, enter shop
         2:00 move shop 3000 => exit shop fence_moved
         3:00 at 0           => used
         4:00 at 2950        => used, enter shop",
    );
}

#[test]
fn g14_a_visit_goes_on_in_a_fence_that_still_holds_the_last_fix() {
    check(
        "0:00 at 300         => used
         1:00 at 0           => used, enter shop
         2:00 resize shop 50 => nothing
         3:00 at 0           => used
         4:00 at 0           => used, dwell shop
         5:00 at 300         => used
         6:00 at 300         => used, exit shop",
    );
    check(
        "0:00 at 300          => used
         1:00 at 0 still      => used, enter shop
         2:00 resize shop 120 => nothing
         4:00 wait            => dwell shop",
    );
}

#[test]
fn g14_a_redrawn_fence_that_holds_its_visitors_nowhere_ends_their_visits_without_an_occasion() {
    check(
        "0:00 at 300         => used
         1:00 at 90          => used, enter shop
         2:00 resize shop 70 => nothing
         3:00 at 90          => used
         4:00 at 150         => used
         5:00 at 150         => used, exit shop fence_moved",
    );
    check(
        "0:00 at 300              => used
         1:00 at 0                => used, enter shop
         2:00 restart             => nothing
         3:00 move shop 3000      => nothing
         4:00 at 0                => used
         5:00 at 0                => used, exit shop fence_moved",
    );
}

#[test]
fn g14_a_last_fix_too_poor_to_decide_does_not_say_that_a_fence_moved_away() {
    check(
        "0:00 at 300         => used
         1:00 at 0 acc 100   => used, enter shop
         2:00 move shop 3000 => exit shop fence_moved",
    );
    check(
        "0:00 at 300         => used
         1:00 at 0           => used, enter shop
         1:30 at 0 acc 101   => used
         2:00 move shop 3000 => nothing
         3:00 at 0           => used
         4:00 at 0           => used, exit shop fence_moved",
    );
}

#[test]
fn g14_a_last_fix_at_the_rim_of_the_new_shape_is_no_evidence_of_a_stay_there() {
    check(
        "0:00 at 300          => used
         1:00 at 69           => used, enter shop
         2:00 resize shop 70  => nothing
         5:00 at 0            => used
         8:00 at 0            => used, dwell shop",
    );
    check(
        "0:00 at 300          => used
         1:00 at 69 still     => used, enter shop
         2:00 resize shop 70  => nothing
         9:00 wait            => nothing",
    );
    check(
        "0:00 at 300          => used
         1:00 at 65 still     => used, enter shop
         2:00 resize shop 70  => nothing
         4:00 wait            => dwell shop",
    );
}

#[test]
fn g14_stillness_in_the_old_shape_is_no_stay_in_the_new_one() {
    check(
        "0:00 at 300         => used
         1:00 at 90 still    => used, enter shop
         2:00 resize shop 80 => nothing
         9:00 wait           => nothing
         10:00 at 70         => used
         12:00 at 70         => used
         13:00 at 70         => used, dwell shop",
    );
}

#[test]
fn g14_a_look_too_poor_to_decide_does_not_find_out_about_a_new_fence() {
    check(
        "0:00 remove cafe    => nothing
         1:00 at 950         => used
         2:00 add cafe       => nothing
         3:00 at 300 acc 200 => used
         4:00 at 950         => used, enter cafe initial",
    );
}

#[test]
fn g14_a_fence_at_the_number_of_one_that_is_gone_is_another_fence() {
    check(
        "0:00 at 300          => used
         1:00 at 0            => used, enter shop
         2:00 remove shop     => exit shop fence_removed
         2:10 remove park     => nothing
         2:20 add park        => nothing
         2:30 at 5500         => used, enter park initial
         6:00 at 0            => used
         7:00 at 0            => used, exit park
         8:00 add shop        => nothing
         9:00 at 0            => used, enter shop initial
         9:10 move shop 20000 => exit shop fence_moved",
    );
    // Whoever was in the one has not been in the other.
    check_crossings(
        "0:00 at 1000     => used, enter cafe initial
         0:10 remove cafe => exit cafe fence_removed
         0:20 at 1150     => used
         0:30 remove shop => nothing
         0:40 add cafe    => nothing
         0:50 at 1150     => used
         1:00 at 1151     => used
         1:20 at 850      => used, cross cafe",
    );
}

#[test]
fn g14_only_those_who_are_in_a_touched_fence_are_asked_and_all_of_those() {
    check(
        "0:00 at 300          => used
         1:00 at 0            => used, enter shop
         1:10 renumber        => nothing
         1:20 move cafe 20000 => nothing
         1:30 restart         => nothing
         2:00 at 0            => used
         2:10 resize shop 120 => nothing
         2:20 renumber        => nothing
         2:30 move shop 9000  => exit shop fence_moved
         2:40 resize shop 50  => nothing",
    );
}
