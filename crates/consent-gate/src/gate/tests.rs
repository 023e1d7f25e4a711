//! What the gate lets through, state by state.

mod renewals;

use super::*;
use model::{MerchantId, Millis};

use crate::{Actor, ConsentKind, EventId, Method, Notice, NoticeName, OptIn};

const ANNA: CustomerNo = CustomerNo::new(0, 0);
const SHOP: MerchantNo = MerchantNo(0);

fn at(minute: i64) -> Timestamp {
    Timestamp::from_unix_ms(0) + Millis::from_mins(minute)
}

fn open_gate() -> Gate {
    let mut gate = Gate::new(GatePolicy::default());
    gate.open();
    gate
}

fn event(kind: ConsentKind, shown_at: Option<Timestamp>) -> ConsentEvent {
    let notice = |shown_at| Notice {
        id: "n".into(),
        version: 1,
        lang: "en".into(),
        sha256: "0".repeat(64).into(),
        shown_at,
    };
    ConsentEvent {
        id: EventId::new("e1").unwrap(),
        merchant: MerchantId::new("shop").unwrap(),
        purpose: Purpose::Location,
        kind,
        actor: Actor::Own,
        method: Method::Toggle,
        notice: shown_at.map(notice),
        evidence_at: None,
        app: None,
    }
}

fn granted(gate: &mut Gate, now: Timestamp) -> Change {
    let change = gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Grant { until: None, confirm: None }, Some(now)),
        Weighing::PLAIN,
        now,
    );
    gate.confirm(&change);
    change
}

fn answer(gate: &Gate, now: Timestamp) -> Result<(), Refusal> {
    gate.admit(ANNA, (), now).map(Consented::into_value)
}

#[test]
fn gate_starts_shut() {
    let mut gate = Gate::new(GatePolicy::default());
    granted(&mut gate, at(0));
    assert_eq!(answer(&gate, at(1)), Err(Refusal::Closed));
    gate.open();
    assert_eq!(answer(&gate, at(1)), Ok(()));
}

#[test]
fn nobody_is_admitted_by_default() {
    assert_eq!(answer(&open_gate(), at(0)), Err(Refusal::UnknownCustomer));
}

#[test]
fn a_grant_holds_only_once_it_is_recorded() {
    let mut gate = open_gate();
    let change = gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Grant { until: None, confirm: None }, Some(at(0))),
        Weighing::PLAIN,
        at(0),
    );
    assert_eq!(answer(&gate, at(1)), Err(Refusal::NotGranted));
    gate.confirm(&change);
    assert_eq!(answer(&gate, at(1)), Ok(()));
}

#[test]
fn a_withdrawal_holds_at_once() {
    let mut gate = open_gate();
    granted(&mut gate, at(0));
    gate.weigh(ANNA, SHOP, &event(ConsentKind::Withdraw, None), Weighing::PLAIN, at(1));
    assert_eq!(answer(&gate, at(1)), Err(Refusal::Withdrawn));
    assert_eq!(gate.epoch(ANNA), Epoch(1));
}

#[test]
fn a_grant_overtaken_by_a_withdrawal_never_takes_effect() {
    let mut gate = open_gate();
    let grant = gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Grant { until: None, confirm: None }, Some(at(0))),
        Weighing::PLAIN,
        at(0),
    );
    let withdrawal = gate.weigh(ANNA, SHOP, &event(ConsentKind::Withdraw, None), Weighing::PLAIN, at(0));
    gate.confirm(&grant);
    gate.confirm(&withdrawal);
    assert_eq!(answer(&gate, at(1)), Err(Refusal::Withdrawn));
}

#[test]
fn a_grant_whose_notice_is_older_than_the_withdrawal_is_late() {
    let mut gate = open_gate();
    granted(&mut gate, at(0));
    gate.weigh(ANNA, SHOP, &event(ConsentKind::Withdraw, None), Weighing::PLAIN, at(5));
    let late = gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Grant { until: None, confirm: None }, Some(at(4))),
        Weighing::PLAIN,
        at(6),
    );
    gate.confirm(&late);
    assert_eq!((late.effect, answer(&gate, at(7))), (Effect::LateGrant, Err(Refusal::Withdrawn)));
}

#[test]
fn a_grant_without_evidence_grants_nothing() {
    let mut gate = open_gate();
    let change = gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Grant { until: None, confirm: None }, None),
        Weighing::PLAIN,
        at(0),
    );
    gate.confirm(&change);
    assert_eq!((change.effect, answer(&gate, at(1))), (Effect::NoEvidence, Err(Refusal::NotGranted)));
}

