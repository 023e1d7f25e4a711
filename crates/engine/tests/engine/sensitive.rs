//! Sensitive places: a phone in a hard zone is a phone that is off, and nobody can tell the two apart.

use std::sync::Arc;

use consent_gate::{ConsentKind, Purpose};
use engine::{Alteration, ClockSource, EventKind, House, Policy};
use ledger::Storage as _;
use model::{FenceFacts, FenceId, Fix, MerchantId, Meters, Millis, Timestamp, TransitionKind};
use sensitive_places::{Category, Margins, MeasuredFrom, Place, RingLaw, SensitivePlaces};
use spatial_index::{Fence, Shape};

use crate::shell::{Left, Shell, at_once};
use crate::street::{clock, consent, east, fix_at, fixes, house};

/// Round the middle of the cafe's street corner, and one between the shops.
const CLINIC: (&str, f64, f64) = ("clinic", 2_080.0, 30.0);
const CHAPEL: (&str, f64, f64) = ("chapel", 900.0, 20.0);

fn place((id, x_m, radius_m): (&str, f64, f64), category: Category) -> Place {
    let facts = FenceFacts {
        id: FenceId::new(id).unwrap(),
        name: id.into(),
        merchant: None,
        tags: Vec::new(),
        tz: None,
        country: None,
        region: None,
        opening_hours: None,
        radius: Meters(radius_m),
    };
    let shape = Shape::Circle { center: east(x_m), radius: Meters(radius_m) };
    Place { fence: Fence { facts, shape }, category, operator: None }
}

fn law(meters: f64) -> RingLaw {
    RingLaw {
        id: "GF-XX".into(),
        citation: "a made-up act".into(),
        region: "US-XX".into(),
        category: Category::Health,
        meters: Meters(meters),
        from: MeasuredFrom::Perimeter,
        own_allowed: true,
    }
}

fn places(laws: Vec<RingLaw>) -> Arc<SensitivePlaces> {
    let places = vec![place(CHAPEL, Category::Worship), place(CLINIC, Category::Health)];
    Arc::new(SensitivePlaces::build(places, Margins::default(), laws).unwrap())
}

fn guarded(laws: Vec<RingLaw>) -> Arc<House> {
    let open = house();
    let alteration = Alteration::new(&open, open.fences().collect(), None).unwrap();
    alteration.guarded(places(laws)).to().clone()
}

/// A house in which anna lets both merchants do everything.
fn shell(house: Arc<House>, policy: Policy) -> Shell {
    let mut shell = Shell::new(house, policy, clock(1, "08:00"));
    for merchant in ["corner", "bricks"] {
        for purpose in [Purpose::Location, Purpose::Background, Purpose::OffersPush] {
            let kind = ConsentKind::Grant { until: None, confirm: None };
            let (yes, _) = consent("anna", merchant, purpose, kind, clock(1, "08:00"), 0);
            shell.deliver(&[yes], clock(1, "08:00"));
        }
    }
    shell
}

/// A day along the street: to and fro, with stays in the shops, at the chapel and in the clinic.
fn day() -> Vec<Fix> {
    let stops = [
        (0.0, 10),
        (900.0, 30),
        (2_000.0, 12),
        (2_080.0, 95),
        (2_000.0, 12),
        (4_000.0, 10),
        (2_080.0, 20),
        (900.0, 5),
        (0.0, 12),
        (8_000.0, 8),
        (0.0, 3),
    ];
    let (mut day, mut at, mut x_m) = (Vec::new(), clock(3, "09:00"), -600.0_f64);
    for (stop_m, minutes) in stops {
        let n = ((stop_m - x_m).abs() / 90.0).ceil() as i64;
        let from_m = x_m;
        for step in 1..=n {
            at = at + Millis::from_secs(60);
            day.push(fix_at(at, from_m + (stop_m - from_m) * step as f64 / n as f64));
        }
        x_m = stop_m;
        for minute in 0..minutes {
            at = at + Millis::from_secs(60);
            let accuracy = [10.0, 35.0, 190.0, 5.0][minute as usize % 4];
            day.push(Fix {
                accuracy: Some(Meters(accuracy)),
                ..fix_at(at, stop_m + f64::from(minute % 3_i32))
            });
        }
    }
    day
}

