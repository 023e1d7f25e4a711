//! Row L06: an offer of which there are so many, raced by all shards.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use consent_gate::{ConsentKind, Purpose};
use engine::{Engine, House};
use ledger::{MemoryStorage, StockCount, Storage as _, commit};
use model::{FenceId, MerchantId, OfferId, Timestamp};
use offers::{Catalogue, CivilDay, Counted, Draft, Limits, Stock};

use crate::shell::{Message, at_once};
use crate::street::{clock, consent, day_one, fix_at, fixes, house, x_of};

const N_SHARDS: usize = 4;
const N_CUSTOMERS: usize = 60;

fn house_with(limits: Limits) -> Arc<House> {
    let (id, merchant) = (OfferId::new("loaf").unwrap(), MerchantId::new("corner").unwrap());
    let loaf = Draft {
        fences: vec![FenceId::new("cafe").unwrap()],
        holdout_permille: 0,
        stock: limits,
        ..Draft::new(id, merchant, "A loaf", "One each")
    };
    let fences = house().fences().collect();
    Arc::new(House::new(fences, Catalogue::new(vec![loaf]).unwrap()).unwrap())
}

/// Everybody of a shard stays in the cafe on a day; answers how many loaves went out, and what was written.
fn shard(
    house: Arc<House>,
    stock: Arc<Stock>,
    no: usize,
    day: i64,
) -> (u64, BTreeMap<String, u64>, MemoryStorage) {
    let mut engine = Engine::new(house, at_once()).sharing(stock);
    let mut storage = MemoryStorage::new();
    engine.open(day_one());
    let names: Vec<String> = (0..N_CUSTOMERS).map(|i| format!("c{no}-{i}")).collect();
    let mut deliver = |messages: Vec<Message>, now: Timestamp| {
        let letters: Vec<_> = messages.iter().map(Message::letter).collect();
        engine.handle_letters(&letters, now);
        while let Some(staged) = engine.poll_staged(now) {
            for committed in commit(&mut storage, vec![staged]).expect("memory takes it") {
                engine.handle_committed(committed, now);
            }
        }
    };
    let at = clock(day, "12:00");
    for name in &names {
        let grant = |purpose| {
            consent(name, "corner", purpose, ConsentKind::Grant { until: None, confirm: None }, day_one(), 0)
                .0
        };
        deliver([Purpose::Location, Purpose::Background, Purpose::OffersPush].map(grant).to_vec(), day_one());
    }
    for (minute, x_m) in [(0, x_of("cafe") + 400.0), (1, x_of("cafe")), (5, x_of("cafe"))] {
        let now = at + model::Millis::from_mins(minute);
        for name in &names {
            deliver(vec![fixes(name, "phone", &[fix_at(now, x_m)])], now);
        }
    }
    let tally = engine.tally();
    assert!(tally.is_balanced());
    let held_back = tally.suppressed.iter().filter(|(_, n)| *n != 0).map(|(word, n)| (word.to_owned(), n));
    (tally.n_decided, held_back.collect(), storage)
}

fn read_back(storage: &mut MemoryStorage) -> Vec<(OfferId, Counted, u32)> {
    let mut counts = Vec::new();
    let read = storage.scan_stock(&mut |StockCount { offer, day, n }| {
        counts.push((offer, day.map_or(Counted::Total, |day| Counted::On(CivilDay::new(day))), n));
    });
    read.expect("memory can be read");
    counts
}

#[test]
fn l06_of_so_many_loaves_so_many_go_out_whoever_races_for_them() {
    let house = house_with(Limits { total: Some(37), per_day: None });
    let stock = Arc::new(Stock::default());
    let race = |no| {
        let (house, stock) = (house.clone(), stock.clone());
        thread::spawn(move || shard(house, stock, no, 3))
    };
    let races: Vec<_> = (0..N_SHARDS).map(race).collect();
    let ran: Vec<_> = races.into_iter().map(|race| race.join().expect("no shard panics")).collect();
    assert_eq!(ran.iter().map(|(n_sent, ..)| n_sent).sum::<u64>(), 37);
    let n_out = ran.iter().map(|(_, held_back, _)| held_back.get("out_of_stock").copied().unwrap_or(0));
    assert_eq!(n_out.sum::<u64>(), (N_SHARDS * N_CUSTOMERS) as u64 - 37);
}

#[test]
fn l06_a_restart_counts_what_went_out_before() {
    let house = house_with(Limits { total: Some(80), per_day: Some(50) });
    let (n_sent, _, storage) = shard(house.clone(), Arc::default(), 0, 3);
    assert_eq!(n_sent, 50, "no more on one day");
    let stock = || Arc::new(Stock::new(read_back(&mut storage.clone())));
    assert_eq!(shard(house.clone(), stock(), 1, 3).0, 0, "nor on the same day after a restart");
    let next = stock();
    assert_eq!(shard(house, next, 2, 4).0, 30, "and no more in all");
}
