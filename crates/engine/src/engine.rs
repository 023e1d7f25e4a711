//! The engine: calls the rooms, top to bottom.

use std::collections::BTreeMap;
use std::sync::Arc;

use consent_gate::{ConsentState, Gate, Purpose, Refusal};
use ledger::{Committed, DeliveryOutcome, Graves, OpenVisit, Recorded, Staged, StateRow, StoredState};
use model::{
    CustomerId, CustomerNo, DeviceId, DeviceNo, FenceNo, Fix, MerchantNo, Notification, NotificationId,
    Timestamp, TransitionKind, VisitId,
};
use notifier::{Known, Notifier};
use offers::{HoursBook, Stock};
use presence::{Change, Presence, PresencePolicy};
use wire::{Decoder, Flaw};

use crate::desk::Desk;
use crate::event::{Event, Tap};
use crate::front::Opened;
use crate::house::House;
use crate::letter::{Door, Letter, Output, Sighting};
use crate::people::People;
use crate::policy::{ClockSource, Policy};
use crate::tally::Tally;

/// One shard's worth of customers, with everything that decides about them.
#[derive(Debug)]
pub struct Engine {
    pub(crate) policy: Policy,
    pub(crate) house: Arc<House>,
    pub(crate) people: People,
    pub(crate) gate: Gate,
    pub(crate) decoder: Decoder,
    pub(crate) presence: Presence,
    pub(crate) notifier: Notifier,
    /// What is left of offers; all shards share it.
    pub(crate) stock: Arc<Stock>,
    /// Opening hours that were read, by their text.
    pub(crate) hours: HoursBook,
    pub(crate) desk: Desk,
    pub(crate) book: Book,
    /// Who was erased, and when.
    pub(crate) graves: Graves,
    /// Never goes back.
    now: Timestamp,
}

/// What is told about the work, and the work's own scratch paper.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) tally: Tally,
    pub(crate) tap: Tap,
    pub(crate) opened: Opened,
    pub(crate) changes: Vec<Change>,
    /// When the pause ends by itself that hides a customer from a merchant.
    pub(crate) pauses: BTreeMap<(CustomerNo, MerchantNo, Purpose), Timestamp>,
    /// When everybody's grants are looked through the next time; never before the gate was opened.
    pub(crate) census_at: Option<Timestamp>,
}

impl Engine {
    /// An engine that knows nobody and refuses everybody.
    ///
    /// It looks for crossings when the policy or one of the offers asks for them.
    #[must_use]
    pub fn new(house: Arc<House>, policy: Policy) -> Self {
        let crossings = policy.presence.crossings || house.catalogue.asks_for(TransitionKind::Cross);
        let mut people = People::default();
        for merchant in house.facts().filter_map(|facts| facts.merchant.as_ref()) {
            people.merchant_no(merchant);
        }
        Self {
            gate: Gate::new(policy.gate),
            decoder: Decoder::new(policy.limits),
            presence: Presence::new(PresencePolicy { crossings, ..policy.presence }),
            notifier: Notifier::new(policy.notifier.clone()),
            stock: Arc::default(),
            hours: HoursBook::default(),
            desk: Desk::default(),
            book: Book::default(),
            graves: Graves::default(),
            now: Timestamp::MIN,
            policy,
            house,
            people,
        }
    }

    /// Takes from a stock that other engines share; without this it has one of its own, from which
    /// nothing has been taken.
    #[must_use]
    pub fn sharing(mut self, stock: Arc<Stock>) -> Self {
        self.stock = stock;
        self
    }

    /// Knows who was erased: what they said before counts no more. Comes before [`Engine::load`].
    #[must_use]
    pub fn remembering(mut self, graves: Graves) -> Self {
        self.graves = graves;
        self
    }

    /// Takes over one customer from the ledger, before [`Engine::open`].
    pub fn load(&mut self, stored: StoredState) {
        let (row, outbox) = stored.into_parts();
        let StateRow {
            customer, epoch, consents, consented_since, profile, tolerance, heard, visits, ..
        } = row;
        let no = self.people.customer_no(&customer);
        let people = &mut self.people;
        let rows = consents.into_iter().filter_map(|row| Some((people.merchant_no(&row.merchant)?, row)));
        let rows: Vec<_> = rows.collect();
        for (merchant, row) in &rows {
            if let (true, ConsentState::Paused { until, .. }) = (row.purpose.is_to_see(), row.state) {
                self.book.pauses.insert((no, *merchant, row.purpose), until);
            }
        }
        self.gate.load(no, epoch, rows);
        if let Some(erased_at) = self.graves.erased_at(&customer) {
            self.gate.begin_anew(no, erased_at);
        }
        self.heed_declared(no, &profile);
        self.notifier.load(no, Known { heard, agreed_at: consented_since, profile, tolerance });
        for visit in visits {
            self.resume_visit(no, &visit);
        }
        let pending = outbox.iter().map(|stored| stored.notification().clone()).collect::<Vec<_>>();
        if !pending.is_empty() {
            self.desk.outbox.insert(no, pending);
        }
        self.desk.stored.extend(outbox.into_iter().map(|stored| (no, stored)));
    }

