//! The laws of the gate, over random histories.

use std::collections::VecDeque;

use consent_gate::{
    Actor, Change, ConsentEvent, ConsentKind, Effect, EventId, Gate, GatePolicy, Method, Notice, Purpose,
    Weighing,
};
use model::{Channel, CustomerNo, MerchantId, MerchantNo, Millis, Timestamp};
use proptest::prelude::*;

const ANNA: CustomerNo = CustomerNo::new(0, 0);
const SHOP: MerchantNo = MerchantNo(0);
const CAFE: MerchantNo = MerchantNo(1);

/// What a customer does, and how many minutes after the thing before.
#[derive(Clone, Debug)]
struct Act {
    minutes: i64,
    kind: ConsentKind,
    /// How many minutes go by until the ledger has it.
    recorded_after: i64,
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_800_000_000_000) + Millis::from_mins(minute)
}

fn until() -> impl Strategy<Value = Option<Timestamp>> {
    prop_oneof![Just(None), (0..400_i64).prop_map(|minute| Some(at(minute)))]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let kind = prop_oneof![
        4 => until().prop_map(|until| ConsentKind::Grant { until, confirm: None }),
        1 => Just(ConsentKind::Refuse),
        2 => Just(ConsentKind::Withdraw),
        3 => until().prop_map(|until| ConsentKind::Pause { until }),
        2 => Just(ConsentKind::Resume),
    ];
    let act = (1..30_i64, kind, 0..5_i64).prop_map(|(minutes, kind, recorded_after)| Act {
        minutes,
        kind,
        recorded_after,
    });
    prop::collection::vec(act, 1..12)
}

/// The events of a history, each with the minute in which the customer acted.
fn events(acts: &[Act]) -> Vec<(i64, ConsentEvent)> {
    let mut minute = 0;
    let dated = acts.iter().enumerate().map(|(i, act)| {
        minute += act.minutes;
        (minute, event(i, act.kind, at(minute)))
    });
    dated.collect()
}

