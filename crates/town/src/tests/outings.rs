//! Laws of outings: what goes wrong as often as promised, and the truth beside it.

use std::collections::BTreeMap;

use model::{Fix, Meters, Millis, Timestamp};

use crate::stores::Outline;
use crate::{
    Habit, Outing, Person, PersonNo, Phone, Phones, Plan, Point, Store, StoreNo, Town, Troubles, Want, Wish,
    plane,
};

/// A city as load runs have it, of a tenth of the stores.
fn city(seed: u64, n_people: u32) -> Town {
    Town::build(&Plan {
        seed,
        n_people,
        n_stores: 3_000,
        width: Meters(11_000.0),
        radius: (Meters(30.0), Meters(110.0)),
        walled_once_in: Some(5),
        habits: Habit::CITY.into(),
        phones: Phones::Motley,
        ..Plan::default()
    })
    .expect("sound")
}

fn ten(town: &Town) -> Timestamp {
    town.midnight_at() + Millis::from_hours(10)
}

/// How far outside of a fence a point is; 0 and less inside.
fn outside_m(store: &Store, point: Point) -> f64 {
    match &store.outline {
        Outline::Circle { centre, radius_m } => centre.distance_m(point) - radius_m,
        Outline::Rings(_) if store.holds(point) => 0.0,
        Outline::Rings(rings) => {
            let edges = rings.iter().flat_map(|ring| {
                ring.iter().enumerate().map(|(no, corner)| (*corner, ring[(no + 1) % ring.len()]))
            });
            edges.map(|(a, b)| distance_to_edge_m(point, a, b)).fold(f64::INFINITY, f64::min)
        }
    }
}

fn distance_to_edge_m(point: Point, a: Point, b: Point) -> f64 {
    let (dx, dy) = (b.x_m - a.x_m, b.y_m - a.y_m);
    let along = ((point.x_m - a.x_m) * dx + (point.y_m - a.y_m) * dy) / (dx * dx + dy * dy);
    a.towards(b, along.clamp(0.0, 1.0)).distance_m(point)
}

#[derive(Default)]
struct Counted {
    n_enters: usize,
    n_enters_on_foot: usize,
    n_exits: usize,
    n_people_who_cross: usize,
}

/// The engine's rules in short: in at the first certain fix, out at the second
/// one that is clearly outside.
fn count_transitions(town: &Town, seconds: i64) -> Counted {
    let mut counted = Counted::default();
    for no in 0..town.people().len() as u32 {
        let mut phone = town.people()[no as usize].phone;
        phone.sigma_m = phone.sigma_m.min(15.0);
        let mut outing = town.outing(PersonNo(no), ten(town), &Troubles::none()).with_phone(phone);
        let mut inside: BTreeMap<StoreNo, u8> = BTreeMap::new();
        let mut fixes = Vec::new();
        let mut n_changes = 0;
        for second in 0..seconds {
            fixes.clear();
            outing.message(ten(town) + Millis::from_secs(second), &mut fixes);
            for fix in &fixes {
                n_changes += take(town, fix, &mut inside, second == 0, &mut counted);
            }
        }
        counted.n_people_who_cross += usize::from(0 < n_changes);
    }
    counted
}

fn take(
    town: &Town,
    fix: &Fix,
    inside: &mut BTreeMap<StoreNo, u8>,
    is_first: bool,
    counted: &mut Counted,
) -> usize {
    let point = town.plane.point(fix.position);
    let accuracy_m = fix.accuracy_or_assumed().0;
    let mut n_changes = 0;
    for no in town.grid.touching(plane::Bounds::about(point, 0.0)) {
        let store = &town.stores()[no.slot()];
        let holds = outside_m(store, point) <= 0.0;
        if holds && accuracy_m <= 100.0 && inside.insert(no, 0).is_none() && !is_first {
            n_changes += 1;
            counted.n_enters += 1;
            counted.n_enters_on_foot += usize::from(fix.speed_mps.unwrap_or(0.0) <= 2.5);
        }
    }
    inside.retain(|no, n_outside| {
        let store = &town.stores()[no.slot()];
        let margin_m = 20.0 + accuracy_m.min(50.0);
        let out = margin_m < outside_m(store, point);
        *n_outside = if out { *n_outside + 1 } else { 0 };
        let leaves = *n_outside == 2;
        n_changes += usize::from(leaves);
        counted.n_exits += usize::from(leaves);
        !leaves
    });
    n_changes
}