    /// Opens the gate, and takes up what was recorded and not delivered.
    pub fn open(&mut self, now: Timestamp) {
        let now = self.advance(now);
        self.gate.open();
        self.presence.wake(now);
        self.book.census_at = Some(now);
        for (customer, stored) in std::mem::take(&mut self.desk.stored) {
            self.take_up(customer, stored, now);
        }
    }

    /// Refuses everybody until [`Engine::reopen`]: nobody is matched, nothing is said.
    ///
    /// Consent is heard all the same.
    pub const fn shut(&mut self) {
        self.gate.shut();
    }

    /// Lets in and out again whom the gate allows.
    pub const fn reopen(&mut self) {
        self.gate.open();
    }

    /// Handles a drain of the queue, in order.
    ///
    /// All positions of the drain are matched in one call.
    pub fn handle_letters(&mut self, letters: &[Letter<'_>], now: Timestamp) {
        let now = self.advance(now);
        match self.policy.clock {
            ClockSource::Caller => self.handle_drain(letters, now),
            ClockSource::Fixes => {
                for letter in letters {
                    self.handle_drain(std::slice::from_ref(letter), self.now);
                    self.decide_due(self.now);
                }
            }
        }
    }

    /// Handles fixes that are no bytes, in order, as [`Engine::handle_letters`] does: the gate stands before them.
    pub fn handle_sightings(&mut self, sightings: &[Sighting<'_>], now: Timestamp) {
        let now = self.advance(now);
        let mut opened = std::mem::take(&mut self.book.opened);
        opened.clear();
        self.admit_sightings(sightings, &mut opened, now);
        self.see_opened(&mut opened, now);
        self.book.opened = opened;
    }

    fn handle_drain(&mut self, letters: &[Letter<'_>], now: Timestamp) {
        let mut opened = std::mem::take(&mut self.book.opened);
        opened.clear();
        for run in letters.chunk_by(|a, b| a.door == b.door) {
            match run[0].door {
                Door::Fixes => self.open_fixes(run, &mut opened, now),
                Door::Consent | Door::Imported { .. } => run.iter().for_each(|letter| {
                    // What came before a restriction is seen before it: order is the queue's.
                    if self.people.find(letter.customer).is_some_and(|customer| opened.holds(customer)) {
                        self.see_opened(&mut opened, now);
                    }
                    self.hear_consent(letter, now);
                }),
                Door::Feedback => run.iter().for_each(|letter| self.hear_feedback(letter, now)),
                Door::Profile => run.iter().for_each(|letter| {
                    // It may say that they are not of age, and hides nothing of what came before.
                    if self.people.find(letter.customer).is_some_and(|customer| opened.holds(customer)) {
                        self.see_opened(&mut opened, now);
                    }
                    self.hear_profile(letter, now);
                }),
                Door::Erasure => run.iter().for_each(|letter| {
                    self.see_opened(&mut opened, now);
                    self.hear_erasure(letter, now);
                }),
            }
        }
        self.see_opened(&mut opened, now);
        self.book.opened = opened;
    }

    fn see_opened(&mut self, opened: &mut Opened, now: Timestamp) {
        self.hide(opened);
        self.house.index.match_batch(&opened.positions, &mut opened.hits);
        self.presence.prefetch(opened.records.iter().map(|record| record.device));
        for (i, record) in opened.records.iter().enumerate() {
            if opened.zones.is_hidden(i) {
                continue;
            }
            let now = self.time_of(&record.fix, now);
            self.see(record, opened.hits.of(i), now);
        }
        opened.clear();
    }

    /// The time at which a fix is handled; a clock driven by fixes moves, and its timers fire first.
    fn time_of(&mut self, fix: &Fix, now: Timestamp) -> Timestamp {
        match self.policy.clock {
            ClockSource::Caller => now,
            ClockSource::Fixes => {
                self.handle_timeout(fix.taken_at);
                self.now
            }
        }
    }

    /// Counts a message that no letter could be made of: a topic, a name or a batch that obeys no rule.
    pub fn handle_unaddressed(&mut self, flaw: Flaw) {
        self.book.tally.n_records += 1;
        self.book.tally.malformed.count(flaw.word());
    }

    /// The next instant at which [`Engine::handle_timeout`] or [`Engine::poll_staged`] has something to do.
    ///
    /// While a commit is in flight nothing is decided, so nothing that waits for it is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let to_stage = self.notifier.poll_timeout().into_iter().chain(self.book.census_at);
        let to_stage = to_stage.filter(|_| self.desk.in_flight.is_none());
        self.presence.poll_timeout().into_iter().chain(to_stage).min()
    }

    /// Lets time pass: every timer due by `now` fires with its own time.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        while let Some(due_at) = self.next_timer_at().filter(|due_at| *due_at <= now) {
            let at = self.advance(due_at);
            if self.presence.poll_timeout().is_some_and(|timer_at| timer_at <= due_at) {
                self.time_passes(at);
            }
            if self.policy.clock == ClockSource::Fixes {
                // This clock leaps; what is due at one of its instants is decided at that instant.
                self.decide_due(at);
            }
        }
        self.advance(now);
    }

