//! A seeded town: streets, stores with fences, and people whose phones report where they are.
//!
//! The same plan gives the same town and the same reports, to the byte, in every process.
//! Nothing here is clever about the earth: the town is laid out on a plane that touches it,
//! which is all that a generator needs and more than a judge of positions may use.
//!
//! ```
//! use town::{Plan, Town};
//!
//! let town = Town::build(&Plan::default()).expect("the default plan is sound");
//! let from = town.midnight_at() + model::Millis::from_hours(10);
//! let reports = town.reports(from, from + model::Millis::from_mins(1));
//! assert!(reports.count() > 10);
//! ```

mod around;
mod chance;
mod crowd;
mod day;
mod doors;
mod grid;
mod lives;
mod noise;
mod outing;
mod people;
mod plan;
mod plane;
mod pocket;
mod report;
mod sites;
mod stores;
mod streets;
mod troubles;
mod visits;
mod walk;
mod wish;

use day::Day;
use doors::Doors;
use grid::Grid;
use streets::Streets;

pub use around::Site;
pub use chance::Chance;
pub use crowd::{Crowd, Spot};
pub use day::Doing;
pub use lives::{Cast, CastFlaw, Casting, Life, MadeUp, Persona, Place, made_up};
pub use outing::Outing;
pub use people::{Agreement, Habit, Person, PersonNo, Phone, Phones};
pub use plan::{Plan, PlanFlaw};
pub use plane::{Plane, Point};
pub use report::{Report, Reports};
pub use stores::{Merchant, Shape, Store, StoreNo};
pub use troubles::Troubles;
pub use visits::TruthVisit;
pub use wish::{Opinion, Want, Wish};

use model::{Millis, Timestamp};

/// Streets, stores and people, built once from a [`Plan`].
pub struct Town {
    plan: Plan,
    plane: Plane,
    streets: Streets,
    merchants: Vec<Merchant>,
    stores: Vec<Store>,
    /// Which stores are near a place.
    grid: Grid,
    doors: Doors,
    people: Vec<Person>,
}

impl Town {
    /// Builds the town of a plan.
    ///
    /// # Errors
    /// What is wrong with the plan.
    pub fn build(plan: &Plan) -> Result<Self, PlanFlaw> {
        plan.check()?;
        let plane = Plane::at(plan.centre);
        let streets = Streets::lay(plan, &mut Chance::of(&[plan.seed, 1]));
        let merchants = stores::merchants(plan.n_merchants);
        let stores = sites::open(plan, &streets, &merchants, plane, &mut Chance::of(&[plan.seed, 2]));
        Ok(Self::settled(plan, plane, streets, merchants, stores))
    }

    /// The town when everything but its people is there.
    fn settled(
        plan: &Plan,
        plane: Plane,
        streets: Streets,
        merchants: Vec<Merchant>,
        stores: Vec<Store>,
    ) -> Self {
        let grid = Grid::of(&stores);
        let doors = Doors::of(&streets, &stores);
        let people = people::settle(plan, &streets, &stores, &grid);
        Self { plan: plan.clone(), plane, streets, merchants, stores, grid, doors, people }
    }

    /// The first midnight that the town's calendar knows; each day is 24 hours from there.
    #[must_use]
    pub const fn midnight_at(&self) -> Timestamp {
        self.plan.midnight_at
    }

    /// The plane that the town is laid out on.
    #[must_use]
    pub const fn plane(&self) -> Plane {
        self.plane
    }

    /// Half its width and half its height, in metres from the centre.
    #[must_use]
    pub const fn half_size_m(&self) -> (f64, f64) {
        self.plan.half_size_m()
    }

    /// The time zone on the town's clocks.
    #[must_use]
    pub fn tz(&self) -> &str {
        &self.plan.tz
    }

    /// Who keeps stores here.
    #[must_use]
    pub fn merchants(&self) -> &[Merchant] {
        &self.merchants
    }

    /// The stores, ascending by id; a store's [`StoreNo`] is its place here.
    #[must_use]
    pub fn stores(&self) -> &[Store] {
        &self.stores
    }

    /// The people; a person's [`PersonNo`] is their place here.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Every stretch of street between two crossings, for drawing.
    pub fn street_stretches(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        self.streets.stretches()
    }

    /// What the phones report from `from` until before `to`, ascending by the time they send.
    ///
    /// Streams: holds one day of each person and the few reports under way. Two spans that
    /// touch give together what the span over both gives.
    #[must_use]
    pub fn reports(&self, from: Timestamp, to: Timestamp) -> Reports<'_> {
        Reports::new(self, 0..self.people.len() as u32, from, to)
    }

    /// The same of one person.
    #[must_use]
    pub fn reports_of(&self, person: PersonNo, from: Timestamp, to: Timestamp) -> Reports<'_> {
        Reports::new(self, person.0..person.0 + 1, from, to)
    }

    /// Whose pseudonym this is.
    #[must_use]
    pub fn person_no(&self, customer: &str) -> Option<PersonNo> {
        let found = self.people.binary_search_by(|person| person.customer.as_str().cmp(customer));
        found.ok().map(|no| PersonNo(no as u32))
    }

    /// Which store's fence this is.
    #[must_use]
    pub fn store_no(&self, fence: &str) -> Option<StoreNo> {
        let found = self.stores.binary_search_by(|store| store.id.as_str().cmp(fence));
        found.ok().map(|no| StoreNo(no as u32))
    }

    /// Where everybody truly is, asked at ascending times.
    #[must_use]
    pub fn crowd(&self) -> Crowd<'_> {
        Crowd::new(self)
    }

    /// Who truly was inside which fence and how long, cut to the span; by person, then by time.
    pub fn truth_visits(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = TruthVisit> + '_ {
        let people = 0..self.people.len() as u32;
        people.flat_map(move |no| self.truth_visits_of(PersonNo(no), from, to))
    }

    /// The same of one person.
    #[must_use]
    pub fn truth_visits_of(&self, person: PersonNo, from: Timestamp, to: Timestamp) -> Vec<TruthVisit> {
        let days = self.day_of(from)..=self.day_of(to - Millis::new(1));
        let legs = days.flat_map(|day_no| self.day(person, day_no).legs);
        visits::along(self, person, legs, (from, to))
    }

    /// The number of the day that holds an instant.
    fn day_of(&self, at: Timestamp) -> i64 {
        at.since(self.plan.midnight_at).ms().div_euclid(DAY.ms())
    }

    fn day(&self, person: PersonNo, day: i64) -> Day {
        Day::plan(self, person, day)
    }

    /// The store that a person works in, or likes best: near home, or a few blocks off for who works.
    fn haunt(&self, no: PersonNo) -> StoreNo {
        let person = self.person(no);
        let mut chance = Chance::of(&[self.plan.seed, 10, u64::from(no.0)]);
        let here = match person.habit {
            Habit::Commuter | Habit::NightOwl => self.streets.any_near(person.home, &mut chance),
            Habit::Passer
            | Habit::Shopper
            | Habit::Forgetful
            | Habit::Driver
            | Habit::Courier
            | Habit::MallVisitor
            | Habit::Loyal
            | Habit::BusRider => person.home,
        };
        let near = self.grid.nearest(&self.stores, self.streets.at(here), 6);
        near[chance.below(near.len())]
    }

    fn person(&self, person: PersonNo) -> &Person {
        &self.people[person.slot()]
    }
}

const DAY: Millis = Millis::from_days(1);

#[cfg(test)]
mod tests;
