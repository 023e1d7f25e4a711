//! The lives of the five personas: what they do in a week, and that one seed is one life.

use std::collections::BTreeMap;

use model::{Meters, Millis, Position, Timestamp};

use super::*;
use crate::{Plane, Point};

/// A Monday.
const MONDAY: Timestamp = Timestamp::from_unix_ms(1_777_852_800_000);

fn town(n: u32) -> Vec<Place> {
    let places = made_up(n, 6, 7).into_iter();
    places.map(|store| Place { shape: store.shape, n_offers: 1, midnight_at: MONDAY }).collect()
}

fn casting(only: Option<Persona>, every: Option<Millis>) -> Casting {
    Casting { seed: 7, n_people: if only.is_some() { 6 } else { 20 }, only, every }
}

fn fixes(casting: &Casting, places: &[Place], days: i64) -> BTreeMap<usize, Vec<Fix>> {
    let mut cast = Cast::gather(casting, places).unwrap();
    let mut fixes: BTreeMap<usize, Vec<Fix>> = BTreeMap::new();
    let mut at = MONDAY;
    while at < MONDAY + Millis::from_days(days) {
        at = at + Millis::from_mins(10);
        cast.until(at, |no, fix| fixes.entry(no).or_default().push(fix));
    }
    fixes
}

const RESTING: Millis = Millis::from_mins(6);
const STEADY: Millis = Millis::from_mins(1);

/// Runs of fixes of one person within one place: where, from when, until when.
fn stays(fixes: &[Fix], places: &[Place], gap_max: Millis) -> Vec<(usize, Timestamp, Timestamp)> {
    let circle = |place: &Place| match &place.shape {
        Shape::Circle { centre, radius } => (Plane::at(*centre), radius.0),
        Shape::Rings(_) => panic!("made-up stores are circles"),
    };
    let circles: Vec<_> = places.iter().map(circle).collect();
    let mut stays: Vec<(usize, Timestamp, Timestamp)> = Vec::new();
    for fix in fixes {
        for (no, (plane, radius_m)) in circles.iter().enumerate() {
            if plane.point(fix.position).distance_m(Point::new(0.0, 0.0)) <= *radius_m {
                let open = stays
                    .iter_mut()
                    .rev()
                    .take(12)
                    .find(|(of, _, until)| *of == no && fix.taken_at.since(*until) <= gap_max);
                match open {
                    Some((.., until)) => *until = fix.taken_at,
                    None => stays.push((no, fix.taken_at, fix.taken_at)),
                }
            }
        }
    }
    stays
}

fn minute_of_day(at: Timestamp) -> i64 {
    at.since(MONDAY).ms().rem_euclid(Millis::from_days(1).ms()) / 60_000
}

#[test]
fn the_same_seed_is_the_same_lives() {
    let places = town(240);
    let casting = casting(None, None);
    assert!(fixes(&casting, &places, 3) == fixes(&casting, &places, 3));
    let other = Casting { seed: 8, ..casting };
    assert!(fixes(&casting, &places, 3) != fixes(&other, &places, 3));
}

#[test]
fn steps_of_any_length_give_the_same_fixes() {
    let places = town(240);
    let casting = casting(None, None);
    let mut cast = Cast::gather(&casting, &places).unwrap();
    let mut at_once: BTreeMap<usize, Vec<Fix>> = BTreeMap::new();
    cast.until(MONDAY + Millis::from_days(3), |no, fix| at_once.entry(no).or_default().push(fix));
    assert!(at_once == fixes(&casting, &places, 3));
}

#[test]
fn phones_report_every_half_minute_to_five_minutes_and_never_in_their_sleep() {
    for person in fixes(&casting(None, None), &town(240), 7).values() {
        let gaps: Vec<i64> =
            person.windows(2).map(|pair| (pair[1].taken_at.since(pair[0].taken_at)).ms()).collect();
        let n_nights = gaps.iter().filter(|ms| Millis::from_hours(4).ms() < **ms).count();
        assert!((6..=7).contains(&n_nights), "{n_nights} nights in a week");
        let by_day = gaps.iter().filter(|ms| **ms < Millis::from_hours(4).ms());
        assert!(by_day.clone().all(|ms| (5_000..=331_000).contains(ms)), "{:?}", by_day.max());
    }
}