/// Whether a fix lies in a zone: by the street alone, with no function of the rooms.
fn is_hidden(fix: &Fix) -> bool {
    let x_m = (fix.position.lng() - 10.0) * 78_846.8;
    [CLINIC, CHAPEL].into_iter().any(|(_, middle_m, radius_m)| {
        (x_m - middle_m).abs() - radius_m <= 75.0 + fix.accuracy.unwrap().0.min(200.0)
    })
}

/// Everything that can be seen of a run.
fn run(house: Arc<House>, policy: Policy, fixes_sent: &[Fix]) -> (Shell, Vec<String>) {
    let mut shell = shell(house, policy);
    for fix in fixes_sent {
        if shell.engine.poll_timeout().is_some() {
            shell.wait(fix.taken_at);
        }
        shell.deliver(&[fixes("anna", "phone", &[*fix])], fix.taken_at);
    }
    shell.wait(clock(4, "12:00"));
    let mut seen: Vec<String> = shell.events().iter().map(|event| format!("{event:?}")).collect();
    shell.storage.scan_entries(None, &mut |entry| seen.push(format!("{entry:?}"))).unwrap();
    shell.storage.scan_states(&mut |state| seen.push(format!("{state:?}"))).unwrap();
    let told = shell.left.iter().filter(|left| left.ticket().is_none());
    seen.extend(told.map(|left| format!("{left:?}")));
    (shell, seen)
}

fn policies() -> [Policy; 2] {
    let mut by_clock = at_once();
    by_clock.presence.crossings = true;
    let by_fixes = Policy { clock: ClockSource::Fixes, ..by_clock.clone() };
    [by_clock, by_fixes]
}

#[test]
fn a_zone_looks_like_a_phone_that_was_off() {
    let day = day();
    let outside: Vec<Fix> = day.iter().copied().filter(|fix| !is_hidden(fix)).collect();
    let n_hidden = day.len() - outside.len();
    assert!(100 < n_hidden && 150 < outside.len(), "{n_hidden} of {}", day.len());
    for policy in policies() {
        let (through, seen) = run(guarded(Vec::new()), policy.clone(), &day);
        let (off, seen_off) = run(guarded(Vec::new()), policy.clone(), &outside);
        assert!(seen.iter().any(|line| line.contains("Enter")) && 20 < seen.len());
        assert_eq!(seen, seen_off);
        let (tally, tally_off) = (through.engine.tally(), off.engine.tally());
        assert_eq!(tally.dropped.of_word("sensitive"), n_hidden as u64);
        assert!(tally.is_balanced() && tally_off.is_balanced(), "every_record_has_one_outcome");
        assert_eq!((tally.n_used, tally.n_matched), (tally_off.n_used, tally_off.n_matched));
        // And it makes a difference: without the zones the same day brings something else.
        let (_, unguarded) = run(house(), policy, &day);
        assert_ne!(seen, unguarded);
    }
}

#[test]
fn every_message_is_answered_whether_it_was_hidden_or_not() {
    let mut shell = shell(guarded(Vec::new()), at_once());
    let messages: Vec<_> = (1_u64..)
        .zip(day())
        .map(|(ticket, fix)| crate::shell::Message { ticket, ..fixes("anna", "phone", &[fix]) })
        .collect();
    shell.deliver(&messages, clock(3, "18:00"));
    let settled: Vec<u64> =
        shell.left.iter().filter_map(Left::ticket).filter(|ticket| *ticket != 0).collect();
    assert_eq!(settled, (1..=messages.len() as u64).collect::<Vec<_>>(), "in order, each once");
}

#[test]
fn no_passage_is_told_that_leads_through_a_zone() {
    let passages = |house: Arc<House>, way: &[(i64, f64)]| {
        let mut shell = shell(house, policies()[0].clone());
        for (minute, x_m) in way {
            let at: Timestamp = clock(1, "10:00") + Millis::from_mins(*minute);
            shell.deliver(&[fixes("anna", "phone", &[fix_at(at, *x_m)])], at);
        }
        let is_cross =
            |kind: &EventKind| matches!(kind, EventKind::Transition { kind: TransitionKind::Cross, .. });
        shell.events().iter().filter(|event| is_cross(&event.kind)).count()
    };
    // From before the books past the chapel, and back.
    let past_the_chapel = [(0, -500.0), (20, 1_500.0), (40, -500.0)];
    assert_eq!(passages(house(), &past_the_chapel), 2);
    assert_eq!(passages(guarded(Vec::new()), &past_the_chapel), 0);
    // With a stop in the zone: what was before it is not joined to what comes after it.
    let by_the_chapel = [(0, -500.0), (10, 900.0), (30, 1_500.0), (40, -500.0)];
    assert_eq!(passages(guarded(Vec::new()), &by_the_chapel), 0);
    // Elsewhere passages are told as ever.
    let past_the_toys = [(0, 3_000.0), (10, 5_000.0)];
    assert_eq!(passages(guarded(Vec::new()), &past_the_toys), 1);
}

