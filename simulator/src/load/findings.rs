//! What judging found out.

use std::collections::{BTreeMap, HashMap};

use oracle::{Expected, Observed, Verdict};

use crate::report::Latency;

/// What was found out about some people.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) n_transitions: u64,
    pub(crate) n_withdrawals: u64,
    /// Read behind the acknowledgement of a withdrawal, and within the grace: on its way before.
    pub(crate) n_crossed: u64,
    /// People of whom nobody can know what the server got.
    pub(crate) n_unjudged: u64,
    pub(crate) by_verdict: BTreeMap<Verdict, u64>,
    pub(crate) outcomes: BTreeMap<&'static str, u64>,
    pub(crate) suppressions: BTreeMap<&'static str, u64>,
    pub(crate) fix_to_offer: Latency,
    /// Fix to offer by the second in which the offer came, in microseconds.
    pub(crate) by_second: BTreeMap<u64, Vec<u64>>,
    /// Enters and offers by fence.
    pub(crate) by_fence: HashMap<u32, (u64, u64)>,
    pub(crate) wrong: Vec<Wrong>,
    pub(crate) misheard: Vec<Misheard>,
}

/// A consent event that did not come to what it must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misheard {
    pub(crate) customer: u32,
    pub(crate) due_ns: u64,
    /// What the server said of it.
    pub(crate) told: String,
    pub(crate) due: &'static str,
}

/// Something that must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) customer: u32,
    pub(crate) verdict: Verdict,
    /// What stood for it on the wire, or would have.
    pub(crate) id: Option<u128>,
    pub(crate) expected: Option<Expected>,
    pub(crate) observed: Option<Observed>,
}

impl Findings {
    pub(crate) fn add(&mut self, other: Self) {
        self.n_transitions += other.n_transitions;
        self.n_withdrawals += other.n_withdrawals;
        self.n_crossed += other.n_crossed;
        self.n_unjudged += other.n_unjudged;
        other.by_verdict.into_iter().for_each(|(word, n)| *self.by_verdict.entry(word).or_default() += n);
        other.outcomes.into_iter().for_each(|(word, n)| *self.outcomes.entry(word).or_default() += n);
        other.suppressions.into_iter().for_each(|(word, n)| *self.suppressions.entry(word).or_default() += n);
        self.fix_to_offer.add(&other.fix_to_offer);
        other.by_second.into_iter().for_each(|(s, all)| self.by_second.entry(s).or_default().extend(all));
        for (fence, (n_enters, n_offers)) in other.by_fence {
            let sums = self.by_fence.entry(fence).or_default();
            *sums = (sums.0 + n_enters, sums.1 + n_offers);
        }
        self.wrong.extend(other.wrong);
        self.misheard.extend(other.misheard);
    }

    /// An offer that somebody else got is not one missing and one too many.
    pub(crate) fn pair_strays(&mut self) {
        let missing: HashMap<u128, usize> = (0..)
            .zip(&self.wrong)
            .filter(|(_, wrong)| wrong.verdict == Verdict::Missing)
            .filter_map(|(place, wrong)| Some((wrong.id?, place)))
            .collect();
        let mut gone = Vec::new();
        for place in 0..self.wrong.len() {
            let stray = self.wrong[place];
            let is_stray = stray.verdict == Verdict::Unexpected;
            if let Some(owner) = stray.id.filter(|_| is_stray).and_then(|id| missing.get(&id)) {
                self.wrong[place].verdict = Verdict::WrongCustomer;
                self.wrong[place].expected = self.wrong[*owner].expected;
                gone.push(*owner);
                *self.by_verdict.entry(Verdict::WrongCustomer).or_default() += 1;
                for (verdict, owed) in [(Verdict::Unexpected, 1), (Verdict::Missing, 1)] {
                    *self.by_verdict.entry(verdict).or_default() -= owed;
                }
            }
        }
        let mut place = 0;
        self.wrong.retain(|_| (!gone.contains(&place), place += 1).0);
    }
}