#[test]
fn half_of_a_city_crosses_a_border_in_a_minute() {
    let counted = count_transitions(&city(1, 2_000), 60);
    let per_100 = |n: usize| n / 20;
    assert!((45..70).contains(&per_100(counted.n_people_who_cross)), "{}", counted.n_people_who_cross);
    // Four in five people let themselves be seen: of 100,000 more than 50,000 changes are left,
    // and more than 15,000 on foot into a store.
    assert!(90 < per_100(counted.n_enters + counted.n_exits), "{} {}", counted.n_enters, counted.n_exits);
    assert!(25 < per_100(counted.n_enters_on_foot), "{}", counted.n_enters_on_foot);
}

/// Lengths in seconds of the whole stays of a habit in a morning, ascending.
fn stays(town: &Town, habit: Habit, stood: bool) -> Vec<i64> {
    let (from, to) = (ten(town), ten(town) + Millis::from_hours(6));
    let people = (0..town.people().len() as u32).map(PersonNo);
    let visits = people
        .filter(|no| town.people()[no.slot()].habit == habit)
        .flat_map(|no| town.outing_visits(no, from, to));
    let whole = visits.filter(|visit| from < visit.entered_at && visit.left_at < to && visit.stood == stood);
    let mut lengths: Vec<i64> = whole.map(|visit| visit.lasted().secs()).collect();
    lengths.sort_unstable();
    assert!(20 < lengths.len(), "{}: {} stays", habit.word(), lengths.len());
    lengths
}

#[test]
fn stays_are_as_long_as_those_of_people() {
    let town = city(2, 600);
    let check = |habit, stood, (low, high): (i64, i64)| {
        let lengths = stays(&town, habit, stood);
        let middle = lengths[lengths.len() / 2];
        assert!((low..=high).contains(&middle), "{habit:?}, stood {stood}: {middle} s");
        lengths
    };
    check(Habit::Passer, false, (30, 90));
    check(Habit::Loyal, false, (30, 90));
    check(Habit::Driver, false, (4, 15));
    check(Habit::Courier, true, (60, 220));
    for habit in [Habit::Shopper, Habit::MallVisitor, Habit::Loyal] {
        let lengths = check(habit, true, (240, 900));
        // Who goes from one store to its neighbour may stay in the fences of both.
        assert!(lengths[lengths.len() * 97 / 100] < 45 * 60, "hardly anybody shops for an hour");
    }
    for habit in [Habit::Commuter, Habit::NightOwl] {
        let lengths = stays(&town, habit, true);
        assert!(3 * 3_600 < lengths[lengths.len() - 1], "{habit:?} work for hours");
    }
}

/// What one phone handed over, message by message, and the truth at each.
struct Handed {
    at: Timestamp,
    truth: Point,
    fixes: Vec<Fix>,
}

fn hand_over(town: &Town, no: u32, troubles: &Troubles, phone: Option<Phone>, n: i64) -> Vec<Handed> {
    let outing = town.outing(PersonNo(no), ten(town), troubles);
    let mut outing = match phone {
        Some(phone) => outing.with_phone(phone),
        None => outing,
    };
    let message = |second: i64| {
        let (at, mut fixes) = (ten(town) + Millis::from_secs(second), Vec::new());
        outing.message(at, &mut fixes);
        Handed { at, truth: outing.truth().at, fixes }
    };
    (1..=n).map(message).collect()
}

/// Of how many of 10,000 fixes something is true, among 60 phones that report each second for 200.
fn share(troubles: Troubles, odd: impl Fn(&Town, &[Handed]) -> usize) -> f64 {
    let town = city(3, 60);
    let n_odd: usize =
        (0..60).map(|no| odd(&town, &hand_over(&town, no, &troubles, Some(STEADY), 200))).sum();
    n_odd as f64 / (60.0 * 200.0) * 10_000.0
}

