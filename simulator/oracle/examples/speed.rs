//! How fast the oracle is: a town of 500 circles, its people on foot, one fix at a time.
//!
//! `cargo run --release -p oracle --example speed`

use std::time::Instant;

use oracle::{Consent, Fence, Fix, Kind, Offer, Oracle, Place, Purpose, Rules, Shape, What, Word};

const N_FENCES: u32 = 500;
const N_MERCHANTS: u32 = 6;
const N_CUSTOMERS: u32 = 1_000;
const N_FIXES: u32 = 2_000_000;
/// 10:00 on a Saturday in Chicago.
const STARTS_AT_MS: i64 = 1_795_276_800_000;

fn main() {
    for name in ["town of 500 circles", "the same, nobody near a store"] {
        let is_far = name.starts_with("the same");
        let mut fastest = f64::INFINITY;
        let mut n_told = (0, 0, 0);
        for _ in 0..3 {
            let (ns_a_fix, told) = run(is_far);
            fastest = fastest.min(ns_a_fix);
            n_told = told;
        }
        let (n_transitions, n_suppressed, n_offers) = n_told;
        println!(
            "{name}: {fastest:.0} ns a fix; {n_transitions} transitions, {n_suppressed} suppressed, {n_offers} offers"
        );
    }
}

fn run(is_far: bool) -> (f64, (u32, u32, u32)) {
    let mut chance = Chance(7);
    let mut oracle = town(&mut chance);
    agree(&mut oracle);
    let shift = if is_far { 1.0 } else { 0.0 };
    let mut people: Vec<Place> = (0..N_CUSTOMERS).map(|_| anywhere(&mut chance)).collect();
    let mut goals: Vec<Place> = (0..N_CUSTOMERS).map(|_| anywhere(&mut chance)).collect();
    let fixes: Vec<(u32, Fix)> = (0..N_FIXES)
        .map(|i| {
            let no = i % N_CUSTOMERS;
            let at = &mut people[no as usize];
            let goal = &mut goals[no as usize];
            // A stride of some 30 m towards a goal, where people linger.
            let (dy, dx) = (goal.lat - at.lat, goal.lng - at.lng);
            let rest = dy.hypot(dx);
            if rest < 0.000_3 && chance.below(20) == 0 {
                *goal = anywhere(&mut chance);
            } else if 0.000_3 <= rest {
                (at.lat, at.lng) = (at.lat + dy / rest * 0.000_3, at.lng + dx / rest * 0.000_3);
            }
            let noise = |chance: &mut Chance| (chance.share() - 0.5) * 0.000_2;
            let seen = Place { lat: at.lat + noise(&mut chance) + shift, lng: at.lng + noise(&mut chance) };
            let taken_at_ms = STARTS_AT_MS + i64::from(i / N_CUSTOMERS) * 20_000 + i64::from(no) * 20;
            let fix = Fix { accuracy_m: Some(10.0), speed_mps: Some(1.2), ..Fix::at(taken_at_ms, seen) };
            (no, fix)
        })
        .collect();
    let mut told = (0, 0, 0);
    let started = Instant::now();
    for (customer, fix) in &fixes {
        oracle.time(fix.taken_at_ms);
        oracle.message(*customer, 0, std::slice::from_ref(fix), fix.taken_at_ms);
        if *customer == 0 {
            oracle.stage(fix.taken_at_ms);
            oracle.committed(fix.taken_at_ms);
        }
        for one in oracle.told() {
            match one.what {
                What::Transition { .. } => told.0 += 1,
                What::Suppressed { .. } => told.1 += 1,
                What::Offer { .. } => told.2 += 1,
                What::Dropped { .. } | What::Refused { .. } => panic!("every fix is of use: {one:?}"),
            }
        }
    }
    let ns_a_fix = started.elapsed().as_nanos() as f64 / f64::from(N_FIXES);
    assert!(is_far || (10_000 < told.0 && 100 < told.2), "something happened: {told:?}");
    (ns_a_fix, told)
}

/// Some 6 km by 6 km.
fn anywhere(chance: &mut Chance) -> Place {
    Place { lat: 41.88 + (chance.share() - 0.5) * 0.054, lng: -87.63 + (chance.share() - 0.5) * 0.072 }
}

fn town(chance: &mut Chance) -> Oracle {
    let fences = (0..N_FENCES).map(|no| {
        let radius_m = [50.0, 75.0, 100.0, 150.0][chance.below(4)];
        Fence {
            merchant: Some(no % N_MERCHANTS),
            tz: Some(chrono_tz::America::Chicago),
            ..Fence::of(Shape::Circle { centre: anywhere(chance), radius_m }, radius_m)
        }
    });
    let fences: Vec<Fence> = fences.collect();
    let offers = (0..N_MERCHANTS).map(|merchant| {
        let own: Vec<u32> = (0..N_FENCES).filter(|fence| fence % N_MERCHANTS == merchant).collect();
        Offer::plain(&format!("offer-{merchant}"), merchant, Kind::Dwell, &own, 1)
    });
    Oracle::new(fences, offers.collect(), Rules::default())
}

/// Everybody agreed to all merchants but one, two days before.
fn agree(oracle: &mut Oracle) {
    let at_ms = STARTS_AT_MS - 2 * 86_400_000;
    for customer in 0..N_CUSTOMERS {
        for merchant in (0..N_MERCHANTS).filter(|merchant| *merchant != customer % N_MERCHANTS) {
            for purpose in [Purpose::Location, Purpose::Background, Purpose::OffersPush] {
                let word = Word::Grant { until_ms: None, token: None };
                let consent = Consent { shown_at_ms: Some(at_ms), ..Consent::said(word, Some(at_ms)) };
                oracle.consent(customer, merchant, purpose, &consent, at_ms);
            }
        }
    }
    oracle.stage(at_ms);
    oracle.committed(at_ms);
}

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
