//! From candidates to verdicts, with a million known customers in random order.
//!
//! One in four has heard something, as in a town that has been served for months. `passes`
//! decides for those who may hear the offer, `capped` for those who may not and are told when
//! they might, `gathered` also lets the occasion wait before.

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::{
    Answers, Channel, CustomerId, CustomerNo, DeviceId, DeviceNo, FenceId, Heard, MerchantId, Millis,
    NotificationId, OfferId, Standing, Timestamp, TransitionKind, VisitId,
};
use notifier::{Candidate, Known, Notifier, NotifierPolicy, Occasion, Ruling, Terms};

const N_CUSTOMERS: u32 = 1_000_000;
const N_STORES: u32 = 5_000;
/// So many are asked about before one is asked about again: the caches have forgotten it.
const N_ASKED: usize = 100_000;
/// So many are timed at a time; the least of all is what the machine's other work left alone.
const DRAIN: usize = 1_000;

/// 2026-11-18T18:00:00Z: Wednesday noon in Chicago.
const NOW: Timestamp = Timestamp::from_unix_ms(1_795_024_800_000);

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

fn fence(store: u32) -> FenceId {
    FenceId::new(&format!("fence-{store:05}")).expect("the id obeys the rule")
}

fn offer(store: u32) -> OfferId {
    OfferId::new(&format!("offer-{store:05}")).expect("the id obeys the rule")
}

fn merchant(store: u32) -> MerchantId {
    MerchantId::new(&format!("merchant-{:03}", store % 100)).expect("the id obeys the rule")
}

fn visit(customer: u32, store: u32, at: Timestamp) -> VisitId {
    let customer = CustomerId::new(&format!("c{customer}")).expect("the id obeys the rule");
    VisitId::of(&customer, &DeviceId::new("phone").expect("the id obeys the rule"), &fence(store), at)
}

/// Whether somebody was told something a few hours ago.
const fn was_told_lately(customer: u32) -> bool {
    customer.is_multiple_of(8)
}

/// Nothing for most; for one in four a few of the last weeks.
fn heard(customer: u32, numbers: &mut Numbers) -> Vec<Heard> {
    if !customer.is_multiple_of(4) {
        return Vec::new();
    }
    let newest = if was_told_lately(customer) { Millis::from_hours(6) } else { Millis::from_days(9) };
    let of = |n: i64| {
        let (store, at) = (numbers.below(N_STORES), NOW - newest - Millis::from_days(n * 8));
        Heard {
            at,
            offer: offer(store),
            merchant: merchant(store),
            fence: fence(store),
            visit: visit(customer, store, at),
            zone: Some("America/Chicago".into()),
            channel: Channel::Push,
            category: None,
            standing: Standing::Sent,
            cost: 40,
            favourite: false,
            answers: Answers::default(),
            shown_at: None,
        }
    };
    (0..3).map(of).collect()
}

fn notifier() -> Notifier {
    let mut notifier = Notifier::new(NotifierPolicy::default());
    let mut numbers = Numbers(1);
    for customer in 0..N_CUSTOMERS {
        let agreed_at = Some(NOW - Millis::from_days(100));
        let heard = heard(customer, &mut numbers);
        notifier.load(CustomerNo::new(customer, 0), Known { heard, agreed_at, ..Known::default() });
    }
    notifier
}

fn occasion(customer: u32, store: u32) -> Occasion {
    let (visit, offer) = (visit(customer, store, NOW), offer(store));
    Occasion {
        notification: NotificationId::of(visit, &offer),
        device: DeviceNo::new(customer, 0),
        offer,
        merchant: merchant(store),
        fence: fence(store),
        visit,
        trigger: TransitionKind::Dwell,
        triggered_at: NOW,
        entered_at: NOW - Millis::from_mins(4),
        expires_at: NOW + Millis::from_mins(15),
        initial: false,
        may_trigger: true,
        speed_mm_s: Some(400),
        foreground: None,
    }
}

fn candidate(occasion: &Occasion) -> Candidate<'_> {
    let terms = Terms {
        channel: Channel::Push,
        priority: 5,
        value: 10,
        category: Some("coffee"),
        is_delicate: false,
        is_in_ring: false,
        uses_purchases: false,
        names_store: true,
        names_street: false,
        holdout_permille: 0,
        standing: Standing::Sent,
        law: None,
    };
    Candidate {
        occasion,
        terms,
        zones: &[Tz::America__Chicago],
        radius_m: 200,
        is_there: true,
        barred: Vec::new(),
        possible_from: &Some,
    }
}

