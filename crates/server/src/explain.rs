//! Why this offer, and why nothing: plain sentences from the record alone.

use std::collections::HashMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use ledger::{Decision, DeliveryOutcome, Entry, Numbered, SENT, StateRow, What};
use model::{NotificationId, Timestamp};
use notifier::Suppression;
use serde_json::{Value, json};

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

/// One thing that happened, said in a sentence and as data.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// When.
    pub at: Timestamp,
    /// The sentence.
    pub text: String,
    /// The same for a machine.
    pub data: Value,
}

/// A customer's record in sentences, oldest first; of many only the last `n_max`.
#[must_use]
pub fn sentences(entries: &[Numbered], n_max: usize) -> Vec<Sentence> {
    let deliveries = deliveries(entries);
    let told: Vec<Sentence> =
        entries.iter().filter_map(|numbered| sentence(&numbered.entry, &deliveries)).collect();
    told[told.len().saturating_sub(n_max)..].to_vec()
}

/// How each notification left the outbox, and when.
fn deliveries(entries: &[Numbered]) -> HashMap<NotificationId, (DeliveryOutcome, Timestamp)> {
    let deliveries = entries.iter().filter_map(|numbered| match &numbered.entry.what {
        What::Delivery { notification, outcome, .. } => Some((*notification, (*outcome, numbered.entry.at))),
        What::Consent(_) | What::Decision(_) | What::Feedback { .. } | What::Profile(_) => None,
    });
    deliveries.collect()
}

fn sentence(
    entry: &Entry,
    deliveries: &HashMap<NotificationId, (DeliveryOutcome, Timestamp)>,
) -> Option<Sentence> {
    let at = entry.at;
    let (text, data) = match &entry.what {
        What::Delivery { .. } | What::Profile(_) => return None,
        What::Consent(consent) => {
            let (event, effect) = (&consent.event, consent.effect.word());
            let (kind, merchant, purpose) =
                (event.kind.word(), event.merchant.as_str(), event.purpose.word());
            let text = format!("Consent: {kind} of {purpose} for {merchant} ({}).", effect.replace('_', " "));
            (
                text,
                json!({ "kind": "consent", "event": kind, "merchant": merchant, "purpose": purpose, "effect": effect }),
            )
        }
        What::Feedback { notification, kind, .. } => {
            let kind = kind.word();
            let text = format!("Feedback on an offer: {}.", kind.replace('_', " "));
            (text, json!({ "kind": "feedback", "offer_id": notification.0.to_string(), "feedback": kind }))
        }
        What::Decision(decision) if &*decision.verdict == SENT => {
            said(decision, deliveries.get(&decision.id))
        }
        What::Decision(decision) => silence(decision),
    };
    Some(Sentence { at, text, data })
}

/// *Why this offer.*
fn said(decision: &Decision, delivery: Option<&(DeliveryOutcome, Timestamp)>) -> (String, Value) {
    let title = decision.said.as_ref().map_or("", |said| &said.words.title);
    let why = decision.said.as_ref().map_or("", |said| &said.words.why);
    let end = match delivery {
        Some((DeliveryOutcome::Sent, at)) => format!("Handed over at {}.", clock(*at)),
        Some((DeliveryOutcome::Expired, _)) => {
            "It was never handed over: no phone or backend was connected in time.".into()
        }
        Some((DeliveryOutcome::Revoked, _)) => "It was not handed over: consent was taken back first.".into(),
        Some((DeliveryOutcome::Refused, _)) => "It was refused by the broker.".into(),
        Some((DeliveryOutcome::Lapsed, _)) => {
            "It turned stale while the server was down, and may have been handed over just before.".into()
        }
        Some((DeliveryOutcome::FenceGone, _)) => {
            "It was not handed over: the store's fence was removed or moved first.".into()
        }
        Some((DeliveryOutcome::OfferGone, _)) => {
            "It was not handed over: the offer was taken away or changed first.".into()
        }
        None => "It is on its way.".into(),
    };
    let text = format!(
        "{} {}: an offer, \"{title}\". {why} Used: {}, the agreed purposes {}. {end}",
        verb(decision),
        decision.store,
        decision.trigger.word(),
        decision.purposes.join(" and "),
    );
    let outcome = delivery.map(|(outcome, _)| outcome.word());
    (text, json!({ "kind": "offer", "outcome": outcome, "title": title, "decision": as_json(decision) }))
}

/// *Why nothing.*
fn silence(decision: &Decision) -> (String, Value) {
    let because = |word: &str| {
        Suppression::from_word(word).map_or("a rule of an older version said no", Suppression::because)
    };
    let mut text = format!(
        "{} {}: nothing was sent, because {}.",
        verb(decision),
        decision.store,
        because(&decision.verdict)
    );
    for also in decision.failed.iter().filter(|failed| **failed != decision.verdict) {
        let _ = write!(text, " Also, {}.", because(also));
    }
    if let Some(next) = decision.next_possible_at {
        let _ = write!(text, " The earliest time for another offer here was {}.", clock(next));
    }
    (text, json!({ "kind": "silence", "decision": as_json(decision) }))
}

const fn verb(decision: &Decision) -> &'static str {
    match decision.trigger {
        model::TransitionKind::Enter => "Came to",
        model::TransitionKind::Dwell => "Stayed at",
        model::TransitionKind::Exit => "Left",
        model::TransitionKind::Cross => "Passed",
    }
}

fn as_json(decision: &Decision) -> Value {
    let facts = decision.facts.iter().map(|(name, value)| (name.to_string(), Value::from(&**value)));
    let facts: serde_json::Map<String, Value> = facts.collect();
    json!({
        "offer_id": decision.id.0.to_string(),
        "offer": decision.offer.as_str(),
        "merchant": decision.merchant.as_str(),
        "fence": decision.fence.as_str(),
        "store": &*decision.store,
        "trigger": decision.trigger.word(),
        "triggered_at": rfc3339(decision.triggered_at),
        "verdict": &*decision.verdict,
        "failed": decision.failed,
        "next_possible_at": decision.next_possible_at.map(rfc3339),
        "purposes": decision.purposes,
        "facts": facts,
    })
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
