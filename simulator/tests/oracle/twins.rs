//! An engine with its ledger and its sender, and the oracle beside it, told the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use consent_gate::{Actor, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose};
use engine::{Alteration, Door, Engine, Event, EventKind, House, Letter, Output, Policy};
use ledger::Storage as _;
use ledger::{DeliveryOutcome, MemoryStorage, Recorded, Staged, commit};
use model::{
    CustomerId, DeviceId, FenceId, Fix, MerchantId, Notification, NotificationId, OfferId, Timestamp, VisitId,
};
use offers::{Catalogue, CivilDay, Counted, Draft, Stock};
use oracle::{Leaving, Oracle, Restored, Said, What};
use spatial_index::Fence;

use crate::rows::{self, Numbers};
use crate::{numbers, second};

/// One line of a trace: at what time, whose, with which phone, and what.
type Line = (i64, u32, u32, String);

/// The stay that a visit's name stands for: customer, device, fence, since when.
type Stay = (u32, u32, u32, i64);

pub(crate) struct Twins {
    engine: Engine,
    oracle: Oracle,
    storage: MemoryStorage,
    house: Arc<House>,
    policy: Policy,
    names: Names,
    in_flight: Option<Staged>,
    to_send: Vec<Recorded<Notification>>,
    stays: BTreeMap<VisitId, Stay>,
    /// What names of notifications stand for.
    decided: BTreeMap<NotificationId, Said>,
    n_events: u64,
    /// What was compared, by its first words.
    pub(crate) compared: BTreeMap<String, u64>,
    /// The last things that were done, for whoever has to find out why.
    deeds: Vec<String>,
}

/// Names by number, for all fences that ever are.
pub(crate) struct Names {
    pub(crate) customers: Vec<CustomerId>,
    pub(crate) devices: Vec<DeviceId>,
    pub(crate) merchants: Vec<MerchantId>,
    /// Ascending by id.
    pub(crate) fences: Vec<Fence>,
    pub(crate) offers: Vec<Draft>,
}

impl Twins {
    /// Both with the same fences and offers, and nobody known.
    pub(crate) fn new(names: Names, policy: Policy, now: Timestamp) -> Self {
        let catalogue = Catalogue::new(names.offers.clone()).expect("the offers obey the rules");
        let house = Arc::new(House::new(names.fences.clone(), catalogue).expect("the fences can be indexed"));
        let mut engine = Engine::new(house.clone(), policy.clone());
        engine.listen();
        engine.open(now);
        let fences = names.fences.iter().map(|fence| names.fence(fence)).collect();
        let offers = names.offers.iter().map(|draft| names.offer(draft)).collect();
        let devices: Vec<String> = names.devices.iter().map(|id| id.as_str().to_owned()).collect();
        let person =
            |id: &CustomerId| oracle::Person { name: id.as_str().to_owned(), devices: devices.clone() };
        let people = names.customers.iter().map(person).collect();
        let mut oracle = Oracle::new(fences, offers, numbers::rules(&policy, &|_| None)).with_people(people);
        oracle.open(now.unix_ms());
        Self {
            engine,
            oracle,
            storage: MemoryStorage::new(),
            house,
            policy,
            names,
            in_flight: None,
            to_send: Vec::new(),
            stays: BTreeMap::new(),
            decided: BTreeMap::new(),
            n_events: 0,
            compared: BTreeMap::new(),
            deeds: Vec::new(),
        }
    }

    pub(crate) fn message(&mut self, customer: u32, device: u32, fixes: &[Fix], now: Timestamp) {
        self.note(
            || format!("message of {customer} with {device}: {} fixes {}", fixes.len(), shown(fixes, now)),
            now,
        );
        let body = if let [fix] = fixes { wire::encode_fix(fix) } else { wire::encode_fixes(fixes) };
        let (customer_id, device_id) =
            (&self.names.customers[customer as usize], &self.names.devices[device as usize]);
        let letter = Letter {
            door: Door::Fixes,
            customer: customer_id.as_str(),
            device: device_id.as_str(),
            body: &body,
            ticket: 0,
        };
        self.engine.handle_letters(&[letter], now);
        let fixes: Vec<oracle::Fix> = fixes.iter().map(second::fix).collect();
        self.oracle.message(customer, device, &fixes, now.unix_ms());
        self.compare();
    }