/// Occasions of customers in random order, some of whom were told something lately.
fn occasions(told_lately: bool, seed: u64) -> Vec<(CustomerNo, Occasion)> {
    let mut numbers = Numbers(seed);
    let asked = std::iter::repeat_with(|| (numbers.below(N_CUSTOMERS), numbers.below(N_STORES)));
    let fit = asked.filter(|(customer, _)| was_told_lately(*customer) == told_lately);
    fit.take(N_ASKED)
        .map(|(customer, store)| (CustomerNo::new(customer, 0), occasion(customer, store)))
        .collect()
}

/// How long some occasions took, and how many of them may be said.
struct Pass {
    took: Duration,
    n_gone: usize,
}

fn decide_all(notifier: &mut Notifier, occasions: &[(CustomerNo, Occasion)], name: &CustomerId) -> Pass {
    let started = Instant::now();
    let mut n_gone = 0;
    for (customer, occasion) in occasions {
        let verdicts = notifier.decide(*customer, name, &[candidate(occasion)], NOW);
        n_gone += usize::from(verdicts[0].ruling == Ruling::Goes);
        black_box(&verdicts);
    }
    Pass { took: started.elapsed(), n_gone }
}

fn gather_and_decide(
    notifier: &mut Notifier,
    occasions: &[(CustomerNo, Occasion)],
    name: &CustomerId,
) -> Pass {
    let waiting: Vec<_> = occasions.to_vec();
    let started = Instant::now();
    for (customer, occasion) in waiting {
        notifier.gather(customer, occasion, NOW - Millis::from_secs(20));
    }
    let mut n_gone = 0;
    while let Some(gathered) = notifier.next_due(NOW) {
        let candidates: Vec<Candidate<'_>> = gathered.occasions.iter().map(candidate).collect();
        let verdicts = notifier.decide(gathered.customer, name, &candidates, NOW);
        n_gone += verdicts.iter().filter(|verdict| verdict.ruling == Ruling::Goes).count();
    }
    assert_eq!(notifier.n_waiting(), 0);
    Pass { took: started.elapsed(), n_gone }
}

/// The bar that the project sets itself, a decided candidate.
const BAR: Duration = Duration::from_nanos(2_000);

fn restraint(c: &mut Criterion) {
    let name = CustomerId::new("c1").expect("the id obeys the rule");
    let mut notifier = notifier();
    let (free, capped) = (occasions(false, 2), occasions(true, 3));
    let all: Vec<_> = free.iter().zip(&capped).flat_map(|(free, capped)| [free, capped]).cloned().collect();
    let mut group = c.benchmark_group("notifier");
    group.throughput(Throughput::Elements(1)).sample_size(10);
    type Play = fn(&mut Notifier, &[(CustomerNo, Occasion)], &CustomerId) -> Pass;
    type Case<'a> = (&'static str, &'a [(CustomerNo, Occasion)], Play, bool);
    let plays: [Case<'_>; 3] = [
        ("passes", &free, decide_all, true),
        ("capped", &capped, decide_all, false),
        ("gathered", &all, gather_and_decide, true),
    ];
    for (what, occasions, play, some_go) in plays {
        let mut least = Duration::MAX;
        group.bench_function(what, |b| {
            b.iter_custom(|n| {
                let n_drains = n.div_ceil(DRAIN as u64);
                let mut took = Duration::ZERO;
                for drain in occasions.chunks(DRAIN).cycle().take(n_drains as usize) {
                    let pass = play(&mut notifier, drain, &name);
                    assert_eq!(0 < pass.n_gone, some_go, "{what}");
                    least = least.min(pass.took / drain.len() as u32);
                    took += pass.took;
                }
                took.mul_f64(n as f64 / (n_drains * DRAIN as u64) as f64)
            });
        });
        println!("notifier: {what}: {} ns a candidate at best", least.as_nanos());
        assert!(least < BAR, "{what}: a candidate takes {least:?}, more than {BAR:?}");
    }
    // All who were not told lately may hear this offer, since nobody hears of one store twice.
    let pass = decide_all(&mut notifier, &free, &name);
    assert!(free.len() * 99 / 100 < pass.n_gone, "{} of {} go", pass.n_gone, free.len());
    group.finish();
}

criterion_group!(benches, restraint);
criterion_main!(benches);
