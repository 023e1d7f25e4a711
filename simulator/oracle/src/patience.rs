//! How much of us a customer bears, as far as their answers have let us know.

use std::collections::BTreeMap;

use crate::numbers::{AnswerRules, Budget};
use crate::pressure::{left_of, left_of_relief};
use crate::{Answer, Heard, Rules, Standing};

/// What answers have changed, and what is remembered for longer than the windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    /// Their own limit, in thousandths of a point.
    pub limit_milli: Option<u32>,
    /// Pressure that answers added or took away, as it was at `nudge_at_ms`.
    pub nudge_milli: i64,
    /// See there.
    pub nudge_at_ms: i64,
    /// How many in a row they ignored.
    pub n_ignored: u8,
    /// What was heard until then is settled: it is known whether it was ignored.
    pub settled_to_ms: i64,
    /// Till then every cap is halved.
    pub halved_until_ms: Option<i64>,
    /// Silences, each with its first instant that is free again.
    pub silences: BTreeMap<(Over, Why), i64>,
    /// How often they were told an offer, ever.
    pub told: BTreeMap<u32, u32>,
}

/// What a silence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Over {
    /// Everything.
    All,
    /// One merchant.
    Merchant(u32),
    /// One fence.
    Fence(u32),
    /// One offer.
    Offer(u32),
}

/// Which answer brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Wiped away at once.
    Dismissed,
    /// "Too often."
    TooOften,
    /// "Creepy."
    Creepy,
    /// Used.
    Redeemed,
    /// "Not for me."
    NotRelevant,
}

/// Without an end.
pub(crate) const FOR_EVER: i64 = i64::MAX;

impl Patience {
    pub(crate) fn limit_milli(&self, budget: &Budget) -> u32 {
        self.limit_milli.unwrap_or(budget.limit_milli)
    }

