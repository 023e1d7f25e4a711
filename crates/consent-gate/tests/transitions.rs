//! Every transition of the state machine, as rows of a table (`transitions.txt`).

use std::collections::BTreeSet;

use consent_gate::{
    Actor, Block, ConsentEvent, ConsentKind, ConsentState, Effect, EventId, GatePolicy, Hearing, Method,
    Notice, NoticeName, OptIn, Past, Purpose, TokenHash, Weighing, transition,
};
use model::{MerchantId, Millis, Timestamp};

const TABLE: &str = include_str!("transitions.txt");

const NOW: Timestamp = Timestamp::from_unix_ms(1_800_000_000_000);
const A: TokenHash = TokenHash::from_bytes([0xAA; 32]);
const B: TokenHash = TokenHash::from_bytes([0xBB; 32]);

fn days(days: i64) -> Timestamp {
    NOW + Millis::from_days(days)
}

/// A state of the table's head, and when it was last restricted.
fn state(name: &str) -> (ConsentState, Option<Timestamp>) {
    let (soon, later, restricted_at) = (days(2), days(200), Some(days(-10)));
    let pending =
        |until| ConsentState::PendingConfirmation { until, granted_until: later, token: A, renews: None };
    let renewing = |until| ConsentState::PendingConfirmation {
        until,
        granted_until: later,
        token: A,
        renews: Some(days(100)),
    };
    let paused = |until, granted_until| ConsentState::Paused { until, granted_until };
    match name {
        "unknown" => (ConsentState::Unknown, None),
        "unblock" => (ConsentState::Unknown, restricted_at),
        "reques." => (ConsentState::Requested, None),
        "pend" => (pending(soon), None),
        "pend-x" => (pending(days(-5)), None),
        "grant" => (ConsentState::Granted { until: later }, None),
        "grant-x" => (ConsentState::Granted { until: days(-5) }, None),
        "pause" => (paused(soon, later), restricted_at),
        "pause-b" => (paused(days(-5), later), restricted_at),
        "pause-x" => (paused(days(-6), days(-5)), restricted_at),
        "refused" => (ConsentState::Refused, restricted_at),
        "withdr." => (ConsentState::Withdrawn, restricted_at),
        "over" => (ConsentState::Expired, restricted_at),
        "old" => (ConsentState::Superseded, restricted_at),
        "renew" => (renewing(soon), None),
        "renew-x" => (renewing(days(-5)), None),
        "block" => (ConsentState::Suppressed { why: Block::Minor }, restricted_at),
        other => panic!("the table has no state {other}"),
    }
}

/// The name that the table has for a state at [`NOW`].
fn name(state: ConsentState) -> &'static str {
    let is_over = |until: Timestamp| until <= NOW;
    match state {
        ConsentState::Unknown => "unknown",
        ConsentState::Requested => "reques.",
        ConsentState::PendingConfirmation { until, renews: Some(renews), .. } if !is_over(renews) => {
            if is_over(until) {
                "renew-x"
            } else {
                "renew"
            }
        }
        ConsentState::PendingConfirmation { until, .. } if is_over(until) => "pend-x",
        ConsentState::PendingConfirmation { .. } => "pend",
        ConsentState::Granted { until } if is_over(until) => "grant-x",
        ConsentState::Granted { .. } => "grant",
        ConsentState::Paused { granted_until, .. } if is_over(granted_until) => "pause-x",
        ConsentState::Paused { until, .. } if is_over(until) => "pause-b",
        ConsentState::Paused { .. } => "pause",
        ConsentState::Refused => "refused",
        ConsentState::Withdrawn => "withdr.",
        ConsentState::Expired => "over",
        ConsentState::Superseded => "old",
        ConsentState::Suppressed { .. } => "block",
    }
}

/// An event of the table's first column, with its circumstances.
struct Case {
    event: ConsentEvent,
    weighing: Weighing,
    erased_at: Option<Timestamp>,
}

fn case(text: &str) -> Case {
    let mut words = text.split(", ");
    let kind = words.next().expect("a kind");
    let mut case = Case { event: event(kind), weighing: Weighing::PLAIN, erased_at: None };
    for word in words {
        let Case { event, weighing, erased_at } = &mut case;
        match word {
            "earlier" => move_to(event, days(-20)),
            "years old" => move_to(event, days(-800)),
            "for ever" => event.kind = ConsentKind::Grant { until: Some(Timestamp::MAX), confirm: None },
            "future notice" => move_to(event, NOW + Millis::from_secs(61)),
            "no notice" => event.notice = None,
            "no evidence" => event.evidence_at = None,
            "no token" => {}
            "by gpc" => event.method = Method::Gpc,
            "a minor" => event.kind = ConsentKind::Block { why: Block::Minor },
            "by law" => event.kind = ConsentKind::Block { why: Block::Legal },
            "double" => weighing.opt_in = OptIn::Double,
            "with token A" | "A" => event.kind = ConsentKind::Grant { until: None, confirm: Some(A) },
            "with token B" => event.kind = ConsentKind::Grant { until: None, confirm: Some(B) },
            "imported" => weighing.hearing = Hearing::Imported { attested: false },
            "attested" => weighing.hearing = Hearing::Imported { attested: true },
            "before the erasure" => *erased_at = Some(NOW),
            "after the erasure" => *erased_at = Some(days(-1)),
            other => panic!("the table has no circumstance {other}"),
        }
    }
    case
}