const STEADY: Phone =
    Phone { interval_s: 1.0, sigma_m: 8.0, tells_speed: true, tells_still: false, sleeps: false };

fn each(handed: &[Handed], odd: impl Fn(&Handed, &Fix) -> bool) -> usize {
    handed.iter().map(|message| message.fixes.iter().filter(|fix| odd(message, fix)).count()).sum()
}

#[test]
fn a_trouble_comes_as_often_as_it_is_said_to() {
    let off_m =
        |town: &Town, message: &Handed, fix: &Fix| town.plane.point(fix.position).distance_m(message.truth);
    let none = Troubles::none();
    let check = |word: &str, share: f64, promised: f64| {
        assert!((share / promised - 1.0).abs() < 0.35, "{word}: {share:.0} of 10,000, promised {promised}");
    };

    let liars = share(Troubles { liar: 200, ..none }, |town, handed| {
        each(handed, |message, fix| {
            let accuracy_m = fix.accuracy_or_assumed().0;
            accuracy_m < 2.5 && (175.0..225.0).contains(&off_m(town, message, fix))
        })
    });
    check("liars", liars, 200.0);

    // Each lasts for one to three fixes.
    let cold = share(Troubles { cold_start: 100, ..none }, |town, handed| {
        each(handed, |message, fix| (295.0..2_005.0).contains(&off_m(town, message, fix)))
    });
    check("cold starts", cold, 200.0);

    let mock = share(Troubles { mock: 200, ..none }, |_, handed| each(handed, |_, fix| fix.mock));
    check("mock", mock, 200.0);

    let late = share(Troubles { late: 200, ..none }, |_, handed| {
        each(handed, |message, fix| {
            let late_ms = message.at.since(fix.taken_at).ms();
            assert!(late_ms == 0 || (15_000..=116_000).contains(&late_ms), "{late_ms}");
            0 < late_ms
        })
    });
    // Some are still to come when the two hundred seconds are over.
    check("late", late, 135.0);

    let twice = share(Troubles { twice: 200, ..none }, |_, handed| {
        each(handed, |message, fix| fix.taken_at < message.at)
    });
    check("twice", twice, 200.0);

    let out_of_order = share(Troubles { out_of_order: 200, ..none }, |_, handed| {
        handed.iter().filter(|message| !message.fixes.is_sorted_by_key(|fix| fix.taken_at)).count()
    });
    check("out of order", out_of_order, 196.0);
}

#[test]
fn no_trouble_is_one_honest_fix_a_message() {
    let odd = share(Troubles::none(), |town, handed| {
        handed
            .iter()
            .filter(|message| {
                let [fix] = message.fixes.as_slice() else { return true };
                let off_m = town.plane.point(fix.position).distance_m(message.truth);
                fix.taken_at != message.at || fix.mock || 300.0 < off_m
            })
            .count()
    });
    assert_eq!(odd, 0.0);
}

#[test]
fn nothing_gets_out_of_a_tunnel_and_all_of_it_after() {
    let town = city(4, 40);
    let mut n_tunnels = 0;
    for no in 0..40 {
        let handed = hand_over(&town, no, &Troubles { tunnel: 30, ..Troubles::none() }, Some(STEADY), 900);
        let all: Vec<Timestamp> =
            handed.iter().flat_map(|message| message.fixes.iter().map(|fix| fix.taken_at)).collect();
        let n_in_the_last = handed.iter().rev().take_while(|message| message.fixes.is_empty()).count();
        let taken: Vec<Timestamp> =
            handed[..handed.len() - n_in_the_last].iter().map(|message| message.at).collect();
        assert_eq!(all, taken, "each once, in order");
        for message in handed.iter().filter(|message| 1 < message.fixes.len()) {
            n_tunnels += 1;
            assert!((61..=182).contains(&message.fixes.len()), "{}", message.fixes.len());
        }
    }
    assert!(40 < n_tunnels, "{n_tunnels}");
}

