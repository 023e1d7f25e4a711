//! The people: their habits, their phones, and what they agreed to.

use model::{CustomerId, DeviceId};

use crate::chance::Chance;
use crate::grid::Grid;
use crate::plane::Bounds;
use crate::stores::Store;
use crate::streets::{Crossing, Streets};
use crate::{Plan, Point};

/// A person of a town, by their place in [`crate::Town::people`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonNo(pub u32);

impl PersonNo {
    /// For indexing.
    #[must_use]
    pub const fn slot(self) -> usize {
        self.0 as usize
    }
}

/// How a person spends their days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Habit {
    /// Walks past stores and never stays.
    Passer,
    /// Walks to a store or two and stays 4 to 20 minutes in each.
    Shopper,
    /// Shops, walks on, and comes back to the same store.
    Forgetful,
    /// Drives across town.
    Driver,
    /// Cycles from store to store all day and stays a minute in each.
    Courier,
    /// Sleeps by day, and works in a store at night.
    NightOwl,
    /// Drives to work in a store, stays for hours, has a coffee on the way, drives home.
    Commuter,
    /// Walks to where stores lie close together and goes from one to the next.
    MallVisitor,
    /// Walks to one and the same store again and again.
    Loyal,
    /// Rides a bus past many stores, walks a little, rides on.
    BusRider,
}

impl Habit {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Passer,
        Self::Shopper,
        Self::Forgetful,
        Self::Driver,
        Self::Courier,
        Self::NightOwl,
        Self::Commuter,
        Self::MallVisitor,
        Self::Loyal,
        Self::BusRider,
    ];

    /// Of twenty people in a small town.
    pub const SMALL_TOWN: [Self; 20] = [
        Self::Passer,
        Self::Shopper,
        Self::Driver,
        Self::Shopper,
        Self::Passer,
        Self::Courier,
        Self::Shopper,
        Self::Forgetful,
        Self::Passer,
        Self::Shopper,
        Self::Driver,
        Self::Passer,
        Self::Passer,
        Self::Forgetful,
        Self::Shopper,
        Self::Courier,
        Self::Driver,
        Self::Passer,
        Self::NightOwl,
        Self::Passer,
    ];

    /// Of twenty people in a city.
    pub const CITY: [Self; 20] = [
        Self::Passer,
        Self::Commuter,
        Self::Shopper,
        Self::BusRider,
        Self::MallVisitor,
        Self::Courier,
        Self::Passer,
        Self::Loyal,
        Self::Commuter,
        Self::Shopper,
        Self::Driver,
        Self::Passer,
        Self::MallVisitor,
        Self::BusRider,
        Self::Shopper,
        Self::Courier,
        Self::Passer,
        Self::Commuter,
        Self::Loyal,
        Self::NightOwl,
    ];

    /// The habit in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passer => "passer",
            Self::Shopper => "shopper",
            Self::Forgetful => "forgetful",
            Self::Driver => "driver",
            Self::Courier => "courier",
            Self::NightOwl => "night_owl",
            Self::Commuter => "commuter",
            Self::MallVisitor => "mall_visitor",
            Self::Loyal => "loyal",
            Self::BusRider => "bus_rider",
        }
    }
}

/// What a person agreed to with one merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agreement {
    /// Nothing: never asked, or never answered.
    Nothing,
    /// To be seen, not to be spoken to.
    LocationOnly,
    /// To be seen and to get offers.
    Offers,
}

/// A phone, as far as its reports show it.
#[derive(Clone, Copy, Debug)]
pub struct Phone {
    /// Usual time between two fixes when out, in seconds.
    pub interval_s: f64,
    /// Usual error of a fix in the open, in metres along each axis.
    pub sigma_m: f64,
    /// Reports speed.
    pub tells_speed: bool,
    /// Reports that it stands still.
    pub tells_still: bool,
    /// Sends nothing while it stands still, on outings.
    pub sleeps: bool,
}

/// What phones a town's people have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phones {
    /// They report every 10 to 60 s, with an error of 5 to 15 m.
    Lively,
    /// They report every second, every quarter of an hour, or anything between; one in five with
    /// errors of 20 to 50 m. One in four sleeps while it stands still.
    Motley,
}

