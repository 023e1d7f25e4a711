//! The paper of an export: written, read, and signed in one canonical form.

use std::collections::BTreeMap;

use consent_gate::ConsentEvent;
use ledger::{
    Entry, Numbered, Retention, StateRow, What, entry_from_paper, entry_on_paper, state_from_paper,
    state_on_paper,
};
use model::Timestamp;
use serde_json::{Value, json};
use store::verify_signature;

use crate::explain::{rfc3339, sentences};
use crate::officer::consents::row_as_json;
use crate::officer::notices::Registry;

/// What the paper calls itself.
const FORMAT: &str = "stile customer export";

/// The version that is written, and the only one that is read.
const VERSION: u64 = 1;

/// An export that was read.
#[derive(Clone, Debug)]
pub struct Export {
    /// When it was made.
    pub exported_at: Timestamp,
    /// What was known.
    pub state: StateRow,
    /// Every entry, oldest first.
    pub entries: Vec<Entry>,
    signed: Option<Signed>,
    /// What was signed.
    message: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Signed {
    key: [u8; 32],
    signature: [u8; 64],
}

/// The paper without its signature.
pub(super) fn write(state: &StateRow, entries: &[Numbered], notices: &Registry, now: Timestamp) -> Value {
    let numbered = |numbered: &Numbered| {
        let mut paper = entry_on_paper(&numbered.entry);
        paper["partition"] = numbered.partition.no().into();
        paper["no"] = numbered.no.into();
        paper
    };
    // For how long each is kept is not among the words of the paper.
    let told = sentences(entries, usize::MAX, &Retention::default());
    json!({
        "format": FORMAT,
        "version": VERSION,
        "customer": state.customer.as_str(),
        "exported_at": rfc3339(now),
        "exported_at_ms": now.unix_ms(),
        "state": state_on_paper(state),
        "consents": state.consents.iter().map(|row| row_as_json(row, &state.profile, now)).collect::<Vec<_>>(),
        "entries": entries.iter().map(numbered).collect::<Vec<_>>(),
        "notices": notices_of(entries, notices),
        "in_words": told.iter().map(|said| json!({ "at": rfc3339(said.at), "text": said.text })).collect::<Vec<_>>(),
    })
}

/// Every text that the customer was shown, by its hash, and whether it is registered here.
fn notices_of(entries: &[Numbered], notices: &Registry) -> Vec<Value> {
    let shown = entries.iter().filter_map(|numbered| match &numbered.entry.what {
        What::Consent(said) => said.event.notice.as_ref(),
        What::Decision(_)
        | What::Delivery { .. }
        | What::Feedback { .. }
        | What::Profile(_)
        | What::Reminder { .. } => None,
    });
    let named: BTreeMap<_, _> =
        shown.map(|notice| ((&notice.id, notice.version, &notice.lang, &notice.sha256), notice)).collect();
    let told = named.into_values().map(|notice| {
        json!({
            "id": &*notice.id, "version": notice.version, "lang": &*notice.lang, "sha256": &*notice.sha256,
            "registered": notices.vouches_for(notice),
        })
    });
    told.collect()
}

/// Reads a paper; whose key signed it is for the caller to judge.
pub(super) fn read(paper: &Value) -> Result<Export, String> {
    if paper["format"] != FORMAT {
        return Err(format!("it is no {FORMAT}"));
    }
    if paper["version"] != VERSION {
        return Err(format!("it has version {}, and this program knows {VERSION}", paper["version"]));
    }
    let state = state_from_paper(&paper["state"]).map_err(|why| format!("its state {}", why.text()))?;
    let entries = paper["entries"].as_array().ok_or("it has no entries")?;
    let entries: Result<Vec<Entry>, _> = entries.iter().map(entry_from_paper).collect();
    let entries = entries.map_err(|why| format!("one of its entries {}", why.text()))?;
    if paper["customer"] != state.customer.as_str()
        || entries.iter().any(|entry| entry.customer != state.customer)
    {
        return Err("it is about more than one customer".to_owned());
    }
    let exported_at = paper["exported_at_ms"].as_i64().ok_or("it does not say when it was made")?;
    let mut unsigned = paper.clone();
    let signature = unsigned.as_object_mut().and_then(|paper| paper.remove("signature"));
    let signed = signature.as_ref().map(signed).transpose()?;
    let exported_at = Timestamp::from_unix_ms(exported_at);
    Ok(Export { exported_at, state, entries, signed, message: message(&unsigned) })
}

impl Export {
    /// Whether a key signed exactly this.
    #[must_use]
    pub fn is_signed_by(&self, key: &[u8; 32]) -> bool {
        let Some(signed) = &self.signed else { return false };
        signed.key == *key && verify_signature(&self.message, &signed.signature, key)
    }

    /// Every event that takes something away, in order.
    pub fn restrictions(&self) -> impl Iterator<Item = &ConsentEvent> {
        self.entries.iter().filter_map(|entry| match &entry.what {
            What::Consent(said) if said.event.kind.is_a_no() => Some(&said.event),
            What::Consent(_)
            | What::Decision(_)
            | What::Delivery { .. }
            | What::Feedback { .. }
            | What::Profile(_)
            | What::Reminder { .. } => None,
        })
    }
}

fn signed(signature: &Value) -> Result<Signed, String> {
    let bytes = |key: &str| signature[key].as_str().and_then(of_hex).ok_or("its signature is none");
    let (key, signature) = (bytes("public_key")?, bytes("signature")?);
    match (key.try_into(), signature.try_into()) {
        (Ok(key), Ok(signature)) => Ok(Signed { key, signature }),
        _ => Err("its signature is none".to_owned()),
    }
}

/// A key in hexadecimal digits.
pub(super) fn key(text: &str) -> Result<[u8; 32], String> {
    let told = || "a key has 64 hexadecimal digits".to_owned();
    of_hex(text).ok_or_else(told)?.try_into().map_err(|_| told())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn of_hex(text: &str) -> Option<Vec<u8>> {
    let is_hex = text.len().is_multiple_of(2) && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    is_hex.then(|| (0..text.len()).step_by(2).map(byte).collect())?
}

/// What is signed of a paper that has no signature yet: what it is, and its canonical form.
pub(super) fn message(unsigned: &Value) -> Vec<u8> {
    let mut message = format!("{FORMAT} {VERSION}\n").into_bytes();
    write_canonical(unsigned, &mut message);
    message
}

/// JSON in the one form that is signed: no blanks, and the keys of every object ascending by their bytes.
#[must_use]
pub fn canonical(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write_canonical(value, &mut out);
    out
}

fn write_canonical(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i != 0 {
                    out.push(b',');
                }
                write_canonical(item, out);
            }
            out.push(b']');
        }
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().collect();
            out.push(b'{');
            for (i, (key, item)) in fields.into_iter().enumerate() {
                if i != 0 {
                    out.push(b',');
                }
                write_plain(&Value::String(key.clone()), out);
                out.push(b':');
                write_canonical(item, out);
            }
            out.push(b'}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => write_plain(value, out),
    }
}

fn write_plain(value: &Value, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("a scalar is JSON");
}
