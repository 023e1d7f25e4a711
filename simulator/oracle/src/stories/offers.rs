//! When it is right to speak.

use super::*;

/// A stay at one place after another; the verdict of the first offer of each.
fn check_offers(rules: Rules, stays: &[(i64, f64, &str)]) {
    let mut street = Street::new(rules);
    for (i, &(hours, x_m, says)) in stays.iter().enumerate() {
        street.after(hours * HOUR, |fix| fix, x_m + 400.0);
        street.after(MINUTE, |fix| fix, x_m);
        let told = street.after(3 * MINUTE, |fix| fix, x_m);
        let verdict = told.iter().find(|line| line.starts_with("offer") || line.starts_with("no "));
        let verdict = told.iter().find(|line| line.starts_with("offer")).or(verdict);
        assert_eq!(verdict.map(String::as_str), Some(says), "stay {i}: {told:?}");
    }
}

#[test]
fn rests_and_caps_hold_one_after_the_other() {
    check_offers(
        simple(),
        &[
            (0, BOOKS, "offer 1"),
            (2, BOOKS, "no 0 cooldown_fence"),
            (1, CAFE, "no 2 rest_between_offers"),
            (2, CAFE, "no 2 cap_24h"),
            (20, CAFE, "offer 2"),
        ],
    );
    check_offers(
        Rules { rests: Rests { fence_ms: DAY, ..simple().rests }, ..simple() },
        &[
            (0, BOOKS, "offer 1"),
            (25, CAFE, "offer 2"),
            (25, BOOKS, "no 0 cap_7d"),
            (6 * 24, BOOKS, "offer 1"),
        ],
    );
    check_offers(
        Rules {
            caps: Caps { push_24h: 9, ..simple().caps },
            rests: Rests { between_ms: 0, fence_ms: 0, ..simple().rests },
            ..simple()
        },
        &[(0, BOOKS, "offer 1"), (1, CAFE, "no 2 cap_civil_day"), (22, CAFE, "offer 2")],
    );
    check_offers(
        Rules {
            caps: Caps { push_30d: 2, push_7d: 9, ..simple().caps },
            rests: Rests { fence_ms: DAY, ..simple().rests },
            ..simple()
        },
        &[
            (0, BOOKS, "offer 1"),
            (25, CAFE, "offer 2"),
            (25 * 24 + 2, BOOKS, "no 0 cap_30d"),
            (6 * 24, BOOKS, "offer 1"),
        ],
    );
    check_offers(
        Rules { caps: Caps { push_24h: 0, ..simple().caps }, ..simple() },
        &[(0, BOOKS, "no 0 cap_24h")],
    );
}

#[test]
fn hours_zones_and_the_first_day_silence_offers() {
    // Wednesday 12:00; from 20:00 on it is quiet.
    check_offers(simple(), &[(8, BOOKS, "no 0 quiet_hours"), (13, BOOKS, "offer 1")]);
    check_offers(simple(), &[(0, ATTIC, "no 2 zone_unknown")]);
    check_offers(
        Rules { rests: Rests { settle_in_ms: 3 * DAY, ..simple().rests }, ..simple() },
        &[(0, BOOKS, "no 0 settling_in"), (24, BOOKS, "offer 1")],
    );
}

#[test]
fn what_waits_too_long_or_into_a_change_is_dropped() {
    let stay = |between: &dyn Fn(&mut Street)| {
        let mut street = Street::new(simple());
        street.after(0, |fix| fix, BOOKS + 400.0);
        street.after(MINUTE, |fix| fix, BOOKS);
        street.now_ms += 3 * MINUTE;
        let fix = street.fix(BOOKS);
        street.oracle.message(1, 0, &[fix], street.now_ms);
        street.told();
        between(&mut street);
        street.settle();
        street.told()
    };
    assert_eq!(stay(&|street| street.now_ms += 30 * SECOND), ["no 0 lost_arbitration", "offer 1"]);
    assert_eq!(stay(&|street| street.now_ms += 30 * SECOND + 1), ["no 0 too_late", "no 1 too_late"]);
    assert_eq!(
        stay(&|street| street.say(0, Word::Withdraw, 0)),
        ["exit 0 consent_withdrawn", "no 0 no_consent", "no 1 no_consent"]
    );
    assert_eq!(
        stay(&|street| street.oracle.fences(vec![None; 5], street.now_ms)),
        ["exit 0 fence_removed", "no 0 fence_gone", "no 1 fence_gone"]
    );
}

#[test]
fn what_was_decided_under_fewer_restrictions_is_not_sent() {
    let said = Said {
        customer: 1,
        device: 0,
        offer: 1,
        fence: 0,
        entered_at_ms: MONDAY + 2 * DAY + 12 * HOUR + MINUTE,
    };
    let decided = || {
        let mut street = Street::new(simple());
        street.after(0, |fix| fix, BOOKS + 400.0);
        street.after(MINUTE, |fix| fix, BOOKS);
        street.after(3 * MINUTE, |fix| fix, BOOKS);
        assert_eq!(street.oracle.to_send(), [said]);
        street
    };
    let street = decided();
    assert_eq!(street.oracle.may_send(&said, street.now_ms), Ok(()));
    assert_eq!(street.oracle.may_send(&said, street.now_ms + 15 * MINUTE), Err(Leaving::Expired));
    let mut street = decided();
    street.say(1, Word::Withdraw, 0);
    assert_eq!(street.oracle.may_send(&said, street.now_ms), Err(Leaving::Revoked), "a word to anybody");
    let mut street = decided();
    street.oracle.fences(vec![None; 5], street.now_ms);
    street.oracle.fences(fences().into_iter().map(Some).collect(), street.now_ms);
    assert_eq!(
        street.oracle.may_send(&said, street.now_ms),
        Err(Leaving::FenceGone),
        "put back is not undone"
    );
    let mut street = decided();
    street.oracle.left(&said, Leaving::Expired, street.now_ms);
    let told = [street.after(MINUTE, |fix| fix, CAFE), street.after(3 * MINUTE, |fix| fix, CAFE)].concat();
    assert!(told.contains(&"offer 2".to_owned()), "what expired does not count: {told:?}");
}

#[test]
fn an_offer_about_a_stay_that_is_over_is_stale_unless_the_clock_leaps() {
    for (clock_leaps, says) in [(false, Err(Leaving::Expired)), (true, Ok(()))] {
        let mut street = Street::new(Rules { clock_leaps, ..simple() });
        for x_m in [400.0, 0.0, 0.0] {
            street.after(3 * MINUTE, |fix| fix, BOOKS + x_m);
        }
        let said = street.oracle.to_send()[0];
        assert_eq!(street.oracle.may_send(&said, street.now_ms), Ok(()));
        street.after(MINUTE, |fix| fix, BOOKS + 400.0);
        street.after(MINUTE, |fix| fix, BOOKS + 400.0);
        assert_eq!(street.oracle.may_send(&said, street.now_ms), says);
    }
}
