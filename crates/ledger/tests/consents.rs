//! What the gate does of everything that is said about consent, and what the entries say of it: the same.

use consent_gate::{
    Actor, Block, ConsentEvent, ConsentKind, ConsentRow, EventId, Gate, GatePolicy, Hearing, Method, Notice,
    OptIn, Purpose, TokenHash, Weighing,
};
use ledger::{ConsentEntry, Entry, Rebuilt, What};
use model::{CustomerId, CustomerNo, MerchantId, MerchantNo, Millis, Timestamp};
use proptest::prelude::*;

const ANNA: CustomerNo = CustomerNo::new(0, 0);
const PURPOSES: [Purpose; 3] = [Purpose::Location, Purpose::Background, Purpose::OffersPush];

#[derive(Clone, Debug)]
struct Said {
    days: i64,
    merchant: u32,
    purpose: usize,
    kind: ConsentKind,
    version: u32,
    shown_ago: i64,
    weighing: Weighing,
}

fn kind() -> impl Strategy<Value = ConsentKind> {
    let token = || (0..2_u8).prop_map(|byte| TokenHash::from_bytes([byte; 32]));
    prop_oneof![
        6 => prop::option::of(token()).prop_map(|confirm| ConsentKind::Grant { until: None, confirm }),
        3 => token().prop_map(|token| ConsentKind::Confirm { token }),
        2 => Just(ConsentKind::Pause { until: None }),
        2 => Just(ConsentKind::Resume),
        1 => Just(ConsentKind::Withdraw),
        1 => Just(ConsentKind::Refuse),
        1 => Just(ConsentKind::Show),
        1 => Just(ConsentKind::Supersede),
        1 => prop::sample::select(&Block::ALL).prop_map(|why| ConsentKind::Block { why }),
        2 => Just(ConsentKind::Unblock),
    ]
}

fn said() -> impl Strategy<Value = Said> {
    let opt_in = prop_oneof![Just(OptIn::Single), Just(OptIn::Double)];
    let weighing = (opt_in, prop::sample::select(&Hearing::ALL), prop::option::of(1..400_i64)).prop_map(
        |(opt_in, hearing, lasts)| Weighing { opt_in, hearing, lasts_max: lasts.map(Millis::from_days) },
    );
    (0..200_i64, 0..2_u32, 0..3_usize, kind(), 1..3_u32, 0..3_i64, weighing).prop_map(
        |(days, merchant, purpose, kind, version, shown_ago, weighing)| Said {
            days,
            merchant,
            purpose,
            kind,
            version,
            shown_ago,
            weighing,
        },
    )
}

fn merchant(no: u32) -> MerchantId {
    MerchantId::new(["north", "south"][no as usize]).unwrap()
}

fn event(said: &Said, now: Timestamp) -> ConsentEvent {
    let (id, lang, sha256) = ("terms".into(), "en".into(), "0".repeat(64).into());
    let shown_at = now - Millis::from_days(said.shown_ago);
    ConsentEvent {
        id: EventId::new("e").unwrap(),
        merchant: merchant(said.merchant),
        purpose: PURPOSES[said.purpose],
        kind: said.kind,
        actor: Actor::Own,
        method: Method::Toggle,
        notice: Some(Notice { id, version: said.version, lang, sha256, shown_at }),
        evidence_at: Some(shown_at),
        app: None,
    }
}

fn rows(gate: &Gate) -> Vec<ConsentRow> {
    let mut rows: Vec<_> = gate.rows(ANNA).map(|row| row.named(merchant(row.merchant.0))).collect();
    rows.sort_by(|a, b| (&a.merchant, a.purpose).cmp(&(&b.merchant, b.purpose)));
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replay_restores_state_of_every_kind_of_word_and_of_reminders(history in prop::collection::vec(said(), 1..30)) {
        let mut gate = Gate::new(GatePolicy::default());
        gate.open();
        let customer = CustomerId::new("anna").unwrap();
        let (mut rebuilt, mut now) = (Rebuilt::default(), Timestamp::from_unix_ms(1_800_000_000_000));
        for said in &history {
            now = now + Millis::from_days(said.days);
            let event = event(said, now);
            let change = gate.weigh(ANNA, MerchantNo(said.merchant), &event, said.weighing, now);
            gate.confirm(&change);
            let (hearing, effect) = (said.weighing.hearing, change.effect);
            let entry = ConsentEntry { event, hearing, effect, state: change.state, epoch: change.epoch };
            let mut entries = vec![What::Consent(entry)];
            let mut due = Vec::new();
            gate.due_reminders(10, &mut due, now);
            entries.extend(due.into_iter().map(|due| What::Reminder {
                merchant: merchant(due.merchant.0),
                purpose: due.purpose,
                until: due.until,
            }));
            for what in entries {
                rebuilt.apply(&Entry { customer: customer.clone(), at: now, what });
            }
            prop_assert_eq!((&rebuilt.consents, rebuilt.epoch), (&rows(&gate), gate.epoch(ANNA)));
        }
    }
}
