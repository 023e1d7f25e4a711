//! A grant in force that is renewed by a yes of two words.

use super::*;
use crate::TokenHash;

const TOKEN: TokenHash = TokenHash::from_bytes([1; 32]);

/// A grant of a year ago, and its renewal of this minute that waits for a token.
fn renewing(notice: &str) -> Gate {
    let mut gate = open_gate();
    granted(&mut gate, at(0));
    let confirm = Some(TOKEN);
    let mut renewal = event(ConsentKind::Grant { until: Some(at(525_601)), confirm }, Some(at(1)));
    renewal.notice.as_mut().expect("it has one").id = notice.into();
    let double = Weighing { opt_in: OptIn::Double, ..Weighing::PLAIN };
    let change = gate.weigh(ANNA, SHOP, &renewal, double, at(1));
    gate.confirm(&change);
    gate
}

/// What it answers, and in a year, once something has been said in the next minute.
fn said_next(mut gate: Gate, kind: ConsentKind) -> (Result<(), Refusal>, Result<(), Refusal>) {
    let mut said = event(kind, Some(at(2)));
    said.evidence_at = Some(at(2));
    let change = gate.weigh(ANNA, SHOP, &said, Weighing::PLAIN, at(2));
    gate.confirm(&change);
    (answer(&gate, at(3)), answer(&gate, at(525_600)))
}

#[test]
fn a_grant_stays_in_force_while_its_renewal_waits_for_its_second_word_and_no_longer_than_its_own_end() {
    let gate = renewing("n");
    assert_eq!((answer(&gate, at(1)), gate.epoch(ANNA)), (Ok(()), Epoch(0)));
    let until = gate.rows(ANNA).next().and_then(|row| row.state.granted_until()).expect("it rests on one");
    assert_eq!(answer(&gate, until - Millis::new(1)), Ok(()), "long after the token's time");
    assert_eq!(answer(&gate, until), Err(Refusal::Expired));
}

#[test]
fn a_renewal_counts_once_its_token_came_back_and_another_token_leaves_what_was() {
    let right = said_next(renewing("n"), ConsentKind::Confirm { token: TOKEN });
    assert_eq!(right, (Ok(()), Ok(())));
    let token = TokenHash::from_bytes([2; 32]);
    let wrong = said_next(renewing("n"), ConsentKind::Confirm { token });
    assert_eq!(wrong, (Ok(()), Err(Refusal::Expired)));
}

#[test]
fn a_no_while_a_renewal_waits_ends_both() {
    for (no, why) in [(ConsentKind::Withdraw, Refusal::Withdrawn), (ConsentKind::Refuse, Refusal::Refused)] {
        assert_eq!(said_next(renewing("n"), no), (Err(why), Err(why)));
    }
    let mut gate = renewing("n");
    let pause = event(ConsentKind::Pause { until: Some(at(5)) }, Some(at(2)));
    let change = gate.weigh(ANNA, SHOP, &pause, Weighing::PLAIN, at(2));
    gate.confirm(&change);
    assert_eq!((answer(&gate, at(3)), answer(&gate, at(5))), (Err(Refusal::Paused), Ok(())));
    let confirmed = said_next(gate, ConsentKind::Confirm { token: TOKEN });
    assert_eq!(
        confirmed.1,
        Err(Refusal::Expired),
        "the renewal is void; the old grant ends when it would have"
    );
}

#[test]
fn a_yes_to_another_notice_renews_nothing() {
    let gate = renewing("another");
    assert_eq!((answer(&gate, at(1)), gate.epoch(ANNA)), (Err(Refusal::Unconfirmed), Epoch(1)));
}

#[test]
fn a_text_that_changes_while_a_renewal_waits_ends_the_grant_of_which_nobody_knows_the_version() {
    let mut gate = renewing("n");
    let mut supersede = event(ConsentKind::Supersede, Some(at(2)));
    let name = supersede.notice.as_ref().map(Notice::name).expect("it has one");
    assert_eq!(gate.granted_under(&name).count(), 1);
    supersede.evidence_at = Some(at(2));
    gate.weigh(ANNA, SHOP, &supersede, Weighing::PLAIN, at(2));
    assert_eq!(answer(&gate, at(2)), Err(Refusal::Unconfirmed));
    assert_eq!(gate.granted_under(&name).count(), 0);
}