#[test]
fn a_grant_ends_at_its_instant() {
    let mut gate = open_gate();
    let change = gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Grant { until: Some(at(10)), confirm: None }, Some(at(0))),
        Weighing::PLAIN,
        at(0),
    );
    gate.confirm(&change);
    assert_eq!(answer(&gate, at(10) - Millis::new(1)), Ok(()));
    assert_eq!(answer(&gate, at(10)), Err(Refusal::Expired));
}

#[test]
fn a_pause_ends_at_its_instant_and_never_extends_the_grant() {
    let mut gate = open_gate();
    let change = gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Grant { until: Some(at(20)), confirm: None }, Some(at(0))),
        Weighing::PLAIN,
        at(0),
    );
    gate.confirm(&change);
    gate.weigh(ANNA, SHOP, &event(ConsentKind::Pause { until: Some(at(10)) }, None), Weighing::PLAIN, at(1));
    assert_eq!(answer(&gate, at(9)), Err(Refusal::Paused));
    assert_eq!(answer(&gate, at(10)), Ok(()));
    assert_eq!(answer(&gate, at(20)), Err(Refusal::Expired));
}

#[test]
fn one_merchants_consent_is_not_anothers() {
    let mut gate = open_gate();
    granted(&mut gate, at(0));
    assert_eq!(gate.check(ANNA, MerchantNo(1), Purpose::Location, at(1)), Err(Refusal::NotGranted));
    assert_eq!(gate.check(ANNA, SHOP, Purpose::Location, at(1)), Ok(()));
}

#[test]
fn v04_location_alone_releases_no_offer() {
    let mut gate = open_gate();
    granted(&mut gate, at(0));
    assert!(gate.release(ANNA, (SHOP, Channel::Push), (), at(1)).is_err());
}

#[test]
fn a_number_of_an_older_generation_is_a_stranger() {
    let mut gate = open_gate();
    granted(&mut gate, at(0));
    let reused = CustomerNo::new(0, 1);
    assert!(matches!(gate.admit(reused, (), at(1)), Err(Refusal::UnknownCustomer)));
}

#[test]
fn a_grant_that_comes_again_lasts_no_longer() {
    let mut gate = open_gate();
    granted(&mut gate, at(0));
    let again = event(ConsentKind::Grant { until: None, confirm: None }, Some(at(0)));
    let change = gate.weigh(ANNA, SHOP, &again, Weighing::PLAIN, at(1_000));
    gate.confirm(&change);
    assert_eq!(change.state, ConsentState::Granted { until: at(0) + GatePolicy::default().grant_lasts });
}

#[test]
fn a_grant_that_ran_out_needs_a_notice_shown_after_that() {
    let mut gate = open_gate();
    let until = |minute| ConsentKind::Grant { until: Some(at(minute)), confirm: None };
    let weigh = |gate: &mut Gate, kind, shown_at, now| {
        let change = gate.weigh(ANNA, SHOP, &event(kind, Some(shown_at)), Weighing::PLAIN, now);
        gate.confirm(&change);
        change.effect
    };
    assert_eq!(weigh(&mut gate, until(10), at(0), at(0)), Effect::Applied);
    assert_eq!(weigh(&mut gate, until(99), at(5), at(12)), Effect::LateGrant);
    assert_eq!(answer(&gate, at(12)), Err(Refusal::Expired));
    assert_eq!(weigh(&mut gate, until(99), at(11), at(12)), Effect::Applied);
    assert_eq!(answer(&gate, at(12)), Ok(()));
}

#[test]
fn a_resumption_counts_for_the_pause_before_it_only() {
    let mut gate = open_gate();
    granted(&mut gate, at(0));
    let pause = event(ConsentKind::Pause { until: None }, None);
    let resume = ConsentEvent { evidence_at: Some(at(3)), ..event(ConsentKind::Resume, None) };
    gate.weigh(ANNA, SHOP, &pause, Weighing::PLAIN, at(2));
    let resumed = gate.weigh(ANNA, SHOP, &resume, Weighing::PLAIN, at(4));
    gate.confirm(&resumed);
    assert_eq!(answer(&gate, at(4)), Ok(()));
    gate.weigh(ANNA, SHOP, &pause, Weighing::PLAIN, at(5));
    let again = gate.weigh(ANNA, SHOP, &resume, Weighing::PLAIN, at(6));
    gate.confirm(&again);
    assert_eq!((again.effect, answer(&gate, at(6))), (Effect::LateGrant, Err(Refusal::Paused)));
    let timeless = gate.weigh(ANNA, SHOP, &event(ConsentKind::Resume, None), Weighing::PLAIN, at(7));
    assert_eq!(timeless.effect, Effect::NoEvidence);
}

