//! Laws of towns round given fences.

use model::{FenceId, MerchantId, Meters, Millis, Position};

use crate::{Habit, Merchant, PersonNo, Plan, PlanFlaw, Point, Shape, Site, Town, Troubles};

fn circle(no: usize, lat: f64, lng: f64, radius_m: f64) -> Site {
    let shape = Shape::Circle { centre: Position::new(lat, lng).unwrap(), radius: Meters(radius_m) };
    site(no, shape)
}

fn site(no: usize, shape: Shape) -> Site {
    Site {
        id: FenceId::new(&format!("s{no:04}")).unwrap(),
        name: format!("Store {no}"),
        merchant: no % 2,
        shape,
    }
}

fn ring(corners: &[(f64, f64)]) -> Vec<Position> {
    corners.iter().map(|&(lat, lng)| Position::new(lat, lng).unwrap()).collect()
}

fn around(sites: Vec<Site>) -> Result<Town, PlanFlaw> {
    let merchant = |id| Merchant { id: MerchantId::new(id).unwrap(), name: "A merchant", tag: "store" };
    let plan = Plan { n_people: 60, habits: Habit::CITY.into(), ..Plan::default() };
    Town::around(&plan, vec![merchant("a"), merchant("b")], sites)
}

/// Circles along a road, a horseshoe whose middle is outside, and a store far away.
fn scattered() -> Vec<Site> {
    let mut sites: Vec<Site> =
        (0..40).map(|no| circle(no, 30.0 + 0.002 * no as f64, -97.0 + 0.001 * no as f64, 80.0)).collect();
    let horseshoe = ring(&[
        (30.1, -97.1),
        (30.1, -97.09),
        (30.104, -97.09),
        (30.104, -97.092),
        (30.101, -97.092),
        (30.101, -97.098),
        (30.104, -97.098),
        (30.104, -97.1),
    ]);
    sites.push(site(40, Shape::Rings(vec![horseshoe])));
    sites.push(circle(41, 30.6, -97.9, 150.0));
    sites
}

#[test]
fn people_call_on_given_fences_and_stroll_past_them() {
    let town = around(scattered()).unwrap();
    assert!(town.stores().iter().all(|store| store.holds(store.spot)), "a horseshoe has an inside, too");
    let (from, to) = (town.midnight_at(), town.midnight_at() + Millis::from_hours(4));
    let (mut n_stood, mut n_passed) = (0, 0);
    let mut called_on = vec![false; town.stores().len()];
    for no in (0..60).map(PersonNo) {
        for visit in town.outing_visits(no, from, to) {
            called_on[visit.store.slot()] = true;
            n_stood += usize::from(visit.stood);
            n_passed += usize::from(!visit.stood);
        }
    }
    assert!(100 < n_stood && 400 < n_passed, "{n_stood} stood, {n_passed} passed");
    assert!(30 < called_on.iter().filter(|called_on| **called_on).count());
}

#[test]
fn nobody_jumps_between_given_fences() {
    let town = around(scattered()).unwrap();
    for no in (0..60).map(PersonNo) {
        let mut outing = town.outing(no, town.midnight_at(), &Troubles::none());
        let mut before: Option<Point> = None;
        for second in 0..2_000 {
            outing.message(town.midnight_at() + Millis::from_secs(second), &mut Vec::new());
            let here = outing.truth().at;
            assert!(before.is_none_or(|before| before.distance_m(here) < 30.0));
            before = Some(here);
        }
    }
}

#[test]
fn a_single_fence_is_enough_and_none_is_not() {
    let town = around(vec![circle(0, 48.0, 11.0, 100.0)]).unwrap();
    let from = town.midnight_at();
    let visits = (0..60).flat_map(|no| town.outing_visits(PersonNo(no), from, from + Millis::from_hours(1)));
    assert!(200 < visits.count());
    assert_eq!(around(Vec::new()).err(), Some(PlanFlaw::Stores));
    assert_eq!(around(vec![circle(0, 89.0, 11.0, 100.0)]).err(), Some(PlanFlaw::Centre));
    assert_eq!(around(vec![circle(0, 0.0, 179.9, 100.0)]).err(), Some(PlanFlaw::Centre));
}
