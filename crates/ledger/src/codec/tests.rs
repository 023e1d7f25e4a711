//! Entries and rows as sealed bytes, and back: everything that can be said, and bytes of every version.

mod anything;

use consent_gate::{ConsentRow, Purpose};
use model::MerchantId;
use proptest::prelude::*;

use super::*;
use crate::samples;

fn stored(entry: &Entry) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_entry(entry, &mut bytes);
    bytes
}

fn stored_row(row: &StateRow) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_state(row, &mut bytes);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_an_entry_says_is_read_back_as_it_was_written(entry in anything::entry()) {
        prop_assert_eq!(decode_entry(&stored(&entry)), Ok(entry.clone()));
        prop_assert_eq!(entry_from_paper(&entry_on_paper(&entry)), Ok(entry.clone()));
    }

    #[test]
    fn whatever_a_row_says_is_read_back_as_it_was_written(row in anything::row()) {
        prop_assert_eq!(decode_state(&stored_row(&row)), Ok(row.clone()));
        prop_assert_eq!(row_from_paper(&row_on_paper(&row)), Ok(row.clone()));
    }

    #[test]
    fn half_of_what_was_written_is_refused(entry in anything::entry(), row in anything::row(), part in 0.0..1.0) {
        let half = |bytes: &[u8]| bytes[..(bytes.len() as f64 * part) as usize].to_vec();
        prop_assert_eq!(decode_entry(&half(&stored(&entry))), Err(Unreadable::Malformed));
        prop_assert_eq!(decode_state(&half(&stored_row(&row))), Err(Unreadable::Malformed));
        let more = [stored(&entry), vec![0]].concat();
        prop_assert_eq!(decode_entry(&more), Err(Unreadable::Malformed));
    }

    #[test]
    fn nothing_that_is_read_can_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for version in JSON_MIN..=COMPACT {
            let bytes = [&[version], &bytes[..]].concat();
            let _ = (decode_entry(&bytes), decode_state(&bytes));
        }
    }
}

#[test]
fn every_kind_of_entry_is_read_back_as_it_was_written() {
    for entry in samples::entries() {
        assert_eq!(decode_entry(&stored(&entry)), Ok(entry));
    }
}

/// What this version wrote when it was new: it must be read, and written so, for good.
#[test]
fn the_sealed_form_does_not_change() {
    let mut told = String::new();
    for entry in samples::entries() {
        let bytes = stored(&entry);
        told.push_str(&format!("{}\n", hex(&bytes)));
    }
    told.push_str(&format!("{}\n", hex(&stored_row(&samples::row()))));
    let kept = include_str!("../../tests/data/sealed-form-3.txt");
    assert_eq!(told, kept, "a version that was given out says the same for ever: make a new one");
}

#[test]
fn consents_are_stored_in_order_and_only_those_that_say_something() {
    let row = samples::row();
    let mut shuffled = row.clone();
    shuffled.consents.reverse();
    shuffled.consents.push(ConsentRow::new(MerchantId::new("another").unwrap(), Purpose::Location));
    assert_eq!(stored_row(&shuffled), stored_row(&row));
    assert_eq!(row_on_paper(&shuffled), row_on_paper(&row));
}

#[test]
fn a_row_of_a_newer_version_is_refused_and_not_guessed_at() {
    let mut bytes = stored_row(&samples::row());
    bytes[0] = COMPACT + 1;
    assert_eq!(decode_state(&bytes), Err(Unreadable::UnknownVersion));
    assert_eq!(decode_entry(&bytes), Err(Unreadable::UnknownVersion));
    let mut paper = row_on_paper(&samples::row());
    paper["v"] = (JSON + 1).into();
    assert_eq!(row_from_paper(&paper), Err(Unreadable::UnknownVersion));
    assert_eq!(decode_entry(&[]), Err(Unreadable::Malformed));
}

#[test]
fn a_consent_takes_a_third_of_the_room_that_its_words_take() {
    let consent = &samples::entries()[0];
    let n_bytes = [stored(consent).len(), json::text(consent).len()];
    assert!(n_bytes[0] * 3 < n_bytes[1], "{n_bytes:?}");
}
