//! The rules as short stories: one street, one customer or two, and what must come of it.

use crate::{
    Consent, ConsentState, Fence, Fix, Kind, Leaving, Offer, Oracle, Place, Purpose, Restored, Rules, Said,
    Shape, StoredConsent, StoredCustomer, StoredNotice, StoredVisit, What, Word,
};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Midnight on UTC, a Monday.
const MONDAY: i64 = 1_780_272_000 * SECOND;
/// Metres in a degree of the equator.
const METRES_A_DEGREE: f64 = 111_319.490_793;

/// Along the equator: `books` (0) at 0 m, `cafe` (1) at 2 km, `door` (2) at 6 km, of merchant 0;
/// `toys` (3) at 4 km of merchant 1; `attic` (4) at 8 km without a clock. All of 100 m.
const BOOKS: f64 = 100_000.0;
const CAFE: f64 = 102_000.0;
const TOYS: f64 = 104_000.0;
const DOOR: f64 = 106_000.0;
const ATTIC: f64 = 108_000.0;

struct Street {
    oracle: Oracle,
    now_ms: i64,
}

fn fences() -> Vec<Fence> {
    let fence = |(x_m, merchant, tz): (f64, u32, Option<chrono_tz::Tz>)| Fence {
        merchant: Some(merchant),
        shape: Shape::Circle { centre: east(x_m), radius_m: 100.0 },
        radius_m: 100.0,
        tz,
    };
    let utc = Some(chrono_tz::UTC);
    [(BOOKS, 0, utc), (CAFE, 0, utc), (DOOR, 0, utc), (TOYS, 1, utc), (ATTIC, 0, None)].map(fence).to_vec()
}

fn east(x_m: f64) -> Place {
    Place { lat: 0.0, lng: x_m / METRES_A_DEGREE }
}

fn offers() -> Vec<Offer> {
    let offer = |(id, merchant, trigger, fences, priority): (&str, u32, Kind, &[u32], u8)| Offer {
        id: id.to_owned(),
        merchant,
        trigger,
        fences: fences.to_vec(),
        priority,
        valid_for_ms: 15 * MINUTE,
    };
    vec![
        offer(("five", 0, Kind::Dwell, &[0], 1)),
        offer(("ten", 0, Kind::Dwell, &[0], 9)),
        offer(("latte", 0, Kind::Dwell, &[1, 4], 1)),
        offer(("hello", 0, Kind::Enter, &[2], 1)),
        offer(("bye", 0, Kind::Exit, &[2], 1)),
        offer(("brick", 1, Kind::Dwell, &[3, 0], 1)),
    ]
}

impl Street {
    /// Customer 1 agreed to everything of merchant 0 two days ago; it is Wednesday, 12:00.
    fn new(rules: Rules) -> Self {
        let mut street = Self { oracle: Oracle::new(fences(), offers(), rules), now_ms: MONDAY + 12 * HOUR };
        street.say(0, Word::Grant { until_ms: None }, 0);
        street.now_ms += 2 * DAY;
        street.told();
        street
    }

    fn say(&mut self, merchant: u32, word: Word, ago_ms: i64) {
        for purpose in [Purpose::Location, Purpose::OffersPush] {
            let at_ms = Some(self.now_ms - ago_ms);
            let is_grant = matches!(word, Word::Grant { .. });
            let consent = Consent { word, shown_at_ms: at_ms.filter(|_| is_grant), evidence_at_ms: at_ms };
            self.oracle.consent(1, merchant, purpose, &consent, self.now_ms);
        }
        self.settle();
    }

    fn settle(&mut self) {
        self.oracle.stage(self.now_ms);
        self.oracle.committed(self.now_ms);
    }

    /// A fix with an accuracy of 10 m.
    fn fix(&self, x_m: f64) -> Fix {
        Fix { accuracy_m: Some(10.0), ..Fix::at(self.now_ms, east(x_m)) }
    }

    /// So much later, with all timers in their time, a fix arrives.
    fn after(&mut self, span_ms: i64, change: impl Fn(Fix) -> Fix, x_m: f64) -> Vec<String> {
        self.wait(span_ms);
        let fix = change(self.fix(x_m));
        self.oracle.message(1, 0, &[fix], self.now_ms);
        self.settle();
        self.told()
    }

