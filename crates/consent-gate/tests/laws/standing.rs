//! What allows, until when, and what every no does at once.

use std::collections::VecDeque;

use consent_gate::{
    Block, Change, ConsentEvent, ConsentKind, ConsentState, Effect, Gate, GatePolicy, NoticeName, Purpose,
};
use model::{Channel, CustomerNo, MerchantId, Millis, Timestamp};
use proptest::prelude::*;

use crate::histories::*;

/// An event that was weighed.
struct Heard {
    event: ConsentEvent,
    after: ConsentState,
    effect: Effect,
    is_recorded: bool,
}

/// What the events allow at an instant, counted anew each time: of every yes the machine says only
/// whether it counts and until when. While a yes is on its way to the ledger, an end that an earlier
/// one named may still be that of the one before it.
fn plainly_allows(heard: &[Heard], now: Timestamp) -> bool {
    let all_recorded = heard.iter().all(|word| word.is_recorded);
    let (mut granted_until, mut paused_until) = (None, None);
    for word in heard.iter().filter(|word| word.effect == Effect::Applied) {
        match word.event.kind {
            ConsentKind::Pause { until } => paused_until = Some(until.unwrap_or(Timestamp::MAX)),
            ConsentKind::Resume if word.is_recorded => paused_until = None,
            ConsentKind::Grant { .. } | ConsentKind::Confirm { .. } => match word.after {
                ConsentState::Granted { until } if word.is_recorded => {
                    let before = granted_until.filter(|_| !all_recorded);
                    (granted_until, paused_until) = (Some(until).max(before), None);
                }
                ConsentState::Granted { .. } | ConsentState::PendingConfirmation { renews: Some(_), .. } => {}
                _ => (granted_until, paused_until) = (None, None),
            },
            ConsentKind::Refuse
            | ConsentKind::Withdraw
            | ConsentKind::Supersede
            | ConsentKind::Block { .. } => (granted_until, paused_until) = (None, None),
            ConsentKind::Resume | ConsentKind::Show | ConsentKind::Unblock => {}
        }
    }
    granted_until.is_some_and(|until| now < until) && paused_until.is_none_or(|until| until <= now)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_gate_allows_what_a_plain_count_of_recorded_events_allows(acts in acts()) {
        let mut gate = open_gate();
        let (mut heard, mut unrecorded) = (Vec::<Heard>::new(), VecDeque::<(Timestamp, usize, Change)>::new());
        let mut now = at(0);
        for (word, act) in said(&acts).into_iter().zip(&acts) {
            now = at(word.minute);
            while unrecorded.front().is_some_and(|(due_at, ..)| *due_at <= now) {
                let (_, i, change) = unrecorded.pop_front().expect("there is one");
                gate.confirm(&change);
                heard[i].is_recorded = true;
            }
            let change = gate.weigh(ANNA, SHOP, &word.event, word.weighing, now);
            unrecorded.push_back((now + Millis::from_mins(act.recorded_after), heard.len(), change));
            let (kind, event) = (word.event.kind, word.event);
            heard.push(Heard { event, after: change.state, effect: change.effect, is_recorded: false });
            for then in probes(now) {
                prop_assert!(!allows(&gate, then) || plainly_allows(&heard, then), "after {kind:?}");
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
    fn only_a_grant_in_force_allows(acts in acts(), minute in 0..1_000_i64) {
        let (gate, _) = gate_after(&said(&acts));
        let in_force = match state(&gate) {
            ConsentState::Granted { until } => at(minute) < until,
            ConsentState::Paused { until, granted_until } => until <= at(minute) && at(minute) < granted_until,
            ConsentState::PendingConfirmation { renews: Some(until), .. } => at(minute) < until,
            _ => false,
        };
        prop_assert_eq!(allows(&gate, at(minute)), in_force);
        let word = state(&gate).word(at(minute));
        prop_assert!(word == "granted" || word == "pending_confirmation" || !in_force);
        prop_assert!(word != "granted" || in_force);
    }

    #[test]
    fn a_pause_ends_exactly_at_its_instant_and_never_extends(
        granted in 1..500_i64,
        paused in 1..500_i64,
        asked in 0..1_000_i64,
    ) {
        let mut gate = open_gate();
        let grant = ConsentKind::Grant { until: Some(at(granted)), confirm: None };
        hear(&mut gate, &event(0, grant, at(0)), at(0));
        hear(&mut gate, &event(1, ConsentKind::Pause { until: Some(at(paused)) }, at(0)), at(0));
        prop_assert_eq!(allows(&gate, at(asked)), paused <= asked && asked < granted);
    }

    #[test]
    fn no_pause_nor_resumption_ever_extends_a_grant(acts in acts()) {
        let mut gate = open_gate();
        for word in said(&acts) {
            let before = state(&gate).granted_until();
            let is_rest = matches!(word.event.kind, ConsentKind::Pause { .. } | ConsentKind::Resume);
            hear_as(&mut gate, &word.event, word.weighing, at(word.minute));
            prop_assert!(!is_rest || state(&gate).granted_until() == before);
        }
    }

    #[test]
    fn what_was_not_asked_for_is_denied(acts in acts(), minute in 0..1_000_i64) {
        let (mut gate, _) = gate_after(&said(&acts));
        let now = at(minute);
        prop_assert!(gate.check(ANNA, CAFE, Purpose::Location, now).is_err());
        prop_assert!(gate.check(ANNA, SHOP, Purpose::OffersPush, now).is_err());
        prop_assert!(gate.check(ANNA, SHOP, Purpose::Background, now).is_err());
        prop_assert!(gate.admit_in_background(ANNA, now).is_err());
        prop_assert!(gate.release(ANNA, (SHOP, Channel::Push), (), now).is_err());
        prop_assert!(gate.check(CustomerNo::new(1, 0), SHOP, Purpose::Location, now).is_err());
        gate.shut();
        prop_assert!(gate.admit(ANNA, (), now).is_err());
        prop_assert!(gate.check(ANNA, SHOP, Purpose::Location, now).is_err());
    }

    #[test]
    fn nothing_is_ever_disclosed_to_others(acts in acts(), minute in 0..1_000_i64) {
        let mut gate = open_gate();
        for mut word in said(&acts) {
            word.event.purpose = Purpose::ThirdParty;
            hear_as(&mut gate, &word.event, word.weighing, at(word.minute));
        }
        prop_assert!(gate.check(ANNA, SHOP, Purpose::ThirdParty, at(minute)).is_err());
    }

    #[test]
    fn the_epoch_rises_with_every_restriction_and_never_falls(acts in acts()) {
        let mut gate = open_gate();
        for word in said(&acts) {
            let now = at(word.minute);
            let (epoch, before) = (gate.epoch(ANNA), probes(now).map(|then| allows(&gate, then)).collect::<Vec<_>>());
            let change = hear_as(&mut gate, &word.event, word.weighing, now);
            let applied = change.effect == Effect::Applied;
            // A new grant may name an earlier end than the one before it: nothing is taken back.
            let is_yes = matches!(word.event.kind, ConsentKind::Grant { .. } | ConsentKind::Confirm { .. });
            let renews = is_yes && matches!(change.state, ConsentState::Granted { .. });
            let lowers = probes(now).zip(&before).any(|(then, before)| *before && !allows(&gate, then));
            let epoch_now = gate.epoch(ANNA);
            prop_assert!(epoch <= epoch_now && epoch_now <= epoch.next());
            prop_assert!(!lowers || renews || epoch < epoch_now, "{:?} lowers", word.event.kind);
            prop_assert!(!(applied && word.event.kind.is_a_no()) || epoch < epoch_now);
            prop_assert_eq!(change.epoch, epoch_now);
        }
    }

    #[test]
    fn a_restriction_holds_before_it_is_recorded_and_a_yes_only_after(acts in acts()) {
        let mut gate = open_gate();
        for word in said(&acts) {
            let now = at(word.minute);
            let before: Vec<bool> = probes(now).map(|then| allows(&gate, then)).collect();
            let change = gate.weigh(ANNA, SHOP, &word.event, word.weighing, now);
            for (then, before) in probes(now).zip(before) {
                let is_pause = matches!(word.event.kind, ConsentKind::Pause { .. });
                prop_assert!(before || is_pause || !allows(&gate, then), "{:?} before it is recorded", word.event.kind);
                let would = change.state.check(then).is_ok();
                prop_assert!(!word.event.kind.is_a_no() || would || !allows(&gate, then));
            }
            gate.confirm(&change);
        }
    }

    #[test]
    fn a_block_or_no_home_denies_everything(acts in acts(), why in prop::sample::select(&Block::ALL)) {
        let mut gate = Gate::new(GatePolicy { needs_home: true, ..GatePolicy::default() });
        gate.open();
        for word in said(&acts) {
            hear_as(&mut gate, &word.event, word.weighing, at(word.minute));
            prop_assert!(!allows(&gate, at(word.minute)), "nobody knows where they live");
        }
        let now = at(acts.iter().map(|act| act.minutes).sum());
        gate.set_home(ANNA, true);
        let before = allows(&gate, now);
        gate.block(ANNA, Some(why));
        prop_assert!(!allows(&gate, now) && gate.admit(ANNA, (), now).is_err());
        prop_assert!(gate.admit_in_background(ANNA, now).is_err());
        gate.block(ANNA, None);
        prop_assert_eq!(allows(&gate, now), before);
    }

    #[test]
    fn a_gate_that_was_loaded_goes_on_like_the_one_before(acts in acts(), more in acts()) {
        let (mut gate, last) = gate_after(&said(&acts));
        let mut loaded = open_gate();
        let merchant = MerchantId::new("shop").unwrap();
        let rows: Vec<_> = gate.rows(ANNA).map(|row| (SHOP, row.named(merchant.clone()))).collect();
        loaded.load(ANNA, gate.epoch(ANNA), rows);
        for word in said(&more) {
            let now = at(last + word.minute);
            let mut event = word.event.clone();
            event.evidence_at = Some(now);
            event.notice.as_mut().expect("it has one").shown_at = now;
            let effects = [&mut gate, &mut loaded].map(|gate| {
                let change = hear_as(gate, &event, word.weighing, now);
                (change.effect, change.state, change.epoch)
            });
            prop_assert_eq!(effects[0], effects[1]);
            prop_assert_eq!(gate.rows(ANNA).collect::<Vec<_>>(), loaded.rows(ANNA).collect::<Vec<_>>());
        }
    }

    #[test]
    fn everybody_who_agreed_to_an_older_text_is_found_and_superseded(acts in acts(), version in 1..5_u32) {
        let (mut gate, last) = gate_after(&said(&acts));
        let newer = NoticeName { id: "n".into(), version };
        let found: Vec<_> = gate.granted_under(&newer).collect();
        let mut event = event(99, ConsentKind::Supersede, at(last + 1));
        event.notice.as_mut().expect("it has one").version = version;
        let now = at(last + 1);
        let is_over = state(&gate).ran_out_at(now).is_some();
        let effect = hear(&mut gate, &event, now);
        prop_assert_eq!(effect == Effect::Applied, !found.is_empty() && !is_over);
        prop_assert_eq!(gate.granted_under(&newer).count(), usize::from(is_over && !found.is_empty()));
    }
}