    /// The pressure of what counts, at an instant.
    pub(crate) fn pressure_milli<'h>(
        &self,
        counted: impl Iterator<Item = &'h Heard>,
        budget: &Budget,
        now_ms: i64,
    ) -> i64 {
        let of_heard = |heard: &Heard| {
            let after_ms = now_ms.saturating_sub(heard.at_ms);
            left_of(i64::from(heard.cost) * 1_000, after_ms, budget.half_life_ms)
        };
        (counted.map(of_heard).sum::<i64>() + self.nudge_left_milli(budget, now_ms)).max(0)
    }

    fn nudge_left_milli(&self, budget: &Budget, now_ms: i64) -> i64 {
        left_of_relief(self.nudge_milli, now_ms.saturating_sub(self.nudge_at_ms), budget.half_life_ms)
    }

    pub(crate) fn are_caps_halved(&self, now_ms: i64) -> bool {
        self.halved_until_ms.is_some_and(|until_ms| now_ms < until_ms)
    }

    /// Whether a silence for some reason holds over any of some things.
    pub(crate) fn is_silent(&self, why: Why, about: &[Over], now_ms: i64) -> bool {
        let until_ms = |over: &Over| self.silences.get(&(*over, why)).copied();
        about.iter().filter_map(until_ms).any(|until_ms| now_ms < until_ms)
    }

    /// Finds out what was ignored of all that is old enough to know.
    pub(crate) fn settle(&mut self, heard: &[Heard], rules: &Rules, now_ms: i64) {
        let AnswerRules { ignored_after_ms, ignored_in_a_row, ignored_limit_pct, .. } = rules.answers;
        let from_ms = self.settled_to_ms;
        let is_due = |heard: &&Heard| {
            heard.standing == Standing::Sent
                && from_ms < heard.at_ms
                && heard.at_ms.saturating_add(ignored_after_ms) <= now_ms
        };
        let mut due: Vec<&Heard> = heard.iter().filter(is_due).collect();
        due.sort_by_key(|heard| heard.at_ms);
        for heard in due {
            self.settled_to_ms = heard.at_ms;
            match was_ignored(heard) {
                Some(true) => self.n_ignored += 1,
                Some(false) => self.n_ignored = 0,
                None => {}
            }
            if ignored_in_a_row <= self.n_ignored {
                self.n_ignored = 0;
                self.change_limit(ignored_limit_pct, &rules.budget);
            }
        }
    }

    fn change_limit(&mut self, pct: u32, budget: &Budget) {
        let changed = u64::from(self.limit_milli(budget)) * u64::from(pct) / 100;
        let bounds = u64::from(budget.limit_min_milli)..=u64::from(budget.limit_max_milli);
        self.limit_milli = Some(changed.clamp(*bounds.start(), *bounds.end()) as u32);
    }

    fn nudge(&mut self, milli: i64, budget: &Budget, now_ms: i64) {
        self.nudge_milli = self.nudge_left_milli(budget, now_ms) + milli;
        self.nudge_at_ms = now_ms;
    }

    fn silence(&mut self, over: Over, why: Why, until_ms: i64, now_ms: i64) {
        // What is over is forgotten, even when a clock goes back later.
        self.silences.retain(|_, until_ms| now_ms < *until_ms);
        let until = self.silences.entry((over, why)).or_insert(until_ms);
        *until = (*until).max(until_ms);
    }

    /// What an answer changes that is new and counts; `pressure_milli` is that of the moment.
    pub(crate) fn hear(
        &mut self,
        answer: Answer,
        of: &Heard,
        pressure_milli: i64,
        rules: &Rules,
        now_ms: i64,
    ) {
        let (answers, budget) = (&rules.answers, &rules.budget);
        let till = |span_ms: i64| now_ms.saturating_add(span_ms);
        match answer {
            Answer::Delivered | Answer::Failed | Answer::Received | Answer::Shown => {}
            Answer::Opened => self.nudge(-answers.opened_milli.min(pressure_milli), budget, now_ms),
            Answer::Redeemed => {
                self.nudge(-answers.redeemed_milli.min(pressure_milli), budget, now_ms);
                self.change_limit(answers.redeemed_limit_pct, budget);
                self.silence(
                    Over::Merchant(of.merchant),
                    Why::Redeemed,
                    till(answers.redeemed_silence_ms),
                    now_ms,
                );
            }
            Answer::Dismissed if of.answers.fast => {
                self.nudge(answers.dismissed_milli, budget, now_ms);
                self.silence(Over::All, Why::Dismissed, till(answers.dismissed_silence_ms), now_ms);
            }
            Answer::Dismissed => {}
            Answer::NotRelevant => {
                self.silence(Over::Offer(of.said.offer), Why::NotRelevant, FOR_EVER, now_ms);
            }
            Answer::TooOften => {
                self.nudge(answers.too_often_milli, budget, now_ms);
                self.change_limit(answers.too_often_limit_pct, budget);
                self.silence(Over::All, Why::TooOften, till(answers.too_often_silence_ms), now_ms);
                self.halved_until_ms = self.halved_until_ms.max(Some(till(answers.too_often_halves_ms)));
            }
            Answer::Creepy => {
                self.nudge(answers.creepy_milli, budget, now_ms);
                self.change_limit(answers.creepy_limit_pct, budget);
                self.silence(Over::Fence(of.said.fence), Why::Creepy, till(answers.creepy_fence_ms), now_ms);
                self.silence(
                    Over::Merchant(of.merchant),
                    Why::Creepy,
                    till(answers.creepy_merchant_ms),
                    now_ms,
                );
                self.silence(Over::All, Why::Creepy, till(answers.creepy_silence_ms), now_ms);
            }
        }
    }

    /// What of it still means something: two that differ in nothing else are one and the same.
    pub(crate) fn in_force(&self, now_ms: i64) -> Self {
        let mut silences = self.silences.clone();
        silences.retain(|_, until_ms| now_ms < *until_ms);
        let halved_until_ms = self.halved_until_ms.filter(|until_ms| now_ms < *until_ms);
        let nudge_at_ms = if self.nudge_milli == 0 { 0 } else { self.nudge_at_ms };
        Self { silences, halved_until_ms, nudge_at_ms, ..self.clone() }
    }
}

/// Whether an offer, a day old, was ignored; nobody knows of one that may never have arrived, and a
/// complaint is an answer of its own.
pub(crate) fn was_ignored(heard: &Heard) -> Option<bool> {
    let has_any = |answers: &[Answer]| heard.answers.has_any(answers);
    if has_any(&[Answer::Opened, Answer::Redeemed]) {
        return Some(false);
    }
    if has_any(&[Answer::TooOften, Answer::Creepy]) || heard.answers.fast {
        return None;
    }
    has_any(&[Answer::Shown, Answer::Received, Answer::Dismissed, Answer::NotRelevant]).then_some(true)
}