    /// A word on consent whose notice was shown, or which was said, at an instant.
    pub(crate) fn consent(
        &mut self,
        customer: u32,
        merchant: u32,
        purpose: Purpose,
        kind: ConsentKind,
        said_at: Option<Timestamp>,
        now: Timestamp,
    ) {
        self.note(|| format!("{customer} says {kind:?} to {merchant} on {purpose:?}, at {said_at:?}"), now);
        self.n_events += 1;
        let is_grant = matches!(kind, ConsentKind::Grant { .. });
        let (id, lang, sha256) = ("notice".into(), "en".into(), "0".repeat(64).into());
        let notice = |shown_at| Notice { id, version: 1, lang, sha256, shown_at };
        let event = ConsentEvent {
            id: EventId::new(&format!("e{}", self.n_events)).expect("an id"),
            merchant: self.names.merchants[merchant as usize].clone(),
            purpose,
            kind,
            actor: Actor::Own,
            method: Method::Toggle,
            notice: said_at.filter(|_| is_grant).map(notice),
            evidence_at: said_at,
            app: None,
        };
        let body = wire::encode_consent(&event);
        let customer_id = &self.names.customers[customer as usize];
        let letter = Letter {
            door: Door::Consent,
            customer: customer_id.as_str(),
            device: "",
            body: &body,
            ticket: 0,
        };
        self.engine.handle_letters(&[letter], now);
        let consent = rows::consent(&event, consent_gate::Hearing::Live, false);
        self.oracle.consent(customer, merchant, rows::purpose(purpose), &consent, now.unix_ms());
        self.compare();
    }

    /// Every timer that is due by now.
    pub(crate) fn time(&mut self, now: Timestamp) {
        self.note(|| "time".to_owned(), now);
        self.engine.handle_timeout(now);
        self.oracle.time(now.unix_ms());
        self.compare();
    }

    /// When the engine wants to be woken.
    pub(crate) fn due_at(&self) -> Option<Timestamp> {
        self.engine.poll_timeout()
    }

    /// Asks for what is to be recorded, unless something is on its way to the ledger.
    pub(crate) fn stage(&mut self, now: Timestamp) {
        if self.in_flight.is_none() {
            self.oracle.take_census(now.unix_ms());
            self.in_flight = self.engine.poll_staged(now);
            if self.in_flight.is_some() {
                self.note(|| "stage".to_owned(), now);
            }
            self.oracle.stage(now.unix_ms());
            self.compare();
        }
    }

    /// The ledger has what is on its way to it.
    pub(crate) fn commit(&mut self, now: Timestamp) {
        let Some(staged) = self.in_flight.take() else { return };
        self.note(|| "commit".to_owned(), now);
        for committed in commit(&mut self.storage, vec![staged]).expect("memory takes it") {
            self.engine.handle_committed(committed, now);
        }
        self.oracle.committed(now.unix_ms());
        self.compare();
    }

    /// Publishes what may be published; phones that are away are tried again later.
    pub(crate) fn send(&mut self, are_away: bool, now: Timestamp) {
        self.collect();
        let mut away = Vec::new();
        for recorded in std::mem::take(&mut self.to_send) {
            let said = self.said_by(recorded.value());
            let (engine, oracle) =
                (self.engine.may_send(&recorded, now), self.oracle.may_send(&said, now.unix_ms()));
            let words = |leaving: Result<(), Leaving>| leaving.map_or_else(Leaving::word, |()| "may be sent");
            let engine_word = engine.map_or_else(DeliveryOutcome::word, |()| "may be sent");
            assert_eq!(
                engine_word,
                words(oracle),
                "{said:?} at {now:?}, engine on the left\n{}",
                self.story()
            );
            let (outcome, leaving) = match (engine, oracle) {
                (Ok(()), _) if are_away => {
                    away.push(recorded);
                    continue;
                }
                (Ok(()), _) => (DeliveryOutcome::Sent, Leaving::Sent),
                (Err(outcome), Err(leaving)) => (outcome, leaving),
                (Err(_), Ok(())) => unreachable!("they agree"),
            };
            self.note(|| format!("{said:?} is {}", leaving.word()), now);
            *self.compared.entry(leaving.word().to_owned()).or_default() += 1;
            let notification = recorded.value();
            self.engine.handle_delivery(&notification.customer, notification.id, outcome, now);
            self.oracle.left(&said, leaving, now.unix_ms());
        }
        self.to_send = away;
    }

