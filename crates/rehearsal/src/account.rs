//! The account of a rehearsal: counts by offer and persona, taken from what the ledger is told.

use std::collections::{BTreeMap, HashMap, HashSet};

use ledger::{
    Batch, Decision, Entry, Erasure, Graves, Numbered, Retained, Retention, SENT, StockCount, Storage,
    StorageError, StoredState, What,
};
use model::{
    CustomerId, FeedbackKind, MerchantId, Millis, NotificationId, OfferId, Standing, Timestamp,
    TransitionKind,
};
use town::{Cast, Persona};

use super::Script;
use super::gauge::{Gauge, Pressure};

/// What became of candidates: of one offer, of one persona, or of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Count {
    /// Offers that a transition called for.
    pub n_candidates: u64,
    /// Went out.
    pub n_sent: u64,
    /// Won and were held back, to learn what the offer does.
    pub n_held_out: u64,
    /// First rules that failed, by word.
    pub verdicts: Tally,
    /// All rules that failed, by word.
    pub failed: Tally,
    /// Parts of the cost: how many candidates had it.
    pub parts: Tally,
    /// The points of those parts, added up; they may be below nought.
    pub points: BTreeMap<Box<str>, i64>,
    /// Parts of the cost of those that went out.
    pub sent_parts: Tally,
    /// What those cost that went out, added up.
    pub sent_points: u64,
    /// Answers, by word.
    pub answers: Tally,
}

/// Numbers by word.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally(Vec<(Box<str>, u64)>);

impl Tally {
    fn count(&mut self, word: &str, n: u64) {
        match self.0.iter_mut().find(|(known, _)| **known == *word) {
            Some((_, total)) => *total += n,
            None => self.0.push((word.into(), n)),
        }
    }

    /// The number under a word.
    #[must_use]
    pub fn of(&self, word: &str) -> u64 {
        self.0.iter().find(|(known, _)| **known == *word).map_or(0, |(_, n)| *n)
    }

    /// Every word with its number, the largest first; of equals in the order of the alphabet.
    #[must_use]
    pub fn by_size(&self) -> Vec<(&str, u64)> {
        let mut sorted: Vec<(&str, u64)> = self.0.iter().map(|(word, n)| (&**word, *n)).collect();
        sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        sorted
    }

    fn add(&mut self, other: &Self) {
        other.0.iter().for_each(|(word, n)| self.count(word, *n));
    }
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.n_candidates += other.n_candidates;
        self.n_sent += other.n_sent;
        self.n_held_out += other.n_held_out;
        self.sent_points += other.sent_points;
        let tallies = [
            (&mut self.verdicts, &other.verdicts),
            (&mut self.failed, &other.failed),
            (&mut self.parts, &other.parts),
            (&mut self.sent_parts, &other.sent_parts),
            (&mut self.answers, &other.answers),
        ];
        tallies.into_iter().for_each(|(sum, more)| sum.add(more));
        for (part, points) in &other.points {
            *self.points.entry(part.clone()).or_default() += points;
        }
    }
}

/// The people of one persona.
#[derive(Clone, Debug)]
pub struct Crew {
    /// Which.
    pub persona: Persona,
    /// How many play it.
    pub n_people: usize,
    /// Places that each of them had to go to, of those that the persona wants; the mean.
    pub places_found: f64,
    /// How often they came into a fence.
    pub n_visits: u64,
    /// How often that was a stay.
    pub n_stays: u64,
    /// What became of their candidates.
    pub count: Count,
    /// What went out to whoever got most.
    pub most_sent: u64,
    /// What they felt, a day at a time.
    pub pressure: Vec<Pressure>,
}

/// One offer.
#[derive(Clone, Debug)]
pub struct OfferAccount {
    /// Its name.
    pub id: OfferId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Which transition calls for it.
    pub trigger: TransitionKind,
    /// Fences that it is meant for.
    pub n_fences: usize,
    /// People who got it at least once.
    pub n_reached: usize,
    /// What became of it.
    pub count: Count,
}

/// What a rehearsal came to.
pub struct Account {
    /// How long it was played.
    pub n_days: u32,
    /// Fixes that were played.
    pub n_fixes: u64,
    /// Every candidate has one verdict, and every fix one outcome.
    pub is_balanced: bool,
    /// What somebody bears by the rules, in points.
    pub limit: f64,
    half_life: Millis,
    crews: Vec<Crew>,
    offers: Vec<OfferAccount>,
    offer_no: HashMap<(MerchantId, OfferId), usize>,
    /// By crew and offer.
    cells: Vec<Vec<Count>>,
    people: Vec<Player>,
    reached: HashSet<(usize, usize)>,
    /// Which offer a notification was about.
    offer_of: HashMap<NotificationId, usize>,
}

