//! People of a crowded place: from fence to fence, in and out, with phones that err.

use model::{Fix, Meters, Millis, Position, Timestamp};

use super::chance::Chance;
use super::scene::{Grid, Point};

/// Somebody's ways, and how their phone tells them.
#[derive(Clone, Debug)]
pub(crate) struct Walker {
    chance: Chance,
    at: Point,
    goal: Point,
    near: usize,
    speed_mps: f64,
    stays_until: Timestamp,
    moved_at: Timestamp,
    phone: Phone,
}

/// What a phone is like.
#[derive(Clone, Debug)]
struct Phone {
    interval_s: f64,
    sigma_m: f64,
    tells_speed: bool,
    tells_still: bool,
    /// How far its clock runs ahead.
    ahead: Millis,
}

const NULL_ISLAND: (f64, f64) = (0.0, 0.0);

impl Walker {
    pub(crate) fn new(grid: &Grid, mut chance: Chance, now: Timestamp) -> Self {
        let near = chance.below(grid.spots.len());
        let ahead_s = if chance.per_mille(900) { 0 } else { chance.of_list(&[-400, -120, 30, 59, 61]) };
        let phone = Phone {
            interval_s: chance.of_list(&[5.0, 15.0, 30.0, 30.0, 60.0, 150.0, 600.0]),
            sigma_m: chance.between(2.0, 25.0),
            tells_speed: chance.per_mille(700),
            tells_still: chance.per_mille(300),
            ahead: Millis::from_secs(ahead_s),
        };
        let speed_mps = chance.of_list(&[0.8, 1.4, 1.4, 2.4, 6.0, 15.0]);
        let (at, _) = grid.spots[near];
        let mut walker =
            Self { chance, at, goal: at, near, speed_mps, stays_until: now, moved_at: now, phone };
        walker.set_out(grid);
        walker
    }

    /// When the phone takes its next fix.
    pub(crate) fn next_at(&mut self, now: Timestamp) -> Timestamp {
        let sleeps = if self.chance.per_mille(8) { self.chance.between(300.0, 5_000.0) } else { 0.0 };
        let secs = self.phone.interval_s * self.chance.between(0.5, 1.5) + sleeps;
        now + Millis::new((secs * 1_000.0) as i64)
    }

    /// What the phone hands over now: mostly one fix, now and then what a tunnel held back, or a fix
    /// of long ago, or one twice.
    pub(crate) fn message(&mut self, grid: &Grid, now: Timestamp, out: &mut Vec<Fix>) {
        let odd = self.chance.below(100);
        if odd < 2 {
            let (n_held, step_s) = (self.chance.whole(1, 7), self.chance.whole(1, 200));
            for n in (1..=n_held).rev() {
                let ago = Millis::from_secs(step_s * n);
                let held = self.fix(grid, now);
                out.push(Fix { taken_at: held.taken_at - ago, ..held });
            }
        }
        let late_s = if odd == 2 { self.chance.of_list(&[5, 90, 650, 2_000, 22_000]) } else { 0 };
        let fix = self.fix(grid, now);
        let fix = Fix { taken_at: fix.taken_at - Millis::from_secs(late_s), ..fix };
        out.push(fix);
        if odd == 3 {
            out.push(fix);
        }
    }

    /// A fix of this moment.
    fn fix(&mut self, grid: &Grid, now: Timestamp) -> Fix {
        let secs = now.since(self.moved_at).ms().max(0) as f64 / 1_000.0;
        self.moved_at = now;
        let stood = self.walk(grid, secs, now);
        let chance = &mut self.chance;
        let honest = !chance.per_mille(15);
        let error_m = self.phone.sigma_m * if honest { 1.0 } else { 12.0 };
        let seen = (self.at.0 + chance.normal() * error_m, self.at.1 + chance.normal() * error_m);
        let accuracy_m = (self.phone.sigma_m * chance.between(1.2, 1.8) * 10.0).round() / 10.0;
        let accuracy = match chance.below(120) {
            0 => None,
            1 => Some(chance.between(90.0, 400.0)),
            _ => Some(accuracy_m),
        };
        let speed_mps = if stood { 0.0 } else { self.speed_mps };
        Fix {
            taken_at: now + self.phone.ahead,
            position: self.place(grid, seen),
            accuracy: accuracy.map(Meters),
            speed_mps: self.phone.tells_speed.then_some(speed_mps as f32),
            mock: self.chance.per_mille(4),
            foreground: self.chance.per_mille(500).then_some(true),
            still: stood && self.phone.tells_still && self.chance.per_mille(600),
        }
    }

    /// Mostly where they are seen; now and then far off, or where broken receivers are.
    fn place(&mut self, grid: &Grid, seen: Point) -> Position {
        match self.chance.below(600) {
            0 => Position::new(NULL_ISLAND.0, NULL_ISLAND.1).expect("the null island lies on earth"),
            1 | 2 => {
                let far_m = self.chance.between(-40_000.0, 40_000.0);
                grid.position((seen.0 + far_m, seen.1 - far_m))
            }
            _ => grid.position(seen),
        }
    }

    /// Goes on for so long; whether they stood.
    fn walk(&mut self, grid: &Grid, secs: f64, now: Timestamp) -> bool {
        if now < self.stays_until {
            return true;
        }
        let (east_m, north_m) = (self.goal.0 - self.at.0, self.goal.1 - self.at.1);
        let (left_m, gone_m) = (east_m.hypot(north_m), self.speed_mps * secs);
        if gone_m < left_m {
            let share = gone_m / left_m;
            self.at = (self.at.0 + east_m * share, self.at.1 + north_m * share);
            return false;
        }
        self.at = self.goal;
        let minutes = self.chance.of_list(&[0, 0, 1, 2, 5, 8, 15, 50]);
        self.stays_until = now + Millis::from_mins(minutes);
        self.set_out(grid);
        false
    }

    /// The next goal: in a fence nearby, at its edge, or just outside.
    fn set_out(&mut self, grid: &Grid) {
        self.near = grid.neighbour(self.near, &mut self.chance);
        let ((x_m, y_m), reach_m) = grid.spots[self.near];
        let share = self.chance.of_list(&[0.0, 0.3, 0.6, 0.95, 1.0, 1.05, 1.3, 1.7]);
        let (sin, cos) = (self.chance.unit() * std::f64::consts::TAU).sin_cos();
        self.goal = (x_m + cos * reach_m * share, y_m + sin * reach_m * share);
    }
}