fn event(i: usize, kind: ConsentKind, acted_at: Timestamp) -> ConsentEvent {
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

fn open_gate() -> Gate {
    let mut gate = Gate::new(GatePolicy::default());
    gate.open();
    gate
}

fn hear(gate: &mut Gate, event: &ConsentEvent, now: Timestamp) -> Effect {
    let change = gate.weigh(ANNA, SHOP, event, Weighing::PLAIN, now);
    gate.confirm(&change);
    change.effect
}

fn allows(gate: &Gate, now: Timestamp) -> bool {
    gate.check(ANNA, SHOP, Purpose::Location, now).is_ok()
}

/// An event that was weighed.
struct Heard {
    kind: ConsentKind,
    effect: Effect,
    is_recorded: bool,
}

/// What the events allow at an instant, counted anew each time.
fn plainly_allows(heard: &[Heard], now: Timestamp) -> bool {
    let (mut granted_until, mut paused_until) = (None, None);
    for event in heard.iter().filter(|event| event.effect == Effect::Applied) {
        match event.kind {
            ConsentKind::Refuse | ConsentKind::Withdraw => (granted_until, paused_until) = (None, None),
            ConsentKind::Pause { until } => paused_until = Some(until.unwrap_or(Timestamp::MAX)),
            ConsentKind::Resume if event.is_recorded => paused_until = None,
            ConsentKind::Grant { until, confirm: None } if event.is_recorded => {
                (granted_until, paused_until) = (Some(until.unwrap_or(Timestamp::MAX)), None);
            }
            _ => {}
        }
    }
    granted_until.is_some_and(|until| now < until) && paused_until.is_none_or(|until| until <= now)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_comes_again_or_in_another_order_brings_a_consent_back(
        acts in acts(),
        again in prop::collection::vec((0..12_usize, 0..500_i64), 1..20),
        last in prop_oneof![
            Just(ConsentKind::Withdraw), Just(ConsentKind::Refuse), Just(ConsentKind::Pause { until: None })
        ],
    ) {
        let (mut gate, mut minute) = (open_gate(), 0);
        let events = events(&acts);
        for (acted, event) in &events {
            minute = *acted;
            hear(&mut gate, event, at(minute));
        }
        minute += 1;
        // A pause of what is not granted changes nothing, and restricts nothing.
        prop_assume!(hear(&mut gate, &event(99, last, at(minute)), at(minute)) == Effect::Applied);
        for (i, minutes) in again {
            minute += minutes;
            let (_, event) = &events[i % events.len()];
            hear(&mut gate, event, at(minute));
            prop_assert!(!allows(&gate, at(minute)), "{:?} came again", event.kind);
            prop_assert!(!allows(&gate, at(minute + 600_000)), "{:?} came again", event.kind);
        }
    }

    #[test]
    fn no_clock_of_a_phone_brings_a_consent_back(
        acts in acts(),
        ahead_secs in -600..600_i64,
        again in prop::collection::vec((0..12_usize, 0..20_i64), 1..20),
        last in prop_oneof![Just(ConsentKind::Withdraw), Just(ConsentKind::Refuse)],
    ) {
        let (mut gate, mut minute) = (open_gate(), 0);
        let by_phone = |minute: i64| at(minute) + Millis::from_secs(ahead_secs);
        let said: Vec<_> = acts.iter().zip(events(&acts)).map(|(act, (minute, _))| (minute, event(0, act.kind, by_phone(minute)))).collect();
        for (acted, event) in &said {
            minute = *acted;
            hear(&mut gate, event, at(minute));
        }
        minute += 1;
        hear(&mut gate, &event(99, last, by_phone(minute)), at(minute));
        for (i, minutes) in again {
            minute += minutes;
            let (_, event) = &said[i % said.len()];
            hear(&mut gate, event, at(minute));
            prop_assert!(!allows(&gate, at(minute)), "{:?} came again", event.kind);
        }
    }

    #[test]
    fn what_ran_out_stays_so_whatever_comes_again(
        acts in acts(),
        again in prop::collection::vec(0..12_usize, 1..20),
    ) {
        let mut gate = open_gate();
        let lasts = |event: &ConsentEvent| matches!(event.kind, ConsentKind::Grant { until: None, confirm: None });
        let events: Vec<_> = events(&acts).into_iter().filter(|(_, event)| !lasts(event)).collect();
        for (acted, event) in &events {
            hear(&mut gate, event, at(*acted));
        }
        for i in again {
            if let Some((_, event)) = events.get(i % events.len().max(1)) {
                hear(&mut gate, event, at(10_000));
            }
            prop_assert!(!allows(&gate, at(10_000)));
        }
    }

    #[test]
    fn the_gate_allows_what_a_plain_count_of_recorded_events_allows(acts in acts()) {
        let mut gate = open_gate();
        let (mut heard, mut unrecorded) = (Vec::<Heard>::new(), VecDeque::<(Timestamp, usize, Change)>::new());
        let mut now = at(0);
        for ((acted, event), act) in events(&acts).iter().zip(&acts) {
            now = at(*acted);
            while unrecorded.front().is_some_and(|(due_at, ..)| *due_at <= now) {
                let (_, i, change) = unrecorded.pop_front().expect("there is one");
                gate.confirm(&change);
                heard[i].is_recorded = true;
            }
            let change = gate.weigh(ANNA, SHOP, event, Weighing::PLAIN, now);
            unrecorded.push_back((now + Millis::from_mins(act.recorded_after), heard.len(), change));
            heard.push(Heard { kind: event.kind, effect: change.effect, is_recorded: false });
            for later in [0, 1, 50, 399, 400, 1_000] {
                let then = now + Millis::from_mins(later);
                let is_fine = !allows(&gate, then) || plainly_allows(&heard, then);
                prop_assert!(is_fine, "{later} minutes after {:?}", event.kind);
            }
        }
        for (_, i, change) in unrecorded {
            gate.confirm(&change);
            heard[i].is_recorded = true;
        }
        for minute in 0..900 {
            let then = now + Millis::from_mins(minute);
            prop_assert_eq!(allows(&gate, then), plainly_allows(&heard, then), "at minute {}", minute);
        }
    }

    #[test]
    fn a_pause_ends_exactly_at_its_instant_and_never_extends(
        granted in 1..500_i64,
        paused in 1..500_i64,
        asked in 0..1_000_i64,
    ) {
        let mut gate = open_gate();
        hear(&mut gate, &event(0, ConsentKind::Grant { until: Some(at(granted)), confirm: None }, at(0)), at(0));
        hear(&mut gate, &event(1, ConsentKind::Pause { until: Some(at(paused)) }, at(0)), at(0));
        prop_assert_eq!(allows(&gate, at(asked)), paused <= asked && asked < granted);
    }

    #[test]
    fn what_was_not_asked_for_is_denied(acts in acts(), minute in 0..1_000_i64) {
        let mut gate = open_gate();
        for (acted, event) in events(&acts) {
            hear(&mut gate, &event, at(acted));
        }
        let now = at(minute);
        prop_assert!(gate.check(ANNA, CAFE, Purpose::Location, now).is_err());
        prop_assert!(gate.check(ANNA, SHOP, Purpose::OffersPush, now).is_err());
        prop_assert!(gate.release(ANNA, (SHOP, Channel::Push), (), now).is_err());
        prop_assert!(gate.check(CustomerNo::new(1, 0), SHOP, Purpose::Location, now).is_err());
        gate.shut();
        prop_assert!(gate.admit(ANNA, (), now).is_err());
        prop_assert!(gate.check(ANNA, SHOP, Purpose::Location, now).is_err());
    }

    #[test]
    fn only_a_restriction_raises_the_epoch_and_each_does(acts in acts()) {
        let mut gate = open_gate();
        for (acted, event) in events(&acts) {
            let before = gate.epoch(ANNA);
            let applied = hear(&mut gate, &event, at(acted)) == Effect::Applied;
            let raises = applied && event.kind.is_a_no();
            prop_assert_eq!(gate.epoch(ANNA), if raises { before.next() } else { before });
        }
    }
}
