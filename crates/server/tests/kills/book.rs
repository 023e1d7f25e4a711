//! What the backend said, what was acknowledged, what it heard; and how that fits what is left.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::graveyard::Graveyard;
use crate::premises::MERCHANT;
use crate::remains::Remains;
use crate::words::now_ms;

/// An offer that was handed to a session before its customer's withdrawal was read can come together with
/// the acknowledgement; whatever comes later than this was handed over later.
const ON_THE_WIRE: Duration = Duration::from_millis(100);

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Grant,
    Withdraw,
}

/// What the backend has sent and waits for an answer to.
enum Said {
    Change { event: String, customer: String, purpose: String, kind: Kind },
    Opened { customer: String, offer: String },
    Erasure { customer: String },
}

/// Everything there is to know, from the first start on.
#[derive(Default)]
pub(crate) struct Book {
    said: Vec<Said>,
    acknowledged: BTreeSet<usize>,
    /// Of the life that has just ended.
    n_said_before: usize,
    /// What holds, as far as it was found or acknowledged.
    wants: BTreeMap<(String, String), Kind>,
    /// Since when a withdrawal is acknowledged.
    withdrawn: BTreeMap<String, Instant>,
    /// Offer ids by customer, with their devices.
    heard: BTreeMap<String, BTreeMap<String, String>>,
    opened: BTreeSet<String>,
    pub(crate) graveyard: Graveyard,
    pub(crate) losses: Vec<String>,
    pub(crate) leaks: Vec<String>,
    n_heard: usize,
    n_lives: u64,
    n_unacknowledged: usize,
    n_half_way: usize,
    n_in_flight: usize,
    decided: BTreeSet<String>,
    pub(crate) n_kills_unacknowledged: u64,
    pub(crate) n_kills_in_flight: u64,
}

impl Book {
    /// Notes a change before it is sent.
    pub(crate) fn change(&mut self, customer: &str, purpose: &str, kind: Kind) -> (usize, String) {
        let event = format!("e{}", self.said.len());
        let word = match kind {
            Kind::Grant => "grant",
            Kind::Withdraw => "withdraw",
        };
        let payload = json!({
            "v": 1, "event_id": event, "merchant": MERCHANT, "purpose": purpose, "kind": word,
            "actor": "self", "method": "toggle", "evidence_ts": now_ms(),
            "notice": {"id": "n1", "version": 1, "lang": "en", "sha256": "a".repeat(64), "shown_at": now_ms()},
        });
        if kind == Kind::Grant {
            self.withdrawn.remove(customer);
        }
        let (customer, purpose) = (customer.to_owned(), purpose.to_owned());
        self.said.push(Said::Change { event, customer, purpose, kind });
        (self.said.len() - 1, payload.to_string())
    }

    pub(crate) fn opposite(&self, customer: &str, purpose: &str) -> Kind {
        match self.wants.get(&(customer.to_owned(), purpose.to_owned())) {
            Some(Kind::Grant) => Kind::Withdraw,
            Some(Kind::Withdraw) | None => Kind::Grant,
        }
    }

    /// Notes that offers are opened, before that is sent: each with its topic and payload.
    pub(crate) fn open_offers(&mut self) -> Vec<(usize, String, String)> {
        let mut answers = Vec::new();
        for (customer, offers) in &self.heard {
            if self.graveyard.is_leaving(customer) {
                continue;
            }
            for (offer, device) in offers {
                if self.opened.insert(offer.clone()) {
                    let payload = json!({"v": 1, "offer_id": offer, "kind": "opened"}).to_string();
                    self.said.push(Said::Opened { customer: customer.clone(), offer: offer.clone() });
                    let topic = format!("stile/v1/{customer}/{device}/feedback");
                    answers.push((self.said.len() - 1, topic, payload));
                }
            }
        }
        answers
    }

    /// Notes an erasure before it is asked for; `None` while nobody is left who may go.
    pub(crate) fn erase(&mut self) -> Option<(usize, String)> {
        let customer = self.graveyard.next()?;
        self.said.push(Said::Erasure { customer: customer.clone() });
        Some((self.said.len() - 1, customer))
    }

    pub(crate) fn acknowledged(&mut self, no: usize) {
        self.acknowledged.insert(no);
        match &self.said[no] {
            Said::Change { customer, purpose, kind, .. } => {
                self.wants.insert((customer.clone(), purpose.clone()), *kind);
                if *kind == Kind::Withdraw {
                    self.withdrawn.insert(customer.clone(), Instant::now());
                }
            }
            Said::Opened { .. } => {}
            Said::Erasure { customer } => {
                self.withdrawn.insert(customer.clone(), Instant::now());
            }
        }
    }