fn event(kind: &str) -> ConsentEvent {
    let (kind, notice) = match kind {
        "show" => (ConsentKind::Show, Some(("terms", 2))),
        "grant" => (ConsentKind::Grant { until: None, confirm: None }, Some(("terms", 2))),
        "confirm A" => (ConsentKind::Confirm { token: A }, None),
        "confirm B" => (ConsentKind::Confirm { token: B }, None),
        "refuse" => (ConsentKind::Refuse, None),
        "withdraw" => (ConsentKind::Withdraw, None),
        "pause" => (ConsentKind::Pause { until: Some(days(3)) }, None),
        "resume" => (ConsentKind::Resume, None),
        "supersede" => (ConsentKind::Supersede, None),
        "supersede terms/3" => (ConsentKind::Supersede, Some(("terms", 3))),
        "supersede terms/2" => (ConsentKind::Supersede, Some(("terms", 2))),
        "supersede others/3" => (ConsentKind::Supersede, Some(("others", 3))),
        "block" => (ConsentKind::Block { why: Block::Legal }, None),
        "unblock" => (ConsentKind::Unblock, None),
        other => panic!("the table has no event {other}"),
    };
    let (lang, sha256) = ("en".into(), "0".repeat(64).into());
    let notice = notice.map(|(id, version)| Notice { id: id.into(), version, lang, sha256, shown_at: NOW });
    ConsentEvent {
        id: EventId::new("e").unwrap(),
        merchant: MerchantId::new("shop").unwrap(),
        purpose: Purpose::Location,
        kind,
        actor: Actor::Own,
        method: Method::Toggle,
        notice,
        evidence_at: Some(NOW),
        app: None,
    }
}

fn move_to(event: &mut ConsentEvent, at: Timestamp) {
    event.evidence_at = Some(at);
    if let Some(notice) = &mut event.notice {
        notice.shown_at = at;
    }
}

/// What the table says became of an event: the state it led to, or the effect without a state.
fn told(effect: Effect, after: ConsentState) -> &'static str {
    match effect {
        Effect::Applied => name(after),
        Effect::NothingToChange => "same",
        Effect::LateGrant => "late",
        Effect::NoEvidence => "proof",
        Effect::NotAttested => "vouch",
        Effect::Erased => "erased",
    }
}

const fn kind_no(kind: ConsentKind) -> usize {
    match kind {
        ConsentKind::Show => 0,
        ConsentKind::Grant { .. } => 1,
        ConsentKind::Confirm { .. } => 2,
        ConsentKind::Refuse => 3,
        ConsentKind::Withdraw => 4,
        ConsentKind::Pause { .. } => 5,
        ConsentKind::Resume => 6,
        ConsentKind::Supersede => 7,
        ConsentKind::Block { .. } => 8,
        ConsentKind::Unblock => 9,
    }
}

const fn state_no(state: ConsentState) -> usize {
    match state {
        ConsentState::Unknown => 0,
        ConsentState::Requested => 1,
        ConsentState::PendingConfirmation { .. } => 2,
        ConsentState::Granted { .. } => 3,
        ConsentState::Paused { .. } => 4,
        ConsentState::Refused => 5,
        ConsentState::Withdrawn => 6,
        ConsentState::Expired => 7,
        ConsentState::Superseded => 8,
        ConsentState::Suppressed { .. } => 9,
    }
}

#[test]
fn every_transition_is_as_the_table_says() {
    let mut lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let columns: Vec<&str> = lines.next().expect("a head").split_whitespace().skip(1).collect();
    let (mut pairs, mut effects, mut n_cells) = (BTreeSet::new(), BTreeSet::new(), 0);
    let mut wrong = Vec::new();
    for line in lines {
        let (text, cells) = line.split_at(31);
        let Case { event, weighing, erased_at } = case(text.trim());
        let cells: Vec<&str> = cells.split_whitespace().collect();
        assert_eq!(cells.len(), columns.len(), "{line}");
        for (column, cell) in columns.iter().zip(cells) {
            let (before, restricted_at) = state(column);
            let notice = NoticeName { id: "terms".into(), version: 2 };
            let past = Past { state: before, restricted_at, notice: Some(&notice), erased_at };
            let (effect, after) = transition(past, &event, weighing, &GatePolicy::default(), NOW);
            if told(effect, after) != cell {
                wrong.push(format!("{} of {column}: {} and not {cell}", text.trim(), told(effect, after)));
            }
            assert!(effect == Effect::Applied || after == before, "{text} of {column} changes the state");
            pairs.insert((kind_no(event.kind), state_no(before)));
            effects.insert(effect.word());
            n_cells += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(pairs.len(), 10 * 10, "every kind meets every state");
    assert_eq!(effects.len(), Effect::ALL.len(), "every effect comes about");
    println!("{n_cells} transitions of {} pairs of a kind and a state", pairs.len());
}
