//! How fast this machine is: the engine from bytes to outcome, and the match beside `rstar` and `geo`.

use std::convert::Infallible;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use consent_gate::{Actor, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose};
use engine::{Door, Engine, House, Letter, Policy};
use geo::{Distance as _, Geodesic, Haversine, Point};
use ledger::MemoryStorage;
use model::{FenceFacts, FenceId, Fix, MerchantId, Meters, Millis, Position, Timestamp};
use rstar::{AABB, RTree, RTreeObject};
use spatial_index::{Fence, Hits, Index, Shape};
use wire::{Topic, Topics};

use crate::demo::scene::Figures;

/// How much work a measurement does.
#[derive(Clone, Copy)]
struct Load {
    n_fences: usize,
    n_customers: usize,
    n_points: usize,
    lasts: Duration,
}

/// About a second in all, on one core.
const LOAD: Load =
    Load { n_fences: 30_000, n_customers: 10_000, n_points: 1 << 15, lasts: Duration::from_millis(450) };

const RADIUS_M: f64 = 150.0;
/// Letters handed over at a time, as a busy shard does.
const DRAIN: usize = 1_000;
/// 2026-11-21T16:00:00Z.
const START: Timestamp = Timestamp::from_unix_ms(1_795_276_800_000);

/// Measures this machine; a build without optimisation says nothing about it, and is not measured.
#[must_use]
pub fn figures() -> Figures {
    if cfg!(debug_assertions) {
        return Figures::default();
    }
    Figures { fixes_per_s_per_core: Some(pipeline(LOAD)), ratio_to_rstar: Some(ratio_to_rstar(LOAD)) }
}

/// Fixes a second from the topic and the bytes to the outcome, in drains.
fn pipeline(load: Load) -> f64 {
    let topics = Topics::new("stile/v1");
    let mut engine = engine(load);
    let mut storage = MemoryStorage::default();
    let (mut n_fixes, mut took) = (0, Duration::ZERO);
    for minute in 1.. {
        let at = START + Millis::from_mins(minute);
        let messages: Vec<(String, Vec<u8>)> = (0..load.n_customers)
            .map(|no| (topics.fix(&customer(no), "phone"), wire::encode_fix(&fix(no, at))))
            .collect();
        let before = engine.tally().n_used;
        let started = Instant::now();
        for chunk in messages.chunks(DRAIN) {
            let letters: Vec<Letter<'_>> = chunk.iter().map(|message| letter(&topics, message)).collect();
            engine.handle_letters(&letters, at);
        }
        took += started.elapsed();
        let n_used = engine.tally().n_used - before;
        assert_eq!(n_used as usize, load.n_customers, "every fix is used");
        n_fixes += n_used;
        settle(&mut engine, &mut storage, at);
        if load.lasts <= took {
            break;
        }
    }
    n_fixes as f64 / took.as_secs_f64()
}

fn letter<'a>(topics: &Topics, (topic, body): &'a (String, Vec<u8>)) -> Letter<'a> {
    match topics.parse(topic) {
        Ok(Topic::Fix { customer, device }) => {
            Letter { door: Door::Fixes, customer, device, body, ticket: 0 }
        }
        Ok(_) | Err(_) => unreachable!("every topic is one of fixes"),
    }
}

/// An engine that all customers have agreed to.
fn engine(load: Load) -> Engine {
    let merchant = MerchantId::new("corner").expect("the id obeys the rule");
    let fence = |(no, shape): (usize, Shape)| {
        let facts = FenceFacts {
            id: FenceId::new(&format!("f{no:06}")).expect("the id obeys the rule"),
            name: "A store".into(),
            merchant: Some(merchant.clone()),
            tags: Vec::new(),
            tz: Some("America/Chicago".into()),
            country: None,
            region: None,
            opening_hours: None,
            radius: Meters(RADIUS_M),
        };
        Fence { facts, shape }
    };
    let fences = circles(load.n_fences).into_iter().enumerate().map(fence).collect();
    let house = House::new(fences, offers::Catalogue::default()).expect("the fences are good");
    let mut engine = Engine::new(Arc::new(house), Policy::default());
    engine.open(START);
    let consents = Purpose::ALL.map(|purpose| wire::encode_consent(&grant(&merchant, purpose)));
    for no in 0..load.n_customers {
        let customer = customer(no);
        let letters = consents.each_ref().map(|body| Letter {
            door: Door::Consent,
            customer: &customer,
            device: "",
            body,
            ticket: 0,
        });
        engine.handle_letters(&letters, START);
    }
    settle(&mut engine, &mut MemoryStorage::default(), START);
    engine
}

fn grant(merchant: &MerchantId, purpose: Purpose) -> ConsentEvent {
    ConsentEvent {
        id: EventId::new("e").expect("the id obeys the rule"),
        merchant: merchant.clone(),
        purpose,
        kind: ConsentKind::Grant { until: None },
        actor: Actor::Own,
        method: Method::Toggle,
        notice: Some(Notice {
            id: "n".into(),
            version: 1,
            lang: "en".into(),
            sha256: "0".repeat(64).into(),
            shown_at: START,
        }),
        evidence_at: None,
    }
}

