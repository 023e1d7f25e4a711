//! What a phone makes of a place: errors of a stated size that drift, tails, and lies.

use town::{Chance, Point};

/// Errors of a receiver hold on for about this long.
const DRIFT_MS: i64 = 60_000;
/// Of an error's size, what holds on and what is new in every fix: 0.8² + 0.6² = 1.
const HELD: f64 = 0.8;
const NEW: f64 = 0.6;
/// One fix in so many comes off a wall: its error is three to eight times as large.
const BOUNCED_ONCE_IN: f64 = 50.0;
/// And the phone notices that so often.
const NOTICED: f64 = 0.7;
/// One fix in so many is 200 m off and claims 2 m.
const LYING_ONCE_IN: f64 = 500.0;

/// Of a normal error along each axis, the radius that holds 68 %, in sigmas.
const ACCURACY_SIGMAS: f64 = 1.51;

/// A fix as a rule sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) at_ms: i64,
    pub(super) place: Point,
    /// The radius that the phone says holds the truth in 68 % of cases.
    pub(super) accuracy_m: f64,
}

/// A receiver whose usual error along each axis is sigma.
pub(super) struct Receiver {
    sigma_m: f64,
    name: [u64; 3],
    chance: Chance,
    /// The drift at the minute that is under way, and at the next.
    drift: (i64, [(f64, f64); 2]),
}

impl Receiver {
    /// The receiver of a person; its errors are its own.
    pub(super) fn new(sigma_m: f64, seed: u64, person: u64) -> Self {
        let name = [seed, person, sigma_m as u64];
        let chance = Chance::of(&[name[0], name[1], name[2], 1]);
        Self { sigma_m, name, chance, drift: (i64::MIN, [(0.0, 0.0); 2]) }
    }

    /// A fix of somebody who is at a place.
    pub(super) fn take(&mut self, truth: Point, at_ms: i64) -> Reading {
        let chance = &mut self.chance;
        if chance.once_in(LYING_ONCE_IN) {
            let (x, y) = normals(chance);
            let away = 200.0 / (x * x + y * y).sqrt();
            let place = Point { x_m: truth.x_m + x * away, y_m: truth.y_m + y * away };
            return Reading { at_ms, place, accuracy_m: 2.0 };
        }
        let bounced = chance.once_in(BOUNCED_ONCE_IN);
        let tail = if bounced { chance.between(3.0, 8.0) } else { 1.0 };
        let noticed = !bounced || chance.unit() < NOTICED;
        let claimed = if noticed { tail } else { 1.0 } * chance.between(0.85, 1.2);
        let new = normals(chance);
        let held = self.drift(at_ms);
        let size_m = self.sigma_m * tail;
        let place = Point {
            x_m: truth.x_m + (HELD * held.0 + NEW * new.0) * size_m,
            y_m: truth.y_m + (HELD * held.1 + NEW * new.1) * size_m,
        };
        Reading { at_ms, place, accuracy_m: ACCURACY_SIGMAS * self.sigma_m * claimed }
    }

    /// Of unit variance at any instant; it turns from one draw to the next in a minute.
    fn drift(&mut self, at_ms: i64) -> (f64, f64) {
        let (step, rest) = (at_ms.div_euclid(DRIFT_MS), at_ms.rem_euclid(DRIFT_MS));
        if self.drift.0 != step {
            let [seed, person, sigma] = self.name;
            let draw = |step: i64| normals(&mut Chance::of(&[seed, person, sigma, 2, step.cast_unsigned()]));
            self.drift = (step, [draw(step), draw(step + 1)]);
        }
        let turn = rest as f64 / DRIFT_MS as f64 * std::f64::consts::FRAC_PI_2;
        let [(x0, y0), (x1, y1)] = self.drift.1;
        (x0 * turn.cos() + x1 * turn.sin(), y0 * turn.cos() + y1 * turn.sin())
    }
}

/// Two independent normal draws (the polar method of Marsaglia).
fn normals(chance: &mut Chance) -> (f64, f64) {
    loop {
        let (x, y) = (chance.between(-1.0, 1.0), chance.between(-1.0, 1.0));
        let square = x * x + y * y;
        if 0.0 < square && square < 1.0 {
            let scale = (-2.0 * square.ln() / square).sqrt();
            return (x * scale, y * scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_of_the_stated_size_and_the_stated_accuracy_holds_two_thirds_of_them() {
        for sigma_m in [5.0, 20.0, 50.0] {
            let mut receiver = Receiver::new(sigma_m, 7, 1);
            let here = Point { x_m: 100.0, y_m: -50.0 };
            let n = 40_000;
            let readings: Vec<_> = (0..n).map(|i| receiver.take(here, i * 7_000)).collect();
            let off = |reading: &Reading| {
                ((reading.place.x_m - here.x_m).powi(2) + (reading.place.y_m - here.y_m).powi(2)).sqrt()
            };
            let n_within = |radius: &dyn Fn(&Reading) -> f64| {
                readings.iter().filter(|reading| off(reading) <= radius(reading)).count() as f64 / n as f64
            };
            let held = n_within(&|reading| reading.accuracy_m);
            assert!((0.64..0.72).contains(&held), "{sigma_m} m: {held} within the accuracy");
            // A tenth and a half of normal errors of two axes lie beyond 1.94 sigmas of one.
            let usual = n_within(&|_| 1.94 * sigma_m);
            assert!((0.81..0.86).contains(&usual), "{sigma_m} m: {usual} within 1.94 sigmas");
            let n_lies = readings.iter().filter(|reading| reading.accuracy_m == 2.0).count();
            assert!((40..130).contains(&n_lies), "{n_lies} lies");
        }
    }

    #[test]
    fn an_error_holds_on_for_a_minute_and_not_for_five() {
        let mut receiver = Receiver::new(10.0, 7, 2);
        let errors: Vec<f64> =
            (0..60_000).map(|i| receiver.take(Point { x_m: 0.0, y_m: 0.0 }, i * 10_000).place.x_m).collect();
        let likeness = |apart: usize| {
            let pairs = errors.iter().zip(&errors[apart..]).filter(|(a, b)| a.abs() < 40.0 && b.abs() < 40.0);
            let (sum, n) = pairs.fold((0.0, 0.0), |(sum, n), (a, b)| (sum + a * b / 100.0, n + 1.0));
            sum / n
        };
        assert!(0.4 < likeness(1), "{}", likeness(1));
        assert!(likeness(30).abs() < 0.1, "{}", likeness(30));
    }
}
