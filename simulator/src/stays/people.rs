//! Who is near fences, and where they truly are: a town's people, and those who make it hard.

use std::ops::Range;

use model::{Millis, Timestamp};
use serde::Serialize;
use town::{Chance, Crowd, PersonNo, Plan, Point, Shape, Store, Town};

/// Fixes are taken from this hour of the day on, around the town's peak.
const FROM: Millis = Millis::from_mins(9 * 60 + 45);
/// And for so long.
const SPAN: Millis = Millis::from_hours(4);
/// The truth goes on a little, so that the end of the fixes cuts no stay short.
const AFTER: Millis = Millis::from_mins(10);

/// Of any ten people in a row, who they are.
const KINDS: [Kind; 10] = [
    Kind::Townsperson,
    Kind::NextDoor,
    Kind::Townsperson,
    Kind::RimWalker,
    Kind::Townsperson,
    Kind::Townsperson,
    Kind::Waiter,
    Kind::Townsperson,
    Kind::Visitor,
    Kind::Townsperson,
];

/// Who somebody is, as far as fences are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// One of the town's: passes by, shops, drives, delivers.
    Townsperson,
    /// Works or lives 3 to 60 m outside a fence, and stays there all the time.
    NextDoor,
    /// Walks up and down along a fence's rim, from 10 m inside to 30 m outside, for 5 to 30 minutes.
    RimWalker,
    /// Stands 2 to 25 m inside a fence for 20 to 150 s, as one does at a bus stop, and goes away.
    Waiter,
    /// Stays anywhere in a fence for 4 to 60 minutes, and goes away.
    Visitor,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Townsperson, Self::NextDoor, Self::RimWalker, Self::Waiter, Self::Visitor];

    /// The kind as a reader knows it.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Townsperson => "townspeople",
            Self::NextDoor => "next door",
            Self::RimWalker => "along the rim",
            Self::Waiter => "waiting inside",
            Self::Visitor => "visitors",
        }
    }
}

/// A round fence on the plane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circle {
    pub(super) centre: Point,
    pub(super) radius_m: f64,
}

impl Circle {
    /// How far outside a point lies; negative inside.
    pub(super) fn outside_m(&self, point: Point) -> f64 {
        distance_m(self.centre, point) - self.radius_m
    }

    /// The point in a direction, so far outside the rim.
    fn at(&self, turn: f64, outside_m: f64) -> Point {
        let reach_m = self.radius_m + outside_m;
        Point { x_m: self.centre.x_m + reach_m * turn.cos(), y_m: self.centre.y_m + reach_m * turn.sin() }
    }
}

/// One true stay inside one fence without a break.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stay {
    pub(super) fence: usize,
    pub(super) entered_ms: i64,
    pub(super) left_ms: i64,
}

/// A town and those who live beside its fences.
pub(super) struct Neighbourhood {
    town: Town,
    /// Of this town's chance.
    pub(super) seed: u64,
    /// The town's round fences; the arcade, the only one that is not, is left out.
    pub(super) fences: Vec<Circle>,
    stores: Vec<usize>,
    /// When fixes are taken.
    pub(super) span_ms: Range<i64>,
}

/// People come in towns of so many, in which every kind has its share.
pub(super) const N_IN_A_TOWN: u32 = 20;

impl Neighbourhood {
    /// Twenty people in a town of their own, of whom six in ten are the town's.
    ///
    /// # Errors
    /// What is wrong with the plan.
    pub(super) fn settle(seed: u64, town_no: u32) -> Result<Self, String> {
        let seed = Chance::of(&[seed, u64::from(town_no)]).draw();
        let plan = Plan { seed, n_people: N_IN_A_TOWN, ..Plan::default() };
        let town = Town::build(&plan).map_err(|flaw| flaw.text().to_owned())?;
        let from = town.midnight_at() + FROM;
        let circle = |(no, store): (usize, &Store)| match &store.shape {
            Shape::Circle { centre, radius } => {
                Some((no, Circle { centre: town.plane().point(*centre), radius_m: radius.0 }))
            }
            Shape::Rings(_) => None,
        };
        let (stores, fences) = (0..).zip(town.stores()).filter_map(circle).unzip();
        let span_ms = from.unix_ms()..(from + SPAN).unix_ms();
        Ok(Self { seed, fences, stores, span_ms, town })
    }

