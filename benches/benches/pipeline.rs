//! From the bytes of a message to its outcome, on one core, with 100,000 customers.
//!
//! `counts_only` is the yardstick: it parses the topic, hashes the customer's name and
//! counts. `refused_*` are messages of strangers: their payload is not looked at, so its
//! length must not matter.

use std::collections::HashSet;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::{Door, Engine, House, Letter, Policy};
use ledger::MemoryStorage;
use model::{FenceFacts, FenceId, Fix, MerchantId, Meters, Millis, Position, Timestamp};
use offers::Catalogue;
use spatial_index::{Fence, Shape};
use wire::{Topic, Topics};

const N_CUSTOMERS: usize = 100_000;
const N_FENCES: usize = 30_000;
const DRAIN: usize = 1_000;

/// 2026-11-21T16:00:00Z.
const START: Timestamp = Timestamp::from_unix_ms(1_795_276_800_000);

/// A generator of numbers; the same seed gives the same workload on every machine.
struct Numbers(u64);

impl Numbers {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn within(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A square of 180 km or so: about 6 % of its positions lie in one of the fences.
    fn position(&mut self) -> Position {
        Position::new(self.within(30.0, 31.65), self.within(-98.6, -96.7)).expect("the city is on earth")
    }
}

fn merchant() -> MerchantId {
    MerchantId::new("corner").expect("the id obeys the rule")
}

fn house() -> Arc<House> {
    let mut numbers = Numbers(1);
    let fences = (0..N_FENCES).map(|i| {
        let facts = FenceFacts {
            id: FenceId::new(&format!("f{i:06}")).expect("the id obeys the rule"),
            name: "A store".into(),
            merchant: Some(merchant()),
            tags: Vec::new(),
            tz: Some("America/Chicago".into()),
            country: None,
            region: None,
            opening_hours: None,
            radius: Meters(150.0),
        };
        Fence { facts, shape: Shape::Circle { center: numbers.position(), radius: Meters(150.0) } }
    });
    Arc::new(House::new(fences.collect(), Catalogue::default()).expect("the fences are good"))
}

fn customer(i: usize) -> String {
    format!("customer-{i:06}")
}

fn consent(kind: &str, purpose: &str) -> String {
    format!(
        r#"{{"v":1,"event_id":"e","merchant":"corner","purpose":"{purpose}","kind":"{kind}","actor":"self","method":"toggle","notice":{{"id":"n","version":1,"lang":"en","sha256":"{}","shown_at":{}}}}}"#,
        "0".repeat(64),
        START.unix_ms() - 1
    )
}

/// An engine that all customers have agreed to.
fn engine() -> Engine {
    let mut engine = Engine::new(house(), Policy::default());
    engine.open(START);
    let events = ["location", "background", "offers.push"].map(|purpose| consent("grant", purpose));
    let mut storage = MemoryStorage::default();
    for i in 0..N_CUSTOMERS {
        let name = customer(i);
        let letters = events.each_ref().map(|event| Letter {
            door: Door::Consent,
            customer: &name,
            device: "",
            body: event.as_bytes(),
            ticket: 0,
        });
        engine.handle_letters(&letters, START);
    }
    settle(&mut engine, &mut storage, START);
    assert_eq!(engine.tally().consents.of_word("applied"), 3 * N_CUSTOMERS as u64);
    engine
}

fn settle(engine: &mut Engine, storage: &mut MemoryStorage, now: Timestamp) {
    while let Some(staged) = engine.poll_staged(now) {
        for committed in ledger::commit(storage, vec![staged]).expect("memory does not fail") {
            engine.handle_committed(committed, now);
        }
    }
    while engine.poll_output().is_some() {}
}

/// One message of many customers' phones, in random order, a minute after the last of each.
struct Round {
    topics: Vec<String>,
    bodies: Vec<Vec<u8>>,
    at: Timestamp,
}

fn round(no: i64, n: usize, numbers: &mut Numbers) -> Round {
    let at = START + Millis::from_mins(no + 1);
    let mut order: Vec<usize> = (0..N_CUSTOMERS).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, (numbers.next() % (i as u64 + 1)) as usize);
    }
    order.truncate(n);
    let topics = order.iter().map(|&i| format!("stile/v1/{}/phone/fix", customer(i))).collect();
    let bodies = order.iter().map(|&i| wire::encode_fix(&fix(i, at))).collect();
    Round { topics, bodies, at }
}

/// A place of their own for everybody, and a few metres of walking: nothing jumps.
fn fix(customer: usize, at: Timestamp) -> Fix {
    let home = Numbers(customer as u64 + 7).position();
    let metres = 20.0 * ((at.unix_ms() / 60_000) % 2) as f64;
    let position = Position::new(home.lat() + metres / 111_000.0, home.lng()).expect("still on earth");
    Fix { accuracy: Some(Meters(12.0)), speed_mps: Some(1.2), ..Fix::at(at, position) }
}

