//! Once an hour everybody's grants to be seen are looked through: a merchant is told once of each that
//! ends soon.

use std::collections::BTreeSet;

use crate::rules::HOUR;
use crate::{Oracle, Purpose};

/// A grant that ends soon: whose, towards whom, for what, and when.
pub type Reminder = (u32, u32, Purpose, i64);

/// What merchants are to be told.
#[derive(Debug, Default)]
pub(crate) struct Reminders {
    /// When all are looked through again; never before anything was opened.
    at_ms: Option<i64>,
    /// Told once it is durable.
    due: BTreeSet<Reminder>,
}

impl Reminders {
    /// What was due was told or is lost.
    pub(crate) fn start_again(&mut self) {
        self.due.clear();
    }

    pub(crate) fn open(&mut self, now_ms: i64) {
        self.at_ms = Some(now_ms);
    }

    pub(crate) fn forget(&mut self, customer: u32) {
        self.due.retain(|(whose, ..)| *whose != customer);
    }
}

impl Oracle {
    /// The engine was asked what to record, and looks through everybody's grants if an hour has gone.
    pub fn take_census(&mut self, now_ms: i64) {
        let now_ms = self.advance(now_ms);
        if self.reminders.at_ms.is_none_or(|at_ms| now_ms < at_ms) {
            return;
        }
        self.reminders.at_ms = Some(now_ms + HOUR);
        let soon_ms = now_ms + self.rules.remind_before_ms;
        for (no, known) in (0..).zip(&mut self.customers) {
            if known.profile().minor {
                continue;
            }
            for row in &mut known.rows {
                let sees = matches!(row.purpose, Purpose::Location | Purpose::Background);
                let end_ms = row.said.state.granted_until_ms();
                let end_ms = end_ms.filter(|end_ms| now_ms < *end_ms && *end_ms <= soon_ms);
                let Some(end_ms) = end_ms.filter(|_| sees && !row.said.is_reminded) else { continue };
                row.said.is_reminded = true;
                self.reminders.due.insert((no, row.merchant, row.purpose, end_ms));
                self.spoken.note(no, row);
            }
        }
    }

    /// A merchant was told; whether they were to be.
    pub fn reminded(&mut self, reminder: &Reminder) -> bool {
        self.reminders.due.remove(reminder)
    }

    /// Whom nobody has told yet.
    #[must_use]
    pub fn n_to_remind(&self) -> usize {
        self.reminders.due.len()
    }
}