    pub(crate) fn heard(&mut self, customer: &str, device: &str, offer: &str) {
        self.n_heard += 1;
        if self.withdrawn.get(customer).is_some_and(|at| ON_THE_WIRE < at.elapsed()) {
            self.leaks.push(format!("{customer} was told {offer} after a withdrawal"));
        }
        let offers = self.heard.entry(customer.to_owned()).or_default();
        offers.insert(offer.to_owned(), device.to_owned());
        if 1 < offers.len() {
            self.leaks.push(format!("{customer} was told of one visit twice: {offers:?}"));
        }
    }

    /// Holds what a life has left against what was acknowledged in it and before.
    pub(crate) fn hold_against(&mut self, remains: &Remains) {
        self.n_lives += 1;
        self.check_erased(remains);
        let unacknowledged = self.check_said(remains);
        self.check_heard(remains);
        if self.n_said_before < self.said.len() {
            self.n_unacknowledged += unacknowledged;
            self.n_kills_unacknowledged += u64::from(0 < unacknowledged);
            self.n_in_flight += remains.n_outbox;
            self.n_kills_in_flight += u64::from(0 < remains.n_outbox);
        }
        self.n_said_before = self.said.len();
        self.decided.extend(remains.decisions.keys().cloned());
    }

    /// Whoever was erased, or is by what was decided before the kill, has left nothing; the others go on.
    fn check_erased(&mut self, remains: &Remains) {
        let mut n_unacknowledged = 0;
        for (no, said) in self.said.iter().enumerate().skip(self.n_said_before) {
            if let Said::Erasure { customer } = said {
                let is_acknowledged = self.acknowledged.contains(&no);
                n_unacknowledged += usize::from(!is_acknowledged);
                self.losses.extend(self.graveyard.bury(customer, is_acknowledged, remains));
            }
        }
        self.graveyard.count(n_unacknowledged);
        self.leaks.extend(self.graveyard.look_for_anybody(remains));
        let graveyard = &self.graveyard;
        self.wants.retain(|(customer, _), _| !graveyard.has(customer));
        self.heard.retain(|customer, _| !graveyard.has(customer));
    }

    /// Everything acknowledged is there; the rest is there once or not at all. Tells how many changes were under way.
    fn check_said(&mut self, remains: &Remains) -> usize {
        let mut n_unacknowledged = 0;
        for (no, said) in self.said.iter().enumerate() {
            let is_acknowledged = self.acknowledged.contains(&no);
            match said {
                // What they said went with them.
                Said::Change { customer, .. } | Said::Opened { customer, .. }
                    if self.graveyard.has(customer) => {}
                Said::Change { event, customer, purpose, kind } => {
                    let n = remains.events.get(event).copied().unwrap_or(0);
                    if usize::from(is_acknowledged) > n || 1 < n {
                        self.losses.push(format!("{event} of {customer} is there {n} times"));
                    }
                    if self.n_said_before <= no && !is_acknowledged {
                        n_unacknowledged += 1;
                        self.n_half_way += n;
                        if n == 1 {
                            self.wants.insert((customer.clone(), purpose.clone()), *kind);
                        }
                    }
                }
                Said::Opened { offer, .. } => {
                    if is_acknowledged && !remains.feedback.contains(offer) {
                        self.losses.push(format!("the answer to {offer} is gone"));
                    }
                }
                Said::Erasure { .. } => {}
            }
        }
        for ((customer, purpose), kind) in &self.wants {
            let is_granted = remains.granted.contains(&(customer.clone(), purpose.clone()));
            if is_granted != (*kind == Kind::Grant) {
                self.losses
                    .push(format!("{customer} wants {kind:?} of {purpose}, and the row says otherwise"));
            }
        }
        n_unacknowledged
    }

    /// Whatever was heard is recorded, for whom it was heard, and nobody has two decisions for one visit.
    fn check_heard(&mut self, remains: &Remains) {
        for (customer, offers) in &self.heard {
            for offer in offers.keys() {
                if remains.decisions.get(offer) != Some(customer) {
                    self.losses.push(format!("{customer} heard {offer}, which was never recorded"));
                }
            }
        }
        let mut n_of = BTreeMap::<&String, usize>::new();
        remains.decisions.values().for_each(|customer| *n_of.entry(customer).or_default() += 1);
        self.leaks.extend(
            n_of.iter().filter(|(_, n)| 1 < **n).map(|(who, n)| format!("{n} offers for one visit of {who}")),
        );
    }

    /// The counts.
    pub(crate) fn account(&self) -> String {
        format!(
            "{} with consent changes unacknowledged ({} changes, {} of them written all the same), {} with outbox rows in \
             flight ({} rows), {}; {} acknowledged changes, answers and erasures, {} offers decided, {} heard; losses {}, leaks {}",
            self.n_kills_unacknowledged,
            self.n_unacknowledged,
            self.n_half_way,
            self.n_kills_in_flight,
            self.n_in_flight,
            self.graveyard.account(),
            self.acknowledged.len(),
            self.decided.len(),
            self.n_heard,
            self.losses.len(),
            self.leaks.len(),
        )
    }
}
