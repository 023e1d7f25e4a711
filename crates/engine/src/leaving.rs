//! The back door and the register: from the line to the ledger to the sender.

use consent_gate::{ConsentRow, Refusal};
use ledger::{
    Counted, Decision, DeliveryOutcome, Entry, OpenVisit, Recorded, SENT, Said, Staged, StateRow,
    StockChange, Stored, What,
};
use model::{
    CustomerNo, DeviceNo, Heard, Notification, NotificationId, Standing, Timestamp, Tolerance, VisitId,
};
use notifier::{Occasion, Suppressed, Suppression};
use offers::{CivilDay, Mode};

use crate::deciding::Matter;
use crate::desk::VISIT_ROWS_MAX;
use crate::engine::Engine;
use crate::event::EventKind;
use crate::letter::{Output, Shadow};
use crate::record::Inputs;
use crate::tally::{OBSERVED, SHADOWED};

impl Engine {
    /// Lets the winner out: through the gate, into the register, on its way to the sender.
    pub(crate) fn let_out(
        &mut self,
        customer: CustomerNo,
        matter: Matter<'_>,
        (heard, inputs): (Heard, Inputs),
        now: Timestamp,
    ) {
        let (house, occasion) = (self.house.clone(), matter.occasion);
        let lang = self.notifier.profile(customer).lang.as_deref();
        let Ok(words) = house.catalogue.words(matter.offer, matter.fence, lang) else {
            return self.suppress(customer, occasion, &Suppressed::by(Suppression::Text), inputs, now);
        };
        let day = matter.day(now);
        if !day.is_some_and(|day| self.stock.take(matter.offer, day)) {
            return self.suppress(customer, occasion, &Suppressed::by(Suppression::OutOfStock), inputs, now);
        }
        // What is delivered late must not be delivered into the quiet hours.
        let quiet_at = self.notifier.quiet_from(&matter.zones, customer, matter.sms_law(), now);
        let expires_at = quiet_at.map_or(occasion.expires_at, |at| at.min(occasion.expires_at));
        let decision = Decision {
            counted: Some(Counted::of(&heard)),
            said: Some(Said { expires_at, words }),
            ..self.decision_on(&house, occasion, SENT, inputs)
        };
        self.notifier.record(customer, heard);
        self.desk.stock.extend(day.map(|day| StockChange {
            offer: occasion.offer.clone(),
            day: day.days_since_1970(),
            delta: 1,
        }));
        self.book.tally.n_decided += 1;
        let kind = EventKind::Offer {
            offer: occasion.offer.clone(),
            fence: occasion.fence.clone(),
            visit: occasion.visit,
        };
        self.note(occasion.device, kind, now);
        let id = self.people.customer(customer);
        let notification = decision.notification(&id, now).expect("a decision to send says something");
        let released = matter.released.expect("what the gate refused has not won");
        self.desk.outbox.entry(customer).or_default().push(notification.clone());
        self.desk.notifications.push(released.map(|()| notification));
        self.desk.write(customer, Entry { customer: id, at: now, what: What::Decision(decision) });
    }

    /// Records a winner that is not said: its customer is held out, or an operator only looks on.
    pub(crate) fn leave_unsaid(
        &mut self,
        customer: CustomerNo,
        matter: &Matter<'_>,
        (heard, inputs): (Heard, Inputs),
        now: Timestamp,
    ) {
        let (house, occasion, standing) = (self.house.clone(), matter.occasion, heard.standing);
        let verdict = unsaid_word(standing, matter.mode);
        if standing == Standing::Observed {
            let lang = self.notifier.profile(customer).lang.as_deref();
            let Ok(words) = house.catalogue.words(matter.offer, matter.fence, lang) else {
                return self.suppress(customer, occasion, &Suppressed::by(Suppression::Text), inputs, now);
            };
            if matter.mode == Mode::Shadow {
                let shadow = Shadow::of((matter.offer, matter.fence), words, heard.cost, now);
                self.desk.outputs.push_back(Output::Shadow(Box::new(shadow)));
            }
        }
        let counted = Some(Counted::of(&heard));
        let decision = Decision { counted, ..self.decision_on(&house, occasion, verdict, inputs) };
        self.notifier.record(customer, heard);
        match standing {
            Standing::HeldOut => self.book.tally.suppressed.count(verdict),
            Standing::Observed | Standing::Sent => self.book.tally.unsaid.count(verdict),
        }
        let Occasion { offer, fence, visit, .. } = occasion.clone();
        self.note(occasion.device, EventKind::Suppressed { offer, fence, visit, reason: verdict }, now);
        let entry =
            Entry { customer: self.people.customer(customer), at: now, what: What::Decision(decision) };
        self.desk.write(customer, entry);
    }

