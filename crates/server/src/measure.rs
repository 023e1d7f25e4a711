//! How fast this machine is: the engine from bytes to outcome, and the match beside `rstar` and `geo`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use consent_gate::{Actor, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose};
use engine::{Door, Engine, House, Letter, Policy};
use ledger::MemoryStorage;
use model::{FenceFacts, FenceId, Fix, MerchantId, Meters, Millis, Position, Timestamp};
use spatial_index::{Fence, Shape};
use wire::{Topic, Topics};
use workloads::{Row, circles};

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
    let work = circles::evenly(load.n_fences, load.n_customers);
    let mut engine = engine(load, work.shapes);
    let mut storage = MemoryStorage::default();
    let (mut n_fixes, mut took) = (0, Duration::ZERO);
    for minute in 1.. {
        let at = START + Millis::from_mins(minute);
        let messages: Vec<(String, Vec<u8>)> = (0..)
            .zip(&work.positions)
            .map(|(no, &home)| (topics.fix(&customer(no), "phone"), wire::encode_fix(&fix(home, at))))
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
fn engine(load: Load, shapes: Vec<Shape>) -> Engine {
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
            radius: shape.radius(),
        };
        Fence { facts, shape }
    };
    let fences = shapes.into_iter().enumerate().map(fence).collect();
    let house = House::new(fences, offers::Catalogue::default()).expect("the fences are good");
    let mut engine = Engine::new(Arc::new(house), Policy::default());
    engine.open(START);
    let consents = Purpose::OF_OFFERS.map(|purpose| wire::encode_consent(&grant(&merchant, purpose)));
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
        kind: ConsentKind::Grant { until: None, confirm: None },
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
        app: None,
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
fn fix(home: Position, at: Timestamp) -> Fix {
    let metres = 20.0 * ((at.unix_ms() / 60_000) % 2) as f64;
    let position = Position::new(home.lat() + metres / 111_000.0, home.lng()).expect("still on earth");
    Fix { accuracy: Some(Meters(12.0)), speed_mps: Some(1.2), ..Fix::at(at, position) }
}

/// How many times as many points a second the index matches as an R*-tree with `geo` does.
///
/// The same as `stile bench match` on as many circles; that both find the same is asserted.
fn ratio_to_rstar(load: Load) -> f64 {
    let row = Row::measure(&circles::evenly(load.n_fences, load.n_points), load.lasts, &mut |_| ());
    assert!(row.is_right(), "both find the same");
    row.ratio_batch()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Load =
        Load { n_fences: 3_000, n_customers: 300, n_points: 20_000, lasts: Duration::from_millis(1) };

    #[test]
    fn both_measurements_come_to_a_figure() {
        assert!(0.0 < pipeline(SMALL));
        assert!(0.0 < ratio_to_rstar(SMALL));
    }
}
