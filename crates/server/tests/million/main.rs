//! What a million customers cost: room on the disk, time to start, memory.

#[allow(dead_code, reason = "the end-to-end tests use all of it")]
#[path = "../e2e/premises.rs"]
mod premises;
#[allow(dead_code, reason = "the end-to-end tests use all of it")]
#[path = "../e2e/server.rs"]
mod server;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use consent_gate::{
    Actor, ConsentEvent, ConsentKind, ConsentState, Effect, Epoch, EventId, Hearing, Method, Notice, Purpose,
};
use ledger::{ConsentEntry, Entry, StateRow, What, commit, replay, stage};
use model::{CustomerId, MerchantId, Millis, Timestamp};
use store::{Options, SqliteStore};

use self::premises::{MERCHANT, Premises};
use self::server::Server;

/// How long anything but the start may take.
const PATIENCE: Duration = Duration::from_secs(20);

const N_CUSTOMERS: usize = 1_000_000;
/// So many share a commit.
const N_TOGETHER: usize = 2_000;
const PURPOSES: [Purpose; 2] = [Purpose::Location, Purpose::OffersPush];

/// What the project sets itself for a million customers with two purposes each.
const LEDGER_MB_MAX: f64 = 1_000.0;
const START_S_MAX: f64 = 5.0;
const RESIDENT_MB_MAX: f64 = 400.0;

/// `cargo test --release -p server --test million -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn what_a_million_customers_with_two_purposes_each_cost() {
    let premises = Premises::new(&[]);
    let (empty_s, empty_mb) = started(&premises);
    let began = Instant::now();
    write(&premises.data(), now());
    println!("{N_CUSTOMERS} customers written in {:.0} s", began.elapsed().as_secs_f64());
    let (start_s, resident_mb) = started(&premises);
    let (again_s, again_mb) = started(&premises);
    for file in ["ledger.db", "ledger.db-wal", "keys.db", "keys.db-wal", "heads"] {
        println!("{file:>14}: {:8.1} MB", megabytes(&premises.data().join(file)));
    }
    println!("{:>24} {:>10} {:>10} {:>10} {:>10}", "", "measured", "again", "nobody", "bar");
    let row = |what, [measured, again, nobody]: [f64; 3], bar| {
        let verdict = if measured.max(again) <= bar { "" } else { "MISSED" };
        println!("{what:>24} {measured:>10.1} {again:>10.1} {nobody:>10.1} {bar:>10.1} {verdict}");
    };
    let ledger_mb = megabytes(&premises.data().join("ledger.db"));
    row("ledger, MB", [ledger_mb, ledger_mb, 0.0], LEDGER_MB_MAX);
    row("start to ready, s", [start_s, again_s, empty_s], START_S_MAX);
    row("resident, MB", [resident_mb, again_mb, empty_mb], RESIDENT_MB_MAX);
}

/// Starts a server and stops it again: the seconds until it was ready, and what it then kept in memory.
fn started(premises: &Premises) -> (f64, f64) {
    let began = Instant::now();
    let server = Server::try_start(premises, &[], "warn").unwrap_or_else(|(end, log)| panic!("{end}: {log}"));
    let seconds = began.elapsed().as_secs_f64();
    let [resident, most] = ["VmRSS:", "VmHWM:"].map(|field| memory_of(server.pid(), field));
    println!("ready after {seconds:.2} s, {resident:.0} MB resident, {most:.0} MB at most");
    server.stop();
    (seconds, resident)
}

/// Every customer's two grants, and the row that they add up to.
fn write(data: &Path, at: Timestamp) {
    let chance = Box::new(|bytes: &mut [u8]| getrandom::fill(bytes).expect("the system has random bytes"));
    let mut store = SqliteStore::open(data, Options::default(), chance).unwrap();
    for first in (0..N_CUSTOMERS).step_by(N_TOGETHER) {
        let (mut entries, mut rows) = (Vec::new(), Vec::new());
        for no in first..first + N_TOGETHER {
            let granted = PURPOSES.map(|purpose| granted(no, purpose, at));
            rows.push(row_of(&granted));
            entries.extend(granted);
        }
        commit(&mut store, vec![stage(entries, rows, Vec::new(), 0)]).unwrap();
    }
}

fn granted(no: usize, purpose: Purpose, at: Timestamp) -> Entry {
    let notice = Notice {
        id: "app-notice".into(),
        version: 3,
        lang: "en-US".into(),
        sha256: "ab".repeat(32).into(),
        shown_at: at - Millis::from_mins(1),
    };
    let event = ConsentEvent {
        id: EventId::new(&format!("event-{no:07}-{}", purpose.word().replace('.', "-"))).unwrap(),
        merchant: MerchantId::new(MERCHANT).unwrap(),
        purpose,
        kind: ConsentKind::Grant { until: None, confirm: None },
        actor: Actor::Own,
        method: Method::Toggle,
        notice: Some(notice),
        evidence_at: Some(at),
        app: None,
    };
    let what = What::Consent(ConsentEntry {
        event,
        hearing: Hearing::Live,
        effect: Effect::Applied,
        state: ConsentState::Granted { until: at + Millis::from_days(365) },
        epoch: Epoch(0),
    });
    let customer = CustomerId::new(&format!("customer-{no:07}")).unwrap();
    Entry { customer, at, what }
}

/// The row that a customer's entries add up to.
fn row_of(entries: &[Entry; 2]) -> StateRow {
    let name = entries[0].customer.clone();
    let rebuilt = replay(entries.iter().cloned()).remove(&name).unwrap();
    let consents = rebuilt.consents;
    assert_eq!(consents.len(), PURPOSES.len());
    let consented_since = Some(entries[0].at);
    StateRow { epoch: rebuilt.epoch, consents, consented_since, ..StateRow::new(name) }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_unix_ms(since.as_millis() as i64)
}

fn megabytes(file: &Path) -> f64 {
    fs::metadata(file).map_or(0.0, |file| file.len() as f64 / 1e6)
}

/// One field of what Linux tells of a process's memory, in MB.
fn memory_of(pid: u32, field: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).expect("Linux tells it");
    let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1_024.0 / 1e6
}