fn settle(engine: &mut Engine, storage: &mut MemoryStorage, now: Timestamp) {
    while let Some(staged) = engine.poll_staged(now) {
        for committed in ledger::commit(storage, vec![staged]).expect("memory does not fail") {
            engine.handle_committed(committed, now);
        }
    }
    while engine.poll_output().is_some() {}
}

fn customer(no: usize) -> String {
    format!("customer-{no:06}")
}

/// A place of their own for everybody, and a few metres of walking.
fn fix(customer: usize, at: Timestamp) -> Fix {
    let home = Chance(customer as u64 + 7).position();
    let metres = 20.0 * ((at.unix_ms() / 60_000) % 2) as f64;
    let position = Position::new(home.lat() + metres / 111_000.0, home.lng()).expect("still on earth");
    Fix { accuracy: Some(Meters(12.0)), speed_mps: Some(1.2), ..Fix::at(at, position) }
}

/// How many times as many points a second the index matches as an R*-tree with `geo` does.
///
/// The other side is used as well as it can be: bulk loaded, iterated from within, and exact. A
/// great circle decides wherever the ellipsoid cannot differ, and a geodesic in the thin ring
/// where it can; so both find the same, which is asserted.
fn ratio_to_rstar(load: Load) -> f64 {
    let centers = centers(load.n_fences);
    let index = Index::build(circles(load.n_fences)).expect("the circles are good");
    let mut chance = Chance(2);
    let positions: Vec<Position> = (0..load.n_points).map(|_| chance.position()).collect();
    let points: Vec<Point> = positions.iter().map(|at| Point::new(at.lng(), at.lat())).collect();
    let tree = RTree::bulk_load((0..).zip(&centers).map(|(no, center)| Circle::new(no, *center)).collect());
    let (mut hits, mut found) = (Hits::new(), Vec::new());
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    let started = Instant::now();
    // The best of several rounds is what the machine can do when nobody disturbs it.
    while started.elapsed() < load.lasts || theirs == Duration::MAX {
        let since = Instant::now();
        index.match_batch(black_box(&positions), &mut hits);
        ours = ours.min(since.elapsed());
        let since = Instant::now();
        let n_theirs = match_with_rstar(&tree, black_box(&points), &mut found);
        theirs = theirs.min(since.elapsed());
        assert_eq!(hits.n_hits(), n_theirs, "both find the same");
    }
    theirs.as_secs_f64() / ours.as_secs_f64()
}

struct Circle {
    no: u32,
    center: Point,
    envelope: AABB<[f64; 2]>,
}

impl RTreeObject for Circle {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

impl Circle {
    fn new(no: u32, center: Position) -> Self {
        let north = RADIUS_M / 110_500.0;
        let east = north / (center.lat() + north).to_radians().cos();
        let (x, y) = (center.lng(), center.lat());
        let envelope = AABB::from_corners([x - east, y - north], [x + east, y + north]);
        Self { no, center: Point::new(x, y), envelope }
    }

    fn holds(&self, point: Point) -> bool {
        /// A sphere's distances are off by less than this share.
        const OFF_MAX: f64 = 0.006;
        let about_m = Haversine.distance(self.center, point);
        if about_m < RADIUS_M * (1.0 - OFF_MAX) {
            true
        } else if RADIUS_M * (1.0 + OFF_MAX) < about_m {
            false
        } else {
            Geodesic.distance(self.center, point) <= RADIUS_M
        }
    }
}

fn match_with_rstar(tree: &RTree<Circle>, points: &[Point], found: &mut Vec<u32>) -> usize {
    let mut n_hits = 0;
    for &point in points {
        found.clear();
        let envelope = AABB::from_point([point.x(), point.y()]);
        let ControlFlow::Continue(()) =
            tree.locate_in_envelope_intersecting_int(envelope, |circle| -> ControlFlow<Infallible> {
                if circle.holds(point) {
                    found.push(circle.no);
                }
                ControlFlow::Continue(())
            });
        found.sort_unstable();
        n_hits += black_box(&*found).len();
    }
    n_hits
}

fn centers(n: usize) -> Vec<Position> {
    let mut chance = Chance(1);
    (0..n).map(|_| chance.position()).collect()
}

fn circles(n: usize) -> Vec<Shape> {
    centers(n).into_iter().map(|center| Shape::Circle { center, radius: Meters(RADIUS_M) }).collect()
}

/// SplitMix64: the same work on every machine.
struct Chance(u64);

impl Chance {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A square of 180 km: about 6 % of its positions lie in one of 30,000 circles.
    fn position(&mut self) -> Position {
        let lat = 30.0 + 1.65 * self.unit();
        Position::new(lat, -98.6 + 1.9 * self.unit()).expect("the square is on earth")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More points at the rims than chance would bring there are asserted by the runs themselves.
    const SMALL: Load =
        Load { n_fences: 3_000, n_customers: 300, n_points: 20_000, lasts: Duration::from_millis(1) };

    #[test]
    fn both_measurements_come_to_a_figure() {
        assert!(0.0 < pipeline(SMALL));
        assert!(0.0 < ratio_to_rstar(SMALL));
    }
}
