//! The offers of one shard on their way out: few at a time, each tried again until it is gone.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::mqtt::Delivered;

/// Offers handed to the sender and not yet answered, so that nearly all wait where the gate
/// is asked again before they go.
const OUT_MAX: usize = 16;

/// How long to wait before an offer is tried again; nobody is there, or the connection broke.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// The same when the receiver was only busy.
const BUSY_RETRY_AFTER: Duration = Duration::from_millis(20);

/// Time for one retry when many wait: a town whose phones are all switched off must not keep
/// the shard busy. Every offer has its turn before any has its next.
const RETRY_TIME: Duration = Duration::from_micros(250);

/// How long a clock driven by fixes stands still for a receiver who takes nothing.
const STANDSTILL_MAX: Duration = Duration::from_secs(10);

/// What waits, what is out, and what waits to be tried again.
///
/// Its length is bounded by the outboxes of the shard's customers: caps and expiry.
#[derive(Debug)]
pub(super) struct Line<T> {
    fresh: VecDeque<T>,
    n_out: usize,
    parked: BTreeMap<(Instant, u64), Trial<T>>,
    n_parked_ever: u64,
    n_holding: usize,
}

/// One item, from its first try on.
#[derive(Debug)]
pub(super) struct Trial<T> {
    pub(super) item: T,
    first_at: Instant,
    /// Whether a clock driven by fixes waits for it.
    is_holding: bool,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        let (fresh, parked) = (VecDeque::new(), BTreeMap::new());
        Self { fresh, n_out: 0, parked, n_parked_ever: 0, n_holding: 0 }
    }
}

impl<T> Line<T> {
    pub(super) fn push(&mut self, item: T) {
        self.fresh.push_back(item);
    }

    /// The next to be tried; whoever takes it says [`Line::gone`] or [`Line::park`].
    pub(super) fn take(&mut self, now: Instant) -> Option<Trial<T>> {
        if OUT_MAX <= self.n_out {
            return None;
        }
        let is_due = self.parked.first_key_value().is_some_and(|((due_at, _), _)| *due_at <= now);
        let trial = if is_due {
            let (_, trial) = self.parked.pop_first()?;
            self.n_holding -= usize::from(trial.is_holding);
            trial
        } else {
            Trial { item: self.fresh.pop_front()?, first_at: now, is_holding: true }
        };
        self.n_out += 1;
        Some(trial)
    }

    /// One that was taken is sent, or will never be.
    pub(super) fn gone(&mut self) {
        self.n_out -= 1;
    }

    /// One that was taken is to be tried again.
    pub(super) fn park(&mut self, trial: Trial<T>, why: Delivered, now: Instant) {
        self.n_out -= 1;
        let wait = if why == Delivered::Busy { BUSY_RETRY_AFTER } else { RETRY_AFTER };
        let turn = RETRY_TIME * u32::try_from(self.parked.len()).unwrap_or(u32::MAX);
        let is_late = STANDSTILL_MAX <= now.duration_since(trial.first_at);
        let is_holding = trial.is_holding && why != Delivered::NotConnected && !is_late;
        self.n_holding += usize::from(is_holding);
        self.n_parked_ever += 1;
        self.parked.insert((now + wait.max(turn), self.n_parked_ever), Trial { is_holding, ..trial });
    }

    /// Takes out everything that waits and may not go any more, with why.
    pub(super) fn weed<W>(&mut self, may_go: impl Fn(&T) -> Result<(), W>) -> Vec<(T, W)> {
        let mut weeds = Vec::new();
        let mut judged = |item: T| match may_go(&item) {
            Ok(()) => Some(item),
            Err(why) => {
                weeds.push((item, why));
                None
            }
        };
        self.fresh = std::mem::take(&mut self.fresh).into_iter().filter_map(&mut judged).collect();
        for (turn, trial) in std::mem::take(&mut self.parked) {
            let Trial { item, first_at, is_holding } = trial;
            match judged(item) {
                Some(item) => drop(self.parked.insert(turn, Trial { item, first_at, is_holding })),
                None => self.n_holding -= usize::from(is_holding),
            }
        }
        weeds
    }

    /// When [`Line::take`] has something to give that it has not now.
    pub(super) fn next_due(&self) -> Option<Instant> {
        if OUT_MAX <= self.n_out {
            return None;
        }
        self.parked.first_key_value().map(|((due_at, _), _)| *due_at)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.parked.is_empty()
    }

