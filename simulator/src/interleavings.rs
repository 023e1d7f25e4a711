//! Fixes and withdrawals in every order: a *no* between any two steps of an offer's way out.
//!
//! In virtual time and through the real engine, bytes in, a ledger in memory. Everything that holds
//! offers back is off but consent, so that each story is short and its ending known.

mod counts;
mod shell;
mod stage;
mod story;

use std::sync::Arc;

use consent_gate::{ConsentKind, Purpose};
use engine::{House, Tally};
use model::{Millis, Timestamp};

pub(crate) use counts::Counts;

use crate::virtually::Chance;
use shell::{Shell, Word};
use stage::Spot;
use story::{Moment, NEEDED, No, Story};

/// How many are played, from what chance, and whether the shell asks before it publishes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) n: u64,
    pub(crate) seed: u64,
    pub(crate) asks: bool,
}

/// So many share an engine and its ledger.
const N_A_TOWN: u64 = 1_000;

/// So many violations are told in words.
const N_TOLD_MAX: u64 = 5;

/// 1 January 2026.
const STARTS_AT: Timestamp = Timestamp::from_unix_ms(1_767_225_600_000);

/// Plays them all.
pub(crate) fn run(plan: Plan) -> Counts {
    let house = stage::house();
    let mut counts = Counts::default();
    for town in 0..plan.n.div_ceil(N_A_TOWN) {
        let n = N_A_TOWN.min(plan.n - town * N_A_TOWN);
        // One town with violations tells enough.
        let n_told = if counts.is_clean() { 0 } else { N_TOLD_MAX };
        counts.add(&Town::new(house.clone(), plan, town, n_told).play(n));
    }
    counts
}

/// People who share an engine.
struct Town {
    shell: Shell,
    chance: Chance,
    /// Of each customer what they have to agree to before they can be told anything.
    people: Vec<Vec<Purpose>>,
    plan: Plan,
    no: u64,
    n_told: u64,
}

impl Town {
    fn new(house: Arc<House>, plan: Plan, no: u64, n_told: u64) -> Self {
        let shell = Shell::new(house, plan.asks, STARTS_AT);
        Self { shell, chance: Chance::of(&[plan.seed, no]), people: Vec::new(), plan, no, n_told }
    }

    fn play(mut self, n: u64) -> Counts {
        for _ in 0..n {
            let story = Story::draw(&mut self.chance);
            self.shell.counts.n += 1;
            self.begin(&story);
            self.walk_in(&story);
            self.look_again(&story);
            self.judge(&story);
        }
        let tally = self.shell.engine.tally();
        let counts = &mut self.shell.counts;
        let is_whole = counts.n_handed_out == counts.n_published + counts.n_called_off
            && tally.n_decided == counts.n_handed_out;
        counts.n_unbalanced += u64::from(!tally.is_balanced() || !is_whole || !self.shell.engine.is_idle());
        self.shell.counts
    }

    /// Somebody in the street, who has agreed to everything that an offer needs.
    fn begin(&mut self, story: &Story) {
        let who = if story.is_known && !self.people.is_empty() {
            self.chance.below(self.people.len())
        } else {
            self.people.push(NEEDED.to_vec());
            self.people.len() - 1
        };
        let shell = &mut self.shell;
        shell.word = Word { customer: format!("c{who}"), ..Word::default() };
        shell.counts.is_erasing = story.no.is_some_and(|(_, no)| no == No::Erase);
        shell.pass(Millis::from_mins(2));
        let grant = ConsentKind::Grant { until: None, confirm: None };
        let missing = std::mem::take(&mut self.people[who]);
        let (n, now) = (shell.counts.n, shell.now);
        let bodies: Vec<_> =
            missing.into_iter().map(|purpose| stage::consent(n, purpose, grant, now)).collect();
        let customer = shell.word.customer.clone();
        shell.say(&customer, &bodies);
        shell.settle();
        // It takes two fixes outside to end the visit of the last time.
        for _ in 0..2 {
            shell.see(Spot::Street, Some(true));
            shell.settle();
            shell.pass(Millis::from_mins(1));
        }
        if let Some((_, no)) = story.no {
            self.people[who] = no.purpose().map_or_else(|| NEEDED.to_vec(), |purpose| vec![purpose]);
        }
    }

    /// They walk in, and their *no* comes between two of the steps.
    fn walk_in(&mut self, story: &Story) {
        let shell = &mut self.shell;
        shell.word.due = story.no;
        shell.line_waits = story.line_waits;
        shell.fails_once = story.no.is_some_and(|(moment, _)| moment == Moment::Asked);
        if story.no.is_some_and(|(moment, _)| moment == Moment::Before) {
            shell.reach(Moment::Before);
            shell.settle();
        }
        self.watch(story, |shell| shell.see(Spot::Store, story.foreground));
        let shell = &mut self.shell;
        shell.reach(Moment::Waiting);
        shell.settle();
        shell.reach(Moment::After);
        shell.settle();
    }

    /// Their phone goes on: it must be as if it were off.
    fn look_again(&mut self, story: &Story) {
        if story.no.is_none() {
            return;
        }
        self.shell.pass(Millis::from_secs(30));
        self.watch(story, |shell| shell.see(Spot::Store, story.foreground));
        self.shell.settle();
    }

    /// Hands a fix over; one that comes behind a *no* may be opened and compared as far as that leaves.
    fn watch(&mut self, story: &Story, see: impl FnOnce(&mut Shell)) {
        let shell = &mut self.shell;
        let is_ahead = story.no.is_some_and(|(moment, _)| moment == Moment::Ahead);
        let hides = story.no.filter(|_| shell.word.is_said || is_ahead).map(|(_, no)| no.purpose());
        let Some(purpose) = hides.filter(|purpose| *purpose != Some(Purpose::OffersPush)) else {
            return see(shell);
        };
        let looks = |tally: &Tally| match purpose {
            // It says itself whether the app was in use.
            Some(Purpose::Background) => tally.n_matched,
            _ => tally.n_opened + tally.n_matched,
        };
        let before = looks(&shell.engine.tally());
        see(shell);
        shell.counts.n_unseen += 1;
        shell.counts.n_looks += looks(&shell.engine.tally()) - before;
    }

    fn judge(&mut self, story: &Story) {
        let Word { due, is_acknowledged, n_sent, n_sent_after_reading, n_leaks, .. } = self.shell.word;
        let counts = &mut self.shell.counts;
        let goes_out = story.no.is_none_or(|(moment, _)| moment.is_too_late());
        let is_mute = due.is_some() || (goes_out && n_sent != 1);
        counts.n_mute += u64::from(is_mute);
        counts.n_leaks += n_leaks;
        counts.n_after_reading += n_sent_after_reading;
        let is_unanswered = story.no.is_some() && !is_acknowledged;
        counts.n_unanswered += u64::from(is_unanswered);
        if let Some((moment, no)) = story.no {
            counts.n_withdrawals += 1;
            counts.n_between += u64::from(moment.is_between());
            counts.n_erasures += u64::from(no == No::Erase);
            counts.by_moment[moment as usize] += 1;
        }
        if (is_mute || is_unanswered || 0 < n_sent_after_reading) && self.n_told < N_TOLD_MAX {
            self.n_told += 1;
            let at = self.no * N_A_TOWN + self.shell.counts.n;
            let why = if is_mute {
                "not_mute"
            } else if is_unanswered {
                "withdrawal_is_answered"
            } else {
                "no_offer_after_withdrawal"
            };
            eprintln!("interleaving {at} of seed {}: {why}: {story:?}", self.plan.seed);
        }
    }
}