#[test]
fn a_clock_is_wrong_by_as_much_all_the_time() {
    let town = city(5, 400);
    let troubles = Troubles { skew: 2_500, ..Troubles::none() };
    let (mut n_wrong, mut n_far) = (0, 0);
    for no in 0..400 {
        let handed = hand_over(&town, no, &troubles, None, 20);
        let skew = |message: &Handed| message.fixes[0].taken_at.since(message.at).ms();
        let first = skew(&handed[0]);
        assert!(handed.iter().all(|message| skew(message) == first));
        let later = town.outing(PersonNo(no), ten(&town) + Millis::from_hours(1), &troubles);
        let mut fixes = Vec::new();
        later.clone().message(later.next_at(), &mut fixes);
        assert_eq!(fixes[0].taken_at.since(later.next_at()).ms(), first, "on the next outing too");
        n_wrong += usize::from(first != 0);
        n_far += usize::from(60_000 < first.abs());
    }
    assert!((70..130).contains(&n_wrong), "{n_wrong} of 400");
    assert!((20..70).contains(&n_far), "{n_far} of 400");
}

/// The stated sigma is measured by what outliers hardly touch: the middle error along an axis, and
/// the share of fixes within the radius that is claimed.
#[test]
fn sigma_is_what_the_phone_says() {
    let town = city(6, 100);
    for sigma_m in [5.0, 20.0, 50.0] {
        let phone = Phone { sigma_m, ..STEADY };
        let (mut along_axes, mut n_held, mut n_far) = (Vec::new(), 0, 0);
        for no in 0..100 {
            for message in hand_over(&town, no, &Troubles::none(), Some(phone), 300) {
                let seen = town.plane.point(message.fixes[0].position);
                along_axes.extend([seen.x_m - message.truth.x_m, seen.y_m - message.truth.y_m].map(f64::abs));
                let off_m = seen.distance_m(message.truth);
                n_held += usize::from(off_m <= message.fixes[0].accuracy_or_assumed().0);
                n_far += usize::from(5.0 * sigma_m < off_m);
            }
        }
        along_axes.sort_by(f64::total_cmp);
        let middle_m = along_axes[along_axes.len() / 2];
        let measured_m = middle_m / 0.674_5;
        assert!((measured_m / sigma_m - 1.0).abs() < 0.06, "{measured_m} of {sigma_m} m");
        let held = n_held as f64 / 30_000.0;
        assert!((0.64..0.74).contains(&held), "{held} held at {sigma_m} m");
        assert!((90..900).contains(&n_far), "{n_far} of 30,000 fixes lie far off");
    }
}

#[test]
fn phones_report_at_their_own_pace_and_some_sleep() {
    let town = city(7, 300);
    let (mut n_naps, mut intervals) = (0, BTreeMap::<u64, usize>::new());
    for no in (0..300).map(PersonNo) {
        let mut outing = town.outing(no, ten(&town), &Troubles::none());
        let phone = town.people()[no.slot()].phone;
        *intervals.entry(phone.interval_s as u64).or_default() += 1;
        let until = ten(&town) + Millis::from_hours(3);
        let mut fixes = Vec::new();
        for _ in 0..200 {
            let at = outing.next_at();
            outing.message(at, &mut fixes);
            let pause_s = outing.next_at().since(at).ms() as f64 / 1_000.0;
            let usual = 0.799 * phone.interval_s..=1.201 * phone.interval_s;
            assert!(usual.contains(&pause_s) || (phone.sleeps && pause_s <= 3_600.0), "{pause_s}");
            n_naps += usize::from(!usual.contains(&pause_s));
            if until < at {
                break;
            }
        }
    }
    assert!(50 < n_naps, "{n_naps}");
    assert_eq!(
        (intervals.len(), intervals.keys().next(), intervals.keys().last()),
        (10, Some(&1), Some(&900))
    );
}

