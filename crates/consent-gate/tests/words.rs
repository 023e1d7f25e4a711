//! The words that files and wires use.

use consent_gate::{
    Actor, Block, ConsentKind, ConsentState, Effect, EventId, Hearing, Method, Purpose, Refusal, TokenHash,
};
use model::Timestamp;

const TOKEN: TokenHash = TokenHash::from_bytes([0x0F; 32]);
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
        (ConsentKind::Show, "show"),
        (ConsentKind::Confirm { token: TOKEN }, "confirm"),
        (ConsentKind::Supersede, "supersede"),
        (ConsentKind::Block { why: Block::Minor }, "block"),
        (ConsentKind::Unblock, "unblock"),
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
        (ConsentState::Requested, "requested"),
        (
            ConsentState::PendingConfirmation {
                until: ahead,
                granted_until: ahead,
                token: TOKEN,
                renews: None,
            },
            "pending_confirmation",
        ),
        (
            ConsentState::PendingConfirmation {
                until: over,
                granted_until: ahead,
                token: TOKEN,
                renews: None,
            },
            "expired",
        ),
        (ConsentState::Expired, "expired"),
        (ConsentState::Superseded, "superseded"),
        (ConsentState::Suppressed { why: Block::Legal }, "suppressed"),
    ];
    states.into_iter().for_each(|(state, word)| assert_eq!(state.word(NOON), word));
}

#[test]
fn the_name_of_an_event_is_kept_as_it_came() {
    assert_eq!(EventId::new("Event_7").unwrap().as_str(), "Event_7");
    assert!(EventId::new("no blanks").is_err());
}

#[test]
fn words_of_blocks_effects_and_hearings_are_read_back() {
    assert_eq!(Block::ALL.map(|block| Block::from_word(block.word())), Block::ALL.map(Some));
    assert_eq!(Effect::ALL.map(|effect| Effect::from_word(effect.word())), Effect::ALL.map(Some));
    assert_eq!(Hearing::ALL.map(Hearing::word), ["live", "imported", "attested"]);
    assert_eq!(Hearing::ALL.map(|hearing| Hearing::from_word(hearing.word())), Hearing::ALL.map(Some));
    assert_eq!((Block::from_word("x"), Effect::from_word("x"), Hearing::from_word("x")), (None, None, None));
}

#[test]
fn the_hash_of_a_token_goes_there_and_back_and_is_never_shown() {
    let hex = "0f".repeat(32);
    assert_eq!((TOKEN.to_hex(), TokenHash::from_hex(&hex)), (hex.clone(), Some(TOKEN)));
    assert_eq!(TokenHash::from_hex(&hex.to_uppercase()), Some(TOKEN));
    for bad in ["", "0f", &hex[1..], &format!("{hex}0"), &hex.replace('f', "g"), &"\u{e9}".repeat(32)] {
        assert_eq!(TokenHash::from_hex(bad), None, "{bad}");
    }
    assert!(!format!("{TOKEN:?}").contains("0f"));
}
