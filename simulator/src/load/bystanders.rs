//! People for a measurement: so many have agreed, so many are inside a fence, and so many a second come in.
//!
//! Everybody has a fence and a place before it. Most stay outside; some go in once, while it warms up, and
//! stay; visitors walk in and out for as long as it lasts.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use consent_gate::ConsentEvent;
use model::{MerchantId, Position};
use spatial_index::{Fence, Index, Shape};
use town::Wish;

use crate::load::letter::Written;
use crate::load::script::{Instant, Phones, Said, mixed};
use crate::world::World;

/// From one visit of a visitor to the next.
const VISITS_EVERY_S: f64 = 60.0;
/// So far from the wall a visit is over, however large the fence.
const CLEAR_M: f64 = 60.0;
const METRES_A_DEGREE: f64 = 111_320.0;
/// Places on the way from inside to outside that are looked at for other fences.
const N_STEPS: u32 = 8;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shares {
    /// Of all fixes, those of people who have agreed; from nought to one.
    pub(crate) consented: f64,
    /// Of all fixes, those inside a fence.
    pub(crate) inside: f64,
    /// People who have agreed and come in, a second.
    pub(crate) enters_per_s: f64,
}

/// What was sent so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) n_fixes: u64,
    pub(crate) n_consented: u64,
    pub(crate) n_inside: u64,
}

/// The people.
pub(crate) struct Bystanders<'w> {
    world: &'w World,
    spots: Vec<Spot>,
    seed: u64,
    /// Draws below this visit, and those below the second are inside.
    visiting: f64,
    settled: f64,
    settle_within_ns: u64,
    /// Whose consent counts at the moment, by number.
    consented: Vec<AtomicBool>,
    n_fixes: AtomicU64,
    n_consented: AtomicU64,
    n_inside: AtomicU64,
}

/// A fence's middle, and a place before it where no fence is.
#[derive(Clone, Copy, Debug)]
struct Spot {
    inside: (f64, f64),
    outside: (f64, f64),
    /// At which share of the way the wall stands.
    wall_at: f64,
    merchant: usize,
}

impl<'w> Bystanders<'w> {
    /// The people of a world, of whom those who stay inside go in within a while.
    ///
    /// # Errors
    /// A sentence: a town without such fences, or with too few people.
    pub(crate) fn of(
        world: &'w World,
        seed: u64,
        shares: Shares,
        settle_within_ns: u64,
    ) -> Result<Self, String> {
        let spots = spots(world)?;
        let n_people = f64::from(world.n_people());
        let visiting = shares.enters_per_s * VISITS_EVERY_S / (n_people * shares.consented);
        let of_visitors = visiting * spots.iter().map(Spot::share_inside).sum::<f64>() / spots.len() as f64;
        if shares.inside < of_visitors {
            let n = (n_people * of_visitors / shares.inside).ceil();
            return Err(format!("so many visits need at least {n} customers, or a larger share inside"));
        }
        let mut people = Self {
            world,
            spots,
            seed,
            visiting,
            settled: visiting + shares.inside - of_visitors,
            settle_within_ns,
            consented: Vec::new(),
            n_fixes: AtomicU64::new(0),
            n_consented: AtomicU64::new(0),
            n_inside: AtomicU64::new(0),
        };
        let agrees = |customer| AtomicBool::new(people.draw(customer, 1) < shares.consented);
        people.consented = (0..world.n_people()).map(agrees).collect();
        Ok(people)
    }

    /// Whether a customer's fixes count as consented.
    pub(crate) fn has_agreed(&self, customer: u32) -> bool {
        self.consented[customer as usize].load(Ordering::Relaxed)
    }

    /// From now on they do not.
    pub(crate) fn has_withdrawn(&self, customer: u32) {
        self.consented[customer as usize].store(false, Ordering::Relaxed);
    }

    /// Whose fence a customer stands before.
    pub(crate) fn merchant_of(&self, customer: u32) -> usize {
        self.spot(customer).merchant
    }

    /// Some who have agreed, drawn evenly.
    pub(crate) fn some_who_agreed(&self, n: usize) -> Vec<u32> {
        let mut all: Vec<u32> = (0..self.world.n_people()).filter(|no| self.has_agreed(*no)).collect();
        all.sort_by_key(|no| mixed(self.seed ^ mixed(u64::from(*no))));
        all.truncate(n);
        all
    }

    pub(crate) fn sent(&self) -> Sent {
        let read = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Sent {
            n_fixes: read(&self.n_fixes),
            n_consented: read(&self.n_consented),
            n_inside: read(&self.n_inside),
        }
    }

    fn spot(&self, customer: u32) -> &Spot {
        &self.spots[(self.draw(customer, 2) * self.spots.len() as f64) as usize]
    }

    /// How far on the way out somebody is, from nought to one.
    fn way(&self, customer: u32, due_ns: u64) -> f64 {
        let drawn = self.draw(customer, 3);
        if drawn < self.visiting {
            let visits = due_ns as f64 / 1e9 / VISITS_EVERY_S + self.draw(customer, 4);
            return way_of_visit(visits.fract());
        }
        let is_in =
            drawn < self.settled && self.draw(customer, 4) * self.settle_within_ns as f64 <= due_ns as f64;
        f64::from(u8::from(!is_in))
    }

