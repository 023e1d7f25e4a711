//! What sensitive places cost: a second directory beside 30,000 fences, asked for every fix; and whether
//! the time of an answer tells that a fix was in a hard zone.
//!
//! The places are the hospitals of the United States where the shared data is there, else as many made-up
//! ones. Every figure is printed and every result asserted; `--test` runs it small.

use std::hint::black_box;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Door, Engine, House, Letter, Policy};
use ledger::MemoryStorage;
use model::{FenceFacts, FenceId, Fix, MerchantId, Meters, Millis, Position, Timestamp};
use offers::Catalogue;
use sensitive_places::{Asked, Category, Margins, MeasuredFrom, Place, RingLaw, SensitivePlaces};
use spatial_index::{Fence, Hits, Index, Shape};

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

    /// Somewhere in the town of one of the middles: within some 20 km of it.
    fn in_town(&mut self, middles: &[(f64, f64)]) -> Position {
        let (lat, lng) = middles[(self.next() % middles.len() as u64) as usize];
        let (lat, lng) = (lat + self.within(-0.2, 0.2), lng + self.within(-0.2, 0.2));
        Position::new(lat, lng).expect("towns are on earth")
    }
}

/// Latitudes and longitudes of hospitals.
fn hospitals() -> Vec<(f64, f64)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/hospitals_us.csv.gz");
    let Ok(packed) = std::fs::read(file) else {
        println!("the shared data is not here: made-up hospitals");
        let mut numbers = Numbers(3);
        return (0..5_606).map(|_| (numbers.within(28.0, 47.0), numbers.within(-120.0, -75.0))).collect();
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).expect("the file is whole");
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let number = |row: &csv::StringRecord, i: usize| row[i].parse().expect("a coordinate is a number");
    let of_row = |row: csv::StringRecord| (number(&row, 4), number(&row, 5));
    table.records().map(|row| of_row(row.expect("a row is a row"))).collect()
}

fn circle(id: String, center: Position, radius_m: f64) -> Fence {
    let facts = FenceFacts {
        id: FenceId::new(&id).expect("the id obeys the rule"),
        name: id.into(),
        merchant: MerchantId::new("corner").ok(),
        tags: Vec::new(),
        tz: Some("UTC".into()),
        country: None,
        region: None,
        opening_hours: None,
        radius: Meters(radius_m),
    };
    Fence { facts, shape: Shape::Circle { center, radius: Meters(radius_m) } }
}

fn places(hospitals: &[(f64, f64)]) -> Vec<Place> {
    let place = |(i, &(lat, lng)): (usize, &(f64, f64))| {
        let center = Position::new(lat, lng).expect("hospitals are on earth");
        Place { fence: circle(format!("h{i:05}"), center, 100.0), category: Category::Health, operator: None }
    };
    hospitals.iter().enumerate().map(place).collect()
}

/// A law of each of some states, the widest ring there is.
fn laws() -> Vec<RingLaw> {
    let law = |region: &str| RingLaw {
        id: format!("GF-{region}").into(),
        citation: "made up".into(),
        region: region.into(),
        category: Category::Health,
        meters: Meters(609.6),
        from: MeasuredFrom::Perimeter,
        own_allowed: false,
    };
    ["US-WA", "US-NY", "US-NV", "US-CA", "US-CT", "US-MD"].map(law).into()
}

fn fences(hospitals: &[(f64, f64)]) -> Vec<Fence> {
    let mut numbers = Numbers(1);
    (0..N_FENCES).map(|i| circle(format!("f{i:05}"), numbers.in_town(hospitals), 150.0)).collect()
}

fn main() {
    let is_test = std::env::args().any(|arg| arg == "--test");
    let n_fixes = if is_test { 20_000 } else { 1_000_000 };
    let hospitals = hospitals();
    let started = Instant::now();
    let built = SensitivePlaces::build(places(&hospitals), Margins::default(), laws());
    let places = Arc::new(built.expect("hospitals can be zones"));
    let took = started.elapsed();
    let bytes: usize = places.zones().bytes().iter().map(|bytes| bytes.directory + bytes.fences).sum();
    println!("{} places: built in {took:.1?}, {:.1} MB", hospitals.len(), bytes as f64 / 1e6);

    let fences = fences(&hospitals);
    let started = Instant::now();
    let n_marked = fences.iter().filter(|fence| places.standing(fence).is_some()).count();
    println!("{N_FENCES} fences: {n_marked} in rings, told in {:.1?}", started.elapsed());
    second_directory(&hospitals, &places, &fences, n_fixes);
    answers(&hospitals, &places, fences, if is_test { 200 } else { 20_000 });
}

