//! Entries and rows as bytes, and back.

use consent_gate::{ConsentRow, Purpose};
use model::MerchantId;

use super::*;
use crate::samples;

fn stored(entry: &Entry) -> String {
    let mut bytes = Vec::new();
    encode_entry(entry, &mut bytes);
    assert_eq!(bytes[0], 2);
    assert_eq!(decode_entry(&bytes).as_ref(), Ok(entry));
    String::from_utf8(bytes.split_off(1)).unwrap()
}

fn stored_state(row: &StateRow) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_state(row, &mut bytes);
    bytes
}

#[test]
fn every_kind_of_entry_is_read_back_as_it_was_written() {
    samples::entries().iter().for_each(|entry| drop(stored(entry)));
}

#[test]
fn the_stored_form_of_an_entry_does_not_change() {
    let [consent, sent, suppressed, profile, feedback, ..] = &samples::entries()[..] else { panic!() };
    let hash = "ab".repeat(32);
    assert_eq!(
        stored(consent),
        format!(
            r#"{{"customer":"anna","at":1200,"what":{{"consent":{{"event":"e1","merchant":"harbour","purpose":"offers.push","kind":{{"grant":{{"until":null}}}},"actor":"self","method":"os_permission","notice":{{"id":"app","version":3,"lang":"de-CH","sha256":"{hash}","shown_at":900}},"evidence_at":950,"effect":"applied","state":{{"granted":{{"until":5000}}}},"epoch":2}}}}}}"#
        )
    );
    let visit = "01".repeat(16);
    let id = samples::sent(samples::visit(1)).id.0;
    let tolerance = r#"{"limit_milli":42000,"nudge_milli":-5000,"nudge_at":8,"n_ignored":2,"settled_to":7,"halved_until":11,"silences":[{"over":"all","until":9,"why":"dismissed"},{"over":{"merchant":"harbour"},"until":9,"why":"too_often"},{"over":{"fence":"Harbour St / 17"},"until":9,"why":"creepy"},{"over":{"offer":"flat-white"},"until":9,"why":"redeemed"},{"over":"all","until":9,"why":"not_relevant"}],"told":[["flat-white",2]]}"#;
    assert_eq!(
        stored(sent),
        format!(
            r#"{{"customer":"anna","at":1200,"what":{{"decision":{{"id":"{id}","device":"phone","offer":"flat-white","merchant":"harbour","fence":"Harbour St / 17","store":"Harbour \"Coffee\"","visit":"{visit}","trigger":"dwell","triggered_at":1100,"verdict":"sent","failed":[],"next_possible_at":9000,"purposes":["location"],"facts":[["heard","0 of 1"]],"counted":{{"zone":"Europe/Zurich","channel":"email","category":"coffee","standing":"sent","cost":25,"favourite":true}},"tolerance":{tolerance},"said":{{"expires_at":2000,"words":{{"title":"Guten Morgen","body":"Hälfte","link":null,"why":"Because"}}}}}}}}}}"#
        )
    );
    assert!(stored(suppressed).contains(r#""failed":["quiet_hours","cap"]"#));
    let tail = |what: &str| format!(r#"{{"customer":"anna","at":1200,"what":{{{what}}}}}"#);
    let feedback_of = format!(
        r#""feedback":{{"notification":"{id}","kind":"delivered","is_fast":false,"shown_at":7,"tolerance":{tolerance}}}"#
    );
    assert_eq!(stored(feedback), tail(&feedback_of));
    let delivery_of =
        format!(r#""delivery":{{"notification":"{id}","outcome":"sent","tolerance":{tolerance}}}"#);
    let delivery =
        samples::entries().into_iter().find(|entry| matches!(entry.what, crate::What::Delivery { .. }));
    assert_eq!(stored(&delivery.unwrap()), tail(&delivery_of));
    let profile_of = r#""profile":{"lang":"de-AT","tz":"Europe/Vienna","minor":true,"residence":"AT-9","phone_region":"DE","favourites":["Harbour St / 17"],"categories":["coffee"],"segments":[["harbour","gold"]],"per_week":2,"quiet":[1320,480],"muted_merchants":["harbour"],"muted_fences":["Harbour St / 17"]}"#;
    assert_eq!(stored(profile), tail(profile_of));
}

#[test]
fn a_state_row_is_read_back_as_it_was_written() {
    let row = samples::row();
    assert_eq!(decode_state(&stored_state(&row)), Ok(row));
}

#[test]
fn consents_are_stored_in_order_and_only_those_that_say_something() {
    let row = samples::row();
    let mut shuffled = row.clone();
    shuffled.consents.reverse();
    shuffled.consents.push(ConsentRow::new(MerchantId::new("another").unwrap(), Purpose::Location));
    assert_eq!(stored_state(&shuffled), stored_state(&row));
}

#[test]
fn a_row_of_a_newer_version_is_refused_and_not_guessed_at() {
    let mut bytes = stored_state(&samples::row());
    bytes[0] = 3;
    assert_eq!(decode_state(&bytes), Err(Unreadable::UnknownVersion));
    assert_eq!(decode_entry(&bytes), Err(Unreadable::UnknownVersion));
}

#[test]
fn text_that_makes_no_sense_is_refused() {
    let check = |json: &str| {
        let bytes = [&[2], json.as_bytes()].concat();
        assert_eq!(decode_entry(&bytes), Err(Unreadable::Malformed), "{json}");
    };
    check("");
    check("{}");
    check(r#"{"customer":"a/b","at":1,"what":{"feedback":{"notification":"00","kind":"x"}}}"#);
    check(r#"{"customer":"a","at":1.5,"what":{"feedback":{"notification":"00","kind":"x"}}}"#);
    check(r#"{"customer":"a","at":1,"what":{"moved":{"lat":1,"lng":2}}}"#);
    assert_eq!(decode_entry(&[]), Err(Unreadable::Malformed));
}
