//! Laws of the town.

use std::collections::BTreeMap;

use model::{Meters, Millis, Timestamp};

use super::*;

fn town(seed: u64) -> Town {
    Town::build(&Plan { seed, ..Plan::default() }).expect("sound")
}

fn clock(town: &Town, hour: i64, minute: i64) -> Timestamp {
    town.midnight_at() + Millis::from_mins(hour * 60 + minute)
}

/// Every bit of every report from 10:00 for so many minutes.
fn bytes(town: &Town, n_minutes: i64) -> Vec<u8> {
    let from = clock(town, 10, 0);
    let mut bytes = Vec::new();
    for report in town.reports(from, from + Millis::from_mins(n_minutes)) {
        let fix = report.fix;
        bytes.extend(report.person.0.to_le_bytes());
        bytes.extend(report.sent_at.unix_ms().to_le_bytes());
        bytes.extend(fix.taken_at.unix_ms().to_le_bytes());
        for number in [fix.position.lat(), fix.position.lng(), report.truth.lat(), report.truth.lng()] {
            bytes.extend(number.to_bits().to_le_bytes());
        }
        bytes.extend(fix.accuracy.map_or(0, |accuracy| accuracy.0.to_bits()).to_le_bytes());
        bytes.extend(fix.speed_mps.map_or(0, f32::to_bits).to_le_bytes());
        bytes.push(u8::from(fix.still));
    }
    bytes
}

#[test]
fn one_seed_is_one_town_and_another_is_another() {
    assert_eq!(bytes(&town(7), 5), bytes(&town(7), 5));
    assert_ne!(bytes(&town(7), 5), bytes(&town(8), 5));
}

/// The first reports as they were when this was written: a change of them is a change of
/// every rehearsal, and belongs in the changelog.
#[test]
fn one_seed_is_one_town_in_every_process() {
    let digest = bytes(&town(7), 5).iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    assert_eq!(format!("{digest:016x}"), "db2ea32bdd274a80");
}

#[test]
fn reports_ascend_and_a_span_is_the_sum_of_its_parts() {
    let town = town(3);
    let [from, between, to] = [clock(&town, 23, 30), clock(&town, 24, 1), clock(&town, 24, 40)];
    let whole: Vec<Report> = town.reports(from, to).collect();
    assert!(whole.windows(2).all(|pair| pair[0].sent_at <= pair[1].sent_at));
    let parts: Vec<Report> = town.reports(from, between).chain(town.reports(between, to)).collect();
    assert_eq!(whole, parts);
    let busy: Vec<Report> = town.reports(clock(&town, 9, 50), clock(&town, 10, 20)).collect();
    let cut = clock(&town, 10, 3) + Millis::new(137);
    let parts = town.reports(clock(&town, 9, 50), cut).chain(town.reports(cut, clock(&town, 10, 20)));
    assert_eq!(busy, parts.collect::<Vec<_>>());
}

#[test]
fn one_persons_reports_are_theirs_among_all() {
    let town = town(3);
    let (from, to) = (clock(&town, 9, 50), clock(&town, 10, 20));
    for no in [PersonNo(0), PersonNo(77), PersonNo(239)] {
        let of_all: Vec<Report> = town.reports(from, to).filter(|report| report.person == no).collect();
        assert_eq!(town.reports_of(no, from, to).collect::<Vec<_>>(), of_all);
        assert_eq!(town.person_no(town.people()[no.slot()].customer.as_str()), Some(no));
    }
    assert_eq!(town.person_no("nobody"), None);
    assert_eq!(town.store_no(town.stores()[3].id.as_str()), Some(StoreNo(3)));
}

#[test]
fn phones_out_of_doors_report_every_ten_to_sixty_seconds() {
    let town = town(4);
    let (from, to) = (clock(&town, 10, 0), clock(&town, 12, 0));
    let mut last: BTreeMap<PersonNo, Timestamp> = BTreeMap::new();
    let mut crowd = town.crowd();
    let mut n_gaps = 0;
    let late_max = Millis::from_mins(2);
    let mut taken: Vec<Report> = town.reports(from, to + late_max).collect();
    taken.retain(|report| from <= report.fix.taken_at && report.fix.taken_at < to);
    taken.sort_by_key(|report| (report.person, report.fix.taken_at));
    for report in taken {
        let at = report.fix.taken_at;
        let out = crowd.spot(report.person, at).doing != Doing::AtHome;
        if let Some(before) = last.insert(report.person, at).filter(|&before| before < at)
            && out
            && crowd.spot(report.person, before).doing != Doing::AtHome
        {
            n_gaps += 1;
            assert!((7_900..=72_100).contains(&at.since(before).ms()), "{}", at.since(before));
        }
    }
    assert!(1_000 < n_gaps);
}

