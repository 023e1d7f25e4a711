//! What was kept long enough goes, and what is needed stays: with a clock far ahead.

mod common;

use std::path::Path;

use common::{closed, customer, entries, known, open};
use consent_gate::{
    Actor, ConsentEvent, ConsentKind, ConsentRow, ConsentState, Effect, Epoch, EventId, Hearing, Method,
    Purpose,
};
use ledger::{
    ConsentEntry, DeliveryOutcome, Entry, Retained, Retention, StateRow, Storage, What, commit, replay, stage,
};
use model::{Digest, MerchantId, Millis, NotificationId, Timestamp};
use store::{Reader, SqliteStore};

const DAY: Millis = Millis::from_days(1);

fn day(n: i64) -> Timestamp {
    Timestamp::from_unix_ms(0) + Millis::from_days(n)
}

fn delivery(name: &str, at: Timestamp) -> Entry {
    let notification = NotificationId(Digest::from_bytes([7; 16]));
    let what = What::Delivery { notification, outcome: DeliveryOutcome::Sent, tolerance: None };
    Entry { customer: customer(name), at, what }
}

fn merchant() -> MerchantId {
    MerchantId::new("harbour").unwrap()
}

fn said(name: &str, kind: ConsentKind, state: ConsentState, at: Timestamp) -> Entry {
    let event = ConsentEvent {
        id: EventId::new("e1").unwrap(),
        merchant: merchant(),
        purpose: Purpose::Location,
        kind,
        actor: Actor::Own,
        method: Method::Toggle,
        notice: None,
        evidence_at: Some(at),
        app: None,
    };
    let what = What::Consent(ConsentEntry {
        event,
        hearing: Hearing::Live,
        effect: Effect::Applied,
        state,
        epoch: Epoch(0),
    });
    Entry { customer: customer(name), at, what }
}

fn granted(name: &str, at: Timestamp, until: Timestamp) -> (Entry, StateRow) {
    let entry =
        said(name, ConsentKind::Grant { until: None, confirm: None }, ConsentState::Granted { until }, at);
    let row = row_of(std::slice::from_ref(&entry));
    (entry, row)
}

/// The row that entries add up to.
fn row_of(entries: &[Entry]) -> StateRow {
    let name = entries[0].customer.clone();
    let rebuilt = replay(entries.iter().cloned()).remove(&name).unwrap();
    StateRow { epoch: rebuilt.epoch, consents: rebuilt.consents, ..StateRow::new(name) }
}

fn put(store: &mut SqliteStore, entries: Vec<Entry>, rows: Vec<StateRow>) {
    commit(store, vec![stage(entries, rows, Vec::new(), 0)]).unwrap();
}

/// Portions until nothing is due; how much went.
fn retain(store: &mut SqliteStore, n_max: usize, now: Timestamp) -> (usize, usize) {
    let mut gone = (0, 0);
    for _ in 0..1_000 {
        let Retained { n_entries, n_customers, is_more_due } =
            store.retain(&Retention::default(), n_max, now).unwrap();
        gone = (gone.0 + n_entries, gone.1 + n_customers);
        if !is_more_due {
            return gone;
        }
    }
    panic!("there is always more due");
}

/// The chains hold, and every row is what is left of the entries.
fn check(dir: &Path, store: &mut SqliteStore, now: Timestamp) {
    assert_eq!(closed(store), []);
    let mut reader = Reader::open(dir).unwrap();
    let partitions: Vec<_> = reader.partitions().collect();
    for partition in partitions {
        reader.scan(partition, &mut |_| {}).unwrap();
        let (_, rows) = reader.audit(partition, &mut || (), now).unwrap().unwrap();
        assert_eq!(rows.faults, [], "an audit allows for what was kept long enough");
    }
    let mut rebuilt = replay(entries(store, None).unwrap().into_iter().map(|numbered| numbered.entry));
    let keep = Retention::default();
    store
        .scan_states(&mut |state| {
            let (row, _) = state.into_parts();
            let rebuilt = rebuilt.remove(&row.customer).unwrap_or_default();
            assert_eq!(rebuilt.check_after(&row, now, Some((&keep, now))), Ok(()), "replay_restores_state");
        })
        .unwrap();
}

