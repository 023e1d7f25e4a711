//! What a naive geofence would send: one push at every enter.
//!
//! This is the usual behaviour of push platforms with an enter trigger and no further
//! rules. It is counted in its favour: only people who agreed to this merchant's offers
//! at that moment are pushed to, a phone that is first seen inside is not, and (0, 0) and
//! fixes that are late or doubled are passed over. It has no caps, asks for no stay and
//! trusts every fix that is left. It shares no code with the index: its own great-circle
//! distance and its own point in polygon.

use std::collections::BTreeMap;

use model::{Fix, Timestamp};
use town::{PersonNo, Shape, Store, StoreNo};

/// The naive geofence's memory: who was inside what at their last fix.
pub struct Naive {
    fences: Vec<Shape>,
    people: BTreeMap<PersonNo, Seen>,
}

struct Seen {
    taken_at: Timestamp,
    inside: Vec<bool>,
}

impl Naive {
    /// A naive geofence round each store.
    #[must_use]
    pub fn new(stores: &[Store]) -> Self {
        Self { fences: stores.iter().map(|store| store.shape.clone()).collect(), people: BTreeMap::new() }
    }

    /// The fences that a fix enters; a push for each is what it would send.
    pub fn see(&mut self, person: PersonNo, fix: &Fix) -> Vec<StoreNo> {
        let before = self.people.get(&person);
        if fix.position.is_null_island() || before.is_some_and(|seen| fix.taken_at <= seen.taken_at) {
            return Vec::new();
        }
        let at = (fix.position.lat(), fix.position.lng());
        let inside: Vec<bool> = self.fences.iter().map(|fence| holds(fence, at)).collect();
        let entered = before.map_or(Vec::new(), |seen| {
            let pairs = seen.inside.iter().zip(&inside).enumerate();
            pairs.filter(|(_, pair)| *pair == (&false, &true)).map(|(no, _)| StoreNo(no as u32)).collect()
        });
        self.people.insert(person, Seen { taken_at: fix.taken_at, inside });
        entered
    }
}

/// Degrees: latitude, longitude.
type Degrees = (f64, f64);

fn holds(fence: &Shape, at: Degrees) -> bool {
    match fence {
        Shape::Circle { centre, radius } => haversine_m((centre.lat(), centre.lng()), at) <= radius.0,
        Shape::Rings(rings) => {
            let in_ring = |ring: &Vec<model::Position>| {
                let corners: Vec<Degrees> = ring.iter().map(|corner| (corner.lat(), corner.lng())).collect();
                winds_round(&corners, at)
            };
            // The first ring is the wall, the others are holes.
            rings.iter().enumerate().all(|(no, ring)| in_ring(ring) == (no == 0))
        }
    }
}

/// On a sphere with the earth's mean radius; up to 0.6 % off the ellipsoid, as naive ones are.
fn haversine_m(a: Degrees, b: Degrees) -> f64 {
    let (half_lat, half_lng) = ((b.0 - a.0).to_radians() / 2.0, (b.1 - a.1).to_radians() / 2.0);
    let chord =
        half_lat.sin().powi(2) + a.0.to_radians().cos() * b.0.to_radians().cos() * half_lng.sin().powi(2);
    2.0 * 6_371_008.8 * chord.sqrt().min(1.0).asin()
}

/// Whether a ring winds round a point: signed quarter turns, summed.
fn winds_round(ring: &[Degrees], at: Degrees) -> bool {
    let mut turns = 0;
    for (no, from) in ring.iter().enumerate() {
        let to = ring[(no + 1) % ring.len()];
        let left = (to.1 - from.1) * (at.0 - from.0) - (at.1 - from.1) * (to.0 - from.0);
        if from.0 <= at.0 && at.0 < to.0 && 0.0 < left {
            turns += 1;
        } else if to.0 <= at.0 && at.0 < from.0 && left < 0.0 {
            turns -= 1;
        }
    }
    turns != 0
}

#[cfg(test)]
mod tests {
    use model::{Meters, Position};

    use super::*;

    const WHO: PersonNo = PersonNo(3);

    fn position(at: Degrees) -> Position {
        Position::new(at.0, at.1).unwrap()
    }

    fn fix(secs: i64, at: Degrees) -> Fix {
        Fix::at(Timestamp::from_unix_ms(secs * 1_000), position(at))
    }

    /// One circle of 100 m; 0.001 degrees of latitude are 111 m.
    fn naive() -> Naive {
        let shape = Shape::Circle { centre: position((44.0, -91.0)), radius: Meters(100.0) };
        Naive { fences: vec![shape], people: BTreeMap::new() }
    }

    fn check(fixes: &[(i64, Degrees)], n_pushes: usize) {
        let mut naive = naive();
        let pushes = fixes.iter().map(|&(secs, at)| naive.see(WHO, &fix(secs, at)).len());
        assert_eq!(pushes.sum::<usize>(), n_pushes);
    }

    const IN: Degrees = (44.0005, -91.0);
    const OUT: Degrees = (44.0012, -91.0);

    #[test]
    fn every_enter_is_a_push_and_a_first_fix_inside_is_none() {
        check(&[(0, OUT), (10, IN), (20, IN), (30, OUT), (40, IN)], 2);
        check(&[(0, IN), (10, IN), (20, OUT)], 0);
    }

    #[test]
    fn null_island_and_late_fixes_are_passed_over() {
        check(&[(0, OUT), (10, IN), (20, (0.0, 0.0)), (30, IN)], 1);
        check(&[(0, OUT), (20, IN), (10, OUT), (20, OUT), (30, IN)], 1);
    }

    #[test]
    fn haversine_knows_a_degree() {
        assert!((haversine_m((0.0, 0.0), (0.0, 1.0)) - 111_195.0).abs() < 1.0);
    }

    /// The town's own idea of inside, on its plane, at places a few metres off any border.
    #[test]
    fn it_agrees_with_the_town_about_inside() {
        let town = town::Town::build(&town::Plan::default()).unwrap();
        let (half_x_m, half_y_m) = town.half_size_m();
        let mut n_inside = 0;
        for column in -60..=60 {
            for row in -60..=60 {
                let (x_m, y_m) = (f64::from(column) / 60.0 * half_x_m, f64::from(row) / 60.0 * half_y_m);
                let point = town::Point { x_m, y_m };
                for store in town.stores() {
                    let around = [(3.0, 0.0), (-3.0, 0.0), (0.0, 3.0), (0.0, -3.0)];
                    let near = around.map(|(dx, dy)| town::Point { x_m: x_m + dx, y_m: y_m + dy });
                    if near.iter().any(|&near| store.holds(near) != store.holds(point)) {
                        continue;
                    }
                    let position = town.plane().position(point);
                    let held = holds(&store.shape, (position.lat(), position.lng()));
                    assert_eq!(held, store.holds(point), "{}", store.name);
                    n_inside += usize::from(held);
                }
            }
        }
        assert!(1_000 < n_inside);
    }
}
