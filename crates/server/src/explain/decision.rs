//! A decision in a few sentences: what came of it and why.

use std::fmt::Write as _;

use ledger::{Decision, DeliveryOutcome, SENT};
use model::{Timestamp, TransitionKind};
use notifier::Suppression;
use serde_json::{Value, json};

use super::{clock, rfc3339};

/// What came of it, with how it left the house when it did.
pub(super) fn in_short(
    decision: &Decision,
    delivery: Option<&(DeliveryOutcome, Timestamp)>,
) -> (String, Value) {
    if &*decision.verdict == SENT { said(decision, delivery) } else { silence(decision) }
}

/// *Why this offer.*
fn said(decision: &Decision, delivery: Option<&(DeliveryOutcome, Timestamp)>) -> (String, Value) {
    let title = decision.said.as_ref().map_or("", |said| &said.words.title);
    let why = decision.said.as_ref().map_or("", |said| &said.words.why);
    let text = format!(
        "{} {}: an offer, \"{title}\". {why} Used: {}, the agreed purposes {}. {}",
        verb(decision.trigger),
        decision.store,
        decision.trigger.word(),
        decision.purposes.join(" and "),
        end(delivery),
    );
    let outcome = delivery.map(|(outcome, _)| outcome.word());
    (text, json!({ "kind": "offer", "outcome": outcome, "title": title, "decision": as_json(decision) }))
}

fn end(delivery: Option<&(DeliveryOutcome, Timestamp)>) -> String {
    let said = match delivery {
        Some((DeliveryOutcome::Sent, at)) => return format!("Handed over at {}.", clock(*at)),
        Some((DeliveryOutcome::Expired, _)) => {
            "It was never handed over: no phone or backend was connected in time, or the stay was over by then."
        }
        Some((DeliveryOutcome::Revoked, _)) => {
            "It was not handed over: consent was taken back, or quiet asked for, first."
        }
        Some((DeliveryOutcome::Refused, _)) => "It was refused by the broker.",
        Some((DeliveryOutcome::Lapsed, _)) => {
            "It turned stale while the server was down, and may have been handed over just before."
        }
        Some((DeliveryOutcome::FenceGone, _)) => {
            "It was not handed over: the store's fence was removed or moved first."
        }
        Some((DeliveryOutcome::OfferGone, _)) => {
            "It was not handed over: the offer was taken away or changed first."
        }
        None => "It is on its way.",
    };
    said.to_owned()
}

/// *Why nothing.*
fn silence(decision: &Decision) -> (String, Value) {
    let mut text = format!(
        "{} {}: nothing was sent, because {}.",
        verb(decision.trigger),
        decision.store,
        because(&decision.verdict)
    );
    for also in decision.failed.iter().filter(|failed| **failed != decision.verdict) {
        let _ = write!(text, " Also, {}.", because(also));
    }
    if let Some(next) = decision.next_possible_at {
        let _ = write!(text, " The earliest time for this offer here was {}.", clock(next));
    }
    (text, json!({ "kind": "silence", "decision": as_json(decision) }))
}

/// The reason of a verdict as the end of a sentence.
pub(super) fn because(word: &str) -> &'static str {
    match word {
        "observed" => "an operator only looks on, to see what would be sent",
        "shadowed" => "it was shown to operators only, to try it out",
        word => {
            Suppression::from_word(word).map_or("a rule of an older version said no", Suppression::because)
        }
    }
}

/// A transition as the beginning of a sentence about a store.
pub(super) const fn verb(trigger: TransitionKind) -> &'static str {
    match trigger {
        TransitionKind::Enter => "Came to",
        TransitionKind::Dwell => "Stayed at",
        TransitionKind::Exit => "Left",
        TransitionKind::Cross => "Passed",
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
        "standing": decision.counted.as_ref().map(|counted| counted.standing.word()),
        "facts": facts,
    })
}