impl Phones {
    fn hand_out(self, chance: &mut Chance) -> Phone {
        const INTERVALS_S: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 150.0, 300.0, 900.0];
        let phone = Phone {
            interval_s: chance.between(10.0, 60.0).min(chance.between(10.0, 60.0)),
            sigma_m: chance.between(5.0, 15.0).min(chance.between(5.0, 15.0)),
            tells_speed: !chance.once_in(5.0),
            tells_still: chance.once_in(4.0),
            sleeps: false,
        };
        match self {
            Self::Lively => phone,
            Self::Motley => Phone {
                interval_s: INTERVALS_S[chance.below(INTERVALS_S.len())],
                sigma_m: if chance.once_in(5.0) { chance.between(20.0, 50.0) } else { phone.sigma_m },
                sleeps: chance.once_in(4.0),
                ..phone
            },
        }
    }
}

/// A person.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their pseudonym.
    pub customer: CustomerId,
    /// Their phone's name.
    pub device: DeviceId,
    /// What a story may call them.
    pub name: &'static str,
    /// How they live.
    pub habit: Habit,
    /// What they agreed to, by merchant.
    pub agreements: Vec<Agreement>,
    /// Agreed only on the morning of the first day, unlike the others.
    pub agreed_late: bool,
    /// Their phone.
    pub phone: Phone,
    /// Where they live.
    pub(crate) home: Crossing,
    /// How fast they are on foot, in metres a second.
    pub(crate) pace_mps: f64,
}

impl Person {
    /// The most that they agreed to with anybody.
    #[must_use]
    pub fn agreed_most(&self) -> Agreement {
        self.agreements.iter().copied().max().unwrap_or(Agreement::Nothing)
    }
}

const NAMES: [&str; 40] = [
    "Ada", "Ben", "Cora", "Dev", "Edith", "Femi", "Grace", "Hugo", "Ines", "Jonas", "Kemi", "Liam", "Mara",
    "Noah", "Olga", "Priya", "Quinn", "Rosa", "Sam", "Tara", "Umar", "Vera", "Wanda", "Xenia", "Yusuf",
    "Zoe", "Amos", "Bela", "Chloe", "Dario", "Elif", "Farah", "Gus", "Hana", "Ivan", "Jude", "Kira", "Lars",
    "Mina", "Nils",
];

pub(crate) fn settle(plan: &Plan, streets: &Streets, stores: &[Store], grid: &Grid) -> Vec<Person> {
    let homes = homes(streets, stores, grid);
    let person = |no: u32| {
        let mut chance = Chance::of(&[plan.seed, 3, u64::from(no)]);
        let (agreements, agreed_late) = agree(plan.n_merchants as usize, &mut chance);
        Person {
            customer: CustomerId::new(&format!("c{no:06}")).expect("opaque"),
            device: DeviceId::new(&format!("phone-{no:06}")).expect("opaque"),
            name: NAMES[no as usize % NAMES.len()],
            habit: plan.habits[no as usize % plan.habits.len()],
            agreements,
            agreed_late,
            phone: plan.phones.hand_out(&mut chance),
            home: homes[chance.below(homes.len())],
            pace_mps: chance.between(1.1, 1.6),
        }
    };
    (0..plan.n_people).map(person).collect()
}

/// A fifth never agreed to anything, a sixth to location alone, an eighth to some merchants
/// only; of the others a few agreed only this morning.
fn agree(n_merchants: usize, chance: &mut Chance) -> (Vec<Agreement>, bool) {
    let mut agreements = vec![Agreement::Offers; n_merchants];
    let mut late = false;
    match chance.unit() {
        share if share < 0.20 => agreements.fill(Agreement::Nothing),
        share if share < 0.36 => agreements.fill(Agreement::LocationOnly),
        share if share < 0.48 => {
            let (first, second) = (chance.below(n_merchants), chance.below(n_merchants));
            agreements[first] = Agreement::Nothing;
            agreements[second] = Agreement::Nothing;
        }
        share => late = share < 0.55,
    }
    (agreements, late)
}

/// Crossings at which nobody's doorstep is in a fence; all of them in a town too dense for that.
fn homes(streets: &Streets, stores: &[Store], grid: &Grid) -> Vec<Crossing> {
    let all = 0..streets.n_crossings() as Crossing;
    let reach_m = 60.0;
    let around = |at: Point| {
        [(0.0, 0.0), (reach_m, 0.0), (-reach_m, 0.0), (0.0, reach_m), (0.0, -reach_m)]
            .map(|(east_m, north_m)| at.moved(east_m, north_m))
    };
    let quiet = |&no: &Crossing| {
        let points = around(streets.at(no));
        let near = grid.touching(Bounds::about(streets.at(no), reach_m));
        !near.iter().any(|store| points.iter().any(|&point| stores[store.slot()].holds(point)))
    };
    let quiet: Vec<Crossing> = all.clone().filter(quiet).collect();
    if quiet.is_empty() { all.collect() } else { quiet }
}
