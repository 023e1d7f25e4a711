//! The front door answers by a pass that was worked out beforehand: it must say what the rows say.

use consent_gate::{
    Block, Change, ConsentKind, ConsentRow, ConsentState, Epoch, Gate, GatePolicy, Purpose, Refusal,
};
use model::{CustomerNo, MerchantId, MerchantNo, Timestamp};
use proptest::prelude::*;

use crate::histories::*;

/// Whatever may change what is known of a customer.
#[derive(Clone, Debug)]
enum Deed {
    Say {
        merchant: MerchantNo,
        purpose: Purpose,
        kind: ConsentKind,
        is_recorded: bool,
    },
    /// The ledger has one of the changes, in whatever order.
    Record {
        place: usize,
    },
    Block {
        why: Option<Block>,
    },
    SetHome {
        is_known: bool,
    },
    Load {
        merchant: MerchantNo,
        state: ConsentState,
    },
    Forget,
}

fn purpose() -> impl Strategy<Value = Purpose> {
    prop_oneof![3 => Just(Purpose::Location), 1 => Just(Purpose::Background), 1 => Just(Purpose::OffersPush)]
}

/// Instants that are near, and those that are hardly there.
fn instant() -> impl Strategy<Value = Timestamp> {
    let far = [i64::MIN, i64::MIN + 1, i64::MIN >> 8, i64::MAX >> 8, i64::MAX - 1, i64::MAX];
    prop_oneof![
        8 => (0..400_i64).prop_map(at),
        2 => prop::sample::select(far.to_vec()).prop_map(Timestamp::from_unix_ms),
        1 => any::<i64>().prop_map(Timestamp::from_unix_ms),
    ]
}

fn state() -> impl Strategy<Value = ConsentState> {
    prop_oneof![
        Just(ConsentState::Unknown),
        Just(ConsentState::Requested),
        Just(ConsentState::Refused),
        Just(ConsentState::Withdrawn),
        Just(ConsentState::Expired),
        Just(ConsentState::Superseded),
        instant().prop_map(|until| ConsentState::Granted { until }),
        (instant(), instant())
            .prop_map(|(until, granted_until)| ConsentState::Paused { until, granted_until }),
        (instant(), instant(), token(), prop::option::of(instant())).prop_map(
            |(until, granted_until, token, renews)| {
                ConsentState::PendingConfirmation { until, granted_until, token, renews }
            }
        ),
        prop::sample::select(&Block::ALL).prop_map(|why| ConsentState::Suppressed { why }),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    let merchant = || prop::sample::select(&[SHOP, CAFE][..]);
    prop_oneof![
        12 => (merchant(), purpose(), kind(), any::<bool>()).prop_map(|(merchant, purpose, kind, is_recorded)| {
            Deed::Say { merchant, purpose, kind, is_recorded }
        }),
        6 => (0..8_usize).prop_map(|place| Deed::Record { place }),
        1 => prop::option::of(Just(Block::Minor)).prop_map(|why| Deed::Block { why }),
        1 => any::<bool>().prop_map(|is_known| Deed::SetHome { is_known }),
        2 => (merchant(), state()).prop_map(|(merchant, state)| Deed::Load { merchant, state }),
        1 => Just(Deed::Forget),
    ]
}

/// What the rows say, one after the other.
fn slowly(gate: &Gate, customer: CustomerNo, now: Timestamp) -> Result<(), Refusal> {
    let seeing = gate.rows(customer).filter(|row| row.purpose == Purpose::Location);
    let answers = seeing.map(|row| gate.check(customer, row.merchant, Purpose::Location, now));
    // Whoever has no row is refused for what keeps them out altogether, or as one who never said a word.
    let nothing_said = gate.check(customer, MerchantNo(u32::MAX), Purpose::Location, now);
    answers
        .reduce(Result::or)
        .map_or(nothing_said, |answer| answer.map_err(|_| first_no(gate, customer, now)))
}

fn first_no(gate: &Gate, customer: CustomerNo, now: Timestamp) -> Refusal {
    let mut seeing = gate.rows(customer).filter(|row| row.purpose == Purpose::Location);
    let first = seeing.next().expect("there is a row");
    gate.check(customer, first.merchant, Purpose::Location, now).expect_err("nobody may look")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pass_says_at_every_instant_what_the_rows_say(
        deeds in prop::collection::vec(deed(), 1..24),
        probes_too in prop::collection::vec(instant(), 1..6),
        needs_home in any::<bool>(),
    ) {
        let mut gate = Gate::new(GatePolicy { needs_home, ..GatePolicy::default() });
        gate.open();
        gate.set_home(ANNA, true);
        let mut customer = ANNA;
        let mut unrecorded = Vec::<Change>::new();
        for (i, deed) in deeds.into_iter().enumerate() {
            let now = at(10 * i as i64);
            match deed {
                Deed::Say { merchant, purpose, kind, is_recorded } => {
                    let event = consent_gate::ConsentEvent { purpose, ..event(i, kind, now) };
                    let change = gate.weigh(customer, merchant, &event, DOUBLE, now);
                    if is_recorded { gate.confirm(&change) } else { unrecorded.push(change) }
                }
                Deed::Record { place } if place < unrecorded.len() => gate.confirm(&unrecorded.remove(place)),
                Deed::Record { .. } => {}
                Deed::Block { why } => gate.block(customer, why),
                Deed::SetHome { is_known } => gate.set_home(customer, is_known),
                Deed::Load { merchant, state } => {
                    let name = MerchantId::new("shop").unwrap();
                    let row = ConsentRow { state, ..ConsentRow::new(name, Purpose::Location) };
                    gate.load(customer, Epoch(i as u32), [(merchant, row)]);
                }
                Deed::Forget => {
                    gate.forget(customer);
                    let gone = customer;
                    customer = CustomerNo::new(0, customer.generation() + 1);
                    prop_assert!(gate.admit(gone, (), now).is_err_and(|why| why == Refusal::UnknownCustomer));
                }
            }
            let instants = probes(now).chain([Timestamp::MIN, Timestamp::MAX]).chain(probes_too.iter().copied());
            for instant in instants {
                let answer = gate.admit(customer, (), instant);
                let (slowly, epoch) = (slowly(&gate, customer, instant), gate.epoch(customer));
                prop_assert_eq!(answer.as_ref().map(|_| ()).map_err(|why| *why), slowly, "at {:?}", instant);
                prop_assert!(answer.is_err() || answer.is_ok_and(|admitted| admitted.epoch() == epoch));
            }
        }
    }
}