    /// Stages, commits and sends until there is nothing to do.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        loop {
            self.stage(now);
            if self.in_flight.is_none() {
                break;
            }
            self.commit(now);
            self.send(false, now);
        }
        self.send(false, now);
    }

    /// The engine is gone with all that was not recorded; what is on its way to the ledger may have
    /// arrived. Another one starts.
    pub(crate) fn crash(&mut self, has_arrived: bool, now: Timestamp) {
        self.note(|| format!("crash, has arrived: {has_arrived}"), now);
        let staged = self.in_flight.take().filter(|_| has_arrived);
        commit(&mut self.storage, staged.into_iter().collect()).expect("memory takes it");
        self.to_send.clear();
        let mut stock = Vec::new();
        self.storage.scan_stock(&mut |count| stock.push(count)).expect("memory can be read");
        let shared = stock.iter().map(|count| {
            let counted = count.day.map_or(Counted::Total, |day| Counted::On(CivilDay::new(day)));
            (count.offer.clone(), counted, count.n)
        });
        let shared = Arc::new(Stock::new(shared));
        self.engine = Engine::new(self.house.clone(), self.policy.clone()).sharing(shared);
        self.engine.listen();
        let restored = self.restored(&stock);
        let engine = &mut self.engine;
        self.storage.scan_states(&mut |stored| engine.load(stored)).expect("memory can be read");
        self.engine.open(now);
        let sentences = self.oracle.restart(&restored, now.unix_ms());
        assert_eq!(sentences, Vec::<String>::new(), "{}", self.story());
        self.compare();
        self.collect();
        let mut engine: Vec<Said> =
            self.to_send.iter().map(|recorded| self.said_by(recorded.value())).collect();
        engine.sort_unstable();
        assert_eq!(engine, self.oracle.to_send(), "what goes on to be sent\n{}", self.story());
    }

    /// An operator's edit: the fences that there are from now on, by number.
    pub(crate) fn edit(&mut self, fences: &[Option<Fence>], now: Timestamp) {
        self.note(|| "edit".to_owned(), now);
        let there: Vec<Fence> = fences.iter().flatten().cloned().collect();
        let alteration = Alteration::new(&self.house, there, None).expect("the fences can be indexed");
        self.engine.handle_alteration(&alteration, now);
        self.house = alteration.to().clone();
        let fences = fences.iter().map(|fence| fence.as_ref().map(|fence| self.names.fence(fence))).collect();
        self.oracle.fences(fences, now.unix_ms());
        self.compare();
    }

    fn collect(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Send(recorded) => self.to_send.push(recorded),
                Output::Acknowledge(_)
                | Output::Settled { .. }
                | Output::Shadow(_)
                | Output::Erase(_)
                | Output::Remind(_) => {}
            }
        }
    }

    /// Takes what both say has happened, and compares it.
    fn compare(&mut self) {
        let told = self.oracle.told();
        let mut oracle: Vec<Line> = told.iter().map(|told| self.line_of(told)).collect();
        let events: Vec<Event> = std::iter::from_fn(|| self.engine.poll_event()).collect();
        let mut engine: Vec<Line> = events.iter().map(|event| self.names.line(event)).collect();
        oracle.sort_unstable();
        engine.sort_unstable();
        for (.., what) in &oracle {
            let (first, rest) = what.split_once(' ').unwrap_or((what, ""));
            let kind = format!("{first} {}", rest.rsplit(' ').next().unwrap_or_default());
            *self.compared.entry(kind).or_default() += 1;
        }
        if engine != oracle {
            let only = |some: &[Line], others: &[Line]| -> Vec<Line> {
                some.iter().filter(|line| !others.contains(line)).cloned().collect()
            };
            panic!(
                "engine only: {:#?}\noracle only: {:#?}\n{}",
                only(&engine, &oracle),
                only(&oracle, &engine),
                self.story()
            );
        }
    }

    fn line_of(&mut self, told: &oracle::Told) -> Line {
        let &oracle::Told { at_ms, customer, device, what } = told;
        if let What::Offer { offer, fence, entered_at_ms }
        | What::Suppressed { offer, fence, entered_at_ms, .. } = what
        {
            let said = Said { customer, device, offer, fence, entered_at_ms };
            let visit = self.names.visit((customer, device, fence, entered_at_ms));
            self.decided.insert(NotificationId::of(visit, &self.names.offers[offer as usize].id), said);
        }
        let mut visit = |fence: u32, entered_at_ms: i64| {
            let stay = (customer, device, fence, entered_at_ms);
            let visit = self.names.visit(stay);
            self.stays.insert(visit, stay);
            visit.0.to_string()
        };
        let text = match what {
            What::Transition { kind, fence, entered_at_ms, reason, .. } => {
                format!("{} {fence} {} {}", kind.word(), visit(fence, entered_at_ms), reason.unwrap_or("-"))
            }
            What::Offer { offer, fence, entered_at_ms } => {
                format!("offer {offer} {fence} {} -", visit(fence, entered_at_ms))
            }
            What::Suppressed { offer, fence, entered_at_ms, reason, .. } => {
                format!("no {offer} {fence} {} {reason}", visit(fence, entered_at_ms))
            }
            What::Dropped { reason } => format!("dropped {reason}"),
            What::Refused { reason } => format!("refused {reason}"),
        };
        (at_ms, customer, device, text)
    }

    fn said_by(&self, notification: &Notification) -> Said {
        let (customer, device, fence, entered_at_ms) = self.stays[&notification.visit];
        Said { customer, device, offer: self.names.offer_no(&notification.offer), fence, entered_at_ms }
    }

    fn restored(&self, stock: &[ledger::StockCount]) -> Restored {
        let people = (0..).zip(&self.names.customers);
        let stored = people.filter_map(|(no, id)| Some(self.stored(no, self.storage.state(id)?)));
        Restored { customers: stored.collect(), stock: self.stock(stock) }
    }

    fn note(&mut self, deed: impl FnOnce() -> String, now: Timestamp) {
        self.deeds.push(format!("{} {}", now.unix_ms(), deed()));
        if 400 < self.deeds.len() {
            self.deeds.drain(..200);
        }
    }

    fn story(&self) -> String {
        self.deeds.iter().rev().take(40).rev().map(|deed| format!("{deed}\n")).collect()
    }
}

