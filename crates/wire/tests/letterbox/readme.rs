//! The examples of consent events in the README are events, and its words are all the words.

use std::collections::BTreeSet;

use consent_gate::{ConsentEvent, ConsentKind, Effect, Method, OptIn, Purpose, Signal};
use model::Timestamp;
use wire::{Acknowledgement, ConsentLetter, Decoder, Envelope, Limits, encode_ack};

const README: &str = include_str!("../../../../README.md");

fn section() -> &'static str {
    let (_, rest) = README.split_once("### Consent events").expect("the README tells of consent events");
    rest.split_once("\n### ").map_or(rest, |(section, _)| section)
}

fn examples() -> impl Iterator<Item = &'static str> {
    section().lines().filter(|line| line.starts_with('{'))
}

fn letters() -> impl Iterator<Item = ConsentLetter> {
    let letters = examples().filter(|line| line.contains("\"kind\""));
    letters.map(|line| {
        let envelope = Envelope { customer: "ada", device: "", body: line.as_bytes() };
        let read = Decoder::new(Limits::default()).consent_letter(&envelope);
        read.unwrap_or_else(|flaw| panic!("{flaw}: {line}"))
    })
}

fn events() -> Vec<ConsentEvent> {
    let event = |letter| match letter {
        ConsentLetter::Event(event) => Some(event),
        ConsentLetter::Signal(_) => None,
    };
    letters().filter_map(event).collect()
}

#[test]
fn there_is_an_example_of_every_signal() {
    let signal = |letter| match letter {
        ConsentLetter::Event(_) => None,
        ConsentLetter::Signal(Signal { kind, .. }) => Some(kind.word()),
    };
    assert_eq!(letters().filter_map(signal).collect::<Vec<_>>(), ["gpc", "reply"]);
}

#[test]
fn every_example_of_an_event_is_one_and_proves_what_it_says() {
    let now = Timestamp::from_unix_ms(1_763_760_000_000);
    let mut kinds = BTreeSet::new();
    for event in events() {
        kinds.insert(event.kind.word());
        let opt_in = if event.purpose == Purpose::OffersSms { OptIn::Double } else { OptIn::Single };
        assert!(event.missing(opt_in, now).is_nothing(), "{}", event.id.as_str());
    }
    assert_eq!(kinds.len(), 10, "one of every kind: {kinds:?}");
}

#[test]
fn the_token_of_the_example_is_the_one_that_was_awaited() {
    let kinds: Vec<_> = events().into_iter().map(|event| event.kind).collect();
    let awaited = kinds.iter().find_map(|kind| match kind {
        ConsentKind::Grant { confirm, .. } => *confirm,
        _ => None,
    });
    assert!(kinds.contains(&ConsentKind::Confirm { token: awaited.expect("a grant with a token") }));
}

#[test]
fn every_example_of_an_answer_is_one() {
    let answers: Vec<_> = examples().filter(|line| line.contains("\"effect\"")).collect();
    assert!(!answers.is_empty());
    for line in answers {
        let answer = Acknowledgement::decode(line.as_bytes()).unwrap_or_else(|flaw| panic!("{flaw}: {line}"));
        assert_eq!(String::from_utf8(encode_ack(&answer)).unwrap(), line);
    }
}

#[test]
fn every_word_is_told() {
    let purposes = Purpose::ALL.map(Purpose::word);
    let words =
        purposes.into_iter().chain(Method::ALL.map(Method::word)).chain(Effect::ALL.map(Effect::word));
    for word in words {
        assert!(section().contains(&format!("`{word}`")), "the README does not tell of {word}");
    }
}
