//! What the customer's own phone may say, and what a backend says of somebody before their first yes.

use consent_gate::{Actor, ConsentEvent, ConsentKind, Method, Purpose, TokenHash};
use model::{CustomerId, Jurisdiction, Timestamp};

use engine::Door;

use crate::shell::{Left, Message, Shell, at_once};
use crate::street::{clock, consent, day_one, fix_at, fixes, house, letter_of, x_of};

const YES: ConsentKind = ConsentKind::Grant { until: None, confirm: None };

fn event(kind: ConsentKind, at: Timestamp) -> ConsentEvent {
    consent("anna", "corner", Purpose::Location, kind, at, 0).1
}

/// What becomes of an event that Anna's own phone sends, and of the same from her backend.
fn told(event: &ConsentEvent) -> (String, String) {
    let effect_of = |device: &str| {
        let mut shell = Shell::new(house(), at_once(), day_one());
        let letter = Message { device: device.to_owned(), ..letter_of("anna", event, 1) };
        shell.deliver(&[letter], clock(1, "10:00"));
        let effect = shell.left.iter().find_map(|left| match left {
            Left::Acknowledged(ack) => Some(ack.answer.effect.clone()),
            _ => None,
        });
        effect.expect("every event is answered")
    };
    (effect_of("anna"), effect_of(""))
}

#[test]
fn a_phone_speaks_for_its_customer_and_for_nobody_else() {
    let now = clock(1, "09:59");
    let refused = |event: &ConsentEvent| told(event).0 == "backend_only";
    assert_eq!(told(&event(YES, now)), ("applied".into(), "applied".into()));
    assert!(!refused(&event(ConsentKind::Withdraw, now)));
    for actor in [Actor::Agent, Actor::System] {
        assert!(refused(&ConsentEvent { actor, ..event(YES, now) }), "{actor:?}");
    }
    for method in [Method::Staff, Method::Api] {
        assert!(refused(&ConsentEvent { method, ..event(YES, now) }), "{method:?}");
    }
}

#[test]
fn a_phone_lifts_no_block_and_makes_no_token_for_itself() {
    let now = clock(1, "09:59");
    let confirm = Some(TokenHash::from_bytes([1; 32]));
    let why = consent_gate::Block::Minor;
    let with_token = ConsentKind::Grant { until: None, confirm };
    for kind in [ConsentKind::Unblock, ConsentKind::Block { why }, ConsentKind::Supersede, with_token] {
        let (phone, backend) = told(&event(kind, now));
        assert!(phone == "backend_only" && backend != "backend_only", "{kind:?}");
    }
}

fn profile(customer: &str, body: &str) -> Message {
    let (customer, device) = (customer.to_owned(), String::new());
    Message { door: Door::Profile, customer, device, body: body.into(), ticket: 6 }
}

#[test]
fn v05_who_is_told_of_as_a_minor_before_their_first_yes_is_never_seen() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(1, "10:00");
    shell.deliver(&[profile("anna", r#"{"v":1,"minor":true,"categories":["books"]}"#)], now);
    shell.restart(now);
    let yes = [Purpose::Location, Purpose::Background, Purpose::OffersPush];
    shell.deliver(&yes.map(|purpose| consent("anna", "corner", purpose, YES, now, 0).0), now);
    shell.deliver(&[fixes("anna", "phone", &[fix_at(now, x_of("books"))])], now);
    let tally = shell.engine.tally();
    assert_eq!((tally.n_opened, tally.refused.of_word("suppressed")), (0, 1));
    let row = shell.storage.state(&CustomerId::new("anna").unwrap()).expect("it is kept");
    assert!(row.profile.minor && row.profile.categories.is_empty(), "and nothing else of a stranger");
    shell.check_replay();
}

#[test]
fn where_somebody_lives_is_kept_before_their_first_yes_and_what_they_like_is_not() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(1, "10:00");
    let likes = profile("bert", r#"{"v":1,"categories":["books"],"minor":false,"residence":null}"#);
    shell.deliver(&[profile("anna", r#"{"v":1,"residence":"CA-ON","lang":"en"}"#), likes], now);
    let anna = shell.storage.state(&CustomerId::new("anna").unwrap()).expect("whose law binds is kept");
    assert_eq!(
        (anna.profile.residence, anna.profile.lang.is_none()),
        (Jurisdiction::new("CA-ON").ok(), true)
    );
    assert!(shell.storage.state(&CustomerId::new("bert").unwrap()).is_none());
    assert_eq!((shell.engine.tally().n_profiles, shell.engine.tally().n_profiles_unknown), (1, 1));
    assert!(shell.left.iter().filter(|left| matches!(left, Left::Settled(6))).count() == 2);
}
