//! What a million customers cost: room on the disk, time to start, memory.

#[allow(dead_code, reason = "the end-to-end tests use all of it")]
#[path = "../e2e/premises.rs"]
mod premises;
#[allow(dead_code, reason = "the end-to-end tests use all of it")]
#[path = "../e2e/server.rs"]
mod server;

use std::fs;
use std::path::{Path, PathBuf};
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

/// Names a folder in which a written million is kept from one run to the next.
const KEPT: &str = "STILE_MILLION";

/// `cargo test --release -p server --test million -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn what_a_million_customers_with_two_purposes_each_cost() {
    let premises = Premises::new(&[]);
    let nobody = started(&premises);
    let kept = std::env::var_os(KEPT).map(PathBuf::from);
    match kept.as_ref().filter(|kept| kept.join("heads").exists()) {
        Some(kept) => {
            println!("{N_CUSTOMERS} customers as they lie in {}", kept.display());
            copy(kept, &premises.data());
        }
        None => {
            let began = Instant::now();
            write(&premises.data(), now());
            println!("{N_CUSTOMERS} customers written in {:.0} s", began.elapsed().as_secs_f64());
            kept.iter().for_each(|kept| copy(&premises.data(), kept));
        }
    }
    let (first, again) = (started(&premises), started(&premises));
    for file in ["ledger.db", "keys.db"] {
        tell_of_tables(&premises.data().join(file));
    }
    let ledger_mb = megabytes(&premises.data().join("ledger.db"));
    let with_keys_mb = ledger_mb + megabytes(&premises.data().join("keys.db"));
    println!("{:>24} {:>10} {:>10} {:>10} {:>10}", "", "measured", "again", "nobody", "bar");
    let row = |what: &'static str, [measured, again, nobody]: [f64; 3], bar: Option<f64>| {
        let is_missed = bar.is_some_and(|bar| bar < measured.max(again));
        let bar = bar.map_or_else(|| "-".to_owned(), |bar| format!("{bar:.1}"));
        let verdict = if is_missed { "MISSED" } else { "" };
        println!("{what:>24} {measured:>10.1} {again:>10.1} {nobody:>10.1} {bar:>10} {verdict}");
        is_missed.then_some(what)
    };
    let of = |cost: fn(&Start) -> f64| [first, again, nobody].map(|start| cost(&start));
    let missed = [
        row("ledger, MB", [ledger_mb, ledger_mb, 0.0], Some(LEDGER_MB_MAX)),
        row("ledger and keys, MB", [with_keys_mb, with_keys_mb, 0.0], Some(LEDGER_MB_MAX)),
        row("start to ready, s", of(|start| start.seconds), Some(START_S_MAX)),
        row("of that processor, s", of(|start| start.cpu_s), None),
        row("resident, MB", of(|start| start.resident_mb), Some(RESIDENT_MB_MAX)),
        row("resident at most, MB", of(|start| start.most_mb), None),
    ];
    let missed: Vec<&str> = missed.into_iter().flatten().collect();
    assert!(missed.is_empty(), "over the bar: {}", missed.join("; "));
}

/// What a start cost.
#[derive(Clone, Copy)]
struct Start {
    /// Until it was ready.
    seconds: f64,
    /// The part of it that was spent on a processor, by all threads.
    cpu_s: f64,
    /// What it kept in memory then.
    resident_mb: f64,
    /// What it had in memory at most until then.
    most_mb: f64,
}

/// Starts a server and stops it again.
fn started(premises: &Premises) -> Start {
    let began = Instant::now();
    let server = Server::try_start(premises, &[], "warn").unwrap_or_else(|(end, log)| panic!("{end}: {log}"));
    let seconds = began.elapsed().as_secs_f64();
    let [resident_mb, most_mb] = ["VmRSS:", "VmHWM:"].map(|field| memory_of(server.pid(), field));
    let cpu_s = cpu_of(server.pid());
    println!(
        "ready after {seconds:.2} s and {cpu_s:.2} s of CPU, {resident_mb:.0} MB resident, {most_mb:.0} MB at most"
    );
    server.stop();
    Start { seconds, cpu_s, resident_mb, most_mb }
}

/// How many bytes the pages of every table and index take, and how full they are.
fn tell_of_tables(database: &Path) {
    println!("{}: {:.1} MB", database.display(), megabytes(database));
    let connection = rusqlite::Connection::open(database).unwrap();
    let mut select = connection
        .prepare("SELECT name, sum(pgsize), sum(pgsize - unused) FROM dbstat GROUP BY name ORDER BY 2 DESC")
        .unwrap();
    let tell = |row: &rusqlite::Row<'_>| {
        let [taken, used] = [row.get::<_, i64>(1)? as f64, row.get::<_, i64>(2)? as f64];
        println!(
            "{:>24} {:>10.1} MB, {:.0} % full",
            row.get::<_, String>(0)?,
            taken / 1e6,
            100.0 * used / taken
        );
        Ok(())
    };
    select.query_map([], tell).unwrap().take(4).for_each(|told| told.unwrap());
}

/// Copies the files of a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        // Its lock says where it lay: a copy that brings it along is refused.
        if path.is_file() && !path.ends_with("lock") {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
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

/// The seconds that a process has spent on a processor, as Linux counts them.
fn cpu_of(pid: u32) -> f64 {
    const TICKS_PER_S: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks = |field: usize| after_name.split_whitespace().nth(field).unwrap().parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / TICKS_PER_S
}
