//! What clients say.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::premises::{LAT, LON, MERCHANT};

/// Unix milliseconds.
pub(crate) fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

pub(crate) fn consent(event_id: &str, purpose: &str, kind: &str) -> String {
    json!({
        "v": 1, "event_id": event_id, "merchant": MERCHANT, "purpose": purpose, "kind": kind,
        "actor": "self", "method": "toggle",
        "notice": {"id": "n1", "version": 1, "lang": "en", "sha256": "a".repeat(64), "shown_at": now_ms() - 1_000},
        "evidence_ts": now_ms(),
    })
    .to_string()
}

/// Both purposes granted.
pub(crate) fn grants(event_id: &str) -> [String; 2] {
    [("l", "location"), ("p", "offers.push")]
        .map(|(part, purpose)| consent(&format!("{event_id}-{part}"), purpose, "grant"))
}

pub(crate) fn fix(ts_ms: i64, lat: f64, lon: f64) -> Value {
    json!({"v": 1, "ts": ts_ms, "lat": lat, "lon": lon, "acc": 8.0, "spd": 0.4, "fg": true})
}

/// In the store, so many seconds ago.
pub(crate) fn inside(seconds_ago: i64) -> Value {
    fix(now_ms() - 1_000 * seconds_ago, LAT, LON)
}

/// Two fixes in the store far enough apart for a dwell.
pub(crate) fn stay() -> String {
    json!({"v": 1, "fixes": [inside(300), inside(30)]}).to_string()
}

/// The same as records of a batch.
pub(crate) fn stay_in_batch(customer: &str, device: &str) -> String {
    [inside(300), inside(30)].map(|fix| record(customer, device, &fix)).concat()
}

pub(crate) fn record(customer: &str, device: &str, fix: &Value) -> String {
    let fix = fix.to_string();
    format!("{{\"customer\":\"{customer}\",\"device\":\"{device}\",{}\n", fix.strip_prefix('{').unwrap())
}

pub(crate) fn parse(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap()
}
