//! The words that files and wires use.

use consent_gate::{Actor, ConsentKind, ConsentState, Effect, EventId, Method, Purpose, Refusal};
use model::Timestamp;

const NOON: Timestamp = Timestamp::from_unix_ms(1_800_000_000_000);

#[test]
fn every_word_is_its_own_and_is_read_back() {
    assert_eq!(
        Purpose::ALL.map(Purpose::word),
        [
            "location",
            "background",
            "offers.push",
            "offers.sms",
            "offers.email",
            "offers.inbox",
            "personalisation",
            "history",
            "measurement",
            "aggregate",
            "third_party"
        ]
    );
    assert_eq!(Purpose::ALL.map(|purpose| Purpose::from_word(purpose.word())), Purpose::ALL.map(Some));
    assert_eq!(Actor::ALL.map(Actor::word), ["self", "agent", "system"]);
    assert_eq!(Actor::ALL.map(|actor| Actor::from_word(actor.word())), Actor::ALL.map(Some));
    let methods = ["toggle", "checkbox", "sms_reply", "api", "tcf", "gpp", "gpc", "os_permission", "staff"];
    assert_eq!(Method::ALL.map(Method::word), methods);
    assert_eq!(Method::ALL.map(|method| Method::from_word(method.word())), Method::ALL.map(Some));
    assert_eq!((Purpose::from_word("x"), Actor::from_word("x"), Method::from_word("x")), (None, None, None));
    let effects = ["applied", "late_grant", "no_evidence", "nothing_to_change", "not_attested", "erased"];
    assert_eq!(Effect::ALL.map(Effect::word), effects);
    let refusals = [
        "closed",
        "unknown_customer",
        "not_granted",
        "refused",
        "withdrawn",
        "paused",
        "expired",
        "unconfirmed",
        "superseded",
        "suppressed",
        "no_jurisdiction",
        "background",
    ];
    assert_eq!(Refusal::ALL.map(Refusal::word), refusals);
}

#[test]
fn kinds_and_states_have_the_words_of_the_interface() {
    let kinds = [
        (ConsentKind::Grant { until: None, confirm: None }, "grant"),
        (ConsentKind::Refuse, "refuse"),
        (ConsentKind::Withdraw, "withdraw"),
        (ConsentKind::Pause { until: None }, "pause"),
        (ConsentKind::Resume, "resume"),
    ];
    kinds.into_iter().for_each(|(kind, word)| assert_eq!(kind.word(), word));
    let (over, ahead) = (NOON, Timestamp::MAX);
    let states = [
        (ConsentState::Unknown, "unknown"),
        (ConsentState::Refused, "refused"),
        (ConsentState::Withdrawn, "withdrawn"),
        (ConsentState::Granted { until: ahead }, "granted"),
        (ConsentState::Granted { until: over }, "expired"),
        (ConsentState::Paused { until: ahead, granted_until: ahead }, "paused"),
        (ConsentState::Paused { until: over, granted_until: ahead }, "granted"),
        (ConsentState::Paused { until: over, granted_until: over }, "expired"),
    ];
    states.into_iter().for_each(|(state, word)| assert_eq!(state.word(NOON), word));
}

#[test]
fn the_name_of_an_event_is_kept_as_it_came() {
    assert_eq!(EventId::new("Event_7").unwrap().as_str(), "Event_7");
    assert!(EventId::new("no blanks").is_err());
}
