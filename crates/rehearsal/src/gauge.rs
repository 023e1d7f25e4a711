//! How much pressure people feel, day by day: the budget's own sum, as a picture of it.

use model::{Millis, Timestamp, Tolerance};

/// What presses on one person.
#[derive(Clone, Default)]
pub(super) struct Gauge {
    /// What they heard, and what it cost.
    told: Vec<(Timestamp, u16)>,
    nudge: f64,
    nudge_at: Timestamp,
}

/// Older pressure is forgotten.
const REMEMBERED: Millis = Millis::from_days(30);

impl Gauge {
    pub(super) fn hear(&mut self, cost: u16, at: Timestamp) {
        self.told.push((at, cost));
    }

    pub(super) fn nudge(&mut self, tolerance: &Tolerance) {
        self.nudge = tolerance.nudge_milli as f64 / 1_000.0;
        self.nudge_at = tolerance.nudge_at;
    }

    /// In points.
    pub(super) fn pressure(&mut self, half_life: Millis, now: Timestamp) -> f64 {
        self.told.retain(|(at, _)| now.since(*at) < REMEMBERED);
        let left = |points: f64, at: Timestamp| {
            let halves = now.since(at).ms().max(0) as f64 / half_life.ms() as f64;
            points * (-halves).exp2()
        };
        let told: f64 = self.told.iter().map(|(at, cost)| left(f64::from(*cost), *at)).sum();
        (told + left(self.nudge, self.nudge_at)).max(0.0)
    }
}

/// Pressure among some people on one day, in points.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pressure {
    /// Half of them feel no more.
    pub p50: f64,
    /// Nine in ten of them feel no more.
    pub p90: f64,
    /// Nobody feels more.
    pub max: f64,
}

impl Pressure {
    /// Of what each of some people feels.
    pub(super) fn of(mut points: Vec<f64>) -> Self {
        points.sort_by(f64::total_cmp);
        let at = |share: usize| points.get((points.len() * share / 100).min(points.len().saturating_sub(1)));
        let at = |share| at(share).copied().unwrap_or_default();
        Self { p50: at(50), p90: at(90), max: at(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_halves() {
        let half_life = Millis::from_hours(72);
        let mut gauge = Gauge::default();
        let at = Timestamp::from_unix_ms(0);
        gauge.hear(40, at);
        gauge.nudge(&Tolerance { nudge_milli: -10_000, nudge_at: at, ..Tolerance::default() });
        assert!((gauge.pressure(half_life, at) - 30.0).abs() < 1e-9);
        assert!((gauge.pressure(half_life, at + half_life) - 15.0).abs() < 1e-9);
        assert!(gauge.pressure(half_life, at + Millis::from_days(31)) < 0.1);
    }

    #[test]
    fn of_ten_people_the_ninth_feels_what_nine_in_ten_feel() {
        let pressure = Pressure::of((0..10).map(f64::from).collect());
        assert_eq!((pressure.p50, pressure.p90, pressure.max), (5.0, 9.0, 9.0));
        assert_eq!(Pressure::of(Vec::new()), Pressure::default());
    }
}