    pub(super) fn town(&self) -> &Town {
        &self.town
    }

    /// One of them.
    pub(super) fn person(&self, no: u32) -> Person<'_> {
        let kind = KINDS[no as usize % KINDS.len()];
        if kind == Kind::Townsperson {
            let path = Path::Town(self.town.crowd(), PersonNo(no));
            return Person { kind, path, stays: self.true_stays_of(PersonNo(no)) };
        }
        let mut chance = Chance::of(&[self.seed, 40, u64::from(no)]);
        let around = self.fences[chance.below(self.fences.len())];
        let mut way = Way::begin(around, self.span_ms.start, &mut chance);
        while way.now_ms() < self.span_ms.end + AFTER.ms() {
            way.live(kind, &mut chance);
        }
        let stays = way.true_stays(&self.fences);
        Person { kind, path: Path::Legs(way.legs, 0), stays }
    }

    fn true_stays_of(&self, person: PersonNo) -> Vec<Stay> {
        let instant = |ms: i64| Timestamp::from_unix_ms(ms);
        let visits =
            self.town.truth_visits_of(person, instant(self.span_ms.start), instant(self.span_ms.end) + AFTER);
        let fence_of = |store: usize| self.stores.binary_search(&store).ok();
        let stays = visits.iter().filter_map(|visit| {
            let fence = fence_of(visit.store.slot())?;
            Some(Stay { fence, entered_ms: visit.entered_at.unix_ms(), left_ms: visit.left_at.unix_ms() })
        });
        stays.collect()
    }
}

/// Somebody, where they are, and where they truly stay.
pub(super) struct Person<'a> {
    pub(super) kind: Kind,
    path: Path<'a>,
    pub(super) stays: Vec<Stay>,
}

enum Path<'a> {
    Town(Crowd<'a>, PersonNo),
    /// And the leg that was asked for last.
    Legs(Vec<Leg>, usize),
}

impl Person<'_> {
    /// Where they are; cheap when asked at ascending times.
    pub(super) fn place(&mut self, at_ms: i64) -> Point {
        match &mut self.path {
            Path::Town(crowd, no) => crowd.spot(*no, Timestamp::from_unix_ms(at_ms)).at,
            Path::Legs(legs, hint) => {
                if at_ms < legs[*hint].begins_ms {
                    *hint = 0;
                }
                while *hint + 1 < legs.len() && legs[*hint].ends_ms <= at_ms {
                    *hint += 1;
                }
                legs[*hint].place(at_ms)
            }
        }
    }
}

/// A stretch along a straight line, or on one spot.
#[derive(Clone, Copy, Debug)]
struct Leg {
    begins_ms: i64,
    ends_ms: i64,
    from: Point,
    to: Point,
}

impl Leg {
    fn place(&self, at_ms: i64) -> Point {
        let all_ms = (self.ends_ms - self.begins_ms).max(1);
        let share = ((at_ms - self.begins_ms) as f64 / all_ms as f64).clamp(0.0, 1.0);
        Point {
            x_m: self.from.x_m + (self.to.x_m - self.from.x_m) * share,
            y_m: self.from.y_m + (self.to.y_m - self.from.y_m) * share,
        }
    }

