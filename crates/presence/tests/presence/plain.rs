//! The screening once more, over a list of all that was heard.

use model::{Fix, Timestamp};
use presence::PresencePolicy;

use crate::world::x_of;

/// What is used and held of the fixes of one phone on one meridian.
pub(crate) struct PlainScreen {
    policy: PresencePolicy,
    used: Vec<Fix>,
    held: Option<Fix>,
    pub(crate) n_visits: usize,
    /// How many visits were read back, and when the last of them was seen.
    earlier: (usize, Option<Timestamp>),
}

impl PlainScreen {
    pub(crate) const fn new(policy: PresencePolicy) -> Self {
        Self::resumed(policy, (0, None))
    }

    pub(crate) const fn resumed(policy: PresencePolicy, earlier: (usize, Option<Timestamp>)) -> Self {
        Self { policy, used: Vec::new(), held: None, n_visits: earlier.0, earlier }
    }

    /// What becomes of the held fix, if anything, and of the one that comes.
    pub(crate) fn hear(&mut self, fix: Fix, now: Timestamp) -> Vec<&'static str> {
        let last = self.used.last().copied();
        let is_again = |known: Option<Fix>| {
            known.is_some_and(|known| (known.taken_at, known.position) == (fix.taken_at, fix.position))
        };
        let age_ms = now.unix_ms() - fix.taken_at.unix_ms();
        let dropped = if is_again(last) || is_again(self.held) {
            Some("duplicate")
        } else if age_ms < -self.policy.future_max.ms() {
            Some("future")
        } else if self.policy.stale_max.ms() < age_ms {
            Some("stale")
        } else if last.is_some_and(|last| fix.taken_at <= last.taken_at)
            || (last.is_none() && self.is_of_an_earlier_life(&fix))
        {
            Some("out_of_order")
        } else {
            None
        };
        if let Some(dropped) = dropped {
            return vec![dropped];
        }
        let mut outcomes = Vec::new();
        let is_plausible = |last: Option<&Fix>| last.is_none_or(|last| self.can_reach(last, &fix));
        if let Some(held) = self.held {
            let (is_older, is_newer) = (fix.taken_at < held.taken_at, held.taken_at < fix.taken_at);
            if is_newer && self.can_reach(&held, &fix) {
                outcomes.push("used");
                self.used.push(held);
                self.held = None;
            } else if !is_older || !is_plausible(last.as_ref()) {
                outcomes.push("jump");
                self.held = None;
            }
        }
        if self.used.last().is_none_or(|last| self.can_reach(last, &fix)) {
            self.used.push(fix);
            outcomes.push("used");
        } else {
            self.held = Some(fix);
            outcomes.push("held");
        }
        outcomes
    }

    /// The last fix of an earlier life may come again while all is as it was.
    fn is_of_an_earlier_life(&self, fix: &Fix) -> bool {
        let (n_visits, last_at) = self.earlier;
        let is_as_it_was = self.n_visits == n_visits;
        last_at.is_some_and(|last_at| fix.taken_at < last_at || (fix.taken_at == last_at && !is_as_it_was))
    }

    /// A held fix is given up when its phone has been silent for too long since.
    pub(crate) fn wait(&mut self, now: Timestamp) -> Vec<&'static str> {
        let is_due = |held: &Fix| held.taken_at + self.policy.silence_max <= now;
        let given_up = self.held.filter(is_due);
        self.held = self.held.filter(|held| !is_due(held));
        given_up.map(|_| "jump").into_iter().collect()
    }

    fn can_reach(&self, from: &Fix, to: &Fix) -> bool {
        let ms = (to.taken_at.unix_ms() - from.taken_at.unix_ms()) as f64;
        let noise_m: f64 =
            [from, to].map(|fix| fix.accuracy.map_or(50.0, |known| known.0.min(50.0))).iter().sum();
        (x_of(from.position) - x_of(to.position)).abs() <= self.policy.jump_mps * ms / 1e3 + noise_m
    }
}
