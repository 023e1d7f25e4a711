//! Signals: Global Privacy Control and replies to text messages become the withdrawals that the law makes of them.

use std::sync::Arc;

use consent_gate::rules::{Basis, ConsentDemands, Demands, Geography, Place, Rule, RuleDraft};
use consent_gate::{Actor, ConsentKind, EventId, Method, Purpose, RuleBook, Signal, SignalKind};
use engine::{Door, Law, Policy};
use ledger::{Storage, What};
use model::{CustomerId, Jurisdiction, MerchantId, Timestamp};
use wire::Acknowledgement;

use crate::shell::{Left, Message, Shell, at_once};
use crate::street::{clock, consent, day_one, house};

fn law() -> Law {
    let rule = |id: &str, place, consent| Rule {
        id: id.into(),
        places: vec![place],
        what: "Something.".into(),
        demands: Demands { consent, ..Demands::default() },
        source: "Somewhere".into(),
        basis: Basis::Law,
        from: None,
        until: None,
        verified: true,
        review_by: Timestamp::MAX,
    };
    let gpc_lowers = vec![Purpose::Personalisation, Purpose::ThirdParty];
    let gpc = ConsentDemands { gpc_lowers, ..ConsentDemands::default() };
    let stop = ConsentDemands { stop_words: vec!["stop".into()], ..ConsentDemands::default() };
    let rules = vec![
        rule("GPC", Place::Everywhere, gpc),
        rule("STOP", Place::In(Jurisdiction::new("US").unwrap()), stop),
    ];
    let book = RuleBook::new(RuleDraft { rules, geography: Geography::default(), strict: false }).unwrap();
    Law { rules: Arc::new(book), default_residence: Jurisdiction::new("US-TX").ok(), ..Law::default() }
}

const AGREED: [Purpose; 4] =
    [Purpose::Location, Purpose::OffersPush, Purpose::OffersSms, Purpose::Personalisation];

/// Anna agreed to all of [`AGREED`] towards two merchants.
fn anna_agreed() -> Shell {
    let mut shell = Shell::new(house(), Policy { law: law(), ..at_once() }, day_one());
    for merchant in ["corner", "bricks"] {
        for purpose in AGREED {
            let kind = ConsentKind::Grant { until: None, confirm: None };
            let (yes, _) = consent("anna", merchant, purpose, kind, clock(1, "10:00"), 0);
            shell.deliver(&[yes], clock(1, "10:00"));
        }
    }
    shell.left.clear();
    shell
}

fn signal(customer: &str, kind: SignalKind, merchant: Option<&str>, ticket: u64) -> Message {
    let signal = Signal {
        id: EventId::new("s1").unwrap(),
        merchant: merchant.map(|id| MerchantId::new(id).unwrap()),
        kind,
        actor: Actor::Own,
        evidence_at: None,
        app: None,
    };
    let body = wire::encode_signal(&signal);
    Message { door: Door::Consent, customer: customer.into(), device: String::new(), body, ticket }
}

fn reply(text: &str, merchant: Option<&str>) -> Message {
    signal("anna", SignalKind::Reply(text.into()), merchant, 9)
}

/// What the one answer says.
fn answer(shell: &Shell) -> &Acknowledgement {
    let acks = shell.left.iter().filter_map(|left| match left {
        Left::Acknowledged(ack) => Some(&ack.answer),
        _ => None,
    });
    let acks: Vec<_> = acks.collect();
    assert_eq!(acks.len(), 1, "one letter, one answer");
    acks[0]
}

/// The answer's list, as merchant and purpose.
fn taken_back(shell: &Shell) -> Vec<String> {
    let taken = answer(shell).withdrawn.iter();
    taken.map(|taken| format!("{} {}", taken.merchant, taken.purpose)).collect()
}

/// Every consent of Anna's that is not in force, in the rows on the disk.
fn ended(shell: &Shell) -> Vec<String> {
    let row = shell.storage.state(&CustomerId::new("anna").unwrap()).expect("Anna is known");
    let ended = row.consents.iter().filter(|row| row.state.check(clock(1, "12:00")).is_err());
    ended
        .map(|row| format!("{} {} {}", row.merchant.as_str(), row.purpose.word(), row.state.word(day_one())))
        .collect()
}

#[test]
fn gpc_takes_personalisation_and_third_parties_back_from_everybody_and_nothing_else() {
    let mut shell = anna_agreed();
    shell.deliver(&[signal("anna", SignalKind::Gpc, None, 7)], clock(1, "11:00"));
    let all =
        ["bricks personalisation", "bricks third_party", "corner personalisation", "corner third_party"];
    assert_eq!(taken_back(&shell), all);
    assert_eq!((&*answer(&shell).state, &*answer(&shell).effect), ("withdrawn", "applied"));
    assert_eq!(answer(&shell).epoch, 4, "what was decided before is void");
    assert_eq!(ended(&shell), all.map(|taken| format!("{taken} withdrawn")));
    assert!(shell.left.iter().any(|left| matches!(left, Left::Settled(7))));
    shell.check_replay();
    let before = ended(&shell);
    shell.restart(clock(1, "11:30"));
    assert_eq!(ended(&shell), before, "acknowledged_is_durable");
}

