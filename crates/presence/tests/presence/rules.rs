//! Every rule of presence, as sentences with a story each.

use model::{Fix, Millis, TransitionKind};
use presence::PresencePolicy;

use crate::world::{World, check, check_under, place, start};

#[test]
fn a_point_inside_enters_and_two_points_well_outside_leave() {
    check(
        "0:00 at 300 => used
         1:00 at 90  => used, enter shop
         2:00 at 131 => used
         3:00 at 131 => used, exit shop",
    );
}

#[test]
fn k01_a_fix_a_minute_ahead_is_used_and_one_further_ahead_is_dropped() {
    check(
        "0:00 at 300 early 1         => used
         2:00 at 300 early 60        => used
         4:00 at 300 early 61        => future
         70:00 at 300 early 3600     => future
         80:00 at 300 early 315360000 => future
         3:00 at 301                 => used",
    );
}

#[test]
fn k03_an_old_fix_updates_and_is_mute_and_a_very_old_one_is_dropped() {
    check(
        "0:00 at 300                => used
         1:00 at 0 late 600         => used, enter shop
         2:00 at 1000 late 660      => used, enter cafe mute
         3:00 at 1000 late 21600    => used, exit shop mute
         4:00 at 0 late 21601       => stale",
    );
}

#[test]
fn a_fix_that_is_not_newer_is_late_or_a_duplicate() {
    check(
        "1:00 at 300 => used
         1:00 at 300 => duplicate
         1:00 at 0   => out_of_order
         0:30 at 0   => out_of_order",
    );
}

#[test]
fn null_island_is_dropped() {
    check("0:00 at null_island => null_island");
}

#[test]
fn k04_a_phone_that_repeats_its_last_place_for_hours_is_alive() {
    check(
        "0:00 at 300           => used
         1:00 at 0             => used, enter shop
         1:00 at 0 late 2400   => duplicate
         42:00 wait            => nothing
         1:00 at 0 late 4800   => duplicate
         1:00 at 0 late 7200   => duplicate
         1:00 at 0 late 10800  => duplicate
         1:00 at 0 late 14300  => duplicate
         1:00 at 0 late 17800  => duplicate
         1:00 at 0 late 21300  => duplicate
         1:00 at 0 late 24800  => duplicate
         430:00 wait           => nothing
         473:00 at 0           => used, dwell shop
         534:00 wait           => exit shop timed_out",
    );
}

#[test]
fn k06_fixes_that_were_kept_back_tell_the_past_and_only_the_fresh_ones_of_now() {
    check(
        "0:00 at 300 late 7200    => used
         1:00 at 0 late 7140      => used, enter shop mute
         4:00 at 0 late 6960      => used, dwell shop mute
         50:00 at 900 late 4200   => used, enter cafe mute
         51:00 at 900 late 4140   => used, exit shop mute
         119:00 at 0 late 60      => used, exit cafe timed_out, enter shop
         120:00 at 0              => used",
    );
}

#[test]
fn k06_a_thousand_fixes_at_once_enter_once_and_dwell_once() {
    let told = |n_secs: i64| {
        let mut world = World::new(PresencePolicy::default());
        let mut changes = Vec::new();
        let arrives_at = start() + Millis::from_secs(1_000 * n_secs);
        for i in 0..1_000 {
            let x_m = if i == 0 { 300.0 } else { (i % 50) as f64 };
            world.fix(Fix::at(start() + Millis::from_secs(i * n_secs), place(x_m)), arrives_at, &mut changes);
        }
        assert_eq!((world.n_used, world.presence.n_open_visits()), (1_000, 1));
        changes.iter().map(|change| (change.kind, change.may_trigger)).collect::<Vec<_>>()
    };
    let (enter, dwell) = (TransitionKind::Enter, TransitionKind::Dwell);
    // Over five hours, and within a quarter of one of which the last ten minutes are fresh.
    assert_eq!(told(20), [(enter, false), (dwell, false)]);
    assert_eq!(told(1), [(enter, false), (dwell, false)]);
}

#[test]
fn k12_a_clock_two_minutes_slow_is_not_held_against_a_phone() {
    check(
        "0:00 at 300 late 120 => used
         1:00 at 0 late 120   => used, enter shop
         4:00 at 0 late 120   => used, dwell shop",
    );
}

#[test]
fn p18_an_inaccurate_fix_decides_for_large_fences_only_and_is_mute() {
    check(
        "0:00 at 4900          => used
         1:00 at 5100 acc 500  => used, enter park mute
         9:00 at 300           => used
         10:00 at 0 acc 101    => used, exit park
         11:00 at 0 acc 100    => used, enter shop",
    );
}

