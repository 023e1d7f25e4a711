//! What the tests share: an open gate and a decoder behind it.

use consent_gate::{
    Actor, ConsentEvent, ConsentKind, Consented, EventId, Gate, GatePolicy, Method, Notice, Purpose, Weighing,
};
use model::{CustomerNo, Fix, MerchantId, MerchantNo, Timestamp};
use wire::{Decoder, Envelope, Flaw, Limits};

/// Half past one in the afternoon of some day in November 2025.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_ms(1_763_748_000_123);

/// A grant with everything that proves it.
pub(crate) fn grant() -> ConsentEvent {
    ConsentEvent {
        id: EventId::new("e1").unwrap(),
        merchant: MerchantId::new("books").unwrap(),
        purpose: Purpose::Location,
        kind: ConsentKind::Grant { until: None, confirm: None },
        actor: Actor::Own,
        method: Method::Toggle,
        notice: Some(Notice {
            id: "n1".into(),
            version: 3,
            lang: "en".into(),
            sha256: "ab".repeat(32).into(),
            shown_at: NOW,
        }),
        evidence_at: Some(NOW),
        app: None,
    }
}

/// An envelope of a customer who agreed.
pub(crate) fn consented(envelope: Envelope<'_>) -> Consented<Envelope<'_>> {
    let customer = CustomerNo::new(0, 0);
    let mut gate = Gate::new(GatePolicy::default());
    gate.open();
    let change = gate.weigh(customer, MerchantNo(0), &grant(), Weighing::PLAIN, NOW);
    gate.confirm(&change);
    gate.admit(customer, envelope, NOW).unwrap()
}

/// What a decoder makes of a payload of customer `c1` and device `d1`.
pub(crate) fn decode_with(decoder: &mut Decoder, body: &[u8]) -> Vec<Result<Fix, Flaw>> {
    let mut fixes = Vec::new();
    decoder.fixes(consented(Envelope { customer: "c1", device: "d1", body }), &mut fixes);
    fixes
}

pub(crate) fn decode(body: &[u8]) -> Vec<Result<Fix, Flaw>> {
    decode_with(&mut Decoder::new(Limits::default()), body)
}

/// What becomes of a payload that holds one fix.
pub(crate) fn decode_one(body: impl AsRef<[u8]>) -> Result<Fix, Flaw> {
    let fixes = decode(body.as_ref());
    assert_eq!(fixes.len(), 1, "one record has one outcome");
    fixes[0]
}
