//! What a *no* costs, with a million known customers of two purposes each.
//!
//! Everybody has taken back that they are seen, and may be spoken to: the gate looks at what it knows
//! of them, and refuses. `message` is the whole way through the engine in drains; `admit` is the gate
//! alone, and `plain map` what it takes to look the names alone up one by one in a map of the standard
//! library, as the engine did once. `random` asks about everybody in random order,
//! `cached` about the same few again and again.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use consent_gate::{ConsentRow, ConsentState, Epoch, Gate, GatePolicy, NoticeName, Purpose, Refusal};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::{Door, Engine, House, Letter, Policy};
use ledger::{MemoryStorage, StateRow, Storage as _};
use model::{CustomerId, CustomerNo, MerchantId, MerchantNo, Millis, Timestamp};
use offers::Catalogue;

const N_CUSTOMERS: u32 = 1_000_000;
/// So many are asked about before one is asked about again: the caches have forgotten it.
const N_ASKED: usize = 200_000;
/// Few enough that the nearest caches hold all that is known of them.
const N_CACHED: u32 = 100;
/// So many are timed at a time; the least of all is what the machine's other work left alone.
const DRAIN: usize = 1_000;
/// So many are put into the engine at a time.
const N_LOADED: u32 = 10_000;

/// What the project sets itself, a refused message.
const BAR_RANDOM: Duration = Duration::from_nanos(60);
const BAR_CACHED: Duration = Duration::from_nanos(25);
/// Of a customer who has said two things and was never seen.
const BAR_BYTES: f64 = 220.0;

/// 2026-11-18T18:00:00Z.
const NOW: Timestamp = Timestamp::from_unix_ms(1_795_024_800_000);

type Names = HashMap<CustomerId, CustomerNo, BuildHasherDefault<DefaultHasher>>;

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

    fn below(&mut self, n: u32) -> u32 {
        (self.next() % u64::from(n)) as u32
    }
}

fn name(no: u32) -> String {
    format!("customer-{no:07}")
}

fn id(no: u32) -> CustomerId {
    CustomerId::new(&name(no)).expect("the id obeys the rule")
}

/// Seen no more, and spoken to all the same.
fn consents() -> Vec<ConsentRow> {
    let merchant = MerchantId::new("corner").expect("the id obeys the rule");
    let notice = Some(NoticeName { id: "app-notice".into(), version: 3 });
    let until = NOW + Millis::from_days(100);
    let states = [
        (Purpose::Location, ConsentState::Withdrawn, Some(NOW - Millis::from_days(1))),
        (Purpose::OffersPush, ConsentState::Granted { until }, None),
    ];
    let row = |(purpose, state, restricted_at)| ConsentRow {
        state,
        restricted_at,
        notice: notice.clone(),
        ..ConsentRow::new(merchant.clone(), purpose)
    };
    states.into_iter().map(row).collect()
}

fn resident_bytes() -> Option<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(4_096 * pages.split_whitespace().nth(1)?.parse::<usize>().ok()?)
}

/// Filled from state rows, as at a start; says what that takes, which is asked before anything else is.
fn engine() -> Engine {
    let mut loading = Duration::ZERO;
    let before = resident_bytes();
    let house = House::new(Vec::new(), Catalogue::default()).expect("nothing is good");
    let mut engine = Engine::new(Arc::new(house), Policy::default());
    let row = |no| StateRow { consents: consents(), epoch: Epoch(1), ..StateRow::new(id(no)) };
    for first in (0..N_CUSTOMERS).step_by(N_LOADED as usize) {
        let rows = (first..first + N_LOADED).map(row).collect();
        let mut storage = MemoryStorage::default();
        let staged = ledger::stage(Vec::new(), rows, Vec::new(), 0);
        ledger::commit(&mut storage, vec![staged]).expect("memory does not fail");
        let mut rows = Vec::new();
        storage.scan_states(&mut |stored| rows.push(stored)).expect("memory can be read");
        drop(storage);
        let started = Instant::now();
        rows.into_iter().for_each(|stored| engine.load(stored));
        loading += started.elapsed();
    }
    engine.open(NOW);
    println!("gate: load: {:.2} us a customer", loading.as_secs_f64() * 1e6 / f64::from(N_CUSTOMERS));
    if let (Some(before), Some(after)) = (before, resident_bytes()) {
        let bytes = (after - before) as f64 / f64::from(N_CUSTOMERS);
        println!(
            "gate: memory: {bytes:.0} bytes a customer, the bar of {BAR_BYTES} is {}",
            verdict(bytes <= BAR_BYTES)
        );
    }
    engine
}

const fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "missed" }
}

fn gate() -> Gate {
    let mut gate = Gate::new(GatePolicy::default());
    for no in 0..N_CUSTOMERS {
        let rows = consents().into_iter().map(|row| (MerchantNo(0), row));
        gate.load(CustomerNo::new(no, 0), Epoch(1), rows);
    }
    gate.open();
    gate
}

/// Whom the messages are of: everybody in random order, or the same few.
fn asked() -> [(&'static str, Vec<u32>); 2] {
    [("random", N_CUSTOMERS), ("cached", N_CACHED)].map(|(what, n)| {
        let mut numbers = Numbers(7);
        (what, (0..N_ASKED).map(|_| numbers.below(n)).collect())
    })
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

/// Times drains of one case in turn, and answers what one message took in the quickest of them.
fn time(
    group: &mut Group<'_>,
    what: &str,
    asked: &[u32],
    drain: &mut dyn FnMut(&[u32]) -> Duration,
) -> Duration {
    let mut least = Duration::MAX;
    let mut drains = asked.chunks_exact(DRAIN).cycle();
    group.bench_function(what, |b| {
        b.iter_custom(|n| {
            let n_drains = n.div_ceil(DRAIN as u64);
            let mut took = Duration::ZERO;
            for asked in drains.by_ref().take(n_drains as usize) {
                let one = drain(asked);
                least = least.min(one);
                took += one;
            }
            took.mul_f64(n as f64 / (n_drains * DRAIN as u64) as f64)
        });
    });
    println!("gate: {what}: {:.1} ns at best", least.as_nanos() as f64 / DRAIN as f64);
    least / DRAIN as u32
}

/// Whole messages, as a drain of the queue brings them: whoever took them in has just read their names.
fn refuse(engine: &mut Engine, asked: &[u32]) -> Duration {
    let names: Vec<String> = asked.iter().map(|no| name(*no)).collect();
    let letter =
        |name| Letter { door: Door::Fixes, customer: name, device: "phone", body: b"unread", ticket: 0 };
    let letters: Vec<Letter<'_>> = names.iter().map(|name| letter(name)).collect();
    let before = (engine.tally().refused.of_word(Refusal::Withdrawn.word()), engine.tally().n_opened);
    let started = Instant::now();
    engine.handle_letters(&letters, NOW);
    let took = started.elapsed();
    let tally = engine.tally();
    assert_eq!(tally.refused.of_word(Refusal::Withdrawn.word()) - before.0, DRAIN as u64, "all are refused");
    assert_eq!(tally.n_opened, before.1, "nothing is looked into");
    took
}

fn admit(gate: &Gate, asked: &[u32]) -> Duration {
    let started = Instant::now();
    let refused = asked.iter().filter(|no| {
        let admitted = gate.admit(CustomerNo::new(**no, 0), (), NOW);
        matches!(admitted, Err(Refusal::Withdrawn))
    });
    let n_refused = black_box(refused.count());
    let took = started.elapsed();
    assert_eq!(n_refused, DRAIN, "all are refused");
    took
}

fn find(names: &Names, asked: &[u32]) -> Duration {
    let spelt: Vec<String> = asked.iter().map(|no| name(*no)).collect();
    let started = Instant::now();
    let n_found = black_box(spelt.iter().filter(|name| names.get(name.as_str()).is_some()).count());
    let took = started.elapsed();
    assert_eq!(n_found, DRAIN, "all are known");
    took
}

fn refusals(c: &mut Criterion) {
    let mut group = c.benchmark_group("gate");
    group.throughput(Throughput::Elements(1)).sample_size(10);
    let mut engine = engine();
    for ((what, asked), bar) in asked().into_iter().zip([BAR_RANDOM, BAR_CACHED]) {
        let least =
            time(&mut group, &format!("message/{what}"), &asked, &mut |asked| refuse(&mut engine, asked));
        println!("gate: message/{what}: the bar of {} ns is {}", bar.as_nanos(), verdict(least <= bar));
    }
    assert!(engine.tally().is_balanced());
    drop(engine);
    let gate = gate();
    for (what, asked) in asked() {
        time(&mut group, &format!("admit/{what}"), &asked, &mut |asked| admit(&gate, asked));
    }
    drop(gate);
    let names: Names = (0..N_CUSTOMERS).map(|no| (id(no), CustomerNo::new(no, 0))).collect();
    for (what, asked) in asked() {
        time(&mut group, &format!("plain map/{what}"), &asked, &mut |asked| find(&names, asked));
    }
    group.finish();
}

criterion_group!(benches, refusals);
criterion_main!(benches);