struct Player {
    crew: usize,
    n_sent: u64,
    gauge: Gauge,
}

impl Account {
    pub(super) fn open(script: &Script, cast: &Cast) -> Self {
        let mut crews: Vec<Crew> = Persona::ALL.map(Crew::of).into();
        let mut people = Vec::with_capacity(cast.lives().len());
        for life in cast.lives() {
            let crew =
                crews.iter().position(|crew| crew.persona == life.persona).expect("every persona has a crew");
            crews[crew].n_people += 1;
            crews[crew].places_found += life.n_places() as f64;
            people.push(Player { crew, n_sent: 0, gauge: Gauge::default() });
        }
        crews.iter_mut().for_each(|crew| crew.places_found /= crew.n_people.max(1) as f64);
        let offers: Vec<OfferAccount> = offers_of(script);
        let offer_no = offers.iter().enumerate();
        let offer_no = offer_no.map(|(no, offer)| ((offer.merchant.clone(), offer.id.clone()), no)).collect();
        Self {
            n_days: script.n_days,
            n_fixes: 0,
            is_balanced: false,
            limit: f64::from(script.policy.notifier.budget.limit_milli) / 1_000.0,
            half_life: script.policy.notifier.budget.half_life,
            cells: vec![vec![Count::default(); offers.len()]; crews.len()],
            crews,
            offers,
            offer_no,
            people,
            reached: HashSet::new(),
            offer_of: HashMap::new(),
        }
    }

    /// The personas that somebody plays, each with what became of its candidates.
    #[must_use]
    pub fn crews(&self) -> Vec<Crew> {
        let played = self.crews.iter().enumerate().filter(|(_, crew)| 0 < crew.n_people);
        played.map(|(no, crew)| Crew { count: sum(self.cells[no].iter()), ..crew.clone() }).collect()
    }

    /// The offers, in the order of the file, each with what became of it.
    #[must_use]
    pub fn offers(&self) -> Vec<OfferAccount> {
        let count = |no: usize| sum(self.cells.iter().map(|offers| &offers[no]));
        let offers = self.offers.iter().enumerate();
        offers.map(|(no, offer)| OfferAccount { count: count(no), ..offer.clone() }).collect()
    }

    /// Everything together.
    #[must_use]
    pub fn total(&self) -> Count {
        sum(self.cells.iter().flatten())
    }

    /// How many people play.
    #[must_use]
    pub fn n_people(&self) -> usize {
        self.people.len()
    }

    /// Weeks that were played.
    #[must_use]
    pub fn n_weeks(&self) -> f64 {
        f64::from(self.n_days) / 7.0
    }

    /// Whose name it is.
    pub(super) fn person(&self, customer: &CustomerId) -> Option<usize> {
        let (_, no) = customer.as_str().rsplit_once('-')?;
        no.parse().ok().filter(|no| *no < self.people.len())
    }

    pub(super) fn note_transition(&mut self, customer: &CustomerId, kind: TransitionKind) {
        let Some(person) = self.person(customer) else { return };
        let crew = &mut self.crews[self.people[person].crew];
        crew.n_visits += u64::from(kind == TransitionKind::Enter);
        crew.n_stays += u64::from(kind == TransitionKind::Dwell);
    }

    pub(super) fn note_answer(&mut self, person: usize, notification: NotificationId, kind: FeedbackKind) {
        if let Some(&offer) = self.offer_of.get(&notification) {
            self.cells[self.people[person].crew][offer].answers.count(kind.word(), 1);
        }
    }

    pub(super) fn take_pressure(&mut self, at: Timestamp) {
        let mut points: Vec<Vec<f64>> = vec![Vec::new(); self.crews.len()];
        for player in &mut self.people {
            points[player.crew].push(player.gauge.pressure(self.half_life, at));
        }
        for (crew, points) in self.crews.iter_mut().zip(points) {
            crew.pressure.push(Pressure::of(points));
        }
    }

    fn note(&mut self, entry: &Entry) {
        let Some(person) = self.person(&entry.customer) else { return };
        match &entry.what {
            What::Decision(decision) => self.note_decision(person, decision, entry.at),
            What::Feedback { tolerance, .. } | What::Delivery { tolerance, .. } => {
                tolerance.iter().for_each(|tolerance| self.people[person].gauge.nudge(tolerance));
            }
            What::Consent(_) | What::Profile(_) | What::Reminder { .. } => {}
        }
    }

