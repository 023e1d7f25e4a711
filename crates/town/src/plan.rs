//! What a town is built from.

use model::{Meters, Millis, Position, Timestamp};

use crate::{Habit, Phones};

/// A town before it is built.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Chance.
    pub seed: u64,
    /// How many people live here, at most [`Plan::N_PEOPLE_MAX`].
    pub n_people: u32,
    /// How many stores there are, from 6 to [`Plan::N_STORES_MAX`] as far as the streets have room.
    pub n_stores: u32,
    /// How many merchants keep them, from 1 to 6.
    pub n_merchants: u32,
    /// The middle, within 75 degrees of the equator and a degree off the antimeridian.
    pub centre: Position,
    /// East to west, 1 to 150 km; north to south is four fifths of it.
    pub width: Meters,
    /// The radii of fences that are circles, the least and the most, 10 to 500 m; most are small.
    pub radius: (Meters, Meters),
    /// Of so many stores the fence of one follows walls; without, none but the arcades' do.
    pub walled_once_in: Option<u32>,
    /// The habits of that many people in a row; the next begin anew.
    pub habits: Box<[Habit]>,
    /// Their phones.
    pub phones: Phones,
    /// The IANA name of the zone on its clocks.
    pub tz: Box<str>,
    /// A midnight by those clocks: the first day starts here, and each day has 24 hours.
    pub midnight_at: Timestamp,
    /// The time of day when most people set out.
    pub peak: Millis,
}

/// What is wrong with a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanFlaw {
    /// No people, or too many.
    People,
    /// Too few stores, or too many.
    Stores,
    /// Too few merchants, or too many.
    Merchants,
    /// The centre is too near to a pole or to the antimeridian.
    Centre,
    /// Too narrow, or too wide.
    Width,
    /// The radii are too small, too large, or the wrong way round.
    Radius,
    /// There is no habit to live by.
    Habits,
    /// The peak is not within a day.
    Peak,
}

impl PlanFlaw {
    /// The flaw as a sentence.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::People => "a town has 1 to 1,000,000 people",
            Self::Stores => "a town has 6 to 100,000 stores",
            Self::Merchants => "a town has 1 to 6 merchants",
            Self::Centre => {
                "a town lies within 75 degrees of the equator and not within a degree of the antimeridian"
            }
            Self::Width => "a town is 1 to 150 km wide",
            Self::Radius => "fences have radii of 10 to 500 m, the least before the most",
            Self::Habits => "people have at least one habit",
            Self::Peak => "the peak lies within a day",
        }
    }
}

impl Plan {
    /// Each costs a few hundred bytes while reports are read.
    pub const N_PEOPLE_MAX: u32 = 1_000_000;

    /// Fence numbers have room for far more, but nobody has yet asked for them.
    pub const N_STORES_MAX: u32 = 100_000;

    /// What counts where stores and streets are there already.
    pub(crate) fn check_people(&self) -> Result<(), PlanFlaw> {
        let checks = [
            ((1..=Self::N_PEOPLE_MAX).contains(&self.n_people), PlanFlaw::People),
            (!self.habits.is_empty(), PlanFlaw::Habits),
            ((0..crate::DAY.ms()).contains(&self.peak.ms()), PlanFlaw::Peak),
        ];
        first_of(&checks)
    }

    pub(crate) fn check(&self) -> Result<(), PlanFlaw> {
        self.check_people()?;
        let (least_m, most_m) = (self.radius.0.0, self.radius.1.0);
        let checks = [
            ((6..=Self::N_STORES_MAX).contains(&self.n_stores), PlanFlaw::Stores),
            ((1..=6).contains(&self.n_merchants), PlanFlaw::Merchants),
            (self.centre.lat().abs() <= 75.0 && self.centre.lng().abs() <= 179.0, PlanFlaw::Centre),
            ((1_000.0..=150_000.0).contains(&self.width.0), PlanFlaw::Width),
            (10.0 <= least_m && least_m <= most_m && most_m <= 500.0, PlanFlaw::Radius),
        ];
        first_of(&checks)
    }

    pub(crate) const fn half_size_m(&self) -> (f64, f64) {
        (self.width.0 / 2.0, self.width.0 * 0.4)
    }
}

fn first_of(checks: &[(bool, PlanFlaw)]) -> Result<(), PlanFlaw> {
    checks.iter().find(|(sound, _)| !sound).map_or(Ok(()), |&(_, flaw)| Err(flaw))
}

impl Default for Plan {
    /// A small town on the Upper Mississippi, on a Saturday: 24 stores, 240 people.
    fn default() -> Self {
        Self {
            seed: 32,
            n_people: 240,
            n_stores: 22,
            n_merchants: 5,
            centre: Position::new(44.0521, -91.6393).expect("on earth"),
            width: Meters(2_200.0),
            radius: (Meters(60.0), Meters(150.0)),
            walled_once_in: None,
            habits: Habit::SMALL_TOWN.into(),
            phones: Phones::Lively,
            tz: "America/Chicago".into(),
            // Saturday 2026-06-06 00:00 in Chicago.
            midnight_at: Timestamp::from_unix_ms(1_780_722_000_000),
            peak: Millis::from_mins(10 * 60 + 2),
        }
    }
}
