//! What became of each offer, from the ledger's entries: sums and shares, and nobody's name.

mod effect;

use std::collections::{BTreeMap, HashMap};

use ledger::{Decision, DeliveryOutcome, Entry, SENT, What};
use model::{CustomerId, FeedbackKind, NotificationId, OfferId, Standing, Timestamp};
use serde_json::{Value, json};

pub use self::effect::{Effect, Share};

/// Sums over the decisions that were made since an instant, and over what followed from them.
///
/// Entries come in the order of the ledger; [`Report::end_partition`] follows the last of each partition.
#[derive(Debug)]
pub struct Report {
    since: Timestamp,
    offers: BTreeMap<OfferId, Sums>,
    /// Of the partition that is being read.
    spoken: HashMap<NotificationId, Spoken>,
    people: HashMap<(OfferId, CustomerId), Person>,
}

/// What became of one offer.
#[derive(Debug, Default)]
pub struct Sums {
    /// Decisions, by verdict.
    pub verdicts: BTreeMap<Box<str>, u64>,
    /// How what was sent left the house; what is missing waits.
    pub left: BTreeMap<&'static str, u64>,
    /// Answers to what was sent.
    pub answers: BTreeMap<FeedbackKind, u64>,
    /// Decisions that count, by whether they were said.
    pub standings: BTreeMap<&'static str, u64>,
    /// Customers about whom it was decided.
    pub n_customers: u64,
    /// Customers to whom it was said, and how many of them used it.
    pub told: Share,
    /// Customers to whom it was not said in order to know what it does, and how many used it all the same.
    pub held_out: Share,
}

/// A decision that counts.
#[derive(Debug)]
struct Spoken {
    offer: OfferId,
    standing: Standing,
    left: Option<DeliveryOutcome>,
}

/// One customer and one offer.
#[derive(Debug, Default)]
struct Person {
    is_told: bool,
    is_held_out: bool,
    has_redeemed: bool,
}

impl Report {
    /// A report on decisions made at or after an instant.
    #[must_use]
    pub fn since(since: Timestamp) -> Self {
        Self { since, offers: BTreeMap::new(), spoken: HashMap::new(), people: HashMap::new() }
    }

    /// Adds one entry.
    pub fn take(&mut self, entry: &Entry) {
        match &entry.what {
            What::Decision(decision) if self.since <= entry.at => self.decide(decision, &entry.customer),
            What::Delivery { notification, outcome, .. } => self.leave(*notification, *outcome),
            What::Feedback { notification, kind, .. } => self.answer(*notification, *kind, &entry.customer),
            What::Decision(_) | What::Consent(_) | What::Profile(_) | What::Reminder { .. } => {}
        }
    }

    /// Adds up the people of a partition: every customer is in one.
    pub fn end_partition(&mut self) {
        self.spoken.clear();
        for ((offer, _), person) in self.people.drain() {
            let sums = self.offers.entry(offer).or_default();
            sums.n_customers += 1;
            for (is_in, share) in [(person.is_told, &mut sums.told), (person.is_held_out, &mut sums.held_out)]
            {
                share.of += u64::from(is_in);
                share.n += u64::from(is_in && person.has_redeemed);
            }
        }
    }

    /// Every offer of which something was decided, by id.
    #[must_use]
    pub fn offers(&self) -> &BTreeMap<OfferId, Sums> {
        &self.offers
    }

    fn decide(&mut self, decision: &Decision, customer: &CustomerId) {
        let sums = self.offers.entry(decision.offer.clone()).or_default();
        *sums.verdicts.entry(decision.verdict.clone()).or_default() += 1;
        let person = self.people.entry((decision.offer.clone(), customer.clone())).or_default();
        let Some(standing) = standing(decision) else { return };
        *sums.standings.entry(standing.word()).or_default() += 1;
        person.is_told |= standing == Standing::Sent;
        person.is_held_out |= standing == Standing::HeldOut;
        self.spoken.insert(decision.id, Spoken { offer: decision.offer.clone(), standing, left: None });
    }

