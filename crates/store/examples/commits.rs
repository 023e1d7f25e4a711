//! Measures durable commits: how long one takes, by how many entries share it.
//!
//! `cargo run --release -p store --example commits [DIR]`

use std::path::PathBuf;
use std::time::Instant;

use ledger::{Decision, Entry, SENT, Said, StateRow, What, commit, stage};
use model::{
    CustomerId, DeviceId, FenceId, MerchantId, NotificationId, OfferId, Timestamp, TransitionKind, VisitId,
    Words,
};
use store::{Options, SqliteStore};

const N_CUSTOMERS: usize = 20_000;

fn main() {
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let dir = std::env::args_os().nth(1).map_or_else(|| scratch.path().to_path_buf(), PathBuf::from);
    let chance = Box::new(|bytes: &mut [u8]| getrandom::fill(bytes).expect("random bytes"));
    let mut store = SqliteStore::open(&dir, Options::default(), chance).expect("an empty directory");

    let started = Instant::now();
    for first in (0..N_CUSTOMERS).step_by(1_000) {
        let rows = (first..first + 1_000).map(|n| StateRow::new(customer(n))).collect();
        commit(&mut store, vec![stage(Vec::new(), rows, Vec::new(), 0)]).expect("room on the disk");
    }
    println!("{N_CUSTOMERS} new customers with keys and rows: {:.2} s", started.elapsed().as_secs_f64());

    println!("{:>7} {:>10} {:>10} {:>12}", "entries", "p50", "p99", "entries/s");
    let mut n = 0;
    for (n_entries, n_commits) in [(1, 500), (10, 200), (100, 100), (500, 60), (1_000, 40)] {
        let mut times_us = Vec::new();
        for _ in 0..n_commits {
            let staged = (0..n_entries).map(|i| decided(n + i)).collect();
            n += n_entries;
            let started = Instant::now();
            commit(&mut store, staged).expect("room on the disk");
            times_us.push(started.elapsed().as_micros() as u64);
        }
        times_us.sort_unstable();
        let total_us: u64 = times_us.iter().sum();
        let at = |share: usize| times_us[(times_us.len() - 1) * share / 100];
        let per_s = (n_entries * n_commits) as f64 * 1e6 / total_us as f64;
        println!("{n_entries:>7} {:>7} µs {:>7} µs {per_s:>12.0}", at(50), at(99));
    }

    drop(store);
    let chance = Box::new(|bytes: &mut [u8]| getrandom::fill(bytes).expect("random bytes"));
    let started = Instant::now();
    let mut store = SqliteStore::open(&dir, Options::default(), chance).expect("the directory just left");
    let opened = started.elapsed();
    let mut n_states = 0;
    ledger::Storage::scan_states(&mut store, &mut |_| n_states += 1).expect("readable rows");
    assert_eq!((n_states, store.closed_partitions().len()), (N_CUSTOMERS, 0));
    println!("opened in {opened:.1?}, {n_states} state rows read after {:.1?}", started.elapsed());
}

fn customer(n: usize) -> CustomerId {
    CustomerId::new(&format!("customer-{n}")).expect("an opaque id")
}

/// A decision to send with its row, as the engine stages it.
fn decided(n: usize) -> ledger::Staged {
    let (customer, device) = (customer(n * 7 % N_CUSTOMERS), DeviceId::new("phone").expect("an id"));
    let (fence, offer) =
        (FenceId::new("store-17").expect("an id"), OfferId::new("oat-flat-white").expect("an id"));
    let at = Timestamp::from_unix_ms(1_760_000_000_000 + n as i64);
    let visit = VisitId::of(&customer, &device, &fence, at);
    let said = Said {
        expires_at: at,
        words: Words {
            title: "Oat flat white, half price".into(),
            body: "At Harbour Street Coffee until 11:00 today.".into(),
            link: Some("https://example.org/o/17".into()),
            why: "You stayed four minutes and agreed to offers of this shop.".into(),
        },
    };
    let decision = Decision {
        id: NotificationId::of(visit, &offer),
        device,
        offer,
        merchant: MerchantId::new("harbour").expect("an id"),
        fence,
        store: "Harbour Street Coffee".into(),
        visit,
        trigger: TransitionKind::Dwell,
        triggered_at: at,
        verdict: SENT.into(),
        failed: Vec::new(),
        next_possible_at: None,
        purposes: vec!["location".into(), "offers.push".into()],
        facts: vec![("heard_24h".into(), "0 of 1".into()), ("zone".into(), "America/Chicago".into())],
        counted: None,
        tolerance: None,
        said: Some(said),
    };
    let mut row = StateRow::new(customer.clone());
    row.outbox.extend(decision.notification(&customer, at));
    stage(vec![Entry { customer, at, what: What::Decision(decision) }], vec![row], Vec::new(), 0)
}