    fn wait(&mut self, span_ms: i64) {
        self.now_ms += span_ms;
        self.oracle.time(self.now_ms);
        self.settle();
    }

    fn told(&mut self) -> Vec<String> {
        let said = |told: crate::Told| match told.what {
            What::Transition { kind, fence, reason: None, .. } => format!("{} {fence}", kind.word()),
            What::Transition { kind, fence, reason: Some(why), .. } => {
                format!("{} {fence} {why}", kind.word())
            }
            What::Offer { offer, .. } => format!("offer {offer}"),
            What::Suppressed { offer, reason, .. } => format!("no {offer} {reason}"),
            What::Dropped { reason } => format!("dropped {reason}"),
            What::Refused { reason } => format!("refused {reason}"),
        };
        self.oracle.told().into_iter().map(said).collect()
    }
}

/// Fixes of one phone, in order: so many seconds after the one before, so many metres from `books`,
/// and what comes of it.
fn check(rules: Rules, steps: &[(i64, f64, &[&str])]) {
    let mut street = Street::new(rules);
    for (i, (secs, x_m, says)) in steps.iter().enumerate() {
        let told = street.after(secs * SECOND, |fix| fix, BOOKS + x_m);
        assert_eq!(told, *says, "step {i}");
    }
}

/// No rule of restraint but those of a visit.
fn talkative() -> Rules {
    Rules {
        per_24h_max: 99,
        per_7d_max: 99,
        per_30d_max: 99,
        per_civil_day_max: 99,
        fence_cooldown_ms: 0,
        rest_ms: 0,
        settle_in_ms: 0,
        hours: (0, 1_440),
        ..Rules::default()
    }
}

/// One fix of an odd kind in the middle of an ordinary stay at `books`.
fn check_odd(change: impl Fn(Fix) -> Fix, says: &[&str]) {
    let mut street = Street::new(Rules::default());
    street.after(0, |fix| fix, BOOKS + 400.0);
    street.after(MINUTE, |fix| fix, BOOKS);
    assert_eq!(street.after(3 * MINUTE, change, BOOKS), says);
}

#[test]
fn a_stay_is_told_by_two_fixes_and_an_exit_by_two() {
    check(
        Rules::default(),
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
        Rules::default(),
        &[
            (0, 6_000.0, &["enter 2 initial", "no 3 already_inside"]),
            (3_600, 6_000.0, &["exit 2 timed_out", "enter 2", "offer 3"]),
        ],
    );
}

#[test]
fn a_fix_outside_breaks_a_stay() {
    check(
        Rules::default(),
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
    let mut street = Street::new(Rules::default());
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
    let unfit = ["dwell 0", "no 1 unfit_fix", "no 0 unfit_fix"];
    let fast = ["dwell 0", "no 1 too_fast", "no 0 too_fast"];
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
    let mut street = Street::new(Rules::default());
    street.after(0, |fix| fix, BOOKS);
    assert_eq!(street.after(SECOND, |fix| fix, BOOKS + 500.0), Vec::<String>::new(), "held");
    assert_eq!(street.after(SECOND, |fix| fix, BOOKS), ["dropped jump"]);
    street.after(SECOND, |fix| fix, BOOKS + 500.0);
    assert_eq!(street.after(SECOND, |fix| fix, BOOKS + 510.0), ["exit 0 left"], "confirmed: two outside");
}

#[test]
fn old_fixes_tell_history_and_the_newest_speaks() {
    let mut street = Street::new(Rules::default());
    let ago = |street: &Street, mins: i64, x_m: f64| Fix {
        taken_at_ms: street.now_ms - mins * MINUTE,
        ..street.fix(x_m)
    };
    let history: Vec<Fix> = [(8, BOOKS), (9, BOOKS + 400.0), (4, BOOKS), (1, BOOKS + 400.0)]
        .map(|(mins, x)| ago(&street, mins, x))
        .into();
    street.oracle.message(1, 0, &history, street.now_ms);
    assert_eq!(street.told(), ["enter 0", "dwell 0", "no 1 unfit_fix", "no 0 unfit_fix"]);
    street.wait(DAY);
    street.told();
    let old: Vec<Fix> =
        [(20, BOOKS + 400.0), (19, BOOKS), (11, BOOKS)].map(|(mins, x)| ago(&street, mins, x)).into();
    street.oracle.message(1, 0, &old, street.now_ms);
    assert_eq!(street.told(), ["enter 0", "dwell 0", "no 1 unfit_fix", "no 0 unfit_fix"]);
}

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
        Rules::default(),
        &[
            (0, BOOKS, "offer 1"),
            (2, BOOKS, "no 1 cooldown_fence"),
            (1, CAFE, "no 2 rest_between_offers"),
            (2, CAFE, "no 2 cap_24h"),
            (20, CAFE, "offer 2"),
        ],
    );
    check_offers(
        Rules { fence_cooldown_ms: DAY, ..Rules::default() },
        &[
            (0, BOOKS, "offer 1"),
            (25, CAFE, "offer 2"),
            (25, BOOKS, "no 1 cap_7d"),
            (6 * 24, BOOKS, "offer 1"),
        ],
    );
    check_offers(
        Rules { per_24h_max: 9, rest_ms: 0, fence_cooldown_ms: 0, ..Rules::default() },
        &[(0, BOOKS, "offer 1"), (1, CAFE, "no 2 cap_civil_day"), (22, CAFE, "offer 2")],
    );
    check_offers(
        Rules { per_30d_max: 2, per_7d_max: 9, fence_cooldown_ms: DAY, ..Rules::default() },
        &[
            (0, BOOKS, "offer 1"),
            (25, CAFE, "offer 2"),
            (25 * 24 + 2, BOOKS, "no 1 cap_30d"),
            (6 * 24, BOOKS, "offer 1"),
        ],
    );
    check_offers(Rules { per_24h_max: 0, ..Rules::default() }, &[(0, BOOKS, "no 1 cap_24h")]);
}

