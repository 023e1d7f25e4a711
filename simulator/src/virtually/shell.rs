//! What the server is to the engine, in virtual time, on a day when everything goes wrong.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use consent_gate::{ConsentEvent, Hearing};
use engine::{Alteration, Door, Engine, Event, EventKind, Farewell, House, Letter, Output};
use ledger::{
    DeliveryOutcome, NotCommitted, Recorded, Staged, StockCount, Storage as _, StorageError, commit,
};
use model::{CustomerId, FeedbackKind, Notification, NotificationId, Timestamp};
use offers::{Catalogue, CivilDay, Counted, Stock};

use super::disk::Disk;
use super::happening::Step;
use super::laws::Laws;
use super::names::Names;
use super::operator::Operator;
use super::opinion::Opinion;
use super::plant::Plant;
use super::post::Message;
use super::profiles::ProfileWord;
use super::scene::{Person, Scene};

/// The process died.
#[derive(Debug)]
pub(crate) struct Died;

/// One engine with all that surrounds it.
pub(crate) struct Shell<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) names: &'a Names,
    pub(crate) engine: Engine,
    pub(crate) disk: Disk,
    pub(crate) opinion: Opinion<'a>,
    pub(crate) laws: Laws<'a>,
    pub(crate) weather: Weather,
    pub(crate) plant: Option<Plant>,
    pub(crate) counts: Counts,
    house: Arc<House>,
    in_flight: Option<Staged>,
    pub(crate) farewells: VecDeque<Farewell>,
    line: Vec<Recorded<Notification>>,
    /// Notices of deliveries on their way back.
    notices: Vec<(CustomerId, NotificationId, DeliveryOutcome)>,
    /// Letters whose senders will try again.
    pub(crate) unsettled: BTreeMap<u64, Sent>,
    /// What the judge says became of consent events, by their tickets.
    pub(crate) effects: BTreeMap<u64, &'static str>,
    /// Answers that the judge found to be of use, by their tickets.
    pub(crate) of_use: BTreeSet<u64>,
    /// Letters about themselves of those who had said a word on consent before: what they mute is kept.
    pub(crate) kept: BTreeSet<u64>,
    /// Letters that somebody wrote before they were forgotten, by their tickets.
    pub(crate) past: BTreeSet<u64>,
    /// Who was forgotten since both sides were compared.
    pub(crate) gone: Vec<u32>,
    pub(crate) last_offer: BTreeMap<u32, Published>,
    /// The latest time that this process was told.
    pub(crate) seen_at: Timestamp,
    /// Messages of fixes that this process has read.
    pub(crate) n_read: u64,
    /// What the engine told before it was open.
    pub(crate) early: Vec<Event>,
}

/// A letter that asked for an answer.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) message: Message,
    pub(crate) what: Asked,
}

/// What it was about.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Consent(Box<ConsentEvent>, Hearing),
    Feedback(AnswerSent),
    Profile(Box<ProfileWord>),
    Erasure,
}

/// An answer to an offer, as it was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerSent {
    /// A notification by its name, or an offer by its number.
    pub(crate) about: Result<NotificationId, u32>,
    pub(crate) kind: FeedbackKind,
    pub(crate) at: Option<Timestamp>,
    /// It is the customer's own, by its name.
    pub(crate) counts: bool,
}

/// The last offer that somebody was given.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) id: NotificationId,
    pub(crate) phone: u8,
    pub(crate) at: Timestamp,
}

/// What is going wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    pub(crate) ledger_is_slow: bool,
    pub(crate) phones_are_away: bool,
    pub(crate) n_publishes_to_fail: u8,
    pub(crate) notices_are_late: bool,
    pub(crate) erasures_are_slow: bool,
    /// Where the process will die, and whether a write under way survives.
    pub(crate) dies: Option<(Step, bool)>,
}

/// What was seen of a story, for those who want to know whether it meant anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) n_fixes: u64,
    pub(crate) n_letters: u64,
    pub(crate) n_offers: u64,
    pub(crate) n_transitions: u64,
    pub(crate) n_suppressed: u64,
    pub(crate) n_refused: u64,
    pub(crate) n_dropped: u64,
    pub(crate) n_restrictions: u64,
    pub(crate) n_starts: u64,
    pub(crate) n_edits: u64,
    pub(crate) n_shadows: u64,
    pub(crate) n_erasures: u64,
    /// Of those who were erased, how many said yes to something new.
    pub(crate) n_new_lives: u64,
    pub(crate) n_reminders: u64,
    /// Second words that made a yes of the first, and those that did not.
    pub(crate) n_confirmed: u64,
    pub(crate) n_unconfirmed: u64,
    /// Words out of files, and those of them that changed something.
    pub(crate) n_imported: u64,
    pub(crate) n_imports_applied: u64,
}

