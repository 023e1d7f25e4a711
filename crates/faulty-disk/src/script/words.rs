//! What the people of the script send.

use model::Timestamp;
use serde_json::json;

/// A Saturday at noon.
pub const STARTED_AT: Timestamp = Timestamp::from_unix_ms(1_795_262_400_000);

/// The one offer.
pub(super) const OFFER: &str = "two";

/// The one store.
pub(super) const FENCES: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","id":"quay",
    "properties":{"merchant":"books","tz":"Europe/London","radius_m":100},"geometry":{"type":"Point","coordinates":[-2.6,52.1]}}]}"#;

/// What it offers.
pub(super) const OFFERS: &str = "[[offer]]\nid = \"two\"\nmerchant = \"books\"\nfences = [\"quay\"]\nholdout_permille = 0\ntitle = \"Two\"\nbody = \"Two for one.\"\n";

/// A consent event of the books' customer, shown and made at an instant.
pub(super) fn consent(purpose: &str, kind: &str, until: Option<Timestamp>, at: Timestamp) -> String {
    let mut event = json!({
        "v": 1, "event_id": format!("e{}-{}", at.unix_ms(), purpose.replace('.', "-")), "merchant": "books",
        "purpose": purpose, "kind": kind, "actor": "self", "method": "toggle", "evidence_ts": at.unix_ms(),
        "notice": {"id": "n", "version": 1, "lang": "en", "sha256": "a".repeat(64), "shown_at": at.unix_ms()},
    });
    if let Some(until) = until {
        event["until"] = until.unix_ms().into();
    }
    event.to_string()
}

/// A fix in the store.
pub(super) fn fix(at: Timestamp) -> String {
    json!({"v": 1, "ts": at.unix_ms(), "lat": 52.1, "lon": -2.6, "acc": 5, "fg": true}).to_string()
}