#[test]
fn p18_an_unknown_accuracy_counts_as_fifty_metres() {
    check(
        "0:00 at 300       => used
         1:00 at 0 vague   => used, enter shop
         2:00 at 169 vague => used
         3:00 at 169 vague => used
         4:00 at 171 vague => used
         5:00 at 171 vague => used, exit shop",
    );
}

#[test]
fn p22_a_made_up_fix_is_mute() {
    check("0:00 at 300 => used\n1:00 at 0 mock => used, enter shop mute");
    check(
        "0:00 at 300      => used
         1:00 at 0        => used, enter shop
         4:00 at 0 mock   => used, dwell shop mute
         5:00 at 300 mock => used
         6:00 at 300 mock => used, exit shop mute",
    );
}

#[test]
fn a_jump_waits_for_the_next_fix_and_is_used_when_that_one_confirms_it() {
    check(
        "0:00 at 300    => used
         0:10 at 6000   => held
         0:20 at 6100   => used, used, enter park",
    );
}

#[test]
fn a_jump_that_the_next_fix_denies_is_dropped() {
    check(
        "0:00 at 300    => used
         0:10 at 60000  => held
         0:20 at 320    => jump, used",
    );
}

#[test]
fn of_several_jumps_in_a_row_each_waits_for_the_next() {
    check(
        "0:00 at 300     => used
         0:10 at 60000   => held
         0:20 at -60000  => jump, held
         0:30 at 120000  => jump, held
         0:40 at 120100  => used, used",
    );
}

#[test]
fn a_held_fix_that_comes_twice_is_a_duplicate_and_stays_held() {
    check(
        "0:00 at 300    => used
         0:10 at 6000   => held
         0:10 at 6000   => duplicate
         0:20 at 6100   => used, used, enter park",
    );
}

#[test]
fn an_older_fix_does_not_settle_a_held_one() {
    check(
        "0:00 at 300    => used
         0:20 at 6000   => held
         0:10 at 310    => used
         0:30 at 6100   => used, used, enter park",
    );
}

#[test]
fn a_held_fix_that_another_one_of_the_same_instant_denies_is_dropped() {
    check(
        "0:00 at 300    => used
         0:10 at 6000   => held
         0:10 at 310    => jump, used
         0:20 at 6100   => held",
    );
    check(
        "0:00 at 300    => used
         0:10 at 6000   => held
         0:10 at 6050   => jump, held",
    );
    check(
        "0:00 at 300    => used
         0:10 at 6000   => held
         0:10 at 6010   => jump, held
         0:20 at 6010   => used, used, enter park",
    );
}

#[test]
fn a_held_fix_that_nothing_follows_is_dropped_in_the_end() {
    check(
        "0:00 at 300    => used
         0:10 at 60000  => held
         60:10 wait     => jump",
    );
}

#[test]
fn a_jump_is_longer_than_its_time_and_both_accuracies_allow() {
    check(
        "0:00 at -9000   => used
         0:10 at -7981   => used
         0:20 at -6960   => held
         0:30 at -5950   => used, used",
    );
}

#[test]
fn a_phone_whose_place_was_forgotten_is_compared_with_nothing_and_looked_at_anew() {
    check(
        "0:00 at 300    => used
         0:10 at 60000  => held
         0:20 forget    => jump
         0:30 at 60000  => used
         0:40 forget
         0:50 at 0      => used, enter shop initial",
    );
}

#[test]
fn a_timer_of_a_visit_gives_up_no_held_fix() {
    check(
        "0:00 at 300      => used
         1:00 at 0 still  => used, enter shop
         2:00 at 60000    => held
         4:00 wait        => dwell shop
         62:00 wait       => jump, exit shop timed_out",
    );
}

#[test]
fn a_held_fix_that_was_confirmed_late_is_mute() {
    check(
        "0:00 at 300    => used
         0:10 at 6000   => held
         40:00 at 1000  => used, used, enter park mute, enter cafe",
    );
}

#[test]
fn in_the_band_between_in_and_out_nothing_changes() {
    check(
        "0:00 at 300  => used
         1:00 at 0    => used, enter shop
         2:00 at 129  => used
         3:00 at 135  => used
         4:00 at 129  => used
         5:00 at 135  => used
         6:00 at 135  => used, exit shop",
    );
}

#[test]
fn the_margin_is_a_tenth_of_a_large_radius() {
    check(
        "0:00 at 4900 => used
         1:00 at 5100 => used, enter park
         2:00 at 4895 => used
         3:00 at 4895 => used
         4:00 at 4889 => used
         5:00 at 4889 => used, exit park",
    );
}