    /// When it lies in a circle, if it ever does.
    fn span_inside(&self, circle: &Circle) -> Option<(i64, i64)> {
        let (dx, dy) = (self.to.x_m - self.from.x_m, self.to.y_m - self.from.y_m);
        let (fx, fy) = (self.from.x_m - circle.centre.x_m, self.from.y_m - circle.centre.y_m);
        let (a, b) = (dx * dx + dy * dy, fx * dx + fy * dy);
        let c = fx * fx + fy * fy - circle.radius_m * circle.radius_m;
        if a == 0.0 {
            return (c <= 0.0).then_some((self.begins_ms, self.ends_ms));
        }
        let under_root = b * b - a * c;
        if under_root <= 0.0 {
            return None;
        }
        let root = under_root.sqrt();
        let (first, last) = (((-b - root) / a).max(0.0), ((-b + root) / a).min(1.0));
        let at =
            |share: f64| self.begins_ms + (share * (self.ends_ms - self.begins_ms) as f64).round() as i64;
        (first < last).then(|| (at(first), at(last)))
    }
}

/// How somebody spends the time beside one fence.
struct Way {
    around: Circle,
    pace_mps: f64,
    legs: Vec<Leg>,
}

/// So far from the rim nobody is near a fence by an error of the receiver.
const AWAY_M: f64 = 300.0;

impl Way {
    /// Somewhere away from the fence, at a random moment of a pause there.
    fn begin(around: Circle, from_ms: i64, chance: &mut Chance) -> Self {
        let home = around.at(chance.between(0.0, std::f64::consts::TAU), AWAY_M);
        let begins_ms = from_ms - chance.between(0.0, 600_000.0) as i64;
        let legs = vec![Leg { begins_ms, ends_ms: begins_ms, from: home, to: home }];
        Self { around, pace_mps: chance.between(1.1, 1.6), legs }
    }

    /// The next thing that somebody of a kind does.
    fn live(&mut self, kind: Kind, chance: &mut Chance) {
        let turn = chance.between(0.0, std::f64::consts::TAU);
        let radius_m = self.around.radius_m;
        match kind {
            Kind::Townsperson => unreachable!("the town knows where its people are"),
            Kind::NextDoor => {
                // They were there before we looked.
                let outside_m = evenly(radius_m + 3.0, radius_m + 60.0, chance) - radius_m;
                let spot = self.around.at(turn, outside_m);
                self.legs[0].from = spot;
                self.legs[0].to = spot;
                self.stay(5.0 * 3_600.0);
            }
            Kind::RimWalker => {
                let (outside_m, until_ms) =
                    (chance.between(-10.0, 30.0), self.now_ms() + chance.between(3e5, 1.8e6) as i64);
                self.pace_along(turn, outside_m, until_ms);
                self.go(self.around.at(turn, AWAY_M));
                self.stay(chance.between(300.0, 1_800.0));
            }
            Kind::Waiter => {
                self.go(self.around.at(turn, -chance.between(2.0, 25.0)));
                self.stay(chance.between(20.0, 150.0));
                self.go(self.around.at(turn, AWAY_M));
                self.stay(chance.between(120.0, 900.0));
            }
            Kind::Visitor => {
                self.go(self.around.at(turn, evenly(0.0, radius_m, chance) - radius_m));
                let stay_s = chance.between(240.0, 3_600.0);
                self.stay(stay_s);
                self.go(self.around.at(turn, AWAY_M));
                self.stay(chance.between(300.0, 1_800.0));
            }
        }
    }

    fn now_ms(&self) -> i64 {
        self.legs.last().map_or(i64::MIN, |leg| leg.ends_ms)
    }

    fn here(&self) -> Point {
        self.legs.last().map_or(self.around.centre, |leg| leg.to)
    }

    fn stay(&mut self, seconds: f64) {
        let (begins_ms, here) = (self.now_ms(), self.here());
        let ends_ms = begins_ms + (seconds * 1e3) as i64;
        self.legs.push(Leg { begins_ms, ends_ms, from: here, to: here });
    }

    fn go(&mut self, to: Point) {
        let (begins_ms, from) = (self.now_ms(), self.here());
        let ends_ms = begins_ms + (distance_m(from, to) / self.pace_mps * 1e3) as i64;
        self.legs.push(Leg { begins_ms, ends_ms, from, to });
    }

