//! Samples of everything that is stored, for the tests of this room.

use consent_gate::{
    Actor, Block, ConsentEvent, ConsentKind, ConsentRow, ConsentState, Effect, Epoch, EventId, Hearing,
    Method, Notice, NoticeName, Purpose, TokenHash,
};
use model::{
    Answers, Channel, CustomerId, DeviceId, Dial, Digest, FeedbackKind, FenceId, MerchantId, NotificationId,
    OfferId, Profile, Silence, SilenceOver, SilenceReason, Standing, Timestamp, Tolerance, TransitionKind,
    VisitId, Words,
};

use crate::{
    ConsentEntry, Counted, Decision, DeliveryOutcome, Entry, Heard, OpenVisit, SENT, Said, StateRow, What,
};

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
        kind: ConsentKind::Grant { until: None, confirm: None },
        actor: Actor::Own,
        method: Method::OsPermission,
        notice: Some(notice),
        evidence_at: Some(at(950)),
        app: None,
    };
    ConsentEntry {
        event,
        hearing: Hearing::Live,
        effect: Effect::Applied,
        state: ConsentState::Granted { until: at(5_000) },
        epoch: Epoch(2),
    }
}

/// One entry of every kind of event, state, effect and hearing.
pub(crate) fn consents() -> Vec<ConsentEntry> {
    let token = TokenHash::from_bytes([0x0F; 32]);
    let pending =
        ConsentState::PendingConfirmation { until: at(2_000), granted_until: at(5_000), token, renews: None };
    let (minor, legal) = (Block::Minor, Block::Legal);
    let of = |kind, state| ConsentEntry { event: ConsentEvent { kind, ..grant().event }, state, ..grant() };
    let mut all = vec![
        of(ConsentKind::Show, ConsentState::Requested),
        of(ConsentKind::Grant { until: Some(at(5_000)), confirm: Some(token) }, pending),
        of(ConsentKind::Confirm { token }, ConsentState::Expired),
        of(ConsentKind::Refuse, ConsentState::Refused),
        of(ConsentKind::Withdraw, ConsentState::Withdrawn),
        of(
            ConsentKind::Pause { until: Some(at(3_000)) },
            ConsentState::Paused { until: at(3_000), granted_until: at(5_000) },
        ),
        of(ConsentKind::Resume, ConsentState::Granted { until: at(5_000) }),
        of(ConsentKind::Supersede, ConsentState::Superseded),
        of(ConsentKind::Block { why: minor }, ConsentState::Suppressed { why: minor }),
        of(ConsentKind::Block { why: legal }, ConsentState::Suppressed { why: legal }),
        of(ConsentKind::Unblock, ConsentState::Unknown),
    ];
    all.extend(Effect::ALL.map(|effect| ConsentEntry { effect, ..grant() }));
    all.extend(Hearing::ALL.map(|hearing| ConsentEntry { hearing, ..grant() }));
    let app = Some("7.2.1".into());
    all.push(ConsentEntry { event: ConsentEvent { app, ..grant().event }, ..grant() });
    all
}

pub(crate) fn reminder() -> What {
    What::Reminder { merchant: merchant(), purpose: Purpose::Background, until: at(5_000) }
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
        counted: Some(Counted {
            zone: Some("Europe/Zurich".into()),
            channel: Channel::Email,
            category: Some("coffee".into()),
            standing: Standing::Sent,
            cost: 25,
            favourite: true,
        }),
        tolerance: Some(tolerance()),
        said: Some(Said {
            expires_at: at(2_000),
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
    let (counted, tolerance) = (None, None);
    let verdict = "quiet_hours".into();
    Decision { verdict, failed, next_possible_at: None, counted, tolerance, said: None, ..sent(visit) }
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
        entry(What::Profile(profile())),
    ];
    all.extend(FeedbackKind::ALL.map(|kind| {
        entry(What::Feedback {
            notification,
            kind,
            is_fast: false,
            shown_at: Some(at(7)),
            tolerance: Some(tolerance()),
        })
    }));
    all.extend(
        DeliveryOutcome::ALL
            .map(|outcome| entry(What::Delivery { notification, outcome, tolerance: Some(tolerance()) })),
    );
    all.extend(consents().into_iter().map(|consent| entry(What::Consent(consent))));
    all.push(entry(reminder()));
    all
}

fn profile() -> Profile {
    Profile {
        lang: Some("de-AT".into()),
        tz: Some("Europe/Vienna".into()),
        minor: true,
        residence: model::Jurisdiction::new("AT-9").ok(),
        phone_region: model::Jurisdiction::new("DE").ok(),
        favourites: vec![fence()],
        categories: vec!["coffee".into()],
        segments: vec![(merchant(), "gold".into())],
        dial: Dial {
            per_week: Some(2),
            quiet: Some((1_320, 480)),
            muted_merchants: vec![merchant()],
            muted_fences: vec![fence()],
        },
    }
}

fn tolerance() -> Tolerance {
    let overs = [
        SilenceOver::All,
        SilenceOver::Merchant(merchant()),
        SilenceOver::Fence(fence()),
        SilenceOver::Offer(offer()),
        SilenceOver::All,
    ];
    let silence = |(over, why)| Silence { over, until: at(9), why };
    Tolerance {
        limit_milli: Some(42_000),
        nudge_milli: -5_000,
        nudge_at: at(8),
        n_ignored: 2,
        settled_to: at(7),
        halved_until: Some(at(11)),
        silences: overs.into_iter().zip(SilenceReason::ALL).map(silence).collect(),
        told: vec![(offer(), 2)],
    }
}

pub(crate) fn row() -> StateRow {
    let notice = NoticeName { id: "app".into(), version: 3 };
    let consent = |purpose, state, restricted_at| ConsentRow {
        state,
        restricted_at,
        notice: Some(notice.clone()),
        reminded: purpose == Purpose::Location,
        ..ConsentRow::new(merchant(), purpose)
    };
    let paused = ConsentState::Paused { until: at(3_000), granted_until: at(5_000) };
    StateRow {
        customer: customer("anna"),
        epoch: Epoch(2),
        consents: vec![
            consent(Purpose::Location, paused, Some(at(100))),
            consent(Purpose::OffersPush, ConsentState::Withdrawn, None),
        ],
        consented_since: Some(at(10)),
        profile: profile(),
        tolerance: tolerance(),
        heard: vec![Heard {
            at: at(1_200),
            offer: offer(),
            merchant: merchant(),
            fence: fence(),
            visit: visit(1),
            zone: None,
            channel: Channel::Sms,
            category: None,
            standing: Standing::HeldOut,
            cost: 40,
            favourite: false,
            answers: Answers::from_bits(3),
            shown_at: Some(at(1_201)),
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