#[test]
fn a_fix_a_minute_is_one_a_minute() {
    for person in fixes(&casting(None, Some(Millis::from_mins(1))), &town(240), 7).values() {
        let a_day = person.len() / 7;
        assert!((850..=1_050).contains(&a_day), "{a_day} fixes a day");
    }
}

#[test]
fn commuters_pass_two_stores_twenty_times_a_week_and_stay_nowhere() {
    let places = town(240);
    for person in fixes(&casting(Some(Persona::Commuter), Some(Millis::from_secs(10))), &places, 7).values() {
        let stays = stays(person, &places, STEADY);
        let long = stays.iter().filter(|(_, from, until)| Millis::from_mins(6) <= until.since(*from)).count();
        assert_eq!(long, 0, "{stays:?}");
        let n_stores: std::collections::BTreeSet<_> = stays.iter().map(|(no, ..)| no).collect();
        assert!(2 <= n_stores.len() && 20 <= stays.len(), "{} passes", stays.len());
    }
}

#[test]
fn mall_goers_see_eight_stores_in_two_hours_of_a_saturday() {
    let places = town(240);
    for person in fixes(&casting(Some(Persona::MallGoer), Some(Millis::from_secs(20))), &places, 7).values() {
        let stays = stays(person, &places, STEADY);
        let saturday = MONDAY + Millis::from_days(5);
        let long: Vec<_> = stays
            .iter()
            .filter(|(_, from, until)| saturday <= *from && Millis::from_mins(5) <= until.since(*from))
            .collect();
        let stores: std::collections::BTreeSet<_> = long.iter().map(|(no, ..)| no).collect();
        assert!(8 <= stores.len(), "{}", stores.len());
        let lasts = long.iter().map(|(.., until)| *until).max().unwrap().since(long[0].1);
        assert!((90..=180).contains(&(lasts.ms() / 60_000)), "{lasts}");
    }
}

#[test]
fn the_loyal_come_three_times_a_week_to_one_store() {
    let places = town(240);
    let casting = casting(Some(Persona::Loyal), None);
    let cast = Cast::gather(&casting, &places).unwrap();
    for (no, person) in fixes(&casting, &places, 14) {
        let favourite = cast.lives()[no].favourite();
        let stays = stays(&person, &places, RESTING);
        let visits = stays
            .iter()
            .filter(|(of, from, until)| *of == favourite && Millis::from_mins(9) <= until.since(*from));
        assert_eq!(visits.count(), 6);
    }
}

#[test]
fn couriers_go_through_forty_fences_a_day() {
    let places = town(240);
    for person in fixes(&casting(Some(Persona::Courier), Some(Millis::from_secs(20))), &places, 1).values() {
        let stores: std::collections::BTreeSet<_> =
            stays(person, &places, STEADY).iter().map(|(no, ..)| *no).collect();
        assert!(40 <= stores.len(), "{}", stores.len());
    }
}

#[test]
fn night_workers_are_in_no_store_by_day() {
    let places = town(240);
    for person in fixes(&casting(Some(Persona::NightWorker), None), &places, 7).values() {
        let stays = stays(person, &places, RESTING);
        assert!(10 <= stays.len());
        for (_, from, until) in stays {
            let by_day = 9 * 60..20 * 60;
            assert!(!by_day.contains(&minute_of_day(from)) && !by_day.contains(&minute_of_day(until)));
        }
    }
}

#[test]
fn lives_can_be_lived_on_both_sides_of_the_world_at_once() {
    let circle = |lat: f64, lng: f64| Place {
        shape: Shape::Circle { centre: Position::new(lat, lng).unwrap(), radius: Meters(100.0) },
        n_offers: 1,
        midnight_at: MONDAY,
    };
    let places = [circle(-33.9, 151.2), circle(64.1, -21.9), circle(0.0, 0.01)];
    for person in fixes(&casting(None, None), &places, 2).values() {
        let first = person[0].position;
        assert!(person.iter().all(|fix| (fix.position.lat() - first.lat()).abs() < 0.2));
    }
    assert_eq!(Cast::gather(&casting(None, None), &[]).err(), Some(CastFlaw::NoPlaces));
    assert_eq!(Cast::gather(&casting(None, None), &[circle(89.0, 0.0)]).err(), Some(CastFlaw::OffTheMap));
}
