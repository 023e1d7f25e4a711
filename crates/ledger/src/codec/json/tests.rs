//! Versions 1 and 2, which are JSON: what was sealed with them, and what stands on paper.

use consent_gate::ConsentRow;

use super::*;
use crate::codec::{decode_entry, decode_state};
use crate::{StateRow, samples};

/// An entry as version 2 says it.
fn stored(entry: &Entry) -> String {
    let words = text(entry);
    assert_eq!(decode_entry(&[&[2], words.as_bytes()].concat()).as_ref(), Ok(entry));
    words
}

#[test]
fn the_words_of_an_entry_do_not_change() {
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

#[test]
fn the_words_of_consents_do_not_change() {
    let check = |consent: &crate::ConsentEntry, kind: &str, state: &str, more: &str| {
        let stored = stored(&samples::entry(crate::What::Consent(consent.clone())));
        assert!(stored.contains(&format!(r#""kind":{kind},"actor""#)), "{kind}: {stored}");
        assert!(stored.ends_with(&format!(r#""state":{state},"epoch":2{more}}}}}}}"#)), "{state}: {stored}");
    };
    let hash = "0f".repeat(32);
    let (grant, yes) = (r#"{"grant":{"until":null}}"#, r#"{"granted":{"until":5000}}"#);
    let forms = [
        (r#""show""#, r#""requested""#),
        (
            &format!(r#"{{"grant":{{"until":5000,"confirm_sha256":"{hash}"}}}}"#),
            &format!(
                r#"{{"pending_confirmation":{{"until":2000,"granted_until":5000,"token_sha256":"{hash}"}}}}"#
            ),
        ),
        (&format!(r#"{{"confirm":{{"token_sha256":"{hash}"}}}}"#), r#""expired""#),
        (r#""refuse""#, r#""refused""#),
        (r#""withdraw""#, r#""withdrawn""#),
        (r#"{"pause":{"until":3000}}"#, r#"{"paused":{"until":3000,"granted_until":5000}}"#),
        (r#""resume""#, yes),
        (r#""supersede""#, r#""superseded""#),
        (r#"{"block":{"why":"minor"}}"#, r#"{"suppressed":{"why":"minor"}}"#),
        (r#"{"block":{"why":"legal"}}"#, r#"{"suppressed":{"why":"legal"}}"#),
        (r#""unblock""#, r#""unknown""#),
    ];
    let consents = samples::consents();
    for ((kind, state), consent) in forms.into_iter().zip(&consents) {
        check(consent, kind, state, "");
    }
    let hearings = ["", r#","hearing":"imported""#, r#","hearing":"attested""#];
    for (consent, more) in consents[forms.len() + 6..].iter().zip(hearings) {
        check(consent, grant, yes, more);
    }
    let stored = stored(&samples::entry(samples::reminder()));
    let told = r#"{"customer":"anna","at":1200,"what":{"reminder":{"merchant":"harbour","purpose":"background","until":5000}}}"#;
    assert_eq!(stored, told);
}

/// Bytes of version 1, as programs wrote them before there was a second.
fn version_1(json: &str) -> Vec<u8> {
    [&[1], json.as_bytes()].concat()
}

#[test]
fn a_consent_of_version_1_is_still_read() {
    let hash = "ab".repeat(32);
    let old = format!(
        r#"{{"customer":"anna","at":1200,"what":{{"consent":{{"event":"e1","merchant":"harbour","purpose":"offers.push","kind":{{"grant":{{"until":null}}}},"actor":"self","method":"os_permission","notice":{{"id":"app","version":3,"lang":"de-CH","sha256":"{hash}","shown_at":900}},"evidence_at":950,"effect":"applied","state":{{"granted":{{"until":5000}}}},"epoch":2}}}}}}"#
    );
    assert_eq!(decode_entry(&version_1(&old)), Ok(samples::entry(crate::What::Consent(samples::grant()))));
    for (kind, state) in [
        (r#""refuse""#, r#""refused""#),
        (r#""withdraw""#, r#""withdrawn""#),
        (r#"{"pause":{"until":3000}}"#, r#"{"paused":{"until":3000,"granted_until":5000}}"#),
        (r#""resume""#, r#""unknown""#),
    ] {
        let old = old.replace(r#"{"grant":{"until":null}}"#, kind);
        let old = old.replace(r#"{"granted":{"until":5000}}"#, state);
        assert!(decode_entry(&version_1(&old)).is_ok(), "{old}");
    }
}

#[test]
fn a_state_row_of_version_1_is_still_read_and_knows_no_notice() {
    let old = r#"{"customer":"anna","epoch":2,"consents":[{"merchant":"harbour","purpose":"location","state":{"paused":{"until":3000,"granted_until":5000}},"restricted_at":100},{"merchant":"harbour","purpose":"offers.push","state":"withdrawn","restricted_at":null}],"consented_since":10,"heard":[],"outbox":[],"visits":[]}"#;
    let row = decode_state(&version_1(old)).unwrap();
    let blank = StateRow::new(row.customer.clone());
    let consents: Vec<_> = samples::row()
        .consents
        .into_iter()
        .map(|row| ConsentRow { notice: None, reminded: false, ..row })
        .collect();
    let consented_since = samples::row().consented_since;
    assert_eq!(row, StateRow { epoch: samples::row().epoch, consents, consented_since, ..blank });
}

#[test]
fn a_profile_and_an_answer_of_version_1_are_still_read() {
    let id = "01".repeat(16);
    for what in [
        r#""profile":{"lang":"de-AT","tz":"Europe/Vienna","minor":true,"favourites":["Harbour St / 17"],"categories":["coffee"],"segments":[["harbour","gold"]],"per_week":2,"quiet":[1320,480],"muted_merchants":["harbour"],"muted_fences":["Harbour St / 17"]}"#,
        &format!(r#""feedback":{{"notification":"{id}","kind":"delivered","is_fast":false,"shown_at":7}}"#),
        &format!(r#""delivery":{{"notification":"{id}","outcome":"sent"}}"#),
    ] {
        let old = format!(r#"{{"customer":"anna","at":1200,"what":{{{what}}}}}"#);
        assert!(decode_entry(&version_1(&old)).is_ok(), "{old}");
    }
}
