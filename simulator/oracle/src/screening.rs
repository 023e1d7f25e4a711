//! Which fixes are used at all.

use crate::geometry::sphere_m;
use crate::{Fix, Place, Rules};

/// A fix that counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    pub(crate) fix: Fix,
    /// Fresh on arrival, honest, and exact enough to trigger something.
    pub(crate) is_fit: bool,
    /// Where the device was before.
    pub(crate) before: Option<Place>,
}

/// What became of a fix that arrived, and before it of one that was held back.
pub(crate) struct Screened {
    pub(crate) held: Option<Result<Used, &'static str>>,
    /// `Ok(None)`: it is held back itself.
    pub(crate) arrived: Result<Option<Used>, &'static str>,
}

/// What is known of a device's way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Track {
    /// The last fix that was used.
    pub(crate) last: Option<Fix>,
    /// A jump that waits for the next fix to confirm it.
    pub(crate) held: Option<Fix>,
    /// Until a fix is used: what was used before a crash.
    pub(crate) used_before: Option<UsedBefore>,
}

/// The last fix that is known to have been used before a crash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UsedBefore {
    pub(crate) at_ms: i64,
    /// How many visits were open then. Once fewer are, the same fix would begin one again that is over.
    pub(crate) n_visits: usize,
}

/// Words of fixes that are of no use.
pub(crate) const JUMP: &str = "jump";
const DUPLICATE: &str = "duplicate";

/// Receivers that are broken report (0, 0), more or less.
const NULL_ISLAND_DEG: f64 = 0.01;

impl Track {
    pub(crate) fn screen(&mut self, fix: &Fix, n_visits: usize, rules: &Rules, now_ms: i64) -> Screened {
        let dropped = |reason| Screened { held: None, arrived: Err(reason) };
        if self.repeats_last(fix) || self.held.is_some_and(|held| is_same(&held, fix)) {
            return dropped(DUPLICATE);
        }
        let age_ms = now_ms.saturating_sub(fix.taken_at_ms);
        if age_ms < -rules.future_max_ms {
            return dropped("future");
        }
        if rules.stale_max_ms < age_ms {
            return dropped("stale");
        }
        if fix.at.lat.abs() < NULL_ISLAND_DEG && fix.at.lng.abs() < NULL_ISLAND_DEG {
            return dropped("null_island");
        }
        let is_known = |before: UsedBefore| {
            let earliest_ms = if n_visits < before.n_visits { before.at_ms + 1 } else { before.at_ms };
            fix.taken_at_ms < earliest_ms
        };
        if self.last.is_some_and(|last| fix.taken_at_ms <= last.taken_at_ms)
            || self.used_before.is_some_and(is_known)
        {
            return dropped("out_of_order");
        }
        let held = self.settle(fix, rules, now_ms);
        if self.last.is_some_and(|last| !is_reachable(&last, fix, rules)) {
            self.held = Some(*fix);
            return Screened { held, arrived: Ok(None) };
        }
        Screened { held, arrived: Ok(Some(self.take(fix, rules, now_ms))) }
    }

    pub(crate) fn repeats_last(&self, fix: &Fix) -> bool {
        self.last.is_some_and(|last| is_same(&last, fix))
    }

    /// What the fix that arrives means for one that was held back: a newer one that can be reached from
    /// it confirms it, any other one refutes it. An older one leaves it waiting, unless it is a
    /// jump itself and takes its place.
    fn settle(&mut self, fix: &Fix, rules: &Rules, now_ms: i64) -> Option<Result<Used, &'static str>> {
        let held = self.held?;
        if fix.taken_at_ms < held.taken_at_ms {
            let last = self.last?;
            if is_reachable(&last, fix, rules) {
                return None;
            }
            self.held = None;
            return Some(Err(JUMP));
        }
        self.held = None;
        let is_confirmed = held.taken_at_ms < fix.taken_at_ms && is_reachable(&held, fix, rules);
        Some(if is_confirmed { Ok(self.take(&held, rules, now_ms)) } else { Err(JUMP) })
    }

    fn take(&mut self, fix: &Fix, rules: &Rules, now_ms: i64) -> Used {
        let is_fresh = now_ms.saturating_sub(fix.taken_at_ms) <= rules.fresh_max_ms;
        let is_exact = fix.accuracy_m.is_none_or(|accuracy_m| accuracy_m <= rules.accuracy_trigger_max_m);
        self.used_before = None;
        let before = self.last.replace(*fix).map(|last| last.at);
        Used { fix: *fix, is_fit: !fix.mock && is_fresh && is_exact, before }
    }
}

fn is_same(a: &Fix, b: &Fix) -> bool {
    let lng = |fix: &Fix| if fix.at.lng == -180.0 { 180.0 } else { fix.at.lng };
    a.taken_at_ms == b.taken_at_ms && a.at.lat == b.at.lat && lng(a) == lng(b)
}

/// Whether one can have come from one fix to a later one. Both accuracies count, each up to the bound
/// of exits: fixes a moment apart lie metres apart by noise alone. The distance is that on a sphere.
fn is_reachable(from: &Fix, to: &Fix, rules: &Rules) -> bool {
    let secs = to.taken_at_ms.saturating_sub(from.taken_at_ms) as f64 / 1_000.0;
    let noise_m = |fix: &Fix| fix.accuracy_or_assumed_m().min(rules.exit_accuracy_max_m);
    let reach_m = rules.jump_mps * secs + noise_m(from) + noise_m(to);
    // No degree of a sphere of the mean radius is longer than 111,196 m, so most need no sines.
    let lng_step = (from.at.lng - to.at.lng).abs();
    let steps_m = ((from.at.lat - to.at.lat).abs() + lng_step) * 111_196.0;
    steps_m <= reach_m || sphere_m(from.at, to.at) <= reach_m
}