/// The fences alone, and the fences with the zones beside them.
fn second_directory(hospitals: &[(f64, f64)], places: &SensitivePlaces, fences: &[Fence], n_fixes: usize) {
    let index = Index::build(fences.iter().map(|fence| fence.shape.clone()).collect()).expect("good fences");
    let mut numbers = Numbers(2);
    let positions: Vec<Position> = (0..n_fixes).map(|_| numbers.in_town(hospitals)).collect();
    let accuracies = [5.0, 12.0, 30.0, 65.0].map(Meters);
    let zones = places.zones();
    let (mut hits, mut asked) = (Hits::new(), Asked::default());
    let mut best = [Duration::MAX; 2];
    let mut n_hidden = 0;
    for _ in 0..5 {
        let started = Instant::now();
        for batch in positions.chunks(DRAIN) {
            index.match_batch(batch, &mut hits);
            black_box(hits.n_hits());
        }
        best[0] = best[0].min(started.elapsed());
        n_hidden = 0;
        let started = Instant::now();
        for batch in positions.chunks(DRAIN) {
            zones.ask(batch, |i| accuracies[i % 4], &mut asked);
            index.match_batch(batch, &mut hits);
            n_hidden += asked.hidden().count();
            black_box(hits.n_hits());
        }
        best[1] = best[1].min(started.elapsed());
    }
    let alone = positions.iter().enumerate().filter(|(i, at)| zones.hides(**at, accuracies[i % DRAIN % 4]));
    assert_eq!(n_hidden, alone.count(), "a batch hides what is hidden alone");
    let ns = best.map(|took| took.as_nanos() as f64 / n_fixes as f64);
    println!(
        "{n_fixes} fixes, {:.2} % hidden: {:.1} ns a fix by the fences, {:.1} ns with the zones beside them, {:.1} ns more",
        100.0 * n_hidden as f64 / n_fixes as f64,
        ns[0],
        ns[1],
        ns[1] - ns[0]
    );
}

/// How long a single message takes to be answered: in a zone, and where there is nothing at all.
fn answers(hospitals: &[(f64, f64)], places: &Arc<SensitivePlaces>, fences: Vec<Fence>, n: usize) {
    let house = House::new(fences, Catalogue::default()).expect("good fences").guarded(places.clone());
    let nothing = nothing_near(&house, hospitals);
    let mut engine = Engine::new(Arc::new(house), Policy::default());
    engine.open(START);
    let mut storage = MemoryStorage::default();
    for customer in ["seen", "hidden"] {
        for purpose in ["location", "background"] {
            let body = format!(
                r#"{{"v":1,"event_id":"e","merchant":"corner","purpose":"{purpose}","kind":"grant","actor":"self","method":"toggle","notice":{{"id":"n","version":1,"lang":"en","sha256":"{}","shown_at":{}}}}}"#,
                "0".repeat(64),
                START.unix_ms() - 1
            );
            let body = body.as_bytes();
            engine.handle_letters(
                &[Letter { door: Door::Consent, customer, device: "", body, ticket: 0 }],
                START,
            );
            while let Some(staged) = engine.poll_staged(START) {
                for committed in ledger::commit(&mut storage, vec![staged]).expect("memory does not fail") {
                    engine.handle_committed(committed, START);
                }
            }
        }
    }
    let mut took: [Vec<u64>; 2] = [Vec::with_capacity(n), Vec::with_capacity(n)];
    for i in 0..n {
        let at = START + Millis::from_secs(30 * (i as i64 + 1));
        // The same person's phone rests in the one place, another's in the other.
        let ward = hospitals[0];
        let ward = Position::new(ward.0, ward.1).expect("hospitals are on earth");
        for (which, customer, position) in [(0, "seen", nothing), (1, "hidden", ward)] {
            let body = wire::encode_fix(&Fix { accuracy: Some(Meters(12.0)), ..Fix::at(at, position) });
            let letter = Letter { door: Door::Fixes, customer, device: "phone", body: &body, ticket: 7 };
            let started = Instant::now();
            engine.handle_letters(&[letter], at);
            let mut n_told = 0;
            while engine.poll_output().is_some() {
                n_told += 1;
            }
            took[which].push(started.elapsed().as_nanos() as u64);
            // The first answers consist of the consents' too.
            assert!(1 <= n_told, "every message is answered");
        }
    }
    let tally = engine.tally();
    assert_eq!(tally.dropped.of_word("sensitive"), n as u64);
    assert_eq!((tally.n_used, tally.n_matched), (n as u64, 0));
    assert!(tally.is_balanced());
    let median = took.map(|mut took| {
        took.sort_unstable();
        took[took.len() / 2]
    });
    let ratio = median[1] as f64 / median[0] as f64;
    println!("an answer: {} ns without a match, {} ns in a zone, {ratio:.2} times", median[0], median[1]);
    assert!((0.5..2.0).contains(&ratio), "the time of an answer tells of a zone: {ratio:.2}");
}

/// A place in town that no fence and no zone holds.
fn nothing_near(house: &House, hospitals: &[(f64, f64)]) -> Position {
    let mut numbers = Numbers(9);
    let mut hits = Vec::new();
    loop {
        let position = numbers.in_town(hospitals);
        house.index().match_one(position, &mut hits);
        if hits.is_empty() && !house.sensitive().zones().hides(position, Meters(500.0)) {
            return position;
        }
    }
}
