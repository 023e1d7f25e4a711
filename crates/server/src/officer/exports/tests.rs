//! What stands on the paper of an export comes back as it was.

use consent_gate::Purpose;
use engine::{Engine, House, Policy};
use ledger::{MemoryStorage, Numbered, StateRow, Storage, StoredState};
use model::Timestamp;
use offers::Catalogue;
use serde_json::json;

use super::*;
use crate::officer::hear_alone;
use crate::officer::notices::Registry;

/// A deterministic die.
struct Die(u64);

impl Die {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn engine() -> Engine {
    let house = House::new(Vec::new(), Catalogue::default()).unwrap();
    Engine::new(house.into(), Policy::default())
}

fn a_word(die: &mut Die, no: u64, now: i64) -> Word {
    let customer = CustomerId::new(["ada", "ben"][die.below(2) as usize]).unwrap();
    if die.below(5) == 0 {
        let dial =
            json!({ "per_week": die.below(6), "muted_merchants": (["a", "b"][..die.below(3) as usize]) });
        let body = json!({ "v": 1, "lang": (["de", "en"][die.below(2) as usize]), "dial": dial });
        return Word { door: Door::Profile, customer, body: body.to_string().into_bytes() };
    }
    let kind = ["grant", "grant", "grant", "refuse", "withdraw", "pause", "resume"][die.below(7) as usize];
    let shown_at = now - die.below(2_000) as i64;
    let body = json!({
        "v": 1, "event_id": format!("e{no}"), "merchant": (["a", "b", "c"][die.below(3) as usize]),
        "purpose": (Purpose::ALL[die.below(Purpose::ALL.len() as u64) as usize].word()), "kind": kind,
        "actor": "self", "method": "toggle", "evidence_ts": now - die.below(1_000) as i64,
        "notice": { "id": "app", "version": die.below(4), "lang": "en", "sha256": "ab".repeat(32), "shown_at": shown_at },
    });
    Word { door: Door::Consent, customer, body: body.to_string().into_bytes() }
}

fn states(storage: &mut MemoryStorage) -> Vec<StateRow> {
    let mut rows = Vec::new();
    storage.scan_states(&mut |stored: StoredState| rows.push(stored.row().clone())).unwrap();
    rows
}

fn entries(storage: &mut MemoryStorage, customer: &CustomerId) -> Vec<Numbered> {
    let mut entries = Vec::new();
    storage.scan_entries(Some(customer), &mut |entry| entries.push(entry)).unwrap();
    entries
}

#[test]
fn an_export_taken_in_again_gives_the_same_state() {
    let folder = tempfile::tempdir().unwrap();
    let notices = Registry::read(folder.path()).unwrap();
    let mut n_exports = 0;
    for seed in 0..200 {
        let mut die = Die(seed);
        let (mut here, mut storage) = (engine(), MemoryStorage::new());
        let mut now = 1_800_000_000_000;
        for no in 0..die.below(40) {
            now += die.below(3_600_000) as i64;
            let word = a_word(&mut die, no, now);
            hear_alone(&mut here, &mut storage, &[word], Timestamp::from_unix_ms(now)).unwrap();
        }
        let mut there = MemoryStorage::new();
        for row in states(&mut storage) {
            let known = here.state_of(&row.customer).unwrap();
            let of = entries(&mut storage, &row.customer);
            let written = paper::write(&known, &of, &notices, Timestamp::from_unix_ms(now));
            let text = serde_json::to_vec_pretty(&written).unwrap();
            let read = paper::read(&serde_json::from_slice(&text).unwrap()).unwrap();
            let staged = ledger::stage(read.entries, vec![read.state], Vec::new(), 0);
            ledger::commit(&mut there, vec![staged]).unwrap();
            n_exports += 1;
        }
        assert_eq!(states(&mut there), states(&mut storage), "seed {seed}");
        let mut engine = engine();
        there.scan_states(&mut |stored| engine.load(stored)).unwrap();
        for row in states(&mut storage) {
            assert_eq!(engine.state_of(&row.customer), here.state_of(&row.customer), "seed {seed}");
            let said = |storage: &mut MemoryStorage| -> Vec<_> {
                entries(storage, &row.customer).into_iter().map(|numbered| numbered.entry).collect()
            };
            assert_eq!(said(&mut there), said(&mut storage), "seed {seed}");
        }
    }
    assert!(300 < n_exports, "{n_exports} exports");
}

#[test]
fn a_paper_about_two_customers_is_refused() {
    let row = StateRow::new(CustomerId::new("ada").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut written =
        paper::write(&row, &[], &Registry::read(folder.path()).unwrap(), Timestamp::from_unix_ms(7));
    assert!(paper::read(&written).is_ok());
    written["customer"] = "ben".into();
    assert!(paper::read(&written).unwrap_err().contains("more than one customer"));
}

#[test]
fn what_is_signed_does_not_hang_on_blanks_or_on_the_order_of_keys() {
    let one: Value = serde_json::from_str(r#"{"b":[1, {"z":null,"a":"ä\n"}],"a":-7}"#).unwrap();
    let other: Value =
        serde_json::from_str(r#" { "a" : -7, "b" : [ 1,{"a":"\u00e4\n","z":null} ] } "#).unwrap();
    assert_eq!(canonical(&one), canonical(&other));
    assert_eq!(canonical(&one), "{\"a\":-7,\"b\":[1,{\"a\":\"ä\\n\",\"z\":null}]}".as_bytes());
}
