//! What a phone makes of a place: errors that drift, tails, and now and then nonsense.

use model::{Fix, Meters, Position, Timestamp};

use crate::chance::Chance;
use crate::day::{Doing, Leg};
use crate::{Phone, Plane};

/// Errors of a receiver hold on for about this long.
const DRIFT_MS: i64 = 60_000;
/// A phone that tells says that it stands still after so long on one spot.
pub(crate) const STILL_AFTER_MS: i64 = 120_000;

/// A phone of one person, to take fixes with.
pub(crate) struct Receiver {
    pub(crate) seed: u64,
    pub(crate) person: u64,
    pub(crate) phone: Phone,
    pub(crate) plane: Plane,
}

impl Receiver {
    /// A fix of somebody on a leg.
    pub(crate) fn take(&self, leg: &Leg, taken_at: Timestamp, chance: &mut Chance) -> Fix {
        let truth = leg.place(taken_at);
        let walls = if matches!(leg.doing, Doing::InStore(_) | Doing::AtHome) { 1.4 } else { 1.0 };
        let sigma_m = self.phone.sigma_m * walls;
        // One fix in fifty comes off a wall; the phone notices seven times in ten.
        let bounced = chance.once_in(50.0);
        let tail = if bounced { chance.between(3.0, 8.0) } else { 1.0 };
        let noticed = !bounced || chance.unit() < 0.7;
        let (drift_x, drift_y) = self.drift(taken_at);
        let mut error = |drift: f64| (0.8 * drift + 0.6 * chance.normal()) * sigma_m * tail;
        let seen = truth.moved(error(drift_x), error(drift_y));
        // 1.51 sigma along each axis is the radius that holds 68 %.
        let honest_m = 1.51 * sigma_m * if noticed { tail } else { 1.0 };
        let accuracy_m = (honest_m * chance.between(0.85, 1.2) * 10.0).round() / 10.0;
        let speed_mps = (leg.speed_mps() + 0.15 * chance.normal()).max(0.0);
        let stood_ms = taken_at.since(leg.begins_at).ms();
        let lost = chance.once_in(2_000.0);
        Fix {
            taken_at,
            position: if lost { null_island() } else { self.plane.position(seen) },
            accuracy: Some(Meters(accuracy_m)),
            speed_mps: self.phone.tells_speed.then_some((speed_mps * 10.0).round() as f32 / 10.0),
            mock: false,
            // These people keep the app open, or the engine would need a further consent of them.
            foreground: Some(true),
            still: self.phone.tells_still && leg.from == leg.to && STILL_AFTER_MS <= stood_ms,
        }
    }

    /// An error that changes over a minute: between two draws, the share of each.
    fn drift(&self, at: Timestamp) -> (f64, f64) {
        let (step, rest) = (at.unix_ms().div_euclid(DRIFT_MS), at.unix_ms().rem_euclid(DRIFT_MS));
        let share = rest as f64 / DRIFT_MS as f64;
        let draw = |step: i64| {
            let mut chance = Chance::of(&[self.seed, 5, self.person, step.cast_unsigned()]);
            (chance.normal(), chance.normal())
        };
        let ((x0, y0), (x1, y1)) = (draw(step), draw(step + 1));
        (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)
    }
}

/// The part of an error that changes over a minute, for fixes in ascending order.
///
/// Unlike a [`Receiver`]'s it is as wide between two draws as at them, so that the stated sigma is
/// the measured one.
#[derive(Clone, Copy)]
pub(crate) struct Drift {
    step: i64,
    from: (f32, f32),
    to: (f32, f32),
}

impl Drift {
    pub(crate) const fn new() -> Self {
        Self { step: i64::MIN, from: (0.0, 0.0), to: (0.0, 0.0) }
    }

    /// The error along each axis at an instant, of a phone with a seed; in sigmas.
    pub(crate) fn at(&mut self, at: Timestamp, seed: u64) -> (f64, f64) {
        let (step, rest) = (at.unix_ms().div_euclid(DRIFT_MS), at.unix_ms().rem_euclid(DRIFT_MS));
        if step != self.step {
            let draw = |step: i64| {
                let mut chance = Chance::of(&[seed, step.cast_unsigned()]);
                (chance.quick_normal() as f32, chance.quick_normal() as f32)
            };
            (self.step, self.from, self.to) = (step, draw(step), draw(step + 1));
        }
        let share = rest as f64 / DRIFT_MS as f64;
        let (before, after) = (1.0 - share, share);
        let width = (before * before + after * after).sqrt();
        let between = |from: f32, to: f32| (f64::from(from) * before + f64::from(to) * after) / width;
        (between(self.from.0, self.to.0), between(self.from.1, self.to.1))
    }
}

fn null_island() -> Position {
    Position::new(0.0, 0.0).expect("on earth")
}
