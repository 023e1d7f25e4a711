//! The front door: what is opened, what is refused unread, and what that costs in counters.

use consent_gate::{ConsentKind, Purpose};
use engine::{Door, Engine, Event, EventKind, Output, Tally};
use ledger::{DeliveryOutcome, StorageError, commit};
use model::{Millis, Timestamp};

use crate::shell::{Left, Message, Shell, at_once};
use crate::street::{clock, consent, day_one, fix_at, fixes, house, x_of};

fn garbage(customer: &str, n_bytes: usize) -> Message {
    let (customer, device) = (customer.to_owned(), "phone".to_owned());
    Message { door: Door::Fixes, customer, device, body: vec![0xff; n_bytes], ticket: 0 }
}

fn grant(shell: &mut Shell, customer: &str, merchant: &str, now: Timestamp) {
    for purpose in [Purpose::Location, Purpose::Background, Purpose::OffersPush] {
        let (message, _) =
            consent(customer, merchant, purpose, ConsentKind::Grant { until: None, confirm: None }, now, 0);
        shell.deliver(&[message], now);
    }
}

fn withdraw(shell: &mut Shell, customer: &str, now: Timestamp) {
    let (message, _) = consent(customer, "corner", Purpose::Location, ConsentKind::Withdraw, now, 0);
    shell.deliver(&[message], now);
}

#[test]
fn no_look_without_consent() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(1, "10:00");
    withdraw(&mut shell, "bert", now);
    let fix = fix_at(now, x_of("books"));
    let messages = [
        fixes("stranger", "phone", &[fix]),
        garbage("stranger", 100),
        garbage("stranger", 64 << 10),
        garbage("stranger", 4 << 20),
        garbage("stranger", 0),
        fixes("bert", "phone", &[fix, fix]),
        garbage("bert", 100),
    ];
    shell.deliver(&messages, now);
    let tally = shell.engine.tally();
    assert_eq!(tally.n_opened, 0, "no payload was looked into");
    assert_eq!(
        (tally.n_records, tally.refused.total()),
        (7, 7),
        "garbage of a stranger is refused, not malformed"
    );
    assert_eq!((tally.malformed.total(), tally.n_used, tally.n_matched), (0, 0, 0));
    assert_eq!(tally.refused.of_word("unknown_customer"), 5);
    assert_eq!(tally.refused.of_word("withdrawn"), 2);
    assert!(tally.is_balanced());
}

#[test]
fn v04_offers_without_location_open_nothing() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(1, "10:00");
    let (message, _) = consent(
        "anna",
        "corner",
        Purpose::OffersPush,
        ConsentKind::Grant { until: None, confirm: None },
        now,
        0,
    );
    shell.deliver(&[message], now);
    shell.deliver(&[fixes("anna", "phone", &[fix_at(now, x_of("books"))])], now);
    let tally = shell.engine.tally();
    assert_eq!((tally.n_opened, tally.refused.of_word("not_granted")), (0, 1));
}

#[test]
fn consent_that_cannot_be_used_is_answered_with_why_and_changes_nothing() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(1, "10:00");
    grant(&mut shell, "anna", "corner", now);
    shell.left.clear();
    let grant_of = |merchant: &str| {
        consent(
            "anna",
            merchant,
            Purpose::Location,
            ConsentKind::Grant { until: None, confirm: None },
            now,
            0,
        )
    };
    // A customer says something about so many merchants at most.
    for no in 0..200 {
        shell.deliver(&[grant_of(&format!("m{no}")).0], now);
    }
    let (mut withdrawal, event) = consent("anna", "corner", Purpose::Location, ConsentKind::Withdraw, now, 7);
    let text = String::from_utf8(withdrawal.body).unwrap();
    withdrawal.body = text.replace("withdraw", "witdraw").into();
    let mut garbage = garbage("anna", 10);
    garbage.door = Door::Consent;
    shell.deliver(&[withdrawal, garbage], now);
    let mut answers = shell.left.iter().filter_map(|left| match left {
        Left::Acknowledged(ack) if ack.answer.state == "unchanged" => {
            let answer = &ack.answer;
            assert_eq!((&*answer.merchant, &*answer.purpose, answer.epoch), ("", "", 0));
            Some((ack.ticket, &*answer.effect, &*answer.event_id))
        }
        _ => None,
    });
    assert_eq!(answers.next(), Some((0, "too_many", event.id.as_str())));
    let answers: Vec<_> = answers.filter(|(_, effect, _)| *effect != "too_many").collect();
    assert_eq!(answers, [(7, "unknown_kind", event.id.as_str()), (0, "unknown_format", "")]);
    assert!(shell.left.iter().any(|left| matches!(left, Left::Settled(7))), "do not offer it again");
    let tally = shell.engine.tally();
    // The purposes of the corner shop, and everything but what was found wrong.
    assert_eq!(tally.consents.total() + tally.unusable.total(), 3 + 200 + 2);
}