#[test]
fn of_the_accuracy_at_most_fifty_metres_count_at_the_exit() {
    check(
        "0:00 at 300         => used
         1:00 at 0           => used, enter shop
         2:00 at 171 acc 90  => used
         3:00 at 171 acc 90  => used, exit shop",
    );
}

#[test]
fn a_visit_times_out_an_hour_after_its_last_fix() {
    check(
        "0:00 at 300 => used
         1:00 at 0   => used, enter shop
         2:00 at 5   => used
         61:59 wait  => nothing
         62:00 wait  => exit shop timed_out
         63:00 at 0  => used, enter shop",
    );
}

#[test]
fn the_time_out_goes_by_the_phones_clock_when_fixes_arrive_together() {
    check(
        "0:00 at 300 late 12000   => used
         1:00 at 0 late 12000     => used, enter shop mute
         120:00 at 0 late 4860    => used, exit shop timed_out, enter shop mute
         201:00 wait              => exit shop timed_out",
    );
}

#[test]
fn what_the_first_fix_finds_was_there_before() {
    check(
        "0:00 at 0    => used, enter shop initial
         3:00 at 0    => used, dwell shop
         4:00 at 900  => used, enter cafe
         5:00 at 1000 => used, exit shop",
    );
}

#[test]
fn a_first_fix_too_poor_to_decide_has_not_looked() {
    check("0:00 at 0 acc 150 => used\n1:00 at 0 => used, enter shop initial");
}

#[test]
fn a_first_fix_never_leaves() {
    check(
        "0:00 at 0   => used, enter shop initial
         1:00 restart => nothing
         2:00 at 300 => used
         3:00 at 300 => used, exit shop",
    );
}

#[test]
fn a_restart_keeps_visits_and_counts_evidence_anew() {
    check(
        "0:00 at 300  => used
         1:00 at 0    => used, enter shop
         2:00 restart => nothing
         4:30 at 0    => used
         7:30 at 0    => used, dwell shop
         8:00 restart => nothing
         12:00 at 0   => used
         16:00 at 0   => used",
    );
}

#[test]
fn what_is_found_after_a_restart_was_there_before() {
    check("0:00 at 300 => used\n1:00 restart => nothing\n2:00 at 0 => used, enter shop initial");
}

#[test]
fn what_an_earlier_life_has_used_tells_nothing_new() {
    // A letter that was not acknowledged comes again, and two fixes outside would end the visit that
    // the third began.
    check(
        "0:00 at 300          => used
         1:00 at 0            => used, enter shop
         2:00 restart         => nothing
         0:00 at 300 late 120 => out_of_order
         0:30 at 300 late 90  => out_of_order
         1:00 at 0 late 60    => used
         1:00 at 0 late 61    => duplicate
         4:00 at 0            => used, dwell shop",
    );
}

#[test]
fn a_visit_that_has_ended_since_a_restart_is_not_begun_again_by_its_first_fix() {
    check(
        "0:00 at 300         => used
         1:00 at 0           => used, enter shop
         2:00 restart        => nothing
         62:00 wait          => exit shop timed_out
         1:00 at 0 late 3660 => out_of_order
         1:01 at 0 late 3660 => used, enter shop initial mute",
    );
    check(
        "0:00 at 300         => used
         1:00 at 0           => used, enter shop
         2:00 restart        => nothing
         3:00 withdraw shop  => exit shop consent_withdrawn
         1:00 at 0 late 120  => out_of_order
         4:00 at 0           => used, enter shop initial",
    );
}

#[test]
fn a_visit_read_back_is_waited_for_from_the_restart_on() {
    check(
        "0:00 at 300    => used
         1:00 at 0      => used, enter shop
         300:00 restart => nothing
         359:00 wait    => nothing
         360:00 wait    => exit shop timed_out",
    );
}

#[test]
fn a_visit_read_back_after_half_a_day_is_over() {
    check(
        "0:00 at 300    => used
         1:00 at 0      => used, enter shop
         720:00 restart => nothing
         720:00 wait    => exit shop timed_out",
    );
}

#[test]
fn g14_a_visit_whose_fence_is_closed_ends_and_says_why() {
    check(
        "0:00 at 300        => used
         1:00 at 0          => used, enter shop
         2:00 withdraw shop => exit shop consent_withdrawn
         3:00 wait          => nothing",
    );
}

#[test]
fn a_device_visits_no_more_fences_than_it_may() {
    check_under(
        PresencePolicy { visits_max: 1, ..PresencePolicy::default() },
        "0:00 at 300  => used
         1:00 at 0    => used, enter shop
         2:00 at 1000 => used
         3:00 at 1000 => used, exit shop, enter cafe",
    );
}
