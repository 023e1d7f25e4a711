//! A diary: the days of a life, one at a time.

use model::{Millis, Timestamp};

use super::Persona;
use super::life::seconds;
use super::neighbourhood::{Settled, Stop};
use crate::chance::Chance;
use crate::{DAY, Point};

/// What somebody is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Being {
    Asleep,
    Awake,
    /// Awake, with the merchant's app open.
    InApp,
}

/// A stretch of a day along a straight line, or on one spot.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub(super) begins_at: Timestamp,
    pub(super) ends_at: Timestamp,
    from: Point,
    to: Point,
    pub(super) being: Being,
}

impl Stretch {
    pub(super) fn place(&self, at: Timestamp) -> Point {
        let (done_ms, all_ms) = (at.since(self.begins_at).ms(), self.ends_at.since(self.begins_at).ms());
        if all_ms <= 0 || !self.moves() {
            return self.to;
        }
        self.from.towards(self.to, (done_ms as f64 / all_ms as f64).clamp(0.0, 1.0))
    }

    pub(super) fn moves(&self) -> bool {
        self.from != self.to
    }

    pub(super) fn speed_mps(&self) -> f64 {
        let ms = self.ends_at.since(self.begins_at).ms();
        if ms <= 0 || !self.moves() { 0.0 } else { self.from.distance_m(self.to) * 1_000.0 / ms as f64 }
    }
}

/// The day that somebody is living, and how they live all of them.
pub(super) struct Diary {
    name: [u64; 3],
    persona: Persona,
    ways: Ways,
    stops: Vec<Stop>,
    home: Point,
    work: Point,
    midnight_at: Timestamp,
    /// The day's number, from 0, and its stretches; together they leave no gap.
    day: i64,
    stretches: Vec<Stretch>,
    here: usize,
}

/// What is always the same about somebody.
struct Ways {
    pace_mps: f64,
    /// Minutes after midnight.
    rises: f64,
    retires: f64,
    goes_to_work: f64,
    has_job: bool,
    /// Of the crowd: errands in a week.
    n_errands: f64,
    /// Of so many visits the app is open in one.
    opens_app_once_in: f64,
}

impl Ways {
    fn drawn(chance: &mut Chance) -> Self {
        Self {
            pace_mps: chance.between(1.1, 1.45),
            rises: chance.between(375.0, 435.0),
            retires: chance.between(1_340.0, 1_400.0),
            goes_to_work: chance.between(460.0, 565.0),
            has_job: chance.unit() < 0.6,
            n_errands: chance.between(1.0, 9.0).min(chance.between(1.0, 9.0)),
            opens_app_once_in: chance.between(6.0, 20.0),
        }
    }
}

/// Further than this nobody walks.
const WALK_MAX_M: f64 = 1_200.0;
const DRIVE_MPS: f64 = 9.0;
const RIDE_MPS: f64 = 5.0;

impl Diary {
    pub(super) fn begin(name: [u64; 3], persona: Persona, settled: Settled, chance: &mut Chance) -> Self {
        let Settled { stops, home, work, midnight_at, .. } = settled;
        let ways = Ways::drawn(chance);
        let stops = if persona == Persona::Courier { round_trip(stops) } else { stops };
        let (day, stretches, here) = (-1, Vec::with_capacity(96), 0);
        let mut diary = Self { name, persona, ways, stops, home, work, midnight_at, day, stretches, here };
        diary.next_day();
        diary
    }

    /// The stretch that the diary is turned to.
    pub(super) fn stretch(&self) -> &Stretch {
        &self.stretches[self.here]
    }

    /// Goes on to the stretch that holds an instant; instants ascend.
    pub(super) fn turn_to(&mut self, at: Timestamp) {
        while self.stretches[self.here].ends_at <= at {
            self.here += 1;
            if self.here == self.stretches.len() {
                self.next_day();
            }
        }
    }

    fn next_day(&mut self) {
        self.day += 1;
        self.here = 0;
        let [seed, kind, no] = self.name;
        let chance = Chance::of(&[seed, kind, no, self.day.cast_unsigned()]);
        let begins_at = self.midnight_at + Millis::new(self.day * DAY.ms());
        let mut stretches = std::mem::take(&mut self.stretches);
        stretches.clear();
        let here = if self.works_at_night(self.day - 1) { self.night_work() } else { self.home };
        let mut page = Page { diary: self, chance, stretches, begins_at, here };
        page.live();
        page.close();
        self.stretches = page.stretches;
    }

    /// Monday is 0 when the first midnight is one of a Monday.
    const fn weekday(&self) -> i64 {
        self.day.rem_euclid(7)
    }

    fn works_at_night(&self, day: i64) -> bool {
        self.persona == Persona::NightWorker && day.rem_euclid(7) < 5
    }

    /// Night workers work in a fence.
    fn night_work(&self) -> Point {
        self.stops.last().expect("a life has a place").spot
    }
}