impl<'a> Shell<'a> {
    /// A process that starts for the first time.
    pub(crate) fn new(scene: &'a Scene, names: &'a Names, is_judged: bool, plant: Option<Plant>) -> Self {
        let catalogue = Catalogue::new(scene.drafts.clone()).expect("offers of a scene obey the rules");
        let house = House::new(scene.fences.clone(), catalogue).expect("a scene can be indexed");
        let house = Arc::new(house);
        let mut shell = Self {
            scene,
            names,
            engine: Engine::new(house.clone(), scene.policy.clone()),
            disk: Disk::new(plant),
            opinion: Opinion::new(scene, is_judged),
            laws: Laws::new(scene),
            weather: Weather::default(),
            plant,
            counts: Counts::default(),
            house,
            in_flight: None,
            farewells: VecDeque::new(),
            line: Vec::new(),
            notices: Vec::new(),
            unsettled: BTreeMap::new(),
            effects: BTreeMap::new(),
            of_use: BTreeSet::new(),
            kept: BTreeSet::new(),
            past: BTreeSet::new(),
            gone: Vec::new(),
            last_offer: BTreeMap::new(),
            seen_at: Timestamp::MIN,
            n_read: 0,
            early: Vec::new(),
        };
        shell.engine.listen();
        shell.engine.open(scene.starts_at);
        shell
    }

    /// A boundary at which the process can die.
    pub(crate) fn step(&mut self, step: Step) -> Result<(), Died> {
        if self.weather.dies.is_some_and(|(at, _)| at == step) { Err(Died) } else { Ok(()) }
    }

