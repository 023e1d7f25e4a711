//! One life: where somebody is, and what their phone makes of it.

use model::{CustomerId, DeviceId, Fix, Meters, Millis, Timestamp};

use super::day::{Being, Diary, Stretch};
use super::neighbourhood::{Settled, Stop};
use super::{Casting, Persona};
use crate::chance::Chance;
use crate::noise::{Drift, STILL_AFTER_MS};
use crate::{Plane, Point};

/// Somebody who lives on and on, with a phone that reports while they are awake.
pub struct Life {
    /// Their pseudonym.
    pub customer: CustomerId,
    /// Their phone's name.
    pub device: DeviceId,
    /// How they live.
    pub persona: Persona,
    stops: Vec<Stop>,
    plane: Plane,
    phone: Phone,
    diary: Diary,
    drift: Drift,
    drift_seed: u64,
    chance: Chance,
    next_at: Timestamp,
}

/// When a phone takes a fix, and how well.
struct Phone {
    moving: Millis,
    resting: Millis,
    /// Reports like clockwork, moving or not.
    is_steady: bool,
    sigma_m: f64,
    tells_speed: bool,
    tells_still: bool,
}

const RESTING: Millis = Millis::from_secs(300);

impl Phone {
    fn hand_out(every: Option<Millis>, chance: &mut Chance) -> Self {
        let moving = seconds(chance.between(30.0, 150.0));
        Self {
            moving: every.unwrap_or(moving),
            resting: every.unwrap_or(RESTING),
            is_steady: every.is_some(),
            sigma_m: chance.between(5.0, 15.0).min(chance.between(5.0, 15.0)),
            tells_speed: !chance.once_in(5.0),
            tells_still: chance.once_in(4.0),
        }
    }
}

impl Life {
    pub(super) fn begin(
        casting: &Casting,
        no: u32,
        persona: Persona,
        settled: Settled,
        mut chance: Chance,
    ) -> Self {
        let name = format!("{}-{no:06}", persona.word());
        let phone = Phone::hand_out(casting.every, &mut chance);
        let first_at = settled.midnight_at + Millis::new((chance.unit() * phone.resting.ms() as f64) as i64);
        let (stops, plane) = (settled.stops.clone(), settled.plane);
        let mut life = Self {
            customer: CustomerId::new(&name).expect("opaque"),
            device: DeviceId::new("phone").expect("opaque"),
            persona,
            stops,
            plane,
            phone,
            diary: Diary::begin([casting.seed, 21, u64::from(no)], persona, settled, &mut chance),
            drift: Drift::new(),
            drift_seed: chance.draw(),
            chance,
            next_at: first_at,
        };
        life.next_at = life.awake_from(first_at);
        life
    }

    /// When the phone reports next.
    #[must_use]
    pub const fn next_at(&self) -> Timestamp {
        self.next_at
    }

    /// The place they like best, by its number; the first they were drawn to.
    #[must_use]
    pub fn favourite(&self) -> usize {
        self.stops[0].place
    }

    /// The places that they go to, by their numbers; the favourite first.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.stops.iter().map(|stop| stop.place)
    }

    /// How many places this life has to go to.
    #[must_use]
    pub const fn n_places(&self) -> usize {
        self.stops.len()
    }

    /// The fix that is due, and on to the next.
    pub fn report(&mut self) -> Fix {
        let at = self.next_at;
        self.diary.turn_to(at);
        let stretch = *self.diary.stretch();
        let fix = self.take(&stretch, at);
        let wanted_at = self.wants_next(&stretch, at);
        self.next_at = self.awake_from(wanted_at);
        fix
    }

    fn take(&mut self, stretch: &Stretch, at: Timestamp) -> Fix {
        let (seen, accuracy_m) = self.see(stretch.place(at), at);
        let speed_mps = (stretch.speed_mps() + 0.15 * self.chance.quick_normal()).max(0.0);
        let stood_ms = at.since(stretch.begins_at).ms();
        Fix {
            taken_at: at,
            position: self.plane.position(seen),
            accuracy: Some(Meters((accuracy_m * 10.0).round() / 10.0)),
            speed_mps: self.phone.tells_speed.then_some((speed_mps * 10.0).round() as f32 / 10.0),
            mock: false,
            foreground: Some(stretch.being == Being::InApp),
            still: self.phone.tells_still && !stretch.moves() && STILL_AFTER_MS <= stood_ms,
        }
    }

    /// An honest look, with one fix in fifty off a wall, of which the phone notices seven in ten.
    fn see(&mut self, truth: Point, at: Timestamp) -> (Point, f64) {
        let sigma_m = self.phone.sigma_m;
        let (drift_x, drift_y) = self.drift.at(at, self.drift_seed);
        let chance = &mut self.chance;
        let tail = if chance.once_in(50.0) { chance.between(3.0, 8.0) } else { 1.0 };
        let noticed = tail == 1.0 || chance.unit() < 0.7;
        let mut error = |drift: f64| (0.8 * drift + 0.6 * chance.quick_normal()) * sigma_m * tail;
        let seen = truth.moved(error(drift_x), error(drift_y));
        // 1.51 sigma along each axis is the radius that holds 68 %.
        let honest_m = 1.51 * sigma_m * if noticed { tail } else { 1.0 };
        (seen, honest_m * chance.between(0.85, 1.2))
    }

    fn wants_next(&mut self, stretch: &Stretch, at: Timestamp) -> Timestamp {
        if self.phone.is_steady {
            return at + self.phone.moving;
        }
        let interval = if stretch.moves() { self.phone.moving } else { self.phone.resting };
        let next_at = at + Millis::new((interval.ms() as f64 * self.chance.between(0.9, 1.1)) as i64);
        if stretch.moves() {
            return next_at;
        }
        // Whoever gets up wakes the phone a little later.
        next_at.min(stretch.ends_at + seconds(self.chance.between(5.0, 30.0)))
    }

    /// The instant itself, or when they wake.
    fn awake_from(&mut self, at: Timestamp) -> Timestamp {
        let mut at = at;
        loop {
            self.diary.turn_to(at);
            let stretch = self.diary.stretch();
            if stretch.being != Being::Asleep {
                return at;
            }
            at = stretch.ends_at;
        }
    }
}

pub(super) fn seconds(seconds: f64) -> Millis {
    Millis::new((seconds * 1_000.0).round() as i64)
}