#[test]
fn hours_zones_and_the_first_day_silence_offers() {
    // Wednesday 12:00; from 20:00 on it is quiet.
    check_offers(Rules::default(), &[(8, BOOKS, "no 1 quiet_hours"), (13, BOOKS, "offer 1")]);
    check_offers(Rules::default(), &[(0, ATTIC, "no 2 zone_unknown")]);
    check_offers(
        Rules { settle_in_ms: 3 * DAY, ..Rules::default() },
        &[(0, BOOKS, "no 1 settling_in"), (24, BOOKS, "offer 1")],
    );
}

#[test]
fn what_waits_too_long_or_into_a_change_is_dropped() {
    let stay = |between: &dyn Fn(&mut Street)| {
        let mut street = Street::new(Rules::default());
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
    assert_eq!(stay(&|street| street.now_ms += 30 * SECOND), ["offer 1"]);
    assert_eq!(stay(&|street| street.now_ms += 30 * SECOND + 1), ["no 1 too_late"]);
    assert_eq!(
        stay(&|street| street.say(0, Word::Withdraw, 0)),
        ["exit 0 consent_withdrawn", "no 1 withdrawn"]
    );
    assert_eq!(
        stay(&|street| street.oracle.fences(vec![None; 5], street.now_ms)),
        ["exit 0 fence_removed", "no 1 fence_gone"]
    );
}

#[test]
fn consent_is_asked_at_every_door() {
    let mut street = Street::new(Rules::default());
    assert_eq!(street.after(0, |fix| fix, TOYS), Vec::<String>::new(), "another merchant's");
    let fix = street.fix(BOOKS);
    street.oracle.message(2, 0, &[fix], street.now_ms);
    assert_eq!(street.told(), ["refused unknown_customer"]);
    street.after(MINUTE, |fix| fix, BOOKS);
    street.say(0, Word::Pause { until_ms: Some(street.now_ms + HOUR) }, 0);
    assert_eq!(street.told(), ["exit 0 consent_withdrawn"]);
    assert_eq!(street.after(HOUR - 1, |fix| fix, BOOKS), ["refused paused"]);
    assert_eq!(street.after(1, |fix| fix, BOOKS), ["enter 0 initial"], "a pause ends by itself");
    street.say(0, Word::Withdraw, 0);
    street.say(0, Word::Grant { until_ms: None }, MINUTE);
    street.told();
    assert_eq!(street.after(MINUTE, |fix| fix, BOOKS), ["refused withdrawn"], "a late grant");
    street.say(0, Word::Grant { until_ms: Some(street.now_ms + 30 * MINUTE) }, 0);
    assert_eq!(street.after(MINUTE, |fix| fix, BOOKS), ["enter 0 initial"]);
    assert_eq!(street.after(29 * MINUTE, |fix| fix, BOOKS), ["refused expired"]);
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
        let mut street = Street::new(Rules::default());
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
fn an_edit_ends_visits_and_triggers_nothing() {
    let edited = |edit: &dyn Fn(&mut Fence), x_m: f64| {
        let mut street = Street::new(talkative());
        street.after(0, |fix| fix, DOOR + 400.0);
        street.after(MINUTE, |fix| fix, DOOR);
        let mut fences: Vec<Option<Fence>> = fences().into_iter().map(Some).collect();
        edit(fences[2].as_mut().expect("a fence"));
        street.oracle.fences(fences, street.now_ms);
        let mut told = street.told();
        told.extend(street.after(MINUTE, |fix| fix, x_m));
        told.extend(street.after(MINUTE, |fix| fix, x_m));
        told
    };
    let moved =
        |fence: &mut Fence| fence.shape = Shape::Circle { centre: east(DOOR + 1_000.0), radius_m: 100.0 };
    let grown = |fence: &mut Fence| fence.shape = Shape::Circle { centre: east(DOOR), radius_m: 105.0 };
    assert_eq!(edited(&|_| {}, DOOR), Vec::<String>::new());
    assert_eq!(
        edited(&moved, DOOR + 1_000.0),
        ["exit 2 fence_moved", "enter 2 initial", "no 3 already_inside"]
    );
    assert_eq!(edited(&grown, DOOR), Vec::<String>::new());
    assert_eq!(edited(&|fence| fence.merchant = Some(1), DOOR), ["exit 2 fence_removed"]);
    assert_eq!(edited(&grown, DOOR + 300.0), ["exit 2 left", "offer 4"], "who walks out of it later left it");
}

#[test]
fn a_restart_goes_on_from_what_was_stored_and_says_what_was_lost() {
    let mut street = Street::new(Rules::default());
    street.after(0, |fix| fix, BOOKS + 400.0);
    street.after(MINUTE, |fix| fix, BOOKS);
    street.after(3 * MINUTE, |fix| fix, BOOKS);
    let (now_ms, entered_at_ms) = (street.now_ms, street.now_ms - 3 * MINUTE);
    let agreed_at_ms = MONDAY + 12 * HOUR;
    let consent = |purpose| StoredConsent {
        merchant: 0,
        purpose,
        state: ConsentState::Granted { until_ms: agreed_at_ms + 365 * DAY },
        restricted_at_ms: None,
    };
    let said = Said { customer: 1, device: 0, offer: 1, fence: 0, entered_at_ms };
    let notice = StoredNotice { at_ms: now_ms, said, tz: None, expires_at_ms: now_ms + 15 * MINUTE };
    let whole = StoredCustomer {
        customer: 1,
        consents: [Purpose::Location, Purpose::OffersPush].map(consent).to_vec(),
        agreed_at_ms: Some(agreed_at_ms),
        heard: vec![notice],
        outbox: vec![notice],
        visits: vec![StoredVisit {
            device: 0,
            fence: 0,
            entered_at_ms,
            last_at_ms: now_ms,
            initial: false,
            dwelled: true,
        }],
    };
    let lost = |stored: &StoredCustomer| {
        let mut again = Street::new(Rules::default());
        again.after(0, |fix| fix, BOOKS + 400.0);
        again.after(MINUTE, |fix| fix, BOOKS);
        again.after(3 * MINUTE, |fix| fix, BOOKS);
        let sentences = again.oracle.restart(&Restored { customers: vec![stored.clone()] }, now_ms);
        sentences
            .iter()
            .map(|sentence| sentence.split(':').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(lost(&whole), Vec::<String>::new());
    assert_eq!(lost(&StoredCustomer { heard: Vec::new(), ..whole.clone() }), ["caps_hold"]);
    assert_eq!(lost(&StoredCustomer { outbox: Vec::new(), ..whole.clone() }), ["ledger_precedes_delivery"]);
    assert_eq!(lost(&StoredCustomer { agreed_at_ms: None, ..whole.clone() }), ["acknowledged_is_durable"]);
    assert_eq!(
        lost(&StoredCustomer { consents: Vec::new(), ..whole.clone() }),
        ["acknowledged_is_durable"; 2]
    );

    assert_eq!(street.oracle.restart(&Restored { customers: vec![whole] }, now_ms), Vec::<String>::new());
    assert_eq!(street.oracle.to_send(), [said]);
    assert_eq!(
        street.after(MINUTE, |fix| fix, BOOKS),
        Vec::<String>::new(),
        "the visit is open, its dwell was told"
    );
    assert_eq!(street.after(MINUTE, |fix| fix, CAFE), ["enter 1"],);
    assert_eq!(
        street.after(3 * MINUTE, |fix| fix, CAFE),
        ["exit 0 left", "dwell 1", "no 2 rest_between_offers"]
    );
}

#[test]
fn a_way_through_a_fence_is_a_crossing() {
    let mut street = Street::new(Rules { crossings: true, ..Rules::default() });
    street.after(0, |fix| fix, BOOKS - 400.0);
    assert_eq!(street.after(MINUTE, |fix| fix, BOOKS + 400.0), ["cross 0"]);
    street.after(MINUTE, |fix| fix, BOOKS);
    assert_eq!(street.after(MINUTE, |fix| fix, BOOKS + 400.0), Vec::<String>::new(), "it was in there");
}

#[test]
fn phones_and_visits_of_one_customer_are_bounded() {
    let mut street = Street::new(Rules { devices_max: 2, visits_max: 0, ..Rules::default() });
    for device in [7, 8, 9, 8] {
        let fix = street.fix(BOOKS);
        street.oracle.message(1, device, &[fix], street.now_ms);
    }
    assert_eq!(street.told(), ["dropped too_many_devices", "dropped duplicate"]);
}

mod laws {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever somebody does, they hear no more than the caps and rests allow, in the hours.
        #[test]
        fn caps_hold_in_its_own_output(
            walk in prop::collection::vec((1..240_i64, 0..5_usize, any::<bool>()), 1..400),
        ) {
            let mut street = Street::new(Rules::default());
            let mut heard: Vec<(i64, u32)> = Vec::new();
            for (mins, place, still) in walk {
                let x_m = [BOOKS, CAFE, DOOR, BOOKS + 400.0, DOOR + 400.0][place];
                street.wait(mins * MINUTE);
                let fix = Fix { still, ..street.fix(x_m) };
                street.oracle.message(1, 0, &[fix], street.now_ms);
                street.settle();
                for told in street.oracle.told() {
                    if let What::Offer { fence, .. } = told.what {
                        heard.push((told.at_ms, fence));
                    }
                }
            }
            for (i, (at_ms, fence)) in heard.iter().enumerate() {
                let since = |span: i64| heard[..i].iter().filter(|(other, _)| at_ms - other < span).count();
                prop_assert!(since(DAY) < 1 && since(7 * DAY) < 2 && since(30 * DAY) < 6);
                prop_assert!(heard[..i].iter().all(|(other, there)| there != fence || 6 * DAY <= at_ms - other));
                prop_assert!((9..20).contains(&((at_ms - MONDAY) / HOUR % 24)));
            }
        }

        /// Per visit: enter, at most one dwell, at most one exit, in this order.
        #[test]
        fn transitions_alternate(
            walk in prop::collection::vec((1..100_i64, -300..300_i32, any::<bool>()), 1..300),
        ) {
            let mut street = Street::new(Rules::default());
            let mut last = None;
            for (mins, x_m, still) in walk {
                street.wait(mins * MINUTE);
                let fix = Fix { still, ..street.fix(BOOKS + f64::from(x_m)) };
                street.oracle.message(1, 0, &[fix], street.now_ms);
                for told in street.oracle.told() {
                    let What::Transition { kind, entered_at_ms, .. } = told.what else { continue };
                    let stay = last.filter(|(_, entered)| *entered == entered_at_ms).map(|(kind, _)| kind);
                    let follows = match kind {
                        Kind::Enter => last.is_none_or(|(kind, _)| kind == Kind::Exit),
                        Kind::Dwell => stay == Some(Kind::Enter),
                        Kind::Exit => stay == Some(Kind::Enter) || stay == Some(Kind::Dwell),
                        Kind::Cross => false,
                    };
                    prop_assert!(follows, "{kind:?} after {last:?}");
                    last = Some((kind, entered_at_ms));
                }
            }
        }
    }
}