#[test]
fn fixes_are_late_doubled_or_lost_now_and_then() {
    let town = town(5);
    let (from, to) = (clock(&town, 9, 30), clock(&town, 11, 30));
    let reports: Vec<Report> = town.reports(from, to).collect();
    let n = reports.len() as f64;
    let share = |n_odd: usize| n_odd as f64 / n;
    let late =
        share(reports.iter().filter(|r| Millis::from_secs(10) < r.sent_at.since(r.fix.taken_at)).count());
    let lost = share(reports.iter().filter(|r| r.fix.position.is_null_island()).count());
    let mut keys: Vec<_> = reports.iter().map(|r| (r.person, r.fix.taken_at)).collect();
    keys.sort_unstable();
    let before = keys.len();
    keys.dedup();
    let twice = share(before - keys.len());
    assert!((0.006..0.013).contains(&late), "{late}");
    assert!((0.000_1..0.002).contains(&lost), "{lost}");
    assert!((0.004..0.010).contains(&twice), "{twice}");
}

#[test]
fn accuracy_is_mostly_honest() {
    let town = town(6);
    let (from, to) = (clock(&town, 9, 30), clock(&town, 10, 30));
    let plane = town.plane();
    let (mut n_held, mut n, mut n_far) = (0, 0, 0);
    for report in town.reports(from, to).filter(|report| !report.fix.position.is_null_island()) {
        let off_m = plane.point(report.fix.position).distance_m(plane.point(report.truth));
        let accuracy_m = report.fix.accuracy_or_assumed().0;
        n += 1;
        n_held += usize::from(off_m <= accuracy_m);
        n_far += usize::from(accuracy_m * 3.0 < off_m);
    }
    let held = n_held as f64 / n as f64;
    assert!((0.64..0.78).contains(&held), "{held}");
    assert!(0 < n_far && n_far * 100 < n, "{n_far} of {n} fixes lie grossly");
}

#[test]
fn people_keep_to_the_speed_of_their_kind() {
    let town = town(9);
    for no in 0..town.people().len() as u32 {
        for leg in &town.day(PersonNo(no), 0).legs {
            let range = match leg.doing {
                Doing::AtHome | Doing::InStore(_) => 0.0..=0.0,
                Doing::Walking => 0.95..=1.8,
                Doing::Riding => 3.5..=6.7,
                Doing::Driving => 7.1..=14.4,
            };
            let speed_mps = leg.speed_mps();
            let short = leg.ends_at.since(leg.begins_at) < Millis::from_secs(1);
            assert!(short || range.contains(&speed_mps), "{:?} at {speed_mps} m/s", leg.doing);
        }
    }
}

#[test]
fn a_day_has_no_gap_and_nobody_jumps() {
    for seed in 0..5 {
        let town = town(seed);
        for no in 0..town.people().len() as u32 {
            let legs = town.day(PersonNo(no), 1).legs;
            assert_eq!(legs[0].begins_at, town.midnight_at() + DAY);
            assert_eq!(legs[legs.len() - 1].ends_at, town.midnight_at() + DAY + DAY);
            for pair in legs.windows(2) {
                assert_eq!(pair[0].ends_at, pair[1].begins_at);
                assert!(pair[0].to.distance_m(pair[1].from) < 0.01);
            }
            assert!(legs[legs.len() - 1].doing == Doing::AtHome, "{:?}", town.people()[no as usize].habit);
        }
    }
}

