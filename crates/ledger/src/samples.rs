//! Samples of everything that is stored, for the tests of this room.

use consent_gate::{
    Actor, ConsentEvent, ConsentKind, ConsentRow, ConsentState, Effect, Epoch, EventId, Method, Notice,
    Purpose,
};
use model::{
    CustomerId, DeviceId, Digest, FenceId, MerchantId, NotificationId, OfferId, Timestamp, TransitionKind,
    VisitId, Words,
};

use crate::{ConsentEntry, Decision, DeliveryOutcome, Entry, Heard, OpenVisit, SENT, Said, StateRow, What};

pub(crate) fn at(unix_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(unix_ms)
}

pub(crate) fn customer(name: &str) -> CustomerId {
    CustomerId::new(name).unwrap()
}

pub(crate) fn visit(byte: u8) -> VisitId {
    VisitId(Digest::from_bytes([byte; 16]))
}

pub(crate) fn offer() -> OfferId {
    OfferId::new("flat-white").unwrap()
}

fn merchant() -> MerchantId {
    MerchantId::new("harbour").unwrap()
}

fn fence() -> FenceId {
    FenceId::new("Harbour St / 17").unwrap()
}

pub(crate) fn grant() -> ConsentEntry {
    let notice = Notice {
        id: "app".into(),
        version: 3,
        lang: "de-CH".into(),
        sha256: "ab".repeat(32).into(),
        shown_at: at(900),
    };
    let event = ConsentEvent {
        id: EventId::new("e1").unwrap(),
        merchant: merchant(),
        purpose: Purpose::OffersPush,
        kind: ConsentKind::Grant { until: None },
        actor: Actor::Own,
        method: Method::OsPermission,
        notice: Some(notice),
        evidence_at: Some(at(950)),
    };
    ConsentEntry {
        event,
        effect: Effect::Applied,
        state: ConsentState::Granted { until: at(5_000) },
        epoch: Epoch(2),
    }
}

pub(crate) fn sent(visit: VisitId) -> Decision {
    Decision {
        id: NotificationId::of(visit, &offer()),
        device: DeviceId::new("phone").unwrap(),
        offer: offer(),
        merchant: merchant(),
        fence: fence(),
        store: "Harbour \"Coffee\"".into(),
        visit,
        trigger: TransitionKind::Dwell,
        triggered_at: at(1_100),
        verdict: SENT.into(),
        failed: Vec::new(),
        next_possible_at: Some(at(9_000)),
        purposes: vec!["location".into()],
        facts: vec![("heard".into(), "0 of 1".into())],
        said: Some(Said {
            expires_at: at(2_000),
            zone: Some("Europe/Zurich".into()),
            words: Words {
                title: "Guten Morgen".into(),
                body: "H\u{e4}lfte".into(),
                link: None,
                why: "Because".into(),
            },
        }),
    }
}

pub(crate) fn suppressed(visit: VisitId) -> Decision {
    let failed: Vec<Box<str>> = vec!["quiet_hours".into(), "cap".into()];
    Decision { verdict: "quiet_hours".into(), failed, next_possible_at: None, said: None, ..sent(visit) }
}

pub(crate) fn entry(what: What) -> Entry {
    Entry { customer: customer("anna"), at: at(1_200), what }
}

pub(crate) fn entries() -> Vec<Entry> {
    let notification = NotificationId::of(visit(1), &offer());
    let mut all = vec![
        entry(What::Consent(grant())),
        entry(What::Decision(sent(visit(1)))),
        entry(What::Decision(suppressed(visit(2)))),
        entry(What::Feedback { notification, kind: "opened".into() }),
    ];
    all.extend(DeliveryOutcome::ALL.map(|outcome| entry(What::Delivery { notification, outcome })));
    all
}

pub(crate) fn row() -> StateRow {
    let consent =
        |purpose, state, restricted_at| ConsentRow { merchant: merchant(), purpose, state, restricted_at };
    let paused = ConsentState::Paused { until: at(3_000), granted_until: at(5_000) };
    StateRow {
        customer: customer("anna"),
        epoch: Epoch(2),
        consents: vec![
            consent(Purpose::Location, paused, Some(at(100))),
            consent(Purpose::OffersPush, ConsentState::Withdrawn, None),
        ],
        consented_since: Some(at(10)),
        heard: vec![Heard {
            at: at(1_200),
            offer: offer(),
            merchant: merchant(),
            fence: fence(),
            visit: visit(1),
            zone: None,
        }],
        outbox: sent(visit(1)).notification(&customer("anna"), at(1_200)).into_iter().collect(),
        visits: vec![OpenVisit {
            device: DeviceId::new("phone").unwrap(),
            fence: fence(),
            visit: visit(1),
            entered_at: at(1_000),
            last_at: at(1_150),
            initial: true,
            dwelled: false,
        }],
    }
}
