//! What the server is to the engine, in virtual time: a ledger, a sender, and restarts.

use std::sync::Arc;

use engine::{
    Alteration, ConsentAck, Door, Engine, Event, Farewell, House, Letter, Output, Policy, Reminder, Shadow,
};
use ledger::{DeliveryOutcome, MemoryStorage, Recorded, Staged, StockCount, Storage, commit, replay};
use model::{Millis, Notification, NotificationId, Timestamp};
use offers::{Catalogue, CivilDay, Counted, Stock};
use spatial_index::Fence;

/// A message before it is a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) door: Door,
    pub(crate) customer: String,
    pub(crate) device: String,
    pub(crate) body: Vec<u8>,
    pub(crate) ticket: u64,
}

impl Message {
    pub(crate) fn letter(&self) -> Letter<'_> {
        let Self { door, customer, device, body, ticket } = self;
        Letter { door: *door, customer, device, body, ticket: *ticket }
    }
}

/// Something that left the engine.
#[derive(Debug)]
pub(crate) enum Left {
    /// Published: the phone has it.
    Sent(Box<Notification>),
    /// Shown to operators.
    Shown(Box<Shadow>),
    /// Left the outbox unsent.
    Dropped(DeliveryOutcome),
    /// An answer to a consent event.
    Acknowledged(ConsentAck),
    /// A merchant was told that a grant ends.
    Reminded(Box<Reminder>),
    /// Nothing is kept of a customer any more.
    Erased,
    /// The sender of a letter was told.
    Settled(u64),
}

pub(crate) struct Shell {
    pub(crate) engine: Engine,
    pub(crate) storage: MemoryStorage,
    pub(crate) house: Arc<House>,
    /// The house that the engine has, after an edit that it has not seen.
    seen: Option<Arc<House>>,
    policy: Policy,
    /// While true, commits stay in flight.
    pub(crate) ledger_is_slow: bool,
    /// While true, nothing can be published.
    pub(crate) phones_are_away: bool,
    in_flight: Option<Staged>,
    farewells: Vec<Farewell>,
    waiting: Vec<Recorded<Notification>>,
    pub(crate) left: Vec<Left>,
    /// Everything ever published, in order.
    pub(crate) published: Vec<NotificationId>,
}

/// The policy as shipped, but for one thing: what is due is decided at once.
pub(crate) fn at_once() -> Policy {
    let mut policy = Policy::default();
    policy.notifier.gather = Millis::ZERO;
    policy
}

impl Shell {
    /// An engine that starts with an empty ledger.
    pub(crate) fn new(house: Arc<House>, policy: Policy, now: Timestamp) -> Self {
        let engine = Engine::new(house.clone(), policy.clone());
        let mut shell = Self {
            engine,
            storage: MemoryStorage::new(),
            house,
            seen: None,
            policy,
            ledger_is_slow: false,
            phones_are_away: false,
            in_flight: None,
            farewells: Vec::new(),
            waiting: Vec::new(),
            left: Vec::new(),
            published: Vec::new(),
        };
        shell.open(now);
        shell
    }

    fn open(&mut self, now: Timestamp) {
        self.engine.listen();
        let engine = &mut self.engine;
        self.storage.scan_states(&mut |stored| engine.load(stored)).expect("memory can be read");
        if let Some(seen) = self.seen.take() {
            engine.handle_alteration(&Alteration::between(seen, self.house.clone()), now);
        }
        self.engine.open(now);
        self.settle(now);
    }

    /// The engine is gone with all that was not recorded, and another one starts.
    pub(crate) fn restart(&mut self, now: Timestamp) {
        self.in_flight = None;
        // Whoever asked for it was not told that it was done, and asks again.
        self.farewells.clear();
        self.waiting.clear();
        self.ledger_is_slow = false;
        // Visits are read back into the house in which they were made.
        let house = self.seen.as_ref().unwrap_or(&self.house);
        self.engine = Engine::new(house.clone(), self.policy.clone())
            .sharing(self.stock())
            .remembering(self.storage.graves());
        self.open(now);
    }

    /// What the ledger says of the stock.
    fn stock(&mut self) -> Arc<Stock> {
        let mut counts = Vec::new();
        self.storage
            .scan_stock(&mut |StockCount { offer, day, n }| {
                counts.push((offer, day.map_or(Counted::Total, |day| Counted::On(CivilDay::new(day))), n));
            })
            .expect("memory can be read");
        Arc::new(Stock::new(counts))
    }

    /// The way to other fences.
    pub(crate) fn to_fences(&self, fences: Vec<Fence>) -> Alteration {
        Alteration::new(&self.house, fences, None).expect("the fences can be indexed")
    }

    /// The way to other offers.
    pub(crate) fn to_offers(&self, offers: Arc<Catalogue>) -> Alteration {
        self.to_fences(self.house.fences().collect()).with_offers(offers)
    }

