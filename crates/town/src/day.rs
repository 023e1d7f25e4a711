//! One day of one person: where they go, when, and how fast.

mod errands;

use model::{Millis, Timestamp};

use crate::chance::Chance;
use crate::streets::Crossing;
use crate::{DAY, Person, PersonNo, Point, StoreNo, Town};

/// What someone is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Is at home.
    AtHome,
    /// Goes on foot.
    Walking,
    /// Rides a bicycle.
    Riding,
    /// Goes by car or by bus, or waits in it.
    Driving,
    /// Stands in a store.
    InStore(StoreNo),
}

/// A stretch of a day along a straight line, or on one spot.
#[derive(Clone, Copy)]
pub(crate) struct Leg {
    pub(crate) begins_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) from: Point,
    pub(crate) to: Point,
    pub(crate) doing: Doing,
}

impl Leg {
    pub(crate) fn place(&self, at: Timestamp) -> Point {
        let (done_ms, all_ms) = (at.since(self.begins_at).ms(), self.ends_at.since(self.begins_at).ms());
        if all_ms <= 0 {
            return self.to;
        }
        self.from.towards(self.to, (done_ms as f64 / all_ms as f64).clamp(0.0, 1.0))
    }

    pub(crate) fn speed_mps(&self) -> f64 {
        let ms = self.ends_at.since(self.begins_at).ms();
        if ms <= 0 { 0.0 } else { self.from.distance_m(self.to) * 1_000.0 / ms as f64 }
    }
}

/// A day, from midnight to midnight, without a gap, beginning and ending at home.
pub(crate) struct Day {
    pub(crate) legs: Vec<Leg>,
}

/// Where a way can begin or end.
#[derive(Clone, Copy)]
enum Place {
    Crossing(Crossing),
    Store(StoreNo),
}

/// People walk to places within a quarter of an hour, in a big town too.
const WALK_MAX_M: f64 = 1_000.0;

struct Planner<'a> {
    town: &'a Town,
    no: PersonNo,
    person: &'a Person,
    chance: Chance,
    legs: Vec<Leg>,
    here: Place,
    ends_at: Timestamp,
}

impl Day {
    pub(crate) fn plan(town: &Town, no: PersonNo, day: i64) -> Self {
        let person = town.person(no);
        let midnight_at = town.midnight_at() + Millis::new(day * DAY.ms());
        let mut planner = Planner {
            town,
            no,
            person,
            chance: Chance::of(&[town.plan.seed, 4, u64::from(no.0), day.cast_unsigned()]),
            legs: Vec::with_capacity(64),
            here: Place::Crossing(person.home),
            ends_at: midnight_at + DAY,
        };
        planner.wait(midnight_at, Timestamp::MIN, Doing::AtHome);
        planner.live(midnight_at);
        planner.close();
        Self { legs: planner.legs }
    }

    /// The place of the leg that holds an instant, looked for from `hint` onwards.
    pub(crate) fn leg_at(&self, at: Timestamp, hint: usize) -> usize {
        let last = self.legs.len() - 1;
        (hint..last).find(|&no| at < self.legs[no].ends_at).unwrap_or(last)
    }
}

