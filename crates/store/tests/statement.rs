//! Signed statements of erasures: whoever has the public key can check them, and nobody can change them.

mod common;

use std::fs;

use common::{customer, open, written};
use ledger::{Statement, StatementFlaw, Storage, statement};
use model::Timestamp;
use store::{StatementRefused, check_statement, verify_signature};

/// A statement, and the key of the ledger that made it.
fn made(dir: &std::path::Path) -> (String, [u8; 32]) {
    let mut store = open(dir).unwrap();
    let erasure = store.erase(&customer("anna"), Timestamp::from_unix_ms(1_793_000_000_123)).unwrap();
    (statement(&erasure, &store), store.public_key())
}

#[test]
fn a_statement_holds_without_the_ledger_that_made_it() {
    let dir = written();
    let (text, key) = made(dir.path());
    drop(dir);
    let told = check_statement(&text, Some(&key)).unwrap();
    assert_eq!((told.erasure.n_entries, told.erasure.no), (3, 4));
    assert!(told.erasure.key.is_some());
    assert_eq!(check_statement(&text, None), Ok(told));
}

#[test]
fn the_key_is_the_same_after_a_restart_and_another_ledgers_is_another() {
    let (dir, other) = (written(), written());
    let (text, key) = made(dir.path());
    assert_eq!(open(dir.path()).unwrap().public_key(), key);
    let (_, foreign) = made(other.path());
    assert_eq!(check_statement(&text, Some(&foreign)), Err(StatementRefused::OtherKey));
}

#[test]
fn a_statement_of_an_erasure_long_ago_can_be_made_again() {
    let dir = written();
    let (text, _) = made(dir.path());
    let (again, _) = made(dir.path());
    assert_eq!(text, again);
}

#[test]
fn every_changed_character_is_noticed() {
    let dir = written();
    let (text, key) = made(dir.path());
    let good = Statement::parse(&text).unwrap();
    for at in 0..text.len() {
        for changed in [b'0', b'1', b'a', b' ', b'"'] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = changed;
            let bytes = String::from_utf8(bytes).unwrap();
            // Spaces between values are nobody's business; the values are.
            if let Ok(told) = check_statement(&bytes, Some(&key)) {
                assert_eq!(told, good, "character {at}");
            }
        }
    }
}

#[test]
fn a_forger_who_signs_with_a_key_of_their_own_is_found_out_by_the_named_key() {
    let (dir, forger) = (written(), written());
    let (text, key) = made(dir.path());
    let (forged, _) = made(forger.path());
    assert!(check_statement(&forged, None).is_ok());
    assert_eq!(check_statement(&forged, Some(&key)), Err(StatementRefused::OtherKey));
    let public_key = |text: &str| text.lines().find(|line| line.contains("public_key")).unwrap().to_owned();
    let pretended = forged.replace(&public_key(&forged), &public_key(&text));
    assert_eq!(check_statement(&pretended, Some(&key)), Err(StatementRefused::NotAuthentic));
}

#[test]
fn a_key_of_small_order_signs_nothing() {
    // The neutral element as a key and as the point of a signature: without strictness it signs anything.
    let (mut key, mut signature) = ([0; 32], [0; 64]);
    (key[0], signature[0]) = (1, 1);
    assert!(!verify_signature(b"whatever", &signature, &key));
}

#[test]
fn what_is_no_statement_is_told() {
    let dir = written();
    let (text, _) = made(dir.path());
    let newer = text.replace("\"format\": 1", "\"format\": 2");
    let refused = check_statement(&newer, None);
    assert_eq!(refused, Err(StatementRefused::Flaw(StatementFlaw::UnknownFormat)));
    let heads = String::from_utf8_lossy(&fs::read(dir.path().join("heads")).unwrap()).into_owned();
    assert_eq!(check_statement(&heads, None), Err(StatementRefused::Flaw(StatementFlaw::NoStatement)));
}
