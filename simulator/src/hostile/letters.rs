//! Rows P, V and L at the other doors: batches, consent and feedback.

use crate::hostile::Outcome::{Dropped, Unknown, Unusable, Used};
use crate::hostile::{Aim, Dice, Door, Kind, Made, Outcome};

/// Largest batch and most records in one, and the largest consent event and feedback, as shipped.
const BATCH_BYTES_MAX: usize = 1 << 20;
const BATCH_RECORDS_MAX: usize = 10_000;
const EVENT_BYTES_MAX: usize = 16 << 10;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        row: "P01",
        what: "an_empty_batch",
        make: |aim, dice| batch(aim, dice.one_of(&["", "\n \n"]), &[Dropped("empty")]),
    },
    Kind { row: "P26", what: "a_bad_record_among_good_ones", make: one_bad_record },
    Kind { row: "P27", what: "a_record_that_names_two_people", make: two_names },
    Kind { row: "V04", what: "consent_that_cannot_be_read", make: unreadable_consent },
    Kind { row: "V04", what: "consent_of_an_unknown_kind", make: unknown_consent },
    Kind { row: "P27", what: "consent_for_somebody_else", make: foreign_consent },
    Kind { row: "L07", what: "feedback_on_no_offer_of_theirs", make: foreign_feedback },
    Kind { row: "L07", what: "feedback_that_cannot_be_read", make: unreadable_feedback },
];

/// Of some weight: seldom sent.
pub(super) const LARGE: &[Kind] = &[
    Kind { row: "P15", what: "a_batch_a_byte_too_large", make: large_batch },
    Kind { row: "P26", what: "a_record_too_many", make: many_records },
    Kind {
        row: "V04",
        what: "consent_a_byte_too_large",
        make: |aim, _| consent(aim, &" ".repeat(EVENT_BYTES_MAX + 1), "too_large"),
    },
];

fn batch(aim: &Aim<'_>, payload: impl Into<Vec<u8>>, outcomes: &[Outcome]) -> Made {
    let (topic, outcomes) = (aim.topics.batch(), outcomes.to_vec());
    Made { door: Door::Batch, topic, payload: payload.into(), outcomes }
}

/// An honest record of a batch.
fn record(aim: &Aim<'_>, ago_ms: i64) -> String {
    let fix = aim.fix(ago_ms, "");
    let fields = fix.strip_prefix('{').expect("a fix is an object");
    format!(r#"{{"customer":"{}","device":"{}",{fields}"#, aim.customer, aim.device)
}

fn large_batch(aim: &Aim<'_>, _: &mut Dice) -> Made {
    let mut bytes = record(aim, 0).into_bytes();
    bytes.resize(BATCH_BYTES_MAX + 1, b' ');
    batch(aim, bytes, &[Dropped("too_large")])
}

fn many_records(aim: &Aim<'_>, _: &mut Dice) -> Made {
    batch(aim, "{\"customer\":\"c\"}\n".repeat(BATCH_RECORDS_MAX + 1), &[Dropped("too_many")])
}

fn one_bad_record(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let (bad, word) = dice.one_of(&[
        (r#"{"device":"d","v":1}"#, "missing_field"),
        (r#"{"customer":"c","v":1}"#, "missing_field"),
        (r#"{"customer":"a.b","device":"d"}"#, "bad_id"),
        (r#"{"customer":"c","device":"d/e"}"#, "bad_id"),
        (r#"{"customer":7,"device":"d"}"#, "malformed"),
        ("[1,2]", "unknown_format"),
        ("garbage", "unknown_format"),
    ]);
    let text = format!("{}\r\n{bad}\n\n{}", record(aim, 1_000), record(aim, 0));
    batch(aim, text, &[Used(None), Dropped(word), Used(None)])
}

fn two_names(aim: &Aim<'_>, _: &mut Dice) -> Made {
    let record = record(aim, 0).replacen(r#""v":1"#, r#""v":1,"customer_id":"somebody-else""#, 1);
    batch(aim, record, &[Dropped("identity_mismatch")])
}

fn consent(aim: &Aim<'_>, payload: &str, word: &'static str) -> Made {
    let (topic, payload) = (aim.topics.consent(aim.customer), payload.as_bytes().to_vec());
    Made { door: Door::Consent, topic, payload, outcomes: vec![Unusable(word)] }
}

/// A withdrawal that would hold, but for what is said first.
fn event(first: &str, kind: &str) -> String {
    format!(
        r#"{{{first}"event_id":"hostile-1","merchant":"m","purpose":"location","kind":"{kind}","actor":"self","method":"toggle"}}"#
    )
}

fn unreadable_consent(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let mut truncated = event(r#""v":1,"#, "withdraw");
    truncated.truncate(1 + dice.below(truncated.len() - 1));
    match dice.below(5) {
        0 => consent(aim, "", "empty"),
        1 => consent(aim, &truncated, "malformed"),
        2 => consent(aim, "[]", "unknown_format"),
        3 => consent(aim, &event("", "withdraw"), "unknown_format"),
        _ => consent(aim, &event(r#""v":99,"#, "withdraw"), "unknown_version"),
    }
}

fn unknown_consent(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let good = event(r#""v":1,"#, "withdraw");
    let (from, to, word) = dice.one_of(&[
        ("\"withdraw\"", "\"witdraw\"", "unknown_kind"),
        ("\"location\"", "\"everything\"", "unknown_purpose"),
        ("\"self\"", "\"god\"", "unknown_actor"),
        ("\"toggle\"", "\"telepathy\"", "unknown_method"),
        ("\"hostile-1\"", "\"\\u001b[31m\"", "bad_id"),
        ("\"m\"", "\"a/b\"", "bad_id"),
    ]);
    consent(aim, &good.replacen(from, to, 1), word)
}

fn foreign_consent(aim: &Aim<'_>, _: &mut Dice) -> Made {
    consent(aim, &event(r#""v":1,"customer":"somebody-else","#, "withdraw"), "identity_mismatch")
}

fn feedback(aim: &Aim<'_>, payload: String, outcome: Outcome) -> Made {
    let topic = aim.topics.feedback(aim.customer, aim.device);
    Made { door: Door::Feedback, topic, payload: payload.into_bytes(), outcomes: vec![outcome] }
}

fn foreign_feedback(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let id = format!("{:016x}{:016x}", dice.roll(), dice.roll());
    feedback(aim, format!(r#"{{"v":1,"offer_id":"{id}","kind":"redeemed"}}"#), Unknown)
}

fn unreadable_feedback(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let (text, word) = dice.one_of(&[
        ("", "empty"),
        ("{", "malformed"),
        (r#"{"v":1,"kind":"opened"}"#, "missing_field"),
        (r#"{"v":1,"offer_id":"../../etc/passwd","kind":"opened"}"#, "bad_id"),
        (r#"{"v":1,"offer_id":"00000000000000000000000000000000","kind":"loved"}"#, "unknown_kind"),
    ]);
    feedback(aim, text.to_owned(), Unusable(word))
}