    /// Whether nothing was handed out without an answer.
    pub(super) fn is_answered(&self) -> bool {
        self.n_out == 0
    }

    /// Whether a clock driven by fixes may go on: nothing is on its way to somebody who is there.
    pub(super) fn lets_time_pass(&self) -> bool {
        self.fresh.is_empty() && self.n_out == 0 && self.n_holding == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u32) -> Line<u32> {
        let mut line = Line::default();
        (0..n).for_each(|i| line.push(i));
        line
    }

    #[test]
    fn only_a_few_are_out_at_a_time() {
        let (mut line, now) = (line(100), Instant::now());
        let n_out = std::iter::from_fn(|| line.take(now)).count();
        assert_eq!(n_out, OUT_MAX);
        line.gone();
        assert_eq!(line.take(now).map(|trial| trial.item), Some(16));
        assert!(line.take(now).is_none());
    }

    #[test]
    fn every_item_has_its_turn_before_any_has_its_next() {
        let (mut line, mut now) = (line(5_000), Instant::now());
        let mut n_tries = vec![0_u32; 5_000];
        for _ in 0..200_000 {
            match line.take(now) {
                Some(trial) => {
                    n_tries[trial.item as usize] += 1;
                    line.park(trial, Delivered::NotConnected, now);
                }
                None => now = line.next_due().expect("something waits"),
            }
        }
        let (least, most) = (n_tries.iter().min().unwrap(), n_tries.iter().max().unwrap());
        assert!(*most <= least + 1, "{least}..{most} tries");
    }

    #[test]
    fn retries_of_many_do_not_keep_the_shard_busy() {
        let (mut line, started) = (line(20_000), Instant::now());
        let (mut now, mut n_tries) = (started, 0);
        while now < started + Duration::from_secs(60) {
            match line.take(now) {
                Some(trial) => {
                    n_tries += 1;
                    line.park(trial, Delivered::Busy, now);
                }
                None => now = line.next_due().expect("something waits"),
            }
        }
        assert!(n_tries < 20_000 + 60 * 4_000 + 4_000, "{n_tries} tries in a minute");
    }

    #[test]
    fn a_clock_driven_by_fixes_waits_for_the_busy_and_not_for_the_absent() {
        let (mut line, now) = (line(1), Instant::now());
        assert!(!line.lets_time_pass());
        let trial = line.take(now).unwrap();
        assert!(!line.lets_time_pass());
        line.park(trial, Delivered::Busy, now);
        assert!(!line.lets_time_pass(), "the receiver is there");
        let now = line.next_due().unwrap();
        let trial = line.take(now).unwrap();
        line.park(trial, Delivered::NotConnected, now);
        assert!(line.lets_time_pass(), "nobody is there");
        let now = line.next_due().unwrap();
        let trial = line.take(now).unwrap();
        line.park(trial, Delivered::Busy, now);
        assert!(line.lets_time_pass(), "the clock went on without it already");
    }

    #[test]
    fn a_receiver_who_takes_nothing_holds_the_clock_for_seconds_only() {
        let (mut line, started) = (line(1), Instant::now());
        let mut now = started;
        while !line.lets_time_pass() {
            let trial = line.take(now).unwrap();
            line.park(trial, Delivered::Busy, now);
            now = line.next_due().unwrap();
        }
        assert!(now < started + STANDSTILL_MAX + Duration::from_secs(1));
    }

    #[test]
    fn what_may_not_go_any_more_is_taken_out_wherever_it_waits() {
        let (mut line, now) = (line(4), Instant::now());
        let first = line.take(now).unwrap();
        line.park(first, Delivered::Busy, now);
        let second = line.take(now).unwrap();
        line.park(second, Delivered::Busy, now);
        let weeds = line.weed(|item| if item % 2 == 0 { Err("even") } else { Ok(()) });
        assert_eq!(weeds, [(2, "even"), (0, "even")]);
        let left = std::iter::from_fn(|| {
            let trial = line.take(now + BUSY_RETRY_AFTER)?;
            line.gone();
            Some(trial.item)
        });
        assert_eq!(left.collect::<Vec<_>>(), [1, 3]);
        assert!(line.is_empty() && line.lets_time_pass());
    }
}