#[test]
fn a_reload_takes_zones_up_and_lets_them_go() {
    let mut shell = shell(house(), at_once());
    let n_hidden = |shell: &Shell| shell.engine.tally().dropped.of_word("sensitive");
    let send = |shell: &mut Shell, minute: i64| {
        let at = clock(1, "10:00") + Millis::from_mins(minute);
        shell.deliver(&[fixes("anna", "phone", &[fix_at(at, 2_080.0)])], at);
    };
    send(&mut shell, 0);
    assert_eq!(n_hidden(&shell), 0);
    let guarded = shell.to_fences(shell.house.fences().collect()).guarded(places(Vec::new()));
    assert!(guarded.is_about_places() && guarded.extent().is_nothing());
    shell.edit(&guarded, clock(1, "10:01"));
    send(&mut shell, 2);
    assert_eq!(n_hidden(&shell), 1);
    // Other fences and offers leave the zones where they are.
    let edit = [(FenceId::new("attic").unwrap(), None)].into();
    shell.edit(&Alteration::edit(&shell.house.clone(), edit).unwrap(), clock(1, "10:03"));
    let all_others = shell.house.fences().take(2).collect();
    shell.edit(&shell.to_fences(all_others), clock(1, "10:03"));
    send(&mut shell, 4);
    assert_eq!(n_hidden(&shell), 2);
    let open = shell.to_fences(shell.house.fences().collect()).guarded(Arc::default());
    shell.edit(&open, clock(1, "10:05"));
    send(&mut shell, 6);
    assert_eq!(n_hidden(&shell), 2);
}

/// Offers for staying at the cafe, whose fence lies in the ring or not.
fn offers_for_a_stay(laws: Vec<RingLaw>) -> usize {
    let mut shell = shell(guarded(laws), at_once());
    for minute in 0..8 {
        let at = clock(3, "10:00") + Millis::from_mins(minute);
        // From outside into the cafe, west of the clinic's zone.
        let x_m = if minute == 0 { 1_500.0 } else { 1_940.0 };
        shell.deliver(&[fixes("anna", "phone", &[fix_at(at, x_m)])], at);
        shell.wait(at);
    }
    assert!(shell.engine.tally().is_balanced());
    shell.published.len()
}

#[test]
fn nobody_is_spoken_to_for_staying_in_a_ring() {
    assert_eq!(offers_for_a_stay(Vec::new()), 1);
    assert_eq!(offers_for_a_stay(vec![law(600.0)]), 0);
}

#[test]
fn marks_follow_the_fences() {
    let mut shell = shell(guarded(vec![law(600.0)]), at_once());
    let marked = |shell: &Shell| -> Vec<(String, bool)> {
        shell.house.rings().map(|ring| (ring.fence.id.as_str().to_owned(), ring.captures)).collect()
    };
    // The clinic's footprint reaches into the cafe's fence.
    assert_eq!(marked(&shell), [("cafe".to_owned(), true)]);
    let edit = |shell: &Shell, x_m: f64| {
        let mut cafe = shell.house.fences().find(|fence| fence.facts.id.as_str() == "cafe").unwrap();
        cafe.shape = Shape::Circle { center: east(x_m), radius: Meters(100.0) };
        Alteration::edit(&shell.house, [(cafe.facts.id.clone(), Some(cafe))].into()).unwrap()
    };
    for (x_m, marks) in [(1_900.0, vec![("cafe".to_owned(), false)]), (1_300.0, vec![])] {
        let alteration = edit(&shell, x_m);
        shell.edit(&alteration, clock(1, "10:00"));
        assert_eq!(marked(&shell), marks, "{x_m}");
    }
    let theirs = edit(&shell, 2_000.0);
    assert_eq!(theirs.to().rings().count(), 1);
    assert_eq!(
        theirs.to().facts().filter(|fence| fence.merchant == MerchantId::new("corner").ok()).count(),
        7
    );
}
