//! Random histories of one consent, and a gate that lives through them.

use consent_gate::{
    Actor, Block, Change, ConsentEvent, ConsentKind, ConsentState, Effect, EventId, Gate, GatePolicy, Method,
    Notice, OptIn, Purpose, TokenHash, Weighing,
};
use model::{CustomerNo, MerchantId, MerchantNo, Millis, Timestamp};
use proptest::prelude::*;

pub(crate) const ANNA: CustomerNo = CustomerNo::new(0, 0);
pub(crate) const SHOP: MerchantNo = MerchantNo(0);
pub(crate) const CAFE: MerchantNo = MerchantNo(1);

pub(crate) const DOUBLE: Weighing = Weighing { opt_in: OptIn::Double, ..Weighing::PLAIN };

/// What a customer does, and how many minutes after the thing before.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) minutes: i64,
    pub(crate) kind: ConsentKind,
    pub(crate) version: u32,
    pub(crate) opt_in: OptIn,
    /// How many minutes go by until the ledger has it.
    pub(crate) recorded_after: i64,
}

pub(crate) fn at(minute: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_800_000_000_000) + Millis::from_mins(minute)
}

pub(crate) fn until() -> impl Strategy<Value = Option<Timestamp>> {
    prop_oneof![Just(None), (0..400_i64).prop_map(|minute| Some(at(minute)))]
}

pub(crate) fn token() -> impl Strategy<Value = TokenHash> {
    (0..3_u8).prop_map(|byte| TokenHash::from_bytes([byte; 32]))
}

/// Every kind, and those that give more than those that take.
pub(crate) fn kind() -> impl Strategy<Value = ConsentKind> {
    prop_oneof![
        6 => (until(), prop::option::of(token())).prop_map(|(until, confirm)| ConsentKind::Grant { until, confirm }),
        3 => token().prop_map(|token| ConsentKind::Confirm { token }),
        3 => until().prop_map(|until| ConsentKind::Pause { until }),
        2 => Just(ConsentKind::Resume),
        2 => Just(ConsentKind::Withdraw),
        1 => Just(ConsentKind::Refuse),
        1 => Just(ConsentKind::Show),
        1 => Just(ConsentKind::Supersede),
        1 => prop::sample::select(&Block::ALL).prop_map(|why| ConsentKind::Block { why }),
        2 => Just(ConsentKind::Unblock),
    ]
}

pub(crate) fn acts() -> impl Strategy<Value = Vec<Act>> {
    let opt_in = prop_oneof![3 => Just(OptIn::Single), 2 => Just(OptIn::Double)];
    let act = (1..30_i64, kind(), 1..4_u32, opt_in, 0..5_i64).prop_map(
        |(minutes, kind, version, opt_in, recorded_after)| Act {
            minutes,
            kind,
            version,
            opt_in,
            recorded_after,
        },
    );
    prop::collection::vec(act, 1..16)
}

/// A no that leaves nothing, however it is said.
pub(crate) fn last_no() -> impl Strategy<Value = ConsentKind> {
    prop_oneof![
        Just(ConsentKind::Withdraw),
        Just(ConsentKind::Refuse),
        Just(ConsentKind::Pause { until: None }),
        Just(ConsentKind::Supersede),
        Just(ConsentKind::Block { why: Block::Legal }),
    ]
}

/// What was said, how it is weighed, and in which minute the customer acted.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) minute: i64,
    pub(crate) event: ConsentEvent,
    pub(crate) weighing: Weighing,
}

/// The events of a history.
pub(crate) fn said(acts: &[Act]) -> Vec<Said> {
    let mut minute = 0;
    let said = acts.iter().enumerate().map(|(i, act)| {
        minute += act.minutes;
        let mut event = event(i, act.kind, at(minute));
        if let Some(notice) = &mut event.notice {
            notice.version = act.version;
        }
        Said { minute, event, weighing: Weighing { opt_in: act.opt_in, ..Weighing::PLAIN } }
    });
    said.collect()
}

pub(crate) fn event(i: usize, kind: ConsentKind, acted_at: Timestamp) -> ConsentEvent {
    let (id, lang, sha256) = ("n".into(), "en".into(), "0".repeat(64).into());
    ConsentEvent {
        id: EventId::new(&format!("e{i}")).unwrap(),
        merchant: MerchantId::new("shop").unwrap(),
        purpose: Purpose::Location,
        kind,
        actor: Actor::Own,
        method: Method::Toggle,
        notice: Some(Notice { id, version: 1, lang, sha256, shown_at: acted_at }),
        evidence_at: Some(acted_at),
        app: None,
    }
}

pub(crate) fn open_gate() -> Gate {
    let mut gate = Gate::new(GatePolicy::default());
    gate.open();
    gate
}

pub(crate) fn hear_as(gate: &mut Gate, event: &ConsentEvent, weighing: Weighing, now: Timestamp) -> Change {
    let change = gate.weigh(ANNA, SHOP, event, weighing, now);
    gate.confirm(&change);
    change
}

pub(crate) fn hear(gate: &mut Gate, event: &ConsentEvent, now: Timestamp) -> Effect {
    hear_as(gate, event, Weighing::PLAIN, now).effect
}

/// A gate after a history, and the minute of its last word.
pub(crate) fn gate_after(said: &[Said]) -> (Gate, i64) {
    let mut gate = open_gate();
    for word in said {
        hear_as(&mut gate, &word.event, word.weighing, at(word.minute));
    }
    (gate, said.last().map_or(0, |word| word.minute))
}

pub(crate) fn allows(gate: &Gate, now: Timestamp) -> bool {
    gate.check(ANNA, SHOP, Purpose::Location, now).is_ok()
}

/// Instants at which something that was granted or paused may begin or end.
pub(crate) fn probes(now: Timestamp) -> impl Iterator<Item = Timestamp> {
    let minutes = [0, 1, 5, 30, 100, 399, 400, 1_000, 5_000, 600_000];
    minutes.into_iter().map(move |minutes| now + Millis::from_mins(minutes))
}

pub(crate) fn state(gate: &Gate) -> ConsentState {
    gate.rows(ANNA).next().map_or(ConsentState::Unknown, |row| row.state)
}

#[test]
fn histories_are_lively_enough_to_mean_something() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut n_words = std::collections::BTreeMap::<&str, usize>::new();
    for _ in 0..2_000 {
        let acts = acts().new_tree(&mut runner).expect("a history").current();
        let mut gate = open_gate();
        for word in said(&acts) {
            let change = hear_as(&mut gate, &word.event, word.weighing, at(word.minute));
            *n_words.entry(change.effect.word()).or_default() += 1;
            *n_words.entry(change.state.word(at(word.minute))).or_default() += 1;
        }
        assert!(gate.epoch(ANNA).0 <= 16);
    }
    println!("{n_words:?}");
    let enough = |word: &str| 100 < n_words.get(word).copied().unwrap_or_default();
    for word in [
        "unknown",
        "requested",
        "pending_confirmation",
        "granted",
        "paused",
        "refused",
        "withdrawn",
        "expired",
        "superseded",
        "suppressed",
        "applied",
        "no_evidence",
        "nothing_to_change",
    ] {
        assert!(enough(word), "{word} hardly ever comes about: {n_words:?}");
    }
}
