//! What becomes recorded, and what a failed append leaves.

use consent_gate::{ConsentEvent, ConsentKind, Gate, GatePolicy, Purpose, Weighing};
use model::{MerchantNo, Timestamp};

use super::*;
use crate::samples::{self, at, customer, visit};
use crate::{MemoryStorage, StoredState};

const ANNA: CustomerNo = CustomerNo::new(0, 0);
const HARBOUR: MerchantNo = MerchantNo(0);

/// A gate where Anna agreed to everything.
fn gate() -> Gate {
    let mut gate = Gate::new(GatePolicy::default());
    gate.open();
    for purpose in Purpose::ALL {
        let kind = ConsentKind::Grant { until: None, confirm: None };
        let event = ConsentEvent { purpose, kind, ..samples::grant().event };
        let change = gate.weigh(ANNA, HARBOUR, &event, Weighing::PLAIN, at(1_000));
        gate.confirm(&change);
    }
    gate
}

fn consented<T>(value: T) -> Consented<T> {
    gate().release(ANNA, (HARBOUR, model::Channel::Push), value, at(1_200)).unwrap()
}

fn notification() -> Notification {
    samples::row().outbox[0].clone()
}

fn staged(ticket: u64) -> Staged {
    let entries = vec![samples::entries()[1].clone()];
    stage(entries, vec![samples::row()], vec![consented(notification())], ticket)
}

#[test]
fn what_was_committed_comes_back_recorded_with_its_ticket() {
    let mut storage = MemoryStorage::new();
    let committed =
        commit(&mut storage, vec![staged(7), stage(Vec::new(), Vec::new(), Vec::new(), 8)]).unwrap();
    assert_eq!(committed.iter().map(|committed| committed.ticket).collect::<Vec<_>>(), [7, 8]);
    let recorded = &committed[0].notifications[0];
    assert_eq!((recorded.value(), recorded.customer()), (&notification(), ANNA));
    assert_eq!(storage.n_entries(), 1);
}

#[test]
fn what_is_staged_shows_how_much_it_is_and_nothing_of_it() {
    assert_eq!(format!("{:?}", staged(7)), "Staged(1 entries, 1 rows, ticket 7)");
}

#[test]
fn ledger_precedes_delivery_or_nothing_is_recorded() {
    let mut storage = MemoryStorage::new();
    storage.fail_with(Some(StorageError::Full));
    let refused = commit(&mut storage, vec![staged(7)]).unwrap_err();
    assert_eq!((refused.error, storage.n_entries()), (StorageError::Full, 0));
    storage.fail_with(None);
    assert_eq!(commit(&mut storage, refused.staged).unwrap()[0].notifications.len(), 1);
}

#[test]
fn nothing_is_committed_without_asking_the_storage() {
    let nothing = || stage(Vec::new(), Vec::new(), Vec::new(), 7);
    let mut storage = MemoryStorage::new();
    storage.fail_with(Some(StorageError::Full));
    assert!(nothing().is_empty() && !staged(7).is_empty());
    assert_eq!(commit(&mut storage, vec![nothing()]).unwrap()[0].ticket, 7);
}

#[test]
fn the_entries_of_a_customer_are_theirs_alone() {
    let mut storage = MemoryStorage::new();
    let other = Entry { customer: customer("ben"), ..samples::entries()[0].clone() };
    commit(&mut storage, vec![stage(vec![samples::entries()[0].clone(), other], Vec::new(), Vec::new(), 0)])
        .unwrap();
    let mut found = Vec::new();
    storage.scan_entries(Some(&customer("ben")), &mut |one| found.push(one.entry.customer)).unwrap();
    assert_eq!(found, [customer("ben")]);
}

#[test]
#[should_panic = "a notification is decided by an entry staged with it"]
fn a_notification_without_its_decision_is_not_staged() {
    let _ = stage(Vec::new(), vec![samples::row()], vec![consented(notification())], 0);
}

#[test]
#[should_panic = "a notification is decided by an entry staged with it"]
fn a_notification_that_says_something_else_than_its_decision_is_not_staged() {
    let mut changed = notification();
    changed.words.title.push('!');
    let _ = stage(vec![samples::entries()[1].clone()], vec![samples::row()], vec![consented(changed)], 0);
}

#[test]
#[should_panic = "a notification stands in the outbox of a row staged with it"]
fn a_notification_that_no_outbox_keeps_is_not_staged() {
    let row = StateRow::new(customer("anna"));
    let _ = stage(vec![samples::entries()[1].clone()], vec![row], vec![consented(notification())], 0);
}

#[test]
fn the_last_row_of_a_customer_wins() {
    let row = |name: &str, since: i64| StateRow {
        consented_since: Some(at(since)),
        ..StateRow::new(customer(name))
    };
    let staged = [
        stage(Vec::new(), vec![row("anna", 1), row("ben", 2), row("anna", 3)], Vec::new(), 0),
        stage(Vec::new(), vec![row("cleo", 4), row("ben", 5)], Vec::new(), 0),
    ];
    let mut storage = MemoryStorage::new();
    commit(&mut storage, staged.into()).unwrap();
    let since = |name| storage.state(&customer(name)).unwrap().consented_since.map(Timestamp::unix_ms);
    assert_eq!(["anna", "ben", "cleo"].map(since), [Some(3), Some(5), Some(4)]);
}

#[test]
fn after_a_restart_a_stored_notification_goes_on_where_the_gate_agrees() {
    let mut storage = MemoryStorage::new();
    commit(&mut storage, vec![staged(0)]).unwrap();
    let mut states = Vec::new();
    Storage::scan_states(&mut storage, &mut |state| states.push(state)).unwrap();
    let (row, mut stored) = states.pop().map(StoredState::into_parts).unwrap();
    assert!(row.outbox.is_empty());
    assert_eq!(stored[0].notification().visit, visit(1));
    let recorded = Recorded::resume(consented(stored.remove(0)));
    assert_eq!((recorded.value(), recorded.customer()), (&notification(), ANNA));
}
