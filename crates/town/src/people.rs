//! The people: their habits, their phones, and what they agreed to.

use model::{CustomerId, DeviceId};

use crate::chance::Chance;
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
    /// Sleeps by day, and stays in a store at night.
    NightOwl,
}

impl Habit {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Passer, Self::Shopper, Self::Forgetful, Self::Driver, Self::Courier, Self::NightOwl];

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
    /// Usual time between two fixes when out, 10 to 60 s.
    pub interval_s: f64,
    /// Usual error of a fix in the open, in metres along each axis, 5 to 15.
    pub sigma_m: f64,
    /// Reports speed.
    pub tells_speed: bool,
    /// Reports that it stands still.
    pub tells_still: bool,
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

/// Of any twenty people in a row, so many of each habit.
const HABITS: [Habit; 20] = [
    Habit::Passer,
    Habit::Shopper,
    Habit::Driver,
    Habit::Shopper,
    Habit::Passer,
    Habit::Courier,
    Habit::Shopper,
    Habit::Forgetful,
    Habit::Passer,
    Habit::Shopper,
    Habit::Driver,
    Habit::Passer,
    Habit::Passer,
    Habit::Forgetful,
    Habit::Shopper,
    Habit::Courier,
    Habit::Driver,
    Habit::Passer,
    Habit::NightOwl,
    Habit::Passer,
];

const NAMES: [&str; 40] = [
    "Ada", "Ben", "Cora", "Dev", "Edith", "Femi", "Grace", "Hugo", "Ines", "Jonas", "Kemi", "Liam", "Mara",
    "Noah", "Olga", "Priya", "Quinn", "Rosa", "Sam", "Tara", "Umar", "Vera", "Wanda", "Xenia", "Yusuf",
    "Zoe", "Amos", "Bela", "Chloe", "Dario", "Elif", "Farah", "Gus", "Hana", "Ivan", "Jude", "Kira", "Lars",
    "Mina", "Nils",
];

pub(crate) fn settle(plan: &Plan, streets: &Streets, stores: &[Store]) -> Vec<Person> {
    let homes = homes(streets, stores);
    let person = |no: u32| {
        let mut chance = Chance::of(&[plan.seed, 3, u64::from(no)]);
        let (agreements, agreed_late) = agree(plan.n_merchants as usize, &mut chance);
        Person {
            customer: CustomerId::new(&format!("c{no:06}")).expect("opaque"),
            device: DeviceId::new(&format!("phone-{no:06}")).expect("opaque"),
            name: NAMES[no as usize % NAMES.len()],
            habit: HABITS[no as usize % HABITS.len()],
            agreements,
            agreed_late,
            phone: Phone {
                interval_s: chance.between(10.0, 60.0).min(chance.between(10.0, 60.0)),
                sigma_m: chance.between(5.0, 15.0).min(chance.between(5.0, 15.0)),
                tells_speed: !chance.once_in(5.0),
                tells_still: chance.once_in(4.0),
            },
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
fn homes(streets: &Streets, stores: &[Store]) -> Vec<Crossing> {
    let all = 0..streets.n_crossings() as Crossing;
    let reach_m = 60.0;
    let around = |at: Point| {
        [(0.0, 0.0), (reach_m, 0.0), (-reach_m, 0.0), (0.0, reach_m), (0.0, -reach_m)]
            .map(|(east_m, north_m)| at.moved(east_m, north_m))
    };
    let quiet = |&no: &Crossing| {
        let points = around(streets.at(no));
        !stores.iter().any(|store| points.iter().any(|&point| store.holds(point)))
    };
    let quiet: Vec<Crossing> = all.clone().filter(quiet).collect();
    if quiet.is_empty() { all.collect() } else { quiet }
}
