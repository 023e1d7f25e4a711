//! A shell that can be interrupted between any two of its steps.

use std::sync::Arc;

use engine::{Door, Engine, Farewell, House, Letter, Output};
use ledger::{MemoryStorage, Recorded, Staged, Storage as _, commit};
use model::{Millis, Notification, Timestamp};

use super::counts::Counts;
use super::stage::{self, Spot};
use super::story::{Moment, No};

/// The number of the letter that says *no*.
const TICKET: u64 = 7;

const PHONE: &str = "phone";

/// One engine with a ledger in memory.
pub(super) struct Shell {
    pub(super) engine: Engine,
    ledger: MemoryStorage,
    /// Whether it asks the back door before it publishes.
    asks: bool,
    pub(super) now: Timestamp,
    farewells: Vec<Farewell>,
    line: Vec<Recorded<Notification>>,
    pub(super) line_waits: bool,
    /// The next publish fails once.
    pub(super) fails_once: bool,
    pub(super) word: Word,
    pub(super) counts: Counts,
}

/// How far the *no* of the story has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Word {
    pub(super) customer: String,
    pub(super) due: Option<(Moment, No)>,
    pub(super) is_said: bool,
    pub(super) is_acknowledged: bool,
    /// Offers that went out after it was read, and after it was acknowledged.
    pub(super) n_sent: u64,
    pub(super) n_sent_after_reading: u64,
    pub(super) n_leaks: u64,
}

impl Shell {
    pub(super) fn new(house: Arc<House>, asks: bool, now: Timestamp) -> Self {
        let mut engine = Engine::new(house, stage::policy());
        engine.open(now);
        Self {
            engine,
            ledger: MemoryStorage::new(),
            asks,
            now,
            farewells: Vec::new(),
            line: Vec::new(),
            line_waits: false,
            fails_once: false,
            word: Word::default(),
            counts: Counts::default(),
        }
    }

    pub(super) fn pass(&mut self, time: Millis) {
        self.now = self.now + time;
        self.engine.handle_timeout(self.now);
    }

    /// Hands over what a customer says about consent, in one drain.
    pub(super) fn say(&mut self, customer: &str, bodies: &[Vec<u8>]) {
        let letters: Vec<Letter<'_>> = bodies
            .iter()
            .map(|body| Letter { door: Door::Consent, customer, device: "", body, ticket: 0 })
            .collect();
        self.engine.handle_letters(&letters, self.now);
    }

    /// Hands a fix over, and the *no* with it in one drain when it is due ahead of it or behind it.
    pub(super) fn see(&mut self, spot: Spot, foreground: Option<bool>) {
        let customer = self.word.customer.clone();
        let body = stage::fix(spot, foreground, self.now);
        let fix = Letter { door: Door::Fixes, customer: &customer, device: PHONE, body: &body, ticket: 0 };
        let due = self.word.due.filter(|(at, _)| matches!(at, Moment::Ahead | Moment::Behind));
        let Some((moment, no)) = due else { return self.engine.handle_letters(&[fix], self.now) };
        let said = self.no_body(no);
        let letter = no_letter(&customer, said.as_deref());
        let letters = if moment == Moment::Ahead { [letter, fix] } else { [fix, letter] };
        self.note_said();
        self.engine.handle_letters(&letters, self.now);
    }

    /// A boundary: the *no* comes here, if this is its place.
    pub(super) fn reach(&mut self, moment: Moment) {
        let Some((_, no)) = self.word.due.filter(|(at, _)| *at == moment) else { return };
        self.now = self.now + Millis::new(1);
        let customer = self.word.customer.clone();
        let said = self.no_body(no);
        self.note_said();
        self.engine.handle_letters(&[no_letter(&customer, said.as_deref())], self.now);
    }

    fn note_said(&mut self) {
        self.word.due = None;
        self.word.is_said = true;
    }

    /// The bytes of a *no*; the wish to be erased has none.
    fn no_body(&self, no: No) -> Option<Vec<u8>> {
        no.event().map(|(purpose, kind)| stage::consent(self.counts.n, purpose, kind, self.now))
    }

    /// Commits and sends until nothing is left to do.
    pub(super) fn settle(&mut self) {
        loop {
            self.take_outputs();
            if !self.line.is_empty() {
                self.reach(Moment::HandedOut);
                if !self.line_waits {
                    self.send();
                }
            }
            if let Some(staged) = self.engine.poll_staged(self.now) {
                self.commit(staged);
            } else if !self.farewells.is_empty() {
                self.erase();
            } else if self.line.is_empty() {
                return;
            } else {
                self.line_waits = false;
            }
        }
    }

    fn commit(&mut self, staged: Staged) {
        self.reach(Moment::Staged);
        let committed = commit(&mut self.ledger, vec![staged]).expect("memory takes it");
        self.reach(Moment::Committed);
        for committed in committed {
            self.engine.handle_committed(committed, self.now);
        }
        self.reach(Moment::Told);
    }

    fn erase(&mut self) {
        for farewell in std::mem::take(&mut self.farewells) {
            let erasure = self.ledger.erase(&farewell.customer, farewell.at).expect("memory forgets");
            self.engine.handle_erased(&farewell, &erasure, self.now);
        }
    }

    fn take_outputs(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Send(recorded) => {
                    self.counts.n_handed_out += 1;
                    self.line.push(recorded);
                }
                Output::Acknowledge(ack) if ack.ticket == TICKET => {
                    self.word.is_acknowledged |= ack.answer.effect == "applied";
                }
                Output::Settled { ticket: TICKET } if self.counts.is_erasing => {
                    self.word.is_acknowledged = true;
                }
                Output::Erase(farewell) => self.farewells.push(farewell),
                Output::Acknowledge(_) | Output::Settled { .. } | Output::Remind(_) | Output::Shadow(_) => {}
            }
        }
    }

    fn send(&mut self) {
        for recorded in std::mem::take(&mut self.line) {
            let may_go = if self.asks { self.engine.may_send(&recorded, self.now) } else { Ok(()) };
            let outcome = match may_go {
                Err(outcome) => {
                    self.counts.n_called_off += 1;
                    outcome
                }
                Ok(()) if std::mem::take(&mut self.fails_once) => {
                    self.line.push(recorded);
                    self.reach(Moment::Asked);
                    continue;
                }
                Ok(()) => {
                    self.publish();
                    self.reach(Moment::Published);
                    ledger::DeliveryOutcome::Sent
                }
            };
            let Notification { customer, id, .. } = recorded.value();
            self.engine.handle_delivery(customer, *id, outcome, self.now);
        }
    }

    /// A publish begins.
    fn publish(&mut self) {
        let word = &mut self.word;
        word.n_sent += 1;
        word.n_sent_after_reading += u64::from(word.is_said);
        word.n_leaks += u64::from(word.is_acknowledged);
        self.counts.n_published += 1;
    }
}

fn no_letter<'a>(customer: &'a str, body: Option<&'a [u8]>) -> Letter<'a> {
    let door = if body.is_some() { Door::Consent } else { Door::Erasure };
    Letter { door, customer, device: "", body: body.unwrap_or_default(), ticket: TICKET }
}
