//! The endless way of somebody who is out: along streets, into stores, on and on.
//!
//! Nothing is planned ahead but the next stretch, so that a step costs the same in a village and
//! in a city, and a way never ends.

use model::{Millis, Timestamp};

use crate::chance::Chance;
use crate::day::{Doing, Leg};
use crate::streets::{Crossing, Stretch, Way};
use crate::{Habit, PersonNo, Point, StoreNo, Town};

/// A way, at one of its legs.
#[derive(Clone)]
pub(crate) struct Walk {
    pub(crate) leg: Leg,
    chance: Chance,
    /// The street, and the end that is walked to.
    stretch: Stretch,
    towards: Crossing,
    /// Where this person works, or likes to be.
    haunt: StoreNo,
    home: Crossing,
    next: Next,
    aim: Aim,
    habit: Habit,
    /// Goes by bus at present.
    on_bus: bool,
    /// So many stretches until something else is done: the bus left, the loved store longed for.
    n_left: u8,
    pace_mps: f32,
}

/// What comes when the leg is over.
#[derive(Clone, Copy)]
enum Next {
    /// A crossing is reached.
    Corner,
    /// One waited at it, and goes on.
    Turn,
    /// A store's door is reached.
    Door(StoreNo),
    /// The place in it where one stands.
    Counter(StoreNo),
    /// One has stood there.
    Back(StoreNo),
    /// The street before it is reached again.
    Street(StoreNo),
}

/// Where somebody wants to be.
#[derive(Clone, Copy, PartialEq)]
enum Aim {
    Nowhere,
    Haunt,
    Home,
}

/// How a habit shows on the street.
struct Manner {
    /// The share of those who are in a store when one begins to look.
    inside: f64,
    /// Of so many stores that one passes, one is visited; 0: none.
    stops_once_in: f64,
    /// The haunt is what one is out for.
    has_aim: bool,
}

/// Longer stretches lie between towns, and are driven by everybody.
const WALK_MAX_M: f64 = 1_500.0;

const fn manner(habit: Habit) -> Manner {
    let (inside, stops_once_in, has_aim) = match habit {
        Habit::Passer | Habit::Driver => (0.0, 0.0, false),
        Habit::Shopper => (0.4, 4.0, false),
        Habit::MallVisitor => (0.5, 2.0, false),
        Habit::Forgetful | Habit::Loyal => (0.3, 30.0, true),
        Habit::Courier => (0.3, 3.0, false),
        Habit::NightOwl | Habit::Commuter => (0.6, 20.0, true),
        Habit::BusRider => (0.0, 5.0, false),
    };
    Manner { inside, stops_once_in, has_aim }
}

impl Walk {
    /// Sets somebody on the street near their home, or into a store, as if they had been out for long.
    pub(crate) fn begin(town: &Town, no: PersonNo, from: Timestamp) -> Self {
        let person = town.person(no);
        let mut chance = Chance::of(&[town.plan.seed, 7, u64::from(no.0), from.unix_ms().cast_unsigned()]);
        let ways = town.streets.ways(person.home);
        let way = ways[chance.below(ways.len())];
        let home = town.streets.at(person.home);
        let nowhere = Leg { begins_at: from, ends_at: from, from: home, to: home, doing: Doing::Walking };
        let mut walk = Self {
            leg: nowhere,
            chance,
            stretch: way.stretch,
            towards: way.to,
            haunt: town.haunt(no),
            home: person.home,
            next: Next::Turn,
            aim: Aim::Nowhere,
            habit: person.habit,
            on_bus: person.habit == Habit::BusRider,
            n_left: 6,
            pace_mps: person.pace_mps as f32,
        };
        let manner = manner(walk.habit);
        if manner.has_aim {
            walk.aim = if walk.chance.once_in(2.0) { Aim::Haunt } else { Aim::Home };
        }
        if walk.chance.unit() < manner.inside {
            walk.begin_inside(town, from);
        } else {
            let share = walk.chance.unit();
            walk.leg.to = home.towards(town.streets.at(way.to), share);
            walk.along(town, share as f32);
        }
        walk
    }

    fn begin_inside(&mut self, town: &Town, from: Timestamp) {
        let store = match self.aim {
            Aim::Haunt | Aim::Home => self.haunt,
            Aim::Nowhere => {
                let near = town.grid.nearest(&town.stores, town.streets.at(self.home), 6);
                near[self.chance.below(near.len())]
            }
        };
        let stretch = town.stores[store.slot()].stretch;
        self.stretch = stretch;
        self.towards = town.streets.ends()[stretch as usize].0;
        self.stand_in(town, store);
        let past = Millis::new((self.chance.unit() * self.leg.ends_at.since(from).ms() as f64) as i64);
        self.leg.begins_at = self.leg.begins_at - past;
        self.leg.ends_at = self.leg.ends_at - past;
    }