#[test]
fn the_truth_of_an_outing_is_where_its_person_is() {
    let town = city(8, 60);
    for no in (0..60).map(PersonNo) {
        let visits = town.outing_visits(no, ten(&town), ten(&town) + Millis::from_hours(1));
        for (message, troubles) in [(7, Troubles::none()), (31, Troubles::usual())] {
            let mut outing = town.outing(no, ten(&town), &troubles);
            for step in 1..3_600 / message {
                let at = ten(&town) + Millis::from_secs(step * message);
                outing.message(at, &mut Vec::new());
                let here = outing.truth().at;
                for store_no in town.grid.touching(plane::Bounds::about(here, 200.0)) {
                    let mut of_store = visits.iter().filter(|visit| visit.store == store_no);
                    let told = of_store.clone().any(|visit| visit.entered_at <= at && at < visit.left_at);
                    let near_an_end = of_store.any(|visit| {
                        [visit.entered_at, visit.left_at].iter().any(|end| end.since(at).ms().abs() < 5)
                    });
                    assert!(near_an_end || told == town.stores()[store_no.slot()].holds(here));
                }
            }
        }
    }
}

/// Every bit of what 200 phones hand over in two minutes, with all that can go wrong.
fn bytes(town: &Town) -> Vec<u8> {
    let often = Troubles { tunnel: 60, cold_start: 60, ..Troubles::usual() };
    let mut bytes = Vec::new();
    for no in 0..200 {
        for fix in hand_over(town, no, &often, None, 120).iter().flat_map(|message| &message.fixes) {
            bytes.extend(fix.taken_at.unix_ms().to_le_bytes());
            bytes.extend(fix.position.lat().to_bits().to_le_bytes());
            bytes.extend(fix.position.lng().to_bits().to_le_bytes());
            bytes.extend(fix.accuracy.map_or(0, |accuracy| accuracy.0.to_bits()).to_le_bytes());
            bytes.extend(fix.speed_mps.map_or(0, f32::to_bits).to_le_bytes());
            bytes.extend([u8::from(fix.mock), u8::from(fix.still)]);
        }
    }
    bytes
}

#[test]
fn one_seed_is_one_outing_in_every_process() {
    let told = bytes(&city(9, 200));
    assert_eq!(told, bytes(&city(9, 200)));
    assert_ne!(told, bytes(&city(10, 200)));
    let digest = told.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    assert_eq!(format!("{digest:016x}"), "8962134d2a3ea5ce");
}

#[test]
fn wishes_come_about_as_often_as_asked_and_a_span_is_the_sum_of_its_parts() {
    let town = city(11, 300);
    let (from, to) = (ten(&town), ten(&town) + Millis::from_hours(2));
    let every = Millis::from_mins(10);
    let (mut n, mut n_withdrawals) = (0, 0);
    for no in (0..300).map(PersonNo) {
        let whole: Vec<Wish> = town.wishes(no, from, to, every).collect();
        let cut = from + Millis::new(2_345_678);
        let parts = town.wishes(no, from, cut, every).chain(town.wishes(no, cut, to, every));
        assert_eq!(whole, parts.collect::<Vec<_>>());
        assert!(whole.is_sorted_by_key(|wish| wish.at));
        assert!(whole.iter().all(|wish| wish.merchant < town.merchants().len()));
        n += whole.len();
        n_withdrawals += whole.iter().filter(|wish| wish.what == Want::Withdraw).count();
    }
    // Twelve times something, and half of the times something more.
    assert!((300 * 15..300 * 20).contains(&n), "{n}");
    assert!((300 * 3..300 * 6).contains(&n_withdrawals), "{n_withdrawals}");
}

#[test]
fn a_person_is_light_and_a_big_town_is_built_at_once() {
    let town =
        Town::build(&Plan { n_stores: 5_000, n_people: 1_000, width: Meters(80_000.0), ..Plan::default() })
            .unwrap();
    assert_eq!(town.stores().len(), 5_000);
    let person = &town.people()[0];
    // Allocators round up to 16 bytes and keep 8 of their own.
    let heap = |n: usize| (n + 8).next_multiple_of(16).max(32);
    let lengths = [person.customer.as_str().len(), person.device.as_str().len(), person.agreements.len()];
    let bytes = size_of::<Person>() + lengths.map(heap).iter().sum::<usize>();
    assert!(bytes <= 300, "{bytes}");
    assert!(size_of::<Outing<'_>>() <= 232, "{}", size_of::<Outing<'_>>());
}