#[test]
fn shoppers_stay_and_passers_never_do() {
    let town = town(11);
    let (from, to) = (clock(&town, 0, 0), clock(&town, 24, 0));
    let mut n_long: BTreeMap<Habit, usize> = BTreeMap::new();
    let mut stood: BTreeMap<Habit, usize> = BTreeMap::new();
    for visit in town.truth_visits(from, to) {
        let habit = town.people()[visit.person.slot()].habit;
        assert!(visit.entered_at < visit.left_at);
        *stood.entry(habit).or_default() += usize::from(visit.stood);
        let long = visit.stood && Millis::from_mins(4) <= visit.lasted();
        *n_long.entry(habit).or_default() += usize::from(long);
    }
    let n_of = |habit: Habit| town.people().iter().filter(|person| person.habit == habit).count();
    assert!(n_of(Habit::Shopper) <= n_long[&Habit::Shopper]);
    assert!(2 * n_of(Habit::Forgetful) <= n_long[&Habit::Forgetful]);
    assert_eq!((stood[&Habit::Passer], stood[&Habit::Driver]), (0, 0));
    assert!(20 * n_of(Habit::Courier) < stood[&Habit::Courier]);
}

/// An independent judge: the crowd, looked at every two seconds.
#[test]
fn true_visits_are_what_one_sees_by_looking() {
    let town = town(12);
    let (from, to) = (clock(&town, 9, 55), clock(&town, 10, 40));
    let mut crowd = town.crowd();
    for no in (0..town.people().len() as u32).step_by(7).map(PersonNo) {
        let visits = town.truth_visits_of(no, from, to);
        let mut at = from;
        while at < to {
            let place = crowd.spot(no, at).at;
            for (store_no, store) in town.stores().iter().enumerate() {
                let near_an_end = |visit: &TruthVisit| {
                    let ends = [visit.entered_at, visit.left_at];
                    ends.iter().any(|end| end.since(at).ms().abs() < 5)
                };
                let mut here = visits.iter().filter(|visit| visit.store.slot() == store_no);
                let told = here.clone().any(|visit| visit.entered_at <= at && at < visit.left_at);
                assert!(told == store.holds(place) || here.any(near_an_end), "{}", store.name);
            }
            at = at + Millis::from_secs(2);
        }
    }
}

#[test]
fn a_town_has_what_its_plan_says() {
    for seed in 0..40 {
        let town = town(seed);
        assert_eq!(town.people().len(), 240);
        assert_eq!(town.stores().len(), 22, "seed {seed}");
        assert!(town.stores().is_sorted_by(|a, b| a.id < b.id));
        assert_eq!(town.merchants().len(), 5);
        let shapes = |ring: bool| {
            town.stores().iter().filter(|store| matches!(store.shape, Shape::Rings(_)) == ring).count()
        };
        assert_eq!((shapes(true), shapes(false)), (1, 21));
        let overlapping = town.stores().iter().any(|store| {
            let others = town.stores().iter().filter(|other| other.id != store.id);
            others.into_iter().any(|other| other.holds(store.spot))
        });
        assert!(overlapping, "seed {seed}");
        assert!(town.stores().iter().all(|store| store.holds(store.spot)));
        let count = |most: Agreement| town.people().iter().filter(|p| p.agreed_most() == most).count();
        let counts = [Agreement::Nothing, Agreement::LocationOnly, Agreement::Offers].map(count);
        assert!(25 < counts[0] && 18 < counts[1] && 110 < counts[2], "{counts:?}");
    }
}

#[test]
fn a_courtyard_is_not_its_arcade() {
    let town = town(2);
    let arcade = town.stores().iter().find(|store| matches!(store.shape, Shape::Rings(_))).unwrap();
    let courtyard = arcade.spot.moved(68.0, 8.0);
    assert!(arcade.holds(arcade.spot) && !arcade.holds(courtyard));
    assert_eq!(arcade.lines().len(), 2);
}

#[test]
fn towns_come_in_all_sizes() {
    let big =
        Plan { width: Meters(6_000.0), n_stores: 200, n_people: 2_000, n_merchants: 6, ..Plan::default() };
    let town = Town::build(&big).unwrap();
    assert!(150 < town.stores().len());
    let from = clock(&town, 10, 0);
    assert!(1_000 < town.reports(from, from + Millis::from_mins(2)).count());
    let flaw = |plan: Plan| Town::build(&plan).err();
    assert_eq!(flaw(Plan { n_people: 0, ..Plan::default() }), Some(PlanFlaw::People));
    assert_eq!(flaw(Plan { n_stores: 5, ..Plan::default() }), Some(PlanFlaw::Stores));
    assert_eq!(flaw(Plan { n_merchants: 7, ..Plan::default() }), Some(PlanFlaw::Merchants));
    assert_eq!(flaw(Plan { width: Meters(f64::NAN), ..Plan::default() }), Some(PlanFlaw::Width));
    assert_eq!(flaw(Plan { peak: Millis::from_hours(24), ..Plan::default() }), Some(PlanFlaw::Peak));
    assert_eq!(flaw(Plan { n_stores: 100_001, ..Plan::default() }), Some(PlanFlaw::Stores));
    assert_eq!(flaw(Plan { n_merchants: 0, ..Plan::default() }), Some(PlanFlaw::Merchants));
    assert_eq!(flaw(Plan { habits: [].into(), ..Plan::default() }), Some(PlanFlaw::Habits));
    let radius = (Meters(50.0), Meters(40.0));
    assert_eq!(flaw(Plan { radius, ..Plan::default() }), Some(PlanFlaw::Radius));
    let pole = model::Position::new(89.0, 0.0).unwrap();
    assert_eq!(flaw(Plan { centre: pole, ..Plan::default() }), Some(PlanFlaw::Centre));
}

