//! Wishes to be forgotten that come twice, with a yes between them.

use std::sync::Arc;

use consent_gate::{Actor, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose};
use engine::{Door, Engine, Farewell, House, Letter, Output, Policy};
use ledger::{MemoryStorage, Storage as _, commit};
use model::{CustomerId, MerchantId, Timestamp};
use offers::Catalogue;

const ANNA: &str = "anna";

/// One engine, its ledger, and what it asked to be erased.
struct Desk {
    engine: Engine,
    storage: MemoryStorage,
    farewells: Vec<Farewell>,
    answers: Vec<String>,
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_700_000_000_000 + secs * 1_000)
}

fn yes(shown_at: i64) -> Vec<u8> {
    let shown_at = at(shown_at);
    let notice =
        Notice { id: "terms".into(), version: 1, lang: "en".into(), sha256: "0".repeat(64).into(), shown_at };
    wire::encode_consent(&ConsentEvent {
        id: EventId::new("yes").expect("an id"),
        merchant: MerchantId::new("shop").expect("an id"),
        purpose: Purpose::Location,
        kind: ConsentKind::Grant { until: None, confirm: None },
        actor: Actor::Own,
        method: Method::Toggle,
        notice: Some(notice),
        evidence_at: Some(shown_at),
        app: None,
    })
}

impl Desk {
    fn new() -> Self {
        let catalogue = Catalogue::new(Vec::new()).expect("no offers");
        let house = House::new(Vec::new(), catalogue).expect("no fences");
        let mut engine = Engine::new(Arc::new(house), Policy::default());
        engine.open(at(0));
        Self { engine, storage: MemoryStorage::new(), farewells: Vec::new(), answers: Vec::new() }
    }

    fn hear(&mut self, door: Door, body: &[u8], now: i64) {
        let letter = Letter { door, customer: ANNA, device: "", body, ticket: 1 };
        self.engine.handle_letters(&[letter], at(now));
        self.take_outputs();
    }

    fn take_outputs(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Acknowledge(ack) => self.answers.push(ack.answer.effect),
                Output::Erase(farewell) => self.farewells.push(farewell),
                Output::Send(_) | Output::Remind(_) | Output::Shadow(_) | Output::Settled { .. } => {}
            }
        }
    }

    fn commit(&mut self, now: i64) {
        while let Some(staged) = self.engine.poll_staged(at(now)) {
            for committed in commit(&mut self.storage, vec![staged]).expect("memory takes it") {
                self.engine.handle_committed(committed, at(now));
            }
        }
        self.take_outputs();
    }

    fn erase_one(&mut self, now: i64) {
        let farewell = self.farewells.remove(0);
        let erasure = self.storage.erase(&farewell.customer, farewell.at).expect("memory forgets");
        self.engine.handle_erased(&farewell, &erasure, at(now));
        self.take_outputs();
    }

    fn answer_to_a_yes(&mut self, shown_at: i64, now: i64) -> String {
        self.answers.clear();
        self.hear(Door::Consent, &yes(shown_at), now);
        self.commit(now);
        // An answer to what was said before may come with the next commit.
        self.answers.swap_remove(0)
    }

    fn start_again(&mut self, now: i64) {
        let house = self.engine.house().clone();
        self.engine = Engine::new(house, Policy::default()).remembering(self.storage.graves());
        self.storage.scan_states(&mut |stored| self.engine.load(stored)).expect("memory can be read");
        self.engine.open(at(now));
    }
}

#[test]
fn a_yes_between_two_wishes_to_be_forgotten_counts_no_more_even_if_it_was_never_written() {
    let mut desk = Desk::new();
    desk.hear(Door::Erasure, &[], 10);
    desk.erase_one(11);
    desk.hear(Door::Consent, &yes(20), 20);
    desk.hear(Door::Erasure, &[], 30);
    desk.erase_one(31);
    assert_eq!(desk.answer_to_a_yes(20, 40), "erased");
    desk.start_again(50);
    assert_eq!(desk.answer_to_a_yes(20, 51), "erased");
    assert_eq!(desk.answer_to_a_yes(52, 53), "applied");
}

#[test]
fn nothing_is_heard_of_somebody_while_one_of_two_wishes_waits() {
    let anna = CustomerId::new(ANNA).expect("an id");
    let mut desk = Desk::new();
    assert_eq!(desk.answer_to_a_yes(1, 1), "applied");
    desk.hear(Door::Erasure, &[], 10);
    desk.hear(Door::Erasure, &[], 20);
    desk.erase_one(21);
    assert!(desk.engine.is_leaving(&anna));
    assert_eq!(desk.answer_to_a_yes(15, 22), "erased");
    desk.erase_one(23);
    assert!(!desk.engine.is_leaving(&anna) && desk.engine.is_idle());
    assert_eq!(desk.storage.n_entries(), 0);
    assert_eq!(desk.answer_to_a_yes(15, 24), "erased");
    assert_eq!(desk.answer_to_a_yes(25, 25), "applied");
}
