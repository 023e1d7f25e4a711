//! Occasions that wait for others of their customer, to be decided together.

use std::collections::{BTreeMap, VecDeque};

use model::{CustomerNo, Millis, Timestamp};

use crate::{NotifierPolicy, Occasion};

/// What became of an occasion at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It waits.
    Waits,
    /// The same offer waits for the same visit already.
    Repeated,
    /// More wait than anyone will look at.
    Full,
}

/// Occasions of one customer that are to be decided now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// Whose.
    pub customer: CustomerNo,
    /// When the first of them came.
    pub since: Timestamp,
    /// They waited for longer than they may: none is said.
    pub is_too_late: bool,
    /// In the order in which they came.
    pub occasions: Vec<Occasion>,
}

/// All that wait.
#[derive(Debug, Default)]
pub(crate) struct Gatherings {
    open: BTreeMap<CustomerNo, Vec<Occasion>>,
    /// In order of beginning, which is that of being due.
    line: VecDeque<(Timestamp, CustomerNo)>,
    n_waiting: usize,
}

impl Gatherings {
    pub(crate) fn gather(&mut self, customer: CustomerNo, occasion: Occasion, now: Timestamp) -> Place {
        let occasions = self.open.entry(customer).or_insert_with(|| {
            self.line.push_back((now, customer));
            Vec::new()
        });
        if occasions.iter().any(|other| other.notification == occasion.notification) {
            return Place::Repeated;
        }
        if NotifierPolicy::OCCASIONS_MAX <= occasions.len() {
            return Place::Full;
        }
        occasions.push(occasion);
        self.n_waiting += 1;
        Place::Waits
    }

    /// The next that is due: the one that began first, of several the one that was asked for first.
    pub(crate) fn next_due(&mut self, policy: &NotifierPolicy, now: Timestamp) -> Option<Gathered> {
        self.due_at(policy.gather).filter(|due_at| *due_at <= now)?;
        let (since, customer) = self.line.pop_front()?;
        let is_too_late = policy.decide_within < now.since(since);
        let occasions = self.open.remove(&customer).unwrap_or_default();
        self.n_waiting -= occasions.len();
        Some(Gathered { customer, since, is_too_late, occasions })
    }

    /// When the next will be due.
    pub(crate) fn due_at(&self, gather: Millis) -> Option<Timestamp> {
        self.line.front().map(|(since, _)| *since + gather)
    }

    /// Takes away what waits of a customer.
    pub(crate) fn take(&mut self, customer: CustomerNo) -> Vec<Occasion> {
        let occasions = self.open.remove(&customer).unwrap_or_default();
        self.n_waiting -= occasions.len();
        self.line.retain(|(_, other)| *other != customer);
        occasions
    }

    pub(crate) const fn n_waiting(&self) -> usize {
        self.n_waiting
    }
}
