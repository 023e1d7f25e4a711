//! A person who is out, with a phone: endless, and cheap enough for a hundred thousand at once.

use model::{Fix, Meters, Millis, Timestamp};

use crate::chance::Chance;
use crate::noise::{Drift, STILL_AFTER_MS};
use crate::pocket::Pocket;
use crate::troubles::Trouble;
use crate::visits::{self, TruthVisit};
use crate::walk::Walk;
use crate::{PersonNo, Phone, Point, Spot, Town, Troubles};

/// Somebody on the street with a phone that reports.
///
/// Where they go hangs on the town, the person and the instant at which the outing began, and on
/// nothing that the phone does. A fix costs about 120 ns where nothing goes wrong, whatever the
/// size of the town.
#[derive(Clone)]
pub struct Outing<'a> {
    town: &'a Town,
    person: PersonNo,
    walk: Walk,
    phone: Phone,
    troubles: Troubles,
    chance: Chance,
    drift: Drift,
    cold: Cold,
    /// How far the phone's clock runs ahead.
    skew: Millis,
    /// What waits; nearly always nothing.
    pocket: Option<Box<Pocket>>,
    /// When the person was last looked at.
    at: Timestamp,
    next_at: Timestamp,
}

/// A phone that has not found out yet where it is.
#[derive(Clone, Copy, Default)]
struct Cold {
    n_left: u8,
    /// Claims to know.
    is_sure: bool,
    off_m: (f32, f32),
}

impl Town {
    /// Somebody who goes out at an instant and does not come back.
    ///
    /// The same town, person and instant are the same outing.
    #[must_use]
    pub fn outing(&self, person: PersonNo, from: Timestamp, troubles: &Troubles) -> Outing<'_> {
        let no = u64::from(person.0);
        let skew_ms = troubles.skew_ms(&mut Chance::of(&[self.plan.seed, 11, no]));
        let outing = Outing {
            town: self,
            person,
            walk: Walk::begin(self, person, from),
            phone: self.person(person).phone,
            troubles: *troubles,
            chance: Chance::of(&[self.plan.seed, 8, no, from.unix_ms().cast_unsigned()]),
            drift: Drift::new(),
            cold: Cold::default(),
            skew: Millis::new(skew_ms),
            pocket: None,
            at: from,
            next_at: from,
        };
        outing.with_phone(self.person(person).phone)
    }

    /// Where somebody who went out at `from` truly was inside, until `to`; by time.
    ///
    /// A stay that had begun before `from` is told from there on.
    #[must_use]
    pub fn outing_visits(&self, person: PersonNo, from: Timestamp, to: Timestamp) -> Vec<TruthVisit> {
        let mut walk = Walk::begin(self, person, from);
        let legs = core::iter::from_fn(|| {
            let leg = walk.leg;
            walk.step(self);
            (leg.begins_at < to).then_some(leg)
        });
        visits::along(self, person, legs, (from, to))
    }
}