    /// From nought to one, the same for one purpose every time.
    fn draw(&self, customer: u32, purpose: u64) -> f64 {
        let number = mixed(mixed(self.seed ^ purpose.wrapping_mul(0x9E37_79B9)) ^ u64::from(customer));
        (number >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Phones for Bystanders<'_> {
    type Phone = u32;

    fn phone(&self, customer: u32) -> u32 {
        customer
    }

    fn says(&self, customer: &mut u32, at: Instant, said: &mut Said) {
        let (spot, way) = (self.spot(*customer), self.way(*customer, at.due_ns));
        let (lat, lng) = spot.at(way);
        // A step from fix to fix, or they would be one and the same.
        let step = 1e-6 * (1 + at.round % 7) as f64;
        said.fixes.push(Written::simple(at.wall_ms, lat + step, lng - step));
        self.n_fixes.fetch_add(1, Ordering::Relaxed);
        self.n_consented.fetch_add(u64::from(self.has_agreed(*customer)), Ordering::Relaxed);
        self.n_inside.fetch_add(u64::from(way < spot.wall_at), Ordering::Relaxed);
    }

    fn consents(&self, _customer: u32, _wish: &Wish, _at: Instant) -> (String, Vec<ConsentEvent>) {
        (String::new(), Vec::new())
    }
}

impl Spot {
    fn at(&self, way: f64) -> (f64, f64) {
        let between = |from: f64, to: f64| from + (to - from) * way;
        (between(self.inside.0, self.outside.0), between(self.inside.1, self.outside.1))
    }

    /// Of a visitor's time.
    fn share_inside(&self) -> f64 {
        const N: u32 = 100;
        let inside = (0..N).filter(|i| way_of_visit(f64::from(*i) / f64::from(N)) < self.wall_at);
        inside.count() as f64 / f64::from(N)
    }
}

/// Out and in again at an even pace, with a rest at both ends.
fn way_of_visit(phase: f64) -> f64 {
    let to_and_fro = 1.0 - (2.0 * phase - 1.0).abs();
    (1.5 * to_and_fro - 0.25).clamp(0.0, 1.0)
}

/// Of every round fence that stands by itself its spot.
fn spots(world: &World) -> Result<Vec<Spot>, String> {
    let shapes = world.fences().iter().map(|fence| fence.shape.clone()).collect();
    let index = Index::build(shapes).map_err(|error| error.to_string())?;
    let merchants = world.town.merchants();
    let merchant_no = |id: &MerchantId| merchants.iter().position(|merchant| merchant.id == *id);
    let spots: Vec<Spot> = world
        .fences()
        .iter()
        .filter_map(|fence| spot(&index, fence, merchant_no(fence.facts.merchant.as_ref()?)?))
        .collect();
    if spots.is_empty() { Err("no fence of this town stands by itself".to_owned()) } else { Ok(spots) }
}

fn spot(index: &Index, fence: &Fence, merchant: usize) -> Option<Spot> {
    let Shape::Circle { center, radius } = &fence.shape else { return None };
    let way_m = radius.0 + CLEAR_M;
    let sides = (0..8).map(|side| f64::from(side) * std::f64::consts::FRAC_PI_4);
    let spots = sides.map(|angle: f64| {
        let (north, east) = (way_m * angle.cos(), way_m * angle.sin());
        let lat = center.lat() + north / METRES_A_DEGREE;
        let lng = center.lng() + east / (METRES_A_DEGREE * center.lat().to_radians().cos());
        let inside = (center.lat(), center.lng());
        Spot { inside, outside: (lat, lng), wall_at: radius.0 / way_m, merchant }
    });
    let mut hits = Vec::new();
    let mut n_hits = |place: (f64, f64)| {
        hits.clear();
        Position::new(place.0, place.1).ok().map(|position| index.match_one(position, &mut hits))?;
        Some(hits.len())
    };
    let mut is_clear = |spot: &Spot| {
        let mut ways = (0..=N_STEPS).map(|step| f64::from(step) / f64::from(N_STEPS));
        ways.all(|way| {
            let is_near_wall = (way - spot.wall_at).abs() < 0.02;
            is_near_wall || n_hits(spot.at(way)) == Some(usize::from(way < spot.wall_at))
        })
    };
    spots.into_iter().find(|spot| is_clear(spot))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::WorldPlan;

    #[test]
    fn shares_are_what_was_asked_for_once_it_is_warm() {
        let world = World::lay(&WorldPlan::load(7, 20_000, 600)).unwrap();
        let shares = Shares { consented: 0.9, inside: 0.1, enters_per_s: 20.0 };
        let people = Bystanders::of(&world, 7, shares, 10_000_000_000).unwrap();
        let mut said = Said::default();
        let mut n_entered = 0;
        for customer in 0..20_000 {
            let mut was_inside = true;
            for second in 10..70 {
                let due_ns = second * 1_000_000_000;
                let at = Instant { round: second, due_ns, wall_ms: 1_000_000 + second as i64 * 1_000 };
                let n_inside = people.sent().n_inside;
                people.says(&mut customer.clone(), at, &mut said);
                let is_inside = n_inside < people.sent().n_inside;
                n_entered += u32::from(is_inside && !was_inside && people.has_agreed(customer));
                was_inside = is_inside;
            }
        }
        let sent = people.sent();
        let share = |n: u64| n as f64 / sent.n_fixes as f64;
        assert!((share(sent.n_consented) - 0.9).abs() < 0.01, "{sent:?}");
        assert!((share(sent.n_inside) - 0.1).abs() < 0.01, "{sent:?}");
        assert!((f64::from(n_entered) / 60.0 - 20.0).abs() < 2.0, "{n_entered}");
    }

    #[test]
    fn more_visits_than_people_inside_are_refused() {
        let world = World::lay(&WorldPlan::load(7, 1_000, 600)).unwrap();
        let shares = Shares { consented: 0.9, inside: 0.1, enters_per_s: 100.0 };
        let refused = Bystanders::of(&world, 7, shares, 0).err().unwrap();
        assert!(refused.contains("customers"), "{refused}");
    }
}
