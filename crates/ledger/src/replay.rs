//! State from entries alone: the proof that the state rows tell the truth.

use std::collections::BTreeMap;

use consent_gate::{ConsentRow, Effect, Epoch, Purpose};
use model::{
    CustomerId, FeedbackKind, MerchantId, Notification, NotificationId, Profile, Timestamp, Tolerance,
};

use crate::{ConsentEntry, Entry, Heard, Retention, StateRow, What};

/// What the entries of one customer add up to.
///
/// Open visits and `consented_since` are in no entry and therefore not here.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Rebuilt {
    /// How often they restricted something.
    pub epoch: Epoch,
    /// What they agreed to, in ascending order of merchant and purpose.
    pub consents: Vec<ConsentRow>,
    /// What they said about themselves.
    pub profile: Profile,
    /// What they bear.
    pub tolerance: Tolerance,
    /// What they were told, oldest first, however long ago.
    pub heard: Vec<Heard>,
    /// What is recorded and not yet delivered, oldest first.
    pub outbox: Vec<Notification>,
}

/// The part of a state row that is not what the entries say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disagreement {
    /// Its epoch.
    Epoch,
    /// Its consents.
    Consents,
    /// What they said about themselves.
    Profile,
    /// What they bear.
    Tolerance,
    /// What was heard.
    Heard,
    /// Its outbox.
    Outbox,
}

/// Rebuilds every customer's state from entries in the order of their numbers.
///
/// Entries of different customers may come in any order.
pub fn replay(entries: impl IntoIterator<Item = Entry>) -> BTreeMap<CustomerId, Rebuilt> {
    let mut customers = BTreeMap::<CustomerId, Rebuilt>::new();
    for entry in entries {
        match customers.get_mut(&entry.customer) {
            Some(rebuilt) => rebuilt.apply(&entry),
            None => customers.entry(entry.customer.clone()).or_default().apply(&entry),
        }
    }
    customers
}

impl Rebuilt {
    /// Adds what one more entry says.
    pub fn apply(&mut self, entry: &Entry) {
        match &entry.what {
            What::Consent(consent) => self.consent(consent, entry.at),
            What::Decision(decision) => {
                self.heard.extend(decision.heard(entry.at));
                self.outbox.extend(decision.notification(&entry.customer, entry.at));
                self.bears(decision.tolerance.as_ref());
            }
            What::Delivery { notification, outcome, tolerance } => {
                self.outbox.retain(|waiting| waiting.id != *notification);
                if outcome.gives_back() {
                    self.give_back(*notification);
                }
                self.bears(tolerance.as_ref());
            }
            What::Feedback { notification, kind, is_fast, shown_at, tolerance } => {
                self.answer(*notification, (*kind, *is_fast), *shown_at);
                self.bears(tolerance.as_ref());
            }
            What::Profile(profile) => self.profile = profile.clone(),
            What::Reminder { merchant, purpose, .. } => self.row_of(merchant, *purpose).reminded = true,
        }
    }

    /// Compares a state row with what the entries say.
    ///
    /// What was heard before `forgotten_before` may be missing in the row.
    pub fn check(&self, row: &StateRow, forgotten_before: Timestamp) -> Result<(), Disagreement> {
        self.check_after(row, forgotten_before, None)
    }

    /// Compares a state row with what is left of the entries after `Storage::retain` at an instant.
    ///
    /// What was deleted then, and only that, may be missing in the entries.
    pub fn check_after(
        &self,
        row: &StateRow,
        forgotten_before: Timestamp,
        retained: Option<(&Retention, Timestamp)>,
    ) -> Result<(), Disagreement> {
        // Who was restricted last may have been forgotten.
        if row.epoch != self.epoch && (retained.is_none() || row.epoch < self.epoch) {
            return Err(Disagreement::Epoch);
        }
        if !self.tells_of(&row.consents, retained) {
            return Err(Disagreement::Consents);
        }
        if row.profile != self.profile {
            return Err(Disagreement::Profile);
        }
        let is_forgotten = retained.is_some() && self.tolerance == Tolerance::default();
        if row.tolerance != self.tolerance && !is_forgotten {
            return Err(Disagreement::Tolerance);
        }
        let n_forgotten = self.heard.len().saturating_sub(row.heard.len());
        let (forgotten, known) = self.heard.split_at(n_forgotten);
        if known != row.heard || forgotten.iter().any(|heard| forgotten_before <= heard.at) {
            return Err(Disagreement::Heard);
        }
        if row.outbox != self.outbox {
            return Err(Disagreement::Outbox);
        }
        Ok(())
    }

    /// Whether rows are what the entries say, but for those that came to their end too long ago.
    fn tells_of(&self, rows: &[ConsentRow], retained: Option<(&Retention, Timestamp)>) -> bool {
        let Some((keep, now)) = retained else { return self.consents == rows };
        let mut told = self.consents.iter().peekable();
        for row in rows {
            match told.next_if(|told| (&told.merchant, told.purpose) == (&row.merchant, row.purpose)) {
                // An earlier restriction may have been forgotten, and nothing else of a row that is told.
                Some(told)
                    if told.restricted_at.is_none()
                        && *told == (ConsentRow { restricted_at: None, ..row.clone() }) => {}
                Some(told) if told != row => return false,
                Some(_) => {}
                None if !keep.is_outlived(row, now) => return false,
                None => {}
            }
        }
        told.next().is_none()
    }

    fn consent(&mut self, entry: &ConsentEntry, at: Timestamp) {
        self.epoch = entry.epoch;
        match entry.effect {
            Effect::Applied => {}
            Effect::LateGrant
            | Effect::NoEvidence
            | Effect::NothingToChange
            | Effect::NotAttested
            | Effect::Erased => return,
        }
        let event = &entry.event;
        self.row_of(&event.merchant, event.purpose).apply(event, entry.hearing, entry.state, at);
    }

    fn row_of(&mut self, merchant: &MerchantId, purpose: Purpose) -> &mut ConsentRow {
        let found =
            self.consents.binary_search_by(|row| (&row.merchant, row.purpose).cmp(&(merchant, purpose)));
        let place = found.unwrap_or_else(|place| {
            self.consents.insert(place, ConsentRow::new(merchant.clone(), purpose));
            place
        });
        &mut self.consents[place]
    }

    fn bears(&mut self, tolerance: Option<&Tolerance>) {
        if let Some(tolerance) = tolerance {
            self.tolerance = tolerance.clone();
        }
    }

    fn answer(
        &mut self,
        notification: NotificationId,
        (kind, is_fast): (FeedbackKind, bool),
        shown_at: Option<Timestamp>,
    ) {
        if let Some(heard) = self.heard.iter_mut().rfind(|heard| heard.notification() == notification) {
            heard.answers.add(kind);
            if is_fast {
                heard.answers.mark_fast();
            }
            heard.shown_at = shown_at;
        }
    }

    fn give_back(&mut self, notification: NotificationId) {
        if let Some(place) = self.heard.iter().rposition(|heard| heard.notification() == notification) {
            self.heard.remove(place);
        }
    }
}