impl Outing<'_> {
    /// The same outing with another phone, before it has sent anything.
    #[must_use]
    pub fn with_phone(mut self, phone: Phone) -> Self {
        self.phone = phone;
        self.next_at = self.at + seconds(self.chance.unit() * phone.interval_s);
        self
    }

    /// Whose outing it is.
    #[must_use]
    pub const fn person(&self) -> PersonNo {
        self.person
    }

    /// What the phone hands over at an instant, in the order in which it does: mostly one fix.
    ///
    /// It takes a fix whenever it is asked, asleep or not; instants ascend. Nothing comes out of a
    /// tunnel, and all that was taken in it, ascending, with the first fix behind it. `out` is not
    /// cleared.
    pub fn message(&mut self, at: Timestamp, out: &mut Vec<Fix>) {
        self.at = at;
        self.walk.advance(self.town, at);
        let trouble = self.troubles.befall(self.chance.draw());
        let fix = self.take(trouble, at);
        self.next_at = self.wants_next(at);
        let waits =
            matches!(trouble, Some(Trouble::Tunnel | Trouble::Late | Trouble::Twice | Trouble::OutOfOrder));
        if !waits && self.pocket.is_none() {
            out.push(fix);
            return;
        }
        let pocket = self.pocket.get_or_insert_default();
        pocket.hand_over(fix, trouble, &mut self.chance, out, at);
        if pocket.is_empty() {
            self.pocket = None;
        }
    }

    /// When the phone wants to send next: after its interval, give or take a fifth, or, while it
    /// sleeps, when its owner goes on, and after an hour at the latest.
    #[must_use]
    pub const fn next_at(&self) -> Timestamp {
        self.next_at
    }

    /// Where the person really was when last asked for a message.
    #[must_use]
    pub fn truth(&self) -> Spot {
        Spot { at: self.walk.leg.place(self.at), doing: self.walk.leg.doing }
    }

    fn take(&mut self, trouble: Option<Trouble>, at: Timestamp) -> Fix {
        let truth = self.walk.leg.place(at);
        let (seen, accuracy_m) = match trouble {
            Some(Trouble::Liar) => {
                let (east_m, north_m) = far_off(&mut self.chance, 180.0, 220.0);
                (truth.moved(east_m, north_m), self.chance.between(1.7, 2.3))
            }
            Some(Trouble::Mock) => {
                let store = self.chance.below(self.town.stores.len());
                (self.town.stores[store].spot, 5.0)
            }
            Some(Trouble::ColdStart) => {
                self.grow_cold();
                self.see_coldly(truth)
            }
            Some(Trouble::Tunnel | Trouble::Late | Trouble::Twice | Trouble::OutOfOrder) | None
                if 0 < self.cold.n_left =>
            {
                self.see_coldly(truth)
            }
            Some(Trouble::Tunnel | Trouble::Late | Trouble::Twice | Trouble::OutOfOrder) | None => {
                self.see(truth, at)
            }
        };
        let leg = &self.walk.leg;
        let speed_mps = (leg.speed_mps() + 0.15 * self.chance.quick_normal()).max(0.0);
        Fix {
            taken_at: at + self.skew,
            position: self.town.plane.position(seen),
            accuracy: Some(Meters((accuracy_m * 10.0).round() / 10.0)),
            speed_mps: self.phone.tells_speed.then_some((speed_mps * 10.0).round() as f32 / 10.0),
            mock: trouble == Some(Trouble::Mock),
            // These people keep the app open, or the engine would need a further consent of them.
            foreground: Some(true),
            still: self.phone.tells_still && self.stands(at),
        }
    }

    /// An honest look: the stated sigma, and a claim that holds the truth in 68 of 100 cases; one fix
    /// in fifty comes off a wall, and the phone notices seven times in ten.
    fn see(&mut self, truth: Point, at: Timestamp) -> (Point, f64) {
        let sigma_m = self.phone.sigma_m;
        let drift_seed = u64::from(self.person.0) ^ (self.town.plan.seed << 32);
        let (drift_x, drift_y) = self.drift.at(at, drift_seed);
        let chance = &mut self.chance;
        let tail = if chance.once_in(50.0) { chance.between(3.0, 8.0) } else { 1.0 };
        let noticed = tail == 1.0 || chance.unit() < 0.7;
        let mut error = |drift: f64| (0.8 * drift + 0.6 * chance.quick_normal()) * sigma_m * tail;
        let seen = truth.moved(error(drift_x), error(drift_y));
        let honest_m = 1.51 * sigma_m * if noticed { tail } else { 1.0 };
        (seen, honest_m * chance.between(0.85, 1.2))
    }

    fn grow_cold(&mut self) {
        let (east_m, north_m) = far_off(&mut self.chance, 300.0, 2_000.0);
        self.cold = Cold {
            n_left: 1 + self.chance.below(3) as u8,
            is_sure: self.chance.once_in(2.0),
            off_m: (east_m as f32, north_m as f32),
        };
    }

    fn see_coldly(&mut self, truth: Point) -> (Point, f64) {
        self.cold.n_left -= 1;
        let (east_m, north_m) = (f64::from(self.cold.off_m.0), f64::from(self.cold.off_m.1));
        let honest_m = (east_m * east_m + north_m * north_m).sqrt();
        let accuracy_m = if self.cold.is_sure { self.chance.between(10.0, 60.0) } else { honest_m };
        (truth.moved(east_m, north_m), accuracy_m)
    }

    /// Has stood on one spot for a while.
    fn stands(&self, at: Timestamp) -> bool {
        let leg = &self.walk.leg;
        leg.from == leg.to && STILL_AFTER_MS <= at.since(leg.begins_at).ms()
    }

    fn wants_next(&mut self, at: Timestamp) -> Timestamp {
        let next_at = at + seconds(self.phone.interval_s * self.chance.between(0.8, 1.2));
        if !(self.phone.sleeps && self.stands(at)) {
            return next_at;
        }
        let woken_at = self.walk.leg.ends_at + seconds(self.chance.between(3.0, 30.0));
        let nap_over_at = at + seconds(self.chance.between(1_200.0, 3_600.0));
        woken_at.min(nap_over_at).max(next_at)
    }
}

/// Somewhere so far off, in any direction.
fn far_off(chance: &mut Chance, least_m: f64, most_m: f64) -> (f64, f64) {
    let (x, y) = (chance.quick_normal(), chance.quick_normal());
    let scale = chance.between(least_m, most_m) / (x * x + y * y).sqrt().max(1e-9);
    (x * scale, y * scale)
}

fn seconds(seconds: f64) -> Millis {
    Millis::new((seconds * 1_000.0).round() as i64)
}