impl Planner<'_> {
    fn minutes(&mut self, low: f64, high: f64) -> Millis {
        Millis::new((self.chance.between(low, high) * 60_000.0).round() as i64)
    }

    fn now(&self) -> Timestamp {
        self.legs.last().map_or(Timestamp::MIN, |leg| leg.ends_at)
    }

    fn any_crossing(&mut self) -> Crossing {
        self.town.streets.any_near(self.person.home, &mut self.chance)
    }

    /// Any crossing near enough to walk to; home's own when eight draws found none.
    fn crossing_on_foot(&mut self) -> Crossing {
        let home = self.person.home;
        let home_at = self.town.streets.at(home);
        for _ in 0..8 {
            let crossing = self.any_crossing();
            if self.town.streets.at(crossing).distance_m(home_at) <= WALK_MAX_M {
                return crossing;
            }
        }
        home
    }

    /// One of the six stores nearest to here; or the last one of them when here is the first.
    fn near_store(&mut self) -> StoreNo {
        let here = self.here_point();
        let mut near = self.town.grid.nearest(&self.town.stores, here, 6);
        if let Place::Store(store) = self.here {
            near.retain(|&no| no != store);
        }
        near[self.chance.below(near.len())]
    }

    /// The nearest crossing that is well outside a store's fence, 60 m and more.
    fn crossing_away_from(&self, store: StoreNo) -> Crossing {
        let store = &self.town.stores[store.slot()];
        let outside = |no: &Crossing| {
            let at = self.town.streets.at(*no);
            let around = [(60.0, 0.0), (-60.0, 0.0), (0.0, 60.0), (0.0, -60.0), (0.0, 0.0)];
            !around.iter().any(|&(east_m, north_m)| store.holds(at.moved(east_m, north_m)))
        };
        let distance_m = |no: &Crossing| self.town.streets.at(*no).distance_m(store.spot);
        let all = 0..self.town.streets.n_crossings() as Crossing;
        all.filter(outside).min_by(|a, b| distance_m(a).total_cmp(&distance_m(b))).unwrap_or(self.person.home)
    }

    fn here_point(&self) -> Point {
        match self.here {
            Place::Crossing(crossing) => self.town.streets.at(crossing),
            Place::Store(store) => self.town.stores[store.slot()].spot,
        }
    }

    fn leave_home(&mut self, out_at: Timestamp) {
        let at = self.here_point();
        let begins_at = self.now();
        let leg = Leg { begins_at, ends_at: out_at.max(begins_at), from: at, to: at, doing: Doing::AtHome };
        self.legs.push(leg);
    }

    fn wait(&mut self, begins_at: Timestamp, until: Timestamp, doing: Doing) {
        let at = self.here_point();
        self.legs.push(Leg { begins_at, ends_at: until.max(begins_at), from: at, to: at, doing });
    }

    fn stay(&mut self, stay: Millis, store: StoreNo) {
        let now = self.now();
        self.wait(now, now + stay, Doing::InStore(store));
    }

    /// Goes along the streets, give or take a tenth of the speed on each stretch.
    fn go(&mut self, to: Place, doing: Doing, speed_mps: f64) {
        let mut from = self.here_point();
        let mut way = self.way(to);
        self.here = to;
        way.push(self.here_point());
        for point in way {
            let speed_mps = speed_mps * self.chance.between(0.9, 1.1);
            let ms = (from.distance_m(point) / speed_mps * 1_000.0).round() as i64;
            let begins_at = self.now();
            if 0 < ms {
                self.legs.push(Leg {
                    begins_at,
                    ends_at: begins_at + Millis::new(ms),
                    from,
                    to: point,
                    doing,
                });
            }
            from = point;
        }
    }

    /// The points between here and there, without either.
    fn way(&self, to: Place) -> Vec<Point> {
        let mut best: Option<(f64, Vec<Point>)> = None;
        for (out, from_crossing) in self.ways_in(self.here) {
            for (back, to_crossing) in self.ways_in(to) {
                let mut points: Vec<Point> = out.into_iter().collect();
                let crossings = self.town.streets.way(from_crossing, to_crossing);
                points.extend(crossings.into_iter().map(|no| self.town.streets.at(no)));
                points.extend(back);
                let length_m: f64 = points.windows(2).map(|pair| pair[0].distance_m(pair[1])).sum();
                if best.as_ref().is_none_or(|(shortest_m, _)| length_m < *shortest_m) {
                    best = Some((length_m, points));
                }
            }
        }
        best.map_or(Vec::new(), |(_, points)| points)
    }

    /// The crossings by which a place is reached, each with the door before it, if any.
    fn ways_in(&self, place: Place) -> Vec<(Option<Point>, Crossing)> {
        match place {
            Place::Crossing(crossing) => vec![(None, crossing)],
            Place::Store(store) => {
                let store = &self.town.stores[store.slot()];
                let (from, to) = self.town.streets.ends()[store.stretch as usize];
                vec![(Some(store.door), from), (Some(store.door), to)]
            }
        }
    }

    /// Cuts what goes beyond midnight, and fills what is left of the day at home.
    fn close(&mut self) {
        let ends_at = self.ends_at;
        self.legs.retain(|leg| leg.begins_at < ends_at);
        if let Some(last) = self.legs.last_mut()
            && ends_at < last.ends_at
        {
            last.to = last.place(ends_at);
            last.ends_at = ends_at;
            return;
        }
        self.here = Place::Crossing(self.person.home);
        let now = self.now();
        self.wait(now, ends_at, Doing::AtHome);
    }
}