    fn next_timer_at(&self) -> Option<Timestamp> {
        let decision = self.notifier.poll_timeout().filter(|_| self.policy.clock == ClockSource::Fixes);
        self.presence.poll_timeout().into_iter().chain(decision).min()
    }

    /// What must become durable next; `None` while the last one is not, or when there is nothing.
    ///
    /// What has waited for long enough is decided here, and the gate asked: whoever withdrew
    /// meanwhile gets nothing.
    pub fn poll_staged(&mut self, now: Timestamp) -> Option<Staged> {
        let now = self.advance(now);
        if self.desk.in_flight.is_some() {
            return None;
        }
        self.take_census(now);
        self.decide_due(now);
        self.stage(now)
    }

    /// Grants take effect, acknowledgements and notifications go out: they are durable.
    ///
    /// # Panics
    /// When it is not the answer to the last [`Engine::poll_staged`].
    pub fn handle_committed(&mut self, committed: Committed, now: Timestamp) {
        let now = self.advance(now);
        let (ticket, pending) = self.desk.in_flight.take().expect("a commit was in flight");
        assert_eq!(ticket, committed.ticket, "commits are answered in order");
        for change in &pending.changes {
            self.put_in_force(change, now);
        }
        let outputs = &mut self.desk.outputs;
        outputs.extend(committed.notifications.into_iter().map(Output::Send));
        outputs.extend(pending.acks.into_iter().map(Output::Acknowledge));
        outputs.extend(pending.reminders.into_iter().map(|reminder| Output::Remind(Box::new(reminder))));
        for ticket in pending.settled {
            self.desk.settle(ticket);
        }
    }

