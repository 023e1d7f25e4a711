//! Where it happens: one store, whose rules let everything be said, and people who walk in.

use std::sync::Arc;

use consent_gate::{Actor, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose};
use engine::{House, Policy};
use model::{
    FenceFacts, FenceId, Fix, MerchantId, Meters, Millis, OfferId, Position, Timestamp, TransitionKind,
};
use notifier::{Budget, Caps, Cooldowns, DailyHours, NotifierPolicy, Speeds};
use offers::{Catalogue, Draft};
use spatial_index::{Fence, Shape};

const LAT: f64 = 45.0;
const LNG: f64 = 10.0;
const DEGREE_M: f64 = 111_132.0;

/// Where somebody is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spot {
    Street,
    Store,
}

fn merchant() -> MerchantId {
    MerchantId::new("corner").expect("a name")
}

/// One store with an offer for whoever enters.
pub(super) fn house() -> Arc<House> {
    let (fence, radius) = (FenceId::new("store").expect("a name"), Meters(100.0));
    let center = Position::new(LAT, LNG).expect("on earth");
    let facts = FenceFacts {
        id: fence.clone(),
        name: "Store".into(),
        merchant: Some(merchant()),
        tags: Vec::new(),
        tz: Some("UTC".into()),
        country: None,
        region: None,
        opening_hours: None,
        radius,
    };
    let id = OfferId::new("coffee").expect("a name");
    let draft = Draft {
        trigger: TransitionKind::Enter,
        fences: vec![fence],
        holdout_permille: 0,
        ..Draft::new(id, merchant(), "Coffee", "The second cup is free")
    };
    let catalogue = Catalogue::new(vec![draft]).expect("the offer obeys the rules");
    let fences = vec![Fence { facts, shape: Shape::Circle { center, radius } }];
    Arc::new(House::new(fences, catalogue).expect("one store can be indexed"))
}

/// Nothing but consent holds anything back.
pub(super) fn policy() -> Policy {
    let never = u32::MAX;
    let caps = Caps {
        per_24h_max: never,
        per_civil_day_max: never,
        per_7d_max: never,
        per_7d_favourite_max: never,
        per_30d_max: never,
        per_30d_favourite_max: never,
        all_channels_per_7d_max: never,
        sms_per_7d_max: never,
        sms_per_30d_max: never,
    };
    let cooldowns = Cooldowns {
        fence: Millis::ZERO,
        favourite_fence: Millis::ZERO,
        offer: Millis::ZERO,
        offer_ever_max: never,
        merchant: Millis::ZERO,
        rest: Millis::ZERO,
        settle_in: Millis::ZERO,
    };
    let notifier = NotifierPolicy {
        caps,
        cooldowns,
        hours: DailyHours::ALWAYS,
        speeds: Speeds { enter_max_mm_s: never, max_mm_s: never, ..Speeds::default() },
        budget: Budget { enforced: false, ..Budget::default() },
        gather: Millis::ZERO,
        ..NotifierPolicy::default()
    };
    Policy { notifier, ..Policy::default() }
}

/// The bytes of a fix.
pub(super) fn fix(spot: Spot, foreground: Option<bool>, now: Timestamp) -> Vec<u8> {
    let north_m = match spot {
        Spot::Street => 1_000.0,
        Spot::Store => 0.0,
    };
    let at = Position::new(LAT + north_m / DEGREE_M, LNG).expect("on earth");
    wire::encode_fix(&Fix { accuracy: Some(Meters(10.0)), foreground, ..Fix::at(now, at) })
}

/// The bytes of a word about consent.
pub(super) fn consent(no: u64, purpose: Purpose, kind: ConsentKind, now: Timestamp) -> Vec<u8> {
    let notice = Notice {
        id: "notice".into(),
        version: 1,
        lang: "en".into(),
        sha256: "0".repeat(64).into(),
        shown_at: now,
    };
    wire::encode_consent(&ConsentEvent {
        id: EventId::new(&format!("e{no}-{}", purpose as u8)).expect("letters and digits"),
        merchant: merchant(),
        purpose,
        kind,
        actor: Actor::Own,
        method: Method::Toggle,
        notice: matches!(kind, ConsentKind::Grant { .. }).then_some(notice),
        evidence_at: Some(now),
        app: None,
    })
}