#[test]
fn gate_starts_shut() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(2, "10:00");
    grant(&mut shell, "anna", "corner", clock(1, "10:00"));
    let mut engine = Engine::new(shell.house.clone(), at_once());
    let message = fixes("anna", "phone", &[fix_at(now, x_of("books"))]);
    engine.handle_letters(&[message.letter()], now);
    let mut storage = shell.storage.clone();
    ledger::Storage::scan_states(&mut storage, &mut |stored| engine.load(stored)).unwrap();
    engine.handle_letters(&[message.letter()], now);
    assert_eq!((engine.tally().n_opened, engine.tally().refused.total()), (0, 2));
    engine.open(now);
    engine.handle_letters(&[message.letter()], now);
    assert_eq!((engine.tally().n_opened, engine.tally().n_used), (1, 1));
}

#[test]
fn p01_p03_p13_p15_a_bad_message_of_a_friend_is_dropped_by_its_reason() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(2, "10:00");
    grant(&mut shell, "anna", "corner", clock(1, "10:00"));
    let mut check = |body: &[u8], reason: &str| {
        let before: Tally = shell.engine.tally();
        let message = Message { body: body.to_vec(), ..garbage("anna", 0) };
        shell.deliver(&[message], now);
        let after = shell.engine.tally();
        assert_eq!(after.malformed.of_word(reason), before.malformed.of_word(reason) + 1, "{reason}");
        assert_eq!(after.n_records, before.n_records + 1);
        assert!(after.is_balanced());
    };
    check(b"", "empty");
    check(b"{\"v\":1,\"ts\":17637", "malformed");
    check(b"\x1f\x8b\x08", "unknown_format");
    check(&vec![b'{'; (256 << 10) + 1], "too_large");
    let fix = fixes("anna", "phone", &[fix_at(now, x_of("books"))]);
    shell.deliver(&[fix], now);
    assert_eq!(shell.engine.tally().n_used, 1, "the next message is processed");
}

#[test]
fn a_fix_before_a_withdrawal_in_one_drain_is_seen_and_forgotten_and_one_behind_it_is_refused() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(2, "10:00");
    grant(&mut shell, "anna", "corner", clock(1, "10:00"));
    let (withdrawal, _) = consent("anna", "corner", Purpose::Location, ConsentKind::Withdraw, now, 7);
    let fix =
        |secs: i64| fixes("anna", "phone", &[fix_at(now - Millis::from_secs(60 - secs), x_of("books"))]);
    shell.deliver(&[fix(1), withdrawal, fix(2)], now);
    let tally = shell.engine.tally();
    assert_eq!((tally.n_used, tally.refused.of_word("withdrawn"), tally.n_opened), (1, 1, 1));
    assert_eq!(tally.transitions.of_word("enter"), tally.transitions.of_word("exit"), "the visit ended");
    assert_eq!(shell.engine.poll_timeout().filter(|at| *at <= now), None);
    assert!(tally.is_balanced());
}

#[test]
fn acknowledged_is_durable() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(1, "10:00");
    shell.ledger_is_slow = true;
    let (message, _) = consent("anna", "corner", Purpose::Location, ConsentKind::Withdraw, now, 42);
    shell.deliver(&[message], now);
    assert!(shell.left.is_empty(), "nothing is acknowledged before it is durable");
    shell.ledger_is_slow = false;
    shell.settle(now);
    assert_eq!(shell.left.len(), 2, "the answer and the receipt of the letter: {:?}", shell.left);
    assert_eq!(shell.storage.n_entries(), 1);
}

#[test]
fn k08_a_clock_that_steps_back_lets_nothing_out_late() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(3, "10:04");
    grant(&mut shell, "anna", "corner", clock(1, "10:00"));
    shell.deliver(&[fixes("anna", "phone", &[fix_at(clock(3, "10:00"), x_of("books"))])], clock(3, "10:00"));
    shell.engine.handle_letters(&[fixes("anna", "phone", &[fix_at(now, x_of("books"))]).letter()], now);
    let staged = shell.engine.poll_staged(now).expect("an offer is to be recorded");
    for committed in commit(&mut shell.storage, vec![staged]).expect("memory takes it") {
        shell.engine.handle_committed(committed, now);
    }
    let Some(Output::Send(recorded)) = shell.engine.poll_output() else { panic!("an offer is to be sent") };
    assert_eq!(shell.engine.may_send(&recorded, now), Ok(()));
    shell.engine.handle_timeout(now + Millis::from_mins(20));
    let answer = shell.engine.may_send(&recorded, now);
    assert_eq!(answer, Err(DeliveryOutcome::Expired), "the clock went back, and time did not");
}