    /// What was on its way when it was called off leaves twice; the last word is true.
    fn leave(&mut self, notification: NotificationId, outcome: DeliveryOutcome) {
        let Some(spoken) = self.spoken.get_mut(&notification) else { return };
        if spoken.standing != Standing::Sent {
            return;
        }
        let sums = self.offers.entry(spoken.offer.clone()).or_default();
        if let Some(before) = spoken.left.replace(outcome).and_then(|before| sums.left.get_mut(before.word()))
        {
            *before -= 1;
        }
        *sums.left.entry(outcome.word()).or_default() += 1;
    }

    fn answer(&mut self, notification: NotificationId, kind: FeedbackKind, customer: &CustomerId) {
        let Some(Spoken { offer, standing, .. }) = self.spoken.get(&notification) else { return };
        if *standing == Standing::Sent {
            let sums = self.offers.entry(offer.clone()).or_default();
            *sums.answers.entry(kind).or_default() += 1;
        }
        if kind == FeedbackKind::Redeemed {
            self.people.entry((offer.clone(), customer.clone())).or_default().has_redeemed = true;
        }
    }
}

/// Whether it counts, and was said; a record of an older version says only that it was.
fn standing(decision: &Decision) -> Option<Standing> {
    let sent = (&*decision.verdict == SENT).then_some(Standing::Sent);
    decision.counted.as_ref().map(|counted| counted.standing).or(sent)
}

impl Sums {
    /// How many were decided.
    #[must_use]
    pub fn n_candidates(&self) -> u64 {
        self.verdicts.values().sum()
    }

    /// How many were decided to be said.
    #[must_use]
    pub fn n_sent(&self) -> u64 {
        self.n_standing(Standing::Sent)
    }

    /// How many count with a standing.
    #[must_use]
    pub fn n_standing(&self, standing: Standing) -> u64 {
        self.standings.get(standing.word()).copied().unwrap_or_default()
    }

    /// How many of those wait to leave.
    #[must_use]
    pub fn n_waiting(&self) -> u64 {
        self.n_sent().saturating_sub(self.left.values().sum())
    }

    /// How often it was answered so.
    #[must_use]
    pub fn n_answers(&self, kind: FeedbackKind) -> u64 {
        self.answers.get(&kind).copied().unwrap_or_default()
    }

    /// Reasons for silence with their numbers, the most frequent first.
    #[must_use]
    pub fn silences(&self) -> Vec<(&str, u64)> {
        const UNSAID: [&str; 4] = [SENT, "holdout", "observed", "shadowed"];
        let silences = self.verdicts.iter().filter(|(verdict, _)| !UNSAID.contains(&&***verdict));
        let mut silences: Vec<(&str, u64)> = silences.map(|(verdict, n)| (&**verdict, *n)).collect();
        silences.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        silences
    }

    /// What the offer does, as far as it can be told.
    #[must_use]
    pub fn effect(&self) -> Option<Effect> {
        Effect::of(self.told, self.held_out)
    }

    /// Everything by name; every count that there can be is there.
    #[must_use]
    pub fn json(&self) -> Value {
        let left: serde_json::Map<String, Value> = DeliveryOutcome::ALL
            .into_iter()
            .map(|outcome| {
                (outcome.word().to_owned(), self.left.get(outcome.word()).copied().unwrap_or(0).into())
            })
            .chain([("waiting".to_owned(), self.n_waiting().into())])
            .collect();
        let answers: serde_json::Map<String, Value> = FeedbackKind::ALL
            .into_iter()
            .map(|kind| (kind.word().to_owned(), self.n_answers(kind).into()))
            .collect();
        json!({
            "candidates": self.n_candidates(),
            "customers": self.n_customers,
            "verdicts": self.verdicts,
            "sent": self.n_sent(),
            "observed": self.n_standing(Standing::Observed),
            "left": left,
            "answers": answers,
            "told": self.told.json(),
            "held_out": self.held_out.json(),
            "difference": self.effect().map(Effect::json),
        })
    }
}

#[cfg(test)]
mod tests;