impl Names {
    fn merchant_no(&self, id: &MerchantId) -> u32 {
        self.merchants.iter().position(|known| known == id).expect("a known merchant") as u32
    }

    fn offer_no(&self, id: &OfferId) -> u32 {
        self.offers.iter().position(|draft| draft.id == *id).expect("a known offer") as u32
    }

    fn device_no(&self, id: &DeviceId) -> u32 {
        self.devices.iter().position(|known| known == id).expect("a known device") as u32
    }

    fn fence_no(&self, id: &str) -> u32 {
        self.fences.binary_search_by(|fence| fence.facts.id.as_str().cmp(id)).expect("a known fence") as u32
    }

    fn visit(&self, (customer, device, fence, entered_at_ms): Stay) -> VisitId {
        VisitId::of(
            &self.customers[customer as usize],
            &self.devices[device as usize],
            &self.fences[fence as usize].facts.id,
            Timestamp::from_unix_ms(entered_at_ms),
        )
    }

    fn line(&self, event: &Event) -> Line {
        let customer = self.customers.iter().position(|id| *id == event.customer).expect("a known customer");
        let device = self.device_no(&event.device);
        let text = match &event.kind {
            EventKind::Transition { kind, fence, visit, reason } => {
                let fence = self.fence_no(fence.as_str());
                format!("{} {fence} {} {}", kind.word(), visit.0, reason.unwrap_or("-"))
            }
            EventKind::Offer { offer, fence, visit } => {
                format!("offer {} {} {} -", self.offer_no(offer), self.fence_no(fence.as_str()), visit.0)
            }
            EventKind::Suppressed { offer, fence, visit, reason } => {
                format!("no {} {} {} {reason}", self.offer_no(offer), self.fence_no(fence.as_str()), visit.0)
            }
            EventKind::Refused { reason } => format!("refused {reason}"),
            EventKind::Dropped { reason } => format!("dropped {reason}"),
        };
        (event.at.unix_ms(), customer as u32, device, text)
    }

    fn fence(&self, fence: &Fence) -> oracle::Fence {
        second::fence(fence, &|id| Some(self.merchant_no(id)))
    }

    fn offer(&self, draft: &Draft) -> oracle::Offer {
        second::offer(draft, &self.fences, &|id| Some(self.merchant_no(id)))
    }
}

impl Numbers for Twins {
    fn merchant(&self, id: &MerchantId) -> Option<u32> {
        Some(self.names.merchant_no(id))
    }

    fn fence(&self, id: &FenceId) -> Option<u32> {
        Some(self.names.fence_no(id.as_str()))
    }

    fn offer(&self, id: &OfferId) -> Option<u32> {
        Some(self.names.offer_no(id))
    }

    fn device(&self, _: u32, id: &DeviceId) -> Option<u32> {
        Some(self.names.device_no(id))
    }

    fn said(&self, id: NotificationId) -> Option<(Said, String)> {
        let said = *self.decided.get(&id)?;
        let draft = &self.names.offers[said.offer as usize];
        Some((said, self.names.offer(draft).text.words))
    }
}

fn shown(fixes: &[Fix], now: Timestamp) -> String {
    let one = |fix: &Fix| {
        format!(
            "[{} {:.5} {:.5} acc {:?} v {:?}{}{}]",
            fix.taken_at.since(now).ms(),
            fix.position.lat(),
            fix.position.lng(),
            fix.accuracy.map(|accuracy| accuracy.0),
            fix.speed_mps,
            if fix.mock { " mock" } else { "" },
            if fix.still { " still" } else { "" }
        )
    };
    fixes.iter().map(one).collect()
}