fn letters<'a>((topics_of, bodies): (&'a [String], &'a [Vec<u8>]), topics: &Topics) -> Vec<Letter<'a>> {
    let of = |(topic, body): (&'a String, &'a Vec<u8>)| match topics.parse(topic) {
        Ok(Topic::Fix { customer, device }) => {
            Letter { door: Door::Fixes, customer, device, body, ticket: 0 }
        }
        Ok(_) | Err(_) => unreachable!("every topic is one of fixes"),
    };
    topics_of.iter().zip(bodies).map(of).collect()
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

/// What cannot be saved: the topic is parsed, the name is looked up, a number rises.
fn counts_only(group: &mut Group<'_>, topics: &Topics) {
    let known: HashSet<String> = (0..N_CUSTOMERS).map(customer).collect();
    let round = round(0, N_CUSTOMERS, &mut Numbers(41));
    group.bench_function("counts_only", |b| {
        b.iter_custom(|n| {
            let mut n_counted = 0_u64;
            let started = Instant::now();
            for i in 0..n as usize {
                let i = i % round.topics.len();
                if let Ok(Topic::Fix { customer, .. }) = topics.parse(&round.topics[i]) {
                    n_counted += u64::from(known.contains(customer));
                }
                black_box(&round.bodies[i]);
            }
            let took = started.elapsed();
            assert_eq!(n_counted, n);
            took
        });
    });
}

/// Fixes of consenting customers, all the way to their outcomes.
fn fixes(group: &mut Group<'_>, topics: &Topics, engine: &mut Engine) {
    let mut storage = MemoryStorage::default();
    let mut numbers = Numbers(42);
    let mut no = 0;
    for (name, drain) in [("single", 1), ("batch", DRAIN)] {
        group.bench_function(name, |b| {
            b.iter_custom(|n| {
                let mut took = Duration::ZERO;
                let mut left = n as usize;
                while 0 < left {
                    no += 1;
                    let round = round(no, left.min(N_CUSTOMERS), &mut numbers);
                    took += play(&round, drain, topics, engine);
                    settle(engine, &mut storage, round.at);
                    left -= round.topics.len();
                }
                took
            });
        });
    }
    let tally = engine.tally();
    assert!(tally.is_balanced());
    println!(
        "pipeline: {:.1} % of the fixes lie in a fence",
        100.0 * tally.n_matched as f64 / tally.n_used as f64
    );
}

fn play(round: &Round, drain: usize, topics: &Topics, engine: &mut Engine) -> Duration {
    let before = engine.tally().n_used;
    let started = Instant::now();
    for chunk in round.topics.chunks(drain).zip(round.bodies.chunks(drain)) {
        engine.handle_letters(&letters(chunk, topics), round.at);
    }
    let took = started.elapsed();
    let n_used = engine.tally().n_used - before;
    assert_eq!(n_used as usize, round.topics.len(), "every fix is used");
    took
}

/// Messages of a stranger: the same cost whatever their length, and never opened.
fn refused(group: &mut Group<'_>, engine: &mut Engine) {
    for (name, len) in [("refused_100_bytes", 100), ("refused_64_kib", 64 << 10)] {
        let body = vec![b'x'; len];
        let letter =
            Letter { door: Door::Fixes, customer: "stranger", device: "phone", body: &body, ticket: 0 };
        let drain = vec![letter; DRAIN];
        group.bench_function(name, |b| {
            b.iter_custom(|n| {
                let (before, opened) = (engine.tally().refused.total(), engine.tally().n_opened);
                let n_drains = n.div_ceil(DRAIN as u64);
                let started = Instant::now();
                for _ in 0..n_drains {
                    engine.handle_letters(&drain, START);
                }
                let took = started.elapsed();
                let n_refused = engine.tally().refused.total() - before;
                assert_eq!(n_refused, n_drains * DRAIN as u64);
                assert_eq!(engine.tally().n_opened, opened, "no stranger's payload is opened");
                took.mul_f64(n as f64 / n_refused as f64)
            });
        });
    }
}

/// Rounds of either length in turn; the least of each is what the machine's other work left alone.
const N_ROUNDS: usize = 2_000;

/// Asserts that refusing 64 KiB costs within 10 % of refusing 100 bytes.
fn length_does_not_matter(engine: &mut Engine) {
    let bodies = [vec![b'x'; 100], vec![b'x'; 64 << 10]];
    let mut least = [Duration::MAX; 2];
    for _ in 0..N_ROUNDS {
        for (body, least) in bodies.iter().zip(&mut least) {
            let letter = Letter { door: Door::Fixes, customer: "stranger", device: "phone", body, ticket: 0 };
            let drain = vec![letter; DRAIN];
            let started = Instant::now();
            engine.handle_letters(&drain, START);
            *least = started.elapsed().min(*least);
        }
    }
    let [short, long] = least.map(|least| least.as_nanos() as f64 / DRAIN as f64);
    println!("refused: {short:.1} ns for 100 bytes, {long:.1} ns for 64 KiB");
    assert!((0.9..1.1).contains(&(long / short)), "refusing costs the same whatever the length");
}

fn pipeline(c: &mut Criterion) {
    let topics = Topics::new("stile/v1");
    let mut group = c.benchmark_group("pipeline");
    group.throughput(Throughput::Elements(1)).sample_size(20).measurement_time(Duration::from_secs(8));
    counts_only(&mut group, &topics);
    let mut engine = engine();
    fixes(&mut group, &topics, &mut engine);
    refused(&mut group, &mut engine);
    length_does_not_matter(&mut engine);
    group.finish();
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