    /// Goes on until the leg that holds an instant; instants ascend.
    pub(crate) fn advance(&mut self, town: &Town, at: Timestamp) {
        while self.leg.ends_at <= at {
            self.step(town);
        }
    }

    /// Goes on by one leg.
    pub(crate) fn step(&mut self, town: &Town) {
        match self.next {
            Next::Corner => self.reach_corner(town),
            Next::Turn => self.turn(town),
            Next::Door(store) => {
                let pace_mps = f64::from(self.pace_mps);
                self.go(town.stores[store.slot()].spot, Doing::Walking, pace_mps, Next::Counter(store));
            }
            Next::Counter(store) => self.stand_in(town, store),
            Next::Back(store) => {
                let pace_mps = f64::from(self.pace_mps);
                self.go(town.stores[store.slot()].door, Doing::Walking, pace_mps, Next::Street(store));
            }
            Next::Street(store) => {
                let doors = town.doors.on(self.stretch);
                let share = doors.iter().find(|door| door.store == store).map_or(0.5, |door| door.share);
                let forth = town.streets.ends()[self.stretch as usize].1 == self.towards;
                self.along(town, if forth { share } else { 1.0 - share });
            }
        }
    }

    fn go(&mut self, to: Point, doing: Doing, speed_mps: f64, next: Next) {
        let from = self.leg.to;
        let ms = (from.distance_m(to) / speed_mps * 1_000.0).round() as i64;
        let begins_at = self.leg.ends_at;
        self.leg = Leg { begins_at, ends_at: begins_at + Millis::new(ms.max(1)), from, to, doing };
        self.next = next;
    }

    fn wait(&mut self, seconds: (f64, f64), doing: Doing, next: Next) {
        let ms = self.chance.between(seconds.0, seconds.1) * 1_000.0;
        let (at, begins_at) = (self.leg.to, self.leg.ends_at);
        self.leg = Leg { begins_at, ends_at: begins_at + Millis::new(ms as i64), from: at, to: at, doing };
        self.next = next;
    }

    /// Stays for a time that suits the habit: a minute or three at a counter, 4 to 40 minutes among
    /// shelves, hours at work.
    fn stand_in(&mut self, town: &Town, store: StoreNo) {
        let at_work = matches!(self.habit, Habit::Commuter | Habit::NightOwl) && store == self.haunt;
        let counter = match self.habit {
            Habit::Courier | Habit::Commuter | Habit::NightOwl => true,
            Habit::Passer
            | Habit::Shopper
            | Habit::Forgetful
            | Habit::Driver
            | Habit::MallVisitor
            | Habit::Loyal
            | Habit::BusRider => self.chance.once_in(3.0),
        };
        let minutes = if at_work {
            (210.0, 300.0)
        } else if counter {
            (1.0, 3.0)
        } else {
            // Two draws: most stays are short.
            (4.0, 4.0 + 36.0 * self.chance.unit())
        };
        self.leg.from = town.stores[store.slot()].spot;
        self.leg.to = self.leg.from;
        self.wait((minutes.0 * 60.0, minutes.1 * 60.0), Doing::InStore(store), Next::Back(store));
        if store == self.haunt && manner(self.habit).has_aim {
            self.aim = Aim::Home;
            self.n_left = 3 + self.chance.below(6) as u8;
        }
    }

    fn reach_corner(&mut self, town: &Town) {
        let here = self.towards;
        match self.habit {
            Habit::BusRider if self.on_bus && self.chance.once_in(2.5) => {
                return self.wait((12.0, 40.0), Doing::Driving, Next::Turn);
            }
            Habit::Commuter | Habit::NightOwl if self.aim == Aim::Home && here == self.home => {
                self.aim = Aim::Haunt;
                return self.wait((1_200.0, 5_400.0), Doing::AtHome, Next::Turn);
            }
            Habit::Loyal | Habit::Forgetful if self.aim == Aim::Home => {
                self.n_left = self.n_left.saturating_sub(1);
                if self.n_left == 0 {
                    self.aim = Aim::Haunt;
                }
            }
            Habit::Passer
            | Habit::Shopper
            | Habit::Forgetful
            | Habit::Driver
            | Habit::Courier
            | Habit::NightOwl
            | Habit::Commuter
            | Habit::MallVisitor
            | Habit::Loyal
            | Habit::BusRider => {}
        }
        self.turn(town);
    }