/// What people of a habit did on a day in a city, as (doing, from, until) on each leg.
fn days_of(habit: Habit) -> Vec<Vec<(Doing, Timestamp, Timestamp)>> {
    let plan = Plan { habits: [habit].into(), n_people: 12, ..Plan::default() };
    let town = Town::build(&plan).unwrap();
    let legs = |no| {
        let legs = town.day(PersonNo(no), 0).legs;
        assert!(legs.windows(2).all(|pair| pair[0].ends_at == pair[1].begins_at));
        assert!(legs.windows(2).all(|pair| pair[0].to.distance_m(pair[1].from) < 0.01));
        legs.iter().map(|leg| (leg.doing, leg.begins_at, leg.ends_at)).collect()
    };
    (0..12).map(legs).collect()
}

#[test]
fn each_habit_of_a_city_shows_in_its_days() {
    let stays = |day: &[(Doing, Timestamp, Timestamp)]| {
        let stays = day.iter().filter_map(|&(doing, from, until)| match doing {
            Doing::InStore(store) => Some((store, until.since(from))),
            Doing::AtHome | Doing::Walking | Doing::Riding | Doing::Driving => None,
        });
        stays.collect::<Vec<_>>()
    };
    let goes = |day: &[(Doing, Timestamp, Timestamp)], how| day.iter().any(|&(doing, ..)| doing == how);
    for day in days_of(Habit::Commuter) {
        let (_, longest) = stays(&day).into_iter().max_by_key(|(_, stay)| *stay).unwrap();
        assert!(Millis::from_hours(7) <= longest && longest <= Millis::from_hours(9), "{longest}");
        assert!(goes(&day, Doing::Driving) && !goes(&day, Doing::Walking));
    }
    for day in days_of(Habit::MallVisitor) {
        assert!(3 <= stays(&day).len() && !goes(&day, Doing::Driving));
    }
    for day in days_of(Habit::Loyal) {
        let stays = stays(&day);
        assert!(!stays.is_empty() && stays.iter().all(|(store, _)| *store == stays[0].0));
    }
    for day in days_of(Habit::BusRider) {
        assert!(goes(&day, Doing::Driving) && !stays(&day).is_empty());
    }
}

#[test]
fn some_stores_have_walls_and_people_stand_within_them() {
    let plan = Plan { walled_once_in: Some(2), n_stores: 60, width: Meters(4_000.0), ..Plan::default() };
    let town = Town::build(&plan).unwrap();
    let walled = town.stores().iter().filter(|store| matches!(store.shape, Shape::Rings(_)));
    assert!((20..40).contains(&walled.count()));
    assert!(town.stores().iter().all(|store| store.holds(store.spot)));
}

/// Against the first-order geodesic on WGS 84: the scales at a place two kilometres off.
#[test]
fn the_plane_is_right_to_a_metre_and_a_half() {
    let plane = Plane::at(model::Position::new(60.0, 10.0).unwrap());
    let corner = plane.position(Point::new(0.0, 2_000.0));
    let there = Plane::at(corner);
    let east = model::Position::new(corner.lat(), corner.lng() + 0.02).unwrap();
    let differs_m = there.point(east).x_m - (plane.point(east).x_m - plane.point(corner).x_m);
    assert!(differs_m.abs() < 1.5, "{differs_m}");
    let back = plane.point(plane.position(Point::new(700.0, -300.0)));
    assert!((back.x_m - 700.0).abs() < 0.02 && (back.y_m + 300.0).abs() < 0.02);
}

mod around;
mod outings;