    /// Reads letters; the judge is told the same before anything else happens.
    pub(crate) fn read(&mut self, letters: &[Letter<'_>], now: Timestamp) -> Result<(), Died> {
        self.seen_at = self.seen_at.max(now);
        self.step(Step::BeforeLetters)?;
        self.n_read += letters.iter().filter(|letter| letter.door == Door::Fixes).count() as u64;
        self.engine.handle_letters(letters, now);
        Ok(())
    }

    /// Commits and sends until nothing is left to do.
    pub(crate) fn settle(&mut self, now: Timestamp) -> Result<(), Died> {
        self.seen_at = self.seen_at.max(now);
        let mut may_erase = true;
        loop {
            self.send(now)?;
            if self.in_flight.is_none() {
                self.opinion.take_census(now);
                self.opinion.stage(now);
                self.in_flight = self.engine.poll_staged(now);
                if self.in_flight.is_some() {
                    self.step(Step::Staged)?;
                }
            }
            if self.weather.ledger_is_slow {
                return Ok(());
            }
            let Some(staged) = self.in_flight.take() else {
                if self.farewells.is_empty() || !may_erase {
                    return Ok(());
                }
                may_erase = self.erase(now)?;
                continue;
            };
            match commit(&mut self.disk, vec![staged]) {
                Ok(committed) => {
                    self.step(Step::Written)?;
                    for committed in committed {
                        self.engine.handle_committed(committed, now);
                        self.opinion.committed(now);
                    }
                    self.step(Step::Committed)?;
                }
                // Whether it is there only a new start can tell.
                Err(NotCommitted { error: StorageError::Suspect(_), .. }) => return Err(Died),
                Err(NotCommitted { mut staged, .. }) => {
                    self.in_flight = staged.pop();
                    return Ok(());
                }
            }
        }
    }

    fn send(&mut self, now: Timestamp) -> Result<(), Died> {
        while let Some(output) = self.engine.poll_output() {
            self.step(Step::OutputTaken)?;
            match output {
                Output::Send(recorded) => self.line.push(recorded),
                Output::Acknowledge(ack) => self.acknowledge(&ack),
                Output::Settled { ticket } => self.settled(ticket, now),
                Output::Remind(reminder) => self.remind(&reminder),
                Output::Erase(farewell) => self.farewells.push_back(farewell),
                // Nobody is told of it.
                Output::Shadow(_) => self.counts.n_shadows += 1,
            }
        }
        for recorded in std::mem::take(&mut self.line) {
            self.try_to_send(recorded, now)?;
        }
        Ok(())
    }

    fn try_to_send(&mut self, recorded: Recorded<Notification>, now: Timestamp) -> Result<(), Died> {
        if self.plant == Some(Plant::SwallowsOffers) && recorded.value().id.0.low_u64().is_multiple_of(3) {
            return Ok(());
        }
        let id = recorded.value().id;
        let answer = if self.plant == Some(Plant::ForgetsToAsk) {
            Ok(())
        } else {
            self.engine.may_send(&recorded, now)
        };
        self.compare_answers(&recorded, answer, now);
        let outcome = match answer {
            Err(outcome) => outcome,
            Ok(()) => {
                self.step(Step::Asked)?;
                if self.weather.phones_are_away || 0 < self.weather.n_publishes_to_fail {
                    self.weather.n_publishes_to_fail = self.weather.n_publishes_to_fail.saturating_sub(1);
                    self.line.push(recorded);
                    return Ok(());
                }
                self.publish(recorded.value());
                if self.plant == Some(Plant::PublishesTwice) && id.0.low_u64().is_multiple_of(5) {
                    self.publish(recorded.value());
                }
                self.step(Step::Published)?;
                DeliveryOutcome::Sent
            }
        };
        let customer = recorded.value().customer.clone();
        if self.weather.notices_are_late && outcome == DeliveryOutcome::Sent {
            self.notices.push((customer, id, outcome));
            return Ok(());
        }
        self.delivered(&customer, id, outcome, now)
    }

    fn delivered(
        &mut self,
        customer: &CustomerId,
        id: NotificationId,
        outcome: DeliveryOutcome,
        now: Timestamp,
    ) -> Result<(), Died> {
        self.engine.handle_delivery(customer, id, outcome, now);
        self.opinion.left(id, outcome, now);
        self.step(Step::Delivered)
    }

    /// The notices that were held back come: the last first, and each of them twice.
    pub(crate) fn take_notices(&mut self, now: Timestamp) -> Result<(), Died> {
        let notices = std::mem::take(&mut self.notices);
        for _ in 0..2 {
            for (customer, id, outcome) in notices.iter().rev() {
                self.delivered(customer, *id, *outcome, now)?;
            }
        }
        Ok(())
    }

    /// Both judges are asked whether an offer may go; when they differ, one of them is wrong.
    fn compare_answers(
        &mut self,
        recorded: &Recorded<Notification>,
        answer: Result<(), DeliveryOutcome>,
        now: Timestamp,
    ) {
        let notification = recorded.value();
        let Some(second) = self.opinion.may_send(notification.id, now) else { return };
        if answer == second {
            return;
        }
        let name = match second {
            Err(DeliveryOutcome::Revoked) => "no_offer_after_withdrawal",
            Err(DeliveryOutcome::Expired) => "nothing_is_late",
            Err(_) | Ok(()) => "not_mute",
        };
        let word = |answer: Result<(), DeliveryOutcome>| answer.err().map_or("may go", DeliveryOutcome::word);
        let sentence = format!(
            "the offer {} at {}: the engine says {}, the judge says {}",
            notification.offer.as_str(),
            notification.fence.as_str(),
            word(answer),
            word(second)
        );
        let who = self.names.customer(notification.customer.as_str());
        self.laws.break_law(name, who, sentence);
    }

    fn publish(&mut self, notification: &Notification) {
        let who = self.names.customer(notification.customer.as_str());
        let Some(who) = who else {
            return self.laws.break_law("not_mute", None, "an offer goes to somebody whom nobody knows");
        };
        let row = self.disk.state(&notification.customer);
        let is_stored = row.is_some_and(|row| row.outbox.contains(notification));
        self.laws.publish(who, notification, is_stored, self.seen_at);
        let phones = &self.scene.people[who as usize].phones;
        let phone = phones.iter().position(|phone| *phone == notification.device).unwrap_or(0) as u8;
        self.last_offer.insert(who, Published { id: notification.id, phone, at: self.seen_at });
    }

    /// Takes up other fences and other offers.
    pub(crate) fn alter(&mut self, alteration: &Alteration, operator: &Operator<'_>, now: Timestamp) {
        self.engine.handle_alteration(alteration, now);
        self.house = alteration.to().clone();
        self.opinion.fences(operator.fences(), now);
        self.opinion.offers(operator.offers(), now);
        self.laws.operated(operator.offers());
        self.counts.n_edits += 1;
    }

    pub(crate) const fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// The process is gone with all that was not recorded; another one reads back what was.
    ///
    /// `unseen` is an operator who edited something meanwhile.
    pub(crate) fn start_again(&mut self, unseen: Option<&Operator<'_>>, now: Timestamp) {
        let survives = self.weather.dies.take().is_some_and(|(_, survives)| survives);
        if let (Some(staged), true) = (self.in_flight.take(), survives) {
            // The write was under way, and the disk finished it.
            let _ = commit(&mut self.disk, vec![staged]);
        }
        // Before anybody says again what has got no answer.
        self.laws.check_durable(&self.disk.entries());
        self.line.clear();
        self.farewells.clear();
        self.notices.clear();
        self.effects.clear();
        self.of_use.clear();
        self.kept.clear();
        self.past.clear();
        self.weather = Weather { phones_are_away: self.weather.phones_are_away, ..Weather::default() };
        (self.disk.n_to_fail, self.disk.in_doubt) = (0, None);
        self.seen_at = now;
        self.counts.n_starts += 1;
        self.n_read = 0;
        self.laws.died();
        let stock = self.disk.stock();
        let shared = stock.iter().map(|count| {
            let counted = count.day.map_or(Counted::Total, |day| Counted::On(CivilDay::new(day)));
            (count.offer.clone(), counted, count.n)
        });
        let engine = Engine::new(self.house.clone(), self.scene.policy.clone());
        self.engine = engine.sharing(Arc::new(Stock::new(shared))).remembering(self.disk.graves());
        self.engine.listen();
        self.read_back(&stock, now);
        if let Some(operator) = unseen {
            let alteration = operator.exchange(&self.house);
            self.alter(&alteration, operator, now);
        }
        self.knock(now);
        self.engine.open(now);
        self.opinion.open(now);
    }

    fn read_back(&mut self, stock: &[StockCount], now: Timestamp) {
        if self.plant == Some(Plant::OpensTooEarly) {
            self.engine.open(now);
        }
        let engine = &mut self.engine;
        if self.plant != Some(Plant::ForgetsAtTheStart) {
            self.disk.scan_states(&mut |stored| engine.load(stored)).expect("memory can be read");
        }
        let people = (0..).zip(&self.scene.people);
        let rows = people.filter_map(|(who, person)| Some((who, self.disk.state(&person.customer)?)));
        for (who, visit) in
            rows.clone().flat_map(|(who, row)| row.visits.iter().map(move |visit| (who, visit)))
        {
            self.laws.resumed(who, visit.visit, visit.dwelled);
        }
        for sentence in self.opinion.read_back(rows, stock, self.names, now) {
            self.laws.break_law("acknowledged_is_durable", None, sentence);
        }
    }

    /// Law `gate_starts_shut`: a gate that was not opened refuses those who agreed, too.
    fn knock(&mut self, now: Timestamp) {
        let has_row = |person: &&Person| self.disk.state(&person.customer).is_some();
        let Some(person) = self.scene.people.iter().find(has_row) else { return };
        let (customer, device) = (person.customer.as_str(), person.phones[0].as_str());
        let letter = Letter { door: Door::Fixes, customer, device, body: b"{}", ticket: 0 };
        self.n_read += 1;
        self.engine.handle_letters(&[letter], now);
        let tally = self.engine.tally();
        let is_shut = tally.n_opened == 0 && tally.refused.total() == 1;
        self.laws
            .hold(is_shut, "gate_starts_shut", None, || "a letter was opened before the gate was".into());
        // The judge did not hear it knock.
        let told = std::iter::from_fn(|| self.engine.poll_event());
        self.early.extend(told.filter(|event| !matches!(event.kind, EventKind::Refused { .. })));
    }

    /// The next thing that the engine tells.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        if self.early.is_empty() { self.engine.poll_event() } else { Some(self.early.remove(0)) }
    }

    /// Whether nothing waits for anything.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.in_flight.is_none() && self.line.is_empty() && self.notices.is_empty() && self.engine.is_idle()
    }

    pub(crate) const fn awaits_an_answer(&self) -> bool {
        self.in_flight.is_some()
    }
}

pub(crate) fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.since(at) < model::Millis::from_days(25)
}