#[test]
fn decisions_go_after_thirteen_months_and_consents_three_years_after_their_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    for (name, lasts) in [("anna", 365), ("ben", 100_000)] {
        let (entry, row) = granted(name, day(0), day(lasts));
        put(&mut store, vec![entry], vec![row]);
        (1..=300).for_each(|n| put(&mut store, vec![delivery(name, day(n))], Vec::new()));
    }
    assert_eq!(retain(&mut store, 64, day(300)), (0, 0));

    assert_eq!(retain(&mut store, 64, day(1 + 395)), (2, 0), "each lost what was a day old");
    check(dir.path(), &mut store, day(1 + 395));
    assert_eq!(entries(&mut store, Some("anna")).unwrap().len(), 300);

    assert_eq!(retain(&mut store, 64, day(800)), (598, 0));
    assert_eq!(retain(&mut store, 64, day(800)), (0, 0));
    let left = entries(&mut store, None).unwrap();
    assert_eq!(left.len(), 2, "what they agreed to");
    check(dir.path(), &mut store, day(800));

    let end = day(365) + Retention::default().consents;
    assert_eq!(retain(&mut store, 64, end - DAY), (0, 0));
    assert_eq!(known(&mut store), ["anna", "ben"]);
    assert_eq!(retain(&mut store, 64, end), (1, 1), "nothing else was kept of her");
    assert_eq!(known(&mut store), ["ben"]);
    drop(store);
    let mut store = open(dir.path()).unwrap();
    check(dir.path(), &mut store, end);
    assert_eq!(known(&mut store), ["ben"]);
    let keys = rusqlite::Connection::open(dir.path().join("keys.db")).unwrap();
    let n_keys: i64 = keys.query_row("SELECT count(*) FROM keys", [], |row| row.get(0)).unwrap();
    assert_eq!(n_keys, 1, "her key is gone too");
}

#[test]
fn a_customer_may_come_back_after_nothing_was_left() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    let (entry, row) = granted("anna", day(0), day(10));
    put(&mut store, vec![entry], vec![row]);
    assert_eq!(retain(&mut store, 8, day(2_000)), (1, 1));
    let (entry, row) = granted("anna", day(2_000), day(2_365));
    put(&mut store, vec![entry], vec![row]);
    drop(store);
    let mut store = open(dir.path()).unwrap();
    assert_eq!(known(&mut store), ["anna"]);
    check(dir.path(), &mut store, day(2_000));
    assert!(store.graves().is_empty(), "to be forgotten in time is no erasure");
}

#[test]
fn what_is_young_blocked_or_in_the_outbox_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    let blocked = said(
        "anna",
        ConsentKind::Block { why: consent_gate::Block::Legal },
        ConsentState::Suppressed { why: consent_gate::Block::Legal },
        day(0),
    );
    let row = row_of(std::slice::from_ref(&blocked));
    put(&mut store, vec![blocked], vec![row]);
    let (entry, row) = granted("ben", day(0), day(10));
    put(&mut store, vec![entry, delivery("ben", day(1_900))], vec![row]);
    let (entry, row) = granted("cleo", day(0), day(10));
    let refused = said("cleo", ConsentKind::Refuse, ConsentState::Refused, day(1_900));
    put(
        &mut store,
        vec![entry.clone(), refused.clone()],
        vec![StateRow { consents: row_of(&[entry, refused]).consents, ..row }],
    );
    assert_eq!(retain(&mut store, 8, day(2_000)), (1, 0), "what ben had agreed to");
    assert_eq!(known(&mut store), ["anna", "ben", "cleo"]);
    check(dir.path(), &mut store, day(2_000));
}

#[test]
fn small_portions_and_large_ones_take_the_same() {
    let gone = [1, 7, 1_000].map(|n_max| {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path()).unwrap();
        for n in 0..20 {
            let name = format!("c{n}");
            let (entry, row) = granted(&name, day(n), day(n + 10));
            put(&mut store, vec![entry, delivery(&name, day(n + 1))], vec![row]);
        }
        let gone = retain(&mut store, n_max, day(1_117));
        check(dir.path(), &mut store, day(1_117));
        (gone, known(&mut store))
    });
    assert_eq!(gone[0].0, (32, 12));
    assert_eq!(gone[0], gone[1]);
    assert_eq!(gone[0], gone[2]);
}

#[test]
fn a_row_that_tells_of_a_consent_without_an_entry_is_found_out_unless_it_ended_long_ago() {
    let keep = Retention::default();
    let row = |until: Timestamp| {
        let state = ConsentState::Granted { until };
        let consents = vec![ConsentRow { state, ..ConsentRow::new(merchant(), Purpose::Location) }];
        StateRow { consents, ..StateRow::new(customer("anna")) }
    };
    let nothing = ledger::Rebuilt::default();
    let now = day(5_000);
    assert!(nothing.check_after(&row(day(10)), now, Some((&keep, now))).is_ok());
    assert!(nothing.check_after(&row(day(4_500)), now, Some((&keep, now))).is_err());
    assert!(nothing.check_after(&row(day(6_000)), now, Some((&keep, now))).is_err());
    assert!(nothing.check(&row(day(10)), now).is_err());
}
