//! Until when a yes counts, a pause lasts and a token waits: the exact instants.

use consent_gate::{
    Actor, ConsentEvent, ConsentKind, ConsentState, Effect, EventId, GatePolicy, Hearing, Method, Notice,
    OptIn, Past, Purpose, TokenHash, Weighing, transition,
};
use model::{MerchantId, Millis, Timestamp};

const NOW: Timestamp = Timestamp::from_unix_ms(1_800_000_000_000);
const TOKEN: TokenHash = TokenHash::from_bytes([1; 32]);
const DOUBLE: Weighing = Weighing { opt_in: OptIn::Double, ..Weighing::PLAIN };
const GRANT: ConsentKind = ConsentKind::Grant { until: None, confirm: None };
const WITH_TOKEN: ConsentKind = ConsentKind::Grant { until: None, confirm: Some(TOKEN) };

fn days(days: i64) -> Timestamp {
    NOW + Millis::from_days(days)
}

fn event(kind: ConsentKind, at: Timestamp) -> ConsentEvent {
    let (id, lang, sha256) = ("n".into(), "en".into(), "0".repeat(64).into());
    ConsentEvent {
        id: EventId::new("e").unwrap(),
        merchant: MerchantId::new("shop").unwrap(),
        purpose: Purpose::OffersPush,
        kind,
        actor: Actor::Own,
        method: Method::Toggle,
        notice: Some(Notice { id, version: 1, lang, sha256, shown_at: at }),
        evidence_at: Some(at),
        app: None,
    }
}

fn after(state: ConsentState, event: &ConsentEvent, weighing: Weighing) -> ConsentState {
    let policy = GatePolicy {
        grant_lasts: Millis::from_days(100),
        location_lasts: Millis::from_days(50),
        tcf_lasts: Millis::from_days(70),
        ..GatePolicy::default()
    };
    let (effect, after) = transition(Past { state, ..Past::default() }, event, weighing, &policy, NOW);
    assert_eq!(effect, Effect::Applied);
    after
}

fn check_granted(event: &ConsentEvent, weighing: Weighing, until: Timestamp) {
    assert_eq!(after(ConsentState::Unknown, event, weighing), ConsentState::Granted { until });
}

#[test]
fn a_grant_lasts_as_long_as_its_purpose_and_method_let_it() {
    let of = |purpose, method| ConsentEvent { purpose, method, ..event(GRANT, NOW) };
    check_granted(&of(Purpose::OffersPush, Method::Toggle), Weighing::PLAIN, days(100));
    check_granted(&of(Purpose::Location, Method::Toggle), Weighing::PLAIN, days(50));
    check_granted(&of(Purpose::Background, Method::OsPermission), Weighing::PLAIN, days(50));
    check_granted(&of(Purpose::OffersSms, Method::Tcf), Weighing::PLAIN, days(70));
    check_granted(&of(Purpose::Location, Method::Tcf), Weighing::PLAIN, days(70));
}

#[test]
fn twelve_months_a_reminder_thirty_days_before_thirteen_months_of_tcf_and_three_days_for_a_token() {
    let GatePolicy { grant_lasts, location_lasts, tcf_lasts, remind_before, token_lasts, needs_home } =
        GatePolicy::default();
    assert_eq!(
        [grant_lasts, location_lasts, tcf_lasts].map(Millis::ms),
        [365, 365, 396].map(|n| n * 86_400_000)
    );
    assert_eq!((remind_before, token_lasts), (Millis::from_days(30), Millis::from_hours(72)));
    assert!(!needs_home);
}

#[test]
fn a_grant_counts_from_when_it_was_agreed_to_and_not_from_when_it_arrives() {
    check_granted(&event(GRANT, days(-3)), Weighing::PLAIN, days(97));
    let shown_earlier = ConsentEvent { evidence_at: Some(days(-1)), ..event(GRANT, days(-3)) };
    check_granted(&shown_earlier, Weighing::PLAIN, days(99));
    let without_a_moment = ConsentEvent { evidence_at: None, ..event(GRANT, days(-3)) };
    check_granted(&without_a_moment, Weighing::PLAIN, days(97));
}

#[test]
fn v05_the_shortest_of_policy_event_and_law_ends_a_grant() {
    let named = |until| event(ConsentKind::Grant { until: Some(until), confirm: None }, NOW);
    let at_most = |n| Weighing { lasts_max: Some(Millis::from_days(n)), ..Weighing::PLAIN };
    check_granted(&named(days(200)), Weighing::PLAIN, days(200));
    check_granted(&named(days(200)), at_most(150), days(150));
    check_granted(&named(days(20)), at_most(150), days(20));
    check_granted(&event(GRANT, NOW), at_most(30), days(30));
    check_granted(&event(GRANT, days(-10)), at_most(30), days(20));
}