#[test]
fn every_letter_with_a_ticket_is_settled_once() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(1, "10:00");
    let kind = ConsentKind::Grant { until: None, confirm: None };
    let (grant, mut unproven) = consent("anna", "corner", Purpose::Location, kind, now, 1);
    unproven.notice = None;
    let mut letters = vec![
        grant,
        crate::street::letter_of("anna", &unproven, 2),
        Message { door: Door::Consent, ticket: 3, ..garbage("anna", 9) },
        Message { door: Door::Feedback, ticket: 4, ..garbage("anna", 9) },
        Message { door: Door::Feedback, ticket: 5, ..garbage("stranger", 9) },
        Message { ticket: 6, ..garbage("anna", 9) },
        Message { ticket: 7, ..garbage("stranger", 9) },
    ];
    letters.push(Message { ticket: 8, ..fixes("anna", "phone", &[fix_at(now, 0.0)]) });
    shell.deliver(&letters, now);
    let mut settled: Vec<u64> = shell.left.iter().filter_map(Left::ticket).collect();
    settled.sort_unstable();
    assert_eq!(settled, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn ledger_precedes_delivery() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(3, "10:00");
    grant(&mut shell, "anna", "corner", clock(1, "10:00"));
    shell.deliver(&[fixes("anna", "phone", &[fix_at(now, x_of("books"))])], now);
    let later = now + Millis::from_mins(4);
    shell.left.clear();
    let message = fixes("anna", "phone", &[fix_at(later, x_of("books"))]);
    shell.engine.handle_letters(&[message.letter()], later);
    let staged = shell.engine.poll_staged(later).expect("an offer is to be recorded");
    shell.storage.fail_with(Some(StorageError::Full));
    let failed = commit(&mut shell.storage, vec![staged]).expect_err("the disk is full");
    assert!(shell.engine.poll_output().is_none(), "nothing goes out that is not recorded");
    assert!(shell.engine.poll_staged(later).is_none(), "one commit at a time");
    shell.storage.fail_with(None);
    for committed in commit(&mut shell.storage, failed.staged).expect("there is room again") {
        shell.engine.handle_committed(committed, later);
    }
    assert!(matches!(shell.engine.poll_output(), Some(Output::Send(_))), "and now it goes out");
    assert!(shell.engine.tally().is_balanced());
}

#[test]
fn a_refusal_has_the_reason_of_the_merchant_first_spoken_of() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let now = clock(1, "10:00");
    withdraw(&mut shell, "bert", now);
    let (no, _) = consent("bert", "bricks", Purpose::Location, ConsentKind::Refuse, now, 0);
    shell.deliver(&[no, fixes("bert", "phone", &[fix_at(now, x_of("books"))])], now);
    let refused = shell.engine.tally().refused;
    assert_eq!((refused.of_word("withdrawn"), refused.of_word("refused")), (1, 0));
}

#[test]
fn a_visit_ends_with_the_last_fix_that_its_consent_covered() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    let (seen_at, now) = (clock(1, "12:01"), clock(1, "12:06"));
    let until = Some(clock(1, "12:05"));
    grant(&mut shell, "bert", "bricks", clock(1, "12:00"));
    let kind = ConsentKind::Grant { until, confirm: None };
    for purpose in [Purpose::Location, Purpose::Background] {
        let (yes, _) = consent("bert", "corner", purpose, kind, clock(1, "12:00"), 0);
        shell.deliver(&[yes], clock(1, "12:00"));
    }
    for at in [seen_at, now] {
        shell.deliver(&[fixes("bert", "phone", &[fix_at(at, x_of("books"))])], at);
    }
    let exits: Vec<Timestamp> = shell.events().iter().filter_map(exited_at).collect();
    assert_eq!(exits, [seen_at]);
}

fn exited_at(event: &Event) -> Option<Timestamp> {
    let reason = Some("consent_withdrawn");
    matches!(&event.kind, EventKind::Transition { reason: why, .. } if *why == reason).then_some(event.at)
}

#[test]
fn k08_while_the_clock_is_not_believed_nobody_is_matched_and_a_withdrawal_is_heard() {
    let mut shell = Shell::new(house(), at_once(), day_one());
    grant(&mut shell, "anna", "corner", clock(1, "10:00"));
    grant(&mut shell, "bert", "corner", clock(1, "10:00"));
    shell.engine.shut();
    let now = clock(3, "10:00");
    shell.deliver(&[fixes("anna", "phone", &[fix_at(now, x_of("books"))])], now);
    withdraw(&mut shell, "bert", now);
    shell.engine.reopen();
    assert_eq!(shell.engine.tally().refused.total(), 1);
    assert_eq!(shell.engine.n_open_visits(), 0);
    let later = now + Millis::from_mins(1);
    let message = |who| fixes(who, "phone", &[fix_at(later, x_of("books"))]);
    shell.deliver(&[message("anna"), message("bert")], later);
    assert_eq!(shell.engine.tally().refused.total(), 2, "anna is back, and bert has left");
    assert_eq!(shell.engine.n_open_visits(), 1);
}
