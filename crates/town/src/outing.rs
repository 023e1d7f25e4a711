//! A person who is out, with a phone: endless, and cheap enough for a hundred thousand at once.

use model::{Fix, Meters, Millis, Timestamp};

use crate::chance::Chance;
use crate::visits::{self, TruthVisit};
use crate::walk::Walk;
use crate::{PersonNo, Phone, Spot, Town, Troubles};

/// Somebody on the street with a phone that reports.
///
/// Where they go hangs on the town, the person and the instant at which the outing began, and on
/// nothing that the phone does. About 50 ns a fix where nothing goes wrong.
#[derive(Clone)]
pub struct Outing<'a> {
    town: &'a Town,
    person: PersonNo,
    walk: Walk,
    phone: Phone,
    troubles: Troubles,
    chance: Chance,
    /// When the person was last looked at.
    at: Timestamp,
    next_at: Timestamp,
}

impl Town {
    /// Somebody who goes out at an instant and does not come back.
    ///
    /// The same town, person and instant are the same outing.
    #[must_use]
    pub fn outing(&self, person: PersonNo, from: Timestamp, troubles: &Troubles) -> Outing<'_> {
        let mut chance =
            Chance::of(&[self.plan.seed, 8, u64::from(person.0), from.unix_ms().cast_unsigned()]);
        let phone = self.person(person).phone;
        let first = chance.unit() * phone.interval_s;
        Outing {
            town: self,
            person,
            walk: Walk::begin(self, person, from),
            phone,
            troubles: *troubles,
            chance,
            at: from,
            next_at: from + Millis::new((first * 1_000.0) as i64),
        }
    }

    /// Where somebody who went out at `from` truly was inside, until `to`; by time.
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
    /// The same outing with another phone.
    #[must_use]
    pub fn with_phone(mut self, phone: Phone) -> Self {
        self.phone = phone;
        self
    }

    /// Whose outing it is.
    #[must_use]
    pub const fn person(&self) -> PersonNo {
        self.person
    }

    /// What the phone hands over at an instant, in the order in which it does: mostly one fix.
    ///
    /// Instants ascend. `out` is not cleared.
    pub fn message(&mut self, at: Timestamp, out: &mut Vec<Fix>) {
        self.at = at;
        self.walk.advance(self.town, at);
        let truth = self.walk.leg.place(at);
        let sigma_m = self.phone.sigma_m;
        let seen = truth.moved(self.chance.normal() * sigma_m, self.chance.normal() * sigma_m);
        let pause_s = self.phone.interval_s * self.chance.between(0.8, 1.2);
        self.next_at = at + Millis::new((pause_s * 1_000.0) as i64);
        out.push(Fix {
            accuracy: Some(Meters(1.51 * sigma_m)),
            speed_mps: self.phone.tells_speed.then_some(self.walk.leg.speed_mps() as f32),
            foreground: Some(true),
            ..Fix::at(at, self.town.plane.position(seen))
        });
    }

    /// When the phone wants to send next.
    #[must_use]
    pub const fn next_at(&self) -> Timestamp {
        self.next_at
    }

    /// Where the person really was when last asked for a message.
    #[must_use]
    pub fn truth(&self) -> Spot {
        Spot { at: self.walk.leg.place(self.at), doing: self.walk.leg.doing }
    }
}
