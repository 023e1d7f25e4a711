//! Whose grant is about to end, and who agreed on an old text.

use model::{MerchantId, Millis};

use super::*;
use crate::{ConsentRow, ConsentState, Epoch, GatePolicy};

const SHOP: MerchantNo = MerchantNo(0);
const NOW: Timestamp = Timestamp::from_unix_ms(1_800_000_000_000);

fn days(days: i64) -> Timestamp {
    NOW + Millis::from_days(days)
}

fn granted(purpose: Purpose, until: Timestamp) -> ConsentRow {
    let notice = Some(NoticeName { id: "terms".into(), version: 2 });
    let state = ConsentState::Granted { until };
    ConsentRow { state, notice, ..ConsentRow::new(MerchantId::new("shop").unwrap(), purpose) }
}

fn gate(rows: Vec<Vec<ConsentRow>>) -> Gate {
    let mut gate = Gate::new(GatePolicy::default());
    gate.open();
    for (slot, rows) in (0..).zip(rows) {
        gate.load(CustomerNo::new(slot, 7), Epoch(0), rows.into_iter().map(|row| (SHOP, row)));
    }
    gate
}

fn due(gate: &mut Gate, now: Timestamp) -> Vec<(u32, Purpose, Timestamp)> {
    let mut due = Vec::new();
    while !gate.due_reminders(2, &mut due, now) {}
    due.into_iter()
        .map(|Reminder { customer, purpose, until, .. }| (customer.slot() as u32, purpose, until))
        .collect()
}

#[test]
fn a_merchant_is_reminded_once_of_a_grant_to_be_seen_that_ends_within_thirty_days() {
    let mut gate = gate(vec![
        vec![granted(Purpose::Location, days(30)), granted(Purpose::Background, days(31))],
        vec![granted(Purpose::OffersPush, days(3)), granted(Purpose::Location, NOW)],
        vec![granted(Purpose::Background, days(1))],
    ]);
    let expected = [(0, Purpose::Location, days(30)), (2, Purpose::Background, days(1))];
    assert_eq!(due(&mut gate, NOW), expected);
    assert_eq!(due(&mut gate, NOW), []);
    assert_eq!(due(&mut gate, days(2)), [(0, Purpose::Background, days(31))]);
    assert!(gate.rows(CustomerNo::new(0, 7)).all(|row| row.reminded), "it is to be stored");
}

#[test]
fn a_paused_grant_ends_too_and_what_is_blocked_is_nobodys_business() {
    let paused = |until| {
        let state = ConsentState::Paused { until: Timestamp::MAX, granted_until: until };
        ConsentRow { state, ..granted(Purpose::Location, until) }
    };
    let mut gate = gate(vec![vec![paused(days(9))], vec![paused(days(9))]]);
    gate.block(CustomerNo::new(1, 7), Some(crate::Block::Minor));
    assert_eq!(due(&mut gate, NOW), [(0, Purpose::Location, days(9))]);
}

#[test]
fn a_walk_costs_what_its_portion_costs_and_begins_anew_after_the_last() {
    let mut gate = gate((0..5).map(|_| vec![granted(Purpose::Location, days(1))]).collect());
    let mut due = Vec::new();
    let walk: Vec<_> = (0..4).map(|_| (gate.due_reminders(2, &mut due, NOW), due.len())).collect();
    assert_eq!(walk, [(false, 2), (false, 4), (true, 5), (false, 5)]);
}

#[test]
fn nobody_is_reminded_in_an_empty_house() {
    assert_eq!(due(&mut gate(Vec::new()), NOW), []);
}

#[test]
fn consents_under_an_older_version_or_an_unknown_text_are_found() {
    let newer = |id: &str, version| NoticeName { id: id.into(), version };
    let unknown = ConsentRow { notice: None, ..granted(Purpose::OffersSms, days(9)) };
    let withdrawn = ConsentRow { state: ConsentState::Withdrawn, ..granted(Purpose::Location, days(9)) };
    let gate = gate(vec![vec![granted(Purpose::Location, days(9)), unknown], vec![withdrawn]]);
    let found = |newer: &NoticeName| gate.granted_under(newer).map(|(_, _, of)| of).collect::<Vec<_>>();
    assert_eq!(found(&newer("terms", 3)), [Purpose::Location, Purpose::OffersSms]);
    assert_eq!(found(&newer("terms", 2)), [Purpose::OffersSms]);
    assert_eq!(found(&newer("others", 3)), [Purpose::OffersSms]);
}