#[test]
fn a_pause_puts_no_grant_in_force_that_is_not_recorded() {
    let mut gate = open_gate();
    gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Grant { until: None, confirm: None }, Some(at(0))),
        Weighing::PLAIN,
        at(0),
    );
    let pause = gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Pause { until: Some(at(2)) }, None),
        Weighing::PLAIN,
        at(1),
    );
    assert_eq!(answer(&gate, at(3)), Err(Refusal::NotGranted));
    gate.confirm(&pause);
    assert_eq!(answer(&gate, at(3)), Ok(()));
}

#[test]
fn an_event_without_effect_leaves_no_row() {
    let mut gate = open_gate();
    gate.weigh(ANNA, SHOP, &event(ConsentKind::Pause { until: None }, None), Weighing::PLAIN, at(0));
    gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Grant { until: None, confirm: None }, None),
        Weighing::PLAIN,
        at(0),
    );
    assert_eq!(gate.rows(ANNA).count(), 0);
}

#[test]
fn a_grant_of_a_fast_clock_does_not_come_back_after_the_withdrawal() {
    let mut gate = open_gate();
    let grant = event(ConsentKind::Grant { until: None, confirm: None }, Some(at(0) + Millis::from_secs(50)));
    let change = gate.weigh(ANNA, SHOP, &grant, Weighing::PLAIN, at(0));
    gate.confirm(&change);
    gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Withdraw, None),
        Weighing::PLAIN,
        at(0) + Millis::from_secs(20),
    );
    let again = gate.weigh(ANNA, SHOP, &grant, Weighing::PLAIN, at(0) + Millis::from_secs(30));
    gate.confirm(&again);
    assert_eq!((again.effect, answer(&gate, at(2))), (Effect::LateGrant, Err(Refusal::Withdrawn)));
}

#[test]
fn a_grant_of_tomorrow_proves_nothing() {
    let mut gate = open_gate();
    let change = gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Grant { until: None, confirm: None }, Some(at(1_440))),
        Weighing::PLAIN,
        at(0),
    );
    gate.confirm(&change);
    assert_eq!((change.effect, answer(&gate, at(1))), (Effect::NoEvidence, Err(Refusal::NotGranted)));
}

#[test]
fn a_yes_of_this_very_moment_silences_no_other_of_it() {
    let mut gate = open_gate();
    granted(&mut gate, at(0));
    let change = granted(&mut gate, at(0));
    assert_eq!(change.effect, Effect::Applied);
}

#[test]
fn what_was_loaded_is_answered_by_and_stored_again() {
    let merchant = MerchantId::new("shop").unwrap();
    let state = ConsentState::Granted { until: at(100) };
    let notice = Some(NoticeName { id: "n".into(), version: 2 });
    let row = ConsentRow {
        state,
        restricted_at: Some(at(5)),
        notice,
        reminded: true,
        ..ConsentRow::new(merchant.clone(), Purpose::Location)
    };
    let mut gate = Gate::new(GatePolicy::default());
    gate.load(ANNA, Epoch(3), [(SHOP, row.clone())]);
    assert_eq!((gate.epoch(ANNA), gate.stored_epoch(ANNA)), (Epoch(0), Epoch(3)), "it is shut");
    gate.open();
    assert_eq!((gate.epoch(ANNA), answer(&gate, at(99))), (Epoch(3), Ok(())));
    let stored: Vec<_> = gate.rows(ANNA).map(|row| (row.merchant, row.named(merchant.clone()))).collect();
    assert_eq!(stored, [(SHOP, row)]);
    let late = gate.weigh(
        ANNA,
        SHOP,
        &event(ConsentKind::Grant { until: None, confirm: None }, Some(at(4))),
        Weighing::PLAIN,
        at(6),
    );
    assert_eq!(late.effect, Effect::LateGrant);
}

#[test]
fn a_word_on_one_purpose_leaves_the_other_alone() {
    let mut gate = open_gate();
    granted(&mut gate, at(0));
    let push = |kind, shown_at| ConsentEvent { purpose: Purpose::OffersPush, ..event(kind, shown_at) };
    let change = gate.weigh(
        ANNA,
        SHOP,
        &push(ConsentKind::Grant { until: None, confirm: None }, Some(at(1))),
        Weighing::PLAIN,
        at(1),
    );
    gate.confirm(&change);
    assert!(gate.release(ANNA, (SHOP, Channel::Push), (), at(2)).is_ok());
    gate.weigh(ANNA, SHOP, &push(ConsentKind::Withdraw, None), Weighing::PLAIN, at(3));
    assert_eq!(gate.check(ANNA, SHOP, Purpose::Location, at(3)), Ok(()));
    assert_eq!(gate.check(ANNA, SHOP, Purpose::OffersPush, at(3)), Err(Refusal::Withdrawn));
}

