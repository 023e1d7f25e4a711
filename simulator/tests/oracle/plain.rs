//! What the engine takes, as the oracle takes it.

use consent_gate::{ConsentKind, ConsentState, Purpose};
use engine::Policy;
use model::{Fix, Position, Timestamp, TransitionKind};
use oracle::Kind;
use spatial_index::Shape;

/// What the oracle goes by under a policy of the engine.
pub(crate) fn rules(policy: &Policy) -> oracle::Rules {
    let (presence, notifier) = (&policy.presence, &policy.notifier);
    oracle::Rules {
        dwell_ms: presence.dwell.ms(),
        dwell_depth: presence.dwell_depth,
        still_max_ms: presence.still_max.ms(),
        silence_max_ms: presence.silence_max.ms(),
        exit_margin_m: presence.exit_margin.0,
        exit_accuracy_max_m: presence.exit_accuracy_max.0,
        accuracy_decides_max_m: presence.accuracy_decides_max.0,
        accuracy_trigger_max_m: presence.accuracy_trigger_max.0,
        future_max_ms: presence.future_max.ms(),
        fresh_max_ms: presence.fresh_max.ms(),
        stale_max_ms: presence.stale_max.ms(),
        jump_mps: presence.jump_mps,
        crossings: presence.crossings,
        visits_max: presence.visits_max,
        devices_max: policy.devices_max,
        per_24h_max: notifier.per_24h_max,
        per_7d_max: notifier.per_7d_max,
        per_30d_max: notifier.per_30d_max,
        per_civil_day_max: notifier.per_civil_day_max,
        fence_cooldown_ms: notifier.fence_cooldown.ms(),
        rest_ms: notifier.rest.ms(),
        settle_in_ms: notifier.settle_in.ms(),
        enter_speed_max_mps: notifier.enter_speed_max_mps.into(),
        speed_max_mps: notifier.speed_max_mps.into(),
        decide_within_ms: notifier.decide_within.ms(),
        grant_lasts_ms: policy.gate.grant_lasts.ms(),
        hours: if notifier.hours == notifier::DailyHours::ALWAYS { (0, 1_440) } else { (9 * 60, 20 * 60) },
    }
}

pub(crate) fn fix(fix: &Fix) -> oracle::Fix {
    oracle::Fix {
        taken_at_ms: fix.taken_at.unix_ms(),
        at: place(fix.position),
        accuracy_m: fix.accuracy.map(|accuracy| accuracy.0),
        speed_mps: fix.speed_mps.map(f64::from),
        mock: fix.mock,
        still: fix.still,
    }
}

const fn place(at: Position) -> oracle::Place {
    oracle::Place { lat: at.lat(), lng: at.lng() }
}

pub(crate) fn shape(shape: &Shape) -> oracle::Shape {
    match shape {
        Shape::Circle { center, radius } => {
            oracle::Shape::Circle { centre: place(*center), radius_m: radius.0 }
        }
        Shape::Polygons(polygons) => {
            let corner = |&[lng, lat]: &[f64; 2]| oracle::Place { lat, lng };
            let ring = |ring: Vec<[f64; 2]>| ring.iter().map(corner).collect();
            oracle::Shape::Polygons(
                polygons.iter().map(|polygon| polygon.rings().map(ring).collect()).collect(),
            )
        }
    }
}

pub(crate) const fn kind(kind: TransitionKind) -> Kind {
    match kind {
        TransitionKind::Enter => Kind::Enter,
        TransitionKind::Dwell => Kind::Dwell,
        TransitionKind::Exit => Kind::Exit,
        TransitionKind::Cross => Kind::Cross,
    }
}

pub(crate) const fn purpose(purpose: Purpose) -> oracle::Purpose {
    match purpose {
        Purpose::Location => oracle::Purpose::Location,
        Purpose::OffersPush => oracle::Purpose::OffersPush,
        Purpose::OffersSms => oracle::Purpose::OffersSms,
        Purpose::OffersEmail => oracle::Purpose::OffersEmail,
        Purpose::OffersInbox => oracle::Purpose::OffersInbox,
        Purpose::Personalisation => oracle::Purpose::Personalisation,
    }
}

pub(crate) fn word(kind: ConsentKind) -> oracle::Word {
    match kind {
        ConsentKind::Grant { until } => oracle::Word::Grant { until_ms: until.map(Timestamp::unix_ms) },
        ConsentKind::Refuse => oracle::Word::Refuse,
        ConsentKind::Withdraw => oracle::Word::Withdraw,
        ConsentKind::Pause { until } => oracle::Word::Pause { until_ms: until.map(Timestamp::unix_ms) },
        ConsentKind::Resume => oracle::Word::Resume,
    }
}

pub(crate) const fn state(state: ConsentState) -> oracle::ConsentState {
    match state {
        ConsentState::Unknown => oracle::ConsentState::Unknown,
        ConsentState::Granted { until } => oracle::ConsentState::Granted { until_ms: until.unix_ms() },
        ConsentState::Paused { until, granted_until } => oracle::ConsentState::Paused {
            until_ms: until.unix_ms(),
            granted_until_ms: granted_until.unix_ms(),
        },
        ConsentState::Refused => oracle::ConsentState::Refused,
        ConsentState::Withdrawn => oracle::ConsentState::Withdrawn,
    }
}
