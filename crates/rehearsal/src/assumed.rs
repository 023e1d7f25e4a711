//! Consent that nobody gave: for people who are played, or whose fixes are played once more.

use consent_gate::{Actor, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose};
use model::{MerchantId, Millis, Timestamp};

/// How long a yes that nobody gave may last to be seen: as long as what is played.
pub const LASTS: Millis = Millis::from_days(365_000);

/// A yes to one merchant for one purpose, with the evidence that a real one needs.
#[must_use]
pub fn grant(merchant: &MerchantId, purpose: Purpose, at: Timestamp, until: Timestamp) -> ConsentEvent {
    let notice = Notice {
        id: "assumed".into(),
        version: 1,
        lang: "en".into(),
        sha256: "0".repeat(64).into(),
        shown_at: at,
    };
    ConsentEvent {
        id: EventId::new("assumed").expect("the id obeys the rule"),
        merchant: merchant.clone(),
        purpose,
        kind: ConsentKind::Grant { until: Some(until), confirm: None },
        actor: Actor::System,
        method: Method::Api,
        notice: Some(notice),
        evidence_at: Some(at),
        app: None,
    }
}

/// A yes to some merchants for every purpose, as messages.
pub fn grants(merchants: &[&MerchantId], at: Timestamp, until: Timestamp) -> impl Iterator<Item = Vec<u8>> {
    let of_merchant = move |merchant: &&MerchantId| {
        let merchant = (*merchant).clone();
        Purpose::OF_OFFERS.map(|purpose| wire::encode_consent(&grant(&merchant, purpose, at, until)))
    };
    merchants.iter().flat_map(of_merchant).collect::<Vec<_>>().into_iter()
}