#[test]
fn a_resumption_of_the_very_moment_of_the_pause_comes_late() {
    let mut gate = open_gate();
    granted(&mut gate, at(0));
    gate.weigh(ANNA, SHOP, &event(ConsentKind::Pause { until: None }, None), Weighing::PLAIN, at(2));
    let resume = ConsentEvent { evidence_at: Some(at(2)), ..event(ConsentKind::Resume, None) };
    assert_eq!(gate.weigh(ANNA, SHOP, &resume, Weighing::PLAIN, at(4)).effect, Effect::LateGrant);
}

#[test]
fn a_clock_may_run_a_minute_ahead_and_no_more() {
    let yes = |ms| event(ConsentKind::Grant { until: None, confirm: None }, Some(at(1) + Millis::new(ms)));
    assert!(yes(0).missing(OptIn::Single, at(0)).is_nothing());
    assert_eq!(yes(1).missing(OptIn::Single, at(0)), Missing::NOTICE);
}

fn granted_for(gate: &mut Gate, merchant: MerchantNo, purpose: Purpose) {
    let grant =
        ConsentEvent { purpose, ..event(ConsentKind::Grant { until: None, confirm: None }, Some(at(0))) };
    let change = gate.weigh(ANNA, merchant, &grant, Weighing::PLAIN, at(0));
    gate.confirm(&change);
}

#[test]
fn somebody_is_seen_in_the_background_by_a_merchant_who_holds_both() {
    let mut gate = open_gate();
    assert_eq!(gate.admit_in_background(ANNA, at(1)), Err(Refusal::UnknownCustomer));
    granted_for(&mut gate, SHOP, Purpose::Location);
    granted_for(&mut gate, MerchantNo(1), Purpose::Background);
    assert_eq!(gate.admit_in_background(ANNA, at(1)), Err(Refusal::Background));
    granted_for(&mut gate, MerchantNo(1), Purpose::Location);
    assert_eq!(gate.admit_in_background(ANNA, at(1)), Ok(()));
}

#[test]
fn third_parties_are_granted_on_paper_only() {
    let mut gate = open_gate();
    granted_for(&mut gate, SHOP, Purpose::ThirdParty);
    assert_eq!(gate.rows(ANNA).next().map(|row| row.state.word(at(1))), Some("granted"));
    assert_eq!(gate.check(ANNA, SHOP, Purpose::ThirdParty, at(1)), Err(Refusal::NotGranted));
}

#[test]
fn what_a_yes_lacks_is_named() {
    let mut gate = open_gate();
    let double = Weighing { opt_in: OptIn::Double, ..Weighing::PLAIN };
    let bare = event(ConsentKind::Grant { until: None, confirm: None }, None);
    let change = gate.weigh(ANNA, SHOP, &ConsentEvent { method: Method::Gpc, ..bare }, double, at(0));
    let fields: Vec<_> = change.missing.fields().collect();
    assert_eq!((change.effect, fields), (Effect::NoEvidence, vec!["notice", "confirm_sha256", "method"]));
    let timeless = gate.weigh(ANNA, SHOP, &event(ConsentKind::Resume, None), double, at(0));
    assert_eq!(timeless.missing.fields().collect::<Vec<_>>(), ["evidence_ts"]);
}

#[test]
fn the_number_of_somebody_who_is_gone_means_nobody_again() {
    let mut gate = open_gate();
    let grant = event(ConsentKind::Grant { until: None, confirm: None }, Some(at(0)));
    let change = gate.weigh(ANNA, SHOP, &grant, Weighing::PLAIN, at(0));
    gate.forget(ANNA);
    gate.confirm(&change);
    gate.block(ANNA, Some(Block::Legal));
    gate.load(ANNA, Epoch(3), []);
    assert_eq!(gate.weigh(ANNA, SHOP, &grant, Weighing::PLAIN, at(0)).effect, Effect::Erased);
    assert_eq!(answer(&gate, at(1)), Err(Refusal::UnknownCustomer));
    assert_eq!((gate.rows(ANNA).count(), gate.stored_epoch(ANNA)), (0, Epoch(0)));
    gate.forget(CustomerNo::new(9, 9));
}