    /// Whether nothing waits for the ledger and nothing waits for the shell.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let desk = &self.desk;
        desk.in_flight.is_none()
            && desk.entries.is_empty()
            && desk.outputs.is_empty()
            && desk.leaving.is_empty()
    }

    /// Whether something takes effect only once the ledger has it: a consent, an offer, an answer.
    ///
    /// Whoever moves the clock by fixes waits for it; visits and silences may follow later.
    #[must_use]
    pub fn awaits_ledger(&self) -> bool {
        self.desk.is_awaited()
    }

    /// The next thing for the shell to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.desk.outputs.pop_front()
    }

    /// Asks the back door again, before every publish and every retry; a clock that steps back makes
    /// nothing valid again.
    ///
    /// # Errors
    /// How the notification leaves the outbox instead; tell [`Engine::handle_delivery`].
    pub fn may_send(&self, recorded: &Recorded<Notification>, now: Timestamp) -> Result<(), DeliveryOutcome> {
        let now = self.now.max(now);
        let (customer, notification) = (recorded.customer(), recorded.value());
        if notification.expires_at <= now {
            return Err(DeliveryOutcome::Expired);
        }
        if let Some(outcome) = self.desk.called_off.get(&notification.id) {
            return Err(*outcome);
        }
        let allowed = self.merchant_may_speak(customer, notification, now).is_ok();
        if !allowed
            || recorded.epoch() != self.gate.epoch(customer)
            || self.wants_quiet(customer, notification)
        {
            return Err(DeliveryOutcome::Revoked);
        }
        // An offer about a stay is stale once the stay is over. A clock of fixes leaps: what was decided
        // on its way to the fix that shows the end went out before it.
        let leaps = self.policy.clock == ClockSource::Fixes;
        if !leaps && self.has_left(customer, notification) { Err(DeliveryOutcome::Expired) } else { Ok(()) }
    }

    /// Whether the customer said since that they are not of age, or muted the merchant or the store.
    fn wants_quiet(&self, customer: CustomerNo, notification: &Notification) -> bool {
        let profile = self.notifier.profile(customer);
        profile.minor || profile.dial.mutes(&notification.merchant, &notification.fence)
    }

    /// Whether the visit that an offer was for has ended.
    fn has_left(&self, customer: CustomerNo, notification: &Notification) -> bool {
        let Notification { device, fence, visit, trigger, .. } = notification;
        let id = self.people.customer(customer);
        let phones = self.people.devices_of(customer).iter().copied();
        let phone = phones.into_iter().find(|no| self.people.device(*no) == device);
        match trigger {
            TransitionKind::Enter | TransitionKind::Dwell => !phone.is_some_and(|phone| {
                let mut open = self.presence.open_visits(phone);
                open.any(|open| {
                    Some(open.fence) == self.house.no_of(fence)
                        && VisitId::of(&id, device, fence, open.entered_at) == *visit
                })
            }),
            TransitionKind::Exit | TransitionKind::Cross => false,
        }
    }

    /// Notes how a notification left the outbox.
    pub fn handle_delivery(
        &mut self,
        customer: &CustomerId,
        id: NotificationId,
        outcome: DeliveryOutcome,
        now: Timestamp,
    ) {
        let now = self.advance(now);
        if let Some(no) = self.people.find(customer.as_str()) {
            self.leave(no, id, outcome, now);
        }
        // They may have been erased meanwhile.
        self.desk.called_off.remove(&id);
    }

    /// Starts to note events for [`Engine::poll_event`].
    pub const fn listen(&mut self) {
        self.book.tap.open();
    }

    /// The next event since [`Engine::listen`].
    pub fn poll_event(&mut self) -> Option<Event> {
        self.book.tap.next()
    }

    /// Everything counted so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = self.book.tally.clone();
        tally.n_opened = self.decoder.n_opened();
        tally.n_held = self.presence.n_held();
        tally.n_waiting = self.notifier.n_waiting() as u64;
        tally
    }

    /// What the operator has set up.
    #[must_use]
    pub const fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// The engine's time: the latest that it was told.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// How many visits have not ended. Costs a pass over all devices.
    #[must_use]
    pub fn n_open_visits(&self) -> usize {
        self.presence.n_open_visits()
    }

    /// How many customers are known.
    #[must_use]
    pub fn n_customers(&self) -> usize {
        self.people.n_customers()
    }

    /// What is stored of a customer; `None` for a stranger.
    #[must_use]
    pub fn state_of(&self, customer: &CustomerId) -> Option<StateRow> {
        self.people.find(customer.as_str()).map(|no| self.row(no))
    }

    pub(crate) fn merchant_may_speak(
        &self,
        customer: CustomerNo,
        notification: &Notification,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let merchant = self.people.find_merchant(&notification.merchant).ok_or(Refusal::NotGranted)?;
        self.gate.check(customer, merchant, Purpose::Location, now)?;
        self.gate.check(customer, merchant, Purpose::of(notification.channel), now)
    }

    /// Whether a customer lets the merchant of a fence see where they are, also while the app is not in use
    /// when it is not.
    pub(crate) fn may_see(
        &self,
        customer: CustomerNo,
        fence: FenceNo,
        foreground: Option<bool>,
        now: Timestamp,
    ) -> bool {
        let merchant = self.house.merchant(fence).and_then(|id| self.people.find_merchant(id));
        let allows = |merchant, purpose| self.gate.check(customer, merchant, purpose, now).is_ok();
        merchant.is_some_and(|merchant| {
            allows(merchant, Purpose::Location)
                && (foreground == Some(true) || allows(merchant, Purpose::Background))
        })
    }

    pub(crate) fn names(&self, device: DeviceNo) -> (CustomerId, &DeviceId) {
        (self.people.customer(self.people.owner(device)), self.people.device(device))
    }

    fn resume_visit(&mut self, customer: CustomerNo, visit: &OpenVisit) {
        // A fence that was removed while the engine was down takes its visits with it, silently.
        let Some(fence) = self.house.no_of(&visit.fence) else { return };
        let Some(device) = self.people.device_no(customer, visit.device.as_str(), usize::MAX) else { return };
        let &OpenVisit { entered_at, last_at, initial, dwelled, .. } = visit;
        self.presence.resume(device, presence::OpenVisit { fence, entered_at, last_at, initial, dwelled });
    }

    pub(crate) fn advance(&mut self, now: Timestamp) -> Timestamp {
        self.now = self.now.max(now);
        self.now
    }
}
