//! What makes a visit: fixes good and odd, in time and out of it.

use super::*;

#[test]
fn a_stay_is_told_by_two_fixes_and_an_exit_by_two() {
    check(
        simple(),
        &[
            (0, 400.0, &[]),
            (60, 0.0, &["enter 0"]),
            (179, 0.0, &[]),
            (1, 0.0, &["dwell 0", "no 0 lost_arbitration", "offer 1"]),
            (60, 0.0, &[]),
            (60, 131.0, &[]),
            // In the band: the count begins anew.
            (60, 129.0, &[]),
            (60, 131.0, &[]),
            (60, 131.0, &["exit 0 left"]),
        ],
    );
}

#[test]
fn a_first_look_inside_is_initial_and_silence_ends_a_visit() {
    check(
        simple(),
        &[
            (0, 6_000.0, &["enter 2 initial", "no 3 already_inside"]),
            (3_600, 6_000.0, &["exit 2 timed_out", "enter 2", "offer 3"]),
        ],
    );
}

#[test]
fn a_fix_outside_breaks_a_stay() {
    check(
        simple(),
        &[
            (0, 400.0, &[]),
            (60, 0.0, &["enter 0"]),
            (100, 110.0, &[]),
            (100, 0.0, &[]),
            (179, 0.0, &[]),
            (1, 0.0, &["dwell 0", "no 0 lost_arbitration", "offer 1"]),
        ],
    );
}

#[test]
fn a_phone_that_stands_still_dwells_by_timer() {
    let mut street = Street::new(simple());
    street.after(0, |fix| fix, BOOKS + 400.0);
    street.after(MINUTE, |fix| Fix { still: true, ..fix }, BOOKS);
    street.wait(3 * MINUTE - 1);
    assert_eq!(street.told(), Vec::<String>::new());
    street.wait(1);
    assert_eq!(street.told(), ["dwell 0", "no 0 lost_arbitration", "offer 1"]);
    let walker = |fix| Fix { still: false, ..fix };
    street.after(2 * HOUR, walker, BOOKS + 400.0);
    street.after(MINUTE, walker, BOOKS);
    street.wait(20 * MINUTE);
    assert_eq!(street.told(), Vec::<String>::new(), "one fix and silence are no stay");
}

#[test]
fn odd_fixes_are_dropped_or_trigger_nothing() {
    let later = |span_ms: i64| move |fix: Fix| Fix { taken_at_ms: fix.taken_at_ms + span_ms, ..fix };
    let stays = ["dwell 0", "no 0 lost_arbitration", "offer 1"];
    let unfit = ["dwell 0", "no 0 unfit_fix", "no 1 unfit_fix"];
    let fast = ["dwell 0", "no 0 too_fast", "no 1 too_fast"];
    check_odd(later(MINUTE), &stays);
    check_odd(later(MINUTE + 1), &["dropped future"]);
    check_odd(later(-3 * MINUTE), &["dropped duplicate"]);
    check_odd(later(-4 * MINUTE), &["dropped out_of_order"]);
    check_odd(later(-6 * HOUR - 1), &["dropped stale"]);
    check_odd(|fix| Fix { mock: true, ..fix }, &unfit);
    check_odd(|fix| Fix { accuracy_m: Some(100.0), ..fix }, &stays);
    check_odd(|fix| Fix { accuracy_m: Some(101.0), ..fix }, &[]);
    check_odd(|fix| Fix { speed_mps: Some(7.0), ..fix }, &stays);
    check_odd(|fix| Fix { speed_mps: Some(7.1), ..fix }, &fast);
    check_odd(|fix| Fix { at: Place { lat: 0.009, lng: -0.009 }, ..fix }, &["dropped null_island"]);
}

#[test]
fn a_jump_waits_for_the_next_fix() {
    let mut street = Street::new(simple());
    street.after(0, |fix| fix, BOOKS);
    assert_eq!(street.after(SECOND, |fix| fix, BOOKS + 500.0), Vec::<String>::new(), "held");
    assert_eq!(street.after(SECOND, |fix| fix, BOOKS), ["dropped jump"]);
    street.after(SECOND, |fix| fix, BOOKS + 500.0);
    assert_eq!(street.after(SECOND, |fix| fix, BOOKS + 510.0), ["exit 0 left"], "confirmed: two outside");
}

#[test]
fn old_fixes_tell_history_and_the_newest_speaks() {
    let mut street = Street::new(simple());
    let ago = |street: &Street, mins: i64, x_m: f64| Fix {
        taken_at_ms: street.now_ms - mins * MINUTE,
        ..street.fix(x_m)
    };
    let history: Vec<Fix> = [(8, BOOKS), (9, BOOKS + 400.0), (4, BOOKS), (1, BOOKS + 400.0)]
        .map(|(mins, x)| ago(&street, mins, x))
        .into();
    street.oracle.message(1, 0, &history, street.now_ms);
    street.settle();
    assert_eq!(street.told(), ["enter 0", "dwell 0", "no 0 not_there_any_more", "no 1 not_there_any_more"]);
    street.wait(DAY);
    street.told();
    let old: Vec<Fix> =
        [(20, BOOKS + 400.0), (19, BOOKS), (11, BOOKS)].map(|(mins, x)| ago(&street, mins, x)).into();
    street.oracle.message(1, 0, &old, street.now_ms);
    street.settle();
    assert_eq!(street.told(), ["enter 0", "dwell 0", "no 0 unfit_fix", "no 1 unfit_fix"]);
}

#[test]
fn a_way_through_a_fence_is_a_crossing() {
    let mut street = Street::new(Rules { crossings: true, ..simple() });
    street.after(0, |fix| fix, BOOKS - 400.0);
    assert_eq!(street.after(MINUTE, |fix| fix, BOOKS + 400.0), ["cross 0"]);
    street.after(MINUTE, |fix| fix, BOOKS);
    assert_eq!(street.after(MINUTE, |fix| fix, BOOKS + 400.0), Vec::<String>::new(), "it was in there");
}

#[test]
fn phones_and_visits_of_one_customer_are_bounded() {
    let mut street = Street::new(Rules { devices_max: 2, visits_max: 0, ..simple() });
    for device in [7, 8, 9, 8] {
        let fix = street.fix(BOOKS);
        street.oracle.message(1, device, &[fix], street.now_ms);
    }
    assert_eq!(street.told(), ["dropped too_many_devices", "dropped duplicate"]);
}
