//! Sealed bytes open at their own place, under their own key, or not at all.

use super::*;
use crate::samples;

fn vault() -> Vault {
    Vault::new(&[7; 32])
}

fn key() -> CustomerKey {
    vault().key([9; 32])
}

fn place() -> Place {
    let customer = vault().hash(&samples::customer("anna"));
    Place { table: Table::Entries, partition: Partition::from_no(5), customer, no: 12 }
}

fn sealed() -> Vec<u8> {
    key().seal_entry(&samples::entries()[1], &place(), &[3; 24])
}

#[test]
fn what_was_sealed_opens_with_its_key_in_its_place() {
    assert_eq!(key().open_entry(&sealed(), &place()), Ok(samples::entries()[1].clone()));
    let states = Place { table: Table::States, ..place() };
    let row = key().seal_state(&samples::row(), &states, &[4; 24]);
    let (opened, outbox) = key().open_state(&row, &states).unwrap().into_parts();
    assert_eq!(outbox[0].notification(), &samples::row().outbox[0]);
    assert_eq!(opened, StateRow { outbox: Vec::new(), ..samples::row() });
}

#[test]
fn a_row_that_was_moved_does_not_open() {
    let other = vault().hash(&samples::customer("Anna"));
    let moved = [
        Place { table: Table::States, ..place() },
        Place { partition: Partition::from_no(6), ..place() },
        Place { customer: other, ..place() },
        Place { no: 13, ..place() },
    ];
    for place in moved {
        assert_eq!(key().open_entry(&sealed(), &place), Err(Unreadable::NotAuthentic), "{place:?}");
    }
    assert_eq!(vault().key([8; 32]).open_entry(&sealed(), &place()), Err(Unreadable::NotAuthentic));
}

#[test]
fn every_changed_or_missing_byte_is_noticed() {
    let sealed = sealed();
    for i in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[i] ^= 1;
        assert_eq!(key().open_entry(&changed, &place()), Err(Unreadable::NotAuthentic), "byte {i}");
        assert_eq!(key().open_entry(&sealed[..i], &place()), Err(Unreadable::NotAuthentic), "cut at {i}");
    }
}

#[test]
fn a_sealed_row_shows_nothing_of_what_it_says() {
    let sealed = sealed();
    for secret in ["anna", "phone", "harbour", "flat-white", "Europe/Zurich", "customer"] {
        assert!(!sealed.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}

#[test]
fn a_key_is_unwrapped_by_the_master_key_that_wrapped_it_for_its_customer() {
    let place = Place { table: Table::Keys, no: 0, ..place() };
    let wrapped = vault().wrap(&key(), &place, &[5; 24]);
    assert_eq!(vault().unwrap(&wrapped, &place).map(|key| *key.0.bytes()), Ok([9; 32]));
    assert!(Vault::new(&[8; 32]).unwrap(&wrapped, &place).is_err());
    let other = Place { customer: CustomerHash::from_bytes([1; 16]), ..place };
    assert!(vault().unwrap(&wrapped, &other).is_err());
}

#[test]
fn the_hash_of_a_customer_depends_on_the_master_key() {
    let anna = samples::customer("anna");
    assert_eq!(vault().hash(&anna), vault().hash(&anna));
    assert_ne!(vault().hash(&anna), Vault::new(&[8; 32]).hash(&anna));
    assert_ne!(vault().hash(&anna), vault().hash(&samples::customer("annb")));
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?} {:?}", key(), vault());
    assert_eq!(shown, "CustomerKey(not shown) Vault(not shown)");
}

#[test]
fn what_cannot_be_read_says_why_and_where() {
    let reasons = [Unreadable::NotAuthentic, Unreadable::UnknownVersion, Unreadable::Malformed];
    let texts = ["it is not what was written there", "it was written by a newer version", "it is malformed"];
    assert_eq!(reasons.map(|reason| reason.to_string()), texts);
    let tables = [Table::Entries, Table::States, Table::Keys];
    assert_eq!(tables.map(|table| table.to_string()), ["entries", "states", "keys"]);
}
