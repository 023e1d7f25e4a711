//! Why this offer, and why nothing: plain sentences from the record alone.

mod change;
mod consent;
mod decision;
mod inputs;
mod long;
mod past;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use ledger::{DeliveryOutcome, Entry, Numbered, Retention, SENT, StateRow, What};
use model::{NotificationId, Timestamp};
use serde_json::{Value, json};

pub use self::long::Line;
use self::past::Past;

/// What is known of a customer's consent, as JSON.
#[must_use]
pub fn consent_as_json(state: &StateRow, now: Timestamp) -> Value {
    let consents: Vec<Value> = state
        .consents
        .iter()
        .map(|row| {
            json!({
                "merchant": row.merchant.as_str(),
                "purpose": row.purpose.word(),
                "state": row.state.word(now),
                "restricted_at": row.restricted_at.map(rfc3339),
            })
        })
        .collect();
    json!({ "customer": state.customer.as_str(), "epoch": state.epoch.0, "consents": consents })
}

/// All that holds for a customer now: consent, what they said of themselves, what their answers brought.
#[must_use]
pub fn customer_as_json(state: &StateRow, now: Timestamp) -> Value {
    let mut shown = consent_as_json(state, now);
    shown["profile"] = change::profile_as_json(&state.profile);
    shown["told"] = change::all_told(&state.profile, &state.tolerance).into();
    shown
}

/// One thing that happened, said in a sentence, at length, and as data.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// When.
    pub at: Timestamp,
    /// The sentence.
    pub text: String,
    /// All that the record says of it.
    pub lines: Vec<Line>,
    /// The reason, when it tells of silence.
    pub silence: Option<Box<str>>,
    /// The same for a machine.
    pub data: Value,
}

impl Sentence {
    /// All of it for a machine.
    #[must_use]
    pub fn json(&self) -> Value {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| json!({ "about": line.heading, "text": line.text, "of": line.of }))
            .collect();
        json!({ "at": rfc3339(self.at), "text": self.text, "lines": lines, "data": self.data })
    }
}

/// A customer's record in sentences, oldest first; of many only the last `n_max`.
///
/// It tells for how long the ledger keeps them, too.
#[must_use]
pub fn sentences(entries: &[Numbered], n_max: usize, keep: &Retention) -> Vec<Sentence> {
    let deliveries = deliveries(entries);
    let mut past = Past::default();
    let mut told: Vec<Sentence> = Vec::new();
    for Numbered { entry, .. } in entries {
        told.extend(sentence(entry, &past, &deliveries, keep));
        past.take(entry);
    }
    told.split_off(told.len().saturating_sub(n_max))
}

/// Reasons for silence with their numbers, the most frequent first.
#[must_use]
pub fn held_back(told: &[Sentence]) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in told.iter().filter_map(|said| said.silence.as_deref()) {
        *counts.entry(reason).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counts
}

/// A reason for silence as a list has it, such as `weekly cap`.
#[must_use]
pub fn in_a_word(reason: &str) -> String {
    match reason {
        "cap_24h" => "daily cap".into(),
        "cap_civil_day" => "one a day".into(),
        "cap_7d" => "weekly cap".into(),
        "cap_30d" => "monthly cap".into(),
        "cap_own" => "their own cap".into(),
        "cooldown_fence" => "store spoke lately".into(),
        "cooldown_offer" => "offer heard lately".into(),
        "cooldown_merchant" => "merchant spoke lately".into(),
        other => other.replace('_', " "),
    }
}

/// How each notification left the outbox, and when.
fn deliveries(entries: &[Numbered]) -> HashMap<NotificationId, (DeliveryOutcome, Timestamp)> {
    let deliveries = entries.iter().filter_map(|numbered| match &numbered.entry.what {
        What::Delivery { notification, outcome, .. } => Some((*notification, (*outcome, numbered.entry.at))),
        What::Consent(_)
        | What::Decision(_)
        | What::Feedback { .. }
        | What::Profile(_)
        | What::Reminder { .. } => None,
    });
    deliveries.collect()
}

fn sentence(
    entry: &Entry,
    past: &Past,
    deliveries: &HashMap<NotificationId, (DeliveryOutcome, Timestamp)>,
    keep: &Retention,
) -> Option<Sentence> {
    let at = entry.at;
    let plain = |text, data| Sentence { at, text, lines: Vec::new(), silence: None, data };
    match &entry.what {
        What::Delivery { .. } => None,
        What::Consent(entry) => {
            let (text, data) = consent::consent(entry, at);
            Some(plain(text, data))
        }
        What::Feedback { notification, kind, tolerance, .. } => {
            let (text, data) = change::feedback(past, *notification, *kind, tolerance.as_ref());
            Some(plain(text, data))
        }
        What::Reminder { merchant, purpose, until } => {
            let (text, data) = consent::reminder(merchant, *purpose, *until);
            Some(plain(text, data))
        }
        What::Profile(profile) => {
            let (text, data) = change::profile(&past.profile, profile);
            Some(plain(text, data))
        }
        What::Decision(decision) => {
            let delivery = deliveries.get(&decision.id);
            let (text, data) = decision::in_short(decision, delivery);
            let silence = (&*decision.verdict != SENT).then(|| decision.verdict.clone());
            Some(Sentence { at, text, lines: long::lines(decision, past, keep), silence, data })
        }
    }
}

fn utc(at: Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(at.unix_ms())
}

/// `2026-11-21 10:04 UTC`.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    utc(at).map_or_else(|| "an unknown time".into(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// RFC 3339 with milliseconds.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    utc(at).map_or_else(|| "unknown".into(), |at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
}

#[cfg(test)]
mod tests;
