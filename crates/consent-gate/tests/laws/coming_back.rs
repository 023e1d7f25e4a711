//! A no is final: whatever comes again, late, out of a file or of an earlier life.

use consent_gate::{ConsentEvent, ConsentKind, ConsentState, Effect, Hearing, Purpose, Weighing};
use model::{CustomerNo, Millis};
use proptest::prelude::*;

use crate::histories::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_comes_again_or_in_another_order_brings_a_consent_back(
        acts in acts(),
        again in prop::collection::vec((0..16_usize, 0..500_i64), 1..24),
        last in last_no(),
    ) {
        let said = said(&acts);
        let (mut gate, mut minute) = gate_after(&said);
        minute += 1;
        let mut no = event(99, last, at(minute));
        no.notice.as_mut().expect("it has one").version = 4;
        // A pause of what is not granted changes nothing, and restricts nothing.
        if hear(&mut gate, &no, at(minute)) != Effect::Applied {
            hear(&mut gate, &event(99, ConsentKind::Withdraw, at(minute)), at(minute));
        }
        for (i, minutes) in again {
            minute += minutes;
            let word = &said[i % said.len()];
            hear_as(&mut gate, &word.event, word.weighing, at(minute));
            for then in probes(at(minute)) {
                prop_assert!(!allows(&gate, then), "{:?} came again", word.event.kind);
            }
        }
    }

    #[test]
    fn no_clock_of_a_phone_brings_a_consent_back(
        acts in acts(),
        ahead_secs in -600..600_i64,
        again in prop::collection::vec((0..16_usize, 0..20_i64), 1..24),
        last in prop_oneof![Just(ConsentKind::Withdraw), Just(ConsentKind::Refuse)],
    ) {
        let by_phone = |minute: i64| at(minute) + Millis::from_secs(ahead_secs);
        let mut said = said(&acts);
        for word in &mut said {
            word.event.evidence_at = Some(by_phone(word.minute));
            word.event.notice.as_mut().expect("it has one").shown_at = by_phone(word.minute);
        }
        let (mut gate, mut minute) = gate_after(&said);
        minute += 1;
        hear(&mut gate, &event(99, last, by_phone(minute)), at(minute));
        for (i, minutes) in again {
            minute += minutes;
            let word = &said[i % said.len()];
            hear_as(&mut gate, &word.event, word.weighing, at(minute));
            prop_assert!(!allows(&gate, at(minute)), "{:?} came again", word.event.kind);
        }
    }

    #[test]
    fn what_ran_out_stays_so_whatever_comes_again(
        acts in acts(),
        again in prop::collection::vec(0..16_usize, 1..24),
    ) {
        let lasts = |event: &ConsentEvent| matches!(event.kind, ConsentKind::Grant { until: None, .. });
        let said: Vec<_> = said(&acts).into_iter().filter(|word| !lasts(&word.event)).collect();
        let (mut gate, _) = gate_after(&said);
        for i in again {
            if let Some(word) = said.get(i % said.len().max(1)) {
                hear_as(&mut gate, &word.event, word.weighing, at(10_000));
            }
            prop_assert!(!allows(&gate, at(10_000)));
        }
    }

    #[test]
    fn an_import_that_nobody_vouches_for_only_lowers(acts in acts(), imported in acts()) {
        let said_live = said(&acts);
        let (mut gate, last) = gate_after(&said_live);
        let weighing = |word: &Said| Weighing { hearing: Hearing::Imported { attested: false }, ..word.weighing };
        for word in said(&imported) {
            let now = at(last + word.minute);
            let before: Vec<bool> = probes(now).map(|then| allows(&gate, then)).collect();
            let effect = hear_as(&mut gate, &word.event, weighing(&word), now).effect;
            let is_yes = word.event.kind.can_raise();
            prop_assert!(!is_yes || matches!(effect, Effect::NotAttested | Effect::NoEvidence));
            for (then, before) in probes(now).zip(before) {
                prop_assert!(before || !allows(&gate, then), "{:?} raised", word.event.kind);
            }
        }
    }

    #[test]
    fn a_yes_said_before_the_last_no_is_late(acts in acts(), earlier in 0..500_i64, confirm in token()) {
        let (mut gate, mut minute) = gate_after(&said(&acts));
        minute += 1;
        hear(&mut gate, &event(98, ConsentKind::Unblock, at(minute)), at(minute));
        hear(&mut gate, &event(99, ConsentKind::Withdraw, at(minute)), at(minute));
        for (weighing, confirm) in [(Weighing::PLAIN, None), (DOUBLE, Some(confirm))] {
            // At equal order, deny wins.
            let late = event(100, ConsentKind::Grant { until: None, confirm }, at(minute - earlier));
            let change = hear_as(&mut gate, &late, weighing, at(minute + 1));
            prop_assert_eq!((change.effect, change.state), (Effect::LateGrant, ConsentState::Withdrawn));
        }
        let anew = event(101, ConsentKind::Grant { until: None, confirm: None }, at(minute) + Millis::new(1));
        prop_assert_eq!(hear(&mut gate, &anew, at(minute + 1)), Effect::Applied);
    }

    #[test]
    fn only_the_right_token_in_time_and_once_grants(
        acts in acts(),
        token in token(),
        tried in prop::collection::vec((token(), 0..3_000_i64), 1..5),
    ) {
        let (mut gate, minute) = gate_after(&said(&acts));
        let granted_at = minute + 2;
        hear(&mut gate, &event(97, ConsentKind::Unblock, at(minute + 1)), at(minute + 1));
        hear(&mut gate, &event(98, ConsentKind::Withdraw, at(minute + 1)), at(minute + 1));
        let grant = event(99, ConsentKind::Grant { until: None, confirm: Some(token) }, at(granted_at));
        prop_assert_eq!(hear_as(&mut gate, &grant, DOUBLE, at(granted_at)).state.word(at(granted_at)), "pending_confirmation");
        let (mut now, mut is_first) = (granted_at, true);
        for (tried, minutes) in tried {
            now += minutes;
            let is_right = is_first && tried == token && now < granted_at + 72 * 60;
            let before = allows(&gate, at(now));
            let confirm = event(100, ConsentKind::Confirm { token: tried }, at(now));
            let change = hear_as(&mut gate, &confirm, DOUBLE, at(now));
            prop_assert_eq!(allows(&gate, at(now)), before || is_right);
            prop_assert_eq!(change.effect == Effect::Applied, is_first);
            // The grant that comes again does not bring the token back.
            let change = hear_as(&mut gate, &grant, DOUBLE, at(now));
            prop_assert_eq!(change.effect, Effect::LateGrant);
            is_first = false;
        }
    }

    #[test]
    fn no_yes_of_an_earlier_life_counts(acts in acts(), erased_after in 0..200_i64, tried in any::<bool>()) {
        let mut gate = open_gate();
        let old = said(&acts);
        let erased_at = at(old.last().map_or(0, |word| word.minute) + erased_after);
        if tried {
            let (before, _) = gate_after(&old);
            gate = before;
            gate.forget(ANNA);
        }
        let anna = CustomerNo::new(0, 1);
        gate.begin_anew(anna, erased_at);
        for word in &old {
            let change = gate.weigh(anna, SHOP, &word.event, word.weighing, erased_at + Millis::from_mins(1));
            gate.confirm(&change);
            let stale = gate.weigh(ANNA, SHOP, &word.event, word.weighing, erased_at);
            gate.confirm(&stale);
            prop_assert!(!tried || stale.effect == Effect::Erased);
            for then in probes(erased_at) {
                prop_assert!(gate.check(anna, SHOP, Purpose::Location, then).is_err());
                prop_assert!(!tried || gate.check(ANNA, SHOP, Purpose::Location, then).is_err());
            }
        }
    }
}