    /// Writes a *no* down, with its reasons.
    pub(crate) fn suppress(
        &mut self,
        customer: CustomerNo,
        occasion: &Occasion,
        suppressed: &Suppressed,
        inputs: Inputs,
        now: Timestamp,
    ) {
        let verdict = suppressed.verdict().word();
        self.book.tally.suppressed.count(verdict);
        let Occasion { offer, fence, visit, .. } = occasion.clone();
        self.note(occasion.device, EventKind::Suppressed { offer, fence, visit, reason: verdict }, now);
        let house = self.house.clone();
        let decision = Decision {
            failed: suppressed.failed().iter().map(|rule| rule.word().into()).collect(),
            next_possible_at: suppressed.next_possible_at,
            ..self.decision_on(&house, occasion, verdict, inputs)
        };
        let entry =
            Entry { customer: self.people.customer(customer), at: now, what: What::Decision(decision) };
        self.desk.write(customer, entry);
    }

    /// Hands everything on the desk over, with the rows that it changes.
    pub(crate) fn stage(&mut self, now: Timestamp) -> Option<Staged> {
        let mut rows = std::mem::take(&mut self.desk.touched);
        let visits_due = self.policy.visits_stored_every <= now.since(self.desk.visits.stored_at);
        if visits_due && !self.desk.visits.customers.is_empty() {
            let customers = &mut self.desk.visits.customers;
            rows.extend((0..VISIT_ROWS_MAX).map_while(|_| customers.pop_first()));
            if customers.is_empty() {
                self.desk.visits.stored_at = now;
            }
        }
        if rows.is_empty() && self.desk.entries.is_empty() && self.desk.pending.is_empty() {
            return None;
        }
        for customer in &rows {
            self.desk.visits.customers.remove(customer);
        }
        let rows = rows.into_iter().map(|customer| self.row(customer)).collect();
        let ticket = self.desk.next_ticket();
        self.desk.pending.notifications =
            self.desk.notifications.iter().map(|said| said.value().id).collect();
        self.desk.in_flight = Some((ticket, std::mem::take(&mut self.desk.pending)));
        let entries = std::mem::take(&mut self.desk.entries);
        let notifications = std::mem::take(&mut self.desk.notifications);
        let stock = std::mem::take(&mut self.desk.stock);
        Some(ledger::stage(entries, rows, notifications, ticket).with_stock(stock))
    }

    /// What is stored of one customer.
    pub(crate) fn row(&self, customer: CustomerNo) -> StateRow {
        let mut consents: Vec<ConsentRow> = self
            .gate
            .rows(customer)
            .map(|row| row.named(self.people.merchant(row.merchant).clone()))
            .collect();
        consents.sort_by(|a, b| (&a.merchant, a.purpose).cmp(&(&b.merchant, b.purpose)));
        StateRow {
            customer: self.people.customer(customer),
            epoch: self.gate.stored_epoch(customer),
            consents,
            consented_since: self.notifier.agreed_at(customer),
            profile: self.notifier.profile(customer).clone(),
            tolerance: self.notifier.tolerance(customer).clone(),
            heard: self.notifier.heard(customer).to_vec(),
            outbox: self.desk.outbox.get(&customer).cloned().unwrap_or_default(),
            visits: self.people.devices_of(customer).iter().flat_map(|device| self.visits(*device)).collect(),
        }
    }