    fn note_decision(&mut self, person: usize, decision: &Decision, at: Timestamp) {
        let key = (decision.merchant.clone(), decision.offer.clone());
        let Some(&offer) = self.offer_no.get(&key) else { return };
        let player = &mut self.people[person];
        let count = &mut self.cells[player.crew][offer];
        let is_sent = *decision.verdict == *SENT;
        count.n_candidates += 1;
        if !is_sent {
            count.verdicts.count(&decision.verdict, 1);
        }
        decision.failed.iter().for_each(|word| count.failed.count(word, 1));
        note_parts(count, decision, is_sent);
        let standing = decision.counted.as_ref().map(|counted| counted.standing);
        count.n_held_out += u64::from(standing == Some(Standing::HeldOut));
        if let Some(tolerance) = &decision.tolerance {
            player.gauge.nudge(tolerance);
        }
        if is_sent {
            let cost = decision.counted.as_ref().map_or(0, |counted| counted.cost);
            count.n_sent += 1;
            count.sent_points += u64::from(cost);
            player.n_sent += 1;
            player.gauge.hear(cost, at);
            let crew = &mut self.crews[player.crew];
            crew.most_sent = crew.most_sent.max(player.n_sent);
            self.offer_of.insert(decision.id, offer);
            self.offers[offer].n_reached += usize::from(self.reached.insert((person, offer)));
        }
    }
}

/// The parts of the cost as the record has them: `push 25, background 10`.
fn note_parts(count: &mut Count, decision: &Decision, is_sent: bool) {
    let Some((_, parts)) = decision.facts.iter().find(|(name, _)| **name == *"cost_parts") else { return };
    for (part, points) in parts.split(", ").filter_map(|part| part.rsplit_once(' ')) {
        let Ok(points) = points.parse::<i64>() else { continue };
        count.parts.count(part, 1);
        if is_sent {
            count.sent_parts.count(part, 1);
        }
        match count.points.get_mut(part) {
            Some(total) => *total += points,
            None => {
                count.points.insert(part.into(), points);
            }
        }
    }
}

fn sum<'a>(counts: impl Iterator<Item = &'a Count>) -> Count {
    let mut total = Count::default();
    counts.for_each(|count| total.add(count));
    total
}

fn offers_of(script: &Script) -> Vec<OfferAccount> {
    let offers = script.house.catalogue().offers().iter();
    let account = |offer: &offers::Offer| OfferAccount {
        id: offer.id().clone(),
        merchant: offer.draft().merchant.clone(),
        trigger: offer.draft().trigger,
        n_fences: script.house.facts().filter(|facts| offer.applies_to(facts)).count(),
        n_reached: 0,
        count: Count::default(),
    };
    offers.map(account).collect()
}

impl Crew {
    /// Fences that each of them came into in a week.
    #[must_use]
    pub fn visits_a_week(&self, n_days: u32) -> f64 {
        self.a_week(self.n_visits, n_days)
    }

    /// Fences that each of them stayed in, in a week.
    #[must_use]
    pub fn stays_a_week(&self, n_days: u32) -> f64 {
        self.a_week(self.n_stays, n_days)
    }

    /// Offers that each of them got in a week.
    #[must_use]
    pub fn sent_a_week(&self, n_days: u32) -> f64 {
        self.a_week(self.count.n_sent, n_days)
    }

    /// Of a number for all of them and all days, that for each of them and a week.
    #[must_use]
    pub fn a_week(&self, n: u64, n_days: u32) -> f64 {
        n as f64 * 7.0 / self.n_people.max(1) as f64 / f64::from(n_days.max(1))
    }

    fn of(persona: Persona) -> Self {
        Self {
            persona,
            n_people: 0,
            places_found: 0.0,
            n_visits: 0,
            n_stays: 0,
            count: Count::default(),
            most_sent: 0,
            pressure: Vec::new(),
        }
    }
}

/// A ledger that counts what it is told, and keeps none of it.
impl Storage for Account {
    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StorageError> {
        batch.entries().for_each(|entry| self.note(entry));
        Ok(())
    }

    fn scan_states(&mut self, _: &mut dyn FnMut(StoredState)) -> Result<(), StorageError> {
        Ok(())
    }

    fn scan_stock(&mut self, _: &mut dyn FnMut(StockCount)) -> Result<(), StorageError> {
        Ok(())
    }

    fn scan_entries(
        &mut self,
        _: Option<&CustomerId>,
        _: &mut dyn FnMut(Numbered),
    ) -> Result<(), StorageError> {
        Ok(())
    }

    fn erase(&mut self, customer: &CustomerId, at: Timestamp) -> Result<Erasure, StorageError> {
        Ok(Erasure::of_nothing(customer, at))
    }

    fn graves(&self) -> Graves {
        Graves::default()
    }

    fn retain(&mut self, _: &Retention, _: usize, _: Timestamp) -> Result<Retained, StorageError> {
        Ok(Retained::default())
    }
}