    /// Chooses the next street: towards what one is out for, four times in five; else any but
    /// the one that one came by.
    fn turn(&mut self, town: &Town) {
        let here = self.towards;
        if self.habit == Habit::BusRider {
            self.change_at_a_stop();
        }
        let ways = town.streets.ways(here);
        let way = match self.aimed_at(town) {
            Some(aim) if self.chance.unit() < 0.8 => {
                let distance_m = |way: &Way| town.streets.at(way.to).distance_m(aim);
                let nearest = ways.iter().min_by(|a, b| distance_m(a).total_cmp(&distance_m(b)));
                self.onto_the_street_of_the_haunt(town, ways)
                    .unwrap_or(*nearest.expect("a crossing has ways"))
            }
            Some(_) | None => {
                let mut drawn = self.chance.below(ways.len());
                if ways[drawn].stretch == self.stretch {
                    drawn = (drawn + 1) % ways.len();
                }
                ways[drawn]
            }
        };
        self.stretch = way.stretch;
        self.towards = way.to;
        self.along(town, 0.0);
    }

    fn onto_the_street_of_the_haunt(&self, town: &Town, ways: &[Way]) -> Option<Way> {
        let stretch = town.stores[self.haunt.slot()].stretch;
        ways.iter().find(|way| self.aim == Aim::Haunt && way.stretch == stretch).copied()
    }

    fn aimed_at(&self, town: &Town) -> Option<Point> {
        let strolls = matches!(self.habit, Habit::Loyal | Habit::Forgetful);
        match self.aim {
            Aim::Haunt => Some(town.stores[self.haunt.slot()].door),
            Aim::Home if !strolls => Some(town.streets.at(self.home)),
            Aim::Home | Aim::Nowhere => None,
        }
    }

    /// Rides some stretches, walks some, rides again.
    fn change_at_a_stop(&mut self) {
        self.n_left = self.n_left.saturating_sub(1);
        if self.n_left == 0 {
            self.on_bus = !self.on_bus;
            let (least, most) = if self.on_bus { (5, 15) } else { (2, 8) };
            self.n_left = least + self.chance.below(most - least as usize) as u8;
        }
    }

    /// Goes along the street from a share of it on: to the next store that is wanted, or to its end.
    fn along(&mut self, town: &Town, from_share: f32) {
        let (a, b) = town.streets.ends()[self.stretch as usize];
        let forth = b == self.towards;
        let length_m = town.streets.at(a).distance_m(town.streets.at(b));
        let (doing, speed_mps) = self.gait(length_m);
        let doors = town.doors.on(self.stretch);
        for i in 0..doors.len() {
            let door = if forth { doors[i] } else { doors[doors.len() - 1 - i] };
            let share = if forth { door.share } else { 1.0 - door.share };
            if from_share < share && self.wants(door.store) {
                let at = town.stores[door.store.slot()].door;
                return self.go(at, doing, speed_mps, Next::Door(door.store));
            }
        }
        self.go(town.streets.at(self.towards), doing, speed_mps, Next::Corner);
    }

    /// By what one goes along a street, and how fast this time.
    fn gait(&mut self, length_m: f64) -> (Doing, f64) {
        let vary = self.chance.between(0.9, 1.1);
        if WALK_MAX_M < length_m {
            return (Doing::Driving, 20.0 * vary);
        }
        match self.habit {
            Habit::Passer
            | Habit::Shopper
            | Habit::Forgetful
            | Habit::MallVisitor
            | Habit::Loyal
            | Habit::NightOwl => (Doing::Walking, f64::from(self.pace_mps) * vary),
            Habit::BusRider if !self.on_bus => (Doing::Walking, f64::from(self.pace_mps) * vary),
            Habit::BusRider => (Doing::Driving, 9.0 * vary),
            Habit::Courier => (Doing::Riding, 5.0 * vary),
            Habit::Driver | Habit::Commuter => (Doing::Driving, 11.0 * vary),
        }
    }

    fn wants(&mut self, store: StoreNo) -> bool {
        if store == self.haunt && self.aim != Aim::Nowhere {
            return self.aim == Aim::Haunt;
        }
        let once_in = manner(self.habit).stops_once_in;
        !self.on_bus && 0.0 < once_in && self.chance.once_in(once_in)
    }
}
