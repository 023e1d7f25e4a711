//! The back door and the register: from the line to the ledger to the sender.

use consent_gate::{ConsentRow, Refusal};
use ledger::{
    Counted, Decision, DeliveryOutcome, Entry, OpenVisit, Recorded, SENT, Said, Staged, StateRow, Stored,
    What,
};
use model::{CustomerNo, DeviceNo, Notification, NotificationId, Timestamp, VisitId};
use notifier::{Suppressed, Suppression, Waiting};

use crate::alteration::Gone;
use crate::deciding::decision_on;
use crate::desk::VISIT_ROWS_MAX;
use crate::engine::Engine;
use crate::event::EventKind;
use crate::letter::Output;

impl Engine {
    /// Lets out everything in line.
    pub(crate) fn let_out_line(&mut self, now: Timestamp) {
        while let Some(waiting) = self.notifier.next_waiting(now) {
            self.let_out(waiting, now);
        }
    }

    /// Asks the gate for one notification in line, and writes the verdict down.
    fn let_out(&mut self, waiting: Waiting, now: Timestamp) {
        let Waiting { customer, notification, refusal, .. } = waiting;
        let device = self.device_of(customer, &notification);
        if let Some(suppressed) = refusal {
            return self.give_up(customer, device, &notification, &suppressed, now);
        }
        if let Err(gone) = self.still_stands(&notification) {
            let gone = Suppressed::by(gone.suppression());
            return self.give_up(customer, device, &notification, &gone, now);
        }
        let merchant = self.people.find_merchant(&notification.merchant).ok_or(Refusal::NotGranted);
        let released = merchant
            .and_then(|merchant| self.gate.release(customer, (merchant, notification.channel), (), now));
        let Ok(released) = released else {
            let withdrawn = Suppressed::by(Suppression::Withdrawn);
            return self.give_up(customer, device, &notification, &withdrawn, now);
        };
        let consented = released.map(|()| Notification { issued_at: now, ..notification });
        let notification = consented.value();
        self.notifier.committed(customer, notification.id, now);
        self.book.tally.n_decided += 1;
        let Notification { offer, fence, visit, .. } = notification.clone();
        self.note(device, EventKind::Offer { offer, fence, visit }, now);
        let counted = self.notifier.heard(customer).last().map(Counted::of);
        let said = Some(Said::of(notification));
        let decision = Decision { counted, ..decision_on(notification, SENT, said, &self.house) };
        self.desk.outbox.entry(customer).or_default().push(notification.clone());
        let entry =
            Entry { customer: notification.customer.clone(), at: now, what: What::Decision(decision) };
        self.desk.write(customer, entry);
        self.desk.notifications.push(consented);
    }

    fn give_up(
        &mut self,
        customer: CustomerNo,
        device: DeviceNo,
        notification: &Notification,
        why: &Suppressed,
        now: Timestamp,
    ) {
        self.desk.called_off.remove(&notification.id);
        self.notifier.give_back(customer, notification.id);
        self.suppress(customer, device, notification, why, now);
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
        if rows.is_empty() && self.desk.entries.is_empty() {
            return None;
        }
        for customer in &rows {
            self.desk.visits.customers.remove(customer);
        }
        let rows = rows.into_iter().map(|customer| self.row(customer)).collect();
        let ticket = self.desk.next_ticket();
        self.desk.pending.n_notifications = self.desk.notifications.len();
        self.desk.in_flight = Some((ticket, std::mem::take(&mut self.desk.pending)));
        let entries = std::mem::take(&mut self.desk.entries);
        let notifications = std::mem::take(&mut self.desk.notifications);
        Some(ledger::stage(entries, rows, notifications, ticket))
    }

    /// What is stored of one customer.
    pub(crate) fn row(&self, customer: CustomerNo) -> StateRow {
        let mut consents: Vec<ConsentRow> = self
            .gate
            .rows(customer)
            .map(|(merchant, purpose, state, restricted_at)| ConsentRow {
                merchant: self.people.merchant(merchant).clone(),
                purpose,
                state,
                restricted_at,
            })
            .collect();
        consents.sort_by(|a, b| (&a.merchant, a.purpose).cmp(&(&b.merchant, b.purpose)));
        StateRow {
            customer: self.people.customer(customer).clone(),
            epoch: self.gate.stored_epoch(customer),
            consents,
            consented_since: self.notifier.agreed_at(customer),
            profile: model::Profile::default(),
            tolerance: model::Tolerance::default(),
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
            let visit = VisitId::of(customer, phone, &fence, entered_at);
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
        let offer_stands =
            || self.house.stands_behind(stored.notification()).then_some(()).ok_or(Gone::Offer);
        if let Err(gone) = self.still_stands(stored.notification()).and_then(|()| offer_stands()) {
            return self.leave(customer, id, gone.outcome(), now);
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
        if self.desk.take_from_outbox(customer, id).is_none() {
            return;
        }
        self.book.tally.delivered.count(outcome.word());
        if outcome.gives_back() {
            self.notifier.give_back(customer, id);
        }
        let what = What::Delivery { notification: id, outcome, tolerance: None };
        self.desk.write(customer, Entry { customer: self.people.customer(customer).clone(), at: now, what });
    }

    fn device_of(&mut self, customer: CustomerNo, notification: &Notification) -> DeviceNo {
        let device = self.people.device_no(customer, notification.device.as_str(), usize::MAX);
        device.expect("a notification comes from a known phone")
    }
}