    /// Up and down a sixth of the way round, in steps that are short enough to be round.
    fn pace_along(&mut self, turn: f64, outside_m: f64, until_ms: i64) {
        const N_STEPS: i32 = 12;
        self.go(self.around.at(turn, outside_m));
        let mut step = 0;
        while self.now_ms() < until_ms {
            step += 1;
            let along = (step % (2 * N_STEPS) - N_STEPS).abs() - N_STEPS;
            let share = f64::from(along) / f64::from(N_STEPS) * std::f64::consts::FRAC_PI_3;
            self.go(self.around.at(turn + share, outside_m));
        }
    }

    /// To the millisecond.
    fn true_stays(&self, fences: &[Circle]) -> Vec<Stay> {
        let mut stays: Vec<Stay> = Vec::new();
        for (fence, circle) in fences.iter().enumerate() {
            let first = stays.len();
            for (entered_ms, left_ms) in self.legs.iter().filter_map(|leg| leg.span_inside(circle)) {
                match stays[first..].last_mut() {
                    Some(before) if entered_ms <= before.left_ms => before.left_ms = left_ms,
                    Some(_) | None => stays.push(Stay { fence, entered_ms, left_ms }),
                }
            }
        }
        stays
    }
}

/// A radius so that points at it, in any direction, lie evenly over the ring.
fn evenly(low_m: f64, high_m: f64, chance: &mut Chance) -> f64 {
    chance.between(low_m * low_m, high_m * high_m).sqrt()
}

pub(super) fn distance_m(a: Point, b: Point) -> f64 {
    ((a.x_m - b.x_m).powi(2) + (a.y_m - b.y_m).powi(2)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stays_told_are_those_that_a_look_every_second_finds() {
        let people = Neighbourhood::settle(5, 0).unwrap();
        let mut n_stays = 0;
        for no in 0..20 {
            let mut person = people.person(no);
            let mut seen: Vec<Stay> = Vec::new();
            for (fence, circle) in people.fences.iter().enumerate() {
                let first = seen.len();
                for at_ms in people.span_ms.clone().step_by(1_000) {
                    if circle.outside_m(person.place(at_ms)) <= 0.0 {
                        match seen[first..].last_mut() {
                            Some(stay) if stay.left_ms == at_ms => stay.left_ms = at_ms + 1_000,
                            Some(_) | None => {
                                seen.push(Stay { fence, entered_ms: at_ms, left_ms: at_ms + 1_000 });
                            }
                        }
                    }
                }
            }
            let long = |stay: &&Stay| 5_000 < stay.left_ms - stay.entered_ms;
            for stay in seen.iter().filter(long) {
                n_stays += 1;
                let near = |a: i64, b: i64| (a - b).abs() <= 1_000;
                let told = person.stays.iter().find(|told| {
                    told.fence == stay.fence
                        && near(told.entered_ms.max(people.span_ms.start), stay.entered_ms)
                        && near(told.left_ms.min(people.span_ms.end), stay.left_ms)
                });
                assert!(told.is_some(), "person {no}: {stay:?} is not among {:?}", person.stays);
            }
        }
        assert!(100 < n_stays, "{n_stays}");
    }

    #[test]
    fn passing_by_short_and_long_stays_all_occur() {
        let mut lasted_s: Vec<i64> = Vec::new();
        for town_no in 0..10 {
            let people = Neighbourhood::settle(5, town_no).unwrap();
            for no in 0..N_IN_A_TOWN {
                let stays = people.person(no).stays;
                lasted_s.extend(stays.iter().map(|stay| (stay.left_ms - stay.entered_ms) / 1_000));
            }
        }
        let n = |low: i64, high: i64| lasted_s.iter().filter(|s| (low..high).contains(*s)).count();
        let spread = [n(0, 60), n(60, 180), n(180, 600), n(600, 100_000)];
        assert!(spread.iter().all(|&n| 100 < n), "{spread:?}");
    }
}