    fn visits(&self, device: DeviceNo) -> impl Iterator<Item = OpenVisit> {
        let (customer, phone) = self.names(device);
        self.presence.open_visits(device).map(move |open| {
            let fence = self.house.fence(open.fence).id.clone();
            let presence::OpenVisit { entered_at, last_at, initial, dwelled, .. } = open;
            let visit = VisitId::of(&customer, phone, &fence, entered_at);
            OpenVisit { device: phone.clone(), fence, visit, entered_at, last_at, initial, dwelled }
        })
    }

    /// What stood in the outbox when the engine stopped passes the gate again or leaves.
    pub(crate) fn take_up(&mut self, customer: CustomerNo, stored: Stored, now: Timestamp) {
        let (id, expires_at) = (stored.notification().id, stored.notification().expires_at);
        if expires_at <= now {
            // A crash may have come between its publish and the note of it: the cap stays used.
            return self.leave(customer, id, DeliveryOutcome::Lapsed, now);
        }
        let Notification { fence, merchant, .. } = stored.notification();
        if !self.house.has(fence, merchant) {
            return self.leave(customer, id, DeliveryOutcome::FenceGone, now);
        }
        if !self.house.stands_behind(stored.notification()) {
            return self.leave(customer, id, DeliveryOutcome::OfferGone, now);
        }
        let merchant = self.people.find_merchant(&stored.notification().merchant).ok_or(Refusal::NotGranted);
        let channel = stored.notification().channel;
        match merchant.and_then(|merchant| self.gate.release(customer, (merchant, channel), stored, now)) {
            Ok(consented) => self.desk.outputs.push_back(Output::Send(Recorded::resume(consented))),
            Err(_) => self.leave(customer, id, DeliveryOutcome::Revoked, now),
        }
    }

    pub(crate) fn leave(
        &mut self,
        customer: CustomerNo,
        id: NotificationId,
        outcome: DeliveryOutcome,
        now: Timestamp,
    ) {
        match self.desk.take_from_outbox(customer, id) {
            Some(_) => self.book.tally.delivered.count(outcome.word()),
            // It was on its way when an operator took it back: the record tells what was so.
            None if outcome == DeliveryOutcome::Sent && self.desk.called_off.contains_key(&id) => {}
            None => return,
        }
        let tolerance = outcome.gives_back().then(|| self.give_back(customer, id)).flatten();
        let what = What::Delivery { notification: id, outcome, tolerance };
        self.desk.write(customer, Entry { customer: self.people.customer(customer), at: now, what });
    }

    /// Gives a count back, and its piece of stock; answers what the customer bears then, if that changed.
    fn give_back(&mut self, customer: CustomerNo, id: NotificationId) -> Option<Tolerance> {
        let heard = self.notifier.give_back(customer, id)?;
        self.put_back(heard);
        Some(self.notifier.tolerance(customer).clone())
    }

    /// Gives the piece of stock back of what was taken back before anybody could send it; it counts for its
    /// customer all the same.
    pub(crate) fn give_stock_back(&mut self, customer: CustomerNo, id: NotificationId) {
        let heard = self.notifier.heard(customer).iter().find(|heard| heard.notification() == id);
        if let Some(heard) = heard.cloned() {
            self.put_back(heard);
        }
    }

    fn put_back(&mut self, heard: Heard) {
        let zone = heard.zone.as_deref().and_then(notifier::zone);
        if let Some(day) = zone.and_then(|zone| CivilDay::at(zone, heard.at)) {
            self.stock.put_back(&heard.offer, day);
            let day = day.days_since_1970();
            self.desk.stock.push(StockChange { offer: heard.offer, day, delta: -1 });
        }
    }
}

/// The verdict of a winner that is not said.
const fn unsaid_word(standing: Standing, mode: Mode) -> &'static str {
    match (standing, mode) {
        (Standing::HeldOut | Standing::Sent, _) => Suppression::Holdout.word(),
        (Standing::Observed, Mode::Shadow) => SHADOWED,
        (Standing::Observed, Mode::Observe | Mode::Live) => OBSERVED,
    }
}
