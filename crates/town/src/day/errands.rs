//! What people do all day, by habit.

use model::{Millis, Timestamp};

use super::{Doing, Place, Planner};
use crate::{Habit, StoreNo};

/// Whoever sets out by then is home by midnight.
const LAST_OUT: Millis = Millis::from_mins(20 * 60 + 30);

impl Planner<'_> {
    pub(super) fn live(&mut self, midnight_at: Timestamp) {
        let last_out_at = midnight_at + LAST_OUT;
        match self.person.habit {
            Habit::Passer => {
                let mut out_at = self.first_out(midnight_at, (-25.0, 10.0));
                for _ in 0..1 + self.chance.below(3) {
                    self.stroll(out_at);
                    out_at = self.now() + self.minutes(40.0, 150.0);
                    if last_out_at < out_at {
                        break;
                    }
                }
            }
            Habit::Shopper => {
                let mut out_at = self.first_out(midnight_at, (-7.0, 15.0));
                for _ in 0..1 + self.chance.below(2) {
                    self.shop(out_at);
                    out_at = self.now() + self.minutes(90.0, 240.0);
                    if last_out_at < out_at {
                        break;
                    }
                }
            }
            Habit::Forgetful => {
                let out_at = midnight_at + self.town.plan.peak + self.minutes(-8.0, 3.0);
                self.shop_twice(out_at);
            }
            Habit::Driver => {
                let mut out_at = self.first_out(midnight_at, (-20.0, 20.0));
                for _ in 0..2 + self.chance.below(4) {
                    self.drive(out_at);
                    out_at = self.now() + self.minutes(15.0, 120.0);
                    if last_out_at < out_at {
                        break;
                    }
                }
            }
            Habit::Courier => {
                let begins_at = midnight_at + self.minutes(8.5 * 60.0, 10.0 * 60.0);
                self.deliver(begins_at, midnight_at + Millis::from_hours(17));
            }
            Habit::NightOwl => self.work_at_night(midnight_at),
            Habit::Commuter => self.commute(midnight_at),
            Habit::MallVisitor => {
                let out_at = self.first_out(midnight_at, (-7.0, 15.0));
                self.visit_a_mall(out_at);
            }
            Habit::Loyal => {
                let mut out_at = self.first_out(midnight_at, (-10.0, 10.0));
                while out_at < last_out_at {
                    self.call_on(self.town.haunt(self.no), out_at);
                    out_at = self.now() + self.minutes(120.0, 300.0);
                }
            }
            Habit::BusRider => {
                let mut out_at = self.first_out(midnight_at, (-20.0, 20.0));
                for _ in 0..2 {
                    self.ride_and_walk(out_at);
                    out_at = self.now() + self.minutes(60.0, 240.0);
                    if last_out_at < out_at {
                        break;
                    }
                }
            }
        }
    }

    /// Three in five set out around the peak, within these minutes; the others at any time
    /// between 9 and 18.
    fn first_out(&mut self, midnight_at: Timestamp, (from, to): (f64, f64)) -> Timestamp {
        if self.chance.unit() < 0.6 {
            midnight_at + self.town.plan.peak + self.minutes(from, to)
        } else {
            midnight_at + self.minutes(9.0 * 60.0, 18.0 * 60.0)
        }
    }

    /// A loop past a few crossings and home again.
    fn stroll(&mut self, out_at: Timestamp) {
        let pace_mps = self.person.pace_mps;
        self.leave_home(out_at);
        for _ in 0..2 + self.chance.below(3) {
            let crossing = self.crossing_on_foot();
            self.go(Place::Crossing(crossing), Doing::Walking, pace_mps);
        }
        self.go(Place::Crossing(self.person.home), Doing::Walking, pace_mps);
    }

    fn shop(&mut self, out_at: Timestamp) {
        let pace_mps = self.person.pace_mps;
        self.leave_home(out_at);
        for _ in 0..1 + self.chance.below(3) {
            let store = self.near_store();
            self.go(Place::Store(store), Doing::Walking, pace_mps);
            let stay = self.minutes(4.0, 20.0).min(self.minutes(4.0, 20.0));
            self.stay(stay, store);
        }
        self.go(Place::Crossing(self.person.home), Doing::Walking, pace_mps);
    }

    fn shop_twice(&mut self, out_at: Timestamp) {
        let pace_mps = self.person.pace_mps;
        self.leave_home(out_at);
        let store = self.near_store();
        self.go(Place::Store(store), Doing::Walking, pace_mps);
        let first = self.minutes(4.0, 6.0);
        self.stay(first, store);
        let away = self.crossing_away_from(store);
        self.go(Place::Crossing(away), Doing::Walking, pace_mps);
        self.go(Place::Store(store), Doing::Walking, pace_mps);
        let second = self.minutes(5.0, 9.0);
        self.stay(second, store);
        self.go(Place::Crossing(self.person.home), Doing::Walking, pace_mps);
    }

    fn drive(&mut self, out_at: Timestamp) {
        self.leave_home(out_at);
        for _ in 0..1 + self.chance.below(3) {
            let (crossing, speed_mps) = (self.any_crossing(), self.chance.between(8.0, 13.0));
            self.go(Place::Crossing(crossing), Doing::Driving, speed_mps);
        }
        let speed_mps = self.chance.between(8.0, 13.0);
        self.go(Place::Crossing(self.person.home), Doing::Driving, speed_mps);
    }

    fn deliver(&mut self, begins_at: Timestamp, until: Timestamp) {
        self.leave_home(begins_at);
        let speed_mps = self.chance.between(4.0, 6.0);
        while self.now() < until {
            let store = StoreNo(self.chance.below(self.town.stores.len()) as u32);
            self.go(Place::Store(store), Doing::Riding, speed_mps);
            let stay = self.minutes(0.5, 1.5);
            self.stay(stay, store);
        }
        self.go(Place::Crossing(self.person.home), Doing::Riding, speed_mps);
    }

    fn work_at_night(&mut self, midnight_at: Timestamp) {
        let pace_mps = self.person.pace_mps;
        let out_at = midnight_at + self.minutes(30.0, 60.0);
        self.leave_home(out_at);
        let store = self.near_store();
        self.go(Place::Store(store), Doing::Walking, pace_mps);
        let stay = self.minutes(240.0, 300.0);
        self.stay(stay, store);
        self.go(Place::Crossing(self.person.home), Doing::Walking, pace_mps);
    }

    /// Drives to work with a stop for a coffee, stays for half the day, and drives home.
    fn commute(&mut self, midnight_at: Timestamp) {
        let out_at = midnight_at + self.minutes(6.5 * 60.0, 8.5 * 60.0);
        let speed_mps = self.chance.between(8.0, 13.0);
        self.leave_home(out_at);
        if self.chance.once_in(3.0) {
            let coffee = self.near_store();
            self.go(Place::Store(coffee), Doing::Driving, speed_mps);
            let wait = self.minutes(1.0, 3.0);
            self.stay(wait, coffee);
        }
        let work = self.town.haunt(self.no);
        self.go(Place::Store(work), Doing::Driving, speed_mps);
        let stay = self.minutes(7.0 * 60.0, 9.0 * 60.0);
        self.stay(stay, work);
        self.go(Place::Crossing(self.person.home), Doing::Driving, speed_mps);
    }

    /// From store to store, where each is the next one to the last.
    fn visit_a_mall(&mut self, out_at: Timestamp) {
        let pace_mps = self.person.pace_mps;
        self.leave_home(out_at);
        for _ in 0..3 + self.chance.below(4) {
            let store = self.near_store();
            self.go(Place::Store(store), Doing::Walking, pace_mps);
            let stay = self.minutes(1.0, 40.0).min(self.minutes(1.0, 40.0));
            self.stay(stay, store);
        }
        self.go(Place::Crossing(self.person.home), Doing::Walking, pace_mps);
    }

    fn call_on(&mut self, store: StoreNo, out_at: Timestamp) {
        let pace_mps = self.person.pace_mps;
        self.leave_home(out_at);
        self.go(Place::Store(store), Doing::Walking, pace_mps);
        let stay = self.minutes(4.0, 40.0).min(self.minutes(4.0, 40.0));
        self.stay(stay, store);
        self.go(Place::Crossing(self.person.home), Doing::Walking, pace_mps);
    }

    /// By bus across town and on foot into a store; and back.
    fn ride_and_walk(&mut self, out_at: Timestamp) {
        let (pace_mps, speed_mps) = (self.person.pace_mps, self.chance.between(7.0, 11.0));
        self.leave_home(out_at);
        let stop = self.any_crossing();
        self.go(Place::Crossing(stop), Doing::Driving, speed_mps);
        let store = self.near_store();
        self.go(Place::Store(store), Doing::Walking, pace_mps);
        let stay = self.minutes(1.0, 20.0).min(self.minutes(1.0, 20.0));
        self.stay(stay, store);
        self.go(Place::Crossing(stop), Doing::Walking, pace_mps);
        self.go(Place::Crossing(self.person.home), Doing::Driving, speed_mps);
    }
}
