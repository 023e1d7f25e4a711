//! The census: now and then everybody's grants are looked through for those that end soon.

use ledger::{Entry, What};
use model::{Millis, Timestamp};

use crate::engine::Engine;
use crate::letter::Reminder;

/// Between two walks round everybody: a grant lasts a year, and an hour of it is nothing.
const EVERY: Millis = Millis::from_hours(1);

/// Customers looked at in one go, so that nothing waits for the census.
const PORTION: usize = 4_096;

impl Engine {
    /// Looks through a portion of all grants when the hour has come; each that ends soon is told once.
    ///
    /// The reminder is written down, and goes out when it is durable.
    pub(crate) fn take_census(&mut self, now: Timestamp) {
        if self.book.census_at.is_none_or(|at| now < at) {
            return;
        }
        let mut due = Vec::new();
        if self.gate.due_reminders(PORTION, &mut due, now) {
            self.book.census_at = Some(now + EVERY);
        }
        for consent_gate::Reminder { customer, merchant, purpose, until } in due {
            let id = self.people.customer(customer);
            let merchant = self.people.merchant(merchant).clone();
            let what = What::Reminder { merchant: merchant.clone(), purpose, until };
            self.desk.write(customer, Entry { customer: id.clone(), at: now, what });
            self.desk.pending.reminders.push(Reminder { customer: id, merchant, purpose, until });
        }
    }
}