/// A day while it is planned.
struct Page<'a> {
    diary: &'a Diary,
    chance: Chance,
    stretches: Vec<Stretch>,
    begins_at: Timestamp,
    here: Point,
}

impl Page<'_> {
    fn live(&mut self) {
        let ways = &self.diary.ways;
        let (rises, retires) = (ways.rises, ways.retires);
        if self.diary.persona == Persona::NightWorker {
            return self.live_by_night();
        }
        self.stay_until(rises, 15.0, Being::Asleep);
        match self.diary.persona {
            Persona::Commuter => self.commute(),
            Persona::MallGoer => self.go_to_the_mall(),
            Persona::Loyal => self.be_loyal(),
            Persona::Courier => self.deliver(),
            Persona::NightWorker => {}
            Persona::Neighbour => self.be_anybody(),
        }
        self.go(self.diary.home);
        self.stay_until(retires, 20.0, Being::Awake);
    }

    fn commute(&mut self) {
        if 5 <= self.diary.weekday() {
            return;
        }
        let out = self.diary.ways.goes_to_work + self.about(8.0);
        self.stay_until(out, 0.0, Being::Awake);
        let past: Vec<Point> = self.diary.stops.iter().map(|stop| stop.spot).collect();
        past.iter().for_each(|spot| self.walk_past(*spot));
        self.go(self.diary.work);
        self.stay_until(out + 520.0, 20.0, Being::Awake);
        past.iter().rev().for_each(|spot| self.walk_past(*spot));
    }

    fn go_to_the_mall(&mut self) {
        let weekday = self.diary.weekday();
        if weekday < 5 {
            return self.go_to_the_office();
        }
        if weekday == 5 {
            let begins = self.chance.between(720.0, 900.0);
            self.stay_until(begins, 0.0, Being::Awake);
            for no in 0..self.diary.stops.len() {
                let minutes = self.chance.between(10.0, 14.0);
                self.visit(no, minutes);
            }
        }
    }

    /// On three days of a week, which are others in every week.
    fn be_loyal(&mut self) {
        let [seed, _, no] = self.diary.name;
        let (week, weekday) = (self.diary.day.div_euclid(7), self.diary.weekday());
        let mut days = [0, 1, 2, 3, 4, 5, 6];
        Chance::of(&[seed, 22, no, week.cast_unsigned()]).shuffle(&mut days);
        if days[..3].contains(&weekday) {
            let begins = self.chance.between(600.0, 1_080.0);
            self.stay_until(begins, 0.0, Being::Awake);
            let minutes = self.chance.between(12.0, 35.0);
            self.visit(0, minutes);
        } else if weekday < 5 {
            self.go_to_the_office();
        }
    }

    fn deliver(&mut self) {
        if self.diary.weekday() == 6 {
            return;
        }
        let begins = 555.0 + self.about(20.0);
        self.stay_until(begins, 0.0, Being::Awake);
        let n_stops = self.diary.stops.len();
        let first = self.chance.below(n_stops);
        for turn in 0..self.diary.persona.n_places_wanted().max(n_stops) {
            let stop = self.diary.stops[(first + turn) % n_stops];
            self.ride(stop.spot);
            let minutes = self.chance.between(1.5, 6.0);
            self.stay(minutes, Being::Awake);
            if turn == 20 {
                self.ride(self.diary.work);
                self.stay(40.0, Being::Awake);
            }
        }
    }

    fn live_by_night(&mut self) {
        let diary = self.diary;
        if diary.works_at_night(diary.day - 1) {
            self.stay_until(360.0, 10.0, Being::Awake);
            let minutes = self.chance.between(8.0, 15.0);
            self.visit(0, minutes);
            self.go(diary.home);
        }
        self.stay_until(510.0, 10.0, Being::Awake);
        self.stay_until(930.0, 20.0, Being::Asleep);
        self.stay_until(1_224.0, 6.0, Being::Awake);
        if diary.works_at_night(diary.day) {
            let minutes = self.chance.between(8.0, 15.0);
            self.visit(1.min(diary.stops.len() - 1), minutes);
            self.go(diary.night_work());
        }
    }

    fn be_anybody(&mut self) {
        let is_weekend = 5 <= self.diary.weekday();
        let errands = self.diary.ways.n_errands / 7.0;
        if self.diary.ways.has_job && !is_weekend {
            self.go_to_the_office();
        } else {
            let begins = self.chance.between(570.0, 1_000.0);
            self.stay_until(begins, 0.0, Being::Awake);
        }
        if self.chance.unit() < 0.3 {
            let no = self.chance.below(self.diary.stops.len());
            self.walk_past(self.diary.stops[no].spot);
        }
        if self.chance.unit() < errands * if is_weekend { 1.4 } else { 0.85 } {
            for _ in 0..1 + self.chance.below(3) {
                let no = self.any_stop();
                let minutes = self.chance.between(2.0, 40.0).min(self.chance.between(2.0, 40.0));
                self.visit(no, minutes);
            }
        }
    }

    /// The nearest ones are seen most often.
    fn any_stop(&mut self) -> usize {
        let n_stops = self.diary.stops.len();
        self.chance.below(n_stops).min(self.chance.below(n_stops))
    }

    fn go_to_the_office(&mut self) {
        let out = self.diary.ways.goes_to_work + self.about(10.0);
        self.stay_until(out, 0.0, Being::Awake);
        self.go(self.diary.work);
        self.stay_until(out + 490.0, 30.0, Being::Awake);
    }

    fn visit(&mut self, no: usize, minutes: f64) {
        self.go(self.diary.stops[no].spot);
        let opens_app = self.chance.once_in(self.diary.ways.opens_app_once_in);
        self.stay(minutes, if opens_app { Being::InApp } else { Being::Awake });
    }

    /// Past a place, some metres to its side, and on until it is well behind.
    fn walk_past(&mut self, spot: Point) {
        let (east_m, north_m) = (self.about(15.0), self.about(15.0));
        let aside = spot.moved(east_m, north_m);
        self.walk(aside);
    }

    fn go(&mut self, to: Point) {
        if self.here.distance_m(to) <= WALK_MAX_M { self.walk(to) } else { self.travel(to, DRIVE_MPS) }
    }

    fn walk(&mut self, to: Point) {
        self.travel(to, self.diary.ways.pace_mps);
    }

    fn ride(&mut self, to: Point) {
        self.travel(to, RIDE_MPS);
    }

    fn travel(&mut self, to: Point, speed_mps: f64) {
        let vary = self.chance.between(0.93, 1.07);
        let lasts = seconds(self.here.distance_m(to) / (speed_mps * vary));
        self.add(self.here, to, lasts, Being::Awake);
        self.here = to;
    }

    fn stay(&mut self, minutes: f64, being: Being) {
        self.add(self.here, self.here, seconds(minutes * 60.0), being);
    }

    /// Until a minute of the day, give or take some; not at all when that is over.
    fn stay_until(&mut self, minute: f64, give_or_take: f64, being: Being) {
        let until = self.begins_at + seconds((minute + self.about(give_or_take)) * 60.0);
        self.add(self.here, self.here, until.since(self.now()), being);
    }

    fn add(&mut self, from: Point, to: Point, lasts: Millis, being: Being) {
        if Millis::ZERO < lasts {
            let begins_at = self.now();
            self.stretches.push(Stretch { begins_at, ends_at: begins_at + lasts, from, to, being });
        }
    }

    fn now(&self) -> Timestamp {
        self.stretches.last().map_or(self.begins_at, |stretch| stretch.ends_at)
    }

    /// So many minutes more or less.
    fn about(&mut self, minutes: f64) -> f64 {
        self.chance.between(-minutes, minutes)
    }

    /// Fills the day up to midnight, and cuts what goes beyond it.
    fn close(&mut self) {
        let being = match self.diary.persona {
            Persona::NightWorker => Being::Awake,
            Persona::Commuter
            | Persona::MallGoer
            | Persona::Loyal
            | Persona::Courier
            | Persona::Neighbour => Being::Asleep,
        };
        self.stay_until(24.0 * 60.0, 0.0, being);
        let ends_at = self.begins_at + DAY;
        self.stretches.retain(|stretch| stretch.begins_at < ends_at);
        let last = self.stretches.last_mut().expect("a day has a stretch");
        if ends_at < last.ends_at {
            last.to = last.place(ends_at);
            last.ends_at = ends_at;
        }
    }
}

/// The same stops in the order in which they lie round their middle.
fn round_trip(mut stops: Vec<Stop>) -> Vec<Stop> {
    let n = stops.len() as f64;
    let sum = |along: fn(&Point) -> f64| stops.iter().map(|stop| along(&stop.spot)).sum::<f64>() / n;
    let (x_m, y_m) = (sum(|spot| spot.x_m), sum(|spot| spot.y_m));
    // Quarters first, then the slope within each: an order by angle without an arctangent.
    let turn = |stop: &Stop| {
        let (x, y) = (stop.spot.x_m - x_m, stop.spot.y_m - y_m);
        let (quarter, rise) = match (0.0 <= x, 0.0 <= y) {
            (true, true) => (0.0, y / (x + y).max(1e-9)),
            (false, true) => (1.0, -x / (y - x).max(1e-9)),
            (false, false) => (2.0, y / (x + y).min(-1e-9)),
            (true, false) => (3.0, x / (x - y).max(1e-9)),
        };
        quarter + rise
    };
    stops.sort_by(|a, b| turn(a).total_cmp(&turn(b)).then(a.place.cmp(&b.place)));
    stops
}