    /// An operator puts something else in force.
    pub(crate) fn edit(&mut self, alteration: &Alteration, now: Timestamp) {
        self.engine.handle_alteration(alteration, now);
        self.house = alteration.to().clone();
        self.settle(now);
    }

    /// The same, and the engine starts with it the next time.
    pub(crate) fn edit_unseen(&mut self, alteration: &Alteration) {
        let house = std::mem::replace(&mut self.house, alteration.to().clone());
        // Of offers nobody knows what the last server had.
        if !alteration.extent().is_nothing() {
            self.seen.get_or_insert(house);
        }
    }

    pub(crate) fn deliver(&mut self, messages: &[Message], now: Timestamp) {
        let letters: Vec<Letter<'_>> = messages.iter().map(Message::letter).collect();
        self.engine.handle_letters(&letters, now);
        self.settle(now);
    }

    /// Time passes and the machine wakes at every timer.
    pub(crate) fn wait(&mut self, now: Timestamp) {
        // What is due on the way is done at its own instant.
        while let Some(due_at) = self.engine.poll_timeout().filter(|due_at| *due_at < now) {
            let due_at = due_at.max(self.engine.now());
            self.engine.handle_timeout(due_at);
            self.settle(due_at);
        }
        self.leap(now);
    }

    /// Time passes while the machine stands still.
    pub(crate) fn leap(&mut self, now: Timestamp) {
        self.engine.handle_timeout(now);
        self.settle(now);
    }

    /// Commits and sends until nothing is left to do.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        loop {
            self.send(now);
            if self.in_flight.is_none() {
                self.in_flight = self.engine.poll_staged(now);
            }
            if self.ledger_is_slow {
                return self.send(now);
            }
            let Some(staged) = self.in_flight.take() else {
                if self.farewells.is_empty() {
                    return;
                }
                self.erase(now);
                continue;
            };
            for committed in commit(&mut self.storage, vec![staged]).expect("memory takes it") {
                self.engine.handle_committed(committed, now);
            }
        }
    }

    fn erase(&mut self, now: Timestamp) {
        for farewell in std::mem::take(&mut self.farewells) {
            let erasure = self.storage.erase(&farewell.customer, farewell.at).expect("memory forgets");
            self.engine.handle_erased(&farewell, &erasure, now);
            self.left.push(Left::Erased);
        }
    }

    fn send(&mut self, now: Timestamp) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Send(recorded) => self.waiting.push(recorded),
                Output::Shadow(shadow) => self.left.push(Left::Shown(shadow)),
                Output::Acknowledge(ack) => self.left.push(Left::Acknowledged(ack)),
                Output::Settled { ticket } => self.left.push(Left::Settled(ticket)),
                Output::Remind(reminder) => self.left.push(Left::Reminded(reminder)),
                Output::Erase(farewell) => self.farewells.push(farewell),
            }
        }
        let mut away = Vec::new();
        for recorded in std::mem::take(&mut self.waiting) {
            let outcome = match self.engine.may_send(&recorded, now) {
                Ok(()) if self.phones_are_away => {
                    away.push(recorded);
                    continue;
                }
                Ok(()) => DeliveryOutcome::Sent,
                Err(outcome) => outcome,
            };
            let notification = recorded.value();
            self.engine.handle_delivery(&notification.customer, notification.id, outcome, now);
            if outcome == DeliveryOutcome::Sent {
                self.published.push(notification.id);
                self.left.push(Left::Sent(Box::new(notification.clone())));
            } else {
                self.left.push(Left::Dropped(outcome));
            }
        }
        self.waiting = away;
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.engine.poll_event()).collect()
    }

    /// Law `replay_restores_state`: what the entries say is what the rows and the engine say.
    pub(crate) fn check_replay(&mut self) {
        let mut entries = Vec::new();
        self.storage
            .scan_entries(None, &mut |numbered| entries.push(numbered.entry))
            .expect("memory can be read");
        let forgotten_before = self.engine.now() - self.policy.notifier.memory();
        for (customer, rebuilt) in replay(entries) {
            let row = self.storage.state(&customer).expect("a customer with entries has a row");
            assert_eq!(rebuilt.check(row, forgotten_before), Ok(()), "replay_restores_state");
            if self.in_flight.is_none() {
                let live = self.engine.state_of(&customer).expect("a customer with a row is known");
                assert_eq!(rebuilt.check(&live, forgotten_before), Ok(()), "replay_restores_state");
            }
        }
    }
}

impl Left {
    /// The ticket of a letter that was settled.
    pub(crate) const fn ticket(&self) -> Option<u64> {
        match self {
            Self::Settled(ticket) => Some(*ticket),
            Self::Sent(_)
            | Self::Shown(_)
            | Self::Dropped(..)
            | Self::Acknowledged(_)
            | Self::Erased
            | Self::Reminded(_) => None,
        }
    }
}