#[test]
fn v05_no_end_that_a_grant_names_lets_it_outlast_what_a_yes_to_be_seen_or_one_of_tcf_may_last() {
    let far = ConsentKind::Grant { until: Some(Timestamp::from_unix_ms(99_999_999_999_999)), confirm: None };
    let of = |purpose, method, at| ConsentEvent { purpose, method, ..event(far, at) };
    let at_most = |n| Weighing { lasts_max: Some(Millis::from_days(n)), ..Weighing::PLAIN };
    check_granted(&of(Purpose::Location, Method::Toggle, NOW), Weighing::PLAIN, days(50));
    check_granted(&of(Purpose::Background, Method::Api, days(-10)), Weighing::PLAIN, days(40));
    check_granted(&of(Purpose::Location, Method::Toggle, NOW), at_most(30), days(30));
    check_granted(&of(Purpose::Location, Method::Toggle, NOW), at_most(60), days(50));
    check_granted(&of(Purpose::OffersSms, Method::Tcf, NOW), Weighing::PLAIN, days(70));
    let until = Timestamp::from_unix_ms(99_999_999_999_999);
    check_granted(&of(Purpose::OffersEmail, Method::Toggle, NOW), Weighing::PLAIN, until);
    let confirm = Some(TOKEN);
    let asked_again = ConsentKind::Grant { until: Some(until), confirm };
    let seen = ConsentEvent { purpose: Purpose::Location, ..event(asked_again, NOW) };
    let (until, granted_until) = (NOW + Millis::from_hours(72), days(50));
    assert_eq!(
        after(ConsentState::Unknown, &seen, DOUBLE),
        ConsentState::PendingConfirmation { until, granted_until, token: TOKEN, renews: None }
    );
}

#[test]
fn v05_an_attested_grant_of_years_ago_has_run_out() {
    let attested = Weighing { hearing: Hearing::Imported { attested: true }, ..Weighing::PLAIN };
    let old = after(ConsentState::Unknown, &event(GRANT, days(-400)), attested);
    assert_eq!((old.word(NOW), old), ("expired", ConsentState::Granted { until: days(-300) }));
}

#[test]
fn a_pause_out_of_a_file_shortens_none() {
    let resting = ConsentState::Paused { until: days(9), granted_until: days(100) };
    let imported = Weighing { hearing: Hearing::Imported { attested: false }, ..Weighing::PLAIN };
    let pause = |until| event(ConsentKind::Pause { until: Some(until) }, NOW);
    assert_eq!(after(resting, &pause(days(-1)), imported), resting);
    assert_eq!(after(resting, &pause(days(1)), imported), resting);
    let longer = ConsentState::Paused { until: days(20), granted_until: days(100) };
    assert_eq!(after(resting, &pause(days(20)), imported), longer);
}

#[test]
fn a_token_waits_three_days_and_the_same_one_again_no_longer() {
    let waiting = after(ConsentState::Unknown, &event(WITH_TOKEN, NOW), DOUBLE);
    let (until, granted_until) = (NOW + Millis::from_hours(72), days(100));
    assert_eq!(
        waiting,
        ConsentState::PendingConfirmation { until, granted_until, token: TOKEN, renews: None }
    );
    let until = NOW + Millis::from_mins(1);
    let waiting = ConsentState::PendingConfirmation { until, granted_until, token: TOKEN, renews: None };
    assert_eq!(after(waiting, &event(WITH_TOKEN, NOW), DOUBLE), waiting);
    let token = TokenHash::from_bytes([2; 32]);
    let other = event(ConsentKind::Grant { until: None, confirm: Some(token) }, NOW);
    let until = NOW + Millis::from_hours(72);
    assert_eq!(
        after(waiting, &other, DOUBLE),
        ConsentState::PendingConfirmation { until, granted_until, token, renews: None }
    );
}

#[test]
fn a_token_is_late_from_its_very_end_on() {
    let confirm = event(ConsentKind::Confirm { token: TOKEN }, NOW);
    let waiting = |until| ConsentState::PendingConfirmation {
        until,
        granted_until: days(9),
        token: TOKEN,
        renews: None,
    };
    let in_time = after(waiting(NOW + Millis::new(1)), &confirm, DOUBLE);
    assert_eq!(in_time, ConsentState::Granted { until: days(9) });
    assert_eq!(after(waiting(NOW), &confirm, DOUBLE), ConsentState::Expired);
}

#[test]
fn a_pause_and_its_end_leave_the_end_of_the_grant_where_it_was() {
    let granted = ConsentState::Granted { until: days(9) };
    let paused = |until| ConsentState::Paused { until, granted_until: days(9) };
    let pause = |until| event(ConsentKind::Pause { until }, NOW);
    assert_eq!(after(granted, &pause(Some(days(2))), Weighing::PLAIN), paused(days(2)));
    assert_eq!(after(granted, &pause(None), Weighing::PLAIN), paused(Timestamp::MAX));
    assert_eq!(after(paused(days(2)), &pause(Some(days(1))), Weighing::PLAIN), paused(days(1)));
    assert_eq!(after(paused(days(2)), &event(ConsentKind::Resume, NOW), Weighing::PLAIN), granted);
}

#[test]
fn a_no_silences_until_its_own_moment_and_one_from_a_file_until_when_it_was_said() {
    let withdrawal = |acted_at| ConsentEvent { evidence_at: acted_at, ..event(ConsentKind::Withdraw, NOW) };
    let check = |acted_at, hearing, until| {
        assert_eq!(
            withdrawal(acted_at).silences_until(hearing, NOW),
            Some(until),
            "{acted_at:?} {hearing:?}"
        );
    };
    let imported = Hearing::Imported { attested: false };
    check(None, Hearing::Live, NOW);
    check(Some(days(-9)), Hearing::Live, NOW);
    check(Some(days(9)), Hearing::Live, days(1));
    check(None, imported, NOW);
    check(Some(days(-9)), imported, days(-9));
    check(Some(days(9)), imported, NOW);
}