#[test]
fn gpc_towards_one_merchant_is_about_that_one_even_when_nothing_was_ever_said() {
    let mut shell = anna_agreed();
    shell.deliver(&[signal("anna", SignalKind::Gpc, Some("corner"), 0)], clock(1, "11:00"));
    assert_eq!(taken_back(&shell), ["corner personalisation", "corner third_party"]);
    shell.left.clear();
    shell.deliver(&[signal("stranger", SignalKind::Gpc, Some("corner"), 0)], clock(1, "11:00"));
    assert_eq!(taken_back(&shell).len(), 2, "a yes to a notice shown before would come too late");
    shell.left.clear();
    shell.deliver(&[signal("nobody", SignalKind::Gpc, None, 0)], clock(1, "11:00"));
    assert_eq!((taken_back(&shell).len(), &*answer(&shell).effect), (0, "nothing_to_change"));
    assert!(shell.storage.state(&CustomerId::new("nobody").unwrap()).is_none(), "no trace of a stranger");
}

#[test]
fn a_stop_ends_text_messages_of_the_merchant_and_leaves_the_rest() {
    let mut shell = anna_agreed();
    shell.deliver(&[reply("Stop please", Some("corner"))], clock(1, "11:00"));
    assert_eq!(taken_back(&shell), ["corner offers.sms"]);
    assert_eq!(ended(&shell), ["corner offers.sms withdrawn"]);
    let mut shell = anna_agreed();
    shell.deliver(&[reply("STOP", None)], clock(1, "11:00"));
    assert_eq!(
        taken_back(&shell),
        ["bricks offers.sms", "corner offers.sms"],
        "whose number it was nobody says"
    );
}

#[test]
fn a_reply_that_is_no_stop_where_the_customer_is_changes_nothing_and_leaves_no_trace() {
    let mut shell = anna_agreed();
    let n_before = shell.engine.tally().consents.total();
    shell.deliver(&[reply("Thanks, see you tomorrow", Some("corner"))], clock(1, "11:00"));
    assert_eq!((&*answer(&shell).state, &*answer(&shell).effect), ("unchanged", "nothing_to_change"));
    assert!(ended(&shell).is_empty() && shell.left.iter().any(|left| matches!(left, Left::Settled(9))));
    assert_eq!(shell.engine.tally().consents.total(), n_before + 1, "counted all the same");
    shell.left.clear();
    let body = br#"{"v":1,"residence":"DE"}"#.to_vec();
    let (customer, device) = ("anna".to_owned(), String::new());
    let moved = Message { door: Door::Profile, customer, device, body, ticket: 0 };
    shell.deliver(&[moved, reply("stop", Some("corner"))], clock(1, "11:00"));
    assert_eq!(answer(&shell).effect, "nothing_to_change", "this book knows the word in the US only");
}

#[test]
fn a_signal_is_recorded_with_its_method_under_its_own_name_and_its_text_nowhere() {
    let mut shell = anna_agreed();
    shell.deliver(&[reply("stop it zanzibar", Some("corner"))], clock(1, "11:00"));
    let mut last = None;
    let mut keep = |numbered: ledger::Numbered| {
        assert!(!format!("{numbered:?}").contains("zanzibar"));
        last = Some(numbered.entry);
    };
    shell.storage.scan_entries(None, &mut keep).unwrap();
    let Some(What::Consent(said)) = last.map(|entry| entry.what) else {
        panic!("a consent is the last entry")
    };
    assert_eq!((said.event.id.as_str(), said.event.method), ("s1", Method::SmsReply));
    assert_eq!(said.event.kind, ConsentKind::Withdraw);
}

#[test]
fn a_yes_to_a_notice_shown_before_the_signal_comes_too_late() {
    let mut shell = anna_agreed();
    shell.deliver(&[signal("anna", SignalKind::Gpc, Some("corner"), 0)], clock(1, "11:00"));
    let kind = ConsentKind::Grant { until: None, confirm: None };
    for (shown, expected) in [("10:59", "late_grant"), ("11:01", "applied")] {
        shell.left.clear();
        let (yes, _) = consent("anna", "corner", Purpose::Personalisation, kind, clock(1, shown), 0);
        shell.deliver(&[yes], clock(1, "11:02"));
        assert_eq!(answer(&shell).effect, expected);
    }
}

#[test]
fn a_signal_of_somebody_who_was_erased_is_answered_and_leaves_no_trace() {
    let mut shell = anna_agreed();
    let (customer, device) = ("anna".to_owned(), String::new());
    let wish = Message { door: Door::Erasure, customer, device, body: Vec::new(), ticket: 5 };
    shell.deliver(&[wish], clock(1, "11:00"));
    shell.deliver(&[signal("anna", SignalKind::Gpc, Some("corner"), 7)], clock(1, "11:01"));
    assert_eq!((&*answer(&shell).state, &*answer(&shell).effect), ("erased", "erased"));
    assert!(shell.storage.state(&CustomerId::new("anna").unwrap()).is_none());
}

#[test]
fn a_signal_out_of_a_file_is_no_event() {
    let mut shell = anna_agreed();
    let mut message = signal("anna", SignalKind::Gpc, Some("corner"), 0);
    message.door = Door::Imported { attested: true };
    shell.deliver(&[message], clock(1, "11:00"));
    assert_eq!(answer(&shell).effect, "unknown_kind");
    assert!(ended(&shell).is_empty());
}
